//! A registry that lies: what it delivers is held against its digests and limits, whatever it says. A real one does none
//! of this, so this one is made here.

use std::{fs, path::Path, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path as Route, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures_util::stream;
use sayso_tests::{Raw, sayso};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

const MIB: usize = 1 << 20;

/// What the registry answers with.
#[derive(Clone)]
enum Content {
    Bytes(Bytes),
    /// Zeroes without end.
    Endless,
}

/// What it has for every reference, and for every blob.
struct Shelf {
    manifest: Content,
    blob: Content,
}

impl Content {
    fn answer(&self) -> Response {
        match self {
            Self::Bytes(bytes) => bytes.clone().into_response(),
            Self::Endless => {
                let zeroes = Bytes::from_static(&[0; 64 << 10]);
                let endless = stream::repeat_with(move || Ok::<_, std::convert::Infallible>(zeroes.clone()));
                Body::from_stream(endless).into_response()
            }
        }
    }
}

/// Runs the registry for as long as the test: its address.
async fn start(shelf: Shelf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
    let address = listener.local_addr().expect("it has an address").to_string();
    let router = Router::new()
        .route("/v2/", get(|| async { StatusCode::OK }))
        .route(
            "/v2/guest/manifests/{reference}",
            get(|State(shelf): State<Arc<Shelf>>| async move { shelf.manifest.answer() }),
        )
        .route(
            "/v2/guest/blobs/{digest}",
            get(|State(shelf): State<Arc<Shelf>>, _: Route<String>| async move { shelf.blob.answer() }),
        )
        .with_state(Arc::new(shelf));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

/// A manifest of one layer with this digest and size.
fn manifest(layer: &Value) -> Bytes {
    let config = json!({"mediaType": "application/vnd.wasm.config.v0+json", "digest": digest(b"{}"), "size": 2});
    let kind = "application/vnd.oci.image.manifest.v1+json";
    json!({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer]}).to_string().into()
}

fn layer(digest: &str, size: usize) -> Value {
    json!({"mediaType": "application/wasm", "digest": digest, "size": size})
}

/// What `sayso plugin pull` says; it has to refuse, and to leave nothing behind.
async fn refused(shelf: Shelf, reference: &str) -> String {
    let address = start(shelf).await;
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().to_owned();
    let reference = format!("oci://{address}/guest{reference}");
    let pull = move || {
        let mut command = sayso();
        command.current_dir(&folder).args(["plugin", "pull", &reference]).env("DOCKER_CONFIG", &folder);
        command.output().expect("it runs")
    };
    let output = tokio::task::spawn_blocking(pull).await.expect("no panic");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "it has to be refused: {said}");
    assert!(said.len() < 4096 && !said.contains("panicked"), "{said}");
    assert!(is_empty(dir.path()), "something was written");
    said
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).expect("it is there").next().is_none()
}

#[tokio::test]
async fn another_manifest_than_the_pinned_one_is_refused() {
    let component = Raw::default().component();
    let manifest = manifest(&layer(&digest(&component), component.len()));
    let shelf = Shelf { manifest: Content::Bytes(manifest), blob: Content::Bytes(component.into()) };
    let pinned = format!("@sha256:{}", "0".repeat(64));
    let said = refused(shelf, &pinned).await;
    assert!(said.contains("delivers sha256:") && said.contains(&pinned[1..]), "{said}");
}

#[tokio::test]
async fn another_component_than_that_of_the_manifest_is_refused() {
    let component = Raw::default().component();
    let mut damaged = component.clone();
    damaged[100] ^= 1;
    let manifest = manifest(&layer(&digest(&component), component.len()));
    let shelf = Shelf { manifest: Content::Bytes(manifest), blob: Content::Bytes(damaged.into()) };
    let said = refused(shelf, ":1").await;
    assert!(said.contains(&digest(&component)), "{said}");
}

#[tokio::test]
async fn no_more_is_read_than_the_manifest_says_and_a_plugin_may_have() {
    let without_end =
        |size| Shelf { manifest: Content::Bytes(manifest(&layer(&digest(b""), size))), blob: Content::Endless };
    let said = refused(without_end(MIB), ":1").await;
    assert!(said.contains("goes on after 1048576 bytes"), "{said}");
    let said = refused(without_end(500 * MIB), ":1").await;
    assert!(said.contains("524288000 bytes"), "{said}");
}

#[tokio::test]
async fn a_manifest_without_an_end_is_refused() {
    let shelf = Shelf { manifest: Content::Endless, blob: Content::Endless };
    let said = refused(shelf, ":1").await;
    assert!(said.contains("manifest"), "{said}");
}

#[tokio::test]
async fn what_is_no_plugin_is_refused() {
    let image = json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(b""), "size": 0});
    for (manifest, reason) in [(manifest(&image), "tar+gzip"), (Bytes::from_static(b"<html>\x1b[2J"), "cannot be read")]
    {
        let said = refused(Shelf { manifest: Content::Bytes(manifest), blob: Content::Endless }, ":1").await;
        assert!(said.contains(reason) && said.contains("sayso plugin push") && !said.contains('\u{1b}'), "{said}");
    }
}

#[tokio::test]
async fn a_place_that_the_manifest_names_beside_the_registry_is_not_asked() {
    let component = Raw::default().component();
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
    let url = format!("http://{}/guest.wasm", elsewhere.local_addr().expect("it has an address"));
    let mut layer = layer(&digest(&component), component.len());
    layer["urls"] = json!([url]);
    // The route of blobs is there, and its content is not that of the layer: a client that follows `urls` would go on.
    let shelf = Shelf { manifest: Content::Bytes(manifest(&layer)), blob: Content::Bytes(Bytes::new()) };
    let said = refused(shelf, ":1").await;
    assert!(said.contains("delivers sha256:"), "{said}");
    let asked = tokio::time::timeout(std::time::Duration::from_millis(10), elsewhere.accept()).await;
    assert!(asked.is_err(), "somebody asked the other place");
}

//! A registry that lies: what it delivers is held against its digests and limits, whatever it says. A real one does none
//! of this, so this one is made here.

use std::{
    fs,
    path::Path,
    process::Output,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path as Route, State},
    http::{
        HeaderMap, StatusCode,
        header::{LOCATION, WWW_AUTHENTICATE},
    },
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures_util::{StreamExt as _, stream};
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
    let said = refusal(&output);
    assert!(is_empty(dir.path()), "something was written");
    said
}

/// What a command says that has to have refused.
fn refusal(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "it has to be refused: {said}");
    assert!(said.len() < 4096 && !said.contains("panicked"), "{said}");
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
    let asked = tokio::time::timeout(Duration::from_millis(10), elsewhere.accept()).await;
    assert!(asked.is_err(), "somebody asked the other place");
}

/// What a service for tokens was asked with: the header with the password, if there was one.
type Asked = Arc<Mutex<Vec<Option<String>>>>;

/// Runs a service for tokens on this address for as long as the test: the URL of it, and what it is asked.
async fn tokens(ip: &str, answer: impl Fn() -> Response + Clone + Send + Sync + 'static) -> (String, Asked) {
    let listener = TcpListener::bind((ip, 0)).await.expect("loopback can be listened on");
    let url = format!("http://{}/token", listener.local_addr().expect("it has an address"));
    let asked = Asked::default();
    let noted = Arc::clone(&asked);
    let note = move |headers: HeaderMap| async move {
        let password = headers.get("authorization").map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        noted.lock().expect("no panic").push(password);
        answer()
    };
    let router = Router::new().route("/token", get(note));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

/// A registry that sends to this service for a token, and has nothing: its address.
async fn sending_to(realm: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be listened on");
    let address = listener.local_addr().expect("it has an address").to_string();
    let challenge = format!("Bearer realm=\"{realm}\",service=\"test\"");
    let router = Router::new()
        .fallback(move || async move { (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)]).into_response() });
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// What a push to the registry and a pull from it say, with a password for it.
async fn refused_with_a_password(registry: String) -> [String; 2] {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("guest.wasm"), Raw::default().component()).expect("written");
    let reference = format!("oci://{registry}/guest:1");
    let run = move |arguments: &[&str]| {
        let mut command = sayso();
        command.current_dir(dir.path()).arg("plugin").args(arguments).env("DOCKER_CONFIG", dir.path());
        command.env("SAYSO_REGISTRY", &registry).env("SAYSO_REGISTRY_USER", "u");
        command.env("SAYSO_REGISTRY_PASSWORD", "correct horse");
        refusal(&command.output().expect("it runs"))
    };
    let both = move || [run(&["push", "guest.wasm", &reference]), run(&["pull", &reference, "-o", "pulled.wasm"])];
    tokio::task::spawn_blocking(both).await.expect("no panic")
}

#[tokio::test]
async fn a_password_goes_to_no_other_host_than_the_registrys() {
    let (realm, asked) = tokens("127.0.0.2", || json!({"token": "t"}).to_string().into_response()).await;
    for said in refused_with_a_password(sending_to(&realm).await).await {
        assert!(said.contains(&realm) && said.contains("sends nothing there"), "{said}");
    }
    assert!(asked.lock().expect("no panic").is_empty(), "somebody asked the other host");
}

#[tokio::test]
async fn a_password_goes_to_the_service_for_tokens_on_the_registrys_host() {
    let (realm, asked) = tokens("127.0.0.1", || json!({"token": "t"}).to_string().into_response()).await;
    for said in refused_with_a_password(sending_to(&realm).await).await {
        assert!(said.contains("does not let sayso in"), "the registry takes no token: {said}");
    }
    let asked = asked.lock().expect("no panic");
    assert_eq!(asked.len(), 2, "the library asks by itself: {asked:?}");
    assert!(asked.iter().all(|password| password.as_deref().is_some_and(|it| it.starts_with("Basic "))), "{asked:?}");
}

#[tokio::test]
async fn a_service_for_tokens_that_redirects_is_not_followed() {
    let (elsewhere, asked) = tokens("127.0.0.1", || json!({"token": "t"}).to_string().into_response()).await;
    let redirect = move || (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, elsewhere.clone())]).into_response();
    let (realm, _) = tokens("127.0.0.1", redirect).await;
    for said in refused_with_a_password(sending_to(&realm).await).await {
        assert!(said.contains("answers 307"), "{said}");
    }
    assert!(asked.lock().expect("no panic").is_empty(), "somebody went on");
}

#[tokio::test]
async fn of_a_giant_answer_with_a_token_little_is_read() {
    let taken = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&taken);
    // It ends, so that a client that reads it all is found out rather than the machine brought down.
    let giant = move || {
        let (counted, chunk) = (Arc::clone(&counted), Bytes::from_static(&[b' '; 64 << 10]));
        let chunks = stream::iter(0..64 * MIB / chunk.len()).map(move |_| {
            counted.fetch_add(chunk.len(), Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(chunk.clone())
        });
        Body::from_stream(chunks).into_response()
    };
    let (realm, _) = tokens("127.0.0.1", giant).await;
    for said in refused_with_a_password(sending_to(&realm).await).await {
        assert!(said.contains("more than 65536 bytes"), "{said}");
    }
    // What the sockets of both ends hold is taken too.
    assert!(taken.load(Ordering::Relaxed) < 32 * MIB, "{} bytes were read", taken.load(Ordering::Relaxed));
}

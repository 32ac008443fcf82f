//! Components in OCI registries, as artefacts of the media types that the WebAssembly community agreed on: one layer
//! `application/wasm`, and a signature, if there is one, as an annotation of the manifest.
//!
//! What comes from a registry is verified here by its digests, whatever the registry says of it.

use std::{collections::BTreeMap, thread, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use oci_client::{
    Client,
    client::{ClientConfig, ClientProtocol, Config, ImageLayer},
    errors::OciDistributionError,
    manifest::{OCI_IMAGE_MEDIA_TYPE, OciImageManifest, WASM_LAYER_MEDIA_TYPE},
    secrets::RegistryAuth,
};

use super::source::{MAX_COMPONENT_BYTES, hex};
use crate::http_client;

/// What a reference to a registry begins with.
pub const SCHEME: &str = "oci://";

/// Media type of the configuration of an artefact that is a component.
const CONFIG_MEDIA_TYPE: &str = "application/vnd.wasm.config.v0+json";

/// The annotation that holds the signature.
const SIGNATURE: &str = "sayso.plugin.signature";

/// Time without a byte after which a registry is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Largest manifest, in bytes: the least that registries have to take.
const MAX_MANIFEST_BYTES: usize = 4 << 20;

/// Name and password for registries that want one.
const USER: &str = "SAYSO_REGISTRY_USER";
const PASSWORD: &str = "SAYSO_REGISTRY_PASSWORD";

/// Why a component cannot be had from a registry, or put there.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    /// The reference cannot be read.
    #[error("`{text}` is no reference ({reason}); write oci://REGISTRY/NAME:TAG or oci://REGISTRY/NAME@sha256:DIGEST")]
    BadReference {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The registry refuses, has it not, or cannot be reached.
    #[error("{reference}: {reason}; is the name right, and are {USER} and {PASSWORD} set if the registry wants them?")]
    Registry {
        /// What was asked for.
        reference: String,
        /// What the registry or the network says.
        reason: String,
    },
    /// What is there is no component.
    #[error("{reference} is no plugin: {reason}; push one with `sayso plugin push`")]
    NoPlugin {
        /// What was asked for.
        reference: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The registry delivers something else.
    #[error("{reference}: the registry delivers {found} for {wanted}; it is damaged, or somebody stands between")]
    WrongDigest {
        /// What was asked for.
        reference: String,
        /// The digest of what came.
        found: String,
        /// The digest that it has to have.
        wanted: String,
    },
}

/// A name in a registry, with a tag or a digest.
#[derive(Clone, Debug)]
pub struct Reference(oci_client::Reference);

impl Reference {
    /// Reads `oci://REGISTRY/NAME:TAG` or `oci://REGISTRY/NAME@sha256:DIGEST`.
    ///
    /// # Errors
    /// [`OciError::BadReference`].
    pub fn parse(text: &str) -> Result<Self, OciError> {
        let bad = |reason: String| OciError::BadReference { text: text.into(), reason };
        let name = text.strip_prefix(SCHEME).ok_or_else(|| bad("it does not begin with oci://".into()))?;
        let registry = name.split_once('/').map_or("", |(registry, _)| registry);
        if !registry.contains(['.', ':']) && registry != "localhost" {
            return Err(bad("it names no registry".into()));
        }
        let reference: oci_client::Reference = name.parse().map_err(|error| bad(format!("{error}")))?;
        match reference.digest() {
            Some(digest) if !digest.starts_with("sha256:") => Err(bad("its digest is not of SHA-256".into())),
            _ => Ok(Self(reference)),
        }
    }

    /// The digest of the manifest, where the reference has one.
    pub fn digest(&self) -> Option<&str> {
        self.0.digest()
    }

    /// The last part of its name.
    pub fn name(&self) -> &str {
        self.0.repository().rsplit('/').next().unwrap_or_default()
    }

    /// The same name with the digest of a manifest.
    pub fn with_digest(&self, digest: &str) -> String {
        format!("{SCHEME}{}/{}@{digest}", self.0.registry(), self.0.repository())
    }

    /// Plain HTTP is for a registry on this machine alone.
    fn protocol(&self) -> ClientProtocol {
        let registry = self.0.resolve_registry();
        let host = registry.rsplit_once(':').map_or(registry, |(host, _)| host).trim_matches(['[', ']']);
        let is_local = host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if is_local { ClientProtocol::Http } else { ClientProtocol::Https }
    }

    fn client(&self) -> Client {
        http_client::install_crypto();
        Client::new(ClientConfig {
            protocol: self.protocol(),
            read_timeout: Some(PATIENCE),
            connect_timeout: Some(PATIENCE),
            user_agent: concat!("sayso/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        })
    }

    fn failed(&self, error: &OciDistributionError) -> OciError {
        OciError::Registry { reference: self.to_string(), reason: error.to_string() }
    }

    fn no_plugin(&self, reason: String) -> OciError {
        OciError::NoPlugin { reference: self.to_string(), reason }
    }

    fn verify(&self, content: &[u8], wanted: &str) -> Result<(), OciError> {
        let found = format!("sha256:{}", hex(content));
        if found == wanted {
            return Ok(());
        }
        Err(OciError::WrongDigest { reference: self.to_string(), found, wanted: wanted.into() })
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{SCHEME}{}", self.0.whole())
    }
}

/// What was pulled, verified by its digests.
#[derive(Debug)]
pub struct Pulled {
    /// The manifest, byte for byte.
    pub manifest: Bytes,
    /// The component.
    pub component: Bytes,
    /// The signature, where the manifest has one.
    pub signature: Option<String>,
}

/// Puts a component into a registry, with its signature. Returns the digest of the manifest.
///
/// # Errors
/// Where the registry refuses it or cannot be reached.
pub async fn push(reference: &Reference, component: Vec<u8>, signature: Option<String>) -> Result<String, OciError> {
    let layer = ImageLayer::new(component, WASM_LAYER_MEDIA_TYPE.into(), None);
    let digests = [layer.sha256_digest()];
    let content = serde_json::json!({"architecture": "wasm", "os": "wasip2", "layerDigests": digests});
    let config = Config::new(content.to_string(), CONFIG_MEDIA_TYPE.into(), None);
    let annotations = signature.map(|signature| BTreeMap::from([(SIGNATURE.to_owned(), signature.trim().to_owned())]));
    let layers = [layer];
    let manifest = OciImageManifest::build(&layers, &config, annotations);
    let client = reference.client();
    let failed = |error| reference.failed(&error);
    client.push(&reference.0, &layers, config, &auth(), Some(manifest)).await.map_err(failed)?;
    client.fetch_manifest_digest(&reference.0, &auth()).await.map_err(failed)
}

/// Gets a component from a registry.
///
/// # Errors
/// Where the registry has it not, delivers something else, or cannot be reached.
pub async fn pull(reference: &Reference) -> Result<Pulled, OciError> {
    let client = reference.client();
    let accepted = [OCI_IMAGE_MEDIA_TYPE];
    let pulled = client.pull_manifest_raw(&reference.0, &auth(), &accepted).await;
    let (manifest, _) = pulled.map_err(|error| reference.failed(&error))?;
    if let Some(wanted) = reference.digest() {
        reference.verify(&manifest, wanted)?;
    }
    let parsed = parse(&manifest).map_err(|reason| reference.no_plugin(reason))?;
    let digest = parsed.layers[0].digest.clone();
    let component = blob(&client, reference, &parsed).await?;
    reference.verify(&component, &digest)?;
    let signature = parsed.annotations.and_then(|mut annotations| annotations.remove(SIGNATURE));
    Ok(Pulled { manifest, component, signature })
}

/// The content of the layer, of which no more is read than a component may have.
async fn blob(client: &Client, reference: &Reference, manifest: &OciImageManifest) -> Result<Bytes, OciError> {
    let layer = &manifest.layers[0];
    let failed = |reason: String| OciError::Registry { reference: reference.to_string(), reason };
    let sized = client.pull_blob_stream(&reference.0, layer).await.map_err(|error| reference.failed(&error))?;
    let mut stream = sized.stream;
    let mut content = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        content.extend_from_slice(&chunk.map_err(|error| failed(error.to_string()))?);
        if content.len() as u64 > MAX_COMPONENT_BYTES {
            return Err(reference.no_plugin(format!("it has more than {MAX_COMPONENT_BYTES} bytes")));
        }
    }
    Ok(content.freeze())
}

/// Like [`pull`], from a thread that may or may not be one of a runtime.
///
/// # Errors
/// As [`pull`].
pub(super) fn pull_blocking(reference: &Reference) -> Result<Pulled, OciError> {
    let failed = |reason: String| OciError::Registry { reference: reference.to_string(), reason };
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| failed(error.to_string()))?.block_on(pull(reference))
    };
    thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|_| Err(failed("the pull ended by a defect".into())))
}

/// The digest of the component that a manifest leads to.
///
/// # Errors
/// What keeps it from being that of a plugin.
pub(super) fn component_of(manifest: &[u8]) -> Result<String, String> {
    parse(manifest).map(|manifest| manifest.layers[0].digest.clone())
}

/// A manifest with one layer that can be a component.
fn parse(manifest: &[u8]) -> Result<OciImageManifest, String> {
    if manifest.len() > MAX_MANIFEST_BYTES {
        return Err(format!("its manifest has {} bytes", manifest.len()));
    }
    let manifest: OciImageManifest =
        serde_json::from_slice(manifest).map_err(|error| format!("its manifest cannot be read: {error}"))?;
    let [layer] = manifest.layers.as_slice() else {
        return Err(format!("it has {} layers, and a plugin has one", manifest.layers.len()));
    };
    if layer.media_type != WASM_LAYER_MEDIA_TYPE {
        return Err(format!("its layer is `{}`, and that of a plugin is `{WASM_LAYER_MEDIA_TYPE}`", layer.media_type));
    }
    if u64::try_from(layer.size).is_ok_and(|size| size <= MAX_COMPONENT_BYTES) {
        return Ok(manifest);
    }
    Err(format!("it has {} bytes, more than {MAX_COMPONENT_BYTES}", layer.size))
}

fn auth() -> RegistryAuth {
    match (std::env::var(USER), std::env::var(PASSWORD)) {
        (Ok(user), Ok(password)) => RegistryAuth::Basic(user, password),
        _ => RegistryAuth::Anonymous,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_a_registry_and_is_read_back_as_it_was() {
        let digest = "a".repeat(64);
        for text in ["oci://ghcr.io/acme/warranty:1.2", &format!("oci://localhost:5000/warranty@sha256:{digest}")] {
            assert_eq!(Reference::parse(text).expect(text).to_string(), text);
        }
        for text in ["oci://warranty:1", "oci://acme/warranty:1", "https://ghcr.io/acme/w:1", "oci://", "oci://a.b/C:1"]
        {
            assert!(Reference::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        let is_plain = |text: &str| matches!(Reference::parse(text).expect(text).protocol(), ClientProtocol::Http);
        for text in ["oci://localhost:5000/a:1", "oci://127.0.0.1:5000/a:1", "oci://localhost/a:1"] {
            assert!(is_plain(text), "{text}");
        }
        for text in ["oci://ghcr.io/a/b:1", "oci://10.0.0.1:5000/a:1", "oci://localhost.example.com/a:1"] {
            assert!(!is_plain(text), "{text}");
        }
    }

    #[test]
    fn a_manifest_of_something_else_is_refused() {
        let manifest = |layers: serde_json::Value| {
            let config = serde_json::json!({"mediaType": CONFIG_MEDIA_TYPE, "digest": "sha256:0", "size": 2});
            serde_json::json!({"schemaVersion": 2, "config": config, "layers": layers}).to_string()
        };
        let layer = |kind: &str, size: u64| serde_json::json!({"mediaType": kind, "digest": "sha256:1", "size": size});
        let refusal = |layers| component_of(manifest(layers).as_bytes()).expect_err("refused");
        let wasm = WASM_LAYER_MEDIA_TYPE;
        assert!(refusal(serde_json::json!([])).contains("0 layers"));
        assert!(refusal(serde_json::json!([layer(wasm, 1), layer(wasm, 1)])).contains("2 layers"));
        assert!(refusal(serde_json::json!([layer("application/x-tar", 1)])).contains("application/x-tar"));
        assert!(refusal(serde_json::json!([layer(wasm, 65 << 20)])).contains("more than"));
        assert_eq!(component_of(manifest(serde_json::json!([layer(wasm, 9)])).as_bytes()).as_deref(), Ok("sha256:1"));
        assert!(component_of(b"{").is_err());
    }
}

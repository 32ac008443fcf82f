//! To a registry, and from it.

use std::{thread, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::stream;
use http::{HeaderValue, StatusCode, header::ACCEPT};
use oci_client::{
    Client, RegistryOperation,
    client::{ClientConfig, ClientProtocol, ImageLayer},
    errors::OciDistributionError,
    manifest::OCI_IMAGE_MEDIA_TYPE,
    secrets::RegistryAuth,
    token_cache::RegistryTokenType,
};
use reqwest::redirect::Policy;

use super::{
    OciError, Reference, credentials,
    manifest::{self, MAX_MANIFEST_BYTES, WASM_LAYER_MEDIA_TYPE},
    pass::Pass,
};
use crate::{
    http_client,
    plugins::{line::clean, source::hex},
};

/// Time without a byte after which a registry is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time for all of a push or a pull.
const MOST: Duration = Duration::from_secs(10 * 60);

/// Who asks.
const USER_AGENT: &str = concat!("sayso/", env!("CARGO_PKG_VERSION"));

/// What to look at where a registry has not what was asked for.
const NAME: &str = "is the name right?";

/// What goes to a registry at once, in bytes.
const CHUNK: usize = 64 << 10;

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

impl Pulled {
    /// `sha256:` and the digest of the manifest.
    pub fn digest(&self) -> String {
        format!("sha256:{}", hex(&self.manifest))
    }
}

/// Puts a component into a registry, with its signature. `progress` hears how many bytes are sent, and of how many.
/// Returns `sha256:` and the digest of the manifest.
///
/// # Errors
/// Where the registry refuses it or cannot be reached.
pub async fn push(
    reference: &Reference,
    component: Vec<u8>,
    signature: Option<&str>,
    progress: impl Fn(u64, u64) + Clone + Send + 'static,
) -> Result<String, OciError> {
    if reference.digest().is_some() {
        let reason = "a digest is what a push results in; give a tag".into();
        return Err(OciError::BadReference { text: reference.to_string(), reason });
    }
    within(reference, push_all(reference, component, signature, progress)).await
}

async fn push_all(
    reference: &Reference,
    component: Vec<u8>,
    signature: Option<&str>,
    progress: impl Fn(u64, u64) + Clone + Send + 'static,
) -> Result<String, OciError> {
    let layer = ImageLayer::new(component, WASM_LAYER_MEDIA_TYPE.into(), None);
    let (config, manifest) = manifest::build(&layer, signature);
    let digest = &manifest.layers[0].digest;
    let failed = |error| reference.failed(error);
    let pass = reference.pass(reference.auth()?, RegistryOperation::Push).await?;
    let client = reference.client(pass).await;
    let total = layer.data.len() as u64;
    let chunks: Vec<Bytes> =
        (0..layer.data.len()).step_by(CHUNK).map(|at| layer.data.slice(at..layer.data.len().min(at + CHUNK))).collect();
    let mut sent = 0;
    let chunks = chunks.into_iter().map(move |chunk| {
        sent += chunk.len() as u64;
        progress(sent, total);
        Ok(chunk)
    });
    match client.push_blob_stream(&reference.0, stream::iter(chunks), digest, Some(total)).await {
        Err(OciDistributionError::SpecViolationError(_)) => {
            client.push_blob(&reference.0, layer.data.clone(), digest).await.map_err(failed)?
        }
        pushed => pushed.map_err(failed)?,
    };
    client.push_blob(&reference.0, config.data, &manifest.config.digest).await.map_err(failed)?;
    let body = serde_json::to_vec(&manifest).map_err(|error| reference.no_plugin(error.to_string()))?;
    let digest = format!("sha256:{}", hex(&body));
    let kind = HeaderValue::from_static(OCI_IMAGE_MEDIA_TYPE);
    client.push_manifest_raw(&reference.0, body, kind).await.map_err(failed)?;
    Ok(digest)
}

/// Gets a component from a registry. `progress` hears how many bytes are here, and of how many.
///
/// # Errors
/// Where the registry has it not, delivers something else, or cannot be reached.
pub async fn pull(reference: &Reference, progress: impl Fn(u64, u64)) -> Result<Pulled, OciError> {
    within(reference, pull_all(reference, progress)).await
}

async fn pull_all(reference: &Reference, progress: impl Fn(u64, u64)) -> Result<Pulled, OciError> {
    let pass = reference.pass(reference.auth()?, RegistryOperation::Pull).await?;
    let source = Source { reference, http: reference.http(Policy::default())?, pass };
    let (name, most) = (reference.digest().or(reference.0.tag()).unwrap_or_default(), MAX_MANIFEST_BYTES);
    let manifest = source.get(&format!("manifests/{name}"), most, |_| ()).await?;
    if let Some(wanted) = reference.digest() {
        reference.verify(&manifest, wanted)?;
    }
    let parsed = manifest::parse(&manifest).map_err(|reason| reference.no_plugin(reason))?;
    let layer = &parsed.layers[0];
    let size = u64::try_from(layer.size).unwrap_or_default();
    let component = source.get(&format!("blobs/{}", layer.digest), size, |here| progress(here, size)).await?;
    reference.verify(&component, &layer.digest)?;
    Ok(Pulled { signature: manifest::signature(&parsed).cloned(), manifest, component })
}

/// A registry that is pulled from. The library reads whatever comes into memory; this reads what there may be.
struct Source<'a> {
    reference: &'a Reference,
    http: reqwest::Client,
    pass: Pass,
}

impl Source<'_> {
    /// What the registry has under this path, if it is at most so large.
    async fn get(&self, path: &str, most: u64, progress: impl Fn(u64)) -> Result<Bytes, OciError> {
        let url = self.reference.url(&format!("{}/{path}", self.reference.0.repository()));
        let request = self.http.get(url).header(ACCEPT, OCI_IMAGE_MEDIA_TYPE);
        let request = match &self.pass {
            Pass::Token(token) => request.bearer_auth(token),
            Pass::Password(user, password) => request.basic_auth(user, Some(password)),
            Pass::None => request,
        };
        let broken = |error: reqwest::Error| self.reference.unreachable(chain(&error.without_url()));
        let mut response = request.send().await.map_err(broken)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(self.reference.kept_out()),
            StatusCode::NOT_FOUND => return Err(self.reference.refused("the registry has it not", NAME)),
            status => return Err(self.reference.refused(&format!("the registry answers {status}"), NAME)),
        }
        let mut content = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            content.extend_from_slice(&chunk);
            if content.len() as u64 > most {
                let what = path.split('/').next().unwrap_or_default().trim_end_matches('s');
                return Err(self.reference.no_plugin(format!("its {what} goes on after {most} bytes")));
            }
            progress(content.len() as u64);
        }
        Ok(content.freeze())
    }
}

/// Like [`pull`], from a thread that may or may not be one of a runtime.
///
/// # Errors
/// As [`pull`].
pub(in crate::plugins) fn pull_blocking(reference: &Reference) -> Result<Pulled, OciError> {
    let failed = |reason: &str| reference.unreachable(reason.into());
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map_err(|error| failed(&error.to_string()))?.block_on(pull(reference, |_, _| ()))
    };
    thread::scope(|scope| scope.spawn(work).join()).unwrap_or_else(|_| Err(failed("the pull ended by a defect")))
}

async fn within<T>(reference: &Reference, work: impl Future<Output = Result<T, OciError>>) -> Result<T, OciError> {
    let late = |_| reference.unreachable(format!("it took longer than {MOST:?}"));
    tokio::time::timeout(MOST, work).await.map_err(late)?
}

impl Reference {
    /// The library, for what is pushed. It has what it shows, and so never asks for a token by itself: with nothing in
    /// its store it shows nothing, a token in its store is shown as it is, and a password among its tokens has no end.
    async fn client(&self, pass: Pass) -> Client {
        http_client::install_crypto();
        let client = Client::new(ClientConfig {
            protocol: if self.is_local() { ClientProtocol::Http } else { ClientProtocol::Https },
            read_timeout: Some(PATIENCE),
            connect_timeout: Some(PATIENCE),
            user_agent: USER_AGENT,
            ..ClientConfig::default()
        });
        let registry = self.0.resolve_registry();
        match pass {
            Pass::None => {}
            Pass::Token(token) => client.store_auth_if_needed(registry, &RegistryAuth::Bearer(token)).await,
            Pass::Password(user, password) => {
                client.store_auth_if_needed(registry, &RegistryAuth::Anonymous).await;
                let password = RegistryTokenType::Basic(user, password);
                client.tokens.insert(&self.0, RegistryOperation::Push, password).await;
            }
        }
        client
    }

    /// Where the registry has this.
    pub(super) fn url(&self, path: &str) -> String {
        let scheme = if self.is_local() { "http" } else { "https" };
        format!("{scheme}://{}/v2/{path}", self.0.resolve_registry())
    }

    /// For what is asked and pulled: by HTTPS alone, if not from this machine, wherever the registry leads to.
    pub(super) fn http(&self, redirects: Policy) -> Result<reqwest::Client, OciError> {
        http_client::install_crypto();
        let mut builder = reqwest::Client::builder()
            .https_only(!self.is_local())
            .redirect(redirects)
            .connect_timeout(PATIENCE)
            .read_timeout(PATIENCE)
            .user_agent(USER_AGENT);
        if self.is_local() {
            builder = builder.no_proxy();
        }
        builder.build().map_err(|error| self.unreachable(chain(&error)))
    }

    fn auth(&self) -> Result<RegistryAuth, OciError> {
        let reference = || self.to_string();
        credentials::of(self.0.registry()).map_err(|reason| OciError::Credentials { reference: reference(), reason })
    }

    fn failed(&self, error: OciDistributionError) -> OciError {
        match error {
            // Where it leads to may hold a token.
            OciDistributionError::RequestError(error) => self.unreachable(chain(&error.without_url())),
            OciDistributionError::UnauthorizedError { .. } => self.kept_out(),
            OciDistributionError::ServerError { code: 401 | 403, .. } => self.kept_out(),
            error => self.refused(&chain(&error), NAME),
        }
    }

    pub(super) fn kept_out(&self) -> OciError {
        let registry = self.0.registry();
        let remedy = format!(
            "run `docker login {registry}`, or set SAYSO_REGISTRY={registry}, SAYSO_REGISTRY_USER and SAYSO_REGISTRY_PASSWORD"
        );
        self.refused("the registry does not let sayso in", &remedy)
    }

    pub(super) fn unreachable(&self, reason: String) -> OciError {
        self.refused(&reason, "is the registry there, and reachable from this machine?")
    }

    pub(super) fn refused(&self, reason: &str, remedy: &str) -> OciError {
        OciError::Registry { reference: self.to_string(), reason: clean(reason), remedy: remedy.into() }
    }

    fn no_plugin(&self, reason: String) -> OciError {
        OciError::NoPlugin { reference: self.to_string(), reason: clean(&reason) }
    }

    fn verify(&self, content: &[u8], wanted: &str) -> Result<(), OciError> {
        let found = format!("sha256:{}", hex(content));
        if found == wanted {
            return Ok(());
        }
        Err(OciError::WrongDigest { reference: self.to_string(), found, wanted: clean(wanted) })
    }
}

/// An error with its causes.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

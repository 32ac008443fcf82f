//! What a registry is shown, so that it lets sayso in: a token, for which a service that the registry names is asked.
//!
//! The library could ask for it, and would show the password to whatever host the registry names and read the answer to
//! its end, however long it is. So it is asked for here: at an address that [`realm`] allows, without redirects, and for
//! a bounded answer.

use std::time::Duration;

use bytes::BytesMut;
use http::{StatusCode, header::WWW_AUTHENTICATE};
use oci_client::{RegistryOperation, secrets::RegistryAuth};
use reqwest::redirect::Policy;
use serde::Deserialize;
use url::Url;

use super::{OciError, Reference, challenge::Challenge, realm, transfer::chain};

/// Largest answer with a token, in bytes. Those of large registries have less than 8 KiB.
const MAX_TOKEN_BYTES: usize = 64 << 10;

/// Time for each of the two questions.
const MOST: Duration = Duration::from_secs(30);

/// What a registry is shown.
pub(super) enum Pass {
    /// Nothing: it lets everybody in, or nothing is known that it would take.
    None,
    /// A token of the service that it names.
    Token(String),
    /// The user and the password.
    Password(String, String),
}

/// The answer with a token: of the older specification, of OAuth 2, or of both.
#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
}

impl Reference {
    /// What to show to the registry, for who sayso is to it.
    ///
    /// # Errors
    /// Where the registry or its service cannot be reached, gives no token, or may not be shown the password.
    pub(super) async fn pass(&self, known: RegistryAuth, operation: RegistryOperation) -> Result<Pass, OciError> {
        let known = match known {
            RegistryAuth::Basic(user, password) => Some((user, password)),
            RegistryAuth::Bearer(token) => return Ok(Pass::Token(token)),
            RegistryAuth::Anonymous => None,
        };
        Ok(match self.challenge().await? {
            Some(Challenge::Bearer { realm, service }) => {
                let url = self.token_url(&realm, service.as_deref(), operation, known.is_some())?;
                Pass::Token(self.token(url, known).await?)
            }
            Some(Challenge::Basic) => known.map_or(Pass::None, |(user, password)| Pass::Password(user, password)),
            None => Pass::None,
        })
    }

    /// What the registry wants to be shown.
    async fn challenge(&self) -> Result<Option<Challenge>, OciError> {
        let request = self.http(Policy::default())?.get(self.url("")).timeout(MOST);
        let answer = request.send().await.map_err(|error| self.unreachable(chain(&error.without_url())))?;
        Ok(Challenge::of(answer.headers().get_all(WWW_AUTHENTICATE)))
    }

    fn token_url(
        &self,
        realm: &str,
        service: Option<&str>,
        operation: RegistryOperation,
        has_password: bool,
    ) -> Result<Url, OciError> {
        let registry = self.0.resolve_registry();
        let remedy =
            "sayso sends nothing there; if it is right, have another client pull or push the file, and `use` that";
        let mut url = realm::checked(registry, self.is_local(), realm, has_password)
            .map_err(|reason| self.refused(&reason, remedy))?;
        let actions = match operation {
            RegistryOperation::Pull => "pull",
            RegistryOperation::Push => "pull,push",
        };
        let mut query = url.query_pairs_mut();
        query.append_pair("scope", &format!("repository:{}:{actions}", self.0.repository()));
        if let Some(service) = service {
            query.append_pair("service", service);
        }
        drop(query);
        Ok(url)
    }

    async fn token(&self, url: Url, known: Option<(String, String)>) -> Result<String, OciError> {
        let service = url.host_str().unwrap_or_default().to_owned();
        let refused = |reason: String| {
            self.refused(&format!("its service for tokens at {service} {reason}"), "tell who runs the registry")
        };
        let broken = |error: reqwest::Error| {
            self.unreachable(format!("its service for tokens at {service}: {}", chain(&error.without_url())))
        };
        let mut request = self.http(Policy::none())?.get(url).timeout(MOST);
        if let Some((user, password)) = known {
            request = request.basic_auth(user, Some(password));
        }
        let mut answer = request.send().await.map_err(broken)?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(self.kept_out()),
            status => return Err(refused(format!("answers {status}"))),
        }
        let mut content = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            if content.len() + chunk.len() > MAX_TOKEN_BYTES {
                return Err(refused(format!("answers with more than {MAX_TOKEN_BYTES} bytes")));
            }
            content.extend_from_slice(&chunk);
        }
        token_of(&content).ok_or_else(|| refused("gives no token".into()))
    }
}

/// The token in an answer, if a header can hold it.
fn token_of(content: &[u8]) -> Option<String> {
    let answer: Answer = serde_json::from_slice(content).ok()?;
    let token = answer.token.filter(|token| !token.is_empty()).or(answer.access_token)?;
    (!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_by_either_name_and_fits_into_a_header() {
        for answer in [r#"{"token":"a.b"}"#, r#"{"access_token":"a.b"}"#, r#"{"token":"","access_token":"a.b","x":1}"#]
        {
            assert_eq!(token_of(answer.as_bytes()).as_deref(), Some("a.b"), "{answer}");
        }
        for answer in
            ["", "{}", "[]", r#"{"token":""}"#, r#"{"token":"a\nb"}"#, r#"{"token":"a b"}"#, r#"{"token":"é"}"#]
        {
            assert_eq!(token_of(answer.as_bytes()), None, "{answer}");
        }
    }
}

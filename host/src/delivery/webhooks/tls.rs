//! Client certificates and private authorities.

use reqwest::{Certificate, Identity};

use crate::config;

/// Longest PEM text, in bytes.
const MAX_PEM: usize = 64 << 10;

/// How a webhook's connections are secured beyond the common.
#[derive(Clone, Default)]
pub struct Tls {
    /// Who sayso is (mutual TLS).
    pub identity: Option<Identity>,
    /// The only authorities that the receiver's certificate may come from; the system's if absent.
    pub authorities: Option<Vec<Certificate>>,
}

impl Tls {
    /// Reads the PEM texts of a webhook.
    ///
    /// # Errors
    /// The field at fault, and what is wrong with it. None of the messages shows the key.
    pub(super) fn read(webhook: &config::Webhook) -> Result<Self, (&'static str, String)> {
        let plain = webhook.url.starts_with("http:");
        let identity = match (&webhook.client_certificate, &webhook.client_key) {
            (None, None) => None,
            (Some(_), _) | (_, Some(_)) if plain => {
                return Err(("client_certificate", "it is of no use over http; give an https URL".into()));
            }
            (Some(_), None) => return Err(("client_key", "the private key of `client_certificate` is missing".into())),
            (None, Some(_)) => return Err(("client_certificate", "the certificate of `client_key` is missing".into())),
            (Some(certificate), Some(key)) => Some(identity(certificate, key.expose())?),
        };
        let authorities = match &webhook.ca {
            None => None,
            Some(_) if plain => return Err(("ca", "it is of no use over http; give an https URL".into())),
            Some(pem) => Some(certificates("ca", pem)?),
        };
        Ok(Self { identity, authorities })
    }
}

fn certificates(field: &'static str, pem: &str) -> Result<Vec<Certificate>, (&'static str, String)> {
    let example = "a PEM text that begins with `-----BEGIN CERTIFICATE-----`";
    if pem.len() > MAX_PEM {
        return Err((field, format!("it is {} bytes long; {MAX_PEM} are the most", pem.len())));
    }
    if pem.contains("PRIVATE KEY") {
        return Err((field, "it holds a private key, which answers would show; that belongs into `client_key`".into()));
    }
    match Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(certificates) if certificates.is_empty() => Err((field, format!("it holds no certificate; give {example}"))),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err((field, format!("it cannot be read ({error}); give {example}"))),
    }
}

fn identity(certificate: &str, key: &str) -> Result<Identity, (&'static str, String)> {
    certificates("client_certificate", certificate)?;
    if key.len() > MAX_PEM {
        return Err(("client_key", format!("it is longer than {MAX_PEM} bytes")));
    }
    Identity::from_pem(format!("{certificate}\n{key}").as_bytes()).map_err(|_| {
        // The library's message could repeat a piece of the text.
        ("client_key", "it cannot be read; give a PEM text that begins with `-----BEGIN PRIVATE KEY-----`".into())
    })
}

//! Who sayso is to a registry: by three variables for one registry, else by the configuration of Docker and its helpers.
//! A password is given to the registry that it is meant for, or to the service for tokens that the registry names if that
//! is of the same site (see `realm`), and to no other; it is in no log and no message.

use std::{env, fs::File, io, path::PathBuf};

use docker_credential::{CredentialRetrievalError, DockerCredential, get_credential_from_reader};
use oci_client::secrets::RegistryAuth;

/// The registry that [`USER`] and [`PASSWORD`] are for.
const REGISTRY: &str = "SAYSO_REGISTRY";
const USER: &str = "SAYSO_REGISTRY_USER";
const PASSWORD: &str = "SAYSO_REGISTRY_PASSWORD";

/// Largest configuration of Docker that is read, in bytes.
const MAX_CONFIG_BYTES: u64 = 1 << 20;

/// Where Docker Hub is in the configuration of Docker.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Who to be to a registry; nobody, where nothing is known.
///
/// # Errors
/// What is wrong with the variables, or with the configuration of Docker.
pub(super) fn of(registry: &str) -> Result<RegistryAuth, String> {
    let variable = |name| env::var(name).ok().filter(|value: &String| !value.is_empty());
    match by_variables(registry, variable(REGISTRY), variable(USER), variable(PASSWORD))? {
        Some(auth) => Ok(auth),
        None => by_docker(registry),
    }
}

fn by_variables(
    registry: &str,
    named: Option<String>,
    user: Option<String>,
    password: Option<String>,
) -> Result<Option<RegistryAuth>, String> {
    let Some(named) = named else {
        return match (user, password) {
            (None, None) => Ok(None),
            _ => Err(format!(
                "{USER} or {PASSWORD} is set, and {REGISTRY} is not; name the registry in it that they are for"
            )),
        };
    };
    if named != registry {
        return Ok(None);
    }
    match (user, password) {
        (Some(user), Some(password)) => Ok(Some(RegistryAuth::Basic(user, password))),
        _ => Err(format!("{REGISTRY} is set, and {USER} or {PASSWORD} is not; set all three")),
    }
}

fn by_docker(registry: &str) -> Result<RegistryAuth, String> {
    let named = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let Some(folder) = named.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".docker"))) else {
        return Ok(RegistryAuth::Anonymous);
    };
    let path = folder.join("config.json");
    let file = match File::open(&path) {
        Ok(file) => io::Read::take(file, MAX_CONFIG_BYTES),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(RegistryAuth::Anonymous),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    let server = if matches!(registry, "docker.io" | "index.docker.io") { DOCKER_HUB } else { registry };
    match get_credential_from_reader(file, server) {
        Ok(DockerCredential::UsernamePassword(user, password)) => Ok(RegistryAuth::Basic(user, password)),
        Ok(DockerCredential::IdentityToken(_)) => Err(format!(
            "{} has an identity token for {registry}, which sayso cannot use; set {REGISTRY}, {USER} and {PASSWORD}",
            path.display()
        )),
        Err(CredentialRetrievalError::NoCredentialConfigured) => Ok(RegistryAuth::Anonymous),
        Err(error) => told(&error).map_or(Ok(RegistryAuth::Anonymous), |problem| {
            Err(format!("{}: {problem}; `docker login {registry}` writes it anew", path.display()))
        }),
    }
}

/// What is wrong, without what a helper printed: that may be a password. Nothing where it just knows of none.
fn told(error: &CredentialRetrievalError) -> Option<&'static str> {
    match error {
        CredentialRetrievalError::HelperFailure { stdout, stderr, .. } => {
            let knows_none = [stdout, stderr].into_iter().any(|said| said.contains("credentials not found"));
            (!knows_none).then_some("its credential helper failed")
        }
        CredentialRetrievalError::HelperCommunicationError => Some("its credential helper cannot be run"),
        CredentialRetrievalError::MalformedHelperResponse => Some("its credential helper gave no credential"),
        _ => Some("it cannot be understood"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(named: &str, user: &str, password: &str) -> Result<Option<RegistryAuth>, String> {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        by_variables("ghcr.io", some(named), some(user), some(password))
    }

    #[test]
    fn a_password_is_for_the_registry_that_is_named_and_no_other() {
        assert_eq!(by("ghcr.io", "u", "p"), Ok(Some(RegistryAuth::Basic("u".into(), "p".into()))));
        assert_eq!(by("other.example", "u", "p"), Ok(None));
        assert_eq!(by("", "", ""), Ok(None));
        for (named, user, password) in [("", "u", "p"), ("", "", "p"), ("ghcr.io", "u", ""), ("ghcr.io", "", "p")] {
            let error = by(named, user, password).expect_err("refused");
            assert!(error.contains(REGISTRY), "{error}");
        }
    }
}

//! Where a token may be asked for. A registry names the service that gives tokens, and could name anyone: a password
//! that is meant for the registry goes to the registry's own site alone, and never in clear text over a network.

use std::net::IpAddr;

use url::Url;

/// Services of another site that are known to give the tokens of registries whose name ends so.
const KNOWN: [(&str, &str); 2] = [("registry.hub.docker.com", "auth.docker.io"), ("scw.cloud", "api.scaleway.com")];

/// Under these, every name may be another customer's, and the public suffix list has them not: nothing but the host
/// itself is of one site.
const UNLISTED: [&str; 4] = ["amazonaws.com", "azurecr.io", "googleusercontent.com", "jfrog.io"];

/// The URL of the service if it may be asked for a token. `has_password`: it is to be shown the password for the
/// registry, which may be one of this machine, `is_local`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn checked(registry: &str, is_local: bool, realm: &str, has_password: bool) -> Result<Url, String> {
    let unreadable = || format!("the registry sends to `{realm}` for a token, which is no URL");
    let url = Url::parse(realm).map_err(|_| unreadable())?;
    let host = url.host_str().map(normal).ok_or_else(unreadable)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the registry sends to a URL with a password in it for a token".into());
    }
    let registry_host = Url::parse(&format!("https://{registry}")).ok();
    let registry_host = registry_host.as_ref().and_then(Url::host_str).map(normal).ok_or_else(unreadable)?;
    let is_clear = match url.scheme() {
        "https" => false,
        "http" => true,
        _ => return Err(unreadable()),
    };
    if is_clear && !(is_local && host == registry_host) {
        return Err(format!("the registry sends to {realm} for a token, which is not HTTPS"));
    }
    if has_password && !is_of_one_site(registry_host, host) {
        return Err(format!("the registry wants its password to go to {host}, by {realm}, which is of another site"));
    }
    Ok(url)
}

fn is_of_one_site(registry: &str, host: &str) -> bool {
    let is_under = |name: &str| registry == name || registry.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    registry == host
        || site(registry).is_some_and(|site_of_it| site(host) == Some(site_of_it))
        || KNOWN.iter().any(|(name, known)| is_under(name) && host == *known)
}

/// The name that somebody registered, which a host is under, by the list of <https://publicsuffix.org>; nothing where that
/// cannot be told.
fn site(host: &str) -> Option<&str> {
    if host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
        return None;
    }
    // The list knows no name of an empty label, and takes it for one that was registered.
    psl::domain_str(host).filter(|name| !name.starts_with('.') && !UNLISTED.contains(name))
}

/// Without the dot that a name may end with.
fn normal(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_password(registry: &str, realm: &str) -> bool {
        checked(registry, false, realm, true).is_ok()
    }

    #[test]
    fn a_password_goes_to_the_registrys_own_site() {
        let good = [
            ("ghcr.io", "https://ghcr.io/token"),
            ("GHCR.io", "https://ghcr.IO/token"),
            ("index.docker.io", "https://auth.docker.io/token"),
            ("registry-1.docker.io", "https://auth.docker.io/token"),
            ("registry.hub.docker.com", "https://auth.docker.io/token"),
            ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
            ("gitlab.acme.co.uk:5050", "https://gitlab.acme.co.uk/jwt/auth"),
            ("registry.acme.co.uk", "https://auth.acme.co.uk/token"),
            ("registry.digitalocean.com", "https://api.digitalocean.com/v2/registry/auth"),
            ("rg.fr-par.scw.cloud", "https://api.scaleway.com/tokens"),
            ("acme.azurecr.io", "https://acme.azurecr.io/oauth2/token"),
            ("registry.x.co.jp", "https://auth.x.co.jp/token"),
            ("registry.corp.internal", "https://auth.corp.internal/token"),
            ("10.0.0.1:5000", "https://10.0.0.1:5001/token"),
        ];
        for (registry, realm) in good {
            assert!(with_password(registry, realm), "{registry} {realm}");
        }
    }

    #[test]
    fn a_password_goes_to_no_other_site() {
        let bad = [
            ("ghcr.io", "https://evil.example/token"),
            ("ghcr.io", "https://ghcr.io.evil.example/token"),
            ("ghcr.io", "https://evilghcr.io/token"),
            ("index.docker.io", "https://auth.docker.io.evil.example/token"),
            ("evilscw.cloud", "https://api.scaleway.com/tokens"),
            ("acme.co.uk", "https://evil.co.uk/token"),
            ("acme.azurecr.io", "https://evil.azurecr.io/oauth2/token"),
            ("1.dkr.ecr.eu-west-1.amazonaws.com", "https://evil.s3.amazonaws.com/token"),
            ("10.0.0.1:5000", "https://10.9.0.1/token"),
            ("[::1]:5000", "https://[::2]/token"),
            ("registry", "https://other/token"),
            ("a..co.uk", "https://b..co.uk/token"),
            ("a.github.io", "https://b.github.io/token"),
            ("x.co.jp", "https://y.co.jp/token"),
            ("a.acme.kawasaki.jp", "https://a.evil.kawasaki.jp/token"),
            ("a.blogspot.com", "https://b.blogspot.com/token"),
            ("registry.acme.web.app", "https://evil.web.app/token"),
        ];
        for (registry, realm) in bad {
            assert!(!with_password(registry, realm), "{registry} {realm}");
            assert!(checked(registry, false, realm, false).is_ok(), "without a password: {registry} {realm}");
        }
        let said = checked("ghcr.io", false, "https://evil.example/token", true).expect_err("refused");
        assert!(said.contains("https://evil.example/token"), "{said}");
    }

    #[test]
    fn nothing_is_asked_for_in_clear_text_but_on_this_machine() {
        for has_password in [false, true] {
            for registry in ["ghcr.io", "10.0.0.1"] {
                let realm = format!("http://{registry}/token");
                let said = checked(registry, false, &realm, has_password).expect_err("refused");
                assert!(said.contains("not HTTPS") && said.contains(&realm), "{said}");
            }
            assert!(checked("localhost:5000", true, "http://localhost:5001/token", has_password).is_ok());
            for realm in ["http://ghcr.io/token", "http://127.0.0.2:5001/token", "http://10.0.0.1/token"] {
                assert!(checked("127.0.0.1:5000", true, realm, has_password).is_err(), "{realm}");
            }
        }
    }

    #[test]
    fn what_is_no_plain_url_is_refused() {
        for realm in [
            "",
            "token",
            "/token",
            "ftp://ghcr.io/t",
            "file:///etc/passwd",
            "https://a:b@ghcr.io/t",
            "https://a@ghcr.io/",
        ] {
            assert!(!with_password("ghcr.io", realm), "{realm}");
        }
    }
}

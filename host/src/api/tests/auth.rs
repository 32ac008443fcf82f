use axum::body::Body;

use crate::api::auth::{Auth, hash, new_key};
use crate::api::testing::{Answer, Service, request};
use crate::config::{Key, Scope};

const REVIEW: &str = r#"{"kind":"review","text":"ok"}"#;

fn with_keys(keys: &[(&str, &str, &[Scope])]) -> Service {
    let key = |(name, key, scopes): &(&str, &str, &[Scope])| Key {
        name: (*name).into(),
        hash: hash(key),
        scopes: scopes.to_vec(),
    };
    Service::with(|config| config.keys = keys.iter().map(key).collect())
}

async fn call(service: &Service, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let body = if method == "POST" { Body::from(REVIEW) } else { Body::empty() };
    service.send(request(method, path, headers).body(body).expect("is a request")).await
}

#[tokio::test]
async fn a_missing_or_wrong_key_is_401_with_a_challenge() {
    let service = with_keys(&[("shop", "sk_right", &[Scope::Ingest])]);
    for headers in [
        &[][..],
        &[("authorization", "Bearer sk_wrong")],
        &[("authorization", "Basic sk_right")],
        &[("authorization", "Bearer ")],
    ] {
        let answer = call(&service, "POST", "/v1/feedback", headers).await;
        let problem = answer.problem(401, "unauthorized");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{problem:#}");
        assert!(!answer.text.contains("sk_wrong"), "the key is not repeated");
    }
    call(&service, "POST", "/v1/feedback", &[("authorization", "bearer sk_right")]).await.expect(202);
}

#[tokio::test]
async fn a_key_does_what_its_scopes_cover_and_nothing_else() {
    let service = with_keys(&[
        ("shop", "sk_in", &[Scope::Ingest]),
        ("desk", "sk_read", &[Scope::Read]),
        ("ops", "sk_admin", &[Scope::Admin]),
    ]);
    let nowhere = "/v1/parked/0190a5c8-0000-7000-8000-000000000000/retry";
    for (key, post, get, retry) in [("sk_in", 202, 403, 403), ("sk_read", 403, 200, 403), ("sk_admin", 202, 200, 404)] {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", &*bearer)];
        assert_eq!(call(&service, "POST", "/v1/feedback", &headers).await.status, post, "{key}");
        for path in ["/v1/feedback", "/metrics", "/v1/webhooks"] {
            assert_eq!(call(&service, "GET", path, &headers).await.status, get, "{key} {path}");
        }
        assert_eq!(call(&service, "POST", nowhere, &headers).await.status, retry, "{key}");
    }
    let refused = call(&service, "GET", "/v1/feedback", &[("authorization", "Bearer sk_in")]).await;
    assert!(refused.problem(403, "forbidden")["detail"].as_str().expect("text").contains("`read`"));
    assert_eq!(call(&service, "GET", "/healthz", &[]).await.status, 200, "health needs no key");
}

#[tokio::test]
async fn without_keys_only_names_of_this_machine_are_answered() {
    let service = Service::start();
    for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.1.2.3", "[::1]:8080", "sayso.localhost:1"] {
        let request = http::Request::get("/healthz").header("host", host).body(Body::empty()).expect("is a request");
        assert_eq!(service.send(request).await.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "192.168.0.7",
        "127.0.0.1.evil.example",
        "0.0.0.0",
        "",
        "::",
    ] {
        let request = http::Request::get("/healthz").header("host", host).body(Body::empty()).expect("is a request");
        service.send(request).await.problem(403, "forbidden");
    }
    let without = http::Request::get("/healthz").body(Body::empty()).expect("is a request");
    service.send(without).await.problem(403, "forbidden");
}

#[tokio::test]
async fn without_keys_pages_of_other_sites_can_do_nothing() {
    let service = Service::start();
    for header in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:3000"),
        ("sec-fetch-site", "cross-site"),
    ] {
        call(&service, "POST", "/v1/feedback", &[header]).await.problem(403, "forbidden");
        call(&service, "DELETE", "/v1/customers/c1", &[header]).await.problem(403, "forbidden");
    }
    let (cross, link) = (("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"));
    call(&service, "GET", "/v1/feedback", &[cross, ("sec-fetch-mode", "no-cors")]).await.problem(403, "forbidden");
    call(&service, "GET", "/v1/feedback", &[cross, link]).await.expect(200);
    call(&service, "POST", "/v1/feedback", &[("origin", "http://localhost:8080"), ("sec-fetch-site", "same-origin")])
        .await
        .expect(202);
    assert_eq!(
        call(&service, "GET", "/healthz", &[("sec-fetch-site", "cross-site")]).await.status,
        200,
        "a link may lead here"
    );
    assert_eq!(service.waiting(), 1);
}

#[tokio::test]
async fn with_keys_any_name_is_answered() {
    let service = with_keys(&[("shop", "sk_right", &[Scope::Ingest])]);
    let request = http::Request::post("/v1/feedback")
        .header("host", "feedback.example.com")
        .header("authorization", "Bearer sk_right")
        .header("content-type", "application/json")
        .body(Body::from(REVIEW))
        .expect("is a request");
    service.send(request).await.expect(202);
}

#[test]
fn a_new_key_fits_its_hash_and_no_two_are_alike() {
    let (key, digest) = new_key();
    assert!(key.starts_with("sk_") && key.len() == 67, "{key}");
    assert_eq!(digest, hash(&key));
    assert_ne!(key, new_key().0);
    let configured = Key { name: "k".into(), hash: digest, scopes: vec![Scope::Read] };
    let auth = Auth::new(&[configured]).expect("the hash is read");
    let headers =
        http::HeaderMap::from_iter([(http::header::AUTHORIZATION, format!("Bearer {key}").parse().expect("a value"))]);
    assert_eq!(auth.allow(&headers, Scope::Read).expect("is allowed").0.as_deref(), Some("k"));
}

#[test]
fn a_hash_that_is_none_is_named_with_its_key() {
    for bad in ["", "sha256:", "sha256:abc", &hash("x")[7..], &format!("sha256:{}", "é".repeat(32))] {
        let key = Key { name: "desk".into(), hash: bad.into(), scopes: Vec::new() };
        assert!(Auth::new(&[key]).expect_err("is refused").to_string().contains("`desk`"), "{bad}");
    }
}

#[test]
fn keys_that_take_the_place_of_others_count_from_the_next_request_on() {
    let key = |name: &str, secret: &str, scope| Key { name: name.into(), hash: hash(secret), scopes: vec![scope] };
    let allow = |auth: &Auth, secret: &str, scope| {
        let value = format!("Bearer {secret}").parse().expect("a value");
        auth.allow(&http::HeaderMap::from_iter([(http::header::AUTHORIZATION, value)]), scope).map(|_| ())
    };
    let read = |keys: &[Key]| Auth::new(keys).expect("the hashes are read");
    let auth = read(&[key("gone", "a", Scope::Read), key("same", "b", Scope::Read), key("wider", "c", Scope::Read)]);
    let change = auth.replace(read(&[
        key("same", "b", Scope::Read),
        key("wider", "c", Scope::Admin),
        key("new", "d", Scope::Read),
    ]));
    assert_eq!(allow(&auth, "a", Scope::Read).expect_err("is gone").status(), 401);
    for secret in ["b", "c", "d"] {
        allow(&auth, secret, Scope::Read).expect("is known");
    }
    allow(&auth, "c", Scope::Ingest).expect("is allowed more than before");
    let names = |list: &[std::sync::Arc<str>]| list.join(" ");
    assert_eq!(
        (names(&change.added), names(&change.removed), names(&change.changed)),
        ("new".into(), "gone".into(), "wider".into())
    );
    assert!(
        auth.replace(read(&[
            key("same", "b", Scope::Read),
            key("wider", "c", Scope::Admin),
            key("new", "d", Scope::Read)
        ]))
        .is_empty()
    );
}

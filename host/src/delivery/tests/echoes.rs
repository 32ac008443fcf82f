//! Receivers that repeat what they were sent: no secret of it is kept.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use tokio::io::AsyncWriteExt;

use super::receiver::{Receiver, raw, read_head};
use crate::{
    config::{self, Secret},
    delivery::{
        client::{Client, Extras, Tried},
        endpoint::Endpoint,
        signing::{self, Signer},
    },
    feedback::{DeliveryId, FeedbackId},
};

const TOKEN: &str = "sk-a1B2c3D4e5F6";

/// A client with a secret header and one that is not.
fn client(url: &str, key: &Secret, limits: &config::Delivery) -> Client {
    let mut secret = HeaderValue::try_from(format!("Bearer {TOKEN}")).unwrap();
    secret.set_sensitive(true);
    let mut headers = HeaderMap::from_iter([("x-team".parse().unwrap(), HeaderValue::from_static("customer-care"))]);
    headers.insert("authorization", secret);
    let extras = Extras { headers, keys: vec![key.clone()], ..Extras::default() };
    Client::with(Endpoint::parse(url, true).unwrap(), Signer::new([key]).unwrap(), 4, limits, extras).unwrap()
}

async fn try_once(client: &Client) -> Tried {
    let delivery = DeliveryId::of(FeedbackId::now(), 1, "crm");
    client.attempt(delivery, 1, Bytes::from_static(b"{}")).await
}

#[tokio::test]
async fn a_receiver_that_shows_the_request_is_quoted_without_its_secrets() {
    let receiver = Receiver::start().await;
    let key = signing::new_secret();
    let known = key.clone();
    receiver.behave(move |call, _| {
        let (authorization, team) = (call.header("authorization"), call.header("x-team"));
        let body =
            format!("{authorization} of {team} at /services/T0AB12CD3/B0EF45?sig=a%2Bb12345, {}", known.expose());
        http::Response::builder().status(401).body(body.into()).unwrap()
    });
    let url = format!("http://{}/services/T0AB12CD3/B0EF45?sig=a%2Bb12345", receiver.address);
    let tried = try_once(&client(&url, &key, &config::Delivery::default())).await;
    assert_eq!(tried.attempt.response.as_deref(), Some("… of customer-care at /services/…?…, …"));
}

#[tokio::test]
async fn an_answer_that_is_cut_at_its_limit_ends_with_no_piece_of_a_secret() {
    let receiver = Receiver::start().await;
    receiver.behave(|call, _| {
        let body = format!("you sent {}", call.header("authorization"));
        http::Response::builder().status(401).body(body.into()).unwrap()
    });
    let whole = "you sent Bearer ".len() + TOKEN.len();
    for limit in "you sent B".len()..=whole {
        let limits = config::Delivery { max_response_bytes: limit, ..config::Delivery::default() };
        let tried = try_once(&client(&receiver.url(), &signing::new_secret(), &limits)).await;
        assert_eq!(tried.attempt.response.as_deref(), Some("you sent …"), "{limit} bytes are read");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_ends_with_no_piece_of_a_secret() {
    let address = raw(|mut stream| async move {
        read_head(&mut stream).await;
        let answer = format!("HTTP/1.1 500 Oops\r\ncontent-length: 99\r\n\r\nyou sent Bearer {}", &TOKEN[..9]);
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    })
    .await;
    let limits = config::Delivery { timeout: Duration::from_secs(5), ..config::Delivery::default() };
    let tried = try_once(&client(&format!("http://{address}/"), &signing::new_secret(), &limits)).await;
    assert!(tried.attempt.error.is_some_and(|error| error.starts_with("the connection broke while reading")));
    assert_eq!(tried.attempt.response.as_deref(), Some("you sent …"));
}

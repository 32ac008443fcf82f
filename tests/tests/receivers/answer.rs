//! Receivers whose answers are not in order. The first is not, later ones are.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use sayso_tests::{
    RawReceiver, Receiver,
    raw::{behave, hang, read_request, write},
};

use crate::{assert_failed, assert_recovered, delivered_to, post, tries};

#[tokio::test]
async fn hangs_at_headers() {
    let receiver = RawReceiver::start(|number, mut stream| async move {
        if number == 0 {
            read_request(&mut stream).await;
            write(&mut stream, "HTTP/1.1 200 OK\r\nserver: slow\r\n").await;
            hang(stream).await;
        } else {
            behave(stream).await;
        }
    })
    .await;
    let (_server, delivery) = delivered_to(&receiver.url(), tries("1s")).await;
    assert_recovered(
        &delivery,
        "timeout while waiting for the answer: 1s are over",
        "should answer first and work afterwards",
    );
    assert!(delivery["attempts"][0]["status"].is_null(), "{delivery:#}");
    assert_eq!(delivery["attempts"][0]["address"], receiver.address().to_string());
}

#[tokio::test]
async fn hangs_at_the_body() {
    let receiver = RawReceiver::start(|number, mut stream| async move {
        if number == 0 {
            read_request(&mut stream).await;
            write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n").await;
            hang(stream).await;
        } else {
            behave(stream).await;
        }
    })
    .await;
    let (_server, delivery) = delivered_to(&receiver.url(), tries("1s")).await;
    assert_recovered(&delivery, "timeout while reading the answer (status 200): 1s are over", "should end its answer");
    assert_eq!(delivery["attempts"][0]["status"], 200, "and yet it was no success");
}

#[tokio::test]
async fn drips_a_byte_a_second() {
    let receiver = RawReceiver::start(|number, mut stream| async move {
        if number > 0 {
            return behave(stream).await;
        }
        read_request(&mut stream).await;
        let mut goes_on = write(&mut stream, "HTTP/1.1 500 Oops\r\ncontent-length: 100000\r\n\r\n").await;
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        while goes_on {
            ticks.tick().await;
            goes_on = write(&mut stream, "x").await;
        }
    })
    .await;
    let (_server, delivery) = delivered_to(&receiver.url(), tries("2500ms")).await;
    assert_recovered(&delivery, "timeout while reading the answer (status 500): 2.5s are over", "");
    let latency = delivery["attempts"][0]["latency_ms"].as_u64().expect("a time");
    assert!((2_500..10_000).contains(&latency), "the limit is one of the whole attempt: {latency} ms");
    assert!(delivery["attempts"][0]["response"].as_str().is_some_and(|response| (2..=4).contains(&response.len())));
}

#[tokio::test]
async fn answers_with_a_gigabyte() {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let receiver = RawReceiver::start(move |number, mut stream| {
        let counter = Arc::clone(&counter);
        async move {
            let status = ["500 Oops", "200 OK"][number.min(1)];
            read_request(&mut stream).await;
            let mut goes_on =
                write(&mut stream, format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n", 1 << 30)).await;
            for _ in 0..1 << 14 {
                if !goes_on {
                    return;
                }
                goes_on = write(&mut stream, [b'x'; 1 << 16]).await;
                counter.fetch_add(1 << 16, Ordering::SeqCst);
            }
        }
    })
    .await;
    let (_server, delivery) = delivered_to(&receiver.url(), tries("20s")).await;
    assert_failed(&delivery, 0, "status 500", "");
    assert_eq!(delivery["attempts"][0]["response"].as_str().map(str::len), Some(64 << 10), "is kept of it");
    assert_eq!(delivery["attempts"][1]["status"], 200);
    // What the sockets buffer is sent, no more.
    assert!(sent.load(Ordering::SeqCst) < 64 << 20, "{} bytes were sent", sent.load(Ordering::SeqCst));
}

#[tokio::test]
async fn resets_in_the_middle_of_the_body() {
    let receiver = RawReceiver::start(|number, mut stream| async move {
        if number == 0 {
            read_request(&mut stream).await;
            write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc").await;
            stream.set_zero_linger().expect("it is a socket");
        } else {
            behave(stream).await;
        }
    })
    .await;
    let (_server, delivery) = delivered_to(&receiver.url(), tries("5s")).await;
    let first = &delivery["attempts"][0];
    // The reset may overtake the status.
    let begins = if first["status"] == 200 {
        "the connection broke while reading the answer (status 200)".to_owned()
    } else {
        format!("the connection to {} broke before the answer", receiver.address())
    };
    assert_recovered(&delivery, &begins, "");
}

#[tokio::test]
async fn redirects_to_an_internal_address() {
    let inside = Receiver::start().await;
    let targets = [inside.url(), "http://169.254.169.254/latest/meta-data/".into(), "/elsewhere".into()];
    let receiver = RawReceiver::start(move |number, mut stream| {
        let target = targets.get(number).cloned();
        async move {
            let Some(target) = target else { return behave(stream).await };
            read_request(&mut stream).await;
            let code = [301, 307, 308][number];
            let answer =
                format!("HTTP/1.1 {code} Go\r\nlocation: {target}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            write(&mut stream, answer).await;
        }
    })
    .await;
    let (_server, delivery) = delivered_to(&receiver.url(), tries("5s")).await;
    for (number, code) in [301, 307, 308].into_iter().enumerate() {
        assert_failed(
            &delivery,
            number,
            &format!("status {code}: redirects are not followed"),
            "put the URL that it leads to",
        );
    }
    assert_recovered(&delivery, "status 301", "");
    assert!(inside.events().is_empty(), "nobody asked there");
}

#[tokio::test]
async fn answers_200_and_then_garbage() {
    let receiver = RawReceiver::start(|number, mut stream| async move {
        let answer: &[u8] = match number {
            // A body that is none.
            0 => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot a length\r\n\xff\xfe\r\n",
            // No HTTP at all.
            1 => b"\x00\x01\x02 garbage \xff\xfe\r\n\r\n",
            // An answer that is whole, and more that nobody asked for: not to be taken for the answer to what comes next.
            2 => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 Smuggled\r\ncontent-length: 0\r\n\r\n\xff\xfe",
            _ => return behave(stream).await,
        };
        read_request(&mut stream).await;
        write(&mut stream, answer).await;
        hang(stream).await;
    })
    .await;
    let (server, delivery) = delivered_to(&receiver.url(), tries("5s")).await;
    assert_failed(&delivery, 0, "the connection broke while reading the answer (status 200)", "");
    assert_failed(
        &delivery,
        1,
        &format!("what {} answered is not HTTP", receiver.address()),
        "check the port in `url`",
    );
    assert_eq!(delivery["attempts"][2]["status"], 200, "{delivery:#}");
    assert_eq!(delivery["attempts"].as_array().map(Vec::len), Some(3), "{delivery:#}");
    post(&server).await;
    let all_delivered = |list: &serde_json::Value| {
        let items = list["items"].as_array().expect("a list");
        items.len() == 2 && items.iter().all(|delivery| delivery["status"] == "delivered")
    };
    let list = server.wait_until("/v1/deliveries", all_delivered).await;
    let attempts = list["items"][0]["attempts"].as_array().expect("attempts");
    assert_eq!((attempts.len(), &attempts[0]["status"]), (1, &serde_json::json!(204)), "over a connection of its own");
}

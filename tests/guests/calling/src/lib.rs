//! Calls the addresses that a text names, and says what was answered: `GET url url…` at the same time, `LOOP url` without
//! an end, `SPIN url` once and then computes without an end. Everything else it passes by.

use std::hint::black_box;

use sayso_plugin::{Effects, Fault, Item, Plugin, http};
use serde_json::{Value, json};

struct Calling {
    together: bool,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Whether the requests of a batch are made at the same time.
    #[serde(default)]
    together: bool,
}

impl Plugin for Calling {
    const NAME: &'static str = "calling";
    const SUMMARY: &'static str = "Calls what a text names.";
    type Config = Config;

    fn new(config: Config) -> Result<Self, String> {
        Ok(Self { together: config.together })
    }

    fn process(&self, item: &Item, effects: &mut Effects) -> Result<(), Fault> {
        let mut words = item.feedback.text.split_whitespace();
        let verb = words.next().unwrap_or_default();
        let requests: Vec<_> = words.map(request).collect();
        match verb {
            "GET" => {
                let answers: Vec<_> = http::send_all(requests).into_iter().map(told).collect();
                effects.note("answers", answers);
            }
            "ONE" => {
                for request in requests {
                    effects.note("body", http::send(request)?.success()?.text().into_owned());
                }
            }
            "LOOP" => loop {
                drop(black_box(http::send_all(requests.clone())));
            },
            "SPIN" => {
                drop(black_box(http::send_all(requests)));
                loop {
                    black_box(());
                }
            }
            _ => return Err(Fault::unsupported("no call")),
        }
        Ok(())
    }

    fn process_all(&self, items: &[Item]) -> Vec<Result<Effects, Fault>> {
        if !self.together {
            let one = |item| {
                let mut effects = Effects::new();
                self.process(item, &mut effects).map(|()| effects)
            };
            return items.iter().map(one).collect();
        }
        let url = |item: &Item| item.feedback.text.split_whitespace().nth(1).unwrap_or_default().to_owned();
        let answers = http::send_all(items.iter().map(|item| request(&url(item))).collect());
        let effects = |answer| {
            let mut effects = Effects::new();
            effects.note("answers", vec![told(answer)]);
            Ok(effects)
        };
        answers.into_iter().map(effects).collect()
    }
}

fn request(url: &str) -> http::Request {
    http::Request::get(url).header("authorization", "the plugin's own")
}

fn told(answer: Result<http::Response, http::Error>) -> Value {
    match answer {
        Ok(answer) => {
            let headers: Vec<_> =
                answer.headers.iter().map(|header| format!("{}: {}", header.name, header.value)).collect();
            json!({"status": answer.status, "body": answer.text(), "headers": headers})
        }
        Err(error) => json!({"error": format!("{error:?}")}),
    }
}

sayso_plugin::export!(Calling);

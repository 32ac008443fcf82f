//! What is wrong with a configuration is said with the webhook's name and the field.

use std::time::Duration;

use super::{limits, webhook};
use crate::{config, delivery::check};

fn refusal(limits: &config::Delivery, webhooks: &[config::Webhook]) -> String {
    check(limits, webhooks).expect_err("refused").to_string()
}

#[test]
fn a_sound_configuration_is_taken() {
    let webhooks = [webhook("crm", "https://crm.example.com/hook"), webhook("bi", "http://10.0.0.7/")];
    assert!(check(&config::Delivery::default(), &webhooks).is_ok());
}

#[test]
fn an_error_names_the_webhook_and_the_field() {
    let change = |change: fn(&mut config::Webhook)| {
        let mut webhook = webhook("crm", "http://127.0.0.1:9000/");
        change(&mut webhook);
        refusal(&limits(&[0]), &[webhook])
    };
    for (message, expected) in [
        (change(|webhook| webhook.url = "crm.example.com".into()), "webhook `crm`: `url`: it is not a URL"),
        (change(|webhook| webhook.allow_private = false), "webhook `crm`: `url`: http sends"),
        (
            change(|webhook| webhook.secret = Some(config::Secret::new("hunter2".into()))),
            "webhook `crm`: `secret`: a secret begins",
        ),
        (change(|webhook| webhook.concurrency = Some(0)), "webhook `crm`: `concurrency`: 0 is not"),
        (change(|webhook| webhook.name = "a b".into()), "webhook `a b`: `name`: it has to be"),
        (change(|webhook| webhook.name = "".into()), "webhook ``: `name`: it has to be"),
        (
            change(|webhook| webhook.name = "wh_0198c0de00007000800000000000000a".into()),
            "webhook `wh_0198c0de00007000800000000000000a`: `name`: it reads like the id of a webhook",
        ),
    ] {
        assert!(message.starts_with(expected), "{message}");
        assert!(!message.contains("hunter2"));
    }
}

#[test]
fn two_webhooks_of_one_name_are_refused() {
    let twice = [webhook("crm", "http://127.0.0.1:1/"), webhook("crm", "http://127.0.0.1:2/")];
    assert!(refusal(&limits(&[0]), &twice).starts_with("webhook `crm`: `name` is that of another"));
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    for timeout in [Duration::ZERO, Duration::from_secs(46)] {
        let limits = config::Delivery { timeout, ..limits(&[0]) };
        assert!(refusal(&limits, &[]).starts_with("[delivery]: `timeout` is"), "{timeout:?}");
    }
    assert!(refusal(&limits(&[]), &[]).starts_with("[delivery]: `schedule` is empty"));
}

//! A webhook as the API's description shows it.

use serde_json::{Value, json};

/// The settings of a webhook, as a client writes them.
pub(super) fn settings() -> Value {
    json!({
        "name": "crm",
        "description": "Complaints, into the CRM.",
        "url": "https://crm.example.com/hooks/sayso",
        "routes": ["care", "retention"],
        "languages": ["en", "ja"],
        "min_priority": 50,
        "condition": "feedback.rating.value <= 2.0",
        "headers": { "x-team": "care", "authorization": { "value": "Bearer …", "secret": true } },
        "rate": 20.0,
        "ordering": "customer",
    })
}

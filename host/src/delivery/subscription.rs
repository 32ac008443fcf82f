//! Which webhooks want an analysis.

use crate::{
    config::Webhook,
    feedback::{Analysis, Feedback},
};

/// Whether the webhook wants the analysis: of each of its lists (routes, kinds, tags) that is not empty, at least one
/// entry has to fit.
pub fn wants(webhook: &Webhook, feedback: &Feedback, analysis: &Analysis) -> bool {
    let routes = &webhook.routes;
    let tags = &webhook.tags;
    (webhook.kinds.is_empty() || webhook.kinds.contains(&feedback.kind))
        && (routes.is_empty() || analysis.routes.iter().any(|route| routes.contains(&route.name)))
        && (tags.is_empty() || analysis.tags.iter().any(|tag| tags.iter().any(|wanted| fits(wanted, &tag.name))))
}

/// `delivery/*` fits all below `delivery`, but not `delivery` itself; any other pattern fits the tag of its name.
fn fits(pattern: &str, tag: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(level) if level.is_empty() || level.ends_with('/') => tag.len() > level.len() && tag.starts_with(level),
        _ => pattern == tag,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn webhook(wants: serde_json::Value) -> Webhook {
        let mut all = json!({ "name": "crm", "url": "https://crm.example.com", "secret": "" });
        all.as_object_mut().unwrap().extend(wants.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    fn wanted(wants_of_webhook: serde_json::Value) -> bool {
        let feedback: Feedback = serde_json::from_value(json!({ "kind": "review", "text": "late again" })).unwrap();
        let analysis: Analysis = serde_json::from_value(json!({
            "tags": [{ "name": "delivery/speed", "confidence": 1.0, "spans": [] }, { "name": "price", "confidence": 1.0, "spans": [] }],
            "routes": [{ "name": "care", "rule": "late", "priority": 50 }],
        }))
        .unwrap();
        wants(&webhook(wants_of_webhook), &feedback, &analysis)
    }

    #[test]
    fn a_webhook_without_lists_wants_everything() {
        assert!(wanted(json!({})));
    }

    #[test]
    fn one_entry_of_a_list_is_enough_but_every_list_counts() {
        assert!(wanted(json!({ "routes": ["retention", "care"] })));
        assert!(!wanted(json!({ "routes": ["retention"] })));
        assert!(wanted(json!({ "kinds": ["review", "survey"] })));
        assert!(!wanted(json!({ "kinds": ["csr_note"] })));
        assert!(wanted(json!({ "routes": ["care"], "kinds": ["review"], "tags": ["price"] })));
        assert!(!wanted(json!({ "routes": ["care"], "kinds": ["review"], "tags": ["quality"] })));
    }

    #[test]
    fn a_star_stands_for_all_below() {
        for (pattern, fit) in [
            ("delivery/*", true),
            ("delivery/speed", true),
            ("*", true),
            ("price", true),
            ("delivery", false),
            ("price/*", false),
            ("deliver*", false),
            ("delivery/speed/*", false),
            ("Delivery/*", false),
        ] {
            assert_eq!(wanted(json!({ "tags": [pattern] })), fit, "{pattern}");
        }
    }
}

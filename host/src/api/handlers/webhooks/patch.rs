//! A change of a webhook, as the API's description has it.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, OneOf, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

use super::view::View;
use crate::config;

/// Settings of a webhook, each of which may be absent, or null for its default.
pub(super) struct Patch;

impl PartialSchema for Patch {
    fn schema() -> RefOr<Schema> {
        let RefOr::T(Schema::Object(mut settings)) = config::Webhook::schema() else {
            return config::Webhook::schema();
        };
        settings.required.clear();
        settings.description = Some(
            "Settings of a webhook: what is absent stays, null takes a setting back. What an answer shows besides may be sent back as it was."
                .into(),
        );
        for property in settings.properties.values_mut() {
            let written = std::mem::replace(property, RefOr::T(Schema::default()));
            *property = or_null(written);
        }
        if let RefOr::T(Schema::Object(shown)) = View::schema() {
            for (name, property) in shown.properties {
                settings.properties.entry(name).or_insert(property);
            }
        }
        RefOr::T(Schema::Object(settings))
    }
}

impl ToSchema for Patch {
    fn name() -> Cow<'static, str> {
        "WebhookPatch".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        config::Webhook::schemas(schemas);
    }
}

fn or_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    let may_be_null = match &schema {
        RefOr::T(Schema::Object(object)) => {
            matches!(&object.schema_type, SchemaType::Array(types) if types.contains(&Type::Null))
        }
        // An optional reference is one of null and the reference.
        RefOr::T(Schema::OneOf(_)) => true,
        _ => false,
    };
    let null = || Object::builder().schema_type(Type::Null);
    if may_be_null { schema } else { OneOf::builder().item(null()).item(schema).into() }
}

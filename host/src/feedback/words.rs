//! The words that fields with a closed set of values take.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use super::misfit::listed;

/// Reads one of the words, in the place of which one of the values stands. It has to be text: of itself serde would also
/// take `{"word": null}`, and call what is neither a broken document.
pub(super) fn one_of<'de, D: Deserializer<'de>, T: Copy>(
    deserializer: D,
    words: &'static [&'static str],
    values: &[T],
) -> Result<T, D::Error> {
    struct Word(&'static [&'static str]);

    impl Visitor<'_> for Word {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of {}", listed(self.0))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<usize, E> {
            let place = self.0.iter().position(|word| *word == text);
            place.ok_or_else(|| E::unknown_variant(text, self.0))
        }
    }

    deserializer.deserialize_str(Word(words)).map(|place| values[place])
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// The word in JSON.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                one_of(deserializer, &[$($word),+], &[$(Self::$variant),+])
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                Object::builder().schema_type(Type::String).enum_values(Some([$($word),+])).into()
            }
        }

        impl ToSchema for $name {}
    };
}

words! {
    /// Who "the customer" is in this business.
    AccountType {
        /// Uses the product.
        EndConsumer = "end_consumer",
        /// Sells it on.
        ChannelPartner = "channel_partner",
        /// Runs a franchise.
        Franchisee = "franchisee",
    }
}

words! {
    /// Whether the respondent reached the end of the survey.
    ResponseStatus {
        /// Not yet.
        Partial = "partial",
        /// Yes.
        Completed = "completed",
    }
}

words! {
    /// What a survey field asks for.
    FieldType {
        /// Likelihood to recommend, 0 to 10.
        Nps = "nps",
        /// Satisfaction.
        Csat = "csat",
        /// Effort.
        Ces = "ces",
        /// Any other scale.
        Rating = "rating",
        /// Open words.
        Text = "text",
        /// One or more of given options.
        Categorical = "categorical",
        /// A number.
        Number = "number",
        /// Yes or no.
        Boolean = "boolean",
        /// A date.
        Date = "date",
    }
}

words! {
    /// How the customer got in touch.
    Channel {
        /// By telephone.
        Phone = "phone",
        /// By e-mail.
        Email = "email",
        /// In a chat.
        Chat = "chat",
        /// Over the counter.
        Counter = "counter",
        /// In a social network.
        Social = "social",
        /// On site.
        Field = "field",
    }
}

words! {
    /// Who began the contact.
    Direction {
        /// The customer.
        Inbound = "inbound",
        /// The business.
        Outbound = "outbound",
    }
}

words! {
    /// Whether the customer can read a note.
    Visibility {
        /// Agents alone.
        Internal = "internal",
        /// The customer too.
        Public = "public",
    }
}

words! {
    /// How a contact ended.
    Disposition {
        /// Done.
        Resolved = "resolved",
        /// Handed up.
        Escalated = "escalated",
        /// Open.
        Pending = "pending",
    }
}

words! {
    /// Whose words a note's text is.
    AuthorRole {
        /// The representative's.
        Agent = "agent",
        /// The customer's.
        Customer = "customer",
    }
}

//! What the references of a schema lead to. Nothing outside of the schema is ever fetched.

use std::ptr;

use serde_json::{Map, Value};

/// A subschema, and the resource that its references count from: the nearest with an `$id` around it.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) schema: &'a Value,
    pub(super) resource: &'a Value,
}

impl<'a> Place<'a> {
    /// What stands below it.
    pub(super) const fn to(self, below: &'a Value) -> Self {
        Self { schema: below, resource: self.resource }
    }

    /// The same place, seen from within.
    pub(super) fn entered(self, keywords: &Map<String, Value>) -> Self {
        if id(keywords).is_some() { Self { resource: self.schema, ..self } } else { self }
    }
}

/// The places of a schema that have names.
pub(super) struct Places<'a> {
    /// By `$id`.
    resources: Vec<(&'a str, &'a Value)>,
    /// By `$anchor` and `$dynamicAnchor`.
    anchors: Vec<(&'a str, Place<'a>)>,
}

impl<'a> Places<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        let mut places = Self { resources: vec![("", document)], anchors: Vec::new() };
        places.collect(Place { schema: document, resource: document });
        places
    }

    fn collect(&mut self, place: Place<'a>) {
        match place.schema {
            Value::Object(keywords) => {
                let place = place.entered(keywords);
                self.resources.extend(id(keywords).map(|id| (id, place.schema)));
                let anchors = ["$anchor", "$dynamicAnchor"].into_iter().filter_map(|key| keywords.get(key)?.as_str());
                let older = keywords.get("$id").and_then(|id| id.as_str()?.strip_prefix('#'));
                self.anchors.extend(anchors.chain(older).map(|name| (name, place)));
                keywords.values().for_each(|below| self.collect(place.to(below)));
            }
            Value::Array(schemas) => schemas.iter().for_each(|below| self.collect(place.to(below))),
            _ => {}
        }
    }

    /// All that a reference may mean; that of a dynamic one is settled by the way to it, so it may mean each of the name.
    ///
    /// # Errors
    /// Where the schema has no such place.
    pub(super) fn named(&self, keyword: &str, reference: &str, resource: &'a Value) -> Result<Vec<Place<'a>>, String> {
        let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let fragment = decoded(fragment);
        let all = || self.resources.iter().map(|(_, resource)| *resource);
        let resources: Vec<_> = match base {
            _ if keyword == "$recursiveRef" => all().collect(),
            "" => vec![resource],
            base => {
                let same = self.resources.iter().filter(|(id, _)| last(id) == last(base));
                same.map(|(_, resource)| *resource).collect()
            }
        };
        let is_dynamic = keyword == "$dynamicRef";
        let is_within = |place: &Place<'_>| resources.iter().any(|resource| ptr::eq(*resource, place.resource));
        let found: Vec<_> = if fragment.is_empty() || fragment.starts_with('/') {
            resources.iter().filter_map(|resource| pointed(resource, &fragment)).collect()
        } else {
            let named =
                self.anchors.iter().filter(|(name, place)| *name == fragment && (is_dynamic || is_within(place)));
            named.map(|(_, place)| *place).collect()
        };
        match found.is_empty() {
            true => Err(format!("refers to `{reference}`, which is not in it; give all that it needs in `$defs`")),
            false => Ok(found),
        }
    }
}

fn id(keywords: &Map<String, Value>) -> Option<&str> {
    keywords.get("$id")?.as_str().filter(|id| !id.starts_with('#'))
}

/// The last piece of a URI: it tells resources apart well enough for a count, whatever they are relative to.
fn last(uri: &str) -> &str {
    let uri = uri.trim_end_matches('#');
    uri.rsplit(['/', ':']).next().unwrap_or(uri)
}

/// What a JSON Pointer leads to, with the resource that it is in.
fn pointed<'a>(resource: &'a Value, pointer: &str) -> Option<Place<'a>> {
    let mut place = Place { schema: resource, resource };
    for segment in pointer.split('/').skip(1) {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        let below = match place.schema {
            Value::Object(keywords) => keywords.get(&segment)?,
            Value::Array(schemas) => schemas.get(segment.parse::<usize>().ok()?)?,
            _ => return None,
        };
        place = place.to(below);
        if let Value::Object(keywords) = below {
            place = place.entered(keywords);
        }
    }
    Some(place)
}

/// A fragment without its percent signs.
fn decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, more @ ..] = rest {
        let hex = (*first == b'%').then(|| more.get(..2)).flatten().and_then(|hex| str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

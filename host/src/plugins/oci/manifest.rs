//! The manifest of a component in a registry, of the media types that the WebAssembly community agreed on: one layer
//! `application/wasm`, and a signature, if there is one, as an annotation.

use std::collections::BTreeMap;

use oci_client::{
    client::{Config, ImageLayer},
    manifest::OciImageManifest,
};

use crate::plugins::source::MAX_COMPONENT_BYTES;

/// Media type of a component: the one agreed on, not the older one that the library has.
pub(super) const WASM_LAYER_MEDIA_TYPE: &str = "application/wasm";

/// Media type of the configuration of an artefact that is a component.
const CONFIG_MEDIA_TYPE: &str = "application/vnd.wasm.config.v0+json";

/// The annotation that holds the signature.
const SIGNATURE: &str = "sayso.plugin.signature";

/// Largest manifest, in bytes: the least that registries have to take.
pub(in crate::plugins) const MAX_MANIFEST_BYTES: u64 = 4 << 20;

/// The configuration and the manifest for a component.
pub(super) fn build(layer: &ImageLayer, signature: Option<&str>) -> (Config, OciImageManifest) {
    let content = serde_json::json!({"architecture": "wasm", "os": "wasip2", "layerDigests": [layer.sha256_digest()]});
    let config = Config::new(content.to_string(), CONFIG_MEDIA_TYPE.into(), None);
    let annotations = signature.map(|signature| BTreeMap::from([(SIGNATURE.to_owned(), signature.trim().to_owned())]));
    let manifest = OciImageManifest::build(std::slice::from_ref(layer), &config, annotations);
    (config, manifest)
}

/// The digest of the component that a manifest leads to.
///
/// # Errors
/// What keeps it from being that of a plugin.
pub(in crate::plugins) fn component_of(manifest: &[u8]) -> Result<String, String> {
    parse(manifest).map(|manifest| manifest.layers[0].digest.clone())
}

/// The signature in a manifest.
pub(super) fn signature(manifest: &OciImageManifest) -> Option<&String> {
    manifest.annotations.as_ref()?.get(SIGNATURE)
}

/// A manifest with one layer that can be a component.
///
/// # Errors
/// What keeps it from being that of a plugin.
pub(super) fn parse(manifest: &[u8]) -> Result<OciImageManifest, String> {
    let manifest: OciImageManifest =
        serde_json::from_slice(manifest).map_err(|error| format!("its manifest cannot be read: {error}"))?;
    let [layer] = manifest.layers.as_slice() else {
        return Err(format!("it has {} layers, and a plugin has one", manifest.layers.len()));
    };
    if layer.media_type != WASM_LAYER_MEDIA_TYPE {
        return Err(format!("its layer is `{}`, and that of a plugin is `{WASM_LAYER_MEDIA_TYPE}`", layer.media_type));
    }
    if u64::try_from(layer.size).is_ok_and(|size| size <= MAX_COMPONENT_BYTES) {
        return Ok(manifest);
    }
    Err(format!("it has {} bytes, and a plugin may have {MAX_COMPONENT_BYTES}", layer.size))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_manifest_of_something_else_is_refused() {
        let manifest = |layers: Value| {
            let config = json!({"mediaType": CONFIG_MEDIA_TYPE, "digest": "sha256:0", "size": 2});
            json!({"schemaVersion": 2, "config": config, "layers": layers}).to_string()
        };
        let layer = |kind: &str, size: i64| json!({"mediaType": kind, "digest": "sha256:1", "size": size});
        let refusal = |layers| component_of(manifest(layers).as_bytes()).expect_err("refused");
        let wasm = WASM_LAYER_MEDIA_TYPE;
        assert!(refusal(json!([])).contains("0 layers"));
        assert!(refusal(json!([layer(wasm, 1), layer(wasm, 1)])).contains("2 layers"));
        assert!(refusal(json!([layer("application/x-tar", 1)])).contains("application/x-tar"));
        assert!(refusal(json!([layer(wasm, 65 << 20)])).contains("may have"));
        assert!(refusal(json!([layer(wasm, -1)])).contains("may have"));
        assert_eq!(component_of(manifest(json!([layer(wasm, 9)])).as_bytes()).as_deref(), Ok("sha256:1"));
        assert!(component_of(b"{").is_err());
    }
}

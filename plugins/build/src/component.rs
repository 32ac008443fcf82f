//! From a core module to a component.

use wit_component::ComponentEncoder;

/// Wraps a core module, by the contract that its bindings left in a custom section, and validates the result. Only
/// what the module really imports becomes an import of the component.
pub(crate) fn encode(module: &[u8]) -> Result<Vec<u8>, String> {
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(module).and_then(ComponentEncoder::encode).map_err(|error| format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_module_are_refused() {
        assert!(encode(b"not wasm").is_err());
    }

    #[test]
    fn an_empty_module_is_a_component_without_imports() {
        let component = encode(b"\0asm\x01\0\0\0").unwrap();
        assert_eq!(component[..8], *b"\0asm\x0d\0\x01\0");
    }
}

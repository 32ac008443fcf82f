//! The contract of `wit/`, as wasmtime generates it for the host. Types are owned, so that a batch is built once and
//! effects are appended to it plugin after plugin.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    additional_derives: [PartialEq],
    imports: {
        "sayso:plugin/text.segment": trappable,
        "sayso:plugin/text.lemmas": trappable,
    },
});

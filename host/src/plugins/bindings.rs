//! The contract of `wit/`, as wasmtime generates it for the host. What goes in is borrowed, so that a plugin is handed
//! the feedback without a copy; what comes out is owned.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    ownership: Borrowing { duplicate_if_necessary: true },
    additional_derives: [PartialEq],
    imports: {
        "sayso:plugin/text.segment": trappable,
        "sayso:plugin/text.lemmas": trappable,
    },
});

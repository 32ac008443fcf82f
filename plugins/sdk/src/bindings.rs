//! The contract in Rust, made from `wit/`.

wit_bindgen::generate!({
    path: "../../wit",
    world: "plugin",
    pub_export_macro: true,
    export_macro_name: "__export_plugin",
    default_bindings_module: "sayso_plugin::bindings",
    additional_derives: [PartialEq],
    generate_unused_types: true,
});

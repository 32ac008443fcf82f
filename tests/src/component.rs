//! Components that no compiler would make: written by hand in the text format of WebAssembly.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The contract, as the host has it.
const WIT: &str = include_str!("../../wit/plugin.wit");

/// The version of the contract.
const VERSION: &str = "1.0.0";

/// A plugin by hand: a core module that says it is `raw` and finds nothing, with what makes it special.
pub struct Raw<'a> {
    /// The version of `sayso:plugin` that it is built for; `1.0.0` is that of the host.
    pub version: &'a str,
    /// The contract, whose version is replaced by `version`.
    pub wit: &'a str,
    /// More of the module: imports stand first.
    pub imports: &'a str,
    /// More of the module: functions, memories, a start function.
    pub more: &'a str,
    /// What it does in `describe` before it answers.
    pub describe: &'a str,
    /// What it does in `configure` before it answers.
    pub configure: &'a str,
    /// What it does in `process` before it answers.
    pub process: &'a str,
    /// The limits of its memory: pages of 64 KiB.
    pub memory: &'a str,
    /// The schema of its configuration.
    pub schema: &'a str,
    /// What it says of itself.
    pub summary: &'a str,
    /// Its version.
    pub plugin_version: &'a str,
}

impl Default for Raw<'_> {
    fn default() -> Self {
        Self {
            version: VERSION,
            wit: WIT,
            imports: "",
            more: "",
            describe: "",
            configure: "",
            process: "",
            memory: "16",
            schema: "{}",
            summary: "By hand.",
            plugin_version: "1.0.0",
        }
    }
}

/// Where the module keeps its texts; below is the frame of each answer, behind [`RESULTS`] the results.
const TEXTS: usize = 1 << 10;
/// Where the results of `process` are: never written to, so each is "no effects".
const RESULTS: usize = 8 << 16;

impl Raw<'_> {
    /// The component.
    ///
    /// # Panics
    /// Where a part does not parse, or the whole is not valid.
    pub fn component(&self) -> Vec<u8> {
        let mut module = wat::parse_str(self.module()).expect("the module is well formed");
        let mut resolve = Resolve::default();
        let wit = self.wit.replace(&format!("sayso:plugin@{VERSION}"), &format!("sayso:plugin@{}", self.version));
        let package = resolve.push_str("plugin.wit", &wit).expect("the contract parses");
        let world = resolve.select_world(&[package], Some("plugin")).expect("it has the world");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("it is embedded");
        let mut encoder = ComponentEncoder::default();
        encoder.validate(true).module(&module).and_then(ComponentEncoder::encode).expect("it fits the contract")
    }

    fn module(&self) -> String {
        let Self { version, imports, more, describe, configure, process, memory, .. } = self;
        let texts = ["raw", self.plugin_version, self.summary, self.schema];
        let mut at = TEXTS;
        let mut pointers = String::new();
        for (index, text) in texts.iter().enumerate() {
            let field = index * 8;
            pointers += &format!("(i32.store offset={field} (i32.const 64) (i32.const {at}))\n");
            pointers += &format!("(i32.store offset={} (i32.const 64) (i32.const {}))\n", field + 4, text.len());
            at += text.len();
        }
        let data: String = texts.concat().bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let analysis = format!("sayso:plugin/analysis@{version}");
        format!(
            r#"(module
              {imports}
              (memory (export "memory") {memory})
              (global $free (mut i32) (i32.const 589824))
              (data (i32.const {TEXTS}) "{data}")
              (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
                (global.get $free)
                (global.set $free (i32.add (global.get $free) (local.get 3))))
              (func (export "{analysis}#describe") (result i32)
                {describe}
                {pointers}
                (i32.const 64))
              (func (export "{analysis}#configure") (param i32 i32) (result i32)
                {configure}
                (i32.const 128))
              (func (export "{analysis}#process") (param i32 i32) (result i32)
                {process}
                (global.set $free (i32.const 589824))
                (i32.store (i32.const 32) (i32.const {RESULTS}))
                (i32.store (i32.const 36) (local.get 1))
                (i32.const 32))
              {more})"#
        )
    }
}

/// A component by hand, without the contract.
///
/// # Panics
/// Where the text does not parse.
pub fn component(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the component is well formed")
}

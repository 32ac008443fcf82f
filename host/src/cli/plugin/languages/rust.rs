//! Plugins in Rust. The SDK comes with the project as source.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use sayso_guest_build::Build;
use toml::{Table, Value};

use super::Language;
use crate::plugins::WIT;

include!(concat!(env!("OUT_DIR"), "/sdk.rs"));

/// The package of the SDK, which is in the workspace of a new project.
const SDK_NAME: &str = "sayso-plugin";
/// The manifest of the SDK, and that of the workspace that it takes its versions from.
const SDK_MANIFEST: &str = include_str!("../../../../../plugins/sdk/Cargo.toml");
const WORKSPACE: &str = include_str!("../../../../../plugins/Cargo.toml");

/// The files of a new project, but for the SDK.
const TEMPLATES: [(&str, &str); 9] = [
    ("Cargo.toml", include_str!("../templates/rust/Cargo.toml.txt")),
    ("README.md", include_str!("../templates/rust/README.md")),
    (".gitignore", include_str!("../templates/rust/gitignore.txt")),
    ("src/lib.rs", include_str!("../templates/rust/lib.rs.txt")),
    ("config.json", include_str!("../templates/rust/config.json")),
    ("feedback.ndjson", include_str!("../templates/rust/feedback.ndjson")),
    ("cases/claim/input.json", include_str!("../templates/rust/claim.input.json")),
    ("cases/claim/expected.json", include_str!("../templates/rust/claim.expected.json")),
    ("cases/nothing/input.json", include_str!("../templates/rust/nothing.input.json")),
];

/// Rust.
pub(super) struct Rust;

impl Language for Rust {
    fn check_name(&self, name: &str) -> anyhow::Result<()> {
        if name == SDK_NAME {
            bail!("`{SDK_NAME}` is the package of the SDK, which a plugin in Rust depends on; choose another name");
        }
        Ok(())
    }

    fn files(&self, name: &str) -> Vec<(PathBuf, String)> {
        let workspace = parsed(WORKSPACE);
        let version = |of: &str| dependency(&workspace, of).to_string();
        let filled = |template: &str| {
            let text = template.replace("{{name}}", name).replace("{{type}}", &type_name(name));
            text.replace("{{serde}}", &version("serde")).replace("{{schemars}}", &version("schemars"))
        };
        let mut files: Vec<_> =
            TEMPLATES.iter().map(|(path, template)| (PathBuf::from(path), filled(template))).collect();
        files.push(("cases/nothing/expected.json".into(), "{\n  \"effects\": []\n}\n".into()));
        files.push(("wit/plugin.wit".into(), WIT.into()));
        files.push(("sdk/Cargo.toml".into(), standalone(&parsed(SDK_MANIFEST), &workspace).to_string()));
        // The contract is one folder up from the SDK, rather than two.
        let sources =
            SDK.iter().map(|(path, text)| (Path::new("sdk/src").join(path), text.replace("../../wit", "../wit")));
        files.extend(sources);
        files
    }

    fn build(&self, dir: &Path) -> anyhow::Result<PathBuf> {
        let manifest = dir.join("Cargo.toml");
        let Package { name, spec } = package(&manifest)?;
        let build = Build { manifest, packages: vec![spec], target_dir: dir.join("target"), locked: false };
        let guest = sayso_guest_build::build(&build)?.remove(0);
        let path = dir.join(name).with_extension("wasm");
        fs::write(&path, guest.component).with_context(|| path.display().to_string())?;
        Ok(path)
    }

    fn is_project(&self, dir: &Path) -> bool {
        fs::read_to_string(dir.join("Cargo.toml")).is_ok_and(|manifest| manifest.contains(SDK_NAME))
    }
}

/// The package of a manifest.
struct Package {
    name: String,
    /// What cargo knows it by: a dependency may have the same name, and is of another version.
    spec: String,
}

/// The package of a manifest.
fn package(manifest: &Path) -> anyhow::Result<Package> {
    let text = fs::read_to_string(manifest).with_context(|| manifest.display().to_string())?;
    let table: Table = toml::from_str(&text).with_context(|| manifest.display().to_string())?;
    let field = |key: &str| table.get("package").and_then(|package| package.get(key)).and_then(Value::as_str);
    let name = field("name").with_context(|| format!("{} has no `package.name`", manifest.display()))?;
    let spec = field("version").map_or_else(|| name.to_owned(), |version| format!("{name}@{version}"));
    Ok(Package { name: name.to_owned(), spec })
}

/// `late-delivery` as the name of a type: `LateDeliveryPlugin`. By its end it is none that the SDK or Rust has, such as
/// `Tag` or `String`.
fn type_name(name: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.split('-').map(capital).chain(["Plugin".to_owned()]).collect()
}

/// A manifest of this repository. They are compiled in, and a test reads them.
#[expect(clippy::expect_used, reason = "the text is part of the program")]
fn parsed(manifest: &str) -> Table {
    toml::from_str(manifest).expect("is TOML")
}

fn dependency(workspace: &Table, name: &str) -> Value {
    let dependency = workspace.get("workspace").and_then(|table| table.get("dependencies")?.get(name));
    dependency.cloned().unwrap_or_else(|| "*".into())
}

/// The manifest without its workspace: what it inherits is written out.
fn standalone(manifest: &Table, workspace: &Table) -> Table {
    let is_inherited = |value: &Value| value.get("workspace").and_then(Value::as_bool) == Some(true);
    let mut own = manifest.clone();
    own.remove("lints");
    if let Some(Value::Table(package)) = own.get_mut("package") {
        let inherited = workspace.get("workspace").and_then(|table| table.get("package"));
        for (key, value) in package.iter_mut().filter(|(_, value)| is_inherited(value)) {
            if let Some(given) = inherited.and_then(|package| package.get(key)) {
                *value = given.clone();
            }
        }
    }
    if let Some(Value::Table(dependencies)) = own.get_mut("dependencies") {
        for (name, value) in dependencies.iter_mut().filter(|(_, value)| is_inherited(value)) {
            *value = dependency(workspace, name);
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_of_the_sdk_stands_alone() {
        let manifest = standalone(&parsed(SDK_MANIFEST), &parsed(WORKSPACE)).to_string();
        assert!(!manifest.contains("workspace"), "{manifest}");
        for needed in ["schemars = \"1", "wit-bindgen", "edition = \"2024\""] {
            assert!(manifest.contains(needed), "{needed} is not in {manifest}");
        }
    }

    #[test]
    fn every_source_of_the_sdk_comes_with_a_project_and_no_placeholder_is_left() {
        let files = Rust.files("late-delivery");
        let has = |path: &str| files.iter().any(|(own, _)| own == Path::new(path));
        assert!(has("sdk/src/lib.rs") && has("sdk/src/arena.rs") && has("wit/plugin.wit"));
        for (path, text) in &files {
            assert!(!text.contains("{{"), "{} has a placeholder", path.display());
        }
        let (_, lib) = files.iter().find(|(path, _)| path == Path::new("src/lib.rs")).expect("there is one");
        assert!(lib.contains("struct LateDeliveryPlugin ") && lib.contains("\"late-delivery\""), "{lib}");
    }

    #[test]
    fn the_type_of_a_new_plugin_is_none_that_the_sdk_or_rust_has() {
        let names = ["plugin", "tag", "item", "effects", "reads", "config", "fault", "string", "vec", "result", "self"];
        for name in names {
            let own = type_name(name);
            let (_, of_sdk) = SDK.iter().find(|(path, _)| *path == "lib.rs").expect("there is one");
            assert!(own.len() > "Plugin".len() && own.ends_with("Plugin"), "{own}");
            assert!(!of_sdk.contains(&own), "the SDK has {own}");
        }
    }

    #[test]
    fn the_name_of_the_sdk_is_no_name_for_a_plugin() {
        let error = Rust.check_name("sayso-plugin").expect_err("refused").to_string();
        assert!(error.contains("the package of the SDK"), "{error}");
        Rust.check_name("serde").expect("has another version than the dependency");
    }

    #[test]
    fn a_package_is_built_by_its_name_and_version() {
        let dir = tempfile::tempdir().expect("a folder");
        let manifest = dir.path().join("Cargo.toml");
        for (text, spec) in [("version = \"0.1.0\"", "serde@0.1.0"), ("version.workspace = true", "serde")] {
            fs::write(&manifest, format!("[package]\nname = \"serde\"\n{text}\n")).expect("written");
            let package = package(&manifest).expect("read");
            assert_eq!((package.name.as_str(), package.spec.as_str()), ("serde", spec));
        }
    }

    #[test]
    fn the_useful_plugin_of_a_new_project_is_under_thirty_lines() {
        let lib = include_str!("../templates/rust/lib.rs.txt");
        let program = lib.split("#[cfg(test)]").next().expect("there is a first part");
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        assert!(program.lines().filter(is_code).count() < 30, "it has {}", program.lines().filter(is_code).count());
    }
}

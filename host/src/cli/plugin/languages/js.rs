//! Plugins in JavaScript, made into components by componentize-js, which comes from npm.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Language, tools};

const TEMPLATES: [(&str, &str); 5] = [
    ("package.json", include_str!("../templates/js/package.json")),
    ("plugin.js", include_str!("../templates/js/plugin.js")),
    ("sayso.js", include_str!("../templates/js/sayso.js")),
    ("README.md", include_str!("../templates/js/README.md")),
    (".gitignore", include_str!("../templates/js/gitignore.txt")),
];

const INSTALL: &str = "apt-get install nodejs npm (or from https://nodejs.org)";
const TOOL: &str = "node_modules/.bin/componentize-js";

/// JavaScript.
pub(super) struct JavaScript;

impl Language for JavaScript {
    fn files(&self, name: &str) -> Vec<(PathBuf, String)> {
        tools::files(&TEMPLATES, name)
    }

    fn build(&self, dir: &Path) -> anyhow::Result<PathBuf> {
        let (dir, component) = tools::component(dir)?;
        tools::run(Command::new("node").arg("--version"), INSTALL)?;
        let tool = match installed(&dir) {
            Some(tool) => tool,
            None => {
                let install = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
                tools::run(Command::new("npm").args(install).current_dir(&dir), INSTALL)?;
                dir.join(TOOL)
            }
        };
        let mut componentize = Command::new(tool);
        componentize.args(["plugin.js", "--wit", "wit", "--out"]).arg(&component).current_dir(&dir);
        // Outgoing and incoming HTTP, which sayso does not give to plugins.
        componentize.args(["--disable", "http", "fetch-event"]);
        tools::run(&mut componentize, INSTALL).map_err(|error| syntax_error(&dir, &error).unwrap_or(error))?;
        Ok(component)
    }

    fn is_project(&self, dir: &Path) -> bool {
        dir.join("package.json").is_file() && dir.join("plugin.js").is_file()
    }
}

/// Of an error in the syntax of `plugin.js` the tool says that there is one, and Node.js where and what.
fn syntax_error(dir: &Path, said: &anyhow::Error) -> Option<anyhow::Error> {
    let is_of_syntax = said.to_string().contains("failed to parse JS source");
    let check = || tools::run(Command::new("node").args(["--check", "plugin.js"]).current_dir(dir), INSTALL).err();
    is_of_syntax.then(check).flatten()
}

/// The tool, in this folder or in one above it, as Node.js resolves packages: in a workspace they are installed at its
/// root. In the project's own folder it counts only while `package.json` has not changed since it was installed.
fn installed(dir: &Path) -> Option<PathBuf> {
    let changed = |path: &str| fs::metadata(dir.join(path)).and_then(|meta| meta.modified()).ok();
    let is_stale = changed("node_modules/.package-lock.json") < changed("package.json");
    let mut tools = dir.ancestors().map(|folder| folder.join(TOOL));
    tools.find(|tool| tool.is_file() && !(is_stale && *tool == dir.join(TOOL)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tool_is_found_where_node_would_find_it() {
        let root = tempfile::tempdir().unwrap();
        let project = root.path().join("packages/plugin");
        fs::create_dir_all(&project).unwrap();
        fs::write(project.join("package.json"), "{}").unwrap();
        assert_eq!(installed(&project), None);
        let tool = root.path().join(TOOL);
        fs::create_dir_all(tool.parent().unwrap()).unwrap();
        fs::write(&tool, "").unwrap();
        assert_eq!(installed(&project), Some(tool));
    }

    #[test]
    fn a_changed_package_json_is_installed_anew() {
        let project = tempfile::tempdir().unwrap();
        let tool = project.path().join(TOOL);
        fs::create_dir_all(tool.parent().unwrap()).unwrap();
        fs::write(&tool, "").unwrap();
        fs::write(project.path().join("package.json"), "{}").unwrap();
        fs::write(project.path().join("node_modules/.package-lock.json"), "{}").unwrap();
        let file = fs::File::open(project.path().join("package.json")).unwrap();
        let now = std::time::SystemTime::now();
        file.set_modified(now - std::time::Duration::from_secs(60)).unwrap();
        assert_eq!(installed(project.path()), Some(tool));
        file.set_modified(now + std::time::Duration::from_secs(60)).unwrap();
        assert_eq!(installed(project.path()), None);
    }

    #[test]
    fn a_syntax_error_is_told_with_its_file_line_and_token() {
        let project = tempfile::tempdir().unwrap();
        fs::write(project.path().join("package.json"), r#"{"type": "module"}"#).unwrap();
        fs::write(project.path().join("plugin.js"), "import './sayso.js';\nexport const a = (1;\n").unwrap();
        let said = anyhow::anyhow!("failed to parse JS source, encountered [1] errors");
        let told = syntax_error(project.path(), &said).unwrap().to_string();
        assert!(told.contains("plugin.js:2") && told.contains("Unexpected token ';'"), "{told}");
    }

    #[test]
    fn an_error_of_another_kind_is_left_as_it_is() {
        let project = tempfile::tempdir().unwrap();
        fs::write(project.path().join("plugin.js"), "export const a = (1;\n").unwrap();
        assert!(syntax_error(project.path(), &anyhow::anyhow!("no export `analysis`")).is_none());
    }

    #[test]
    fn a_new_project_has_its_name_and_the_contract() {
        let files = JavaScript.files("late-delivery");
        for (path, text) in &files {
            assert!(!text.contains("{{name}}"), "{} has a placeholder", path.display());
        }
        let text = |path: &str| &files.iter().find(|(own, _)| own == Path::new(path)).expect(path).1;
        assert!(text("plugin.js").contains("name: 'late-delivery'"));
        assert!(text("wit/deps/sayso-plugin.wit").contains("package sayso:plugin@1."));
    }
}

//! Plugins in Python, made into components by componentize-py, which comes from PyPI.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;

use super::{Language, tools};

const TEMPLATES: [(&str, &str); 5] = [
    ("requirements.txt", include_str!("../templates/python/requirements.txt")),
    ("plugin.py", include_str!("../templates/python/plugin.py")),
    ("sayso.py", include_str!("../templates/python/sayso.py")),
    ("README.md", include_str!("../templates/python/README.md")),
    (".gitignore", include_str!("../templates/python/gitignore.txt")),
];

const INSTALL: &str = "apt-get install python3 python3-venv";
const TOOL: &str = "bin/componentize-py";

/// Python.
pub(super) struct Python;

impl Language for Python {
    fn files(&self, name: &str) -> Vec<(PathBuf, String)> {
        tools::files(&TEMPLATES, name)
    }

    fn build(&self, dir: &Path) -> anyhow::Result<PathBuf> {
        let (dir, component) = tools::component(dir)?;
        let active = env::var_os("VIRTUAL_ENV").map(PathBuf::from).filter(|venv| venv.join(TOOL).is_file());
        let venv = active.map_or_else(|| install(&dir), Ok)?;
        // The tool looks for packages where this variable says, and else wherever the system keeps them.
        let mut componentize = Command::new(venv.join(TOOL));
        // What it would say of its own insides stands behind what is wrong with the plugin.
        componentize.env("RUST_BACKTRACE", "0");
        componentize.current_dir(&dir).env("VIRTUAL_ENV", &venv).args(["--quiet", "--wit-path", "wit"]);
        tools::run(componentize.args(["componentize", "plugin", "--output"]).arg(&component), INSTALL)?;
        let stale = dir.join("bindings");
        // The tool refuses to write over those of the last build.
        if stale.join("wit_world").is_dir() {
            fs::remove_dir_all(&stale).with_context(|| stale.display().to_string())?;
        }
        let mut bindings = Command::new(venv.join(TOOL));
        bindings.current_dir(&dir).args(["--quiet", "--wit-path", "wit", "bindings", "bindings"]);
        tools::run(&mut bindings, INSTALL)?;
        Ok(component)
    }

    fn is_project(&self, dir: &Path) -> bool {
        dir.join("requirements.txt").is_file() && dir.join("plugin.py").is_file()
    }
}

/// The virtual environment of the project, with what `requirements.txt` names as it is now.
fn install(dir: &Path) -> anyhow::Result<PathBuf> {
    let venv = dir.join(".venv");
    let path = dir.join("requirements.txt");
    let wanted = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let stamp = venv.join("requirements.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(venv);
    }
    tools::run(Command::new("python3").args(["-m", "venv"]).arg(&venv), INSTALL)?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"];
    tools::run(Command::new(venv.join("bin/python")).args(pip).current_dir(dir), INSTALL)?;
    fs::write(&stamp, wanted).with_context(|| stamp.display().to_string())?;
    Ok(venv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_project_has_its_name_and_the_contract() {
        let files = Python.files("late-delivery");
        for (path, text) in &files {
            assert!(!text.contains("{{name}}"), "{} has a placeholder", path.display());
        }
        let text = |path: &str| &files.iter().find(|(own, _)| own == Path::new(path)).expect(path).1;
        assert!(text("plugin.py").contains("name=\"late-delivery\""));
        assert!(text("wit/deps/sayso-plugin.wit").contains("package sayso:plugin@1."));
    }

    #[test]
    fn what_is_installed_as_required_is_used_as_it_is() {
        let project = tempfile::tempdir().unwrap();
        let venv = project.path().join(".venv");
        fs::create_dir(&venv).unwrap();
        fs::write(project.path().join("requirements.txt"), "a==1\n").unwrap();
        fs::write(venv.join("requirements.txt"), "a==1\n").unwrap();
        assert_eq!(install(project.path()).unwrap(), venv);
    }
}

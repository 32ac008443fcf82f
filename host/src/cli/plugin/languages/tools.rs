//! What the languages with a tool of their own have in common: finding and running it, and the files that their
//! projects share.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};

use crate::plugins::WIT;

/// The files of a new project that are the same in every language that imports WASI.
const SHARED: [(&str, &str); 7] = [
    ("wit/world.wit", include_str!("../templates/shared/world.wit")),
    ("config.json", include_str!("../templates/shared/config.json")),
    ("feedback.ndjson", include_str!("../templates/shared/feedback.ndjson")),
    ("cases/claim/input.json", include_str!("../templates/shared/claim.input.json")),
    ("cases/claim/expected.json", include_str!("../templates/shared/claim.expected.json")),
    ("cases/nothing/input.json", include_str!("../templates/shared/nothing.input.json")),
    ("cases/nothing/expected.json", include_str!("../templates/shared/nothing.expected.json")),
];

/// The files of a new project: those of the language and the shared ones, with the name filled in, and the contract.
pub(super) fn files(own: &[(&str, &str)], name: &str) -> Vec<(PathBuf, String)> {
    let filled = |(path, template): &(&str, &str)| (PathBuf::from(path), template.replace("{{name}}", name));
    let mut files: Vec<_> = own.iter().chain(&SHARED).map(filled).collect();
    files.push(("wit/deps/sayso-plugin.wit".into(), WIT.into()));
    files
}

/// Where the component of the project in `dir` goes: it has the name of the folder. The folder is made absolute, so
/// that tools can be run in it.
pub(super) fn component(dir: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let dir = dir.canonicalize().with_context(|| dir.display().to_string())?;
    let name = dir.file_name().with_context(|| format!("{} has no name", dir.display()))?;
    let path = dir.join(name).with_extension("wasm");
    Ok((dir, path))
}

/// Runs a tool, and tells what it said where it fails.
///
/// # Errors
/// With the command and its output; `install` is what installs the tool, where it is absent.
pub(super) fn run(command: &mut Command, install: &str) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("`{program}` is not installed; install it with: {install}")
        }
        Err(error) => return Err(error).with_context(|| format!("cannot run `{program}`")),
    };
    if !output.status.success() {
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        let args: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy()).collect();
        let said = said.join("\n");
        bail!("`{program} {}` failed ({}):\n{}{}", args.join(" "), output.status, said.trim(), hint(&said));
    }
    Ok(())
}

/// What helps where a tool finds nothing by a name that the plugin imports.
fn hint(said: &str) -> String {
    let grants = ["text", "history", "http"];
    let is_named = |grant: &&str| {
        said.contains(&format!("module \"sayso:plugin/{grant}@"))
            || said.contains(&format!("cannot import name '{grant}' from 'wit_world.imports'"))
    };
    if let Some(grant) = grants.into_iter().find(is_named) {
        return format!("\n`{grant}` is a grant: name it in wit/world.wit, `import sayso:plugin/{grant}@1.0.0;`");
    }
    if said.contains("Error loading module") {
        return "\na package of npm is imported by the path of its file, './node_modules/NAME/index.js'".into();
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_tool_is_named_with_the_command_that_installs_it() {
        let error = run(&mut Command::new("sayso-has-no-such-tool"), "apt-get install such").unwrap_err().to_string();
        assert_eq!(error, "`sayso-has-no-such-tool` is not installed; install it with: apt-get install such");
    }

    #[test]
    fn a_grant_or_a_package_that_is_not_found_is_told_with_what_to_do() {
        let python = hint("ImportError: cannot import name 'text' from 'wit_world.imports' (/world)");
        let js = hint("ReferenceError: Error loading module \"sayso:plugin/text@1.0.0\" (resolved …): No such file");
        assert!(python.contains("import sayso:plugin/text@1.0.0;") && js == python, "{python} {js}");
        assert!(hint("ReferenceError: Error loading module \"lodash\"").contains("./node_modules/NAME"));
        assert_eq!(hint("SyntaxError"), "");
    }

    #[test]
    fn what_a_failing_tool_said_is_told() {
        let error = run(Command::new("sh").args(["-c", "echo bad line 7 >&2; exit 3"]), "").unwrap_err().to_string();
        assert!(error.contains("exit status: 3") && error.contains("bad line 7"), "{error}");
    }
}

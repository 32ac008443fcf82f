//! Whether what was built is older than what it was built of.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// Folders at any depth that hold no source: what tools make.
const MADE: [&str; 2] = ["node_modules", "__pycache__"];
/// The same of those in the folder of the project: further down, these are names for modules too.
const MADE_AT_TOP: [&str; 2] = ["target", "cases"];
/// Files in the folder of the project that are read when it is tried out, and not when it is built, unless a source
/// names them.
const FOR_TRIALS: [&str; 5] = ["README.md", "config.json", "http.json", "feedback.ndjson", "sayso.toml"];

/// Whether a source in `dir` is newer than the component.
pub(super) fn is_stale(dir: &Path, component: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    let Some(built) = modified(component) else { return true };
    let is_newer = |path: &Path| modified(path).is_some_and(|changed| changed > built);
    let mut found = Vec::new();
    sources(dir, true, &mut found);
    let read = read_by_cargo(dir);
    if read.iter().any(|path| modified(path).is_none_or(|changed| changed > built)) {
        return true;
    }
    let mut for_trials = FOR_TRIALS.iter().filter(|name| is_newer(&dir.join(name)));
    found.iter().any(|path| is_newer(path)) || for_trials.any(|name| found.iter().any(|path| names(path, name)))
}

/// The files below `dir` that a build may read.
fn sources(dir: &Path, at_top: bool, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(name) = path.file_name().and_then(OsStr::to_str) else { continue };
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let is_made = MADE.contains(&name) || (at_top && (MADE_AT_TOP.contains(&name) || is_bindings(&path)));
            if !is_made {
                sources(&path, false, found);
            }
            continue;
        }
        let is_for_trials = at_top && FOR_TRIALS.contains(&name);
        if !is_for_trials && !name.ends_with(".wasm") {
            found.push(path);
        }
    }
}

/// What cargo says that it read for a build in Rust: also the sources of packages in other folders.
fn read_by_cargo(dir: &Path) -> Vec<PathBuf> {
    let listed = |path: PathBuf| fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let lists = listed(dir.join("target")).flat_map(|target| listed(target.join("release")));
    let texts = lists.filter(|path| path.extension() == Some(OsStr::new("d"))).flat_map(fs::read_to_string);
    texts.flat_map(|text| text.lines().flat_map(sources_of).collect::<Vec<_>>()).collect()
}

/// The sources in a line of a list for make, `module: source source`, in which a blank in a name has a backslash.
fn sources_of(line: &str) -> Vec<PathBuf> {
    let Some((_, sources)) = line.split_once(": ") else { return Vec::new() };
    let escaped = sources.replace("\\ ", "\0");
    escaped.split(' ').filter(|name| !name.is_empty()).map(|name| PathBuf::from(name.replace('\0', " "))).collect()
}

/// The types for editors that a build in Python leaves, each time after the component.
fn is_bindings(dir: &Path) -> bool {
    dir.ends_with("bindings") && dir.join("wit_world").is_dir()
}

fn names(source: &Path, file: &str) -> bool {
    fs::read_to_string(source).is_ok_and(|text| text.contains(file))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    /// A project that was built at 100.
    struct Built(tempfile::TempDir);

    impl Built {
        fn new() -> Self {
            let project = Self(tempfile::tempdir().expect("a folder"));
            project.write("a.wasm", 100, "");
            project.write("src/lib.rs", 50, "");
            project
        }

        fn write(&self, path: &str, at: u64, text: &str) {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
            fs::write(&path, text).expect("written");
            let file = fs::File::open(path).expect("opened");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(at)).expect("set");
        }

        fn is_stale(&self) -> bool {
            is_stale(self.0.path(), &self.0.path().join("a.wasm"))
        }
    }

    #[test]
    fn what_was_built_is_stale_once_a_source_is_newer() {
        let project = Built::new();
        for no_source in ["target/x", "cases/a/expected.json", ".git/index", "other.wasm", "lib/__pycache__/a.pyc"] {
            project.write(no_source, 200, "");
        }
        assert!(!project.is_stale());
        project.write("src/inner/more.rs", 101, "");
        assert!(project.is_stale());
    }

    #[test]
    fn a_source_in_another_folder_that_cargo_read_is_a_source_also_once_it_is_gone() {
        let other = tempfile::tempdir().expect("a folder");
        let source = other.path().join("with blank.rs");
        fs::write(&source, "").expect("written");
        let touch = |at| {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at);
            fs::File::open(&source).expect("opened").set_modified(at).expect("set");
        };
        let project = Built::new();
        let own = project.0.path().join("src/lib.rs");
        let named = source.display().to_string().replace(' ', "\\ ");
        let list = format!("/x/target/wasm32/release/a.wasm: {} {named}\n", own.display());
        project.write("target/wasm32-unknown-unknown/release/a.d", 100, &list);
        touch(99);
        assert!(!project.is_stale());
        touch(101);
        assert!(project.is_stale());
        fs::remove_file(&source).expect("removed");
        assert!(project.is_stale());
    }

    #[test]
    fn what_is_read_in_a_trial_makes_nothing_stale() {
        let project = Built::new();
        for file in FOR_TRIALS {
            project.write(file, 200, "");
        }
        assert!(!project.is_stale());
    }

    #[test]
    fn a_file_that_a_source_names_is_a_source() {
        let project = Built::new();
        project.write("src/lib.rs", 50, "include_str!(\"../config.json\")");
        project.write("config.json", 99, "{}");
        assert!(!project.is_stale());
        project.write("config.json", 101, "{}");
        assert!(project.is_stale());
    }

    #[test]
    fn further_down_a_file_or_a_module_of_such_a_name_is_a_source() {
        for source in ["src/config.json", "src/cases/mod.rs", "src/target/mod.rs", "src/bindings/mod.rs"] {
            let project = Built::new();
            project.write(source, 101, "");
            assert!(project.is_stale(), "{source}");
        }
    }

    #[test]
    fn the_types_that_a_build_leaves_are_no_source_and_a_module_of_their_name_is_one() {
        let project = Built::new();
        project.write("bindings/wit_world/__init__.py", 101, "");
        project.write("bindings/poll_loop.py", 101, "");
        assert!(!project.is_stale());
        let project = Built::new();
        project.write("bindings/mine.py", 101, "");
        assert!(project.is_stale());
    }
}

//! What a plugin may say of itself.

use super::bindings::sayso::plugin::types::Description;

/// Longest name and version of a plugin, by its own word, in bytes.
const MAX_WORD: usize = 64;
/// Longest summary of a plugin, in bytes.
const MAX_SENTENCE: usize = 1 << 10;

/// What a plugin says of itself goes to terminals and into logs: it is kept short and free of control characters, and as
/// the contract has it.
pub(super) fn check(description: &Description) -> Result<(), String> {
    let texts = [
        ("name", &description.name, MAX_WORD),
        ("version", &description.version, MAX_WORD),
        ("summary", &description.summary, MAX_SENTENCE),
    ];
    let is_unfit = |text: &str, longest: usize| text.len() > longest || text.chars().any(char::is_control);
    if let Some((what, _, longest)) = texts.into_iter().find(|(_, text, longest)| is_unfit(text, *longest)) {
        return Err(format!(
            "describes itself with a {what} that is longer than {longest} bytes or has control characters; shorten it in `describe`"
        ));
    }
    let Description { name, version, .. } = description;
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return Err(format!(
            "describes itself with the name `{name}`; a name is of lower case letters, digits and `-`"
        ));
    }
    if !is_semantic_version(version) {
        return Err(format!("describes itself with the version `{version}`; give a semantic version such as `1.0.0`"));
    }
    Ok(())
}

/// Whether it is a version by <https://semver.org>.
fn is_semantic_version(version: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let is_digits = |word: &str| word.chars().all(|c| c.is_ascii_digit());
    let has_no_zero_first = |word: &str| word == "0" || !word.starts_with('0');
    let (version, build) = version.split_once('+').map_or((version, None), |(version, build)| (version, Some(build)));
    let (core, early) = version.split_once('-').map_or((version, None), |(core, early)| (core, Some(early)));
    core.split('.').count() == 3
        && core.split('.').all(|word| is_word(word) && is_digits(word) && has_no_zero_first(word))
        && early
            .is_none_or(|all| all.split('.').all(|word| is_word(word) && (!is_digits(word) || has_no_zero_first(word))))
        && build.is_none_or(|all| all.split('.').all(is_word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugins::item::Reads;

    #[test]
    fn a_plugin_has_a_name_and_a_version_as_the_contract_has_them() {
        let checked = |name: &str, version: &str| {
            check(&Description {
                name: name.into(),
                version: version.into(),
                summary: String::new(),
                config_schema: "{}".into(),
                reads: Reads::empty(),
            })
        };
        for version in ["0.1.0", "10.20.30", "1.0.0-alpha.1", "1.0.0-0a.b-c+build.007", "1.0.0+x"] {
            assert_eq!(checked("late-delivery2", version), Ok(()));
        }
        for version in
            ["", "1", "1.0", "1.0.0.0", "01.0.0", "v1.0.0", "1.0.x", "1.0.0-", "1.0.0-01", "1.0.0+", "not a version"]
        {
            let refusal = checked("a", version).expect_err("is no version");
            assert!(refusal.contains(&format!("the version `{version}`")), "{refusal}");
        }
        for name in ["", "Warranty", "a b", "a_b", "ä"] {
            assert!(checked(name, "1.0.0").expect_err("is no name").contains(&format!("the name `{name}`")));
        }
    }
}

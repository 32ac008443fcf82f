//! What others wrote, as one line: a plugin or a registry can forge no line of a log, and flood no terminal.

/// Longest line, in bytes.
const MAX: usize = 1 << 10;

/// Cuts the text to 1 KiB, and takes control characters out.
pub(crate) fn clean(text: &str) -> String {
    let end = text.floor_char_boundary(MAX);
    text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_cut_and_cannot_forge_another() {
        assert_eq!(clean("a\nERROR b"), "a ERROR b");
        assert_eq!(clean(&"é".repeat(MAX)).len(), MAX);
    }
}

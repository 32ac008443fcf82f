//! Segmentation without a dictionary: a text is parted at the word boundaries of Unicode, and scripts without spaces into
//! pairs of characters.

use unicode_segmentation::UnicodeSegmentation;

/// Whether a script writes without spaces, so that only a dictionary finds its words.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9D}' | '\u{20000}'..='\u{3FFFF}')
}

/// Start and end of each token, in bytes: words, and overlapping pairs of characters in scripts without spaces.
pub(super) fn segment(text: &str) -> Vec<(usize, usize)> {
    let mut tokens = Vec::new();
    let mut run: Vec<(usize, usize)> = Vec::new();
    for (start, word) in text.unicode_word_indices() {
        if !word.chars().next().is_some_and(is_unspaced) {
            flush(&mut run, &mut tokens);
            tokens.push((start, start + word.len()));
            continue;
        }
        for (offset, c) in word.char_indices() {
            let at = start + offset;
            if run.last().is_some_and(|&(_, end)| end != at) {
                flush(&mut run, &mut tokens);
            }
            run.push((at, at + c.len_utf8()));
        }
    }
    flush(&mut run, &mut tokens);
    tokens
}

fn flush(run: &mut Vec<(usize, usize)>, tokens: &mut Vec<(usize, usize)>) {
    match run.as_slice() {
        [single] => tokens.push(*single),
        chars => tokens.extend(chars.windows(2).map(|pair| (pair[0].0, pair[1].1))),
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_segmented_by_unicode_and_scripts_without_spaces_by_pairs() {
        let text = "Très bon, 配送が遅い!";
        let tokens: Vec<_> = segment(text).into_iter().map(|(start, end)| &text[start..end]).collect();
        assert_eq!(tokens, ["Très", "bon", "配送", "送が", "が遅", "遅い"]);
    }
}

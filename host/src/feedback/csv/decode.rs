//! Tables that are not in UTF-8.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};

/// The byte order mark that some programs put before UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Makes UTF-8 of a table: of one in UTF-16, which spreadsheets and app stores export and which a byte order mark tells, and
/// of one in the charset that its sender names. Any other is left as it is.
#[derive(Default)]
pub struct Utf8 {
    named: Option<&'static Encoding>,
    decoder: Option<Decoder>,
    has_begun: bool,
    decoded: String,
}

impl Utf8 {
    /// For a table whose sender names this charset, or none.
    pub fn of(named: Option<&'static Encoding>) -> Self {
        Self { named, ..Self::default() }
    }

    /// What comes next, in UTF-8; `bytes` are the next of the table, and of the first at least as many as a byte order mark
    /// has, which is left out.
    pub fn decode<'a>(&'a mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        if !std::mem::replace(&mut self.has_begun, true) {
            let told = Encoding::for_bom(bytes).map(|(encoding, _)| encoding).or(self.named);
            self.decoder = told.filter(|encoding| *encoding != UTF_8).map(Encoding::new_decoder_with_bom_removal);
            bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        }
        let Some(decoder) = &mut self.decoder else { return bytes };
        self.decoded.clear();
        self.decoded.reserve(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or_default());
        // Half a character at its end is kept for the next.
        let (result, ..) = decoder.decode_to_string(bytes, &mut self.decoded, false);
        debug_assert_eq!(result, CoderResult::InputEmpty, "there is room for all of it");
        self.decoded.as_bytes()
    }
}

impl std::fmt::Debug for Utf8 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Utf8").field("decodes", &self.decoder.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], step: usize) -> String {
        told(None, bytes, step)
    }

    fn told(charset: Option<&str>, bytes: &[u8], step: usize) -> String {
        let mut decoder = Utf8::of(charset.and_then(|name| Encoding::for_label(name.as_bytes())));
        let all: Vec<u8> = bytes.chunks(step).flat_map(|part| decoder.decode(part).to_vec()).collect();
        String::from_utf8(all).expect("is UTF-8")
    }

    #[test]
    fn utf_16_of_either_byte_order_is_decoded_however_it_arrives() {
        let text = "Text;Sterne\r\n„schön“ 😀;5\r\n";
        let little: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        for step in [2, 3, 5, 100] {
            assert_eq!(decoded(&little, step), text);
            assert_eq!(decoded(&big, step), text);
            assert_eq!(decoded(text.as_bytes(), step), text, "UTF-8 is left alone");
        }
    }

    #[test]
    fn a_charset_that_is_named_is_decoded_however_it_arrives_and_a_byte_order_mark_knows_better() {
        for (charset, text) in [
            ("windows-1252", "Text;Sterne\r\nschön, 5 €;5\r\n"),
            ("shift_jis", "text,rating\n配達が遅い,1\n"),
            ("euc-kr", "text,rating\n배송이 느려요,1\n"),
            ("gb18030", "text,rating\n送货太慢,1\n"),
            ("utf-8", "text\nschön\n"),
        ] {
            let encoding = Encoding::for_label(charset.as_bytes()).expect("is known");
            let bytes = encoding.encode(text).0;
            for step in [2, 3, 100] {
                assert_eq!(told(Some(charset), &bytes, step), text, "{charset}");
            }
        }
        let marked: Vec<u8> = "\u{feff}schön".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(told(Some("windows-1252"), &marked, 3), "schön");
        for charset in [Some("windows-1252"), Some("utf-8"), None] {
            assert_eq!(told(charset, "\u{feff}schön".as_bytes(), 3), "schön", "{charset:?}");
        }
    }
}

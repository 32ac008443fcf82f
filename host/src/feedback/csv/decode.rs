//! Tables that are not in UTF-8.

use encoding_rs::{CoderResult, Decoder, Encoding, UTF_8};

/// Makes UTF-8 of a table in UTF-16, which spreadsheets and app stores export and which a byte order mark tells. Any other
/// is left as it is.
#[derive(Default)]
pub struct Utf16 {
    decoder: Option<Decoder>,
    has_begun: bool,
    decoded: String,
}

impl Utf16 {
    /// What comes next, in UTF-8; `bytes` are the next of the table, and of the first at least two.
    pub fn decode<'a>(&'a mut self, bytes: &'a [u8]) -> &'a [u8] {
        if !std::mem::replace(&mut self.has_begun, true) {
            let told = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
            self.decoder = told.filter(|encoding| *encoding != UTF_8).map(Encoding::new_decoder_with_bom_removal);
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

impl std::fmt::Debug for Utf16 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Utf16").field("decodes", &self.decoder.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], step: usize) -> String {
        let mut decoder = Utf16::default();
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
}

//! An address to listen on, as it is written in the file and on the command line.

use std::{borrow::Cow, net::SocketAddr};

use serde::{Deserialize, Deserializer, de::Error as _};

/// Reads an IP address and a port, such as `127.0.0.1:8080` or `[::1]:8080`.
///
/// # Errors
/// What to write.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "give an IP address and a port, such as 127.0.0.1:8080, [::1]:8080, or 0.0.0.0:8080 for every interface"
            .to_owned()
    })
}

pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    parse_address(&Cow::<str>::deserialize(deserializer)?).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_a_port_or_an_address_alone_is_told_what_to_write() {
        for text in ["localhost:8080", "8080", ":8080", "127.0.0.1", "::1", ""] {
            assert!(parse_address(text).expect_err("refused").contains("127.0.0.1:8080"), "{text}");
        }
        assert_eq!(parse_address("[::1]:80").expect("is one").port(), 80);
    }
}

//! Reads dictionaries that are compiled for MeCab.
//!
//! A lexicon (`sys.dic`, `unk.dic`) is a header of ten little-endian u32, a character set of 32 bytes, and three areas:
//! a Darts double array over the surfaces, the tokens, and their features as text. `char.bin` gives every UTF-16 unit its
//! categories. `matrix.bin` holds the connection costs. The layouts are those of MeCab 0.996 (`dictionary.cpp`,
//! `char_property.h`, `connector.cpp`).

use super::Matrix;

/// `magic` in the header of a lexicon is its size XOR this.
const MAGIC: u32 = 0xef71_8f77;
const LEXICON_HEADER: usize = 40 + 32;
const UNIT: usize = 8;
const TOKEN: usize = 16;

/// Longest surface, in bytes; a longer way to the root is a loop.
const MAX_SURFACE: usize = 4096;

/// No unit of the double array.
const NONE: u32 = u32::MAX;

/// A compiled lexicon.
pub(super) struct Lexicon<'a> {
    units: Vec<Unit>,
    /// The unit whose `base` this is; [`NONE`] where there is none.
    owners: Vec<u32>,
    tokens: &'a [u8],
    features: &'a [u8],
}

#[derive(Clone, Copy)]
struct Unit {
    base: i32,
    check: u32,
}

/// One word in one of its readings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) surface: String,
    pub(super) left: u16,
    pub(super) right: u16,
    pub(super) cost: i16,
    /// Comma-separated, as in the file that it was compiled from.
    pub(super) feature: &'a str,
}

impl<'a> Lexicon<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let size = u32::try_from(bytes.len()).map_err(|_| "is larger than 4 GiB")?;
        if u32_at(bytes, 0)? ^ MAGIC != size {
            return Err("is no dictionary of MeCab, or cut off: its size is not the one in its header".into());
        }
        let area = |field: usize| u32_at(bytes, 4 * field).map(|length| length as usize);
        let (array, tokens, features) = (area(6)?, area(7)?, area(8)?);
        let charset = bytes.get(40..LEXICON_HEADER).ok_or("ends within its header")?;
        let charset = charset.split(|&byte| byte == 0).next().unwrap_or_default();
        if !charset.eq_ignore_ascii_case(b"utf-8") && !charset.eq_ignore_ascii_case(b"utf8") {
            return Err(format!("is in {}, not in UTF-8", String::from_utf8_lossy(charset)));
        }
        let (array, rest) = split(&bytes[LEXICON_HEADER..], array, "the double array")?;
        let (tokens, rest) = split(rest, tokens, "the tokens")?;
        let (features, _) = split(rest, features, "the features")?;
        let units: Vec<Unit> = array.chunks_exact(UNIT).map(Unit::of_bytes).collect();
        let owners = owners(&units);
        Ok(Self { units, owners, tokens, features })
    }

    /// Every entry. An error ends what can be trusted.
    pub(super) fn entries(&self) -> impl Iterator<Item = Result<Entry<'a>, String>> + '_ {
        let leaves = self.units.iter().enumerate();
        leaves.filter(|(index, unit)| unit.base < 0 && unit.check as usize == *index).flat_map(move |(index, unit)| {
            // A leaf says which tokens are those of its surface: the first, and how many.
            let value = (-(unit.base + 1)).cast_unsigned();
            let (first, count) = (value >> 8, value & 0xff);
            let surface = self.surface(index);
            (0..count).map(move |n| self.entry(surface.clone()?, (first + n) as usize))
        })
    }

    fn entry(&self, surface: String, token: usize) -> Result<Entry<'a>, String> {
        let outside = || format!("token {token} of `{surface}` lies outside the file");
        let bytes =
            token.checked_mul(TOKEN).and_then(|start| self.tokens.get(start..start + TOKEN)).ok_or_else(outside)?;
        let feature = self.features.get(u32_at(bytes, 8)? as usize..).ok_or_else(outside)?;
        let feature = feature.split(|&byte| byte == 0).next().unwrap_or_default();
        let feature = std::str::from_utf8(feature).map_err(|_| format!("the features of `{surface}` are not UTF-8"))?;
        let cost = u16_at(bytes, 6)?.cast_signed();
        Ok(Entry { left: u16_at(bytes, 0)?, right: u16_at(bytes, 2)?, cost, feature, surface })
    }

    /// The bytes on the way from the root to a leaf. `check` of a unit is `base` of the one above it, and the byte is how
    /// far the unit lies behind that, less one.
    fn surface(&self, leaf: usize) -> Result<String, String> {
        let broken = || format!("unit {leaf} of the double array leads nowhere");
        let mut bytes = Vec::new();
        let mut base = leaf;
        while bytes.len() <= MAX_SURFACE {
            let at = *self.owners.get(base).filter(|owner| **owner != NONE).ok_or_else(broken)? as usize;
            if at == 0 {
                bytes.reverse();
                return String::from_utf8(bytes).map_err(|_| format!("the surface at unit {leaf} is not UTF-8"));
            }
            base = self.units[at].check as usize;
            let byte = at.checked_sub(base + 1).and_then(|byte| u8::try_from(byte).ok()).ok_or_else(broken)?;
            bytes.push(byte);
        }
        Err(broken())
    }
}

impl Unit {
    fn of_bytes(bytes: &[u8]) -> Self {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        Self { base: word(0).cast_signed(), check: word(4) }
    }
}

/// For every value of `base`, whose it is. The root is unit 0; an unused unit is all zero.
fn owners(units: &[Unit]) -> Vec<u32> {
    let mut owners = vec![NONE; units.len()];
    for (index, unit) in (0u32..).zip(units) {
        let is_inner = unit.base > 0 && (index == 0 || unit.check != 0);
        if let Some(owner) = usize::try_from(unit.base).ok().filter(|_| is_inner).and_then(|base| owners.get_mut(base))
        {
            *owner = index;
        }
    }
    owners
}

/// The categories of characters in `char.bin`.
pub(super) struct Characters {
    names: Vec<String>,
    units: Vec<u32>,
}

impl Characters {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let count = u32_at(bytes, 0)? as usize;
        if count == 0 || count > 18 {
            return Err(format!("names {count} categories, and there are 1 to 18"));
        }
        let (names, units) = split(&bytes[4..], 32 * count, "the names of the categories")?;
        let name = |bytes: &[u8]| {
            let name = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
            let is_word = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            String::from_utf8(name.to_vec()).ok().filter(|name| is_word && !name.is_empty())
        };
        let names: Option<Vec<_>> = names.chunks_exact(32).map(name).collect();
        let names = names.ok_or("the name of a category is no word")?;
        if units.len() < 4 * 0xffff {
            return Err("is cut off within the characters".into());
        }
        let units =
            units.chunks_exact(4).map(|unit| u32::from_le_bytes([unit[0], unit[1], unit[2], unit[3]])).collect();
        Ok(Self { names, units })
    }

    /// The same as `char.def`: first the categories, then ranges of characters.
    pub(super) fn to_def(&self) -> String {
        let mut def = String::new();
        for (index, name) in (0u32..).zip(&self.names) {
            // What a category does to unknown words stands with every character of which it is the first.
            let first = self.units.iter().find(|unit| (**unit >> 18) & 0xff == index);
            let unit = first.copied().unwrap_or(1 << 30);
            let (length, group, invoke) = ((unit >> 26) & 0xf, (unit >> 30) & 1, unit >> 31);
            def.push_str(&format!("{name} {invoke} {group} {length}\n"));
        }
        let mut start = 0;
        for end in 1..=self.units.len() {
            if self.units.get(end) == Some(&self.units[start]) {
                continue;
            }
            let names = self.names_of(self.units[start]);
            if names != ["DEFAULT"] {
                def.push_str(&format!("0x{start:04X}..0x{:04X} {}\n", end - 1, names.join(" ")));
            }
            start = end;
        }
        def
    }

    /// The categories of a character, its first one first.
    fn names_of(&self, unit: u32) -> Vec<&str> {
        let first = (unit >> 18) & 0xff;
        let others = (0..18).filter(|category| *category != first && unit & (1 << category) != 0);
        std::iter::once(first)
            .chain(others)
            .filter_map(|category| self.names.get(category as usize))
            .map(|s| &**s)
            .collect()
    }
}

/// Reads `matrix.bin`.
pub(super) fn read_matrix(bytes: &[u8]) -> Result<Matrix, String> {
    let (right_size, left_size) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
    let cells = usize::from(right_size) * usize::from(left_size);
    if bytes.len() - 4 != 2 * cells {
        return Err(format!("is to hold {right_size} × {left_size} costs, and has {} bytes", bytes.len()));
    }
    let costs = bytes[4..].chunks_exact(2).map(|cost| i16::from_le_bytes([cost[0], cost[1]])).collect();
    Ok(Matrix { right_size, left_size, costs })
}

fn split<'a>(bytes: &'a [u8], length: usize, what: &str) -> Result<(&'a [u8], &'a [u8]), String> {
    bytes.split_at_checked(length).ok_or_else(|| format!("ends within {what}"))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, String> {
    let word =
        bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or_else(|| format!("ends before byte {at}"))?;
    Ok(u32::from_le_bytes(*word))
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, String> {
    let word =
        bytes.get(at..).and_then(|rest| rest.first_chunk::<2>()).ok_or_else(|| format!("ends before byte {at}"))?;
    Ok(u16::from_le_bytes(*word))
}

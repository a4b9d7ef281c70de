//! Names and texts of files.

use super::order;
use crate::error::Error;

/// Refuses a name that is there twice.
pub(crate) fn unique<'a>(part: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let names: Vec<&str> = names.collect();
    let order = order(names.len(), &|a, b| names[a].cmp(names[b]));
    // Equal ones stand side by side, in the order of the file.
    match order.windows(2).filter(|pair| names[pair[0]] == names[pair[1]]).map(|pair| pair[1]).min() {
        Some(again) => Err(Error::duplicate(&format_args!("name in {part}"), &names[again])),
        None => Ok(()),
    }
}

/// Replaces the escape of each lone surrogate (half of a character beyond 2^16) by that of U+FFFD.
///
/// Programs that cut texts between UTF-16 units write such escapes, and Rust's strings cannot hold them. The length
/// stays, so that offsets into the text do, too.
pub(crate) fn mend_surrogates(text: &mut [u8]) {
    let mut at = 0;
    while let Some(skip) = text[at..].iter().position(|&byte| byte == b'\\') {
        at += skip;
        at += match (unit(text, at), unit(text, at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                text[at + 2..at + 6].copy_from_slice(b"fffd");
                6
            }
            _ => 2,
        };
        at = at.min(text.len());
    }
}

/// The UTF-16 unit whose escape, `\u` and four digits, begins here.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)? as u16))
}

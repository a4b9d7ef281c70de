//! JSON objects from strangers: members in order, each name once, values as they are written.

use core::fmt;
use std::collections::HashSet;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::snippet;
use crate::error::Error;

/// The members of a JSON object.
pub(crate) type Members<'a> = Vec<(String, &'a RawValue)>;

/// The members of the object that `text` is.
///
/// `serde_json` would let the last of two members with one name win; other readers let the first. So both are refused.
/// Values are not looked into, which keeps deeply nested ones harmless.
pub(crate) fn members<'a>(part: &str, text: &'a str, limit: u64) -> Result<Members<'a>, Error> {
    let mut members = Vec::new();
    let mut parser = serde_json::Deserializer::from_str(text);
    let outcome = Collect { members: &mut members, limit }.deserialize(&mut parser).and_then(|()| parser.end());
    if members.len() as u64 > limit {
        return Err(Error::Limit { name: format!("number of entries in {part}"), limit, found: members.len() as u64 });
    }
    outcome.map_err(|error| malformed(part, text, &error))?;
    unique(part, members.iter().map(|(name, _)| name.as_str()))?;
    Ok(members)
}

/// Refuses a name that is there twice.
pub(crate) fn unique<'a>(part: &str, mut names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = HashSet::with_capacity(names.size_hint().0);
    match names.find(|&name| !seen.insert(name)) {
        Some(name) => Err(Error::Duplicate { name: format!("name in {part}"), found: name.into() }),
        None => Ok(()),
    }
}

/// A value of a known type, or what is wrong with it.
pub(crate) fn parse<'a, T: Deserialize<'a>>(part: &str, text: &'a str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| malformed(part, text, &error))
}

/// What `serde_json` found, in our words.
fn malformed(part: &str, text: &str, error: &serde_json::Error) -> Error {
    let line_start = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = (line_start + error.column().saturating_sub(1)).min(text.len());
    // The message ends in a line and a column, which the offset says better; data errors have their own "expected".
    let message = error.to_string();
    let expected = message.split(" at line ").next().unwrap_or_default().to_owned();
    let found = snippet(&text.as_bytes()[offset..]);
    Error::Malformed { name: part.into(), offset: offset as u64, expected: format!("valid JSON ({expected})"), found }
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

struct Collect<'a, 'de> {
    members: &'a mut Members<'de>,
    limit: u64,
}

impl<'de> DeserializeSeed<'de> for Collect<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Collect<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
            self.members.push(member);
            if self.members.len() as u64 > self.limit {
                return Err(A::Error::custom("fewer members"));
            }
        }
        Ok(())
    }
}

//! JSON from strangers, read where it stands.
//!
//! A value is a piece of the text, and is looked into when somebody asks: as members, items, a string. Nothing recurses: the
//! scan is a loop with a list of the marks that close what is open.

use super::names::unique;
use super::snippet;
use crate::error::Error;

/// The members of a JSON object: names and the texts of their values.
pub(crate) type Members<'a> = Vec<(String, &'a str)>;

/// The members of the object that `text` is, at most `limit` of them.
///
/// Of two members with one name some readers take the first and others the last. So both are refused.
pub(crate) fn members<'a>(part: &str, text: &'a str, limit: u64) -> Result<Members<'a>, Error> {
    let mut scan = Scan { part, text, at: 0 };
    let mut members = Vec::new();
    scan.begin(b'{', "expected an object")?;
    while scan.more(b'}', members.is_empty())? {
        if members.len() as u64 == limit {
            return Err(Error::limit(&format_args!("number of entries in {part}"), limit, limit + 1));
        }
        let name = scan.name()?;
        members.push((string(part, name)?, scan.value()?));
    }
    scan.end()?;
    unique(part, members.iter().map(|(name, _)| name.as_str()))?;
    Ok(members)
}

/// The items of the list that `text` is.
pub(crate) fn items<'a>(part: &str, text: &'a str) -> Result<Vec<&'a str>, Error> {
    let mut scan = Scan { part, text, at: 0 };
    let mut items = Vec::new();
    scan.begin(b'[', "expected a list")?;
    while scan.more(b']', items.is_empty())? {
        items.push(scan.value()?);
    }
    scan.end()?;
    Ok(items)
}

/// The one value that `text` is, without the spaces around it.
pub(crate) fn value<'a>(part: &str, text: &'a str) -> Result<&'a str, Error> {
    let mut scan = Scan { part, text, at: 0 };
    let value = scan.value()?;
    scan.end()?;
    Ok(value)
}

/// The string that `text` is. Lone surrogates are mended before (`names.rs`).
pub(crate) fn string(part: &str, text: &str) -> Result<String, Error> {
    let mut scan = Scan { part, text, at: 0 };
    if scan.peek() != b'"' {
        return Err(scan.wrong("expected a string"));
    }
    let inner = scan.quoted()?;
    scan.end()?;
    let mut plain = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let (c, length) = escaped(&rest[at..]);
        plain.push(c);
        rest = &rest[at + length..];
    }
    plain.push_str(rest);
    Ok(plain)
}

/// The character that the escape at the start of `text` stands for, and the length of the escape. The scan has passed over it.
fn escaped(text: &str) -> (char, usize) {
    let unit =
        |at: usize| text.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xfffd);
    match text.as_bytes()[1] {
        b'b' => ('\u{8}', 2),
        b'f' => ('\u{c}', 2),
        b'n' => ('\n', 2),
        b'r' => ('\r', 2),
        b't' => ('\t', 2),
        b'u' => match unit(2) {
            high @ 0xd800..0xdc00 => {
                let low = unit(8).wrapping_sub(0xdc00) & 0x3ff;
                (char::from_u32(0x10000 + ((high - 0xd800) << 10) + low).unwrap_or('\u{fffd}'), 12)
            }
            unit => (char::from_u32(unit).unwrap_or('\u{fffd}'), 6),
        },
        c => (c.into(), 2),
    }
}

/// Adds a text as a JSON string.
pub(crate) fn quote(text: &str, to: &mut String) {
    to.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => to.extend(['\\', c]),
            '\0'..='\u{1f}' => {
                let digit = |n: u32| char::from_digit(n, 16).unwrap_or('0');
                to.extend(['\\', 'u', '0', '0', digit(c as u32 >> 4), digit(c as u32 & 15)]);
            }
            c => to.push(c),
        }
    }
    to.push('"');
}

/// A text, and how far it has been read.
struct Scan<'p, 'a> {
    part: &'p str,
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'_, 'a> {
    /// The next byte that is no space; 0 at the end.
    fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        self.byte()
    }

    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// Passes over a mark.
    fn begin(&mut self, mark: u8, expected: &str) -> Result<(), Error> {
        if self.peek() != mark {
            return Err(self.wrong(expected));
        }
        self.at += 1;
        Ok(())
    }

    /// Whether another member or item comes, or else the mark that closes them, which is passed over.
    fn more(&mut self, close: u8, first: bool) -> Result<bool, Error> {
        let next = self.peek();
        if next == close {
            self.at += 1;
            return Ok(false);
        }
        if !first {
            self.begin(b',', "expected a comma, or the end of the list or object")?;
        }
        Ok(true)
    }

    /// A member's name in its quotes, and the colon behind it.
    fn name(&mut self) -> Result<&'a str, Error> {
        if self.peek() != b'"' {
            return Err(self.wrong("expected a name in quotes"));
        }
        let start = self.at;
        self.quoted()?;
        let name = &self.text[start..self.at];
        self.begin(b':', "expected a colon")?;
        Ok(name)
    }

    /// Nothing but spaces is left.
    fn end(&mut self) -> Result<(), Error> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(self.wrong("trailing characters")) }
    }

    /// Passes over a value of any kind, and returns its text.
    fn value(&mut self) -> Result<&'a str, Error> {
        // What closes each open list or object, the innermost last.
        let mut open = Vec::new();
        self.peek();
        let start = self.at;
        loop {
            let mut first = true;
            match self.peek() {
                mark @ (b'{' | b'[') => {
                    self.at += 1;
                    open.push(if mark == b'{' { b'}' } else { b']' });
                }
                _ => {
                    self.simple()?;
                    first = false;
                }
            }
            while let Some(&close) = open.last()
                && !self.more(close, first)?
            {
                open.pop();
                first = false;
            }
            match open.last() {
                None => return Ok(&self.text[start..self.at]),
                Some(b'}') => self.name().map(|_| ())?,
                Some(_) => {}
            }
        }
    }

    /// A string, number, or word.
    fn simple(&mut self) -> Result<(), Error> {
        match self.peek() {
            b'"' => self.quoted().map(|_| ()),
            b'-' | b'0'..=b'9' => self.number(),
            _ => match ["true", "false", "null"].iter().find(|word| self.text[self.at..].starts_with(**word)) {
                Some(word) => {
                    self.at += word.len();
                    Ok(())
                }
                None => Err(self.wrong("expected a value")),
            },
        }
    }

    /// Passes over a string, and returns what stands between the quotes.
    fn quoted(&mut self) -> Result<&'a str, Error> {
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.byte() {
                b'"' => break,
                b'\\' => self.escape()?,
                0..=0x1f => return Err(self.wrong("expected a string without control characters, and its end")),
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok(&self.text[start..self.at - 1])
    }

    fn escape(&mut self) -> Result<(), Error> {
        self.at += 1;
        match self.byte() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.byte().is_ascii_hexdigit() {
                        return Err(self.wrong("expected four hexadecimal digits"));
                    }
                }
                self.at += 1;
            }
            _ => return Err(self.wrong("expected an escape")),
        }
        Ok(())
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
    fn number(&mut self) -> Result<(), Error> {
        self.at += usize::from(self.byte() == b'-');
        let start = self.at;
        self.digits()?;
        if self.text.as_bytes()[start] == b'0' && self.at > start + 1 {
            return Err(self.wrong("a number that does not begin with 0"));
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if let b'e' | b'E' = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Error> {
        if !self.byte().is_ascii_digit() {
            return Err(self.wrong("expected a digit"));
        }
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    fn wrong(&self, what: &str) -> Error {
        let found = snippet(&self.text.as_bytes()[self.at.min(self.text.len())..]);
        Error::malformed(&self.part, self.at as u64, &format_args!("valid JSON ({what})"), &found)
    }
}

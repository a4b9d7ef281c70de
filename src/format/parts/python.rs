//! The header of an npy file: the text of a Python dictionary.
//!
//! ```text
//! {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
//! ```
//!
//! Python evaluates it; here, only what numpy writes is understood. The parser is a loop over words: values that it
//! skips may be nested as deeply as they like.

use super::{MAX_SAFE, snippet};
use crate::error::Error;

/// What the header says.
#[derive(Debug, PartialEq)]
pub(crate) struct Header {
    /// The type of the numbers: `<f4`. A structured type is given as its text.
    pub descr: String,
    /// Whether the first dimension runs fastest.
    pub fortran: bool,
    /// The dimensions.
    pub shape: Vec<u64>,
}

/// Reads the header of the array `name`.
pub(crate) fn parse(name: &str, text: &str) -> Result<Header, Error> {
    let mut words = Words { name, text, at: 0 };
    let (mut descr, mut fortran, mut shape) = (None, None, None);
    words.expect("{")?;
    loop {
        let at = words.at;
        let key = words.next()?;
        if key == "}" {
            break;
        }
        words.expect(":")?;
        let twice = match quoted(key) {
            Some("descr") => descr.replace(words.value()?).is_some(),
            Some("fortran_order") => fortran.replace(words.flag()?).is_some(),
            Some("shape") => shape.replace(words.tuple()?).is_some(),
            _ => return Err(words.wrong(at, "descr, fortran_order or shape")),
        };
        if twice {
            return Err(Error::duplicate(&format_args!("entry in the header of {name}"), &key));
        }
        if !words.skip(",") {
            words.expect("}")?;
            break;
        }
    }
    if !text[words.at..].trim().is_empty() {
        return Err(words.wrong(words.at, "spaces up to the end of the header"));
    }
    let (Some(descr), Some(fortran), Some(shape)) = (descr, fortran, shape) else {
        return Err(words.wrong(0, "descr, fortran_order and shape"));
    };
    let descr = quoted(descr).map_or_else(|| descr.chars().take(SHOWN).collect(), str::to_owned);
    Ok(Header { descr, fortran, shape })
}

/// How much of a structured type is kept, in characters.
const SHOWN: usize = 80;

/// The text between quotes, if that is what the word is.
fn quoted(word: &str) -> Option<&str> {
    let mark = word.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    word.strip_prefix(mark)?.strip_suffix(mark)
}

/// A text, and how far it has been read.
struct Words<'a> {
    name: &'a str,
    text: &'a str,
    at: usize,
}

impl<'a> Words<'a> {
    /// The next word: a string with its quotes, a name or number, or one other character.
    fn next(&mut self) -> Result<&'a str, Error> {
        let rest = self.text[self.at..].trim_start();
        let start = self.text.len() - rest.len();
        let length = match rest.chars().next() {
            None => return Err(self.wrong(start, "more of the dictionary")),
            Some(mark @ ('\'' | '"')) => {
                2 + rest[1..].find(mark).ok_or_else(|| self.wrong(start, "a closing quote"))?
            }
            Some(c) if is_name(c) => rest.find(|c| !is_name(c)).unwrap_or(rest.len()),
            Some(c) => c.len_utf8(),
        };
        self.at = start + length;
        Ok(&rest[..length])
    }

    /// Passes over a word if it is the next one.
    fn skip(&mut self, word: &str) -> bool {
        let before = self.at;
        let found = self.next().is_ok_and(|next| next == word);
        if !found {
            self.at = before;
        }
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), Error> {
        if self.skip(word) { Ok(()) } else { Err(self.wrong(self.at, word)) }
    }

    /// The text of a value of any kind, however deep.
    fn value(&mut self) -> Result<&'a str, Error> {
        let first = self.next()?;
        let start = self.at - first.len();
        let mut depth = usize::from(opens(first));
        while depth > 0 {
            match self.next()? {
                word if opens(word) => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
        }
        Ok(&self.text[start..self.at])
    }

    fn flag(&mut self) -> Result<bool, Error> {
        let at = self.at;
        match self.next()? {
            "True" => Ok(true),
            "False" => Ok(false),
            _ => Err(self.wrong(at, "True or False")),
        }
    }

    /// `()`, `(3,)`, `(3, 4)`.
    fn tuple(&mut self) -> Result<Vec<u64>, Error> {
        self.expect("(")?;
        let mut sizes = Vec::new();
        while !self.skip(")") {
            sizes.push(self.size()?);
            if !self.skip(",") {
                // In Python, (3) is no tuple.
                self.expect(if sizes.len() == 1 { "," } else { ")" })?;
                break;
            }
        }
        Ok(sizes)
    }

    /// `3`, or `3L` as Python 2 writes it.
    fn size(&mut self) -> Result<u64, Error> {
        let start = self.at;
        let word = self.next()?;
        let digits = word.strip_suffix('L').unwrap_or(word);
        let size = digits.parse().ok().filter(|&n| n <= MAX_SAFE && digits.bytes().all(|b| b.is_ascii_digit()));
        // Headers written by hand with numpy 2, whose scalars print so.
        let call = word.starts_with("np.");
        let hint = "a plain number such as 3 (write int(n), or let numpy.save write the header)";
        size.ok_or_else(|| self.wrong(start, if call { hint } else { "a whole number from 0 to 2^53 - 1" }))
    }

    fn wrong(&self, at: usize, expected: &str) -> Error {
        let rest = self.text[at..].trim_start();
        let offset = (self.text.len() - rest.len()) as u64;
        Error::malformed(&format_args!("header of {}", self.name), offset, &expected, &snippet(rest.as_bytes()))
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-')
}

fn opens(word: &str) -> bool {
    matches!(word, "(" | "[" | "{")
}

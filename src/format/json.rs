//! JSON: tensors as nested lists, for small examples written by hand or by a few lines of any language.
//!
//! ```json
//! { "query": [[1, 0], [0, 1]],
//!   "key": { "shape": [2, 2], "data": [1, 0, 0, 1] },
//!   "tokens": ["a", "b"], "scale": 0.5,
//!   "__metadata__": { "model": "by hand" } }
//! ```
//!
//! A list of numbers alone, or a `shape` with its `data` alone, is one tensor. Numbers are read as JavaScript does (the
//! nearest `f64`) and rounded to `f32`. Refused are: `NaN` and `Infinity`, which JSON does not have; numbers beyond the
//! range of `f32`; and whole numbers beyond 2^53, on whose value JSON readers disagree.

use super::parts::names::{mend_surrogates, unique};
use super::parts::scan::{self, Members, members};
use super::parts::source::{Source, Stop};
use super::parts::{MAX_SAFE, room, snippet};
use super::{Format, Index, Limits, TensorInfo};
use crate::decimal;
use crate::error::{Error, Fault, dims};
use crate::member::{Member, Text};

pub(super) const FORMAT: Format = Format {
    member: Member::cited(
        "json",
        Text { en: "JSON", zh: "JSON" },
        Text {
            en: "Tensors as nested lists, for small examples written by hand.",
            zh: "以嵌套列表表示的张量，适合手写的小例子。",
        },
        r#"{ "query": [[…], …], "key": { "shape": […], "data": […] }, "tokens": ["…"] }"#,
        "RFC 8259",
    ),
    sniff: |head, _| matches!(without_mark(head).trim_ascii_start(), [b'{' | b'[', ..]),
    index,
    read,
};

/// The name of a tensor that has none.
const NAME: &str = "array";

fn index(file: &Source) -> Result<Index, Stop> {
    let whole = file.whole(file.limits.json)?;
    let text = without_mark(whole);
    let text = Json { text: &mended(text)?, start: (whole.len() - text.len()) as u64, limits: file.limits };
    Ok(text.index()?)
}

fn read(tensor: &TensorInfo, bytes: &[u8], limits: &Limits) -> Result<Vec<f32>, Error> {
    let text = utf8(bytes)?;
    let value = scan::value(&tensor.name, text)?;
    let mut numbers = Vec::new();
    let shape = numbers_of(&tensor.name, value, limits, &mut |number| {
        if numbers.len() == numbers.capacity() {
            // As many as there are commas left, at most; but grown as they come, by doubling.
            numbers.try_reserve(1).map_err(|_| Error::out_of_memory(&tensor.name, numbers.len() as u64 * 8))?;
        }
        numbers.push(number);
        Ok(())
    })?;
    match shape == tensor.shape {
        true => Ok(numbers),
        false => Err(Error::shape(&tensor.name, &dims(&tensor.shape), &dims(&shape))),
    }
}

/// A JSON text in a file.
struct Json<'a> {
    text: &'a str,
    /// Where the text begins in the file.
    start: u64,
    limits: &'a Limits,
}

impl Json<'_> {
    fn index(&self) -> Result<Index, Error> {
        let mut index = Index { format: FORMAT.member.id.into(), tensors: Vec::new(), metadata: Vec::new() };
        let value = scan::value("file", self.text)?;
        if value.starts_with('[') || shape_and_data(NAME, value)?.is_some() {
            index.tensors.push(self.tensor(NAME.into(), value)?);
            return Ok(index);
        }
        for (name, value) in members("file", value, self.limits.tensors.saturating_add(1))? {
            self.add(&mut index, name, value)?;
        }
        Limits::check("number of tensors", index.tensors.len() as u64, self.limits.tensors)?;
        unique("the metadata", index.metadata.iter().map(|(name, _)| name.as_str()))?;
        Ok(index)
    }

    /// One member of the file: a tensor, or metadata.
    fn add(&self, index: &mut Index, name: String, value: &str) -> Result<(), Error> {
        if name == "__metadata__" {
            for (name, value) in members(&name, value, self.limits.tensors)? {
                let text = metadata(&name, value)?;
                index.metadata.push((name, text));
            }
        } else if is_numbers(&name, value)? {
            index.tensors.push(self.tensor(name, value)?);
        } else {
            let text = metadata(&name, value)?;
            index.metadata.push((name, text));
        }
        Ok(())
    }

    fn tensor(&self, name: String, value: &str) -> Result<TensorInfo, Error> {
        let shape = numbers_of(&name, value, self.limits, &mut |_| Ok(()))?;
        // The value is a part of the text, borrowed from it.
        let offset = value.as_ptr() as usize - self.text.as_ptr() as usize;
        Ok(TensorInfo {
            name,
            dtype: "number".into(),
            shape,
            offset: self.start + offset as u64,
            length: value.len() as u64,
            supported: true,
            note: None,
            format: FORMAT.member.id.into(),
            fortran: false,
            packing: None,
        })
    }
}

/// Whether a member is a tensor: a list whose first item is no text, or a `shape` with its `data`.
fn is_numbers(name: &str, value: &str) -> Result<bool, Error> {
    match value.as_bytes() {
        [b'[', rest @ ..] => Ok(!rest.trim_ascii_start().starts_with(b"\"")),
        [b'{', ..] => match shape_and_data(name, value)? {
            Some(_) => Ok(true),
            None => Err(wrong(name, value, 0, "a list, or an object of shape and data")),
        },
        _ => Ok(false),
    }
}

/// Metadata as text: a string as it is, a list of strings as JSON, a number or truth value as it is written.
fn metadata(name: &str, value: &str) -> Result<String, Error> {
    match value.as_bytes().first() {
        Some(b'"') => scan::string(name, value),
        Some(b'[') => Ok(value.into()),
        Some(b'{') => Err(wrong(name, value, 0, "a string, or a list of strings")),
        _ => Ok(value.into()),
    }
}

/// The members of `{"shape": …, "data": …}`, if that is what the value is.
fn shape_and_data<'a>(name: &str, value: &'a str) -> Result<Option<(&'a str, &'a str)>, Error> {
    if !value.starts_with('{') {
        return Ok(None);
    }
    let members: Members = match members(name, value, 2) {
        Err(error) if matches!(*error, Fault::Limit { .. }) => return Ok(None),
        members => members?,
    };
    let find = |wanted: &str| members.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    Ok(find("shape").zip(find("data")))
}

/// Passes over the numbers of a tensor in C order, and returns its shape.
fn numbers_of(
    name: &str,
    value: &str,
    limits: &Limits,
    each: &mut dyn FnMut(f32) -> Result<(), Error>,
) -> Result<Vec<u64>, Error> {
    let Some((shape, data)) = shape_and_data(name, value)? else {
        return Walk::new(name, value, limits).run(each);
    };
    let mut sizes = Vec::new();
    let part = format!("shape of {name}");
    let nesting = Walk::new(&part, shape, limits).tokens(&mut |walk, token| {
        let size = token.parse().ok().filter(|&n| n <= MAX_SAFE);
        sizes.push(size.ok_or_else(|| walk.number("a whole number from 0 to 2^53 - 1", token))?);
        Ok(())
    })?;
    if nesting.len() != 1 {
        return Err(wrong(&part, shape, 0, "a list of whole numbers"));
    }
    let expected = super::count(name, &sizes, limits)?;
    let found = Walk::new(&format!("data of {name}"), data, limits).run(each)?.iter().product::<u64>();
    match expected == found {
        true => Ok(sizes),
        false => Err(Error::count(&format_args!("numbers in {name}"), expected, found)),
    }
}

/// A walk through nested lists of numbers. It is a loop, and knows the depth by a counter: nothing recurses.
struct Walk<'a> {
    name: &'a str,
    text: &'a str,
    limits: &'a Limits,
    /// How many items each open list has so far.
    items: Vec<u64>,
    /// The length of the first finished list at each depth.
    shape: Vec<Option<u64>>,
    /// At which depth numbers are, once one has been seen.
    leaves: Option<usize>,
}

impl<'a> Walk<'a> {
    fn new(name: &'a str, text: &'a str, limits: &'a Limits) -> Self {
        Walk { name, text, limits, items: Vec::new(), shape: Vec::new(), leaves: None }
    }

    fn run(self, each: &mut dyn FnMut(f32) -> Result<(), Error>) -> Result<Vec<u64>, Error> {
        self.tokens(&mut |walk, token| each(walk.convert(token)?))
    }

    /// Calls `each` with the text of each number. The text is known to be valid JSON.
    fn tokens(mut self, each: &mut dyn FnMut(&Self, &'a str) -> Result<(), Error>) -> Result<Vec<u64>, Error> {
        let text = self.text;
        let mut at = 0;
        while let Some(&byte) = text.as_bytes().get(at) {
            match byte {
                b'[' => self.open()?,
                b']' => self.close()?,
                b',' | b' ' | b'\t' | b'\n' | b'\r' => {}
                b'-' | b'0'..=b'9' => {
                    let rest = &text[at..];
                    let token = &rest[..rest.find([',', ']', ' ', '\t', '\n', '\r']).unwrap_or(rest.len())];
                    self.leaf()?;
                    each(&self, token)?;
                    self.count();
                    at += token.len() - 1;
                }
                _ => return Err(wrong(&self.path(), text, at, "a number or a list")),
            }
            at += 1;
        }
        Ok(self.shape.into_iter().map(|n| n.unwrap_or(0)).collect())
    }

    fn open(&mut self) -> Result<(), Error> {
        Limits::check(&format!("rank of {}", self.name), self.items.len() as u64 + 1, self.limits.rank)?;
        if self.leaves.is_some_and(|depth| self.items.len() >= depth) {
            return Err(self.ragged("a number", "a list"));
        }
        if self.items.len() == self.shape.len() {
            self.shape.push(None);
        }
        self.items.push(0);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        let found = self.items.pop().unwrap_or(0);
        let expected = *self.shape[self.items.len()].get_or_insert(found);
        if expected != found {
            return Err(self.ragged(&format!("{expected} items"), &format!("{found}")));
        }
        self.count();
        Ok(())
    }

    /// Notes that a number stands here, as deep as every other one.
    fn leaf(&mut self) -> Result<(), Error> {
        let depth = *self.leaves.get_or_insert(self.shape.len());
        if self.items.len() < depth { Err(self.ragged("a list", "a number")) } else { Ok(()) }
    }

    fn count(&mut self) {
        if let Some(items) = self.items.last_mut() {
            *items += 1;
        }
    }

    fn convert(&self, token: &str) -> Result<f32, Error> {
        let digits = token.trim_start_matches('-');
        let number = decimal::read_single(token).unwrap_or(f64::INFINITY);
        if digits.bytes().all(|byte| byte.is_ascii_digit()) && number.abs() > MAX_SAFE as f64 {
            return Err(self.number("a whole number up to 2^53 - 1, or a decimal point", token));
        }
        let narrow = number as f32;
        if narrow.is_finite() {
            Ok(narrow)
        } else {
            Err(self.number("a number in the range of f32, up to 3.4e38", token))
        }
    }

    fn number(&self, expected: &str, token: &str) -> Error {
        Error::number(&self.path(), &expected, &snippet(token.as_bytes()))
    }

    fn ragged(&self, expected: &str, found: &str) -> Error {
        Error::ragged(&self.path(), &expected, &found)
    }

    /// Where the walk is: `query[0][2]`.
    fn path(&self) -> String {
        self.items.iter().fold(self.name.to_owned(), |path, at| format!("{path}[{at}]"))
    }
}

/// Without the byte order mark that some editors write.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

fn utf8(bytes: &[u8]) -> Result<&str, Error> {
    str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let found = snippet(&bytes[at..]);
        Error::malformed(&"file", at as u64, &"UTF-8", &found)
    })
}

/// The text, with lone surrogates replaced: a copy, since the file's bytes stay as they are.
fn mended(bytes: &[u8]) -> Result<String, Error> {
    let mut text = room("file", bytes.len() as u64)?;
    text.extend_from_slice(utf8(bytes)?.as_bytes());
    mend_surrogates(&mut text);
    // What was replaced is ASCII, by ASCII.
    String::from_utf8(text).map_err(|_| wrong("file", "", 0, "UTF-8"))
}

fn wrong(name: &str, text: &str, offset: usize, expected: &str) -> Error {
    let found = snippet(&text.as_bytes()[offset..]);
    Error::malformed(&name, offset as u64, &expected, &found)
}

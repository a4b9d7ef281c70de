//! The one error of the crate, in the words of the person who meets it.

use core::fmt;

/// What can go wrong. Each variant names the thing, what was expected and what was found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A tensor's shape does not fit its use, or its number of elements.
    Shape {
        /// The tensor: `key`, `layers.3.q`.
        name: String,
        /// What would fit.
        expected: String,
        /// What was given.
        found: String,
    },
    /// An option's value breaks its rule.
    Parameter {
        /// The option: `temperature`.
        name: String,
        /// The rule: `a finite number above 0`.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A name that no list holds, or a part of the problem that is not there.
    Unknown {
        /// What kind of thing was asked for: `normalizer`.
        name: String,
        /// What there is.
        expected: String,
        /// What was asked for.
        found: String,
    },
    /// The memory asked for is not to be had.
    OutOfMemory {
        /// What it was for: `weights`.
        name: String,
        /// How many bytes were asked for.
        bytes: u64,
    },
    /// A file whose first bytes no reader knows.
    UnknownFormat {
        /// The formats that can be read.
        expected: String,
        /// The file's first bytes.
        found: String,
    },
    /// A file, or a part of it, ends too early.
    Truncated {
        /// The part: `header`.
        name: String,
        /// Where it should end, in bytes from the start of the file.
        expected: u64,
        /// Where the file ends.
        found: u64,
    },
    /// A size over one of the [`Limits`](crate::format::Limits).
    Limit {
        /// What is too large: `header`.
        name: String,
        /// The limit.
        limit: u64,
        /// The size that the file claims.
        found: u64,
    },
    /// A file breaks the rules of its format.
    Malformed {
        /// The part that does: `header`, a tensor's name.
        name: String,
        /// Where, in bytes from the start of the part.
        offset: u64,
        /// What the rules ask for there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Two things of one name, so that readers would disagree on which one counts.
    Duplicate {
        /// What they are: `tensor`.
        name: String,
        /// The name that both have.
        found: String,
    },
    /// Bytes that overlap, leave a hole, or run backwards.
    Layout {
        /// The tensor whose bytes are misplaced.
        name: String,
        /// The offset where they should begin (or before which they should not).
        expected: u64,
        /// The offset where they begin.
        found: u64,
    },
    /// A number of bytes that does not fit what was announced.
    Size {
        /// What has that many bytes: a tensor, a file.
        name: String,
        /// The bytes that shape and type ask for.
        expected: u64,
        /// The bytes that there are.
        found: u64,
    },
    /// Something that the format allows, and that is not read here.
    Unsupported {
        /// The tensor or the file.
        name: String,
        /// What is read, or what to do about it.
        expected: String,
        /// What the file has: `dtype |O`.
        found: String,
    },
    /// A number that is none, or that is out of range.
    Number {
        /// Where it stands: `scores[2][0]`.
        name: String,
        /// The rule.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// A nested list whose rows differ in length or depth.
    Ragged {
        /// The path to the row: `scores[2]`.
        name: String,
        /// What the rows before it have.
        expected: String,
        /// What this one has.
        found: String,
    },
    /// Bytes that were damaged on the way.
    Checksum {
        /// The tensor.
        name: String,
        /// The CRC-32 that the file states.
        expected: u32,
        /// The CRC-32 of its bytes.
        found: u32,
    },
    /// As many of one thing as there should be of another, and are not.
    Count {
        /// What was counted: `tokens`.
        name: String,
        /// How many there should be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
}

/// One table makes [`Error::code`] and [`Error::CODES`], so that a variant cannot be in one and not in the other.
macro_rules! codes {
    ($($variant:ident: $code:literal,)*) => {
        /// Every value that [`Error::code`] can have.
        pub const CODES: &[&str] = &[$($code),*];

        /// A stable name for programs: `shape`, `parameter`, …
        pub fn code(&self) -> &'static str {
            match self {
                $(Error::$variant { .. } => $code,)*
            }
        }
    };
}

impl Error {
    codes! {
        Shape: "shape",
        Parameter: "parameter",
        Unknown: "unknown",
        OutOfMemory: "out_of_memory",
        UnknownFormat: "unknown_format",
        Truncated: "truncated",
        Limit: "limit",
        Malformed: "malformed",
        Duplicate: "duplicate",
        Layout: "layout",
        Size: "size",
        Unsupported: "unsupported",
        Number: "number",
        Ragged: "ragged",
        Checksum: "checksum",
        Count: "count",
    }

    /// The offending thing, what was expected of it, and what was found.
    pub fn parts(&self) -> (&str, String, String) {
        match self {
            Error::Shape { name, expected, found }
            | Error::Parameter { name, expected, found }
            | Error::Unknown { name, expected, found }
            | Error::Malformed { name, expected, found, .. }
            | Error::Unsupported { name, expected, found }
            | Error::Number { name, expected, found }
            | Error::Ragged { name, expected, found } => (name, expected.clone(), found.clone()),
            Error::OutOfMemory { name, bytes } => (name, "enough memory".into(), format!("{bytes} bytes refused")),
            Error::UnknownFormat { expected, found } => ("file", expected.clone(), found.clone()),
            Error::Truncated { name, expected, found }
            | Error::Layout { name, expected, found }
            | Error::Size { name, expected, found }
            | Error::Count { name, expected, found } => (name, expected.to_string(), found.to_string()),
            Error::Limit { name, limit, found } => (name, format!("at most {limit}"), found.to_string()),
            Error::Duplicate { name, found } => (name, "names that differ".into(), found.clone()),
            Error::Checksum { name, expected, found } => (name, format!("{expected:08x}"), format!("{found:08x}")),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, expected, found) = self.parts();
        let (name, expected, found) = (Plain(name), Plain(&expected), Plain(&found));
        match self {
            Error::Shape { .. } => write!(f, "shape of {name}: expected {expected}, found {found}"),
            Error::Parameter { .. } => write!(f, "{name} must be {expected}, not {found}"),
            Error::Unknown { .. } => write!(f, "no {name} is called {found}; there are {expected}"),
            Error::OutOfMemory { bytes, .. } => write!(f, "not enough memory for {name}: {bytes} bytes were refused"),
            Error::UnknownFormat { .. } => write!(f, "the file is none of {expected}: it begins with {found}"),
            Error::Truncated { found: 0, .. } => write!(f, "{name} is empty"),
            Error::Truncated { .. } => {
                write!(f, "{name} ends at byte {found}, expected {expected}: the file is cut off")
            }
            Error::Limit { .. } => write!(f, "{name} is too large: {found}, expected {expected}"),
            Error::Malformed { offset, .. } => write!(f, "{name}, byte {offset}: expected {expected}, found {found}"),
            Error::Duplicate { .. } => write!(f, "the {name} {found} is there twice"),
            Error::Layout { .. } => write!(f, "the bytes of {name} begin at {found}, expected {expected}"),
            Error::Size { .. } => write!(f, "{name} has {found} bytes, expected {expected}"),
            Error::Unsupported { .. } => write!(f, "{name} cannot be read: {found}; expected {expected}"),
            Error::Number { .. } => write!(f, "{name}: expected {expected}, found {found}"),
            Error::Ragged { .. } => write!(f, "{name} is ragged: expected {expected}, found {found}"),
            Error::Checksum { .. } => write!(f, "{name} is damaged: its checksum is {found}, expected {expected}"),
            Error::Count { .. } => write!(f, "there are {found} {name}, expected {expected}"),
        }
    }
}

/// Text out of a file, made fit for one line: cut to a length, and what would move the cursor or turn the direction of
/// writing is shown as its code.
struct Plain<'a>(&'a str);

/// Longest text shown, in characters.
const SHOWN: usize = 200;

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars().take(SHOWN) {
            match c {
                '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => write!(f, "{}", c.escape_unicode())?,
                '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}' => write!(f, "{}", c.escape_unicode())?,
                _ => write!(f, "{c}")?,
            }
        }
        if self.0.chars().nth(SHOWN).is_some() { f.write_str("…") } else { Ok(()) }
    }
}

impl std::error::Error for Error {}

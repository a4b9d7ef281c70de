//! The one error of the crate, in the words of the person who meets it.

use core::fmt::{self, Display, Write};
use core::ops::Deref;

/// What went wrong: a [`Fault`], out of the way. So a result is not larger than what it is about, and passing an error on
/// is a pointer's work.
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Fault>);

/// What can go wrong. Each variant names the thing, what was expected and what was found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fault {
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

/// The errors that name what was expected and what was found as texts. They are made out of line: the way on which all is
/// well should not carry them.
macro_rules! told {
    ($($name:ident: $variant:ident,)*) => {
        $(
            #[doc = concat!("[`Fault::", stringify!($variant), "`].")]
            #[cold]
            #[inline(never)]
            pub fn $name(name: &dyn Display, expected: &dyn Display, found: &dyn Display) -> Error {
                let [name, expected, found] = [name, expected, found].map(|part| part.to_string());
                Error(Box::new(Fault::$variant { name, expected, found }))
            }
        )*
    };
}

/// The same with two numbers.
macro_rules! counted {
    ($($name:ident: $variant:ident,)*) => {
        $(
            #[doc = concat!("[`Fault::", stringify!($variant), "`].")]
            #[cold]
            #[inline(never)]
            pub fn $name(name: &dyn Display, expected: u64, found: u64) -> Error {
                Error(Box::new(Fault::$variant { name: name.to_string(), expected, found }))
            }
        )*
    };
}

impl Error {
    told! {
        shape: Shape,
        parameter: Parameter,
        unknown: Unknown,
        unsupported: Unsupported,
        number: Number,
        ragged: Ragged,
    }

    counted! {
        truncated: Truncated,
        layout: Layout,
        size: Size,
        count: Count,
    }

    /// [`Fault::OutOfMemory`].
    #[cold]
    #[inline(never)]
    pub fn out_of_memory(name: &dyn Display, bytes: u64) -> Error {
        Error(Box::new(Fault::OutOfMemory { name: name.to_string(), bytes }))
    }

    /// [`Fault::UnknownFormat`].
    #[cold]
    #[inline(never)]
    pub fn unknown_format(expected: &dyn Display, found: &dyn Display) -> Error {
        Error(Box::new(Fault::UnknownFormat { expected: expected.to_string(), found: found.to_string() }))
    }

    /// [`Fault::Limit`].
    #[cold]
    #[inline(never)]
    pub fn limit(name: &dyn Display, limit: u64, found: u64) -> Error {
        Error(Box::new(Fault::Limit { name: name.to_string(), limit, found }))
    }

    /// [`Fault::Malformed`].
    #[cold]
    #[inline(never)]
    pub fn malformed(name: &dyn Display, offset: u64, expected: &dyn Display, found: &dyn Display) -> Error {
        let [name, expected, found] = [name, expected, found].map(|part| part.to_string());
        Error(Box::new(Fault::Malformed { name, offset, expected, found }))
    }

    /// [`Fault::Duplicate`].
    #[cold]
    #[inline(never)]
    pub fn duplicate(name: &dyn Display, found: &dyn Display) -> Error {
        Error(Box::new(Fault::Duplicate { name: name.to_string(), found: found.to_string() }))
    }

    /// [`Fault::Checksum`].
    #[cold]
    #[inline(never)]
    pub fn checksum(name: &dyn Display, expected: u32, found: u32) -> Error {
        Error(Box::new(Fault::Checksum { name: name.to_string(), expected, found }))
    }

    /// Every value that [`Fault::code`] can have.
    pub const CODES: &[&str] = Fault::CODES;
}

/// Some names of a list: `a, b, c`.
pub(crate) fn names(names: &mut dyn Iterator<Item = &str>) -> String {
    joined(", ", names)
}

/// Texts with another between them. One for all: the standard library's `join` is made anew for each kind of text.
pub(crate) fn joined(separator: &str, texts: &mut dyn Iterator<Item = &str>) -> String {
    let mut all = String::new();
    for (at, text) in texts.enumerate() {
        if at > 0 {
            all.push_str(separator);
        }
        all.push_str(text);
    }
    all
}

/// Some sizes: `1, 12, 16, 32`.
pub(crate) fn sizes(sizes: &mut dyn Iterator<Item = u64>) -> String {
    let mut text = String::new();
    for size in sizes {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&size.to_string());
    }
    text
}

/// The sizes of a file's tensor: `[12, 16, 32]`.
pub(crate) fn dims(shape: &[u64]) -> String {
    format!("[{}]", sizes(&mut shape.iter().copied()))
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        *error.0
    }
}

impl Deref for Error {
    type Target = Fault;

    fn deref(&self) -> &Fault {
        &self.0
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

/// One table makes [`Fault::code`] and [`Fault::CODES`], so that a variant cannot be in one and not in the other.
macro_rules! codes {
    ($($variant:ident: $code:literal,)*) => {
        /// Every value that [`Fault::code`] can have.
        pub const CODES: &[&str] = &[$($code),*];

        /// A stable name for programs: `shape`, `parameter`, …
        pub fn code(&self) -> &'static str {
            match self {
                $(Fault::$variant { .. } => $code,)*
            }
        }
    };
}

impl Fault {
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
            Fault::Shape { name, expected, found }
            | Fault::Parameter { name, expected, found }
            | Fault::Unknown { name, expected, found }
            | Fault::Malformed { name, expected, found, .. }
            | Fault::Unsupported { name, expected, found }
            | Fault::Number { name, expected, found }
            | Fault::Ragged { name, expected, found } => (name, expected.clone(), found.clone()),
            Fault::OutOfMemory { name, bytes } => (name, "enough memory".into(), format!("{bytes} bytes refused")),
            Fault::UnknownFormat { expected, found } => ("file", expected.clone(), found.clone()),
            Fault::Truncated { name, expected, found }
            | Fault::Layout { name, expected, found }
            | Fault::Size { name, expected, found }
            | Fault::Count { name, expected, found } => (name, expected.to_string(), found.to_string()),
            Fault::Limit { name, limit, found } => (name, format!("at most {limit}"), found.to_string()),
            Fault::Duplicate { name, found } => (name, "names that differ".into(), found.clone()),
            Fault::Checksum { name, expected, found } => (name, format!("{expected:08x}"), format!("{found:08x}")),
        }
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, expected, found) = self.parts();
        let (name, expected, found) = (Plain(name), Plain(&expected), Plain(&found));
        match self {
            Fault::Shape { .. } => write!(f, "shape of {name}: expected {expected}, found {found}"),
            Fault::Parameter { .. } => write!(f, "{name} must be {expected}, not {found}"),
            Fault::Unknown { .. } => write!(f, "no {name} is called {found}; there are {expected}"),
            Fault::OutOfMemory { bytes, .. } => write!(f, "not enough memory for {name}: {bytes} bytes were refused"),
            Fault::UnknownFormat { .. } => write!(f, "the file is none of {expected}: it begins with {found}"),
            Fault::Truncated { found: 0, .. } => write!(f, "{name} is empty"),
            Fault::Truncated { .. } => {
                write!(f, "{name} ends at byte {found}, expected {expected}: the file is cut off")
            }
            Fault::Limit { .. } => write!(f, "{name} is too large: {found}, expected {expected}"),
            Fault::Malformed { offset, .. } => write!(f, "{name}, byte {offset}: expected {expected}, found {found}"),
            Fault::Duplicate { .. } => write!(f, "the {name} {found} is there twice"),
            Fault::Layout { .. } => write!(f, "the bytes of {name} begin at {found}, expected {expected}"),
            Fault::Size { .. } => write!(f, "{name} has {found} bytes, expected {expected}"),
            Fault::Unsupported { .. } => write!(f, "{name} cannot be read: {found}; expected {expected}"),
            Fault::Number { .. } => write!(f, "{name}: expected {expected}, found {found}"),
            Fault::Ragged { .. } => write!(f, "{name} is ragged: expected {expected}, found {found}"),
            Fault::Checksum { .. } => write!(f, "{name} is damaged: its checksum is {found}, expected {expected}"),
            Fault::Count { .. } => write!(f, "there are {found} {name}, expected {expected}"),
        }
    }
}

/// Text out of a file, made fit for one line: cut to a length, and what would move the cursor or turn the direction of
/// writing is shown as its code.
struct Plain<'a>(&'a str);

/// Longest text shown, in characters.
const SHOWN: usize = 200;

impl Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars().take(SHOWN) {
            match c {
                '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => write!(f, "{}", c.escape_unicode())?,
                '\u{61c}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}' => write!(f, "{}", c.escape_unicode())?,
                _ => f.write_char(c)?,
            }
        }
        if self.0.chars().nth(SHOWN).is_some() { f.write_str("…") } else { Ok(()) }
    }
}

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
}

impl Error {
    /// A stable name for programs: `shape`, `parameter`, …
    pub fn code(&self) -> &'static str {
        match self {
            Error::Shape { .. } => "shape",
            Error::Parameter { .. } => "parameter",
            Error::Unknown { .. } => "unknown",
            Error::OutOfMemory { .. } => "out_of_memory",
        }
    }

    /// The offending thing, what was expected of it, and what was found.
    pub fn parts(&self) -> (&str, String, String) {
        match self {
            Error::Shape { name, expected, found }
            | Error::Parameter { name, expected, found }
            | Error::Unknown { name, expected, found } => (name, expected.clone(), found.clone()),
            Error::OutOfMemory { name, bytes } => (name, "enough memory".into(), format!("{bytes} bytes refused")),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Shape { name, expected, found } => write!(f, "shape of {name}: expected {expected}, found {found}"),
            Error::Parameter { name, expected, found } => write!(f, "{name} must be {expected}, not {found}"),
            Error::Unknown { name, expected, found } => write!(f, "no {name} is called {found}; there are {expected}"),
            Error::OutOfMemory { name, bytes } => write!(f, "not enough memory for {name}: {bytes} bytes were refused"),
        }
    }
}

impl std::error::Error for Error {}

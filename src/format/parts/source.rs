//! The part of a file that is here so far.

use core::ops::Range;

use crate::error::Error;
use crate::format::Limits;

/// The beginning of a file, its size, and what may be read of it.
///
/// A parser is written as if the whole file were here. Where it is not, [`Source::bytes`] stops it, the missing bytes
/// are fetched, and it runs again from its start: parsers are cheap up to the point where they miss something.
pub(crate) struct Source<'a> {
    /// The size of the file.
    pub size: u64,
    /// Its first bytes.
    pub head: &'a [u8],
    /// How much may be read.
    pub limits: &'a Limits,
}

/// Why a parser stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It wants the first so many bytes of the file. Never more than the file has.
    Need(u64),
    /// The file is wrong.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

impl<'a> Source<'a> {
    /// Some bytes of the file, which are part of the `name`.
    pub fn bytes(&self, name: &str, range: Range<u64>) -> Result<&'a [u8], Stop> {
        if range.end > self.size {
            return Err(Error::truncated(&name, range.end, self.size).into());
        }
        if range.end > self.head.len() as u64 {
            return Err(Stop::Need(range.end));
        }
        // Both ends are within `head`, so that they fit in usize.
        Ok(&self.head[range.start as usize..range.end as usize])
    }

    /// The whole file, if it is not larger than `limit`.
    pub fn whole(&self, limit: u64) -> Result<&'a [u8], Stop> {
        Limits::check("file", self.size, limit)?;
        self.bytes("file", 0..self.size)
    }
}

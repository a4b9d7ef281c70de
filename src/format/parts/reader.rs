//! The dialogue with whoever holds the file.

use core::ops::Range;

use super::MAX_SAFE;
use super::source::{Source, Stop};
use crate::error::Error;
use crate::format::{Format, Index, Limits, sniff};

/// How much is asked for at first: enough for every format to be recognised, and for most headers.
const FIRST: u64 = 4096;

/// How much is asked for at a time, so that a caller can show progress, and holds no second copy of a large file.
const CHUNK: u64 = 8 << 20;

/// Builds the [`Index`] of a file from as few of its bytes as the format allows.
///
/// Ask it what it needs, supply exactly that, until it needs nothing more. It reads from the start of the file
/// onwards: each range begins where the one before ended. The module's page shows it at work.
pub struct Reader {
    size: u64,
    limits: Limits,
    head: Vec<u8>,
    wanted: u64,
    format: Option<&'static Format>,
    index: Option<Index>,
}

impl Reader {
    /// A reader of a file of `size` bytes.
    ///
    /// # Errors
    /// `Fault::Truncated` for an empty file, `Fault::Limit` for one larger than 2^53 bytes.
    pub fn new(size: u64, limits: Limits) -> Result<Self, Error> {
        Limits::check("file", size, MAX_SAFE)?;
        if size == 0 {
            return Err(Error::truncated(&"file", 8, 0));
        }
        Ok(Reader { size, limits, head: Vec::new(), wanted: size.min(FIRST), format: None, index: None })
    }

    /// The bytes of the file that are wanted next; `None` when the index is complete.
    pub fn need(&self) -> Option<Range<u64>> {
        let start = self.head.len() as u64;
        (start < self.wanted).then(|| start..self.wanted.min(start + CHUNK))
    }

    /// Takes the bytes that [`need`](Self::need) asked for.
    ///
    /// # Errors
    /// `Fault::Size` for another number of bytes, and every way in which a file can be wrong.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let expected = self.need().map_or(0, |range| range.end - range.start);
        if bytes.len() as u64 != expected {
            return Err(Error::size(&"the piece of the file", expected, bytes.len() as u64));
        }
        self.hold(bytes)?;
        if self.head.len() as u64 == self.wanted { self.advance() } else { Ok(()) }
    }

    /// The index.
    ///
    /// # Errors
    /// `Fault::Truncated` if bytes are still needed.
    pub fn finish(self) -> Result<Index, Error> {
        let (expected, found) = (self.wanted, self.head.len() as u64);
        self.index.ok_or_else(|| Error::truncated(&"file", expected, found))
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let missing = self.wanted - self.head.len() as u64;
        let refused = || Error::out_of_memory(&"file", missing);
        let room = usize::try_from(missing).map_err(|_| refused())?;
        self.head.try_reserve_exact(room).map_err(|_| refused())?;
        self.head.extend_from_slice(bytes);
        Ok(())
    }

    fn advance(&mut self) -> Result<(), Error> {
        let format = match self.format {
            Some(format) => format,
            None => *self.format.insert(sniff(&self.head, self.size)?),
        };
        let source = Source { size: self.size, head: &self.head, limits: &self.limits };
        match (format.index)(&source) {
            Ok(index) => self.index = Some(index),
            Err(Stop::Need(end)) => self.wanted = end,
            Err(Stop::Failed(error)) => return Err(error),
        }
        Ok(())
    }
}

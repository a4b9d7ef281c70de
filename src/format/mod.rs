//! BYTES → NAMED TENSORS. Knows nothing of attention.
//!
//! A file is recognised by its first bytes, never by its name. A format is one file here plus one line in [`FORMATS`],
//! and answers two questions: which tensors does a file hold (`index`), and what are the numbers of one (`read`).
//!
//! An index is built by *pulling*: the parser asks for the beginning of the file up to some byte and is called again
//! once that is there. So the index of a safetensors file of many gigabytes costs its header alone, and the bytes of a
//! tensor are fetched when somebody looks at it. See [`Reader`].
//!
//! Files are hostile until shown otherwise. Every size that a file states is checked against the file's own size and
//! against [`Limits`] before a byte is allocated for it; nothing recurses on nested input; what two readers might
//! understand differently (duplicate names, overlapping bytes) is refused.
//!
//! ```
//! use qkscope::format::{self, Limits, Reader};
//!
//! let file = br#"{"query": [[1, 0], [0.5, 2]]}"#;
//! let mut reader = Reader::new(file.len() as u64, Limits::default())?;
//! while let Some(range) = reader.need() {
//!     reader.supply(&file[range.start as usize..range.end as usize])?;
//! }
//! let index = reader.finish()?;
//! let tensor = &index.tensors[0];
//! assert_eq!((index.format.as_str(), tensor.name.as_str(), tensor.shape.as_slice()), ("json", "query", &[2, 2][..]));
//!
//! let bytes = &file[tensor.offset as usize..][..tensor.length as usize];
//! assert_eq!(format::read(tensor, bytes, &Limits::default())?, [1.0, 0.0, 0.5, 2.0]);
//! # Ok::<(), qkscope::error::Error>(())
//! ```

use crate::error::{self, Error, dims};
use crate::member::Member;

mod json;
mod npy;
mod npz;
mod safetensors;

pub(crate) mod parts;

pub use parts::reader::Reader;

use parts::source::{Source, Stop};

/// The formats, in the order in which a file is tried. JSON comes last: its first character says the least.
pub static FORMATS: [Format; 4] = [npy::FORMAT, npz::FORMAT, safetensors::FORMAT, json::FORMAT];

/// A file format: what it is called, and how to read it.
pub struct Format {
    /// Its identity; the `id` is also the usual extension.
    pub member: Member,
    /// Whether a file that begins with these bytes, and has this size, is one.
    sniff: fn(head: &[u8], size: u64) -> bool,
    /// Lists the tensors of a file.
    index: fn(&Source) -> Result<Index, Stop>,
    /// The numbers of one tensor, from its bytes.
    read: Read,
}

type Read = fn(&TensorInfo, &[u8], &Limits) -> Result<Vec<f32>, Error>;

/// How much is read at most. Sizes are in bytes. Every limit can be raised by the caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Read into memory at once: a tensor, or a file of a format that has to be read whole. 512 MB.
    pub bytes: u64,
    /// The header of a safetensors or npy file. 8 MB.
    pub header: u64,
    /// A JSON file. 64 MB.
    pub json: u64,
    /// Tensors in a file. 10,000.
    pub tensors: u64,
    /// Dimensions of a tensor. 8.
    pub rank: u64,
    /// Inflated size over compressed size, after the first MB. 100.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 512 << 20, header: 8 << 20, json: 64 << 20, tensors: 10_000, rank: 8, ratio: 100 }
    }
}

impl Limits {
    /// Refuses a size over a limit.
    pub(crate) fn check(name: &str, found: u64, limit: u64) -> Result<(), Error> {
        if found > limit { Err(Error::limit(&name, limit, found)) } else { Ok(()) }
    }
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Index {
    /// The `id` of its format.
    pub format: String,
    /// Its tensors, in the order of the file.
    pub tensors: Vec<TensorInfo>,
    /// Its texts by name, in the order of the file. A list of texts is written as a JSON array.
    pub metadata: Vec<(String, String)>,
}

/// One tensor of a file: what it is, where its bytes are, and how they are to be read.
///
/// It may travel through JavaScript and back; [`read`] trusts none of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TensorInfo {
    /// Its name. Any text at all: `""`, `__proto__`, `../`.
    pub name: String,
    /// The type of its numbers, in the words of the file: `F32`, `<f4`.
    pub dtype: String,
    /// Its dimensions, outermost first. Empty for a scalar.
    pub shape: Vec<u64>,
    /// Where its bytes begin in the file.
    pub offset: u64,
    /// How many bytes it takes in the file.
    pub length: u64,
    /// Whether [`read`] can read it.
    pub supported: bool,
    /// Why it cannot, and what to do about it.
    pub note: Option<String>,
    /// The `id` of the format that reads it.
    pub format: String,
    /// Whether its first dimension runs fastest in the file (Fortran order), not its last (C order).
    pub fortran: bool,
    /// How its bytes are wrapped in an archive.
    pub packing: Option<Packing>,
}

/// How a member of an archive is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packing {
    /// Whether its bytes are deflated (RFC 1951); else they are as they are.
    pub deflated: bool,
    /// How many bytes it has when unpacked.
    pub size: u64,
    /// Their CRC-32.
    pub crc: u32,
}

impl TensorInfo {
    /// Marks the tensor as one that is listed, but not read.
    fn refuse(mut self, note: impl Into<String>) -> Self {
        self.supported = false;
        self.note = Some(note.into());
        self
    }
}

/// The numbers of a tensor as `f32`, in C order (the last dimension runs fastest).
///
/// `bytes` are the bytes of the file from `tensor.offset` on, `tensor.length` of them. Wider types are rounded to the
/// nearest `f32`, and beyond its range to infinity; `true` is 1.
///
/// # Errors
/// `Fault::Unsupported` where the tensor is listed without being readable; `Fault::Size`, `Fault::Checksum`,
/// `Fault::Malformed` and their like where bytes and description do not fit each other.
pub fn read(tensor: &TensorInfo, bytes: &[u8], limits: &Limits) -> Result<Vec<f32>, Error> {
    if !tensor.supported {
        let found = tensor.note.clone().unwrap_or_else(|| format!("dtype {}", tensor.dtype));
        return Err(Error::unsupported(&tensor.name, &parts::element::READABLE, &found));
    }
    if bytes.len() as u64 != tensor.length {
        return Err(Error::size(&tensor.name, tensor.length, bytes.len() as u64));
    }
    Limits::check(&tensor.name, tensor.length, limits.bytes)?;
    (by_id(&tensor.format)?.read)(tensor, bytes, limits)
}

fn by_id(id: &str) -> Result<&'static Format, Error> {
    FORMATS.iter().find(|format| format.member.id == id).ok_or_else(|| Error::unknown(&"format", &names(), &id))
}

/// The format of a file, from its first bytes.
fn sniff(head: &[u8], size: u64) -> Result<&'static Format, Error> {
    FORMATS.iter().find(|format| (format.sniff)(head, size)).ok_or_else(|| match size {
        0..8 => Error::truncated(&"file", 8, size),
        _ => Error::unknown_format(&names(), &parts::snippet(head)),
    })
}

fn names() -> String {
    error::names(&mut FORMATS.iter().map(|format| format.member.id))
}

/// The number of elements of a shape, if it can be counted at all.
///
/// # Errors
/// `Fault::Limit` for too many dimensions, `Fault::Shape` for more elements than JavaScript can count.
pub(crate) fn count(name: &str, shape: &[u64], limits: &Limits) -> Result<u64, Error> {
    if shape.len() as u64 > limits.rank {
        let (name, found) = (format!("rank of {name}"), shape.len() as u64);
        return Err(Error::limit(&name, limits.rank, found));
    }
    let product = shape.iter().try_fold(1u64, |product, &n| product.checked_mul(n).filter(|_| n <= parts::MAX_SAFE));
    // An empty tensor is empty, in whatever order its dimensions would have overflowed.
    let product = if shape.contains(&0) && shape.iter().all(|&n| n <= parts::MAX_SAFE) { Some(0) } else { product };
    product.filter(|&n| n <= parts::MAX_SAFE).ok_or_else(|| Error::shape(&name, &"at most 2^53 elements", &dims(shape)))
}

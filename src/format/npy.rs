//! npy: one array of numpy, behind the text of a Python dictionary.
//!
//! ```text
//! \x93NUMPY │ u8 major │ u8 minor │ u16 (version 1) or u32 little endian n │ n bytes of dictionary │ numbers
//! ```
//!
//! The rules are those of NEP 1 and of `numpy/lib/_format_impl.py`. What those evaluate or unpickle is refused.

use super::parts::element::{Element, Layout, READABLE};
use super::parts::python::{self, Header};
use super::parts::snippet;
use super::parts::source::{Source, Stop};
use super::{Format, Index, Limits, TensorInfo};
use crate::error::Error;
use crate::member::{Member, Text};

pub(super) const FORMAT: Format = Format {
    member: Member::cited(
        "npy",
        Text { en: "npy (numpy)", zh: "npy（numpy）" },
        Text { en: "One array, as numpy.save writes it.", zh: "numpy.save 写出的单个数组。" },
        "magic · version · length of header · header (dict) · numbers",
        "numpy.org/neps/nep-0001-npy-format",
    ),
    sniff: |head, _| head.starts_with(MAGIC),
    index,
    read,
};

pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// The name of an array that has none.
const NAME: &str = "array";

fn index(file: &Source) -> Result<Index, Stop> {
    let (header, data) = header(NAME, file)?;
    let tensor = TensorInfo {
        name: NAME.into(),
        dtype: header.descr,
        shape: header.shape,
        offset: data,
        length: file.size - data,
        supported: true,
        note: None,
        format: FORMAT.member.id.into(),
        fortran: header.fortran,
        packing: None,
    };
    let tensor = checked(tensor, file.size - data, file.limits)?;
    Ok(Index { format: FORMAT.member.id.into(), tensors: vec![tensor], metadata: Vec::new() })
}

fn read(tensor: &TensorInfo, bytes: &[u8], limits: &Limits) -> Result<Vec<f32>, Error> {
    let layout =
        layout(&tensor.dtype, tensor.fortran).map_err(|note| Error::unsupported(&tensor.name, &READABLE, &note))?;
    layout.widen(tensor, bytes, limits)
}

/// The dictionary of the array `name`, and where its numbers begin.
pub(super) fn header(name: &str, file: &Source) -> Result<(Header, u64), Stop> {
    let part = format!("header of {name}");
    let start = file.bytes(&part, 0..8)?;
    let malformed = |offset, expected: &str, found| Error::malformed(&part, offset, &expected, &found);
    if !start.starts_with(MAGIC) {
        return Err(malformed(0, "\\x93NUMPY", snippet(start)).into());
    }
    let (length, begin) = match start[6] {
        1 => (little_endian(file.bytes(&part, 8..10)?), 10),
        2 | 3 => (little_endian(file.bytes(&part, 8..12)?), 12),
        version => return Err(malformed(6, "version 1, 2 or 3", format!("version {version}")).into()),
    };
    Limits::check(&part, length, file.limits.header)?;
    let bytes = file.bytes(&part, begin..begin + length)?;
    let text = match start[6] {
        3 => str::from_utf8(bytes)
            .map_err(|error| malformed(begin + error.valid_up_to() as u64, "UTF-8", snippet(bytes)))?,
        // Latin-1, where every byte is a character.
        _ => &bytes.iter().map(|&byte| char::from(byte)).collect::<String>(),
    };
    Ok((python::parse(name, text)?, begin + length))
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// The tensor, if its shape takes `length` bytes; marked as unsupported, if its type is not read.
pub(super) fn checked(tensor: TensorInfo, length: u64, limits: &Limits) -> Result<TensorInfo, Error> {
    match layout(&tensor.dtype, tensor.fortran) {
        Err(note) => super::count(&tensor.name, &tensor.shape, limits).map(|_| tensor.refuse(note)),
        Ok(layout) => match layout.size(&tensor.name, &tensor.shape, limits)? {
            expected if expected == length => Ok(tensor),
            expected => Err(Error::size(&tensor.name, expected, length)),
        },
    }
}

/// How numbers of a type lie, or why they are not read.
pub(super) fn layout(descr: &str, fortran: bool) -> Result<Layout, String> {
    let (order, kind) = match descr.as_bytes().first() {
        Some(b'<' | b'>' | b'|' | b'=') => descr.split_at(1),
        _ => ("<", descr),
    };
    let element = match kind {
        "f8" => Element::F64,
        "f4" => Element::F32,
        "f2" => Element::F16,
        "bfloat16" => Element::Bf16,
        "i8" => Element::I64,
        "i4" => Element::I32,
        "i2" => Element::I16,
        "i1" => Element::I8,
        "u8" => Element::U64,
        "u4" => Element::U32,
        "u2" => Element::U16,
        "u1" => Element::U8,
        "b1" => Element::Bool,
        _ => return Err(refusal(descr, kind)),
    };
    Ok(Layout { element, big_endian: order == ">", fortran })
}

fn refusal(descr: &str, kind: &str) -> String {
    let reason = match kind.as_bytes().first() {
        Some(b'O') => "holds pickled Python objects, which can run programs when they are opened: save numbers",
        Some(b'V') => "holds raw bytes; numpy writes bfloat16 so: save it with .astype('float32')",
        Some(b'c') => "holds complex numbers: save .real or .imag",
        Some(b'U' | b'S') => "holds text",
        Some(b'f') => "is not a float of 16, 32 or 64 bits: save it with .astype('float64')",
        Some(b'[' | b'{' | b'(') => "is a record: save each of its fields by itself",
        _ => "is not read: save it with .astype('float32')",
    };
    format!("dtype {descr} {reason}")
}

//! npz: a zip archive of npy files, as `numpy.savez` and `numpy.savez_compressed` write it.
//!
//! The directory of a zip archive is at its end, so that the whole file is read. Arrays of text (`<U9`) and scalars are
//! also given as metadata: that is how an npz file says `tokens` and `scale`.

use super::parts::element::{Element, READABLE};
use super::parts::names::unique;
use super::parts::scan::quote;
use super::parts::source::{Source, Stop};
use super::parts::zip::{self, Entry};
use super::{Format, Index, Limits, Packing, TensorInfo, npy};
use crate::decimal;
use crate::error::{Error, dims};
use crate::member::{Member, Text};

pub(super) const FORMAT: Format = Format {
    member: Member::cited(
        "npz",
        Text { en: "npz (numpy)", zh: "npz（numpy）" },
        Text {
            en: "Named arrays, as numpy.savez and numpy.savez_compressed write them.",
            zh: "numpy.savez 和 numpy.savez_compressed 写出的命名数组。",
        },
        "zip archive of npy files",
        "numpy.org/doc/stable/reference/generated/numpy.savez.html; PKWARE APPNOTE 6.3",
    ),
    sniff: |head, _| head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06"),
    index,
    read,
};

fn index(file: &Source) -> Result<Index, Stop> {
    let archive = file.whole(file.limits.bytes)?;
    let mut index = Index { format: FORMAT.member.id.into(), tensors: Vec::new(), metadata: Vec::new() };
    // Headers and texts are unpacked here and now; all of them together may be as long as one header.
    let mut budget = file.limits.header;
    for entry in zip::entries(archive, file.limits)? {
        let tensor = describe(&entry, &mut budget, file.limits)?;
        let size = tensor.packing.map_or(u64::MAX, |packing| packing.size);
        if let Some(left) = budget.checked_sub(size)
            && let Some(text) = text(&tensor, entry.bytes, file.limits)?
        {
            budget = left;
            index.metadata.push((tensor.name.clone(), text));
        }
        index.tensors.push(tensor);
    }
    unique("the archive", index.tensors.iter().map(|tensor| tensor.name.as_str()))?;
    Ok(index)
}

fn read(tensor: &TensorInfo, bytes: &[u8], limits: &Limits) -> Result<Vec<f32>, Error> {
    let packing = tensor.packing.ok_or_else(|| Error::parameter(&"packing", &"how the file is packed", &"nothing"))?;
    let file = zip::unpack(&tensor.name, bytes, packing, limits)?;
    let (inner, data) = open(&tensor.name, &file, limits)?;
    if inner.shape != tensor.shape {
        return Err(Error::shape(&tensor.name, &dims(&tensor.shape), &dims(&inner.shape)));
    }
    let layout = npy::layout(&inner.descr, inner.fortran)
        .map_err(|found| Error::unsupported(&tensor.name, &READABLE, &found))?;
    layout.widen(tensor, data, limits)
}

/// A file of the archive as a tensor.
fn describe(entry: &Entry, budget: &mut u64, limits: &Limits) -> Result<TensorInfo, Error> {
    let name = entry.name.strip_suffix(".npy");
    let tensor = TensorInfo {
        name: name.unwrap_or(entry.name).into(),
        dtype: "?".into(),
        shape: Vec::new(),
        offset: entry.offset,
        length: entry.bytes.len() as u64,
        supported: true,
        note: None,
        format: FORMAT.member.id.into(),
        fortran: false,
        packing: entry.packing.ok(),
    };
    match (name, entry.packing) {
        (None, _) => Ok(tensor.refuse("is not an npy file")),
        (_, Err(note)) => Ok(tensor.refuse(note)),
        (Some(_), Ok(packing)) => header(tensor, entry.bytes, packing, budget, limits),
    }
}

/// Completes a tensor from the header of its npy file, of which as little as possible is unpacked. What is unpacked goes off
/// the budget: thousands of files that each claim a long header would take minutes.
fn header(
    tensor: TensorInfo,
    bytes: &[u8],
    packing: Packing,
    budget: &mut u64,
    limits: &Limits,
) -> Result<TensorInfo, Error> {
    const FIRST: u64 = 256;
    let mut wanted = packing.size.min(FIRST);
    loop {
        let (limit, found) = (limits.header, (limits.header - *budget).saturating_add(wanted));
        let spent = || Error::limit(&"all headers in the archive together", limit, found);
        *budget = budget.checked_sub(wanted).ok_or_else(spent)?;
        let head = zip::begin(&tensor.name, bytes, packing, wanted, limits)?;
        match npy::header(&tensor.name, &Source { size: packing.size, head: &head, limits }) {
            Err(Stop::Need(end)) => wanted = end,
            Err(Stop::Failed(error)) => return Err(error),
            Ok((header, data)) => {
                let tensor = TensorInfo { dtype: header.descr, shape: header.shape, fortran: header.fortran, ..tensor };
                return npy::checked(tensor, packing.size - data, limits);
            }
        }
    }
}

/// The header of an npy file that is here whole, and its numbers.
fn open<'a>(name: &str, file: &'a [u8], limits: &Limits) -> Result<(super::parts::python::Header, &'a [u8]), Error> {
    let size = file.len() as u64;
    match npy::header(name, &Source { size, head: file, limits }) {
        Ok((header, data)) => Ok((header, &file[data as usize..])),
        Err(Stop::Need(expected)) => Err(Error::truncated(&name, expected, size)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// What a scalar or an array of text says as metadata: the text itself, or a JSON array of texts.
fn text(tensor: &TensorInfo, bytes: &[u8], limits: &Limits) -> Result<Option<String>, Error> {
    let characters = tensor.dtype.strip_prefix("<U").and_then(|n| n.parse::<u64>().ok());
    let (Some(packing), true) = (tensor.packing, tensor.shape.len() <= 1) else { return Ok(None) };
    if characters.is_none() && !(tensor.supported && tensor.shape.is_empty()) {
        return Ok(None);
    }
    let file = zip::unpack(&tensor.name, bytes, packing, limits)?;
    let (_, data) = open(&tensor.name, &file, limits)?;
    let Some(characters) = characters else { return Ok(Some(scalar(&tensor.dtype, data))) };
    let expected = super::count(&tensor.name, &tensor.shape, limits)?.saturating_mul(characters).saturating_mul(4);
    if data.len() as u64 != expected {
        return Err(Error::size(&tensor.name, expected, data.len() as u64));
    }
    Ok(match (tensor.shape.is_empty(), characters) {
        (true, _) => Some(utf32(data)),
        (false, 0) => None,
        (false, _) => {
            let mut list = String::new();
            for text in data.chunks_exact(characters as usize * 4).map(utf32) {
                list.push(if list.is_empty() { '[' } else { ',' });
                quote(&text, &mut list);
            }
            Some(if list.is_empty() { "[]".into() } else { list + "]" })
        }
    })
}

/// A number as text, a boolean as `true` or `false`.
fn scalar(dtype: &str, bytes: &[u8]) -> String {
    let Ok(layout) = npy::layout(dtype, false) else { return String::new() };
    match (layout.element, layout.double(bytes)) {
        (Element::Bool, number) => if number != 0.0 { "true" } else { "false" }.into(),
        (_, number) => decimal::show(number),
    }
}

/// Text of fixed width, padded with NULs. Half a character (a lone surrogate) becomes U+FFFD.
fn utf32(bytes: &[u8]) -> String {
    let (units, _) = bytes.as_chunks::<4>();
    let text: String =
        units.iter().map(|&unit| char::from_u32(u32::from_le_bytes(unit)).unwrap_or('\u{fffd}')).collect();
    text.trim_end_matches('\0').into()
}

//! safetensors: the length of a JSON header, the header, and the bytes of all tensors, without gaps.
//!
//! ```text
//! u64 little endian n │ n bytes of JSON, padded with spaces │ tensors, in the order of their offsets
//! ```
//!
//! The rules are those of the format's README (github.com/huggingface/safetensors). Where the reference reader lets the
//! last of two tensors of one name win, this one refuses both, since other readers take the first.

use super::parts::element::{Element, Layout};
use super::parts::names::mend_surrogates;
use super::parts::scan::{items, members, string};
use super::parts::source::{Source, Stop};
use super::parts::{MAX_SAFE, order, room, snippet};
use super::{Format, Index, Limits, TensorInfo};
use crate::error::Error;
use crate::member::{Member, Text};

pub(super) const FORMAT: Format = Format {
    member: Member::cited(
        "safetensors",
        Text { en: "safetensors", zh: "safetensors" },
        Text {
            en: "Named tensors with text metadata; files of any size, since only what is looked at is read.",
            zh: "带文本元数据的命名张量；文件大小不限，因为只读取正在查看的部分。",
        },
        "length of header (u64) · header (JSON) · tensors",
        "github.com/huggingface/safetensors, README",
    ),
    sniff,
    index,
    read,
};

/// Bytes before the header.
const PREFIX: u64 = 8;

/// A header begins with `{`. Where it does not, the length must at least make sense, and then the header is wrong.
fn sniff(head: &[u8], size: u64) -> bool {
    let Some((length, rest)) = head.split_first_chunk::<8>() else { return false };
    let text = length.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    let length = u64::from_le_bytes(*length);
    !text && (rest.first() == Some(&b'{') || (1..=size - PREFIX).contains(&length))
}

fn index(file: &Source) -> Result<Index, Stop> {
    let (header, data) = header(file)?;
    let text = str::from_utf8(&header).map_err(|error| {
        let at = error.valid_up_to();
        malformed("header", at as u64, "UTF-8", snippet(&header[at..]))
    })?;
    let mut metadata = Vec::new();
    let mut tensors = Vec::new();
    // One more than the tensors, for the metadata.
    for (name, value) in members("header", text, file.limits.tensors.saturating_add(1))? {
        match name.as_str() {
            "__metadata__" => metadata = strings(value, file.limits)?,
            _ => tensors.push(tensor(name, value, data, file)?),
        }
    }
    Limits::check("number of tensors", tensors.len() as u64, file.limits.tensors)?;
    contiguous(&tensors, data, file.size)?;
    Ok(Index { format: FORMAT.member.id.into(), tensors, metadata })
}

fn read(tensor: &TensorInfo, bytes: &[u8], limits: &Limits) -> Result<Vec<f32>, Error> {
    let layout = element(&tensor.dtype).map(plain).ok_or_else(|| {
        Error::unsupported(&tensor.name, &super::parts::element::READABLE, &format_args!("dtype {}", tensor.dtype))
    })?;
    layout.widen(tensor, bytes, limits)
}

/// The header, and where the data begins.
fn header(file: &Source) -> Result<(Vec<u8>, u64), Stop> {
    let length = file.bytes("length of the header", 0..PREFIX)?;
    let length = u64::from_le_bytes(length.try_into().expect("eight bytes were asked for"));
    Limits::check("header", length, file.limits.header)?;
    let data = PREFIX + length;
    let bytes = file.bytes("header", PREFIX..data)?;
    if bytes.first() != Some(&b'{') {
        return Err(malformed("header", 0, "an object", snippet(bytes)).into());
    }
    let mut header = room("header", length)?;
    header.extend_from_slice(bytes);
    mend_surrogates(&mut header);
    Ok((header, data))
}

fn strings(object: &str, limits: &Limits) -> Result<Vec<(String, String)>, Error> {
    let members = members("__metadata__", object, limits.tensors)?;
    members.into_iter().map(|(name, value)| Ok((name.clone(), string(&name, value)?))).collect()
}

/// What the header says of a tensor: field by field, so that an error names the field.
fn tensor(name: String, value: &str, data: u64, file: &Source) -> Result<TensorInfo, Error> {
    let (mut dtype, mut shape, mut offsets) = (None, None, None);
    for (field, value) in members(&name, value, 3)? {
        match field.as_str() {
            "dtype" => dtype = Some(string(&name, value)?),
            "shape" => shape = Some(sizes("shape", &name, value)?),
            "data_offsets" => offsets = Some(sizes("data_offsets", &name, value)?),
            _ => return Err(malformed(&name, 0, "dtype, shape and data_offsets", format!("a field called {field}"))),
        }
    }
    let (Some(dtype), Some(shape), Some(offsets)) = (dtype, shape, offsets) else {
        return Err(malformed(&name, 0, "dtype, shape and data_offsets", snippet(value.as_bytes())));
    };
    let [begin, end] = offsets[..] else {
        return Err(malformed(&name, 0, "two data_offsets", offsets.len().to_string()));
    };
    if begin > end {
        return Err(Error::layout(&name, end, begin));
    }
    describe(name, dtype, shape, data + begin..data + end, file.limits)
}

fn describe(
    name: String,
    dtype: String,
    shape: Vec<u64>,
    range: core::ops::Range<u64>,
    limits: &Limits,
) -> Result<TensorInfo, Error> {
    let layout = element(&dtype).map(plain);
    let length = range.end - range.start;
    let expected = match layout {
        Some(layout) => layout.size(&name, &shape, limits)?,
        None => super::count(&name, &shape, limits).map(|_| length)?,
    };
    if expected != length {
        return Err(Error::size(&name, expected, length));
    }
    let tensor = TensorInfo {
        name,
        dtype,
        shape,
        offset: range.start,
        length,
        supported: true,
        note: None,
        format: FORMAT.member.id.into(),
        fortran: false,
        packing: None,
    };
    Ok(if layout.is_none() { tensor.refuse_dtype() } else { tensor })
}

impl TensorInfo {
    fn refuse_dtype(self) -> Self {
        let note = format!("dtype {} is not read; convert it to F32, F16 or BF16", self.dtype);
        self.refuse(note)
    }
}

/// Tensors lie one after the other, from the start of the data to the end of the file.
fn contiguous(tensors: &[TensorInfo], data: u64, size: u64) -> Result<(), Error> {
    let place = |at: usize| (tensors[at].offset, tensors[at].length);
    let mut end = data;
    for tensor in order(tensors.len(), &|a, b| place(a).cmp(&place(b))).into_iter().map(|at| &tensors[at]) {
        if tensor.offset != end {
            return Err(Error::layout(&tensor.name, end, tensor.offset));
        }
        end += tensor.length;
    }
    match end.cmp(&size) {
        core::cmp::Ordering::Greater => Err(Error::truncated(&"file", end, size)),
        core::cmp::Ordering::Less => Err(Error::size(&"file", end, size)),
        core::cmp::Ordering::Equal => Ok(()),
    }
}

/// A list of whole numbers that JavaScript can hold.
fn sizes(field: &str, tensor: &str, value: &str) -> Result<Vec<u64>, Error> {
    let part = format!("{field} of {tensor}");
    let mut sizes = Vec::new();
    for (i, text) in items(&part, value)?.into_iter().enumerate() {
        sizes.push(text.parse().ok().filter(|&n| n <= MAX_SAFE).ok_or_else(|| {
            Error::number(&format_args!("{part}[{i}]"), &"a whole number from 0 to 2^53 - 1", &snippet(text.as_bytes()))
        })?);
    }
    Ok(sizes)
}

fn element(dtype: &str) -> Option<Element> {
    Some(match dtype {
        "F64" => Element::F64,
        "F32" => Element::F32,
        "F16" => Element::F16,
        "BF16" => Element::Bf16,
        "I64" => Element::I64,
        "I32" => Element::I32,
        "I16" => Element::I16,
        "I8" => Element::I8,
        "U64" => Element::U64,
        "U32" => Element::U32,
        "U16" => Element::U16,
        "U8" => Element::U8,
        "BOOL" => Element::Bool,
        _ => return None,
    })
}

fn plain(element: Element) -> Layout {
    Layout { element, big_endian: false, fortran: false }
}

fn malformed(part: &str, offset: u64, expected: &str, found: String) -> Error {
    Error::malformed(&part, offset, &expected, &found)
}

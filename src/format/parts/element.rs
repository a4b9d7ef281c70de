//! The types of numbers that files hold, and their way to `f32`.

use half::{bf16, f16};

use super::room;
use crate::error::{Error, dims};
use crate::format::{Limits, TensorInfo, count};

/// What can be read, for messages.
pub(crate) const READABLE: &str = "numbers of 8 to 64 bits, or booleans";

/// A type of numbers, under the name that safetensors gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    F64,
    F32,
    F16,
    Bf16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
}

impl Element {
    /// Bytes of one number.
    pub fn size(self) -> u64 {
        match self {
            Element::F64 | Element::I64 | Element::U64 => 8,
            Element::F32 | Element::I32 | Element::U32 => 4,
            Element::F16 | Element::Bf16 | Element::I16 | Element::U16 => 2,
            Element::I8 | Element::U8 | Element::Bool => 1,
        }
    }
}

/// How the numbers of a tensor lie in its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Their type.
    pub element: Element,
    /// Whether the most significant byte comes first.
    pub big_endian: bool,
    /// Whether the first dimension runs fastest (Fortran order), not the last (C order).
    pub fortran: bool,
}

impl Layout {
    /// The bytes that a tensor of this shape takes.
    pub fn size(self, name: &str, shape: &[u64], limits: &Limits) -> Result<u64, Error> {
        count(name, shape, limits)?
            .checked_mul(self.element.size())
            .ok_or_else(|| Error::shape(&name, &"at most 2^53 bytes", &dims(shape)))
    }

    /// The numbers of a tensor, in C order.
    pub fn widen(self, tensor: &TensorInfo, bytes: &[u8], limits: &Limits) -> Result<Vec<f32>, Error> {
        let expected = self.size(&tensor.name, &tensor.shape, limits)?;
        if bytes.len() as u64 != expected {
            return Err(Error::size(&tensor.name, expected, bytes.len() as u64));
        }
        let mut numbers = room(&tensor.name, expected / self.element.size())?;
        self.decode(bytes, &mut numbers);
        if self.fortran && tensor.shape.len() > 1 && numbers.len() > 1 {
            numbers = transposed(&tensor.name, &tensor.shape, &numbers)?;
        }
        Ok(numbers)
    }

    /// The first number, in full precision where it has more than `f32`; 0 where there is none.
    pub fn double(self, bytes: &[u8]) -> f64 {
        match (self.element, bytes.first_chunk::<8>()) {
            (Element::F64, Some(&bytes)) if self.big_endian => f64::from_be_bytes(bytes),
            (Element::F64, Some(&bytes)) => f64::from_le_bytes(bytes),
            _ => {
                let mut number = Vec::new();
                self.decode(&bytes[..bytes.len().min(self.element.size() as usize)], &mut number);
                number.first().copied().unwrap_or(0.0).into()
            }
        }
    }

    fn decode(self, bytes: &[u8], out: &mut Vec<f32>) {
        let big = self.big_endian;
        match self.element {
            Element::F64 => each(bytes, big, out, |b| f64::from_le_bytes(b) as f32),
            Element::F32 => each(bytes, big, out, f32::from_le_bytes),
            Element::F16 => each(bytes, big, out, |b| f16::from_le_bytes(b).to_f32()),
            Element::Bf16 => each(bytes, big, out, |b| bf16::from_le_bytes(b).to_f32()),
            Element::I64 => each(bytes, big, out, |b| i64::from_le_bytes(b) as f32),
            Element::I32 => each(bytes, big, out, |b| i32::from_le_bytes(b) as f32),
            Element::I16 => each(bytes, big, out, |b| i16::from_le_bytes(b).into()),
            Element::I8 => each(bytes, big, out, |b| i8::from_le_bytes(b).into()),
            Element::U64 => each(bytes, big, out, |b| u64::from_le_bytes(b) as f32),
            Element::U32 => each(bytes, big, out, |b| u32::from_le_bytes(b) as f32),
            Element::U16 => each(bytes, big, out, |b| u16::from_le_bytes(b).into()),
            Element::U8 => each(bytes, big, out, |b: [u8; 1]| b[0].into()),
            Element::Bool => each(bytes, big, out, |b: [u8; 1]| (b[0] != 0).into()),
        }
    }
}

/// Converts numbers of `N` bytes each, whose bytes need no alignment.
fn each<const N: usize>(bytes: &[u8], big_endian: bool, out: &mut Vec<f32>, convert: impl Fn([u8; N]) -> f32) {
    let numbers = bytes.as_chunks::<N>().0.iter().copied();
    if big_endian {
        out.extend(numbers.map(|mut number| {
            number.reverse();
            convert(number)
        }));
    } else {
        out.extend(numbers.map(convert));
    }
}

/// From Fortran order to C order. `numbers` are as many as `shape` says, and not none: no product here overflows.
fn transposed(name: &str, shape: &[u64], numbers: &[f32]) -> Result<Vec<f32>, Error> {
    let mut out = room(name, numbers.len() as u64)?;
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |stride, &n| {
            let this = *stride;
            *stride *= n as usize;
            Some(this)
        })
        .collect();
    let mut at = vec![0u64; shape.len()];
    let mut from = 0;
    for _ in 0..numbers.len() {
        out.push(numbers[from]);
        // Counts up in C order, carrying from the last dimension; `from` follows along the strides.
        for axis in (0..shape.len()).rev() {
            at[axis] += 1;
            from += strides[axis];
            if at[axis] < shape[axis] {
                break;
            }
            at[axis] = 0;
            from -= strides[axis] * shape[axis] as usize;
        }
    }
    Ok(out)
}

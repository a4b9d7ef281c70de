//! What the formats share.

pub(crate) mod element;
pub(crate) mod inflate;
pub(crate) mod names;
pub(crate) mod python;
pub(crate) mod reader;
pub(crate) mod scan;
pub(crate) mod source;
pub(crate) mod zip;

use crate::error::Error;
use core::cmp::Ordering;

/// The largest whole number that every JavaScript number can hold: 2^53 - 1.
pub(crate) const MAX_SAFE: u64 = (1 << 53) - 1;

/// The beginning of some bytes, as a person would write it in a message.
pub(crate) fn snippet(bytes: &[u8]) -> String {
    const SHOWN: usize = 16;
    let cut = if bytes.len() > SHOWN { "…" } else { "" };
    match bytes.len() {
        0 => "nothing".into(),
        n => format!("\"{}\"{cut}", bytes[..n.min(SHOWN)].escape_ascii()),
    }
}

/// An empty list with room for `count` elements that a file asks for.
///
/// # Errors
/// `Fault::OutOfMemory`, instead of the trap that a failed allocation is.
pub(crate) fn room<T>(name: &str, count: u64) -> Result<Vec<T>, Error> {
    let refused = || Error::out_of_memory(&name, count.saturating_mul(size_of::<T>() as u64));
    let mut list = Vec::new();
    let count = usize::try_from(count).map_err(|_| refused())?;
    list.try_reserve_exact(count).map_err(|_| refused())?;
    Ok(list)
}

/// The numbers below `count` in ascending order, equal ones as they come: a merge sort, one for all that is sorted.
pub(crate) fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut sorted: Vec<usize> = (0..count).collect();
    let mut width = 1;
    while width < count {
        let mut merged = Vec::with_capacity(count);
        for pair in sorted.chunks(2 * width) {
            let (mut a, mut b) = pair.split_at(width.min(pair.len()));
            while let (Some(&first), Some(&second)) = (a.first(), b.first()) {
                let from = if compare(first, second) == Ordering::Greater { &mut b } else { &mut a };
                merged.push(from[0]);
                *from = &from[1..];
            }
            merged.extend_from_slice(a);
            merged.extend_from_slice(b);
        }
        (sorted, width) = (merged, 2 * width);
    }
    sorted
}

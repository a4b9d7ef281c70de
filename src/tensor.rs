//! Shapes, checked once; after that the type is the proof, and kernels cannot fail.

use crate::error::{Error, sizes};
use serde::Deserialize;

/// The sizes of one attention problem, all checked against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// B, the number of independent problems.
    pub batch: usize,
    /// Hq, the number of query heads; a multiple of `kv_heads`.
    pub heads: usize,
    /// Hkv, the number of key and value heads. 1 is multi-query attention, fewer than `heads` grouped-query attention.
    pub kv_heads: usize,
    /// N, the number of queries.
    pub queries: usize,
    /// M, the number of keys and values.
    pub keys: usize,
    /// d, the head size of Q.
    pub head_size: usize,
    /// dk, the head size of K: d, but for scores with a matrix that takes one to the other.
    pub key_size: usize,
    /// dv, the head size of V; 0 where there is no V.
    pub value_size: usize,
}

impl Sizes {
    /// The sizes of `query` (B, Hq, N, d), `key` (B, Hkv, M, dk) and `value` (B, Hkv, M, dv).
    ///
    /// # Errors
    /// `Fault::Shape` where the three do not fit each other, d or dk is 0, Hq is no multiple of Hkv, or an axis passes
    /// [`MAX_LENGTH`] or [`MAX_PLANES`].
    pub fn new(query: [usize; 4], key: [usize; 4], value: Option<[usize; 4]>) -> Result<Sizes, Error> {
        let [batch, heads, queries, head_size] = query;
        let [_, kv_heads, keys, key_size] = key;
        for (name, shape) in [("query", Some(query)), ("key", Some(key)), ("value", value)] {
            shape.map_or(Ok(()), |shape| check_axes(name, shape))?;
        }
        for (name, size, shape_of) in [("query", head_size, query), ("key", key_size, key)] {
            if size == 0 {
                return Err(shape(name, "a head size of at least 1", shape_of));
            }
        }
        expect("key", key, [batch, kv_heads, keys, key_size], "batch of query")?;
        if heads > 0 && (kv_heads == 0 || !heads.is_multiple_of(kv_heads)) {
            let rule = format!("a number of heads that divides the {heads} of query");
            return Err(shape("key", &rule, key));
        }
        let value_size = value.map_or(0, |v| v[3]);
        if let Some(value) = value {
            expect("value", value, [batch, kv_heads, keys, value_size], "batch, heads and length of key")?;
        }
        Ok(Sizes { batch, heads, kv_heads, queries, keys, head_size, key_size, value_size })
    }

    /// Refuses keys of another head size than the queries: most scores compare the two number by number.
    ///
    /// # Errors
    /// `Fault::Shape`.
    pub fn same_head_size(&self) -> Result<(), Error> {
        let key = [self.batch, self.kv_heads, self.keys, self.key_size];
        expect("key", key, [self.batch, self.kv_heads, self.keys, self.head_size], "batch and head size of query")
    }

    /// How many matrices there are: B · Hq.
    pub fn planes(&self) -> usize {
        self.batch * self.heads
    }

    /// The plane of K and V that query plane `plane` reads: head h uses head floor(h / G), G = Hq / Hkv.
    pub fn kv_plane(&self, plane: usize) -> usize {
        let group = self.heads / self.kv_heads;
        plane / self.heads * self.kv_heads + plane % self.heads / group
    }

    /// The first of the query heads that share keys with query head `head`.
    pub fn first_head(&self, head: usize) -> usize {
        let group = self.heads / self.kv_heads;
        head / group * group
    }
}

/// One query head of a problem: what a member needs to know to set its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The sizes of the whole problem.
    pub sizes: Sizes,
    /// The query head, 0 to Hq − 1.
    pub head: usize,
}

/// Something that may differ from query head to query head: one for all of them, or one for each.
pub struct PerHead<T>(Vec<T>);

impl<T> PerHead<T> {
    /// Makes one for each head where `each` is set, else one that all share.
    ///
    /// # Errors
    /// What `make` fails with, or `Fault::OutOfMemory`.
    pub fn new(sizes: Sizes, each: bool, make: impl Fn(&Head) -> Result<T, Error>) -> Result<Self, Error> {
        let count = if each { sizes.heads.max(1) } else { 1 };
        let mut all = reserved("parameters", count)?;
        for head in 0..count {
            all.push(make(&Head { sizes, head })?);
        }
        Ok(PerHead(all))
    }

    /// That of query head `head`.
    pub fn of(&self, head: usize) -> &T {
        &self.0[head.min(self.0.len() - 1)]
    }
}

/// Numbers with a shape, row-major: a parameter that is a vector or a matrix.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tensor {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// As many numbers as the shape says.
    pub data: Vec<f32>,
}

/// The most queries, keys or dimensions: up to here single precision counts them exactly.
pub const MAX_LENGTH: usize = 1 << 24;

/// The most heads over all batch items.
pub const MAX_PLANES: usize = 1 << 20;

fn check_axes(name: &str, given: [usize; 4]) -> Result<(), Error> {
    let [batch, heads, length, size] = given;
    if batch.checked_mul(heads).is_none_or(|planes| planes > MAX_PLANES) {
        return Err(shape(name, &format!("at most {MAX_PLANES} heads over all batch items"), given));
    }
    if length.max(size) > MAX_LENGTH {
        return Err(shape(name, &format!("at most {MAX_LENGTH} rows and dimensions"), given));
    }
    Ok(())
}

fn expect(name: &str, found: [usize; 4], expected: [usize; 4], why: &str) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(shape(name, &format!("({}), the {why}", join(&expected)), found))
}

fn shape(name: &str, expected: &str, found: [usize; 4]) -> Error {
    Error::shape(&name, &expected, &format_args!("({})", join(&found)))
}

/// The numbers of a shape: `1, 12, 16, 32`.
pub(crate) fn join(shape: &[usize]) -> String {
    sizes(&mut shape.iter().map(|&n| n as u64))
}

/// The number of elements of a shape, in 64 bits because the words of a caller may not fit a 32-bit `usize`.
///
/// # Errors
/// `Fault::Shape` where the product does not fit, or is not `length`.
pub fn check_length(name: &str, shape: [usize; 4], length: usize) -> Result<(), Error> {
    let count = shape.iter().try_fold(1u64, |product, &n| product.checked_mul(n as u64));
    if count == Some(length as u64) {
        return Ok(());
    }
    Err(Error::shape(
        &name,
        &format_args!("{} elements for ({})", count.map_or("too many".into(), |n| n.to_string()), join(&shape)),
        &length,
    ))
}

/// A vector of `length` copies of `value`, or a typed error where the memory is not to be had.
///
/// # Errors
/// `Fault::OutOfMemory`, naming `name` and the bytes.
pub fn filled<T: Clone>(name: &str, length: usize, value: T) -> Result<Vec<T>, Error> {
    let mut vector = reserved(name, length)?;
    vector.resize(length, value);
    Ok(vector)
}

/// An empty vector with room for `length` elements, or a typed error where the memory is not to be had.
///
/// # Errors
/// `Fault::OutOfMemory`, naming `name` and the bytes.
pub fn reserved<T>(name: &str, length: usize) -> Result<Vec<T>, Error> {
    let mut vector = Vec::new();
    let bytes = length as u64 * size_of::<T>() as u64;
    vector.try_reserve_exact(length).map_err(|_| Error::out_of_memory(&name, bytes))?;
    Ok(vector)
}

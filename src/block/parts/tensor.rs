//! Tensors of any number of axes, row-major, the last axis contiguous.

use crate::error::Error;
use crate::tensor::{self, reserved};

/// Numbers and their shape, checked against each other once.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<T> {
    shape: Vec<usize>,
    data: Vec<T>,
}

impl<T: Copy> Tensor<T> {
    /// The tensor called `name`.
    ///
    /// # Errors
    /// `Fault::Shape` where the shape has another number of elements than there are.
    pub fn new(name: &str, shape: Vec<usize>, data: Vec<T>) -> Result<Self, Error> {
        let count = elements(&shape);
        if count == Some(data.len()) {
            return Ok(Tensor { shape, data });
        }
        Err(Error::shape(
            &name,
            &format_args!("{} elements for {}", count.map_or("too many".into(), |n| n.to_string()), join(&shape)),
            &data.len(),
        ))
    }

    /// The tensor of a shape whose element at each index is `value(index)`.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`, naming `name`.
    pub fn build<const N: usize>(
        name: &str,
        shape: [usize; N],
        mut value: impl FnMut([usize; N]) -> T,
    ) -> Result<Self, Error> {
        let bytes = shape.iter().fold(size_of::<T>() as u64, |bytes, &n| bytes.saturating_mul(n as u64));
        let count = elements(&shape).ok_or_else(|| Error::out_of_memory(&name, bytes))?;
        let mut data = reserved(name, count)?;
        data.extend((0..count).map(|place| value(index(shape, place))));
        Ok(Tensor { shape: shape.into(), data })
    }

    /// The length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements, row-major.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// The shape of a tensor that is known to have N axes.
    pub fn axes<const N: usize>(&self) -> [usize; N] {
        core::array::from_fn(|axis| self.shape[axis])
    }

    /// The element at an index.
    pub fn at<const N: usize>(&self, index: [usize; N]) -> T {
        self.data[index.iter().zip(&self.shape).fold(0, |place, (&i, &n)| place * n + i)]
    }

    /// Row `r` of all that lie along the last axis.
    pub fn row(&self, r: usize) -> &[T] {
        let length = self.shape[self.shape.len() - 1];
        &self.data[r * length..][..length]
    }

    /// The elements alone.
    pub fn into_data(self) -> Vec<T> {
        self.data
    }

    /// The same elements in another shape of as many.
    ///
    /// # Errors
    /// `Fault::Shape`, naming `name`.
    pub fn reshape<const N: usize>(self, name: &str, shape: [usize; N]) -> Result<Self, Error> {
        Tensor::new(name, shape.into(), self.data)
    }
}

/// Where the element number `place` stands.
fn index<const N: usize>(shape: [usize; N], mut place: usize) -> [usize; N] {
    let mut index = [0; N];
    for axis in (0..N).rev() {
        (place, index[axis]) = (place / shape[axis], place % shape[axis]);
    }
    index
}

/// How many elements a shape has, where that can be counted.
fn elements(shape: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1, |product: usize, &n| product.checked_mul(n))
}

/// A shape in words: `(4, 16)`.
// Not a kernel: for error messages.
pub fn join(shape: &[usize]) -> String {
    format!("({})", tensor::join(shape))
}

//! The output projection of a layer, and rows that go through it a bounded number of multiply-adds at a time, so that whoever
//! waits can be heard in between.

use crate::error::Error;
use crate::tensor::filled;
use std::borrow::Cow;

/// The multiply-adds of one step: about a millisecond. A step ends with a whole row of Wo, so it may have E more.
pub const STEP: usize = 1 << 21;

/// The output projection Wo (H · dv, E): head h has the rows from h · dv on, y = [y_0 … y_{H−1}] Wo. `torch.nn.Linear` keeps the
/// transpose. A bias is left out: it belongs to no head.
#[derive(Clone, Debug)]
pub struct Projection<'a> {
    /// (H · dv, E), or (dv, E) where it is that of one head.
    pub weights: Cow<'a, [f32]>,
    /// E, at least 1.
    pub size: usize,
}

impl Projection<'_> {
    /// Holds the projection to `rows` rows.
    fn check(&self, rows: usize) -> Result<(), Error> {
        if rows.checked_mul(self.size) == Some(self.weights.len()) && self.size > 0 {
            return Ok(());
        }
        let (expected, found) = match self.size {
            0 => (format!("{rows} rows of at least 1 number"), "rows of 0 numbers".into()),
            size => (format!("{rows} x {size}"), format!("{} elements", self.weights.len())),
        };
        Err(Error::shape(&"projection", &expected, &found))
    }
}

/// y Wo of one row y after the other, under way; y itself where there is no projection.
#[derive(Clone, Debug)]
pub(super) struct Products<'a> {
    projection: Option<Projection<'a>>,
    sum: Vec<f64>,
    /// The element of y that comes next.
    element: usize,
}

impl<'a> Products<'a> {
    /// For rows of `size` numbers, which meet `rows` rows of the projection in all.
    ///
    /// # Errors
    /// `Fault::Shape` where the projection has not as many, `Fault::OutOfMemory`.
    pub(super) fn new(projection: Option<Projection<'a>>, size: usize, rows: usize) -> Result<Self, Error> {
        projection.as_ref().map_or(Ok(()), |projection| projection.check(rows))?;
        let width = projection.as_ref().map_or(size, |projection| projection.size);
        Ok(Products { projection, sum: filled("projection", width, 0.0)?, element: 0 })
    }

    pub(super) fn is_projected(&self) -> bool {
        self.projection.is_some()
    }

    /// Goes on with `y`, whose rows of Wo are those from `first` on, and counts the multiply-adds down in `left`. Whether the
    /// product is whole; the next call then begins another.
    pub(super) fn advance(&mut self, first: usize, y: &[f32], left: &mut usize) -> bool {
        let Some(projection) = &self.projection else {
            self.sum.iter_mut().zip(y).for_each(|(sum, &y)| *sum = f64::from(y));
            *left = left.saturating_sub(y.len() + 1);
            return true;
        };
        if self.element == 0 {
            self.sum.fill(0.0);
        }
        let (width, rest) = (projection.size, &y[self.element..]);
        let rows = (*left / width).max(1).min(rest.len());
        let weights = &projection.weights[(first + self.element) * width..][..rows * width];
        for (&y, row) in rest.iter().zip(weights.chunks_exact(width)) {
            self.sum.iter_mut().zip(row).for_each(|(sum, &w)| *sum += f64::from(y) * f64::from(w));
        }
        *left = left.saturating_sub((rows + 1) * width);
        self.element += rows;
        let whole = self.element == y.len();
        self.element = if whole { 0 } else { self.element };
        whole
    }

    /// The product, when it is whole.
    pub(super) fn sum(&self) -> &[f64] {
        &self.sum
    }

    /// |y Wo|².
    pub(super) fn squares(&self) -> f64 {
        squares(&self.sum)
    }
}

pub(super) fn squares(values: &[f64]) -> f64 {
    values.iter().map(|x| x * x).sum()
}

//! How much of a layer's output would be missing without each head: |Y − Y without h|_F / |Y|_F.
//!
//! Y = Σ_h y_h Wo_h, with the output projection Wo cut into the rows of each head, so what is missing without head h is y_h Wo_h.
//! This looks forward only. Importance by gradients (Michel et al. 2019, arXiv 1905.10650) asks what the loss would miss, which
//! needs the rest of the model. The numbers do not sum to 1: heads can cancel each other.

use crate::diagnostics::projection::{Products, Projection, STEP, squares};
use crate::error::Error;
use crate::tensor::{filled, reserved};
use std::borrow::Cow;

/// The importance of each head, 0 or more: `outputs` (H, N, dv) of one layer. Without a projection, Y is the heads side by side,
/// so a head's importance is its part of the norm. NaN where Y is 0.
///
/// # Errors
/// `Fault::Shape` where the sizes do not fit each other, `Fault::OutOfMemory`.
pub fn importance<'a>(
    outputs: impl Into<Cow<'a, [f32]>>,
    sizes: [usize; 3],
    projection: Option<Projection<'a>>,
) -> Result<Vec<f64>, Error> {
    let mut importance = Importance::new(outputs, sizes, projection)?;
    while !importance.advance() {}
    importance.finish()
}

/// [`importance`] under way, [`STEP`] multiply-adds at a time.
#[derive(Clone, Debug)]
pub struct Importance<'a> {
    outputs: Cow<'a, [f32]>,
    sizes: [usize; 3],
    /// How many pairs of query and head there are; none where there is nothing to add.
    pairs: usize,
    products: Products<'a>,
    /// The row of Y under way.
    sum: Vec<f64>,
    /// |Y − Y without h|² of each head.
    missing: Vec<f64>,
    /// |Y|².
    whole: f64,
    /// How many pairs are done, query by query.
    done: usize,
}

impl<'a> Importance<'a> {
    /// Before the first step; parameters and errors as for [`importance`].
    pub fn new(
        outputs: impl Into<Cow<'a, [f32]>>,
        [heads, queries, size]: [usize; 3],
        projection: Option<Projection<'a>>,
    ) -> Result<Self, Error> {
        let outputs = outputs.into();
        crate::tensor::check_length("outputs", [1, heads, queries, size], outputs.len())?;
        let products = Products::new(projection, size, heads.saturating_mul(size))?;
        let sum = filled("importance", products.sum().len(), 0.0)?;
        let missing = filled("importance", heads, 0.0)?;
        let pairs = if outputs.is_empty() { 0 } else { heads * queries };
        Ok(Importance { outputs, sizes: [heads, queries, size], pairs, products, sum, missing, whole: 0.0, done: 0 })
    }

    /// Does one step. Returns whether that was the last.
    pub fn advance(&mut self) -> bool {
        let [heads, queries, size] = self.sizes;
        let mut left = STEP;
        while left > 0 && self.done < self.pairs {
            let (query, head) = (self.done / heads, self.done % heads);
            let y = &self.outputs[(head * queries + query) * size..][..size];
            if self.products.advance(head * size, y, &mut left) {
                self.take(head);
                self.done += 1;
            }
        }
        self.done == self.pairs
    }

    /// Adds y_h Wo_h of one query to what is missing without the head and to the row of Y.
    fn take(&mut self, head: usize) {
        self.missing[head] += self.products.squares();
        if head == 0 {
            self.sum.fill(0.0);
        }
        self.sum.iter_mut().zip(self.products.sum()).for_each(|(sum, part)| *sum += part);
        if head + 1 == self.sizes[0] {
            self.whole += squares(&self.sum);
        }
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.done as f64 / self.pairs.max(1) as f64
    }

    /// The shares, when all steps are done.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn finish(self) -> Result<Vec<f64>, Error> {
        // Side by side, nothing of one head meets another.
        let whole = if self.products.is_projected() { self.whole } else { self.missing.iter().sum() };
        let mut shares = reserved("importance", self.missing.len())?;
        shares.extend(self.missing.iter().map(|missing| (missing / whole).sqrt()));
        Ok(shares)
    }
}

/// The same in the shape of the formula: Y, and Y again without each head. `outputs` (H, N, dv), `projection` (H · dv, E).
pub fn definition(outputs: &[f64], [heads, queries, size]: [usize; 3], projection: &[f64]) -> Vec<f64> {
    let width = projection.len() / (heads * size);
    let y = |left_out: Option<usize>, i: usize, e: usize| -> f64 {
        let kept = (0..heads * size).filter(|row| Some(row / size) != left_out);
        kept.map(|row| outputs[(row / size * queries + i) * size + row % size] * projection[row * width + e]).sum()
    };
    let norm = |f: &dyn Fn(usize, usize) -> f64| {
        (0..queries).flat_map(|i| (0..width).map(move |e| (i, e))).map(|(i, e)| f(i, e).powi(2)).sum::<f64>().sqrt()
    };
    let whole = norm(&|i, e| y(None, i, e));
    (0..heads).map(|head| norm(&|i, e| y(None, i, e) - y(Some(head), i, e)) / whole).collect()
}

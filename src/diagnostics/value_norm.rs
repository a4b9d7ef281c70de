//! Weights that know what they carry: |w_ij v_j Wo_h|, the length of what key j adds to query i. A key may have a large weight
//! and next to nothing to say; sinks often do.
//!
//! The length |v_j Wo_h| belongs to the key, so it is worked out once per key; the rest is one product per pair.
//!
//! Source: Kobayashi et al. 2020, arXiv 2004.10102, section 3.

use crate::diagnostics::projection::{Products, Projection, STEP};
use crate::error::Error;
use crate::tensor::{filled, reserved};
use std::borrow::Cow;

/// |v_j Wo_h| for each key: `values` (M, dv) of one head, `projection` the rows (dv, E) of Wo that are that head's; without it
/// |v_j|.
///
/// # Errors
/// `Fault::Shape` where the sizes do not fit each other, `Fault::OutOfMemory`.
pub fn value_norms<'a>(
    values: impl Into<Cow<'a, [f32]>>,
    sizes: [usize; 2],
    projection: Option<Projection<'a>>,
) -> Result<Vec<f64>, Error> {
    let mut norms = ValueNorms::new(values, sizes, projection)?;
    while !norms.advance() {}
    Ok(norms.finish())
}

/// [`value_norms`] under way, [`STEP`] multiply-adds at a time.
#[derive(Clone, Debug)]
pub struct ValueNorms<'a> {
    values: Cow<'a, [f32]>,
    size: usize,
    products: Products<'a>,
    norms: Vec<f64>,
    /// How many keys are done.
    done: usize,
}

impl<'a> ValueNorms<'a> {
    /// Before the first step; parameters and errors as for [`value_norms`].
    pub fn new(
        values: impl Into<Cow<'a, [f32]>>,
        [keys, size]: [usize; 2],
        projection: Option<Projection<'a>>,
    ) -> Result<Self, Error> {
        let values = values.into();
        crate::tensor::check_length("values", [1, 1, keys, size], values.len())?;
        let products = Products::new(projection, size, size)?;
        Ok(ValueNorms { values, size, products, norms: filled("norms", keys, 0.0)?, done: 0 })
    }

    /// Does one step. Returns whether that was the last.
    pub fn advance(&mut self) -> bool {
        let mut left = STEP;
        while left > 0 && self.done < self.norms.len() {
            let v = &self.values[self.done * self.size..][..self.size];
            if self.products.advance(0, v, &mut left) {
                self.norms[self.done] = self.products.squares().sqrt();
                self.done += 1;
            }
        }
        self.done == self.norms.len()
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.done as f64 / self.norms.len().max(1) as f64
    }

    /// The norms, when all steps are done.
    pub fn finish(self) -> Vec<f64> {
        self.norms
    }
}

/// |w_ij| · norm_j for some whole rows of weights (rows, M). A weight of exactly 0 gives 0 whatever the value: a removed key
/// cannot be observed.
///
/// # Errors
/// `Fault::Shape` where `weights` are no whole rows, `Fault::OutOfMemory`.
pub fn weighted(weights: &[f32], norms: &[f64]) -> Result<Vec<f32>, Error> {
    let (mut lengths, mut copies) = (reserved("norms", weights.len())?, reserved("norms", norms.len())?);
    lengths.extend_from_slice(weights);
    copies.extend_from_slice(norms);
    let mut weighted = Weighted::new(lengths, copies)?;
    while !weighted.advance() {}
    Ok(weighted.finish())
}

/// [`weighted`] under way, some rows at a time and in the memory of the weights.
#[derive(Clone, Debug)]
pub struct Weighted {
    lengths: Vec<f32>,
    norms: Vec<f64>,
    /// How many weights are done.
    done: usize,
}

impl Weighted {
    /// Before the first step; parameters and errors as for [`weighted`].
    pub fn new(weights: Vec<f32>, norms: Vec<f64>) -> Result<Self, Error> {
        let keys = norms.len();
        if (keys == 0 && !weights.is_empty()) || !weights.len().is_multiple_of(keys.max(1)) {
            return Err(Error::shape(
                &"weights",
                &format_args!("rows of {keys} keys"),
                &format_args!("{} elements", weights.len()),
            ));
        }
        Ok(Weighted { lengths: weights, norms, done: 0 })
    }

    /// Does one step: whole rows, [`STEP`] pairs or one row. Returns whether that was the last.
    pub fn advance(&mut self) -> bool {
        let keys = self.norms.len().max(1);
        let end = self.lengths.len().min(self.done + (STEP / keys).max(1) * keys);
        for row in self.lengths[self.done..end].chunks_exact_mut(keys) {
            row.iter_mut().zip(&self.norms).for_each(|(w, norm)| *w = weigh(*w, *norm));
        }
        self.done = end;
        self.done == self.lengths.len()
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.done as f64 / self.lengths.len().max(1) as f64
    }

    /// The lengths (rows, M), when all steps are done.
    pub fn finish(self) -> Vec<f32> {
        self.lengths
    }
}

fn weigh(weight: f32, norm: f64) -> f32 {
    if weight == 0.0 { 0.0 } else { (f64::from(weight).abs() * norm) as f32 }
}

/// |w v Wo| of one pair: the vector is weighed first, and its length taken last. `projection` (dv, E).
pub fn definition(weight: f64, value: &[f64], projection: &[f64]) -> f64 {
    let width = projection.len() / value.len();
    let part = |e: usize| value.iter().enumerate().map(|(c, v)| weight * v * projection[c * width + e]).sum::<f64>();
    (0..width).map(|e| part(e) * part(e)).sum::<f64>().sqrt()
}

//! Attention rollout: how much of each input token is in each token after some layers, if what a layer attends to is what it
//! passes on.
//!
//! R_0 = I, R_l = Ā_l R_{l−1}. With the residual connection Ā_l = (A_l + I) / row sum, which is A_l / 2 + I / 2 where rows sum
//! to 1; without it Ā_l = A_l. Heads are averaged first. Nothing is discarded: no weight is set to 0 for being small.
//!
//! Source: Abnar and Zuidema 2020, arXiv 2005.00928. The paper leaves Ā_l as it is without a residual, and so does this: R_l then
//! has the row sums that the weights give it.
//!
//! Layers are streamed, and rows within a layer, so that one row of weights at a time is enough. The products are in double
//! precision, and N is at most [`MAX_TOKENS`]: two matrices of that size are 64 MiB, one layer is 8.6e9 products.

use crate::decimal::show_single;
use crate::error::Error;
use crate::tensor::filled;

/// The most tokens.
pub const MAX_TOKENS: usize = 2048;

/// A rollout under way.
#[derive(Clone, Debug)]
pub struct Rollout {
    tokens: usize,
    residual: bool,
    /// R_{l−1}.
    below: Vec<f64>,
    /// The rows of R_l that are there.
    above: Vec<f64>,
    seen: Vec<bool>,
    /// How many layers are there.
    layers: usize,
    /// One row of Ā.
    row: Vec<f64>,
}

impl Rollout {
    /// Before the first layer, over `tokens` tokens: R_0 = I.
    ///
    /// # Errors
    /// `Fault::Limit` above [`MAX_TOKENS`], `Fault::OutOfMemory`.
    pub fn new(tokens: usize, residual: bool) -> Result<Rollout, Error> {
        check_limit("the number of tokens of a rollout", MAX_TOKENS, tokens)?;
        let mut below = filled("rollout", tokens * tokens, 0.0)?;
        below.iter_mut().step_by(tokens + 1).for_each(|x| *x = 1.0);
        Ok(Rollout {
            tokens,
            residual,
            below,
            above: filled("rollout", tokens * tokens, 0.0)?,
            seen: filled("rollout", tokens, false)?,
            layers: 0,
            row: filled("rollout", tokens, 0.0)?,
        })
    }

    /// Adds the next layer: `weights` (H, N, N), whose heads are averaged; H is 1 where they have been already.
    ///
    /// # Errors
    /// `Fault::Shape` where that is not what `weights` is: a rollout is of self-attention over the same tokens in each layer;
    /// `Fault::Number` for a weight that is not finite or below 0, which is no share of anything.
    pub fn push(&mut self, weights: &[f32]) -> Result<(), Error> {
        check_square(self.tokens, weights)?;
        check_weights(weights, || format!("layer {}", self.layers))?;
        for row in 0..self.tokens {
            average(self.tokens, row, weights, &mut self.row);
            self.add_row(row);
        }
        self.finish_layer()
    }

    /// Adds one row of the next layer: `weights` (H, N), the heads' rows of one query. [`Rollout::finish_layer`] follows when
    /// all rows are there, in any order.
    ///
    /// # Errors
    /// `Fault::Shape` where there is no such row, or `weights` are no whole rows; `Fault::Number` as for [`Rollout::push`].
    pub fn push_row(&mut self, row: usize, weights: &[f32]) -> Result<(), Error> {
        let n = self.tokens;
        if row >= n || weights.is_empty() || !weights.len().is_multiple_of(n) {
            return Err(Error::shape(
                &"weights",
                &format_args!("{n} weights of each head, rows below {n}"),
                &format_args!("{} weights for row {row}", weights.len()),
            ));
        }
        check_weights(weights, || format!("layer {}, row {row}", self.layers))?;
        average_rows(weights, &mut self.row);
        self.add_row(row);
        Ok(())
    }

    /// Ends a layer that came by rows.
    ///
    /// # Errors
    /// `Fault::Count` where rows are missing; the layer can still be ended when they have come.
    pub fn finish_layer(&mut self) -> Result<(), Error> {
        let found = self.seen.iter().filter(|seen| **seen).count();
        if found != self.tokens {
            return Err(Error::count(&"rows", self.tokens as u64, found as u64));
        }
        core::mem::swap(&mut self.below, &mut self.above);
        self.seen.fill(false);
        self.layers += 1;
        Ok(())
    }

    /// R_l (N, N) after the layers so far: row i says how much of each input token is in token i.
    pub fn matrix(&self) -> &[f64] {
        &self.below
    }

    /// Row `row` of Ā_l R_{l−1}, where `self.row` holds the row of A_l. Keys without weight are passed over, so that what was
    /// removed cannot be observed, and causal weights cost half.
    fn add_row(&mut self, row: usize) {
        let n = self.tokens;
        if self.residual {
            add_residual(row, &mut self.row);
        }
        let above = &mut self.above[row * n..][..n];
        above.fill(0.0);
        for (&a, below) in self.row.iter().zip(self.below.chunks_exact(n)) {
            if a != 0.0 {
                above.iter_mut().zip(below).for_each(|(sum, r)| *sum += a * r);
            }
        }
        self.seen[row] = true;
    }
}

/// Holds a size to its limit.
pub(super) fn check_limit(name: &str, limit: usize, found: usize) -> Result<(), Error> {
    if found <= limit {
        return Ok(());
    }
    Err(Error::limit(&name, limit as u64, found as u64))
}

/// Holds `weights` to (H, N, N) with H ≥ 1.
pub(super) fn check_square(tokens: usize, weights: &[f32]) -> Result<(), Error> {
    let matrix = tokens * tokens;
    if weights.len() == matrix || (matrix > 0 && !weights.is_empty() && weights.len().is_multiple_of(matrix)) {
        return Ok(());
    }
    Err(Error::shape(
        &"weights",
        &format_args!("{tokens} x {tokens} for each head, self-attention over the same tokens in each layer"),
        &format_args!("{} elements", weights.len()),
    ))
}

/// Holds weights to finite numbers of at least 0. `place` says where they are.
pub(super) fn check_weights(weights: &[f32], place: impl Fn() -> String) -> Result<(), Error> {
    let Some(at) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) else { return Ok(()) };
    Err(Error::number(
        &format_args!("{}, weight {at}", place()),
        &"a finite number, at least 0",
        &show_single(weights[at]),
    ))
}

/// The mean over heads of row `row` of `weights` (H, N, N).
pub(super) fn average(tokens: usize, row: usize, weights: &[f32], to: &mut [f64]) {
    to.fill(0.0);
    let matrices = weights.chunks_exact(tokens * tokens);
    let heads = matrices.len() as f64;
    for matrix in matrices {
        to.iter_mut().zip(&matrix[row * tokens..]).for_each(|(sum, &w)| *sum += f64::from(w));
    }
    to.iter_mut().for_each(|sum| *sum /= heads);
}

/// The mean over heads of `weights` (H, N).
fn average_rows(weights: &[f32], to: &mut [f64]) {
    to.fill(0.0);
    let rows = weights.chunks_exact(to.len());
    let heads = rows.len() as f64;
    for row in rows {
        to.iter_mut().zip(row).for_each(|(sum, &w)| *sum += f64::from(w));
    }
    to.iter_mut().for_each(|sum| *sum /= heads);
}

/// Row `row` of (A + I) / row sum, from the row of A.
pub(super) fn add_residual(row: usize, weights: &mut [f64]) {
    weights[row] += 1.0;
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
}

/// R_L (N, N) of `layers`, first layer first, each (N, N) and averaged over heads.
pub fn definition(layers: &[Vec<f64>], tokens: usize, residual: bool) -> Vec<f64> {
    let n = tokens;
    let identity = |i: usize, j: usize| f64::from(u8::from(i == j));
    let places = || (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    let mut r: Vec<f64> = places().map(|(i, j)| identity(i, j)).collect();
    for a in layers {
        let plus: Vec<f64> =
            places().map(|(i, j)| a[i * n + j] + if residual { identity(i, j) } else { 0.0 }).collect();
        let sum = |i: usize| if residual { plus[i * n..][..n].iter().sum::<f64>() } else { 1.0 };
        let product = |i: usize, j: usize| (0..n).map(|k| plus[i * n + k] / sum(i) * r[k * n + j]).sum();
        r = places().map(|(i, j)| product(i, j)).collect();
    }
    r
}

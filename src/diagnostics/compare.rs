//! Two matrices of weights over the same queries and keys: where they differ, and how far apart each row's distributions are.
//!
//! The Jensen–Shannon divergence of rows p and q is ½ Σ_j p_j log₂(p_j / m_j) + ½ Σ_j q_j log₂(q_j / m_j) with m = (p + q) / 2: 0 for
//! equal rows, 1 for rows that share no key, and the same from either side. Rows are divided by their sums first, for a sigmoid's
//! weights sum to anything; the difference is that of the weights as they are.
//!
//! Source: Lin 1991, Divergence measures based on the Shannon entropy, IEEE Transactions on Information Theory 37(1), section IV,
//! with logarithms to base 2.

use crate::diagnostics::projection::STEP;
use crate::double::ln;
use crate::error::Error;
use crate::tensor::reserved;

/// Two matrices (rows, M) under comparison, some rows at a time; the difference takes the place of the first.
#[derive(Clone, Debug)]
pub struct Comparison {
    difference: Vec<f32>,
    other: Vec<f32>,
    keys: usize,
    divergence: Vec<f64>,
    rows: usize,
}

impl Comparison {
    /// Before the first step: `one` and `other` are `rows` rows of `keys` weights each.
    ///
    /// # Errors
    /// `Fault::Shape` where a matrix has another size, `Fault::OutOfMemory`.
    pub fn new(one: Vec<f32>, other: Vec<f32>, [rows, keys]: [usize; 2]) -> Result<Self, Error> {
        crate::tensor::check_length("weights", [1, 1, rows, keys], one.len())?;
        crate::tensor::check_length("other", [1, 1, rows, keys], other.len())?;
        Ok(Comparison { difference: one, other, keys, divergence: reserved("divergence", rows)?, rows })
    }

    /// Does one step: whole rows, [`STEP`] pairs or one row. Returns whether that was the last.
    pub fn advance(&mut self) -> bool {
        let end = self.rows.min(self.divergence.len() + (STEP / self.keys.max(1)).max(1));
        for row in self.divergence.len()..end {
            let place = row * self.keys..(row + 1) * self.keys;
            let (p, q) = (&mut self.difference[place.clone()], &self.other[place]);
            self.divergence.push(divergence(p, q));
            p.iter_mut().zip(q).for_each(|(p, q)| *p -= q);
        }
        self.divergence.len() == self.rows
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.divergence.len() as f64 / self.rows.max(1) as f64
    }

    /// The first matrix less the second (rows, M), and the divergence of each row in bits, 0 to 1, when all steps are done.
    pub fn finish(self) -> (Vec<f32>, Vec<f64>) {
        (self.difference, self.divergence)
    }
}

/// The divergence of two rows; NaN where one has no weight, or one that is negative or no number.
fn divergence(p: &[f32], q: &[f32]) -> f64 {
    let (Some(p_sum), Some(q_sum)) = (mass(p), mass(q)) else { return f64::NAN };
    let twice: f64 = p.iter().zip(q).map(|(&p, &q)| term(f64::from(p) / p_sum, f64::from(q) / q_sum)).sum();
    // Rounding may leave either end by some 1e-16.
    (twice / (2.0 * core::f64::consts::LN_2)).clamp(0.0, 1.0)
}

/// What weights sum to, where they are a distribution but for a factor.
fn mass(weights: &[f32]) -> Option<f64> {
    let sum: f64 = weights.iter().map(|&w| f64::from(w)).sum();
    (sum > 0.0 && sum.is_finite() && weights.iter().all(|&w| w >= 0.0)).then_some(sum)
}

/// p ln(p / m) + q ln(q / m).
fn term(p: f64, q: f64) -> f64 {
    let middle = (p + q) / 2.0;
    let part = |w: f64| if w > 0.0 { w * ln(w / middle) } else { 0.0 };
    if p == q { 0.0 } else { part(p) + part(q) }
}

/// The divergence in bits by another way: H(m) − (H(p) + H(q)) / 2, with entropies of the rows as distributions.
pub fn definition(p: &[f64], q: &[f64]) -> f64 {
    let scaled = |row: &[f64]| -> Vec<f64> {
        let sum: f64 = row.iter().sum();
        row.iter().map(|w| w / sum).collect()
    };
    let entropy = |row: &[f64]| -row.iter().filter(|&&w| w > 0.0).map(|w| w * w.log2()).sum::<f64>();
    let (p, q) = (scaled(p), scaled(q));
    let middle: Vec<f64> = p.iter().zip(&q).map(|(p, q)| (p + q) / 2.0).collect();
    entropy(&middle) - (entropy(&p) + entropy(&q)) / 2.0
}

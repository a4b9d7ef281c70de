//! How much of a layer's output would be missing without each head: |Y − Y without h|_F / |Y|_F.
//!
//! Y = Σ_h y_h Wo_h, with the output projection Wo cut into the rows of each head, so what is missing without head h is y_h Wo_h.
//! This looks forward only. Importance by gradients (Michel et al. 2019, arXiv 1905.10650) asks what the loss would miss, which
//! needs the rest of the model. The numbers do not sum to 1: heads can cancel each other.

use crate::error::Error;
use crate::tensor::{filled, reserved};

/// The output projection Wo (H · dv, E): head h has the rows from h · dv on, y = [y_0 … y_{H−1}] Wo. `torch.nn.Linear` keeps the
/// transpose. A bias is left out: it belongs to no head.
#[derive(Clone, Copy, Debug)]
pub struct Projection<'a> {
    /// (H · dv, E), or (dv, E) where it is that of one head.
    pub weights: &'a [f32],
    /// E.
    pub size: usize,
}

impl Projection<'_> {
    /// Holds the projection to `rows` rows.
    pub(super) fn check(&self, rows: usize) -> Result<(), Error> {
        if rows.checked_mul(self.size) == Some(self.weights.len()) && self.size > 0 {
            return Ok(());
        }
        let expected = format!("{rows} x {}", self.size);
        Err(Error::Shape { name: "projection".into(), expected, found: format!("{} elements", self.weights.len()) })
    }

    /// y W for the rows of W from `first` on, E numbers.
    pub(super) fn apply(&self, first: usize, y: &[f32], to: &mut [f64]) {
        to.fill(0.0);
        for (&y, row) in y.iter().zip(self.weights.chunks_exact(self.size).skip(first)) {
            to.iter_mut().zip(row).for_each(|(sum, &w)| *sum += f64::from(y) * f64::from(w));
        }
    }
}

/// The importance of each head, 0 or more: `outputs` (H, N, dv) of one layer. Without a projection, Y is the heads side by side,
/// so a head's importance is its part of the norm. NaN where Y is 0.
///
/// # Errors
/// [`Error::Shape`] where the sizes do not fit each other, [`Error::OutOfMemory`].
pub fn importance(
    outputs: &[f32],
    [heads, queries, size]: [usize; 3],
    projection: Option<Projection>,
) -> Result<Vec<f64>, Error> {
    crate::tensor::check_length("outputs", [1, heads, queries, size], outputs.len())?;
    projection.map_or(Ok(()), |projection| projection.check(heads.saturating_mul(size)))?;
    let width = projection.map_or(0, |projection| projection.size);
    let (mut part, mut sum) = (filled("importance", width, 0.0)?, filled("importance", width, 0.0)?);
    let (mut missing, mut whole) = (filled("importance", heads, 0.0)?, 0.0);
    for query in 0..queries {
        sum.fill(0.0);
        for (head, missing) in missing.iter_mut().enumerate() {
            let y = &outputs[(head * queries + query) * size..][..size];
            let Some(projection) = &projection else {
                *missing += squares(y.iter().map(|&y| f64::from(y)));
                continue;
            };
            projection.apply(head * size, y, &mut part);
            *missing += squares(part.iter().copied());
            sum.iter_mut().zip(&part).for_each(|(sum, part)| *sum += part);
        }
        whole += squares(sum.iter().copied());
    }
    let whole = if projection.is_some() { whole } else { missing.iter().sum() };
    let mut shares = reserved("importance", heads)?;
    shares.extend(missing.iter().map(|missing| (missing / whole).sqrt()));
    Ok(shares)
}

fn squares(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum()
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

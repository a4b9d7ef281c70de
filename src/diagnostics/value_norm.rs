//! Weights that know what they carry: |w_ij v_j Wo_h|, the length of what key j adds to query i. A key may have a large weight
//! and next to nothing to say; sinks often do.
//!
//! The length |v_j Wo_h| belongs to the key, so it is worked out once per key; the rest is one product per pair.
//!
//! Source: Kobayashi et al. 2020, arXiv 2004.10102, section 3.

use crate::diagnostics::importance::Projection;
use crate::error::Error;
use crate::tensor::{filled, reserved};

/// |v_j Wo_h| for each key: `values` (M, dv) of one head, `projection` the rows (dv, E) of Wo that are that head's; without it
/// |v_j|.
///
/// # Errors
/// [`Error::Shape`] where the sizes do not fit each other, [`Error::OutOfMemory`].
pub fn value_norms(
    values: &[f32],
    [keys, size]: [usize; 2],
    projection: Option<Projection>,
) -> Result<Vec<f64>, Error> {
    crate::tensor::check_length("values", [1, 1, keys, size], values.len())?;
    projection.map_or(Ok(()), |projection| projection.check(size))?;
    let mut projected = filled("norms", projection.map_or(0, |projection| projection.size), 0.0)?;
    let mut norms = reserved("norms", keys)?;
    for key in 0..keys {
        let v = &values[key * size..][..size];
        norms.push(match &projection {
            None => norm(v.iter().map(|&v| f64::from(v))),
            Some(projection) => {
                projection.apply(0, v, &mut projected);
                norm(projected.iter().copied())
            }
        });
    }
    Ok(norms)
}

/// |w_ij| · norm_j for some whole rows of weights (rows, M). A weight of exactly 0 gives 0 whatever the value: a removed key
/// cannot be observed.
///
/// # Errors
/// [`Error::Shape`] where `weights` are no whole rows, [`Error::OutOfMemory`].
pub fn weighted(weights: &[f32], norms: &[f64]) -> Result<Vec<f32>, Error> {
    if norms.is_empty() != weights.is_empty() || !weights.len().is_multiple_of(norms.len().max(1)) {
        let expected = format!("rows of {} keys", norms.len());
        return Err(Error::Shape { name: "weights".into(), expected, found: format!("{} elements", weights.len()) });
    }
    let mut lengths = reserved("norms", weights.len())?;
    for row in weights.chunks_exact(norms.len().max(1)) {
        lengths.extend(row.iter().zip(norms).map(|(&w, norm)| weigh(w, *norm)));
    }
    Ok(lengths)
}

fn weigh(weight: f32, norm: f64) -> f32 {
    if weight == 0.0 { 0.0 } else { (f64::from(weight).abs() * norm) as f32 }
}

fn norm(x: impl Iterator<Item = f64>) -> f64 {
    x.map(|x| x * x).sum::<f64>().sqrt()
}

/// |w v Wo| of one pair: the vector is weighed first, and its length taken last. `projection` (dv, E).
pub fn definition(weight: f64, value: &[f64], projection: &[f64]) -> f64 {
    let width = projection.len() / value.len();
    let part = |e: usize| value.iter().enumerate().map(|(c, v)| weight * v * projection[c * width + e]).sum::<f64>();
    (0..width).map(|e| part(e) * part(e)).sum::<f64>().sqrt()
}

//! Attention between the pixels of a map, on rows (B, N, channels).

use super::layers::dot;
use super::tensor::Tensor;
use crate::attend::{Inputs, Problem};
use crate::error::Error;
use crate::options::{Choice, Options};
use crate::task::{Answer, Request, run};
use crate::tensor::{filled, reserved};

/// What attention gives.
pub struct Mixed {
    /// Σ_j A_ij v_j (B, N, channels of V).
    pub rows: Tensor<f32>,
    /// A (B, N, M), where it is wanted.
    pub weights: Option<Tensor<f32>>,
}

/// Queries, keys and values: what `openAttention` takes, one head for each map.
pub struct Triple {
    /// (B, N, d).
    pub query: Tensor<f32>,
    /// (B, M, d).
    pub key: Tensor<f32>,
    /// (B, M, channels of V).
    pub value: Tensor<f32>,
}

impl Triple {
    /// B, N, M and the channels of V.
    fn sizes(&self) -> [usize; 4] {
        [self.query.shape()[0], self.query.shape()[1], self.key.shape()[1], self.value.shape()[2]]
    }

    /// A = softmax_j(scale · q_i·k_j), by the same path as every attention of this crate. Without any key, A V is 0.
    ///
    /// # Errors
    /// `Fault::Shape` for maps over its limits, `Fault::OutOfMemory`.
    pub fn softmax(&self, scale: f64, need_weights: bool) -> Result<Mixed, Error> {
        let [b, n, m, channels] = self.sizes();
        let options = Options { score: Some(Choice::id("dot")), scale: Some(scale), ..Options::default() };
        let (query, key, value) = (head(&self.query)?, head(&self.key)?, Some(head(&self.value)?));
        let problem = Problem::new(Inputs { query, key, value, mask: None, bias: None }, &options)?;
        let request = Request::Attend {
            planes: [0, b],
            rows: [0, n],
            output: true,
            weights: need_weights,
            stages: Vec::new(),
            statistics: false,
            status: false,
        };
        let Answer::Attend(attended) = run(&problem, &request)? else { unreachable!("an answer of its kind") };
        let rows = Tensor::new("mixed", vec![b, n, channels], attended.output.unwrap_or_default())?;
        let weights = attended.weights.map(|weights| Tensor::new("attention", vec![b, n, m], weights));
        Ok(Mixed { rows, weights: weights.transpose()? })
    }

    /// A_ij = pair(q_i, k_j) / M: an average over the keys, with weights that need not sum to 1.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn average(&self, pair: impl Fn(&[f32], &[f32]) -> f64, need_weights: bool) -> Result<Mixed, Error> {
        let [b, n, m, channels] = self.sizes();
        let weight = |r: usize, j: usize| pair(self.query.row(r), self.key.row(r / n * m + j)) / m as f64;
        let weights = need_weights
            .then(|| Tensor::build("attention", [b, n, m], |[batch, i, j]| weight(batch * n + i, j) as f32))
            .transpose()?;
        let mut rows = reserved("mixed", b * n * channels)?;
        let mut sums = filled("mixed", channels, 0.0)?;
        for r in 0..b * n {
            sums.fill(0.0);
            for j in 0..m {
                let (weight, value) = (weight(r, j), self.value.row(r / n * m + j));
                sums.iter_mut().zip(value).for_each(|(sum, &v)| *sum += weight * f64::from(v));
            }
            rows.extend(sums.iter().map(|&sum| sum as f32));
        }
        Ok(Mixed { rows: Tensor::new("mixed", vec![b, n, channels], rows)?, weights })
    }
}

/// The rows of one tensor as a head of their own: (B, N, d) becomes (B, 1, N, d).
fn head(rows: &Tensor<f32>) -> Result<(Vec<f32>, [usize; 4]), Error> {
    let [b, n, d] = rows.axes();
    let mut data = reserved("head", rows.data().len())?;
    data.extend_from_slice(rows.data());
    Ok((data, [b, 1, n, d]))
}

/// X + `add`(c, W z_p): what attention found, led back to the channels of X by a 1 × 1 convolution W and added.
///
/// # Errors
/// `Fault::OutOfMemory`.
pub fn residual(
    x: &Tensor<f32>,
    mixed: &Tensor<f32>,
    w: Option<&Tensor<f32>>,
    add: impl Fn(usize, f64) -> f64,
) -> Result<Tensor<f32>, Error> {
    let [_, _, height, width] = x.axes();
    Tensor::build("output", x.axes(), |[n, c, i, j]| {
        let row = mixed.row(n * height * width + i * width + j);
        let found = w.map_or_else(|| f64::from(row[c]), |w| dot(w.row(c), row));
        (f64::from(x.at([n, c, i, j])) + add(c, found)) as f32
    })
}

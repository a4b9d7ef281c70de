//! The layers that blocks share, from tensors to tensors in single precision. Sums and elementary functions run in double
//! precision and each element is rounded once, when it is stored.

use super::largest;
use super::tensor::Tensor;
use crate::error::Error;

/// A result, or no memory.
pub type Made = Result<Tensor<f32>, Error>;

/// Σ a b.
pub fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

/// The mean of some numbers.
pub fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64
}

/// Global pooling: `pool` over H and W of X (B, C, H, W), giving (B, C).
pub fn over_pixels(name: &str, x: &Tensor<f32>, pool: impl Fn(&[f32]) -> f64) -> Made {
    let [b, c, h, w] = x.axes();
    Tensor::build(name, [b, c], |[n, c_]| pool(&x.data()[(n * c + c_) * h * w..][..h * w]) as f32)
}

/// The largest of some numbers.
pub fn max(values: &[f32]) -> f64 {
    largest(values.iter().map(|&x| f64::from(x)))
}

/// `finish(o, Σ_i W_oi x_i)` for each row x of X (…, I), W (O, I).
pub fn linear(name: &str, x: &Tensor<f32>, w: &Tensor<f32>, finish: impl Fn(usize, f64) -> f64) -> Made {
    let [outputs, inputs] = w.axes();
    let rows = x.data().len() / inputs;
    Tensor::build(name, [rows, outputs], |[r, o]| finish(o, dot(x.row(r), w.row(o))) as f32)
}

/// W x + b for each row of X (B, N, I), giving (B, N, O): a 1 × 1 convolution.
pub fn project(name: &str, x: &Tensor<f32>, w: &Tensor<f32>, bias: impl Fn(usize) -> f64) -> Made {
    let [b, n, _] = x.axes();
    linear(name, x, w, |o, sum| sum + bias(o))?.reshape(name, [b, n, w.shape()[0]])
}

/// A k × k convolution that keeps the size of the map: stride 1, zero padding.
pub struct Convolution<'a> {
    /// (O, C / groups, k, k).
    pub weights: &'a [f32],
    /// k, odd.
    pub size: usize,
    /// Into how many parts, without a way from one to another, the channels fall.
    pub groups: usize,
    /// The distance of neighbouring taps.
    pub dilation: usize,
}

impl Convolution<'_> {
    /// `finish(o, the sum)` at each pixel, giving (B, `outputs`, H, W).
    pub fn run(&self, name: &str, x: &Tensor<f32>, outputs: usize, finish: impl Fn(usize, f64) -> f64) -> Made {
        let [b, _, h, w] = x.axes();
        Tensor::build(name, [b, outputs, h, w], |[n, o, i, j]| {
            let first = o / (outputs / self.groups) * self.inputs(x);
            let parts = (0..self.inputs(x)).map(|c| self.channel(x, [n, first + c, i, j], o * self.inputs(x) + c));
            finish(o, parts.sum()) as f32
        })
    }

    /// C / groups.
    fn inputs(&self, x: &Tensor<f32>) -> usize {
        x.shape()[1] / self.groups
    }

    /// What one channel adds at pixel (i, j), with the k × k taps number `kernel`.
    fn channel(&self, x: &Tensor<f32>, [n, c, i, j]: [usize; 4], kernel: usize) -> f64 {
        let k = self.size;
        let taps = &self.weights[kernel * k * k..][..k * k];
        let mut sum = 0.0;
        for (tap, &weight) in taps.iter().enumerate() {
            let pixel = (self.tap(i, tap / k, x.shape()[2]), self.tap(j, tap % k, x.shape()[3]));
            if let (Some(i), Some(j)) = pixel {
                sum += f64::from(weight) * f64::from(x.at([n, c, i, j]));
            }
        }
        sum
    }

    /// Where tap `u` lies when the kernel is centred on `i`, if that is within the map.
    fn tap(&self, i: usize, u: usize, length: usize) -> Option<usize> {
        (i + u * self.dilation).checked_sub(self.dilation * (self.size / 2)).filter(|&i| i < length)
    }
}

/// Y = gate · X with a gate for each element, `gate([n, c, i, j])`.
pub fn gated(x: &Tensor<f32>, gate: impl Fn([usize; 4]) -> f32) -> Made {
    Tensor::build("output", x.axes(), |at| gate(at) * x.at(at))
}

/// The map (B, C, H, W) as rows of channels (B, H·W, C): pixel (i, j) is row i·W + j.
pub fn rows(name: &str, x: &Tensor<f32>) -> Made {
    let [b, c, h, w] = x.axes();
    Tensor::build(name, [b, h * w, c], |[n, p, c]| x.at([n, c, p / w, p % w]))
}

/// Max pooling 2 × 2 of a map (B, C, H, W), giving (B, C, ⌊H/2⌋, ⌊W/2⌋).
pub fn max_pool(name: &str, x: &Tensor<f32>) -> Made {
    let [b, c, h, w] = x.axes();
    Tensor::build(name, [b, c, h / 2, w / 2], |[n, c, i, j]| {
        let corners = [(0, 0), (0, 1), (1, 0), (1, 1)];
        largest(corners.into_iter().map(|(u, v)| f64::from(x.at([n, c, 2 * i + u, 2 * j + v])))) as f32
    })
}

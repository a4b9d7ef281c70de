//! What the definitions share, in double precision and from formula to code without a detour.

use super::input::Input;
use super::largest;
use super::tensor::Tensor;
use crate::error::Error;

/// A result, or no memory.
pub type Made = Result<Tensor<f64>, Error>;

/// x at channel c and pixel (i, j), 0 beyond the map.
pub fn padded(x: &Tensor<f64>, [n, c]: [usize; 2], i: isize, j: isize) -> f64 {
    let [_, _, h, w] = x.axes();
    let inside = (0..h as isize).contains(&i) && (0..w as isize).contains(&j);
    if inside { x.at([n, c, i as usize, j as usize]) } else { 0.0 }
}

/// W x_ij + b at each pixel: the 1 × 1 convolution with the weights of these names.
pub fn convolution(input: &Input<f64>, weight: &str, bias: &str, x: &Tensor<f64>) -> Made {
    let [b, c, h, w] = x.axes();
    Tensor::build(weight, [b, input.length(weight, 0), h, w], |[n, k, i, j]| {
        let sum = |c| input.at(weight, [k, c]) * x.at([n, c, i, j]);
        (0..c).map(sum).sum::<f64>() + input.at(bias, [k])
    })
}

/// The larger of each 2 × 2 pixels.
pub fn max_pool(x: &Tensor<f64>) -> Made {
    let [b, c, h, w] = x.axes();
    Tensor::build("pooled", [b, c, h / 2, w / 2], |[n, c, i, j]| {
        largest((0..4).map(|corner| x.at([n, c, 2 * i + corner / 2, 2 * j + corner % 2])))
    })
}

/// A map (B, C, H, W) as rows (B, H·W, C).
pub fn rows(x: &Tensor<f64>) -> Made {
    let [b, c, h, w] = x.axes();
    Tensor::build("rows", [b, h * w, c], |[n, p, c]| x.at([n, c, p / w, p % w]))
}

/// q_i·k_j (B, N, M).
pub fn products(q: &Tensor<f64>, k: &Tensor<f64>) -> Made {
    let ([b, n, d], [_, m, _]) = (q.axes(), k.axes());
    Tensor::build("products", [b, n, m], |[batch, i, j]| {
        (0..d).map(|c| q.at([batch, i, c]) * k.at([batch, j, c])).sum::<f64>()
    })
}

/// e^s over the sum of its row.
pub fn softmax(s: &Tensor<f64>) -> Made {
    let [b, n, m] = s.axes();
    Tensor::build("softmax", [b, n, m], |[batch, i, j]| {
        let row = s.row(batch * n + i);
        let max = largest(row.iter().copied());
        (row[j] - max).exp() / row.iter().map(|s| (s - max).exp()).sum::<f64>()
    })
}

/// Σ_j a_ij v_j (B, N, channels of V).
pub fn mixed(a: &Tensor<f64>, v: &Tensor<f64>) -> Made {
    let ([b, n, m], [_, _, channels]) = (a.axes(), v.axes());
    Tensor::build("mixed", [b, n, channels], |[batch, i, c]| {
        (0..m).map(|j| a.at([batch, i, j]) * v.at([batch, j, c])).sum::<f64>()
    })
}

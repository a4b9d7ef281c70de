//! The second step of CBAM alone: s = σ(BN(conv_k([max_c X; mean_c X]))), Y_ij = s_ij X_ij. Woo et al., *CBAM: Convolutional Block
//! Attention Module* (2018), section 3, equation 3, arXiv 1807.06521.
//!
//! The paper writes [mean; max], the authors' code concatenates [max; mean]; `maxFirst` chooses. Weights: `w` (2, k, k), and
//! optionally `bn` (4, 1): γ, β, μ, σ², which the authors' code has and the paper's formula has not.

use super::parts::input::{Input, Output, Slot};
use super::parts::layers::{Convolution, gated};
use super::parts::parameters::{KERNEL_SIZE, MAX_FIRST, kernel_size};
use super::parts::tensor::Tensor;
use super::parts::{exact, largest, sigmoid};
use super::{Entry, Member, Text};
use crate::error::Error;
use crate::options::Settings;

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "spatial",
        Text { en: "Spatial attention (CBAM, second step)", zh: "空间注意力（CBAM 第二步）" },
        Text {
            en: "Each pixel is scaled by a gate that a convolution reads off the maximum and the mean over the channels.",
            zh: "卷积根据沿通道的最大值与均值，为每个像素给出门控并相乘。",
        },
        "s = σ(BN(conv_k([max_c X; mean_c X]))), Y = s_ij·X",
        "Woo et al. 2018, arXiv 1807.06521, section 3, equation 3",
    )
    .with(&[KERNEL_SIZE, MAX_FIRST]),
    slots: |_, settings| slots(settings),
    forward,
};

/// The weights of a convolution from two planes to one.
///
/// # Errors
/// `Fault::Parameter` for a kernel size that is neither 3 nor 7.
pub fn slots(settings: &Settings) -> Result<Vec<Slot>, Error> {
    let k = kernel_size(settings)?;
    Ok(vec![Slot::required("w", [2, k, k]), Slot::optional("bn", [4, 1])])
}

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let [planes, gates] = gates(input, input.x())?;
    let y = gated(input.x(), |[n, _, i, j]| gates.at([n, i, j]))?;
    Ok(Output::new(y).with("planes", planes).with("spatial_gates", gates))
}

/// The planes (B, 2, H, W) and the gates (B, H, W) of a map.
///
/// # Errors
/// `Fault::OutOfMemory`.
pub fn gates(input: &Input<f32>, x: &Tensor<f32>) -> Result<[Tensor<f32>; 2], Error> {
    let [b, c, h, w] = x.axes();
    let planes = Tensor::build("planes", [b, 2, h, w], |[n, plane, i, j]| {
        let channels = (0..c).map(|c| f64::from(x.at([n, c, i, j])));
        let max = (plane == 0) == input.settings().flag(&MAX_FIRST);
        (if max { largest(channels) } else { channels.sum::<f64>() / c as f64 }) as f32
    })?;
    let kernel = input.weight("w")?;
    let (weights, size, bn) = (kernel.data(), kernel.shape()[1], input.batch_norm("bn", 0));
    let convolution = Convolution { weights, size, groups: 1, dilation: 1 };
    let gates = convolution.run("spatial_gates", &planes, 1, |_, sum| sigmoid(bn(0, sum)))?;
    Ok([planes, gates.reshape("spatial_gates", [b, h, w])?])
}

/// M_s(F) = σ(f([AvgPool(F); MaxPool(F)])), the planes in the chosen order.
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let x = input.x();
    let [planes, s] = definition_of_gates(input, x)?;
    let y = Tensor::build("y", input.size(), |[n, c, i, j]| s.at([n, i, j]) * x.at([n, c, i, j]))?;
    Ok(Output::new(y).with("planes", planes).with("spatial_gates", s))
}

/// The planes and M_s of a map F.
///
/// # Errors
/// `Fault::OutOfMemory`.
pub fn definition_of_gates(input: &Input<f64>, f: &Tensor<f64>) -> Result<[Tensor<f64>; 2], Error> {
    let ([b, c, h, w], k) = (f.axes(), input.length("w", 1));
    let mean = |n, i, j| (0..c).map(|c| f.at([n, c, i, j])).sum::<f64>() / c as f64;
    let max = |n, i, j| largest((0..c).map(|c| f.at([n, c, i, j])));
    let max_plane = if input.settings().flag(&MAX_FIRST) { 0 } else { 1 };
    let planes = Tensor::build("planes", [b, 2, h, w], |[n, plane, i, j]| {
        if plane == max_plane { max(n, i, j) } else { mean(n, i, j) }
    })?;
    let s = Tensor::build("M_s", [b, h, w], |[n, i, j]| {
        let away = |at: usize, step: usize| at as isize + step as isize - (k / 2) as isize;
        let tap = |p: usize, u, v| input.at("w", [p, u, v]) * exact::padded(&planes, [n, p], away(i, u), away(j, v));
        let sum = (0..2 * k * k).map(|t| tap(t / (k * k), t / k % k, t % k)).sum();
        sigmoid(input.batch_norm("bn", 0)(0, sum))
    })?;
    Ok([planes, s])
}

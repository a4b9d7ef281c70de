//! Convolutional block attention module: channels first, X' = σ(MLP(mean) + MLP(max))_c X, then pixels,
//! Y = σ(BN(conv_k([max_c X'; mean_c X'])))_ij X'. Woo et al., *CBAM: Convolutional Block Attention Module* (2018), section 3,
//! arXiv 1807.06521.
//!
//! One network, relu between its two layers, serves both poolings, and its outputs are added before the σ; so b₂ counts twice.
//! Weights: `w1` (hidden, C), `w2` (C, hidden), hidden = max(1, ⌊C/r⌋); `w` (2, k, k); and optionally `b1`, `b2` and `bn` (4, 1), which
//! the authors' code has and the paper's formulas have not.

use super::parts::input::{Input, Output};
use super::parts::layers::{dot, gated, linear, max, mean, over_pixels};
use super::parts::parameters::{KERNEL_SIZE, MAX_FIRST, reduced, reduction};
use super::parts::tensor::Tensor;
use super::parts::{largest, relu, sigmoid};
use super::{Entry, Member, Text, se, spatial};
use crate::error::Error;
use crate::member::Parameter;

const REDUCTION: Parameter = reduction(16.0);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "cbam",
        Text { en: "Channel, then spatial (CBAM)", zh: "先通道后空间（CBAM）" },
        Text {
            en: "Channels are scaled by gates from their means and maxima, then pixels of the result by gates from a convolution.",
            zh: "先由通道的均值与最大值给出通道门控，再由卷积为结果的每个像素给出门控。",
        },
        "X' = σ(MLP(mean X) + MLP(max X))_c·X, Y = σ(BN(conv_k([max_c X'; mean_c X'])))_ij·X'",
        "Woo et al. 2018, arXiv 1807.06521, section 3",
    )
    .with(&[REDUCTION, KERNEL_SIZE, MAX_FIRST]),
    slots: |[_, channels, _, _], settings| {
        let mut slots = se::mlp_slots(channels, reduced(channels, settings, &REDUCTION));
        slots.extend(spatial::slots(settings)?);
        Ok(slots)
    },
    forward,
};

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let [pooled, pooled_max, channel] = channel_gates(input)?;
    let refined = gated(input.x(), |[n, c, _, _]| channel.at([n, c]))?;
    let [planes, gates] = spatial::gates(input, &refined)?;
    let y = gated(&refined, |[n, _, i, j]| gates.at([n, i, j]))?;
    let output = Output::new(y).with("pooled", pooled).with("pooled_max", pooled_max);
    let output = output.with("channel_gates", channel).with("refined", refined);
    Ok(output.with("planes", planes).with("spatial_gates", gates))
}

/// Both poolings and the gates, each (B, C).
fn channel_gates(input: &Input<f32>) -> Result<[Tensor<f32>; 3], Error> {
    let (b1, b2, w1, w2) = (input.bias("b1"), input.bias("b2"), input.weight("w1")?, input.weight("w2")?);
    let (means, maxima) = (over_pixels("pooled", input.x(), mean)?, over_pixels("pooled_max", input.x(), max)?);
    let from_means = linear("hidden", &means, w1, |k, sum| relu(sum + b1(k)))?;
    let from_maxima = linear("hidden", &maxima, w1, |k, sum| relu(sum + b1(k)))?;
    let gates = Tensor::build("channel_gates", means.axes(), |[n, c]| {
        let network = |hidden: &Tensor<f32>| dot(w2.row(c), hidden.row(n)) + b2(c);
        sigmoid(network(&from_means) + network(&from_maxima)) as f32
    })?;
    Ok([means, maxima, gates])
}

/// F' = M_c(F) ⊗ F, F'' = M_s(F') ⊗ F', equations 1 to 3.
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let ([b, c, h, w], f) = (input.size(), input.x());
    let average = se::definition_of_means(input)?;
    let max = Tensor::build("max", [b, c], |[n, c]| largest((0..h * w).map(|p| f.at([n, c, p / w, p % w]))))?;
    let mlp = |z, at| se::definition_of_network(input, z, at);
    let m_c = Tensor::build("M_c", [b, c], |at| sigmoid(mlp(&average, at) + mlp(&max, at)))?;
    let refined = Tensor::build("F'", [b, c, h, w], |[n, c, i, j]| m_c.at([n, c]) * f.at([n, c, i, j]))?;
    let [planes, m_s] = spatial::definition_of_gates(input, &refined)?;
    let y = Tensor::build("F''", [b, c, h, w], |[n, c, i, j]| m_s.at([n, i, j]) * refined.at([n, c, i, j]))?;
    let output = Output::new(y).with("pooled", average).with("pooled_max", max).with("channel_gates", m_c);
    Ok(output.with("refined", refined).with("planes", planes).with("spatial_gates", m_s))
}

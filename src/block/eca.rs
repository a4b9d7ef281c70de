//! Efficient channel attention: s = σ(conv1d_k(z)) along the channels, z = the mean of each channel, Y_c = s_c X_c. Wang et al.,
//! *ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks* (2019), section 3, arXiv 1910.03151.
//!
//! Weights: `w` (k). No bias; (k − 1)/2 zeros stand at both ends.
//!
//! k is the odd number nearest to t = (log₂ C + b)/γ, ties upward: 2⌊t/2⌋ + 1. As ⌊(log₂ C + b)/2γ⌋ needs no more of the
//! logarithm than its whole part, no rounding can move the powers of two, where k jumps.

use super::parts::input::{Input, Output, Slot, count};
use super::parts::layers::{gated, mean, over_pixels};
use super::parts::parameters::whole;
use super::parts::sigmoid;
use super::parts::tensor::Tensor;
use super::{Entry, Member, Text, se};
use crate::error::Error;
use crate::member::Parameter;
use crate::options::Settings;

const KERNEL_SIZE: Parameter = whole(
    "kernelSize",
    Text { en: "Kernel size k", zh: "卷积核大小 k" },
    Text {
        en: "How many neighbouring channels a gate sees; odd. Automatic: grows with log₂ C.",
        zh: "每个门控看到多少个相邻通道，须为奇数。自动：随 log₂ C 增长。",
    },
    (1.0, None),
    None,
    (1.0, 9.0),
);

const GAMMA: Parameter = whole(
    "gamma",
    Text { en: "γ", zh: "γ" },
    Text { en: "Divides log₂ C + b for the automatic k.", zh: "自动 k 的除数：(log₂ C + b)/γ。" },
    (1.0, Some(64.0)),
    Some(2.0),
    (1.0, 8.0),
);

const B: Parameter = whole(
    "b",
    Text { en: "b", zh: "b" },
    Text { en: "Added to log₂ C for the automatic k.", zh: "自动 k 中加到 log₂ C 上的常数。" },
    (0.0, Some(64.0)),
    Some(1.0),
    (0.0, 8.0),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "eca",
        Text { en: "Efficient channel attention (ECA)", zh: "高效通道注意力（ECA）" },
        Text {
            en: "Each channel's gate sees the means of its neighbours alone: a handful of weights for any number of channels.",
            zh: "每个通道的门控只看相邻通道的均值：无论多少通道，只需几个权重。",
        },
        "s = σ(conv1d_k(z)), z = GAP(X), Y = s_c·X, k = 2⌊(log₂C + b)/2γ⌋ + 1",
        "Wang et al. 2019, arXiv 1910.03151, section 3",
    )
    .with(&[KERNEL_SIZE, GAMMA, B]),
    slots: |[_, channels, _, _], settings| Ok(vec![Slot::required("w", [kernel_size(channels, settings)?])]),
    forward,
};

/// k for C channels.
///
/// # Errors
/// `Fault::Parameter` for an even k: no padding could keep the number of channels.
pub fn kernel_size(channels: usize, settings: &Settings) -> Result<usize, Error> {
    let automatic = || 2 * ((channels.ilog2() as usize + count(settings, &B)) / (2 * count(settings, &GAMMA))) + 1;
    match settings.number(&KERNEL_SIZE) {
        None => Ok(automatic()),
        Some(k) if k % 2.0 == 1.0 => Ok(k as usize),
        Some(k) => Err(Error::parameter(&KERNEL_SIZE.name, &"an odd number", &k)),
    }
}

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let w = input.weight("w")?.data();
    let pooled = over_pixels("pooled", input.x(), mean)?;
    let gates = Tensor::build("channel_gates", pooled.axes(), |[n, c]| sigmoid(tap(pooled.row(n), w, c)) as f32)?;
    let y = gated(input.x(), |[n, c, _, _]| gates.at([n, c]))?;
    Ok(Output::new(y).with("pooled", pooled).with("channel_gates", gates))
}

/// The convolution at channel c.
fn tap(z: &[f32], w: &[f32], c: usize) -> f64 {
    let half = w.len() / 2;
    let near = z.iter().enumerate().take(c + half + 1).skip(c.saturating_sub(half));
    near.map(|(e, &z)| f64::from(w[e + half - c]) * f64::from(z)).sum()
}

/// s_c = σ(Σ_t w_t z_{c + t − (k−1)/2}) with z = 0 beyond the ends, equation 7.
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let ([b, channels, _, _], x) = (input.size(), input.x());
    let z = se::definition_of_means(input)?;
    let k = input.length("w", 0);
    let padded = |n, place: isize| match usize::try_from(place) {
        Ok(c) if c < channels => z.at([n, c]),
        _ => 0.0,
    };
    let place = |c: usize, t: usize| c as isize + t as isize - (k as isize - 1) / 2;
    let sum = |n, c| (0..k).map(|t| input.at("w", [t]) * padded(n, place(c, t))).sum::<f64>();
    let s = Tensor::build("s", [b, channels], |[n, c]| sigmoid(sum(n, c)))?;
    let y = Tensor::build("y", input.size(), |[n, c, i, j]| s.at([n, c]) * x.at([n, c, i, j]))?;
    Ok(Output::new(y).with("pooled", z).with("channel_gates", s))
}

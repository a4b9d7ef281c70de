//! Spatial squeeze and excitation: s_ij = σ(w·x_ij + b), one gate for each pixel, Y_ij = s_ij X_ij. Roy, Navab and Wachinger,
//! *Concurrent Spatial and Channel 'Squeeze & Excitation' in Fully Convolutional Networks* (2018), section 2.2, arXiv 1803.02579.
//!
//! Weights: `w` (C), a 1 × 1 convolution to one channel, and optionally `b` (1).

use super::parts::input::{Input, Output, Slot};
use super::parts::layers::gated;
use super::parts::sigmoid;
use super::parts::tensor::Tensor;
use super::{Entry, Member, Text};
use crate::error::Error;

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "sse",
        Text { en: "Spatial squeeze and excitation (sSE)", zh: "空间挤压与激励（sSE）" },
        Text {
            en: "Each pixel is scaled by a gate that is read off its own channels.",
            zh: "每个像素由自身各通道给出的门控缩放。",
        },
        "s_ij = σ(w·x_ij + b), Y = s_ij·X",
        "Roy et al. 2018, arXiv 1803.02579, section 2.2",
    ),
    slots: |[_, channels, _, _], _| Ok(slots(channels)),
    forward,
};

/// The weights of a 1 × 1 convolution from C channels to one.
// Not a kernel: it says what fits, before anything is computed.
pub fn slots(channels: usize) -> Vec<Slot> {
    vec![Slot::required("w", [channels]), Slot::optional("b", [1])]
}

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let gates = gates(input)?;
    let y = gated(input.x(), |[n, _, i, j]| gates.at([n, i, j]))?;
    Ok(Output::new(y).with("spatial_gates", gates))
}

/// The gates (B, H, W).
///
/// # Errors
/// `Fault::OutOfMemory`.
pub fn gates(input: &Input<f32>) -> Result<Tensor<f32>, Error> {
    let ([b, _, h, w], x, bias) = (input.size(), input.x(), input.bias("b"));
    let weights = input.weight("w")?.data();
    Tensor::build("spatial_gates", [b, h, w], |[n, i, j]| {
        let channels = weights.iter().enumerate();
        let sum: f64 = channels.map(|(c, &weight)| f64::from(weight) * f64::from(x.at([n, c, i, j]))).sum();
        sigmoid(sum + bias(0)) as f32
    })
}

/// q_ij = W_sq ⋆ U, y_ij = σ(q_ij) u_ij.
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let ([b, c, h, w], x) = (input.size(), input.x());
    let q = |n, i, j| (0..c).map(|c| input.at("w", [c]) * x.at([n, c, i, j])).sum::<f64>() + input.at("b", [0]);
    let s = Tensor::build("s", [b, h, w], |[n, i, j]| sigmoid(q(n, i, j)))?;
    let y = Tensor::build("y", [b, c, h, w], |[n, c, i, j]| s.at([n, i, j]) * x.at([n, c, i, j]))?;
    Ok(Output::new(y).with("spatial_gates", s))
}

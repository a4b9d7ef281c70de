//! Squeeze-and-excitation, also called cSE: z = the mean of each channel, s = σ(W₂ relu(W₁ z + b₁) + b₂), Y_c = s_c X_c.
//! Hu, Shen and Sun, *Squeeze-and-Excitation Networks* (2017), section 3, arXiv 1709.01507.
//!
//! Weights: `w1` (hidden, C), `b1` (hidden), `w2` (C, hidden), `b2` (C), hidden = max(1, ⌊C/r⌋). The authors' published networks
//! have the biases, which the formula leaves out; here they are optional.

use super::parts::input::{Input, Output, Slot};
use super::parts::layers::{gated, linear, mean, over_pixels};
use super::parts::parameters::{reduced, reduction};
use super::parts::tensor::Tensor;
use super::parts::{relu, sigmoid};
use super::{Entry, Member, Text};
use crate::error::Error;
use crate::member::Parameter;

const REDUCTION: Parameter = reduction(16.0);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "se",
        Text { en: "Squeeze and excitation (SE)", zh: "挤压与激励（SE）" },
        Text {
            en: "Each channel is scaled by a gate that a small network reads off the means of all channels.",
            zh: "由小网络根据所有通道的均值给出每个通道的门控并相乘。",
        },
        "s = σ(W₂·relu(W₁·z + b₁) + b₂), z = GAP(X), Y = s_c·X",
        "Hu et al. 2017, arXiv 1709.01507, section 3",
    )
    .with(&[REDUCTION]),
    slots: |[_, channels, _, _], settings| Ok(mlp_slots(channels, reduced(channels, settings, &REDUCTION))),
    forward,
};

/// The weights of a network from C channels through `hidden` to C.
// Not a kernel: it says what fits, before anything is computed.
pub fn mlp_slots(channels: usize, hidden: usize) -> Vec<Slot> {
    vec![
        Slot::required("w1", [hidden, channels]),
        Slot::optional("b1", [hidden]),
        Slot::required("w2", [channels, hidden]),
        Slot::optional("b2", [channels]),
    ]
}

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let [pooled, hidden, gates] = gates(input)?;
    let y = gated(input.x(), |[n, c, _, _]| gates.at([n, c]))?;
    Ok(Output::new(y).with("pooled", pooled).with("hidden", hidden).with("channel_gates", gates))
}

/// The means, the hidden layer and the gates.
///
/// # Errors
/// `Fault::OutOfMemory`.
pub fn gates(input: &Input<f32>) -> Result<[Tensor<f32>; 3], Error> {
    let (b1, b2) = (input.bias("b1"), input.bias("b2"));
    let pooled = over_pixels("pooled", input.x(), mean)?;
    let hidden = linear("hidden", &pooled, input.weight("w1")?, |k, sum| relu(sum + b1(k)))?;
    let gates = linear("channel_gates", &hidden, input.weight("w2")?, |c, sum| sigmoid(sum + b2(c)))?;
    Ok([pooled, hidden, gates])
}

/// z_c = 1/(H W) Σ x, s = σ(W₂ relu(W₁ z)), y_c = s_c x_c, equations 2 to 4.
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let x = input.x();
    let z = definition_of_means(input)?;
    let s = Tensor::build("s", z.axes(), |[n, c]| sigmoid(definition_of_network(input, &z, [n, c])))?;
    let y = Tensor::build("y", input.size(), |[n, c, i, j]| s.at([n, c]) * x.at([n, c, i, j]))?;
    Ok(Output::new(y).with("pooled", z).with("channel_gates", s))
}

/// Equation 2.
pub fn definition_of_means(input: &Input<f64>) -> Result<Tensor<f64>, Error> {
    let ([b, c, h, w], x) = (input.size(), input.x());
    Tensor::build("z", [b, c], |[n, c]| {
        let row = |i| (0..w).map(|j| x.at([n, c, i, j])).sum::<f64>();
        (0..h).map(row).sum::<f64>() / (h * w) as f64
    })
}

/// W₂ relu(W₁ z + b₁) + b₂ of one channel, out of equation 3.
pub fn definition_of_network(input: &Input<f64>, z: &Tensor<f64>, [n, c]: [usize; 2]) -> f64 {
    let sum = |k| (0..z.shape()[1]).map(|e| input.at("w1", [k, e]) * z.at([n, e])).sum::<f64>();
    let hidden = |k| relu(sum(k) + input.at("b1", [k]));
    (0..input.length("w1", 0)).map(|k| input.at("w2", [c, k]) * hidden(k)).sum::<f64>() + input.at("b2", [c])
}

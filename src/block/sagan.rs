//! The self-attention of SAGAN: A_ij = softmax_j(f(x_i)·g(x_j)), O = W_v Σ_j A_ij h(x_j), Y = γ O + X. Zhang, Goodfellow, Metaxas and
//! Odena, *Self-Attention Generative Adversarial Networks* (2018), section 3, arXiv 1805.08318. There is no 1/√d.
//!
//! i is the pixel that looks, j the one looked at; the paper writes β_ji with the letters the other way round. γ starts training
//! at 0, where the block is the identity. Defaults are the paper's: C/8 channels for all three. The authors' code takes C/2 for
//! the values and pools keys and values (`valueReduction` 2, `pool`); a widespread copy has C channels and no W_v
//! (`valueReduction` 1 without `out`). Pooling comes after the projections. A map too small to pool has no key, and O is 0.
//!
//! Weights, 1 × 1 convolutions: `query`, `key` (⌊C/r⌋, C), `value` (⌊C/rv⌋, C), each at least one row, `out` (C, ⌊C/rv⌋), `gamma` (1);
//! optionally a bias for each, `query_bias`, ….

use super::parts::attention::{Mixed, Triple, residual};
use super::parts::exact;
use super::parts::input::{Input, Output, Slot};
use super::parts::layers::{max_pool, project, rows};
use super::parts::parameters::{NEED_WEIGHTS, POOL, reduced, reduction};
use super::parts::tensor::Tensor;
use super::{Entry, Member, Text};
use crate::error::Error;
use crate::member::Parameter;
use crate::options::Settings;

const REDUCTION: Parameter = reduction(8.0);

const VALUE_REDUCTION: Parameter = Parameter::new(
    "valueReduction",
    Text { en: "Reduction of the values", zh: "值的缩减比" },
    Text {
        en: "The values have C divided by this many channels: 8 in the paper, 2 in the authors' code.",
        zh: "值的通道数为 C 除以此数：论文为 8，作者代码为 2。",
    },
    reduction(8.0).kind,
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "sagan",
        Text { en: "Self-attention (SAGAN)", zh: "自注意力（SAGAN）" },
        Text {
            en: "Self-attention between the pixels of a map, faded in by a learned factor γ that starts at 0.",
            zh: "特征图像素之间的自注意力，由从 0 开始学习的系数 γ 逐渐引入。",
        },
        "Y = γ·W_v·Σ_j A_ij·h_j + X, A_ij = softmax_j(f_i·g_j)",
        "Zhang et al. 2018, arXiv 1805.08318, section 3",
    )
    .with(&[REDUCTION, VALUE_REDUCTION, POOL, NEED_WEIGHTS]),
    slots,
    forward,
};

fn slots([_, channels, _, _]: [usize; 4], settings: &Settings) -> Result<Vec<Slot>, Error> {
    let inner = reduced(channels, settings, &REDUCTION);
    let values = reduced(channels, settings, &VALUE_REDUCTION);
    let mut slots = Vec::new();
    for (weight, bias, outputs) in
        [("query", "query_bias", inner), ("key", "key_bias", inner), ("value", "value_bias", values)]
    {
        slots.extend([Slot::required(weight, [outputs, channels]), Slot::optional(bias, [outputs])]);
    }
    let out = Slot::required("out", [channels, values]);
    slots.push(Slot { optional: values == channels, ..out });
    slots.extend([Slot::optional("out_bias", [channels]), Slot::required("gamma", [1])]);
    Ok(slots)
}

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let x = rows("query", input.x())?;
    let query = project("query", &x, input.weight("query")?, input.bias("query_bias"))?;
    let key = pooled(input, project("key", &x, input.weight("key")?, input.bias("key_bias"))?)?;
    let value = pooled(input, project("value", &x, input.weight("value")?, input.bias("value_bias"))?)?;
    let triple = Triple { query, key, value };
    let Mixed { rows, weights } = triple.softmax(1.0, input.settings().flag(&NEED_WEIGHTS))?;
    let (gamma, bias) = (input.at("gamma", [0]), input.bias("out_bias"));
    let y = residual(input.x(), &rows, input.optional("out"), |c, found| gamma * (found + bias(c)))?;
    let output = Output::new(y).with("query", triple.query).with("key", triple.key).with("value", triple.value);
    let output = output.with("mixed", rows);
    Ok(weights.into_iter().fold(output, |output, weights| output.with("attention", weights)))
}

/// Rows (B, H·W, channels), pooled 2 × 2 as the map that they are where that is asked for.
fn pooled(input: &Input<f32>, projected: Tensor<f32>) -> Result<Tensor<f32>, Error> {
    if !input.settings().flag(&POOL) {
        return Ok(projected);
    }
    let ([b, _, h, w], channels) = (input.size(), projected.shape()[2]);
    let map = Tensor::build("map", [b, channels, h, w], |[n, c, i, j]| projected.at([n, i * w + j, c]))?;
    rows("pooled", &max_pool("pooled", &map)?)
}

/// s_ij = f(x_i)·g(x_j), β = softmax_j(s), o_i = W_v Σ_j β_ij h(x_j), y_i = γ o_i + x_i, equations 1 to 3.
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let x = input.x();
    let smaller = |map: Tensor<f64>| if input.settings().flag(&POOL) { exact::max_pool(&map) } else { Ok(map) };
    let f = exact::rows(&exact::convolution(input, "query", "query_bias", x)?)?;
    let g = exact::rows(&smaller(exact::convolution(input, "key", "key_bias", x)?)?)?;
    let h = exact::rows(&smaller(exact::convolution(input, "value", "value_bias", x)?)?)?;
    let beta = exact::softmax(&exact::products(&f, &g)?)?;
    let mixed = exact::mixed(&beta, &h)?;
    let width = input.size()[3];
    let y = Tensor::build("y", input.size(), |[n, c, i, j]| {
        let row = mixed.row(n * f.shape()[1] + i * width + j);
        let led_back = |out: &Tensor<f64>| row.iter().enumerate().map(|(k, found)| out.at([c, k]) * found).sum();
        let o = input.optional("out").map_or_else(|| row[c], led_back) + input.at("out_bias", [c]);
        input.at("gamma", [0]) * o + x.at([n, c, i, j])
    })?;
    let output = Output::new(y).with("query", f).with("key", g).with("value", h);
    Ok(output.with("mixed", mixed).with("attention", beta))
}

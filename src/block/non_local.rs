//! Non-local block: each pixel takes in all others, y_i = Σ_j f(x_i, x_j) g(x_j) / N(x), Z = W_z y + X. Wang, Girshick, Gupta and He,
//! *Non-local Neural Networks* (2017), section 3, arXiv 1711.07971.
//!
//! Pixel (i, j) is row i·W + j. The pair function f, with s = scale · θ(x_i)·φ(x_j):
//!
//! - `embedded_gaussian`: e^s over its sum, a softmax: attention with Q = θ, K = φ, V = g.
//! - `gaussian`: the same with θ = φ = X.
//! - `dot`: s / M, M the number of keys.
//! - `concat`: scale · relu(w_f·[θ(x_i); φ(x_j)]) / M.
//!
//! The paper has no scale; the authors' code takes 1/√inner for `embedded_gaussian`. With `pool`, keys and values are made from X
//! max-pooled 2 × 2 (the paper's subsampled x̂). A map too small to pool has no key, and Y is X with what W_z makes of 0.
//!
//! Weights, 1 × 1 convolutions with inner = max(1, ⌊C/r⌋): `theta`, `phi` (inner, C), not for `gaussian`; `g` (inner, C), `z` (C, inner);
//! `f` (2·inner) for `concat`; and optionally a bias for each, `theta_bias`, …, and `bn` (4, C), γ, β, μ, σ², after `z`.

use super::parts::attention::{Mixed, Triple, residual};
use super::parts::input::{Input, Output, Slot};
use super::parts::layers::{dot, max_pool, project, rows};
use super::parts::parameters::{NEED_WEIGHTS, POOL, reduced, reduction};
use super::parts::tensor::Tensor;
use super::parts::{exact, relu};
use super::{Entry, Member, Text};
use crate::error::Error;
use crate::member::{Kind, Parameter, named};
use crate::options::Settings;

const REDUCTION: Parameter = reduction(2.0);

const PAIR: Parameter = Parameter::new(
    "pair",
    Text { en: "Pair function f", zh: "成对函数 f" },
    Text {
        en: "How a weight is made from two pixels; the first two are softmaxes, the others are divided by the number of keys.",
        zh: "如何由两个像素得到权重；前两种为 softmax，其余除以键的数量。",
    },
    Kind::Choice {
        options: &[
            named("embedded_gaussian", Text { en: "Embedded Gaussian", zh: "嵌入高斯" }),
            named("gaussian", Text { en: "Gaussian", zh: "高斯" }),
            named("dot", Text { en: "Dot product", zh: "点积" }),
            named("concat", Text { en: "Concatenation", zh: "拼接" }),
        ],
        default: Some("embedded_gaussian"),
    },
);

const SCALE: Parameter = Parameter::new(
    "scale",
    Text { en: "Scale", zh: "缩放" },
    Text {
        en: "The factor on the pair function's product. The paper has none; the authors' code takes 1/√inner.",
        zh: "成对函数中乘积的系数。论文中没有；作者代码取 1/√inner。",
    },
    Kind::number(None, None, Some(1.0), (0.0, 2.0)),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "non_local",
        Text { en: "Non-local block", zh: "非局部模块" },
        Text {
            en: "Self-attention between the pixels of a map: each takes in all others, and the result is added to the map.",
            zh: "特征图像素之间的自注意力：每个像素汇集所有像素的信息，再加回原图。",
        },
        "Z = W_z·y + X, y_i = Σ_j softmax_j(scale·θ_i·φ_j)·g_j",
        "Wang et al. 2017, arXiv 1711.07971, section 3",
    )
    .with(&[PAIR, SCALE, REDUCTION, POOL, NEED_WEIGHTS]),
    slots,
    forward,
};

fn slots([_, channels, _, _]: [usize; 4], settings: &Settings) -> Result<Vec<Slot>, Error> {
    let inner = reduced(channels, settings, &REDUCTION);
    let pair = settings.name(&PAIR);
    let mut slots = Vec::new();
    if pair != "gaussian" {
        for (weight, bias) in [("theta", "theta_bias"), ("phi", "phi_bias")] {
            slots.extend([Slot::required(weight, [inner, channels]), Slot::optional(bias, [inner])]);
        }
    }
    if pair == "concat" {
        slots.push(Slot::required("f", [inner.saturating_mul(2)]));
    }
    slots.extend([Slot::required("g", [inner, channels]), Slot::optional("g_bias", [inner])]);
    slots.extend([Slot::required("z", [channels, inner]), Slot::optional("z_bias", [channels])]);
    slots.push(Slot::optional("bn", [4, channels]));
    Ok(slots)
}

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let triple = triple(input)?;
    let Mixed { rows, weights } = mix(input, &triple)?;
    let (bias, bn) = (input.bias("z_bias"), input.batch_norm("bn", 0));
    let y = residual(input.x(), &rows, Some(input.weight("z")?), |c, found| bn(c, found + bias(c)))?;
    let output = Output::new(y).with("query", triple.query).with("key", triple.key).with("value", triple.value);
    let output = output.with("mixed", rows);
    Ok(weights.into_iter().fold(output, |output, weights| output.with("attention", weights)))
}

/// θ, φ and g.
fn triple(input: &Input<f32>) -> Result<Triple, Error> {
    let x = rows("query", input.x())?;
    let pooled = match input.settings().flag(&POOL) {
        true => rows("key", &max_pool("key", input.x())?)?,
        false => rows("key", input.x())?,
    };
    let embedded = |name, pixels: &Tensor<f32>, weight, bias| project(name, pixels, input.weight(weight)?, input.bias(bias));
    let value = embedded("value", &pooled, "g", "g_bias")?;
    Ok(match input.settings().name(&PAIR) {
        "gaussian" => Triple { query: x, key: pooled, value },
        _ => {
            let query = embedded("query", &x, "theta", "theta_bias")?;
            Triple { query, key: embedded("key", &pooled, "phi", "phi_bias")?, value }
        }
    })
}

/// Σ_j f(x_i, x_j) g(x_j) / N.
fn mix(input: &Input<f32>, triple: &Triple) -> Result<Mixed, Error> {
    let scale = input.settings().number(&SCALE).unwrap_or(1.0);
    let need_weights = input.settings().flag(&NEED_WEIGHTS);
    match input.settings().name(&PAIR) {
        "dot" => triple.average(|q, k| scale * dot(q, k), need_weights),
        "concat" => {
            let f = input.weight("f")?.data();
            let (left, right) = f.split_at(f.len() / 2);
            triple.average(|q, k| scale * relu(dot(left, q) + dot(right, k)), need_weights)
        }
        _ => triple.softmax(scale, need_weights),
    }
}

/// Equations 1 to 6: y_i = 1/N(x) Σ_j f(x_i, x̂_j) g(x̂_j), z_i = W_z y_i + x_i, with x̂ = x or x pooled.
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let x = input.x();
    let hat = if input.settings().flag(&POOL) { exact::max_pool(x)? } else { x.clone() };
    let g = exact::rows(&exact::convolution(input, "g", "g_bias", &hat)?)?;
    let (theta, phi) = match input.settings().name(&PAIR) {
        "gaussian" => (exact::rows(x)?, exact::rows(&hat)?),
        _ => {
            let theta = exact::convolution(input, "theta", "theta_bias", x)?;
            (exact::rows(&theta)?, exact::rows(&exact::convolution(input, "phi", "phi_bias", &hat)?)?)
        }
    };
    let weights = definition_of_weights(input, &theta, &phi)?;
    let y = exact::mixed(&weights, &g)?;
    let width = input.size()[3];
    let z = Tensor::build("z", input.size(), |[n, c, i, j]| {
        let row = y.row(n * theta.shape()[1] + i * width + j);
        let sum = row.iter().enumerate().map(|(k, y)| input.at("z", [c, k]) * y).sum::<f64>();
        input.batch_norm("bn", 0)(c, sum + input.at("z_bias", [c])) + x.at([n, c, i, j])
    })?;
    let output = Output::new(z).with("query", theta).with("key", phi).with("value", g);
    Ok(output.with("mixed", y).with("attention", weights))
}

/// f(x_i, x̂_j) / N(x): equations 2 and 3, with N their sum, and 4 and 5, with N the number of keys.
fn definition_of_weights(input: &Input<f64>, theta: &Tensor<f64>, phi: &Tensor<f64>) -> Result<Tensor<f64>, Error> {
    let scale = input.settings().number(&SCALE).unwrap_or(1.0);
    let products = exact::products(theta, phi)?;
    let ([b, n, m], inner) = (products.axes(), theta.shape()[2]);
    let half = |row: &[f64], from| (0..inner).map(|k| input.at("f", [from + k]) * row[k]).sum::<f64>();
    match input.settings().name(&PAIR) {
        "dot" => Tensor::build("dot", [b, n, m], |at| scale * products.at(at) / m as f64),
        "concat" => Tensor::build("concat", [b, n, m], |[batch, i, j]| {
            let joined = half(theta.row(batch * n + i), 0) + half(phi.row(batch * m + j), inner);
            scale * relu(joined) / m as f64
        }),
        _ => exact::softmax(&Tensor::build("logits", [b, n, m], |at| scale * products.at(at))?),
    }
}

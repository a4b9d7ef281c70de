//! Concurrent channel and spatial squeeze and excitation: cSE(X) and sSE(X) side by side, and their maximum or their sum. Roy et
//! al. 2018, section 2.3, arXiv 1803.02579, which adds; the same, *Recalibrating Fully Convolutional Networks with Spatial and
//! Channel 'Squeeze & Excitation' Blocks* (2018), arXiv 1808.08127, which compares and prefers the maximum, as does the
//! authors' code.
//!
//! The maximum is taken of the products: where x is negative, it is the *smaller* gate that wins.
//!
//! Weights: those of `se` (`w1`, `b1`, `w2`, `b2`, with r = 2) and those of `sse` (`w`, `b`).

use super::parts::input::{Input, Output, Slot};
use super::parts::larger;
use super::parts::parameters::{reduced, reduction};
use super::parts::tensor::Tensor;
use super::{Entry, Member, Text, se, sse};
use crate::error::Error;
use crate::member::{Kind, Parameter, named};
use crate::options::Settings;

const REDUCTION: Parameter = reduction(2.0);

const COMBINE: Parameter = Parameter::new(
    "combine",
    Text { en: "Combine by", zh: "合并方式" },
    Text {
        en: "The larger of the two scaled maps, as in the authors' code, or their sum, as in the first paper.",
        zh: "取两个缩放结果中较大者（作者代码），或取其和（首篇论文）。",
    },
    Kind::Choice {
        options: &[named("max", Text { en: "Maximum", zh: "最大值" }), named("sum", Text { en: "Sum", zh: "求和" })],
        default: Some("max"),
    },
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "scse",
        Text { en: "Channel and spatial (scSE)", zh: "通道与空间并行（scSE）" },
        Text {
            en: "SE and sSE side by side; the larger result counts, or their sum. On negative values the larger result is that of the smaller gate.",
            zh: "SE 与 sSE 并行，取较大的结果或两者之和。对负值而言，较大的结果来自较小的门控。",
        },
        "Y = max(cSE(X), sSE(X)) or cSE(X) + sSE(X)",
        "Roy et al. 2018, arXiv 1803.02579, section 2.3, and arXiv 1808.08127",
    )
    .with(&[COMBINE, REDUCTION]),
    slots,
    forward,
};

fn slots([_, channels, _, _]: [usize; 4], settings: &Settings) -> Result<Vec<Slot>, Error> {
    let mut slots = se::mlp_slots(channels, reduced(channels, settings, &REDUCTION));
    slots.extend(sse::slots(channels));
    Ok(slots)
}

/// How two products become one.
fn combine(settings: &Settings) -> fn(f64, f64) -> f64 {
    if settings.name(&COMBINE) == "sum" { |a, b| a + b } else { larger }
}

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let ([pooled, hidden, channel], spatial) = (se::gates(input)?, sse::gates(input)?);
    let (x, combine) = (input.x(), combine(input.settings()));
    let y = Tensor::build("output", input.size(), |[n, c, i, j]| {
        let x = f64::from(x.at([n, c, i, j]));
        combine(x * f64::from(channel.at([n, c])), x * f64::from(spatial.at([n, i, j]))) as f32
    })?;
    let output = Output::new(y).with("pooled", pooled).with("hidden", hidden);
    Ok(output.with("channel_gates", channel).with("spatial_gates", spatial))
}

/// max(U_cSE, U_sSE) or U_cSE + U_sSE.
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let (channel, spatial) = (se::definition(input)?, sse::definition(input)?);
    let y = Tensor::build("y", input.size(), |at| {
        let (a, b) = (channel.y.at(at), spatial.y.at(at));
        match input.settings().name(&COMBINE) {
            "sum" => a + b,
            _ => larger(a, b),
        }
    })?;
    let views = channel.views.into_iter().chain(spatial.views);
    Ok(views.fold(Output::new(y), |output, (id, view)| output.with(id, view)))
}

//! RMS norm of queries and keys: x ← g · x / √(mean x² + ε) before any rotation, then the scaled dot product. Dehghani et al.,
//! *Scaling Vision Transformers to 22 Billion Parameters* (2023), section 2.1, arXiv 2302.05442, which takes the layer norm;
//! the RMS norm is that of Zhang and Sennrich (2019), arXiv 1910.07467, equation 4.
//!
//! With gains of one |q| = |k| = √d, so logits stay within ±√d.

use super::{Definition, Entry, Score, Side, eps, keep, tensor};
use crate::error::Error;
use crate::member::{Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::{Head, Sizes};

/// Also the form of `qk_norm_ln`, which takes the mean away first.
pub(super) struct Normalized {
    query: Option<Vec<f32>>,
    key: Option<Vec<f32>>,
    eps: f64,
    centred: bool,
}

impl Normalized {
    /// Copies of the gains.
    pub(super) fn new(settings: &Settings, centred: bool) -> Result<Normalized, Error> {
        let [query, key] = [keep(GQ.name, settings.tensor(&GQ, 0))?, keep(GK.name, settings.tensor(&GK, 0))?];
        Ok(Normalized { query, key, eps: settings.number(&EPS).unwrap_or_default(), centred })
    }
}

impl Score for Normalized {
    /// Sums in double precision: one rounding is left.
    fn normalize(&self, side: Side, row: &mut [f32]) {
        let count = row.len() as f64;
        let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let centre = if self.centred { mean } else { 0.0 };
        let square = row.iter().map(|&x| (f64::from(x) - centre) * (f64::from(x) - centre)).sum::<f64>() / count;
        let gains = if side == Side::Query { &self.query } else { &self.key };
        for (c, x) in row.iter_mut().enumerate() {
            let gain = gains.as_ref().map_or(1.0, |gains| f64::from(gains[c]));
            *x = ((f64::from(*x) - centre) / (square + self.eps).sqrt() * gain) as f32;
        }
    }

    fn default_scale(&self, sizes: &Sizes) -> f64 {
        1.0 / (sizes.head_size as f64).sqrt()
    }
}

/// The gain of each dimension of a query.
pub(super) const GQ: Parameter = tensor(
    "gq",
    &["d"],
    "ones",
    Text { en: "The gain of each dimension of a query. Automatic: ones.", zh: "查询各维度的增益。自动：全 1。" },
);
/// The gain of each dimension of a key.
pub(super) const GK: Parameter = tensor(
    "gk",
    &["d"],
    "ones",
    Text { en: "The gain of each dimension of a key. Automatic: ones.", zh: "键各维度的增益。自动：全 1。" },
);
/// Added to the mean square.
pub(super) const EPS: Parameter = eps(1e-6);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "qk_norm_rms",
        Text { en: "QK norm (RMS)", zh: "QK 归一化（RMS）" },
        Text {
            en: "Queries and keys are brought to one length, √d, before the scaled dot product; a gain per dimension is learned.",
            zh: "先把查询与键的长度统一为 √d，再做缩放点积；每个维度有学习得到的增益。",
        },
        "q' = gq·q/√(mean q² + ε), k' alike, s = q'·k', l = s/√d",
        "Dehghani et al. 2023, arXiv 2302.05442, section 2.1; Zhang and Sennrich 2019, arXiv 1910.07467",
    )
    .with(&[GQ, GK, EPS]),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |settings, _| Ok(Box::new(Normalized::new(settings, false)?)),
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition { normalize: normalized, score: super::dot::definition };

/// x / √(mean x² + ε) times the gains.
// Not a kernel: it is part of the definition.
fn normalized(side: Side, row: &[f64], settings: &Settings, _head: &Head) -> Vec<f64> {
    let square = row.iter().map(|x| x * x).sum::<f64>() / row.len() as f64;
    let root = (square + settings.number(&EPS).unwrap_or_default()).sqrt();
    row.iter().enumerate().map(|(c, x)| gain(side, settings, c) * x / root).collect()
}

/// The gain of dimension c.
pub(super) fn gain(side: Side, settings: &Settings, c: usize) -> f64 {
    let gains = settings.tensor(if side == Side::Query { &GQ } else { &GK }, 0);
    gains.map_or(1.0, |gains| f64::from(gains[c]))
}

//! Layer norm of queries and keys: x ← g · (x − mean x) / √(var x + ε) before any rotation, then the scaled dot product.
//! Dehghani et al., *Scaling Vision Transformers to 22 Billion Parameters* (2023), section 2.1, arXiv 2302.05442. The variance is
//! the mean square around the mean (divided by d); there is no shift.

use super::qk_norm_rms::{EPS, GK, GQ, Normalized, gain};
use super::{Definition, Entry, Side};
use crate::member::{Member, Text};
use crate::options::Settings;
use crate::tensor::Head;

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "qk_norm_ln",
        Text { en: "QK norm (layer norm)", zh: "QK 归一化（层归一化）" },
        Text {
            en: "Each row loses its mean and gets the length √d before the scaled dot product; a gain per dimension is learned.",
            zh: "每行先减去均值并把长度变为 √d，再做缩放点积；每个维度有学习得到的增益。",
        },
        "q' = gq·(q − mean q)/√(var q + ε), k' alike, s = q'·k', l = s/√d",
        "Dehghani et al. 2023, arXiv 2302.05442, section 2.1",
    )
    .with(&[GQ, GK, EPS]),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |settings, _| Ok(Box::new(Normalized::new(settings, true)?)),
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition { normalize: normalized, score: super::dot::definition };

/// (x − mean) / √(var + ε) times the gains.
// Not a kernel: it is part of the definition.
fn normalized(side: Side, row: &[f64], settings: &Settings, _head: &Head) -> Vec<f64> {
    let mean = row.iter().sum::<f64>() / row.len() as f64;
    let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
    let root = (variance + settings.number(&EPS).unwrap_or_default()).sqrt();
    row.iter().enumerate().map(|(c, x)| gain(side, settings, c) * (x - mean) / root).collect()
}

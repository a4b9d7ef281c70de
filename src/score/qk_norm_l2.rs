//! Query-key normalization: s = q̂·k̂ with rows divided by their L2 norm before any rotation, and a learned scale g in place of
//! 1/√d. Henry, Dachapally, Pawar and Chen, *Query-Key Normalization for Transformers* (2020), section 3, arXiv 2010.04245: one g
//! for all heads of a module, which starts at log2(L² − L) for the 97.5th percentile L of the training lengths.

use super::cosine::{divide_by_norm, unit};
use super::{Definition, Entry, Score, Side, eps};
use crate::double::ln;
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::{Head, Sizes};

struct QkNorm {
    g: Option<f64>,
    eps: f64,
}

impl Score for QkNorm {
    fn normalize(&self, _side: Side, row: &mut [f32]) {
        divide_by_norm(row, self.eps);
    }

    fn default_scale(&self, sizes: &Sizes) -> f64 {
        let length = sizes.keys.max(2) as f64;
        self.g.unwrap_or_else(|| ln(length * length - length) / core::f64::consts::LN_2)
    }
}

const G: Parameter = Parameter::new(
    "g",
    Text { en: "Gain g", zh: "增益 g" },
    Text {
        en: "The learned scale. Automatic: its starting value log2(M² − M) for M keys.",
        zh: "学习得到的缩放。自动：M 个键时的初值 log2(M² − M)。",
    },
    Kind::number(None, None, None, (0.1, 30.0)).logarithmic(),
);

const EPS: Parameter = eps(1e-12);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "qk_norm_l2",
        Text { en: "QK norm (L2)", zh: "QK 归一化（L2）" },
        Text {
            en: "Cosine times a learned gain: scores cannot grow with the vectors, and training stays stable.",
            zh: "余弦乘以学习得到的增益：分数不会随向量变大，训练更稳定。",
        },
        "s = q/|q| · k/|k|, l = g·s",
        "Henry et al. 2020, arXiv 2010.04245, section 3",
    )
    .with(&[G, EPS]),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |settings, _| {
        Ok(Box::new(QkNorm { g: settings.number(&G), eps: settings.number(&EPS).unwrap_or_default() }))
    },
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition { normalize: normalized, score: super::dot::definition };

/// x / max(|x|, ε).
// Not a kernel: it is part of the definition.
fn normalized(_side: Side, row: &[f64], settings: &Settings, _head: &Head) -> Vec<f64> {
    unit(row, settings, &EPS)
}

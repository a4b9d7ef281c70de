//! Cosine similarity: s = q/max(|q|, ε) · k/max(|k|, ε), each norm clamped separately, as `torch.nn.functional`'s
//! `cosine_similarity` has done since 1.13. A zero vector scores 0 with everything. Rounding may carry the result past 1 by
//! a few units in the last place.

use super::{Definition, Entry, Score, Side, eps};
use crate::member::{Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::Head;

/// Also what `swin_v2_cosine` does to rows.
pub(super) struct Cosine {
    pub eps: f64,
}

impl Score for Cosine {
    fn prepare(&self, _side: Side, row: &[f32], prepared: &mut [f32]) {
        prepared.copy_from_slice(row);
        divide_by_norm(prepared, self.eps);
    }
}

/// x / max(|x|, ε). The norm is summed in double precision: rows of 1e30 do not overflow, and one rounding is left.
pub(super) fn divide_by_norm(row: &mut [f32], eps: f64) {
    let square: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    let norm = square.sqrt().max(eps);
    for x in row {
        *x = (f64::from(*x) / norm) as f32;
    }
}

const EPS: Parameter = eps(1e-8);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "cosine",
        Text { en: "Cosine similarity", zh: "余弦相似度" },
        Text {
            en: "The dot product of unit vectors: only the angle counts, between −1 and 1.",
            zh: "单位向量的点积：只看夹角，取值 −1 到 1。",
        },
        "s = q/max(|q|,ε) · k/max(|k|,ε)",
        "PyTorch, torch.nn.functional.cosine_similarity",
    )
    .with(&[EPS]),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |settings, _| Ok(Box::new(Cosine { eps: settings.number(&EPS).unwrap_or(1e-8) })),
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition::plain(definition);

/// The cosine with each norm clamped to at least ε.
pub fn definition(query: &[f64], key: &[f64], settings: &Settings, _head: &Head) -> f64 {
    between(query, key, settings, &EPS)
}

/// The inner product of x / max(|x|, ε) and y / max(|y|, ε) in double precision.
pub(super) fn between(x: &[f64], y: &[f64], settings: &Settings, eps: &Parameter) -> f64 {
    unit(x, settings, eps).iter().zip(unit(y, settings, eps)).map(|(x, y)| x * y).sum()
}

/// x / max(|x|, ε) in double precision.
// Not a kernel: it serves definitions.
pub(super) fn unit(row: &[f64], settings: &Settings, eps: &Parameter) -> Vec<f64> {
    let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt().max(settings.number(eps).unwrap_or_default());
    row.iter().map(|x| x / norm).collect()
}

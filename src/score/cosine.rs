//! Cosine similarity: s = q/max(|q|, ε) · k/max(|k|, ε), each norm clamped separately, as `torch.nn.functional`'s
//! `cosine_similarity` has done since 1.13. A zero vector scores 0 with everything. Rounding may carry the result past 1 by
//! a few units in the last place.

use super::{Entry, Score};
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;

struct Cosine {
    eps: f64,
}

impl Score for Cosine {
    /// The norm is summed in double precision: rows of 1e30 do not overflow, and one rounding is left.
    fn prepare(&self, row: &mut [f32]) {
        let square: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
        let norm = square.sqrt().max(self.eps);
        for x in row {
            *x = (f64::from(*x) / norm) as f32;
        }
    }
}

const EPS: Parameter = Parameter {
    name: "eps",
    label: Text { en: "ε", zh: "ε" },
    about: Text { en: "The smallest norm to divide by.", zh: "做除数的范数下限。" },
    kind: Kind::Number {
        min: Some(0.0),
        max: None,
        above_min: true,
        integer: false,
        default: Some(1e-8),
        slider: (1e-12, 1.0),
        logarithmic: true,
    },
};

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member {
        id: "cosine",
        label: Text { en: "Cosine similarity", zh: "余弦相似度" },
        about: Text {
            en: "The dot product of unit vectors: only the angle counts, between −1 and 1.",
            zh: "单位向量的点积：只看夹角，取值 −1 到 1。",
        },
        formula: "s = q/max(|q|,ε) · k/max(|k|,ε)",
        source: "PyTorch, torch.nn.functional.cosine_similarity",
        parameters: &[EPS],
    },
    build: |settings| Box::new(Cosine { eps: settings.number(&EPS).unwrap_or(1e-8) }),
};

/// The cosine with each norm clamped to at least ε.
pub fn definition(query: &[f64], key: &[f64], settings: &Settings) -> f64 {
    let eps = settings.number(&EPS).unwrap_or(1e-8);
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt().max(eps);
    let (q, k) = (norm(query), norm(key));
    query.iter().zip(key).map(|(a, b)| a / q * (b / k)).sum()
}

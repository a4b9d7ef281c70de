//! Bilinear score: s = qᵀ W k, called *general* by Luong, Pham and Manning (2015), section 3.1, arXiv 1508.04025. W is learned
//! and need not be symmetric: what q is to k, k need not be to q. It has no scale of its own.

use super::{Definition, Entry, Score, Side, keep, square};
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::{Head, Sizes};

/// W, transposed: (dk, d).
struct General(Option<Vec<f32>>);

impl Score for General {
    fn size(&self, sizes: &Sizes) -> usize {
        sizes.key_size
    }

    /// W goes to the query, so that heads with a W of their own share their keys.
    fn prepare(&self, side: Side, row: &[f32], prepared: &mut [f32]) {
        let matrix = self.0.as_deref().filter(|_| side == Side::Query);
        super::multiply(matrix, row, prepared);
    }
}

const W: Parameter = Parameter::new(
    "w",
    Text { en: "W", zh: "W" },
    Text {
        en: "The learned matrix, query dimensions by key dimensions. Automatic: the identity, which is the dot product.",
        zh: "学习得到的矩阵，行为查询维度，列为键维度。自动：单位矩阵，即点积。",
    },
    Kind::Tensor { axes: &["d", "dk"], per_head: true, default: "identity" },
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "general",
        Text { en: "General (bilinear)", zh: "通用（双线性）" },
        Text {
            en: "A learned matrix says which dimensions of the query meet which of the key; it need not be symmetric.",
            zh: "学习得到的矩阵决定查询与键的哪些维度相遇；它不必对称。",
        },
        "s = qᵀ W k",
        "Luong et al. 2015, arXiv 1508.04025, section 3.1",
    )
    .with(&[W]),
    takes_other_keys: true,
    keeps_dimensions: false,
    build: |settings, head| {
        let Sizes { head_size, key_size, .. } = head.sizes;
        square(W.name, settings.tensor(&W, head.head), head_size, key_size)?;
        let mut transposed = keep(W.name, settings.tensor(&W, head.head))?;
        if let (Some(to), Some(from)) = (&mut transposed, settings.tensor(&W, head.head)) {
            for (at, to) in to.iter_mut().enumerate() {
                *to = from[at % head_size * key_size + at / head_size];
            }
        }
        Ok(Box::new(General(transposed)))
    },
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition::plain(definition);

/// Σ_b (Σ_a q_a W_ab) k_b.
pub fn definition(query: &[f64], key: &[f64], settings: &Settings, head: &Head) -> f64 {
    let Some(w) = settings.tensor(&W, head.head) else {
        return super::dot::definition(query, key, settings, head);
    };
    let column = |b: usize| query.iter().enumerate().map(|(a, q)| q * f64::from(w[a * key.len() + b])).sum::<f64>();
    key.iter().enumerate().map(|(b, k)| column(b) * k).sum()
}

//! Scaled cosine of Swin Transformer V2: s = cos(q, k), with the scale exp(min(t_h, ln 100)) learned for each head. Liu et al.,
//! *Swin Transformer V2* (2021), section 3.2, arXiv 2111.09883: the scale is 1/τ, τ starts at 0.1 and stays above 0.01.

use super::cosine::{Cosine, between};
use super::{Definition, Entry, Score, Side, eps, tensor};
use crate::double::exp;
use crate::member::{Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::{Head, Sizes};
use core::f64::consts::LN_10;

struct SwinV2 {
    t: f64,
    cosine: Cosine,
}

impl Score for SwinV2 {
    fn prepare(&self, side: Side, row: &[f32], prepared: &mut [f32]) {
        self.cosine.prepare(side, row, prepared);
    }

    fn default_scale(&self, _sizes: &Sizes) -> f64 {
        if self.t < 2.0 * LN_10 { exp(self.t) } else { 100.0 }
    }
}

const T: Parameter = tensor(
    "t",
    &["Hq"],
    "ln 10",
    Text {
        en: "The logarithm of each head's scale, capped at ln 100. Automatic: ln 10, its starting value.",
        zh: "每个头的缩放的对数，上限为 ln 100。自动：初值 ln 10。",
    },
);
const EPS: Parameter = eps(1e-12);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "swin_v2_cosine",
        Text { en: "Scaled cosine (Swin V2)", zh: "缩放余弦（Swin V2）" },
        Text {
            en: "The cosine with a learned sharpness for each head, never above 100.",
            zh: "余弦，每个头有学习得到的锐度，不超过 100。",
        },
        "s = q/|q| · k/|k|, l = s·exp(min(t, ln 100))",
        "Liu et al. 2021, arXiv 2111.09883, section 3.2",
    )
    .with(&[T, EPS]),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |settings, head| {
        let given = settings.tensor(&T, 0).and_then(|t| t.get(head.head));
        let t = given.map_or(LN_10, |t| f64::from(*t));
        let eps = settings.number(&EPS).unwrap_or_default();
        Ok(Box::new(SwinV2 { t, cosine: Cosine { eps } }))
    },
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition::plain(definition);

/// The cosine with each norm clamped to at least ε.
pub fn definition(query: &[f64], key: &[f64], settings: &Settings, _head: &Head) -> f64 {
    between(query, key, settings, &EPS)
}

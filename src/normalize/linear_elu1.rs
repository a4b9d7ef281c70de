//! Linear attention: w_j = φ(q)·φ(k_j) / (Σ_r φ(q)·φ(k_r) + ε), φ(x) = elu(x) + 1. Katharopoulos, Vyas, Pappas and Fleuret,
//! *Transformers are RNNs* (2020), section 3.2, arXiv 2006.16236. Score and normalizer in one: φ makes every product positive, so
//! that dividing by the sum is enough.
//!
//! Sums are taken of s / max s: s itself may be so large or so small that a sum or its inverse leaves single precision. Where
//! every product is too small for single precision, the row is `zeroed`.
//!
//! Here the N x M weights are what is wanted, so they are made one by one; any mask is allowed (the paper's form in linear time
//! takes the causal one alone). A bias or a soft cap would act on products, not on logits: they are refused.

use super::{Entry, Normalizer, Sensitivity, Statistic, Status, Strip, map_each};
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;
use crate::score::{self, Score, Side};
use crate::simd::{F32x4, F32x8, Lanes, Native};
use crate::tensor::Head;

struct LinearElu1 {
    eps: f64,
}

impl Normalizer for LinearElu1 {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        // A row of zeros is divided by 1.
        let max = statistic.max.map(|max| if max > 0.0 { max } else { 1.0 });
        let eps = max.map(|max| (self.eps / f64::from(max)) as f32);
        statistic.values[0] = max;
        inverse_sum::<Native>(strip, &max, &eps).store(&mut statistic.factor);
        for (lane, status) in statistic.status.iter_mut().enumerate() {
            if *status == Status::Ok && statistic.max[lane] <= 0.0 {
                *status = Status::Zeroed;
            }
        }
    }

    fn terms(&self, _first: usize, logits: &mut [Lanes], statistic: &Statistic) {
        terms::<Native>(logits, statistic);
    }
}

/// 1 / (Σ s/max + ε/max). Removed keys are minus infinity, all others positive.
fn inverse_sum<V: F32x4>(strip: Strip, max: &Lanes, eps: &Lanes) -> F32x8<V> {
    let (zero, max) = (F32x8::splat(0.0), F32x8::load(max));
    let sum = strip.sum(|l| zero.max_relaxed(l) / max) + F32x8::load(eps);
    // Where all products are 0 and ε is, too, so is the sum.
    zero.if_less(sum, F32x8::splat(1.0) / sum, zero)
}

fn terms<V: F32x4>(logits: &mut [Lanes], statistic: &Statistic) {
    let (zero, max) = (F32x8::<V>::splat(0.0), statistic.value(0));
    map_each(logits, |l| zero.max_relaxed(l) / max);
}

/// φ(q)·φ(k).
struct Features;

impl Score for Features {
    fn prepare(&self, _side: Side, row: &[f32], prepared: &mut [f32]) {
        prepared.iter_mut().zip(row).for_each(|(y, &x)| *y = phi(f64::from(x)) as f32);
    }
}

/// x + 1 above 0, eˣ below.
fn phi(x: f64) -> f64 {
    if x > 0.0 { x + 1.0 } else { x.exp() }
}

static FEATURES: score::Entry = score::Entry {
    member: Member::plain(
        "linear_elu1",
        Text { en: "Product of features", zh: "特征的内积" },
        Text { en: "The dot product of φ(q) and φ(k).", zh: "φ(q) 与 φ(k) 的点积。" },
        "s = φ(q)·φ(k), φ = elu + 1",
    ),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |_, _| Ok(Box::new(Features)),
};

/// What the tests hold the score to.
pub const SCORE: score::Definition = score::Definition::plain(|query, key, _, _| {
    let pairs = query.iter().zip(key);
    pairs.map(|(&q, &k)| phi(q) * phi(k)).sum()
});

const EPS: Parameter = Parameter::new(
    "eps",
    Text { en: "ε", zh: "ε" },
    Text { en: "Added to the sum that is divided by.", zh: "加到作除数的和上。" },
    Kind::number(Some(0.0), None, Some(1e-6), (1e-12, 1.0)).logarithmic(),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "linear_elu1",
        Text { en: "Linear attention (elu + 1)", zh: "线性注意力（elu + 1）" },
        Text {
            en: "Positive features of q and k are multiplied and divided by their sum: no exponential of a product.",
            zh: "将 q 与 k 的正特征相乘再除以总和：不对乘积取指数。",
        },
        "w_j = φ(q)·φ(k_j) / (Σ φ(q)·φ(k) + ε), φ = elu + 1",
        "Katharopoulos et al. 2020, arXiv 2006.16236, section 3.2",
    )
    .with(&[EPS]),
    sums_to_one: false,
    sensitivity: Sensitivity::Share,
    shift_invariant: false,
    score: Some(&FEATURES),
    forbids: &["score", "scale", "temperature", "softcap", "attnBias"],
    build: |settings, _| Ok(Box::new(LinearElu1 { eps: settings.number(&EPS).unwrap_or(1e-6) })),
};

/// s / (Σ s + ε) of the products s.
pub fn definition(logits: &[f64], settings: &Settings, _head: &Head) -> Vec<f64> {
    let sum = logits.iter().sum::<f64>() + settings.number(&EPS).unwrap_or(1e-6);
    logits.iter().map(|l| l / sum).collect()
}

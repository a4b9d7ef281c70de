//! Softmax: w_j = exp(l_j − max) / Σ_r exp(l_r − max). Vaswani et al. 2017, arXiv 1706.03762, section 3.2.1. The maximum is
//! subtracted because exp(l) overflows at 89, and exp(l − ln Σ) loses as many digits as l is large.

use super::{Entry, Normalizer, Sensitivity, Statistic, Strip, map_each};
use crate::member::{Member, Text};
use crate::math::exp;
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native};
use crate::tensor::Head;

struct Softmax;

impl Normalizer for Softmax {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        inverse_sum::<Native>(strip, &statistic.max).store(&mut statistic.values[0]);
    }

    fn map(&self, strip: Strip, statistic: &Statistic, weights: &mut [Lanes]) {
        map::<Native>(strip.logits, statistic, weights);
    }
}

/// 1 / Σ exp(l − max).
#[inline(always)]
pub(super) fn inverse_sum<V: F32x4>(strip: Strip, max: &Lanes) -> F32x8<V> {
    let max = F32x8::load(max);
    F32x8::splat(1.0) / strip.sum(|l| exp(l - max))
}

fn map<V: F32x4>(logits: &[Lanes], statistic: &Statistic, weights: &mut [Lanes]) {
    let (max, inverse) = (F32x8::<V>::load(&statistic.max), statistic.value(0));
    map_each(logits, weights, |l| exp(l - max) * inverse);
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member {
        id: "softmax",
        label: Text { en: "Softmax", zh: "Softmax" },
        about: Text {
            en: "Exponentials divided by their sum: every key gets a share, and the shares sum to one.",
            zh: "指数除以指数之和：每个键都得到一份，总和为 1。",
        },
        formula: "w_j = exp(l_j) / Σ exp(l)",
        source: "Vaswani et al. 2017, arXiv 1706.03762, section 3.2.1",
        parameters: &[],
    },
    sums_to_one: true,
    sensitivity: Sensitivity::Exponential,
    shift_invariant: true,
    score: None,
    forbids: &[],
    build: |_, _| Ok(Box::new(Softmax)),
};

/// exp(l − max) / Σ exp(l − max).
pub fn definition(logits: &[f64], _settings: &Settings, _head: &Head) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let terms: Vec<f64> = logits.iter().map(|l| (l - max).exp()).collect();
    let sum: f64 = terms.iter().sum();
    terms.iter().map(|e| e / sum).collect()
}

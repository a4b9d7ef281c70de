//! Softmax with one more term in the denominator: w_j = exp(l_j) / (1 + Σ exp(l)). A head that finds nothing may leave mass
//! unused: 1 − Σ w. E. Miller, *Attention Is Off By One* (2023); the same as a key and a value of zeros appended.

use super::{Entry, Normalizer, Statistic, Strip, map_each};
use crate::member::{Member, Text};
use crate::math::exp;
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native};

struct Softmax1;

impl Normalizer for Softmax1 {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        inverse_sum::<Native>(strip, &statistic.max).store(&mut statistic.values[0]);
    }

    fn map(&self, logits: &[Lanes], statistic: &Statistic, weights: &mut [Lanes]) {
        map::<Native>(logits, statistic, weights);
    }
}

/// The largest term of the denominator may be the 1 = exp(0).
#[inline(always)]
fn largest<V: F32x4>(max: &Lanes) -> F32x8<V> {
    F32x8::splat(0.0).max_or_self(F32x8::load(max))
}

fn inverse_sum<V: F32x4>(strip: Strip, max: &Lanes) -> F32x8<V> {
    let max = largest::<V>(max);
    F32x8::splat(1.0) / (exp(-max) + strip.sum(|l| exp(l - max)))
}

fn map<V: F32x4>(logits: &[Lanes], statistic: &Statistic, weights: &mut [Lanes]) {
    let (max, inverse) = (largest::<V>(&statistic.max), statistic.value(0));
    map_each(logits, weights, |l| exp(l - max) * inverse);
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member {
        id: "softmax1",
        label: Text { en: "Softmax plus one", zh: "Softmax 加一" },
        about: Text {
            en: "Softmax with a 1 added to the sum: a row may keep part of its mass to itself.",
            zh: "分母多加 1 的 softmax：一行可以不分完全部权重。",
        },
        formula: "w_j = exp(l_j) / (1 + Σ exp(l))",
        source: "E. Miller 2023, Attention Is Off By One; StreamingLLM's zero sink, arXiv 2309.17453",
        parameters: &[],
    },
    sums_to_one: false,
    relative: true,
    shift_invariant: false,
    build: |_, _| Box::new(Softmax1),
};

/// exp(l − m) / (exp(−m) + Σ exp(l − m)) with m = max(0, max l).
pub fn definition(logits: &[f64], _keys: usize, _settings: &Settings) -> Vec<f64> {
    let max = logits.iter().copied().fold(0.0, f64::max);
    let sum: f64 = (-max).exp() + logits.iter().map(|l| (l - max).exp()).sum::<f64>();
    logits.iter().map(|l| (l - max).exp() / sum).collect()
}

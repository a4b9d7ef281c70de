//! Softmax with one more term in the denominator: w_j = exp(l_j) / (1 + Σ exp(l)). A head that finds nothing may leave mass
//! unused: 1 − Σ w. E. Miller, *Attention Is Off By One* (2023); the same as a key and a value of zeros appended.

use super::{Entry, Normalizer, Sensitivity, Statistic, Strip, map_each};
use crate::member::{Member, Text};
use crate::math::exp;
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native};
use crate::tensor::Head;

/// Softmax with a logit s beside those of the keys, whose share goes to no key. Also the form of `softmax_sink`.
pub(super) struct WithSink(pub f32);

impl Normalizer for WithSink {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        largest::<Native>(self.0, &statistic.max).store(&mut statistic.values[1]);
        inverse_sum::<Native>(strip, self.0, &statistic.values[1]).store(&mut statistic.values[0]);
    }

    fn map(&self, strip: Strip, statistic: &Statistic, weights: &mut [Lanes]) {
        map::<Native>(strip.logits, statistic, weights);
    }
}

/// The largest term of the denominator may be the sink's.
fn largest<V: F32x4>(sink: f32, max: &Lanes) -> F32x8<V> {
    F32x8::splat(sink).max_or_self(F32x8::load(max))
}

fn inverse_sum<V: F32x4>(strip: Strip, sink: f32, largest: &Lanes) -> F32x8<V> {
    let max = F32x8::<V>::load(largest);
    F32x8::splat(1.0) / (exp(F32x8::splat(sink) - max) + strip.sum(|l| exp(l - max)))
}

fn map<V: F32x4>(logits: &[Lanes], statistic: &Statistic, weights: &mut [Lanes]) {
    let (inverse, max) = (statistic.value::<V>(0), statistic.value(1));
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
    sensitivity: Sensitivity::Exponential,
    shift_invariant: false,
    score: None,
    forbids: &[],
    build: |_, _| Ok(Box::new(WithSink(0.0))),
};

/// The weights with a sink logit of 0.
pub fn definition(logits: &[f64], _settings: &Settings, _head: &Head) -> Vec<f64> {
    with_sink(logits, 0.0)
}

/// exp(l − m) / (exp(s − m) + Σ exp(l − m)) with m = max(s, max l).
// Not a kernel: it serves definitions.
pub(super) fn with_sink(logits: &[f64], sink: f64) -> Vec<f64> {
    let max = logits.iter().copied().fold(sink, f64::max);
    let sum: f64 = (sink - max).exp() + logits.iter().map(|l| (l - max).exp()).sum::<f64>();
    logits.iter().map(|l| (l - max).exp() / sum).collect()
}

//! Softmax with one more term in the denominator: w_j = exp(l_j) / (1 + Σ exp(l)). A head that finds nothing may leave mass
//! unused: 1 − Σ w. E. Miller, *Attention Is Off By One* (2023); the same as a key and a value of zeros appended.

use super::parts::exponential;
use super::{Entry, Informed, Normalizer, Sensitivity, Statistic, Strip};
use crate::member::{Member, Text};
use crate::math::Exp;
use crate::options::Settings;
use crate::simd::{F32x8, Lanes, Native};
use crate::tensor::Head;

/// Softmax with a logit s beside those of the keys, whose share goes to no key. Also the form of `softmax_sink`.
pub(super) struct WithSink(pub f32);

impl Normalizer for WithSink {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        let largest = self.largest(statistic);
        let sum = exponential::sum::<Native>(strip, &largest);
        self.divide(sum, statistic);
    }

    fn terms(&self, _first: usize, logits: &mut [Lanes], statistic: &Statistic) {
        exponential::terms::<Native>(logits, &statistic.values[0]);
    }

    fn settle(&self, first: usize, logits: &mut [Lanes], statistic: &mut Statistic, wanted: bool) -> Option<Informed> {
        let largest = self.largest(statistic);
        let (sum, informed) = exponential::settle::<Native>(first, logits, (&largest, &statistic.max), wanted);
        self.divide(sum, statistic);
        informed
    }
}

impl WithSink {
    /// The largest term of the denominator may be the sink's. Kept as the first of the member's numbers.
    fn largest(&self, statistic: &mut Statistic) -> Lanes {
        F32x8::<Native>::splat(self.0).max_relaxed(F32x8::load(&statistic.max)).store(&mut statistic.values[0]);
        statistic.values[0]
    }

    fn divide(&self, sum: F32x8<Native>, statistic: &mut Statistic) {
        let sink = Exp::default().of(F32x8::splat(self.0) - statistic.value(0));
        (F32x8::splat(1.0) / (sink + sum)).store(&mut statistic.factor);
    }
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "softmax1",
        Text { en: "Softmax plus one", zh: "Softmax 加一" },
        Text {
            en: "Softmax with a 1 added to the sum: a row may keep part of its mass to itself.",
            zh: "分母多加 1 的 softmax：一行可以不分完全部权重。",
        },
        "w_j = exp(l_j) / (1 + Σ exp(l))",
        "E. Miller 2023, Attention Is Off By One; StreamingLLM's zero sink, arXiv 2309.17453",
    ),
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

//! Softmax: w_j = exp(l_j − max) / Σ_r exp(l_r − max). Vaswani et al. 2017, arXiv 1706.03762, section 3.2.1.

use super::parts::exponential;
use super::{Entry, Informed, Normalizer, Sensitivity, Statistic, Strip};
use crate::member::{Member, Text};
use crate::options::Settings;
use crate::simd::{F32x8, Lanes, Native};
use crate::tensor::Head;

struct Softmax;

impl Normalizer for Softmax {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        let sum = exponential::sum::<Native>(strip, &statistic.max);
        (F32x8::splat(1.0) / sum).store(&mut statistic.factor);
    }

    fn terms(&self, _first: usize, logits: &mut [Lanes], statistic: &Statistic) {
        exponential::terms::<Native>(logits, &statistic.max);
    }

    fn settle(&self, first: usize, logits: &mut [Lanes], statistic: &mut Statistic, wanted: bool) -> Option<Informed> {
        let (sum, informed) = exponential::settle::<Native>(first, logits, (&statistic.max, &statistic.max), wanted);
        (F32x8::splat(1.0) / sum).store(&mut statistic.factor);
        informed
    }
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "softmax",
        Text { en: "Softmax", zh: "Softmax" },
        Text {
            en: "Exponentials divided by their sum: every key gets a share, and the shares sum to one.",
            zh: "指数除以指数之和：每个键都得到一份，总和为 1。",
        },
        "w_j = exp(l_j) / Σ exp(l)",
        "Vaswani et al. 2017, arXiv 1706.03762, section 3.2.1",
    ),
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

//! ReLU attention: w_j = max(l_j, 0) / n^α. Wortsman, Lee, Gilmer and Kornblith, *Replacing softmax with ReLU in Vision
//! Transformers* (2023), section 3, arXiv 2309.08586: n is the sequence length, and α near 1 does best. A row whose logits are all
//! 0 or below weighs nothing, which is an answer like another.

use super::{Entry, N, Normalizer, Sensitivity, Statistic, Strip, map_each};
use crate::double::pow;
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::Head;

struct Relu {
    alpha: f64,
    /// All keys; none: those that the row can see.
    n: Option<f64>,
}

impl Normalizer for Relu {
    fn statistic(&self, _strip: Strip, statistic: &mut Statistic) {
        let factor = |n: f64| pow(n.max(1.0), -self.alpha) as f32;
        let allowed = statistic.allowed;
        statistic.factor = match self.n {
            Some(n) => [factor(n); WIDTH],
            None => allowed.map(|n| factor(f64::from(n))),
        };
    }

    fn terms(&self, _first: usize, logits: &mut [Lanes], _statistic: &Statistic) {
        terms::<Native>(logits);
    }
}

fn terms<V: F32x4>(logits: &mut [Lanes]) {
    let zero = F32x8::<V>::splat(0.0);
    map_each(logits, |l| zero.max_relaxed(l));
}

const ALPHA: Parameter = Parameter::new(
    "alpha",
    Text { en: "α", zh: "α" },
    Text { en: "The power of n to divide by.", zh: "除以 n 的几次方。" },
    Kind::number(Some(0.0), Some(4.0), Some(1.0), (0.0, 2.0)),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "relu_n",
        Text { en: "ReLU over n", zh: "ReLU 除以 n" },
        Text {
            en: "Negative logits weigh nothing, positive ones in proportion; no sum over the row is needed.",
            zh: "负的 logit 权重为零，正的按比例；不需要对整行求和。",
        },
        "w_j = max(l_j, 0) / n^α",
        "Wortsman et al. 2023, arXiv 2309.08586, section 3",
    )
    .with(&[N, ALPHA]),
    sums_to_one: false,
    sensitivity: Sensitivity::Linear,
    shift_invariant: false,
    score: None,
    forbids: &[],
    build: |settings, head| {
        let n = (settings.name(&N) != "visible").then_some(head.sizes.keys as f64);
        Ok(Box::new(Relu { alpha: settings.number(&ALPHA).unwrap_or(1.0), n }))
    },
};

/// max(l, 0) / n^α.
pub fn definition(logits: &[f64], settings: &Settings, head: &Head) -> Vec<f64> {
    let n = if settings.name(&N) == "visible" { logits.len() } else { head.sizes.keys } as f64;
    let alpha = settings.number(&ALPHA).unwrap_or(1.0);
    logits.iter().map(|l| l.max(0.0) / n.powf(alpha)).collect()
}

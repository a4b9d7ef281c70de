//! Sparsemax: w_j = max(l_j − τ, 0) with τ such that the weights sum to one; small logits get exactly 0. Martins and
//! Astudillo, *From Softmax to Sparsemax* (2016), arXiv 1602.02068, algorithm 1.
//!
//! The paper sorts the row. Here τ is the root of the convex, piecewise linear f(τ) = Σ max(z_j − τ, 0) − 1, z = l − max,
//! found by Newton's method from its left:
//!
//! 1. τ = −1 is at or left of the root, because the largest z is 0; but for rounding, a Newton step of a convex function
//!    does not pass it, so τ only grows, and the set of keys above it only shrinks: it ends when nothing moves.
//! 2. Each step sums z − τ afresh. Near the root that sum is 1, while the first step of a long flat row is rounded at the
//!    size of 1 and may pass the root by that much. One last step, in either direction, takes such an error back.
//! 3. Only keys within 1 of the maximum can be above τ. As soon as those above it are few, they are collected, and the steps that
//!    are left go over them alone.

use super::parts::few::{Terms, near, threshold};
use super::{Entry, Normalizer, Sensitivity, Statistic, Strip, map_each};
use crate::member::{Member, Text};
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::Head;

struct Sparsemax;

impl Normalizer for Sparsemax {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        statistic.values[0] = tau::<Native>(strip, &statistic.max);
    }

    fn terms(&self, _first: usize, logits: &mut [Lanes], statistic: &Statistic) {
        terms::<Native>(logits, statistic);
    }
}

/// τ relative to the maximum.
fn tau<V: F32x4>(strip: Strip, max: &Lanes) -> Lanes {
    threshold(
        strip,
        [-1.0; WIDTH],
        |tau| near(max, tau, 1.0),
        |tau| Above { max: F32x8::<V>::load(max), tau: F32x8::load(tau) },
        |tau, above, count| core::array::from_fn(|lane| tau[lane] + (above[lane] - 1.0) / count[lane].max(1.0)),
    )
}

/// How far logits are above the threshold, and how many are.
struct Above<V> {
    max: F32x8<V>,
    tau: F32x8<V>,
}

impl<V: F32x4> Terms<V> for Above<V> {
    #[inline(always)]
    fn of(&self, logits: F32x8<V>) -> (F32x8<V>, F32x8<V>) {
        let (zero, one) = (F32x8::splat(0.0), F32x8::splat(1.0));
        let z = logits - self.max;
        (zero.max_relaxed(z - self.tau), self.tau.if_less(z, one, zero))
    }
}

fn terms<V: F32x4>(logits: &mut [Lanes], statistic: &Statistic) {
    let zero = F32x8::<V>::splat(0.0);
    let (max, tau) = (F32x8::load(&statistic.max), statistic.value(0));
    map_each(logits, |l| zero.max_relaxed(l - max - tau));
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "sparsemax",
        Text { en: "Sparsemax", zh: "Sparsemax" },
        Text {
            en: "The closest point to the logits among all shares that sum to one: weak keys get exactly zero.",
            zh: "总和为 1 的分配中离 logit 最近的一点：弱的键权重恰好为 0。",
        },
        "w_j = max(l_j − τ, 0), Σ w = 1",
        "Martins and Astudillo 2016, arXiv 1602.02068, algorithm 1",
    ),
    sums_to_one: true,
    sensitivity: Sensitivity::Linear,
    shift_invariant: true,
    score: None,
    forbids: &[],
    build: |_, _| Ok(Box::new(Sparsemax)),
};

/// Algorithm 1 of the paper: sort, find the support size k*, then τ = (Σ_{r <= k*} z_r − 1) / k*.
pub fn definition(logits: &[f64], _settings: &Settings, _head: &Head) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sorted: Vec<f64> = logits.iter().map(|l| l - max).collect();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut tau) = (0.0, 0.0);
    for (index, z) in sorted.iter().enumerate() {
        sum += z;
        let size = (index + 1) as f64;
        if 1.0 + size * z > sum {
            tau = (sum - 1.0) / size;
        }
    }
    logits.iter().map(|l| (l - max - tau).max(0.0)).collect()
}

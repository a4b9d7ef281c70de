//! 1.5-entmax: w_j = max(l_j/2 − τ, 0)² with τ such that the weights sum to one, between softmax and sparsemax. Peters, Niculae
//! and Martins, *Sparse Sequence-to-Sequence Models* (2019), arXiv 1905.05702; the exact form with the sorted row is their
//! algorithm 2.
//!
//! The paper sorts the row. Here, with x = (l − max)/2, τ is the root of g(τ) = |max(x − τ, 0)| − 1, the Euclidean norm less
//! one, found by Newton's method from its left:
//!
//! 1. A norm of convex functions is convex, and g(−1) >= 0 because the largest x is 0: a Newton step from the left does not pass
//!    the root but for rounding, so τ only grows, and it ends when nothing moves.
//! 2. g is nearly linear where the sum of squares is not: a flat row, where the squares would halve the gap a step at a time,
//!    is solved in one.
//! 3. The step itself is taken in double precision, eight numbers a round; the sums are the work.

use super::{Entry, Normalizer, Sensitivity, Statistic, Strip, map_each};
use crate::member::{Member, Text};
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::Head;

struct Entmax15;

impl Normalizer for Entmax15 {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        statistic.values[0] = threshold::<Native>(strip, &statistic.max);
    }

    fn map(&self, strip: Strip, statistic: &Statistic, weights: &mut [Lanes]) {
        map::<Native>(strip.logits, statistic, weights);
    }
}

/// max(x − τ, 0).
#[inline(always)]
fn above<V: F32x4>(max: &Lanes, tau: &Lanes) -> impl Fn(F32x8<V>) -> F32x8<V> + use<V> {
    let (zero, half) = (F32x8::splat(0.0), F32x8::splat(0.5));
    let (max, tau) = (F32x8::load(max), F32x8::load(tau));
    move |l| zero.max_or_self((l - max) * half - tau)
}

/// τ relative to half the maximum.
fn threshold<V: F32x4>(strip: Strip, max: &Lanes) -> Lanes {
    let mut tau = [-1.0; WIDTH];
    loop {
        let next = newton::<V>(strip, max, &tau);
        if !tau.iter().zip(&next).any(|(tau, next)| tau < next) {
            return next;
        }
        tau.iter_mut().zip(next).for_each(|(tau, next)| *tau = tau.max(next));
    }
}

/// τ − g/g′ for each row, with g = √square − 1 and g′ = −sum/√square; a row that cannot be mapped stays where it is.
fn newton<V: F32x4>(strip: Strip, max: &Lanes, tau: &Lanes) -> Lanes {
    let above = above::<V>(max, tau);
    let (mut sum, mut square) = ([0.0; WIDTH], [0.0; WIDTH]);
    strip.sum(&above).store(&mut sum);
    strip.sum(|l| above(l) * above(l)).store(&mut square);
    core::array::from_fn(|lane| {
        let square = f64::from(square[lane]);
        let step = (square - square.sqrt()) / f64::from(sum[lane]);
        if step.is_finite() { (f64::from(tau[lane]) + step) as f32 } else { tau[lane] }
    })
}

fn map<V: F32x4>(logits: &[Lanes], statistic: &Statistic, weights: &mut [Lanes]) {
    let above = above::<V>(&statistic.max, &statistic.values[0]);
    map_each(logits, weights, |l| above(l) * above(l));
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member {
        id: "entmax15",
        label: Text { en: "1.5-entmax", zh: "1.5-entmax" },
        about: Text {
            en: "Between softmax and sparsemax: weak keys get exactly zero, strong ones keep a smooth share.",
            zh: "介于 softmax 与 sparsemax 之间：弱的键恰好为零，强的键保留平滑的份额。",
        },
        formula: "w_j = max(l_j/2 − τ, 0)², Σ w = 1",
        source: "Peters et al. 2019, arXiv 1905.05702, algorithm 2",
        parameters: &[],
    },
    sums_to_one: true,
    sensitivity: Sensitivity::Linear,
    shift_invariant: true,
    score: None,
    forbids: &[],
    build: |_, _| Ok(Box::new(Entmax15)),
};

/// The sorted row: for each k the mean and the spread of the k largest x give τ_k = mean − √((1 − spread) / k); the last k with
/// τ_k <= x_k is the size of the support.
pub fn definition(logits: &[f64], _settings: &Settings, _head: &Head) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let x: Vec<f64> = logits.iter().map(|l| (l - max) / 2.0).collect();
    let mut sorted = x.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut square, mut tau) = (0.0, 0.0, -1.0);
    for (index, &x) in sorted.iter().enumerate() {
        let k = (index + 1) as f64;
        (sum, square) = (sum + x, square + x * x);
        let mean = sum / k;
        let spread = (square - k * mean * mean).max(0.0);
        let candidate = mean - ((1.0 - spread) / k).max(0.0).sqrt();
        if candidate <= x {
            tau = candidate;
        }
    }
    x.iter().map(|x| (x - tau).max(0.0).powi(2)).collect()
}

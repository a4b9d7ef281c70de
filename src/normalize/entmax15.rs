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
//! 3. Only keys within 2 of the maximum can be above τ. As soon as those above it are few, they are collected, and the steps that
//!    are left go over them alone.
//! 4. The step itself is taken in double precision, eight numbers a round; the sums are the work.

use super::parts::few::{Terms, near, threshold};
use super::{Entry, Normalizer, Sensitivity, Statistic, Strip, map_each};
use crate::member::{Member, Text};
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::Head;

struct Entmax15;

impl Normalizer for Entmax15 {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        statistic.values[0] = tau::<Native>(strip, &statistic.max);
    }

    fn terms(&self, _first: usize, logits: &mut [Lanes], statistic: &Statistic) {
        let above = Above::<Native>::new(&statistic.max, &statistic.values[0]);
        map_each(logits, |l| above.of(l).1);
    }
}

/// max(x − τ, 0) and its square.
struct Above<V> {
    max: F32x8<V>,
    tau: F32x8<V>,
}

impl<V: F32x4> Above<V> {
    #[inline(always)]
    fn new(max: &Lanes, tau: &Lanes) -> Above<V> {
        Above { max: F32x8::load(max), tau: F32x8::load(tau) }
    }
}

impl<V: F32x4> Terms<V> for Above<V> {
    #[inline(always)]
    fn of(&self, logits: F32x8<V>) -> (F32x8<V>, F32x8<V>) {
        let (zero, half) = (F32x8::splat(0.0), F32x8::splat(0.5));
        let above = zero.max_relaxed((logits - self.max) * half - self.tau);
        (above, above * above)
    }
}

/// τ relative to half the maximum: from Σ max(x − τ, 0) and the sum of its squares, τ − g/g′ with g = √square − 1 and
/// g′ = −sum/√square. A row that cannot be mapped stays where it is.
fn tau<V: F32x4>(strip: Strip, max: &Lanes) -> Lanes {
    let next = |tau: f32, sum: f32, square: f32| {
        let square = f64::from(square);
        let step = (square - square.sqrt()) / f64::from(sum);
        if step.is_finite() { (f64::from(tau) + step) as f32 } else { tau }
    };
    threshold(
        strip,
        [-1.0; WIDTH],
        |tau| near(max, tau, 2.0),
        |tau| Above::<V>::new(max, tau),
        |tau, sum, square| core::array::from_fn(|lane| next(tau[lane], sum[lane], square[lane])),
    )
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "entmax15",
        Text { en: "1.5-entmax", zh: "1.5-entmax" },
        Text {
            en: "Between softmax and sparsemax: weak keys get exactly zero, strong ones keep a smooth share.",
            zh: "介于 softmax 与 sparsemax 之间：弱的键恰好为零，强的键保留平滑的份额。",
        },
        "w_j = max(l_j/2 − τ, 0)², Σ w = 1",
        "Peters et al. 2019, arXiv 1905.05702, algorithm 2",
    ),
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

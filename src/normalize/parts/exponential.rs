//! The terms exp(l − m) of the softmaxes, with m at least the largest logit: exp(l) itself overflows at 89, and exp(l − ln Σ)
//! loses as many digits as l is large.

use crate::math::{EXP_FLUSH, Exp};
use crate::normalize::{Strip, blocks, map_each};
use crate::simd::{F32x4, F32x8, Lanes, WIDTH};

/// Σ exp(l − m).
pub fn sum<V: F32x4>(strip: Strip, m: &Lanes) -> F32x8<V> {
    let (m, exp) = (F32x8::load(m), Exp::default());
    strip.sum(|l| exp.of(l - m))
}

/// Turns logits into terms.
pub fn terms<V: F32x4>(logits: &mut [Lanes], m: &Lanes) {
    let (m, exp) = (F32x8::<V>::load(m), Exp::default());
    map_each(logits, |l| exp.of(l - m));
}

/// Both at once, bit for bit the terms of [`terms`] and the sum of [`sum`]; and Σ t ln t where that is `wanted`.
pub fn settle<V: F32x4>(first: usize, logits: &mut [Lanes], m: &Lanes, wanted: bool) -> (F32x8<V>, Option<Lanes>) {
    let (m, exp) = (F32x8::load(m), Exp::default());
    if !wanted {
        let sum = in_place(first, logits, |l| {
            let t = exp.of(l - m);
            (t, F32x8::splat(0.0))
        });
        return (sum.0, None);
    }
    let flush = F32x8::splat(EXP_FLUSH);
    let (sum, information) = in_place(first, logits, |l| {
        let t = exp.of(l - m);
        // Where t is 0, so is t ln t: ln t must not be infinite there.
        (t, t * (l - m).max_relaxed(flush))
    });
    let mut stored = [0.0; WIDTH];
    information.store(&mut stored);
    (sum, Some(stored))
}

/// Puts the first of two terms of each logit in its place. Their sums, as [`Strip::sums`].
#[inline(always)]
fn in_place<V: F32x4>(
    first: usize,
    logits: &mut [Lanes],
    terms: impl Fn(F32x8<V>) -> (F32x8<V>, F32x8<V>),
) -> (F32x8<V>, F32x8<V>) {
    let mut total = (F32x8::splat(0.0), F32x8::splat(0.0));
    for block in blocks(first..first + logits.len()) {
        let mut sum = (F32x8::splat(0.0), F32x8::splat(0.0));
        for l in &mut logits[block.start - first..block.end - first] {
            let (t, other) = terms(F32x8::load(l));
            t.store(l);
            sum = (sum.0 + t, sum.1 + other);
        }
        total = (total.0 + sum.0, total.1 + sum.1);
    }
    total
}

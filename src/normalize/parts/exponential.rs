//! The terms exp(l − m) of the softmaxes, with m at least the largest logit: exp(l) itself overflows at 89, and exp(l − ln Σ)
//! loses as many digits as l is large.

use crate::math::{EXP_FLUSH, Exp};
use crate::normalize::{Strip, blocks, map_each};
use crate::simd::{F32x4, F32x8, Lanes};

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

/// Both at once, and Σ t ln t: bit for bit the terms of [`terms`] and the sum of [`sum`].
pub fn settle<V: F32x4>(first: usize, logits: &mut [Lanes], m: &Lanes) -> (F32x8<V>, F32x8<V>) {
    let (m, exp, flush) = (F32x8::load(m), Exp::default(), F32x8::splat(EXP_FLUSH));
    let mut total = (F32x8::splat(0.0), F32x8::splat(0.0));
    for block in blocks(first..first + logits.len()) {
        let mut sum = (F32x8::splat(0.0), F32x8::splat(0.0));
        for l in &mut logits[block.start - first..block.end - first] {
            let x = F32x8::load(l) - m;
            let t = exp.of(x);
            t.store(l);
            // Where t is 0, so is t ln t: x must not be infinite there.
            sum = (sum.0 + t, t.mul_add_relaxed(x.max_relaxed(flush), sum.1));
        }
        total = (total.0 + sum.0, total.1 + sum.1);
    }
    total
}

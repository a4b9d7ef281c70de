//! The terms exp(l − m) of the softmaxes, with m at least the largest logit: exp(l) itself overflows at 89, and exp(l − ln Σ)
//! loses as many digits as l is large.

use crate::math::{EXP_FLUSH, Exp};
use crate::normalize::{Informed, Strip, blocks, map_each};
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

/// Both at once, bit for bit the terms of [`terms`] and the sum of [`sum`]; the other sums where they are `wanted`. `max` is the
/// largest logit of each row.
pub fn settle<V: F32x4>(
    first: usize,
    logits: &mut [Lanes],
    (m, max): (&Lanes, &Lanes),
    wanted: bool,
) -> (F32x8<V>, Option<Informed>) {
    let (m, exp) = (F32x8::load(m), Exp::default());
    if !wanted {
        let [sum] = in_place(first, logits, |l, [sum]| {
            let t = exp.of(l - m);
            (t, [sum + t])
        });
        return (sum, None);
    }
    let flush = F32x8::splat(EXP_FLUSH);
    let [sum, information, squares] = in_place(first, logits, |l, [sum, information, squares]| {
        let x = l - m;
        let t = exp.of(x);
        // Where t is 0, so is t ln t: ln t must not be infinite there.
        let information = t.mul_add_relaxed(x.max_relaxed(flush), information);
        (t, [sum + t, information, t.mul_add_relaxed(t, squares)])
    });
    let largest = exp.of(F32x8::load(max) - m);
    let mut informed = Informed { information: [0.0; WIDTH], squares: None };
    information.store(&mut informed.information);
    // Where a sink leaves less than that to the keys, squares that count leave the range of single precision.
    if !largest.any_less(F32x8::splat(1e-9)) {
        (squares / (largest * largest)).store(informed.squares.insert([0.0; WIDTH]));
    }
    (sum, Some(informed))
}

/// Puts a term in the place of each logit, and sums: within each block, and then the blocks, as [`Strip::sums`].
#[inline(always)]
fn in_place<V: F32x4, const SUMS: usize>(
    first: usize,
    logits: &mut [Lanes],
    step: impl Fn(F32x8<V>, [F32x8<V>; SUMS]) -> (F32x8<V>, [F32x8<V>; SUMS]),
) -> [F32x8<V>; SUMS] {
    let mut total = [F32x8::splat(0.0); SUMS];
    for block in blocks(first..first + logits.len()) {
        let mut sums = [F32x8::splat(0.0); SUMS];
        for l in &mut logits[block.start - first..block.end - first] {
            let (t, next) = step(F32x8::load(l), sums);
            t.store(l);
            sums = next;
        }
        total = core::array::from_fn(|at| total[at] + sums[at]);
    }
    total
}

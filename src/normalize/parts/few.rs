//! The few logits near the maximum that decide where a threshold lies: found once, then summed over again and again.

use crate::normalize::Strip;
use crate::panel::BLOCK;
use crate::simd::{F32x4, F32x8, Lanes, WIDTH};

/// How many keys count as few: 16 KB of logits, half of the first cache.
const MOST: usize = 512;

/// The keys whose logit is above a bound in any of the eight rows, in order.
pub struct Few {
    logits: [Lanes; MOST],
    blocks: [u32; MOST],
    count: usize,
}

impl Default for Few {
    fn default() -> Few {
        Few { logits: [[0.0; WIDTH]; MOST], blocks: [0; MOST], count: 0 }
    }
}

impl Few {
    /// Finds them; false where there are too many.
    pub fn find<V: F32x4>(&mut self, strip: Strip, bound: F32x8<V>) -> bool {
        self.count = 0;
        for (key, logits) in (strip.first..).zip(strip.logits) {
            if !bound.any_less(F32x8::load(logits)) {
                continue;
            }
            if self.count == MOST {
                return false;
            }
            (self.logits[self.count], self.blocks[self.count]) = (*logits, (key / BLOCK) as u32);
            self.count += 1;
        }
        true
    }

    /// The logits that were found.
    pub fn logits(&self) -> &[Lanes] {
        &self.logits[..self.count]
    }

    /// Two sums over them, as [`Strip::sums`] over the whole strip gives them if all other terms are 0: bit for bit, because
    /// what lies in a block is still added up by itself.
    #[inline(always)]
    pub fn sums<V: F32x4>(&self, terms: impl Fn(F32x8<V>) -> (F32x8<V>, F32x8<V>)) -> (F32x8<V>, F32x8<V>) {
        let mut total = (F32x8::splat(0.0), F32x8::splat(0.0));
        let mut at = 0;
        while at < self.count {
            let block = self.blocks[at];
            let mut sum = (F32x8::splat(0.0), F32x8::splat(0.0));
            while at < self.count && self.blocks[at] == block {
                let (a, b) = terms(F32x8::load(&self.logits[at]));
                sum = (sum.0 + a, sum.1 + b);
                at += 1;
            }
            total = (total.0 + sum.0, total.1 + sum.1);
        }
        total
    }
}

/// The logits above which a key may be above the threshold τ, which counts from the maximum in units of `unit`: a little
/// lower, because a key that is missed is lost, and one that is not only costs time.
#[inline(always)]
pub fn near<V: F32x4>(max: &Lanes, tau: &Lanes, unit: f32) -> F32x8<V> {
    const SLACK: f32 = 1.0 / (1 << 20) as f32;
    let max = F32x8::<V>::load(max);
    max + F32x8::splat(unit) * F32x8::load(tau) - (max.abs() + F32x8::splat(unit)) * F32x8::splat(SLACK)
}

/// What a logit adds to two sums. A trait where a function would do: the compiler has to inline it in both loops.
pub trait Terms<V> {
    /// Of eight logits at once.
    fn of(&self, logits: F32x8<V>) -> (F32x8<V>, F32x8<V>);
}

/// Newton's method for a threshold that only grows: `step` gives the next one from two sums of `terms` at the last. All keys are
/// summed until those above the threshold are few.
#[inline(always)]
pub fn threshold<V: F32x4, T: Terms<V>>(
    strip: Strip,
    mut tau: Lanes,
    bound: impl Fn(&Lanes) -> F32x8<V>,
    terms: impl Fn(&Lanes) -> T,
    step: impl Fn(&Lanes, &Lanes, &Lanes) -> Lanes,
) -> Lanes {
    let mut few = Few::default();
    let mut found = false;
    loop {
        found = found || few.find(strip, bound(&tau));
        let terms = terms(&tau);
        let sums = if found { few.sums(|l| terms.of(l)) } else { strip.sums(|l| terms.of(l)) };
        let (mut a, mut b) = ([0.0; WIDTH], [0.0; WIDTH]);
        sums.0.store(&mut a);
        sums.1.store(&mut b);
        let next = step(&tau, &a, &b);
        if !tau.iter().zip(&next).any(|(tau, next)| tau < next) {
            return next;
        }
        tau.iter_mut().zip(next).for_each(|(tau, next)| *tau = if *tau < next { next } else { *tau });
    }
}

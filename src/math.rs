//! Elementary functions over vectors, each with its measured bound, swept by `tests/kernel/math.rs`.
//!
//! Coefficients of ln and tanh: S. Moshier, *Methods and Programs for Mathematical Functions* (1989), the single-precision
//! polynomials of the Cephes library. Those of exp are the minimax fit of the relative error on |r| <= ln(2)/2 with 1 + r given
//! (Lawson's weighted least squares): 0.06 units in the last place, with one term less than Cephes.
//!
//! A function is a value that holds its constants: make it before the loop, use it inside. V8 builds a vector constant anew at each
//! use, in five instructions, where a variable is read from the stack in one; written as literals, the constants of an exponential
//! took three times as long as the exponential (64 cycles instead of 20 for eight numbers, Chromium 156 on Zen 3).

use crate::simd::{F32x4, F32x8};
use core::hint::black_box;

/// Below this, e^x would be subnormal: WebAssembly cannot flush those, and slows down on them, so they are 0.
pub const EXP_FLUSH: f32 = -87.336_54;

/// Added to a number of up to 22 bits, this leaves it rounded to a whole one in the lowest bits, with 127 on top of it.
const ROUND: f32 = 12_582_912.0 + 127.0;

/// ln 2 in two parts, of which the first has so few digits that small whole multiples of it are exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// All lanes set to a number that the compiler may not take for a constant.
#[inline(always)]
fn variable<V: F32x4>(x: f32) -> V {
    V::splat(black_box(x))
}

/// e^x for x <= 0, within 1 unit in the last place; exactly 0 below [`EXP_FLUSH`], at minus infinity too. NaN stays NaN.
#[derive(Clone, Copy)]
pub struct Exp<V> {
    flush: V,
    log2_e: V,
    round: V,
    ln_2: [V; 2],
    p: [V; 5],
    one: V,
}

impl<V: F32x4> Default for Exp<V> {
    #[inline(always)]
    fn default() -> Self {
        Exp {
            flush: variable(EXP_FLUSH),
            log2_e: variable(core::f32::consts::LOG2_E),
            round: variable(ROUND),
            ln_2: [variable(-LN_2[0]), variable(-LN_2[1])],
            p: variables([1.381_459_9e-3, 8.368_717e-3, 4.166_839e-2, 1.666_652_1e-1, 4.999_999_4e-1]),
            one: variable(1.0),
        }
    }
}

impl<V: F32x4> Exp<V> {
    /// e^x.
    #[inline(always)]
    pub fn of(&self, x: F32x8<V>) -> F32x8<V> {
        F32x8(self.of_four(x.0), self.of_four(x.1))
    }

    /// e^x = 2^n e^r with n the nearest whole number to x / ln 2, and ln 2 in two parts so that r is exact.
    ///
    /// n is rounded by [`ROUND`], after which the bits of 2^n are one shift away: half the instructions of a conversion to a
    /// whole number, which on x86 has to look after what does not fit. Far below [`EXP_FLUSH`] all this is nonsense, and
    /// thrown away.
    #[inline(always)]
    fn of_four(&self, x: V) -> V {
        let rounded = x.mul_add_relaxed(self.log2_e, self.round);
        let n = rounded - self.round;
        let r = n.mul_add_relaxed(self.ln_2[0], x);
        let r = n.mul_add_relaxed(self.ln_2[1], r);
        // Not one step of Horner's more, (r p + 1) r + 1: without fused multiply-adds that is off by 1.1 units.
        let e = quartic(r, self.p).mul_add_relaxed(r * r, r) + self.one;
        (e * rounded.exponent_of_low_bits()).clear(x.less(self.flush))
    }
}

/// The natural logarithm of normal positive numbers, within 1 unit in the last place; 0 gives a finite number, so
/// that `x * ln(x)` is 0 at 0.
#[derive(Clone, Copy)]
pub struct Ln<V> {
    smallest: V,
    sqrt_half: V,
    ln_2: [V; 2],
    /// A polynomial of degree 8: the first four powers, and behind the sum so far the others.
    p: [V; 5],
    q: [V; 4],
    half: V,
    one: V,
}

impl<V: F32x4> Default for Ln<V> {
    #[inline(always)]
    fn default() -> Self {
        Ln {
            smallest: variable(f32::MIN_POSITIVE),
            sqrt_half: variable(core::f32::consts::FRAC_1_SQRT_2),
            ln_2: [variable(LN_2[0]), variable(LN_2[1])],
            p: variables([7.037_683_6e-2, -1.151_461e-1, 1.167_699_87e-1, -1.242_014_1e-1, 1.424_932_3e-1]),
            q: [variable(-1.666_805_8e-1), variable(2.000_071_5e-1), variable(-2.499_999_4e-1), variable(3.333_333e-1)],
            half: variable(0.5),
            one: variable(1.0),
        }
    }
}

impl<V: F32x4> Ln<V> {
    /// ln x.
    #[inline(always)]
    pub fn of(&self, x: F32x8<V>) -> F32x8<V> {
        F32x8(self.of_four(x.0), self.of_four(x.1))
    }

    /// ln(m 2^e) = e ln 2 + ln(m), m moved to [sqrt(1/2), sqrt(2)), and ln 2 in two parts.
    #[inline(always)]
    fn of_four(&self, x: V) -> V {
        let (m, e) = self.smallest.max_relaxed(x).split_exponent();
        let small = m.less(self.sqrt_half);
        let e = V::select(small, e - self.one, e);
        let f = V::select(small, m + m, m) - self.one;
        let [a, b, c, d] = self.q;
        let p = quartic(f, [quartic(f, self.p), a, b, c, d]);
        let square = f * f;
        let tail = e.mul_add_relaxed(self.ln_2[1], p * f * square) - self.half * square;
        e.mul_add_relaxed(self.ln_2[0], f + tail)
    }
}

/// The hyperbolic tangent, within 2 units in the last place. NaN stays NaN.
#[derive(Clone, Copy)]
pub struct Tanh<V> {
    exp: Exp<V>,
    near: V,
    p: [V; 5],
    two: V,
}

impl<V: F32x4> Default for Tanh<V> {
    #[inline(always)]
    fn default() -> Self {
        Tanh {
            exp: Exp::default(),
            near: variable(0.625),
            p: variables([-5.704_988_7e-3, 2.063_908_8e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1]),
            two: variable(2.0),
        }
    }
}

impl<V: F32x4> Tanh<V> {
    /// tanh x.
    #[inline(always)]
    pub fn of(&self, x: F32x8<V>) -> F32x8<V> {
        F32x8(self.of_four(x.0), self.of_four(x.1))
    }

    /// Near zero an odd polynomial, elsewhere (1 - e) / (1 + e) with e = exp(-2|x|).
    #[inline(always)]
    fn of_four(&self, x: V) -> V {
        let one = self.exp.one;
        let size = x.abs();
        let square = x * x;
        let near = (quartic(square, self.p) * square).mul_add_relaxed(x, x);
        let e = self.exp.of_four(-(size * self.two));
        let far = one - (e + e) / (one + e);
        let signed = V::select(x.less(V::splat(0.0)), -far, far);
        V::select(size.less(self.near), near, signed)
    }
}

/// The same for five.
#[inline(always)]
fn variables<V: F32x4>([a, b, c, d, e]: [f32; 5]) -> [V; 5] {
    [variable(a), variable(b), variable(c), variable(d), variable(e)]
}

/// A polynomial of degree 4, the highest power's coefficient first; that one may be a polynomial itself. Written out: a build for
/// size leaves loops over arrays as they are, and their elements in memory.
#[inline(always)]
fn quartic<V: F32x4>(x: V, [a, b, c, d, e]: [V; 5]) -> V {
    let high = a.mul_add_relaxed(x, b).mul_add_relaxed(x, c);
    high.mul_add_relaxed(x, d).mul_add_relaxed(x, e)
}

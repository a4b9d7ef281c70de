//! Elementary functions over vectors, each with its measured bound, swept by `tests/kernel/math.rs`.
//!
//! Coefficients: S. Moshier, *Methods and Programs for Mathematical Functions* (1989), the single-precision
//! polynomials of the Cephes library.

use crate::simd::{F32x4, F32x8};

/// Below this, e^x would be subnormal: WebAssembly cannot flush those, and slows down on them, so they are 0.
pub const EXP_FLUSH: f32 = -87.336_54;

/// e^x for x <= 0, within 1 unit in the last place; exactly 0 below [`EXP_FLUSH`], at minus infinity too. NaN stays NaN.
#[inline(always)]
pub fn exp<V: F32x4>(x: F32x8<V>) -> F32x8<V> {
    F32x8(exp4(x.0), exp4(x.1))
}

/// The natural logarithm of normal positive numbers, within 1 unit in the last place; 0 gives a finite number, so
/// that `x * ln(x)` is 0 at 0.
#[inline(always)]
pub fn ln<V: F32x4>(x: F32x8<V>) -> F32x8<V> {
    F32x8(ln4(x.0), ln4(x.1))
}

/// The hyperbolic tangent, within 2 units in the last place. NaN stays NaN.
#[inline(always)]
pub fn tanh<V: F32x4>(x: F32x8<V>) -> F32x8<V> {
    F32x8(tanh4(x.0), tanh4(x.1))
}

#[inline(always)]
fn polynomial<V: F32x4, const N: usize>(x: V, coefficients: [f32; N]) -> V {
    let mut sum = V::splat(coefficients[0]);
    for &c in &coefficients[1..] {
        sum = sum.mul_add_relaxed(x, V::splat(c));
    }
    sum
}

/// e^x = 2^n e^r with n the nearest whole number to x / ln 2, and ln 2 in two parts so that r is exact.
#[inline(always)]
fn exp4<V: F32x4>(x: V) -> V {
    let clamped = V::splat(EXP_FLUSH).max_or_self(x);
    let n = (clamped * V::splat(core::f32::consts::LOG2_E)).round();
    let r = n.mul_add_relaxed(V::splat(-0.693_359_4), clamped);
    let r = n.mul_add_relaxed(V::splat(2.121_944_4e-4), r);
    let p = polynomial(r, [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5e-1]);
    let e = p.mul_add_relaxed(r * r, r) + V::splat(1.0);
    let flushed = V::select(x.less(V::splat(EXP_FLUSH)), V::splat(0.0), e * n.exp2_whole());
    // A NaN compares false everywhere above and would come out as a number.
    V::select(x.equal(x), flushed, x)
}

/// ln(m 2^e) = e ln 2 + ln(m), m moved to [sqrt(1/2), sqrt(2)), and ln 2 in two parts.
#[inline(always)]
fn ln4<V: F32x4>(x: V) -> V {
    let (m, e) = V::splat(f32::MIN_POSITIVE).max_or_self(x).split_exponent();
    let small = m.less(V::splat(core::f32::consts::FRAC_1_SQRT_2));
    let e = V::select(small, e - V::splat(1.0), e);
    let f = V::select(small, m + m, m) - V::splat(1.0);
    let p = polynomial(
        f,
        [
            7.037_683_6e-2,
            -1.151_461e-1,
            1.167_699_87e-1,
            -1.242_014_1e-1,
            1.424_932_3e-1,
            -1.666_805_8e-1,
            2.000_071_5e-1,
            -2.499_999_4e-1,
            3.333_333e-1,
        ],
    );
    let square = f * f;
    let tail = e.mul_add_relaxed(V::splat(-2.121_944_4e-4), p * f * square) - V::splat(0.5) * square;
    e.mul_add_relaxed(V::splat(0.693_359_4), f + tail)
}

/// Near zero an odd polynomial, elsewhere (1 - e) / (1 + e) with e = exp(-2|x|).
#[inline(always)]
fn tanh4<V: F32x4>(x: V) -> V {
    let size = x.abs();
    let square = x * x;
    let p = polynomial(square, [-5.704_988_7e-3, 2.063_908_8e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328e-1]);
    let near = (p * square).mul_add_relaxed(x, x);
    let e = exp4(size * V::splat(-2.0));
    let far = V::splat(1.0) - (e + e) / (V::splat(1.0) + e);
    let signed = V::select(x.less(V::splat(0.0)), -far, far);
    V::select(size.less(V::splat(0.625)), near, signed)
}

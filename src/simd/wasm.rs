//! WebAssembly's 128-bit vectors. The only `unsafe` and the only `core::arch` of the crate: two loads and stores.
#![allow(unsafe_code)]

use super::F32x4;
use core::arch::wasm32::*;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// Four numbers in a `v128`.
#[derive(Clone, Copy, Debug)]
pub struct Simd128(v128);

macro_rules! lanewise {
    ($trait:ident, $method:ident, $instruction:ident) => {
        impl $trait for Simd128 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Simd128($instruction(self.0, other.0))
            }
        }
    };
}
lanewise!(Add, add, f32x4_add);
lanewise!(Sub, sub, f32x4_sub);
lanewise!(Mul, mul, f32x4_mul);
lanewise!(Div, div, f32x4_div);

impl Neg for Simd128 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Simd128(f32x4_neg(self.0))
    }
}

impl F32x4 for Simd128 {
    type Mask = v128;

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Simd128(f32x4_splat(x))
    }
    #[inline(always)]
    fn load(from: &[f32; 4]) -> Self {
        // SAFETY: the reference holds exactly 16 readable bytes, and v128.load needs no alignment.
        Simd128(unsafe { v128_load(from.as_ptr().cast()) })
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; 4]) {
        // SAFETY: the reference holds exactly 16 writable bytes, and v128.store needs no alignment.
        unsafe { v128_store(to.as_mut_ptr().cast(), self.0) }
    }
    #[inline(always)]
    #[cfg(not(target_feature = "relaxed-simd"))]
    fn mul_add_relaxed(self, b: Self, c: Self) -> Self {
        self * b + c
    }
    #[inline(always)]
    #[cfg(target_feature = "relaxed-simd")]
    fn mul_add_relaxed(self, b: Self, c: Self) -> Self {
        Simd128(f32x4_relaxed_madd(self.0, b.0, c.0))
    }
    #[inline(always)]
    fn max_relaxed(self, other: Self) -> Self {
        Simd128(f32x4_pmax(self.0, other.0))
    }
    #[inline(always)]
    fn min_relaxed(self, other: Self) -> Self {
        Simd128(f32x4_pmin(self.0, other.0))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Simd128(f32x4_abs(self.0))
    }
    #[inline(always)]
    fn exponent_of_low_bits(self) -> Self {
        Simd128(i32x4_shl(self.0, 23))
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let mantissa = v128_or(v128_and(self.0, i32x4_splat(0x007f_ffff)), i32x4_splat(0x3f00_0000));
        let exponent = f32x4_convert_i32x4(u32x4_shr(self.0, 23));
        (Simd128(mantissa), Simd128(f32x4_sub(exponent, f32x4_splat(126.0))))
    }
    #[inline(always)]
    fn less(self, other: Self) -> v128 {
        f32x4_lt(self.0, other.0)
    }
    #[inline(always)]
    fn equal(self, other: Self) -> v128 {
        f32x4_eq(self.0, other.0)
    }
    #[inline(always)]
    fn select(mask: v128, yes: Self, no: Self) -> Self {
        Simd128(v128_bitselect(yes.0, no.0, mask))
    }
    #[inline(always)]
    fn clear(self, mask: v128) -> Self {
        Simd128(v128_andnot(self.0, mask))
    }
    #[inline(always)]
    fn any(mask: v128) -> bool {
        v128_any_true(mask)
    }
    #[inline(always)]
    fn fold(self, with: impl Fn(Self, Self) -> Self) -> f32 {
        let halves = with(self, Simd128(i32x4_shuffle::<2, 3, 0, 1>(self.0, self.0)));
        let whole = with(halves, Simd128(i32x4_shuffle::<1, 0, 3, 2>(halves.0, halves.0)));
        f32x4_extract_lane::<0>(whole.0)
    }
}

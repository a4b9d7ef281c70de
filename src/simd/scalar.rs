//! The plain meaning of each operation, lane by lane: native builds and the oracle of the vector build.

use super::F32x4;
use core::ops::{Add, Div, Mul, Neg, Sub};

/// Four numbers in an array.
#[derive(Clone, Copy, Debug)]
pub struct Scalar([f32; 4]);

impl Scalar {
    #[inline(always)]
    fn map(self, f: impl Fn(f32) -> f32) -> Self {
        Scalar(self.0.map(f))
    }

    #[inline(always)]
    fn zip<T>(self, other: Self, f: impl Fn(f32, f32) -> T) -> [T; 4] {
        core::array::from_fn(|i| f(self.0[i], other.0[i]))
    }
}

macro_rules! lanewise {
    ($trait:ident, $method:ident, $operator:tt) => {
        impl $trait for Scalar {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Scalar(self.zip(other, |a, b| a $operator b))
            }
        }
    };
}
lanewise!(Add, add, +);
lanewise!(Sub, sub, -);
lanewise!(Mul, mul, *);
lanewise!(Div, div, /);

impl Neg for Scalar {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|x| -x)
    }
}

impl F32x4 for Scalar {
    type Mask = [bool; 4];

    #[inline(always)]
    fn splat(x: f32) -> Self {
        Scalar([x; 4])
    }
    #[inline(always)]
    fn load(from: &[f32; 4]) -> Self {
        Scalar(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut [f32; 4]) {
        *to = self.0;
    }
    #[inline(always)]
    fn mul_add_relaxed(self, b: Self, c: Self) -> Self {
        self * b + c
    }
    #[inline(always)]
    fn max_relaxed(self, other: Self) -> Self {
        Scalar(self.zip(other, |a, b| if a < b { b } else { a }))
    }
    #[inline(always)]
    fn min_relaxed(self, other: Self) -> Self {
        Scalar(self.zip(other, |a, b| if b < a { b } else { a }))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.map(f32::abs)
    }
    #[inline(always)]
    fn exponent_of_low_bits(self) -> Self {
        self.map(|x| f32::from_bits(x.to_bits() << 23))
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let mantissa = self.map(|x| f32::from_bits((x.to_bits() & 0x007f_ffff) | 0x3f00_0000));
        (mantissa, self.map(|x| (x.to_bits() >> 23) as f32 - 126.0))
    }
    #[inline(always)]
    fn less(self, other: Self) -> [bool; 4] {
        self.zip(other, |a, b| a < b)
    }
    #[inline(always)]
    fn equal(self, other: Self) -> [bool; 4] {
        self.zip(other, |a, b| a == b)
    }
    #[inline(always)]
    fn select(mask: [bool; 4], yes: Self, no: Self) -> Self {
        Scalar(core::array::from_fn(|i| if mask[i] { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    fn clear(self, mask: [bool; 4]) -> Self {
        Self::select(mask, Self::splat(0.0), self)
    }
    #[inline(always)]
    fn any(mask: [bool; 4]) -> bool {
        mask.contains(&true)
    }
    #[inline(always)]
    fn fold(self, with: impl Fn(Self, Self) -> Self) -> f32 {
        let [a, b, c, d] = self.0;
        let [ac, bd, ..] = with(self, Scalar([c, d, a, b])).0;
        with(Scalar([ac; 4]), Scalar([bd; 4])).0[0]
    }
}

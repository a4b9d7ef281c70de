//! The fence: the only vocabulary of vector operations, and the only place that knows a machine.
//!
//! Kernels are written once, generic over [`F32x4`]: [`scalar::Scalar`] is the plain meaning of each operation,
//! `wasm::Simd128` the same with WebAssembly's 128-bit vectors. Every operation here is exact or correctly rounded
//! (IEEE 754), so both give the same bits; those that may not promise less in their names
//! ([`F32x4::mul_add_relaxed`]; [`F32x4::max_relaxed`] of a NaN, because compilers take the pseudo-maximum for the relaxed one
//! where that is there). [`Native`] is the one that this build uses.
//!
//! A **lane is a query**: eight queries travel together as [`Lanes`], and what happens to one row never crosses to its
//! neighbours. That is why a softmax needs no horizontal operation here.

use core::ops::{Add, Div, Mul, Neg, Sub};

pub mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub mod wasm;

/// The implementation that this build runs.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub type Native = wasm::Simd128;
/// The implementation that this build runs.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub type Native = scalar::Scalar;

/// How many queries travel together.
pub const WIDTH: usize = 8;

/// One value for each of eight queries, as it lies in memory.
pub type Lanes = [f32; WIDTH];

/// Four single-precision numbers.
pub trait F32x4:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// The outcome of a comparison, lane by lane.
    type Mask: Copy;

    /// All four lanes set to `x`.
    fn splat(x: f32) -> Self;
    /// Reads four numbers.
    fn load(from: &[f32; 4]) -> Self;
    /// Writes four numbers.
    fn store(self, to: &mut [f32; 4]);
    /// `self * b + c`, with one rounding or with two: nothing may depend on which.
    fn mul_add_relaxed(self, b: Self, c: Self) -> Self;
    /// The larger of two numbers. Where one is a NaN it may be either of them: nothing may depend on which.
    fn max_relaxed(self, other: Self) -> Self;
    /// The smaller of two numbers; a NaN as for [`F32x4::max_relaxed`].
    fn min_relaxed(self, other: Self) -> Self;
    /// The magnitude.
    fn abs(self) -> Self;
    /// The number whose exponent and sign are the lowest nine bits of `self`, and whose fraction is 0: with 127 + n there,
    /// n from -126 to 127, it is `2^n`.
    fn exponent_of_low_bits(self) -> Self;
    /// `self = m * 2^e` with m in [0.5, 1), for normal positive numbers; returns (m, e).
    fn split_exponent(self) -> (Self, Self);
    /// `self < other`; false where either is NaN.
    fn less(self, other: Self) -> Self::Mask;
    /// `self == other`; false where either is NaN.
    fn equal(self, other: Self) -> Self::Mask;
    /// `yes` where the mask is set, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// 0 where the mask is set, else `self`.
    fn clear(self, mask: Self::Mask) -> Self;
    /// Whether any lane of the mask is set.
    fn any(mask: Self::Mask) -> bool;
    /// Lanes 0 and 2, 1 and 3, and then these two put together by `with`, which works lane by lane.
    fn fold(self, with: impl Fn(Self, Self) -> Self) -> f32;
}

/// Eight queries in two vectors: what every kernel computes with.
#[derive(Clone, Copy)]
pub struct F32x8<V>(pub V, pub V);

macro_rules! lanewise {
    ($trait:ident, $method:ident) => {
        impl<V: F32x4> $trait for F32x8<V> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                F32x8(self.0.$method(other.0), self.1.$method(other.1))
            }
        }
    };
}
lanewise!(Add, add);
lanewise!(Sub, sub);
lanewise!(Mul, mul);
lanewise!(Div, div);

impl<V: F32x4> Neg for F32x8<V> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        F32x8(-self.0, -self.1)
    }
}

impl<V: F32x4> F32x8<V> {
    /// All lanes set to `x`.
    #[inline(always)]
    pub fn splat(x: f32) -> Self {
        F32x8(V::splat(x), V::splat(x))
    }

    /// Reads eight numbers.
    #[inline(always)]
    pub fn load(from: &Lanes) -> Self {
        let ([low, high], _) = from.as_chunks::<4>() else { unreachable!() };
        F32x8(V::load(low), V::load(high))
    }

    /// Writes eight numbers.
    #[inline(always)]
    pub fn store(self, to: &mut Lanes) {
        let ([low, high], _) = to.as_chunks_mut::<4>() else { unreachable!() };
        self.0.store(low);
        self.1.store(high);
    }

    /// See [`F32x4::mul_add_relaxed`].
    #[inline(always)]
    pub fn mul_add_relaxed(self, b: Self, c: Self) -> Self {
        F32x8(self.0.mul_add_relaxed(b.0, c.0), self.1.mul_add_relaxed(b.1, c.1))
    }

    /// See [`F32x4::max_relaxed`].
    #[inline(always)]
    pub fn max_relaxed(self, other: Self) -> Self {
        F32x8(self.0.max_relaxed(other.0), self.1.max_relaxed(other.1))
    }

    /// See [`F32x4::min_relaxed`].
    #[inline(always)]
    pub fn min_relaxed(self, other: Self) -> Self {
        F32x8(self.0.min_relaxed(other.0), self.1.min_relaxed(other.1))
    }

    /// The magnitude.
    #[inline(always)]
    pub fn abs(self) -> Self {
        F32x8(self.0.abs(), self.1.abs())
    }

    /// `yes` where `self < bound`, else `no`.
    #[inline(always)]
    pub fn if_less(self, bound: Self, yes: Self, no: Self) -> Self {
        F32x8(V::select(self.0.less(bound.0), yes.0, no.0), V::select(self.1.less(bound.1), yes.1, no.1))
    }

    /// `yes` where `self == other`, else `no`.
    #[inline(always)]
    pub fn if_equal(self, other: Self, yes: Self, no: Self) -> Self {
        F32x8(V::select(self.0.equal(other.0), yes.0, no.0), V::select(self.1.equal(other.1), yes.1, no.1))
    }

    /// Whether `self < other` in any lane.
    #[inline(always)]
    pub fn any_less(self, other: Self) -> bool {
        V::any(self.0.less(other.0)) || V::any(self.1.less(other.1))
    }
}

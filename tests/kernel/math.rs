//! The elementary functions against double precision, and the vector instructions against their plain meaning.

use crate::support;
use crate::support::{Random, bounds};
use qkscope::math::{EXP_FLUSH, Exp, Ln, Tanh};
use qkscope::simd::{F32x4, F32x8, Lanes, Native, scalar::Scalar};

fn exp<V: F32x4>(x: F32x8<V>) -> F32x8<V> {
    Exp::default().of(x)
}

fn ln<V: F32x4>(x: F32x8<V>) -> F32x8<V> {
    Ln::default().of(x)
}

fn tanh<V: F32x4>(x: F32x8<V>) -> F32x8<V> {
    Tanh::default().of(x)
}

fn apply<V: F32x4>(f: impl Fn(F32x8<V>) -> F32x8<V>, x: [f32; 8]) -> Lanes {
    let mut out = [0.0; 8];
    f(F32x8::load(&x)).store(&mut out);
    out
}

/// The distance from `expected` in units of the last place of the nearest single-precision number.
fn ulps(found: f32, expected: f64) -> f64 {
    let nearest = (expected as f32).abs().max(f32::MIN_POSITIVE);
    let unit = f64::from(nearest.next_up()) - f64::from(nearest);
    (f64::from(found) - expected).abs() / unit
}

/// Sweeps every `step`-th single-precision number from `low` to `high` (both of one sign) and returns the worst error.
fn sweep(low: f32, high: f32, step: u32, f: impl Fn([f32; 8]) -> Lanes, exact: fn(f64) -> f64) -> (f64, f32) {
    let (start, end) = (low.to_bits().min(high.to_bits()), low.to_bits().max(high.to_bits()));
    let mut worst = (0.0, low);
    let mut bits = start;
    while bits <= end {
        let x: [f32; 8] = core::array::from_fn(|i| f32::from_bits(bits.saturating_add(i as u32 * step).min(end)));
        for (x, found) in x.into_iter().zip(f(x)) {
            let error = ulps(found, exact(f64::from(x)));
            // A NaN is the worst of all.
            if error.is_nan() || error > worst.0 {
                worst = (error, x);
            }
        }
        bits = bits.saturating_add(8 * step);
    }
    worst
}

/// A prime step, so that all mantissas take part.
const STEP: u32 = 1009;

#[test]
fn exp_is_within_its_bound() {
    let (error, at) = sweep(-0.0, EXP_FLUSH, STEP, |x| apply::<Native>(exp, x), f64::exp);
    bounds::hold(&format!("exp({at:e}), units in the last place"), error, bounds::EXP_ULP);
}

#[test]
fn ln_is_within_its_bound() {
    let (error, at) = sweep(f32::MIN_POSITIVE, f32::MAX, STEP, |x| apply::<Native>(ln, x), f64::ln);
    bounds::hold(&format!("ln({at:e}), units in the last place"), error, bounds::LN_ULP);
}

#[test]
fn tanh_is_within_its_bound() {
    for sign in [1.0, -1.0] {
        let (error, at) = sweep(sign * 1e-30, sign * 100.0, STEP, |x| apply::<Native>(tanh, x), f64::tanh);
        bounds::hold(&format!("tanh({at:e}), units in the last place"), error, bounds::TANH_ULP);
    }
}

/// Every number of the range: minutes. `cargo test --release --test math -- --ignored`.
#[test]
#[ignore = "exhaustive"]
fn exp_everywhere() {
    let (error, at) = sweep(-0.0, EXP_FLUSH, 1, |x| apply::<Native>(exp, x), f64::exp);
    bounds::hold(&format!("exp({at:e}), units in the last place"), error, bounds::EXP_ULP);
}

#[test]
fn special_values() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let e = apply::<Native>(exp, [0.0, -0.0, -inf, nan, EXP_FLUSH, -88.0, f32::MIN, -1e-45]);
    assert_eq!(e[..3], [1.0, 1.0, 0.0]);
    assert!(e[3].is_nan() && e[4] > 0.0);
    assert_eq!(e[5..], [0.0, 0.0, 1.0]);

    let l = apply::<Native>(ln, [1.0, 0.0, 1e-45, 2.0, 0.5, 1.0, 1.0, 1.0]);
    assert!(l[0] == 0.0 && l[1].is_finite() && l[2].is_finite(), "so that 0 ln 0 is 0");

    let t = apply::<Native>(tanh, [0.0, -0.0, inf, -inf, nan, 1e30, -1e30, 1e-40]);
    assert_eq!(t[..4], [0.0, -0.0, 1.0, -1.0]);
    assert!(t[4].is_nan());
    assert_eq!(t[5..7], [1.0, -1.0]);
}

/// The same bits from the instructions of this build as from their plain meaning, on ordinary and on awkward numbers. In a
/// native build both are the same code; as WebAssembly they are not.
#[test]
fn every_operation_gives_the_same_bits() {
    let mut random = Random(7);
    let awkward = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        2.5,
        3.5,
        1e-45,
        f32::MIN_POSITIVE,
        f32::MAX,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    for round in 0..20_000 {
        let mut number = || match random.below(4) {
            0 => awkward[random.below(awkward.len())],
            1 => f32::from_bits(random.bits() as u32),
            _ => random.normal() * 10.0,
        };
        let (a, b, c): (Lanes, Lanes, Lanes) = (
            core::array::from_fn(|_| number()),
            core::array::from_fn(|_| number()),
            core::array::from_fn(|_| number()),
        );
        let (plain, native) = (operations::<Scalar>(&a, &b, &c), operations::<Native>(&a, &b, &c));
        for (name, x, y) in plain.iter().zip(&native).map(|((name, x), (_, y))| (name, x, y)) {
            assert!(support::same_bits(x, y), "{name}, round {round}: {a:?} {b:?} {c:?}\nplain {x:?}\nnative {y:?}");
        }
    }
}

fn operations<V: F32x4>(a: &Lanes, b: &Lanes, c: &Lanes) -> Vec<(&'static str, Lanes)> {
    let (a, b, c) = (F32x8::<V>::load(a), F32x8::<V>::load(b), F32x8::<V>::load(c));
    // Normal positive numbers for the logarithm.
    let positive =
        F32x8(V::splat(f32::MIN_POSITIVE).max_relaxed(b.0.abs()), V::splat(f32::MIN_POSITIVE).max_relaxed(b.1.abs()));
    let (m, e): (Vec<V>, Vec<V>) = [positive.0.split_exponent(), positive.1.split_exponent()].into_iter().unzip();
    let results = [
        ("add", a + b),
        ("sub", a - b),
        ("mul", a * b),
        ("div", a / b),
        ("neg", -a),
        ("mul_add_relaxed", a.mul_add_relaxed(b, c)),
        ("max_relaxed", a.max_relaxed(b)),
        ("abs", a.abs()),
        ("min_relaxed", a.min_relaxed(b)),
        ("exponent_of_low_bits", F32x8(a.0.exponent_of_low_bits(), a.1.exponent_of_low_bits())),
        ("mantissa", F32x8(m[0], m[1])),
        ("exponent", F32x8(e[0], e[1])),
        ("if_less", a.if_less(b, b, c)),
        ("if_equal", a.if_equal(b, b, c)),
        ("clear", F32x8(a.0.clear(a.0.less(b.0)), a.1.clear(a.1.less(b.1)))),
        ("any_less", F32x8::splat(f32::from(u8::from(a.any_less(b))))),
        ("exp", exp(-a.abs())),
        ("ln", ln(positive)),
        ("tanh", tanh(a)),
    ];
    let stored = |x: F32x8<V>| {
        let mut out = [0.0; 8];
        x.store(&mut out);
        out
    };
    results.into_iter().map(|(name, x)| (name, stored(x))).collect()
}

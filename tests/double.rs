//! The functions in double precision, against the standard library's.
#![cfg(not(target_arch = "wasm32"))]

use qkscope::double::{exp, ln, pow, sin_cos, tanh};

/// How far apart two numbers are, in units in the last place of the second.
fn apart(found: f64, expected: f64) -> f64 {
    if found == expected || (found.is_nan() && expected.is_nan()) {
        return 0.0;
    }
    let unit = f64::from_bits(expected.abs().to_bits() + 1) - expected.abs();
    (found - expected).abs() / unit
}

fn hold(what: &str, x: f64, found: f64, expected: f64, most: f64) {
    let apart = apart(found, expected);
    assert!(apart <= most, "{what}({x:e}) = {found:e}, {apart} units from {expected:e}");
}

#[test]
fn exponentials_and_logarithms_are_within_two_units() {
    for at in -74_500..71_000 {
        let x = f64::from(at) / 100.0 + 0.001_7;
        hold("exp", x, exp(x), x.exp(), if x < -708.0 { 4.0 } else { 2.0 });
        let x = 1.009f64.powf(x);
        hold("ln", x, ln(x), x.ln(), 2.0);
    }
    for (x, found, expected) in [
        (0.0, exp(0.0), 1.0),
        (1.0, ln(1.0), 0.0),
        (f64::INFINITY, exp(f64::INFINITY), f64::INFINITY),
        (f64::NEG_INFINITY, exp(f64::NEG_INFINITY), 0.0),
        (0.0, ln(0.0), f64::NEG_INFINITY),
        (f64::INFINITY, ln(f64::INFINITY), f64::INFINITY),
        (-1.0, ln(-1.0), f64::NAN),
        (f64::NAN, ln(f64::NAN), f64::NAN),
        (f64::NAN, exp(f64::NAN), f64::NAN),
        (5e-324, ln(5e-324), 5e-324f64.ln()),
    ] {
        hold("exp or ln", x, found, expected, 0.0);
    }
}

#[test]
fn powers_of_frequencies_keep_fifteen_digits() {
    for base in [1.0, 2.0, 500.0, 1e4, 1e6] {
        for at in 0..512 {
            let y = -f64::from(at) / 256.0;
            let (found, expected) = (pow(base, y), base.powf(y));
            assert!((found / expected - 1.0).abs() < 4e-15, "{base}^{y}: {found}, not {expected}");
        }
    }
}

#[test]
fn sines_of_far_positions_are_as_good_as_near_ones() {
    for at in 0..200_000 {
        let x = f64::from(at) * f64::from(at) * 4.2e-4 - 1e5;
        let (sine, cosine) = sin_cos(x);
        assert!((sine - x.sin()).abs() < 3e-16 && (cosine - x.cos()).abs() < 3e-16, "{x}");
    }
    assert_eq!(sin_cos(0.0), (0.0, 1.0));
}

#[test]
fn hyperbolic_tangents_are_within_four_units() {
    for at in -30_000..30_000 {
        let x = f64::from(at) / 1000.0;
        hold("tanh", x, tanh(x), x.tanh(), 4.0);
        let x = 0.998f64.powi(at) * f64::from(at).signum();
        hold("tanh", x, tanh(x), x.tanh(), 4.0);
    }
    assert!(tanh(-0.0).is_sign_negative() && tanh(f64::NAN).is_nan());
}

//! Elementary functions in double precision, for what is worked out once for a row or a problem: frequencies, slopes,
//! entropies. Within four units in the last place (powers of the sizes that frequencies have within twenty, sines within
//! 3e-16), and the same bits on every machine. The standard library's are correctly rounded more often, by tables that would take
//! 9 KB of the module that ships.

use core::f64::consts::{FRAC_PI_2, LN_2, SQRT_2};

/// ln 2, its upper 32 bits and the rest: a whole number times the first is exact.
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// π/2 in parts of 28, 28 and 53 bits: a whole number below 2^25 times one of the first two is exact.
const HALF_PI: [f64; 3] = [1.570_796_325_802_803, 9.920_935_739_593_517e-10, 5.721_188_726_109_832e-18];

/// 1/n: a multiplication is quicker than a division.
const INVERSE: [f64; 24] = {
    let mut inverse = [0.0; 24];
    let mut n = 1;
    while n < inverse.len() {
        inverse[n] = 1.0 / n as f64;
        n += 1;
    }
    inverse
};

/// e^x.
pub fn exp(x: f64) -> f64 {
    match x {
        _ if x.is_nan() => return x,
        710.0.. => return f64::INFINITY,
        ..-746.0 => return 0.0,
        _ => {}
    }
    let k = (x / LN_2).round();
    let r = (x - k * LN_2_HIGH) - k * LN_2_LOW;
    // Σ r^n / n! from the back.
    let sum = (1..=14).rev().fold(1.0, |sum, n| 1.0 + sum * (r * INVERSE[n]));
    // In two steps: 2^k itself may not fit.
    let half = k as i32 / 2;
    sum * power_of_two(half) * power_of_two(k as i32 - half)
}

fn power_of_two(k: i32) -> f64 {
    f64::from_bits(((1023 + k) as u64) << 52)
}

/// The natural logarithm.
pub fn ln(x: f64) -> f64 {
    if !(f64::MIN_POSITIVE..f64::INFINITY).contains(&x) {
        return match x {
            0.0 => f64::NEG_INFINITY,
            _ if x > 0.0 && x < 1.0 => ln(x * power_of_two(60)) - 60.0 * LN_2,
            _ if x == f64::INFINITY => x,
            _ => f64::NAN,
        };
    }
    let bits = x.to_bits();
    let mut k = (bits >> 52) as i32 - 1023;
    let mut m = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if m > SQRT_2 {
        (m, k) = (m / 2.0, k + 1);
    }
    // ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + …), |s| < 0.172.
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let tail = (1..=11).rev().fold(0.0, |sum, n| square * (INVERSE[2 * n + 1] + sum));
    let k = f64::from(k);
    k * LN_2_HIGH + (2.0 * s + (2.0 * s * tail + k * LN_2_LOW))
}

/// x^y for x above 0.
pub fn pow(x: f64, y: f64) -> f64 {
    exp(y * ln(x))
}

/// The hyperbolic tangent.
pub fn tanh(x: f64) -> f64 {
    match x.abs() {
        // The difference would lose digits that x has: Lambert's continued fraction x / (1 + x² / (3 + x² / (5 + …))).
        small if small < 0.5 => x / (0..9).rev().fold(19.0, |below, n| f64::from(2 * n + 1) + x * x / below),
        large if large > 20.0 => x.signum(),
        _ => 1.0 - 2.0 / (exp(2.0 * x) + 1.0),
    }
}

/// (−1)^n / (2n + first)!, the series of sine (1) and cosine (0), from the back.
const fn alternating(first: usize) -> [f64; 9] {
    let (mut all, mut term, mut n) = ([0.0; 9], 1.0, 0);
    while n < all.len() {
        all[all.len() - 1 - n] = term;
        n += 1;
        term /= -(((2 * n + first) * (2 * n + first - 1)) as f64);
    }
    all
}

/// Sine and cosine of an angle below 2^25.
pub fn sin_cos(x: f64) -> (f64, f64) {
    const SINE: [f64; 9] = alternating(1);
    const COSINE: [f64; 9] = alternating(0);
    let k = (x / FRAC_PI_2).round();
    let r = HALF_PI.iter().fold(x, |r, part| r - k * part);
    let square = r * r;
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (s, c) in SINE.iter().zip(&COSINE) {
        (sine, cosine) = (sine * square + s, cosine * square + c);
    }
    sine *= r;
    match k as i64 & 3 {
        0 => (sine, cosine),
        1 => (cosine, -sine),
        2 => (-sine, -cosine),
        _ => (-cosine, sine),
    }
}

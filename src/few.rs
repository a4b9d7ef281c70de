//! Few queries: rows as they lie, vectors along the dimensions.
//!
//! The tile wants eight queries, and keys and values in panels. With fewer than eight queries (decoding has one) lanes would go
//! empty, and packing would cost more than what it serves. So keys are multiplied as rows, and values are added up as rows, with
//! sums in registers. Everything between is as ever: a lane per query.

use crate::simd::{F32x4, F32x8, Lanes, WIDTH};

/// Problems of fewer queries are computed so.
pub const FEW: usize = WIDTH;

/// q · k, both of the same length.
#[inline(always)]
pub fn dot<V: F32x4>(q: &[f32], k: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (q.as_chunks::<16>(), k.as_chunks::<16>());
    let (mut low, mut high) = (F32x8::<V>::splat(0.0), F32x8::splat(0.0));
    for (a, b) in a.iter().zip(b) {
        let ([a_low, a_high], [b_low, b_high]) = (halves(a), halves(b));
        low = F32x8::load(a_low).mul_add_relaxed(F32x8::load(b_low), low);
        high = F32x8::load(a_high).mul_add_relaxed(F32x8::load(b_high), high);
    }
    let mut parts = [0.0; WIDTH];
    (low + high).store(&mut parts);
    let [a, b, c, d, e, f, g, h] = parts;
    let whole = ((a + e) + (b + f)) + ((c + g) + (d + h));
    a_rest.iter().zip(b_rest).fold(whole, |sum, (a, b)| sum + a * b)
}

/// terms · V of one block of keys: `values` are its rows of `size` numbers, and `sums` has a lane per query, of which the first
/// `count` are wanted.
pub fn sum_rows<V: F32x4>(values: &[f32], size: usize, terms: &[Lanes], count: usize, sums: &mut [Lanes]) {
    for lane in 0..count {
        let mut from = 0;
        while from + 32 <= size {
            sum_32_columns::<V>(values, size, from, terms, lane, sums);
            from += 32;
        }
        while from + 8 <= size {
            sum_8_columns::<V>(values, size, from, terms, lane, sums);
            from += 8;
        }
        for column in from..size {
            let values = values[column..].iter().step_by(size);
            sums[column][lane] = values.zip(terms).map(|(v, t)| t[lane] * v).sum();
        }
    }
}

/// 32 columns of V from column `from` on, for one query.
#[inline(always)]
fn sum_32_columns<V: F32x4>(
    values: &[f32],
    size: usize,
    from: usize,
    terms: &[Lanes],
    lane: usize,
    sums: &mut [Lanes],
) {
    let [mut a, mut b, mut c, mut d] = [F32x8::<V>::splat(0.0); 4];
    for (row, terms) in values.chunks_exact(size).zip(terms) {
        let t = F32x8::splat(terms[lane]);
        let ([v0, v1, v2, v3], _) = row[from..from + 32].as_chunks() else { unreachable!() };
        a = t.mul_add_relaxed(F32x8::load(v0), a);
        b = t.mul_add_relaxed(F32x8::load(v1), b);
        c = t.mul_add_relaxed(F32x8::load(v2), c);
        d = t.mul_add_relaxed(F32x8::load(v3), d);
    }
    for (sum, sums) in [a, b, c, d].into_iter().zip(sums[from..].chunks_exact_mut(WIDTH)) {
        unspread(sum, lane, sums);
    }
}

/// 8 columns.
#[inline(always)]
fn sum_8_columns<V: F32x4>(values: &[f32], size: usize, from: usize, terms: &[Lanes], lane: usize, sums: &mut [Lanes]) {
    let mut sum = F32x8::<V>::splat(0.0);
    for (row, terms) in values.chunks_exact(size).zip(terms) {
        let ([v], _) = row[from..from + WIDTH].as_chunks() else { unreachable!() };
        sum = F32x8::splat(terms[lane]).mul_add_relaxed(F32x8::load(v), sum);
    }
    unspread(sum, lane, &mut sums[from..]);
}

/// Puts eight sums into a lane of as many columns.
fn unspread<V: F32x4>(sum: F32x8<V>, lane: usize, sums: &mut [Lanes]) {
    let mut parts = [0.0; WIDTH];
    sum.store(&mut parts);
    sums.iter_mut().zip(parts).for_each(|(sums, part)| sums[lane] = part);
}

fn halves(of: &[f32; 16]) -> [&Lanes; 2] {
    let ([low, high], _) = of.as_chunks() else { unreachable!() };
    [low, high]
}

/// The same sums where V holds a NaN or an infinity: see `add_selected` in `attend.rs`.
pub fn sum_selected(values: &[f32], size: usize, logits: &[Lanes], terms: &[Lanes], count: usize, sums: &mut [Lanes]) {
    for lane in 0..count {
        for (column, sums) in sums.iter_mut().enumerate().take(size) {
            let values = values[column..].iter().step_by(size);
            let left = values.zip(logits).zip(terms).filter(|((_, l), _)| l[lane] != f32::NEG_INFINITY);
            sums[lane] = left.map(|((v, _), t)| t[lane] * v).sum();
        }
    }
}

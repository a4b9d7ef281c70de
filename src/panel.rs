//! Panels and the tile: the one inner loop that scores and outputs share.
//!
//! A tile is C (4 x 8) += Σ_t a_t ⊗ b_t, with `a` a panel of four numbers and `b` of eight for each step t:
//!
//! * **scores**: a = four keys, b = eight queries, t runs over the d dimensions (or instead of the product, the squared
//!   difference, or a tanh of the sum);
//! * **output**: a = four dimensions of V, b = the weights of eight queries, t runs over the keys.
//!
//! 1. Lanes are queries, so a softmax needs no horizontal operation, and the weights come out in the very layout
//!    that the output wants as `b`.
//! 2. Eight accumulators, two loads and four splats for eight multiply-adds; all inputs are read in order.
//! 3. Each element is one sum in ascending t from one accumulator: its value does not depend on the tile it is in.
//! 4. The loop is not unrolled by hand: the compiler's reordering then spills accumulators.
//!
//! Where the time of a whole attention goes (n = 1024, d = 64, one head, one thread, Chromium 156 on two cores of a Zen 3, relaxed
//! SIMD, 7.1 ms; at the measured peak of 51 GFLOP/s the multiply-adds alone would take 5.2): scores 3.0 ms (86 % of the peak; the
//! rest is the start and the end of each tile of 64 steps), terms and sums 1.0, output 2.9 (89 %), packing 0.2.
//!
//! Through the public API the same takes 8.2 ms (`benches/results`): a millisecond copies Q, K, V and the output, and a turn of the
//! event loop, every 10 ms, takes 0.4. From n = 2048 on 70 to 78 % of the peak are left, with simd128 57 to 66 %; where heads
//! are small (d = 32: 52 %) or rows few (n = 256: 37 %) the starts of tiles, exponentials and copies weigh more.
//!
//! What did not help: five or six keys to a tile (as fast as four where nothing spills, and slower once something does), four keys
//! by twelve queries (twelve sums spill: half the speed), a vector of four keys and shuffles in place of four splats (10 % slower).

use crate::error::Error;
use crate::math::Tanh;
use crate::simd::{F32x4, F32x8, Lanes, WIDTH};
use crate::tensor::filled;

/// Four keys, or four dimensions of V: what one step of a tile reads on its left side.
pub type Quad = [f32; 4];

/// How many keys make a block: a block of weights (8 KB) and a panel of V stay in the first cache. Blocks start at
/// multiples of this, whoever asks, so that sums by block are the same for everyone.
pub const BLOCK: usize = 256;

/// A tile whose step t is `step(sum, a_t, b_t)`: the sums over t for 4 x 8 elements, starting at zero. Written as it is to
/// run, since a build for size changes nothing: a loop over an array of sums would keep them in memory (a third of the speed), and
/// a test at the start of each step is a jump more than one at its end (3 % of the time).
#[inline(always)]
fn fold<V: F32x4>(a: &[Quad], b: &[Lanes], step: impl Fn(F32x8<V>, F32x8<V>, F32x8<V>) -> F32x8<V>) -> [F32x8<V>; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = [F32x8::splat(0.0); 4];
    let steps = a.len().min(b.len());
    let (a, b) = (&a[..steps], &b[..steps]);
    let mut t = 0;
    if steps > 0 {
        loop {
            let ([a0, a1, a2, a3], b) = (a[t], F32x8::load(&b[t]));
            c0 = step(c0, F32x8::splat(a0), b);
            c1 = step(c1, F32x8::splat(a1), b);
            c2 = step(c2, F32x8::splat(a2), b);
            c3 = step(c3, F32x8::splat(a3), b);
            t += 1;
            if t >= steps {
                break;
            }
        }
    }
    [c0, c1, c2, c3]
}

/// One tile of products: Σ_t a_t b_t.
#[inline(always)]
pub fn tile<V: F32x4>(a: &[Quad], b: &[Lanes]) -> [F32x8<V>; 4] {
    fold(a, b, |c, a, b| a.mul_add_relaxed(b, c))
}

/// One tile of squared distances, negative: −Σ_t (b_t − a_t)². From differences: |a|² + |b|² − 2 a·b would cancel.
#[inline(always)]
pub fn distance_tile<V: F32x4>(a: &[Quad], b: &[Lanes]) -> [F32x8<V>; 4] {
    fold(a, b, |c, a, b| (a - b).mul_add_relaxed(b - a, c))
}

/// One tile of additive scores: Σ_t v_t tanh(a_t + b_t). Beside a tanh it is nothing that the sums lie in memory.
#[inline(always)]
pub fn additive_tile<V: F32x4>(a: &[Quad], b: &[Lanes], v: &[f32], tanh: &Tanh<V>) -> [F32x8<V>; 4] {
    let mut sums = [F32x8::splat(0.0); 4];
    for ((a, b), &v) in a.iter().zip(b).zip(v) {
        let (b, v) = (F32x8::load(b), F32x8::splat(v));
        for (sum, &a) in sums.iter_mut().zip(a) {
            *sum = v.mul_add_relaxed(tanh.of(F32x8::splat(a) + b), *sum);
        }
    }
    sums
}

/// The rows of a matrix (rows, columns) in panels of four: panel p holds rows 4p..4p+4 as `columns` quads. Missing rows
/// are zeros. Copies.
///
/// # Errors
/// `Fault::OutOfMemory`.
pub fn pack_rows(name: &str, matrix: &[f32], rows: usize, columns: usize) -> Result<Vec<Quad>, Error> {
    let mut panels = filled(name, rows.div_ceil(4) * columns, [0.0; 4])?;
    for (row, values) in matrix.chunks_exact(columns).enumerate() {
        for (column, &value) in values.iter().enumerate() {
            panels[row / 4 * columns + column][row % 4] = value;
        }
    }
    Ok(panels)
}

/// Four rows, one after the other, as one panel: quad c holds their elements c.
pub fn pack_four_rows(rows: &[f32], panel: &mut [Quad]) {
    let size = panel.len();
    let (top, bottom) = rows.split_at(2 * size);
    let ((a, b), (c, d)) = (top.split_at(size), bottom.split_at(size));
    for ((((quad, a), b), c), d) in panel.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *quad = [*a, *b, *c, *d];
    }
}

/// The columns of a matrix (rows, columns) in panels of four: panel p holds columns 4p..4p+4 as `rows` quads. Missing
/// columns are zeros.
pub fn pack_columns(matrix: &[f32], rows: usize, columns: usize, panels: &mut [Quad]) {
    for (row, values) in matrix.chunks_exact(columns.max(1)).enumerate() {
        let (quads, rest) = values.as_chunks::<4>();
        for (quad, panel) in quads.iter().zip(panels.chunks_exact_mut(rows)) {
            panel[row] = *quad;
        }
        if !rest.is_empty() {
            panels[quads.len() * rows + row][..rest.len()].copy_from_slice(rest);
        }
    }
}

/// One row of a group of eight queries, spread over its lane: element c goes to `lanes[c][lane]`.
pub fn spread(row: &[f32], lane: usize, lanes: &mut [Lanes]) {
    debug_assert!(lane < WIDTH);
    for (lanes, &value) in lanes.iter_mut().zip(row) {
        lanes[lane] = value;
    }
}

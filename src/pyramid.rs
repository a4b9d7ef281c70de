//! A matrix made smaller by powers of two: a texel of level l pools 2^l x 2^l cells, from multiples of 2^l on.
//!
//! A [`Pyramid`] takes in whole rows, a group of eight at a time, and keeps their texels from one level on; what is read off
//! whole rows on the way (statistics, the mass of each key) comes along. Texels of finer levels are made when they are looked at.
//!
//! The largest magnitude of a texel is that of its cells exactly, so a single bright weight is in sight at every level. Of x and
//! −x the positive one counts, of infinities too. A texel with a NaN is NaN. Means leave out removed keys; they are sums in
//! single precision by a count, and are infinite or NaN where these sums are.
//!
//! Where the time of an overview goes (512 rows of 32,768 keys, d = 64, one thread, Chromium 156, relaxed SIMD, 70 ms; half of a
//! whole attention, whose other half is the output, takes 54): scores 49 ms, exponentials and their sum 10, Σ t ln t and Σ t² along
//! with them 4, statistics of rows, the mass of keys and texels of eight keys each 7, coarser levels less than 1. Lanes are folded
//! by vectors and numbers ordered by their bits, since a branch on which is larger is guessed wrong half of the time (12 ms).
//! Walks of their own over the weights took longer: for statistics and masses 30 ms, for squares 2. One walk for both statistics
//! and masses, so that terms are loaded once, and four keys' masses in one vector took as long as now.

use crate::diagnostics::{Columns, RowSums, Run};
use crate::error::Error;
use crate::normalize::Statistic;
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::{filled, reserved};
use core::ops::Range;

/// What the cells of a texel come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Texel {
    /// The value of largest magnitude.
    pub extreme: f32,
    /// The sum.
    pub sum: f32,
    /// How many there are, without removed keys.
    pub count: f32,
}

impl Texel {
    /// Without cells. In the largest magnitude of a merger it leaves no trace.
    const EMPTY: Texel = Texel { extreme: 0.0, sum: 0.0, count: 0.0 };

    /// Takes in the cells of another. Without branches: which number is larger is guessed wrong half of the time.
    #[inline(always)]
    fn merge(&mut self, other: Texel) {
        self.extreme = f32::from_bits((rank(self.extreme).max(rank(other.extreme)) ^ 1).rotate_right(1));
        self.sum += other.sum;
        self.count += other.count;
    }

    /// The mean; `removed` where there is no cell.
    #[inline(always)]
    pub fn mean(self, removed: f32) -> f32 {
        if self.count == 0.0 { removed } else { self.sum / self.count }
    }

    /// The value of largest magnitude; `removed` where there is no cell.
    #[inline(always)]
    pub fn extreme(self, removed: f32) -> f32 {
        if self.count == 0.0 { removed } else { self.extreme }
    }
}

/// Orders numbers by magnitude; of x and −x the positive one is larger, and NaN is larger than all.
#[inline(always)]
fn rank(x: f32) -> u32 {
    x.to_bits().rotate_left(1) ^ 1
}

/// A picture of texels of one level.
pub struct Texels {
    level: u32,
    width: usize,
    /// The first row and key of the matrix.
    rows: Range<usize>,
    keys: Range<usize>,
    all: Vec<Texel>,
}

impl Texels {
    /// Room for the texels of level `level` over `rows` and `keys`, which begin at multiples of 2^level.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn new(level: u32, rows: Range<usize>, keys: Range<usize>) -> Result<Texels, Error> {
        let width = keys.len().div_ceil(1 << level);
        let count = crate::task::product("texels", rows.len().div_ceil(1 << level), width)?;
        Ok(Texels { level, width, rows, keys, all: filled("texels", count, Texel::EMPTY)? })
    }

    /// The rows that it covers.
    pub fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The keys that it covers.
    pub fn keys(&self) -> Range<usize> {
        self.keys.clone()
    }

    /// The texels, row-major.
    pub fn all(&self) -> &[Texel] {
        &self.all
    }

    /// Takes in the values of the rows `rows` of a group that begins at row `first`, at keys from `key` on, all of which it
    /// covers. `logits` are where removed keys are minus infinity; none: no key is removed.
    pub fn add(&mut self, first: usize, rows: &Range<usize>, key: usize, values: &[Lanes], logits: Option<&[Lanes]>) {
        if self.level == 0 {
            return self.put(first, rows, key, values, logits);
        }
        let step = 1 << self.level;
        let mut at = 0;
        while at < values.len() {
            let column = (key + at - self.keys.start) >> self.level;
            let end = values.len().min(self.keys.start + (column + 1) * step - key);
            let piece = match logits {
                None => Piece::of::<Native>(&values[at..end]),
                Some(logits) => Piece::of_what_is_left::<Native>(&values[at..end], &logits[at..end]),
            };
            let line = |row: usize| ((row - self.rows.start) >> self.level) * self.width + column;
            if rows.len() == WIDTH && step >= WIDTH {
                self.all[line(first)].merge(piece.all::<Native>().checked(|| values[at..end].as_flattened().iter()));
            } else {
                for row in rows.clone() {
                    let cells = || values[at..end].iter().map(|lanes| &lanes[row - first]);
                    self.all[line(row)].merge(piece.lane(row - first).checked(cells));
                }
            }
            at = end;
        }
    }

    /// The same where each cell is a texel of its own: nothing is pooled.
    fn put(&mut self, first: usize, rows: &Range<usize>, key: usize, values: &[Lanes], logits: Option<&[Lanes]>) {
        for row in rows.clone() {
            let lane = row - first;
            let start = (row - self.rows.start) * self.width + key - self.keys.start;
            for (index, (texel, value)) in self.all[start..][..values.len()].iter_mut().zip(values).enumerate() {
                let value = value[lane];
                // What is NaN belongs to a row in which everything is, its removed keys as well.
                if value.is_nan() || logits.is_none_or(|logits| logits[index][lane] != f32::NEG_INFINITY) {
                    *texel = Texel { extreme: value, sum: value, count: 1.0 };
                }
            }
        }
    }

    /// Takes in `count` cells that a run of terms of all rows of a group comes to, whose texels are at least as large.
    #[inline(always)]
    fn take<V: F32x4>(&mut self, row: usize, run: &Run<V>, factor: F32x8<V>, count: usize) {
        let (max, sum) = (run.max * factor, run.sum * factor);
        let max = max.0.max_relaxed(max.1).fold(V::max_relaxed);
        let sum = (sum.0 + sum.1).fold(|a, b| a + b);
        let line = (row - self.rows.start) >> self.level;
        let column = (run.first - self.keys.start) >> self.level;
        // Weights are not below 0, so that a sum is NaN where one of them is.
        let max = if sum.is_nan() { sum } else { max };
        self.all[line * self.width + column].merge(Texel { extreme: max, sum, count: count as f32 });
    }

    /// Makes everything NaN in the line of `row`: a row that failed is NaN at each key, also where no row of its group sees one.
    pub fn spoil(&mut self, row: usize) {
        let line = (row - self.rows.start) >> self.level;
        let nan = Texel { extreme: f32::NAN, sum: f32::NAN, count: 1.0 };
        self.all[line * self.width..(line + 1) * self.width].iter_mut().for_each(|texel| texel.merge(nan));
    }

    /// The range of the finite values of largest magnitude, NaN where there are none.
    fn range(&self) -> [f32; 2] {
        let [mut low, mut high] = [f32::INFINITY, f32::NEG_INFINITY];
        for Texel { extreme, count, .. } in &self.all {
            if *count > 0.0 && extreme.is_finite() {
                if *extreme < low {
                    low = *extreme;
                }
                if *extreme > high {
                    high = *extreme;
                }
            }
        }
        if low > high { [f32::NAN; 2] } else { [low, high] }
    }

    /// The same cells one level up.
    fn coarser(&self) -> Result<Texels, Error> {
        let mut up = Texels::new(self.level + 1, self.rows.clone(), self.keys.clone())?;
        for (line, texels) in self.all.chunks_exact(self.width.max(1)).enumerate() {
            for (column, texel) in texels.iter().enumerate() {
                up.all[line / 2 * up.width + column / 2].merge(*texel);
            }
        }
        Ok(up)
    }
}

/// `no` where a key is removed, else `yes`; a NaN is one of a row in which everything is.
#[inline(always)]
fn left<V: F32x4>(value: F32x8<V>, logit: F32x8<V>, yes: F32x8<V>, no: F32x8<V>) -> F32x8<V> {
    let removed = F32x8::splat(f32::NEG_INFINITY);
    value.if_equal(value, logit.if_equal(removed, no, yes), yes)
}

/// Some keys pooled, a lane per row.
struct Piece {
    max: Lanes,
    min: Lanes,
    sum: Lanes,
    count: Lanes,
}

impl Piece {
    fn of<V: F32x4>(values: &[Lanes]) -> Piece {
        let (mut max, mut min) = (F32x8::<V>::splat(f32::NEG_INFINITY), F32x8::splat(f32::INFINITY));
        let mut sum = F32x8::splat(0.0);
        for value in values {
            let v = F32x8::load(value);
            (max, min, sum) = (max.max_relaxed(v), min.min_relaxed(v), sum + v);
        }
        Piece::stored(max, min, sum, F32x8::splat(values.len() as f32))
    }

    /// Without removed keys. What is NaN belongs to a row in which everything is, its removed keys as well.
    fn of_what_is_left<V: F32x4>(values: &[Lanes], logits: &[Lanes]) -> Piece {
        let (low, high) = (F32x8::<V>::splat(f32::NEG_INFINITY), F32x8::splat(f32::INFINITY));
        let (zero, one) = (F32x8::splat(0.0), F32x8::splat(1.0));
        let (mut max, mut min, mut sum, mut count) = (low, high, zero, zero);
        for (value, logit) in values.iter().zip(logits) {
            let (v, l) = (F32x8::load(value), F32x8::load(logit));
            max = max.max_relaxed(left(v, l, v, low));
            min = min.min_relaxed(left(v, l, v, high));
            sum = sum + left(v, l, v, zero);
            count = count + left(v, l, one, zero);
        }
        Piece::stored(max, min, sum, count)
    }

    #[inline(always)]
    fn stored<V: F32x4>(max: F32x8<V>, min: F32x8<V>, sum: F32x8<V>, count: F32x8<V>) -> Piece {
        let mut piece = Piece { max: [0.0; WIDTH], min: [0.0; WIDTH], sum: [0.0; WIDTH], count: [0.0; WIDTH] };
        max.store(&mut piece.max);
        min.store(&mut piece.min);
        sum.store(&mut piece.sum);
        count.store(&mut piece.count);
        piece
    }

    /// What all its rows come to, which lie in one texel.
    #[inline(always)]
    fn all<V: F32x4>(&self) -> Texel {
        let (max, min) = (F32x8::<V>::load(&self.max), F32x8::<V>::load(&self.min));
        let (sum, count) = (F32x8::<V>::load(&self.sum), F32x8::<V>::load(&self.count));
        Texel::of(
            max.0.max_relaxed(max.1).fold(V::max_relaxed),
            min.0.min_relaxed(min.1).fold(V::min_relaxed),
            (sum.0 + sum.1).fold(|a, b| a + b),
            (count.0 + count.1).fold(|a, b| a + b),
        )
    }

    #[inline(always)]
    fn lane(&self, lane: usize) -> Texel {
        Texel::of(self.max[lane], self.min[lane], self.sum[lane], self.count[lane])
    }
}

impl Texel {
    #[inline(always)]
    fn of(max: f32, min: f32, sum: f32, count: f32) -> Texel {
        // Without cells, max and min are infinities of the wrong sign.
        let extreme = if count == 0.0 {
            Texel::EMPTY.extreme
        } else if -min > max {
            min
        } else {
            max
        };
        Texel { extreme, sum, count }
    }

    /// The same with a NaN among the cells in mind, which the largest passes over. A sum that is NaN gives the hint; it is so as well
    /// for infinities of both signs, and for numbers so large that sums overflow.
    #[inline(always)]
    fn checked<'a, I: Iterator<Item = &'a f32>>(self, cells: impl Fn() -> I) -> Texel {
        let nan = self.sum.is_nan() && cells().any(|cell| cell.is_nan());
        Texel { extreme: if nan { f32::NAN } else { self.extreme }, ..self }
    }
}

/// The rows of some bands, from one level to another.
pub struct Pyramid {
    base: Texels,
    levels: Range<u32>,
    removed: f32,
    /// Σ of weights over rows for each key, in four parts.
    columns: Vec<[f32; 4]>,
    statistics: Columns,
    known: Vec<f32>,
    /// How many rows of statistics are there.
    done: usize,
}

/// What a pyramid comes to.
#[derive(Clone, Debug, PartialEq)]
pub struct Levels {
    /// The values of largest magnitude, level after level.
    pub max: Vec<f32>,
    /// The means of the same texels, as bfloat16.
    pub mean: Vec<u16>,
    /// The range of the finite values of largest magnitude, NaN where there are none.
    pub range: [f32; 2],
    /// The mass of each key: Σ of its weights over the rows that can be mapped.
    pub columns: Vec<f64>,
    /// The statistics of the rows.
    pub statistics: Columns,
    /// [`Statistic::to_numbers`] of each group of rows.
    pub known: Vec<f32>,
}

/// The weights of one group of rows, as [`Pyramid::weigh`] takes them in.
pub struct Weighed<'a> {
    /// The first row of the group.
    pub first: usize,
    /// Those of its rows that are asked for.
    pub rows: Range<usize>,
    /// What they leave behind.
    pub statistic: &'a Statistic,
}

impl Pyramid {
    /// Room for `rows` of M = `keys` keys. With `weights`, for what is read off them as well.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn new(
        levels: Range<u32>,
        rows: Range<usize>,
        keys: usize,
        removed: f32,
        weights: bool,
    ) -> Result<Pyramid, Error> {
        let groups = rows.len().div_ceil(1 << levels.start);
        let (columns, statistics, known) =
            if weights { (keys, (groups * WIDTH).min(rows.len()), groups * Statistic::NUMBERS) } else { (0, 0, 0) };
        Ok(Pyramid {
            base: Texels::new(levels.start, rows, 0..keys)?,
            levels,
            removed,
            columns: filled("columns", columns, [0.0; 4])?,
            statistics: Columns::new(statistics)?,
            known: reserved("statistics", known)?,
            done: 0,
        })
    }

    /// From how many rows to how many the groups follow that are taken in.
    pub fn stride(&self) -> usize {
        1 << self.levels.start
    }

    /// Takes in values of a group: see [`Texels::add`].
    pub fn add(&mut self, first: usize, rows: &Range<usize>, key: usize, values: &[Lanes], logits: Option<&[Lanes]>) {
        self.base.add(first, rows, key, values, logits);
    }

    /// Takes in a run of terms of the whole group from row `row` on, which can be mapped: the mass of its keys, and its texel, if
    /// no key is removed.
    #[inline(always)]
    pub fn take<V: F32x4>(&mut self, row: usize, run: &Run<V>, factor: F32x8<V>, texel: bool) {
        let end = self.columns.len().min(run.first + run.terms.len());
        let columns = &mut self.columns[run.first..end];
        let count = columns.len() * WIDTH;
        for (column, terms) in columns.iter_mut().zip(run.terms) {
            let weights = F32x8::<V>::load(terms) * factor;
            (V::load(column) + (weights.0 + weights.1)).store(column);
        }
        if texel {
            self.base.take(row, run, factor, count);
        }
    }

    /// Adds the weights of a block to the mass of its keys.
    pub fn weigh(&mut self, of: &Weighed, key: usize, weights: &[Lanes]) {
        let end = self.columns.len().min(key + weights.len());
        let columns = &mut self.columns[key.min(end)..end];
        for lane in of.rows.clone().map(|row| row - of.first).filter(|lane| of.statistic.status[*lane].usable()) {
            columns.iter_mut().zip(weights).for_each(|(column, weights)| column[lane % 4] += weights[lane]);
        }
    }

    /// Takes in what whole rows come to, when all their weights were taken in.
    pub fn close(&mut self, of: &Weighed, sums: &RowSums) {
        for row in of.rows.clone() {
            let lane = row - of.first;
            sums.write(lane, of.statistic, self.done, &mut self.statistics);
            self.done += 1;
            if of.statistic.status[lane].failed() {
                self.base.spoil(row);
            }
        }
        self.known.extend_from_slice(&of.statistic.to_numbers());
    }

    /// All levels.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn finish(self) -> Result<Levels, Error> {
        let Pyramid { mut base, levels, removed, columns, statistics, known, .. } = self;
        let range = base.range();
        let room = base.all.len().saturating_mul(2);
        let (mut max, mut mean) = (reserved("pyramid", room)?, reserved("pyramid", room)?);
        for level in levels.clone() {
            if level > levels.start {
                base = base.coarser()?;
            }
            max.extend(base.all.iter().map(|texel| texel.extreme(removed)));
            mean.extend(base.all.iter().map(|texel| bfloat16(texel.mean(removed))));
        }
        let mut masses = reserved("columns", columns.len())?;
        masses.extend(columns.iter().map(|parts| parts.iter().map(|&part| f64::from(part)).sum::<f64>()));
        Ok(Levels { max, mean, range, columns: masses, statistics, known })
    }
}

/// The upper half of a single-precision number, rounded to the nearest.
#[inline(always)]
fn bfloat16(x: f32) -> u16 {
    let bits = x.to_bits();
    let odd = bits >> 16 & 1;
    if x.is_nan() { 0x7fc0 } else { (bits.wrapping_add(0x7fff + odd) >> 16) as u16 }
}

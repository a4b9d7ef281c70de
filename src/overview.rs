//! A matrix made smaller: each cell of the picture pools a rectangle of the matrix, rows by rows as they are computed.
//!
//! Cell (y, x) of a picture of H x W over R rows and C keys pools rows ⌊yR/H⌋..⌊(y+1)R/H⌋ and keys ⌊xC/W⌋..⌊(x+1)C/W⌋.

use crate::error::Error;
use crate::member::{Member, Text};
use crate::tensor::filled;
use core::ops::Range;
use serde::Deserialize;

/// How the values of a cell become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// The value of largest magnitude: for weights the maximum. Thin lines stay visible.
    Max,
    /// The mean.
    Mean,
}

/// What each [`Pool`] is called.
pub static POOLS: &[Member] = &[
    Member::plain(
        "max",
        Text { en: "Largest", zh: "最大值" },
        Text {
            en: "A pixel shows the value of largest magnitude under it, so that thin lines stay visible.",
            zh: "每个像素显示其范围内绝对值最大的值，细线不会消失。",
        },
        "max |x|",
    ),
    Member::plain(
        "mean",
        Text { en: "Mean", zh: "平均值" },
        Text {
            en: "A pixel shows the mean of the values under it; removed keys do not count.",
            zh: "每个像素显示其范围内的平均值；被移除的键不计入。",
        },
        "mean x",
    ),
];

/// A picture being pooled: some lines (a band) of the whole H x W.
pub struct Pooling {
    pool: Pool,
    rows: Range<usize>,
    keys: Range<usize>,
    height: usize,
    width: usize,
    band: Range<usize>,
    removed: f32,
    /// For each key of `keys`, its column in the picture.
    columns: Vec<u32>,
    /// In double precision: a cell may hold billions of values.
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl Pooling {
    /// Lines `band` of a picture of `height` x `width` over `rows` and `keys` of the matrix. Cells without any value become
    /// `removed`.
    ///
    /// # Errors
    /// `Fault::Parameter` where the picture is larger than the matrix, or empty over one that is not, or the band is not in
    /// it; `Fault::OutOfMemory`.
    pub fn new(
        pool: Pool,
        (rows, keys): (Range<usize>, Range<usize>),
        (height, width): (usize, usize),
        band: Range<usize>,
        removed: f32,
    ) -> Result<Pooling, Error> {
        within("height", height, rows.len().min(1)..rows.len() + 1)?;
        within("width", width, keys.len().min(1)..keys.len() + 1)?;
        within("band", band.end, band.start..height + 1)?;
        let cells = band.len().saturating_mul(width);
        let (sums, counts) = (filled("overview", cells, 0.0)?, filled("overview", cells, 0)?);
        let mut columns = filled("overview", keys.len(), 0)?;
        columns.iter_mut().enumerate().for_each(|(key, column)| *column = cell(key, keys.len(), width) as u32);
        Ok(Pooling { pool, rows, keys, height, width, band, removed, columns, sums, counts })
    }

    /// The rows of the matrix under the band.
    pub fn rows(&self) -> Range<usize> {
        let edge = |y: usize| self.rows.start + part(y, self.rows.len(), self.height);
        edge(self.band.start)..edge(self.band.end)
    }

    /// The keys of the matrix under the picture.
    pub fn keys(&self) -> Range<usize> {
        self.keys.clone()
    }

    /// Where the cells of a row within the picture begin, for [`Pooling::add`].
    pub fn line(&self, row: usize) -> usize {
        (cell(row - self.rows.start, self.rows.len(), self.height) - self.band.start) * self.width
    }

    /// Adds the value of a key within the picture to a line; `None` is a removed key.
    pub fn add(&mut self, line: usize, key: usize, value: Option<f32>) {
        if let Some(value) = value {
            let column = self.columns[key - self.keys.start] as usize;
            self.pool_in(line + column, f64::from(value));
        }
    }

    fn pool_in(&mut self, at: usize, value: f64) {
        let sum = &mut self.sums[at];
        match self.pool {
            _ if self.counts[at] == 0 => *sum = value,
            Pool::Mean => *sum += value,
            // A NaN stays, whichever comes first.
            Pool::Max if sum.abs() >= value.abs() || sum.is_nan() => {}
            Pool::Max => *sum = value,
        }
        self.counts[at] += 1;
    }

    /// The picture's lines, and the range of its finite values: NaN where there are none.
    // Not a kernel: it runs once per picture.
    pub fn finish(self) -> (Vec<f32>, [f32; 2]) {
        let values = self.sums.iter().zip(&self.counts).map(|(&sum, &count)| match (count, self.pool) {
            (0, _) => self.removed,
            (_, Pool::Mean) => (sum / f64::from(count)) as f32,
            (_, Pool::Max) => sum as f32,
        });
        let values: Vec<f32> = values.collect();
        let finite = values.iter().zip(&self.counts).filter(|(x, n)| x.is_finite() && **n > 0).map(|(&x, _)| x);
        let range = finite.fold(None, |range: Option<[f32; 2]>, x| {
            let [low, high] = range.unwrap_or([x, x]);
            Some([low.min(x), high.max(x)])
        });
        (values, range.unwrap_or([f32::NAN, f32::NAN]))
    }
}

/// ⌊index · length / parts⌋, in 64 bits: the start of part `index`.
fn part(index: usize, length: usize, parts: usize) -> usize {
    (index as u64 * length as u64 / parts.max(1) as u64) as usize
}

/// The part that holds `index`: the largest p with ⌊p · length / parts⌋ <= index.
fn cell(index: usize, length: usize, parts: usize) -> usize {
    ((((index as u64 + 1) * parts as u64).div_ceil(length as u64)) - 1) as usize
}

fn within(name: &str, value: usize, range: Range<usize>) -> Result<(), Error> {
    if range.contains(&value) {
        return Ok(());
    }
    Err(Error::parameter(&name, &format_args!("from {} to {}", range.start, range.end.saturating_sub(1)), &value))
}

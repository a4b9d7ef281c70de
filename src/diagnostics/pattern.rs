//! Detector patterns: for one sequence of tokens, the matrix D of 0 and 1 that a head of one kind would attend by, and how near
//! a head's weights A come to it.
//!
//! Two measures, as TransformerLens names them (`head_detector.py`): "mul" is Σ A D / Σ A, the share of all attention that
//! lies on the pattern, and "abs" is 1 − Σ |A − D| / N, rounded to three decimals. Since "mul" counts rows on which the
//! pattern is empty too, a perfect induction head on a sequence repeated twice scores n / 2n, and a perfect previous-token
//! head (N − 1) / N: these are no means over a stripe, which reach 1 (`head.rs` has those).
//!
//! Departures: the reference writes zeros into the weights that it was given when it leaves out the first token or the
//! current one. Here the weights stay as they are and such pairs are passed over, which gives the same numbers: "mul" is
//! divided by what mass is left, "abs" by N all the same.

use crate::error::Error;
use crate::member::{Member, Text};
use crate::tensor::{filled, reserved};

/// Which pattern. Row i is token i, column j the token that it looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// D_ij = 1 where j = i − 1.
    PreviousToken,
    /// D_ij = 1 where token j < i is the same as token i.
    DuplicateToken,
    /// D_ij = 1 where token j − 1 < i is the same as token i: j is what followed last time.
    Induction,
}

/// What each [`Pattern`] says about itself, in the order of [`Pattern::ALL`].
pub static PATTERNS: &[Member] = &[
    Member::cited(
        "previousToken",
        Text { en: "Previous token", zh: "前一词元" },
        Text { en: "Each token looks at the one before it.", zh: "每个词元关注它前面的一个词元。" },
        "D_ij = 1 if j = i − 1",
        "Voita et al. 2019, arXiv 1905.09418",
    ),
    Member::cited(
        "duplicateToken",
        Text { en: "Duplicate token", zh: "重复词元" },
        Text {
            en: "Each token looks at earlier tokens that are the same.", zh: "每个词元关注更早出现的相同词元。"
        },
        "D_ij = 1 if t_i = t_j, j < i",
        "TransformerLens, head_detector.py",
    ),
    Member::cited(
        "induction",
        Text { en: "Induction", zh: "归纳" },
        Text {
            en: "Each token looks at what followed the same token earlier.",
            zh: "每个词元关注相同词元上次出现时的后一个词元。",
        },
        "D_ij = 1 if t_i = t_{j−1}, 1 ≤ j ≤ i",
        "Olsson et al. 2022, arXiv 2209.11895",
    ),
];

impl Pattern {
    /// All of them.
    pub const ALL: [Pattern; 3] = [Pattern::PreviousToken, Pattern::DuplicateToken, Pattern::Induction];

    /// Whether the pattern depends on the tokens and not only on their places.
    pub fn needs_tokens(self) -> bool {
        self != Pattern::PreviousToken
    }

    /// D_ij; `tokens` may be empty for a pattern that does not need them.
    #[inline(always)]
    pub fn contains(self, tokens: &[u32], i: usize, j: usize) -> bool {
        match self {
            Pattern::PreviousToken => j + 1 == i,
            Pattern::DuplicateToken => j < i && tokens[i] == tokens[j],
            Pattern::Induction => 1 <= j && j <= i && tokens[i] == tokens[j - 1],
        }
    }
}

/// Which pairs do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exclude {
    /// Leaves out key 0, where models that begin with a special token park attention.
    pub bos: bool,
    /// Leaves out the diagonal.
    pub current_token: bool,
}

impl Exclude {
    #[inline(always)]
    fn covers(self, i: usize, j: usize) -> bool {
        (self.bos && j == 0) || (self.current_token && i == j)
    }
}

/// The sums of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Row {
    /// Σ_j A D, nothing excluded.
    whole: f64,
    /// Σ_j D, nothing excluded.
    cells: usize,
    /// Σ_j A D.
    on: f64,
    /// Σ_j A.
    mass: f64,
    /// Σ_j |A − D|.
    off: f64,
}

/// How near the weights of one head come to a pattern, summed piece by piece. Each row has its own sums and they are added up
/// in the order of rows at the end, so the result is the same, bit for bit, however the weights were cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    pattern: Pattern,
    exclude: Exclude,
    tokens: Vec<u32>,
    rows: Vec<Row>,
}

impl Detector {
    /// For self-attention over `length` tokens, whose ids are `tokens`.
    ///
    /// # Errors
    /// `Fault::Parameter` where the pattern needs tokens and there are none, `Fault::Count` where they are not `length`,
    /// `Fault::OutOfMemory`.
    pub fn new(pattern: Pattern, length: usize, tokens: Option<&[u32]>, exclude: Exclude) -> Result<Detector, Error> {
        if pattern.needs_tokens() && tokens.is_none() {
            return Err(Error::parameter(
                &"tokens",
                &format_args!("given for the pattern {}", PATTERNS[pattern as usize].id),
                &"missing",
            ));
        }
        let given = tokens.unwrap_or_default();
        if tokens.is_some() && given.len() != length {
            return Err(Error::count(&"tokens", length as u64, given.len() as u64));
        }
        let mut tokens = reserved("tokens", given.len())?;
        tokens.extend_from_slice(given);
        Ok(Detector { pattern, exclude, tokens, rows: filled("patterns", length, Row::default())? })
    }

    /// Adds the weights of row `row` at the keys from `first_key` on. The pieces of one row come in ascending order of keys;
    /// rows come in any order.
    ///
    /// # Errors
    /// `Fault::Shape` where the piece is not within the N x N weights.
    pub fn add(&mut self, row: usize, first_key: usize, weights: &[f32]) -> Result<(), Error> {
        let length = self.rows.len();
        if row >= length || first_key > length || weights.len() > length - first_key {
            return Err(Error::shape(
                &"weights",
                &format_args!("{length} x {length}"),
                &format_args!("row {row}, {} keys from {first_key} on", weights.len()),
            ));
        }
        self.add_piece(row, first_key, weights);
        Ok(())
    }

    /// [`Detector::add`] for a piece that is known to lie within.
    pub(super) fn add_piece(&mut self, row: usize, first_key: usize, weights: &[f32]) {
        let Detector { pattern, exclude, tokens, rows } = self;
        let sums = &mut rows[row];
        for (j, &w) in (first_key..).zip(weights) {
            let marked = pattern.contains(tokens, row, j);
            let (a, d) = (f64::from(w), f64::from(u8::from(marked)));
            sums.whole += a * d;
            sums.cells += usize::from(marked);
            if !exclude.covers(row, j) {
                sums.on += a * d;
                sums.mass += a;
                sums.off += (a - d).abs();
            }
        }
    }

    /// Σ A D / Σ A, 0 to 1: the share of all attention that lies on the pattern. NaN without mass.
    pub fn mul(&self) -> f64 {
        self.sum(|row| row.on) / self.sum(|row| row.mass)
    }

    /// 1 − Σ |A − D| / N, the second term rounded to three decimals, −1 to 1 where rows sum to 1.
    pub fn abs(&self) -> f64 {
        1.0 - thousandths(self.sum(|row| row.off) / self.rows.len() as f64)
    }

    /// The mean of Σ_j A D over the rows on which the pattern is not empty, whatever is excluded: 1 for a perfect head. NaN where
    /// there is no such row.
    pub fn row_share(&self) -> f64 {
        let marked = self.rows.iter().filter(|row| row.cells > 0);
        self.sum(|row| if row.cells > 0 { row.whole } else { 0.0 }) / marked.count() as f64
    }

    fn sum(&self, part: impl Fn(&Row) -> f64) -> f64 {
        self.rows.iter().map(part).sum()
    }
}

fn thousandths(x: f64) -> f64 {
    (x * 1000.0).round_ties_even() / 1000.0
}

/// The two measures from whole matrices, "mul" then "abs": `weights` (N, N), `tokens` (N).
pub fn definition(pattern: Pattern, tokens: &[u32], exclude: Exclude, weights: &[f64]) -> [f64; 2] {
    let n = tokens.len();
    let pairs = || (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    let d: Vec<f64> = pairs().map(|(i, j)| f64::from(u8::from(pattern.contains(tokens, i, j)))).collect();
    let kept: Vec<f64> = pairs().map(|(i, j)| f64::from(u8::from(!exclude.covers(i, j)))).collect();
    let sum = |f: &dyn Fn(usize) -> f64| (0..n * n).map(|at| kept[at] * f(at)).sum::<f64>();
    let mul = sum(&|at| weights[at] * d[at]) / sum(&|at| weights[at]);
    let abs = sum(&|at| (weights[at] - d[at]).abs()) / n as f64;
    [mul, 1.0 - (abs * 1000.0).round_ties_even() / 1000.0]
}

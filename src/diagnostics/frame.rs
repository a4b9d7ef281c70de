//! What is known of a head beside its weights: sizes and places, how many keys each query may see, the tokens and how they
//! repeat, and where tokens are patches of an image.

use crate::decimal::show;
use crate::diagnostics::pattern::Exclude;
use crate::error::Error;
use core::ops::Range;
use serde::Deserialize;

/// Patches of an image as keys and queries: row by row, after the tokens that are none.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grid {
    /// Patches from top to bottom.
    pub height: usize,
    /// Patches from left to right.
    pub width: usize,
    /// The side of a patch, in pixels: the unit of the distance. 1 counts patches.
    #[serde(default = "one")]
    pub patch_size: f64,
    /// How many tokens come first that have no place in the image: 1 for a class token, more with registers.
    #[serde(default)]
    pub tokens_before: usize,
}

fn one() -> f64 {
    1.0
}

impl Grid {
    /// How many tokens there are.
    pub fn tokens(&self) -> usize {
        self.height.saturating_mul(self.width).saturating_add(self.tokens_before)
    }

    /// Σ_j p_j · patch_size · |place of i − place of j| over the patches, in pixels, for row `row` of weights. The weight on
    /// tokens that are no patches is dropped and what is left made to sum to 1; the rows of such tokens, and rows without
    /// weight on patches, have no distance: NaN. `weights` has [`Grid::tokens`] elements.
    ///
    /// Source: Dosovitskiy et al. 2020, arXiv 2010.11929, figure 7; Raghu et al. 2021, arXiv 2108.08810. Code that drops the
    /// class token without making up for it gives shorter distances to heads that look at it.
    pub fn distance(&self, row: usize, weights: &[f32]) -> f64 {
        let first = self.tokens_before;
        if row < first {
            return f64::NAN;
        }
        let place = |token: usize| ((token / self.width) as f64, (token % self.width) as f64);
        let (y, x) = place(row - first);
        let (mut mass, mut sum) = (0.0, 0.0);
        for (token, &w) in weights.iter().skip(first).enumerate() {
            let ((v, u), w) = (place(token), f64::from(w));
            mass += w;
            sum += w * ((y - v) * (y - v) + (x - u) * (x - u)).sqrt();
        }
        if mass > 0.0 { self.patch_size * sum / mass } else { f64::NAN }
    }
}

/// A sequence of n tokens given twice, perhaps after one token that begins every text: what induction is measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repetition {
    /// n.
    pub length: usize,
    /// Whether a token stands before the two.
    pub bos: bool,
}

impl Repetition {
    /// How `tokens` repeat: whole, or all but the first where their number is odd. `None`: they do not.
    pub fn of(tokens: &[u32]) -> Option<Repetition> {
        let bos = tokens.len() % 2 == 1;
        let (first, second) = tokens[usize::from(bos)..].split_at(tokens.len() / 2);
        (first == second && !first.is_empty()).then_some(Repetition { length: first.len(), bos })
    }

    /// The rows of the second time: n to 2n − 1, each one later after a first token.
    pub fn rows(&self) -> Range<usize> {
        let start = self.length.saturating_add(usize::from(self.bos));
        start..start.saturating_add(self.length)
    }

    /// The key that row `row` of the second time should look at: what followed the same token the first time.
    pub fn key(&self, row: usize) -> usize {
        row + 1 - self.length
    }
}

/// What is known of a head beside its weights.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// N.
    pub queries: usize,
    /// M.
    pub keys: usize,
    /// Query i stands at position i + offset.
    pub offset: i64,
    /// m_i, how many keys the masks leave to each query; without it, all M.
    pub allowed: Option<&'a [u32]>,
    /// The ids of the tokens, for self-attention (N = M). Without them, what is made of them is NaN.
    pub tokens: Option<&'a [u32]>,
    /// How the tokens repeat; without it, [`Repetition::of`] them.
    pub repetition: Option<Repetition>,
    /// What the patterns' "mul" and "abs" leave out.
    pub exclude: Exclude,
    /// Where tokens are patches of an image, so that distances are those in the image.
    pub grid: Option<Grid>,
}

impl Frame<'_> {
    /// N queries and M keys, and nothing else known.
    pub fn new(queries: usize, keys: usize) -> Self {
        let exclude = Exclude::default();
        Frame { queries, keys, offset: 0, allowed: None, tokens: None, repetition: None, exclude, grid: None }
    }

    /// How the tokens repeat, if they do.
    pub(super) fn repetition(&self) -> Option<Repetition> {
        self.repetition.or_else(|| self.tokens.and_then(Repetition::of))
    }

    /// Whether the parts fit each other.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.check_shape()?;
        let length = self.repetition.map_or(1, |repetition| repetition.length);
        let patch = self.grid.map_or(1.0, |grid| grid.patch_size);
        let bad = |name: &str, expected: &str, found: String| Err(Error::parameter(&name, &expected, &found));
        if length == 0 {
            return bad("repetition", "at least 1 token long", "0".into());
        }
        if !(patch.is_finite() && patch > 0.0) {
            return bad("patchSize", "a finite number above 0", show(patch));
        }
        let counts = [("allowed", self.allowed, self.queries), ("tokens", self.tokens, self.keys)];
        for (name, given, expected) in counts {
            if let Some(found) = given.map(<[u32]>::len).filter(|&found| found != expected) {
                return Err(Error::count(&name, expected as u64, found as u64));
            }
        }
        Ok(())
    }

    /// Tokens, their repetition and a grid speak of queries and keys that are the same tokens.
    fn check_shape(&self) -> Result<(), Error> {
        let square = self.queries == self.keys;
        let repeated = self.repetition.map(|repetition| repetition.rows().end);
        let expected = match self.grid.map(|grid| grid.tokens()) {
            _ if self.keys == 0 => "at least one key".into(),
            Some(tokens) if !square || tokens != self.keys => format!("{tokens} queries and keys, as the grid has"),
            _ if !square && (self.tokens.is_some() || repeated.is_some()) => "as many queries as keys".into(),
            _ if repeated.is_some_and(|end| end > self.queries) => "room for the sequence given twice".into(),
            _ => return Ok(()),
        };
        Err(Error::shape(&"weights", &expected, &format_args!("{} queries and {} keys", self.queries, self.keys)))
    }
}

/// The distance of [`Grid::distance`] in double precision, for the row `weights` of the token `row`.
pub fn definition(grid: Grid, row: usize, weights: &[f64]) -> f64 {
    let first = grid.tokens_before;
    if row < first {
        return f64::NAN;
    }
    let place = |token: usize| [(token - first) / grid.width, (token - first) % grid.width].map(|x| x as f64);
    let apart = |token: usize| (place(row)[0] - place(token)[0]).hypot(place(row)[1] - place(token)[1]);
    let mass: f64 = weights[first..].iter().sum();
    (first..weights.len()).map(|token| weights[token] / mass * grid.patch_size * apart(token)).sum()
}

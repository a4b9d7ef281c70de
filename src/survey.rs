//! One number of each kind for each head of a problem, row group by row group: [`crate::diagnostics::head`] over the very
//! weights that the fused path makes. Memory is one group of rows beside some hundred bytes for each row.

use crate::diagnostics::Columns;
use crate::diagnostics::frame::{Frame, Grid};
use crate::diagnostics::head::{HEAD_STATISTICS, Head};
use crate::diagnostics::pattern::Exclude;
use crate::error::Error;
use crate::tensor::{Sizes, reserved};
use serde::Deserialize;

/// What is known of the heads beside their weights.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Known {
    /// A number for each token, equal where tokens are: for self-attention (N = M).
    pub tokens: Option<Vec<u32>>,
    /// Whether the detectors leave out key 0.
    pub exclude_bos: bool,
    /// Whether the detectors leave out the diagonal.
    pub exclude_current_token: bool,
    /// Where tokens are patches of an image.
    pub grid: Option<Grid>,
}

/// Heads under way, one after the other.
pub struct Survey {
    known: Known,
    queries: usize,
    keys: usize,
    offset: i64,
    /// The one under way; none between two of them.
    head: Option<Head>,
    values: Vec<f64>,
}

impl Survey {
    /// Room for `heads` heads.
    ///
    /// # Errors
    /// As [`Head::new`].
    pub fn new(known: &Known, sizes: &Sizes, offset: i64, heads: usize) -> Result<Survey, Error> {
        let values = reserved("statistics", heads * HEAD_STATISTICS.len())?;
        let (queries, keys) = (sizes.queries, sizes.keys);
        let mut survey = Survey { known: known.clone(), queries, keys, offset, head: None, values };
        // Nothing is said of a head without rows or keys, and everything that does not fit is said here.
        if queries > 0 && keys > 0 {
            survey.head = Some(survey.fresh()?);
        }
        Ok(survey)
    }

    fn fresh(&self) -> Result<Head, Error> {
        let Known { ref tokens, exclude_bos: bos, exclude_current_token: current_token, grid } = self.known;
        let frame = Frame {
            offset: self.offset,
            tokens: tokens.as_deref(),
            exclude: Exclude { bos, current_token },
            grid,
            ..Frame::new(self.queries, self.keys)
        };
        Head::new(&frame)
    }

    /// Adds rows of the head under way, the first of which is row `first`, with their weights and statistics.
    ///
    /// # Errors
    /// `Fault::OutOfMemory` at the end of a head.
    pub fn add(&mut self, first: usize, weights: &[f32], columns: &Columns) -> Result<(), Error> {
        if self.keys == 0 {
            return Ok(());
        }
        let mut head = self.head.take().map_or_else(|| self.fresh(), Ok)?;
        head.add_weights(first, weights)?;
        head.add_statistics(first, columns)?;
        if first + columns.mass.len() == self.queries {
            self.values.extend(head.values()?);
        } else {
            self.head = Some(head);
        }
        Ok(())
    }

    /// The numbers of each head in turn, in the order of [`HEAD_STATISTICS`].
    pub fn values(self) -> Vec<f64> {
        self.values
    }
}

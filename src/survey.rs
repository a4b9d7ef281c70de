//! One number of each kind for each head of a problem, row group by row group: [`crate::diagnostics::head`] over the very
//! weights that the fused path makes. Memory is one group of rows beside some hundred bytes for each row.

use crate::attend::Problem;
use crate::diagnostics::Columns;
use crate::diagnostics::frame::{Frame, Grid};
use crate::diagnostics::head::{HEAD_STATISTICS, Head};
use crate::diagnostics::pattern::Exclude;
use crate::error::Error;
use crate::simd::WIDTH;
use crate::task::{Attended, Walk, Workspace, product, range};
use crate::tensor::{Sizes, filled, reserved};
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
struct Survey {
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
    fn new(known: &Known, sizes: &Sizes, offset: i64, heads: usize) -> Result<Survey, Error> {
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
    fn add(&mut self, first: usize, weights: &[f32], columns: &Columns) -> Result<(), Error> {
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
}

/// The numbers of some heads, in steps of one group of rows.
pub struct SurveyTask {
    walk: Walk,
    survey: Survey,
    /// The rows of one group.
    rows: Attended,
}

impl SurveyTask {
    /// Checks what is asked against the problem and makes room for the answer; a plane is batch · Hq + head.
    ///
    /// # Errors
    /// `Fault::Parameter` for planes outside the problem, `Fault::OutOfMemory`, and as [`Head::new`].
    pub fn new(problem: &Problem, planes: [usize; 2], known: &Known) -> Result<SurveyTask, Error> {
        let sizes = problem.sizes;
        let planes = range("planes", planes, sizes.planes())?;
        let survey = Survey::new(known, &sizes, problem.mask.position(0), planes.len())?;
        let rows = Attended {
            weights: Some(filled("weights", product("weights", WIDTH, sizes.keys)?, 0.0)?),
            statistics: Some(Columns::new(WIDTH)?),
            ..Attended::default()
        };
        Ok(SurveyTask { walk: Walk::over(planes, 0..sizes.queries), survey, rows })
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.walk.progress()
    }

    /// Does one group of rows of one head. Returns whether the task is done.
    ///
    /// # Errors
    /// `Fault::OutOfMemory` at the end of a head.
    pub fn advance(&mut self, problem: &Problem, workspace: &mut Workspace) -> Result<bool, Error> {
        let Some(mut part) = self.walk.next(problem) else { return Ok(true) };
        part.place = 0;
        let count = part.rows.len();
        if let Some(columns) = &mut self.rows.statistics {
            columns.resize(count);
        }
        self.rows.add_weights(&part, problem, workspace);
        if let (Some(weights), Some(columns)) = (&self.rows.weights, &self.rows.statistics) {
            self.survey.add(part.rows.start, &weights[..count * problem.sizes.keys], columns)?;
        }
        Ok(self.walk.done())
    }

    /// The numbers of each head in turn, in the order of [`HEAD_STATISTICS`].
    pub fn finish(self) -> Vec<f64> {
        self.survey.values
    }
}

/// Does all of it at once.
///
/// # Errors
/// As [`SurveyTask::new`].
pub fn survey(problem: &Problem, planes: [usize; 2], known: &Known) -> Result<Vec<f64>, Error> {
    let (mut task, mut workspace) = (SurveyTask::new(problem, planes, known)?, Workspace::new(problem)?);
    while !task.advance(problem, &mut workspace)? {}
    Ok(task.finish())
}

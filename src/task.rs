//! A job over a block of rows, in steps of one group of eight: a worker hears an abort between them, and several workers
//! share a problem without a word to each other. A step goes over all M keys, so its length grows with M: some 10 ms at
//! M = 32,768 and d = 64.

use crate::attend::{Problem, Queries, Stage, aligned};
use crate::diagnostics::{Columns, RowSums};
use crate::error::Error;
use crate::mask::Group;
use crate::normalize::{Statistic, Strip};
use crate::overview::{Pool, Pooling};
use crate::panel::BLOCK;
use crate::simd::{Lanes, WIDTH};
use crate::survey::{Known, Survey};
use crate::tensor::filled;
use core::ops::Range;
use serde::Deserialize;

/// What is asked of a problem. Ranges are `[from, to)`; a plane is batch · Hq + head.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// Output, weights, logits and statistics of some rows of some planes, whichever are set.
    Attend {
        /// Which planes.
        planes: [usize; 2],
        /// Which rows of each.
        rows: [usize; 2],
        /// weights · V (planes, rows, dv).
        #[serde(default)]
        output: bool,
        /// The weights (planes, rows, M).
        #[serde(default)]
        weights: bool,
        /// Logits at these stages, each (planes, rows, M).
        #[serde(default)]
        stages: Vec<Stage>,
        /// The row statistics (planes, rows).
        #[serde(default)]
        statistics: bool,
    },
    /// A rectangle of one plane at one stage (rows, keys).
    Rectangle {
        /// Which plane.
        plane: usize,
        /// Which rows.
        rows: [usize; 2],
        /// Which keys.
        keys: [usize; 2],
        /// Which stage.
        stage: Stage,
        /// What stands for removed keys, in the stages `masked` and `weights`.
        removed: f32,
    },
    /// A rectangle pooled to a picture of height x width, of which lines `band` are wanted.
    Overview {
        /// Which plane.
        plane: usize,
        /// Which rows.
        rows: [usize; 2],
        /// Which keys.
        keys: [usize; 2],
        /// Lines of the whole picture; at most as many as rows.
        height: usize,
        /// Columns of the picture; at most as many as keys.
        width: usize,
        /// Which lines; all where there is none.
        #[serde(default)]
        band: Option<[usize; 2]>,
        /// Which stage.
        stage: Stage,
        /// How a cell's values become one.
        pool: Pool,
        /// What stands for cells whose keys are all removed.
        removed: f32,
    },
    /// The numbers of whole heads.
    Heads {
        /// Which planes.
        planes: [usize; 2],
        /// What is known of them beside their weights.
        #[serde(default)]
        known: Known,
    },
    /// Everything about one pair.
    Cell {
        /// Which plane.
        plane: usize,
        /// Which query.
        row: usize,
        /// Which key.
        key: usize,
    },
}

/// What comes back; each is in the order planes, rows, last axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To [`Request::Attend`].
    Attend(Box<Attended>),
    /// To [`Request::Rectangle`]: (rows, keys).
    Rectangle(Vec<f32>),
    /// To [`Request::Overview`]: (lines, width), and the range of finite values, NaN where there are none.
    Overview(Vec<f32>, [f32; 2]),
    /// To [`Request::Heads`]: (planes, [`crate::diagnostics::HEAD_STATISTICS`]).
    Heads(Vec<f64>),
    /// To [`Request::Cell`].
    Cell(Box<Cell>),
}

/// The answer to [`Request::Attend`]: what was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attended {
    /// (planes, rows, dv).
    pub output: Option<Vec<f32>>,
    /// (planes, rows, M).
    pub weights: Option<Vec<f32>>,
    /// (planes, rows, M) for each stage.
    pub stages: Vec<(Stage, Vec<f32>)>,
    /// (planes, rows).
    pub statistics: Option<Columns>,
}

/// One query against one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// What each element of the prepared rows adds to the raw score; they sum to it.
    pub products: Vec<f32>,
    /// For each, the other with which positions rotate it: what the two add belongs together.
    pub partners: Vec<Option<usize>>,
    /// The value at each stage, raw to weights.
    pub stages: [f32; 6],
    /// q · k of the vectors as given, whatever the score.
    pub dot: f32,
    /// |q|.
    pub query_norm: f32,
    /// |k|.
    pub key_norm: f32,
    /// q · k / (|q| |k|); 0 where a norm is 0.
    pub cosine: f32,
    /// Whether the key is left after the masks.
    pub allowed: bool,
    /// The largest logit of the row; NaN where no key is left or the row failed.
    pub row_max: f32,
    /// The statistics of the row.
    pub row: Columns,
}

/// Room for one group at a time, and the statistics of groups that were met. Made for one problem and used with that one alone;
/// a step allocates nothing but, at the first group of a plane, the plane's table of statistics.
pub struct Workspace {
    query: Queries,
    strip: Vec<Lanes>,
    weights: Vec<Lanes>,
    output: Vec<Lanes>,
    known: Vec<Vec<Option<Statistic>>>,
}

impl Workspace {
    /// Room for `problem`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn new(problem: &Problem) -> Result<Workspace, Error> {
        let sizes = problem.sizes;
        Ok(Workspace {
            query: Queries::new(problem)?,
            strip: filled(
                "logits",
                if sizes.planes() == 0 { 0 } else { sizes.keys.next_multiple_of(4) },
                [0.0; WIDTH],
            )?,
            weights: filled("weights", BLOCK, [0.0; WIDTH])?,
            output: filled("output", sizes.value_size.next_multiple_of(4), [0.0; WIDTH])?,
            known: filled("statistics", sizes.planes(), Vec::new())?,
        })
    }

    /// Keeps the statistic of a group. Where there is no memory for it, it is worked out again when it is needed.
    fn keep(&mut self, problem: &Problem, group: Group, statistic: Statistic) {
        let known = &mut self.known[group.plane];
        if known.is_empty() {
            *known = filled("statistics", problem.sizes.queries.div_ceil(WIDTH), None).unwrap_or_default();
        }
        if let Some(place) = known.get_mut(group.first / WIDTH) {
            *place = Some(statistic);
        }
    }

    fn statistic(&mut self, problem: &Problem, group: Group) -> Statistic {
        let known = self.known[group.plane].get(group.first / WIDTH).copied().flatten();
        known.unwrap_or_else(|| {
            let (_, statistic) = problem.statistic(group, &mut self.query, &mut self.strip);
            self.keep(problem, group, statistic);
            statistic
        })
    }
}

/// Heads under way: the rows of one group, and what became of them.
struct Surveyed {
    survey: Survey,
    rows: Attended,
    failure: Option<Error>,
}

/// A request under way.
pub struct Task {
    planes: Range<usize>,
    rows: Range<usize>,
    plane: usize,
    row: usize,
    work: Work,
}

/// What a step adds to.
enum Work {
    Attend(Box<Attended>),
    Rectangle { keys: Range<usize>, stage: Stage, removed: f32, values: Vec<f32> },
    Overview { stage: Stage, pooling: Pooling },
    Heads(Box<Surveyed>),
    Cell { key: usize, cell: Box<Cell> },
}

impl Task {
    /// Checks a request against the problem and makes room for its answer.
    ///
    /// # Errors
    /// [`Error::Parameter`] for what lies outside the problem, [`Error::OutOfMemory`].
    pub fn new(problem: &Problem, request: &Request) -> Result<Task, Error> {
        let sizes = problem.sizes;
        match *request {
            Request::Attend { planes, rows, output, weights, ref stages, statistics } => {
                let planes = range("planes", planes, sizes.planes())?;
                let rows = range("rows", rows, sizes.queries)?;
                let count = planes.len() * rows.len();
                let column = |name, width: usize| filled(name, product(name, count, width)?, 0.0);
                let attend = Attended {
                    output: output.then(|| column("output", sizes.value_size)).transpose()?,
                    weights: weights.then(|| column("weights", sizes.keys)).transpose()?,
                    stages: stages.iter().map(|&s| Ok((s, column("stages", sizes.keys)?))).collect::<Result<_, _>>()?,
                    statistics: statistics.then(|| Columns::new(count)).transpose()?,
                };
                Ok(Task::over(planes, rows, Work::Attend(Box::new(attend))))
            }
            Request::Rectangle { plane, rows, keys, stage, removed } => {
                let planes = one("plane", plane, sizes.planes())?;
                let (rows, keys) = (range("rows", rows, sizes.queries)?, range("keys", keys, sizes.keys)?);
                let values = filled("rectangle", product("rectangle", rows.len(), keys.len())?, removed)?;
                Ok(Task::over(planes, rows, Work::Rectangle { keys, stage, removed, values }))
            }
            Request::Overview { plane, rows, keys, height, width, band, stage, pool, removed } => {
                let planes = one("plane", plane, sizes.planes())?;
                let (rows, keys) = (range("rows", rows, sizes.queries)?, range("keys", keys, sizes.keys)?);
                let band = range("band", band.unwrap_or([0, height]), height)?;
                let pooling = Pooling::new(pool, (rows, keys), (height, width), band, removed)?;
                Ok(Task::over(planes, pooling.rows(), Work::Overview { stage, pooling }))
            }
            Request::Heads { planes, ref known } => {
                let planes = range("planes", planes, sizes.planes())?;
                let survey = Survey::new(known, &sizes, problem.mask.position(0), planes.len())?;
                let rows = Attended {
                    weights: Some(filled("weights", product("weights", WIDTH, sizes.keys)?, 0.0)?),
                    statistics: Some(Columns::new(WIDTH)?),
                    ..Attended::default()
                };
                let surveyed = Box::new(Surveyed { survey, rows, failure: None });
                Ok(Task::over(planes, 0..sizes.queries, Work::Heads(surveyed)))
            }
            Request::Cell { plane, row, key } => {
                let (planes, rows) = (one("plane", plane, sizes.planes())?, one("row", row, sizes.queries)?);
                let key = one("key", key, sizes.keys)?.start;
                let cell = Box::new(describe(problem, plane, row, key)?);
                Ok(Task::over(planes, rows, Work::Cell { key, cell }))
            }
        }
    }

    fn over(planes: Range<usize>, rows: Range<usize>, work: Work) -> Task {
        let plane = if rows.is_empty() { planes.end } else { planes.start };
        Task { plane, row: rows.start, planes, rows, work }
    }

    /// Whether nothing is left to do.
    pub fn done(&self) -> bool {
        self.plane >= self.planes.end
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        let all = (self.planes.len() * self.rows.len()) as f64;
        let done = (self.plane - self.planes.start) * self.rows.len() + self.row - self.rows.start;
        if self.done() { 1.0 } else { done as f64 / all }
    }

    /// Does one group of rows of one plane. Returns whether the task is done.
    pub fn advance(&mut self, problem: &Problem, workspace: &mut Workspace) -> bool {
        if self.done() {
            return true;
        }
        let group = problem.group(self.plane, self.row);
        let rows = self.row..self.rows.end.min(group.first + group.count);
        let place = (self.plane - self.planes.start) * self.rows.len() + rows.start - self.rows.start;
        let part = Part { group, rows: rows.clone(), place };
        match &mut self.work {
            Work::Attend(attend) => attend.add(&part, problem, workspace),
            Work::Rectangle { keys, stage, removed, values } => {
                let (width, start) = (keys.len(), keys.start);
                each_value(&part, problem, workspace, keys.clone(), *stage, |row, key, value| {
                    values[row * width + key - start] = value.unwrap_or(*removed);
                });
            }
            Work::Overview { stage, pooling } => {
                let mut lines = [0; WIDTH];
                part.rows.clone().zip(&mut lines).for_each(|(row, line)| *line = pooling.line(row));
                each_value(&part, problem, workspace, pooling.keys(), *stage, |row, key, value| {
                    pooling.add(lines[row - part.place], key, value);
                });
            }
            Work::Heads(surveyed) => surveyed.add(&Part { place: 0, ..part }, problem, workspace),
            Work::Cell { key, cell } => finish_cell(&part, *key, cell, problem, workspace),
        }
        self.row = rows.end;
        if self.row == self.rows.end {
            (self.plane, self.row) = (self.plane + 1, self.rows.start);
        }
        self.done()
    }

    /// What was asked for.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], where a step found no memory.
    pub fn finish(self) -> Result<Answer, Error> {
        Ok(match self.work {
            Work::Attend(attended) => Answer::Attend(attended),
            Work::Rectangle { values, .. } => Answer::Rectangle(values),
            Work::Overview { pooling, .. } => {
                let (values, range) = pooling.finish();
                Answer::Overview(values, range)
            }
            Work::Heads(surveyed) => match surveyed.failure {
                Some(error) => return Err(error),
                None => Answer::Heads(surveyed.survey.values()),
            },
            Work::Cell { cell, .. } => Answer::Cell(cell),
        })
    }
}

/// Does all of a request at once.
///
/// # Errors
/// As [`Task::new`].
pub fn run(problem: &Problem, request: &Request) -> Result<Answer, Error> {
    let (mut task, mut workspace) = (Task::new(problem, request)?, Workspace::new(problem)?);
    while !task.advance(problem, &mut workspace) {}
    task.finish()
}

/// The rows of one step: `rows` of `group`, of which the first is row `place` of the answer.
struct Part {
    group: Group,
    rows: Range<usize>,
    place: usize,
}

impl Part {
    /// Each row's lane and its row in the answer.
    fn lanes(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (lane, place) = (self.rows.start - self.group.first, self.place);
        (0..self.rows.len()).map(move |i| (lane + i, place + i))
    }
}

impl Surveyed {
    /// Hands weights and statistics of one group to the survey.
    fn add(&mut self, part: &Part, problem: &Problem, workspace: &mut Workspace) {
        let count = part.rows.len();
        if let Some(columns) = &mut self.rows.statistics {
            columns.resize(count);
        }
        self.rows.add_weights(part, problem, workspace);
        if let (Some(weights), Some(columns)) = (&self.rows.weights, &self.rows.statistics) {
            let added = self.survey.add(part.rows.start, &weights[..count * problem.sizes.keys], columns);
            self.failure = self.failure.take().or(added.err());
        }
    }
}

impl Attended {
    fn add(&mut self, part: &Part, problem: &Problem, workspace: &mut Workspace) {
        if self.output.is_some() || self.weights.is_some() || self.statistics.is_some() {
            self.add_weights(part, problem, workspace);
        }
        let keys = problem.sizes.keys;
        for (stage, values) in &mut self.stages {
            each_value(part, problem, workspace, 0..keys, *stage, |row, key, value| {
                values[row * keys + key] = value.unwrap_or(stage.removed());
            });
        }
    }

    /// The fused pass: statistic, then weights block by block, each used for all that is asked while it is warm.
    fn add_weights(&mut self, part: &Part, problem: &Problem, workspace: &mut Workspace) {
        let Workspace { query, strip, weights, output, .. } = workspace;
        let (strip, statistic) = problem.statistic(part.group, query, strip);
        let mut sums = RowSums::new(problem, part.group);
        output.fill([0.0; WIDTH]);
        if let Some(to) = &mut self.weights {
            fill_outside(part, problem.sizes.keys, &statistic, to);
        }
        for block in strip.blocks() {
            let weights = &mut weights[..block.logits.len()];
            problem.weights(part.group.plane, block, &statistic, weights);
            if self.output.is_some() {
                problem.accumulate(part.group.plane, block, weights, output);
            }
            if self.statistics.is_some() {
                sums.add(block.first, weights);
            }
            if let Some(to) = &mut self.weights {
                copy_weights(part, problem.sizes.keys, block.first, weights, to);
            }
        }
        if let Some(to) = &mut self.output {
            copy_output(part, problem.sizes.value_size, output, &statistic, to);
        }
        if let Some(to) = &mut self.statistics {
            part.lanes().for_each(|(lane, row)| sums.write(lane, &statistic, row, to));
        }
        workspace.keep(problem, part.group, statistic);
    }
}

/// Calls `each` with the row of the answer, the key and the value of everything in `keys`; removed keys have `None` in the
/// stages where they are removed.
fn each_value(
    part: &Part,
    problem: &Problem,
    workspace: &mut Workspace,
    keys: Range<usize>,
    stage: Stage,
    mut each: impl FnMut(usize, usize, Option<f32>),
) {
    let statistic = (stage == Stage::Weights).then(|| workspace.statistic(problem, part.group));
    let Workspace { query, strip, weights, .. } = workspace;
    let mut start = keys.start;
    while start < keys.end {
        let end = keys.end.min((start / BLOCK + 1) * BLOCK);
        let whole = aligned(start..end);
        let logits = &mut strip[..whole.len()];
        problem.logits(part.group, whole.clone(), stage.min(Stage::Masked), query, logits);
        let weights = &mut weights[..whole.len()];
        if let Some(statistic) = &statistic {
            problem.weights(part.group.plane, Strip { first: whole.start, logits }, statistic, weights);
        }
        for (lane, row) in part.lanes() {
            let failed = statistic.is_some_and(|statistic| statistic.status[lane].failed());
            for key in start..end {
                let logit = logits[key - whole.start][lane];
                let value = if statistic.is_some() { weights[key - whole.start][lane] } else { logit };
                let removed = stage >= Stage::Masked && logit == f32::NEG_INFINITY && !failed;
                each(row, key, (!removed).then_some(value));
            }
        }
        start = end;
    }
}

/// Keys that no row of the group sees are not in the strip: 0, or NaN in a row that is NaN.
fn fill_outside(part: &Part, keys: usize, statistic: &Statistic, to: &mut [f32]) {
    for (lane, row) in part.lanes() {
        to[row * keys..(row + 1) * keys].fill(statistic.status[lane].filling());
    }
}

fn copy_weights(part: &Part, keys: usize, first: usize, weights: &[Lanes], to: &mut [f32]) {
    for (lane, row) in part.lanes() {
        for (key, weights) in (first..keys).zip(weights) {
            to[row * keys + key] = weights[lane];
        }
    }
}

fn copy_output(part: &Part, size: usize, output: &[Lanes], statistic: &Statistic, to: &mut [f32]) {
    for (lane, row) in part.lanes() {
        let failed = statistic.status[lane].failed();
        for (value, output) in to[row * size..(row + 1) * size].iter_mut().zip(output) {
            *value = if failed { f32::NAN } else { output[lane] };
        }
    }
}

/// What one pair is, as far as it does not need the row.
fn describe(problem: &Problem, plane: usize, row: usize, key: usize) -> Result<Cell, Error> {
    let (q, k) = (problem.query_row(plane, row), problem.key_row(plane, key));
    let sum = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
    let (dot, query_norm, key_norm) = (sum(q, k), sum(q, q).sqrt(), sum(k, k).sqrt());
    let cosine = if query_norm * key_norm == 0.0 { 0.0 } else { dot / query_norm / key_norm };
    Ok(Cell {
        products: problem.terms(plane, row, key)?,
        partners: (0..problem.prepared_size()).map(|c| problem.partner(plane, c)).collect(),
        stages: [0.0; 6],
        dot: dot as f32,
        query_norm: query_norm as f32,
        key_norm: key_norm as f32,
        cosine: cosine as f32,
        allowed: false,
        row_max: f32::NAN,
        row: Columns::new(1)?,
    })
}

/// The stages of one pair and the statistics of its row, on the same parts as everything else.
fn finish_cell(part: &Part, key: usize, cell: &mut Cell, problem: &Problem, workspace: &mut Workspace) {
    for (stage, place) in Stage::ALL.into_iter().zip(&mut cell.stages) {
        each_value(part, problem, workspace, key..key + 1, stage, |_, _, value| {
            cell.allowed = if stage == Stage::Masked { value.is_some() } else { cell.allowed };
            *place = value.unwrap_or(stage.removed());
        });
    }
    let mut attended = Attended { statistics: Some(core::mem::take(&mut cell.row)), ..Attended::default() };
    attended.add(part, problem, workspace);
    cell.row = attended.statistics.unwrap_or_default();
    let (statistic, lane) = (workspace.statistic(problem, part.group), part.rows.start - part.group.first);
    cell.row_max = if statistic.status[lane].usable() { statistic.max[lane] } else { f32::NAN };
}

pub(crate) fn range(name: &str, [from, to]: [usize; 2], length: usize) -> Result<Range<usize>, Error> {
    if from <= to && to <= length {
        return Ok(from..to);
    }
    let expected = format!("a range within 0 to {length}");
    Err(Error::Parameter { name: name.into(), expected, found: format!("{from} to {to}") })
}

fn one(name: &str, index: usize, length: usize) -> Result<Range<usize>, Error> {
    if index < length {
        return Ok(index..index + 1);
    }
    let expected = if length == 0 { "one that exists: there is none".into() } else { format!("0 to {}", length - 1) };
    Err(Error::Parameter { name: name.into(), expected, found: index.to_string() })
}

pub(crate) fn product(name: &str, a: usize, b: usize) -> Result<usize, Error> {
    let bytes = (a as u64).saturating_mul(b as u64).saturating_mul(4);
    a.checked_mul(b).ok_or(Error::OutOfMemory { name: name.into(), bytes })
}

//! A job over a block of rows, in steps of one group of eight: a worker hears an abort between them, and several workers
//! share a problem without a word to each other. A step goes over all M keys, so its length grows with M: some 3 ms at
//! M = 32,768 and d = 64, and twice that for the first of four groups, with which the logits of the others are computed.

use crate::attend::{Problem, Stage, aligned};
use crate::diagnostics::{Columns, RowSums};
use crate::error::Error;
use crate::mask::Group;
use crate::normalize::{Statistic, blocks};
use crate::overview::{Pool, Pooling};
use crate::packed::{Packed, Strips};
use crate::panel::BLOCK;
use crate::pyramid::{Levels, Pyramid, Texels, Weighed};
use crate::simd::{F32x8, Lanes, Native, WIDTH};
use crate::tensor::{filled, reserved};
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
        /// How the rows ended (planes, rows), which is one of the statistics and costs nothing beside an output.
        #[serde(default)]
        status: bool,
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
    /// The texels of some rows of one plane, from one level on, and what is read off whole rows of weights.
    Pyramid {
        /// Which plane.
        plane: usize,
        /// Which rows: from a multiple of the largest texel on.
        rows: [usize; 2],
        /// Levels, 3 or more. Of each line of texels of the first one eight rows are computed: all of them at level 3, a sample
        /// at others.
        levels: [u32; 2],
        /// Which stage.
        stage: Stage,
        /// What stands for texels whose keys are all removed.
        removed: f32,
    },
    /// The texels of one level over a rectangle of one plane.
    Tile {
        /// Which plane.
        plane: usize,
        /// Which rows: from a multiple of 2^level on, as the keys.
        rows: [usize; 2],
        /// Which keys.
        keys: [usize; 2],
        /// A texel pools 2^level x 2^level cells.
        level: u32,
        /// Which stage.
        stage: Stage,
        /// How the values of a texel become one.
        pool: Pool,
        /// What stands for texels whose keys are all removed.
        removed: f32,
        /// What a pyramid of these rows made known; where it is missing, whole rows are looked at first.
        #[serde(skip)]
        known: Vec<f32>,
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
    /// To [`Request::Rectangle`]: (rows, keys), and to [`Request::Tile`]: (lines, columns).
    Rectangle(Vec<f32>),
    /// To [`Request::Overview`]: (lines, width), and the range of finite values, NaN where there are none.
    Overview(Vec<f32>, [f32; 2]),
    /// To [`Request::Pyramid`].
    Pyramid(Box<Levels>),
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
    /// (planes, rows): [`crate::normalize::Status`].
    pub status: Option<Vec<u8>>,
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

/// Room for a few groups at a time, and the statistics of groups that were met. Made for one problem and used with that one alone;
/// a step allocates nothing but, at the first group of a plane, the plane's table of statistics.
pub struct Workspace {
    packed: Packed,
    strips: Strips,
    weights: Vec<Lanes>,
    /// The logits of a block of which the weights are there, too.
    logits: Vec<Lanes>,
    output: Vec<Lanes>,
    known: Vec<Vec<Option<Statistic>>>,
}

impl Workspace {
    /// Room for `problem`.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn new(problem: &Problem) -> Result<Workspace, Error> {
        let sizes = problem.sizes;
        Ok(Workspace {
            packed: problem.pack()?,
            strips: Strips::new(
                if sizes.planes() == 0 { 0 } else { sizes.keys.next_multiple_of(4) },
                sizes.queries.div_ceil(WIDTH),
            )?,
            weights: filled("weights", BLOCK, [0.0; WIDTH])?,
            logits: filled("logits", BLOCK, [0.0; WIDTH])?,
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

    /// The statistic of a group; `told` is what another worker may have said of it.
    fn statistic(&mut self, problem: &Problem, group: Group, told: Option<Statistic>) -> Statistic {
        let known = self.known[group.plane].get(group.first / WIDTH).copied().flatten();
        known.or(told).unwrap_or_else(|| {
            let statistic = problem.statistic(group, &mut self.packed, &mut self.strips);
            self.keep(problem, group, statistic);
            statistic
        })
    }
}

/// A request under way.
pub struct Task {
    walk: Walk,
    work: Work,
}

/// The way over some rows of some planes, group by group.
pub(crate) struct Walk {
    planes: Range<usize>,
    rows: Range<usize>,
    plane: usize,
    row: usize,
    /// From how many rows to how many a step goes.
    stride: usize,
}

/// A tile under way.
struct Tile {
    stage: Stage,
    pool: Pool,
    removed: f32,
    known: Vec<f32>,
    texels: Texels,
}

/// What a step adds to.
enum Work {
    Attend(Box<Attended>),
    Rectangle { keys: Range<usize>, stage: Stage, removed: f32, values: Vec<f32> },
    Overview { stage: Stage, pooling: Pooling },
    Pyramid { stage: Stage, pyramid: Box<Pyramid> },
    Tile(Box<Tile>),
    Cell { key: usize, cell: Box<Cell> },
}

impl Task {
    /// Checks a request against the problem and makes room for its answer.
    ///
    /// # Errors
    /// `Fault::Parameter` for what lies outside the problem, `Fault::OutOfMemory`.
    pub fn new(problem: &Problem, request: &Request) -> Result<Task, Error> {
        let sizes = problem.sizes;
        match *request {
            Request::Attend { planes, rows, output, weights, ref stages, statistics, status } => {
                let planes = range("planes", planes, sizes.planes())?;
                let rows = range("rows", rows, sizes.queries)?;
                let count = planes.len() * rows.len();
                let column = |name, width: usize| filled(name, product(name, count, width)?, 0.0);
                let attend = Attended {
                    output: output.then(|| column("output", sizes.value_size)).transpose()?,
                    weights: weights.then(|| column("weights", sizes.keys)).transpose()?,
                    stages: stages.iter().map(|&s| Ok((s, column("stages", sizes.keys)?))).collect::<Result<_, _>>()?,
                    statistics: statistics.then(|| Columns::new(count)).transpose()?,
                    status: status.then(|| filled("status", count, 0)).transpose()?,
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
            Request::Pyramid { plane, rows, levels, stage, removed } => {
                let planes = one("plane", plane, sizes.planes())?;
                let levels = level("levels", [3, HIGHEST], levels[0])?
                    ..level("levels", [levels[0] + 1, HIGHEST + 1], levels[1])?;
                let rows = range("rows", rows, sizes.queries)?;
                multiple("rows", rows.start, levels.end - 1)?;
                let pyramid = Pyramid::new(levels, rows.clone(), sizes.keys, removed, stage == Stage::Weights)?;
                let walk = Walk { stride: pyramid.stride(), ..Walk::over(planes, rows) };
                Ok(Task { walk, work: Work::Pyramid { stage, pyramid: Box::new(pyramid) } })
            }
            Request::Tile { plane, rows, keys, level: at, stage, pool, removed, ref known } => {
                let (planes, at) = (one("plane", plane, sizes.planes())?, level("level", [0, HIGHEST], at)?);
                let (rows, keys) = (range("rows", rows, sizes.queries)?, range("keys", keys, sizes.keys)?);
                multiple("rows", rows.start, at)?;
                multiple("keys", keys.start, at)?;
                let texels = Texels::new(at, rows.clone(), keys)?;
                let tile = Box::new(Tile { stage, pool, removed, known: known.clone(), texels });
                Ok(Task::over(planes, rows, Work::Tile(tile)))
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
        Task { walk: Walk::over(planes, rows), work }
    }

    /// Whether nothing is left to do.
    pub fn done(&self) -> bool {
        self.walk.done()
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.walk.progress()
    }

    /// Does one group of rows of one plane. Returns whether the task is done.
    pub fn advance(&mut self, problem: &Problem, workspace: &mut Workspace) -> bool {
        let Some(part) = self.walk.next(problem) else { return true };
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
            Work::Pyramid { stage: Stage::Weights, pyramid } => add_weights(&part, problem, workspace, pyramid),
            Work::Pyramid { stage, pyramid } => {
                each_block(&part, problem, workspace, 0..problem.sizes.keys, *stage, None, |block| {
                    pyramid.add(part.group.first, &part.rows, block.keys.start, block.values, block.logits);
                });
            }
            Work::Tile(tile) => tile.add(&part, problem, workspace),
            Work::Cell { key, cell } => finish_cell(&part, *key, cell, problem, workspace),
        }
        self.done()
    }

    /// What was asked for.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`, where a step found no memory.
    pub fn finish(self) -> Result<Answer, Error> {
        Ok(match self.work {
            Work::Attend(attended) => Answer::Attend(attended),
            Work::Rectangle { values, .. } => Answer::Rectangle(values),
            Work::Overview { pooling, .. } => {
                let (values, range) = pooling.finish();
                Answer::Overview(values, range)
            }
            Work::Pyramid { pyramid, .. } => Answer::Pyramid(Box::new(pyramid.finish()?)),
            Work::Tile(tile) => Answer::Rectangle(tile.values()?),
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

impl Walk {
    pub fn over(planes: Range<usize>, rows: Range<usize>) -> Walk {
        let plane = if rows.is_empty() { planes.end } else { planes.start };
        Walk { plane, row: rows.start, planes, rows, stride: WIDTH }
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

    /// The next step, where there is one.
    pub fn next(&mut self, problem: &Problem) -> Option<Part> {
        if self.done() {
            return None;
        }
        let group = problem.group(self.plane, self.row);
        let rows = self.row..self.rows.end.min(group.first + group.count);
        let place = (self.plane - self.planes.start) * self.rows.len() + rows.start - self.rows.start;
        let more = if self.stride == WIDTH { (self.rows.end - group.first).div_ceil(WIDTH) - 1 } else { 0 };
        self.row = self.rows.end.min((group.first / self.stride + 1) * self.stride);
        if self.row == self.rows.end {
            (self.plane, self.row) = (self.plane + 1, self.rows.start);
        }
        Some(Part { group, rows, place, more })
    }
}

/// The rows of one step: `rows` of `group`, of which the first is row `place` of the answer.
pub(crate) struct Part {
    group: Group,
    pub rows: Range<usize>,
    pub place: usize,
    /// How many groups of the plane come after it.
    more: usize,
}

impl Part {
    /// Each row's lane and its row in the answer.
    fn lanes(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let (lane, place) = (self.rows.start - self.group.first, self.place);
        (0..self.rows.len()).map(move |i| (lane + i, place + i))
    }
}

impl Attended {
    fn add(&mut self, part: &Part, problem: &Problem, workspace: &mut Workspace) {
        let of_weights =
            [self.output.is_some(), self.weights.is_some(), self.statistics.is_some(), self.status.is_some()];
        if of_weights.contains(&true) {
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
    pub(crate) fn add_weights(&mut self, part: &Part, problem: &Problem, workspace: &mut Workspace) {
        let Workspace { packed, strips, weights, output, .. } = workspace;
        let settled = problem.settle(part.group, part.more, packed, strips, self.statistics.is_some());
        let statistic = settled.statistic;
        let mut sums = RowSums::new(problem, part.group, &settled);
        output.fill([0.0; WIDTH]);
        if let Some(to) = &mut self.weights {
            fill_outside(part, problem.sizes.keys, &statistic, to);
        }
        for block in settled.strip.blocks() {
            if self.output.is_some() {
                problem.accumulate(part.group, block, packed, weights, output);
            }
            if self.statistics.is_some() {
                sums.add(block.first, block.logits);
            }
            if let Some(to) = &mut self.weights {
                let weights = &mut weights[..block.logits.len()];
                settled.weights(block, weights);
                copy_weights(part, problem.sizes.keys, block.first, weights, to);
            }
        }
        if let Some(to) = &mut self.output {
            copy_output(part, problem.sizes.value_size, output, &statistic, to);
        }
        if let Some(to) = &mut self.statistics {
            part.lanes().for_each(|(lane, row)| sums.write(lane, &statistic, row, to));
        }
        if let Some(to) = &mut self.status {
            part.lanes().for_each(|(lane, row)| to[row] = statistic.status[lane] as u8);
        }
        workspace.keep(problem, part.group, statistic);
    }
}

impl Tile {
    fn add(&mut self, part: &Part, problem: &Problem, workspace: &mut Workspace) {
        let Tile { stage, known, texels, .. } = self;
        let before = part.group.first / WIDTH - texels.rows().start / WIDTH;
        let told = known.get(before * Statistic::NUMBERS..).and_then(Statistic::from_numbers);
        let (group, mut keys) = (part.group, texels.keys());
        if *stage >= Stage::Masked {
            // The others are removed from every row, and leave nothing in a texel.
            keys = problem.seen(group, &keys);
        }
        each_block(part, problem, workspace, keys, *stage, told, |block| {
            texels.add(group.first, &part.rows, block.keys.start, block.values, block.logits);
        });
        if *stage == Stage::Weights {
            let status = workspace.statistic(problem, group, told).status;
            let failed = part.rows.clone().filter(|row| status[row - group.first].failed());
            failed.for_each(|row| texels.spoil(row));
        }
    }

    fn values(&self) -> Result<Vec<f32>, Error> {
        let mut values = reserved("tile", self.texels.all().len())?;
        values.extend(self.texels.all().iter().map(|texel| match self.pool {
            Pool::Max => texel.extreme(self.removed),
            Pool::Mean => texel.mean(self.removed),
        }));
        Ok(values)
    }
}

/// The fused pass of one group for a pyramid: its weights block by block, each used for all that is read off it.
fn add_weights(part: &Part, problem: &Problem, workspace: &mut Workspace, pyramid: &mut Pyramid) {
    let Workspace { packed, strips, weights, logits, .. } = workspace;
    let settled = problem.settle(part.group, part.more, packed, strips, true);
    let mut sums = RowSums::new(problem, part.group, &settled);
    let of = Weighed { first: part.group.first, rows: part.rows.clone(), statistic: &settled.statistic };
    let factor = F32x8::<Native>::load(&settled.statistic.factor);
    let plain = of.rows.len() == WIDTH && settled.statistic.usable();
    for block in settled.strip.blocks() {
        let whole = block.first..block.first + block.logits.len();
        let removes = problem.removes_in(part.group, &whole, &settled.statistic);
        sums.add_runs(block.first, block.logits, |run| {
            if plain {
                pyramid.take(of.first, &run, factor, !removes);
            }
        });
        if plain && !removes {
            continue;
        }
        let weights = &mut weights[..whole.len()];
        settled.weights(block, weights);
        if !plain {
            pyramid.weigh(&of, block.first, weights);
        }
        let left = problem.sizes.keys.min(whole.end) - whole.start;
        let logits = removes.then(|| {
            let logits = &mut logits[..whole.len()];
            problem.logits(part.group, whole.clone(), Stage::Masked, packed, logits);
            &logits[..left]
        });
        pyramid.add(part.group.first, &part.rows, block.first, &weights[..left], logits);
    }
    pyramid.close(&of, &sums);
    let statistic = settled.statistic;
    workspace.keep(problem, part.group, statistic);
}

/// The values of a group of rows at some keys.
struct Values<'a> {
    keys: Range<usize>,
    values: &'a [Lanes],
    /// Where removed keys are minus infinity; none where no key is removed.
    logits: Option<&'a [Lanes]>,
}

/// Calls `each` with the values of everything in `keys`, block by block; `told` is what is known of the rows already.
fn each_block(
    part: &Part,
    problem: &Problem,
    workspace: &mut Workspace,
    keys: Range<usize>,
    stage: Stage,
    told: Option<Statistic>,
    mut each: impl FnMut(Values),
) {
    let statistic = (stage == Stage::Weights).then(|| workspace.statistic(problem, part.group, told));
    let Workspace { packed, logits, weights, .. } = workspace;
    for block in blocks(keys) {
        let whole = aligned(block.clone());
        let (logits, values) = (&mut logits[..whole.len()], &mut weights[..whole.len()]);
        problem.logits(part.group, whole.clone(), stage.min(Stage::Masked), packed, logits);
        values.copy_from_slice(logits);
        let removes = statistic.is_none_or(|statistic| problem.removes_in(part.group, &whole, &statistic));
        if let Some(statistic) = &statistic {
            problem.weights(part.group.plane, whole.start, values, statistic);
        }
        let inside = block.start - whole.start..block.end - whole.start;
        let logits = (stage >= Stage::Masked && removes).then(|| &logits[inside.clone()]);
        each(Values { keys: block, values: &values[inside], logits });
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
    each_block(part, problem, workspace, keys, stage, None, |block| {
        for (lane, row) in part.lanes() {
            for (index, values) in block.values.iter().enumerate() {
                // What is NaN belongs to a row in which everything is, its removed keys as well.
                let removed = |logits: &[Lanes]| logits[index][lane] == f32::NEG_INFINITY && !values[lane].is_nan();
                let left = !block.logits.is_some_and(removed);
                each(row, block.keys.start + index, left.then_some(values[lane]));
            }
        }
    });
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
        let (status, factor) = (statistic.status[lane], statistic.factor[lane]);
        for (value, output) in to[row * size..(row + 1) * size].iter_mut().zip(output) {
            *value = if status.usable() { output[lane] * factor } else { status.filling() };
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
    let (statistic, lane) = (workspace.statistic(problem, part.group, None), part.rows.start - part.group.first);
    cell.row_max = if statistic.status[lane].usable() { statistic.max[lane] } else { f32::NAN };
}

pub(crate) fn range(name: &str, [from, to]: [usize; 2], length: usize) -> Result<Range<usize>, Error> {
    if from <= to && to <= length {
        return Ok(from..to);
    }
    Err(Error::parameter(&name, &format_args!("a range within 0 to {length}"), &format_args!("{from} to {to}")))
}

fn one(name: &str, index: usize, length: usize) -> Result<Range<usize>, Error> {
    if index < length {
        return Ok(index..index + 1);
    }
    let expected = if length == 0 { "one that exists: there is none".into() } else { format!("0 to {}", length - 1) };
    Err(Error::parameter(&name, &expected, &index))
}

/// The largest texel that any size needs.
const HIGHEST: u32 = 24;

fn level(name: &str, [least, most]: [u32; 2], level: u32) -> Result<u32, Error> {
    if (least..=most).contains(&level) {
        return Ok(level);
    }
    Err(Error::parameter(&name, &format_args!("{least} to {most}"), &level))
}

fn multiple(name: &str, start: usize, level: u32) -> Result<(), Error> {
    if start.is_multiple_of(1 << level) {
        return Ok(());
    }
    let expected = format!("from a multiple of {}", 1usize << level);
    Err(Error::parameter(&name, &expected, &start))
}

pub(crate) fn product(name: &str, a: usize, b: usize) -> Result<usize, Error> {
    let bytes = (a as u64).saturating_mul(b as u64).saturating_mul(4);
    a.checked_mul(b).ok_or_else(|| Error::out_of_memory(&name, bytes))
}

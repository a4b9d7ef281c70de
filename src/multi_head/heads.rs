//! The second half of the layer: attention by heads, their sum through the out-projection, and the weights.
//!
//! A block of rows goes through all heads one after the other, so that only one head's weights are held at a time, and
//! those of all heads only where they are wanted.

use super::{Attended, Masks, Shaped, Weights, embedding, out_projection, own};
use crate::attend::{Inputs, Problem};
use crate::error::Error;
use crate::options::{Choice, Options};
use crate::panel::spread;
use crate::project::Linear;
use crate::simd::{Lanes, WIDTH};
use crate::task::{self, Answer, Request, Workspace, product, range};
use crate::tensor::{Sizes, filled, reserved};
use core::ops::Range;
use serde::Deserialize;

/// The attention between projected rows, and the out-projection behind it.
pub struct Heads {
    problem: Problem,
    /// For each head, its columns of Wo. The first has bo.
    out: Vec<Linear>,
    embed: usize,
}

impl Heads {
    /// Checks and packs. `projected` is what [`Projections`](super::Projections) gave for queries (B, H, N, d), keys
    /// and values (B, H, S + appended, d), the last `appended` of which every row may see.
    ///
    /// # Errors
    /// `Fault::Shape`, `Fault::Parameter`, `Fault::Unknown` or `Fault::OutOfMemory`, naming what does not fit.
    pub fn new(
        projected: [Shaped<f32, 4>; 3],
        masks: Masks,
        appended: usize,
        weights: &Weights,
        options: &Options,
    ) -> Result<Heads, Error> {
        let [query, key, value] = projected;
        let sizes = Sizes::new(query.1, key.1, Some(value.1))?;
        if appended > sizes.keys {
            return Err(Error::parameter(&"appended", &format_args!("at most {} keys", sizes.keys), &appended));
        }
        let mut options = options.clone();
        if embedding(&options, &own(&sizes, appended))?.is_some() {
            options.position = Choice::id("none");
        }
        let (mask, bias) = masks.widen(&sizes, appended, &mut options)?;
        let problem = Problem::new(Inputs { query, key, value: Some(value), mask, bias }, &options)?;
        let embed = sizes.heads * sizes.value_size;
        let (weight, bias) = out_projection(weights, embed)?;
        let mut out = reserved("outProjWeight", sizes.heads)?;
        for h in 0..sizes.heads {
            out.push(columns(weight, embed, h, sizes.value_size, bias.filter(|_| h == 0))?);
        }
        Ok(Heads { problem, out, embed })
    }

    /// The attention between the rows of the heads.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }
}

/// The columns of Wo that belong to one head.
fn columns(weight: &[f32], embed: usize, head: usize, size: usize, bias: Option<&[f32]>) -> Result<Linear, Error> {
    let mut own = reserved("outProjWeight", embed * size)?;
    weight.chunks_exact(embed).for_each(|row| own.extend_from_slice(&row[head * size..][..size]));
    Linear::new("outProjWeight", &own, size, bias)
}

/// Which weights are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// None.
    None,
    /// Their arithmetic mean over the heads (B, N, S + appended).
    Average,
    /// Those of each head (B, H, N, S + appended).
    Each,
}

/// What is asked of [`Heads`]: `[from, to)` of the batch items, and of the rows of each.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadsRequest {
    /// Which batch items.
    pub batches: [usize; 2],
    /// Which rows.
    pub rows: [usize; 2],
    /// Which weights.
    pub wanted: Wanted,
}

/// Such a request under way: each head's attention in steps of eight rows, and then eight rows at a time through its
/// part of the out-projection.
pub struct HeadsTask {
    batches: Range<usize>,
    rows: Range<usize>,
    wanted: Wanted,
    batch: usize,
    head: usize,
    state: State,
    answer: Attended,
    /// Eight rows of a head's output, and the sums over heads of all rows of the batch item, a lane per row.
    x: Vec<Lanes>,
    sums: Vec<Lanes>,
}

/// What is being done to one head of one batch item.
enum State {
    Begin,
    Attend(task::Task),
    /// Its output and weights are added to the answer; so many rows are.
    Merge(Box<task::Attended>, usize),
}

impl HeadsTask {
    /// Checks a request and makes room for its answer.
    ///
    /// # Errors
    /// `Fault::Parameter` for what lies outside, `Fault::OutOfMemory`.
    pub fn new(of: &Heads, request: &HeadsRequest) -> Result<HeadsTask, Error> {
        let sizes = of.problem.sizes;
        let batches = range("batches", request.batches, sizes.batch)?;
        let rows = range("rows", request.rows, sizes.queries)?;
        let count = batches.len() * rows.len();
        let heads = match request.wanted {
            Wanted::None => None,
            Wanted::Average => Some(1),
            Wanted::Each => Some(sizes.heads),
        };
        let room = |heads| filled("weights", product("weights", count, product("weights", heads, sizes.keys)?)?, 0.0);
        let groups = rows.len().div_ceil(WIDTH);
        Ok(HeadsTask {
            batch: if rows.is_empty() { batches.end } else { batches.start },
            head: 0,
            batches,
            rows,
            wanted: request.wanted,
            state: State::Begin,
            answer: Attended {
                output: filled("output", product("output", count, of.embed)?, 0.0)?,
                weights: heads.map(room).transpose()?,
            },
            x: filled("output", sizes.value_size, [0.0; WIDTH])?,
            sums: filled("output", product("output", groups, of.embed.next_multiple_of(4))?, [0.0; WIDTH])?,
        })
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self, of: &Heads) -> f64 {
        if self.batch >= self.batches.end {
            return 1.0;
        }
        let heads = of.problem.sizes.heads;
        let part = match &self.state {
            State::Begin => 0.0,
            State::Attend(task) => task.progress() / 2.0,
            State::Merge(_, done) => 0.5 + *done as f64 / self.rows.len() as f64 / 2.0,
        };
        (((self.batch - self.batches.start) * heads + self.head) as f64 + part) / (self.batches.len() * heads) as f64
    }

    /// Does one step. Returns whether all is done.
    ///
    /// # Errors
    /// `Fault::OutOfMemory` at the start of a head.
    pub fn advance(&mut self, of: &Heads, workspace: &mut Workspace) -> Result<bool, Error> {
        if self.batch >= self.batches.end {
            return Ok(true);
        }
        self.state = match core::mem::replace(&mut self.state, State::Begin) {
            State::Begin => State::Attend(self.begin(of)?),
            State::Attend(mut task) => match task.advance(&of.problem, workspace) {
                false => State::Attend(task),
                true => match task.finish()? {
                    Answer::Attend(attended) => State::Merge(attended, 0),
                    _ => State::Begin,
                },
            },
            State::Merge(attended, done) => self.merge(of, attended, done),
        };
        Ok(self.batch >= self.batches.end)
    }

    /// What was asked for; each is in the order batch items, heads if there are, rows, last axis.
    pub fn finish(self) -> Attended {
        self.answer
    }

    fn begin(&self, of: &Heads) -> Result<task::Task, Error> {
        let plane = self.batch * of.problem.sizes.heads + self.head;
        let request = Request::Attend {
            planes: [plane, plane + 1],
            rows: [self.rows.start, self.rows.end],
            output: true,
            weights: self.wanted != Wanted::None,
            stages: Vec::new(),
            statistics: false,
            status: false,
        };
        task::Task::new(&of.problem, &request)
    }

    /// Adds eight rows of a head to the answer, and goes on to the next head behind the last.
    fn merge(&mut self, of: &Heads, attended: Box<task::Attended>, done: usize) -> State {
        let rows = done..self.rows.len().min(done + WIDTH);
        self.add_output(of, attended.output.as_deref().unwrap_or_default(), rows.clone());
        if let Some(weights) = &attended.weights {
            self.add_weights(of.problem.sizes, weights, rows.clone());
        }
        if rows.end < self.rows.len() {
            return State::Merge(attended, rows.end);
        }
        (self.batch, self.head) = match self.head + 1 {
            head if head < of.problem.sizes.heads => (self.batch, head),
            _ => (self.batch + 1, 0),
        };
        State::Begin
    }

    /// y += Wo_h o_h, and after the last head y to the answer.
    fn add_output(&mut self, of: &Heads, head: &[f32], rows: Range<usize>) {
        let (size, linear) = (of.problem.sizes.value_size, &of.out[self.head]);
        self.x.fill([0.0; WIDTH]);
        for (lane, row) in rows.clone().enumerate() {
            spread(&head[row * size..][..size], lane, &mut self.x);
        }
        let sums = &mut self.sums[rows.start / WIDTH * linear.width()..][..linear.width()];
        if self.head == 0 {
            linear.start(sums);
        }
        linear.add(&self.x, sums);
        if self.head + 1 < of.out.len() {
            return;
        }
        let place = (self.batch - self.batches.start) * self.rows.len();
        for (lane, row) in rows.enumerate() {
            let to = &mut self.answer.output[(place + row) * of.embed..][..of.embed];
            to.iter_mut().zip(&*sums).for_each(|(to, sum)| *to = sum[lane]);
        }
    }

    /// The weights of a head to their place, or into the mean: the sum over heads, divided behind the last.
    fn add_weights(&mut self, sizes: Sizes, head: &[f32], rows: Range<usize>) {
        let Some(weights) = &mut self.answer.weights else { return };
        let all = self.rows.len();
        let batch = self.batch - self.batches.start;
        let from = &head[rows.start * sizes.keys..rows.end * sizes.keys];
        let heads = if self.wanted == Wanted::Each { sizes.heads } else { 1 };
        let plane = batch * heads + if heads > 1 { self.head } else { 0 };
        let to = &mut weights[(plane * all + rows.start) * sizes.keys..][..from.len()];
        to.iter_mut().zip(from).for_each(|(to, w)| *to += w);
        if self.wanted == Wanted::Average && self.head + 1 == sizes.heads {
            to.iter_mut().for_each(|to| *to /= sizes.heads as f32);
        }
    }
}

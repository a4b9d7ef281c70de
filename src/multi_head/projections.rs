//! The first half of the layer: rows to queries, keys and values, head by head.

use super::{Layer, Source, appended, embedding, in_bias, in_projection, out_projection, own};
use crate::error::Error;
use crate::options::Options;
use crate::panel::spread;
use crate::position::{self, Position};
use crate::project::Linear;
use crate::simd::{Lanes, WIDTH};
use crate::task::{product, range};
use crate::tensor::{PerHead, Sizes, filled, reserved};
use core::ops::Range;
use serde::Deserialize;

/// Which of the three in-projections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Of the queries.
    Query,
    /// Of the keys.
    Key,
    /// Of the values.
    Value,
}

/// The rows and in-projections of one layer, checked and packed.
pub struct Projections {
    sizes: Sizes,
    sides: [Projected; 3],
    encoding: Option<PerHead<Box<dyn Position>>>,
}

/// One of the three: its rows and a linear layer for each head.
struct Projected {
    rows: Vec<f32>,
    /// How many rows there are in a batch item.
    length: usize,
    /// The size of a row.
    inputs: usize,
    /// Where row 0 stands.
    offset: i64,
    heads: Vec<Linear>,
    /// Rows (E) that come behind the projected ones.
    appended: Vec<Vec<f32>>,
}

impl Projections {
    /// Checks the layer against the rows and packs its in-projections. The out-projection is checked too, so that what
    /// does not fit is refused before anything is computed.
    ///
    /// # Errors
    /// `Fault::Shape`, `Fault::Parameter`, `Fault::Unknown` or `Fault::OutOfMemory`, naming what does not fit.
    pub fn new(layer: &Layer, source: Source, options: &Options) -> Result<Projections, Error> {
        options.check()?;
        let sizes = layer.sizes(&source)?;
        let embed = source.query.1[2];
        out_projection(&layer.weights, embed)?;
        let all = own(&sizes, layer.appended());
        let encoding = embedding(options, &all)?;
        check_position(options, layer, encoding.is_some(), &source)?;
        let inputs = [source.query.1[2], source.key.1[2], source.value.1[2]];
        let offset = if encoding.is_some() { options.offset(all.queries, all.keys)? } else { 0 };
        let side = |side, (rows, shape): (Vec<f32>, [usize; 3]), offset| {
            let weight = in_projection(&layer.weights, side, embed, inputs)?;
            let (bias, inputs, size) = (in_bias(&layer.weights, side, embed)?, shape[2], sizes.head_size);
            let mut heads = reserved("weights", sizes.heads)?;
            for h in 0..sizes.heads {
                let bias = bias.map(|bias| &bias[h * size..][..size]);
                heads.push(Linear::new("weights", &weight[h * size * inputs..][..size * inputs], inputs, bias)?);
            }
            let appended = appended(layer, side, embed)?;
            Ok(Projected { rows, length: shape[1], inputs, offset, heads, appended })
        };
        let Source { query, key, value } = source;
        let sides = [side(Side::Query, query, offset)?, side(Side::Key, key, 0)?, side(Side::Value, value, 0)?];
        Ok(Projections { sizes, sides, encoding })
    }

    /// The sizes of the attention between the projected rows, appended keys included.
    pub fn sizes(&self) -> Sizes {
        self.sizes
    }
}

/// An encoding that is added wants rows of one size. One that works between queries and keys has no place for appended
/// keys.
fn check_position(options: &Options, layer: &Layer, embeds: bool, source: &Source) -> Result<(), Error> {
    let id = position::find(&options.position)?.member.id;
    let embed = source.query.1[2];
    for (name, shape) in [("key", source.key.1), ("value", source.value.1)] {
        if embeds && shape[2] != embed {
            let expected = format!("a last axis of E = {embed}, with the position {id}");
            return Err(super::misshapen(name, expected, &shape));
        }
    }
    if embeds || id == "none" || layer.appended() == 0 {
        return Ok(());
    }
    Err(Error::parameter(
        &"position",
        &"none, sinusoidal or learned where keys are appended (biasK, addZeroAttn): they stand nowhere",
        &id,
    ))
}

/// What is asked of [`Projections`]: `[from, to)` of the planes, batch · H + head, and of the rows of each.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProjectRequest {
    /// Which projection.
    pub side: Side,
    /// Which planes.
    pub planes: [usize; 2],
    /// Which rows, appended ones included.
    pub rows: [usize; 2],
}

/// Such a request under way, in steps of eight rows of one head. It gives (planes, rows, d).
pub struct ProjectTask {
    side: Side,
    planes: Range<usize>,
    rows: Range<usize>,
    plane: usize,
    row: usize,
    /// Rows of all planes that are done.
    done: usize,
    values: Vec<f32>,
    /// Eight rows as they are projected, and the batch item and the row of the first.
    x: Vec<Lanes>,
    loaded: Option<(usize, usize)>,
    y: Vec<Lanes>,
    line: Vec<f32>,
}

impl ProjectTask {
    /// Checks a request and makes room for its answer.
    ///
    /// # Errors
    /// `Fault::Parameter` for what lies outside, `Fault::OutOfMemory`.
    pub fn new(of: &Projections, request: &ProjectRequest) -> Result<ProjectTask, Error> {
        let side = &of.sides[request.side as usize];
        let planes = range("planes", request.planes, of.sizes.planes())?;
        let rows = range("rows", request.rows, side.length + side.appended.len())?;
        let count = product("projection", product("projection", planes.len(), rows.len())?, of.sizes.head_size)?;
        Ok(ProjectTask {
            side: request.side,
            plane: if rows.is_empty() { planes.end } else { planes.start },
            row: rows.start,
            done: 0,
            planes,
            rows,
            values: filled("projection", count, 0.0)?,
            x: filled("rows", side.inputs, [0.0; WIDTH])?,
            loaded: None,
            y: filled("projection", of.sizes.head_size.next_multiple_of(4), [0.0; WIDTH])?,
            line: filled("rows", side.inputs, 0.0)?,
        })
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        let all = self.planes.len() * self.rows.len();
        if self.plane >= self.planes.end { 1.0 } else { self.done as f64 / all as f64 }
    }

    /// Does eight rows of one head. Returns whether all is done.
    pub fn advance(&mut self, of: &Projections) -> bool {
        if self.plane >= self.planes.end {
            return true;
        }
        let count = (self.rows.end - self.row).min(WIDTH);
        let (batch, head) = (self.plane / of.sizes.heads, self.plane % of.sizes.heads);
        self.load(of, batch, count);
        let side = &of.sides[self.side as usize];
        side.heads[head].start(&mut self.y);
        side.heads[head].add(&self.x, &mut self.y);
        self.store(side, head, count);
        self.done += count;
        self.step(of.sizes.heads, count);
        self.plane >= self.planes.end
    }

    /// What was asked for.
    pub fn finish(self) -> Vec<f32> {
        self.values
    }

    /// The next head of the same rows, or else the next rows, or else the next batch item.
    fn step(&mut self, heads: usize, count: usize) {
        let first = (self.plane / heads * heads).max(self.planes.start);
        let end = ((self.plane / heads + 1) * heads).min(self.planes.end);
        if self.plane + 1 < end {
            self.plane += 1;
        } else if self.row + count < self.rows.end {
            (self.plane, self.row) = (first, self.row + count);
        } else {
            (self.plane, self.row) = (end, self.rows.start);
        }
    }

    fn load(&mut self, of: &Projections, batch: usize, count: usize) {
        if self.loaded == Some((batch, self.row)) {
            return;
        }
        let side = &of.sides[self.side as usize];
        self.x.fill([0.0; WIDTH]);
        for lane in 0..count.min(side.length.saturating_sub(self.row)) {
            let row = self.row + lane;
            self.line.copy_from_slice(&side.rows[(batch * side.length + row) * side.inputs..][..side.inputs]);
            if let Some(encoding) = &of.encoding {
                encoding.of(0).embed(side.offset.saturating_add(row as i64), &mut self.line);
            }
            spread(&self.line, lane, &mut self.x);
        }
        self.loaded = Some((batch, self.row));
    }

    fn store(&mut self, side: &Projected, head: usize, count: usize) {
        let size = self.values.len() / (self.planes.len() * self.rows.len());
        let place = (self.plane - self.planes.start) * self.rows.len() + self.row - self.rows.start;
        for lane in 0..count {
            let to = &mut self.values[(place + lane) * size..][..size];
            match (self.row + lane).checked_sub(side.length) {
                Some(more) => to.copy_from_slice(&side.appended[more][head * size..][..size]),
                None => to.iter_mut().zip(&self.y).for_each(|(to, y)| *to = y[lane]),
            }
        }
    }
}

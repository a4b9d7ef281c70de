//! THE MAIN PATH: a group of eight query rows, from scores to weights · V.
//!
//! ```text
//! embed, normalize, rotate, prepare q ─▶ tile with key panels ─▶ × scale / temperature ─▶ softcap ─▶ + bias ─▶ remove masked keys
//!           ─▶ row statistic ─▶ map, block by block ─▶ weights ─▶ tile with value panels ─▶ output
//! ```
//!
//! Everything that shows a number asks here: the fused output, the tiles of the map, one row, one cell and the
//! diagnostics. So they cannot disagree, and no N x M matrix is stored. A group's values depend on its rows alone: not on
//! which other rows are asked for, nor on who computes them.
//!
//! Memory is O(N + M): the inputs, keys and values again in panels, and one strip of logits (8 x M).

use crate::error::Error;
use crate::mask::{Broadcast, Group, Mask};
use crate::math::tanh;
use crate::member::{Member, Text};
use crate::normalize::{self, Normalizer, Statistic, Strip};
use crate::options::{Choice, Options};
use crate::panel::{BLOCK, Quad, additive_tile, distance_tile, pack_columns, pack_rows, spread, tile};
use crate::position::{self, Position};
use crate::score::{self, Combine, Score, Side};
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::{PerHead, Sizes, check_length, filled, reserved};
use core::ops::Range;
use serde::Deserialize;

/// How far a value has come on its way from score to weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// s = score(q, k).
    Raw,
    /// s · scale / temperature.
    Scaled,
    /// c · tanh(l / c), where there is a soft cap.
    Capped,
    /// With the additive bias.
    Biased,
    /// Removed keys at minus infinity.
    Masked,
    /// What the normalizer makes of it.
    Weights,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Stage; 6] =
        [Stage::Raw, Stage::Scaled, Stage::Capped, Stage::Biased, Stage::Masked, Stage::Weights];

    /// What stands for a removed key where the caller gives nothing for it.
    pub fn removed(self) -> f32 {
        if self == Stage::Weights { 0.0 } else { f32::NEG_INFINITY }
    }
}

/// What each [`Stage`] is called, in order.
pub static STAGES: &[Member] = &[
    Member::plain(
        "raw",
        Text { en: "Raw score", zh: "原始分数" },
        Text {
            en: "The score of the query and the key, before anything else.", zh: "查询与键的分数，未经任何处理。"
        },
        "s",
    ),
    Member::plain(
        "scaled",
        Text { en: "Scaled score", zh: "缩放后的分数" },
        Text {
            en: "The raw score times the scale, over the temperature.", zh: "原始分数乘以缩放系数，再除以温度。"
        },
        "s · scale / T",
    ),
    Member::plain(
        "capped",
        Text { en: "After the soft cap", zh: "软上限之后" },
        Text {
            en: "Bent smoothly below the soft cap, if there is one.", zh: "若有软上限，则平滑压到其下。"
        },
        "c · tanh(l / c)",
    ),
    Member::plain(
        "biased",
        Text { en: "With the bias", zh: "加偏置之后" },
        Text {
            en: "With the additive bias and that of the positions, if there are any.",
            zh: "若有加性偏置或位置偏置，则已加上。",
        },
        "l + bias",
    ),
    Member::plain(
        "masked",
        Text { en: "After the mask", zh: "掩码之后" },
        Text {
            en: "The logits that the normalizer sees; removed keys are minus infinity.",
            zh: "归一化所见的 logit；被移除的键为负无穷。",
        },
        "l or −∞",
    ),
    Member::plain(
        "weights",
        Text { en: "Attention weight", zh: "注意力权重" },
        Text { en: "What the normalizer makes of a row of logits.", zh: "归一化把一行 logit 变成的权重。" },
        "w = normalize(l)",
    ),
];

/// One attention problem, checked and packed: Q (B, Hq, N, d), K (B, Hkv, M, dk), V (B, Hkv, M, dv).
pub struct Problem {
    /// Its sizes.
    pub sizes: Sizes,
    /// Its masks and bias.
    pub mask: Mask,
    rows: Rows,
    normalizer: PerHead<Box<dyn Normalizer>>,
    factor: PerHead<f32>,
    softcap: Option<f32>,
    query: Vec<f32>,
    key: Vec<f32>,
    planes: Vec<Panels>,
}

/// What happens to the rows of Q and K before they meet.
struct Rows {
    score: PerHead<Box<dyn Score>>,
    position: PerHead<Box<dyn Position>>,
    /// The size of a prepared row.
    size: usize,
    /// Whether the numbers of a prepared row are the dimensions of Q and K.
    keeps_dimensions: bool,
}

impl Rows {
    /// Makes a row of Q or K of query head `head` ready. `row` is changed on the way.
    fn prepare(&self, head: usize, side: Side, position: i64, row: &mut [f32], prepared: &mut [f32]) {
        let (score, encoding) = (self.score.of(head), self.position.of(head));
        encoding.embed(position, row);
        score.normalize(side, row);
        encoding.rotate(position, row);
        score.prepare(side, row, prepared);
    }
}

/// Keys and values of one head, packed for the tile.
struct Panels {
    keys: Vec<Quad>,
    values: Vec<Quad>,
    /// For each block of keys, whether V holds a NaN or an infinity there.
    unsafe_to_multiply: Vec<bool>,
}

/// The tensors of a problem as they come from a caller: row-major data and its shape.
pub struct Inputs {
    /// Q and its shape (B, Hq, N, d).
    pub query: (Vec<f32>, [usize; 4]),
    /// K and its shape (B, Hkv, M, dk).
    pub key: (Vec<f32>, [usize; 4]),
    /// V and its shape (B, Hkv, M, dv); without it there is no output.
    pub value: Option<(Vec<f32>, [usize; 4])>,
    /// 1 = may attend; stretches to (B, Hq, N, M).
    pub mask: Option<(Vec<u8>, [usize; 4])>,
    /// Added to the logits; stretches to (B, Hq, N, M).
    pub bias: Option<(Vec<f32>, [usize; 4])>,
}

impl Problem {
    /// Checks the inputs against each other and packs them.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Parameter`], [`Error::Unknown`] or [`Error::OutOfMemory`], naming what does not fit.
    pub fn new(inputs: Inputs, options: &Options) -> Result<Problem, Error> {
        let Inputs { query, key, value, mask, bias } = inputs;
        check_length("query", query.1, query.0.len())?;
        check_length("key", key.1, key.0.len())?;
        if let Some(value) = &value {
            check_length("value", value.1, value.0.len())?;
        }
        let sizes = Sizes::new(query.1, key.1, value.as_ref().map(|value| value.1))?;
        options.check()?;
        let allowed = mask.map(|(data, shape)| Broadcast::new("attnMask", data, shape, &sizes)).transpose()?;
        let bias = bias.map(|(data, shape)| Broadcast::new("attnBias", data, shape, &sizes)).transpose()?;
        let (normalizer, position) = (normalize::find(&options.normalizer)?, position::find(&options.position)?);
        options.forbid(normalizer.forbids)?;
        let mask = Mask::new(options, &sizes, allowed, bias)?;
        let rows = Rows::new(options, normalizer, position, &mask, sizes)?;
        let value = value.map_or(Vec::new(), |value| value.0);
        Ok(Problem {
            normalizer: normalizer.set(&options.normalizer, sizes)?,
            factor: PerHead::new(sizes, true, |head| {
                let own = || rows.score.of(head.head).default_scale(&sizes);
                factor(options.scale.unwrap_or_else(own), options)
            })?,
            softcap: options.softcap.map(|c| c as f32).filter(|&c| c > 0.0),
            planes: pack(&sizes, &rows, &key.0, &value)?,
            query: query.0,
            key: key.0,
            mask,
            sizes,
            rows,
        })
    }

    /// The size of a prepared row.
    pub fn prepared_size(&self) -> usize {
        self.rows.size
    }

    /// The group of rows that `row` of `plane` belongs to.
    pub fn group(&self, plane: usize, row: usize) -> Group {
        let first = row / WIDTH * WIDTH;
        Group { plane, first, count: (self.sizes.queries - first).min(WIDTH) }
    }

    /// One row of Q as it was given.
    pub fn query_row(&self, plane: usize, row: usize) -> &[f32] {
        row_of(&self.query, plane * self.sizes.queries + row, self.sizes.head_size)
    }

    /// One row of K as it was given, of the head that query plane `plane` reads.
    pub fn key_row(&self, plane: usize, key: usize) -> &[f32] {
        row_of(&self.key, self.sizes.kv_plane(plane) * self.sizes.keys + key, self.sizes.key_size)
    }

    /// What each element of the prepared rows adds to the raw score, as [`Combine`] says.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn terms(&self, plane: usize, row: usize, key: usize) -> Result<Vec<f32>, Error> {
        let head = plane % self.sizes.heads;
        let prepare = |side, position, row: &[f32]| {
            let (mut copy, mut prepared) = (row.to_vec(), filled("products", self.rows.size, 0.0)?);
            self.rows.prepare(head, side, position, &mut copy, &mut prepared);
            Ok(prepared)
        };
        let q = prepare(Side::Query, self.mask.position(row), self.query_row(plane, row))?;
        let k = prepare(Side::Key, key as i64, self.key_row(plane, key))?;
        let combine = self.rows.score.of(head).combine();
        Ok(q.iter().zip(k).enumerate().map(|(t, (&q, k))| combine.term(t, q, k)).collect())
    }

    /// The dimension that dimension `c` is rotated with, where both are dimensions of the prepared rows as well: what the two
    /// add to the score belongs together.
    pub fn partner(&self, plane: usize, c: usize) -> Option<usize> {
        self.rows.position.of(plane % self.sizes.heads).partner(c).filter(|_| self.rows.keeps_dimensions)
    }

    /// The values of `stage` (not weights) for eight rows at `keys`, which start at a multiple of four and are as many as
    /// `out`. Keys from M on are padding.
    pub fn logits(&self, group: Group, keys: Range<usize>, stage: Stage, query: &mut Queries, out: &mut [Lanes]) {
        query.load(self, group);
        let head = group.plane % self.sizes.heads;
        let panels = &self.planes[self.sizes.kv_plane(group.plane)].keys[keys.start / 4 * self.rows.size..];
        scores::<Native>(self.rows.score.of(head).combine(), panels, &query.lanes, out);
        if stage >= Stage::Scaled {
            scale::<Native>(*self.factor.of(head), out);
        }
        if let Some(cap) = self.softcap.filter(|_| stage >= Stage::Capped) {
            soften::<Native>(cap, out);
        }
        if stage >= Stage::Biased {
            self.rows.position.of(head).add_bias(self.mask.position(group.first), keys.start, out);
            self.mask.add_bias(group, keys.start, out);
        }
        if stage >= Stage::Masked {
            self.mask.remove(group, keys.start, out);
        }
    }

    /// The logits of all keys that any row of the group may see, and what they leave behind.
    pub fn statistic<'s>(&self, group: Group, query: &mut Queries, strip: &'s mut [Lanes]) -> (Strip<'s>, Statistic) {
        let keys = aligned(self.mask.visible_to_any(group));
        let logits = &mut strip[..keys.len()];
        self.logits(group, keys.clone(), Stage::Masked, query, logits);
        let strip = Strip { first: keys.start, logits };
        let mut statistic = normalize::observe::<Native>(strip);
        self.normalizer.of(group.plane % self.sizes.heads).statistic(strip, &mut statistic);
        (strip, statistic)
    }

    /// The weights of some logits of rows of `plane` whose statistic is known.
    pub fn weights(&self, plane: usize, strip: Strip, statistic: &Statistic, weights: &mut [Lanes]) {
        self.normalizer.of(plane % self.sizes.heads).map(strip, statistic, weights);
        if statistic.usable() {
            return;
        }
        for (lane, status) in statistic.status.iter().enumerate() {
            if !status.usable() {
                weights.iter_mut().for_each(|weights| weights[lane] = status.filling());
            }
        }
    }

    /// Adds weights · V of one block of keys to `output`, dv rounded up to four elements, a lane per row.
    pub fn accumulate(&self, plane: usize, block: Strip, weights: &[Lanes], output: &mut [Lanes]) {
        let panels = &self.planes[self.sizes.kv_plane(plane)];
        let last = self.sizes.keys.min(block.first + weights.len());
        for (panel, output) in panels.values.chunks_exact(self.sizes.keys.max(1)).zip(output.as_chunks_mut::<4>().0) {
            let values = &panel[block.first.min(last)..last];
            if panels.unsafe_to_multiply[block.first / BLOCK] {
                add_selected(values, block.logits, weights, output);
            } else {
                add_tile::<Native>(values, weights, output);
            }
        }
    }
}

/// Room for the eight prepared query rows of a group.
pub struct Queries {
    row: Vec<f32>,
    prepared: Vec<f32>,
    lanes: Vec<Lanes>,
    loaded: Option<Group>,
}

impl Queries {
    /// Room for rows of `problem`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub fn new(problem: &Problem) -> Result<Queries, Error> {
        let (row, size) = (filled("query", problem.sizes.head_size, 0.0)?, problem.rows.size);
        let (prepared, lanes) = (filled("query", size, 0.0)?, filled("query", size, [0.0; WIDTH])?);
        Ok(Queries { row, prepared, lanes, loaded: None })
    }

    fn load(&mut self, problem: &Problem, group: Group) {
        if self.loaded == Some(group) {
            return;
        }
        self.lanes.fill([0.0; WIDTH]);
        for lane in 0..group.count {
            self.row.copy_from_slice(problem.query_row(group.plane, group.first + lane));
            let (head, position) = (group.plane % problem.sizes.heads, problem.mask.position(group.first + lane));
            problem.rows.prepare(head, Side::Query, position, &mut self.row, &mut self.prepared);
            spread(&self.prepared, lane, &mut self.lanes);
        }
        self.loaded = Some(group);
    }
}

/// The keys from the multiple of four at or before the start to the one at or after the end: whole panels.
pub fn aligned(keys: Range<usize>) -> Range<usize> {
    keys.start / 4 * 4..keys.end.next_multiple_of(4)
}

fn row_of(matrix: &[f32], row: usize, length: usize) -> &[f32] {
    &matrix[row * length..(row + 1) * length]
}

/// The one multiplier of the raw score.
fn factor(scale: f64, options: &Options) -> Result<f32, Error> {
    let factor = (scale / options.temperature) as f32;
    if factor.is_finite() {
        return Ok(factor);
    }
    let name = match options.temperature {
        _ if options.scale.is_some() => "scale",
        1.0 => "score",
        _ => "temperature",
    };
    Err(Error::Parameter {
        name: name.into(),
        expected: "such that scale / temperature is finite in single precision".into(),
        found: format!("{scale:e} / {:e}", options.temperature),
    })
}

impl Rows {
    /// The score of the options, or the normalizer's own, and the positions.
    fn new(
        options: &Options,
        normalizer: &normalize::Entry,
        position: &position::Entry,
        mask: &Mask,
        sizes: Sizes,
    ) -> Result<Rows, Error> {
        let (choice, score) = match normalizer.score {
            Some(own) => (Choice::id(own.member.id), own),
            None => (options.score(), score::find(&options.score())?),
        };
        if position.biases && normalizer.forbids.contains(&"attnBias") {
            return Err(options.forbidden("position", position.member.id.into()));
        }
        if mask.has_bias() && normalizer.forbids.contains(&"attnBias") {
            return Err(options.forbidden("attnBias", "a tensor".into()));
        }
        let set = score.set(&choice, sizes)?;
        Ok(Rows {
            size: set.of(0).size(&sizes),
            keeps_dimensions: score.keeps_dimensions,
            score: set,
            position: position.set(&options.position, sizes, mask.position(0))?,
        })
    }
}

fn pack(sizes: &Sizes, rows: &Rows, key: &[f32], value: &[f32]) -> Result<Vec<Panels>, Error> {
    let Sizes { keys, key_size, value_size, .. } = *sizes;
    let count = sizes.batch * sizes.kv_heads;
    let mut planes = reserved("heads", count)?;
    let mut row = filled("key", key_size, 0.0)?;
    let length = if count == 0 { 0 } else { keys };
    let size = length.checked_mul(rows.size).ok_or(Error::OutOfMemory { name: "key".into(), bytes: u64::MAX })?;
    let mut prepared = filled("key", size, 0.0)?;
    for plane in 0..count {
        let head = plane % sizes.kv_heads * (sizes.heads / sizes.kv_heads);
        for (j, prepared) in prepared.chunks_exact_mut(rows.size).enumerate() {
            row.copy_from_slice(row_of(key, plane * keys + j, key_size));
            rows.prepare(head, Side::Key, j as i64, &mut row, prepared);
        }
        let values = &value[plane * keys * value_size..][..keys * value_size];
        planes.push(Panels {
            keys: pack_rows("key", &prepared, keys, rows.size)?,
            values: pack_columns("value", values, keys, value_size)?,
            unsafe_to_multiply: blocks_with_non_finite(values, value_size),
        });
    }
    Ok(planes)
}

// Not a kernel: it runs once per problem.
fn blocks_with_non_finite(values: &[f32], value_size: usize) -> Vec<bool> {
    let blocks = values.chunks(BLOCK.saturating_mul(value_size).max(1));
    blocks.map(|block| block.iter().any(|x| !x.is_finite())).collect()
}

/// s_ij for eight queries and as many keys as `out`.
fn scores<V: F32x4>(combine: Combine, panels: &[Quad], queries: &[Lanes], out: &mut [Lanes]) {
    match combine {
        Combine::Product => each_tile(panels, queries, out, tile::<V>),
        Combine::Distance => each_tile(panels, queries, out, distance_tile::<V>),
        Combine::Additive(v) => each_tile(panels, queries, out, |a, b| additive_tile::<V>(a, b, v)),
    }
}

/// One tile per panel of four keys.
#[inline(always)]
fn each_tile<V: F32x4>(
    panels: &[Quad],
    queries: &[Lanes],
    out: &mut [Lanes],
    tile: impl Fn(&[Quad], &[Lanes]) -> [F32x8<V>; 4],
) {
    for (panel, out) in panels.chunks_exact(queries.len()).zip(out.as_chunks_mut::<4>().0) {
        for (sum, out) in tile(panel, queries).into_iter().zip(out) {
            sum.store(out);
        }
    }
}

fn scale<V: F32x4>(factor: f32, logits: &mut [Lanes]) {
    let factor = F32x8::<V>::splat(factor);
    for l in logits {
        (F32x8::load(l) * factor).store(l);
    }
}

fn soften<V: F32x4>(cap: f32, logits: &mut [Lanes]) {
    let cap = F32x8::<V>::splat(cap);
    for l in logits {
        (cap * tanh(F32x8::load(l) / cap)).store(l);
    }
}

fn add_tile<V: F32x4>(values: &[Quad], weights: &[Lanes], output: &mut [Lanes; 4]) {
    for (sum, output) in tile::<V>(values, weights).into_iter().zip(output) {
        (F32x8::load(output) + sum).store(output);
    }
}

/// The same sum where V holds a NaN or an infinity: a removed key is passed over, because 0 · NaN is NaN and removed keys
/// must not be observable.
fn add_selected(values: &[Quad], logits: &[Lanes], weights: &[Lanes], output: &mut [Lanes; 4]) {
    for lane in 0..WIDTH {
        let mut sum = [0.0; 4];
        for ((values, logits), weights) in values.iter().zip(logits).zip(weights) {
            if logits[lane] != f32::NEG_INFINITY {
                sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += weights[lane] * v);
            }
        }
        output.iter_mut().zip(sum).for_each(|(output, sum)| output[lane] += sum);
    }
}

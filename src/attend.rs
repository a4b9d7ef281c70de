//! THE MAIN PATH: a group of eight query rows, from scores to weights · V.
//!
//! ```text
//! embed, normalize, rotate, prepare q ─▶ tile with key panels ─▶ × scale / temperature ─▶ softcap ─▶ + bias ─▶ remove masked keys
//!           ─▶ row statistic ─▶ terms, where the logits stood ─▶ tile with value panels ─▶ × factor ─▶ output
//! ```
//!
//! Everything that shows a number asks here: the fused output, the tiles of the map, one row, one cell and the
//! diagnostics. So they cannot disagree, and no N x M matrix is stored. A group's values depend on its rows alone: not on
//! which other rows are asked for, nor on who computes them.
//!
//! Memory is O(N + M): the inputs, keys and values of one head again in panels, and strips of logits for up to four groups
//! (32 x M). Work goes by blocks of 256 keys: a block of logits (8 KB) stays in the first cache from the tile that makes it to the
//! maximum that is taken of it, and again from the exponential to the last panel of V. Where the keys of a head outgrow the second
//! cache, a block of them serves four groups before the next one is fetched.

use crate::decimal::show_scaled;
use crate::error::Error;
use crate::few::{FEW, dot, sum_rows, sum_selected};
use crate::mask::{Broadcast, Group, Mask};
use crate::math::Tanh;
use crate::member::{Member, Text};
use crate::normalize::{self, Informed, Normalizer, Sight, Statistic, Strip, blocks};
use crate::options::{Choice, Options};
use crate::packed::{AHEAD, Ahead, Packed, Strips, place};
use crate::panel::{BLOCK, Quad, additive_tile, distance_tile, tile};
use crate::position::{self, Position};
use crate::score::{self, Combine, Score, Side};
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::{PerHead, Sizes, check_length, filled};
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
    value: Vec<f32>,
}

/// What happens to the rows of Q and K before they meet.
struct Rows {
    score: PerHead<Box<dyn Score>>,
    position: PerHead<Box<dyn Position>>,
    /// The size of a prepared row.
    size: usize,
    /// Whether the numbers of a prepared row are the dimensions of Q and K.
    keeps_dimensions: bool,
    /// Whether a prepared row is the row itself.
    kept: bool,
    /// Whether prepared rows are multiplied.
    multiplied: bool,
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
    /// Checks the inputs against each other.
    ///
    /// # Errors
    /// `Fault::Shape`, `Fault::Parameter`, `Fault::Unknown` or `Fault::OutOfMemory`, naming what does not fit.
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
        Ok(Problem {
            normalizer: normalizer.set(&options.normalizer, sizes)?,
            factor: PerHead::new(sizes, true, |head| {
                let own = || rows.score.of(head.head).default_scale(&sizes);
                factor(options.scale.unwrap_or_else(own), options)
            })?,
            softcap: options.softcap.map(|c| c as f32).filter(|&c| c > 0.0),
            query: query.0,
            key: key.0,
            value: value.map_or(Vec::new(), |value| value.0),
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
    /// `Fault::OutOfMemory`.
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
    pub fn logits(&self, group: Group, keys: Range<usize>, stage: Stage, packed: &mut Packed, out: &mut [Lanes]) {
        if stage < Stage::Masked {
            return self.unmasked(group, keys, stage, packed, out);
        }
        // What no row sees is removed without being computed.
        let seen = self.seen(group, &keys);
        let (before, rest) = out.split_at_mut(seen.start - keys.start);
        let (out, after) = rest.split_at_mut(seen.len());
        before.fill([f32::NEG_INFINITY; WIDTH]);
        after.fill([f32::NEG_INFINITY; WIDTH]);
        if !seen.is_empty() {
            self.unmasked(group, seen.clone(), stage, packed, out);
            self.mask.remove(group, seen.start, out);
        }
    }

    /// The values of a stage before the masks.
    fn unmasked(&self, group: Group, keys: Range<usize>, stage: Stage, packed: &mut Packed, out: &mut [Lanes]) {
        let (head, plane) = (group.plane % self.sizes.heads, self.sizes.kv_plane(group.plane));
        let Packed { queries, keys: panels, row, prepared, .. } = packed;
        let (queries, rows) = queries[place(group)].load(group, |query, prepared| {
            let row = copied(row, self.query_row(group.plane, query));
            self.rows.prepare(head, Side::Query, self.mask.position(query), row, prepared);
        });
        let mut prepare = |key: usize, prepared: &mut [f32]| {
            let row = copied(row, self.key_row(group.plane, key));
            self.rows.prepare(self.sizes.first_head(head), Side::Key, key as i64, row, prepared);
        };
        let factor = if stage >= Stage::Scaled { *self.factor.of(head) } else { 1.0 };
        if self.is_few() {
            let size = self.rows.size;
            let rows = &rows[..group.count * size];
            let there = self.sizes.keys.min(keys.end) - keys.start;
            out[there..].fill([0.0; WIDTH]);
            if self.rows.kept {
                let first = plane * self.sizes.keys + keys.start;
                score_few(rows, size, &self.key[first * size..(first + there) * size], factor, out);
            } else {
                for (key, out) in keys.clone().zip(&mut out[..there]) {
                    prepare(key, prepared);
                    score_few(rows, size, &*prepared, factor, core::slice::from_mut(out));
                }
            }
        } else {
            let panels = &panels.load(plane, self.sizes.keys, prepare)[keys.start / 4 * self.rows.size..];
            scores::<Native>(self.rows.score.of(head).combine(), panels, queries, factor, out);
        }
        if let Some(cap) = self.softcap.filter(|_| stage >= Stage::Capped) {
            soften::<Native>(cap, out);
        }
        if stage >= Stage::Biased {
            self.rows.position.of(head).add_bias(self.mask.position(group.first), keys.start, out);
            self.mask.add_bias(group, keys.start, out);
        }
    }

    /// Those of `keys` that the rules leave to any row of the group, with what completes their panels.
    pub fn seen(&self, group: Group, keys: &Range<usize>) -> Range<usize> {
        let seen = aligned(self.mask.visible_to_any(group));
        let start = seen.start.clamp(keys.start, keys.end);
        start..seen.end.clamp(start, keys.end)
    }

    /// Whether there are so few queries that nothing is packed for them.
    pub fn is_few(&self) -> bool {
        self.sizes.queries < FEW && self.rows.multiplied
    }

    /// Room for what is packed of it.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn pack(&self) -> Result<Packed, Error> {
        Packed::new(&self.sizes, self.rows.size, !self.is_few())
    }

    /// Whether any row of a group with this statistic has lost one of `keys`, to a rule or to a logit of minus infinity.
    pub fn removes_in(&self, group: Group, keys: &Range<usize>, statistic: &Statistic) -> bool {
        (0..WIDTH).any(|lane| {
            let seen = self.mask.visible(group.plane / self.sizes.heads, group.row(lane));
            let all = statistic.allowed[lane] == seen.len() as f32;
            !all || keys.start < seen.start || seen.end < keys.end
        })
    }

    /// The logits of all keys that any row of the group may see, with the first of these keys, and what is seen of them at once.
    /// `more` groups will be asked for after this one: where that pays, theirs are computed along with it.
    fn observe<'s>(
        &self,
        group: Group,
        more: usize,
        packed: &mut Packed,
        strips: &'s mut Strips,
    ) -> (usize, &'s mut [Lanes], Sight) {
        if !strips.has(group) {
            self.look_ahead(group, more, packed, strips);
        }
        match strips.take(group) {
            Some((Ahead { keys: (first, _), sight, .. }, logits)) => (first, logits, sight),
            None => (0, &mut [], Sight::default()),
        }
    }

    fn look_ahead(&self, group: Group, more: usize, packed: &mut Packed, strips: &mut Strips) {
        let left = (self.sizes.queries - group.first).div_ceil(WIDTH) - 1;
        let count = if self.outgrows_cache() { 1 + more.min(left).min(AHEAD - 1) } else { 1 };
        let groups: [Group; AHEAD] = core::array::from_fn(|i| match i < count {
            true => self.group(group.plane, group.first + i * WIDTH),
            false => group,
        });
        let ranges = groups.map(|group| aligned(self.mask.visible_to_any(group)));
        let mut sights = [Sight::default(); AHEAD];
        let all = ranges[..count].iter().filter(|keys| !keys.is_empty()).cloned();
        let all = all.reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or(0..0);
        for block in blocks(all) {
            for ((group, keys), sight) in groups[..count].iter().zip(&ranges).zip(&mut sights) {
                let part = block.start.max(keys.start)..block.end.min(keys.end);
                if part.is_empty() {
                    continue;
                }
                let logits = &mut strips.room(*group)[part.start - keys.start..part.end - keys.start];
                self.logits(*group, part, Stage::Masked, packed, logits);
                sight.look::<Native>(logits);
            }
        }
        for ((group, keys), sight) in groups[..count].iter().zip(&ranges).zip(sights) {
            strips.keep(Ahead { group: *group, keys: (keys.start, keys.len()), sight });
        }
    }

    /// Whether the packed keys of a head are more than half of a second cache of 512 KB.
    fn outgrows_cache(&self) -> bool {
        !self.is_few() && self.sizes.keys.saturating_mul(self.rows.size) > 1 << 16
    }

    /// What the rows of a group leave behind.
    pub fn statistic(&self, group: Group, packed: &mut Packed, strips: &mut Strips) -> Statistic {
        let (first, logits, sight) = self.observe(group, 0, packed, strips);
        let mut statistic = sight.statistic();
        self.normalizer.of(group.plane % self.sizes.heads).statistic(Strip { first, logits }, &mut statistic);
        statistic
    }

    /// The same, and the terms of all keys that any row of the group may see; `wanted` where statistics of the rows will be asked for.
    /// `more` groups will be asked for after this one.
    pub fn settle<'s>(
        &self,
        group: Group,
        more: usize,
        packed: &mut Packed,
        strips: &'s mut Strips,
        wanted: bool,
    ) -> Settled<'s> {
        let (first, terms, sight) = self.observe(group, more, packed, strips);
        let mut statistic = sight.statistic();
        let informed = self.normalizer.of(group.plane % self.sizes.heads).settle(first, terms, &mut statistic, wanted);
        Settled { strip: Strip { first, logits: terms }, statistic, informed }
    }

    /// Turns some logits of rows of `plane` whose statistic is known into weights, the first of them that of key `first`.
    pub fn weights(&self, plane: usize, first: usize, logits: &mut [Lanes], statistic: &Statistic) {
        self.normalizer.of(plane % self.sizes.heads).terms(first, logits, statistic);
        weigh::<Native>(logits, statistic);
    }

    /// Adds terms · V of one block of keys to `output`, dv rounded up to four elements, a lane per row. `spare` has room for the
    /// block.
    pub fn accumulate(
        &self,
        group: Group,
        block: Strip,
        packed: &mut Packed,
        spare: &mut [Lanes],
        output: &mut [Lanes],
    ) {
        let (plane, size) = (self.sizes.kv_plane(group.plane), self.sizes.value_size);
        let last = self.sizes.keys.min(block.first + block.logits.len());
        let whole = block.first..block.first + block.logits.len();
        let rows = plane * self.sizes.keys..(plane + 1) * self.sizes.keys;
        let matrix = &self.value[rows.start * self.sizes.value_size..rows.end * self.sizes.value_size];
        let logits = &mut spare[..whole.len()];
        if self.is_few() {
            let values = &matrix[block.first.min(last) * size..last * size];
            sum_rows::<Native>(values, size, block.logits, group.count, &mut packed.sums);
            if packed.sums.iter().any(|sums| !sums[..group.count].iter().all(|sum| sum.is_finite())) {
                self.logits(group, whole, Stage::Masked, packed, logits);
                sum_selected(values, size, logits, block.logits, group.count, &mut packed.sums);
            }
            for (output, sums) in output.iter_mut().zip(&packed.sums) {
                output.iter_mut().zip(sums).for_each(|(output, sum)| *output += sum);
            }
            return;
        }
        let is_unsafe = packed.values.load(plane, matrix, self.sizes.keys).1[block.first / BLOCK];
        if is_unsafe {
            self.logits(group, whole, Stage::Masked, packed, logits);
        }
        let (panels, _) = packed.values.load(plane, matrix, self.sizes.keys);
        for (panel, output) in panels.chunks_exact(self.sizes.keys.max(1)).zip(output.as_chunks_mut::<4>().0) {
            let values = &panel[block.first.min(last)..last];
            if is_unsafe {
                add_selected(values, logits, block.logits, output);
            } else {
                add_tile::<Native>(values, block.logits, output);
            }
        }
    }
}

/// The rows of a group, ready to be used: their terms, and what makes weights of them.
pub struct Settled<'s> {
    /// The terms, where the logits stood.
    pub strip: Strip<'s>,
    /// What the rows leave behind.
    pub statistic: Statistic,
    /// Other sums over the terms, where the normalizer knows them.
    pub informed: Option<Informed>,
}

impl Settled<'_> {
    /// The weights of one of its blocks.
    pub fn weights(&self, block: Strip, weights: &mut [Lanes]) {
        weights.copy_from_slice(block.logits);
        weigh::<Native>(weights, &self.statistic);
    }
}

/// The keys from the multiple of four at or before the start to the one at or after the end: whole panels.
pub fn aligned(keys: Range<usize>) -> Range<usize> {
    keys.start / 4 * 4..keys.end.next_multiple_of(4)
}

/// A copy of `row` at the start of `to`.
fn copied<'t>(to: &'t mut [f32], row: &[f32]) -> &'t mut [f32] {
    let to = &mut to[..row.len()];
    to.copy_from_slice(row);
    to
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
    Err(Error::parameter(
        &name,
        &"such that scale / temperature is finite in single precision",
        &format_args!("{} / {}", show_scaled(scale), show_scaled(options.temperature)),
    ))
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
            kept: set.of(0).keeps_rows() && !position.changes_rows,
            multiplied: matches!(set.of(0).combine(), Combine::Product),
            size: set.of(0).size(&sizes),
            keeps_dimensions: score.keeps_dimensions,
            score: set,
            position: position.set(&options.position, sizes, mask.position(0))?,
        })
    }
}

/// `factor` times the scores of few queries and of keys, both rows of `size` numbers, one after the other.
fn score_few(queries: &[f32], size: usize, keys: &[f32], factor: f32, out: &mut [Lanes]) {
    let size = size.max(1);
    let count = queries.len() / size;
    for (key, out) in keys.chunks_exact(size).zip(out) {
        let mut last = 0.0;
        for (lane, out) in out.iter_mut().enumerate() {
            // Lanes without a query have the last one's.
            if lane < count {
                last = dot::<Native>(&queries[lane * size..(lane + 1) * size], key) * factor;
            }
            *out = last;
        }
    }
}

/// `factor` times the scores of eight queries and as many keys as `out`.
fn scores<V: F32x4>(combine: Combine, panels: &[Quad], queries: &[Lanes], factor: f32, out: &mut [Lanes]) {
    match combine {
        Combine::Product => each_tile(panels, queries, factor, out, tile::<V>),
        Combine::Distance => each_tile(panels, queries, factor, out, distance_tile::<V>),
        Combine::Additive(v) => {
            let tanh = Tanh::default();
            each_tile(panels, queries, factor, out, |a, b| additive_tile::<V>(a, b, v, &tanh));
        }
    }
}

/// One tile per panel of four keys.
#[inline(always)]
fn each_tile<V: F32x4>(
    panels: &[Quad],
    queries: &[Lanes],
    factor: f32,
    out: &mut [Lanes],
    tile: impl Fn(&[Quad], &[Lanes]) -> [F32x8<V>; 4],
) {
    let factor = F32x8::splat(factor);
    for (panel, out) in panels.chunks_exact(queries.len()).zip(out.as_chunks_mut::<4>().0) {
        let ([a, b, c, d], [to_a, to_b, to_c, to_d]) = (tile(panel, queries), out);
        (a * factor).store(to_a);
        (b * factor).store(to_b);
        (c * factor).store(to_c);
        (d * factor).store(to_d);
    }
}

fn soften<V: F32x4>(cap: f32, logits: &mut [Lanes]) {
    let (cap, tanh) = (F32x8::<V>::splat(cap), Tanh::default());
    for l in logits {
        (cap * tanh.of(F32x8::load(l) / cap)).store(l);
    }
}

/// Terms to weights, where they stand.
fn weigh<V: F32x4>(terms: &mut [Lanes], statistic: &Statistic) {
    let factor = F32x8::<V>::load(&statistic.factor);
    for t in &mut *terms {
        (F32x8::load(t) * factor).store(t);
    }
    if statistic.usable() {
        return;
    }
    for (lane, status) in statistic.status.iter().enumerate().filter(|(_, status)| !status.usable()) {
        terms.iter_mut().for_each(|t| t[lane] = status.filling());
    }
}

fn add_tile<V: F32x4>(values: &[Quad], terms: &[Lanes], output: &mut [Lanes; 4]) {
    let ([a, b, c, d], [to_a, to_b, to_c, to_d]) = (tile::<V>(values, terms), output);
    (F32x8::load(to_a) + a).store(to_a);
    (F32x8::load(to_b) + b).store(to_b);
    (F32x8::load(to_c) + c).store(to_c);
    (F32x8::load(to_d) + d).store(to_d);
}

/// The same sum where V holds a NaN or an infinity: a removed key is passed over, because 0 · NaN is NaN and removed keys
/// must not be observable.
fn add_selected(values: &[Quad], logits: &[Lanes], terms: &[Lanes], output: &mut [Lanes; 4]) {
    for lane in 0..WIDTH {
        let mut sum = [0.0; 4];
        for ((values, logits), terms) in values.iter().zip(logits).zip(terms) {
            if logits[lane] != f32::NEG_INFINITY {
                sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += terms[lane] * v);
            }
        }
        output.iter_mut().zip(sum).for_each(|(output, sum)| output[lane] += sum);
    }
}

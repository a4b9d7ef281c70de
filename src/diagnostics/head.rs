//! One number per head: means over its rows, and how near it comes to the patterns that heads are named after.
//!
//! [`Head`] takes the statistics of rows ([`Head::add_statistics`]), their weights ([`Head::add`]), or both, in any order of
//! rows, and works the means out at the end, in the order of rows: they do not depend, bit for bit, on how the rows came.
//!
//! Three rules say which rows a mean is over. Rows for which a number is undefined are left out: entropy has no share of ln m
//! where m ≤ 1, a row without mass has no entropy, the first row has no previous key. Rows without a key or without weight
//! have a mass of 0 and count where masses are averaged. A row that failed (NaN, infinity) makes every number of the head NaN.

use crate::diagnostics::frame::{self, Frame, Grid, Repetition};
use crate::diagnostics::pattern::{self, Detector, Pattern};
use crate::diagnostics::rows::{self, Columns, RowSums};
use crate::error::Error;
use crate::member::{Member, Text};
use crate::normalize::Status;
use crate::panel::BLOCK;
use crate::simd::{Lanes, WIDTH};
use crate::tensor::{filled, reserved};

/// What has come of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Seen {
    statistics: bool,
    weights: bool,
}

/// The rows of one head, as they come.
#[derive(Clone, Debug)]
pub struct Head {
    keys: usize,
    offset: i64,
    grid: Option<Grid>,
    repetition: Option<Repetition>,
    allowed: Vec<f32>,
    columns: Columns,
    /// The distance on the grid, for each row.
    grid_distance: Vec<f64>,
    /// The weight on the key that induction would look at, for each row; NaN where there is none.
    stripe: Vec<f32>,
    detectors: [Option<Detector>; 3],
    seen: Vec<Seen>,
}

impl Head {
    /// Room for the rows of a head: some 60 bytes for each, and 40 more for each pattern.
    ///
    /// # Errors
    /// `Fault::Shape`, `Fault::Count` or `Fault::Parameter` where the parts of `frame` do not fit each other,
    /// `Fault::OutOfMemory`.
    pub fn new(frame: &Frame) -> Result<Head, Error> {
        frame.check()?;
        let Frame { queries, keys, offset, tokens, exclude, grid, .. } = *frame;
        let detector = |pattern: Pattern| {
            let known = queries == keys && (tokens.is_some() || !pattern.needs_tokens());
            known.then(|| Detector::new(pattern, queries, tokens, exclude)).transpose()
        };
        let mut allowed = reserved("statistics", queries)?;
        allowed.extend((0..queries).map(|i| frame.allowed.map_or(keys as f32, |allowed| allowed[i] as f32)));
        let [previous, duplicate, induction] = Pattern::ALL;
        Ok(Head {
            keys,
            offset,
            grid,
            repetition: frame.repetition(),
            allowed,
            columns: Columns::new(queries)?,
            grid_distance: filled("statistics", if grid.is_some() { queries } else { 0 }, f64::NAN)?,
            stripe: filled("statistics", queries, f32::NAN)?,
            detectors: [detector(previous)?, detector(duplicate)?, detector(induction)?],
            seen: filled("statistics", queries, Seen::default())?,
        })
    }

    /// Adds the weights of whole rows, `weights` (rows, M), of which the first is row `first_row`, and what statistics they
    /// have.
    ///
    /// # Errors
    /// `Fault::Shape` where these are no whole rows, or rows that the head does not have.
    pub fn add(&mut self, first_row: usize, weights: &[f32]) -> Result<(), Error> {
        self.add_weights(first_row, weights)?;
        for (group, weights) in weights.chunks(self.keys.saturating_mul(WIDTH)).enumerate() {
            self.add_group(first_row + group * WIDTH, weights);
        }
        Ok(())
    }

    /// [`Head::add`] without the statistics: for rows whose statistics are known and come by [`Head::add_statistics`].
    ///
    /// # Errors
    /// As [`Head::add`].
    pub fn add_weights(&mut self, first_row: usize, weights: &[f32]) -> Result<(), Error> {
        self.check("weights", first_row, weights.len() / self.keys, weights.len() % self.keys)?;
        for (row, weights) in (first_row..).zip(weights.chunks_exact(self.keys)) {
            self.add_row(row, weights);
        }
        Ok(())
    }

    /// Adds the statistics of rows, where they are known already: row `first_row` and those after it. What is made of weights
    /// stays NaN until those are added too.
    ///
    /// # Errors
    /// `Fault::Shape` where the head does not have so many rows.
    pub fn add_statistics(&mut self, first_row: usize, columns: &Columns) -> Result<(), Error> {
        let count = columns.mass.len();
        self.check("statistics", first_row, count, 0)?;
        self.columns.copy_from(first_row, columns);
        self.seen[first_row..first_row + count].iter_mut().for_each(|seen| seen.statistics = true);
        Ok(())
    }

    fn check(&self, name: &str, first_row: usize, rows: usize, left: usize) -> Result<(), Error> {
        let queries = self.seen.len();
        if left == 0 && first_row <= queries && rows <= queries - first_row {
            return Ok(());
        }
        Err(Error::shape(
            &name,
            &format_args!("whole rows of {} keys, within {queries} rows", self.keys),
            &format_args!("{rows} rows and {left} keys from row {first_row} on"),
        ))
    }

    /// The row statistics of up to eight rows, by the kernel that the fused path runs.
    fn add_group(&mut self, first_row: usize, weights: &[f32]) {
        let positions = core::array::from_fn(|lane| self.offset.saturating_add((first_row + lane) as i64));
        let mut sums = RowSums::over(self.keys, positions);
        let mut block = [[0.0; WIDTH]; BLOCK];
        for first in (0..self.keys).step_by(BLOCK) {
            let block = &mut block[..BLOCK.min(self.keys - first)];
            to_lanes(weights, self.keys, first, block);
            sums.add(first, block);
        }
        let allowed = core::array::from_fn(|lane| self.allowed.get(first_row + lane).copied().unwrap_or(0.0));
        let statistic = sums.judge(allowed);
        for lane in 0..weights.len() / self.keys {
            sums.write(lane, &statistic, first_row + lane, &mut self.columns);
            self.seen[first_row + lane].statistics = true;
        }
    }

    /// What is read off the weights of one row alone.
    fn add_row(&mut self, row: usize, weights: &[f32]) {
        for detector in self.detectors.iter_mut().flatten() {
            detector.add_piece(row, 0, weights);
        }
        if let Some(repetition) = self.repetition.filter(|repetition| repetition.rows().contains(&row)) {
            self.stripe[row] = weights[repetition.key(row)];
        }
        if let Some(grid) = &self.grid {
            self.grid_distance[row] = grid.distance(row, weights);
        }
        self.seen[row].weights = true;
    }

    /// The numbers of the head, in the order of [`HEAD_STATISTICS`].
    ///
    /// # Errors
    /// `Fault::Count` where rows are missing, `Fault::OutOfMemory`.
    pub fn values(&self) -> Result<Vec<f64>, Error> {
        let found = self.seen.iter().filter(|seen| seen.statistics).count();
        if found != self.seen.len() {
            return Err(Error::count(&"rows", self.seen.len() as u64, found as u64));
        }
        let failed = |status: Status| self.columns.status.contains(&(status as u8));
        let failed = failed(Status::Nan) || failed(Status::Inf);
        let mut values = reserved("statistics", HEAD_STATISTICS.len())?;
        values.extend(HEAD_STATISTICS.iter().map(|entry| if failed { f64::NAN } else { (entry.value)(self) }));
        Ok(values)
    }

    /// The statistics of the rows, zeros where they have not come.
    pub fn rows(&self) -> &Columns {
        &self.columns
    }

    fn mean(&self, column: impl Fn(&Columns) -> &[f32]) -> f64 {
        mean(column(&self.columns).iter().map(|&x| f64::from(x)))
    }

    /// The mean weight on key 0 over the queries at position `from` and later.
    fn sink(&self, from: i64) -> f64 {
        let rows = self.columns.first_mass.len();
        // Held to the rows that there are: further off than a 32-bit word holds is still after the last.
        let first = from.saturating_sub(self.offset).clamp(0, rows as i64) as usize;
        sink_mass(&self.columns.first_mass, first)
    }

    fn distance(&self) -> f64 {
        match self.grid {
            Some(_) => self.by_weights(|| mean(self.grid_distance.iter().copied())),
            None => self.mean(|columns| &columns.attention_distance),
        }
    }

    fn detector(&self, pattern: Pattern, measure: fn(&Detector) -> f64) -> f64 {
        self.by_weights(|| self.detectors[pattern as usize].as_ref().map_or(f64::NAN, measure))
    }

    /// NaN until all weights are there.
    fn by_weights(&self, value: impl Fn() -> f64) -> f64 {
        if self.seen.iter().all(|seen| seen.weights) { value() } else { f64::NAN }
    }
}

/// The mean of what is defined; NaN where nothing is.
fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let add = |(sum, count), value| (sum + value, count + 1.0);
    let (sum, count) = values.filter(|value| !value.is_nan()).fold((0.0, 0.0), add);
    sum / count
}

/// Rows of M weights to lanes of rows, for the keys from `first` on.
fn to_lanes(weights: &[f32], keys: usize, first: usize, block: &mut [Lanes]) {
    for (lane, row) in weights.chunks_exact(keys).enumerate() {
        for (lanes, &w) in block.iter_mut().zip(&row[first..]) {
            lanes[lane] = w;
        }
    }
}

/// a_k, the sink mass of key k: the mean of A_ik over the rows i ≥ k, which see it under a causal mask. `column` holds A_ik for
/// all i; `from` is k, or k + 1 to leave out the row that has the least choice. NaN where there is no such row.
///
/// Source: Gu et al. 2024, arXiv 2410.10781, section 3.
pub fn sink_mass(column: &[f32], from: usize) -> f64 {
    mean(column.iter().skip(from).map(|&x| f64::from(x)))
}

/// The metric Sink_k: the share of heads whose sink mass is above `eps`; the paper has eps = 0.3 ([`SINK_EPS`]), k = 0 and texts
/// of 64 tokens. Heads whose sink mass is NaN are left out; NaN where none is left.
///
/// Source: Gu et al. 2024, arXiv 2410.10781.
pub fn sink_metric(sink_masses: &[f64], eps: f64) -> f64 {
    mean(sink_masses.iter().map(|&mass| if mass.is_nan() { mass } else { f64::from(u8::from(mass > eps)) }))
}

/// The eps of [`sink_metric`] in the paper.
pub const SINK_EPS: f64 = 0.3;

/// A number of a head.
pub struct HeadStatistic {
    /// What it says about itself; the id is the name in JavaScript.
    pub member: Member,
    value: fn(&Head) -> f64,
}

const fn number(
    id: &'static str,
    [en, zh]: [&'static str; 2],
    [about_en, about_zh]: [&'static str; 2],
    [formula, source]: [&'static str; 2],
    value: fn(&Head) -> f64,
) -> HeadStatistic {
    let about = Text { en: about_en, zh: about_zh };
    HeadStatistic { member: Member::cited(id, Text { en, zh }, about, formula, source), value }
}

const SINK_SOURCE: &str = "Gu et al. 2024, arXiv 2410.10781";
/// The two measures, by the names that they have there.
const MUL: &str = "TransformerLens, head_detector.py, mul";
const ABS: &str = "TransformerLens, head_detector.py, abs";

/// The numbers of a head, in the order in which they are shown.
pub static HEAD_STATISTICS: &[HeadStatistic] = &[
    number(
        "meanMass",
        ["Mean row sum", "平均行和"],
        ["The mean over rows of the sum of weights; 1 for softmax.", "各行权重之和的平均值；softmax 为 1。"],
        ["mean_i Σ_j A_ij", ""],
        |head| head.mean(|columns| &columns.mass),
    ),
    number(
        "meanEntropy",
        ["Mean entropy", "平均熵"],
        ["How spread out the rows are, on average, in nats.", "各行平均的分散程度，单位 nat。"],
        ["mean_i H_i", "Zhai et al. 2023, arXiv 2303.06296"],
        |head| head.mean(|columns| &columns.entropy),
    ),
    number(
        "meanNormalizedEntropy",
        ["Mean normalised entropy", "平均归一化熵"],
        [
            "Entropy over the largest possible, averaged over the rows that have a choice of keys.",
            "熵除以其可能的最大值，对有多个可选键的行取平均。",
        ],
        ["mean_i H_i / ln m_i, m_i > 1", "Shannon 1948, section 7"],
        |head| head.mean(|columns| &columns.normalized_entropy),
    ),
    number(
        "meanEffectiveKeys",
        ["Mean effective keys", "平均有效键数"],
        [
            "So many keys with equal weights would be as spread out, on average over the rows.",
            "同样分散的等权重键有多少个，对各行取平均。",
        ],
        ["mean_i exp(H_i)", "Hill 1973, number of order 1"],
        |head| head.mean(|columns| &columns.effective_keys),
    ),
    number(
        "confidence",
        ["Confidence", "置信度"],
        [
            "The mean over rows of the largest share. Voita et al. (2019) leave out the end-of-sentence token.",
            "各行最大占比的平均值。Voita 等（2019）不计句末词元。",
        ],
        ["mean_i max_j p_ij", "Voita et al. 2019, arXiv 1905.09418"],
        |head| head.mean(|columns| &columns.max_weight),
    ),
    number(
        "meanAttentionDistance",
        ["Mean attention distance", "平均注意力距离"],
        [
            "How far away the head looks: in positions, or in pixels on a grid of patches.",
            "该头平均关注多远：以位置计，或在图像块网格上以像素计。",
        ],
        ["mean_i Σ_j p_ij |i − j|", "Dosovitskiy et al. 2020, arXiv 2010.11929, figure 7"],
        |head| head.distance(),
    ),
    number(
        "sinkMass",
        ["On the first key", "首键权重"],
        [
            "The mean weight on key 0, in many models a sink: it takes what no other key wants.",
            "第 0 个键的平均权重；在许多模型中它是汇聚点，接收无处可去的权重。",
        ],
        ["mean_{i ≥ 0} A_i0", SINK_SOURCE],
        |head| head.sink(0),
    ),
    number(
        "sinkMassAfterFirst",
        ["On the first key, later rows", "首键权重（不含首行）"],
        [
            "The same without the first row, which under a causal mask has no other key.",
            "同上，不计首行：因果掩码下它没有别的键可选。",
        ],
        ["mean_{i ≥ 1} A_i0", SINK_SOURCE],
        |head| head.sink(1),
    ),
    number(
        "selfMass",
        ["On itself", "自身权重"],
        ["The mean weight on the key at the query's own position.", "查询自身位置的键的平均权重。"],
        ["mean_i A_ii", "Clark et al. 2019, arXiv 1906.04341"],
        |head| head.mean(|columns| &columns.self_mass),
    ),
    number(
        "previousTokenScore",
        ["Previous-token score", "前一词元得分"],
        ["The mean weight on the key one position before: 0 to 1.", "前一个位置的键的平均权重：0 到 1。"],
        ["mean_{i ≥ 1} A_{i,i−1}", "Voita et al. 2019, arXiv 1905.09418"],
        |head| head.mean(|columns| &columns.previous_mass),
    ),
    number(
        "duplicateTokenShare",
        ["Duplicate-token share", "重复词元占比"],
        [
            "The mean weight on earlier tokens that are the same, over the rows that have some.",
            "对存在更早相同词元的行，其落在这些词元上的平均权重。",
        ],
        ["mean of Σ_j A_ij over j < i with t(j) = t(i), over rows with such j", "Wang et al. 2022, arXiv 2211.00593"],
        |head| head.detector(Pattern::DuplicateToken, Detector::row_share),
    ),
    number(
        "inductionScore",
        ["Induction score", "归纳得分"],
        [
            "Induction looks at what followed the same token before: its mean weight, on tokens given twice, 0 to 1.",
            "归纳即看相同词元上次之后的那个词元：词元序列重复两次时它的平均权重，0 到 1。",
        ],
        ["mean_{i=n}^{2n−1} A_{i,i−n+1}", "Olsson et al. 2022, arXiv 2209.11895"],
        |head| head.by_weights(|| mean(head.stripe.iter().map(|&x| f64::from(x)))),
    ),
    number(
        "previousTokenMul",
        ["Previous token, share", "前一词元，占比"],
        ["The share of all attention on previous tokens.", "全部注意力中落在前一词元上的占比。"],
        ["Σ A D / Σ A", MUL],
        |head| head.detector(Pattern::PreviousToken, Detector::mul),
    ),
    number(
        "previousTokenAbs",
        ["Previous token, likeness", "前一词元，相近度"],
        [
            "How near the weights come to looking at the previous token alone: −1 to 1, to three decimals.",
            "权重与“只看前一词元”的接近程度：−1 到 1，取三位小数。",
        ],
        ["1 − Σ |A − D| / N to 3 decimals", ABS],
        |head| head.detector(Pattern::PreviousToken, Detector::abs),
    ),
    number(
        "duplicateTokenMul",
        ["Duplicate token, share", "重复词元，占比"],
        ["The share of all attention on earlier tokens that are the same.", "全部注意力中落在更早相同词元上的占比。"],
        ["Σ A D / Σ A", MUL],
        |head| head.detector(Pattern::DuplicateToken, Detector::mul),
    ),
    number(
        "duplicateTokenAbs",
        ["Duplicate token, likeness", "重复词元，相近度"],
        [
            "How near the weights come to 1 on each earlier equal token, to three decimals: at most 1, below −1 where there are many.",
            "权重与“每个更早的相同词元上都为 1”的接近程度，取三位小数：至多为 1，这样的词元多时低于 −1。",
        ],
        ["1 − Σ |A − D| / N to 3 decimals", ABS],
        |head| head.detector(Pattern::DuplicateToken, Detector::abs),
    ),
    number(
        "inductionMul",
        ["Induction, share", "归纳，占比"],
        [
            "The share of all attention on what followed the same token; at most one half on a sequence given twice.",
            "全部注意力中落在相同词元上次之后那个词元上的占比；对重复两次的序列至多为二分之一。",
        ],
        ["Σ A D / Σ A", MUL],
        |head| head.detector(Pattern::Induction, Detector::mul),
    ),
    number(
        "inductionAbs",
        ["Induction, likeness", "归纳，相近度"],
        [
            "The same for each token that followed the same one, to three decimals: at most 1, below −1 where there are many.",
            "同上，换成相同词元之后的每个词元，取三位小数：至多为 1，这样的词元多时低于 −1。",
        ],
        ["1 − Σ |A − D| / N to 3 decimals", ABS],
        |head| head.detector(Pattern::Induction, Detector::abs),
    ),
];

/// The numbers of a head in double precision, in the order of [`HEAD_STATISTICS`], from the whole `weights` (N, M).
pub fn definition(weights: &[f64], frame: &Frame) -> Vec<f64> {
    let Frame { queries: n, keys: m, offset, .. } = *frame;
    let row = |i: usize| &weights[i * m..][..m];
    let allowed = |i: usize| frame.allowed.map_or(m, |allowed| allowed[i] as usize);
    let position = |i: usize| offset.saturating_add(i as i64);
    let rows: Vec<_> = (0..n).map(|i| rows::definition(row(i), allowed(i), position(i))).collect();
    let column = |id: &str| rows::STATISTICS.iter().position(|member| member.id == id).expect("in the list");
    let from = |first: i64, id: &str| {
        let wanted = (0..n).filter(|&i| position(i) >= first);
        mean_definition(wanted.map(|i| rows[i][column(id)]))
    };
    let all = |id: &str| from(i64::MIN, id);
    let on_grid = |grid: Grid| mean_definition((0..n).map(|i| frame::definition(grid, i, row(i))));
    let means = [
        all("mass"),
        all("entropy"),
        all("normalizedEntropy"),
        all("effectiveKeys"),
        all("maxWeight"),
        frame.grid.map_or_else(|| all("attentionDistance"), on_grid),
        from(0, "firstMass"),
        from(1, "firstMass"),
        all("selfMass"),
        all("previousMass"),
    ];
    means.into_iter().chain(tokens_definition(weights, frame)).collect()
}

/// What is made of the tokens and their places.
// Not a kernel: a part of the oracle.
fn tokens_definition(weights: &[f64], frame: &Frame) -> Vec<f64> {
    let (n, tokens) = (frame.queries, frame.tokens.unwrap_or_default());
    let a = |i: usize, j: usize| weights[i * frame.keys + j];
    let duplicates = |i: usize| (0..i).filter(move |&j| tokens[j] == tokens[i]);
    let marked = (0..tokens.len()).filter(|&i| duplicates(i).count() > 0);
    let share = mean_definition(marked.map(|i| duplicates(i).map(|j| a(i, j)).sum()));
    let induction = frame.repetition().map_or(f64::NAN, |Repetition { length, bos }| {
        let shift = usize::from(bos);
        mean_definition((length..2 * length).map(|i| a(i + shift, i - length + 1 + shift)))
    });
    let places: Vec<u32> = (0..n as u32).collect();
    let measured = |pattern: Pattern| {
        let tokens = if pattern.needs_tokens() { frame.tokens } else { Some(places.as_slice()) };
        let known = tokens.filter(|_| n == frame.keys);
        known.map_or([f64::NAN; 2], |tokens| pattern::definition(pattern, tokens, frame.exclude, weights))
    };
    [share, induction].into_iter().chain(Pattern::ALL.into_iter().flat_map(measured)).collect()
}

/// The mean of what is defined.
// Not a kernel: a part of the oracle.
fn mean_definition(values: impl Iterator<Item = f64>) -> f64 {
    let defined: Vec<f64> = values.filter(|x| !x.is_nan()).collect();
    defined.iter().sum::<f64>() / defined.len() as f64
}

//! What practitioners read off a row of weights. Summed while the weights of a block are at hand, so that nothing is stored.
//!
//! With p_j = w_j / Σ w: entropy −Σ p ln p in nats, its part of the largest possible, ln m with m the keys that are left;
//! effective keys exp(entropy) and 1 / Σ p²; the largest p and where it is, the mean distance Σ p_j |i + offset − j|. With w
//! itself: the mass Σ w, and the weights on the first key, on the key where the query stands, and on the one before.

use crate::attend::{Problem, Settled};
use crate::double;
use crate::mask::Group;
use crate::math::Ln;
use crate::member::{Member, Text};
use crate::normalize::{Informed, Statistic, Status};
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};

/// The quantities of a row, in the order in which they are shown; the ids are the names in JavaScript.
pub static STATISTICS: &[Member] = &[
    Member::cited(
        "mass",
        Text { en: "Row sum", zh: "行和" },
        Text { en: "The sum of the row's weights; 1 for softmax.", zh: "该行权重之和；softmax 为 1。" },
        "Σ w",
        "",
    ),
    Member::cited(
        "entropy",
        Text { en: "Entropy", zh: "熵" },
        Text { en: "How spread out the row is, in nats.", zh: "该行的分散程度，单位 nat。" },
        "−Σ p ln p",
        "Zhai et al. 2023, arXiv 2303.06296",
    ),
    Member::cited(
        "normalizedEntropy",
        Text { en: "Normalised entropy", zh: "归一化熵" },
        Text {
            en: "Entropy over the largest that the keys left after the masks allow: 0 for one key, 1 for all alike.",
            zh: "熵除以掩码后剩余键所能达到的最大熵：集中于一个键为 0，均匀分布为 1。",
        },
        "entropy / ln m",
        "Shannon 1948, section 7",
    ),
    Member::cited(
        "effectiveKeys",
        Text { en: "Effective keys", zh: "有效键数" },
        Text {
            en: "As many equally weighted keys would have the same entropy.", zh: "具有相同熵的等权键的数量。"
        },
        "exp(entropy)",
        "Hill 1973, number of order 1",
    ),
    Member::cited(
        "collisionKeys",
        Text { en: "Effective keys (order 2)", zh: "有效键数（二阶）" },
        Text {
            en: "As many equally weighted keys would be drawn twice in a row as often; small weights hardly count.",
            zh: "使连续两次抽到同一键的概率相同的等权键的数量；小权重几乎不计。",
        },
        "1 / Σ p²",
        "Hill 1973, number of order 2",
    ),
    Member::cited(
        "maxWeight",
        Text { en: "Largest share", zh: "最大占比" },
        Text { en: "The largest weight over the row's sum.", zh: "最大权重除以行和。" },
        "max p",
        "Voita et al. 2019, arXiv 1905.09418",
    ),
    Member::cited(
        "argmax",
        Text { en: "Strongest key", zh: "最强的键" },
        Text {
            en: "The key with the largest weight; the first of equals.", zh: "权重最大的键；并列取最前。"
        },
        "argmax w",
        "",
    ),
    Member::cited(
        "attentionDistance",
        Text { en: "Attention distance", zh: "注意力距离" },
        Text {
            en: "How far away the row looks, on average, in positions.", zh: "该行平均关注多远的位置。"
        },
        "Σ p |i − j|",
        "Dosovitskiy et al. 2020, arXiv 2010.11929, figure 7",
    ),
    Member::cited(
        "firstMass",
        Text { en: "On the first key", zh: "首键权重" },
        Text {
            en: "The weight on key 0, where many heads park what they do not use.",
            zh: "第 0 个键的权重，许多头把不用的注意力放在这里。",
        },
        "w_0",
        "Gu et al. 2024, arXiv 2410.10781",
    ),
    Member::cited(
        "selfMass",
        Text { en: "On itself", zh: "自身权重" },
        Text { en: "The weight on the key at the query's own position.", zh: "查询自身位置的键的权重。" },
        "w_i",
        "",
    ),
    Member::cited(
        "previousMass",
        Text { en: "On the previous key", zh: "前一键权重" },
        Text { en: "The weight on the key one position before.", zh: "前一个位置的键的权重。" },
        "w_{i−1}",
        "Voita et al. 2019, arXiv 1905.09418",
    ),
];

/// How many keys make a run.
pub const RUN: usize = 8;

/// The terms of eight rows at keys from a multiple of [`RUN`] to the next, and what they come to.
pub struct Run<'t, V> {
    /// The first key.
    pub first: usize,
    /// One element per key, a lane per row.
    pub terms: &'t [Lanes],
    /// The largest.
    pub max: F32x8<V>,
    /// The sum.
    pub sum: F32x8<V>,
}

/// The running sums of eight rows, over terms t: a weight is a term times the row's factor.
pub struct RowSums {
    keys: i64,
    mass: Lanes,
    /// Σ t ln t.
    information: Lanes,
    /// Σ (t / max)², so that no square leaves the range of single precision.
    squares: Lanes,
    /// Whether these two are summed here: the normalizer may have known them.
    sums_information: bool,
    sums_squares: bool,
    distance: Lanes,
    max: Lanes,
    argmax: Lanes,
    first: Lanes,
    own: Lanes,
    previous: Lanes,
    positions: [i64; WIDTH],
    /// The lowest and the highest of them, and how far each is from the lowest.
    lowest: i64,
    highest: i64,
    spread: Lanes,
}

impl RowSums {
    /// Sums for the rows of `group`.
    pub fn new(problem: &Problem, group: Group, settled: &Settled) -> RowSums {
        let positions = core::array::from_fn(|lane| problem.mask.position(group.first + lane));
        let sums = RowSums::over(problem.sizes.keys, positions);
        match settled.informed {
            Some(Informed { information, squares }) => RowSums {
                information,
                squares: squares.unwrap_or(sums.squares),
                sums_information: false,
                sums_squares: squares.is_none(),
                ..sums
            },
            None => sums,
        }
    }

    /// Sums for eight rows of `keys` terms whose queries stand at `positions`, i + offset.
    pub fn over(keys: usize, positions: [i64; WIDTH]) -> RowSums {
        let zeros = [0.0; WIDTH];
        let (lowest, highest) = positions.iter().fold((i64::MAX, i64::MIN), |(a, b), &p| (a.min(p), b.max(p)));
        RowSums {
            keys: keys as i64,
            mass: zeros,
            information: zeros,
            distance: zeros,
            squares: zeros,
            sums_information: true,
            sums_squares: true,
            max: zeros,
            argmax: [-1.0; WIDTH],
            first: zeros,
            own: zeros,
            previous: zeros,
            positions,
            lowest,
            highest,
            spread: positions.map(|p| p.saturating_sub(lowest) as f32),
        }
    }

    /// Adds the terms of one block of keys, the first of which is key `first`.
    pub fn add(&mut self, first: usize, terms: &[Lanes]) {
        self.add_runs(first, terms, |_: Run<Native>| {});
    }

    /// The same, and hands on each run of keys while it is at hand.
    #[inline(always)]
    pub fn add_runs<V: F32x4>(&mut self, first: usize, terms: &[Lanes], mut each: impl FnMut(Run<V>)) {
        let before = self.max;
        if self.sums_information {
            add_information::<V>(&mut self.information, terms);
        }
        let (mut mass, mut distance) = (F32x8::splat(0.0), F32x8::splat(0.0));
        let mut start = 0;
        while start < terms.len() {
            let key = first + start;
            let end = terms.len().min((key / RUN + 1) * RUN - first);
            let run = &terms[start..end];
            let (max, sum, far) = self.look(key as i64, run);
            (mass, distance) = (mass + sum, distance + far);
            self.raise(key, run, max);
            each(Run { first: key, terms: run, max, sum });
            start = end;
        }
        (F32x8::load(&self.mass) + mass).store(&mut self.mass);
        (F32x8::load(&self.distance) + distance).store(&mut self.distance);
        if self.sums_squares {
            self.add_squares::<V>(&before, terms);
        }
        pick(&mut self.first, [0; WIDTH], first, terms);
        pick(&mut self.own, self.positions, first, terms);
        pick(&mut self.previous, self.positions.map(|p| p.saturating_sub(1)), first, terms);
    }

    /// The largest term, the sum and Σ t |i − j| of a run that begins at `key`. Each row's is the distance of the end nearest to
    /// the query times the sum, and what is beyond that end; where all queries stand on the same side the same bits come faster.
    #[inline(always)]
    fn look<V: F32x4>(&self, key: i64, run: &[Lanes]) -> (F32x8<V>, F32x8<V>, F32x8<V>) {
        let length = run.len() as i64 - 1;
        let last = key + length;
        let spread = F32x8::load(&self.spread);
        let after = F32x8::splat(self.lowest.saturating_sub(last) as f32) + spread;
        let before = F32x8::splat(key.saturating_sub(self.lowest) as f32) - spread;
        if self.lowest >= last {
            return look(run, after, &DOWN[RUN - run.len()..], F32x8::splat);
        }
        if self.highest <= key {
            return look(run, before, &UP, F32x8::splat);
        }
        // Those of before come to the end of the run, those among its keys past them.
        let from = F32x8::load(&self.positions.map(|p| p.saturating_sub(key).clamp(0, length) as f32));
        let by = F32x8::load(&self.positions.map(|p| if p <= key { 1.0 } else { -1.0 }));
        let away = after.max_relaxed(before).max_relaxed(F32x8::splat(0.0));
        look(run, away, &UP, |step| (from + by * F32x8::splat(step)).abs())
    }

    /// Takes in the largest terms of a run; where one is larger than all before, the first key that has it.
    #[inline(always)]
    fn raise<V: F32x4>(&mut self, key: usize, run: &[Lanes], max: F32x8<V>) {
        let before = F32x8::load(&self.max);
        if !before.any_less(max) {
            return;
        }
        let mut place = F32x8::splat(-1.0);
        for (index, terms) in run.iter().enumerate().rev() {
            place = F32x8::load(terms).if_equal(max, F32x8::splat((key + index) as f32), place);
        }
        before.if_less(max, place, F32x8::load(&self.argmax)).store(&mut self.argmax);
        before.if_less(max, max, before).store(&mut self.max);
    }

    /// The second walk over a block, when its largest term is known; `before` is the largest up to there.
    fn add_squares<V: F32x4>(&mut self, before: &Lanes, terms: &[Lanes]) {
        let tiny = F32x8::<V>::splat(f32::MIN_POSITIVE);
        let scale = F32x8::splat(1.0) / tiny.max_relaxed(F32x8::load(&self.max));
        let mut squares = F32x8::splat(0.0);
        for terms in terms {
            let share = F32x8::load(terms) * scale;
            squares = share.mul_add_relaxed(share, squares);
        }
        let shrink = F32x8::load(before) * scale;
        (F32x8::load(&self.squares) * shrink * shrink + squares).store(&mut self.squares);
    }

    /// What can be said of rows of which only the weights are known, and `allowed`, how many keys were left in each.
    pub fn judge(&self, allowed: Lanes) -> Statistic {
        let status = self.mass.map(|mass| match mass {
            _ if mass.is_nan() => Status::Nan,
            f32::INFINITY => Status::Inf,
            0.0 => Status::Zeroed,
            _ => Status::Ok,
        });
        let empty = |lane: usize| if allowed[lane] == 0.0 { Status::Empty } else { status[lane] };
        Statistic {
            max: [0.0; WIDTH],
            allowed,
            factor: [1.0; WIDTH],
            values: [[0.0; WIDTH]; 5],
            status: core::array::from_fn(empty),
        }
    }

    /// Writes what the sums say of row `lane` to place `at` of the columns.
    pub fn write(&self, lane: usize, statistic: &Statistic, at: usize, to: &mut Columns) {
        let status = statistic.status[lane];
        let factor = statistic.factor[lane];
        let weight = |term: f32| if status.usable() { term * factor } else { status.filling() };
        let on = |key: i64, term: f32| if (0..self.keys).contains(&key) { weight(term) } else { f32::NAN };
        let (mass, max) = (self.mass[lane], f64::from(self.max[lane]));
        // Rows without mass have no shares: everything made of p is undefined. The factor is in none of them.
        let shares = status.usable() && weight(mass) > 0.0;
        let share = |x: f64| if shares { x as f32 } else { f32::NAN };
        let r = f64::from(mass);
        // −Σ p ln p with p = t / r.
        let entropy = double::ln(r) - f64::from(self.information[lane]) / r;
        // Rounding may take it below 0; a NaN, of a sum that overflowed, stays one.
        let entropy = if entropy < 0.0 { 0.0 } else { entropy };
        let own = self.positions[lane];
        to.mass[at] = weight(mass);
        to.entropy[at] = share(entropy);
        to.normalized_entropy[at] = share(normalized(entropy, f64::from(statistic.allowed[lane])));
        to.effective_keys[at] = share(double::exp(entropy));
        to.collision_keys[at] = share(((r / max).powi(2) / f64::from(self.squares[lane])).max(1.0));
        to.max_weight[at] = share(max / r);
        to.argmax[at] = if shares { self.argmax[lane] as i32 } else { -1 };
        to.attention_distance[at] = share(f64::from(self.distance[lane]) / r);
        to.first_mass[at] = on(0, self.first[lane]);
        to.self_mass[at] = on(own, self.own[lane]);
        to.previous_mass[at] = on(own.saturating_sub(1), self.previous[lane]);
        to.status[at] = status as u8;
    }
}

/// Adds Σ t ln t of one block.
fn add_information<V: F32x4>(to: &mut Lanes, terms: &[Lanes]) {
    let ln = Ln::default();
    let information = terms.iter().fold(F32x8::<V>::splat(0.0), |information, terms| {
        let t = F32x8::load(terms);
        t.mul_add_relaxed(ln.of(t), information)
    });
    (F32x8::load(to) + information).store(to);
}

/// How many keys those of a run are from its first, and from its last.
static UP: [f32; RUN] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
static DOWN: [f32; RUN] = [7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0];

/// The largest term of a run, the sum, and Σ t (away + beyond(step)).
#[inline(always)]
fn look<V: F32x4>(
    run: &[Lanes],
    away: F32x8<V>,
    steps: &[f32],
    beyond: impl Fn(f32) -> F32x8<V>,
) -> (F32x8<V>, F32x8<V>, F32x8<V>) {
    let zero = F32x8::splat(0.0);
    let (mut max, mut sum, mut far) = (zero, zero, zero);
    for (terms, &step) in run.iter().zip(steps) {
        let t = F32x8::load(terms);
        (max, sum, far) = (max.max_relaxed(t), sum + t, t.mul_add_relaxed(beyond(step), far));
    }
    (max, sum, sum.mul_add_relaxed(away, far))
}

/// Entropy over ln m; undefined for a row that has no choice.
fn normalized(entropy: f64, allowed: f64) -> f64 {
    if allowed > 1.0 { (entropy / double::ln(allowed)).min(1.0) } else { f64::NAN }
}

/// Takes the term of each lane's own key, where it lies in this block.
fn pick(to: &mut Lanes, keys: [i64; WIDTH], first: usize, terms: &[Lanes]) {
    for (lane, key) in keys.into_iter().enumerate() {
        let index = usize::try_from(key.saturating_sub(first as i64)).ok();
        if let Some(terms) = index.and_then(|index| terms.get(index)) {
            to[lane] = terms[lane];
        }
    }
}

macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $empty:expr),* $(,)?) => {
        /// The statistics of some rows, a column per quantity; see [`STATISTICS`].
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Columns { $($(#[$doc])* pub $name: Vec<$type>),* }

        impl Columns {
            /// Room for `rows` rows.
            ///
            /// # Errors
            /// [`crate::error::Error::OutOfMemory`].
            pub fn new(rows: usize) -> Result<Columns, crate::error::Error> {
                Ok(Columns { $($name: crate::tensor::filled("statistics", rows, $empty)?),* })
            }

            /// Room for `rows` rows, in memory that is there already where they were as many before.
            pub fn resize(&mut self, rows: usize) {
                $(self.$name.resize(rows, $empty);)*
            }

            /// Copies all rows of `from` to the places from `at` on, which must be there.
            pub fn copy_from(&mut self, at: usize, from: &Columns) {
                $(self.$name[at..at + from.$name.len()].copy_from_slice(&from.$name);)*
            }
        }
    };
}

columns! {
    /// Σ w.
    mass: f32 = 0.0,
    /// −Σ p ln p, in nats; NaN where there is no mass.
    entropy: f32 = 0.0,
    /// entropy / ln m with m the keys that are left; NaN where there are fewer than two.
    normalized_entropy: f32 = 0.0,
    /// exp(entropy).
    effective_keys: f32 = 0.0,
    /// 1 / Σ p².
    collision_keys: f32 = 0.0,
    /// max p.
    max_weight: f32 = 0.0,
    /// The key of the largest weight, the lowest of equals; −1 where there is no mass.
    argmax: i32 = -1,
    /// Σ p |i + offset − j|, in positions.
    attention_distance: f32 = 0.0,
    /// w at key 0; NaN where there is no such key, as for the next two.
    first_mass: f32 = 0.0,
    /// w at key i + offset.
    self_mass: f32 = 0.0,
    /// w at key i + offset − 1.
    previous_mass: f32 = 0.0,
    /// How the row ended: [`crate::normalize::Status`].
    status: u8 = 0,
}

/// What [`STATISTICS`] says of one row, in its order, in double precision: `weights` of all M keys, of which `allowed` were
/// left after the masks, for a query that stands at `position`.
pub fn definition(weights: &[f64], allowed: usize, position: i64) -> Vec<f64> {
    let mass: f64 = weights.iter().sum();
    let p: Vec<f64> = weights.iter().map(|w| w / mass).collect();
    let shares = |x: f64| if mass > 0.0 { x } else { f64::NAN };
    let entropy: f64 = -p.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>();
    let normalized = if allowed > 1 { entropy / (allowed as f64).ln() } else { f64::NAN };
    let collision: f64 = 1.0 / p.iter().map(|p| p * p).sum::<f64>();
    let max = p.iter().copied().fold(0.0, f64::max);
    let argmax = p.iter().position(|p| *p == max).map_or(-1.0, |j| j as f64);
    let distance: f64 = p.iter().enumerate().map(|(j, p)| p * position.abs_diff(j as i64) as f64).sum();
    let on = |key: i64| usize::try_from(key).ok().and_then(|key| weights.get(key)).copied().unwrap_or(f64::NAN);
    vec![
        mass,
        shares(entropy),
        shares(normalized),
        shares(entropy.exp()),
        shares(collision),
        shares(max),
        if mass > 0.0 { argmax } else { -1.0 },
        shares(distance),
        on(0),
        on(position),
        on(position.saturating_sub(1)),
    ]
}

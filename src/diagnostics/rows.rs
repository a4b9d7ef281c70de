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
use crate::normalize::{Statistic, Status};
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

/// What an entropy is made of.
enum Information {
    /// Σ w ln w, summed here.
    OfWeights(Lanes),
    /// Σ t ln t of the terms, which the normalizer knew.
    OfTerms(Lanes),
}

/// The running sums of eight rows.
pub struct RowSums {
    mass: Lanes,
    information: Information,
    distance: Lanes,
    /// Σ (w / max)², so that no square leaves the range of single precision.
    squares: Lanes,
    max: Lanes,
    argmax: Lanes,
    first: Lanes,
    own: Lanes,
    previous: Lanes,
    positions: [i64; WIDTH],
}

impl RowSums {
    /// Sums for the rows of `group`. A key that does not exist weighs NaN.
    pub fn new(problem: &Problem, group: Group, settled: &Settled) -> RowSums {
        let positions = core::array::from_fn(|lane| problem.mask.position(group.first + lane));
        let sums = RowSums::over(problem.sizes.keys, positions);
        match settled.information {
            Some(of_terms) => RowSums { information: Information::OfTerms(of_terms), ..sums },
            None => sums,
        }
    }

    /// Sums for eight rows of `keys` weights whose queries stand at `positions`, i + offset.
    pub fn over(keys: usize, positions: [i64; WIDTH]) -> RowSums {
        let existing = |key: i64| if (0..keys as i64).contains(&key) { 0.0 } else { f32::NAN };
        RowSums {
            mass: [0.0; WIDTH],
            information: Information::OfWeights([0.0; WIDTH]),
            distance: [0.0; WIDTH],
            squares: [0.0; WIDTH],
            max: [0.0; WIDTH],
            argmax: [-1.0; WIDTH],
            first: [existing(0); WIDTH],
            own: positions.map(existing),
            previous: positions.map(|p| existing(p.saturating_sub(1))),
            positions,
        }
    }

    /// Adds the weights of one block of keys, the first of which is key `first`.
    pub fn add(&mut self, first: usize, weights: &[Lanes]) {
        let before = self.max;
        if let Information::OfWeights(information) = &mut self.information {
            add_information::<Native>(information, weights);
        }
        self.add_sums::<Native>(first, weights);
        self.add_squares::<Native>(&before, weights);
        pick(&mut self.first, [0; WIDTH], first, weights);
        pick(&mut self.own, self.positions, first, weights);
        pick(&mut self.previous, self.positions.map(|p| p.saturating_sub(1)), first, weights);
    }

    fn add_sums<V: F32x4>(&mut self, first: usize, weights: &[Lanes]) {
        let zero = F32x8::<V>::splat(0.0);
        let position = F32x8::load(&self.positions.map(|p| p as f32));
        let (mut mass, mut distance) = (zero, zero);
        let (mut max, mut argmax) = (F32x8::load(&self.max), F32x8::load(&self.argmax));
        for (index, weights) in weights.iter().enumerate() {
            let w = F32x8::load(weights);
            let key = F32x8::splat((first + index) as f32);
            mass = mass + w;
            distance = w.mul_add_relaxed((position - key).abs(), distance);
            argmax = max.if_less(w, key, argmax);
            max = max.max_relaxed(w);
        }
        (F32x8::load(&self.mass) + mass).store(&mut self.mass);
        (F32x8::load(&self.distance) + distance).store(&mut self.distance);
        max.store(&mut self.max);
        argmax.store(&mut self.argmax);
    }

    /// The second walk over a block, when its largest weight is known; `before` is the largest up to there.
    fn add_squares<V: F32x4>(&mut self, before: &Lanes, weights: &[Lanes]) {
        let tiny = F32x8::<V>::splat(f32::MIN_POSITIVE);
        let scale = F32x8::splat(1.0) / tiny.max_relaxed(F32x8::load(&self.max));
        let mut squares = F32x8::splat(0.0);
        for weights in weights {
            let share = F32x8::load(weights) * scale;
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
        let failed = status.failed();
        let (mass, max) = (self.mass[lane], self.max[lane]);
        // Rows without mass have no shares: everything made of p is undefined.
        let shares = mass > 0.0 && !failed;
        let share = |x: f64| if shares { x as f32 } else { f32::NAN };
        let weight = |w: f32| if failed { f32::NAN } else { w };
        let r = f64::from(mass);
        let factor = f64::from(statistic.factor[lane]);
        // −Σ p ln p with p = w / r, and w = t · factor.
        let entropy = match self.information {
            Information::OfWeights(sum) => double::ln(r) - f64::from(sum[lane]) / r,
            Information::OfTerms(sum) => double::ln(r / factor) - factor * f64::from(sum[lane]) / r,
        };
        // Rounding may take it below 0; a NaN, of a sum that overflowed, stays one.
        let entropy = if entropy < 0.0 { 0.0 } else { entropy };
        to.mass[at] = weight(mass);
        to.entropy[at] = share(entropy);
        to.normalized_entropy[at] = share(normalized(entropy, f64::from(statistic.allowed[lane])));
        to.effective_keys[at] = share(double::exp(entropy));
        to.collision_keys[at] = share(((r / f64::from(max)).powi(2) / f64::from(self.squares[lane])).max(1.0));
        to.max_weight[at] = share(f64::from(max) / r);
        to.argmax[at] = if shares { self.argmax[lane] as i32 } else { -1 };
        to.attention_distance[at] = share(f64::from(self.distance[lane]) / r);
        to.first_mass[at] = weight(self.first[lane]);
        to.self_mass[at] = weight(self.own[lane]);
        to.previous_mass[at] = weight(self.previous[lane]);
        to.status[at] = status as u8;
    }
}

/// Adds Σ w ln w of one block.
fn add_information<V: F32x4>(to: &mut Lanes, weights: &[Lanes]) {
    let ln = Ln::default();
    let information = weights.iter().fold(F32x8::<V>::splat(0.0), |information, weights| {
        let w = F32x8::load(weights);
        w.mul_add_relaxed(ln.of(w), information)
    });
    (F32x8::load(to) + information).store(to);
}

/// Entropy over ln m; undefined for a row that has no choice.
fn normalized(entropy: f64, allowed: f64) -> f64 {
    if allowed > 1.0 { (entropy / double::ln(allowed)).min(1.0) } else { f64::NAN }
}

/// Takes the weight of each lane's own key, where it lies in this block.
fn pick(to: &mut Lanes, keys: [i64; WIDTH], first: usize, weights: &[Lanes]) {
    for (lane, key) in keys.into_iter().enumerate() {
        let index = usize::try_from(key.saturating_sub(first as i64)).ok();
        if let Some(weights) = index.and_then(|index| weights.get(index)).filter(|_| !to[lane].is_nan()) {
            to[lane] = weights[lane];
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

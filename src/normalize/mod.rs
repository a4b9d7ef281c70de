//! LOGITS → WEIGHTS. A normalizer is a row statistic and a pointwise map: `statistic` reads the logits of a row and leaves a
//! few numbers, `terms` turns each logit into a term with them, and a weight is a term times one factor of the row. Once the
//! statistic is known, any part of the row can be worked out again on its own.
//!
//! The factor stands apart so that the fused path needs one exponential for each logit, not two: it multiplies V by terms, and
//! the output by the factor.
//!
//! Removed keys have the logit minus infinity and get a weight of exactly 0. Rows that no normalizer can help (no key left,
//! NaN, +infinity) are marked by [`Sight`]: a member computes something for their lanes, and `attend.rs` overwrites it.
//!
//! To add one: a file in this folder with `ENTRY` and `definition`, and its name in the list below.

use crate::error::Error;
use crate::member::{Kind, Member, Named, Parameter, Text, named};
use crate::options::{Choice, Settings};
use crate::panel::BLOCK;
use crate::score;
use crate::simd::{F32x4, F32x8, Lanes, WIDTH};
use crate::tensor::{Head, PerHead, Sizes};
use core::ops::Range;

/// The logits of eight rows at consecutive keys, the first of which is key `first`.
#[derive(Clone, Copy)]
pub struct Strip<'a> {
    /// The key of the first element.
    pub first: usize,
    /// One element per key, a lane per row.
    pub logits: &'a [Lanes],
}

impl<'a> Strip<'a> {
    /// The strip in blocks that end at multiples of [`BLOCK`], each with its first key.
    pub fn blocks(self) -> impl Iterator<Item = Strip<'a>> {
        let blocks = blocks(self.first..self.first + self.logits.len());
        blocks.map(move |keys| Strip {
            first: keys.start,
            logits: &self.logits[keys.start - self.first..keys.end - self.first],
        })
    }

    /// Σ_j term(l_j) for each row, by blocks and in ascending j, so that the sum does not depend on where the strip starts
    /// as long as the terms left out are zeros.
    #[inline(always)]
    pub fn sum<V: F32x4>(self, term: impl Fn(F32x8<V>) -> F32x8<V>) -> F32x8<V> {
        let zero = F32x8::splat(0.0);
        self.sums(|l| (term(l), zero)).0
    }

    /// Two sums at once, as [`Strip::sum`].
    #[inline(always)]
    pub fn sums<V: F32x4>(self, terms: impl Fn(F32x8<V>) -> (F32x8<V>, F32x8<V>)) -> (F32x8<V>, F32x8<V>) {
        let mut total = (F32x8::splat(0.0), F32x8::splat(0.0));
        for block in self.blocks() {
            let mut sum = (F32x8::splat(0.0), F32x8::splat(0.0));
            for logits in block.logits {
                let (a, b) = terms(F32x8::load(logits));
                sum = (sum.0 + a, sum.1 + b);
            }
            total = (total.0 + sum.0, total.1 + sum.1);
        }
        total
    }
}

/// The keys `range` in blocks that end at multiples of [`BLOCK`].
pub fn blocks(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let mut start = range.start;
    core::iter::from_fn(move || {
        let end = range.end.min((start / BLOCK + 1) * BLOCK);
        let block = start..end;
        start = end;
        (!block.is_empty()).then_some(block)
    })
}

/// How a row ended. Kernels never fail, they report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// As it should be.
    #[default]
    Ok,
    /// No key is left: weights and output are 0.
    Empty,
    /// A threshold removed every weight: weights and output are 0.
    Zeroed,
    /// A NaN among the logits of the keys that are left: weights and output are NaN.
    Nan,
    /// Plus infinity among them: weights and output are NaN.
    Inf,
}

impl Status {
    /// All of them, in order.
    pub const ALL: [Status; 5] = [Status::Ok, Status::Empty, Status::Zeroed, Status::Nan, Status::Inf];

    /// Whether the row can be mapped.
    pub fn usable(self) -> bool {
        matches!(self, Status::Ok | Status::Zeroed)
    }

    /// What the weights of a row are that cannot: 0 without a key, else NaN.
    pub fn filling(self) -> f32 {
        if self.failed() { f32::NAN } else { 0.0 }
    }

    /// Whether everything in the row is NaN.
    pub fn failed(self) -> bool {
        matches!(self, Status::Nan | Status::Inf)
    }
}

const fn status(id: &'static str, label: Text, about: Text) -> Member {
    Member::plain(id, label, about, "")
}

/// What each [`Status`] is called, in the order of its values.
pub static STATUSES: &[Member] = &[
    status("ok", Text { en: "ok", zh: "正常" }, Text { en: "A normal row.", zh: "正常的一行。" }),
    status(
        "empty",
        Text { en: "no key left", zh: "无可用键" },
        Text {
            en: "Every key of the row is removed; its weights are 0.", zh: "该行的键全被移除，权重为 0。"
        },
    ),
    status(
        "zeroed",
        Text { en: "all zero", zh: "全部归零" },
        Text { en: "The threshold removed every weight of the row.", zh: "阈值移除了该行的全部权重。" },
    ),
    status(
        "nan",
        Text { en: "not a number", zh: "非数值" },
        Text { en: "A score of the row is not a number.", zh: "该行有分数不是数值。" },
    ),
    status(
        "inf",
        Text { en: "infinite", zh: "无穷大" },
        Text { en: "A score of the row is plus infinity.", zh: "该行有分数为正无穷。" },
    ),
];

/// What a row of logits leaves behind: enough to map any of its logits again.
#[derive(Clone, Copy, Debug)]
pub struct Statistic {
    /// max_j l_j over the keys that are left; 0 in rows that cannot be mapped.
    pub max: Lanes,
    /// m_i, the number of keys that are left.
    pub allowed: Lanes,
    /// What each term is multiplied by to be a weight.
    pub factor: Lanes,
    /// The member's own numbers.
    pub values: [Lanes; 5],
    /// How each row ended.
    pub status: [Status; WIDTH],
}

impl Statistic {
    /// How many numbers [`Statistic::to_numbers`] gives.
    pub const NUMBERS: usize = 9 * WIDTH;

    /// The member's number `index` for all rows.
    #[inline(always)]
    pub fn value<V: F32x4>(&self, index: usize) -> F32x8<V> {
        F32x8::load(&self.values[index])
    }

    /// Whether every row can be mapped.
    pub fn usable(&self) -> bool {
        self.status.iter().all(|status| status.usable())
    }

    /// What it is in plain numbers, for another worker that asks about the same rows.
    pub fn to_numbers(&self) -> [f32; Self::NUMBERS] {
        let [a, b, c, d, e] = self.values;
        let status = self.status.map(|status| f32::from(status as u8));
        let mut numbers = [0.0; Self::NUMBERS];
        for (to, from) in
            numbers.chunks_exact_mut(WIDTH).zip([self.max, self.allowed, self.factor, a, b, c, d, e, status])
        {
            to.copy_from_slice(&from);
        }
        numbers
    }

    /// The reverse of [`Statistic::to_numbers`]; `None` for what is no statistic.
    pub fn from_numbers(numbers: &[f32]) -> Option<Statistic> {
        let lanes = |index: usize| numbers.get(index * WIDTH..(index + 1) * WIDTH)?.try_into().ok();
        let statuses: Lanes = lanes(8)?;
        let mut status = [Status::Ok; WIDTH];
        for (status, number) in status.iter_mut().zip(statuses) {
            *status = *Status::ALL.iter().find(|status| f32::from(**status as u8) == number)?;
        }
        let values = [lanes(3)?, lanes(4)?, lanes(5)?, lanes(6)?, lanes(7)?];
        Some(Statistic { max: lanes(0)?, allowed: lanes(1)?, factor: lanes(2)?, values, status })
    }
}

/// Sums over the terms of rows, besides their own.
#[derive(Clone, Copy, Debug)]
pub struct Informed {
    /// Σ t ln t.
    pub information: Lanes,
    /// Σ (t / max)², with the largest term, where the squares of terms are numbers to count on.
    pub squares: Option<Lanes>,
}

/// A normalizer with its parameters set, for one query head.
pub trait Normalizer: Send + Sync {
    /// Reads the rows; `max`, `allowed`, the status and a factor of 1 are there already. A member that may leave a row without
    /// any weight marks it [`Status::Zeroed`] here.
    fn statistic(&self, strip: Strip, statistic: &mut Statistic);

    /// Turns the logits of any part of the rows, the first of them that of key `first`, into terms where they stand.
    fn terms(&self, first: usize, logits: &mut [Lanes], statistic: &Statistic);

    /// Both for whole rows. A member that has ln t and the largest term at hand also gives sums of them where they are `wanted`,
    /// which spares the entropy its logarithms.
    fn settle(&self, first: usize, logits: &mut [Lanes], statistic: &mut Statistic, _wanted: bool) -> Option<Informed> {
        self.statistic(Strip { first, logits }, statistic);
        self.terms(first, logits, statistic);
        None
    }
}

/// How the error of a weight follows from those of the logits of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    /// Relative to the weight, by their absolute errors: exponentials.
    Exponential,
    /// Absolute, by their absolute errors: piecewise linear maps.
    Linear,
    /// Relative to the weight, by their relative errors: shares of the sum of the logits themselves.
    Share,
}

/// Makes a normalizer of its parameters, for one query head.
pub type Build = fn(&Settings, &Head) -> Result<Box<dyn Normalizer>, Error>;

/// A member of the list.
pub struct Entry {
    /// What it says about itself.
    pub member: Member,
    /// Whether the weights of a row sum to 1 whatever the parameters.
    pub sums_to_one: bool,
    /// How the error of a weight follows from those of the logits.
    pub sensitivity: Sensitivity,
    /// Whether adding a number to every logit of a row changes nothing.
    pub shift_invariant: bool,
    /// A score of its own, which takes the place of the caller's.
    pub score: Option<&'static score::Entry>,
    /// Options that have no meaning with it: names of the options, `attnBias` for every bias.
    pub forbids: &'static [&'static str],
    /// Sets its parameters.
    pub build: Build,
}

/// The weights of the keys that are left (at least one, in ascending order), in double precision and in the shape of the paper:
/// the oracle of the tests.
pub type Definition = fn(logits: &[f64], settings: &Settings, head: &Head) -> Vec<f64>;

macro_rules! normalizers {
    (of logits: [$($name:ident),* $(,)?], of weights: [$($after:ident),*], with a score: [$($own:ident),*]) => {
        $(pub mod $name;)*
        $(pub mod $after;)*
        $(pub mod $own;)*
        /// Every normalizer, in the order of the menus.
        pub static NORMALIZERS: &[&Entry] = &[$(&$name::ENTRY,)* $(&$after::ENTRY,)* $(&$own::ENTRY),*];
        /// The definitions, in the same order: apart, so that they are not linked into what ships.
        pub static DEFINITIONS: &[Definition] =
            &[$($name::definition,)* $($after::definition,)* $($own::definition),*];
        /// The names of those whose weights another one may change.
        static OF_LOGITS: &[Named] = &[$(($name::ENTRY.member.id, $name::ENTRY.member.label)),*];
        /// What the tests hold the scores of normalizers to, by id.
        pub static SCORES: &[(&str, score::Definition)] = &[$(($own::ENTRY.member.id, $own::SCORE)),*];
    };
}

mod parts;

normalizers! {
    of logits: [softmax, sigmoid, softmax1, softmax_sink, sparsemax, entmax15, relu_n, topk],
    of weights: [soft_threshold],
    with a score: [linear_elu1]
}

/// The normalizer that `choice` names.
///
/// # Errors
/// `Fault::Unknown` for a name that is not in the list.
pub fn find(choice: &Choice) -> Result<&'static Entry, Error> {
    choice.find("normalizer", NORMALIZERS, |entry| &entry.member)
}

impl Entry {
    /// The normalizer with its parameters set, for every query head that differs.
    ///
    /// # Errors
    /// `Fault::Parameter` or `Fault::Shape`, naming the parameter.
    pub fn set(&self, choice: &Choice, sizes: Sizes) -> Result<PerHead<Box<dyn Normalizer>>, Error> {
        let settings = choice.settings(&self.member, &sizes)?;
        PerHead::new(sizes, self.member.differs_by_head(), |head| (self.build)(&settings, head))
    }
}

/// What n counts, where a member divides by a number of keys.
const N: Parameter = Parameter::new(
    "n",
    Text { en: "n counts", zh: "n 的含义" },
    Text {
        en: "Which keys n counts: all M, or those that the row can see.",
        zh: "n 统计哪些键：全部 M 个，或该行可见的键。",
    },
    Kind::Choice {
        options: &[
            named("keys", Text { en: "all keys", zh: "全部键" }),
            named("visible", Text { en: "visible keys", zh: "可见键" }),
        ],
        default: Some("keys"),
    },
);

/// The first look at eight rows, block by block as their logits are made: their maxima, how many keys are left, and which rows
/// cannot be mapped.
#[derive(Clone, Copy)]
pub struct Sight {
    max: Lanes,
    allowed: Lanes,
    nan: Lanes,
}

impl Default for Sight {
    fn default() -> Sight {
        Sight { max: [f32::NEG_INFINITY; WIDTH], allowed: [0.0; WIDTH], nan: [0.0; WIDTH] }
    }
}

impl Sight {
    /// Takes a block in. A sum that is finite says of all its logits that none is a NaN, removed or infinite; only where it is
    /// not are they looked at one by one (a maximum may or may not hide a NaN).
    pub fn look<V: F32x4>(&mut self, block: &[Lanes]) {
        let (mut max, mut sum) = (F32x8::<V>::load(&self.max), F32x8::splat(0.0));
        for logits in block {
            let l = F32x8::load(logits);
            max = max.max_relaxed(l);
            sum = sum + l;
        }
        let mut sums = [0.0; WIDTH];
        sum.store(&mut sums);
        if sums.iter().all(|sum| sum.is_finite()) {
            max.store(&mut self.max);
            self.allowed.iter_mut().for_each(|allowed| *allowed += block.len() as f32);
        } else {
            self.look_closely::<V>(block);
        }
    }

    fn look_closely<V: F32x4>(&mut self, block: &[Lanes]) {
        let (zero, one) = (F32x8::<V>::splat(0.0), F32x8::splat(1.0));
        let removed = F32x8::splat(f32::NEG_INFINITY);
        let (mut max, mut allowed) = (F32x8::load(&self.max), F32x8::load(&self.allowed));
        let mut nan = F32x8::load(&self.nan);
        for logits in block {
            let l = F32x8::load(logits);
            max = max.max_relaxed(l);
            allowed = allowed + removed.if_less(l, one, zero);
            nan = l.if_equal(l, nan, one);
        }
        max.store(&mut self.max);
        allowed.store(&mut self.allowed);
        nan.store(&mut self.nan);
    }

    /// What a normalizer starts from.
    pub fn statistic(self) -> Statistic {
        let Sight { max, allowed, nan } = self;
        let mut statistic =
            Statistic { max, allowed, factor: [1.0; WIDTH], values: [[0.0; WIDTH]; 5], status: Default::default() };
        for (lane, status) in statistic.status.iter_mut().enumerate() {
            *status = match (nan[lane] > 0.0, max[lane]) {
                (true, _) => Status::Nan,
                (_, f32::INFINITY) => Status::Inf,
                (_, f32::NEG_INFINITY) => Status::Empty,
                _ => continue,
            };
            statistic.max[lane] = 0.0;
        }
        statistic
    }
}

/// Puts `term` of each logit in its place.
#[inline(always)]
fn map_each<V: F32x4>(logits: &mut [Lanes], term: impl Fn(F32x8<V>) -> F32x8<V>) {
    for l in logits {
        term(F32x8::load(l)).store(l);
    }
}

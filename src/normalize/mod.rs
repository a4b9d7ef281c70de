//! LOGITS → WEIGHTS. A normalizer is a row statistic and a pointwise map: `statistic` reads the logits of a row and leaves a
//! few numbers, `map` turns each logit into a weight with them. Once the statistic is known, any part of the row can be
//! worked out again on its own.
//!
//! Removed keys have the logit minus infinity and get a weight of exactly 0. Rows that no normalizer can help (no key left,
//! NaN, +infinity) are marked by [`observe`]: a member computes something for their lanes, and `attend.rs` overwrites it.
//!
//! To add one: a file in this folder with `ENTRY` and `definition`, and its name in the list below.

use crate::error::Error;
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::{Choice, Settings};
use crate::panel::BLOCK;
use crate::score;
use crate::simd::{F32x4, F32x8, Lanes, WIDTH};
use crate::tensor::{Head, PerHead, Sizes};

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
        let head = (BLOCK - self.first % BLOCK).min(self.logits.len());
        let (head, rest) = self.logits.split_at(head);
        let start = self.first + head.len();
        let rest = rest.chunks(BLOCK).enumerate();
        let rest = rest.map(move |(i, logits)| Strip { first: start + i * BLOCK, logits });
        core::iter::once(Strip { first: self.first, logits: head }).chain(rest)
    }

    /// Σ_j term(l_j) for each row, by blocks and in ascending j, so that the sum does not depend on where the strip starts
    /// as long as the terms left out are zeros.
    #[inline(always)]
    pub fn sum<V: F32x4>(self, term: impl Fn(F32x8<V>) -> F32x8<V>) -> F32x8<V> {
        let mut total = F32x8::splat(0.0);
        for block in self.blocks() {
            let mut sum = F32x8::splat(0.0);
            for logits in block.logits {
                sum = sum + term(F32x8::load(logits));
            }
            total = total + sum;
        }
        total
    }
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
    /// The member's own numbers.
    pub values: [Lanes; 5],
    /// How each row ended.
    pub status: [Status; WIDTH],
}

impl Statistic {
    /// The member's number `index` for all rows.
    #[inline(always)]
    pub fn value<V: F32x4>(&self, index: usize) -> F32x8<V> {
        F32x8::load(&self.values[index])
    }

    /// Whether every row can be mapped.
    pub fn usable(&self) -> bool {
        self.status.iter().all(|status| status.usable())
    }
}

/// A normalizer with its parameters set, for one query head.
pub trait Normalizer: Send + Sync {
    /// Reads the rows; `max`, `allowed` and the status are there already. A member that may leave a row without any weight
    /// marks it [`Status::Zeroed`] here.
    fn statistic(&self, strip: Strip, statistic: &mut Statistic);

    /// The weights of any part of the rows.
    fn map(&self, strip: Strip, statistic: &Statistic, weights: &mut [Lanes]);
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
        static OF_LOGITS: &[(&str, Text)] = &[$(($name::ENTRY.member.id, $name::ENTRY.member.label)),*];
        /// What the tests hold the scores of normalizers to, by id.
        pub static SCORES: &[(&str, score::Definition)] = &[$(($own::ENTRY.member.id, $own::SCORE)),*];
    };
}

normalizers! {
    of logits: [softmax, sigmoid, softmax1, softmax_sink, sparsemax, entmax15, relu_n, topk],
    of weights: [soft_threshold],
    with a score: [linear_elu1]
}

/// The normalizer that `choice` names.
///
/// # Errors
/// [`Error::Unknown`] for a name that is not in the list.
pub fn find(choice: &Choice) -> Result<&'static Entry, Error> {
    choice.find("normalizer", NORMALIZERS, |entry| &entry.member)
}

impl Entry {
    /// The normalizer with its parameters set, for every query head that differs.
    ///
    /// # Errors
    /// [`Error::Parameter`] or [`Error::Shape`], naming the parameter.
    pub fn set(&self, choice: &Choice, sizes: Sizes) -> Result<PerHead<Box<dyn Normalizer>>, Error> {
        let settings = choice.settings(&self.member, &sizes)?;
        PerHead::new(sizes, self.member.differs_by_head(), |head| (self.build)(&settings, head))
    }
}

/// What n counts, where a member divides by a number of keys.
const N: Parameter = Parameter {
    name: "n",
    label: Text { en: "n counts", zh: "n 的含义" },
    about: Text {
        en: "Which keys n counts: all M, or those that the row can see.",
        zh: "n 统计哪些键：全部 M 个，或该行可见的键。",
    },
    kind: Kind::Choice {
        options: &[
            ("keys", Text { en: "all keys", zh: "全部键" }),
            ("visible", Text { en: "visible keys", zh: "可见键" }),
        ],
        default: Some("keys"),
    },
};

/// The first look at eight rows: their maxima, how many keys are left, and which rows cannot be mapped.
///
/// A NaN is looked for by itself: a maximum may or may not hide one.
pub fn observe<V: F32x4>(strip: Strip) -> Statistic {
    let (zero, one) = (F32x8::<V>::splat(0.0), F32x8::splat(1.0));
    let removed = F32x8::splat(f32::NEG_INFINITY);
    let (mut max, mut allowed, mut nan) = (removed, zero, zero);
    for logits in strip.logits {
        let l = F32x8::load(logits);
        max = max.max_or_self(l);
        allowed = allowed + removed.if_less(l, one, zero);
        nan = l.if_equal(l, nan, one);
    }
    let mut statistic =
        Statistic { max: [0.0; 8], allowed: [0.0; 8], values: [[0.0; 8]; 5], status: Default::default() };
    let mut nans = [0.0; WIDTH];
    max.store(&mut statistic.max);
    allowed.store(&mut statistic.allowed);
    nan.store(&mut nans);
    for (lane, status) in statistic.status.iter_mut().enumerate() {
        *status = match (nans[lane] > 0.0, statistic.max[lane]) {
            (true, _) => Status::Nan,
            (_, f32::INFINITY) => Status::Inf,
            (_, f32::NEG_INFINITY) => Status::Empty,
            _ => continue,
        };
        statistic.max[lane] = 0.0;
    }
    statistic
}

/// Applies `weight` to each logit.
#[inline(always)]
fn map_each<V: F32x4>(logits: &[Lanes], weights: &mut [Lanes], weight: impl Fn(F32x8<V>) -> F32x8<V>) {
    for (logits, weights) in logits.iter().zip(weights) {
        weight(F32x8::load(logits)).store(weights);
    }
}

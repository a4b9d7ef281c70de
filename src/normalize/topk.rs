//! Top-k: softmax over the keys whose logit is at least the k-th largest. Zhao et al., *Explicit Sparse Transformer* (2019), section
//! 3, arXiv 1912.11637. With `ties: keep` every key as strong as the k-th stays, so there may be more than k, and the order of
//! keys does not matter; with `ties: first` there are exactly k, and the first of equals win.
//!
//! The k-th largest is found by bisection, not by sorting: single-precision numbers are ordered like the whole numbers that
//! their bits spell, so at most 32 counts of the keys at or above a middle settle it, exactly, eight rows at once. In a long row
//! the maxima of its parts give a bound from below first, which leaves few keys to count.

use super::parts::few::Few;
use super::{Entry, Normalizer, Sensitivity, Statistic, Strip};
use crate::math::Exp;
use crate::member::{Kind, Member, Parameter, Text, named};
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::Head;

struct TopK {
    k: f32,
    first: bool,
}

impl Normalizer for TopK {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        let bound = kth_largest::<Native>(strip, &statistic.max, self.k);
        statistic.values[0] = bound;
        statistic.values[1] = if self.first { last_kept(strip, &bound, self.k) } else { [f32::INFINITY; WIDTH] };
        inverse_sum::<Native>(strip, statistic).store(&mut statistic.factor);
    }

    fn terms(&self, first: usize, logits: &mut [Lanes], statistic: &Statistic) {
        let term = Term::<Native>::new(statistic);
        for (key, l) in (first..).zip(logits) {
            term.of(key, l).store(l);
        }
    }
}

/// The whole number whose order is that of x.
fn rank(x: f32) -> u32 {
    let bits = x.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | 1 << 31 }
}

fn unrank(rank: u32) -> f32 {
    f32::from_bits(if rank >> 31 == 1 { rank & !(1 << 31) } else { !rank })
}

/// How many parts a row is cut into for a first bound.
const PARTS: usize = 128;

/// The k-th largest logit of each row; minus infinity where there are no more than k keys.
fn kth_largest<V: F32x4>(strip: Strip, max: &Lanes, k: f32) -> Lanes {
    let mut lowest = [f32::NEG_INFINITY; WIDTH];
    let mut few = Few::default();
    if strip.logits.len() > 2 * PARTS && k <= (PARTS / 2) as f32 {
        let maxima = maxima::<V>(strip.logits);
        lowest = bisect(&lowest, max, k, |bound| count_from::<V>(&maxima, bound));
        // Minus infinity where a row has keys in fewer parts than k: then all of them are candidates.
        let just_below = lowest.map(|bound| if bound == f32::NEG_INFINITY { bound } else { bound.next_down() });
        if few.find(strip, F32x8::<V>::load(&just_below)) {
            return bisect(&lowest, max, k, |bound| count_from::<V>(few.logits(), bound));
        }
    }
    bisect(&lowest, max, k, |bound| count_from::<V>(strip.logits, bound))
}

/// The largest logit of each part. The k-th largest of them is reached by k keys at least, so the k-th largest of the row is not
/// below it.
fn maxima<V: F32x4>(logits: &[Lanes]) -> [Lanes; PARTS] {
    let mut maxima = [[f32::NEG_INFINITY; WIDTH]; PARTS];
    for (to, part) in maxima.iter_mut().zip(logits.chunks(logits.len().div_ceil(PARTS))) {
        let max = part.iter().fold(F32x8::<V>::load(to), |max, l| max.max_relaxed(F32x8::load(l)));
        max.store(to);
    }
    maxima
}

/// The largest number that at least k logits reach, from `low`, which k or all of them reach, up to `max`; `count` says how many
/// reach a number.
fn bisect(low: &Lanes, max: &Lanes, k: f32, count: impl Fn(&Lanes) -> Lanes) -> Lanes {
    let mut low = low.map(rank);
    let mut high: [u32; WIDTH] = core::array::from_fn(|lane| rank(max[lane]).max(low[lane]) + 1);
    while low.iter().zip(&high).any(|(low, high)| high - low > 1) {
        let middle: [u32; WIDTH] = core::array::from_fn(|lane| low[lane] + (high[lane] - low[lane]) / 2);
        let counts = count(&middle.map(unrank));
        for lane in 0..WIDTH {
            let end = if counts[lane] >= k { &mut low[lane] } else { &mut high[lane] };
            *end = middle[lane];
        }
    }
    low.map(unrank)
}

/// How many logits are at least `bound`. Exact up to 2^24 of them, which is as many as there may be.
fn count_from<V: F32x4>(logits: &[Lanes], bound: &Lanes) -> Lanes {
    let (zero, one, bound) = (F32x8::<V>::splat(0.0), F32x8::splat(1.0), F32x8::load(bound));
    let mut counts = [0.0; WIDTH];
    let count = logits.iter().fold(zero, |count, l| count + F32x8::load(l).if_less(bound, zero, one));
    count.store(&mut counts);
    counts
}

/// The key of the last logit equal to the bound that is among the first k.
fn last_kept(strip: Strip, bound: &Lanes, k: f32) -> Lanes {
    core::array::from_fn(|lane| {
        let bound = bound[lane];
        let above = strip.logits.iter().filter(|l| l[lane] > bound).count();
        let ties = (strip.first..).zip(strip.logits).filter(|(_, l)| l[lane] == bound);
        let kept = ties.take((k as usize).saturating_sub(above));
        kept.last().map_or(-1.0, |(key, _)| key as f32)
    })
}

/// The exponential of what is kept of eight rows.
struct Term<V> {
    max: F32x8<V>,
    exp: Exp<V>,
    bound: F32x8<V>,
    /// The key of the last tie.
    last: F32x8<V>,
}

impl<V: F32x4> Term<V> {
    #[inline(always)]
    fn new(statistic: &Statistic) -> Term<V> {
        let (bound, last) = (statistic.value(0), statistic.value(1));
        Term { max: F32x8::load(&statistic.max), exp: Exp::default(), bound, last }
    }

    #[inline(always)]
    fn of(&self, key: usize, logits: &Lanes) -> F32x8<V> {
        let (l, zero) = (F32x8::load(logits), F32x8::splat(0.0));
        let term = self.exp.of(l - self.max);
        let tie = self.last.if_less(F32x8::splat(key as f32), zero, term);
        self.bound.if_less(l, term, l.if_equal(self.bound, tie, zero))
    }
}

fn inverse_sum<V: F32x4>(strip: Strip, statistic: &Statistic) -> F32x8<V> {
    let term = Term::<V>::new(statistic);
    let mut total = F32x8::splat(0.0);
    for block in strip.blocks() {
        let mut sum = F32x8::splat(0.0);
        for (key, logits) in (block.first..).zip(block.logits) {
            sum = sum + term.of(key, logits);
        }
        total = total + sum;
    }
    F32x8::splat(1.0) / total
}

const K: Parameter = Parameter::new(
    "k",
    Text { en: "k", zh: "k" },
    Text { en: "How many keys are kept in each row.", zh: "每行保留多少个键。" },
    Kind::number(Some(1.0), Some(16_777_216.0), Some(8.0), (1.0, 64.0)).integer().logarithmic(),
);

const TIES: Parameter = Parameter::new(
    "ties",
    Text { en: "Ties", zh: "并列" },
    Text {
        en: "What happens to keys as strong as the k-th: keep them all, or the first until there are k.",
        zh: "与第 k 名相等的键：全部保留，或按先后保留到恰好 k 个。",
    },
    Kind::Choice {
        options: &[
            named("keep", Text { en: "keep all", zh: "全部保留" }),
            named("first", Text { en: "first ones", zh: "先到先得" }),
        ],
        default: Some("keep"),
    },
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "topk",
        Text { en: "Top-k", zh: "Top-k" },
        Text {
            en: "Softmax over the k strongest keys of each row; all others get exactly zero.",
            zh: "只在每行最强的 k 个键上做 softmax，其余恰好为零。",
        },
        "w = softmax(l_j if l_j ≥ k-th largest, else −∞)",
        "Zhao et al. 2019, arXiv 1912.11637, section 3",
    )
    .with(&[K, TIES]),
    sums_to_one: true,
    sensitivity: Sensitivity::Exponential,
    shift_invariant: true,
    score: None,
    forbids: &[],
    build: |settings, _| {
        let k = settings.number(&K).unwrap_or(8.0) as f32;
        Ok(Box::new(TopK { k, first: settings.name(&TIES) == "first" }))
    },
};

/// Sorted by logit, then by key: all down to the k-th, and its equals where ties are kept. Softmax over them.
pub fn definition(logits: &[f64], settings: &Settings, head: &Head) -> Vec<f64> {
    let k = settings.number(&K).unwrap_or(8.0) as usize;
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
    let bound = logits[order[k.min(order.len()) - 1]];
    let first = settings.name(&TIES) == "first";
    let kept = |j: usize| if first { order[..k.min(order.len())].contains(&j) } else { logits[j] >= bound };
    let left: Vec<f64> = (0..logits.len()).map(|j| if kept(j) { logits[j] } else { f64::NEG_INFINITY }).collect();
    super::softmax::definition(&left, settings, head)
}

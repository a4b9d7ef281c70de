//! Relative bias of T5: a learned number for each head and each bucket of distances, one distance each near by and growing
//! ranges further off. Raffel et al., *Exploring the Limits of Transfer Learning* (2020), section 2.1, arXiv 1910.10683; the
//! buckets as in Mesh TensorFlow. T5 itself has no 1/√d: score `dot`, or scale 1.
//!
//! With n buckets on a side, e = n/2 and D the largest distance, f(x) = x below e, else
//! min(n − 1, e + ⌊ln(x/e) / ln(D/e) · (n − e)⌋). Logarithms round, and land beside the whole number where x is a boundary;
//! here bucket e + k starts at the first x with x^(n−e) ≥ D^k e^(n−e−k), compared in whole numbers.

use super::{Definition, Entry, Position};
use crate::double::{exp, ln};
use crate::decimal::show;
use crate::error::Error;
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::{Head, reserved};
use core::cmp::Ordering;

/// From here on distances are too many digits for an exact comparison to be quick.
const MAX_BUCKETS: usize = 256;

struct T5 {
    /// The bias by distance p − j, from `first` on: what eight queries need at one key stands side by side.
    biases: Vec<f32>,
    /// The least distance that there is an own number for; those below have the same.
    first: i64,
}

impl Position for T5 {
    fn add_bias(&self, position: i64, first: usize, logits: &mut [Lanes]) {
        add::<Native>(self, position.saturating_sub(first as i64), logits);
    }
}

/// `distance` is that of the first query to the first key.
fn add<V: F32x4>(t5: &T5, distance: i64, logits: &mut [Lanes]) {
    let last = t5.biases.len() as i64 - WIDTH as i64;
    for (key, logit) in (0..).zip(logits) {
        let nearest = distance.saturating_sub(key).saturating_sub(t5.first).min(last).max(0);
        let from = &t5.biases[nearest as usize..];
        if let Some(biases) = from.first_chunk() {
            (F32x8::<V>::load(logit) + F32x8::load(biases)).store(logit);
        }
    }
}

const TABLE: Parameter = Parameter::new(
    "table",
    Text { en: "Table", zh: "表" },
    Text {
        en: "The bias of each bucket and head. Automatic: zeros, in 32 buckets.",
        zh: "每个桶、每个头的偏置。自动：32 个桶，全为零。",
    },
    Kind::Tensor { axes: &["buckets", "Hq"], per_head: false, default: "zeros" },
);
const BIDIRECTIONAL: Parameter = Parameter::new(
    "bidirectional",
    Text { en: "Both directions", zh: "双向" },
    Text {
        en: "Half of the buckets for keys after the query, as in encoders; otherwise those all count as distance 0.",
        zh: "一半的桶用于查询之后的键（编码器）；否则这些键都按距离 0 处理。",
    },
    Kind::Flag { default: true },
);
const MAX_DISTANCE: Parameter = Parameter::new(
    "maxDistance",
    Text { en: "Largest distance", zh: "最大距离" },
    Text {
        en: "Where the buckets end: further keys are all in the last one.",
        zh: "桶的终点：更远的键都在最后一个桶中。",
    },
    Kind::number(Some(2.0), Some(16_777_216.0), Some(128.0), (16.0, 1024.0)).integer().logarithmic(),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "t5",
        Text { en: "Relative bias (T5)", zh: "相对位置偏置（T5）" },
        Text {
            en: "A learned bias for each range of distances, fine near by and coarse far off.",
            zh: "每段距离有一个学习得到的偏置，近处细、远处粗。",
        },
        "l + table[bucket(j − p), h]",
        "Raffel et al. 2020, arXiv 1910.10683, section 2.1",
    )
    .with(&[TABLE, BIDIRECTIONAL, MAX_DISTANCE]),
    changes_rows: false,
    biases: true,
    build: |settings, head, offset| Ok(Box::new(T5::new(settings, head, offset)?)),
};

impl T5 {
    fn new(settings: &Settings, head: &Head, offset: i64) -> Result<T5, Error> {
        let buckets = settings.length(&TABLE, 0).unwrap_or(32);
        let bidirectional = settings.flag(&BIDIRECTIONAL);
        let side = check_buckets(buckets, bidirectional)?;
        let starts = starts(side, check_distance(settings, side)?)?;
        // From here on, nothing changes.
        let reach = starts.last().map_or(0, |&last| i64::from(last));
        let margin = WIDTH as i64 - 1;
        // Of the distances between those ends, only the ones that occur are kept.
        let nearest = offset.saturating_sub(head.sizes.keys as i64).min(reach).max(-reach) - margin;
        let farthest = offset.saturating_add(head.sizes.queries as i64).min(reach).max(-reach) + margin;
        // Without heads there are no numbers.
        let table = settings.tensor(&TABLE, 0).filter(|table| !table.is_empty());
        let bias = |distance: i64| {
            let after = if bidirectional && distance < 0 { side } else { 0 };
            let near = if bidirectional { distance.abs() } else { distance.max(0) };
            let bucket = after + starts.partition_point(|&start| start as i64 <= near) - 1;
            table.map_or(0.0, |table| table[bucket * head.sizes.heads + head.head])
        };
        let mut biases = reserved("table", (farthest - nearest) as usize + 1)?;
        biases.extend((nearest..=farthest).map(bias));
        Ok(T5 { biases, first: nearest })
    }
}

/// How many buckets there are on a side.
fn check_buckets(buckets: usize, bidirectional: bool) -> Result<usize, Error> {
    let sides = if bidirectional { 2 } else { 1 };
    if buckets.is_multiple_of(sides) && (2 * sides..=MAX_BUCKETS).contains(&buckets) {
        return Ok(buckets / sides);
    }
    let kind = if bidirectional { "an even number" } else { "a number" };
    Err(Error::parameter(&TABLE.name, &format_args!("{kind} of buckets from {} to {MAX_BUCKETS}", 2 * sides), &format_args!("{buckets} buckets")))
}

/// D, which lies beyond the buckets of one distance each.
fn check_distance(settings: &Settings, side: usize) -> Result<u32, Error> {
    let distance = settings.number(&MAX_DISTANCE).unwrap_or(128.0);
    if distance > (side / 2) as f64 {
        return Ok(distance as u32);
    }
    Err(Error::parameter(&MAX_DISTANCE.name, &format_args!("more than {}, where the buckets of one distance each end", side / 2), &show(distance)))
}

/// The least distance of each of `side` buckets.
///
/// # Errors
/// `Fault::OutOfMemory`.
fn starts(side: usize, farthest: u32) -> Result<Vec<u32>, Error> {
    let (exact, mut starts) = (side / 2, reserved("buckets", side)?);
    starts.extend(0..=exact as u32);
    for k in 1..side - exact {
        starts.push(start(exact as u32, farthest, k, side - exact)?);
    }
    Ok(starts)
}

/// The least x with x^n ≥ farthest^k · exact^(n−k): a weighted geometric mean, rounded up. Double precision only says where to
/// start: its error is far below 1, so rounding down never passes the mark.
fn start(exact: u32, farthest: u32, k: usize, n: usize) -> Result<u32, Error> {
    let share = k as f64 / n as f64;
    let logarithm = ln(exact.into()) * (1.0 - share) + ln(farthest.into()) * share;
    let mut x = exp(logarithm) as u32;
    let bound = Whole::product(&[(farthest, k), (exact, n - k)])?;
    while Whole::product(&[(x, n)])?.cmp(&bound) == Ordering::Less {
        x += 1;
    }
    Ok(x)
}

/// A whole number of any size: digits of 32 bits, the lowest first, the highest not 0.
struct Whole(Vec<u32>);

impl Whole {
    /// Π base^exponent.
    fn product(powers: &[(u32, usize)]) -> Result<Whole, Error> {
        let mut whole = Whole(reserved("buckets", 1 + powers.iter().map(|power| power.1).sum::<usize>())?);
        whole.0.push(1);
        for &(base, exponent) in powers {
            (0..exponent).for_each(|_| whole.multiply(base));
        }
        Ok(whole)
    }

    fn multiply(&mut self, factor: u32) {
        let mut carry = 0;
        for digit in &mut self.0 {
            let product = u64::from(*digit) * u64::from(factor) + carry;
            (*digit, carry) = (product as u32, product >> 32);
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn cmp(&self, other: &Whole) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition { bias: definition, ..Definition::NONE };

/// table[bucket(j − p), h] with the bucket by logarithms.
pub fn definition(position: i64, key: i64, settings: &Settings, head: &Head) -> f64 {
    let Some(table) = settings.tensor(&TABLE, 0) else { return 0.0 };
    let farthest = settings.number(&MAX_DISTANCE).expect("has a default");
    let (relative, buckets) = (key - position, settings.length(&TABLE, 0).expect("it is given") as i64);
    let (first, n, x) = match settings.flag(&BIDIRECTIONAL) {
        true if relative > 0 => (buckets / 2, buckets / 2, relative),
        true => (0, buckets / 2, -relative),
        false => (0, buckets, (-relative).max(0)),
    };
    let exact = n / 2;
    let share = (x as f64 / exact as f64).ln() / (farthest / exact as f64).ln();
    let far = exact + (share * (n - exact) as f64) as i64;
    let bucket = first + if x < exact { x } else { far.min(n - 1) };
    f64::from(table[bucket as usize * head.sizes.heads + head.head])
}

//! ALiBi: a penalty for distance, −m_h (p − j), steeper for some heads than for others. Press, Smith and Lewis, *Train Short,
//! Test Long* (2021), section 3, arXiv 2108.12409.
//!
//! The authors' code adds m_h j: the same but for m_h p, which is one constant per row and nothing to a softmax. Sigmoid, ReLU,
//! sinks and any picture of logits see it, so it stays here.

use super::{Definition, Entry, Position};
use crate::double;
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native};
use crate::tensor::Head;

struct Alibi {
    slope: f32,
    symmetric: bool,
}

impl Position for Alibi {
    fn add_bias(&self, position: i64, first: usize, logits: &mut [Lanes]) {
        let positions: Lanes = core::array::from_fn(|lane| position.saturating_add(lane as i64) as f32);
        if self.symmetric {
            add::<Native>(self.slope, &positions, first, logits, |distance| distance.abs());
        } else {
            add::<Native>(self.slope, &positions, first, logits, |distance| distance);
        }
    }
}

/// Positions and keys are whole numbers below 2^24, which single precision holds exactly.
#[inline(always)]
fn add<V: F32x4>(
    slope: f32,
    positions: &Lanes,
    first: usize,
    logits: &mut [Lanes],
    length: impl Fn(F32x8<V>) -> F32x8<V>,
) {
    let (slope, positions) = (F32x8::splat(slope), F32x8::load(positions));
    for (key, logit) in (first..).zip(logits) {
        let distance = length(positions - F32x8::splat(key as f32));
        (F32x8::load(logit) - slope * distance).store(logit);
    }
}

/// 2^(−8(h+1)/n) for n heads, a power of two. For others: those of the largest power c below n, then every other one of 2c heads.
///
/// Whole exponents apart, so that powers of two come out exactly.
pub fn slope(heads: usize, head: usize) -> f64 {
    let c = if heads.is_power_of_two() { heads } else { heads.next_power_of_two() / 2 };
    let eighths = if head < c { 8 * (head + 1) } else { 4 * (2 * (head - c) + 1) };
    0.5f64.powi((eighths / c) as i32) * double::exp(-core::f64::consts::LN_2 * (eighths % c) as f64 / c as f64)
}

const SYMMETRIC: Parameter = Parameter::new(
    "symmetric",
    Text { en: "Both sides alike", zh: "两侧对称" },
    Text {
        en: "Keys after the query lose by their distance too, for attention without a causal mask.",
        zh: "查询之后的键同样按距离减分，用于没有因果掩码的注意力。",
    },
    Kind::Flag { default: false },
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "alibi",
        Text { en: "Linear bias (ALiBi)", zh: "线性偏置（ALiBi）" },
        Text {
            en: "The further back a key, the lower its logit, on a slope of each head's own; meant for causal masks. Other numbers of heads take slopes of the powers of two around them.",
            zh: "键越靠前，logit 越低，每个头有自己的斜率；用于因果掩码。头数不是 2 的幂时，取相邻 2 的幂的斜率。",
        },
        "l − m_h·(p − j), m_h = 2^{−8(h+1)/H} for H = 2^{a}",
        "Press, Smith and Lewis 2021, arXiv 2108.12409, section 3",
    )
    .with(&[SYMMETRIC]),
    changes_rows: false,
    biases: true,
    build: |settings, head, _| {
        let slope = slope(head.sizes.heads.max(1), head.head) as f32;
        Ok(Box::new(Alibi { slope, symmetric: settings.flag(&SYMMETRIC) }))
    },
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition { bias: definition, ..Definition::NONE };

/// −m_h (p − j) with the slopes by the recursion of the paper's authors.
pub fn definition(position: i64, key: i64, settings: &Settings, head: &Head) -> f64 {
    /// A geometric sequence from 2^(−8/n), its ratio the same; or two such, merged.
    fn slopes(n: usize) -> Vec<f64> {
        let start = 2f64.powf(-8.0 / n as f64);
        if n.is_power_of_two() {
            return (0..n).map(|h| start * start.powi(h as i32)).collect();
        }
        let power = 1 << n.ilog2();
        let others = slopes(2 * power).into_iter().step_by(2).take(n - power);
        slopes(power).into_iter().chain(others).collect()
    }
    let distance = (position - key) as f64;
    let distance = if settings.flag(&SYMMETRIC) { distance.abs() } else { distance };
    -slopes(head.sizes.heads)[head.head] * distance
}

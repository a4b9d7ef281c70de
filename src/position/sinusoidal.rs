//! Sines and cosines added to the rows: the waves of pair i turn by w_i per position. Vaswani et al., *Attention Is All You Need*
//! (2017), section 3.5, arXiv 1706.03762: w_i = θ^(−2i/d).
//!
//! The authors' own code (Tensor2Tensor), and much that followed it, has w_i = θ^(−i/(d/2 − 1)) and the sines before the cosines:
//! `t2t` with `concat`. An odd last dimension gets nothing. Which layout it is changes no product of two encodings, but which
//! dimension of a row each wave is added to.

use super::{Definition, Entry, Position, frequencies, theta};
use crate::double;
use crate::error::Error;
use crate::member::{Kind, Member, Parameter, Text, named};
use crate::options::Settings;
use crate::tensor::Head;

struct Sinusoidal {
    interleaved: bool,
    /// Of each pair of waves, in radians per position.
    frequencies: Vec<f64>,
}

impl Position for Sinusoidal {
    fn embed(&self, position: i64, row: &mut [f32]) {
        let half = self.frequencies.len();
        for (i, frequency) in self.frequencies.iter().enumerate() {
            let (sine, cosine) = double::sin_cos(position as f64 * frequency);
            let (s, c) = if self.interleaved { (2 * i, 2 * i + 1) } else { (i, i + half) };
            row[s] = (f64::from(row[s]) + sine) as f32;
            row[c] = (f64::from(row[c]) + cosine) as f32;
        }
    }
}

const LAYOUT: Parameter = Parameter::new(
    "layout",
    Text { en: "Layout", zh: "排列" },
    Text {
        en: "Sines and cosines by turns, as in the paper, or all sines before all cosines.",
        zh: "正弦与余弦交替（论文），或先全部正弦再全部余弦。",
    },
    Kind::Choice {
        options: &[
            named("interleaved", Text { en: "Interleaved", zh: "交替" }),
            named("concat", Text { en: "Sines first", zh: "先正弦后余弦" }),
        ],
        default: Some("interleaved"),
    },
);
const FREQUENCY: Parameter = Parameter::new(
    "frequency",
    Text { en: "Frequencies", zh: "频率" },
    Text {
        en: "θ^(−2i/d) as in the paper, or θ^(−i/(d/2 − 1)) as in its code, where the slowest wave is 1/θ.",
        zh: "论文的 θ^(−2i/d)，或其代码的 θ^(−i/(d/2 − 1))，后者最慢的波为 1/θ。",
    },
    Kind::Choice {
        options: &[
            named("paper", Text { en: "Paper", zh: "论文" }),
            named("t2t", Text { en: "Tensor2Tensor", zh: "Tensor2Tensor" }),
        ],
        default: Some("paper"),
    },
);
const THETA: Parameter =
    theta("theta", Text { en: "How much slower the slow waves are than the fast ones.", zh: "慢波比快波慢多少。" });

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "sinusoidal",
        Text { en: "Sinusoidal", zh: "正弦位置编码" },
        Text {
            en: "Waves of many lengths are added to each row, so that near positions look alike.",
            zh: "给每一行加上多种波长的正弦波，使相近的位置彼此相似。",
        },
        "x[2i] + sin(p·w_i), x[2i+1] + cos(p·w_i), w_i = θ^{−2i/d}",
        "Vaswani et al. 2017, arXiv 1706.03762, section 3.5",
    )
    .with(&[LAYOUT, FREQUENCY, THETA]),
    changes_rows: true,
    biases: false,
    build: |settings, head, _| Ok(Box::new(Sinusoidal::new(settings, head)?)),
};

impl Sinusoidal {
    fn new(settings: &Settings, head: &Head) -> Result<Sinusoidal, Error> {
        let size = head.sizes.head_size;
        let half = size / 2;
        let divisor = match settings.name(&FREQUENCY) {
            // With one pair of waves there is nothing to divide.
            "t2t" => half.saturating_sub(1).max(1) as f64,
            _ => size as f64 / 2.0,
        };
        let frequencies = frequencies(settings, &THETA, half, divisor)?;
        Ok(Sinusoidal { interleaved: settings.name(&LAYOUT) == "interleaved", frequencies })
    }
}

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition { embed: definition, ..Definition::NONE };

/// x + PE(p): PE(p, 2i) = sin(p / θ^(2i/d)), PE(p, 2i + 1) = cos(p / θ^(2i/d)).
pub fn definition(position: i64, row: &[f64], settings: &Settings) -> Vec<f64> {
    let (d, p, theta) = (row.len(), position as f64, settings.number(&THETA).expect("has a default"));
    let wavelength = |i: usize| match settings.name(&FREQUENCY) {
        "t2t" => (theta.ln() * i as f64 / (d / 2 - 1).max(1) as f64).exp(),
        _ => theta.powf(2.0 * i as f64 / d as f64),
    };
    let wave = |c: usize| match settings.name(&LAYOUT) {
        _ if c >= d / 2 * 2 => 0.0,
        "concat" if c < d / 2 => (p / wavelength(c)).sin(),
        "concat" => (p / wavelength(c - d / 2)).cos(),
        _ if c.is_multiple_of(2) => (p / wavelength(c / 2)).sin(),
        _ => (p / wavelength(c / 2)).cos(),
    };
    row.iter().enumerate().map(|(c, x)| x + wave(c)).collect()
}

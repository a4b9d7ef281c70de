//! Rotary positions: pair m of a query's and a key's dimensions turns by p·θ^(−2m/d), so that their product depends on the
//! distance of the two alone. Su, Lu, Pan, Murtadha, Wen and Liu, *RoFormer* (2021), section 3.2, arXiv 2104.09864.
//!
//! Which dimensions are a pair is the one thing that models disagree on: neighbours (2m, 2m + 1) in the paper, GPT-J and
//! Meta's Llama, (m, m + d/2) in GPT-NeoX and in everything that turns by halves. Weights of one are of no use with the other.

use super::{Definition, Entry, Position, frequencies, theta};
use crate::double;
use crate::decimal::show;
use crate::error::Error;
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::Head;

struct Rope {
    interleaved: bool,
    /// Of each pair of dimensions, in radians per position.
    frequencies: Vec<f64>,
}

impl Position for Rope {
    /// In double precision and rounded once: an angle of 2^24 radians is as good as one of 1.
    fn rotate(&self, position: i64, row: &mut [f32]) {
        for (m, frequency) in self.frequencies.iter().enumerate() {
            let (sine, cosine) = double::sin_cos(position as f64 * frequency);
            let (a, b) = pair(m, self.frequencies.len(), self.interleaved);
            let (x, y) = (f64::from(row[a]), f64::from(row[b]));
            row[a] = (x * cosine - y * sine) as f32;
            row[b] = (x * sine + y * cosine) as f32;
        }
    }

    fn partner(&self, dimension: usize) -> Option<usize> {
        let half = self.frequencies.len();
        let other = match self.interleaved {
            true => dimension ^ 1,
            false if dimension < half => dimension + half,
            false => dimension.wrapping_sub(half),
        };
        Some(other).filter(|_| dimension < 2 * half)
    }
}

/// The dimensions of pair `m` of `half`.
fn pair(m: usize, half: usize, interleaved: bool) -> (usize, usize) {
    if interleaved { (2 * m, 2 * m + 1) } else { (m, m + half) }
}

const THETA: Parameter = theta(
    "ropeTheta",
    Text {
        en: "How much slower the slow pairs turn than the fast ones (Llama 3: 500000).",
        zh: "慢的维度对比快的慢多少（Llama 3：500000）。",
    },
);
const INTERLEAVED: Parameter = Parameter::new(
    "interleaved",
    Text { en: "Neighbours are pairs", zh: "相邻维度成对" },
    Text {
        en: "Pairs (2m, 2m + 1) as in the paper, or else (m, m + d/2) as in GPT-NeoX.",
        zh: "成对的是 (2m, 2m + 1)（论文），否则为 (m, m + d/2)（GPT-NeoX）。",
    },
    Kind::Flag { default: false },
);
const DIM: Parameter = Parameter::new(
    "rotaryEmbeddingDim",
    Text { en: "Dimensions that turn", zh: "旋转的维数" },
    Text {
        en: "How many of the first dimensions turn, an even number. Automatic: all.",
        zh: "前多少个维度旋转，须为偶数。自动：全部。",
    },
    Kind::number(Some(2.0), None, None, (2.0, 128.0)).integer(),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "rope",
        Text { en: "Rotary (RoPE)", zh: "旋转位置编码（RoPE）" },
        Text {
            en: "Pairs of dimensions turn like clock hands: the product of q and k sees their distance alone.",
            zh: "成对的维度像钟表指针一样旋转：q 与 k 的内积只取决于两者的距离。",
        },
        "(x_a, x_b) turned by p·θ^{−2m/d}",
        "Su et al. 2021, arXiv 2104.09864, section 3.2",
    )
    .with(&[THETA, INTERLEAVED, DIM]),
    changes_rows: true,
    biases: false,
    build: |settings, head, _| Ok(Box::new(Rope::new(settings, head)?)),
};

impl Rope {
    fn new(settings: &Settings, head: &Head) -> Result<Rope, Error> {
        let (size, given) = (head.sizes.head_size, settings.number(&DIM));
        let turning = given.map_or(size, |dimensions| dimensions as usize);
        if turning % 2 == 1 || turning > size {
            let found = given.map_or_else(|| format!("automatic: all {size}"), show);
            // Of an odd number of dimensions the last can stay as it is.
            let way = if size > 1 { format!(" ({}: {})", DIM.name, size & !1) } else { String::new() };
            let rule = format_args!("an even number of at most the head size, {size}, since RoPE turns pairs{way}");
            return Err(Error::parameter(&DIM.name, &rule, &found));
        }
        let half = turning / 2;
        let frequencies = frequencies(settings, &THETA, half, half as f64)?;
        Ok(Rope { interleaved: settings.flag(&INTERLEAVED), frequencies })
    }
}

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition { rotate: definition, ..Definition::NONE };

/// Each pair as a complex number, times e^(i p θ_m), θ_m = 1 / θ^(2m/d).
pub fn definition(position: i64, row: &[f64], settings: &Settings) -> Vec<f64> {
    let turning = settings.number(&DIM).map_or(row.len(), |dimensions| dimensions as usize);
    let theta = settings.number(&THETA).expect("has a default");
    let mut turned = row.to_vec();
    for m in 0..turning / 2 {
        let angle = position as f64 / theta.powf(2.0 * m as f64 / turning as f64);
        let (re, im) = if settings.flag(&INTERLEAVED) { (2 * m, 2 * m + 1) } else { (m, turning / 2 + m) };
        turned[re] = row[re] * angle.cos() - row[im] * angle.sin();
        turned[im] = row[im] * angle.cos() + row[re] * angle.sin();
    }
    turned
}

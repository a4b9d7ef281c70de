//! Sigmoid attention: w_j = 1 / (1 + exp(−(l_j + b))), each key on its own. Ramapuram et al., *Theory, Analysis, and Best
//! Practices for Sigmoid Self-Attention* (2024), arXiv 2409.04431, section 3: b = −ln n keeps a row's sum near 1 at
//! zero logits.

use super::{Entry, N, Normalizer, Sensitivity, Statistic, Strip, map_each};
use crate::double::ln;
use crate::member::{Kind, Member, Parameter, Text};
use crate::math::Exp;
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::Head;

/// Where b comes from.
enum Sigmoid {
    Fixed(f32),
    /// −ln of the number of keys that are left in the row.
    Visible,
}

impl Normalizer for Sigmoid {
    fn statistic(&self, _strip: Strip, statistic: &mut Statistic) {
        let allowed = statistic.allowed;
        statistic.values[0] = match self {
            Sigmoid::Fixed(bias) => [*bias; WIDTH],
            Sigmoid::Visible => allowed.map(|n| -ln(n.max(1.0).into()) as f32),
        };
    }

    fn terms(&self, _first: usize, logits: &mut [Lanes], statistic: &Statistic) {
        terms::<Native>(logits, statistic);
    }
}

/// With e = exp(−|z|) no exponential overflows, and z = −∞ (a removed key) gives exactly 0.
fn terms<V: F32x4>(logits: &mut [Lanes], statistic: &Statistic) {
    let (zero, one) = (F32x8::<V>::splat(0.0), F32x8::splat(1.0));
    let (bias, exp) = (statistic.value(0), Exp::default());
    map_each(logits, |l| {
        let z = l + bias;
        let e = exp.of(-z.abs());
        z.if_less(zero, e, one) / (one + e)
    });
}

const BIAS: Parameter = Parameter::new(
    "bias",
    Text { en: "Bias b", zh: "偏置 b" },
    Text { en: "Added to every logit. Automatic: −ln n.", zh: "加到每个 logit 上。自动：−ln n。" },
    Kind::number(None, None, None, (-10.0, 10.0)),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "sigmoid",
        Text { en: "Sigmoid", zh: "Sigmoid" },
        Text {
            en: "Each key is judged on its own; the weights of a row need not sum to one.",
            zh: "每个键单独判断；一行的权重之和不必为 1。",
        },
        "w_j = 1 / (1 + exp(−(l_j + b)))",
        "Ramapuram et al. 2024, arXiv 2409.04431, section 3",
    )
    .with(&[BIAS, N]),
    sums_to_one: false,
    sensitivity: Sensitivity::Exponential,
    shift_invariant: false,
    score: None,
    forbids: &[],
    build: |settings, head| {
        Ok(Box::new(match settings.number(&BIAS) {
            Some(bias) => Sigmoid::Fixed(bias as f32),
            None if settings.name(&N) == "visible" => Sigmoid::Visible,
            None => Sigmoid::Fixed(-ln(head.sizes.keys.max(1) as f64) as f32),
        }))
    },
};

/// 1 / (1 + exp(−(l + b))).
pub fn definition(logits: &[f64], settings: &Settings, head: &Head) -> Vec<f64> {
    let n = if settings.name(&N) == "visible" { logits.len() } else { head.sizes.keys };
    let bias = settings.number(&BIAS).unwrap_or(-(n as f64).ln());
    logits.iter().map(|l| 1.0 / (1.0 + (-(l + bias)).exp())).collect()
}

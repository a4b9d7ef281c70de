//! Softmax, then soft thresholding of the weights: w ← sign(w) · max(|w| − τ, 0). The shrinkage is that of the deep residual
//! shrinkage network (Zhao et al. 2020, doi 10.1109/TII.2019.2943898, equation 6), where it cleans feature channels;
//! applying it to attention weights is this project's variant. Softmax weights are never negative, so no sign is kept.
//!
//! τ is given as such, or as α times the mean weight of the row's keys, as in the paper. With α < 1 a row cannot vanish, for
//! its largest weight is at least the mean; with a τ of its own it can.

use super::softmax::inverse_sum;
use super::{Entry, Normalizer, Statistic, Status, Strip, map_each};
use crate::member::{Kind, Member, Parameter, Text};
use crate::math::exp;
use crate::options::Settings;
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};

struct SoftThreshold {
    tau: Option<f32>,
    alpha: f32,
    renormalize: bool,
}

impl Normalizer for SoftThreshold {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        inverse_sum::<Native>(strip, &statistic.max).store(&mut statistic.values[0]);
        // The mean of softmax weights over m keys is 1/m.
        let allowed = statistic.allowed;
        statistic.values[1] = allowed.map(|m| self.tau.unwrap_or(self.alpha / m.max(1.0)));
        statistic.values[2] = [1.0; WIDTH];
        if self.renormalize {
            renormalize::<Native>(strip, statistic);
        }
        self.report_zeroed(statistic);
    }

    fn map(&self, logits: &[Lanes], statistic: &Statistic, weights: &mut [Lanes]) {
        map::<Native>(logits, statistic, weights);
    }
}

impl SoftThreshold {
    /// The largest weight of a row is 1 / Σ: where τ reaches it, nothing is left.
    fn report_zeroed(&self, statistic: &mut Statistic) {
        let [inverse, tau, _] = statistic.values;
        for (lane, status) in statistic.status.iter_mut().enumerate() {
            if *status == Status::Ok && inverse[lane] <= tau[lane] {
                *status = Status::Zeroed;
            }
        }
    }
}

#[inline(always)]
fn weight<V: F32x4>(statistic: &Statistic) -> impl Fn(F32x8<V>) -> F32x8<V> {
    let zero = F32x8::splat(0.0);
    let max = F32x8::load(&statistic.max);
    let (inverse, tau, factor) = (statistic.value(0), statistic.value(1), statistic.value(2));
    move |l| zero.max_or_self(exp(l - max) * inverse - tau) * factor
}

fn renormalize<V: F32x4>(strip: Strip, statistic: &mut Statistic) {
    let sum = strip.sum(weight::<V>(statistic));
    let (zero, one) = (F32x8::splat(0.0), F32x8::splat(1.0));
    zero.if_less(sum, one / sum, zero).store(&mut statistic.values[2]);
}

fn map<V: F32x4>(logits: &[Lanes], statistic: &Statistic, weights: &mut [Lanes]) {
    map_each(logits, weights, weight::<V>(statistic));
}

const fn share(name: &'static str, label: Text, about: Text, default: Option<f64>) -> Parameter {
    let kind = Kind::Number {
        min: Some(0.0),
        max: Some(1.0),
        above_min: false,
        integer: false,
        default,
        slider: (0.0, 1.0),
        logarithmic: false,
    };
    Parameter { name, label, about, kind }
}

const ALPHA: Parameter = share(
    "alpha",
    Text { en: "α", zh: "α" },
    Text { en: "τ as a multiple of the row's mean weight.", zh: "τ 为该行平均权重的倍数。" },
    Some(0.5),
);

const TAU: Parameter = share(
    "tau",
    Text { en: "τ", zh: "τ" },
    Text { en: "The threshold itself; goes before α.", zh: "阈值本身；优先于 α。" },
    None,
);

const RENORMALIZE: Parameter = Parameter {
    name: "renormalize",
    label: Text { en: "Renormalize", zh: "重新归一化" },
    about: Text { en: "Divide what is left by its sum.", zh: "把剩余权重除以其总和。" },
    kind: Kind::Flag { default: false },
};

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member {
        id: "soft_threshold",
        label: Text { en: "Soft threshold", zh: "软阈值" },
        about: Text {
            en: "Softmax, then every weight is lowered by a threshold and cut off at zero.",
            zh: "先做 softmax，再将每个权重减去阈值，低于零则归零。",
        },
        formula: "w_j = max(softmax(l)_j − τ, 0)",
        source: "Zhao et al. 2020, doi 10.1109/TII.2019.2943898, equation 6",
        parameters: &[ALPHA, TAU, RENORMALIZE],
    },
    sums_to_one: false,
    relative: false,
    shift_invariant: true,
    build: |settings, _| {
        Box::new(SoftThreshold {
            tau: settings.number(&TAU).map(|tau| tau as f32),
            alpha: settings.number(&ALPHA).unwrap_or_default() as f32,
            renormalize: settings.flag(&RENORMALIZE),
        })
    },
};

/// The soft threshold of the softmax weights, divided by what is left where that is asked for.
pub fn definition(logits: &[f64], keys: usize, settings: &Settings) -> Vec<f64> {
    let weights = super::softmax::definition(logits, keys, settings);
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    let tau = settings.number(&TAU).unwrap_or_else(|| settings.number(&ALPHA).unwrap_or_default() * mean);
    let left: Vec<f64> = weights.iter().map(|w| w.signum() * (w.abs() - tau).max(0.0)).collect();
    let sum: f64 = left.iter().sum();
    let divisor = if settings.flag(&RENORMALIZE) && sum > 0.0 { sum } else { 1.0 };
    left.iter().map(|w| w / divisor).collect()
}

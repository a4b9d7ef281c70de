//! Soft thresholding of the weights of another normalizer: w ← sign(w) · max(|w| − τ, 0). The shrinkage is that of the deep
//! residual shrinkage network (Zhao et al. 2020, doi 10.1109/TII.2019.2943898, equation 6), where it cleans feature channels;
//! applying it to attention weights is this project's variant. Weights are never negative here, so no sign is kept.
//!
//! τ is given as such, or as α times the mean weight of the row's keys, as in the paper. With α < 1 a row cannot vanish, for
//! its largest weight is at least the mean; with a τ of its own it can.

use super::{Definition, Entry, Normalizer, OF_LOGITS, Sensitivity, Statistic, Status, Strip, map_each};
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::{Choice, Settings};
use crate::simd::{F32x4, F32x8, Lanes, Native, WIDTH};
use crate::tensor::Head;

struct SoftThreshold {
    /// Whose weights are lowered.
    inner: Box<dyn Normalizer>,
    tau: Option<f32>,
    alpha: f32,
    renormalize: bool,
}

/// Where this one's numbers lie, behind those of the inner normalizer, whose factor is the second.
const TAU_AT: usize = 3;
const INNER_AT: usize = 4;

/// How many keys are mapped at a time while the row is read.
const CHUNK: usize = 64;

impl Normalizer for SoftThreshold {
    fn statistic(&self, strip: Strip, statistic: &mut Statistic) {
        self.inner.statistic(strip, statistic);
        (statistic.values[INNER_AT], statistic.factor) = (statistic.factor, [1.0; WIDTH]);
        let (sum, max) = self.read::<Native>(strip, statistic, |w| w);
        let mean = |lane: usize| sum[lane] / statistic.allowed[lane].max(1.0);
        let tau: Lanes = core::array::from_fn(|lane| self.tau.unwrap_or(self.alpha * mean(lane)));
        statistic.values[TAU_AT] = tau;
        if self.renormalize {
            let (sum, _) = self.read(strip, statistic, lowered::<Native>(statistic));
            statistic.factor = sum.map(|sum| if sum > 0.0 { 1.0 / sum } else { 0.0 });
        }
        for (lane, status) in statistic.status.iter_mut().enumerate() {
            if *status == Status::Ok && max[lane] <= tau[lane] {
                *status = Status::Zeroed;
            }
        }
    }

    fn terms(&self, first: usize, logits: &mut [Lanes], statistic: &Statistic) {
        self.inner.terms(first, logits, statistic);
        let (inner, lowered) = (statistic.value(INNER_AT), lowered::<Native>(statistic));
        map_each(logits, |t| lowered(t * inner));
    }
}

impl SoftThreshold {
    /// Sum and maximum of `change` of the inner weights, by blocks and in ascending order.
    fn read<V: F32x4>(
        &self,
        strip: Strip,
        statistic: &Statistic,
        change: impl Fn(F32x8<V>) -> F32x8<V>,
    ) -> (Lanes, Lanes) {
        let (mut total, mut max) = (F32x8::splat(0.0), F32x8::splat(0.0));
        let inner = statistic.value(INNER_AT);
        let mut weights = [[0.0; WIDTH]; CHUNK];
        for block in strip.blocks() {
            let mut sum = F32x8::splat(0.0);
            for (index, logits) in block.logits.chunks(CHUNK).enumerate() {
                let weights = &mut weights[..logits.len()];
                weights.copy_from_slice(logits);
                self.inner.terms(block.first + index * CHUNK, weights, statistic);
                for w in weights {
                    let w = change(F32x8::load(w) * inner);
                    (sum, max) = (sum + w, max.max_relaxed(w));
                }
            }
            total = total + sum;
        }
        let mut both = ([0.0; WIDTH], [0.0; WIDTH]);
        total.store(&mut both.0);
        max.store(&mut both.1);
        both
    }
}

/// max(w − τ, 0).
#[inline(always)]
fn lowered<V: F32x4>(statistic: &Statistic) -> impl Fn(F32x8<V>) -> F32x8<V> + use<V> {
    let zero = F32x8::splat(0.0);
    let tau = statistic.value(TAU_AT);
    move |w| zero.max_relaxed(w - tau)
}

const fn share(name: &'static str, label: Text, about: Text, default: Option<f64>, max: Option<f64>) -> Parameter {
    let kind = Kind::number(Some(0.0), max, default, (0.0, 1.0));
    Parameter::new(
        name,
        label,
        about,
        kind,
    )
}

const ALPHA: Parameter = share(
    "alpha",
    Text { en: "α", zh: "α" },
    Text { en: "τ as a multiple of the row's mean weight.", zh: "τ 为该行平均权重的倍数。" },
    Some(0.5),
    Some(1.0),
);

const TAU: Parameter = share(
    "tau",
    Text { en: "τ", zh: "τ" },
    Text { en: "The threshold itself; goes before α.", zh: "阈值本身；优先于 α。" },
    None,
    // Weights of ReLU may be of any size.
    None,
);

const RENORMALIZE: Parameter = Parameter::new(
    "renormalize",
    Text { en: "Renormalize", zh: "重新归一化" },
    Text { en: "Divide what is left by its sum.", zh: "把剩余权重除以其总和。" },
    Kind::Flag { default: false },
);

const AFTER: Parameter = Parameter::new(
    "after",
    Text { en: "Applied after", zh: "作用于" },
    Text {
        en: "The normalizer whose weights are lowered, with its parameters at their defaults.",
        zh: "被降低权重的归一化方法，其参数取默认值。",
    },
    Kind::Choice { options: OF_LOGITS, default: Some("softmax") },
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "soft_threshold",
        Text { en: "Soft threshold", zh: "软阈值" },
        Text {
            en: "Softmax (or another), then every weight is lowered by a threshold and cut off at zero.",
            zh: "先做 softmax（或其他归一化），再将每个权重减去阈值，低于零则归零。",
        },
        "w_j = max(softmax(l)_j − τ, 0)",
        "Zhao et al. 2020, doi 10.1109/TII.2019.2943898, equation 6",
    )
    .with(&[ALPHA, TAU, RENORMALIZE, AFTER]),
    sums_to_one: false,
    sensitivity: Sensitivity::Linear,
    shift_invariant: true,
    score: None,
    forbids: &[],
    build: |settings, head| {
        let inner = Choice::id(settings.name(&AFTER));
        let entry = super::find(&inner)?;
        Ok(Box::new(SoftThreshold {
            inner: (entry.build)(&Settings::default(), head)?,
            tau: settings.number(&TAU).map(|tau| tau as f32),
            alpha: settings.number(&ALPHA).unwrap_or_default() as f32,
            renormalize: settings.flag(&RENORMALIZE),
        }))
    },
};

/// The soft threshold of the other's weights, divided by what is left where that is asked for.
pub fn definition(logits: &[f64], settings: &Settings, head: &Head) -> Vec<f64> {
    let inner = super::NORMALIZERS.iter().position(|entry| entry.member.id == settings.name(&AFTER));
    let inner: Definition = super::DEFINITIONS[inner.unwrap_or_default()];
    let weights = inner(logits, &Settings::default(), head);
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    let tau = settings.number(&TAU).unwrap_or_else(|| settings.number(&ALPHA).unwrap_or_default() * mean);
    let left: Vec<f64> = weights.iter().map(|w| w.signum() * (w.abs() - tau).max(0.0)).collect();
    let sum: f64 = left.iter().sum();
    let divisor = if settings.flag(&RENORMALIZE) && sum > 0.0 { sum } else { 1.0 };
    left.iter().map(|w| w / divisor).collect()
}

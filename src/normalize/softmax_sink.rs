//! Softmax with a learned logit in the denominator: w_j = exp(l_j) / (exp(s_h) + Σ exp(l)), one s for each head. OpenAI's
//! gpt-oss (2025): the logit stands beside those of the keys, is not scaled, and its share goes to no key. With s = 0 it is
//! `softmax1`; as s falls to minus infinity, `softmax`.

use super::softmax1::{WithSink, with_sink};
use super::{Entry, Sensitivity};
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::Head;

const SINKS: Parameter = Parameter::new(
    "sinks",
    Text { en: "Sink logits s", zh: "汇聚点 logit s" },
    Text {
        en: "The logit of each head's sink, not scaled. Automatic: zeros.",
        zh: "每个头的汇聚点 logit，不缩放。自动：全 0。",
    },
    Kind::Tensor { axes: &["Hq"], per_head: false, default: "zeros" },
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "softmax_sink",
        Text { en: "Softmax with a sink", zh: "带汇聚点的 softmax" },
        Text {
            en: "A learned logit per head takes a share that goes to no key, so a head may look at nothing.",
            zh: "每个头有学习得到的 logit，其份额不给任何键，因此一个头可以什么都不看。",
        },
        "w_j = exp(l_j) / (exp(s) + Σ exp(l))",
        "OpenAI 2025, gpt-oss model card and code, gpt_oss/torch/model.py",
    )
    .with(&[SINKS]),
    sums_to_one: false,
    sensitivity: Sensitivity::Exponential,
    shift_invariant: false,
    score: None,
    forbids: &[],
    build: |settings, head| Ok(Box::new(WithSink(sink(settings, head)))),
};

fn sink(settings: &Settings, head: &Head) -> f32 {
    settings.tensor(&SINKS, 0).and_then(|sinks| sinks.get(head.head)).map_or(0.0, |sink| *sink)
}

/// The weights with the head's own sink logit.
pub fn definition(logits: &[f64], settings: &Settings, head: &Head) -> Vec<f64> {
    with_sink(logits, f64::from(sink(settings, head)))
}

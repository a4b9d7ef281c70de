//! Additive score: s = v · tanh(Wq q + Wk k + b). Bahdanau, Cho and Bengio, *Neural Machine Translation by Jointly Learning to
//! Align and Translate* (2014), section 3.1 and appendix A.1.2, arXiv 1409.0473.
//!
//! With Wq = Wk = the identity and b = 0, which is what counts when none is given, it is what Keras calls AdditiveAttention.

use super::{Combine, Definition, Entry, Score, Side, keep, multiply, square, tensor};
use crate::error::Error;
use crate::member::{Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::{Head, Sizes, filled};

/// Also the form of `concat`, whose W = [Wq Wk].
pub(super) struct Additive {
    /// (a, d).
    query: Option<Vec<f32>>,
    /// (a, dk).
    key: Option<Vec<f32>>,
    /// (a).
    bias: Option<Vec<f32>>,
    /// (a).
    v: Vec<f32>,
}

impl Additive {
    /// Copies of the parameters; `size` is a, the default of v is ones.
    pub(super) fn new(query: Option<&[f32]>, key: Option<&[f32]>, [bias, v]: [Option<&[f32]>; 2], size: usize) -> Result<Additive, Error> {
        let v = keep(V.name, v)?.map_or_else(|| filled(V.name, size, 1.0), Ok)?;
        let [query, key, bias] = [keep(WQ.name, query)?, keep(WK.name, key)?, keep(B.name, bias)?];
        Ok(Additive { query, key, bias, v })
    }
}

impl Score for Additive {
    fn size(&self, _sizes: &Sizes) -> usize {
        self.v.len()
    }

    fn prepare(&self, side: Side, row: &[f32], prepared: &mut [f32]) {
        if side == Side::Key {
            return multiply(self.key.as_deref(), row, prepared);
        }
        multiply(self.query.as_deref(), row, prepared);
        if let Some(bias) = &self.bias {
            prepared.iter_mut().zip(bias).for_each(|(x, b)| *x += b);
        }
    }

    fn combine(&self) -> Combine<'_> {
        Combine::Additive(&self.v)
    }
}

const WQ: Parameter = tensor(
    "wq",
    &["a", "d"],
    "identity",
    Text {
        en: "Takes the query to a hidden features. Automatic: the identity.",
        zh: "把查询变为 a 个隐特征。自动：单位矩阵。",
    },
);
const WK: Parameter = tensor(
    "wk",
    &["a", "dk"],
    "identity",
    Text {
        en: "Takes the key to a hidden features. Automatic: the identity.",
        zh: "把键变为 a 个隐特征。自动：单位矩阵。",
    },
);
const V: Parameter = tensor(
    "v",
    &["a"],
    "ones",
    Text { en: "What each feature counts for. Automatic: ones.", zh: "每个特征的权重。自动：全 1。" },
);
const B: Parameter = tensor(
    "b",
    &["a"],
    "zeros",
    Text { en: "Added before the tanh. Automatic: zeros.", zh: "在 tanh 之前相加。自动：全 0。" },
);

/// a: the number of features, as the first tensor that was given has it, else d.
fn size(settings: &Settings, head: &Head) -> usize {
    let given = [WQ, WK, V, B].iter().find_map(|parameter| settings.length(parameter, 0));
    given.unwrap_or(head.sizes.head_size)
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "additive",
        Text { en: "Additive", zh: "加性" },
        Text {
            en: "A small network with one hidden layer compares query and key; each feature saturates.",
            zh: "用一个单隐层的小网络比较查询与键；每个特征都会饱和。",
        },
        "s = v · tanh(Wq q + Wk k + b)",
        "Bahdanau et al. 2014, arXiv 1409.0473, appendix A.1.2",
    )
    .with(&[WQ, WK, V, B]),
    takes_other_keys: true,
    keeps_dimensions: false,
    build: |settings, head| {
        let given = |parameter| settings.tensor(parameter, head.head);
        let (size, Sizes { head_size, key_size, .. }) = (size(settings, head), head.sizes);
        square(WQ.name, given(&WQ), size, head_size)?;
        square(WK.name, given(&WK), size, key_size)?;
        Ok(Box::new(Additive::new(given(&WQ), given(&WK), [given(&B), given(&V)], size)?))
    },
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition::plain(definition);

/// Σ_u v_u tanh(Σ_c Wq_uc q_c + Σ_c Wk_uc k_c + b_u).
pub fn definition(query: &[f64], key: &[f64], settings: &Settings, head: &Head) -> f64 {
    let given = |parameter| settings.tensor(parameter, head.head);
    let project = |w: Option<&[f32]>, x: &[f64], u: usize| match w {
        Some(w) => w[u * x.len()..][..x.len()].iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum(),
        None => x[u],
    };
    let feature = |u: usize| {
        let b = given(&B).map_or(0.0, |b| f64::from(b[u]));
        let v = given(&V).map_or(1.0, |v| f64::from(v[u]));
        v * (project(given(&WQ), query, u) + project(given(&WK), key, u) + b).tanh()
    };
    (0..size(settings, head)).map(feature).sum()
}

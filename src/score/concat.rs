//! Concatenated score: s = v · tanh(W [q; k]), Luong, Pham and Manning (2015), section 3.1, arXiv 1508.04025. With
//! W = [Wq Wk] it is the additive score.

use super::additive::Additive;
use super::{Definition, Entry, square, tensor};
use crate::member::{Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::{Head, Sizes, filled};

const W: Parameter = tensor(
    "w",
    &["a", "d+dk"],
    "identity",
    Text {
        en: "Takes query and key, one after the other, to a hidden features. Automatic: two identities side by side.",
        zh: "把前后相接的查询与键变为 a 个隐特征。自动：两个并列的单位矩阵。",
    },
);
const V: Parameter = tensor(
    "v",
    &["a"],
    "ones",
    Text { en: "What each feature counts for. Automatic: ones.", zh: "每个特征的权重。自动：全 1。" },
);

fn size(settings: &Settings, head: &Head) -> usize {
    [W, V].iter().find_map(|parameter| settings.length(parameter, 0)).unwrap_or(head.sizes.head_size)
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "concat",
        Text { en: "Concatenation", zh: "拼接" },
        Text {
            en: "Query and key side by side through one learned matrix and a tanh: the additive score written another way.",
            zh: "查询与键拼接后经过一个学习得到的矩阵和 tanh：加性分数的另一种写法。",
        },
        "s = v · tanh(W [q; k])",
        "Luong et al. 2015, arXiv 1508.04025, section 3.1",
    )
    .with(&[W, V]),
    takes_other_keys: true,
    keeps_dimensions: false,
    build: |settings, head| {
        let Sizes { head_size: d, key_size: dk, .. } = head.sizes;
        let (v, a) = (settings.tensor(&V, head.head), size(settings, head));
        let Some(w) = settings.tensor(&W, head.head) else {
            square(W.name, None, a, d)?;
            square(W.name, None, a, dk)?;
            return Ok(Box::new(Additive::new(None, None, [None, v], a)?));
        };
        let (mut query, mut key) = (filled(W.name, a * d, 0.0)?, filled(W.name, a * dk, 0.0)?);
        for (u, row) in w.chunks_exact(d + dk).enumerate() {
            query[u * d..][..d].copy_from_slice(&row[..d]);
            key[u * dk..][..dk].copy_from_slice(&row[d..]);
        }
        Ok(Box::new(Additive::new(Some(&query), Some(&key), [None, v], a)?))
    },
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition::plain(definition);

/// Σ_u v_u tanh(Σ_c W_uc [q; k]_c).
pub fn definition(query: &[f64], key: &[f64], settings: &Settings, head: &Head) -> f64 {
    let both: Vec<f64> = query.iter().chain(key).copied().collect();
    let feature = |u: usize| {
        let z = match settings.tensor(&W, head.head) {
            Some(w) => w[u * both.len()..].iter().zip(&both).map(|(w, x)| f64::from(*w) * x).sum(),
            None => query[u] + key[u],
        };
        settings.tensor(&V, head.head).map_or(1.0, |v| f64::from(v[u])) * f64::tanh(z)
    };
    (0..size(settings, head)).map(feature).sum()
}

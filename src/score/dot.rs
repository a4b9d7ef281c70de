//! Dot product: s = Σ_c q_c k_c. Luong, Pham and Manning, *Effective Approaches to Attention-based Neural Machine
//! Translation* (2015), section 3.1, arXiv 1508.04025.

use super::{Definition, Entry, Score};
use crate::member::{Member, Text};
use crate::options::Settings;
use crate::tensor::Head;

struct Dot;

impl Score for Dot {
    fn keeps_rows(&self) -> bool {
        true
    }
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "dot",
        Text { en: "Dot product", zh: "点积" },
        Text {
            en: "Length times length times cosine: long keys count for more.",
            zh: "长度乘长度乘余弦：越长的键分量越大。",
        },
        "s = q·k",
        "Luong et al. 2015, arXiv 1508.04025, section 3.1",
    ),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |_, _| Ok(Box::new(Dot)),
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition::plain(definition);

/// Σ_c q_c k_c.
pub fn definition(query: &[f64], key: &[f64], _settings: &Settings, _head: &Head) -> f64 {
    query.iter().zip(key).map(|(q, k)| q * k).sum()
}

//! Dot product: s = Σ_c q_c k_c. Luong, Pham and Manning, *Effective Approaches to Attention-based Neural Machine
//! Translation* (2015), section 3.1, arXiv 1508.04025.

use super::{Entry, Score};
use crate::member::{Member, Text};
use crate::options::Settings;

struct Dot;

impl Score for Dot {
    fn prepare(&self, _row: &mut [f32]) {}
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member {
        id: "dot",
        label: Text { en: "Dot product", zh: "点积" },
        about: Text {
            en: "Length times length times cosine: long keys count for more.",
            zh: "长度乘长度乘余弦：越长的键分量越大。",
        },
        formula: "s = q·k",
        source: "Luong et al. 2015, arXiv 1508.04025, section 3.1",
        parameters: &[],
    },
    build: |_| Box::new(Dot),
};

/// Σ_c q_c k_c.
pub fn definition(query: &[f64], key: &[f64], _settings: &Settings) -> f64 {
    query.iter().zip(key).map(|(q, k)| q * k).sum()
}

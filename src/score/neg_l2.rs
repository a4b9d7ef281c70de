//! Negative squared distance: s = −|q − k|² with the scale 1/√d. Kim, Papamakarios and Mnih, *The Lipschitz Constant of
//! Self-Attention* (2020), section 3.2, arXiv 2006.04710: the L2 attention that is Lipschitz where the dot product is not.
//!
//! The sum runs over differences: |q|² + |k|² − 2 q·k cancels where q and k are close, just where the score matters.

use super::{Combine, Definition, Entry, Score};
use crate::member::{Member, Text};
use crate::options::Settings;
use crate::tensor::{Head, Sizes};

struct NegL2;

impl Score for NegL2 {
    fn combine(&self) -> Combine<'_> {
        Combine::Distance
    }

    fn default_scale(&self, sizes: &Sizes) -> f64 {
        1.0 / (sizes.head_size as f64).sqrt()
    }
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "neg_l2",
        Text { en: "Negative squared distance", zh: "负平方距离" },
        Text {
            en: "The closer, the higher: a key equal to the query has the highest score there is, 0.",
            zh: "越近越高：与查询相同的键得到最高分 0。",
        },
        "s = −|q − k|², l = s/√d",
        "Kim et al. 2020, arXiv 2006.04710, section 3.2",
    ),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |_, _| Ok(Box::new(NegL2)),
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition::plain(definition);

/// −Σ_c (q_c − k_c)².
pub fn definition(query: &[f64], key: &[f64], _settings: &Settings, _head: &Head) -> f64 {
    -query.iter().zip(key).map(|(q, k)| (q - k) * (q - k)).sum::<f64>()
}

//! Scaled dot product: s = Σ_c q_c k_c with the scale 1/√d. Vaswani et al., *Attention Is All You Need* (2017), section
//! 3.2.1, arXiv 1706.03762.

use super::{Entry, Score};
use crate::member::{Member, Text};
use crate::tensor::Sizes;

struct ScaledDot;

impl Score for ScaledDot {
    fn keeps_rows(&self) -> bool {
        true
    }

    fn default_scale(&self, sizes: &Sizes) -> f64 {
        1.0 / (sizes.head_size as f64).sqrt()
    }
}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "scaled_dot",
        Text { en: "Scaled dot product", zh: "缩放点积" },
        Text {
            en: "The dot product divided by √d, which keeps the spread of scores near 1 for random vectors of any size.",
            zh: "点积除以 √d，使随机向量在任何维度下的分数离散程度都接近 1。",
        },
        "s = q·k, l = s/√d",
        "Vaswani et al. 2017, arXiv 1706.03762, section 3.2.1",
    ),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |_, _| Ok(Box::new(ScaledDot)),
};

pub use super::dot::DEFINITION;

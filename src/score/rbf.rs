//! Gaussian (radial basis function) kernel: exp(l) = exp(−|q − k|² / 2σ²), so s = −|q − k|² with the scale 1/(2σ²). Chen, Zeng,
//! Ji and Yang, *Skyformer* (2021), section 3, arXiv 2111.00035.
//!
//! −|q − k|²/2 = q·k − |k|²/2 − |q|²/2, and a softmax over keys does not see |q|: with σ² = √d, the automatic value, it is the
//! scaled dot product with a bias of −|k|²/(2√d), which takes from long keys what their length won them.

use super::{Combine, Entry, Score};
use crate::decimal::show_scaled;
use crate::error::Error;
use crate::member::{Kind, Member, Parameter, Text};
use crate::tensor::Sizes;

struct Rbf {
    sigma: Option<f64>,
}

impl Score for Rbf {
    fn combine(&self) -> Combine<'_> {
        Combine::Distance
    }

    fn default_scale(&self, sizes: &Sizes) -> f64 {
        let square = self.sigma.map_or_else(|| (sizes.head_size as f64).sqrt(), |sigma| sigma * sigma);
        1.0 / (2.0 * square)
    }
}

const SIGMA: Parameter = Parameter::new(
    "sigma",
    Text { en: "Width σ", zh: "宽度 σ" },
    Text {
        en: "The distance at which a key's weight falls to e^−½ of the best. Automatic: the fourth root of d.",
        zh: "键的权重降到最大值 e^−½ 倍时的距离。自动：d 的四次方根。",
    },
    Kind::number(Some(0.0), None, None, (0.1, 10.0)).above_min().logarithmic(),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "rbf",
        Text { en: "Gaussian kernel (RBF)", zh: "高斯核（RBF）" },
        Text {
            en: "A bell around the query: the dot product, less what a key wins by its length alone.",
            zh: "以查询为中心的钟形：点积减去键仅凭长度得到的部分。",
        },
        "s = −|q − k|², l = s/(2σ²)",
        "Chen et al. 2021, arXiv 2111.00035, section 3",
    )
    .with(&[SIGMA]),
    takes_other_keys: false,
    keeps_dimensions: true,
    build: |settings, _| {
        let sigma = settings.number(&SIGMA);
        match sigma.filter(|sigma| 1.0 / (2.0 * sigma * sigma) > f64::from(f32::MAX)) {
            None => Ok(Box::new(Rbf { sigma })),
            Some(sigma) => Err(Error::parameter(&SIGMA.name, &"such that 1/(2σ²) is finite in single precision", &show_scaled(sigma))),
        }
    },
};

pub use super::neg_l2::DEFINITION;

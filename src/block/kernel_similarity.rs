//! How alike the kernels of a convolution are: R_ab = cos(vec W_a, vec W_b) for W (O, C, kh, kw), giving (O, O), with each norm
//! clamped to at least ε by itself. In the manner of He et al., *Filter Pruning via Geometric Median for Deep Convolutional Neural
//! Networks Acceleration* (2018), arXiv 1811.00250, which prunes kernels that others can stand in for.
//!
//! X is W here, and there are no weights beside it. R is symmetric; its diagonal is 1, but a kernel of zeros has a row of zeros and
//! 0 on the diagonal. The kernels of a grouped convolution see different channels: across groups the number says nothing.

use super::parts::input::{Input, Output};
use super::parts::layers::dot;
use super::parts::tensor::Tensor;
use super::{Entry, Member, Text};
use crate::error::Error;
use crate::member::{Kind, Parameter};

const EPS: Parameter = Parameter::new(
    "eps",
    Text { en: "ε", zh: "ε" },
    Text { en: "The smallest norm to divide by.", zh: "做除数的范数下限。" },
    Kind::number(Some(0.0), None, Some(1e-8), (1e-12, 1.0)).above_min().logarithmic(),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "kernel_similarity",
        Text { en: "Similarity of kernels", zh: "卷积核相似度" },
        Text {
            en: "The cosine between every two kernels of a convolution: what is near 1 is there twice.",
            zh: "卷积层中任意两个卷积核的余弦：接近 1 即为重复。",
        },
        "R_ab = cos(vec W_a, vec W_b)",
        "in the manner of He et al. 2018, arXiv 1811.00250",
    )
    .with(&[EPS]),
    slots: |_, _| Ok(Vec::new()),
    forward,
};

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let ([o, c, h, w], kernels) = (input.size(), input.x().data());
    let kernel = |a: usize| &kernels[a * c * h * w..][..c * h * w];
    let eps = input.settings().number(&EPS).unwrap_or(1e-8);
    let norms = Tensor::build("norms", [o], |[a]| dot(kernel(a), kernel(a)).sqrt())?;
    let clamped = |a: usize| norms.at([a]).max(eps);
    let y = Tensor::build("output", [o, o], |[a, b]| {
        (dot(kernel(a), kernel(b)) / clamped(a) / clamped(b)) as f32
    })?;
    Ok(Output::new(y).with("norms", Tensor::build("norms", [o], |[a]| norms.at([a]) as f32)?))
}

/// Σ Ŵ_a Ŵ_b with Ŵ = W / max(|W|, ε).
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let ([o, c, h, w], x) = (input.size(), input.x());
    let eps = input.settings().number(&EPS).unwrap_or(1e-8);
    let element = |a, p: usize| x.at([a, p / (h * w), p / w % h, p % w]);
    let norms = Tensor::build("norms", [o], |[a]| (0..c * h * w).map(|p| element(a, p).powi(2)).sum::<f64>().sqrt())?;
    let unit = |a, p| element(a, p) / norms.at([a]).max(eps);
    let y = Tensor::build("R", [o, o], |[a, b]| (0..c * h * w).map(|p| unit(a, p) * unit(b, p)).sum::<f64>())?;
    Ok(Output::new(y).with("norms", norms))
}

//! Selective kernels: branches see the map through kernels of growing reach, and a softmax over the branches chooses between
//! them in each channel. U_m = relu(BN(conv_m X)), z = relu(BN(W GAP(Σ_m U_m))), a_mc = softmax_m(A_mc·z),
//! Y_c = Σ_m a_mc U_mc. Li et al., *Selective Kernel Networks* (2019), section 3.1, arXiv 1903.06586.
//!
//! Branch m = 1, 2, … is a 3 × 3 convolution of dilation m: the second stands for 5 × 5, as in the paper. Weights: `conv`
//! (M, C, C/groups, 3, 3), `fc` (d, C), `select` (M, C, d) with d = max(⌊C/r⌋, L); `conv_bn` (M, 4, C) and `fc_bn` (4, d), each γ, β, μ,
//! σ², are optional. No biases.

use super::parts::input::{Input, Output, Slot, count};
use super::parts::layers::{Convolution, dot, linear, mean, over_pixels};
use super::parts::parameters::{reduced, reduction, whole};
use super::parts::tensor::Tensor;
use super::parts::{exact, largest, relu};
use super::{Entry, Member, Text};
use crate::error::Error;
use crate::member::Parameter;
use crate::options::Settings;
use crate::tensor::reserved;

const REDUCTION: Parameter = reduction(16.0);

const BRANCHES: Parameter = whole(
    "branches",
    Text { en: "Branches M", zh: "分支数 M" },
    Text { en: "How many convolutions there are to choose from.", zh: "可供选择的卷积数量。" },
    (1.0, Some(8.0)),
    Some(2.0),
    (1.0, 4.0),
);

const GROUPS: Parameter = whole(
    "groups",
    Text { en: "Groups", zh: "分组数" },
    Text {
        en: "Into how many separate parts the channels of a convolution fall; divides C.",
        zh: "卷积通道分成多少个互不相通的组；须整除 C。",
    },
    (1.0, None),
    Some(32.0),
    (1.0, 32.0),
);

const SMALLEST: Parameter = whole(
    "smallest",
    Text { en: "Smallest width L", zh: "最小宽度 L" },
    Text { en: "The hidden layer has max(C/r, L) channels.", zh: "隐藏层有 max(C/r, L) 个通道。" },
    (1.0, None),
    Some(32.0),
    (1.0, 64.0),
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "sk",
        Text { en: "Selective kernels (SK)", zh: "选择性卷积核（SK）" },
        Text {
            en: "Each channel chooses between convolutions of different reach; the shares of the branches sum to one.",
            zh: "每个通道在不同感受野的卷积之间做选择；各分支的占比之和为一。",
        },
        "Y = Σ_m a_m·U_m, U_m = relu(BN(conv_m X)), a_mc = softmax_m(A_mc·z), z = relu(BN(W·GAP(Σ_m U_m)))",
        "Li et al. 2019, arXiv 1903.06586, section 3.1",
    )
    .with(&[BRANCHES, GROUPS, REDUCTION, SMALLEST]),
    slots,
    forward,
};

fn slots([_, channels, _, _]: [usize; 4], settings: &Settings) -> Result<Vec<Slot>, Error> {
    let (branches, groups) = (count(settings, &BRANCHES), count(settings, &GROUPS));
    if !channels.is_multiple_of(groups) {
        return Err(Error::parameter(&GROUPS.name, &format_args!("a divisor of the {channels} channels"), &groups));
    }
    let hidden = reduced(channels, settings, &REDUCTION).max(count(settings, &SMALLEST));
    Ok(vec![
        Slot::required("conv", [branches, channels, channels / groups, 3, 3]),
        Slot::optional("conv_bn", [branches, 4, channels]),
        Slot::required("fc", [hidden, channels]),
        Slot::optional("fc_bn", [4, hidden]),
        Slot::required("select", [branches, channels, hidden]),
    ])
}

fn forward(input: &Input<f32>) -> Result<Output<f32>, Error> {
    let branches = branches(input)?;
    let [b, m, c, h, w] = branches.axes();
    let sum = |n, c, i, j| (0..m).map(|m| f64::from(branches.at([n, m, c, i, j]))).sum::<f64>();
    let fused = Tensor::build("fused", [b, c, h, w], |[n, c, i, j]| sum(n, c, i, j) as f32)?;
    let bn = input.batch_norm("fc_bn", 0);
    let pooled = over_pixels("pooled", &fused, mean)?;
    let hidden = linear("hidden", &pooled, input.weight("fc")?, |k, sum| relu(bn(k, sum)))?;
    let gates = select(&hidden, input.weight("select")?)?;
    let share = |n, m, c| f64::from(gates.at([n, m, c]));
    let y = Tensor::build("output", [b, c, h, w], |[n, c, i, j]| {
        (0..m).map(|m| share(n, m, c) * f64::from(branches.at([n, m, c, i, j]))).sum::<f64>() as f32
    })?;
    let output = Output::new(y).with("branches", branches).with("pooled", pooled);
    Ok(output.with("hidden", hidden).with("branch_gates", gates))
}

/// U (B, M, C, H, W), one convolution after the other.
fn branches(input: &Input<f32>) -> Result<Tensor<f32>, Error> {
    let ([b, c, h, w], groups) = (input.size(), input.count(&GROUPS));
    let kernels = input.weight("conv")?;
    let m = kernels.shape()[0];
    let mut maps = reserved("branches", m)?;
    for (branch, weights) in kernels.data().chunks(kernels.data().len() / m).enumerate() {
        let bn = input.batch_norm("conv_bn", branch);
        let convolution = Convolution { weights, size: 3, groups, dilation: branch + 1 };
        maps.push(convolution.run("branches", input.x(), c, |o, sum| relu(bn(o, sum)))?);
    }
    Tensor::build("branches", [b, m, c, h, w], |[n, m, c, i, j]| maps[m].at([n, c, i, j]))
}

/// a_mc = softmax_m(A_mc·z) (B, M, C).
fn select(z: &Tensor<f32>, select: &Tensor<f32>) -> Result<Tensor<f32>, Error> {
    let ([b, _], [m, c, _]) = (z.axes(), select.axes());
    let logit = |n, m, channel| dot(select.row(m * c + channel), z.row(n));
    Tensor::build("branch_gates", [b, m, c], |[n, branch, c]| {
        let max = largest((0..m).map(|m| logit(n, m, c)));
        let sum: f64 = (0..m).map(|m| (logit(n, m, c) - max).exp()).sum();
        ((logit(n, branch, c) - max).exp() / sum) as f32
    })
}

/// Split, fuse and select: equations 1 to 6, for any number of branches.
pub fn definition(input: &Input<f64>) -> Result<Output<f64>, Error> {
    let [b, c, h, w] = input.size();
    let (m, d) = (input.length("conv", 0), input.length("fc", 0));
    let u = Tensor::build("U", [b, m, c, h, w], |[n, m, c, i, j]| {
        relu(input.batch_norm("conv_bn", m)(c, definition_of_convolution(input, m, [n, c, i, j])))
    })?;
    let fused = |n, c, p: usize| (0..m).map(|m| u.at([n, m, c, p / w, p % w])).sum::<f64>();
    let s = Tensor::build("s", [b, c], |[n, c]| (0..h * w).map(|p| fused(n, c, p)).sum::<f64>() / (h * w) as f64)?;
    let inner = |n, k| (0..c).map(|c| input.at("fc", [k, c]) * s.at([n, c])).sum::<f64>();
    let z = Tensor::build("z", [b, d], |[n, k]| relu(input.batch_norm("fc_bn", 0)(k, inner(n, k))))?;
    let e = |n, m, c| (0..d).map(|k| input.at("select", [m, c, k]) * z.at([n, k])).sum::<f64>().exp();
    let a = Tensor::build("a", [b, m, c], |[n, branch, c]| {
        e(n, branch, c) / (0..m).map(|m| e(n, m, c)).sum::<f64>()
    })?;
    let v = |n, c, i, j| (0..m).map(|m| a.at([n, m, c]) * u.at([n, m, c, i, j])).sum::<f64>();
    let y = Tensor::build("V", [b, c, h, w], |[n, c, i, j]| v(n, c, i, j))?;
    Ok(Output::new(y).with("branches", u).with("pooled", s).with("hidden", z).with("branch_gates", a))
}

/// Branch m at channel o and pixel (i, j): a grouped 3 × 3 convolution of dilation m + 1.
fn definition_of_convolution(input: &Input<f64>, m: usize, [n, o, i, j]: [usize; 4]) -> f64 {
    let part = input.length("conv", 2);
    // Tap 0, 1, 2 lies one dilation before, at and one dilation after the pixel.
    let away = |at: usize, tap: usize| at as isize + (tap as isize - 1) * (m as isize + 1);
    let term = |e: usize, s: usize, t: usize| {
        let x = exact::padded(input.x(), [n, o / part * part + e], away(i, s), away(j, t));
        input.at("conv", [m, o, e, s, t]) * x
    };
    (0..part * 9).map(|k| term(k / 9, k / 3 % 3, k % 3)).sum()
}

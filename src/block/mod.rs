//! Attention for feature maps X (B, C, H, W) of convolutional networks: blocks that weigh channels, pixels or branches with
//! gates, and blocks in which pixels attend to pixels.
//!
//! A block is a function of X, of named weights whose shapes follow from that of X, and of settings. Beside Y it gives what
//! a viewer wants to see: the gates or the attention matrix, and what they were made from. [`slots`] says which weights a
//! block takes, [`forward`] checks everything and computes. Convolution is cross-correlation with zero padding, batch
//! normalization is that of inference. Maps are f32; each layer sums in f64 and rounds once. A gate is 1/(1 + e^−x), in
//! (0, 1), and 0 or 1 only by rounding.
//!
//! ```
//! use qkscope::block::{self, Tensor};
//! use qkscope::options::Choice;
//!
//! let x = Tensor::new("x", vec![1, 2, 1, 2], vec![1.0, 3.0, -4.0, 0.0])?; // two channels, with means 2 and -2
//! let weights = [("w1", vec![1, 2], vec![1.0, 0.0]), ("w2", vec![2, 1], vec![0.0, 1.0])];
//! let named = weights.map(|(name, shape, data)| Tensor::new(name, shape, data).map(|tensor| (name.into(), tensor)));
//! let named = named.into_iter().collect::<Result<_, _>>()?;
//! let output = block::forward(&Choice::id("se"), x, named)?;
//! let gates = output.view("channel_gates").expect("a view of this block");
//! assert_eq!(gates.data(), [0.5, 0.880_797_1]); // σ(0) and σ(2)
//! assert_eq!(output.y.data()[..2], [0.5, 1.5]);
//! # Ok::<(), qkscope::error::Error>(())
//! ```
//!
//! To add one: a file in this folder with `ENTRY` and `definition`, and its name in the list below.

use crate::error::Error;
use crate::member::{Member, Text};
use crate::options::{Choice, Settings};
use crate::tensor::Sizes;

mod parts;

pub use parts::input::{Input, Output, Slot, Weights};
pub use parts::tensor::Tensor;

/// A member of the list.
pub struct Entry {
    /// What it says about itself.
    pub member: Member,
    /// The weights that it takes for X of a shape (B, C, H, W), or an error where the settings do not fit the shape.
    pub slots: fn(shape: [usize; 4], settings: &Settings) -> Result<Vec<Slot>, Error>,
    /// Computes Y and the views.
    pub forward: fn(&Input<f32>) -> Result<Output<f32>, Error>,
}

/// The same in double precision, in the shape of the paper: the oracle of the tests.
pub type Definition = fn(&Input<f64>) -> Result<Output<f64>, Error>;

macro_rules! blocks {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*
        /// Every block, in the order of the menus.
        pub static BLOCKS: &[&Entry] = &[$(&$name::ENTRY),*];
        /// The definitions, in the same order: apart, so that they are not linked into what ships.
        pub static DEFINITIONS: &[Definition] = &[$($name::definition),*];
    };
}

blocks![se, eca, sk, sse, scse, cbam, spatial, non_local, sagan, kernel_similarity];

const fn view(id: &'static str, label: Text, about: Text) -> Member {
    Member::plain(id, label, about, "")
}

/// What each view is called. Of each batch item: a number per channel (B, C), per pixel (B, H, W), …
pub static VIEWS: &[Member] = &[
    view(
        "pooled",
        Text { en: "Channel means", zh: "通道均值" },
        Text { en: "The mean of each channel (B, C).", zh: "每个通道的均值 (B, C)。" },
    ),
    view(
        "pooled_max",
        Text { en: "Channel maxima", zh: "通道最大值" },
        Text { en: "The maximum of each channel (B, C).", zh: "每个通道的最大值 (B, C)。" },
    ),
    view(
        "hidden",
        Text { en: "Hidden layer", zh: "隐藏层" },
        Text {
            en: "The narrow layer between pooled channels and gates (B, hidden).",
            zh: "池化后的通道与门控之间的窄层 (B, hidden)。",
        },
    ),
    view(
        "channel_gates",
        Text { en: "Channel gates", zh: "通道门控" },
        Text { en: "The factor of each channel (B, C).", zh: "每个通道的系数 (B, C)。" },
    ),
    view(
        "refined",
        Text { en: "After the channel gates", zh: "通道门控之后" },
        Text {
            en: "The map that the second step sees (B, C, H, W).", zh: "第二步的输入特征图 (B, C, H, W)。"
        },
    ),
    view(
        "planes",
        Text { en: "Planes", zh: "平面" },
        Text {
            en: "Maximum and mean over the channels, in the order that the convolution sees (B, 2, H, W).",
            zh: "沿通道的最大值与均值，按卷积输入的次序 (B, 2, H, W)。",
        },
    ),
    view(
        "spatial_gates",
        Text { en: "Pixel gates", zh: "空间门控" },
        Text { en: "The factor of each pixel (B, H, W).", zh: "每个像素的系数 (B, H, W)。" },
    ),
    view(
        "branches",
        Text { en: "Branches", zh: "分支" },
        Text {
            en: "The map that each branch makes (B, M, C, H, W).", zh: "每个分支输出的特征图 (B, M, C, H, W)。"
        },
    ),
    view(
        "branch_gates",
        Text { en: "Branch weights", zh: "分支权重" },
        Text {
            en: "The share of each branch in each channel, summing to one over the branches (B, M, C).",
            zh: "每个通道中各分支的占比，对分支求和为 1 (B, M, C)。",
        },
    ),
    view(
        "query",
        Text { en: "Queries", zh: "查询" },
        Text { en: "A row for each pixel (B, H·W, d).", zh: "每个像素一行 (B, H·W, d)。" },
    ),
    view(
        "key",
        Text { en: "Keys", zh: "键" },
        Text { en: "A row for each pixel of the keys (B, M, d).", zh: "键的每个像素一行 (B, M, d)。" },
    ),
    view(
        "value",
        Text { en: "Values", zh: "值" },
        Text { en: "A row for each pixel of the keys (B, M, dv).", zh: "键的每个像素一行 (B, M, dv)。" },
    ),
    view(
        "attention",
        Text { en: "Attention", zh: "注意力" },
        Text {
            en: "The weight of each key for each pixel (B, H·W, M).", zh: "每个像素对每个键的权重 (B, H·W, M)。"
        },
    ),
    view(
        "mixed",
        Text { en: "Weighted values", zh: "加权值" },
        Text {
            en: "What attention finds for each pixel, before it is led back (B, H·W, dv).",
            zh: "注意力为每个像素取得的结果，尚未投影回原通道 (B, H·W, dv)。",
        },
    ),
    view(
        "norms",
        Text { en: "Norms", zh: "范数" },
        Text { en: "The length of each kernel as a vector (O).", zh: "每个卷积核作为向量的长度 (O)。" },
    ),
];

/// The block that `choice` names.
///
/// # Errors
/// `Fault::Unknown` for a name that is not in the list.
pub fn find(choice: &Choice) -> Result<&'static Entry, Error> {
    choice.find("block", BLOCKS, |entry| &entry.member)
}

/// The weights that the chosen block takes for X of a shape (B, C, H, W).
///
/// # Errors
/// `Fault::Unknown` or `Fault::Parameter` for a bad choice, `Fault::Shape` for a shape without channels or pixels.
pub fn slots(choice: &Choice, shape: &[usize]) -> Result<Vec<Slot>, Error> {
    let entry = find(choice)?;
    (entry.slots)(axes(shape)?, &settings(choice, entry)?)
}

/// X and weights for the chosen block, all checked.
///
/// # Errors
/// Those of [`slots`], and `Fault::Unknown`, `Fault::Parameter` or `Fault::Shape` for a weight that does not belong, is
/// missing or does not fit.
pub fn input<T: Copy + Into<f64>>(choice: &Choice, x: Tensor<T>, weights: Weights<T>) -> Result<Input<T>, Error> {
    let slots = slots(choice, x.shape())?;
    Input::new(x, weights, settings(choice, find(choice)?)?, &slots)
}

/// Y and the views of the chosen block.
///
/// # Errors
/// Those of [`input`], and `Fault::OutOfMemory`.
pub fn forward(choice: &Choice, x: Tensor<f32>, weights: Weights<f32>) -> Result<Output<f32>, Error> {
    (find(choice)?.forward)(&input(choice, x, weights)?)
}

/// The settings of a choice, checked by their rules. They are numbers and names: no size of a problem enters.
fn settings(choice: &Choice, entry: &Entry) -> Result<Settings, Error> {
    choice.settings(&entry.member, &Sizes::new([1; 4], [1; 4], None)?)
}

/// Four axes, of which only the first may be empty: the mean of nothing is not a number.
fn axes(shape: &[usize]) -> Result<[usize; 4], Error> {
    match *shape {
        [b, c, h, w] if c > 0 && h > 0 && w > 0 => Ok([b, c, h, w]),
        _ => Err(Error::shape(
            &"x",
            &"(B, C, H, W) with at least one channel and one pixel",
            &parts::tensor::join(shape),
        )),
    }
}

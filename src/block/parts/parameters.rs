//! Parameters that several blocks have.

use super::input::count;
use crate::error::Error;
use crate::member::{Kind, Parameter, Text};
use crate::options::Settings;

/// A whole number of at least `min`.
pub const fn whole(
    name: &'static str,
    label: Text,
    about: Text,
    (min, max): (f64, Option<f64>),
    default: Option<f64>,
    slider: (f64, f64),
) -> Parameter {
    let kind = Kind::number(Some(min), max, default, slider).integer();
    Parameter::new(name, label, about, kind)
}

/// r: how many times fewer channels there are on the inside.
pub const fn reduction(default: f64) -> Parameter {
    whole(
        "reduction",
        Text { en: "Reduction r", zh: "缩减比 r" },
        Text {
            en: "The block has C/r channels inside, rounded down, and at least one.",
            zh: "块内部有 C/r 个通道，向下取整，至少一个。",
        },
        (1.0, None),
        Some(default),
        (1.0, 32.0),
    )
}

/// max(1, ⌊C/r⌋).
pub fn reduced(channels: usize, settings: &Settings, reduction: &Parameter) -> usize {
    (channels / count(settings, reduction)).max(1)
}

/// k of a spatial convolution.
pub const KERNEL_SIZE: Parameter = whole(
    "kernelSize",
    Text { en: "Kernel size k", zh: "卷积核大小 k" },
    Text { en: "The side of the convolution over the map: 3 or 7.", zh: "空间卷积核的边长：3 或 7。" },
    (3.0, Some(7.0)),
    Some(7.0),
    (3.0, 7.0),
);

/// [`KERNEL_SIZE`], which the paper tries at 3 and 7 alone.
///
/// # Errors
/// `Fault::Parameter` for anything else.
pub fn kernel_size(settings: &Settings) -> Result<usize, Error> {
    match count(settings, &KERNEL_SIZE) {
        k @ (3 | 7) => Ok(k),
        k => Err(Error::parameter(&KERNEL_SIZE.name, &"3 or 7", &k)),
    }
}

/// The order of the two planes that a spatial convolution sees.
pub const MAX_FIRST: Parameter = Parameter::new(
    "maxFirst",
    Text { en: "Maximum first", zh: "最大值在前" },
    Text {
        en: "The convolution sees [max; mean], as in the authors' code; off: [mean; max], as in the paper's formula and many copies. The weights of one do not fit the other.",
        zh: "卷积的输入为 [最大值; 均值]，与作者代码一致；关闭则为 [均值; 最大值]，与论文公式及许多复现一致。两者的权重不能互换。",
    },
    Kind::Flag { default: true },
);

/// Whether keys and values are taken from a map of half the size.
pub const POOL: Parameter = Parameter::new(
    "pool",
    Text { en: "Pool the keys", zh: "池化键" },
    Text {
        en: "Keys and values are max-pooled 2 × 2, so that there are a quarter as many. An odd last row or column is dropped.",
        zh: "对键和值做 2 × 2 最大池化，数量减为四分之一；多出的一行或一列被舍去。",
    },
    Kind::Flag { default: false },
);

/// Whether the attention matrix is wanted.
pub const NEED_WEIGHTS: Parameter = Parameter::new(
    "needWeights",
    Text { en: "Keep the matrix", zh: "保留矩阵" },
    Text {
        en: "Give back the matrix of every pixel against every key; without it, memory grows with the number of pixels alone.",
        zh: "返回每个像素对每个键的矩阵；不返回时，内存只随像素数增长。",
    },
    Kind::Flag { default: true },
);

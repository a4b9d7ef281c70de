//! Blue, light grey, orange: for numbers with a sign. The two arms are straight lines of one length in OKLab (Björn
//! Ottosson, *A perceptual color space for image processing*, 2020), from the same grey, with lightness falling equally:
//! equal steps of the number are equal steps to the eye, and +x is as far from the middle as −x. Blue against orange is the
//! pair of hues that every common colour blindness keeps apart.

use std::sync::LazyLock;

use super::{Colormap, Rgb};
use crate::double;
use crate::member::{Member, Text};

/// Colours on each side of the middle one.
const ARM: usize = 128;
/// Lightness in the middle and at the ends.
const LIGHTNESS: (f64, f64) = (0.97, 0.52);
/// Chroma at the ends: no more fits into sRGB along the orange arm.
const CHROMA: f64 = 0.12;
/// Hues in degrees.
const BLUE: f64 = 258.0;
const ORANGE: f64 = 60.0;

/// The member of the list.
pub static ENTRY: Colormap = Colormap {
    member: Member::cited(
        "blue_orange",
        Text { en: "Blue to orange", zh: "蓝到橙" },
        Text {
            en: "Blue below the middle, orange above it, equally strong on both sides: for scores, which have a sign.",
            zh: "中点以下为蓝，以上为橙，两侧强度相同：适合有正负的分数。",
        },
        "",
        "two straight lines in OKLab (Ottosson 2020)",
    ),
    table: || &*TABLE,
};

static TABLE: LazyLock<[Rgb; 2 * ARM + 1]> = LazyLock::new(|| core::array::from_fn(color));

/// The colour `index`, from 0 (blue) over `ARM` (grey) to `2 * ARM` (orange).
fn color(index: usize) -> Rgb {
    let strength = index.abs_diff(ARM) as f64 / ARM as f64;
    let hue = if index < ARM { BLUE } else { ORANGE }.to_radians();
    let lightness = LIGHTNESS.0 + (LIGHTNESS.1 - LIGHTNESS.0) * strength;
    let chroma = CHROMA * strength;
    let (sine, cosine) = double::sin_cos(hue);
    linear_srgb([lightness, chroma * cosine, chroma * sine]).map(encode)
}

/// OKLab to linear sRGB, with the matrices of Ottosson's page.
fn linear_srgb([lightness, a, b]: [f64; 3]) -> [f64; 3] {
    let l = (lightness + 0.3963377774 * a + 0.2158037573 * b).powi(3);
    let m = (lightness - 0.1055613458 * a - 0.0638541728 * b).powi(3);
    let s = (lightness - 0.0894841775 * a - 1.2914855480 * b).powi(3);
    [
        4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
        -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
        -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s,
    ]
}

/// The transfer function of sRGB (IEC 61966-2-1), to a byte.
fn encode(linear: f64) -> u8 {
    let encoded = if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * double::pow(linear, 1.0 / 2.4) - 0.055 };
    (encoded * 255.0).round() as u8
}

//! Blue on one side, orange on the other: two straight lines of one length in OKLab (Björn Ottosson, *A perceptual color space
//! for image processing*, 2020), from the same grey, with lightness changing equally. Equal steps of the number are equal steps
//! to the eye, and +x is as far from the middle as −x. Blue against orange is the pair of hues that every common colour
//! blindness keeps apart.

use crate::double;
use crate::paint::Rgb;

/// Colours on each side of the middle one.
const ARM: usize = 128;
/// Chroma at the ends: no more fits into sRGB, along the orange arm of dark ends and along the blue arm of light ones.
const CHROMA: f64 = 0.12;
/// Hues in degrees.
const BLUE: f64 = 258.0;
const ORANGE: f64 = 60.0;

/// The colours of a map, from blue over grey to orange.
pub type Arms = [Rgb; 2 * ARM + 1];

/// The two arms from a grey of lightness `middle` to ends of lightness `end`.
pub fn arms(middle: f64, end: f64) -> Arms {
    core::array::from_fn(|index| {
        let strength = index.abs_diff(ARM) as f64 / ARM as f64;
        let hue = if index < ARM { BLUE } else { ORANGE }.to_radians();
        let (sine, cosine) = double::sin_cos(hue);
        let chroma = CHROMA * strength;
        linear_srgb([middle + (end - middle) * strength, chroma * cosine, chroma * sine]).map(encode)
    })
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

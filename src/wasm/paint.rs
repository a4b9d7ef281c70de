//! Pictures, as JavaScript asks for them.

use super::flat::{Flat, settled};
use crate::decimal;
use crate::error::Error;
use crate::paint::{COLORMAPS, Grid, Palette, Rgb, Size, canvas, pixels};
use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::ImageBitmap;

/// The picture of a grid as an ImageBitmap. `numbers` are rows, columns, width, height, the place of the colour map, low,
/// high, and two colours: of removed cells and of those that are no number.
#[wasm_bindgen]
pub fn paint(values: &[f32], numbers: &[f64]) -> Result<ImageBitmap, JsValue> {
    settled(rgba(values, numbers).and_then(|(rgba, size)| canvas::bitmap(&rgba, size)))
}

/// The same picture as RGBA, alpha 255, for where there is no OffscreenCanvas.
#[wasm_bindgen(js_name = paintPixels)]
pub fn paint_pixels(values: &[f32], numbers: &[f64]) -> Result<Vec<u8>, JsValue> {
    settled(rgba(values, numbers).map(|(rgba, _)| rgba))
}

#[inline(never)]
fn rgba(values: &[f32], numbers: &[f64]) -> Result<(Vec<u8>, Size), Error> {
    let (none, mut whole) = (Array::new(), Vec::new());
    let mut flat = Flat::new(numbers, &none);
    for name in ["rows", "columns", "width", "height"] {
        whole.push(count(name, flat.number())?);
    }
    let palette = Palette {
        colormap: COLORMAPS[flat.count()].member.id.into(),
        low: flat.number(),
        high: flat.number(),
        removed: colour(&mut flat),
        invalid: colour(&mut flat),
    };
    let (grid, size) = (Grid::new(values, whole[0], whole[1])?, Size::new(whole[2], whole[3])?);
    Ok((pixels(grid, size, &palette)?, size))
}

fn colour(flat: &mut Flat) -> Rgb {
    [flat.count() as u8, flat.count() as u8, flat.count() as u8]
}

/// A number of JavaScript as a count. Its own conversion would wrap 2³² to 0 and turn NaN into 0.
pub(super) fn count(name: &str, number: f64) -> Result<u64, Error> {
    if (0.0..=9_007_199_254_740_991.0).contains(&number) && number.fract() == 0.0 {
        return Ok(number as u64);
    }
    Err(Error::parameter(&name, &"a whole number from 0 to 2^53 - 1", &decimal::show(number)))
}

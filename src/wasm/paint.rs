//! Pictures, as JavaScript asks for them.

use super::flat::Flat;
use super::{count, settled};
use crate::error::Error;
use crate::paint::{COLORMAPS, Grid, Palette, Rgba, Size, canvas, pixels};
use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::ImageBitmap;

/// The picture of a grid as an ImageBitmap. `numbers` are rows, columns, width, height, the place of the colour map, low,
/// high, and two colours as RGBA: of removed cells and of those that are no number.
#[wasm_bindgen]
pub fn paint(values: &[f32], numbers: &[f64]) -> Result<ImageBitmap, JsValue> {
    settled(rgba(values, numbers).and_then(|(rgba, size)| canvas::bitmap(&rgba, size)))
}

/// The same picture as RGBA, for where there is no OffscreenCanvas.
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

fn colour(flat: &mut Flat) -> Rgba {
    [(); 4].map(|()| flat.count() as u8)
}

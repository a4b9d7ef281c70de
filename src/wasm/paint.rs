//! Pictures, as JavaScript asks for them.

use super::raise;
use crate::error::Error;
use crate::paint::{Grid, Palette, Size, canvas, pixels};
use wasm_bindgen::prelude::*;
use web_sys::ImageBitmap;

/// The picture of a grid as an ImageBitmap. `palette` is `{ colormap, low, high, removed: [r, g, b], invalid: [r, g, b] }`.
#[wasm_bindgen]
pub fn paint(
    values: &[f32],
    rows: f64,
    columns: f64,
    width: f64,
    height: f64,
    palette: JsValue,
) -> Result<ImageBitmap, JsValue> {
    let size = size(width, height).map_err(raise)?;
    let rgba = paint_pixels(values, rows, columns, width, height, palette)?;
    canvas::bitmap(&rgba, size).map_err(raise)
}

/// The same picture as RGBA, alpha 255, for where there is no OffscreenCanvas.
#[wasm_bindgen(js_name = paintPixels)]
pub fn paint_pixels(
    values: &[f32],
    rows: f64,
    columns: f64,
    width: f64,
    height: f64,
    palette: JsValue,
) -> Result<Vec<u8>, JsValue> {
    let palette: Palette = serde_wasm_bindgen::from_value(palette).map_err(|error| raise(unreadable(error)))?;
    let picture = || {
        let grid = Grid::new(values, whole("rows", rows)?, whole("columns", columns)?)?;
        pixels(grid, size(width, height)?, &palette)
    };
    picture().map_err(raise)
}

fn size(width: f64, height: f64) -> Result<Size, Error> {
    Size::new(whole("width", width)?, whole("height", height)?)
}

/// A number of JavaScript as a count. Its own conversion would wrap 2³² to 0 and turn NaN into 0.
fn whole(name: &str, number: f64) -> Result<u64, Error> {
    if (0.0..=9_007_199_254_740_991.0).contains(&number) && number.fract() == 0.0 {
        return Ok(number as u64);
    }
    Err(Error::Parameter { name: name.into(), expected: "a whole number".into(), found: number.to_string() })
}

fn unreadable(error: serde_wasm_bindgen::Error) -> Error {
    let expected = "{ colormap, low, high, removed: [r, g, b], invalid: [r, g, b] }";
    Error::Parameter { name: "palette".into(), expected: expected.into(), found: error.to_string() }
}

//! The one place that knows a canvas: RGBA in wasm memory to an ImageBitmap.

use js_sys::Object;
use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{ImageBitmap, ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::Size;
use crate::error::Error;

/// The picture as an ImageBitmap, through an OffscreenCanvas of its size.
///
/// The ImageData is a view of `rgba`, which growth of the memory would detach: it is put on the canvas at once and dropped.
///
/// # Errors
/// `Fault::OutOfMemory` where the browser cannot make the canvas.
pub fn bitmap(rgba: &[u8], size: Size) -> Result<ImageBitmap, Error> {
    draw(rgba, size).map_err(|_| Error::out_of_memory(&"canvas", size.bytes() as u64))
}

fn draw(rgba: &[u8], size: Size) -> Result<ImageBitmap, JsValue> {
    let (width, height) = (size.width() as u32, size.height() as u32);
    let canvas = OffscreenCanvas::new(width, height)?;
    let context: Object = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
    let context: OffscreenCanvasRenderingContext2d = context.dyn_into()?;
    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), width, height)?;
    context.put_image_data(&image, 0.0, 0.0)?;
    canvas.transfer_to_image_bitmap()
}

//! The one place that knows a canvas: RGBA in wasm memory to an ImageBitmap.

use core::cell::RefCell;
use js_sys::Object;
use wasm_bindgen::{Clamped, JsCast, JsValue};
use web_sys::{ImageBitmap, ImageData, OffscreenCanvas, OffscreenCanvasRenderingContext2d};

use super::Size;
use crate::error::Error;

/// A canvas of at most so many bytes is used again: tiles come by the dozen and in one size, and to make a canvas takes longer
/// than to fill it.
const KEPT: usize = 1 << 20;

thread_local! {
    static LAST: RefCell<Option<Canvas>> = const { RefCell::new(None) };
}

struct Canvas {
    size: Size,
    canvas: OffscreenCanvas,
    context: OffscreenCanvasRenderingContext2d,
}

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
    let last = LAST.take().filter(|last| last.size == size);
    let canvas = last.map_or_else(|| Canvas::new(size), Ok)?;
    let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(rgba), size.width() as u32, size.height() as u32)?;
    canvas.context.put_image_data(&image, 0.0, 0.0)?;
    let bitmap = canvas.canvas.transfer_to_image_bitmap()?;
    if size.bytes() <= KEPT {
        LAST.set(Some(canvas));
    }
    Ok(bitmap)
}

impl Canvas {
    fn new(size: Size) -> Result<Canvas, JsValue> {
        let canvas = OffscreenCanvas::new(size.width() as u32, size.height() as u32)?;
        let context: Object = canvas.get_context("2d")?.ok_or(JsValue::NULL)?;
        Ok(Canvas { size, canvas, context: context.dyn_into()? })
    }
}

//! The skin: convert, forward, convert back. The only `#[wasm_bindgen]` of the crate, and no arithmetic.
//!
//! Tensors travel as typed arrays and are copied, so that no view into this module's memory is ever handed out; options and
//! plain results travel as objects through serde.

use crate::error::Error;
use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

mod capture;
mod diagnose;
mod multi_head;
mod paint;
mod session;

/// A panic becomes a readable message in the console before the instance traps.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// The error as JavaScript sees it: an `Error` named `QkscopeError` with `code`, `subject`, `expected` and `found`.
pub(crate) fn raise(error: Error) -> JsValue {
    let (subject, expected, found) = error.parts();
    let js = js_sys::Error::new(&error.to_string());
    js.set_name("QkscopeError");
    let fields = [
        ("code", error.code().into()),
        ("subject", subject.into()),
        ("expected", expected.as_str().into()),
        ("found", found.as_str().into()),
    ];
    set_all(js.as_ref(), &fields);
    js.into()
}

/// A plain object with these fields.
fn object(fields: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new();
    set_all(&object, fields);
    object.into()
}

fn set_all(object: &JsValue, fields: &[(&str, JsValue)]) {
    for (name, value) in fields {
        // Setting a field of a fresh object of ours cannot fail.
        let _ = Reflect::set(object, &JsValue::from_str(name), value);
    }
}

//! The skin: convert, forward, convert back. The only `#[wasm_bindgen]` of the crate, and no arithmetic.
//!
//! Tensors travel as typed arrays and are copied, so that no view into this module's memory is ever handed out. What is asked
//! travels as numbers in an agreed order (`flat.rs`), and what files hold as JSON (`capture.rs`): readers that serde derives
//! would be half of the module that ships.

use crate::error::Error;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

mod capture;
mod diagnose;
mod flat;
mod multi_head;
mod paint;
mod session;
mod task;

/// A panic becomes a readable message in the console before the instance traps.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// The error as JavaScript sees it: an `Error` named `QkscopeError` with `code`, `subject`, `expected` and `found`.
#[inline(never)]
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
    for (name, value) in fields {
        // Setting a field of a fresh object of ours cannot fail.
        let _ = Reflect::set(&js, &JsValue::from_str(name), &value);
    }
    js.into()
}

//! The skin: convert, forward, convert back. The only `#[wasm_bindgen]` of the crate, and no arithmetic.
//!
//! Tensors travel as typed arrays and are copied, so that no view into this module's memory is ever handed out. What is asked
//! travels as numbers in an agreed order (`flat.rs`), and what files hold as JSON (`capture.rs`): readers that serde derives
//! would be half of the module that ships.
//!
//! Three modules are made of this, the kernel, what is asked of whole heads and layers, and the readers of files, and one of all: a Cargo
//! feature each says what is exported.

use crate::error::Error;
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

#[cfg(any(feature = "kernel", feature = "layers"))]
mod attention;
#[cfg(feature = "files")]
mod capture;
#[cfg(feature = "layers")]
mod diagnose;
#[cfg(any(feature = "kernel", feature = "layers"))]
mod flat;
#[cfg(feature = "layers")]
mod multi_head;
#[cfg(feature = "kernel")]
mod paint;
#[cfg(feature = "kernel")]
mod request;
#[cfg(any(feature = "kernel", feature = "layers"))]
mod session;
#[cfg(feature = "layers")]
mod survey;
#[cfg(any(feature = "kernel", feature = "layers"))]
mod task;

/// A panic becomes a readable message in the console before the instance traps.
#[wasm_bindgen(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// An answer as JavaScript takes it.
fn settled<T>(result: Result<T, Error>) -> Result<T, JsValue> {
    result.map_err(raise)
}

/// A number of JavaScript as a count. Its own conversion would wrap 2³² to 0 and turn NaN into 0.
#[cfg(any(feature = "kernel", feature = "files"))]
fn count(name: &str, number: f64) -> Result<u64, Error> {
    if (0.0..=9_007_199_254_740_991.0).contains(&number) && number.fract() == 0.0 {
        return Ok(number as u64);
    }
    Err(Error::parameter(&name, &"a whole number from 0 to 2^53 - 1", &crate::decimal::show(number)))
}

/// The error as JavaScript sees it: an `Error` named `QkscopeError` with `code`, `subject`, `expected` and `found`.
#[inline(never)]
fn raise(error: Error) -> JsValue {
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

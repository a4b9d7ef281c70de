//! One problem and the jobs over it, as JavaScript sees them.

use super::flat::Flat;
use super::settled;
use super::task::{Steps, Task};
use crate::error::Error;
use js_sys::Array;
use wasm_bindgen::prelude::*;

/// A problem that is open.
pub(super) trait Opened {
    /// Starts a job.
    fn start(&self, flat: &mut Flat) -> Result<Box<dyn Steps>, Error>;
}

/// One problem in this module's memory: attention, or a half of a multi-head layer.
#[wasm_bindgen]
pub struct Session(Box<dyn Opened>);

#[wasm_bindgen]
impl Session {
    /// Checks the tensors and options and packs them; copies. `flat.ts` says what comes in which order.
    #[wasm_bindgen(constructor)]
    pub fn new(numbers: &[f64], tensors: &Array) -> Result<Session, JsValue> {
        settled(open(&mut Flat::new(numbers, tensors))).map(Session)
    }

    /// Starts a job.
    pub fn start(&self, numbers: &[f64], tensors: &Array) -> Result<Task, JsValue> {
        settled(self.0.start(&mut Flat::new(numbers, tensors))).map(Task)
    }
}

/// By the place of its kind in the list of `flat.ts`.
fn open(flat: &mut Flat) -> Result<Box<dyn Opened>, Error> {
    match flat.count() {
        0 => super::attention::open(flat),
        #[cfg(feature = "layers")]
        1 => super::multi_head::open_projections(flat),
        #[cfg(feature = "layers")]
        2 => super::multi_head::open_heads(flat),
        kind => Err(elsewhere(kind)),
    }
}

/// What another module answers.
#[cold]
pub(super) fn elsewhere(kind: usize) -> Error {
    Error::unknown(&"question", &"those of this module", &kind)
}

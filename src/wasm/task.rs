//! A job under way, whatever it is about.

use super::settled;
use crate::error::Error;
use js_sys::{Array, Float32Array, Float64Array};
use wasm_bindgen::prelude::*;

/// What is done in steps of some milliseconds.
pub(super) trait Steps {
    /// Does one step: eight rows of one head, a row of a rollout, a pair of a flow. Returns whether the job is done.
    fn advance(&mut self) -> Result<bool, Error>;

    /// The part that is done, 0 to 1.
    fn progress(&self) -> f64;

    /// The answer: typed arrays, in the order in which `flat.ts` names them. Copies.
    fn finish(self: Box<Self>) -> Result<Array, Error>;
}

/// A job under way.
#[wasm_bindgen]
pub struct Task(pub(super) Box<dyn Steps>);

#[wasm_bindgen]
impl Task {
    /// Does one step. Returns whether the job is done.
    pub fn advance(&mut self) -> Result<bool, JsValue> {
        settled(self.0.advance())
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.0.progress()
    }

    /// The answer, typed arrays in an agreed order; the job is gone afterwards.
    pub fn finish(self) -> Result<Array, JsValue> {
        settled(self.0.finish())
    }
}

#[inline(never)]
pub(super) fn push_floats(answer: &Array, values: &[f32]) {
    answer.push(&Float32Array::from(values));
}

#[inline(never)]
pub(super) fn push_doubles(answer: &Array, values: &[f64]) {
    answer.push(&Float64Array::from(values));
}

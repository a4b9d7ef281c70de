//! Files of tensors, as JavaScript sees them.

use std::collections::BTreeMap;

use js_sys::Object;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

use super::raise;
use crate::capture::{Capture, Layer, Setting};
use crate::error::Error;
use crate::format::{self, Index, Limits, Reader, TensorInfo};

/// Lists the tensors of a file from as few of its bytes as its format allows.
#[wasm_bindgen]
pub struct CaptureReader(Reader);

#[wasm_bindgen]
impl CaptureReader {
    /// A reader of a file of `size` bytes. `limits` are those to be changed: `{ bytes: 2 ** 30 }`.
    #[wasm_bindgen(constructor)]
    pub fn new(size: f64, limits: Option<Object>) -> Result<CaptureReader, JsValue> {
        let size = whole("size of the file", size)?;
        Reader::new(size, read_limits(limits)?).map(CaptureReader).map_err(raise)
    }

    /// The bytes wanted next, `{ offset, length }`; undefined when there is nothing left to read.
    pub fn need(&self) -> Result<JsValue, JsValue> {
        let range = self.0.need().map(|range| Need { offset: range.start, length: range.end - range.start });
        to_js(&range)
    }

    /// Takes exactly the bytes that `need` asked for.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.0.supply(bytes).map_err(raise)
    }

    /// What the file holds. Frees the reader.
    pub fn finish(self) -> Result<JsValue, JsValue> {
        let capture = self.0.finish().and_then(Capture::new).map_err(raise)?;
        to_js(&RawCapture {
            format: &capture.index.format,
            tensors: &capture.index.tensors,
            metadata: &capture.index.metadata,
            model: capture.model.as_deref(),
            text: capture.text.as_deref(),
            layers: &capture.layers,
            query_tokens: capture.query_tokens.as_deref(),
            key_tokens: capture.key_tokens.as_deref(),
            options: &capture.options,
        })
    }
}

/// The numbers of a tensor in C order, from its bytes in the file. `entry` is one of the capture's `tensors`.
#[wasm_bindgen(js_name = readTensor)]
pub fn read_tensor(entry: JsValue, bytes: &[u8], limits: Option<Object>) -> Result<Vec<f32>, JsValue> {
    let tensor: TensorInfo = from_js("tensor", "one of the tensors of a capture", entry)?;
    format::read(&tensor, bytes, &read_limits(limits)?).map_err(raise)
}

/// The one layer of a capture whose names do not say what is what. `capture` needs `tensors`, and its tokens if it has
/// some.
#[wasm_bindgen(js_name = assignLayer)]
pub fn assign_layer(capture: JsValue, query: &str, key: &str, value: Option<String>) -> Result<JsValue, JsValue> {
    let Assignable { tensors, query_tokens, key_tokens } = from_js("capture", "what a CaptureReader made", capture)?;
    let index = Index { format: String::new(), tensors, metadata: Vec::new() };
    let mut capture = Capture {
        index,
        layers: Vec::new(),
        model: None,
        text: None,
        query_tokens,
        key_tokens,
        options: BTreeMap::new(),
    };
    capture.assign(query, key, value.as_deref()).map_err(raise)?;
    to_js(&capture.layers[0])
}

#[derive(Serialize)]
struct Need {
    offset: u64,
    length: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RawCapture<'a> {
    format: &'a str,
    tensors: &'a [TensorInfo],
    metadata: &'a [(String, String)],
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    layers: &'a [Layer],
    #[serde(skip_serializing_if = "Option::is_none")]
    query_tokens: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_tokens: Option<&'a [String]>,
    options: &'a BTreeMap<String, Setting>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assignable {
    tensors: Vec<TensorInfo>,
    query_tokens: Option<Vec<String>>,
    key_tokens: Option<Vec<String>>,
}

fn read_limits(limits: Option<Object>) -> Result<Limits, JsValue> {
    limits.map_or_else(|| Ok(Limits::default()), |limits| from_js("limits", "whole numbers", limits.into()))
}

/// A size from JavaScript, where every number is a double.
fn whole(name: &str, number: f64) -> Result<u64, JsValue> {
    if number.fract() == 0.0 && (0.0..=js_sys::Number::MAX_SAFE_INTEGER).contains(&number) {
        return Ok(number as u64);
    }
    let expected = "a whole number from 0 to 2^53 - 1".into();
    Err(raise(Error::Parameter { name: name.into(), expected, found: number.to_string() }))
}

fn from_js<T: DeserializeOwned>(name: &str, expected: &str, value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|error| {
        let found = error.to_string().trim_start_matches("Error: ").to_owned();
        raise(Error::Parameter { name: name.into(), expected: expected.into(), found })
    })
}

/// Maps become plain objects: their keys are names of ours, never of a file's.
fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    value.serialize(&Serializer::new().serialize_maps_as_objects(true)).map_err(JsValue::from)
}

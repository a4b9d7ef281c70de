//! Files of tensors, as JavaScript sees them. What a file holds goes over the border as JSON: its lists may be long, and
//! `JSON.parse` makes objects of them faster than anything that sets them field by field.

use super::{count, settled};
use crate::by_name::ByName;
use crate::capture::{Capture, Layer, Setting};
use crate::decimal;
use crate::error::Error;
use crate::format::parts::scan::{items, members, quote, string};
use crate::format::{self, Index, Limits, Packing, Reader, TensorInfo};
use wasm_bindgen::prelude::*;

/// Lists the tensors of a file from as few of its bytes as its format allows.
#[wasm_bindgen]
pub struct CaptureReader(Reader);

#[wasm_bindgen]
impl CaptureReader {
    /// A reader of a file of `size` bytes, of which at most `most` are read into memory at once.
    #[wasm_bindgen(constructor)]
    pub fn new(size: f64, most: f64) -> Result<CaptureReader, JsValue> {
        let reader = || Reader::new(count("size of the file", size)?, limits(most)?);
        settled(reader()).map(CaptureReader)
    }

    /// The bytes wanted next, `[offset, length]`; undefined when there is nothing left to read.
    pub fn need(&self) -> Result<JsValue, JsValue> {
        let need = self.0.need().map(|range| (range.start as f64, (range.end - range.start) as f64));
        serde_wasm_bindgen::to_value(&need).map_err(JsValue::from)
    }

    /// Takes exactly the bytes that `need` asked for.
    pub fn supply(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        settled(self.0.supply(bytes))
    }

    /// What the file holds, as JSON. Frees the reader.
    pub fn finish(self) -> Result<String, JsValue> {
        settled(self.0.finish().and_then(Capture::new)).map(|capture| describe(&capture))
    }
}

/// The numbers of a tensor in C order, from its bytes in the file. `entry` is one of the capture's `tensors`, as JSON.
#[wasm_bindgen(js_name = readTensor)]
pub fn read_tensor(entry: &str, bytes: &[u8], most: f64) -> Result<Vec<f32>, JsValue> {
    settled(tensor(entry).and_then(|tensor| format::read(&tensor, bytes, &limits(most)?)))
}

/// The one layer, as JSON, of a capture whose names do not say what is what. `tensors` are those of the capture, and the
/// tokens its own if it has some, each as JSON.
#[wasm_bindgen(js_name = assignLayer)]
pub fn assign_layer(
    tensors: &str,
    query_tokens: Option<String>,
    key_tokens: Option<String>,
    query: &str,
    key: &str,
    value: Option<String>,
) -> Result<String, JsValue> {
    let texts = |list: Option<String>| list.map(|list| texts(&list)).transpose();
    let assigned = || {
        let tensors = items("tensors", tensors)?.into_iter().map(tensor).collect::<Result<_, _>>()?;
        let mut capture = Capture {
            index: Index { format: String::new(), tensors, metadata: Vec::new() },
            layers: Vec::new(),
            model: None,
            text: None,
            query_tokens: texts(query_tokens)?,
            key_tokens: texts(key_tokens)?,
            options: ByName::default(),
        };
        capture.assign(query, key, value.as_deref())?;
        let mut json = Json::default();
        json.layer(&capture.layers[0]);
        Ok(json.0)
    };
    settled(assigned())
}

fn limits(most: f64) -> Result<Limits, Error> {
    Ok(Limits { bytes: count("maxBytes", most)?, ..Limits::default() })
}

/// A tensor as [`Json::tensor`] wrote it.
fn tensor(json: &str) -> Result<TensorInfo, Error> {
    const PART: &str = "tensor";
    let mut packing = [None; 3];
    let mut tensor = TensorInfo::default();
    for (field, value) in members(PART, json, u64::MAX)? {
        let number = || value.parse().unwrap_or(0);
        match field.as_str() {
            "name" => tensor.name = string(PART, value)?,
            "dtype" => tensor.dtype = string(PART, value)?,
            "format" => tensor.format = string(PART, value)?,
            "note" => tensor.note = Some(string(PART, value)?),
            "shape" => tensor.shape = items(PART, value)?.iter().map(|n| n.parse().unwrap_or(0)).collect(),
            "offset" => tensor.offset = number(),
            "length" => tensor.length = number(),
            "supported" => tensor.supported = value == "true",
            "fortran" => tensor.fortran = value == "true",
            "deflated" => packing[0] = Some(number()),
            "size" => packing[1] = Some(number()),
            "crc" => packing[2] = Some(number()),
            _ => {}
        }
    }
    if let [Some(deflated), Some(size), Some(crc)] = packing {
        tensor.packing = Some(Packing { deflated: deflated == 1, size, crc: crc as u32 });
    }
    Ok(tensor)
}

fn texts(json: &str) -> Result<Vec<String>, Error> {
    items("tokens", json)?.into_iter().map(|text| string("tokens", text)).collect()
}

fn describe(capture: &Capture) -> String {
    let mut json = Json::default();
    json.object(|json| {
        json.text("format", &capture.index.format);
        json.list("tensors", &capture.index.tensors, |json, tensor| json.tensor(tensor));
        json.list("metadata", &capture.index.metadata, |json, (name, text)| {
            json.items(&[name, text], |json, text| quote(text, &mut json.0));
        });
        json.optional("model", &capture.model);
        json.optional("text", &capture.text);
        json.list("layers", &capture.layers, |json, layer| json.layer(layer));
        for (name, tokens) in [("queryTokens", &capture.query_tokens), ("keyTokens", &capture.key_tokens)] {
            if let Some(tokens) = tokens {
                json.list(name, tokens, |json, text| quote(text, &mut json.0));
            }
        }
        json.name("options");
        json.settings(&capture.options);
    });
    json.0
}

/// A JSON text being written.
#[derive(Default)]
struct Json(String);

impl Json {
    fn object(&mut self, fields: impl FnOnce(&mut Json)) {
        self.0.push('{');
        fields(self);
        self.0.push('}');
    }

    /// A field's name, and a comma before it where it is not the first.
    #[inline(never)]
    fn name(&mut self, name: &str) {
        if !self.0.ends_with('{') {
            self.0.push(',');
        }
        quote(name, &mut self.0);
        self.0.push(':');
    }

    #[inline(never)]
    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        quote(text, &mut self.0);
    }

    #[inline(never)]
    fn optional(&mut self, name: &str, text: &Option<String>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    #[inline(never)]
    fn number(&mut self, name: &str, number: u64) {
        self.name(name);
        self.0.push_str(&number.to_string());
    }

    fn list<T>(&mut self, name: &str, list: &[T], each: impl Fn(&mut Json, &T)) {
        self.name(name);
        self.items(list, each);
    }

    fn items<T>(&mut self, list: &[T], each: impl Fn(&mut Json, &T)) {
        self.0.push('[');
        for (at, item) in list.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            each(self, item);
        }
        self.0.push(']');
    }

    fn tensor(&mut self, tensor: &TensorInfo) {
        self.object(|json| {
            json.text("name", &tensor.name);
            json.text("dtype", &tensor.dtype);
            json.list("shape", &tensor.shape, |json, length| json.0.push_str(&length.to_string()));
            json.number("offset", tensor.offset);
            json.number("length", tensor.length);
            json.name("supported");
            json.0.push_str(if tensor.supported { "true" } else { "false" });
            json.optional("note", &tensor.note);
            json.text("format", &tensor.format);
            if tensor.fortran {
                json.name("fortran");
                json.0.push_str("true");
            }
            if let Some(Packing { deflated, size, crc }) = tensor.packing {
                json.number("deflated", deflated.into());
                json.number("size", size);
                json.number("crc", crc.into());
            }
        });
    }

    fn layer(&mut self, layer: &Layer) {
        self.object(|json| {
            json.number("layer", layer.layer.into());
            for (name, part) in [
                ("query", &layer.query),
                ("key", &layer.key),
                ("value", &layer.value),
                ("weights", &layer.weights),
                ("sinks", &layer.sinks),
            ] {
                json.optional(name, part);
            }
        });
    }

    fn settings(&mut self, settings: &ByName<Setting>) {
        self.object(|json| {
            for (name, setting) in settings {
                json.name(name);
                match setting {
                    Setting::Flag(flag) => json.0.push_str(if *flag { "true" } else { "false" }),
                    Setting::Number(number) => json.0.push_str(&decimal::show(*number)),
                    Setting::Name(name) => quote(name, &mut json.0),
                    Setting::Member(settings) => json.settings(settings),
                }
            }
        });
    }
}

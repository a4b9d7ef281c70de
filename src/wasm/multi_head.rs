//! The multi-head layer, as JavaScript sees it: each of its halves opens and answers as a `Session` does.

use super::session::{bytes_of, field, floats, floats_of, options, parameter, read, shape, tensor};
use super::{object, raise};
use crate::multi_head::{
    Heads, HeadsRequest, HeadsTask, Layer, Masks, ProjectRequest, ProjectTask, Projections, Shaped, Source, Weights,
};
use crate::options::Options;
use crate::task::Workspace;
use js_sys::{Float32Array, Uint8Array};
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

enum Half {
    Project(Rc<Projections>),
    Attend(Rc<(Heads, RefCell<Workspace>)>),
}

/// One half of a layer in this module's memory.
#[wasm_bindgen]
pub struct MultiHead(Half);

#[wasm_bindgen]
impl MultiHead {
    /// Checks the tensors and options and packs them; copies. `problem` is `{ query: shape, key: shape, value: shape,
    /// options, layer }`, each shape four numbers. A layer with `numHeads` is the first half: its rows are
    /// (1, B, N, E), and it has `addZeroAttn` and `weights`. One with `appended` is the second: its rows are what the
    /// first half gave, (B, H, N, d), and it has the `weights` of the out-projection and `keyPaddingMask` or null.
    #[wasm_bindgen(constructor)]
    pub fn new(
        query: &Float32Array,
        key: &Float32Array,
        value: &Float32Array,
        problem: &JsValue,
    ) -> Result<MultiHead, JsValue> {
        let (layer, given) = (field(problem, "layer"), field(problem, "options"));
        let rows = |name, data| Ok::<_, JsValue>((floats_of(name, data)?, shape(name, problem, name)?));
        let rows = [rows("query", query)?, rows("key", key)?, rows("value", value)?];
        let (weights, options) = (weights(&field(&layer, "weights"))?, options(&given)?);
        let half = if field(&layer, "numHeads").is_undefined() {
            Half::Attend(Rc::new(second(rows, &layer, &given, &weights, &options)?))
        } else {
            let layer = Layer {
                num_heads: read("numHeads", "a whole number", field(&layer, "numHeads"))?,
                add_zero_attn: read("addZeroAttn", "true or false", field(&layer, "addZeroAttn"))?,
                weights,
            };
            let [query, key, value] = rows.map(|(data, [_, b, n, size])| (data, [b, n, size]));
            let source = Source { query, key, value };
            Half::Project(Rc::new(Projections::new(&layer, source, &options).map_err(raise)?))
        };
        Ok(MultiHead(half))
    }

    /// Starts a job.
    pub fn start(&self, request: JsValue) -> Result<MultiHeadTask, JsValue> {
        Ok(MultiHeadTask(match &self.0 {
            Half::Project(of) => {
                let task = ProjectTask::new(of, &asked::<ProjectRequest>(request)?).map_err(raise)?;
                Running::Project(of.clone(), task)
            }
            Half::Attend(of) => {
                let task = HeadsTask::new(&of.0, &asked::<HeadsRequest>(request)?).map_err(raise)?;
                Running::Attend(of.clone(), Box::new(task))
            }
        }))
    }
}

enum Running {
    Project(Rc<Projections>, ProjectTask),
    Attend(Rc<(Heads, RefCell<Workspace>)>, Box<HeadsTask>),
}

/// A job of either half under way.
#[wasm_bindgen]
pub struct MultiHeadTask(Running);

#[wasm_bindgen]
impl MultiHeadTask {
    /// Does one step: eight rows of one head. Returns whether the job is done.
    pub fn advance(&mut self) -> Result<bool, JsValue> {
        match &mut self.0 {
            Running::Project(of, task) => Ok(task.advance(of)),
            Running::Attend(of, task) => task.advance(&of.0, &mut of.1.borrow_mut()).map_err(raise),
        }
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        match &self.0 {
            Running::Project(_, task) => task.progress(),
            Running::Attend(of, task) => task.progress(&of.0),
        }
    }

    /// The answer, `{ values }` or `{ output, weights? }`; the job is gone afterwards. Copies.
    pub fn finish(self) -> JsValue {
        match self.0 {
            Running::Project(_, task) => object(&[("values", floats(&task.finish()))]),
            Running::Attend(_, task) => {
                let attended = task.finish();
                let mut fields = vec![("output", floats(&attended.output))];
                fields.extend(attended.weights.map(|weights| ("weights", floats(&weights))));
                object(&fields)
            }
        }
    }
}

fn asked<T: DeserializeOwned>(request: JsValue) -> Result<T, JsValue> {
    read("request", "a request as in multi_head", request)
}

fn second(
    rows: [Shaped<f32, 4>; 3],
    layer: &JsValue,
    given: &JsValue,
    weights: &Weights,
    options: &Options,
) -> Result<(Heads, RefCell<Workspace>), JsValue> {
    let padding = tensor("keyPaddingMask", layer, |data| bytes_of("keyPaddingMask", &Uint8Array::new(&data)))?;
    let masks = Masks {
        attn_mask: tensor("attnMask", given, |data| bytes_of("attnMask", &Uint8Array::new(&data)))?,
        attn_bias: tensor("attnBias", given, |data| floats_of("attnBias", &Float32Array::new(&data)))?,
        key_padding_mask: padding.map(|(data, [.., batch, keys])| (data, [batch, keys])),
    };
    let appended = read("appended", "a whole number", field(layer, "appended"))?;
    let heads = Heads::new(rows, masks, appended, weights, options).map_err(raise)?;
    let workspace = Workspace::new(heads.problem()).map_err(raise)?;
    Ok((heads, RefCell::new(workspace)))
}

fn weights(given: &JsValue) -> Result<Weights, JsValue> {
    let one = |name| {
        let tensor = field(given, name);
        if tensor.is_undefined() { Ok(None) } else { parameter(name, &tensor).map(Some) }
    };
    Ok(Weights {
        in_proj_weight: one("inProjWeight")?,
        q_proj_weight: one("qProjWeight")?,
        k_proj_weight: one("kProjWeight")?,
        v_proj_weight: one("vProjWeight")?,
        in_proj_bias: one("inProjBias")?,
        bias_k: one("biasK")?,
        bias_v: one("biasV")?,
        out_proj_weight: one("outProjWeight")?,
        out_proj_bias: one("outProjBias")?,
    })
}

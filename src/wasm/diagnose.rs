//! Diagnostics of whole weight matrices, as JavaScript asks for them. The tensors were checked and copied on the other side.

use super::{object, raise};
use crate::diagnostics::flow::{self, Flow};
use crate::diagnostics::importance::{Projection, importance};
use crate::diagnostics::rollout::Rollout;
use crate::diagnostics::value_norm::value_norms;
use crate::error::Error;
use crate::tensor::reserved;
use js_sys::Float64Array;
use wasm_bindgen::prelude::*;

/// What follows attention through layers, row by row: a job under way, as [`super::session::Task`] is.
#[wasm_bindgen]
pub struct Follow {
    layers: Vec<f32>,
    /// How many numbers a layer has: H · N · N.
    layer: usize,
    tokens: usize,
    /// The rows that are done.
    done: usize,
    all: usize,
    way: Way,
}

enum Way {
    Rollout(Rollout),
    Flow { flow: Flow, flows: Vec<f64>, normalize: bool },
}

#[wasm_bindgen]
impl Follow {
    /// The rollout of `layers`, one after the other in one array, `layer` numbers each.
    pub fn rollout(layers: Vec<f32>, layer: usize, tokens: usize, residual: bool) -> Result<Follow, JsValue> {
        let rollout = Rollout::new(tokens, residual).map_err(raise)?;
        let all = layers.len() / layer.max(1) * tokens;
        Ok(Follow { layers, layer, tokens, done: 0, all, way: Way::Rollout(rollout) })
    }

    /// The attention flow through the same layers.
    pub fn flow(
        layers: Vec<f32>,
        layer: usize,
        tokens: usize,
        residual: bool,
        normalize: bool,
    ) -> Result<Follow, JsValue> {
        let slices: Vec<&[f32]> = layers.chunks(layer.max(1)).collect();
        let flow = Flow::new(&slices, tokens, residual).map_err(raise)?;
        let flows = reserved("flow", tokens * tokens).map_err(raise)?;
        Ok(Follow { layers, layer, tokens, done: 0, all: tokens, way: Way::Flow { flow, flows, normalize } })
    }

    /// Does one row. Returns whether the job is done.
    pub fn advance(&mut self) -> Result<bool, JsValue> {
        if self.done < self.all {
            self.row().map_err(raise)?;
            self.done += 1;
        }
        Ok(self.done == self.all)
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.done as f64 / self.all.max(1) as f64
    }

    /// The matrix (N, N); the job is gone afterwards.
    pub fn finish(self) -> JsValue {
        let values = match self.way {
            Way::Rollout(rollout) => Float64Array::from(rollout.matrix()),
            Way::Flow { mut flows, normalize, .. } => {
                if normalize {
                    flow::normalize(&mut flows, self.tokens);
                }
                Float64Array::from(flows.as_slice())
            }
        };
        object(&[("values", values.into())])
    }

    fn row(&mut self) -> Result<(), Error> {
        let (layer, row) = (self.done / self.tokens, self.done % self.tokens);
        match &mut self.way {
            Way::Flow { flow, flows, .. } => flows.extend(flow.row(row)?),
            Way::Rollout(rollout) => {
                let heads = self.layers[layer * self.layer..][..self.layer].chunks(self.tokens * self.tokens);
                let rows: Vec<f32> =
                    heads.flat_map(|head| &head[row * self.tokens..][..self.tokens]).copied().collect();
                rollout.push_row(row, &rows)?;
                if row + 1 == self.tokens {
                    rollout.finish_layer()?;
                }
            }
        }
        Ok(())
    }
}

/// |v_j Wo| for the values (M, dv) of one head, with its rows (dv, E) of the projection if there are any.
#[wasm_bindgen(js_name = valueNorms)]
pub fn value_norms_of(values: &[f32], keys: usize, projection: Option<Vec<f32>>) -> Result<Vec<f64>, JsValue> {
    let size = values.len() / keys.max(1);
    let projection = project(projection.as_deref(), size);
    value_norms(values, [keys, size], projection).map_err(raise)
}

/// |Y − Y without h| / |Y| for the outputs (H, N, dv) of one layer, with the projection (H · dv, E) if there is one.
#[wasm_bindgen(js_name = headImportance)]
pub fn head_importance(
    outputs: &[f32],
    heads: usize,
    queries: usize,
    projection: Option<Vec<f32>>,
) -> Result<Vec<f64>, JsValue> {
    let rows = heads.checked_mul(queries).filter(|&rows| rows > 0);
    let size = rows.map_or(0, |rows| outputs.len() / rows);
    let projection = project(projection.as_deref(), heads * size);
    importance(outputs, [heads, queries, size], projection).map_err(raise)
}

/// A projection with `rows` rows.
fn project(weights: Option<&[f32]>, rows: usize) -> Option<Projection<'_>> {
    weights.map(|weights| Projection { weights, size: weights.len() / rows.max(1) })
}

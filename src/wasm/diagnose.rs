//! Diagnostics of whole matrices, as JavaScript asks for them. The tensors were checked and copied on the other side.

use super::session::floats_of;
use super::{object, raise};
use crate::diagnostics::flow::{self, Flow};
use crate::diagnostics::importance::Importance;
use crate::diagnostics::projection::Projection;
use crate::diagnostics::rollout::Rollout;
use crate::diagnostics::value_norm::{ValueNorms, Weighted};
use crate::error::Error;
use crate::tensor::{filled, reserved};
use js_sys::{Float32Array, Float64Array};
use wasm_bindgen::prelude::*;

/// One diagnosis under way, as [`super::session::Task`] is a job over a problem.
#[wasm_bindgen]
pub struct Diagnosis(Work);

enum Work {
    Rollout(Layers),
    Flow { flow: Flow, flows: Vec<f64>, tokens: usize, normalize: bool },
    ValueNorms(ValueNorms<'static>),
    Weighted(Weighted),
    Importance(Importance<'static>),
}

#[wasm_bindgen]
impl Diagnosis {
    /// The rollout of `layers`, one after the other in one array, `layer` numbers each.
    pub fn rollout(layers: &Float32Array, layer: usize, tokens: usize, residual: bool) -> Result<Diagnosis, JsValue> {
        let rollout = Rollout::new(tokens, residual).map_err(raise)?;
        let layers = Layers::new(rollout, floats_of("layers", layers)?, layer, tokens).map_err(raise)?;
        Ok(Diagnosis(Work::Rollout(layers)))
    }

    /// The attention flow through the same layers.
    pub fn flow(
        layers: &Float32Array,
        layer: usize,
        tokens: usize,
        residual: bool,
        normalize: bool,
    ) -> Result<Diagnosis, JsValue> {
        let layers = floats_of("layers", layers)?;
        let slices: Vec<&[f32]> = layers.chunks(layer.max(1)).collect();
        let flow = Flow::new(&slices, tokens, residual).map_err(raise)?;
        let flows = reserved("flow", tokens * tokens).map_err(raise)?;
        Ok(Diagnosis(Work::Flow { flow, flows, tokens, normalize }))
    }

    /// |v_j Wo| for the values (M, dv) of one head, with its rows (dv, E) of the projection if there are any.
    #[wasm_bindgen(js_name = valueNorms)]
    pub fn value_norms(
        values: &Float32Array,
        keys: usize,
        size: usize,
        projection: Option<Float32Array>,
        width: usize,
    ) -> Result<Diagnosis, JsValue> {
        let (values, projection) = (floats_of("values", values)?, project(projection, width)?);
        Ok(Diagnosis(Work::ValueNorms(ValueNorms::new(values, [keys, size], projection).map_err(raise)?)))
    }

    /// |w_ij v_j Wo| for rows of weights (rows, M) of one head, from the norms of its keys.
    #[wasm_bindgen(js_name = valueWeightedNorms)]
    pub fn value_weighted_norms(weights: &Float32Array, norms: &Float32Array) -> Result<Diagnosis, JsValue> {
        let (weights, norms) = (floats_of("weights", weights)?, floats_of("norms", norms)?);
        let mut wide = reserved("norms", norms.len()).map_err(raise)?;
        wide.extend(norms.iter().map(|&norm| f64::from(norm)));
        Ok(Diagnosis(Work::Weighted(Weighted::new(weights, wide).map_err(raise)?)))
    }

    /// |Y − Y without h| / |Y| for the outputs (H, N, dv) of one layer, with the projection (H · dv, E) if there is one.
    #[wasm_bindgen(js_name = headImportance)]
    pub fn head_importance(
        outputs: &Float32Array,
        heads: usize,
        queries: usize,
        size: usize,
        projection: Option<Float32Array>,
        width: usize,
    ) -> Result<Diagnosis, JsValue> {
        let (outputs, projection) = (floats_of("outputs", outputs)?, project(projection, width)?);
        let importance = Importance::new(outputs, [heads, queries, size], projection).map_err(raise)?;
        Ok(Diagnosis(Work::Importance(importance)))
    }

    /// Does one step of some milliseconds: a row of a rollout, a pair of a flow, some keys or queries. Returns whether the job
    /// is done.
    pub fn advance(&mut self) -> Result<bool, JsValue> {
        match &mut self.0 {
            Work::Rollout(layers) => layers.advance().map_err(raise),
            Work::Flow { flow, flows, tokens, .. } => {
                if flows.len() < *tokens * *tokens {
                    flows.push(flow.pair(flows.len() / *tokens, flows.len() % *tokens).map_err(raise)?);
                }
                Ok(flows.len() == *tokens * *tokens)
            }
            Work::ValueNorms(norms) => Ok(norms.advance()),
            Work::Weighted(weighted) => Ok(weighted.advance()),
            Work::Importance(importance) => Ok(importance.advance()),
        }
    }

    /// The part that is done, 0 to 1.
    pub fn progress(&self) -> f64 {
        match &self.0 {
            Work::Rollout(layers) => layers.done as f64 / layers.all.max(1) as f64,
            Work::Flow { flows, tokens, .. } => flows.len() as f64 / (tokens * tokens).max(1) as f64,
            Work::ValueNorms(norms) => norms.progress(),
            Work::Weighted(weighted) => weighted.progress(),
            Work::Importance(importance) => importance.progress(),
        }
    }

    /// The numbers; the job is gone afterwards. Copies.
    pub fn finish(self) -> Result<JsValue, JsValue> {
        let values = match self.0 {
            Work::Rollout(layers) => Float64Array::from(layers.rollout.matrix()).into(),
            Work::Flow { mut flows, tokens, normalize, .. } => {
                if normalize {
                    flow::normalize(&mut flows, tokens);
                }
                Float64Array::from(flows.as_slice()).into()
            }
            Work::ValueNorms(norms) => Float64Array::from(norms.finish().as_slice()).into(),
            Work::Weighted(weighted) => Float32Array::from(weighted.finish().as_slice()).into(),
            Work::Importance(importance) => Float64Array::from(importance.finish().map_err(raise)?.as_slice()).into(),
        };
        Ok(object(&[("values", values)]))
    }
}

/// A rollout and the layers that it takes, row by row.
struct Layers {
    rollout: Rollout,
    weights: Vec<f32>,
    /// How many numbers a layer has: H · N · N.
    layer: usize,
    tokens: usize,
    /// One row of each head.
    row: Vec<f32>,
    /// The rows that are done.
    done: usize,
    all: usize,
}

impl Layers {
    fn new(rollout: Rollout, weights: Vec<f32>, layer: usize, tokens: usize) -> Result<Layers, Error> {
        let row = filled("rollout", layer / tokens.max(1), 0.0)?;
        let all = weights.len() / layer.max(1) * tokens;
        Ok(Layers { rollout, weights, layer, tokens, row, done: 0, all })
    }

    fn advance(&mut self) -> Result<bool, Error> {
        if self.done < self.all {
            let (layer, row) = (self.done / self.tokens, self.done % self.tokens);
            let heads = self.weights[layer * self.layer..][..self.layer].chunks(self.tokens * self.tokens);
            for (to, head) in self.row.chunks_mut(self.tokens).zip(heads) {
                to.copy_from_slice(&head[row * self.tokens..][..self.tokens]);
            }
            self.rollout.push_row(row, &self.row)?;
            if row + 1 == self.tokens {
                self.rollout.finish_layer()?;
            }
            self.done += 1;
        }
        Ok(self.done == self.all)
    }
}

/// A projection to `size` numbers.
fn project(weights: Option<Float32Array>, size: usize) -> Result<Option<Projection<'static>>, JsValue> {
    let Some(weights) = weights else { return Ok(None) };
    Ok(Some(Projection { weights: floats_of("projection", &weights)?.into(), size }))
}

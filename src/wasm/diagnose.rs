//! Diagnostics of whole matrices, as JavaScript asks for them. The tensors were checked and copied on the other side.

use super::flat::Flat;
use super::settled;
use super::task::{Steps, Task, push_doubles, push_floats};
use crate::diagnostics::compare::Comparison;
use crate::diagnostics::flow::{self, Flow};
use crate::diagnostics::importance::Importance;
use crate::diagnostics::projection::Projection;
use crate::diagnostics::rollout::Rollout;
use crate::diagnostics::value_norm::{ValueNorms, Weighted};
use crate::error::Error;
use crate::tensor::{filled, reserved};
use js_sys::Array;
use wasm_bindgen::prelude::*;

/// Starts a diagnosis; `flat.ts` says what comes in which order.
#[wasm_bindgen]
pub fn diagnose(numbers: &[f64], tensors: &Array) -> Result<Task, JsValue> {
    settled(begin(&mut Flat::new(numbers, tensors))).map(Task)
}

fn begin(flat: &mut Flat) -> Result<Box<dyn Steps>, Error> {
    Ok(match flat.count() {
        // The layers come one after the other in one array, so many numbers each.
        0 => {
            let (weights, layer, tokens) = (flat.floats("layers")?, flat.count(), flat.count());
            Box::new(Layers::new(Rollout::new(tokens, flat.flag())?, weights, layer, tokens)?)
        }
        1 => {
            let (weights, layer, tokens) = (flat.floats("layers")?, flat.count(), flat.count());
            let slices: Vec<&[f32]> = weights.chunks(layer.max(1)).collect();
            let flow = Flow::new(&slices, tokens, flat.flag())?;
            Box::new(Flows { flow, flows: reserved("flow", tokens * tokens)?, tokens, normalize: flat.flag() })
        }
        2 => {
            let (values, sizes) = (flat.floats("values")?, [flat.count(), flat.count()]);
            Box::new(ValueNorms::new(values, sizes, project(flat)?)?)
        }
        3 => {
            let (weights, norms) = (flat.floats("weights")?, flat.floats("norms")?);
            let mut wide = reserved("norms", norms.len())?;
            wide.extend(norms.iter().map(|&norm| f64::from(norm)));
            Box::new(Weighted::new(weights, wide)?)
        }
        4 => {
            let (outputs, sizes) = (flat.floats("outputs")?, [flat.count(), flat.count(), flat.count()]);
            Box::new(Importance::new(outputs, sizes, project(flat)?)?)
        }
        _ => {
            let (one, other) = (flat.floats("weights")?, flat.floats("other")?);
            Box::new(Comparison::new(one, other, [flat.count(), flat.count()])?)
        }
    })
}

/// A projection to as many numbers as come behind it, where there is one.
fn project(flat: &mut Flat) -> Result<Option<Projection<'static>>, Error> {
    if !flat.flag() {
        return Ok(None);
    }
    Ok(Some(Projection { weights: flat.floats("projection")?.into(), size: flat.count() }))
}

fn doubles(values: &[f64]) -> Array {
    let answer = Array::new();
    push_doubles(&answer, values);
    answer
}

impl Steps for ValueNorms<'static> {
    fn advance(&mut self) -> Result<bool, Error> {
        Ok(self.advance())
    }

    fn progress(&self) -> f64 {
        self.progress()
    }

    fn finish(self: Box<Self>) -> Result<Array, Error> {
        Ok(doubles(&ValueNorms::finish(*self)))
    }
}

impl Steps for Weighted {
    fn advance(&mut self) -> Result<bool, Error> {
        Ok(self.advance())
    }

    fn progress(&self) -> f64 {
        self.progress()
    }

    fn finish(self: Box<Self>) -> Result<Array, Error> {
        let answer = Array::new();
        push_floats(&answer, &Weighted::finish(*self));
        Ok(answer)
    }
}

impl Steps for Importance<'static> {
    fn advance(&mut self) -> Result<bool, Error> {
        Ok(self.advance())
    }

    fn progress(&self) -> f64 {
        self.progress()
    }

    fn finish(self: Box<Self>) -> Result<Array, Error> {
        Ok(doubles(&Importance::finish(*self)?))
    }
}

impl Steps for Comparison {
    fn advance(&mut self) -> Result<bool, Error> {
        Ok(self.advance())
    }

    fn progress(&self) -> f64 {
        self.progress()
    }

    fn finish(self: Box<Self>) -> Result<Array, Error> {
        let (difference, divergence) = Comparison::finish(*self);
        let answer = Array::new();
        push_floats(&answer, &difference);
        push_doubles(&answer, &divergence);
        Ok(answer)
    }
}

/// A flow pair by pair.
struct Flows {
    flow: Flow,
    flows: Vec<f64>,
    tokens: usize,
    normalize: bool,
}

impl Steps for Flows {
    fn advance(&mut self) -> Result<bool, Error> {
        if self.flows.len() < self.tokens * self.tokens {
            self.flows.push(self.flow.pair(self.flows.len() / self.tokens, self.flows.len() % self.tokens)?);
        }
        Ok(self.flows.len() == self.tokens * self.tokens)
    }

    fn progress(&self) -> f64 {
        self.flows.len() as f64 / (self.tokens * self.tokens).max(1) as f64
    }

    fn finish(mut self: Box<Self>) -> Result<Array, Error> {
        if self.normalize {
            flow::normalize(&mut self.flows, self.tokens);
        }
        Ok(doubles(&self.flows))
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
}

impl Steps for Layers {
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

    fn progress(&self) -> f64 {
        self.done as f64 / self.all.max(1) as f64
    }

    fn finish(self: Box<Self>) -> Result<Array, Error> {
        Ok(doubles(self.rollout.matrix()))
    }
}

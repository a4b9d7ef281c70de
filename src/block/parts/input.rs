//! What a block is given and what it gives: X, named weights and settings in; Y and what a viewer wants to see out.

use super::tensor::{Tensor, join};
use crate::error::Error;
use crate::member::Parameter;
use crate::options::Settings;
use std::collections::BTreeMap;

/// Named tensors.
pub type Weights<T> = BTreeMap<String, Tensor<T>>;

/// Keeps batch normalization from dividing by 0.
pub const BATCH_NORM_EPS: f64 = 1e-5;

/// A weight that a block takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name.
    pub name: &'static str,
    /// The one shape that fits.
    pub shape: Vec<usize>,
    /// Whether the block does without it: a bias is then 0, a batch normalization the identity.
    pub optional: bool,
}

impl Slot {
    /// A weight that must be there.
    // Not a kernel: it says what fits, before anything is computed.
    pub fn required<const N: usize>(name: &'static str, shape: [usize; N]) -> Slot {
        Slot { name, shape: shape.to_vec(), optional: false }
    }

    /// A weight that may be there.
    // Not a kernel: it says what fits, before anything is computed.
    pub fn optional<const N: usize>(name: &'static str, shape: [usize; N]) -> Slot {
        Slot { name, shape: shape.to_vec(), optional: true }
    }
}

/// X, the weights and the settings of one block, all checked against each other.
pub struct Input<T> {
    x: Tensor<T>,
    weights: Weights<T>,
    settings: Settings,
}

impl<T: Copy + Into<f64>> Input<T> {
    /// Holds `weights` against `slots`.
    ///
    /// # Errors
    /// `Fault::Unknown` for a name that is in no slot, `Fault::Parameter` for a required weight that is missing,
    /// `Fault::Shape` for one that does not fit.
    pub fn new(x: Tensor<T>, weights: Weights<T>, settings: Settings, slots: &[Slot]) -> Result<Input<T>, Error> {
        if let Some(name) = weights.keys().find(|name| slots.iter().all(|slot| slot.name != name.as_str())) {
            let known = slots.iter().map(|slot| slot.name).collect::<Vec<_>>().join(", ");
            return Err(Error::unknown(&"weight", &known, &name));
        }
        for slot in slots {
            match weights.get(slot.name) {
                Some(tensor) => expect(slot, tensor.shape())?,
                None if slot.optional => {}
                None => return Err(missing(slot.name, &format!("a tensor of shape {}", join(&slot.shape)))),
            }
        }
        Ok(Input { x, weights, settings })
    }

    /// X.
    pub fn x(&self) -> &Tensor<T> {
        &self.x
    }

    /// The shape of X: B, C, H, W.
    pub fn size(&self) -> [usize; 4] {
        self.x.axes()
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The whole number that is set for `parameter`.
    pub fn count(&self, parameter: &Parameter) -> usize {
        count(&self.settings, parameter)
    }

    /// A weight that is required.
    ///
    /// # Errors
    /// `Fault::Parameter` where it is not there after all.
    pub fn weight(&self, name: &str) -> Result<&Tensor<T>, Error> {
        self.weights.get(name).ok_or_else(|| missing(name, "given"))
    }

    /// A weight that is optional.
    pub fn optional(&self, name: &str) -> Option<&Tensor<T>> {
        self.weights.get(name)
    }

    /// An element of a weight, 0 where the weight is not there.
    pub fn at<const N: usize>(&self, name: &str, index: [usize; N]) -> f64 {
        self.optional(name).map_or(0.0, |tensor| tensor.at(index).into())
    }

    /// The length of an axis of a weight, 0 where the weight is not there.
    pub fn length(&self, name: &str, axis: usize) -> usize {
        self.optional(name).map_or(0, |tensor| tensor.shape()[axis])
    }

    /// The elements of a bias, 0 where it is not there.
    pub fn bias(&self, name: &str) -> impl Fn(usize) -> f64 {
        let bias = self.optional(name);
        move |o| bias.map_or(0.0, |bias| bias.at([o]).into())
    }

    /// Batch normalization in inference form, γ(x − μ)/√(σ² + ε) + β, with the tensor (…, 4, C) of γ, β, μ, σ² called
    /// `name`; the identity where it is not there. `set` chooses among those of several layers.
    pub fn batch_norm(&self, name: &str, set: usize) -> impl Fn(usize, f64) -> f64 {
        let table = self.optional(name);
        move |c, x| {
            let Some(table) = table else { return x };
            let [gain, shift, mean, variance] = [0, 1, 2, 3].map(|row| table.row(4 * set + row)[c].into());
            gain * (x - mean) / (variance + BATCH_NORM_EPS).sqrt() + shift
        }
    }
}

/// The whole number that is set for `parameter`; 0 where it is automatic.
pub fn count(settings: &Settings, parameter: &Parameter) -> usize {
    settings.number(parameter).unwrap_or_default() as usize
}

fn expect(slot: &Slot, found: &[usize]) -> Result<(), Error> {
    if slot.shape == found {
        return Ok(());
    }
    Err(Error::shape(&slot.name, &join(&slot.shape), &join(found)))
}

fn missing(name: &str, expected: &str) -> Error {
    Error::parameter(&name, &expected, &"missing")
}

/// Y, and what led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Output<T> {
    /// The block's output.
    pub y: Tensor<T>,
    /// What a viewer wants to see, each under an id of [`VIEWS`](crate::block::VIEWS).
    pub views: Vec<(&'static str, Tensor<T>)>,
}

impl<T> Output<T> {
    /// Y alone.
    // Not a kernel: it gathers what kernels have computed.
    pub fn new(y: Tensor<T>) -> Output<T> {
        Output { y, views: Vec::new() }
    }

    /// With one more view.
    pub fn with(mut self, id: &'static str, view: Tensor<T>) -> Output<T> {
        self.views.push((id, view));
        self
    }

    /// The view of an id.
    pub fn view(&self, id: &str) -> Option<&Tensor<T>> {
        self.views.iter().find(|(known, _)| *known == id).map(|(_, tensor)| tensor)
    }
}

//! A linear layer, y = W x + b, on the tile of `panel.rs`: four rows of W on its left side, eight rows of x on its
//! right.
//!
//! The projections of attention are such layers, one for each head. As everywhere, a row's result depends on that row
//! alone.

use crate::error::Error;
use crate::panel::{Quad, pack_rows, tile};
use crate::simd::{F32x4, F32x8, Lanes, Native};
use crate::tensor::filled;

/// W (outputs, inputs) and b (outputs), packed for the tile.
pub struct Linear {
    panels: Vec<Quad>,
    bias: Vec<f32>,
}

impl Linear {
    /// Packs a matrix of `weight.len() / inputs` rows and its bias; without one, b = 0. `name` is for errors.
    ///
    /// # Errors
    /// `Fault::OutOfMemory`.
    pub fn new(name: &str, weight: &[f32], inputs: usize, bias: Option<&[f32]>) -> Result<Linear, Error> {
        let outputs = weight.len() / inputs;
        let mut padded = filled(name, outputs.next_multiple_of(4), 0.0)?;
        padded.iter_mut().zip(bias.unwrap_or_default()).for_each(|(padded, b)| *padded = *b);
        Ok(Linear { panels: pack_rows(name, weight, outputs, inputs)?, bias: padded })
    }

    /// How many elements a result takes: the outputs, rounded up to whole panels.
    pub fn width(&self) -> usize {
        self.bias.len()
    }

    /// y = b, for eight rows.
    pub fn start(&self, y: &mut [Lanes]) {
        y.iter_mut().zip(&self.bias).for_each(|(y, b)| *y = [*b; 8]);
    }

    /// y += W x, for eight rows: one element of x after the other, a lane per row.
    pub fn add(&self, x: &[Lanes], y: &mut [Lanes]) {
        add::<Native>(&self.panels, x, y);
    }
}

fn add<V: F32x4>(panels: &[Quad], x: &[Lanes], y: &mut [Lanes]) {
    for (panel, y) in panels.chunks_exact(x.len()).zip(y.as_chunks_mut::<4>().0) {
        for (sum, y) in tile::<V>(panel, x).into_iter().zip(y) {
            (F32x8::load(y) + sum).store(y);
        }
    }
}

/// y_o = b_o + Σ_c W_oc x_c in double precision: the oracle of the tests. Without a bias, b = 0.
pub fn definition(weight: &[f32], bias: Option<&[f32]>, x: &[f64]) -> Vec<f64> {
    let b = |o: usize| bias.map_or(0.0, |bias| f64::from(bias[o]));
    let rows = weight.chunks_exact(x.len()).enumerate();
    rows.map(|(o, row)| b(o) + row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum::<f64>()).collect()
}

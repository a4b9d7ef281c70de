//! What the blocks are made of: named tensors, and the few layers that they share.

pub mod attention;
pub mod exact;
pub mod input;
pub mod layers;
pub mod parameters;
pub mod tensor;

/// 1 / (1 + e^−x), in (0, 1); NaN stays NaN.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// max(x, 0); NaN stays NaN, which `f64::max` would drop.
pub fn relu(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

/// The larger one; NaN if either is.
pub fn larger(a: f64, b: f64) -> f64 {
    if a > b || a.is_nan() { a } else { b }
}

/// The largest of all, minus infinity of none; NaN if any is.
pub fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::NEG_INFINITY, larger)
}

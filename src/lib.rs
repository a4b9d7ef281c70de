//! qkscope computes attention from Q and K themselves.

pub mod attend;
pub mod capture;
pub mod catalog;
pub mod diagnostics;
pub mod error;
pub mod format;
pub mod mask;
pub mod math;
pub mod normalize;
pub mod options;
pub mod overview;
pub mod paint;
pub mod panel;
pub mod score;
pub mod simd;
pub mod task;
pub mod tensor;

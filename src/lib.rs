//! qkscope computes attention from Q and K themselves.

pub mod catalog;
pub mod error;

//! What several normalizers are made of.

pub mod exponential;
pub mod few;

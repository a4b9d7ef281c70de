//! What practitioners read off weights.
//!
//! [`rows`] sums up each row while its weights are at hand; [`head`] makes one number per head of the rows, with the patterns
//! of [`pattern`]. They take weights in pieces, so that no N x M matrix need exist.

pub mod head;
pub mod pattern;
pub mod rows;

pub use head::HEAD_STATISTICS;
pub use pattern::PATTERNS;
pub use rows::{Columns, RowSums, STATISTICS};

//! What practitioners read off weights. The statistics of a row are summed while its weights are at hand ([`rows`]).

pub mod rows;

pub use rows::{Columns, RowSums, STATISTICS};

//! What practitioners read off weights.
//!
//! [`rows`] sums up each row while its weights are at hand; [`head`] makes one number per head of the rows, with the patterns
//! of [`pattern`] and what [`frame`] says of the head; [`rollout`] and [`flow`] follow attention through the layers;
//! [`importance`] and [`value_norm`] weigh it with what is attended to, after the layer's [`projection`]; [`compare`] holds two
//! matrices beside each other. All but [`flow`] and these take weights in pieces, so that no N x M matrix need exist.
//! [`measures`] names what is in no other list.

pub mod compare;
pub mod flow;
pub mod frame;
pub mod head;
pub mod importance;
pub mod measures;
pub mod pattern;
pub mod projection;
pub mod rollout;
pub mod rows;
pub mod value_norm;

pub use head::HEAD_STATISTICS;
pub use measures::MEASURES;
pub use pattern::PATTERNS;
pub use rows::{Columns, RowSums, Run, STATISTICS};

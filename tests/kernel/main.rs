//! The kernel's tests, in one program: what they share is compiled once, and there is one thing to link.
//!
//! `cargo test --test kernel conformance` runs one file of them.

mod support;

mod block;
mod captures;
mod conformance;
mod diagnostics;
mod golden;
mod laws;
mod math;
mod members;
mod multi_head;
mod plain;
mod position;
mod pyramid;
mod survey;

//! qkscope computes attention from Q and K themselves, and paints it.
//!
//! The modules stand in the order in which data flows:
//!
//! ```text
//! bytes ─▶ format ─▶ capture ─▶ tensor ─▶ position, score ─▶ mask ─▶ normalize ─▶ attend ─▶ paint ─▶ pixels
//!                                          ▲ simd, math and panel serve them and import nothing above
//! ```
//!
//! The whole way, on two queries and three keys that a file holds:
//!
//! ```
//! use qkscope::attend::{Inputs, Problem};
//! use qkscope::format::{self, Limits, Reader};
//! use qkscope::options::Options;
//! use qkscope::paint::{Grid, Palette, Size, pixels};
//! use qkscope::task::{Answer, Request, run};
//!
//! // bytes ─▶ named tensors
//! let file = br#"{"q": [[1, 0], [0, 2]], "k": [[1, 0], [3, 3], [-2, 0]], "v": [[1], [2], [3]]}"#;
//! let mut reader = Reader::new(file.len() as u64, Limits::default())?;
//! while let Some(range) = reader.need() {
//!     reader.supply(&file[range.start as usize..range.end as usize])?;
//! }
//! let index = reader.finish()?;
//! let tensor = |name: &str| {
//!     let info = index.tensors.iter().find(|tensor| tensor.name == name).expect("it is in the file");
//!     let bytes = &file[info.offset as usize..][..info.length as usize];
//!     let shape = [1, 1, info.shape[0] as usize, info.shape[1] as usize];
//!     format::read(info, bytes, &Limits::default()).map(|data| (data, shape))
//! };
//!
//! // tensors ─▶ scores ─▶ weights ─▶ output
//! let inputs = Inputs { query: tensor("q")?, key: tensor("k")?, value: Some(tensor("v")?), mask: None, bias: None };
//! let problem = Problem::new(inputs, &Options::default())?;
//! let everything = Request::Attend {
//!     planes: [0, 1],
//!     rows: [0, 2],
//!     output: true,
//!     weights: true,
//!     stages: vec![],
//!     statistics: true,
//!     status: true,
//! };
//! let Answer::Attend(attended) = run(&problem, &everything)? else { unreachable!() };
//! let weights = attended.weights.expect("asked for");
//! assert!((weights[..3].iter().sum::<f32>() - 1.0).abs() < 1e-6);
//! assert!(weights[1] > weights[0], "the long key wins the dot product");
//!
//! // weights ─▶ pixels
//! let palette = Palette { colormap: "viridis".into(), low: 0.0, high: 1.0, removed: [0; 4], invalid: [255, 0, 255, 255] };
//! let rgba = pixels(Grid::new(&weights, 2, 3)?, Size::new(30, 20)?, &palette)?;
//! assert_eq!(rgba.len(), 30 * 20 * 4);
//! # Ok::<(), qkscope::error::Error>(())
//! ```

pub mod error;

pub mod decimal;

pub mod double;

pub mod by_name;

pub mod member;

pub mod format;

pub mod capture;

pub mod tensor;

pub mod simd;

pub mod math;

pub mod panel;

pub mod packed;

pub mod few;

pub mod options;

pub mod score;

pub mod position;

pub mod mask;

pub mod normalize;

pub mod attend;

pub mod diagnostics;

pub mod overview;

pub mod pyramid;

pub mod task;

pub mod survey;

pub mod block;

pub mod project;

pub mod multi_head;

pub mod paint;

pub mod catalog;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod wasm;

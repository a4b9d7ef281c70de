//! TENSORS → LOGITS. A score is `prepare` + inner product: it says how a query row and a key row are made ready, and the
//! one tile of `panel.rs` does the rest.
//!
//! To add one: a file in this folder with `ENTRY` and `definition`, and its name in the list below.

use crate::error::Error;
use crate::member::Member;
use crate::options::{Choice, Settings};

/// A score function with its parameters set.
pub trait Score: Send + Sync {
    /// Makes a row of Q or K ready for the inner product.
    fn prepare(&self, row: &mut [f32]);

    /// The scale that applies where the caller gives none, for head size d.
    fn default_scale(&self, _head_size: usize) -> f64 {
        1.0
    }
}

/// A member of the list.
pub struct Entry {
    /// What it says about itself.
    pub member: Member,
    /// Sets its parameters.
    pub build: fn(&Settings) -> Box<dyn Score>,
}

/// The raw score of one pair in double precision, in the shape of its paper: the oracle of the tests.
pub type Definition = fn(query: &[f64], key: &[f64], settings: &Settings) -> f64;

macro_rules! scores {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*
        /// Every score, in the order of the menus.
        pub static SCORES: &[&Entry] = &[$(&$name::ENTRY),*];
        /// The definitions, in the same order: apart, so that they are not linked into what ships.
        pub static DEFINITIONS: &[Definition] = &[$($name::definition),*];
    };
}

scores![dot, scaled_dot, cosine];

/// The score that `choice` names, with its parameters set.
///
/// # Errors
/// [`Error::Unknown`] for a name that is not in the list, [`Error::Parameter`] for a bad parameter.
pub fn build(choice: &Choice) -> Result<Box<dyn Score>, Error> {
    let entry = choice.find("score", SCORES, |entry| &entry.member)?;
    Ok((entry.build)(&choice.settings(&entry.member)?))
}

//! Where a token stands, told to the model: added to its row, as a rotation of its query and key, or as a bias on each logit.
//!
//! Query i stands at position i + offset and key j at position j (`mask.rs`), so that shifted and cached sequences come out
//! right. The order is: embed, the norm of a score that has one, rotate, the score's own preparation; the bias comes after the
//! soft cap with the caller's own.
//!
//! To add one: a file in this folder with `ENTRY` and `DEFINITION`, and its name in the list below.

use crate::error::Error;
use crate::member::Member;
use crate::options::{Choice, Settings};
use crate::simd::Lanes;
use crate::tensor::{Head, PerHead, Sizes};

/// A positional encoding with its parameters set, for one query head. Each does one of three things.
pub trait Position: Send + Sync {
    /// Adds the encoding of `position` to a row of Q or K, as it would be added to the row that Q and K are projected from.
    fn embed(&self, _position: i64, _row: &mut [f32]) {}

    /// Rotates a row of Q or K.
    fn rotate(&self, _position: i64, _row: &mut [f32]) {}

    /// Adds its bias to the logits of eight queries, of which the first stands at `position`, at keys from `first` on.
    fn add_bias(&self, _position: i64, _first: usize, _logits: &mut [Lanes]) {}

    /// The dimension that `dimension` is rotated with: what the two add to a score belongs together.
    fn partner(&self, _dimension: usize) -> Option<usize> {
        None
    }
}

/// A member of the list.
pub struct Entry {
    /// What it says about itself.
    pub member: Member,
    /// Whether it changes the rows of Q and K, which then have one head size.
    pub changes_rows: bool,
    /// Whether it adds to logits.
    pub biases: bool,
    /// Sets its parameters. `offset` is where query 0 stands.
    pub build: fn(settings: &Settings, head: &Head, offset: i64) -> Result<Box<dyn Position>, Error>,
}

/// A positional encoding in double precision, in the shape of its paper: the oracle of the tests.
pub struct Definition {
    /// What is added to a row.
    pub embed: fn(position: i64, row: &[f64], settings: &Settings) -> Vec<f64>,
    /// What a row becomes by rotation.
    pub rotate: fn(position: i64, row: &[f64], settings: &Settings) -> Vec<f64>,
    /// What is added to the logit of a query at `position` and key `key`.
    pub bias: fn(position: i64, key: i64, settings: &Settings, head: &Head) -> f64,
}

impl Definition {
    /// Changes nothing.
    pub const NONE: Definition =
        Definition { embed: |_, row, _| row.into(), rotate: |_, row, _| row.into(), bias: |_, _, _, _| 0.0 };
}

macro_rules! positions {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*
        /// Every positional encoding, in the order of the menus.
        pub static POSITIONS: &[&Entry] = &[$(&$name::ENTRY),*];
        /// The definitions, in the same order: apart, so that they are not linked into what ships.
        pub static DEFINITIONS: &[Definition] = &[$($name::DEFINITION),*];
    };
}

positions![none];

/// The positional encoding that `choice` names.
///
/// # Errors
/// [`Error::Unknown`] for a name that is not in the list.
pub fn find(choice: &Choice) -> Result<&'static Entry, Error> {
    choice.find("position", POSITIONS, |entry| &entry.member)
}

impl Entry {
    /// The encoding with its parameters set, for every query head that differs.
    ///
    /// # Errors
    /// [`Error::Shape`] or [`Error::Parameter`], naming the parameter, or for rows of Q and K of two head sizes.
    pub fn set(&self, choice: &Choice, sizes: Sizes, offset: i64) -> Result<PerHead<Box<dyn Position>>, Error> {
        if self.changes_rows {
            sizes.same_head_size()?;
        }
        let settings = choice.settings(&self.member, &sizes)?;
        let each = self.biases || self.member.differs_by_head();
        PerHead::new(sizes, each, |head| (self.build)(&settings, head, offset))
    }
}

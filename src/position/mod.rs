//! Where a token stands, told to the model: added to its row, as a rotation of its query and key, or as a bias on each logit.
//!
//! Query i stands at position i + offset and key j at position j (`mask.rs`), so that shifted and cached sequences come out
//! right. The order is: embed, the norm of a score that has one, rotate, the score's own preparation; the bias comes after the
//! soft cap with the caller's own.
//!
//! To add one: a file in this folder with `ENTRY` and `DEFINITION`, and its name in the list below.

use crate::decimal::show_scaled;
use crate::double;
use crate::error::Error;
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::{Choice, Settings};
use crate::simd::Lanes;
use crate::tensor::{Head, MAX_LENGTH, PerHead, Sizes, filled, reserved};

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

/// Sets the parameters of an encoding for one query head. `offset` is where query 0 stands.
pub type Build = fn(settings: &Settings, head: &Head, offset: i64) -> Result<Box<dyn Position>, Error>;

/// A member of the list.
pub struct Entry {
    /// What it says about itself.
    pub member: Member,
    /// Whether it changes the rows of Q and K, which then have one head size.
    pub changes_rows: bool,
    /// Whether it adds to logits.
    pub biases: bool,
    /// Sets its parameters.
    pub build: Build,
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

/// The base of the frequencies.
const fn theta(name: &'static str, about: Text) -> Parameter {
    Parameter::new(
        name,
        Text { en: "Base θ", zh: "底数 θ" },
        about,
        // Below 1 the frequencies grow instead of falling, and angles lose their digits.
        Kind::number(Some(1.0), None, Some(10_000.0), (10.0, 1e6)).logarithmic(),
    )
}

/// θ^(−m / divisor) for m from 0 to `count` - 1.
fn frequencies(settings: &Settings, theta: &Parameter, count: usize, divisor: f64) -> Result<Vec<f64>, Error> {
    let base = settings.number(theta).unwrap_or(10_000.0);
    // Below, a frequency times a position would overflow even double precision.
    if base < f64::from(f32::MIN_POSITIVE) {
        return Err(Error::parameter(&theta.name, &"at least 1.1754944e-38", &show_scaled(base)));
    }
    let mut all = reserved(theta.name, count)?;
    all.extend((0..count).map(|m| double::pow(base, -(m as f64) / divisor)));
    Ok(all)
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

positions![none, sinusoidal, learned, rope, alibi, t5];

/// The positional encoding that `choice` names.
///
/// # Errors
/// `Fault::Unknown` for a name that is not in the list.
pub fn find(choice: &Choice) -> Result<&'static Entry, Error> {
    choice.find("position", POSITIONS, |entry| &entry.member)
}

/// What `choice` adds to rows of `size` numbers at positions 0 to `length` - 1: (length, size), row-major. For the rows that
/// Q and K are projected from, and for pictures. Zeros for an encoding that adds nothing to rows.
///
/// # Errors
/// As [`find`] and [`Entry::set`], and `Fault::OutOfMemory`.
pub fn table(choice: &Choice, length: usize, size: usize) -> Result<Vec<f32>, Error> {
    let shape = [1, 1, length, size];
    let set = find(choice)?.set(choice, Sizes::new(shape, shape, None)?, 0)?;
    let bytes = (length as u64).saturating_mul(size as u64).saturating_mul(4);
    let count = length.checked_mul(size).ok_or_else(|| Error::out_of_memory(&"positions", bytes))?;
    let mut rows = filled("positions", count, 0.0)?;
    (0..).zip(rows.chunks_exact_mut(size)).for_each(|(position, row)| set.of(0).embed(position, row));
    Ok(rows)
}

/// Refuses positions that single precision does not count exactly.
fn check_offset(sizes: &Sizes, offset: i64) -> Result<(), Error> {
    let (far, last) = (MAX_LENGTH as i64, offset.saturating_add(sizes.queries as i64 - 1));
    if offset >= -far && last <= far {
        return Ok(());
    }
    Err(Error::parameter(
        &"causalOffset",
        &format_args!("such that queries stand at positions from -{far} to {far}"),
        &offset,
    ))
}

impl Entry {
    /// The encoding with its parameters set, for every query head that differs.
    ///
    /// # Errors
    /// `Fault::Shape` or `Fault::Parameter`, naming the parameter, for rows of Q and K of two head sizes, or for
    /// queries further than [`MAX_LENGTH`] from key 0.
    pub fn set(&self, choice: &Choice, sizes: Sizes, offset: i64) -> Result<PerHead<Box<dyn Position>>, Error> {
        if self.changes_rows {
            sizes.same_head_size()?;
        }
        if self.changes_rows || self.biases {
            check_offset(&sizes, offset)?;
        }
        let settings = choice.settings(&self.member, &sizes)?;
        let each = self.biases || self.member.differs_by_head();
        PerHead::new(sizes, each, |head| (self.build)(&settings, head, offset))
    }
}

//! TENSORS → LOGITS. A score is `prepare` + `combine`: it says how a query row and a key row are made ready, and which of three
//! tiles of `panel.rs` compares them: inner product, squared distance, or the tanh of a sum.
//!
//! To add one: a file in this folder with `ENTRY` and `DEFINITION`, and its name in the list below.

use crate::double::tanh;
use crate::error::Error;
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::{Choice, Settings};
use crate::tensor::{Head, PerHead, Sizes, reserved};

/// Which of the two rows is meant, where a score treats them differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// A row of Q.
    Query,
    /// A row of K.
    Key,
}

/// How two prepared rows a and b become a score.
#[derive(Clone, Copy, Debug)]
pub enum Combine<'a> {
    /// Σ_t a_t b_t.
    Product,
    /// −Σ_t (a_t − b_t)².
    Distance,
    /// Σ_t v_t tanh(a_t + b_t).
    Additive(&'a [f32]),
}

impl Combine<'_> {
    /// What element t of the prepared rows adds to the score.
    pub fn term(self, t: usize, a: f32, b: f32) -> f32 {
        match self {
            Combine::Product => a * b,
            Combine::Distance => -(a - b) * (a - b),
            Combine::Additive(v) => v[t] * tanh((a + b).into()) as f32,
        }
    }
}

/// A score function with its parameters set, for one query head.
pub trait Score: Send + Sync {
    /// How many numbers a prepared row has.
    fn size(&self, sizes: &Sizes) -> usize {
        sizes.head_size
    }

    /// Normalizes a row before positions rotate it, as scores do that are called a norm of Q and K.
    fn normalize(&self, _side: Side, _row: &mut [f32]) {}

    /// Whether it leaves rows as they are, so that nobody has to copy them.
    fn keeps_rows(&self) -> bool {
        false
    }

    /// Makes a row ready to be combined.
    fn prepare(&self, _side: Side, row: &[f32], prepared: &mut [f32]) {
        prepared.copy_from_slice(row);
    }

    /// How prepared rows become a score.
    fn combine(&self) -> Combine<'_> {
        Combine::Product
    }

    /// The scale that applies where the caller gives none.
    fn default_scale(&self, _sizes: &Sizes) -> f64 {
        1.0
    }
}

/// Makes a score of its parameters, for one query head.
pub type Build = fn(&Settings, &Head) -> Result<Box<dyn Score>, Error>;

/// A member of the list.
pub struct Entry {
    /// What it says about itself.
    pub member: Member,
    /// Whether keys may have another head size than queries.
    pub takes_other_keys: bool,
    /// Whether the numbers of a prepared row are the dimensions of Q and K, each by itself.
    pub keeps_dimensions: bool,
    /// Sets its parameters.
    pub build: Build,
}

/// A score in double precision, in the shape of its paper: the oracle of the tests.
pub struct Definition {
    /// What is done to a row before positions rotate it.
    pub normalize: fn(side: Side, row: &[f64], settings: &Settings, head: &Head) -> Vec<f64>,
    /// The raw score of one pair.
    pub score: fn(query: &[f64], key: &[f64], settings: &Settings, head: &Head) -> f64,
}

impl Definition {
    /// The definition of a score that does nothing before rotation.
    pub const fn plain(score: fn(&[f64], &[f64], &Settings, &Head) -> f64) -> Definition {
        Definition { normalize: |_, row, _, _| row.into(), score }
    }
}

/// The smallest norm, or the addend under a root, that keeps a division finite.
const fn eps(default: f64) -> Parameter {
    Parameter::new(
        "eps",
        Text { en: "ε", zh: "ε" },
        Text { en: "Keeps the division finite for rows of zeros.", zh: "使全零的行也能做除法。" },
        Kind::number(Some(0.0), None, Some(default), (1e-12, 1.0)).above_min().logarithmic(),
    )
}

/// A vector or a matrix that is learned.
const fn tensor(name: &'static str, axes: &'static [&'static str], default: &'static str, about: Text) -> Parameter {
    let label = Text { en: name, zh: name };
    Parameter::new(name, label, about, Kind::Tensor { axes, per_head: false, default })
}

/// product_r = Σ_c matrix_rc row_c, summed in double precision; without a matrix, the row as it is.
fn multiply(matrix: Option<&[f32]>, row: &[f32], product: &mut [f32]) {
    let Some(matrix) = matrix else {
        return product.copy_from_slice(row);
    };
    for (product, weights) in product.iter_mut().zip(matrix.chunks_exact(row.len())) {
        *product = weights.iter().zip(row).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum::<f64>() as f32;
    }
}

/// Refuses the identity where it would not be square.
fn square(name: &str, given: Option<&[f32]>, rows: usize, columns: usize) -> Result<(), Error> {
    if given.is_some() || rows == columns {
        return Ok(());
    }
    Err(Error::shape(&name, &format_args!("a matrix ({rows}, {columns})"), &"none"))
}

/// A copy that lives as long as the score, or a typed error where there is no memory for it.
fn keep(name: &str, tensor: Option<&[f32]>) -> Result<Option<Vec<f32>>, Error> {
    let Some(tensor) = tensor else { return Ok(None) };
    let mut copy = reserved(name, tensor.len())?;
    copy.extend_from_slice(tensor);
    Ok(Some(copy))
}

macro_rules! scores {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*
        /// Every score, in the order of the menus.
        pub static SCORES: &[&Entry] = &[$(&$name::ENTRY),*];
        /// The definitions, in the same order: apart, so that they are not linked into what ships.
        pub static DEFINITIONS: &[Definition] = &[$($name::DEFINITION),*];
    };
}

scores![
    dot,
    scaled_dot,
    cosine,
    general,
    additive,
    concat,
    neg_l2,
    rbf,
    qk_norm_l2,
    qk_norm_rms,
    qk_norm_ln,
    swin_v2_cosine,
];

/// The score that `choice` names.
///
/// # Errors
/// `Fault::Unknown` for a name that is not in the list.
pub fn find(choice: &Choice) -> Result<&'static Entry, Error> {
    choice.find("score", SCORES, |entry| &entry.member)
}

impl Entry {
    /// The score with its parameters set, for every query head that differs.
    ///
    /// # Errors
    /// `Fault::Shape` for keys of another head size where they may not be, or a parameter of a wrong shape;
    /// `Fault::Parameter` for a bad one.
    pub fn set(&self, choice: &Choice, sizes: Sizes) -> Result<PerHead<Box<dyn Score>>, Error> {
        if !self.takes_other_keys {
            sizes.same_head_size()?;
        }
        let settings = choice.settings(&self.member, &sizes)?;
        PerHead::new(sizes, self.member.differs_by_head(), |head| (self.build)(&settings, head))
    }
}

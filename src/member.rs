//! What every member of a list says about itself.
//!
//! A score, a normalizer, a colour map or a file format is one file plus one line in its folder's list. From its
//! [`Member`] come the menus and sliders of the page, the unions of names in the TypeScript types, the cases of the
//! conformance tests and the tables of the README, so nothing is written twice.
//!
//! What only menus and tables show is [`Kept`]: the build reads it natively, and the module that ships has none of it.

use serde::Serialize;

/// A text in the languages of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// Chinese, simplified.
    pub zh: &'static str,
}

/// What only the catalogue reads.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub type Kept<T> = T;
/// What only the catalogue reads: nothing at all here, in a browser.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub type Kept<T> = core::marker::PhantomData<T>;

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
const fn keep<T: Copy>(what: T) -> Kept<T> {
    what
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
const fn keep<T: Copy>(_: T) -> Kept<T> {
    core::marker::PhantomData
}

/// The identity of one member of a list.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The name in options and URLs, as the field writes it: `scaled_dot`.
    pub id: &'static str,
    /// The name in menus.
    pub label: Kept<Text>,
    /// One sentence: what it does and when one wants it.
    pub about: Kept<Text>,
    /// The formula in plain text: `s = q·k`.
    pub formula: Kept<&'static str>,
    /// Where it comes from: authors, year, arXiv number or DOI, section. Empty where there is no paper.
    pub source: Kept<&'static str>,
    /// What can be set, in the order in which controls show it.
    pub parameters: &'static [Parameter],
}

impl Member {
    /// Whether its parameters may differ from head to head.
    pub fn differs_by_head(&self) -> bool {
        let by_head = |kind| matches!(kind, Kind::Tensor { axes, per_head, .. } if per_head || axes.contains(&"Hq"));
        self.parameters.iter().any(|parameter| by_head(parameter.kind))
    }

    /// A member with nothing to set and no paper of its own.
    pub const fn plain(id: &'static str, label: Text, about: Text, formula: &'static str) -> Member {
        Member::cited(id, label, about, formula, "")
    }

    /// A member with nothing to set, and where it comes from.
    pub const fn cited(
        id: &'static str,
        label: Text,
        about: Text,
        formula: &'static str,
        source: &'static str,
    ) -> Member {
        let (label, about, formula, source) = (keep(label), keep(about), keep(formula), keep(source));
        Member { id, label, about, formula, source, parameters: &[] }
    }

    /// The same with parameters.
    pub const fn with(self, parameters: &'static [Parameter]) -> Member {
        Member { parameters, ..self }
    }
}

/// A value that a caller can set, with its rule.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// The option's name in JavaScript: `temperature`.
    pub name: &'static str,
    /// The name on a control.
    pub label: Kept<Text>,
    /// What it does, and what its automatic value is.
    pub about: Kept<Text>,
    /// Its type, range and default.
    #[serde(flatten)]
    pub kind: Kind,
}

impl Parameter {
    /// A value called `name` in JavaScript.
    pub const fn new(name: &'static str, label: Text, about: Text, kind: Kind) -> Parameter {
        Parameter { name, label: keep(label), about: keep(about), kind }
    }
}

/// One of a few names that a parameter can have, and its name on a control.
pub type Named = (&'static str, Kept<Text>);

/// A name, and its name on a control.
pub const fn named(id: &'static str, label: Text) -> Named {
    (id, keep(label))
}

/// The type of a [`Parameter`].
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Kind {
    /// A number that is finite in single precision.
    #[serde(rename_all = "camelCase")]
    Number {
        /// The smallest allowed value; `None` is unbounded.
        min: Option<f64>,
        /// The largest allowed value; `None` is unbounded.
        max: Option<f64>,
        /// Whether `min` itself is refused.
        above_min: bool,
        /// Whether only whole numbers are allowed.
        integer: bool,
        /// `None`: worked out from the data, or off, as the parameter's text says.
        default: Option<f64>,
        /// The span of a slider.
        slider: Kept<(f64, f64)>,
        /// Whether the slider's scale is logarithmic.
        logarithmic: Kept<bool>,
    },
    /// One of a few names.
    Choice {
        /// The names and their labels.
        options: &'static [Named],
        /// The name in force when none is given; `None`: the caller must choose when it matters.
        default: Option<&'static str>,
    },
    /// Finite numbers with a shape: a vector or a matrix of the model.
    #[serde(rename_all = "camelCase")]
    Tensor {
        /// What each axis counts. `d`, `dk`, `dv`, `Hq`, `N`, `M` and sums of them (`d+dk`) are sizes of the problem; the
        /// length of any other is free, and the same in all parameters of the member.
        axes: &'static [&'static str],
        /// Whether there may be one for each query head, along a first axis `Hq`.
        per_head: bool,
        /// What counts when none is given: `identity`, `zeros`, `ones`, `ln 10`.
        default: &'static str,
    },
    /// Yes or no.
    Flag {
        /// The value in force when none is given.
        default: bool,
    },
}

impl Kind {
    /// A number from `min` to `max`, where there are such; both are allowed.
    pub const fn number(min: Option<f64>, max: Option<f64>, default: Option<f64>, slider: (f64, f64)) -> Kind {
        let (slider, logarithmic) = (keep(slider), keep(false));
        Kind::Number { min, max, above_min: false, integer: false, default, slider, logarithmic }
    }

    /// The same, but `min` itself is refused.
    pub const fn above_min(mut self) -> Kind {
        if let Kind::Number { above_min, .. } = &mut self {
            *above_min = true;
        }
        self
    }

    /// The same, but only whole numbers are allowed.
    pub const fn integer(mut self) -> Kind {
        if let Kind::Number { integer, .. } = &mut self {
            *integer = true;
        }
        self
    }

    /// The same, with a slider whose scale is logarithmic.
    pub const fn logarithmic(mut self) -> Kind {
        if let Kind::Number { logarithmic, .. } = &mut self {
            *logarithmic = keep(true);
        }
        self
    }
}

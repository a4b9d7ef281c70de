//! What a caller can set: the list for controls and docs, and the values once read and checked.

use crate::by_name::ByName;
use crate::decimal::show;
use crate::error::{self, Error, joined, names};
use crate::member::{Kind, Member, Parameter, Text, named};
use crate::tensor::{Sizes, Tensor, join};
use serde::Deserialize;

const fn window(name: &'static str, label: Text, about: Text) -> Parameter {
    let kind = Kind::number(Some(-1.0), None, Some(-1.0), (-1.0, 64.0)).integer();
    Parameter::new(name, label, about, kind)
}

/// The options of every score and normalizer, in the order in which controls show them.
pub static OPTIONS: &[Parameter] = &[
    Parameter::new(
        "scale",
        Text { en: "Scale", zh: "缩放" },
        Text {
            en: "The factor on the raw score, in place of the score's own. Automatic: that one, as the score's formula says.",
            zh: "原始分数的系数，取代分数函数自己的系数。自动：由分数函数决定，见其公式。",
        },
        Kind::number(None, None, None, (-2.0, 2.0)),
    ),
    Parameter::new(
        "temperature",
        Text { en: "Temperature", zh: "温度" },
        Text {
            en: "Divides the scaled score. Low is sharp, high is even.",
            zh: "缩放后的分数除以温度。低则尖锐，高则平均。",
        },
        Kind::number(Some(0.0), None, Some(1.0), (0.05, 20.0)).above_min().logarithmic(),
    ),
    Parameter::new(
        "softcap",
        Text { en: "Soft cap", zh: "软上限" },
        Text {
            en: "Bends logits smoothly below c: c·tanh(l/c). Off at 0 (Gemma 2, arXiv 2408.00118: 50).",
            zh: "把 logit 平滑地压到 c 以下：c·tanh(l/c)。0 为关闭（Gemma 2，arXiv 2408.00118：50）。",
        },
        Kind::number(None, None, Some(0.0), (0.0, 50.0)),
    ),
    Parameter::new(
        "causal",
        Text { en: "Causal mask", zh: "因果掩码" },
        Text {
            en: "A query sees the keys up to its own position only.", zh: "查询只能看到自身位置及之前的键。"
        },
        Kind::Flag { default: false },
    ),
    Parameter::new(
        "causalAlignment",
        Text { en: "Causal alignment", zh: "因果对齐" },
        Text {
            en: "Where the diagonal starts when there are not as many queries as keys: key j is seen when j ≤ i + offset, with offset 0 (upper left) or M − N (lower right).",
            zh: "查询数与键数不同时对角线的起点：j ≤ i + offset 可见，左上对齐 offset 为 0，右下对齐为 M − N。",
        },
        Kind::Choice {
            options: &[
                named("upper_left", Text { en: "Upper left", zh: "左上" }),
                named("lower_right", Text { en: "Lower right", zh: "右下" }),
            ],
            default: None,
        },
    ),
    window(
        "leftWindowSize",
        Text { en: "Window to the left", zh: "左窗口" },
        Text {
            en: "How many keys before its own position a query sees; −1 is no limit.",
            zh: "查询能看到自身位置之前多少个键；−1 为不限。",
        },
    ),
    window(
        "rightWindowSize",
        Text { en: "Window to the right", zh: "右窗口" },
        Text {
            en: "How many keys after its own position a query sees; −1 is no limit.",
            zh: "查询能看到自身位置之后多少个键；−1 为不限。",
        },
    ),
];

/// Where the causal diagonal starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alignment {
    /// offset = 0: query i stands at key i.
    UpperLeft,
    /// offset = M − N: the last query stands at the last key.
    LowerRight,
}

/// A member of a list, chosen by its id alone or with parameters: `"softmax"`, `{"id": "sigmoid", "bias": -3}`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// The id; every parameter at its default.
    Id(String),
    /// The id and some parameters.
    With {
        /// The id.
        id: String,
        /// What is set, by name.
        #[serde(flatten)]
        settings: ByName<Setting>,
    },
}

/// The value of a parameter as given by a caller.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Setting {
    /// A number.
    Number(f64),
    /// A yes or no.
    Flag(bool),
    /// A name.
    Name(String),
    /// Numbers with a shape.
    Tensor(Tensor),
    /// As if not given.
    Automatic(()),
}

impl Choice {
    /// A choice by id alone.
    pub fn id(id: &str) -> Choice {
        Choice::Id(id.into())
    }

    /// The chosen id.
    pub fn name(&self) -> &str {
        match self {
            Choice::Id(id) | Choice::With { id, .. } => id,
        }
    }

    /// The entry of `list` that is chosen; `kind` names the list in an error.
    ///
    /// # Errors
    /// `Fault::Unknown`, naming what there is.
    pub fn find<T>(&self, kind: &str, list: &[&'static T], member: fn(&T) -> &Member) -> Result<&'static T, Error> {
        list.iter()
            .find(|entry| member(entry).id == self.name())
            .copied()
            .ok_or_else(|| Error::unknown(&kind, &names(&mut list.iter().map(|entry| member(entry).id)), &self.name()))
    }

    /// The parameters as given, checked against the member's own list and the sizes of the problem.
    ///
    /// # Errors
    /// `Fault::Parameter`, `Fault::Shape` or `Fault::Unknown`, naming the parameter.
    pub fn settings(&self, member: &Member, sizes: &Sizes) -> Result<Settings, Error> {
        let given = match self {
            Choice::Id(_) => ByName::default(),
            Choice::With { settings, .. } => settings.clone(),
        };
        let mut axes = Axes::new(sizes);
        for (name, setting) in &given {
            let known = || names(&mut member.parameters.iter().map(|p| p.name));
            let parameter = member.parameters.iter().find(|p| p.name == name).ok_or_else(|| {
                Error::unknown(
                    &format_args!("parameter of {}", member.id),
                    &if member.parameters.is_empty() { "none".into() } else { known() },
                    &name,
                )
            })?;
            check(parameter, setting)?;
            if let (Kind::Tensor { axes: names, per_head, .. }, Setting::Tensor(tensor)) = (parameter.kind, setting) {
                axes.check(name, names, per_head, tensor)?;
            }
        }
        Ok(Settings(given))
    }
}

/// The checked parameters of one chosen member.
#[derive(Clone, Debug, Default)]
pub struct Settings(ByName<Setting>);

impl Settings {
    /// The same with `parameter` at its default.
    pub fn without(&self, parameter: &Parameter) -> Settings {
        let mut left = self.clone();
        left.0.remove(parameter.name);
        left
    }

    /// The number given for `parameter`, or its default; `None` is automatic.
    pub fn number(&self, parameter: &Parameter) -> Option<f64> {
        match (self.0.get(parameter.name), parameter.kind) {
            (Some(Setting::Number(x)), _) => Some(*x),
            (_, Kind::Number { default, .. }) => default,
            _ => None,
        }
    }

    /// The flag given for `parameter`, or its default.
    pub fn flag(&self, parameter: &Parameter) -> bool {
        match (self.0.get(parameter.name), parameter.kind) {
            (Some(Setting::Flag(x)), _) => *x,
            (_, Kind::Flag { default }) => default,
            _ => false,
        }
    }

    /// The numbers given for `parameter` and query head `head`; `None` where its default counts.
    pub fn tensor(&self, parameter: &Parameter, head: usize) -> Option<&[f32]> {
        let Some(Setting::Tensor(tensor)) = self.0.get(parameter.name) else { return None };
        match parameter.kind {
            Kind::Tensor { axes, .. } if tensor.shape.len() > axes.len() => {
                let size = tensor.data.len() / tensor.shape[0].max(1);
                Some(&tensor.data[head * size..][..size])
            }
            _ => Some(&tensor.data),
        }
    }

    /// The length of axis `axis` of the numbers given for `parameter`, not counting one for the heads.
    pub fn length(&self, parameter: &Parameter, axis: usize) -> Option<usize> {
        match (self.0.get(parameter.name), parameter.kind) {
            (Some(Setting::Tensor(tensor)), Kind::Tensor { axes, .. }) => {
                tensor.shape.get(axis + tensor.shape.len() - axes.len()).copied()
            }
            _ => None,
        }
    }

    /// The name given for `parameter`, or its default; empty is automatic.
    pub fn name(&self, parameter: &Parameter) -> &str {
        match (self.0.get(parameter.name), parameter.kind) {
            (Some(Setting::Name(x)), _) => x,
            (_, Kind::Choice { default: Some(x), .. }) => x,
            _ => "",
        }
    }
}

/// The lengths of the axes of a member's tensors: those of the problem, and the free ones as they are met.
struct Axes<'a> {
    sizes: &'a Sizes,
    free: Vec<(&'static str, usize)>,
}

impl<'a> Axes<'a> {
    fn new(sizes: &'a Sizes) -> Axes<'a> {
        Axes { sizes, free: Vec::new() }
    }

    /// Checks one tensor, whose axes are called `names`.
    fn check(&mut self, name: &str, names: &[&'static str], per_head: bool, tensor: &Tensor) -> Result<(), Error> {
        let Tensor { shape, data } = tensor;
        let fits = |known: &Option<usize>, &length: &usize| known.map_or(length > 0, |known| known == length);
        let each = usize::from(per_head && shape.len() == names.len() + 1);
        let known: Vec<Option<usize>> = ["Hq"][..each].iter().chain(names).map(|axis| self.length(axis)).collect();
        if known.len() != shape.len() || !known.iter().zip(shape).all(|(known, length)| fits(known, length)) {
            let expected = self.describe(names, per_head);
            return Err(Error::shape(&name, &expected, &format_args!("({})", join(shape))));
        }
        let count = shape.iter().try_fold(1usize, |product, &n| product.checked_mul(n));
        if count != Some(data.len()) {
            return Err(Error::shape(
                &name,
                &format_args!("{} elements for ({})", count.map_or("too many".into(), |n| n.to_string()), join(shape)),
                &data.len(),
            ));
        }
        if let Some(at) = data.iter().position(|x| !x.is_finite()) {
            return Err(Error::parameter(
                &format_args!("{name}[{at}]"),
                &"finite numbers in single precision",
                &show(data[at].into()),
            ));
        }
        self.free.extend(names.iter().copied().zip(shape[each..].iter().copied()));
        Ok(())
    }

    /// The length of an axis, if it is known: `d`, `d+dk`.
    fn length(&self, axis: &str) -> Option<usize> {
        let Sizes { heads, queries, keys, head_size, key_size, value_size, .. } = *self.sizes;
        let one = |axis: &str| match axis {
            "Hq" => Some(heads),
            "N" => Some(queries),
            "M" => Some(keys),
            "d" => Some(head_size),
            "dk" => Some(key_size),
            "dv" => Some(value_size),
            free => self.free.iter().rev().find(|(axis, _)| *axis == free).map(|(_, length)| *length),
        };
        axis.split('+').map(one).sum()
    }

    /// What would fit, with the lengths that are known: `(d, dk) = (4, 8), or one for each head (Hq, d, dk)`.
    fn describe(&self, names: &[&str], per_head: bool) -> String {
        let known = |axis: &&str| self.length(axis).map_or_else(|| "any".into(), |length| length.to_string());
        let lengths: Vec<String> = names.iter().map(known).collect();
        let lengths = error::names(&mut lengths.iter().map(String::as_str));
        let names = error::names(&mut names.iter().copied());
        let each = if per_head { format!(", or one for each head (Hq, {names})") } else { String::new() };
        format!("({names}) = ({lengths}){each}")
    }
}

/// Whether `setting` keeps the rule of `parameter`.
fn check(parameter: &Parameter, setting: &Setting) -> Result<(), Error> {
    let kept = match (parameter.kind, setting) {
        (_, Setting::Automatic(())) => true,
        (Kind::Flag { .. }, Setting::Flag(_)) | (Kind::Tensor { .. }, Setting::Tensor(_)) => true,
        (Kind::Choice { options, .. }, Setting::Name(name)) => options.iter().any(|(id, _)| id == name),
        (Kind::Number { min, max, above_min, integer, .. }, Setting::Number(x)) => {
            (*x as f32).is_finite()
                && min.is_none_or(|min| if above_min { *x > min } else { *x >= min })
                && max.is_none_or(|max| *x <= max)
                && (!integer || x.fract() == 0.0)
        }
        _ => false,
    };
    if kept {
        return Ok(());
    }
    let found = match setting {
        Setting::Number(x) => show(*x),
        Setting::Flag(x) => x.to_string(),
        Setting::Name(x) => format!("\"{x}\""),
        Setting::Tensor(x) => format!("a tensor ({})", join(&x.shape)),
        Setting::Automatic(()) => "null".into(),
    };
    Err(Error::parameter(&parameter.name, &rule(parameter), &found))
}

/// The rule of a parameter in words: `a whole number of at least -1`.
fn rule(parameter: &Parameter) -> String {
    match parameter.kind {
        Kind::Flag { .. } => "true or false".into(),
        Kind::Tensor { axes, .. } => format!("a tensor ({})", names(&mut axes.iter().copied())),
        Kind::Choice { options, .. } => joined(" or ", &mut options.iter().map(|(id, _)| *id)),
        Kind::Number { min, max, above_min, integer, .. } => {
            let kind = if integer { "a whole number" } else { "a number of single precision" };
            match (min.map(show), max.map(show)) {
                (None, None) => kind.into(),
                (Some(min), Some(max)) => format!("{kind} from {min} to {max}"),
                (Some(min), None) if above_min => format!("{kind} above {min}"),
                (Some(min), None) => format!("{kind} of at least {min}"),
                (None, Some(max)) => format!("{kind} of at most {max}"),
            }
        }
    }
}

/// The options of one problem; names and meanings as in [`OPTIONS`]. Masks and biases are tensors and come beside.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Options {
    /// The score function; scaled dot product where there is none.
    pub score: Option<Choice>,
    /// The normalizer.
    pub normalizer: Choice,
    /// How positions are told to the model.
    pub position: Choice,
    /// Replaces the score's own scale.
    pub scale: Option<f64>,
    /// Divides the scaled score.
    pub temperature: f64,
    /// c of c·tanh(l/c); none, 0 and below are off.
    pub softcap: Option<f64>,
    /// Whether key j > i + offset is removed.
    pub causal: bool,
    /// How the offset is worked out.
    pub causal_alignment: Option<Alignment>,
    /// The offset itself; goes before the alignment.
    pub causal_offset: Option<i64>,
    /// Keys before i + offset that are seen; -1 is no limit.
    pub left_window_size: i64,
    /// Keys after i + offset that are seen; -1 is no limit.
    pub right_window_size: i64,
    /// For each batch item, how many keys are real.
    pub key_value_seq_lengths: Option<Vec<u32>>,
    /// For each batch item, how many queries are real; the rows after them see no key.
    pub query_seq_lengths: Option<Vec<u32>>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            score: None,
            normalizer: Choice::id("softmax"),
            position: Choice::id("none"),
            scale: None,
            temperature: 1.0,
            softcap: None,
            causal: false,
            causal_alignment: None,
            causal_offset: None,
            left_window_size: -1,
            right_window_size: -1,
            key_value_seq_lengths: None,
            query_seq_lengths: None,
        }
    }
}

impl Options {
    /// Checks the values that have a rule of their own.
    ///
    /// # Errors
    /// `Fault::Parameter`, naming the option.
    pub fn check(&self) -> Result<(), Error> {
        let optional = |x: Option<f64>| x.map_or(Setting::Automatic(()), Setting::Number);
        for (name, setting) in [
            ("scale", optional(self.scale)),
            ("temperature", Setting::Number(self.temperature)),
            ("softcap", optional(self.softcap)),
            ("leftWindowSize", Setting::Number(self.left_window_size as f64)),
            ("rightWindowSize", Setting::Number(self.right_window_size as f64)),
        ] {
            check(option(name), &setting)?;
        }
        Ok(())
    }

    /// The score in force.
    pub fn score(&self) -> Choice {
        self.score.clone().unwrap_or(Choice::id("scaled_dot"))
    }

    /// Refuses what a normalizer does not allow: `forbidden` names options. One at its default is not there.
    ///
    /// # Errors
    /// `Fault::Parameter`, naming the option and its value.
    pub fn forbid(&self, forbidden: &[&str]) -> Result<(), Error> {
        let given = [
            ("score", self.score.as_ref().map(|score| format!("\"{}\"", score.name()))),
            ("scale", self.scale.map(show)),
            ("temperature", Some(self.temperature).filter(|&t| t != 1.0).map(show)),
            ("softcap", self.softcap.filter(|&c| c > 0.0).map(show)),
        ];
        match given.into_iter().find_map(|(name, value)| Some((name, value?)).filter(|_| forbidden.contains(&name))) {
            Some((name, found)) => Err(self.forbidden(name, found)),
            None => Ok(()),
        }
    }

    /// The error for an option that the chosen normalizer does not allow.
    pub fn forbidden(&self, name: &str, found: String) -> Error {
        Error::parameter(&name, &format_args!("left out with the normalizer {}", self.normalizer.name()), &found)
    }

    /// Whether anything depends on the positions of queries among keys.
    pub fn positional(&self) -> bool {
        self.causal || self.left_window_size >= 0 || self.right_window_size >= 0 || self.position.name() != "none"
    }

    /// Which option asks where queries stand among keys.
    fn reason(&self) -> String {
        match self.position.name() {
            _ if self.causal => "causal".into(),
            _ if self.left_window_size >= 0 => "leftWindowSize".into(),
            _ if self.right_window_size >= 0 => "rightWindowSize".into(),
            position => format!("position {position}"),
        }
    }

    /// The offset of the diagonal: query i stands at key i + offset.
    ///
    /// # Errors
    /// `Fault::Parameter` where N != M, positions matter, and the caller did not choose.
    pub fn offset(&self, queries: usize, keys: usize) -> Result<i64, Error> {
        match (self.causal_offset, self.causal_alignment) {
            (Some(offset), _) => Ok(offset),
            (None, Some(Alignment::UpperLeft)) => Ok(0),
            (None, Some(Alignment::LowerRight)) => Ok(keys as i64 - queries as i64),
            (None, None) if queries != keys && self.positional() => Err(Error::parameter(
                &"causalAlignment",
                &format_args!(
                    "upper_left or lower_right (or causalOffset a number) for {} with {queries} queries and {keys} keys",
                    self.reason()
                ),
                &"missing",
            )),
            (None, None) => Ok(0),
        }
    }
}

fn option(name: &str) -> &'static Parameter {
    OPTIONS.iter().find(|p| p.name == name).expect("the name is in the list above")
}

//! NAMED TENSORS → layers, heads, Q, K, V, tokens.
//!
//! A capture names its tensors `layers.{l}.q`, `.k`, `.v`, and if it likes `.weights` and `.sinks`; a single layer may
//! say `q` or `query` and so on. Shapes are (heads, sequence, size), with or without a batch in front; keys and values
//! may have fewer heads than queries, which then share them (GQA). Q and K are stored as they enter the product, after
//! any norm and rotation. What else the model's attention did stands in the metadata, under the names of the options.
//!
//! ```
//! use qkscope::capture::Capture;
//! use qkscope::format::{Limits, Reader};
//!
//! let file = br#"{"q": [[1, 0]], "k": [[1, 0], [0, 1]], "query_tokens": ["it"], "key_tokens": ["the", "cat"],
//!                 "is_causal": false, "scale": 0.5}"#;
//! let mut reader = Reader::new(file.len() as u64, Limits::default())?;
//! while let Some(range) = reader.need() {
//!     reader.supply(&file[range.start as usize..range.end as usize])?;
//! }
//! let capture = Capture::new(reader.finish()?)?;
//! assert_eq!(capture.layers[0].query.as_deref(), Some("q"));
//! assert_eq!(capture.key_tokens.unwrap(), ["the", "cat"]);
//! # Ok::<(), qkscope::error::Error>(())
//! ```

use crate::by_name::ByName;
use crate::decimal;
use crate::error::{Error, Fault, dims};
use crate::format::parts::names::mend_surrogates;
use crate::format::parts::order;
use crate::format::parts::scan::{items, members, string};
use crate::format::{Index, TensorInfo};
use crate::member::{Kind, Parameter};
use crate::options::OPTIONS;
use core::fmt::Display;

/// A file of tensors, understood as attention.
#[derive(Clone, Debug, PartialEq)]
pub struct Capture {
    /// What the file holds.
    pub index: Index,
    /// Its layers by number. Empty where names do not say what is what: then [`Capture::assign`] does.
    pub layers: Vec<Layer>,
    /// The model that was captured.
    pub model: Option<String>,
    /// The text that it read.
    pub text: Option<String>,
    /// What stands at each query. As many as there are queries.
    pub query_tokens: Option<Vec<String>>,
    /// What stands at each key. As many as there are keys.
    pub key_tokens: Option<Vec<String>>,
    /// The options under which the model computed attention, by their names in JavaScript, each valid by its rule.
    pub options: ByName<Setting>,
}

/// The names of one layer's tensors. Queries and keys come together, or not at all where there are weights alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// Its number in the model.
    pub layer: u32,
    /// Q, (…, heads, queries, size).
    pub query: Option<String>,
    /// K, (…, key heads, keys, size).
    pub key: Option<String>,
    /// V, (…, key heads, keys, value size).
    pub value: Option<String>,
    /// The weights that the model itself computed, (…, heads, queries, keys).
    pub weights: Option<String>,
    /// The logit of each head's sink.
    pub sinks: Option<String>,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A name.
    Name(String),
    /// The member of a list and its parameters: `{"id": "sigmoid", "bias": -3}`.
    Member(ByName<Setting>),
}

impl Capture {
    /// Reads what names and metadata say.
    ///
    /// # Errors
    /// `Fault::Shape` where the tensors of a numbered layer do not fit each other, `Fault::Unknown` where one of
    /// them is missing, `Fault::Count` for another number of tokens than queries or keys, `Fault::Parameter` for an
    /// option that breaks its rule: a capture that is half understood would be drawn wrongly, and nobody would know.
    pub fn new(index: Index) -> Result<Self, Error> {
        let metadata = Metadata(&index.metadata);
        let tokens = |name: &str| metadata.get(name).map(|text| token_list(name, text)).transpose();
        let (shared, query, key) = (tokens("tokens")?, tokens("query_tokens")?, tokens("key_tokens")?);
        let text = |name: &str| metadata.get(name).map(str::to_owned);
        let mut capture = Capture {
            layers: Vec::new(),
            model: text("model"),
            text: text("text"),
            query_tokens: query.or_else(|| shared.clone()),
            key_tokens: key.or(shared),
            options: options(&metadata)?,
            index,
        };
        capture.layers = capture.named_layers()?;
        Ok(capture)
    }

    /// Makes these tensors the one layer of the capture.
    ///
    /// # Errors
    /// As [`Capture::new`]; the capture is then as it was.
    pub fn assign(&mut self, query: &str, key: &str, value: Option<&str>) -> Result<(), Error> {
        let layer = Layer {
            query: Some(query.into()),
            key: Some(key.into()),
            value: value.map(Into::into),
            ..Layer::default()
        };
        self.check().layer(&layer)?;
        self.layers = vec![layer];
        Ok(())
    }

    fn named_layers(&self) -> Result<Vec<Layer>, Error> {
        let names = || self.index.tensors.iter().map(|tensor| tensor.name.as_str());
        let mut layers = Vec::<Layer>::new();
        for (name, (number, part)) in names().filter_map(|name| Some((name, numbered(name)?))) {
            let at = layers.binary_search_by(|layer| layer.layer.cmp(&number)).unwrap_or_else(|at| {
                layers.insert(at, Layer { layer: number, ..Layer::default() });
                at
            });
            fill(&mut layers[at], part, name)?;
        }
        if layers.is_empty() {
            return self.single_layer(names());
        }
        let check = self.check();
        layers.iter().try_for_each(|layer| check.layer(layer))?;
        Ok(layers)
    }

    /// The layer of a file with tensors like `q` and `k`. Such names may mean anything: where the tensors do not fit
    /// each other, the caller is asked. Where they do, a wrong number of tokens is an error.
    fn single_layer<'a>(&self, names: impl Iterator<Item = &'a str>) -> Result<Vec<Layer>, Error> {
        let mut layer = Layer::default();
        let filled = names
            .filter(|name| is_part(&name.to_ascii_lowercase()))
            .try_for_each(|name| fill(&mut layer, &name.to_ascii_lowercase(), name));
        if filled.is_err() || layer == Layer::default() {
            return Ok(Vec::new());
        }
        match self.check().layer(&layer) {
            Err(error) if matches!(*error, Fault::Count { .. }) => Err(error),
            Err(_) => Ok(Vec::new()),
            Ok(()) => Ok(vec![layer]),
        }
    }

    fn check(&self) -> Check<'_> {
        let tensors = &self.index.tensors;
        let order = order(tensors.len(), &|a, b| tensors[a].name.cmp(&tensors[b].name));
        Check {
            tensors: order.into_iter().map(|at| &tensors[at]).collect(),
            query_tokens: self.query_tokens.as_deref(),
            key_tokens: self.key_tokens.as_deref(),
        }
    }
}

/// What the shapes of a layer must agree with.
struct Check<'a> {
    /// In the order of their names.
    tensors: Vec<&'a TensorInfo>,
    query_tokens: Option<&'a [String]>,
    key_tokens: Option<&'a [String]>,
}

impl Check<'_> {
    /// Whether the tensors of a layer, and the tokens, fit each other.
    fn layer(&self, layer: &Layer) -> Result<(), Error> {
        if layer.weights.is_none() || layer.query.is_some() || layer.key.is_some() {
            let number = layer.layer;
            let (query, key) = (self.part(&layer.query, number, "q")?, self.part(&layer.key, number, "k")?);
            self.heads(layer, query, key)?;
        } else if let Some(weights) = self.optional(&layer.weights)? {
            let [.., queries, keys] = four(weights, "heads, queries, keys")?;
            self.tokens(&weights.name, queries, &weights.name, keys)?;
        }
        Ok(())
    }

    fn heads(&self, layer: &Layer, query: &TensorInfo, key: &TensorInfo) -> Result<(), Error> {
        let [batch, heads, queries, size] = four(query, "heads, queries, size")?;
        let [_, key_heads, keys, _] = four(key, "heads, keys, size")?;
        fits(key, [batch, key_heads, keys, size], &query.name)?;
        if key_heads != heads && (key_heads == 0 || !heads.is_multiple_of(key_heads)) {
            let expected = format!("a number of heads that divides the {heads} of {}", query.name);
            return Err(misfit(key, &expected));
        }
        if let Some(value) = self.optional(&layer.value)? {
            let [.., value_size] = four(value, "heads, keys, size")?;
            fits(value, [batch, key_heads, keys, value_size], &key.name)?;
        }
        if let Some(weights) = self.optional(&layer.weights)? {
            four(weights, "heads, queries, keys")?;
            fits(weights, [batch, heads, queries, keys], &query.name)?;
        }
        if let Some(sinks) = self.optional(&layer.sinks)?
            && sinks.shape.iter().try_fold(1u64, |product, &n| product.checked_mul(n)) != Some(heads)
        {
            return Err(misfit(sinks, &format_args!("one number for each of the {heads} heads of {}", query.name)));
        }
        self.tokens(&query.name, queries, &key.name, keys)
    }

    fn tokens(&self, query: &str, queries: u64, key: &str, keys: u64) -> Result<(), Error> {
        let check = |tokens: Option<&[String]>, what: String, expected| match tokens {
            Some(tokens) if tokens.len() as u64 != expected => Err(Error::count(&what, expected, tokens.len() as u64)),
            _ => Ok(()),
        };
        check(self.query_tokens, format!("tokens for the queries of {query}"), queries)?;
        check(self.key_tokens, format!("tokens for the keys of {key}"), keys)
    }

    fn part(&self, name: &Option<String>, layer: u32, letter: &str) -> Result<&TensorInfo, Error> {
        let missing = || self.missing(&format!("layers.{layer}.{letter}"));
        self.optional(name)?.ok_or_else(missing)
    }

    fn optional(&self, name: &Option<String>) -> Result<Option<&TensorInfo>, Error> {
        let Some(name) = name else { return Ok(None) };
        match self.tensors.binary_search_by(|tensor| tensor.name.cmp(name)) {
            Ok(at) => Ok(Some(self.tensors[at])),
            Err(_) => Err(self.missing(name)),
        }
    }

    fn missing(&self, name: &str) -> Error {
        const SHOWN: usize = 8;
        let mut names: Vec<&str> = self.tensors.iter().take(SHOWN).map(|tensor| tensor.name.as_str()).collect();
        if self.tensors.len() > SHOWN {
            names.push("…");
        }
        Error::unknown(&"tensor", &names.join(", "), &name)
    }
}

/// The layer and the part that a name like `layers.3.q` speaks of.
fn numbered(name: &str) -> Option<(u32, &str)> {
    let (number, part) = name.strip_prefix("layers.")?.split_once('.')?;
    let plain = number.bytes().all(|byte| byte.is_ascii_digit()) && (number == "0" || !number.starts_with('0'));
    let number = number.parse().ok().filter(|_| plain)?;
    is_part(part).then_some((number, part))
}

fn is_part(part: &str) -> bool {
    slot(&mut Layer::default(), part).is_some()
}

fn slot<'a>(layer: &'a mut Layer, part: &str) -> Option<&'a mut Option<String>> {
    match part {
        "q" | "query" => Some(&mut layer.query),
        "k" | "key" => Some(&mut layer.key),
        "v" | "value" => Some(&mut layer.value),
        "weights" => Some(&mut layer.weights),
        "sinks" => Some(&mut layer.sinks),
        _ => None,
    }
}

fn fill(layer: &mut Layer, part: &str, name: &str) -> Result<(), Error> {
    let number = layer.layer;
    match slot(layer, part) {
        Some(Some(_)) => Err(Error::duplicate(&format_args!("part {part} of layer {number}"), &name)),
        Some(slot) => {
            *slot = Some(name.into());
            Ok(())
        }
        None => Ok(()),
    }
}

/// A shape of two to four dimensions, with ones in front.
fn four(tensor: &TensorInfo, axes: &str) -> Result<[u64; 4], Error> {
    let mut shape = [1; 4];
    match tensor.shape.len() {
        rank @ 2..=4 => shape[4 - rank..].copy_from_slice(&tensor.shape),
        _ => return Err(misfit(tensor, &format_args!("2 to 4 dimensions ({axes})"))),
    }
    Ok(shape)
}

fn fits(tensor: &TensorInfo, expected: [u64; 4], other: &str) -> Result<(), Error> {
    let missing = 4 - tensor.shape.len();
    let ones = expected[..missing].iter().take_while(|&&n| n == 1).count();
    let expected = &expected[ones..];
    if tensor.shape == expected {
        Ok(())
    } else {
        Err(misfit(tensor, &format_args!("{}, to go with {other}", dims(expected))))
    }
}

fn misfit(tensor: &TensorInfo, expected: &dyn Display) -> Error {
    Error::shape(&tensor.name, expected, &dims(&tensor.shape))
}

/// A JSON array of strings. Half a character (a lone surrogate) becomes U+FFFD.
fn token_list(name: &str, text: &str) -> Result<Vec<String>, Error> {
    let mut bytes = text.as_bytes().to_vec();
    mend_surrogates(&mut bytes);
    // What was replaced is ASCII, by ASCII.
    let text = String::from_utf8(bytes).unwrap_or_default();
    items(name, &text)?.into_iter().map(|item| string(name, item)).collect()
}

/// The texts of a file by name.
struct Metadata<'a>(&'a [(String, String)]);

impl<'a> Metadata<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str())
    }
}

/// The options in the metadata, under their names in JavaScript or in Python.
fn options(metadata: &Metadata) -> Result<ByName<Setting>, Error> {
    let mut options = ByName::default();
    for parameter in OPTIONS {
        let python = snake_case(parameter.name);
        let names = [parameter.name.to_owned(), format!("is_{python}"), python];
        if let Some((name, text)) = find(metadata, &names)?
            && let Some(value) = setting(name, parameter, text)?
        {
            options.insert(parameter.name.into(), value);
        }
    }
    for list in ["score", "normalizer", "position"] {
        if let Some(text) = metadata.get(list) {
            options.insert(list.into(), member(list, text)?);
        }
    }
    Ok(options)
}

/// The one of several names that the metadata has.
fn find<'a>(metadata: &Metadata<'a>, names: &'a [String]) -> Result<Option<(&'a str, &'a str)>, Error> {
    let mut found: Option<(&str, &str)> = None;
    for name in names {
        match (metadata.get(name), found) {
            (Some(text), Some((_, other))) if other != text => {
                return Err(Error::duplicate(&"option", &name));
            }
            (Some(text), _) => found = Some((name, text)),
            (None, _) => {}
        }
    }
    Ok(found)
}

/// An option's value; `None` where the text says that there is none.
fn setting(name: &str, parameter: &Parameter, text: &str) -> Result<Option<Setting>, Error> {
    if matches!(text, "" | "null" | "None") {
        return Ok(None);
    }
    let (value, expected) = match parameter.kind {
        Kind::Flag { .. } => (flag(text).map(Setting::Flag), "true or false".into()),
        Kind::Tensor { .. } => (None, "a tensor of the file, not a text".into()),
        Kind::Choice { options, .. } => {
            let names: Vec<&str> = options.iter().map(|(name, _)| *name).collect();
            (names.contains(&text).then(|| Setting::Name(text.into())), format!("one of {}", names.join(", ")))
        }
        Kind::Number { min, max, above_min, integer, .. } => {
            let in_range = |n: &f64| {
                n.is_finite()
                    && min.is_none_or(|min| if above_min { *n > min } else { *n >= min })
                    && max.is_none_or(|max| *n <= max)
                    && (!integer || n.fract() == 0.0)
            };
            let kind = if integer { "a whole number" } else { "a finite number" };
            let above = min.map(|min| [if above_min { " above " } else { " from " }, &decimal::show(min)].concat());
            let below = max.map(|max| format!(" up to {}", decimal::show(max)));
            let rule = [Some(kind.to_owned()), above, below].into_iter().flatten().collect();
            (decimal::read(text).filter(in_range).map(Setting::Number), rule)
        }
    };
    let refused = || Error::parameter(&format_args!("{name} in the metadata"), &expected, &text);
    value.ok_or_else(refused).map(Some)
}

fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }
}

/// A member of a list: its id, or an object with its id and parameters. Whether there is such a member is for the
/// problem to say; but the names in it become those of a JavaScript object, where `__proto__` is no mere name.
fn member(list: &str, text: &str) -> Result<Setting, Error> {
    if !text.starts_with('{') {
        return Ok(Setting::Name(text.into()));
    }
    let name = format!("{list} in the metadata");
    let mut settings = ByName::default();
    for (key, value) in members(&name, text, MOST_SETTINGS)? {
        match plain(&name, value)?.filter(|_| key.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            Some(value) => settings.insert(key, value),
            None => {
                return Err(Error::parameter(&name, &"an id and its parameters", &text));
            }
        }
    }
    Ok(Setting::Member(settings))
}

/// More parameters than any member has.
const MOST_SETTINGS: u64 = 64;

/// A value that is no list and no object.
fn plain(name: &str, value: &str) -> Result<Option<Setting>, Error> {
    Ok(match value {
        "true" => Some(Setting::Flag(true)),
        "false" => Some(Setting::Flag(false)),
        text if text.starts_with('"') => Some(Setting::Name(string(name, text)?)),
        number => decimal::read(number).filter(|number| number.is_finite()).map(Setting::Number),
    })
}

/// `leftWindowSize` as Python writes it: `left_window_size`.
fn snake_case(name: &str) -> String {
    name.chars().fold(String::new(), |mut snake, c| {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
        snake
    })
}

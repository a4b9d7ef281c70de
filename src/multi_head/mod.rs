//! MULTI-HEAD ATTENTION as the layer of a model (Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2), with the
//! argument semantics of `torch.nn.MultiheadAttention` in its batch-first form:
//!
//! ```text
//! MultiHead(Q, K, V) = concat(head_1, …, head_H) Woᵀ + bo
//!             head_h = attention(Q Wq_hᵀ + bq_h, K Wk_hᵀ + bk_h, V Wv_hᵀ + bv_h)
//! ```
//!
//! Head h owns the rows h·d … (h + 1)·d of Wq, Wk and Wv and the same columns of Wo, d = E / H. So each head is a
//! linear layer of its own, its rows come out in the layout of `attend.rs`, and the output is a sum over heads.
//!
//! It is two problems, one after the other, each in tasks over blocks of rows: [`Projections`], and [`Heads`] on what
//! they give. Masks say 1 = may attend, for both kinds; in torch, true means the opposite.

use crate::error::Error;
use crate::options::Options;
use crate::position::{self, Position};
use crate::project;
use crate::task::Workspace;
use crate::tensor::{PerHead, Sizes, Tensor, check_length, join};
use serde::Deserialize;

mod heads;
mod masks;
mod projections;

pub use heads::{Heads, HeadsRequest, HeadsTask, Wanted};
pub use masks::Masks;
pub use projections::{ProjectRequest, ProjectTask, Projections, Side};

/// Row-major numbers and their shape.
pub type Shaped<T, const N: usize> = (Vec<T>, [usize; N]);

/// The tensors of the layer, by the names of torch's state dict.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Weights {
    /// Wq, Wk and Wv as the rows of one matrix (3E, E).
    pub in_proj_weight: Option<Tensor>,
    /// Wq (E, E), where the three stand apart.
    pub q_proj_weight: Option<Tensor>,
    /// Wk (E, kdim), where the three stand apart.
    pub k_proj_weight: Option<Tensor>,
    /// Wv (E, vdim), where the three stand apart.
    pub v_proj_weight: Option<Tensor>,
    /// bq, bk and bv (3E); without it, zeros.
    pub in_proj_bias: Option<Tensor>,
    /// A key that is appended behind the projected ones (E), or (1, 1, E).
    pub bias_k: Option<Tensor>,
    /// Its value (E), or (1, 1, E).
    pub bias_v: Option<Tensor>,
    /// Wo (E, E).
    pub out_proj_weight: Option<Tensor>,
    /// bo (E); without it, zeros.
    pub out_proj_bias: Option<Tensor>,
}

impl Weights {
    /// E, as the out-projection has it.
    fn out_features(&self) -> usize {
        self.out_proj_weight.as_ref().map_or(0, |weight| weight.shape.first().copied().unwrap_or(0))
    }
}

/// The layer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// H, a divisor of E.
    pub num_heads: usize,
    /// Whether a key and a value of zeros are appended, behind `bias_k` and `bias_v`.
    pub add_zero_attn: bool,
    /// Its tensors.
    pub weights: Weights,
}

/// The rows that the layer is applied to.
#[derive(Clone, Debug)]
pub struct Source {
    /// (B, N, E).
    pub query: Shaped<f32, 3>,
    /// (B, S, kdim).
    pub key: Shaped<f32, 3>,
    /// (B, S, vdim).
    pub value: Shaped<f32, 3>,
}

impl Source {
    /// Self-attention: queries, keys and values from the same rows.
    pub fn of(rows: Shaped<f32, 3>) -> Source {
        Source { query: rows.clone(), key: rows.clone(), value: rows }
    }
}

/// What the layer gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Attended {
    /// (B, N, E). A row without a key is bo.
    pub output: Vec<f32>,
    /// (B, N, S + appended) averaged, (B, H, N, S + appended) for each head, or nothing, as was wanted.
    pub weights: Option<Vec<f32>>,
}

/// Applies the layer, all at once.
///
/// # Errors
/// `Fault::Shape`, `Fault::Parameter`, `Fault::Unknown` or `Fault::OutOfMemory`, naming what does not fit.
pub fn run(layer: &Layer, source: Source, masks: Masks, options: &Options, wanted: Wanted) -> Result<Attended, Error> {
    let projections = Projections::new(layer, source, options)?;
    let sizes = projections.sizes();
    let project = |side, keys| {
        let request = ProjectRequest { side, planes: [0, sizes.planes()], rows: [0, keys] };
        let mut task = ProjectTask::new(&projections, &request)?;
        while !task.advance(&projections) {}
        Ok((task.finish(), [sizes.batch, sizes.heads, keys, sizes.head_size]))
    };
    let projected =
        [project(Side::Query, sizes.queries)?, project(Side::Key, sizes.keys)?, project(Side::Value, sizes.keys)?];
    let heads = Heads::new(projected, masks, layer.appended(), &layer.weights, options)?;
    let request = HeadsRequest { batches: [0, sizes.batch], rows: [0, sizes.queries], wanted };
    let (mut task, mut workspace) = (HeadsTask::new(&heads, &request)?, Workspace::new(heads.problem())?);
    while !task.advance(&heads, &mut workspace)? {}
    Ok(task.finish())
}

impl Layer {
    /// How many keys are appended: 0 to 2.
    pub fn appended(&self) -> usize {
        usize::from(self.weights.bias_k.is_some()) + usize::from(self.add_zero_attn)
    }

    /// The sizes of the attention that the rows of `source` come to, appended keys included.
    fn sizes(&self, source: &Source) -> Result<Sizes, Error> {
        let Source { query, key, value } = source;
        for (name, rows) in [("query", query), ("key", key), ("value", value)] {
            let [batch, length, size] = rows.1;
            check_length(name, [1, batch, length, size], rows.0.len())?;
            if size == 0 {
                return Err(misshapen(name, "at least 1 number in a row".into(), &rows.1));
            }
        }
        let [batch, queries, embed] = query.1;
        let keys = key.1[1];
        if key.1[0] != batch {
            return Err(misshapen("key", format!("(B, S, kdim), with B = {batch} of query"), &key.1));
        }
        if value.1[..2] != key.1[..2] {
            let expected = format!("(B, S, vdim), with B = {batch} and S = {keys} of key");
            return Err(misshapen("value", expected, &value.1));
        }
        if self.num_heads == 0 || !embed.is_multiple_of(self.num_heads) {
            return Err(Error::parameter(
                &"numHeads",
                &format_args!("a divisor of E = {embed}, the last axis of query"),
                &self.num_heads,
            ));
        }
        let size = embed / self.num_heads;
        let keys = [batch, self.num_heads, keys.saturating_add(self.appended()), size];
        Sizes::new([batch, self.num_heads, queries, size], keys, Some(keys))
    }
}

/// Rows in double precision.
pub type Matrix = Vec<Vec<f64>>;

/// The layer on one batch item in double precision, in the shape of the paper: the oracle of the tests. `added` is what
/// head h adds to the logit of query i and key j, minus infinity where it may not attend; keys from S on are the
/// appended ones. Returns the output (N, E) and the weights (H, N, S + appended).
///
/// # Errors
/// As [`run`].
pub fn definition(
    layer: &Layer,
    rows: [&Matrix; 3],
    added: impl Fn(usize, usize, usize) -> f64,
) -> Result<(Matrix, Vec<Matrix>), Error> {
    let [q, k, v] = definition_of_projections(layer, rows)?;
    let embed = layer.weights.out_features();
    let size = embed / layer.num_heads;
    let (mut joined, mut weights) = (vec![vec![0.0; embed]; q.len()], Vec::new());
    for h in 0..layer.num_heads {
        let of_head = |row: &[f64]| row[h * size..][..size].to_vec();
        let dot = |a: &[f64], b: &[f64]| of_head(a).iter().zip(of_head(b)).map(|(a, b)| a * b).sum::<f64>();
        let mut of_rows = Vec::new();
        for (i, q) in q.iter().enumerate() {
            let logit = |(j, k): (usize, &Vec<f64>)| dot(q, k) / (size as f64).sqrt() + added(h, i, j);
            let w = softmax(k.iter().enumerate().map(logit).collect());
            for c in h * size..(h + 1) * size {
                let seen = w.iter().zip(&v).filter(|(w, _)| **w > 0.0);
                joined[i][c] = seen.map(|(w, v)| w * v[c]).sum();
            }
            of_rows.push(w);
        }
        weights.push(of_rows);
    }
    let (wo, bo) = out_projection(&layer.weights, embed)?;
    Ok((joined.iter().map(|row| project::definition(wo, bo, row)).collect(), weights))
}

/// Q Wqᵀ + bq, K Wkᵀ + bk and V Wvᵀ + bv in double precision, each row (E), appended keys and values included.
///
/// # Errors
/// As [`run`].
pub fn definition_of_projections(layer: &Layer, rows: [&Matrix; 3]) -> Result<[Matrix; 3], Error> {
    let embed = layer.weights.out_features();
    let inputs = rows.map(|rows| rows.first().map_or(embed, Vec::len));
    let project = |side: Side, rows: &Matrix| {
        let weight = in_projection(&layer.weights, side, embed, inputs)?;
        let bias = in_bias(&layer.weights, side, embed)?;
        let own = rows.iter().map(|row| project::definition(weight, bias, row));
        let more = appended(layer, side, embed)?;
        Ok(own.chain(more.iter().map(|row| row.iter().map(|&x| f64::from(x)).collect())).collect())
    };
    Ok([project(Side::Query, rows[0])?, project(Side::Key, rows[1])?, project(Side::Value, rows[2])?])
}

/// e^l / Σ e^l; zeros where every logit is minus infinity.
fn softmax(logits: Vec<f64>) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let raised: Vec<f64> = logits.iter().map(|l| if *l == f64::NEG_INFINITY { 0.0 } else { (l - max).exp() }).collect();
    let sum: f64 = raised.iter().sum();
    raised.iter().map(|e| if sum > 0.0 { e / sum } else { 0.0 }).collect()
}

/// The rows of one of the three in-projections (E, inputs).
fn in_projection(weights: &Weights, side: Side, embed: usize, inputs: [usize; 3]) -> Result<&[f32], Error> {
    let apart = [
        ("qProjWeight", &weights.q_proj_weight, "(E, E)"),
        ("kProjWeight", &weights.k_proj_weight, "(E, kdim)"),
        ("vProjWeight", &weights.v_proj_weight, "(E, vdim)"),
    ];
    let Some(packed) = &weights.in_proj_weight else {
        let (name, tensor, letters) = apart[side as usize];
        let tensor = match apart.iter().all(|(_, tensor, _)| tensor.is_none()) {
            true => there("inProjWeight", tensor, "(3E, E), or qProjWeight, kProjWeight and vProjWeight")?,
            false => there(name, tensor, letters)?,
        };
        return expect(name, tensor, letters, &[embed, inputs[side as usize]]);
    };
    if let Some((name, ..)) = apart.iter().find(|(_, tensor, _)| tensor.is_some()) {
        return Err(Error::parameter(name, &"left out, where there is inProjWeight", &"a tensor"));
    }
    for (name, letter, size) in [("key", "S, kdim", inputs[1]), ("value", "S, vdim", inputs[2])] {
        if size != embed {
            return Err(Error::shape(
                &name,
                &format_args!("(B, {letter}) with a last axis of E = {embed}, where the weight is inProjWeight"),
                &format_args!("one of {size}"),
            ));
        }
    }
    let rows = expect("inProjWeight", packed, "(3E, E)", &[embed.saturating_mul(3), embed])?;
    Ok(&rows[side as usize * embed * embed..][..embed * embed])
}

/// The bias of one of the three in-projections (E), where there is one.
fn in_bias(weights: &Weights, side: Side, embed: usize) -> Result<Option<&[f32]>, Error> {
    let Some(bias) = &weights.in_proj_bias else { return Ok(None) };
    let all = expect("inProjBias", bias, "(3E)", &[embed.saturating_mul(3)])?;
    Ok(Some(&all[side as usize * embed..][..embed]))
}

/// What is appended behind the keys or the values, each a vector (E): a learned one, then zeros.
fn appended(layer: &Layer, side: Side, embed: usize) -> Result<Vec<Vec<f32>>, Error> {
    let Weights { bias_k, bias_v, .. } = &layer.weights;
    let (name, own, other, partner) = match side {
        Side::Query => return Ok(Vec::new()),
        Side::Key => ("biasK", bias_k, bias_v, "biasV"),
        Side::Value => ("biasV", bias_v, bias_k, "biasK"),
    };
    let mut rows = Vec::new();
    if let Some(own) = own {
        there(partner, other, "(E), where there is its partner")?;
        let is_vector = own.shape.last() == Some(&embed) && own.shape.iter().rev().skip(1).all(|&n| n == 1);
        if !is_vector || own.data.len() != embed {
            return Err(misshapen(name, format!("(E) = ({embed}), or (1, 1, {embed})"), &own.shape));
        }
        rows.push(own.data.clone());
    }
    if layer.add_zero_attn {
        rows.push(vec![0.0; embed]);
    }
    Ok(rows)
}

/// Wo (E, E) and bo (E).
fn out_projection(weights: &Weights, embed: usize) -> Result<(&[f32], Option<&[f32]>), Error> {
    let weight = there("outProjWeight", &weights.out_proj_weight, "(E, E)")?;
    let bias = weights.out_proj_bias.as_ref().map(|bias| expect("outProjBias", bias, "(E)", &[embed])).transpose()?;
    Ok((expect("outProjWeight", weight, "(E, E)", &[embed, embed])?, bias))
}

/// The positional encoding of the options, where it is one that is added to the rows before they are projected: it
/// changes rows and, unlike a rotation, has no dimension that belongs to another.
fn embedding(options: &Options, sizes: &Sizes) -> Result<Option<PerHead<Box<dyn Position>>>, Error> {
    let entry = position::find(&options.position)?;
    if !entry.changes_rows {
        return Ok(None);
    }
    let embed = sizes.heads * sizes.head_size;
    let rows = Sizes { heads: 1, kv_heads: 1, head_size: embed, key_size: embed, value_size: embed, ..*sizes };
    let offset = options.offset(sizes.queries, sizes.keys)?;
    let encoding = entry.set(&options.position, rows, offset)?;
    Ok(Some(encoding).filter(|encoding| encoding.of(0).partner(0).is_none()))
}

/// `sizes` without the `appended` keys.
fn own(sizes: &Sizes, appended: usize) -> Sizes {
    Sizes { keys: sizes.keys - appended, ..*sizes }
}

fn there<'t>(name: &str, tensor: &'t Option<Tensor>, letters: &str) -> Result<&'t Tensor, Error> {
    tensor.as_ref().ok_or_else(|| Error::parameter(&name, &format_args!("a tensor {letters}"), &"missing"))
}

/// The numbers of a tensor that has exactly this shape.
fn expect<'t>(name: &str, tensor: &'t Tensor, letters: &str, shape: &[usize]) -> Result<&'t [f32], Error> {
    if tensor.shape != shape {
        return Err(misshapen(name, format!("{letters} = ({})", join(shape)), &tensor.shape));
    }
    let [rows, columns] = [shape.first().copied().unwrap_or(1), shape.get(1).copied().unwrap_or(1)];
    check_length(name, [1, 1, rows, columns], tensor.data.len())?;
    Ok(&tensor.data)
}

fn misshapen(name: &str, expected: String, found: &[usize]) -> Error {
    Error::shape(&name, &expected, &format_args!("({})", join(found)))
}

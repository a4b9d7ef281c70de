//! The multi-head layer: against its definition in double precision within a bound that follows from those of its
//! parts, against golden values of torch, and against laws.

use crate::support;
use crate::support::{Random, attend, bounds, choice, same_bits};
use qkscope::attend::{Inputs, Problem};
use qkscope::error::Error;
use qkscope::multi_head::{
    Attended, Heads, HeadsRequest, HeadsTask, Layer, Masks, Matrix, ProjectRequest, ProjectTask, Projections, Side,
    Source, Wanted, Weights, definition, definition_of_projections, run,
};
use qkscope::normalize::Sensitivity;
use qkscope::options::{Alignment, Choice, Options};
use qkscope::project::{self, Linear};
use qkscope::task::Workspace;
use qkscope::tensor::Tensor;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

// ------------------------------------------------------------------------------------------------------------- cases

/// B, N, S, E, kdim, vdim, H.
type Dims = [usize; 7];

#[derive(Clone)]
struct Case {
    layer: Layer,
    source: Source,
    masks: Masks,
    options: Options,
    wanted: Wanted,
}

impl Case {
    /// Seeded rows and weights; apart where kdim or vdim is not E, with all biases.
    fn normal([b, n, s, e, kdim, vdim, heads]: Dims, seed: u64) -> Case {
        let mut random = Random(seed);
        let mut rows = |shape: [usize; 3]| (random.normals(shape.iter().product()), shape);
        let source = Source { query: rows([b, n, e]), key: rows([b, s, kdim]), value: rows([b, s, vdim]) };
        let mut tensor = |shape: &[usize]| {
            // Matrices keep the size of what they are applied to.
            let size = (*shape.last().expect("has axes") as f32).sqrt();
            let data = random.normals(shape.iter().product()).into_iter().map(|x| x / size).collect();
            Some(Tensor { shape: shape.to_vec(), data })
        };
        let mut weights = Weights {
            in_proj_bias: tensor(&[3 * e]),
            out_proj_weight: tensor(&[e, e]),
            out_proj_bias: tensor(&[e]),
            ..Weights::default()
        };
        if kdim == e && vdim == e {
            weights.in_proj_weight = tensor(&[3 * e, e]);
        } else {
            let [q, k, v] = [e, kdim, vdim].map(|inputs| tensor(&[e, inputs]));
            (weights.q_proj_weight, weights.k_proj_weight, weights.v_proj_weight) = (q, k, v);
        }
        let layer = Layer { num_heads: heads, add_zero_attn: false, weights };
        Case { layer, source, masks: Masks::default(), options: Options::default(), wanted: Wanted::Each }
    }

    fn with(mut self, change: impl FnOnce(&mut Case)) -> Case {
        change(&mut self);
        self
    }

    /// With `bias_k` and `bias_v`, of a torch parameter's shape.
    fn with_bias_kv(self, seed: u64) -> Case {
        let e = self.source.query.1[2];
        let mut random = Random(seed);
        let mut vector = || Some(Tensor { shape: vec![1, 1, e], data: random.normals(e) });
        let (k, v) = (vector(), vector());
        self.with(|case| (case.layer.weights.bias_k, case.layer.weights.bias_v) = (k, v))
    }

    fn run(&self) -> Result<Attended, Error> {
        run(&self.layer, self.source.clone(), self.masks.clone(), &self.options, self.wanted)
    }

    fn output(&self) -> Vec<f32> {
        self.run().expect("the case is well formed").output
    }

    fn weights(&self) -> Vec<f32> {
        self.run().expect("the case is well formed").weights.expect("wanted")
    }

    /// What head h of batch item b adds to the logit of query i and key j, from the rules, written out once more.
    fn added(&self, b: usize, h: usize, i: usize, j: usize) -> f64 {
        let ([batch, n, _], s) = (self.source.query.1, self.source.key.1[1]);
        let o = &self.options;
        if o.query_seq_lengths.as_ref().is_some_and(|lengths| i >= lengths[b] as usize) {
            return f64::NEG_INFINITY;
        }
        if j >= s {
            return 0.0;
        }
        let offset = match (o.causal_offset, o.causal_alignment) {
            (Some(offset), _) => offset,
            (_, Some(Alignment::LowerRight)) => s as i64 - n as i64,
            _ => 0,
        };
        let (p, key) = (i as i64 + offset, j as i64);
        let masks = &self.masks;
        let at = |shape: [usize; 4]| {
            let planes = shape[0] == 1 && shape[1] == batch * self.layer.num_heads;
            let index = if planes { [0, b * self.layer.num_heads + h, i, j] } else { [b, h, i, j] };
            shape.iter().zip(index).fold(0, |at, (&n, i)| at * n + if n == 1 { 0 } else { i })
        };
        let removed = (o.causal && key > p)
            || (o.left_window_size >= 0 && key < p - o.left_window_size)
            || (o.right_window_size >= 0 && key > p + o.right_window_size)
            || o.key_value_seq_lengths.as_ref().is_some_and(|lengths| j >= lengths[b] as usize)
            || masks.attn_mask.as_ref().is_some_and(|(data, shape)| data[at(*shape)] == 0)
            || masks.key_padding_mask.as_ref().is_some_and(|(data, _)| data[b * s + j] == 0);
        let bias = masks.attn_bias.as_ref().map_or(0.0, |(data, shape)| f64::from(data[at(*shape)]));
        if removed { f64::NEG_INFINITY } else { bias }
    }

    /// The rows of one batch item, in double precision.
    fn rows(&self, b: usize) -> [Matrix; 3] {
        [&self.source.query, &self.source.key, &self.source.value].map(|(data, [_, length, size])| {
            let rows = data[b * length * size..][..length * size].chunks_exact((*size).max(1));
            rows.map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect()
        })
    }
}

/// The layer with the magnitudes of its tensors.
fn absolute(layer: &Layer) -> Layer {
    let mut layer = layer.clone();
    let w = &mut layer.weights;
    for tensor in [
        &mut w.in_proj_weight,
        &mut w.q_proj_weight,
        &mut w.k_proj_weight,
        &mut w.v_proj_weight,
        &mut w.in_proj_bias,
        &mut w.bias_k,
        &mut w.bias_v,
        &mut w.out_proj_weight,
        &mut w.out_proj_bias,
    ] {
        tensor.iter_mut().for_each(|tensor| tensor.data.iter_mut().for_each(|x| *x = x.abs()));
    }
    layer
}

/// What the layer should give, in double precision, and how far single precision may be off; row by row of the answer.
struct Known {
    output: Vec<f64>,
    output_error: Vec<f64>,
    weights: Vec<f64>,
    weights_error: Vec<f64>,
}

/// Softmax alone: the definition's.
fn known(case: &Case) -> Known {
    let mut known = Known { output: vec![], output_error: vec![], weights: vec![], weights_error: vec![] };
    for b in 0..case.source.query.1[0] {
        let rows = case.rows(b);
        let added = |h, i, j| case.added(b, h, i, j);
        let (output, weights) = definition(&case.layer, rows.each_ref(), added).expect("well formed");
        let errors = errors(case, b, &weights);
        let average = case.wanted == Wanted::Average;
        known.output.extend(output.concat());
        known.output_error.extend(errors.0.concat());
        known.weights.extend(if average { mean(&weights) } else { weights.concat().concat() });
        let heads = mean(&errors.1);
        let bound = |(w, e): (f64, &f64)| bounds::mean(weights.len(), w, *e);
        let averaged = mean(&weights).into_iter().zip(&heads).map(bound).collect();
        known.weights_error.extend(if average { averaged } else { errors.1.concat().concat() });
    }
    known
}

fn mean(heads: &[Matrix]) -> Vec<f64> {
    let all: Vec<Vec<f64>> = heads.iter().map(|head| head.concat()).collect();
    (0..all[0].len()).map(|at| all.iter().map(|head| head[at]).sum::<f64>() / all.len() as f64).collect()
}

/// |error| of the output (N, E) and of the weights (H, N, S + appended) of one batch item: the bounds of the parts, one
/// into the other.
fn errors(case: &Case, b: usize, weights: &[Matrix]) -> (Matrix, Vec<Matrix>) {
    let (rows, layer) = (case.rows(b), &case.layer);
    let abs = |rows: &Matrix| rows.iter().map(|row| row.iter().map(|x| x.abs()).collect()).collect::<Matrix>();
    let [q, k, v] = definition_of_projections(layer, rows.each_ref()).expect("well formed");
    let magnitudes = rows.each_ref().map(abs);
    let magnitudes = definition_of_projections(&absolute(layer), magnitudes.each_ref()).expect("well formed");
    let widths = [case.source.query.1[2], case.source.key.1[2], case.source.value.1[2]];
    let error = |side: usize, row: usize, c: usize| bounds::linear(widths[side], magnitudes[side][row][c]);
    let (e, heads) = (widths[0], layer.num_heads);
    let (d, m) = (e / heads, k.len());
    let scale = 1.0 / (d as f64).sqrt();
    let (mut joined, mut joined_error) = (vec![vec![0.0; e]; q.len()], vec![vec![0.0; e]; q.len()]);
    let mut weight_errors = Vec::new();
    for (h, weights) in weights.iter().enumerate() {
        let channels = h * d..(h + 1) * d;
        let mut of_head = Vec::new();
        for i in 0..q.len() {
            let logit_error = |j: usize| {
                let added = case.added(b, h, i, j);
                let (mut propagated, mut size, mut dot) = (0.0, 0.0, 0.0);
                for c in channels.clone() {
                    let (dq, dk, q, k) = (error(0, i, c), error(1, j, c), q[i][c], k[j][c]);
                    propagated += dq * k.abs() + q.abs() * dk + dq * dk;
                    size += (q.abs() + dq) * (k.abs() + dk);
                    dot += q * k;
                }
                let logit = (dot * scale).abs() + if added.is_finite() { 2.0 * added.abs() } else { 0.0 };
                scale * propagated + bounds::logit(d, scale, size, logit)
            };
            let seen = (0..m).filter(|&j| case.added(b, h, i, j) > f64::NEG_INFINITY);
            let worst = seen.map(logit_error).fold(0.0, f64::max);
            let w = &weights[i];
            let dw: Vec<f64> = w
                .iter()
                .map(|&w| if w == 0.0 { bounds::TINY } else { bounds::weight(Sensitivity::Exponential, worst, m, w) })
                .collect();
            for c in channels.clone() {
                let over = |f: &dyn Fn(usize) -> f64| (0..m).filter(|&j| w[j] > 0.0).map(f).sum::<f64>();
                joined[i][c] = over(&|j| w[j] * v[j][c].abs());
                let propagated = over(&|j| dw[j] * (v[j][c].abs() + error(2, j, c)) + w[j] * error(2, j, c));
                joined_error[i][c] = bounds::output(m, joined[i][c], propagated);
            }
            of_head.push(dw);
        }
        weight_errors.push(of_head);
    }
    let positive = absolute(layer);
    let out = positive.weights.out_proj_weight.as_ref().expect("required");
    let bias = positive.weights.out_proj_bias.as_ref().map(|bias| bias.data.as_slice());
    let output = joined.iter().zip(&joined_error).map(|(o, error)| {
        let through = project::definition(&out.data, None, error);
        let own = project::definition(&out.data, bias, o).into_iter().map(|size| bounds::linear(e + heads, size));
        through.into_iter().zip(own).map(|(a, b)| a + b).collect()
    });
    (output.collect(), weight_errors)
}

/// Compares, and returns the largest error and the largest share of a bound that an error takes.
fn compare(what: &str, found: &[f32], expected: &[f64], bound: &[f64]) -> [f64; 2] {
    assert_eq!(found.len(), expected.len(), "{what}: length");
    assert_eq!(found.len(), bound.len(), "{what}: bounds");
    let mut worst = [0.0; 2];
    for (at, ((&found, &expected), &bound)) in found.iter().zip(expected).zip(bound).enumerate() {
        let error = (f64::from(found) - expected).abs();
        assert!(error <= bound, "{what}[{at}]: {found}, expected {expected} within {bound:e}");
        worst = [f64::max(worst[0], error), f64::max(worst[1], if bound > 0.0 { error / bound } else { 0.0 })];
    }
    worst
}

/// Holds a case to its definition. Returns the worst errors of output and weights, and the largest share of a bound.
fn hold(name: &str, case: &Case) -> [f64; 3] {
    let known = known(case);
    let found = case.run().unwrap_or_else(|error| panic!("{name}: {error}"));
    let [output, share] = compare(&format!("{name}: output"), &found.output, &known.output, &known.output_error);
    let Some(weights) = &found.weights else {
        assert_eq!(case.wanted, Wanted::None, "{name}");
        return [output, 0.0, share];
    };
    let [weights, other] = compare(&format!("{name}: weights"), weights, &known.weights, &known.weights_error);
    [output, weights, share.max(other)]
}

fn worst(all: impl Iterator<Item = [f64; 3]>) -> [f64; 3] {
    all.fold([0.0; 3], |a, b| [a[0].max(b[0]), a[1].max(b[1]), a[2].max(b[2])])
}

// -------------------------------------------------------------------------------------------------- the definition

/// Edges among them: one query, one key, none, one head, as many heads as dimensions, heads of 1, 3, 5 and 8 numbers.
const DIMS: &[Dims] = &[
    [2, 3, 3, 4, 4, 4, 2],
    [1, 1, 1, 1, 1, 1, 1],
    [1, 1, 9, 6, 6, 6, 1],
    [3, 9, 4, 6, 6, 6, 6],
    [2, 17, 13, 15, 15, 15, 3],
    [2, 5, 8, 10, 3, 7, 2],
    [1, 12, 300, 32, 32, 32, 4],
    [2, 4, 0, 4, 4, 4, 2],
    [2, 0, 4, 4, 4, 4, 2],
    [0, 3, 3, 4, 4, 4, 2],
];

fn variants(dims: Dims, seed: u64) -> Vec<(&'static str, Case)> {
    let [b, n, s, _, _, _, heads] = dims;
    let case = || Case::normal(dims, seed);
    let mut random = Random(seed + 1);
    let mut bits = |count: usize| (0..count).map(|_| u8::from(random.unit() < 0.7)).collect::<Vec<_>>();
    let (own, keys, all, real) = (bits(n * s), bits(s), bits(b * heads * n * s), bits(b * s));
    let rows = Random(seed + 3).normals(heads * n);
    let bias = (Random(seed + 2).normals(b * heads * n * s), [b, heads, n, s]);
    let lengths = (0..b).map(|i| (s * i / b.max(1)) as u32).collect::<Vec<_>>();
    let (lower, upper) = (Some(Alignment::LowerRight), Some(Alignment::UpperLeft));
    let plain = vec![
        ("plain", case()),
        ("average", case().with(|c| c.wanted = Wanted::Average)),
        ("nothing", case().with(|c| c.wanted = Wanted::None)),
        ("no bias", case().with(|c| (c.layer.weights.in_proj_bias, c.layer.weights.out_proj_bias) = (None, None))),
        ("mask", case().with(|c| c.masks.attn_mask = Some((own, [1, 1, n, s])))),
        ("mask of each head", case().with(|c| c.masks.attn_mask = Some((all.clone(), [1, b * heads, n, s])))),
        ("mask, four axes", case().with(|c| c.masks.attn_mask = Some((all, [b, heads, n, s])))),
        ("mask of keys", case().with(|c| c.masks.attn_mask = Some((keys, [1, 1, 1, s])))),
        ("bias of rows", case().with(|c| c.masks.attn_bias = Some((rows, [1, heads, n, 1])))),
        ("bias", case().with(|c| c.masks.attn_bias = Some(bias))),
        ("padding", case().with(|c| c.masks.key_padding_mask = Some((real, [b, s])))),
        (
            "causal",
            case().with(|c| c.options = Options { causal: true, causal_alignment: upper, ..Options::default() }),
        ),
        (
            "window",
            case().with(|c| {
                (c.options.left_window_size, c.options.right_window_size) = (2, 1);
                c.options.causal_alignment = lower;
            }),
        ),
        ("lengths", case().with(|c| c.options.key_value_seq_lengths = Some(lengths))),
        ("query lengths", case().with(|c| c.options.query_seq_lengths = Some(vec![n as u32 / 2; b]))),
    ];
    let mut all = plain.clone();
    all.extend(plain.iter().cloned().map(|(name, case)| (name, case.with(|c| c.layer.add_zero_attn = true))));
    all.extend(plain.iter().cloned().map(|(name, case)| (name, case.with_bias_kv(seed))));
    let both = |(name, case): (_, Case)| (name, case.with_bias_kv(seed).with(|c| c.layer.add_zero_attn = true));
    all.extend(plain.into_iter().map(both));
    all
}

#[test]
fn it_keeps_to_its_definition() {
    let mut all = Vec::new();
    for (seed, &dims) in DIMS.iter().enumerate() {
        for (at, (name, case)) in variants(dims, seed as u64).into_iter().enumerate() {
            all.push(hold(&format!("{dims:?} {name} {at}"), &case));
        }
    }
    let [output, weights, share] = worst(all.into_iter());
    println!("definition: output {output:.1e}, weights {weights:.1e}, {share:.2} of the bound");
    assert!(share > 0.01, "a bound that nothing comes near holds nothing");
}

#[test]
fn a_linear_layer_keeps_to_its_definition() {
    for [inputs, outputs] in [[1, 1], [3, 5], [64, 7], [1000, 12]] {
        let mut random = Random((inputs * outputs) as u64);
        let (weight, bias, x) = (random.normals(inputs * outputs), random.normals(outputs), random.normals(inputs));
        let linear = Linear::new("weight", &weight, inputs, Some(&bias)).expect("there is memory");
        let lanes: Vec<[f32; 8]> = x.iter().map(|&x| core::array::from_fn(|lane| x * (lane as f32 - 3.0))).collect();
        let mut y = vec![[f32::NAN; 8]; linear.width()];
        linear.start(&mut y);
        linear.add(&lanes, &mut y);
        for lane in 0..8 {
            let wide = |of: &dyn Fn(f64) -> f64| lanes.iter().map(|x| of(f64::from(x[lane]))).collect::<Vec<_>>();
            let expected = project::definition(&weight, Some(&bias), &wide(&|x| x));
            let absolute = |values: &[f32]| values.iter().map(|x| x.abs()).collect::<Vec<_>>();
            let size = project::definition(&absolute(&weight), Some(&absolute(&bias)), &wide(&f64::abs));
            let bound: Vec<f64> = size.into_iter().map(|size| bounds::linear(inputs, size)).collect();
            let found: Vec<f32> = y[..outputs].iter().map(|y| y[lane]).collect();
            compare(&format!("{inputs} {outputs}"), &found, &expected, &bound);
        }
    }
}

// ---------------------------------------------------------------------------------------------------------- goldens

#[derive(Deserialize)]
struct Golden {
    name: String,
    source: String,
    query: Numbers,
    key: Option<Numbers>,
    value: Option<Numbers>,
    weights: Weights,
    options: BTreeMap<String, Value>,
    expected: BTreeMap<String, Numbers>,
}

#[derive(Clone, Deserialize)]
struct Numbers {
    shape: Vec<usize>,
    data: Vec<Value>,
}

impl Numbers {
    fn wide(&self) -> Vec<f64> {
        let number = |value: &Value| match value.as_str() {
            Some("-inf") => f64::NEG_INFINITY,
            Some(other) => panic!("{other}: an unknown number"),
            None => value.as_f64().expect("a number"),
        };
        self.data.iter().map(number).collect()
    }

    fn rows<T, const N: usize>(&self, convert: impl Fn(f64) -> T) -> (Vec<T>, [usize; N]) {
        let mut shape = [1; N];
        shape[N - self.shape.len()..].copy_from_slice(&self.shape);
        (self.wide().into_iter().map(convert).collect(), shape)
    }
}

impl Golden {
    fn case(&self) -> Case {
        let mut left = self.options.clone();
        let mut take = |name: &str| left.remove(name);
        let numbers = |value: Value| serde_json::from_value::<Numbers>(value).expect("a tensor");
        let query = self.query.rows(|x| x as f32);
        let rows = |given: &Option<Numbers>| given.as_ref().map_or(query.clone(), |given| given.rows(|x| x as f32));
        let flag =
            |value: Option<Value>, default: bool| value.map_or(default, |value| value.as_bool().expect("a flag"));
        let wanted = match (flag(take("needWeights"), true), flag(take("averageAttnWeights"), true)) {
            (false, _) => Wanted::None,
            (true, true) => Wanted::Average,
            (true, false) => Wanted::Each,
        };
        let case = Case {
            layer: Layer {
                num_heads: take("numHeads").and_then(|value| value.as_u64()).expect("a number") as usize,
                add_zero_attn: flag(take("addZeroAttn"), false),
                weights: self.weights.clone(),
            },
            source: Source { query: query.clone(), key: rows(&self.key), value: rows(&self.value) },
            masks: Masks {
                attn_mask: take("attnMask").map(|value| numbers(value).rows(|x| x as u8)),
                attn_bias: take("attnBias").map(|value| numbers(value).rows(|x| x as f32)),
                key_padding_mask: take("keyPaddingMask").map(|value| numbers(value).rows(|x| x as u8)),
            },
            options: Options { causal: flag(take("causal"), false), ..Options::default() },
            wanted,
        };
        assert!(left.is_empty(), "{}: nobody reads {left:?}", self.name);
        case
    }
}

fn goldens() -> Vec<Golden> {
    serde_json::from_str(include_str!("../goldens/multi_head.json")).expect("the file is well formed")
}

#[test]
fn it_gives_what_torch_gives() {
    let goldens = goldens();
    assert!(goldens.len() >= 30, "only {} cases", goldens.len());
    let mut all = Vec::new();
    for golden in &goldens {
        assert!(golden.source.contains("torch"), "{}", golden.name);
        let case = golden.case();
        let (known, found) = (known(&case), case.run().unwrap_or_else(|error| panic!("{}: {error}", golden.name)));
        let check = |what: &str, found: &[f32], definition: &[f64], bound: &[f64]| {
            let expected = golden.expected[what].wide();
            // The definition is held to them as well.
            for (a, b) in definition.iter().zip(&expected) {
                assert!(
                    (a - b).abs() <= bounds::DEFINITION * (1.0 + b.abs()),
                    "{} {what}: {a}, torch has {b}",
                    golden.name
                );
            }
            compare(&format!("{} {what}", golden.name), found, &expected, bound)
        };
        let [output, share] = check("output", &found.output, &known.output, &known.output_error);
        assert_eq!(found.weights.is_some(), golden.expected.contains_key("weights"), "{}", golden.name);
        let Some(weights) = &found.weights else { continue };
        let [weights, other] = check("weights", weights, &known.weights, &known.weights_error);
        all.push([output, weights, share.max(other)]);
    }
    let [output, weights, share] = worst(all.into_iter());
    println!("torch: output {output:.1e}, weights {weights:.1e}, {share:.2} of the bound");
}

// ------------------------------------------------------------------------------------------------------------- laws

/// 1 on the diagonal.
fn identity(size: usize) -> Option<Tensor> {
    let data = (0..size * size).map(|at| f32::from(at / size == at % size)).collect();
    Some(Tensor { shape: vec![size, size], data })
}

/// One head whose projections change nothing.
fn transparent(dims: Dims, seed: u64) -> Case {
    let e = dims[3];
    Case::normal(dims, seed).with(|case| {
        case.layer.weights = Weights {
            q_proj_weight: identity(e),
            k_proj_weight: identity(e),
            v_proj_weight: identity(e),
            out_proj_weight: identity(e),
            ..Weights::default()
        };
    })
}

fn problem(case: &Case) -> Problem {
    let rows = |(data, [b, n, e]): &(Vec<f32>, [usize; 3])| (data.clone(), [*b, 1, *n, *e]);
    let Source { query, key, value } = &case.source;
    let inputs = Inputs { query: rows(query), key: rows(key), value: Some(rows(value)), mask: None, bias: None };
    Problem::new(inputs, &case.options).expect("well formed")
}

#[test]
fn projections_that_change_nothing_leave_attention() {
    let case = transparent([2, 9, 13, 6, 6, 6, 1], 3);
    for normalizer in ["softmax", "sparsemax", "sigmoid", "linear_elu1"] {
        let case = case.clone().with(|c| c.options.normalizer = Choice::id(normalizer));
        let plain = attend(&problem(&case));
        assert!(same_bits(&case.output(), &plain.output.expect("asked for")), "{normalizer}");
        assert!(same_bits(&case.weights(), &plain.weights.expect("asked for")), "{normalizer}");
    }
}

/// A key of zeros adds e^0 = 1 to the sum.
#[test]
fn softmax1_is_a_zero_key_whose_column_is_dropped() {
    let case = transparent([2, 9, 13, 6, 6, 6, 1], 4);
    let zero = case.clone().with(|c| c.layer.add_zero_attn = true);
    let plain = attend(&problem(&case.with(|c| c.options.normalizer = Choice::id("softmax1"))));
    let dropped: Vec<f64> =
        zero.weights().chunks_exact(14).flat_map(|row| row[..13].iter().map(|&w| w.into())).collect();
    let close = |expected: &[f64]| expected.iter().map(|x| 32.0 * bounds::EPS * (1.0 + x.abs())).collect::<Vec<_>>();
    compare("weights", &plain.weights.expect("asked for"), &dropped, &close(&dropped));
    let output: Vec<f64> = zero.output().into_iter().map(f64::from).collect();
    compare("output", &plain.output.expect("asked for"), &output, &close(&output));
}

#[test]
fn packed_and_apart_are_the_same_bits() {
    for case in [Case::normal([2, 5, 7, 6, 6, 6, 3], 5), Case::normal([2, 5, 7, 6, 6, 6, 3], 5).with_bias_kv(1)] {
        let apart = case.clone().with(|c| {
            let packed = c.layer.weights.in_proj_weight.take().expect("packed");
            let part = |at: usize| Some(Tensor { shape: vec![6, 6], data: packed.data[at * 36..][..36].to_vec() });
            let w = &mut c.layer.weights;
            (w.q_proj_weight, w.k_proj_weight, w.v_proj_weight) = (part(0), part(1), part(2));
        });
        assert_eq!(case.run(), apart.run());
    }
}

#[test]
fn the_average_is_the_mean_over_heads() {
    let each = Case::normal([2, 9, 5, 12, 12, 12, 4], 6);
    let average = each.clone().with(|c| c.wanted = Wanted::Average).weights();
    let heads = each.weights();
    let (b, h, size) = (2, 4, 9 * 5);
    let expected: Vec<f64> = (0..b * size)
        .map(|at| {
            (0..h).map(|head| f64::from(heads[(at / size * h + head) * size + at % size])).sum::<f64>() / h as f64
        })
        .collect();
    let bound: Vec<f64> = expected.iter().map(|&mean| bounds::mean(h, mean, 0.0)).collect();
    compare("average", &average, &expected, &bound);
    assert_eq!(each.output(), each.clone().with(|c| c.wanted = Wanted::None).output());
}

#[test]
fn a_row_without_a_key_gives_the_bias_of_the_out_projection() {
    let case = Case::normal([2, 3, 4, 6, 6, 6, 2], 7).with(|c| {
        c.masks.key_padding_mask = Some((vec![0, 0, 0, 0, 1, 1, 0, 1], [2, 4]));
    });
    let bias = case.layer.weights.out_proj_bias.as_ref().expect("has one").data.clone();
    let found = case.run().expect("well formed");
    assert!(found.output[..18].chunks_exact(6).all(|row| row == bias), "{:?}", &found.output[..18]);
    assert!(found.output[18..].chunks_exact(6).all(|row| row != bias));
    assert!(found.weights.expect("wanted")[..24].iter().all(|&w| w == 0.0));
    let none = case.with(|c| c.layer.weights.out_proj_bias = None);
    assert!(none.output()[..18].iter().all(|&y| y == 0.0));
}

#[test]
fn removed_keys_and_values_are_not_observable() {
    let dims = [2, 9, 5, 6, 6, 6, 2];
    let clean =
        Case::normal(dims, 8).with(|c| c.masks.key_padding_mask = Some((vec![1, 1, 0, 1, 0, 1, 0, 1, 1, 1], [2, 5])));
    let spoiled = clean.clone().with(|c| {
        for rows in [&mut c.source.key.0, &mut c.source.value.0] {
            rows[2 * 6..3 * 6].fill(f32::NAN);
            rows[4 * 6] = f32::INFINITY;
            rows[6 * 6 + 3] = f32::NAN;
        }
    });
    assert_eq!(clean.run(), spoiled.run());
    // One query that is not a number spoils its own row and no other.
    let query = clean.clone().with(|c| c.source.query.0[3 * 6] = f32::NAN);
    for (row, (a, b)) in clean.output().chunks_exact(6).zip(query.output().chunks_exact(6)).enumerate() {
        assert!(if row == 3 { b.iter().all(|y| y.is_nan()) } else { a == b }, "row {row}");
    }
}

/// Whoever computes which part: blocks of rows, heads or batch items.
#[test]
fn any_cut_gives_the_same_bits() {
    let case = Case::normal([2, 21, 11, 12, 12, 12, 3], 9).with_bias_kv(2).with(|c| {
        c.masks.key_padding_mask = Some((vec![1; 22], [2, 11]));
        c.layer.add_zero_attn = true;
    });
    let projections = Projections::new(&case.layer, case.source.clone(), &case.options).expect("well formed");
    let sizes = projections.sizes();
    let project = |side, planes, rows| {
        let mut task = ProjectTask::new(&projections, &ProjectRequest { side, planes, rows }).expect("inside");
        let mut last = 0.0;
        while !task.advance(&projections) {
            assert!(task.progress() > last && task.progress() < 1.0);
            last = task.progress();
        }
        assert_eq!(task.progress(), 1.0);
        task.finish()
    };
    let whole =
        [(Side::Query, 21), (Side::Key, 13), (Side::Value, 13)].map(|(side, n)| (project(side, [0, 6], [0, n]), n));
    for (side, (all, n)) in [Side::Query, Side::Key, Side::Value].into_iter().zip(&whole) {
        for (planes, rows) in [([1, 5], [0, *n]), ([4, 5], [3, 12]), ([5, 6], [12, 13]), ([2, 2], [0, 5])] {
            let part = project(side, planes, rows);
            let place = (planes[0] * n + rows[0]) * 4;
            assert!(same_bits(&part, &all[place..][..part.len()]), "{side:?} {planes:?} {rows:?}");
            assert_eq!(part.len(), (planes[1] - planes[0]) * (rows[1] - rows[0]) * 4);
        }
    }
    let projected = whole.map(|(data, n)| (data, [2, 3, n, 4]));
    let appended = case.layer.appended();
    assert_eq!((appended, sizes.keys), (2, 13));
    let heads = Heads::new(projected, case.masks.clone(), appended, &case.layer.weights, &case.options).expect("fits");
    let part = |batches, rows, wanted| {
        let mut task = HeadsTask::new(&heads, &HeadsRequest { batches, rows, wanted }).expect("inside");
        let (mut workspace, mut last) = (Workspace::new(heads.problem()).expect("there is memory"), 0.0);
        while !task.advance(&heads, &mut workspace).expect("there is memory") {
            assert!(task.progress(&heads) >= last && task.progress(&heads) < 1.0);
            last = task.progress(&heads);
        }
        assert_eq!(task.progress(&heads), 1.0);
        task.finish()
    };
    let all = part([0, 2], [0, 21], Wanted::Average);
    assert_eq!(all, case.clone().with(|c| c.wanted = Wanted::Average).run().expect("well formed"));
    for (batches, rows) in [([1, 2], [0, 21]), ([0, 1], [8, 16]), ([1, 2], [5, 21]), ([0, 2], [4, 4])] {
        let found = part(batches, rows, Wanted::Average);
        let place = batches[0] * 21 + rows[0];
        assert!(same_bits(&found.output, &all.output[place * 12..][..found.output.len()]), "{batches:?} {rows:?}");
        let (found, all) = (found.weights.expect("wanted"), all.weights.as_ref().expect("wanted"));
        assert!(same_bits(&found, &all[place * 13..][..found.len()]), "{batches:?} {rows:?}");
    }
}

/// Scores and normalizers, soft cap and temperature: as `attend.rs` has them, between the projected rows.
#[test]
fn every_option_of_attention_counts_between_the_projected_rows() {
    let options = |change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        options
    };
    let several = [
        options(|o| o.score = Some(Choice::id("cosine"))),
        options(|o| o.score = Some(choice(r#"{"id": "rbf", "sigma": 0.8}"#))),
        options(|o| o.normalizer = Choice::id("sparsemax")),
        options(|o| o.normalizer = choice(r#"{"id": "softmax_sink", "sinks": {"shape": [2], "data": [0.5, -1]}}"#)),
        options(|o| (o.softcap, o.temperature) = (Some(0.5), 0.3)),
        options(|o| o.scale = Some(-0.7)),
        options(|o| o.query_seq_lengths = Some(vec![2, 5])),
    ];
    let lower = Some(Alignment::LowerRight);
    let told = support::positions([2, 2, 2, 5, 7, 4, 4]).into_iter().filter(|position| !is_added(position));
    let told = told.map(|position| Options { position, causal_alignment: lower, ..Options::default() });
    for options in several.into_iter().chain(told) {
        let case = Case::normal([2, 5, 7, 8, 8, 8, 2], 10).with(|c| c.options = options);
        let projections = Projections::new(&case.layer, case.source.clone(), &case.options).expect("well formed");
        let project = |side, n| {
            let request = ProjectRequest { side, planes: [0, 4], rows: [0, n] };
            let mut task = ProjectTask::new(&projections, &request).expect("inside");
            while !task.advance(&projections) {}
            (task.finish(), [2, 2, n, 4])
        };
        let (query, key, value) = (project(Side::Query, 5), project(Side::Key, 7), Some(project(Side::Value, 7)));
        let inputs = Inputs { query, key, value, mask: None, bias: None };
        let between = attend(&Problem::new(inputs, &case.options).expect("well formed"));
        assert!(same_bits(&case.weights(), &between.weights.expect("asked for")), "{:?}", case.options);
        let (o, w) = (between.output.expect("asked for"), &case.layer.weights);
        let (wo, bo) = (w.out_proj_weight.as_ref().expect("there"), w.out_proj_bias.as_ref().expect("there"));
        let found = case.output();
        for (row, found) in found.chunks_exact(8).enumerate() {
            let joined: Vec<f64> =
                (0..8).map(|c| o[((row / 5 * 2 + c / 4) * 5 + row % 5) * 4 + c % 4].into()).collect();
            let expected = project::definition(&wo.data, Some(&bo.data), &joined);
            compare("output", found, &expected, &[1e-5; 8].map(|bound| bound * bounds::EPS / 6e-8));
        }
    }
}

/// Those that the paper adds to the rows before they are projected.
fn is_added(position: &Choice) -> bool {
    ["sinusoidal", "learned"].contains(&position.name())
}

/// The encoding of each row's position is added to it, to queries, keys and values alike: as if the caller had done so.
#[test]
fn an_encoding_is_added_to_the_rows_before_they_are_projected() {
    let sizes = [2, 1, 1, 5, 7, 8, 8];
    let choices: Vec<Choice> = support::positions(sizes).into_iter().filter(is_added).collect();
    assert!(choices.len() >= 3, "{choices:?}");
    for position in choices {
        let plain = Case::normal([2, 5, 7, 8, 8, 8, 2], 13);
        let told = plain.clone().with(|c| {
            (c.options.position, c.options.causal_alignment) = (position.clone(), Some(Alignment::LowerRight));
        });
        let entry = qkscope::position::find(&position).expect("in the list");
        let of_rows = qkscope::tensor::Sizes::new([2, 1, 5, 8], [2, 1, 7, 8], None).expect("well formed");
        let encoding = entry.set(&position, of_rows, 2).expect("well formed");
        let by_hand = plain.clone().with(|c| {
            for (rows, offset) in [(&mut c.source.query, 2), (&mut c.source.key, 0), (&mut c.source.value, 0)] {
                let length = rows.1[1];
                for (at, row) in rows.0.chunks_exact_mut(8).enumerate() {
                    encoding.of(0).embed((at % length + offset) as i64, row);
                }
            }
        });
        assert_eq!(told.run(), by_hand.run(), "{position:?}");
        let changes = position.name() == "sinusoidal" || matches!(position, Choice::With { .. });
        assert_eq!(told.output() != plain.output(), changes, "{position:?}");
        // Appended keys stand nowhere and are told nothing.
        let appended = |case: Case| case.with_bias_kv(3).with(|c| c.layer.add_zero_attn = true).run();
        assert_eq!(appended(told), appended(by_hand), "{position:?}");
    }
}

// ----------------------------------------------------------------------------------------------------------- errors

fn tensor(shape: &[usize]) -> Option<Tensor> {
    Some(Tensor { shape: shape.to_vec(), data: vec![0.0; shape.iter().product()] })
}

#[test]
fn what_does_not_fit_is_named_with_both_sides() {
    type Change = fn(&mut Case);
    let cases: &[(Change, &str)] = &[
        (|c| c.layer.num_heads = 3, "numHeads must be a divisor of E = 4, the last axis of query, not 3"),
        (|c| c.layer.num_heads = 0, "numHeads must be a divisor of E = 4, the last axis of query, not 0"),
        (
            |c| c.layer.weights.in_proj_weight = tensor(&[4, 12]),
            "shape of inProjWeight: expected (3E, E) = (12, 4), found (4, 12)",
        ),
        (
            |c| c.layer.weights.in_proj_weight = None,
            "inProjWeight must be a tensor (3E, E), or qProjWeight, kProjWeight and vProjWeight, not missing",
        ),
        (
            |c| c.layer.weights.k_proj_weight = tensor(&[4, 4]),
            "kProjWeight must be left out, where there is inProjWeight, not a tensor",
        ),
        (
            |c| (c.layer.weights.in_proj_weight, c.layer.weights.q_proj_weight) = (None, tensor(&[4, 4])),
            "kProjWeight must be a tensor (E, kdim), not missing",
        ),
        (
            |c| {
                let w = &mut c.layer.weights;
                (w.in_proj_weight, w.q_proj_weight) = (None, tensor(&[4, 4]));
                (w.k_proj_weight, w.v_proj_weight) = (tensor(&[4, 3]), tensor(&[4, 4]));
            },
            "shape of kProjWeight: expected (E, kdim) = (4, 4), found (4, 3)",
        ),
        (|c| c.layer.weights.in_proj_bias = tensor(&[4]), "shape of inProjBias: expected (3E) = (12), found (4)"),
        (
            |c| c.layer.weights.bias_k = tensor(&[4]),
            "biasV must be a tensor (E), where there is its partner, not missing",
        ),
        (
            |c| c.layer.weights.bias_v = tensor(&[4]),
            "biasK must be a tensor (E), where there is its partner, not missing",
        ),
        (
            |c| (c.layer.weights.bias_k, c.layer.weights.bias_v) = (tensor(&[1, 1, 4]), tensor(&[4, 1])),
            "shape of biasV: expected (E) = (4), or (1, 1, 4), found (4, 1)",
        ),
        (|c| c.layer.weights.out_proj_weight = None, "outProjWeight must be a tensor (E, E), not missing"),
        (
            |c| c.layer.weights.out_proj_weight = tensor(&[4, 3]),
            "shape of outProjWeight: expected (E, E) = (4, 4), found (4, 3)",
        ),
        (|c| c.layer.weights.out_proj_bias = tensor(&[12]), "shape of outProjBias: expected (E) = (4), found (12)"),
        (
            |c| c.layer.weights.out_proj_bias.as_mut().expect("there").data.truncate(3),
            "shape of outProjBias: expected 4 elements for (1, 1, 4, 1), found 3",
        ),
        (
            |c| c.source.key = (vec![0.0; 20], [1, 5, 4]),
            "shape of key: expected (B, S, kdim), with B = 2 of query, found (1, 5, 4)",
        ),
        (
            |c| c.source.value = (vec![0.0; 32], [2, 4, 4]),
            "shape of value: expected (B, S, vdim), with B = 2 and S = 5 of key, found (2, 4, 4)",
        ),
        (
            |c| c.source.key = (vec![0.0; 30], [2, 5, 3]),
            "shape of key: expected (B, S, kdim) with a last axis of E = 4, where the weight is inProjWeight, found one of 3",
        ),
        (
            |c| c.source.query = (vec![], [2, 3, 0]),
            "shape of query: expected at least 1 number in a row, found (2, 3, 0)",
        ),
        (|c| c.source.query.0.truncate(7), "shape of query: expected 24 elements for (1, 2, 3, 4), found 7"),
        (
            |c| c.masks.attn_mask = Some((vec![1; 24], [1, 2, 3, 4])),
            "shape of attnMask: expected (3, 5), (4, 3, 5) or (2, 2, 3, 5), with 1 on any axis, found (1, 2, 3, 4)",
        ),
        (
            |c| c.masks.attn_bias = Some((vec![0.0; 45], [1, 3, 3, 5])),
            "shape of attnBias: expected (3, 5), (4, 3, 5) or (2, 2, 3, 5), with 1 on any axis, found (1, 3, 3, 5)",
        ),
        (
            |c| c.masks.key_padding_mask = Some((vec![1; 10], [5, 2])),
            "shape of keyPaddingMask: expected (B, S) = (2, 5), found (5, 2)",
        ),
        (
            |c| c.options.causal = true,
            "causalAlignment must be upper_left or lower_right (or causalOffset a number) for causal with 3 queries and 5 keys, not missing",
        ),
        (
            |c| (c.options.causal, c.layer.add_zero_attn) = (true, true),
            "causalAlignment must be upper_left or lower_right (or causalOffset a number) for causal with 3 queries and 5 keys, not missing",
        ),
        (
            |c| (c.options.key_value_seq_lengths, c.layer.add_zero_attn) = (Some(vec![1, 6]), true),
            "keyValueSeqLengths must be at most the number of keys, 5, not 6",
        ),
        (
            |c| {
                (c.options.position, c.layer.add_zero_attn, c.options.causal_offset) =
                    (Choice::id("alibi"), true, Some(0))
            },
            "position must be none, sinusoidal or learned where keys are appended (biasK, addZeroAttn): they stand nowhere, not alibi",
        ),
        (
            |c| c.options.position = Choice::id("sinusoidal"),
            "causalAlignment must be upper_left or lower_right (or causalOffset a number) for position sinusoidal with 3 queries and 5 keys, not missing",
        ),
        (
            |c| {
                c.layer.weights = Case::normal([2, 3, 5, 4, 4, 6, 2], 0).layer.weights;
                c.source.value = (vec![0.0; 60], [2, 5, 6]);
                (c.options.position, c.options.causal_offset) = (Choice::id("sinusoidal"), Some(0));
            },
            "shape of value: expected a last axis of E = 4, with the position sinusoidal, found (2, 5, 6)",
        ),
        (|c| c.options.temperature = 0.0, "temperature must be a number of single precision above 0, not 0"),
    ];
    for (change, message) in cases {
        let case = Case::normal([2, 3, 5, 4, 4, 4, 2], 11).with(*change);
        assert_eq!(case.run().expect_err(message).to_string(), *message);
    }
}

#[test]
fn requests_outside_are_refused() {
    let case = Case::normal([2, 3, 5, 4, 4, 4, 2], 12);
    let projections = Projections::new(&case.layer, case.source.clone(), &case.options).expect("well formed");
    for (planes, rows) in [([0, 5], [0, 3]), ([0, 4], [0, 4]), ([2, 1], [0, 3])] {
        assert!(ProjectTask::new(&projections, &ProjectRequest { side: Side::Query, planes, rows }).is_err());
    }
    let shaped = |n: usize| (vec![0.0; 2 * 2 * n * 2], [2, 2, n, 2]);
    let new = |appended| {
        let projected = [shaped(3), shaped(5), shaped(5)];
        Heads::new(projected, Masks::default(), appended, &case.layer.weights, &case.options)
    };
    assert!(new(6).is_err());
    let heads = new(5).expect("well formed");
    for (batches, rows) in [([0, 3], [0, 3]), ([0, 2], [0, 4]), ([1, 0], [0, 3])] {
        assert!(HeadsTask::new(&heads, &HeadsRequest { batches, rows, wanted: Wanted::Each }).is_err());
    }
}

//! Attention on feature maps: against torch, against the definitions, what must hold for any numbers, and what is refused.

use crate::support::bounds::EPS;
use crate::support::{Random, bounds, choice};
use qkscope::block::{self, BLOCKS, DEFINITIONS, Output, Tensor, VIEWS, Weights};
use qkscope::error::{Error, Fault};
use qkscope::member::Member;
use qkscope::options::Choice;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

const GOLDENS: &str = include_str!("../goldens/blocks.json");

/// The stated bound, in units of 2^-24 of the largest magnitude in a tensor (at least 1): a few layers, each rounded once, whose
/// weights are of order 1. Attention computes its logits in single precision, and e^l multiplies their errors.
fn allowed(id: &str) -> f64 {
    if ["non_local", "sagan"].contains(&id) { 16.0 } else { 4.0 }
}

// ---------------------------------------------------------------------------------------------------- questions

#[derive(Deserialize)]
struct Golden {
    name: String,
    choice: Choice,
    x: Raw,
    weights: BTreeMap<String, Raw>,
    y: Raw,
    views: BTreeMap<String, Raw>,
}

#[derive(Deserialize)]
struct Raw {
    shape: Vec<usize>,
    data: Vec<f64>,
}

impl Raw {
    fn exact(&self) -> Tensor<f64> {
        Tensor::new("golden", self.shape.clone(), self.data.clone()).expect("a well-formed file")
    }

    fn single(&self) -> Tensor<f32> {
        let data = self.data.iter().map(|&x| x as f32).collect();
        Tensor::new("golden", self.shape.clone(), data).expect("a well-formed file")
    }
}

fn goldens() -> Vec<Golden> {
    let goldens: Vec<Golden> = serde_json::from_str(GOLDENS).expect("the file is well formed");
    assert!(goldens.len() >= 45, "only {} cases", goldens.len());
    goldens
}

/// One question to a block.
#[derive(Clone)]
struct Case {
    choice: Choice,
    x: Tensor<f32>,
    weights: Weights<f32>,
}

fn tensor(shape: &[usize], data: &[f32]) -> Tensor<f32> {
    Tensor::new("tensor", shape.to_vec(), data.to_vec()).expect("as many as the shape says")
}

fn normal(shape: &[usize], spread: f32, random: &mut Random) -> Tensor<f32> {
    let data: Vec<f32> = random.normals(shape.iter().product()).iter().map(|x| spread * x).collect();
    tensor(shape, &data)
}

/// σ² of a batch normalization, the last of four rows, is not negative.
fn weight(name: &str, shape: &[usize], random: &mut Random) -> Tensor<f32> {
    let fan = shape.iter().skip(1).product::<usize>().max(1) as f32;
    if !name.ends_with("bn") {
        return normal(shape, fan.sqrt().recip(), random);
    }
    let channels = shape[shape.len() - 1];
    let values = random.normals(shape.iter().product()).into_iter().enumerate();
    let values = values.map(|(i, x)| if i / channels % 4 == 3 { 0.5 + x.abs() } else { x });
    tensor(shape, &values.collect::<Vec<_>>())
}

impl Case {
    /// Standard normal X, and every weight that the block takes, optional ones too.
    fn normal(json: &str, shape: [usize; 4], seed: u64) -> Case {
        let (choice, mut random) = (choice(json), Random(seed));
        let x = normal(&shape, 1.0, &mut random);
        let slots = block::slots(&choice, &shape).expect("the choice fits the shape");
        let weights = slots.iter().map(|slot| (slot.name.to_string(), weight(slot.name, &slot.shape, &mut random)));
        Case { weights: weights.collect(), choice, x }
    }

    /// With other values in one weight.
    fn with(mut self, name: &str, value: impl Fn(usize) -> f32) -> Case {
        let old = &self.weights[name];
        let data: Vec<f32> = (0..old.data().len()).map(value).collect();
        let new = tensor(old.shape(), &data);
        self.weights.insert(name.into(), new);
        self
    }

    fn without(mut self, names: &[&str]) -> Case {
        self.weights.retain(|name, _| !names.contains(&name.as_str()));
        self
    }

    /// With other values of X.
    fn with_x(mut self, value: impl Fn(usize, f32) -> f32) -> Case {
        let data: Vec<f32> = self.x.data().iter().enumerate().map(|(i, &x)| value(i, x)).collect();
        self.x = tensor(self.x.shape(), &data);
        self
    }

    fn forward(&self) -> Output<f32> {
        self.answer().unwrap_or_else(|error| panic!("{}: {error}", self.choice.name()))
    }

    fn answer(&self) -> Result<Output<f32>, Error> {
        block::forward(&self.choice, self.x.clone(), self.weights.clone())
    }

    fn definition(&self) -> Output<f64> {
        let weights = self.weights.iter().map(|(name, tensor)| (name.clone(), exact(tensor)));
        define(&self.choice, exact(&self.x), weights.collect())
    }

    fn view(&self, id: &str) -> Tensor<f32> {
        self.forward().view(id).unwrap_or_else(|| panic!("{} has no view {id}", self.choice.name())).clone()
    }
}

fn exact(tensor: &Tensor<f32>) -> Tensor<f64> {
    let data = tensor.data().iter().map(|&x| f64::from(x)).collect();
    Tensor::new("exact", tensor.shape().to_vec(), data).expect("as many as before")
}

fn define(choice: &Choice, x: Tensor<f64>, weights: Weights<f64>) -> Output<f64> {
    let at = BLOCKS.iter().position(|entry| entry.member.id == choice.name()).expect("in the list");
    DEFINITIONS[at](&block::input(choice, x, weights).expect("the case is well formed")).expect("memory for it")
}

/// How far two tensors are apart, relative to the largest magnitude expected, at least 1.
fn apart(found: &[f64], expected: &[f64], context: &str) -> f64 {
    assert_eq!(found.len(), expected.len(), "{context}");
    let size = expected.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
    let off = |(a, b): (&f64, &f64)| if a == b || (a.is_nan() && b.is_nan()) { 0.0 } else { (a - b).abs() };
    let worst = found.iter().zip(expected).map(off).fold(0.0, |a: f64, b| if a > b { a } else { b });
    worst / size
}

fn near(found: &Tensor<f32>, expected: &Tensor<f64>, bound: f64, context: &str) -> f64 {
    assert_eq!(found.shape(), expected.shape(), "{context}");
    let worst = apart(exact(found).data(), expected.data(), context);
    assert!(worst <= bound * EPS, "{context}: {} eps apart, allowed {bound}", worst / EPS);
    worst / EPS
}

// ------------------------------------------------------------------------------------------------------- goldens

#[test]
fn goldens_of_torch() {
    let (mut values, mut worst) = (0, BTreeMap::new());
    for golden in goldens() {
        let weights = golden.weights.iter().map(|(name, raw)| (name.clone(), raw.single())).collect();
        let found = block::forward(&golden.choice, golden.x.single(), weights).expect("a good question");
        let ids: BTreeSet<&str> = found.views.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, golden.views.keys().map(String::as_str).collect(), "{}", golden.name);
        let parts = golden.views.iter().map(|(id, raw)| (found.view(id).expect("compared above"), raw));
        for (found, raw) in parts.chain([(&found.y, &golden.y)]) {
            let off = near(found, &raw.exact(), allowed(golden.choice.name()), &golden.name);
            let most = worst.entry(golden.choice.name().to_string()).or_insert(0.0);
            *most = f64::max(*most, off);
            values += raw.data.len();
        }
    }
    println!("{values} values; worst errors in eps: {worst:.1?}");
    assert_eq!(worst.len(), BLOCKS.len(), "a block without a golden value");
    assert!(values > 6000, "only {values} values were compared");
}

#[test]
fn definitions_agree_with_torch() {
    let mut worst: f64 = 0.0;
    for golden in goldens() {
        let weights = golden.weights.iter().map(|(name, raw)| (name.clone(), raw.exact())).collect();
        let found = define(&golden.choice, golden.x.exact(), weights);
        let parts = found.views.iter().map(|(id, tensor)| (tensor, &golden.views[*id]));
        for (tensor, raw) in parts.chain([(&found.y, &golden.y)]) {
            assert_eq!(tensor.shape(), raw.shape, "{}", golden.name);
            worst = worst.max(apart(tensor.data(), &raw.data, &golden.name));
            assert!(worst <= bounds::DEFINITION, "{}: {worst:e}", golden.name);
        }
    }
    println!("worst error of a definition: {worst:e}");
}

/// Every block, with settings that change its course.
const CHOICES: &[&str] = &[
    r#"{"id": "se", "reduction": 2}"#,
    r#""se""#,
    r#""eca""#,
    r#"{"id": "eca", "kernelSize": 5}"#,
    r#"{"id": "sk", "groups": 1, "reduction": 2, "smallest": 3}"#,
    r#"{"id": "sk", "groups": 1, "branches": 3}"#,
    r#""sse""#,
    r#""scse""#,
    r#"{"id": "scse", "combine": "sum", "reduction": 3}"#,
    r#""cbam""#,
    r#"{"id": "cbam", "reduction": 2, "kernelSize": 3, "maxFirst": false}"#,
    r#""spatial""#,
    r#"{"id": "spatial", "kernelSize": 3, "maxFirst": false}"#,
    r#""non_local""#,
    r#"{"id": "non_local", "pool": true, "scale": 0.5}"#,
    r#"{"id": "non_local", "pair": "gaussian", "pool": true}"#,
    r#"{"id": "non_local", "pair": "dot", "pool": true}"#,
    r#"{"id": "non_local", "pair": "concat", "reduction": 1}"#,
    r#""sagan""#,
    r#"{"id": "sagan", "pool": true, "valueReduction": 2}"#,
    r#"{"id": "sagan", "valueReduction": 1, "reduction": 3}"#,
    r#""kernel_similarity""#,
    r#"{"id": "kernel_similarity", "eps": 2}"#,
];

/// No batch, one pixel, one channel, one line, odd sides, sides that pooling halves.
const SHAPES: &[[usize; 4]] =
    &[[0, 4, 3, 3], [1, 1, 1, 1], [2, 1, 3, 3], [2, 3, 1, 5], [1, 4, 5, 7], [3, 8, 2, 2], [1, 17, 4, 3], [2, 6, 9, 1]];

#[test]
fn every_block_agrees_with_its_definition() {
    let known: BTreeSet<String> = CHOICES.iter().map(|json| choice(json).name().to_string()).collect();
    assert_eq!(known.len(), BLOCKS.len(), "a block is left out");
    let mut worst: f64 = 0.0;
    for (seed, (json, &shape)) in CHOICES.iter().flat_map(|json| SHAPES.iter().map(move |s| (json, s))).enumerate() {
        let case = Case::normal(json, shape, seed as u64);
        let (found, expected) = (case.forward(), case.definition());
        let bound = allowed(case.choice.name());
        for (id, tensor) in &expected.views {
            let view = found.view(id).unwrap_or_else(|| panic!("{json}: no view {id}"));
            worst = worst.max(near(view, tensor, bound, &format!("{json} of {shape:?}: {id}")) / bound);
        }
        worst = worst.max(near(&found.y, &expected.y, bound, &format!("{json} of {shape:?}")) / bound);
    }
    println!("worst error against the definitions: {worst:.2} of what is allowed");
}

// ------------------------------------------------------------------------------------------------- stated figures

#[test]
fn eca_takes_the_kernel_that_the_channels_ask_for() {
    let k = |channels: usize| block::slots(&choice(r#""eca""#), &[1, channels, 1, 1]).expect("any C")[0].shape[0];
    let jumps = [(1, 1), (7, 1), (8, 3), (127, 3), (128, 5), (2047, 5), (2048, 7), (32767, 7), (32768, 9)];
    for (channels, expected) in jumps {
        assert_eq!(k(channels), expected, "C = {channels}");
    }
    // Nearest odd number to (log2 C + 1) / 2, ties upward: k - 1 <= t < k + 1, in whole numbers 2^(2k-3) <= C < 2^(2k+1).
    for channels in 1..5000 {
        let k = k(channels) as u32;
        assert!(k % 2 == 1 && channels < 1 << (2 * k + 1), "C = {channels}");
        assert!(k == 1 || channels >= 1 << (2 * k - 3), "C = {channels}");
    }
    for channels in [7, 8, 127, 128, 2048] {
        let case = Case::normal(r#""eca""#, [1, channels, 1, 2], channels as u64);
        near(&case.forward().y, &case.definition().y, allowed("eca"), &format!("C = {channels}"));
    }
}

#[test]
fn eca_refuses_an_even_kernel() {
    for k in ["2", "4", "64"] {
        let eca = choice(&format!(r#"{{"id": "eca", "kernelSize": {k}}}"#));
        let expected =
            Fault::Parameter { name: "kernelSize".into(), expected: "an odd number".into(), found: k.into() };
        assert_eq!(block::slots(&eca, &[1, 8, 2, 2]).map_err(Fault::from), Err(expected));
    }
}

#[test]
fn eca_reaches_past_both_ends_when_the_kernel_is_longer_than_the_channels() {
    let case = Case::normal(r#"{"id": "eca", "kernelSize": 7}"#, [1, 2, 1, 1], 1);
    let case = case.with_x(|i, _| [1.0, 10.0][i]).with("w", |t| t as f32 / 8.0);
    // Channel 0 sees z_0 with w_3 and z_1 with w_4; channel 1 sees z_0 with w_2 and z_1 with w_3.
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let expected = [sigmoid((3.0 + 40.0) / 8.0), sigmoid((2.0 + 30.0) / 8.0)];
    let found = exact(&case.view("channel_gates"));
    assert!(apart(found.data(), &expected, "gates") < EPS);
}

#[test]
fn se_has_one_hidden_channel_where_there_are_fewer_channels_than_r() {
    let hidden = |channels| block::slots(&choice(r#""se""#), &[1, channels, 1, 1]).expect("any C")[0].shape.clone();
    assert_eq!([1, 15, 16, 31, 32, 255].map(|c| hidden(c)[0]), [1, 1, 1, 1, 2, 15]);
    let case = Case::normal(r#""se""#, [2, 3, 2, 2], 5);
    assert_eq!(case.view("hidden").shape(), [2, 1]);
}

#[test]
fn scse_maximum_takes_the_smaller_gate_where_x_is_negative() {
    let of = |json: &str| Case::normal(json, [2, 4, 3, 3], 7).with_x(|_, x| -x.abs() - 0.1);
    let (max, sum) = (of(r#""scse""#), of(r#"{"id": "scse", "combine": "sum"}"#));
    let (channel, spatial) = (max.view("channel_gates"), max.view("spatial_gates"));
    let (y, added, mut differ) = (max.forward().y, sum.forward().y, 0);
    for n in 0..2 * 4 * 9 {
        let at = [n / 36, n / 9 % 4, n / 3 % 3, n % 3];
        let gates = [channel.at([at[0], at[1]]), spatial.at([at[0], at[2], at[3]])];
        assert_eq!(y.at(at), gates[0].min(gates[1]) * max.x.at(at));
        let both = f64::from(max.x.at(at)) * (f64::from(gates[0]) + f64::from(gates[1]));
        assert!((f64::from(added.at(at)) - both).abs() <= EPS * both.abs());
        differ += usize::from(gates[0] != gates[1]);
    }
    assert!(differ > 60, "the gates hardly differ");
}

#[test]
fn cbam_weights_of_one_plane_order_are_those_of_the_other_with_the_planes_swapped() {
    for [first, second] in [
        [r#""cbam""#, r#"{"id": "cbam", "maxFirst": false}"#],
        [r#""spatial""#, r#"{"id": "spatial", "maxFirst": false}"#],
    ] {
        let case = Case::normal(first, [2, 4, 5, 4], 3);
        let w = case.weights["w"].clone();
        let other = Case { choice: choice(second), ..case.clone() };
        let swapped = other.clone().with("w", |i| w.data()[(i + 49) % 98]);
        let (y, same) = (exact(&case.forward().y), exact(&swapped.forward().y));
        assert!(apart(y.data(), same.data(), first) <= EPS, "{first}");
        assert!(apart(y.data(), exact(&other.forward().y).data(), first) > 1e-3, "the order changes nothing");
        let planes = case.view("planes");
        let pixels = (0..40).map(|i| [i / 20, i / 4 % 5, i % 4]);
        assert!(pixels.into_iter().all(|[n, i, j]| planes.at([n, 0, i, j]) >= planes.at([n, 1, i, j])), "max first");
    }
}

#[test]
fn sk_weights_sum_to_one_over_the_branches() {
    for branches in [1, 2, 3, 5] {
        let json = format!(r#"{{"id": "sk", "groups": 2, "branches": {branches}, "smallest": 4}}"#);
        // Some logits are far apart, so that a softmax without its maximum would overflow.
        let case =
            Case::normal(&json, [3, 6, 4, 5], branches).with("select", |i| ((i * 37) % 101) as f32 * 100.0 - 5000.0);
        let gates = case.view("branch_gates");
        assert_eq!(gates.shape(), [3, branches as usize, 6]);
        for (n, c) in (0..18).map(|i| (i / 6, i % 6)) {
            let sum: f64 = (0..branches as usize).map(|m| f64::from(gates.at([n, m, c]))).sum();
            assert!((sum - 1.0).abs() <= 2.0 * EPS, "{branches} branches: {sum}");
        }
    }
}

#[test]
fn sk_width_is_that_of_the_official_stages() {
    let width = |channels| block::slots(&choice(r#""sk""#), &[1, channels, 7, 7]).expect("32 groups")[2].shape.clone();
    assert_eq!([width(128), width(1024)], [vec![32, 128], vec![64, 1024]]);
}

#[test]
fn a_kernel_of_zeros_is_like_nothing_not_even_itself() {
    let case = Case::normal(r#""kernel_similarity""#, [4, 3, 3, 3], 11);
    let r = case.clone().with_x(|i, x| if i / 27 == 2 { 0.0 } else { x }).forward().y;
    for (a, b) in (0..16).map(|i| (i / 4, i % 4)) {
        let found = r.at([a, b]);
        match (a == 2 || b == 2, a == b) {
            (true, _) => assert_eq!(found, 0.0),
            (false, true) => assert_eq!(found, 1.0),
            (false, false) => assert!(found != 0.0 && found.abs() < 1.0),
        }
        assert_eq!(found, r.at([b, a]), "symmetric");
    }
}

// ---------------------------------------------------------------------------------------------------------- laws

/// The blocks that work on maps.
fn of_maps() -> impl Iterator<Item = &'static str> {
    CHOICES.iter().copied().filter(|json| !json.contains("kernel_similarity"))
}

#[test]
fn gates_are_between_zero_and_one() {
    let mut gates = 0;
    for json in of_maps() {
        let output = Case::normal(json, [2, 6, 4, 5], 21).forward();
        for (id, view) in output.views.iter().filter(|(id, _)| id.ends_with("_gates")) {
            let top = if *id == "branch_gates" { 1.0 } else { 1.0 - EPS as f32 };
            assert!(view.data().iter().all(|&g| g > 0.0 && g <= top), "{json}: {id}");
            gates += view.data().len();
        }
    }
    assert!(gates > 400, "only {gates} gates");
}

#[test]
fn weights_of_zero_open_every_gate_by_half() {
    let halves = [
        (r#""se""#, 0.5),
        (r#""eca""#, 0.5),
        (r#""sse""#, 0.5),
        (r#""spatial""#, 0.5),
        (r#""cbam""#, 0.25),
        (r#""scse""#, 0.5),
        (r#"{"id": "scse", "combine": "sum"}"#, 1.0),
    ];
    for (json, part) in halves {
        let mut case = Case::normal(json, [2, 5, 3, 4], 31).without(&["bn"]);
        for name in case.weights.keys().cloned().collect::<Vec<_>>() {
            case = case.with(&name, |_| 0.0);
        }
        let expected: Vec<f32> = case.x.data().iter().map(|x| part * x).collect();
        assert_eq!(case.forward().y.data(), expected, "{json}");
    }
}

#[test]
fn blocks_that_add_to_the_map_leave_it_where_they_add_nothing() {
    for json in [r#""sagan""#, r#"{"id": "sagan", "pool": true}"#] {
        let case = Case::normal(json, [2, 8, 3, 5], 41).with("gamma", |_| 0.0);
        assert_eq!(case.forward().y, case.x, "γ = 0");
    }
    for json in [r#""non_local""#, r#"{"id": "non_local", "pair": "concat"}"#] {
        let case = Case::normal(json, [2, 8, 3, 5], 42).without(&["z_bias", "bn"]).with("z", |_| 0.0);
        assert_eq!(case.forward().y, case.x, "W_z = 0");
    }
}

#[test]
fn attention_rows_sum_to_one() {
    for json in [r#""non_local""#, r#"{"id": "non_local", "pair": "gaussian"}"#, r#""sagan""#] {
        let attention = Case::normal(json, [2, 8, 4, 3], 51).view("attention");
        assert_eq!(attention.shape(), [2, 12, 12]);
        for r in 0..24 {
            let sum: f64 = attention.row(r).iter().map(|&w| f64::from(w)).sum();
            assert!((sum - 1.0).abs() < bounds::SAME, "{json}: {sum}");
        }
    }
}

#[test]
fn without_the_matrix_the_output_has_the_same_bits() {
    for (with, without) in [
        (r#""non_local""#, r#"{"id": "non_local", "needWeights": false}"#),
        (r#"{"id": "non_local", "pair": "dot"}"#, r#"{"id": "non_local", "pair": "dot", "needWeights": false}"#),
        (r#""sagan""#, r#"{"id": "sagan", "needWeights": false}"#),
    ] {
        let (with, without) = (Case::normal(with, [2, 6, 5, 3], 61), Case::normal(without, [2, 6, 5, 3], 61));
        assert_eq!(with.forward().y, without.forward().y);
        assert!(without.forward().view("attention").is_none());
    }
}

/// Keys of odd maps lose their last line; a map of one pixel has none left, and nothing is added but the biases.
#[test]
fn pooling_rounds_down() {
    for (shape, keys) in [([1, 2, 5, 7], 6), ([1, 2, 2, 3], 1), ([1, 2, 1, 9], 0), ([2, 2, 1, 1], 0)] {
        for json in [
            r#"{"id": "non_local", "pool": true}"#,
            r#"{"id": "non_local", "pair": "dot", "pool": true}"#,
            r#"{"id": "sagan", "pool": true}"#,
        ] {
            let case = Case::normal(json, shape, 71).without(&["z_bias", "bn", "out_bias"]);
            assert_eq!(case.view("attention").shape(), [shape[0], shape[2] * shape[3], keys], "{json}");
            assert_eq!(case.forward().y == case.x, keys == 0, "{json} of {shape:?}");
        }
    }
}

#[test]
fn pixels_may_change_places() {
    let [b, c, h, w] = [2, 6, 3, 4];
    let moved = |i: usize| i / 12 * 12 + (i % 12 * 5 + 3) % 12;
    for json in [r#""se""#, r#""eca""#, r#""sse""#, r#""scse""#, r#""non_local""#, r#""sagan""#] {
        let case = Case::normal(json, [b, c, h, w], 81);
        let x = case.x.clone();
        let (y, after) = (case.forward().y, case.clone().with_x(|i, _| x.data()[moved(i)]).forward().y);
        let expected: Vec<f64> = (0..b * c * h * w).map(|i| f64::from(y.data()[moved(i)])).collect();
        assert!(apart(exact(&after).data(), &expected, json) <= allowed(case.choice.name()) * EPS, "{json}");
    }
}

#[test]
fn similarity_does_not_see_the_length_of_a_kernel() {
    let case = Case::normal(r#""kernel_similarity""#, [5, 2, 3, 3], 91);
    let longer = case.clone().with_x(|i, x| x * [1.0, 2.0, 1e6, -0.5, 64.0][i / 18]);
    let (r, s) = (case.forward().y, longer.forward().y);
    for (a, b) in (0..25).map(|i| (i / 5, i % 5)) {
        let sign = if (a == 3) != (b == 3) { -1.0 } else { 1.0 };
        assert!((r.at([a, b]) - sign * s.at([a, b])).abs() <= 2.0 * EPS as f32, "{a}, {b}");
    }
}

// ----------------------------------------------------------------------------------------------- NaN and infinity

/// Where Y is NaN when X is NaN at channel 1, row 2, column 3 of item 1 out of (2, 6, 5, 7).
fn spread(json: &str) -> Vec<[usize; 4]> {
    let (size, place) = ([2, 6, 5, 7], 210 + 35 + 2 * 7 + 3);
    let case = Case::normal(json, size, 101);
    let (clean, y) = (case.forward().y, case.clone().with_x(|i, x| if i == place { f32::NAN } else { x }).forward().y);
    let at = |i: usize| [i / 210, i / 35 % 6, i / 7 % 5, i % 7];
    let untouched = (0..210).all(|i| y.data()[i].to_bits() == clean.data()[i].to_bits());
    assert!(untouched, "{json}: one item reaches another");
    (0..420).filter(|&i| y.data()[i].is_nan()).map(at).collect()
}

#[test]
fn nan_goes_as_far_as_the_formula_and_no_further() {
    let everywhere = 210;
    let pixel = |[_, _, i, j]: &[usize; 4]| (*i, *j) == (2, 3);
    for json in
        [r#""se""#, r#""scse""#, r#"{"id": "scse", "combine": "sum"}"#, r#""cbam""#, r#""non_local""#, r#""sagan""#]
    {
        assert_eq!(spread(json).len(), everywhere, "{json}: every gate or row sees it");
    }
    let eca = spread(r#"{"id": "eca", "kernelSize": 3}"#);
    assert!(eca.len() == 3 * 35 && eca.iter().all(|[_, c, _, _]| *c <= 2), "its channel and the neighbours");
    let sse = spread(r#""sse""#);
    assert!(sse.len() == 6 && sse.iter().all(pixel), "its pixel");
    let near = spread(r#"{"id": "spatial", "kernelSize": 3}"#);
    let within = |[_, _, i, j]: &[usize; 4]| i.abs_diff(2) <= 1 && j.abs_diff(3) <= 1;
    assert!(near.len() == 6 * 9 && near.iter().all(within), "as far as the kernel reaches");
    // A gate of each channel sees the hidden layer, which sees all means.
    assert_eq!(spread(r#"{"id": "sk", "groups": 6, "smallest": 3}"#).len(), everywhere);
}

#[test]
fn nan_in_a_kernel_stays_in_its_row_and_column() {
    let case = Case::normal(r#""kernel_similarity""#, [4, 2, 3, 3], 111);
    let r = case.with_x(|i, x| if i == 20 { f32::NAN } else { x }).forward().y;
    assert!((0..16).all(|i| r.at([i / 4, i % 4]).is_nan() == (i / 4 == 1 || i % 4 == 1)));
}

#[test]
fn great_numbers_saturate_the_gates_and_nothing_else() {
    for json in [r#""se""#, r#""eca""#, r#""sse""#, r#""scse""#, r#""cbam""#, r#""spatial""#] {
        let output = Case::normal(json, [1, 5, 3, 3], 121).with_x(|_, x| x * 1e30).forward();
        for (id, view) in output.views.iter().filter(|(id, _)| id.ends_with("_gates")) {
            assert!(view.data().iter().all(|g| (0.0..=1.0).contains(g)), "{json}: {id}");
        }
        assert!(output.y.data().iter().all(|y| y.is_finite()), "{json}");
    }
}

// -------------------------------------------------------------------------------------------------------- errors

/// The error of a case, as (code, name, expected, found).
fn refused(answer: Result<Output<f32>, Error>) -> (&'static str, String, String, String) {
    let error = answer.expect_err("it must be refused");
    let (name, expected, found) = error.parts();
    (error.code(), name.into(), expected, found)
}

#[test]
fn weights_that_do_not_fit_are_refused_by_name() {
    for json in CHOICES {
        let case = Case::normal(json, [1, 6, 3, 3], 131);
        for slot in block::slots(&case.choice, case.x.shape()).expect("it fits") {
            let mut wrong = case.clone();
            let mut shape = slot.shape.clone();
            shape[0] += 1;
            wrong.weights.insert(slot.name.into(), tensor(&shape, &vec![0.0; shape.iter().product()]));
            let (code, name, expected, found) = refused(wrong.answer());
            assert_eq!((code, name.as_str()), ("shape", slot.name), "{json}");
            assert!(expected != found && expected.starts_with(&format!("({}", slot.shape[0])), "{json}: {expected}");
            match case.clone().without(&[slot.name]).answer() {
                Ok(_) => assert!(slot.optional, "{json}: {} is required", slot.name),
                Err(error) => {
                    assert!(!slot.optional, "{json}: {error}");
                    let (name, _, found) = error.parts();
                    assert_eq!((error.code(), name, found.as_str()), ("parameter", slot.name, "missing"));
                }
            }
        }
        let mut more = case.clone();
        more.weights.insert("w9".into(), tensor(&[1], &[0.0]));
        let (code, name, _, found) = refused(more.answer());
        assert_eq!((code, name.as_str(), found.as_str()), ("unknown", "weight", "w9"), "{json}");
    }
}

#[test]
fn maps_that_are_none_are_refused() {
    for shape in [vec![1, 0, 2, 2], vec![1, 2, 0, 2], vec![1, 2, 2, 0], vec![2, 3, 4], vec![1, 2, 3, 4, 5], vec![]] {
        for json in CHOICES {
            let x = tensor(&shape, &vec![0.0; shape.iter().product()]);
            let (code, name, _, _) = refused(block::forward(&choice(json), x, Weights::new()));
            assert_eq!((code, name.as_str()), ("shape", "x"), "{json}");
        }
    }
    let short = Tensor::new("x", vec![1, 2, 2, 2], vec![0.0f32; 7]).expect_err("eight are needed");
    assert_eq!(short.to_string(), "shape of x: expected 8 elements for (1, 2, 2, 2), found 7");
    let vast = Tensor::new("x", vec![usize::MAX, 2, 1, 1], vec![0.0f32]).expect_err("more than can be counted");
    assert_eq!(vast.code(), "shape");
}

#[test]
fn settings_that_break_their_rule_are_refused_by_name() {
    let cases = [
        (r#""nothing""#, "unknown", "block"),
        (r#"{"id": "se", "reduction": 0}"#, "parameter", "reduction"),
        (r#"{"id": "se", "reduction": 2.5}"#, "parameter", "reduction"),
        (r#"{"id": "se", "ratio": 2}"#, "unknown", "parameter of se"),
        (r#"{"id": "eca", "kernelSize": 0}"#, "parameter", "kernelSize"),
        (r#"{"id": "eca", "gamma": 0}"#, "parameter", "gamma"),
        (r#"{"id": "eca", "b": -1}"#, "parameter", "b"),
        (r#""sk""#, "parameter", "groups"),
        (r#"{"id": "sk", "groups": 4}"#, "parameter", "groups"),
        (r#"{"id": "sk", "branches": 0}"#, "parameter", "branches"),
        (r#"{"id": "scse", "combine": "mean"}"#, "parameter", "combine"),
        (r#"{"id": "cbam", "kernelSize": 5}"#, "parameter", "kernelSize"),
        (r#"{"id": "spatial", "kernelSize": 9}"#, "parameter", "kernelSize"),
        (r#"{"id": "spatial", "maxFirst": 1}"#, "parameter", "maxFirst"),
        (r#"{"id": "non_local", "pair": "cosine"}"#, "parameter", "pair"),
        (r#"{"id": "non_local", "scale": 1e300}"#, "parameter", "scale"),
        (r#"{"id": "kernel_similarity", "eps": 0}"#, "parameter", "eps"),
    ];
    for (json, code, name) in cases {
        let error = block::slots(&choice(json), &[1, 6, 3, 3]).expect_err(json);
        assert_eq!((error.code(), error.parts().0), (code, name), "{json}");
    }
}

/// Numbers at the far end of what a setting allows make no sum that overflows.
#[test]
fn vast_settings_are_only_numbers() {
    for json in [
        r#"{"id": "se", "reduction": 1e30}"#,
        r#"{"id": "eca", "kernelSize": 4294967295}"#,
        r#"{"id": "eca", "gamma": 64, "b": 64}"#,
        r#"{"id": "sk", "groups": 1, "smallest": 1e30}"#,
        r#"{"id": "sagan", "reduction": 1e30, "valueReduction": 1e30}"#,
    ] {
        assert!(block::slots(&choice(json), &[1, 6, 3, 3]).is_ok(), "{json}");
    }
    let sk = block::slots(&choice(r#"{"id": "sk", "groups": 1e30}"#), &[1, 6, 3, 3]).expect_err("not a divisor");
    assert_eq!(sk.parts().0, "groups");
}

// ---------------------------------------------------------------------------------------------------------- list

#[test]
fn every_member_says_what_it_is_in_both_languages() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c));
    let members = BLOCKS.iter().map(|entry| &entry.member).chain(VIEWS);
    let mut ids = BTreeSet::new();
    for member in members {
        assert!(ids.insert(member.id), "{} is there twice", member.id);
        assert!(!member.label.en.is_empty() && chinese(member.label.zh), "{}", member.id);
        assert!(!member.about.en.is_empty() && chinese(member.about.zh), "{}", member.id);
    }
    for Member { id, formula, source, .. } in BLOCKS.iter().map(|entry| &entry.member) {
        assert!(!formula.is_empty() && !source.is_empty(), "{id}");
    }
}

#[test]
fn every_view_is_in_the_list_and_every_listed_view_is_made() {
    let made: BTreeSet<&str> = CHOICES
        .iter()
        .flat_map(|json| Case::normal(json, [1, 6, 3, 3], 141).forward().views)
        .map(|(id, _)| id)
        .collect();
    assert_eq!(made, VIEWS.iter().map(|view| view.id).collect());
}

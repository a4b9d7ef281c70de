//! What single members promise beyond what all do: how they relate to each other, their exact values, their parameters.

use crate::support;
use crate::support::{Case, Random, bounds, choice, same_bits};
use qkscope::normalize::Status;
use qkscope::options::{Choice, Options, Setting};
use qkscope::tensor::Tensor;

/// B, Hq, Hkv, N, M, d, dv.
const SHAPE: support::Sizes = [2, 4, 2, 9, 21, 6, 3];

fn with(score: Choice, normalizer: &str) -> Case {
    let mut case = Case::normal(SHAPE, 3);
    case.choose(&score, &choice_of(normalizer));
    case
}

fn choice_of(text: &str) -> Choice {
    if text.starts_with('{') { choice(text) } else { Choice::id(text) }
}

/// A member with tensors: `(name, shape, numbers)`.
fn with_tensors(id: &str, tensors: &[(&str, &[usize], Vec<f32>)]) -> Choice {
    let setting = |(name, shape, data): &(&str, &[usize], Vec<f32>)| {
        (name.to_string(), Setting::Tensor(Tensor { shape: shape.to_vec(), data: data.clone() }))
    };
    Choice::With { id: id.into(), settings: tensors.iter().map(setting).collect() }
}

fn identity(rows: usize, columns: usize) -> Vec<f32> {
    (0..rows * columns).map(|at| if at / columns == at % columns { 1.0 } else { 0.0 }).collect()
}

/// One query of 1 and keys of one number each: the logits themselves.
fn row(logits: &[f32], normalizer: &str) -> Vec<f32> {
    let mut case = Case::normal([1, 1, 1, 1, logits.len(), 1, 1], 0);
    case.choose(&Choice::id("dot"), &choice_of(normalizer));
    (case.query.0, case.key.0) = (vec![1.0], logits.to_vec());
    case.weights()
}

fn close(a: &[f32], b: &[f32], bound: f64, context: &str) {
    assert_eq!(a.len(), b.len(), "{context}");
    for (a, b) in a.iter().zip(b) {
        assert!((f64::from(*a) - f64::from(*b)).abs() <= bound, "{context}: {a} and {b}");
    }
}

fn table(found: &[f32], printed: &[f64], context: &str) {
    assert_eq!(found.len(), printed.len(), "{context}");
    for (found, printed) in found.iter().zip(printed) {
        assert!((f64::from(*found) - printed).abs() <= bounds::PRINTED, "{context}: {found}, printed {printed}");
    }
}

// ------------------------------------------------------------------------------------------------------------ scores

#[test]
fn the_identity_makes_the_bilinear_score_the_dot_product() {
    let d = SHAPE[5];
    let dot = with(Choice::id("dot"), "softmax").weights();
    let given = with_tensors("general", &[("w", &[d, d], identity(d, d))]);
    close(&with(Choice::id("general"), "softmax").weights(), &dot, 0.0, "by default");
    close(&with(given, "softmax").weights(), &dot, 0.0, "as a matrix");
}

#[test]
fn keys_of_another_size_meet_queries_through_a_matrix() {
    let (d, dk, a) = (6, 4, 5);
    let mut random = Random(8);
    let mut numbers = |count: usize| random.normals(count);
    let (w, wq, wk) = (numbers(d * dk), numbers(a * d), numbers(a * dk));
    let stacked = (0..a).flat_map(|u| [&wq[u * d..][..d], &wk[u * dk..][..dk]].concat()).collect();
    let general = with_tensors("general", &[("w", &[d, dk], w)]);
    let additive = with_tensors("additive", &[("wq", &[a, d], wq), ("wk", &[a, dk], wk)]);
    let concat = with_tensors("concat", &[("w", &[a, d + dk], stacked)]);
    let case = |score: &Choice| {
        let mut case = Case::normal(SHAPE, 9).with(|options| options.score = Some(score.clone()));
        case.key = (Random(10).normals(2 * 2 * 21 * dk), [2, 2, 21, dk]);
        case
    };
    for score in [&general, &additive, &concat] {
        let case = case(score);
        let weights = case.weights();
        for (at, found) in weights.chunks(21).enumerate() {
            let expected = support::oracle::row(&case, at / 9, at % 9);
            for (j, found) in found.iter().enumerate() {
                let (w, error) = (expected.stages[5][j], expected.weight_error[j]);
                assert!((f64::from(*found) - w).abs() <= error, "{}: row {at}, key {j}", score.name());
            }
        }
    }
    assert!(same_bits(&case(&additive).weights(), &case(&concat).weights()), "W = [Wq Wk]");
    let error = case(&Choice::id("dot")).problem().err().expect("dot cannot compare them");
    assert_eq!((error.code(), error.parts().0), ("shape", "key"));
}

#[test]
fn a_concatenated_matrix_is_the_additive_score() {
    let (d, a) = (SHAPE[5], 4);
    let mut random = Random(4);
    let (wq, wk, v) = (random.normals(a * d), random.normals(a * d), random.normals(a));
    let stacked = (0..a).flat_map(|u| [&wq[u * d..][..d], &wk[u * d..][..d]].concat()).collect();
    let additive = with_tensors("additive", &[("wq", &[a, d], wq), ("wk", &[a, d], wk), ("v", &[a], v.clone())]);
    let concat = with_tensors("concat", &[("w", &[a, 2 * d], stacked), ("v", &[a], v)]);
    assert!(same_bits(&with(additive, "softmax").weights(), &with(concat, "softmax").weights()));
    let plain = |id: &str| with(Choice::id(id), "softmax").weights();
    assert!(same_bits(&plain("additive"), &plain("concat")), "by default");
}

/// softmax_j(−|q − k_j|² / 2σ²) = softmax_j((q·k_j − |k_j|²/2) / σ²).
#[test]
fn a_gaussian_kernel_is_the_dot_product_with_a_bias() {
    let sigma = 1.3f64;
    let rbf = with(choice(&format!(r#"{{"id": "rbf", "sigma": {sigma}}}"#)), "softmax");
    let mut dot = Case { key: rbf.key.clone(), ..with(Choice::id("dot"), "softmax") };
    dot.options.scale = Some(1.0 / (sigma * sigma));
    let [b, hkv, m, d] = dot.key.1;
    let bias = |k: &[f32]| (-k.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / (2.0 * sigma * sigma)) as f32;
    let kv: Vec<f32> = dot.key.0.chunks(d).map(bias).collect();
    let planes = (0..b * 4).flat_map(|plane| kv[(plane / 4 * hkv + plane % 4 / 2) * m..][..m].to_vec());
    dot.bias = Some((planes.collect(), [b, 4, 1, m]));
    close(&rbf.weights(), &dot.weights(), bounds::NEARLY, "weights");
    // σ = d^¼ by default, so that the logit is the scaled dot product's up to |k|²/(2√d).
    let scales = |options: &str| {
        let case = with(choice_of(options), "softmax").attend();
        case.stages[1].1[0] / case.stages[0].1[0]
    };
    assert!(f64::from((scales("rbf") - 1.0 / (2.0 * 6f32.sqrt())).abs()) < bounds::SAME);
    assert!(f64::from((scales("neg_l2") - 1.0 / 6f32.sqrt()).abs()) < bounds::SAME);
}

#[test]
fn nothing_is_closer_than_the_same_vector() {
    let mut case = with(Choice::id("neg_l2"), "softmax");
    case.query.0.iter_mut().for_each(|x| *x += 1e4);
    let q = case.query.0[..6].to_vec();
    case.key.0[..6].copy_from_slice(&q);
    let raw = &case.attend().stages[0].1;
    assert_eq!(raw[0], 0.0, "|q − q|² does not cancel badly");
    assert!(raw.iter().all(|s| *s <= 0.0));
}

#[test]
fn query_key_norm_is_a_cosine_with_a_gain() {
    let gain = with(choice(r#"{"id": "qk_norm_l2", "g": 7}"#), "softmax");
    let mut cosine = with(choice(r#"{"id": "cosine", "eps": 1e-12}"#), "softmax");
    cosine.options.scale = Some(7.0);
    assert!(same_bits(&gain.weights(), &cosine.weights()));
    // g0 = log2(L² − L): figures from arXiv 2010.04245.
    for (length, g) in [(16, 7.9069), (64, 11.9773), (97, 13.1849), (512, 17.9972)] {
        let mut case = Case::normal([1, 1, 1, 1, length, 6, 1], 1);
        case.options.score = Some(Choice::id("qk_norm_l2"));
        let stages = case.attend().stages;
        let found = f64::from(stages[1].1[0]) / f64::from(stages[0].1[0]);
        assert!((found - g).abs() < 1e-4, "{length}: {found}");
    }
}

#[test]
fn normed_rows_have_the_length_of_the_root_of_d() {
    let d = SHAPE[5] as f32;
    for id in ["qk_norm_rms", "qk_norm_ln"] {
        let stages = with(Choice::id(id), "softmax").attend().stages;
        assert!(stages[1].1.iter().all(|l| l.abs() <= d.sqrt() * 1.000_01), "{id}: |l| ≤ √d");
        let doubled = with_tensors(id, &[("gq", &[6], vec![2.0; 6]), ("gk", &[6], vec![0.5; 6])]);
        close(&with(doubled, "softmax").weights(), &with(Choice::id(id), "softmax").weights(), bounds::SAME, id);
    }
    // The layer norm does not see what is added to a whole row.
    let plain = with(Choice::id("qk_norm_ln"), "softmax");
    let mut shifted = plain.clone();
    shifted.key.0.iter_mut().for_each(|x| *x += 3.0);
    close(&plain.weights(), &shifted.weights(), bounds::NEARLY, "shift");
}

#[test]
fn the_sharpness_of_swin_is_capped_at_100() {
    let scale_of = |t: f32| {
        let case = with(with_tensors("swin_v2_cosine", &[("t", &[4], vec![t; 4])]), "softmax").attend();
        case.stages[1].1[5] / case.stages[0].1[5]
    };
    for (t, scale) in [(0.0, 1.0), (10f32.ln(), 10.0), (100f32.ln(), 100.0), (50.0, 100.0), (1e30, 100.0)] {
        assert!(f64::from((scale_of(t) / scale - 1.0).abs()) < bounds::NEARLY, "t = {t}: {}", scale_of(t));
    }
}

// ---------------------------------------------------------------------------------------------------------- normalizers

#[test]
fn printed_tables() {
    let l = [2.0, 1.0, 0.0, -1.0];
    let cases: &[(&[f32], &str, &[f64])] = &[
        (&l, "softmax", &[0.643914, 0.236883, 0.087144, 0.032059]),
        (&l, "sparsemax", &[1.0, 0.0, 0.0, 0.0]),
        (&l, "entmax15", &[0.830719, 0.169281, 0.0, 0.0]),
        (&[1.2, 0.8, 0.3, -0.5], "softmax", &[0.442561, 0.296658, 0.179932, 0.080849]),
        (&[1.2, 0.8, 0.3, -0.5], "sparsemax", &[0.7, 0.3, 0.0, 0.0]),
        (&[1.2, 0.8, 0.3, -0.5], "entmax15", &[0.583515, 0.317963, 0.098522, 0.0]),
        (&[1.0, 1.0, 0.0, 0.0], "sparsemax", &[0.5, 0.5, 0.0, 0.0]),
        (&[1.0, 1.0, 0.0, 0.0], "entmax15", &[0.466506, 0.466506, 0.033494, 0.033494]),
        (&[0.5, 0.4, 0.3, 0.2], "sparsemax", &[0.4, 0.3, 0.2, 0.1]),
        (&[0.5, 0.4, 0.3, 0.2], "entmax15", &[0.327030, 0.272343, 0.222657, 0.177970]),
        (&l, r#"{"id": "sigmoid", "bias": 0}"#, &[0.880797, 0.731059, 0.5, 0.268941]),
        (&l, "sigmoid", &[0.648786, 0.404610, 0.2, 0.084224]),
        (&l, "softmax1", &[0.592299, 0.217895, 0.080159, 0.029489]),
        (&l, "softmax_sink", &[0.592299, 0.217895, 0.080159, 0.029489]),
        (&l, "relu_n", &[0.5, 0.25, 0.0, 0.0]),
        (&l, r#"{"id": "topk", "k": 2}"#, &[0.731059, 0.268941, 0.0, 0.0]),
        (&l, r#"{"id": "soft_threshold", "tau": 0.1}"#, &[0.543914, 0.136883, 0.0, 0.0]),
        (&l, r#"{"id": "soft_threshold", "tau": 0.7}"#, &[0.0; 4]),
    ];
    for (logits, normalizer, printed) in cases {
        table(&row(logits, normalizer), printed, &format!("{normalizer} of {logits:?}"));
    }
    let mut linear = Case::normal([1, 1, 1, 1, 3, 2, 1], 0);
    linear.choose(&Choice::id("dot"), &choice(r#"{"id": "linear_elu1", "eps": 0}"#));
    (linear.query.0, linear.key.0) = (vec![1.0, 0.0], vec![1.0, 0.0, 3.0, 3.0, -1.0, 0.0]);
    table(&linear.weights(), &[0.266869, 0.640486, 0.092644], "linear_elu1");
}

/// The support only shrinks, and the largest weight only grows, from softmax by way of entmax15 to sparsemax.
#[test]
fn entmax_stands_between_softmax_and_sparsemax() {
    for seed in 0..40 {
        let logits: Vec<f32> = Random(seed).normals(1 + 9 * seed as usize).iter().map(|x| 2.0 * x).collect();
        let [soft, between, sparse] = ["softmax", "entmax15", "sparsemax"].map(|id| row(&logits, id));
        let largest = |w: &[f32]| w.iter().copied().fold(0.0, f32::max);
        let slack = bounds::SAME as f32;
        assert!(largest(&soft) <= largest(&between) + slack && largest(&between) <= largest(&sparse) + slack, "{seed}");
        for j in 0..logits.len() {
            assert!(sparse[j] == 0.0 || between[j] > 0.0, "{seed}: sparsemax keeps key {j}, entmax does not");
        }
        let zeros = |w: &[f32]| w.iter().filter(|w| **w == 0.0).count();
        assert_eq!(zeros(&soft), 0);
        assert!(seed < 3 || zeros(&between) > 0 && zeros(&sparse) >= zeros(&between), "{seed}: exact zeros");
    }
}

#[test]
fn long_flat_rows_sum_to_one() {
    for m in [1, 7, 4096, 32_996] {
        for id in ["sparsemax", "entmax15", "softmax", "topk"] {
            let sum: f64 = row(&vec![0.25; m], id).iter().map(|w| f64::from(*w)).sum();
            assert!((sum - 1.0).abs() < bounds::SUM, "{id} of {m} equal logits: {sum}");
        }
    }
}

#[test]
fn ties_are_kept_or_the_first_win() {
    let top = |k: usize, ties: &str| format!(r#"{{"id": "topk", "k": {k}, "ties": "{ties}"}}"#);
    let l = [1.0, 1.0, 0.0, 0.0];
    table(&row(&l, &top(1, "keep")), &[0.5, 0.5, 0.0, 0.0], "two are kept");
    table(&row(&l, &top(1, "first")), &[1.0, 0.0, 0.0, 0.0], "the first is kept");
    table(&row(&l, &top(3, "first")), &[0.422319, 0.422319, 0.155362, 0.0], "the first of the second pair");
    for (k, ties) in [(4, "keep"), (4, "first"), (9, "keep"), (16_777_216, "first")] {
        assert!(same_bits(&row(&l, &top(k, ties)), &row(&l, "softmax")), "k ≥ m is a softmax");
    }
    // Any order of magnitude, both signs, both zeros.
    let wild = [-0.0, 0.0, 1e-40, -1e-40, 3e38, -3e38, 5.0, -5.0];
    let kept = |k: usize| row(&wild, &top(k, "keep")).iter().filter(|w| **w > 0.0).count();
    assert_eq!(kept(1), 1);
    let mut masked = Case::normal([1, 1, 1, 1, 4, 1, 1], 0);
    masked.choose(&Choice::id("dot"), &choice(&top(2, "first")));
    (masked.query.0, masked.key.0) = (vec![1.0], vec![9.0, 1.0, 1.0, 1.0]);
    masked.mask = Some((vec![0, 1, 1, 1], [1, 1, 1, 4]));
    table(&masked.weights(), &[0.0, 0.5, 0.5, 0.0], "removed keys do not count");
}

#[test]
fn each_head_has_its_own_parameters() {
    let sinks = [-2.0, 0.0, 1.5, 4.0];
    let with_sinks = |sinks: &[f32]| with_tensors("softmax_sink", &[("sinks", &[sinks.len()], sinks.to_vec())]);
    let case = |normalizer: Choice| Case::normal(SHAPE, 5).with(|options| options.normalizer = normalizer);
    let all = case(with_sinks(&sinks)).weights();
    let plane = SHAPE[3] * SHAPE[4];
    for (head, sink) in sinks.iter().enumerate() {
        let alone = case(with_sinks(&[*sink; 4])).weights();
        for batch in 0..2 {
            let at = (batch * 4 + head) * plane;
            assert!(same_bits(&all[at..][..plane], &alone[at..][..plane]), "head {head}");
        }
    }
    assert!(same_bits(&case(with_sinks(&[0.0; 4])).weights(), &case(Choice::id("softmax1")).weights()));
    close(
        &case(with_sinks(&[-80.0; 4])).weights(),
        &case(Choice::id("softmax")).weights(),
        bounds::SAME,
        "no sink left",
    );
    // A matrix for each head, on the side of the queries, so that grouped heads share their keys.
    let w: Vec<f32> = Random(6).normals(4 * 36);
    let score = |w: &[f32], shape: &[usize]| {
        let choice = with_tensors("general", &[("w", shape, w.to_vec())]);
        Case::normal(SHAPE, 5).with(|options| options.score = Some(choice)).weights()
    };
    let all = score(&w, &[4, 6, 6]);
    for head in 0..4 {
        let alone = score(&w[head * 36..][..36], &[6, 6]);
        assert!(same_bits(&all[head * plane..][..plane], &alone[head * plane..][..plane]), "head {head}");
    }
}

#[test]
fn no_heads_take_no_parameters() {
    for (list, id, name) in [("normalizer", "softmax_sink", "sinks"), ("score", "swin_v2_cosine", "t")] {
        let mut case = Case::normal([1, 0, 0, 3, 4, 2, 2], 1);
        let choice = with_tensors(id, &[(name, &[0], vec![])]);
        if list == "score" {
            case.options.score = Some(choice)
        } else {
            case.options.normalizer = choice
        }
        assert!(case.weights().is_empty(), "{id}");
    }
}

#[test]
fn a_threshold_may_follow_any_other() {
    for after in ["softmax", "sigmoid", "softmax1", "softmax_sink", "sparsemax", "entmax15", "relu_n", "topk"] {
        let logits: Vec<f32> = Random(2).normals(60);
        let tau = 0.01;
        let found = row(&logits, &format!(r#"{{"id": "soft_threshold", "tau": {tau}, "after": "{after}"}}"#));
        let expected: Vec<f32> = row(&logits, after).iter().map(|w| (w - tau).max(0.0)).collect();
        close(&found, &expected, bounds::SAME, after);
        let alpha = row(&logits, &format!(r#"{{"id": "soft_threshold", "alpha": 0.9, "after": "{after}"}}"#));
        assert!(alpha.iter().any(|w| *w > 0.0), "{after}: with α < 1 a row cannot vanish");
    }
}

// ----------------------------------------------------------------------------------------------------------- parameters

#[test]
fn what_a_normalizer_forbids_is_refused_by_name() {
    let linear = || Case::normal(SHAPE, 1).with(|options| options.normalizer = Choice::id("linear_elu1"));
    type Change = fn(&mut Case);
    let refused: &[(&str, Change)] = &[
        ("score", |c| c.options.score = Some(Choice::id("dot"))),
        ("scale", |c| c.options.scale = Some(2.0)),
        ("temperature", |c| c.options.temperature = 0.5),
        ("softcap", |c| c.options.softcap = Some(30.0)),
        ("attnBias", |c| c.bias = Some((vec![1.0], [1; 4]))),
    ];
    assert!(linear().problem().is_ok());
    for (name, change) in refused {
        let mut case = linear();
        change(&mut case);
        let error = case.problem().err().unwrap_or_else(|| panic!("{name} was accepted"));
        assert_eq!((error.code(), error.parts().0), ("parameter", *name), "{error}");
        assert!(error.to_string().contains("linear_elu1"), "{error}");
    }
    let mut masked = linear();
    masked.mask = Some((vec![1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 21]));
    assert!(masked.weights().chunks(21).all(|row| row[1] == 0.0), "any boolean mask is allowed");
}

#[test]
fn bad_parameters_are_refused_by_name_value_and_rule() {
    let tensor = |name: &str, shape: &[usize]| (name.to_string(), shape.to_vec());
    let refused: Vec<(&str, Options, &str)> = [
        ("parameter", "normalizer", r#"{"id": "topk", "k": 0}"#, "k"),
        ("parameter", "normalizer", r#"{"id": "topk", "k": 2.5}"#, "k"),
        ("parameter", "normalizer", r#"{"id": "topk", "ties": "last"}"#, "ties"),
        ("parameter", "normalizer", r#"{"id": "soft_threshold", "tau": -0.1}"#, "tau"),
        ("parameter", "normalizer", r#"{"id": "soft_threshold", "alpha": 1.5}"#, "alpha"),
        ("parameter", "normalizer", r#"{"id": "soft_threshold", "after": "soft_threshold"}"#, "after"),
        ("parameter", "normalizer", r#"{"id": "linear_elu1", "eps": -1}"#, "eps"),
        ("parameter", "normalizer", r#"{"id": "relu_n", "alpha": -1}"#, "alpha"),
        ("parameter", "normalizer", r#"{"id": "relu_n", "n": 5}"#, "n"),
        ("parameter", "score", r#"{"id": "rbf", "sigma": 0}"#, "sigma"),
        ("parameter", "score", r#"{"id": "rbf", "sigma": 1e-25}"#, "sigma"),
        ("parameter", "position", r#"{"id": "rope", "ropeTheta": 0.5}"#, "ropeTheta"),
        ("parameter", "position", r#"{"id": "sinusoidal", "theta": 1e-30}"#, "theta"),
        ("parameter", "score", r#"{"id": "qk_norm_rms", "eps": 0}"#, "eps"),
        ("parameter", "score", r#"{"id": "general", "w": 3}"#, "w"),
        ("unknown", "score", r#"{"id": "dot", "w": 3}"#, "parameter of dot"),
        ("unknown", "position", r#""elsewhere""#, "position"),
    ]
    .into_iter()
    .map(|(code, list, json, name)| {
        let mut options: Options = serde_json::from_str(&format!(r#"{{"{list}": {json}}}"#)).expect("well formed");
        options.causal_offset = (list == "position" && code == "parameter").then_some(0);
        (code, options, name)
    })
    .collect();
    for (code, options, name) in refused {
        let mut case = Case::normal(SHAPE, 1);
        case.options = options;
        let error = case.problem().err().unwrap_or_else(|| panic!("{:?} was accepted", case.options));
        assert_eq!((error.code(), error.parts().0), (code, name), "{error}");
    }
    let shapes = [
        ("general", vec![tensor("w", &[6, 5])], "w"),
        ("general", vec![tensor("w", &[2, 6, 6])], "w"),
        ("general", vec![tensor("w", &[36])], "w"),
        ("additive", vec![tensor("wq", &[5, 6]), tensor("wk", &[4, 6])], "wq"),
        ("additive", vec![tensor("v", &[0])], "v"),
        ("concat", vec![tensor("w", &[5, 6])], "w"),
        ("qk_norm_ln", vec![tensor("gq", &[5])], "gq"),
        ("swin_v2_cosine", vec![tensor("t", &[1])], "t"),
    ];
    for (id, tensors, name) in shapes {
        let tensors: Vec<_> =
            tensors.iter().map(|(n, s)| (n.as_str(), &s[..], vec![0.5; s.iter().product()])).collect();
        let error = with(with_tensors(id, &tensors), "softmax").problem().err().unwrap_or_else(|| panic!("{id}"));
        assert_eq!((error.code(), error.parts().0), ("shape", name), "{error}");
    }
    // The identity takes no row to another size.
    for (score, name) in [(Choice::id("general"), "w"), (Choice::id("additive"), "wk"), (Choice::id("concat"), "w")] {
        let mut case = Case::normal(SHAPE, 9).with(|options| options.score = Some(score));
        case.key = (Random(10).normals(2 * 2 * 21 * 4), [2, 2, 21, 4]);
        let error = case.problem().err().unwrap_or_else(|| panic!("{name}"));
        assert_eq!((error.code(), error.parts().0), ("shape", name), "{error}");
    }
    let broken = with_tensors("general", &[("w", &[6, 6], vec![f32::NAN; 36])]);
    assert_eq!(with(broken, "softmax").problem().err().map(|e| e.code()), Some("parameter"), "NaN in W");
    let short = with_tensors("general", &[("w", &[6, 6], vec![1.0; 35])]);
    assert_eq!(with(short, "softmax").problem().err().map(|e| e.code()), Some("shape"), "35 numbers for (6, 6)");
}

/// Products and their sums that leave single precision, as shares of which nothing is lost.
#[test]
fn features_of_any_size_have_shares() {
    let of = |x: f32, eps: &str, m: usize| {
        let mut case = Case::normal([1, 1, 1, 1, m, 1, 1], 0);
        case.choose(&Choice::id("dot"), &choice(&format!(r#"{{"id": "linear_elu1", "eps": {eps}}}"#)));
        (case.query.0, case.key.0) = (vec![x], vec![x; m]);
        let attended = case.attend();
        (attended.weights.unwrap(), attended.statistics.unwrap().status[0])
    };
    for (x, eps, m) in [(1e19, "1e-6", 8), (-40.0, "0", 4), (-40.0, "1e-50", 4), (3.0, "0", 3)] {
        let (weights, status) = of(x, eps, m);
        assert_eq!(status, Status::Ok as u8, "{x}");
        close(&weights, &vec![1.0 / m as f32; m], bounds::SAME, &format!("{m} equal keys of {x}"));
    }
    assert_eq!(of(-60.0, "0", 4), (vec![0.0; 4], Status::Zeroed as u8), "e^-120 is 0 in single precision");
    assert_eq!(of(-40.0, "1e30", 2).0, [0.0, 0.0], "all that ε leaves is too small as well");
}

#[test]
fn rows_after_the_query_length_see_nothing() {
    let mut case = Case::normal(SHAPE, 7);
    case.options.query_seq_lengths = Some(vec![4, 9]);
    let (padded, whole) = (case.attend(), Case::normal(SHAPE, 7).attend());
    let (weights, output) = (padded.weights.unwrap(), padded.output.unwrap());
    for (at, row) in weights.chunks(21).enumerate() {
        let padding = at / (4 * 9) == 0 && at % 9 >= 4;
        let expected = &whole.weights.as_ref().unwrap()[at * 21..][..21];
        assert!(if padding { row.iter().all(|w| *w == 0.0) } else { same_bits(row, expected) }, "row {at}");
        assert!(!padding || output[at * 3..][..3].iter().all(|y| *y == 0.0), "row {at}");
    }
    case.options.query_seq_lengths = Some(vec![4, 10]);
    assert_eq!(case.problem().err().map(|e| e.parts().0.to_string()), Some("querySeqLengths".into()));
}

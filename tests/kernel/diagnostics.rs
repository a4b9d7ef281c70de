//! What is made of whole weight matrices: the figures of the specification, the definitions beside the code, and laws.

use crate::support::{Case, Random, bounds, choice, same_bits};
use qkscope::diagnostics::compare::{self, Comparison};
use qkscope::diagnostics::flow::{self, Flow};
use qkscope::diagnostics::frame::{Frame, Grid, Repetition};
use qkscope::diagnostics::head::{self, HEAD_STATISTICS, Head, SINK_EPS, sink_mass, sink_metric};
use qkscope::diagnostics::importance::{self, Importance, importance};
use qkscope::diagnostics::pattern::{self, Detector, Exclude, Pattern};
use qkscope::diagnostics::projection::{Projection, STEP};
use qkscope::diagnostics::rollout::{self, MAX_TOKENS, Rollout};
use qkscope::diagnostics::rows;
use qkscope::diagnostics::value_norm::{self, ValueNorms, Weighted, value_norms, weighted};
use qkscope::diagnostics::{Columns, MEASURES, PATTERNS, STATISTICS};
use qkscope::error::{Error, Fault};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Three tokens, two causal layers.
const A1: [f32; 9] = [1.0, 0.0, 0.0, 0.6, 0.4, 0.0, 0.2, 0.5, 0.3];
const A2: [f32; 9] = [1.0, 0.0, 0.0, 0.9, 0.1, 0.0, 0.1, 0.1, 0.8];

/// Half a unit of the last digit that the table prints.
const PRINTED: f64 = 6e-7;

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

fn near(found: f64, expected: f64, bound: f64, what: impl Fn() -> String) {
    let same = found == expected || (found.is_nan() && expected.is_nan());
    assert!(same || (found - expected).abs() <= bound, "{}: found {found}, expected {expected}", what());
}

fn all_near(found: &[f64], expected: &[f64], bound: f64, what: impl Fn() -> String) {
    assert_eq!(found.len(), expected.len(), "{}", what());
    for (at, (&x, &y)) in found.iter().zip(expected).enumerate() {
        near(x, y, bound, || format!("{}, {at}", what()));
    }
}

fn same_numbers(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
}

/// The numbers of one head by name.
fn values(frame: &Frame, weights: &[f32]) -> impl Fn(&str) -> f64 + use<> {
    let mut head = Head::new(frame).expect("the frame fits");
    head.add(0, weights).expect("whole rows");
    named(head.values().expect("all rows are there"))
}

fn named(values: Vec<f64>) -> impl Fn(&str) -> f64 {
    assert_eq!(values.len(), HEAD_STATISTICS.len());
    move |id| values[HEAD_STATISTICS.iter().position(|entry| entry.member.id == id).expect(id)]
}

/// Weights (n, m) whose rows sum to 1, some of them removed; causal ones see up to their own place.
fn random_weights(random: &mut Random, n: usize, m: usize, causal: bool) -> Vec<f32> {
    let mut weights = Vec::new();
    for i in 0..n {
        let seen = if causal { (i + 1).min(m) } else { m };
        let raw: Vec<f64> = (0..seen).map(|_| (2.0 * f64::from(random.normal())).exp()).collect();
        let sum: f64 = raw.iter().sum();
        weights.extend((0..m).map(|j| raw.get(j).map_or(0.0, |w| (w / sum) as f32)));
    }
    weights
}

fn random_tokens(random: &mut Random, length: usize, words: usize) -> Vec<u32> {
    (0..length).map(|_| random.below(words) as u32).collect()
}

// ---------------------------------------------------------------------------------------------------- the row statistics

/// The fused path on logits whose softmax is `weights`.
fn statistics_of(weights: &[f32], n: usize, m: usize) -> Columns {
    let mut case = Case::normal([1, 1, 1, n, m, 1, 1], 0);
    case.query.0.fill(0.0);
    case.bias = Some((weights.iter().map(|w| w.ln()).collect(), [1, 1, n, m]));
    case.attend().statistics.expect("asked for")
}

/// A statistic by its name in the list.
fn column(columns: &Columns, id: &str) -> Vec<f64> {
    match id {
        "mass" => wide(&columns.mass),
        "entropy" => wide(&columns.entropy),
        "normalizedEntropy" => wide(&columns.normalized_entropy),
        "effectiveKeys" => wide(&columns.effective_keys),
        "collisionKeys" => wide(&columns.collision_keys),
        "maxWeight" => wide(&columns.max_weight),
        "argmax" => columns.argmax.iter().map(|&key| f64::from(key)).collect(),
        "attentionDistance" => wide(&columns.attention_distance),
        "firstMass" => wide(&columns.first_mass),
        "selfMass" => wide(&columns.self_mass),
        "previousMass" => wide(&columns.previous_mass),
        _ => panic!("no column for {id}"),
    }
}

/// The table of section G; the first row has one key and so no normalised entropy.
const TABLE: &[(&str, [f64; 3])] = &[
    ("mass", [1.0, 1.0, 1.0]),
    ("entropy", [0.0, 0.673012, 1.029653]),
    ("normalizedEntropy", [f64::NAN, 0.970951, 0.937231]),
    ("effectiveKeys", [1.0, 1.960132, 2.800094]),
    ("collisionKeys", [1.0, 1.923077, 2.631579]),
    ("maxWeight", [1.0, 0.6, 0.5]),
    ("argmax", [0.0, 0.0, 1.0]),
    ("attentionDistance", [0.0, 0.6, 0.9]),
    ("firstMass", [1.0, 0.6, 0.2]),
    ("selfMass", [1.0, 0.4, 0.3]),
    ("previousMass", [f64::NAN, 0.6, 0.5]),
];

#[test]
fn the_printed_row_statistics() {
    let found = statistics_of(&A1, 3, 3);
    assert_eq!(
        STATISTICS.iter().map(|member| member.id).collect::<Vec<_>>(),
        TABLE.iter().map(|(id, _)| *id).collect::<Vec<_>>()
    );
    for (at, (id, expected)) in TABLE.iter().enumerate() {
        all_near(&column(&found, id), expected, PRINTED, || format!("{id}, fast"));
        for (i, &expected) in expected.iter().enumerate() {
            let definition = rows::definition(&wide(&A1[i * 3..][..3]), i + 1, i as i64);
            near(definition[at], expected, PRINTED, || format!("{id} of row {i}, definition"));
        }
    }
}

/// A square of a weight of 1e-27 is 0 in single precision, and one of 1e30 infinite.
#[test]
fn order_two_survives_tiny_weights() {
    let m = 300;
    let mut case = Case::normal([1, 1, 1, 3, m, 1, 1], 0);
    case.query.0.fill(0.0);
    case.options.normalizer = choice(r#"{"id": "sigmoid", "bias": -62}"#);
    let statistics = case.attend().statistics.expect("asked for");
    for (mass, keys) in statistics.mass.iter().zip(&statistics.collision_keys) {
        assert!(*mass > 0.0 && *mass < 1e-23, "{mass}");
        near(f64::from(*keys), m as f64, bounds::statistic(m, 0.0) * m as f64, || "as many as there are".into());
    }
}

/// What a sink leaves to the keys may be so little that its square is 0 as well.
#[test]
fn order_two_survives_a_sink_that_takes_all() {
    let m = 300;
    for (sink, mass) in [(20.0, 1e-6), (30.0, 1e-10), (60.0, 1e-23)] {
        let mut case = Case::normal([1, 1, 1, 3, m, 1, 1], 0);
        case.query.0.fill(0.0);
        case.options.normalizer =
            choice(&format!(r#"{{"id": "softmax_sink", "sinks": {{"shape": [1], "data": [{sink}]}}}}"#));
        let statistics = case.attend().statistics.expect("asked for");
        for (found, keys) in statistics.mass.iter().zip(&statistics.collision_keys) {
            assert!(*found > 0.0 && *found < mass, "{found}");
            near(f64::from(*keys), m as f64, bounds::statistic(m, 0.0) * m as f64, || format!("a sink of {sink}"));
        }
    }
}

/// The squares are kept relative to the largest weight so far, which here grows from block to block.
#[test]
fn order_two_follows_a_growing_maximum() {
    let m = 700;
    let raw: Vec<f64> = (0..m).map(|j| (j as f64 / 60.0).exp()).collect();
    let weights: Vec<f32> = raw.iter().map(|w| (w / raw.iter().sum::<f64>()) as f32).collect();
    let at = STATISTICS.iter().position(|member| member.id == "collisionKeys").expect("in the list");
    let expected = rows::definition(&wide(&weights), m, 0)[at];
    let found = f64::from(statistics_of(&weights, 1, m).collision_keys[0]);
    let error = bounds::statistic(m, 2.0 * bounds::logit(1, 1.0, 0.0, weights[0].ln().into()));
    near(found, expected, error * expected, || "collisionKeys".into());
}

// -------------------------------------------------------------------------------------------------------------- one head

#[test]
fn the_printed_numbers_of_a_head() {
    let allowed = [1, 2, 3];
    let frame = Frame { allowed: Some(&allowed), ..Frame::new(3, 3) };
    let head = values(&frame, &A1);
    let expected = [
        ("meanMass", 1.0),
        ("meanEntropy", (0.673012 + 1.029653) / 3.0),
        ("meanNormalizedEntropy", (0.970951 + 0.937231) / 2.0),
        ("meanEffectiveKeys", (1.0 + 1.960132 + 2.800094) / 3.0),
        ("confidence", (1.0 + 0.6 + 0.5) / 3.0),
        ("meanAttentionDistance", (0.6 + 0.9) / 3.0),
        ("sinkMass", 0.6),
        ("sinkMassAfterFirst", 0.4),
        ("selfMass", (1.0 + 0.4 + 0.3) / 3.0),
        ("previousTokenScore", 0.55),
        ("duplicateTokenShare", f64::NAN),
        ("inductionScore", f64::NAN),
        ("previousTokenMul", 0.366667),
        ("previousTokenAbs", 0.067),
        ("duplicateTokenMul", f64::NAN),
        ("duplicateTokenAbs", f64::NAN),
        ("inductionMul", f64::NAN),
        ("inductionAbs", f64::NAN),
    ];
    assert_eq!(expected.len(), HEAD_STATISTICS.len());
    let definition = named(head::definition(&wide(&A1), &frame));
    for (id, expected) in expected {
        near(head(id), expected, PRINTED, || id.into());
        near(definition(id), expected, PRINTED, || format!("{id}, definition"));
    }
}

#[test]
fn lists_speak_both_languages() {
    let lists =
        [STATISTICS.iter().collect::<Vec<_>>(), PATTERNS.iter().collect(), head_members(), MEASURES.iter().collect()];
    for list in lists {
        for (at, member) in list.iter().enumerate() {
            let texts = [member.label.en, member.label.zh, member.about.en, member.about.zh, member.formula];
            assert!(texts.iter().all(|text| !text.is_empty()), "{}", member.id);
            assert!(!list[..at].iter().any(|other| other.id == member.id), "{} is there twice", member.id);
        }
    }
}

fn head_members() -> Vec<&'static qkscope::member::Member> {
    HEAD_STATISTICS.iter().map(|entry| &entry.member).collect()
}

/// The head that looks at what followed the same token, and at the first token while there was none.
fn perfect_induction(n: usize, bos: bool) -> (Vec<u32>, Vec<f32>) {
    let start = usize::from(bos);
    let mut tokens: Vec<u32> = (0..start).map(|_| 1000).collect();
    tokens.extend((0..2 * n).map(|i| (i % n) as u32));
    let length = tokens.len();
    let mut weights = vec![0.0; length * length];
    for i in 0..length {
        let j = if i < n + start { 0 } else { i - n + 1 };
        weights[i * length + j] = 1.0;
    }
    (tokens, weights)
}

/// "mul" counts the first half too, so it stops at one half, or n / (2n + 1) after a first token; the mean over the stripe goes
/// to 1.
#[test]
fn mul_and_the_stripe_are_not_the_same() {
    for (n, bos) in [(1, false), (2, false), (5, false), (50, false), (1, true), (2, true), (5, true), (50, true)] {
        let (tokens, weights) = perfect_induction(n, bos);
        let length = tokens.len();
        let head = values(&Frame { tokens: Some(&tokens), ..Frame::new(length, length) }, &weights);
        near(head("inductionMul"), n as f64 / length as f64, bounds::double(length), || format!("mul, {n}, {bos}"));
        near(head("inductionScore"), 1.0, 0.0, || format!("stripe, {n}, {bos}"));
    }
}

/// A diagonal of offset 1 − n has n + 1 entries on 2n tokens: its first, (n − 1, 0), is the first-token sink and does not count.
#[test]
fn the_stripe_leaves_out_the_sink() {
    let n = 6;
    let (tokens, mut weights) = perfect_induction(n, false);
    for i in n..2 * n {
        weights[i * 2 * n..][..2 * n].fill(0.0);
        weights[i * 2 * n + i] = 1.0;
    }
    assert_eq!(weights[(n - 1) * 2 * n], 1.0);
    let head = values(&Frame { tokens: Some(&tokens), ..Frame::new(2 * n, 2 * n) }, &weights);
    assert_eq!(head("inductionScore"), 0.0);
    let repetition = Repetition::of(&tokens).expect("it repeats");
    assert_eq!((repetition.rows(), repetition.key(n), repetition.key(2 * n - 1)), (n..2 * n, 1, n));
}

#[test]
fn a_perfect_previous_token_head() {
    for length in [2, 7, 40] {
        let mut weights = vec![0.0; length * length];
        (0..length).for_each(|i: usize| weights[i * length + i.saturating_sub(1)] = 1.0);
        let head = values(&Frame::new(length, length), &weights);
        let share = (length - 1) as f64 / length as f64;
        near(head("previousTokenMul"), share, bounds::double(length), || "mul".into());
        assert_eq!(head("previousTokenScore"), 1.0);
    }
}

#[test]
fn repetitions() {
    let of = |tokens: &[u32]| Repetition::of(tokens).map(|found| (found.length, found.bos));
    assert_eq!(of(&[4, 5, 4, 5]), Some((2, false)));
    assert_eq!(of(&[9, 4, 5, 4, 5]), Some((2, true)));
    assert_eq!(of(&[4, 4]), Some((1, false)));
    for tokens in [&[][..], &[7], &[4, 5, 4, 6], &[4, 5, 4], &[4, 5, 4, 5, 9]] {
        assert_eq!(of(tokens), None, "{tokens:?}");
    }
}

/// By hand, on A1. Without key 0 the pattern keeps 0.5 of a mass of 1.2; without the diagonal 1.1 of 1.3; without both, 0.5 of
/// 0.5. "abs" loses the differences of the pairs that are left out and is divided by 3 all the same.
#[test]
fn exclusions_divide_by_what_is_left() {
    let before = A1;
    for (bos, current_token, mul, abs) in [
        (false, false, 1.1 / 3.0, 0.067),
        (true, false, 0.5 / 1.2, 0.6),
        (false, true, 1.1 / 1.3, 0.633),
        (true, true, 1.0, 0.833),
    ] {
        let exclude = Exclude { bos, current_token };
        let mut detector = Detector::new(Pattern::PreviousToken, 3, None, exclude).unwrap();
        A1.chunks(3).enumerate().for_each(|(row, weights)| detector.add(row, 0, weights).unwrap());
        let definition = pattern::definition(Pattern::PreviousToken, &[0; 3], exclude, &wide(&A1));
        near(detector.mul(), mul, PRINTED, || format!("mul, {exclude:?}"));
        near(detector.abs(), abs, bounds::DEFINITION, || format!("abs, {exclude:?}"));
        all_near(&definition, &[detector.mul(), detector.abs()], bounds::double(9), || format!("{exclude:?}"));
        near(detector.row_share(), 0.55, PRINTED, || "excludes nothing".into());
    }
    assert_eq!(A1, before);
}

/// Every number of the list on random weights against the whole-matrix definitions.
#[test]
fn heads_equal_their_definitions() {
    let mut random = Random(11);
    for n in [1, 2, 3, 7, 8, 9, 17, 40] {
        for k in 0..4 {
            let causal = k % 2 == 0;
            let weights = random_weights(&mut random, n, n, causal);
            let allowed: Vec<u32> = (0..n as u32).map(|i| if causal { i + 1 } else { n as u32 }).collect();
            let tokens = match k {
                0 => (0..n).map(|i| (i % n.div_ceil(2)) as u32).collect(),
                _ => random_tokens(&mut random, n, 4),
            };
            let exclude = Exclude { bos: k == 1, current_token: k >= 2 };
            let frame = Frame { allowed: Some(&allowed), tokens: Some(&tokens), exclude, ..Frame::new(n, n) };
            check_head(&format!("{n}, {k}"), &frame, &weights);
        }
    }
    for (n, m, offset) in [(3, 5, 2), (5, 3, -2), (9, 300, 0), (4, 257, 253), (3, 2, 7)] {
        let weights = random_weights(&mut random, n, m, false);
        check_head(&format!("{n} x {m}"), &Frame { offset, ..Frame::new(n, m) }, &weights);
    }
    for (height, width, tokens_before) in [(1, 1, 0), (3, 4, 0), (4, 3, 1), (1, 9, 2)] {
        let grid = Grid { height, width, patch_size: 16.0, tokens_before };
        let n = grid.tokens();
        let weights = random_weights(&mut random, n, n, false);
        check_head(&format!("{grid:?}"), &Frame { grid: Some(grid), ..Frame::new(n, n) }, &weights);
    }
}

fn check_head(name: &str, frame: &Frame, weights: &[f32]) {
    let found = values(frame, weights);
    let expected = named(head::definition(&wide(weights), frame));
    let exact = ["Share", "Mul", "Abs", "inductionScore"];
    for id in HEAD_STATISTICS.iter().map(|entry| entry.member.id) {
        let double = exact.iter().any(|end| id.ends_with(end));
        let bound = if double { bounds::double(weights.len()) } else { bounds::head(frame.keys, expected(id)) };
        near(found(id), expected(id), bound, || format!("{name}: {id}"));
    }
}

/// Rows may come in any pieces and any order.
#[test]
fn the_way_rows_come_changes_no_bit() {
    let (n, mut random) = (37, Random(5));
    let weights = random_weights(&mut random, n, n, true);
    let tokens = random_tokens(&mut random, n, 5);
    let frame = Frame { tokens: Some(&tokens), ..Frame::new(n, n) };
    let mut whole = Head::new(&frame).unwrap();
    whole.add(0, &weights).unwrap();
    for cuts in [vec![0, 1, n], vec![0, 8, 16, 24, 32, n], vec![0, 3, 20, 21, n], (0..=n).collect()] {
        let mut pieces: Vec<_> = cuts.windows(2).map(|cut| (cut[0], cut[1])).collect();
        for _ in 0..3 {
            pieces.rotate_left(1);
            let mut head = Head::new(&frame).unwrap();
            for &(from, to) in &pieces {
                head.add(from, &weights[from * n..to * n]).unwrap();
            }
            assert!(same_numbers(&head.values().unwrap(), &whole.values().unwrap()), "{pieces:?}");
        }
    }
}

/// And keys of a row in any pieces.
#[test]
fn the_way_keys_are_cut_changes_no_bit() {
    let (n, mut random) = (21, Random(6));
    let weights = random_weights(&mut random, n, n, false);
    let tokens = random_tokens(&mut random, n, 4);
    for pattern in Pattern::ALL {
        let detector = |cut: usize| {
            let mut detector = Detector::new(pattern, n, Some(&tokens), Exclude { bos: true, current_token: false })?;
            for first in (0..n).step_by(cut) {
                for row in (0..n).rev() {
                    detector.add(row, first, &weights[row * n + first..row * n + n.min(first + cut)])?;
                }
            }
            Ok::<_, Error>(detector)
        };
        let whole = detector(n).unwrap();
        for cut in [1, 2, 5, 20] {
            assert_eq!(detector(cut).unwrap(), whole, "{pattern:?} by {cut}");
        }
        let [mul, abs] =
            pattern::definition(pattern, &tokens, Exclude { bos: true, ..Exclude::default() }, &wide(&weights));
        near(whole.mul(), mul, bounds::double(n * n), || format!("{pattern:?}"));
        near(whole.abs(), abs, bounds::double(n * n), || format!("{pattern:?}"));
    }
}

/// A head of the fused path's statistics has the same numbers as one of weights, as far as rows alone decide them.
#[test]
fn statistics_serve_as_well_as_weights() {
    let case = Case::normal([1, 1, 1, 19, 19, 8, 8], 3).with(|options| options.causal = true);
    let case = case.with(|options| options.causal_alignment = Some(qkscope::options::Alignment::UpperLeft));
    let attended = case.attend();
    let (weights, statistics) = (attended.weights.unwrap(), attended.statistics.unwrap());
    let allowed: Vec<u32> = (1..=19).collect();
    let frame = Frame { allowed: Some(&allowed), ..Frame::new(19, 19) };
    let mut head = Head::new(&frame).unwrap();
    head.add_statistics(0, &statistics).unwrap();
    let (by_rows, by_weights) = (named(head.values().unwrap()), values(&frame, &weights));
    for id in HEAD_STATISTICS.iter().map(|entry| entry.member.id) {
        match id {
            "previousTokenMul" | "previousTokenAbs" => {
                assert!(by_rows(id).is_nan() && !by_weights(id).is_nan(), "{id}")
            }
            // Those of rows come from the terms of the softmax, and are divided once.
            _ => near(by_rows(id), by_weights(id), 1e-6 * by_weights(id), || id.into()),
        }
    }
}

/// Where the statistics are known, the weights alone are read, and every number is there.
#[test]
fn weights_without_their_statistics() {
    let (n, mut random) = (21, Random(17));
    let weights = random_weights(&mut random, n, n, true);
    let tokens = random_tokens(&mut random, n, 4);
    let frame = Frame { tokens: Some(&tokens), ..Frame::new(n, n) };
    let mut whole = Head::new(&frame).unwrap();
    whole.add(0, &weights).unwrap();
    let mut apart = Head::new(&frame).unwrap();
    apart.add_weights(0, &weights).unwrap();
    assert_eq!(*apart.values().unwrap_err(), Fault::Count { name: "rows".into(), expected: 21, found: 0 });
    assert_eq!(apart.rows(), &Columns::new(n).unwrap(), "no statistic is worked out");
    apart.add_statistics(0, whole.rows()).unwrap();
    assert!(same_numbers(&apart.values().unwrap(), &whole.values().unwrap()));
    assert_eq!(apart.add_weights(1, &weights).unwrap_err().code(), "shape");
}

/// Queries that stand further off than a number of 64 bits says.
#[test]
fn offsets_at_the_ends_of_their_range() {
    let weights = [0.25; 16];
    for (offset, sink) in [(i64::MAX, 0.25), (i64::MAX - 2, 0.25), (i64::MIN, f64::NAN), (i64::MIN + 2, f64::NAN)] {
        let frame = Frame { offset, ..Frame::new(4, 4) };
        let (found, expected) = (values(&frame, &weights), named(head::definition(&wide(&weights), &frame)));
        for id in ["sinkMass", "sinkMassAfterFirst"] {
            assert!(same_numbers(&[found(id)], &[sink]) && same_numbers(&[expected(id)], &[sink]), "{offset}, {id}");
        }
        assert!(found("selfMass").is_nan() && expected("selfMass").is_nan(), "no key is there");
        near(found("meanAttentionDistance"), 2f64.powi(63), 2f64.powi(40), || "distance".into());
    }
}

/// A row with one key has no normalised entropy, and a mean over rows passes over it; without any row there is no mean.
#[test]
fn one_key_is_no_choice() {
    let alone = |weights: &[f32], allowed: &[u32]| {
        values(&Frame { allowed: Some(allowed), ..Frame::new(2, 2) }, weights)("meanNormalizedEntropy")
    };
    assert!(alone(&[1.0, 0.0, 0.0, 1.0], &[1, 1]).is_nan());
    assert_eq!(alone(&[1.0, 0.0, 0.0, 1.0], &[1, 2]), 0.0);
    near(alone(&[1.0, 0.0, 0.5, 0.5], &[1, 2]), 1.0, bounds::statistic(2, 0.0), || "both keys alike".into());
    let one = values(&Frame::new(2, 1), &[1.0, 1.0]);
    assert!(one("meanNormalizedEntropy").is_nan());
    assert_eq!([one("meanEntropy"), one("meanEffectiveKeys"), one("confidence")], [0.0, 1.0, 1.0]);
}

/// Empty rows have a mass and no shares; a row of NaN spoils the head.
#[test]
fn rows_without_weight_and_rows_that_failed() {
    let head = values(&Frame { allowed: Some(&[2, 0]), ..Frame::new(2, 2) }, &[0.5, 0.5, 0.0, 0.0]);
    assert_eq!([head("meanMass"), head("confidence"), head("sinkMass"), head("selfMass")], [0.5, 0.5, 0.25, 0.25]);
    let failed = values(&Frame::new(2, 2), &[0.5, 0.5, f32::NAN, f32::NAN]);
    assert!(HEAD_STATISTICS.iter().all(|entry| failed(entry.member.id).is_nan()));
}

/// Patches 0 1 / 2 3 of 16 pixels after a class token that takes half of all weight: what is left is made to sum to 1.
#[test]
fn distance_on_a_grid() {
    let grid = Grid { height: 2, width: 2, patch_size: 16.0, tokens_before: 1 };
    let row = [0.5, 0.125, 0.125, 0.125, 0.125];
    near(grid.distance(1, &row), 16.0 * (2.0 + 2f64.sqrt()) / 4.0, bounds::DEFINITION, || "a corner".into());
    near(grid.distance(2, &[0.5, 0.5, 0.0, 0.0, 0.0]), 16.0, bounds::DEFINITION, || "one to the left".into());
    assert!(grid.distance(0, &row).is_nan(), "the class token has no place");
    assert!(grid.distance(1, &[1.0, 0.0, 0.0, 0.0, 0.0]).is_nan(), "no patch is looked at");
    let plain = Grid { tokens_before: 0, ..grid };
    near(plain.distance(3, &[1.0, 0.0, 0.0, 0.0]), 16.0 * 2f64.sqrt(), bounds::DEFINITION, || "across".into());
}

#[test]
fn sinks_are_counted() {
    assert_eq!(sink_metric(&[0.6, 0.3, 0.31, 0.0], SINK_EPS), 0.5);
    assert_eq!(sink_metric(&[0.6, f64::NAN], SINK_EPS), 1.0);
    assert!(sink_metric(&[], SINK_EPS).is_nan());
}

#[test]
fn heads_that_cannot_be() {
    let code = |frame: Frame| Head::new(&frame).unwrap_err().code();
    let square = Frame::new(4, 4);
    let grid = Grid { height: 2, width: 2, patch_size: 1.0, tokens_before: 0 };
    assert_eq!(code(Frame::new(3, 0)), "shape");
    assert_eq!(code(Frame { allowed: Some(&[1]), ..square }), "count");
    assert_eq!(code(Frame { tokens: Some(&[1, 2, 3]), ..square }), "count");
    assert_eq!(code(Frame { tokens: Some(&[1, 2, 3]), ..Frame::new(2, 3) }), "shape");
    assert_eq!(code(Frame { grid: Some(grid), ..Frame::new(5, 5) }), "shape");
    assert_eq!(code(Frame { grid: Some(Grid { width: usize::MAX, ..grid }), ..square }), "shape");
    assert_eq!(code(Frame { grid: Some(Grid { patch_size: 0.0, ..grid }), ..square }), "parameter");
    for (length, expected) in [(0, "parameter"), (3, "shape"), (usize::MAX, "shape")] {
        assert_eq!(code(Frame { repetition: Some(Repetition { length, bos: true }), ..square }), expected, "{length}");
    }
    let mut head = Head::new(&square).unwrap();
    for (row, count) in [(0, 5), (1, 16), (5, 0), (usize::MAX, 4)] {
        assert_eq!(head.add(row, &vec![0.25; count]).unwrap_err().code(), "shape", "{row}, {count}");
    }
    assert_eq!(head.add_statistics(3, &Columns::new(2).unwrap()).unwrap_err().code(), "shape");
    head.add(1, &[0.25; 12]).unwrap();
    assert_eq!(*head.values().unwrap_err(), Fault::Count { name: "rows".into(), expected: 4, found: 3 });
    let detector = |tokens| Detector::new(Pattern::Induction, 3, tokens, Exclude::default());
    assert_eq!(detector(None).unwrap_err().code(), "parameter");
    assert_eq!(detector(Some(&[1, 2])).unwrap_err().code(), "count");
    let mut detector = detector(Some(&[1, 2, 3])).unwrap();
    for (row, first, count) in [(3, 0, 1), (0, 1, 3), (0, 4, 0), (0, usize::MAX, 1)] {
        assert_eq!(detector.add(row, first, &vec![0.0; count]).unwrap_err().code(), "shape", "{row}, {first}, {count}");
    }
}

// -------------------------------------------------------------------------------------------------- through the layers

fn rollout(layers: &[&[f32]], tokens: usize, residual: bool) -> Vec<f64> {
    let mut rollout = Rollout::new(tokens, residual).unwrap();
    layers.iter().for_each(|layer| rollout.push(layer).unwrap());
    rollout.matrix().to_vec()
}

#[test]
fn the_printed_rollout() {
    let expected = [1.0, 0.0, 0.0, 0.615, 0.385, 0.0, 0.155, 0.26, 0.585];
    all_near(&rollout(&[&A1, &A2], 3, true), &expected, PRINTED, || "with residual".into());
    let expected = [1.0, 0.0, 0.0, 0.96, 0.04, 0.0, 0.32, 0.44, 0.24];
    all_near(&rollout(&[&A1, &A2], 3, false), &expected, PRINTED, || "without".into());
    let layers = [wide(&A1), wide(&A2)];
    for residual in [false, true] {
        let definition = rollout::definition(&layers, 3, residual);
        all_near(&rollout(&[&A1, &A2], 3, residual), &definition, bounds::double(3), || "definition".into());
    }
}

#[test]
fn rollout_rows_sum_to_one() {
    let mut random = Random(21);
    for n in [1, 2, 5, 33] {
        let layers: Vec<Vec<f32>> = (0..4).map(|l| random_weights(&mut random, n, n, l % 2 == 0)).collect();
        let slices: Vec<&[f32]> = layers.iter().map(Vec::as_slice).collect();
        for residual in [false, true] {
            // The weights are rounded to single precision, and so are their sums.
            let slack = if residual { 0.0 } else { 4.0 * n as f64 * bounds::EPS };
            let found = rollout(&slices, n, residual);
            for row in found.chunks(n) {
                near(row.iter().sum(), 1.0, 4.0 * bounds::double(n) + slack, || format!("{n}, {residual}"));
            }
            let wide: Vec<Vec<f64>> = layers.iter().map(|layer| self::wide(layer)).collect();
            let definition = rollout::definition(&wide, n, residual);
            all_near(&found, &definition, 4.0 * bounds::double(n), || format!("{n}, {residual}"));
        }
    }
}

/// Weights that do not sum to 1, sigmoid's for one, are divided by what the row of A + I sums to.
#[test]
fn rollout_divides_by_the_row_sum() {
    let found = rollout(&[&[0.5, 0.0, 2.0, 1.0]], 2, true);
    all_near(&found, &[1.0, 0.0, 0.5, 0.5], 0.0, || "row sums 1.5 and 4".into());
    let empty = rollout(&[&[0.0, 0.0, 0.5, 0.5]], 2, true);
    all_near(&empty, &[1.0, 0.0, 0.25, 0.75], 0.0, || "a row without keys passes itself on".into());
}

#[test]
fn heads_are_averaged_and_rows_streamed() {
    let (n, heads, mut random) = (6, 3, Random(8));
    let layer: Vec<f32> = (0..heads).flat_map(|_| random_weights(&mut random, n, n, false)).collect();
    let mean: Vec<f32> = (0..n * n).map(|at| (layer[at] + layer[36 + at] + layer[72 + at]) / 3.0).collect();
    all_near(&rollout(&[&layer], n, true), &rollout(&[&mean], n, true), 4.0 * bounds::EPS, || "heads".into());
    let mut streamed = Rollout::new(n, true).unwrap();
    for _ in 0..2 {
        for row in [3, 0, 5, 1, 2, 4] {
            let rows: Vec<f32> = (0..heads).flat_map(|h| layer[(h * n + row) * n..][..n].to_vec()).collect();
            assert!(matches!(streamed.finish_layer().map_err(Fault::from), Err(Fault::Count { expected: 6, .. })));
            streamed.push_row(row, &rows).unwrap();
        }
        streamed.finish_layer().unwrap();
    }
    assert!(same_numbers(streamed.matrix(), &rollout(&[&layer, &layer], n, true)));
}

#[test]
fn rollouts_that_cannot_be() {
    assert!(matches!(
        Rollout::new(MAX_TOKENS + 1, true).map_err(Fault::from),
        Err(Fault::Limit { limit: 2048, found: 2049, .. })
    ));
    let mut rollout = Rollout::new(3, true).unwrap();
    for count in [0, 3, 6, 8, 10, 12] {
        assert_eq!(rollout.push(&vec![0.5; count]).unwrap_err().code(), "shape", "{count}");
    }
    for (row, count) in [(3, 3), (0, 2), (0, 0)] {
        assert_eq!(rollout.push_row(row, &vec![0.5; count]).unwrap_err().code(), "shape", "{row}, {count}");
    }
    for bad in [f32::NAN, f32::INFINITY, -0.1] {
        let mut layer = [0.5; 9];
        layer[5] = bad;
        for residual in [false, true] {
            let mut rollout = Rollout::new(3, residual).unwrap();
            rollout.push(&[0.5; 9]).unwrap();
            let before = rollout.matrix().to_vec();
            let number = |name: &str, at| Fault::Number {
                name: format!("{name}, weight {at}"),
                expected: "a finite number, at least 0".into(),
                found: bad.to_string(),
            };
            assert_eq!(*rollout.push(&layer).unwrap_err(), number("layer 1", 5));
            assert_eq!(*rollout.push_row(1, &layer[3..6]).unwrap_err(), number("layer 1, row 1", 2));
            assert!(same_numbers(rollout.matrix(), &before), "nothing was taken");
        }
    }
    let mut empty = Rollout::new(0, true).unwrap();
    empty.push(&[]).unwrap();
    assert!(empty.matrix().is_empty());
}

#[test]
fn the_printed_flow() {
    let mut found = Flow::new(&[&A1, &A2], 3, true).unwrap();
    let mut flows = found.matrix().unwrap();
    all_near(&flows, &[1.0, 0.0, 0.0, 0.75, 0.55, 0.0, 0.2, 0.3, 0.65], PRINTED, || "raw".into());
    all_near(&found.row(2).unwrap(), &flows[6..], 0.0, || "one row".into());
    let pairs: Vec<f64> = (0..9).map(|at| found.pair(at / 3, at % 3).unwrap()).collect();
    all_near(&pairs, &flows, 0.0, || "pair by pair".into());
    all_near(&flow::definition(&[wide(&A1), wide(&A2)], 3, true), &flows, bounds::DEFINITION, || "all cuts".into());
    flow::normalize(&mut flows, 3);
    let expected = [1.0, 0.0, 0.0, 0.576923, 0.423077, 0.0, 0.173913, 0.260870, 0.565217];
    all_near(&flows, &expected, PRINTED, || "normalised".into());
}

/// Maximum flow equals least cut, on every network small enough to try all cuts.
#[test]
fn flow_equals_the_least_cut() {
    let mut random = Random(31);
    for (n, depth) in [(1, 3), (2, 1), (2, 2), (2, 4), (3, 1), (3, 2), (3, 3), (4, 1), (4, 2), (5, 1)] {
        for k in 0..4 {
            let layers: Vec<Vec<f32>> = (0..depth).map(|_| random_weights(&mut random, n, n, k % 2 == 0)).collect();
            let slices: Vec<&[f32]> = layers.iter().map(Vec::as_slice).collect();
            let found = Flow::new(&slices, n, k < 2).unwrap().matrix().unwrap();
            let wide: Vec<Vec<f64>> = layers.iter().map(|layer| self::wide(layer)).collect();
            let definition = flow::definition(&wide, n, k < 2);
            all_near(&found, &definition, bounds::DEFINITION, || format!("{n} tokens, {depth} layers, {k}"));
        }
    }
}

/// No more flows than leaves the one token or reaches the other, and no less than along the widest way.
#[test]
fn flow_stays_within_its_edges() {
    let (n, depth, mut random) = (16, 5, Random(32));
    let layers: Vec<Vec<f32>> = (0..depth).map(|l| random_weights(&mut random, n, n, l == 2)).collect();
    let slices: Vec<&[f32]> = layers.iter().map(Vec::as_slice).collect();
    let flows = Flow::new(&slices, n, true).unwrap().matrix().unwrap();
    let capacities: Vec<Vec<f64>> = slices.iter().map(|layer| rollout(&[layer], n, true)).collect();
    let widest = widest(&capacities, n);
    let reaching: Vec<f64> = (0..n).map(|j| (0..n).map(|i| capacities[0][i * n + j]).sum()).collect();
    for (at, &flow) in flows.iter().enumerate() {
        assert!(flow <= 1.0 + bounds::DEFINITION && flow <= reaching[at % n] + bounds::DEFINITION, "{at}: {flow}");
        assert!(flow >= widest[at] - bounds::DEFINITION, "{at}: {flow} of {}", widest[at]);
    }
}

/// The capacity of the widest single way between each pair.
fn widest(layers: &[Vec<f64>], n: usize) -> Vec<f64> {
    let first = layers[0].clone();
    layers[1..].iter().fold(first, |below, layer| {
        let through = |i: usize, j: usize| (0..n).map(|k| layer[i * n + k].min(below[k * n + j])).fold(0.0, f64::max);
        (0..n * n).map(|at| through(at / n, at % n)).collect()
    })
}

#[test]
fn flows_that_cannot_be() {
    let square = vec![0.5f32; 33 * 33];
    let error = Flow::new(&[square.as_slice(); 24], 33, true).unwrap_err();
    assert!(matches!(*error, Fault::Limit { limit: 768, found: 792, .. }), "{error}");
    assert!(matches!(Flow::new(&[], 129, true).map_err(Fault::from), Err(Fault::Limit { limit: 128, found: 129, .. })));
    assert_eq!(Flow::new(&[&A1, &A2[..8]], 3, true).unwrap_err().code(), "shape");
    for bad in [f32::NAN, f32::INFINITY, -0.1] {
        assert_eq!(Flow::new(&[&A1, &[bad; 9]], 3, true).unwrap_err().code(), "number");
    }
    assert_eq!(Flow::new(&[&A1], 3, true).unwrap().row(3).unwrap_err().code(), "parameter");
    for (row, key, name) in [(3, 0, "row"), (0, 3, "key"), (usize::MAX, usize::MAX, "row")] {
        let error = Flow::new(&[&A1], 3, true).unwrap().pair(row, key).unwrap_err();
        assert_eq!((error.code(), error.parts().0), ("parameter", name));
    }
    let identity = Flow::new(&[], 2, true).unwrap().matrix().unwrap();
    assert_eq!(identity, [1.0, 0.0, 0.0, 1.0]);
    let mut nothing = vec![0.0; 4];
    flow::normalize(&mut nothing, 2);
    assert_eq!(nothing, [0.0; 4]);
    let mut small = vec![0.25, 0.25, 0.125, 0.375];
    flow::normalize(&mut small, 2);
    assert_eq!(small, [0.5, 0.5, 0.25, 0.75]);
}

// ------------------------------------------------------------------------------------------------- with what is carried

fn project(weights: &[f32], size: usize) -> Projection<'_> {
    Projection { weights: weights.into(), size }
}

/// How many steps a job takes; the part that is done grows from 0 to 1.
fn steps<T>(job: &mut T, mut advance: impl FnMut(&mut T) -> bool, progress: impl Fn(&T) -> f64) -> usize {
    let (mut count, mut before) = (1, progress(job));
    assert_eq!(before, 0.0);
    while !advance(job) {
        assert!((before..1.0).contains(&progress(job)), "step {count}");
        before = progress(job);
        count += 1;
    }
    assert_eq!(progress(job), 1.0);
    count
}

/// No step is longer than it says, even where one row alone is: its way through the projection takes three steps here.
#[test]
fn long_work_is_done_in_steps() {
    let ([heads, n, size], width) = ([2, 2, 96], STEP / 32);
    let (mut random, row) = (Random(43), STEP / 64);
    let projection: Vec<f32> =
        random.normals(heads * size).iter().flat_map(|&x| core::iter::repeat_n(x, width)).collect();
    let outputs = random.normals(heads * n * size);
    let mut stepped = Importance::new(&outputs, [heads, n, size], Some(project(&projection, width))).unwrap();
    assert_eq!(steps(&mut stepped, Importance::advance, Importance::progress), 12);
    // All columns of Wo are the same, so each is what one of them gives.
    let one: Vec<f64> = projection.iter().step_by(width).map(|&w| f64::from(w)).collect();
    let expected = importance::definition(&wide(&outputs), [heads, n, size], &one);
    all_near(&stepped.finish().unwrap(), &expected, bounds::double(width), || "importance".into());
    let values = &outputs[..n * size];
    let mut stepped = ValueNorms::new(values, [n, size], Some(project(&projection[..size * width], width))).unwrap();
    assert_eq!(steps(&mut stepped, ValueNorms::advance, ValueNorms::progress), 6);
    let norm = |v: &[f32]| value_norm::definition(1.0, &wide(v), &one[..size]) * (width as f64).sqrt();
    let expected: Vec<f64> = values.chunks(size).map(norm).collect();
    all_near(&stepped.finish(), &expected, bounds::double(width) * expected[0].max(expected[1]), || "norms".into());
    let mut stepped = Weighted::new(vec![0.5; 130 * row], vec![4.0; row]).unwrap();
    assert_eq!(steps(&mut stepped, Weighted::advance, Weighted::progress), 3, "64 rows in a step");
    assert!(stepped.finish().iter().all(|&length| length == 2.0));
}

/// No key, no query, no head, no channel: what is left has its answer.
#[test]
fn nothing_to_measure() {
    let weights = [1.0; 12];
    assert_eq!(value_norms(&[], [0, 3], Some(project(&weights, 4))).unwrap(), [0.0; 0]);
    assert_eq!(value_norms(&[], [2, 0], Some(project(&[], 4))).unwrap(), [0.0; 2]);
    assert_eq!(importance(&[], [0, 2, 3], Some(project(&[], 4))).unwrap(), [0.0; 0]);
    for (sizes, projection) in [([3, 0, 1], &weights[..]), ([3, 2, 0], &[]), ([3, usize::MAX >> 4, 0], &[])] {
        let found = importance(&[], sizes, Some(project(projection, 4))).unwrap();
        assert!(found.len() == 3 && found.iter().all(|share| share.is_nan()), "{sizes:?}: {found:?}");
    }
}

#[test]
fn importance_equals_its_definition() {
    let (sizes, width) = ([3, 4, 2], 5);
    let mut random = Random(41);
    let outputs = random.normals(24);
    let weights = random.normals(6 * width);
    let found = importance(&outputs, sizes, Some(project(&weights, width))).unwrap();
    all_near(&found, &importance::definition(&wide(&outputs), sizes, &wide(&weights)), bounds::DEFINITION, || {
        "Wo".into()
    });
    let identity: Vec<f32> = (0..36).map(|at| f32::from(u8::from(at / 6 == at % 6))).collect();
    let side_by_side = importance(&outputs, sizes, None).unwrap();
    all_near(
        &side_by_side,
        &importance::definition(&wide(&outputs), sizes, &wide(&identity)),
        bounds::DEFINITION,
        || "none".into(),
    );
    near(side_by_side.iter().map(|x| x * x).sum(), 1.0, bounds::DEFINITION, || "parts of a norm".into());
}

/// Two heads that cancel: without either, the third is far from what it was.
#[test]
fn importance_is_no_share() {
    let outputs = [3.0, -3.0, 1.0];
    let ones = [1.0; 3];
    assert_eq!(importance(&outputs, [3, 1, 1], Some(project(&ones, 1))).unwrap(), [3.0, 3.0, 1.0]);
    assert!(importance(&[0.0; 3], [3, 1, 1], Some(project(&ones, 1))).unwrap()[0].is_nan());
    let code = |outputs: &[f32], sizes, projection| importance(outputs, sizes, projection).unwrap_err().code();
    assert_eq!(code(&outputs, [3, 1, 2], None), "shape");
    assert_eq!(code(&outputs, [3, 1, 1], Some(project(&[1.0], 1))), "shape");
    assert_eq!(code(&outputs, [3, 1, 1], Some(project(&[], 0))), "shape");
}

#[test]
fn weighted_norms_equal_their_definition() {
    let ([n, m], size, width) = ([3, 5], 4, 6);
    let mut random = Random(51);
    let (values, projection) = (random.normals(m * size), random.normals(size * width));
    let weights = random_weights(&mut random, n, m, true);
    let norms = value_norms(&values, [m, size], Some(project(&projection, width))).unwrap();
    let found = weighted(&weights, &norms).unwrap();
    for (at, &found) in found.iter().enumerate() {
        let value = wide(&values[at % m * size..][..size]);
        let expected = value_norm::definition(f64::from(weights[at]), &value, &wide(&projection));
        near(f64::from(found), expected, 2.0 * bounds::EPS * expected, || format!("pair {at}"));
    }
    assert_eq!(value_norms(&[3.0, 4.0, 0.0, -2.0], [2, 2], None).unwrap(), [5.0, 2.0]);
    assert!(same_bits(&weighted(&[0.0, 0.5], &[f64::NAN, 3.0]).unwrap(), &[0.0, 1.5]), "a removed key is not observed");
    assert_eq!(value_norms(&values, [m, 3], None).unwrap_err().code(), "shape");
    assert_eq!(weighted(&weights, &norms[1..]).unwrap_err().code(), "shape");
    assert_eq!(weighted(&[], &[]).unwrap(), [0f32; 0]);
}

fn compared(one: &[f32], other: &[f32], sizes: [usize; 2]) -> (Vec<f32>, Vec<f64>) {
    let mut comparison = Comparison::new(one.to_vec(), other.to_vec(), sizes).unwrap();
    while !comparison.advance() {}
    assert!(comparison.progress() == 1.0 || sizes[0] == 0);
    comparison.finish()
}

#[test]
fn divergences_equal_their_definition_from_either_side() {
    let [n, m] = [7, STEP / 20];
    let mut random = Random(52);
    let one = random_weights(&mut random, n, m, false);
    // Of any sum, as a sigmoid's are.
    let other: Vec<f32> = random_weights(&mut random, n, m, true).iter().map(|w| 3.0 * w).collect();
    let (difference, found) = compared(&one, &other, [n, m]);
    let (back, again) = compared(&other, &one, [n, m]);
    for (row, (p, q)) in one.chunks(m).zip(other.chunks(m)).enumerate() {
        near(found[row], compare::definition(&wide(p), &wide(q)), 1e-12, || format!("row {row}"));
        near(found[row], again[row], 1e-15, || format!("row {row} from the other side"));
        assert!((0.0..=1.0).contains(&found[row]));
    }
    assert!(difference.iter().zip(one.iter().zip(&other)).all(|(d, (p, q))| *d == p - q));
    assert!(difference.iter().zip(&back).all(|(there, back)| *there == -back));
}

/// The figures in bits are those of scipy.spatial.distance.jensenshannon(p, q, 2), squared.
#[test]
fn equal_rows_diverge_by_0_and_rows_without_a_common_key_by_1() {
    let rows = |rows: [[f32; 2]; 7]| rows.concat();
    let one = rows([[1.0, 0.0], [0.1, 0.7], [1.0, 0.0], [0.9, 0.1], [0.0, 0.0], [0.5, -0.5], [f32::NAN, 1.0]]);
    let other = rows([[0.0, 2.0], [0.1, 0.7], [0.5, 0.5], [0.5, 0.5], [1.0, 0.0], [0.5, 0.5], [0.5, 0.5]]);
    let (_, found) = compared(&one, &other, [7, 2]);
    assert_eq!(found[..2], [1.0, 0.0]);
    near(found[2], 0.311_278_124_459_132_84, 1e-15, || "one key against two".into());
    near(found[3], 0.146_793_102_436_052_1, 1e-8, || "0.9 and 0.1 in single precision".into());
    assert!(found[4..].iter().all(|d| d.is_nan()), "no weight, a negative one, and no number: {found:?}");
    assert_eq!(compared(&[], &[], [0, 3]), (vec![], vec![]));
    assert!(compared(&[], &[], [2, 0]).1.iter().all(|d| d.is_nan()));
    let refusal = |one: usize, other: usize| {
        let error = Comparison::new(vec![0.0; one], vec![0.0; other], [2, 3]).unwrap_err();
        (error.code(), error.parts().0.to_owned())
    };
    assert_eq!(refusal(5, 6), ("shape", "weights".into()));
    assert_eq!(refusal(6, 7), ("shape", "other".into()));
}

// ------------------------------------------------------------------------------------------------------- outside figures

/// What numpy and networkx say (`goldens/README.md`).
const GOLDENS: &str = include_str!("../goldens/diagnostics.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Golden {
    kind: String,
    name: String,
    weights: Figures,
    expected: BTreeMap<String, Figures>,
    tolerance: Option<f64>,
    residual: Option<bool>,
    pattern: Option<String>,
    tokens: Option<Vec<u32>>,
    allowed: Option<Figures>,
    #[serde(default)]
    offset: i64,
    height: Option<usize>,
    width: Option<usize>,
    patch_size: Option<f64>,
    tokens_before: Option<usize>,
    threshold: Option<f64>,
    period: Option<usize>,
    bos: Option<bool>,
}

/// `null` is what is not defined.
#[derive(Deserialize)]
#[serde(untagged)]
enum Figures {
    Tensor { shape: Vec<usize>, data: Vec<f64> },
    List(Vec<Option<f64>>),
    One(Option<f64>),
}

impl Figures {
    fn numbers(&self) -> Vec<f64> {
        match self {
            Figures::Tensor { data, .. } => data.clone(),
            Figures::List(list) => list.iter().map(|x| x.unwrap_or(f64::NAN)).collect(),
            Figures::One(one) => vec![one.unwrap_or(f64::NAN)],
        }
    }

    fn shape<const D: usize>(&self) -> [usize; D] {
        let Figures::Tensor { shape, .. } = self else { panic!("no shape") };
        shape.as_slice().try_into().expect("as many axes as the kind has")
    }
}

impl Golden {
    fn weights(&self) -> Vec<f32> {
        self.weights.numbers().iter().map(|&w| w as f32).collect()
    }

    /// The layers, each (H, N, N), and N.
    fn layers(&self) -> (Vec<Vec<f32>>, usize) {
        let [_, heads, n, _] = self.weights.shape();
        (self.weights().chunks(heads * n * n).map(<[f32]>::to_vec).collect(), n)
    }

    /// What is known of the one head of the case.
    fn frame<'a>(&'a self, allowed: Option<&'a [u32]>) -> Frame<'a> {
        let [n, m] = self.weights.shape();
        let grid = self.height.map(|height| Grid {
            height,
            width: self.width.expect("of a grid"),
            patch_size: self.patch_size.expect("of a grid"),
            tokens_before: self.tokens_before.expect("of a grid"),
        });
        let repetition = self.period.map(|length| Repetition { length, bos: self.bos.expect("with a period") });
        let tokens = self.tokens.as_deref();
        Frame { offset: self.offset, allowed, tokens, repetition, grid, ..Frame::new(n, m) }
    }

    fn counts(&self) -> Option<Vec<u32>> {
        let [_, m] = self.allowed.as_ref()?.shape();
        let allowed = self.allowed.as_ref()?.numbers();
        Some(allowed.chunks(m).map(|row| row.iter().sum::<f64>() as u32).collect())
    }

    fn head(&self) -> Head {
        let counts = self.counts();
        let mut head = Head::new(&self.frame(counts.as_deref())).expect("the frame fits");
        head.add(0, &self.weights()).expect("whole rows");
        head
    }

    /// What there is to compare: a name of `expected`, the figures found, and their bound.
    fn found(&self) -> Vec<(&str, Vec<f64>, f64)> {
        match self.kind.as_str() {
            "rollout" => self.rollout(),
            "flow" => self.flow(),
            "detector" => self.detector(),
            "rows" => self.rows(),
            "distance" | "gridDistance" => self.distance(),
            "sink" => self.sinks(),
            "induction" => self.means(&[("induction", "inductionScore"), ("previous", "previousTokenScore")]),
            "duplicate" => self.duplicates(),
            kind => panic!("no test for {kind}"),
        }
    }

    fn rollout(&self) -> Vec<(&str, Vec<f64>, f64)> {
        let (layers, n) = self.layers();
        let mut rollout = Rollout::new(n, self.residual.expect("of a rollout")).expect("few tokens");
        let mut all = Vec::new();
        for layer in &layers {
            rollout.push(layer).expect("a layer");
            all.extend_from_slice(rollout.matrix());
        }
        vec![("rollout", all, bounds::DEFINITION), ("last", rollout.matrix().to_vec(), bounds::DEFINITION)]
    }

    fn flow(&self) -> Vec<(&str, Vec<f64>, f64)> {
        let (layers, n) = self.layers();
        let slices: Vec<&[f32]> = layers.iter().map(Vec::as_slice).collect();
        let raw = Flow::new(&slices, n, true).expect("few tokens").matrix().expect("few tokens");
        let mut normalized = raw.clone();
        flow::normalize(&mut normalized, n);
        vec![("flow", raw, bounds::DEFINITION), ("normalised", normalized, bounds::DEFINITION)]
    }

    fn detector(&self) -> Vec<(&str, Vec<f64>, f64)> {
        let [n, _] = self.weights.shape();
        let (pattern, tokens) = match self.pattern.as_deref() {
            Some("previous") => (Pattern::PreviousToken, self.tokens.as_deref()),
            Some("duplicate") => (Pattern::DuplicateToken, self.tokens.as_deref()),
            Some("induction") => (Pattern::Induction, self.tokens.as_deref()),
            other => panic!("no pattern {other:?}"),
        };
        let mut detector = Detector::new(pattern, n, tokens, Exclude::default()).expect("tokens are given");
        let add = |(row, weights): (usize, &[f32])| detector.add(row, 0, weights).expect("a row");
        self.weights().chunks(n).enumerate().for_each(add);
        let tokens = tokens.unwrap_or_default();
        let drawn = (0..n * n).map(|at| f64::from(u8::from(pattern.contains(tokens, at / n, at % n)))).collect();
        vec![
            ("pattern", drawn, 0.0),
            ("mul", vec![detector.mul()], bounds::DEFINITION),
            ("abs", vec![detector.abs()], bounds::DEFINITION),
        ]
    }

    fn rows(&self) -> Vec<(&str, Vec<f64>, f64)> {
        let head = self.head();
        let names = ["mass", "entropy", "normalisedEntropy", "hill1", "hill2"];
        let ids = ["mass", "entropy", "normalizedEntropy", "effectiveKeys", "collisionKeys"];
        let of = |(name, id): (&'static str, &str)| (name, column(head.rows(), id), bounds::head(7, 7.0));
        names.into_iter().zip(ids).map(of).collect()
    }

    fn distance(&self) -> Vec<(&str, Vec<f64>, f64)> {
        let ([_, m], weights) = (self.weights.shape(), self.weights());
        let mut found = self.means(&[("mean", "meanAttentionDistance")]);
        let frame = self.frame(None);
        found.push(match frame.grid {
            None => ("rows", wide(&self.head().rows().attention_distance), bounds::head(m, m as f64)),
            Some(grid) => {
                let rows = weights.chunks(m).enumerate().skip(grid.tokens_before);
                ("rows", rows.map(|(row, weights)| grid.distance(row, weights)).collect(), bounds::DEFINITION)
            }
        });
        found
    }

    fn sinks(&self) -> Vec<(&str, Vec<f64>, f64)> {
        let [_, _, n, _] = self.weights.shape();
        let weights = self.weights();
        let masses = |key: usize, from: usize| -> Vec<f64> {
            let column = |matrix: &[f32]| matrix.iter().skip(key).step_by(n).copied().collect::<Vec<f32>>();
            weights.chunks(n * n).map(|matrix| sink_mass(&column(matrix), from)).collect()
        };
        let share = |key: usize| vec![sink_metric(&masses(key, key), self.threshold.expect("of sinks"))];
        vec![
            ("sink0", masses(0, 0), bounds::DEFINITION),
            ("sink1", masses(1, 1), bounds::DEFINITION),
            ("sink0From1", masses(0, 1), bounds::DEFINITION),
            ("share0", share(0), bounds::DEFINITION),
            ("share1", share(1), bounds::DEFINITION),
        ]
    }

    fn duplicates(&self) -> Vec<(&str, Vec<f64>, f64)> {
        let ([n, _], weights) = (self.weights.shape(), self.weights());
        let tokens = self.tokens.as_deref().expect("of duplicates");
        let marked = |at: &usize| Pattern::DuplicateToken.contains(tokens, at / n, at % n);
        let row = |i: usize| (i * n..(i + 1) * n).filter(marked).map(|at| f64::from(weights[at])).sum();
        let mut found = self.means(&[("mean", "duplicateTokenShare")]);
        found.push(("rows", (0..n).map(row).collect(), bounds::DEFINITION));
        found
    }

    fn means(&self, names: &[(&'static str, &str)]) -> Vec<(&str, Vec<f64>, f64)> {
        let [_, m] = self.weights.shape();
        let values = named(self.head().values().expect("all rows are there"));
        names.iter().map(|(name, id)| (*name, vec![values(id)], bounds::head(m, values(id)))).collect()
    }
}

#[test]
fn every_outside_figure() {
    let goldens: Vec<Golden> = serde_json::from_str(GOLDENS).expect("the file is well formed");
    let mut kinds = BTreeSet::new();
    for golden in &goldens {
        let found = golden.found();
        for (name, expected) in &golden.expected {
            let what = || format!("{}: {name}", golden.name);
            let (_, values, bound) =
                found.iter().find(|(known, ..)| known == name).unwrap_or_else(|| panic!("{}", what()));
            let bound = bound + golden.tolerance.unwrap_or(0.0);
            all_near(values, &expected.numbers(), bound, what);
        }
        kinds.insert(golden.kind.as_str());
    }
    assert!(goldens.len() >= 60 && kinds.len() == 9, "{} cases of {kinds:?}", goldens.len());
}

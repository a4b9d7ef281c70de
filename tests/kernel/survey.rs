//! The numbers of heads, read off a problem in pieces, against those of its whole weights.

use crate::support;
use crate::support::{Case, bounds};
use qkscope::diagnostics::frame::{Frame, Grid};
use qkscope::diagnostics::head::{HEAD_STATISTICS, Head};
use qkscope::options::{Alignment, Choice};
use qkscope::survey::{Known, survey};

fn heads(case: &Case, known: Known) -> Vec<f64> {
    let planes = [0, case.query.1[0] * case.query.1[1]];
    survey(&case.problem().expect("well formed"), planes, &known).expect("it fits")
}

/// The same from whole matrices.
fn whole(case: &Case, known: &Known) -> Vec<f64> {
    let attended = case.attend();
    let (weights, statistics) = (attended.weights.expect("asked for"), attended.statistics.expect("asked for"));
    let ([b, hq, n, _], m) = (case.query.1, case.key.1[2]);
    let values = (0..b * hq).flat_map(|plane| {
        let offset = case.options.causal_offset.unwrap_or(0);
        let frame = Frame { offset, tokens: known.tokens.as_deref(), grid: known.grid, ..Frame::new(n, m) };
        let mut head = Head::new(&frame).expect("it fits");
        head.add(0, &weights[plane * n * m..][..n * m]).expect("whole rows");
        let mut columns = statistics.clone();
        // The rows of this plane alone, moved to the front.
        let later = columns.clone();
        columns.resize(n);
        for (to, from) in [
            (&mut columns.mass, &later.mass),
            (&mut columns.entropy, &later.entropy),
            (&mut columns.normalized_entropy, &later.normalized_entropy),
            (&mut columns.effective_keys, &later.effective_keys),
            (&mut columns.max_weight, &later.max_weight),
            (&mut columns.attention_distance, &later.attention_distance),
            (&mut columns.first_mass, &later.first_mass),
            (&mut columns.self_mass, &later.self_mass),
            (&mut columns.previous_mass, &later.previous_mass),
        ] {
            to.copy_from_slice(&from[plane * n..][..n]);
        }
        columns.status.copy_from_slice(&later.status[plane * n..][..n]);
        head.add_statistics(0, &columns).expect("all rows");
        head.values().expect("all rows are there")
    });
    values.collect()
}

fn same(found: &[f64], expected: &[f64], context: &str) {
    assert_eq!(found.len(), expected.len(), "{context}");
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        let name = HEAD_STATISTICS[at % HEAD_STATISTICS.len()].member.id;
        assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()), "{context}, {name}: {a} and {b}");
    }
}

/// Tails on all sides; a sequence given twice.
#[test]
fn in_pieces_and_whole_are_the_same_bits() {
    for (n, m) in [(1, 1), (8, 8), (20, 20), (37, 37), (9, 300)] {
        let mut case = Case::normal([2, 4, 2, n, m, 6, 3], 5);
        case.options.causal = true;
        case.options.causal_alignment = Some(Alignment::UpperLeft);
        let tokens = (n == m).then(|| (0..n).map(|i| (i % n.div_ceil(2)) as u32).collect());
        let known = Known { tokens, ..Known::default() };
        same(&heads(&case, known.clone()), &whole(&case, &known), &format!("{n} x {m}"));
    }
}

/// Queries that stand later than their rows, or before the first key: which of them are before the sink depends on it.
#[test]
fn queries_that_stand_elsewhere() {
    let at = |id: &str| HEAD_STATISTICS.iter().position(|entry| entry.member.id == id).expect("in the list");
    for offset in [-3, -1, 2, 7] {
        let mut case = Case::normal([1, 2, 1, 10, 14, 5, 2], 12);
        case.options.causal = true;
        case.options.causal_offset = Some(offset);
        let (found, known) = (heads(&case, Known::default()), Known::default());
        same(&found, &whole(&case, &known), &format!("offset {offset}"));
        let weights = case.attend().weights.expect("asked for");
        // Row i stands at i + offset, and has seen key 0 from there on.
        let first = |from: i64| (from - offset).max(0) as usize;
        let mean = |numbers: Vec<f32>| numbers.iter().map(|&w| f64::from(w)).sum::<f64>() / numbers.len() as f64;
        let column = |from: i64| mean((first(from)..10).map(|i| weights[i * 14]).collect());
        let own = |i: i64| (0..14).contains(&(i + offset)).then(|| weights[(i * 14 + i + offset) as usize]);
        for (id, expected) in [
            ("sinkMass", column(0)),
            ("sinkMassAfterFirst", column(1)),
            ("selfMass", mean((0..10).filter_map(own).collect())),
        ] {
            assert!(
                (found[at(id)] - expected).abs() < bounds::double(10),
                "offset {offset}, {id}: {} {expected}",
                found[at(id)]
            );
        }
    }
}

#[test]
fn every_normalizer_has_its_numbers() {
    for normalizer in support::normalizers() {
        let mut case = Case::normal([1, 2, 2, 12, 12, 5, 2], 6);
        case.choose(&Choice::id("dot"), &normalizer);
        same(&heads(&case, Known::default()), &whole(&case, &Known::default()), &format!("{normalizer:?}"));
    }
}

#[test]
fn a_grid_measures_in_the_image() {
    let grid = Some(Grid { height: 3, width: 4, patch_size: 16.0, tokens_before: 1 });
    let case = Case::normal([1, 2, 2, 13, 13, 5, 2], 7);
    let known = Known { grid, ..Known::default() };
    same(&heads(&case, known.clone()), &whole(&case, &known), "grid");
    let at = HEAD_STATISTICS.iter().position(|entry| entry.member.id == "meanAttentionDistance").expect("in the list");
    let (image, line) = (heads(&case, known)[at], heads(&case, Known::default())[at]);
    assert!(image > 16.0 && image < 16.0 * 13f64.sqrt() && line < 13.0, "{image} pixels, {line} positions");
}

#[test]
fn masked_rows_do_not_spoil_a_head() {
    let mut case = Case::normal([1, 1, 1, 10, 10, 5, 2], 8);
    case.options.query_seq_lengths = Some(vec![6]);
    let values = heads(&case, Known::default());
    assert!((values[0] - 0.6).abs() < bounds::PRINTED, "the mean row sum counts empty rows as 0: {}", values[0]);
    assert!(values[1].is_finite(), "the mean entropy is over the rows that have one");
    case.query.0[0] = f32::NAN;
    assert!(heads(&case, Known::default()).iter().all(|x| x.is_nan()), "a row that failed says so");
}

#[test]
fn what_does_not_fit_is_refused() {
    let case = Case::normal([1, 2, 1, 4, 6, 3, 2], 9);
    let problem = case.problem().expect("well formed");
    let ask = |planes, known| survey(&problem, planes, &known).err().map(|error| error.code());
    let known = || Known { tokens: Some(vec![0; 6]), ..Known::default() };
    assert_eq!(ask([0, 3], Known::default()), Some("parameter"), "there are two planes");
    assert_eq!(ask([0, 2], known()), Some("shape"), "tokens are for self-attention");
    let square = Case::normal([1, 1, 1, 4, 4, 3, 2], 9).problem().expect("well formed");
    let error = survey(&square, [0, 1], &known()).expect_err("six tokens");
    assert_eq!((error.code(), error.parts().0), ("count", "tokens"));
    let empty = Case::normal([1, 2, 2, 0, 0, 3, 2], 9);
    assert_eq!(heads(&empty, Known::default()), [] as [f64; 0], "no rows, no numbers");
}

//! Laws that hold for every member of the lists, and the promise that all ways to a number give the same bits.

use crate::support;
use crate::support::{Case, Random, Sizes, bounds, choice, same_bits};
use qkscope::attend::{Problem, Stage};
use qkscope::diagnostics::Columns;
use qkscope::normalize::Status;
use qkscope::options::{Alignment, Choice};
use qkscope::overview::Pool;
use qkscope::task::{Answer, Attended, Request, Task, Workspace, run};

/// Tails on all sides, shared heads, two blocks of keys.
const SHAPE: Sizes = [2, 4, 2, 19, 261, 13, 6];

/// A row of logits as an attention problem: one query (1), keys of one dimension, score dot.
fn row(logits: &[f32], normalizer: &Choice) -> Case {
    let m = logits.len();
    let mut case = Case::normal([1, 1, 1, 1, m, 1, 1], 0);
    case.choose(&Choice::id("dot"), normalizer);
    case.query.0 = vec![1.0];
    case.key.0 = logits.to_vec();
    case
}

fn logits(m: usize, seed: u64) -> Vec<f32> {
    Random(seed).normals(m).iter().map(|x| 2.0 * x).collect()
}

fn sum(weights: &[f32]) -> f64 {
    weights.iter().map(|&w| f64::from(w)).sum()
}

fn close(a: &[f32], b: &[f32], bound: f64, context: &str) {
    assert_eq!(a.len(), b.len(), "{context}");
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        let off = (f64::from(*a) - f64::from(*b)).abs();
        assert!(off <= bound, "{context}: {a} and {b} at {i} are {off:e} apart, allowed {bound:e}");
    }
}

#[test]
fn weights_are_not_negative_and_sum_to_one_where_they_should() {
    for normalizer in support::normalizers() {
        let entry = support::normalizer(&normalizer);
        for m in [1, 2, 3, 8, 100, 256, 257, 1000] {
            let weights = row(&logits(m, m as u64), &normalizer).weights();
            assert!(weights.iter().all(|w| *w >= 0.0), "{normalizer:?}, {m} keys");
            if entry.sums_to_one {
                assert!((sum(&weights) - 1.0).abs() < bounds::SUM, "{normalizer:?}, {m} keys: {}", sum(&weights));
            }
        }
    }
}

#[test]
fn a_higher_logit_never_weighs_less() {
    for normalizer in support::normalizers() {
        let mut sorted = logits(300, 5);
        sorted.sort_by(f32::total_cmp);
        let weights = row(&sorted, &normalizer).weights();
        assert!(weights.is_sorted(), "{normalizer:?}");
    }
}

#[test]
fn a_shift_changes_nothing_exactly_where_the_list_says_so() {
    for normalizer in support::normalizers() {
        let entry = support::normalizer(&normalizer);
        if entry.forbids.contains(&"attnBias") {
            continue;
        }
        let (m, shift) = (40, 3.0);
        let plain = row(&logits(m, 8), &normalizer);
        let mut shifted = plain.clone();
        shifted.bias = Some((vec![shift], [1; 4]));
        let (a, b) = (plain.weights(), shifted.weights());
        if entry.shift_invariant {
            close(&a, &b, 40.0 * bounds::EPS, &format!("{normalizer:?}"));
        } else {
            assert!((sum(&a) - sum(&b)).abs() > 1e-3, "{normalizer:?} should feel a shift");
        }
    }
}

#[test]
fn permuted_keys_have_permuted_weights() {
    for normalizer in support::normalizers() {
        let forward = logits(100, 9);
        let backward: Vec<f32> = forward.iter().rev().copied().collect();
        let mut reversed = row(&backward, &normalizer).weights();
        reversed.reverse();
        close(&row(&forward, &normalizer).weights(), &reversed, 40.0 * bounds::EPS, &format!("{normalizer:?}"));
    }
}

#[test]
fn masking_a_key_equals_deleting_it() {
    // What is worked out from the number of all keys would see the difference; there it is set instead.
    let fixed = |n: &Choice| !["sigmoid", "relu_n"].contains(&n.name()) || matches!(n, Choice::With { .. });
    for normalizer in support::normalizers().iter().filter(|n| fixed(n)) {
        let all = logits(90, 10);
        let keep = |j: usize| j % 3 != 1;
        let mut masked = row(&all, normalizer);
        masked.mask = Some(((0..90).map(|j| u8::from(keep(j))).collect(), [1, 1, 1, 90]));
        let kept: Vec<f32> = all.iter().enumerate().filter(|(j, _)| keep(*j)).map(|(_, l)| *l).collect();
        let weights = masked.weights();
        assert!(weights.iter().enumerate().all(|(j, w)| keep(j) || *w == 0.0), "{normalizer:?}");
        let left: Vec<f32> = weights.iter().enumerate().filter(|(j, _)| keep(*j)).map(|(_, w)| *w).collect();
        assert!(same_bits(&left, &row(&kept, normalizer).weights()), "{normalizer:?}");
    }
}

#[test]
fn removed_keys_are_not_observable() {
    for normalizer in support::normalizers() {
        let mut clean = Case::normal(SHAPE, 11);
        clean.options.normalizer = normalizer.clone();
        let (m, d, dv) = (SHAPE[4], SHAPE[5], SHAPE[6]);
        let hidden = [3, 200, 258];
        let bias = (0..m).map(|j| if j == 200 { f32::NEG_INFINITY } else { 0.25 }).collect();
        clean.mask = Some(((0..m).map(|j| u8::from(j != 3 && j != 200)).collect(), [1, 1, 1, m]));
        if !support::normalizer(&normalizer).forbids.contains(&"attnBias") {
            clean.mask = Some(((0..m).map(|j| u8::from(j != 3)).collect(), [1, 1, 1, m]));
            clean.bias = Some((bias, [1, 1, 1, m]));
        }
        clean.options.key_value_seq_lengths = Some(vec![258, 250]);
        (clean.options.causal_offset, clean.options.left_window_size) = (Some(200), 240);
        let mut dirty = clean.clone();
        for j in hidden {
            for plane in 0..SHAPE[0] * SHAPE[2] {
                dirty.key.0[(plane * m + j) * d] = f32::NAN;
                let value = &mut dirty.value.as_mut().expect("has V").0;
                value[(plane * m + j) * dv] = f32::INFINITY;
                value[(plane * m + j) * dv + 1] = f32::NAN;
            }
        }
        let (a, b) = (clean.attend(), dirty.attend());
        assert!(same_bits(a.weights.as_ref().unwrap(), b.weights.as_ref().unwrap()), "{normalizer:?}");
        close(a.output.as_ref().unwrap(), b.output.as_ref().unwrap(), bounds::SAME, &format!("{normalizer:?}"));
        assert!(b.output.unwrap().iter().all(|y| y.is_finite()), "{normalizer:?}");
    }
}

#[test]
fn positions_far_from_the_keys_are_no_trouble() {
    for offset in [i64::MIN, i64::MIN + 1, -(1 << 31), 1 << 31, i64::MAX] {
        let case = Case::normal([1, 1, 1, 9, 20, 4, 3], 22).with(|options| {
            (options.causal, options.causal_offset, options.left_window_size) = (true, Some(offset), 5);
        });
        let statistics = case.attend().statistics.unwrap();
        assert!(statistics.status.iter().all(|&status| status == Status::Empty as u8), "offset {offset}");
    }
}

#[test]
fn the_causal_rule_equals_its_mask() {
    for (n, m) in [(20, 20), (7, 30), (30, 7)] {
        for (alignment, offset) in [(Alignment::UpperLeft, 0), (Alignment::LowerRight, m as i64 - n as i64)] {
            let mut ruled = Case::normal([1, 2, 1, n, m, 5, 4], 12);
            let mut masked = ruled.clone();
            ruled.options.causal = true;
            ruled.options.causal_alignment = Some(alignment);
            let sees = |i: usize, j: usize| j as i64 <= i as i64 + offset;
            let mask = (0..n * m).map(|at| u8::from(sees(at / m, at % m))).collect();
            masked.mask = Some((mask, [1, 1, n, m]));
            let (a, b) = (ruled.attend(), masked.attend());
            assert!(same_bits(&a.weights.unwrap(), &b.weights.unwrap()), "{n} x {m}, {alignment:?}");
            assert!(same_bits(&a.output.unwrap(), &b.output.unwrap()), "{n} x {m}, {alignment:?}");
        }
    }
}

#[test]
fn shared_heads_equal_repeated_heads() {
    let [b, hq, hkv, n, m, d, dv] = SHAPE;
    let shared = Case::normal(SHAPE, 13);
    let repeat = |(data, shape): &(Vec<f32>, [usize; 4])| {
        let size = shape[2] * shape[3];
        let planes = (0..b * hq).map(|plane| (plane / hq * hkv + plane % hq / (hq / hkv)) * size);
        (planes.flat_map(|at| data[at..at + size].to_vec()).collect(), [b, hq, shape[2], shape[3]])
    };
    let mut repeated = Case::normal([b, hq, hq, n, m, d, dv], 0);
    repeated.query = shared.query.clone();
    repeated.key = repeat(&shared.key);
    repeated.value = shared.value.as_ref().map(repeat);
    let (a, b) = (shared.attend(), repeated.attend());
    assert!(same_bits(&a.weights.unwrap(), &b.weights.unwrap()));
    assert!(same_bits(&a.output.unwrap(), &b.output.unwrap()));
}

#[test]
fn softmax1_equals_softmax_with_a_zero_key_and_value() {
    let plain = Case::normal([1, 1, 1, 9, 30, 8, 5], 14).with(|options| options.normalizer = Choice::id("softmax1"));
    let mut padded = Case::normal([1, 1, 1, 9, 31, 8, 5], 0);
    padded.query = plain.query.clone();
    padded.key.0 = [plain.key.0.clone(), vec![0.0; 8]].concat();
    padded.value = plain.value.clone().map(|(data, _)| ([data, vec![0.0; 5]].concat(), [1, 1, 31, 5]));
    let (a, b) = (plain.attend(), padded.attend());
    let without_last: Vec<f32> = b.weights.unwrap().chunks(31).flat_map(|row| row[..30].to_vec()).collect();
    close(&a.weights.unwrap(), &without_last, 20.0 * bounds::EPS, "weights");
    close(&a.output.unwrap(), &b.output.unwrap(), 60.0 * bounds::EPS, "output");
}

#[test]
fn sparsemax_is_exactly_zero_outside_its_support() {
    let weights = row(&[2.0, 1.75, 0.9, 0.7, -4.0], &Choice::id("sparsemax")).weights();
    assert_eq!(weights, [0.625, 0.375, 0.0, 0.0, 0.0]);
    // Long flat rows, the worst case of its search: the first step is rounded at the size of 1.
    for m in [4096, 5000, 32_996, 39_717] {
        let flat = row(&vec![0.25; m], &Choice::id("sparsemax")).weights();
        assert!((sum(&flat) - 1.0).abs() < bounds::SUM, "{m} keys: {}", sum(&flat));
    }
}

#[test]
fn huge_logits_give_a_finite_one_hot_row() {
    for id in ["softmax", "softmax1", "sparsemax", "soft_threshold"] {
        let weights = row(&[-1e30, 1e30, 0.0, 9e29], &Choice::id(id)).weights();
        assert!(weights[1] >= 0.8 && weights[0] + weights[2] + weights[3] == 0.0, "{id}: {weights:?}");
    }
}

/// energy = bmm(query, key) / soft; attention = softmax(energy, −1): batch x students x teachers.
#[test]
fn students_and_teachers() {
    let (batch, students, teachers, features, soft) = (3, 4, 6, 10, 0.25f32);
    let mut case = Case::normal([batch, 1, 1, students, teachers, features, 1], 15).with(|options| {
        options.score = Some(Choice::id("dot"));
        options.temperature = f64::from(soft);
    });
    case.value = None;
    let weights = case.weights();
    for b in 0..batch {
        for s in 0..students {
            let q = &case.query.0[(b * students + s) * features..][..features];
            let energy: Vec<f64> = (0..teachers)
                .map(|t| {
                    let k = &case.key.0[(b * teachers + t) * features..][..features];
                    q.iter().zip(k).map(|(q, k)| f64::from(*q) * f64::from(*k)).sum::<f64>() / f64::from(soft)
                })
                .collect();
            let total: f64 = energy.iter().map(|e| e.exp()).sum();
            let expected: Vec<f32> = energy.iter().map(|e| (e.exp() / total) as f32).collect();
            close(&weights[(b * students + s) * teachers..][..teachers], &expected, bounds::NEARLY, "attention");
        }
    }
}

/// A problem with everything set, for the laws about parts.
fn everything(normalizer: &Choice) -> Case {
    let mut random = Random(16);
    let mut case = Case::normal(SHAPE, 17).with(|options| {
        options.causal = true;
        options.causal_alignment = Some(Alignment::LowerRight);
        options.left_window_size = 250;
        options.softcap = Some(4.0);
    });
    case.mask = Some(((0..SHAPE[4]).map(|_| u8::from(random.below(5) > 0)).collect(), [1, 1, 1, SHAPE[4]]));
    case.query.0[SHAPE[5] * 3] = f32::NAN;
    case.choose(&Choice::id("scaled_dot"), normalizer);
    case
}

fn whole(attended: &Attended, stage: Stage) -> &[f32] {
    &attended.stages[stage as usize].1
}

#[test]
fn any_rectangle_equals_the_whole() {
    let (n, m) = (SHAPE[3], SHAPE[4]);
    for normalizer in support::normalizers() {
        let case = everything(&normalizer);
        let (problem, attended) = (case.problem().unwrap(), case.attend());
        for (plane, rows, keys) in [
            (0, [0, n], [0, m]),
            (3, [3, 11], [5, 6]),
            (5, [7, 8], [1, 259]),
            (7, [18, 19], [255, 261]),
            (1, [9, 9], [4, 9]),
        ] {
            for stage in Stage::ALL {
                let removed = stage.removed();
                let request = Request::Rectangle { plane, rows, keys, stage, removed };
                let Answer::Rectangle(found) = run(&problem, &request).unwrap() else { unreachable!() };
                let row = |i: usize| &whole(&attended, stage)[(plane * n + i) * m..][keys[0]..keys[1]];
                let expected: Vec<f32> = (rows[0]..rows[1]).flat_map(|i| row(i).to_vec()).collect();
                assert!(same_bits(&found, &expected), "{request:?}, {normalizer:?}");
            }
        }
    }
}

fn columns(statistics: &Columns) -> [&[f32]; 10] {
    let Columns { mass, entropy, normalized_entropy, effective_keys, collision_keys, .. } = statistics;
    let Columns { max_weight, attention_distance, first_mass, self_mass, previous_mass, .. } = statistics;
    [
        mass,
        entropy,
        normalized_entropy,
        effective_keys,
        collision_keys,
        max_weight,
        attention_distance,
        first_mass,
        self_mass,
        previous_mass,
    ]
}

#[test]
fn work_in_blocks_equals_work_at_once() {
    let n = SHAPE[3];
    for normalizer in support::normalizers() {
        let case = everything(&normalizer);
        let (problem, attended) = (case.problem().unwrap(), case.attend());
        let (weights, output) = (attended.weights.unwrap(), attended.output.unwrap());
        let statistics = attended.statistics.unwrap();
        for (plane, rows) in [(0, [0, 8]), (2, [8, n]), (7, [3, 17]), (4, [16, 19])] {
            let stages = vec![];
            let request = Request::Attend {
                planes: [plane, plane + 1],
                rows,
                output: true,
                weights: true,
                stages,
                statistics: true,
                status: true,
            };
            let Answer::Attend(part) = run(&problem, &request).unwrap() else { unreachable!() };
            let at = |width: usize| (plane * n + rows[0]) * width..(plane * n + rows[1]) * width;
            assert!(same_bits(&part.weights.unwrap(), &weights[at(SHAPE[4])]), "{normalizer:?}");
            assert!(same_bits(&part.output.unwrap(), &output[at(SHAPE[6])]), "{normalizer:?}");
            let found = part.statistics.unwrap();
            for (column, expected) in columns(&found).iter().zip(columns(&statistics)) {
                assert!(same_bits(column, &expected[at(1)]), "{normalizer:?}");
            }
            assert_eq!(found.argmax, statistics.argmax[at(1)]);
            assert_eq!(found.status, statistics.status[at(1)]);
        }
    }
}

#[test]
fn a_cell_equals_the_whole() {
    for score in support::scores(SHAPE) {
        let mut case = everything(&Choice::id("softmax"));
        case.options.score = Some(score.clone());
        let (problem, attended) = (case.problem().unwrap(), case.attend());
        let (n, m) = (SHAPE[3], SHAPE[4]);
        for (plane, row, key) in [(0, 0, 0), (3, 18, 260), (5, 9, 100), (0, 3, 7)] {
            let Answer::Cell(cell) = run(&problem, &Request::Cell { plane, row, key }).unwrap() else { unreachable!() };
            let expected: Vec<f32> =
                Stage::ALL.iter().map(|&s| whole(&attended, s)[(plane * n + row) * m + key]).collect();
            assert!(same_bits(&cell.stages, &expected), "{score:?}, {plane} {row} {key}: {cell:?}\n{expected:?}");
            let logits = &whole(&attended, Stage::Masked)[(plane * n + row) * m..][..m];
            let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert!(cell.row_max == max || (cell.row_max.is_nan() && logits.iter().any(|l| l.is_nan())));
            let sum: f32 = cell.products.iter().sum();
            assert!(
                sum.is_nan() || f64::from((sum - cell.stages[0]).abs()) < bounds::SUM,
                "{score:?}: {sum} and {}",
                cell.stages[0]
            );
            let product = cell.query_norm * cell.key_norm * cell.cosine;
            assert!(product.is_nan() || f64::from((product - cell.dot).abs()) < bounds::SUM, "q·k = |q| |k| cos");
        }
    }
}

/// The rows or keys under part `index` of `parts` of a range.
fn under(index: usize, parts: usize, [from, to]: [usize; 2]) -> core::ops::Range<usize> {
    from + index * (to - from) / parts..from + (index + 1) * (to - from) / parts
}

/// What stands for cells without any key.
const REMOVED: f32 = -7.0;

fn pooled(pool: Pool, values: &[f32]) -> f32 {
    match pool {
        _ if values.is_empty() => REMOVED,
        _ if values.iter().any(|x| x.is_nan()) => f32::NAN,
        Pool::Max => values.iter().copied().reduce(|a, b| if b.abs() > a.abs() { b } else { a }).unwrap(),
        Pool::Mean => (sum(values) / values.len() as f64) as f32,
    }
}

/// An overview in two bands, as two workers would make it, with the range of each checked.
fn overview(problem: &Problem, plane: usize, picture: Picture, stage: Stage, pool: Pool) -> Vec<f32> {
    let (height, width, rows, keys) = picture;
    let mut found = Vec::new();
    for band in [[0, height / 2], [height / 2, height]] {
        let (band, removed) = (Some(band), REMOVED);
        let request = Request::Overview { plane, rows, keys, height, width, band, stage, pool, removed };
        let Answer::Overview(values, range) = run(problem, &request).unwrap() else { unreachable!() };
        let finite = || values.iter().copied().filter(|x| x.is_finite() && *x != REMOVED);
        let expected = [finite().reduce(f32::min), finite().reduce(f32::max)].map(|x| x.unwrap_or(f32::NAN));
        assert!(same_bits(&range, &expected), "{request:?}: {range:?} {expected:?}");
        found.extend(values);
    }
    found
}

/// Height, width, rows and keys.
type Picture = (usize, usize, [usize; 2], [usize; 2]);

#[test]
fn an_overview_pools_what_a_rectangle_holds() {
    let (n, m) = (SHAPE[3], SHAPE[4]);
    let case = everything(&Choice::id("softmax"));
    let (problem, attended) = (case.problem().unwrap(), case.attend());
    let masked = whole(&attended, Stage::Masked);
    let pictures: [Picture; 4] =
        [(n, m, [0, n], [0, m]), (5, 7, [0, n], [0, m]), (3, 40, [4, 15], [13, 200]), (1, 1, [2, 19], [0, m])];
    let kinds = [
        (Stage::Scaled, Pool::Max),
        (Stage::Masked, Pool::Max),
        (Stage::Weights, Pool::Max),
        (Stage::Weights, Pool::Mean),
    ];
    // Plane 0 has a row of NaN.
    for plane in [0, 6] {
        for (picture, (stage, pool)) in pictures.iter().flat_map(|&p| kinds.map(|kind| (p, kind))) {
            let (height, width, rows, keys) = picture;
            let found = overview(&problem, plane, picture, stage, pool);
            for (at, value) in found.iter().enumerate() {
                let (y, x) = (at / width, at % width);
                let cells = under(y, height, rows);
                let cells = cells.flat_map(|i| under(x, width, keys).map(move |j| (plane * n + i) * m + j));
                let values = whole(&attended, stage);
                // A row that is NaN is so at its removed keys, too.
                let left = |at: usize| masked[at] != f32::NEG_INFINITY || values[at].is_nan();
                let seen = cells.filter(|&at| stage < Stage::Masked || left(at));
                let expected = pooled(pool, &seen.map(|at| values[at]).collect::<Vec<_>>());
                let same = (value - expected).abs() <= 1e-6 || (value.is_nan() && expected.is_nan());
                assert!(same, "({y}, {x}) of {picture:?}, {stage:?}, {pool:?}: {value} {expected}");
            }
        }
    }
}

#[test]
fn the_mean_of_millions_is_exact() {
    let (n, m) = (1500, 1400);
    let mut case = Case::normal([1, 1, 1, n, m, 1, 1], 21);
    case.key.0.fill(0.0);
    let found = overview(&case.problem().unwrap(), 0, (1, 1, [0, n], [0, m]), Stage::Weights, Pool::Mean);
    assert!(f64::from((found[0] * m as f32 - 1.0).abs()) < bounds::SAME, "{}", found[0]);
}

#[test]
fn the_strongest_of_equals_is_the_first() {
    for m in [3, 256, 300, 600] {
        let argmax = |logits: &[f32]| row(logits, &Choice::id("softmax")).attend().statistics.unwrap().argmax[0];
        assert_eq!(argmax(&vec![1.0; m]), 0, "{m} equal keys");
        let mut late = vec![0.0; m];
        (late[1], late[m - 1]) = (2.0, 2.0);
        assert_eq!(argmax(&late), 1, "{m} keys, two of them strongest");
    }
}

#[test]
fn nothing_is_an_answer_too() {
    for sizes in [[1, 1, 1, 0, 5, 3, 2], [0, 1, 1, 4, 5, 3, 2], [1, 2, 1, 3, 0, 4, 2], [1, 0, 0, 3, 4, 4, 2]] {
        let attended = Case::normal(sizes, 18).attend();
        let [b, h, _, n, _, _, dv] = sizes;
        assert_eq!(attended.output.unwrap(), vec![0.0; b * h * n * dv], "{sizes:?}");
        let status = attended.statistics.unwrap().status;
        assert!(status.iter().all(|&s| s == Status::Empty as u8), "{sizes:?}");
    }
    for sizes in [[1, 1, 1, 0, 5, 3, 2], [1, 1, 1, 3, 0, 4, 2]] {
        let problem = Case::normal(sizes, 18).problem().unwrap();
        let (rows, keys, stage) = ([0, sizes[3]], [0, sizes[4]], Stage::Weights);
        let rectangle = Request::Rectangle { plane: 0, rows, keys, stage, removed: 0.0 };
        assert_eq!(run(&problem, &rectangle).unwrap(), Answer::Rectangle(vec![]));
        let (height, width) = (sizes[3].min(2), sizes[4].min(2));
        let (pool, band, removed) = (Pool::Mean, None, 0.0);
        let overview = Request::Overview { plane: 0, rows, keys, height, width, band, stage, pool, removed };
        let Answer::Overview(values, range) = run(&problem, &overview).unwrap() else { unreachable!() };
        assert!(values.is_empty() && range.iter().all(|x| x.is_nan()));
        assert_eq!(run(&problem, &Request::Cell { plane: 0, row: 0, key: 0 }).unwrap_err().code(), "parameter");
    }
    // Nothing is asked of no head, so nothing is made ready for it.
    assert!(Case::normal([0, 1, 1, 2, 1 << 24, 64, 64], 18).attend().output.unwrap().is_empty());
    let mut without_value = Case::normal([1, 1, 1, 3, 4, 2, 1], 19);
    without_value.value = None;
    assert!(without_value.attend().output.unwrap().is_empty());
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let case = || Case::normal([2, 4, 2, 3, 5, 6, 7], 20);
    type Change = fn(&mut Case);
    let refused: &[(&str, Change, &str)] = &[
        ("shape", |c| c.key.1[3] = 5, "key"),
        ("shape", |c| c.query.1[3] = 0, "query"),
        ("shape", |c| c.key = (vec![0.0; 2 * 3 * 5 * 6], [2, 3, 5, 6]), "key"),
        ("shape", |c| c.key = (vec![0.0; 2 * 2 * 5 * 9], [2, 2, 5, 9]), "key"),
        ("shape", |c| c.value = Some((vec![0.0; 2 * 2 * 4 * 7], [2, 2, 4, 7])), "value"),
        ("shape", |c| c.mask = Some((vec![1; 9], [1, 1, 3, 3])), "attnMask"),
        ("shape", |c| c.bias = Some((vec![0.0; 4], [1, 1, 1, 5])), "attnBias"),
        ("parameter", |c| c.options.temperature = 0.0, "temperature"),
        ("parameter", |c| c.options.temperature = f64::NAN, "temperature"),
        ("parameter", |c| c.options.scale = Some(f64::INFINITY), "scale"),
        ("parameter", |c| (c.options.scale, c.options.temperature) = (Some(1e300), 1e-300), "scale"),
        ("shape", |c| c.query = (vec![], [1 << 16, 1 << 15, 0, 6]), "query"),
        ("shape", |c| c.query = (vec![], [2, 4, 0, 1 << 25]), "query"),
        ("parameter", |c| c.options.softcap = Some(1e39), "softcap"),
        ("parameter", |c| c.options.temperature = 1e-300, "temperature"),
        ("parameter", |c| c.options.temperature = 1e-40, "temperature"),
        ("parameter", |c| c.options.normalizer = choice(r#"{"id": "sigmoid", "bias": 1e39}"#), "bias"),
        ("parameter", |c| c.options.left_window_size = -2, "leftWindowSize"),
        ("parameter", |c| c.options.causal = true, "causalAlignment"),
        ("parameter", |c| c.options.key_value_seq_lengths = Some(vec![5]), "keyValueSeqLengths"),
        ("parameter", |c| c.options.key_value_seq_lengths = Some(vec![5, 6]), "keyValueSeqLengths"),
        ("unknown", |c| c.options.score = Some(Choice::id("dott")), "score"),
        ("unknown", |c| c.options.normalizer = Choice::id("hardmax"), "normalizer"),
        ("unknown", |c| c.options.normalizer = choice(r#"{"id": "softmax", "tau": 1}"#), "parameter of softmax"),
        ("parameter", |c| c.options.normalizer = choice(r#"{"id": "soft_threshold", "tau": -1}"#), "tau"),
        ("parameter", |c| c.options.normalizer = choice(r#"{"id": "sigmoid", "n": "all"}"#), "n"),
        ("parameter", |c| c.options.score = Some(choice(r#"{"id": "cosine", "eps": 0}"#)), "eps"),
    ];
    for (code, change, name) in refused {
        let mut case = case();
        change(&mut case);
        let error = case.problem().err().unwrap_or_else(|| panic!("{name} was accepted"));
        assert_eq!((error.code(), error.parts().0), (*code, *name), "{error}");
    }
    let problem = case().problem().unwrap();
    let picture = |height, width| Request::Overview {
        plane: 0,
        rows: [0, 3],
        keys: [0, 5],
        height,
        width,
        band: None,
        stage: Stage::Raw,
        pool: Pool::Max,
        removed: 0.0,
    };
    for (request, name) in [
        (Request::Cell { plane: 8, row: 0, key: 0 }, "plane"),
        (Request::Cell { plane: 0, row: 3, key: 0 }, "row"),
        (Request::Rectangle { plane: 0, rows: [2, 1], keys: [0, 5], stage: Stage::Raw, removed: 0.0 }, "rows"),
        (picture(0, 5), "height"),
        (picture(3, 0), "width"),
        (picture(3, 6), "width"),
        (Request::Rectangle { plane: 0, rows: [0, 3], keys: [0, 6], stage: Stage::Raw, removed: 0.0 }, "keys"),
    ] {
        assert_eq!(run(&problem, &request).unwrap_err().parts().0, name);
    }
}

/// Where keys outgrow the cache, several groups share a block of them: that changes no bit, whoever asks for how many rows, and
/// whatever else the same workspace is asked in between.
#[test]
fn groups_that_share_keys_equal_groups_alone() {
    let (n, m) = (61, 1100);
    let case = Case::normal([1, 2, 1, n, m, 64, 5], 31).with(|options| {
        options.causal = true;
        options.causal_alignment = Some(Alignment::LowerRight);
        options.left_window_size = 700;
    });
    let (problem, whole) = (case.problem().unwrap(), case.attend());
    let output = whole.output.expect("asked for");
    let ask = |plane: usize, rows: [usize; 2]| Request::Attend {
        planes: [plane, plane + 1],
        rows,
        output: true,
        weights: false,
        stages: vec![],
        statistics: false,
        status: false,
    };
    let same = |answer: Answer, plane: usize, rows: [usize; 2]| {
        let Answer::Attend(part) = answer else { unreachable!() };
        let expected = &output[(plane * n + rows[0]) * 5..(plane * n + rows[1]) * 5];
        assert!(same_bits(&part.output.unwrap(), expected), "{plane}, {rows:?}");
    };
    for (plane, rows) in [(0, [0, n]), (1, [0, 8]), (0, [9, 10]), (1, [17, 50]), (0, [56, n])] {
        same(run(&problem, &ask(plane, rows)).unwrap(), plane, rows);
    }
    let mut workspace = Workspace::new(&problem).unwrap();
    let mut tasks = [(0, [0, n]), (1, [3, 60]), (0, [20, 44])]
        .map(|(plane, rows)| (Some(Task::new(&problem, &ask(plane, rows)).unwrap()), plane, rows));
    while tasks.iter().any(|(task, ..)| task.is_some()) {
        for (slot, plane, rows) in &mut tasks {
            if slot.as_mut().is_some_and(|task| task.advance(&problem, &mut workspace)) {
                same(slot.take().unwrap().finish().unwrap(), *plane, *rows);
            }
        }
    }
}

//! Texels against the cells that they pool: whatever level shows a matrix, it shows the same one.

use crate::support::{Case, Random, Sizes, same_bits};
use qkscope::attend::Stage;
use qkscope::normalize::Statistic;
use qkscope::options::{Alignment, Choice};
use qkscope::overview::Pool;
use qkscope::pyramid::Levels;
use qkscope::task::{Answer, Request, run};

/// More rows than a texel of level 5, more keys than a block, tails on all sides.
const SHAPE: Sizes = [1, 2, 1, 75, 301, 12, 4];

fn case(normalizer: &str) -> Case {
    let mut random = Random(3);
    let mut case = Case::normal(SHAPE, 4).with(|options| {
        options.causal = true;
        options.causal_alignment = Some(Alignment::LowerRight);
        options.left_window_size = 200;
    });
    case.choose(&Choice::id("scaled_dot"), &Choice::id(normalizer));
    case.mask = Some(((0..SHAPE[4]).map(|_| u8::from(random.below(6) > 0)).collect(), [1, 1, 1, SHAPE[4]]));
    case
}

fn pyramid(case: &Case, stage: Stage, rows: [usize; 2], levels: [u32; 2]) -> Levels {
    let request = Request::Pyramid { plane: 1, rows, levels, stage, removed: stage.removed() };
    match run(&case.problem().expect("well formed"), &request).expect("it fits") {
        Answer::Pyramid(levels) => *levels,
        other => panic!("a pyramid answered {other:?}"),
    }
}

fn tile(
    case: &Case,
    stage: Stage,
    level: u32,
    rows: [usize; 2],
    keys: [usize; 2],
    pool: Pool,
    known: Vec<f32>,
) -> Vec<f32> {
    let request = Request::Tile { plane: 1, rows, keys, level, stage, pool, removed: stage.removed(), known };
    match run(&case.problem().expect("well formed"), &request).expect("it fits") {
        Answer::Rectangle(values) => values,
        other => panic!("a tile answered {other:?}"),
    }
}

/// All cells of the plane, `None` where the key is removed.
fn cells(case: &Case, stage: Stage) -> Vec<Option<f32>> {
    let removed = f32::from_bits(0x7f80_1234);
    let [_, _, _, n, m, ..] = SHAPE;
    let request = Request::Rectangle { plane: 1, rows: [0, n], keys: [0, m], stage, removed };
    match run(&case.problem().expect("well formed"), &request).expect("it fits") {
        Answer::Rectangle(values) => {
            values.into_iter().map(|x| (x.to_bits() != removed.to_bits()).then_some(x)).collect()
        }
        other => panic!("a rectangle answered {other:?}"),
    }
}

/// The largest magnitude and the mean of the cells of each texel, by their definition.
fn pooled(cells: &[Option<f32>], level: u32, rows: [usize; 2], keys: [usize; 2], removed: f32) -> (Vec<f32>, Vec<f64>) {
    let step = 1 << level;
    let (mut extremes, mut means) = (vec![], vec![]);
    for top in (rows[0]..rows[1]).step_by(step) {
        for left in (keys[0]..keys[1]).step_by(step) {
            let inside = (top..(top + step).min(rows[1]))
                .flat_map(|row| (left..(left + step).min(keys[1])).map(move |key| row * SHAPE[4] + key));
            let left: Vec<f32> = inside.filter_map(|at| cells[at]).collect();
            let larger = |a: f32, b: f32| if b.abs() > a.abs() || (b.abs() == a.abs() && b > a) { b } else { a };
            let nan = left.iter().any(|x| x.is_nan());
            let extreme = left.iter().copied().reduce(larger).unwrap_or(removed);
            extremes.push(if nan { f32::NAN } else { extreme });
            let sum: f64 = left.iter().map(|&x| f64::from(x)).sum();
            means.push(if left.is_empty() { removed.into() } else { sum / left.len() as f64 });
        }
    }
    (extremes, means)
}

fn near(found: &[f32], expected: &[f64], bound: f64, context: &str) {
    assert_eq!(found.len(), expected.len(), "{context}");
    for (at, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        let found = f64::from(found);
        let same = found == expected || (found.is_nan() && expected.is_nan());
        assert!(
            same || (found - expected).abs() <= bound * expected.abs() + 1e-6,
            "{context}, {at}: {found}, {expected}"
        );
    }
}

fn widened(mean: &[u16]) -> Vec<f32> {
    mean.iter().map(|&half| f32::from_bits(u32::from(half) << 16)).collect()
}

/// Half of the last place of a bfloat16, and what single precision loses in the sum.
const BFLOAT16: f64 = 1.0 / 256.0 + 1e-6;

#[test]
fn every_level_pools_the_same_matrix() {
    for normalizer in ["softmax", "sigmoid", "sparsemax"] {
        for spoiled in [false, true] {
            let mut case = case(normalizer);
            if spoiled {
                case.query.0[(SHAPE[3] + 20) * SHAPE[5]] = f32::NAN;
            }
            for stage in Stage::ALL {
                let (n, m, removed) = (SHAPE[3], SHAPE[4], stage.removed());
                let cells = cells(&case, stage);
                let found = pyramid(&case, stage, [0, n], [3, 6]);
                let (means, mut at) = (widened(&found.mean), 0);
                for level in 3..6 {
                    let context = format!("{normalizer}, {stage:?}, level {level}, spoiled: {spoiled}");
                    let (extremes, expected) = pooled(&cells, level, [0, n], [0, m], removed);
                    assert!(same_bits(&found.max[at..at + extremes.len()], &extremes), "{context}");
                    near(&means[at..at + extremes.len()], &expected, BFLOAT16, &context);
                    at += extremes.len();
                }
                assert_eq!(at, found.max.len());
            }
        }
    }
}

#[test]
fn tiles_of_every_level_pool_the_same_matrix() {
    for (stage, spoiled) in Stage::ALL.into_iter().flat_map(|stage| [(stage, false), (stage, true)]) {
        let mut case = case("softmax");
        if spoiled {
            case.query.0[(SHAPE[3] + 20) * SHAPE[5]] = f32::NAN;
        }
        let cells = cells(&case, stage);
        for level in 0..5 {
            let (rows, keys) = ([16, 61], [32, 301]);
            let context = format!("{stage:?}, level {level}, spoiled: {spoiled}");
            let (extremes, means) = pooled(&cells, level, rows, keys, stage.removed());
            let found = tile(&case, stage, level, rows, keys, Pool::Max, vec![]);
            assert!(same_bits(&found, &extremes), "{context}");
            near(&tile(&case, stage, level, rows, keys, Pool::Mean, vec![]), &means, 1e-6, &context);
        }
    }
}

/// What a pyramid made known is what a tile would have found out.
#[test]
fn tiles_of_known_rows_are_the_same_bits() {
    for normalizer in ["softmax", "softmax1", "sparsemax", "entmax15", "topk", "soft_threshold", "relu_n", "sigmoid"] {
        let case = case(normalizer);
        let known = pyramid(&case, Stage::Weights, [0, SHAPE[3]], [3, 4]).known;
        assert_eq!(known.len(), SHAPE[3].div_ceil(8) * Statistic::NUMBERS);
        let slice = known[2 * Statistic::NUMBERS..].to_vec();
        let ask = |known| tile(&case, Stage::Weights, 1, [16, 44], [100, 300], Pool::Max, known);
        assert!(same_bits(&ask(slice), &ask(vec![])), "{normalizer}");
    }
}

#[test]
fn what_is_read_off_rows_comes_along() {
    for normalizer in ["softmax", "sparsemax"] {
        let mut case = case(normalizer);
        case.query.0[(SHAPE[3] + 20) * SHAPE[5]] = f32::NAN;
        let (n, m) = (SHAPE[3], SHAPE[4]);
        let found = pyramid(&case, Stage::Weights, [32, n], [3, 6]);
        let attended = case.attend();
        let (weights, statistics) = (attended.weights.expect("asked for"), attended.statistics.expect("asked for"));
        assert!(same_bits(&found.statistics.entropy, &statistics.entropy[n + 32..]));
        assert!(same_bits(&found.statistics.mass, &statistics.mass[n + 32..]));
        assert_eq!(found.statistics.argmax, statistics.argmax[n + 32..]);
        let rows = &weights[(n + 32) * m..];
        let sums = (0..m).map(|j| rows.chunks(m).map(|row| f64::from(row[j])).sum::<f64>());
        for (j, (found, expected)) in found.columns.iter().zip(sums).enumerate() {
            assert!((found - expected).abs() < 1e-5, "{normalizer}, key {j}: {found}, {expected}");
        }
    }
}

/// A row that cannot be mapped adds nothing to the mass of the keys, and does not spoil it.
#[test]
fn masses_leave_out_rows_without_weights() {
    let mut case = case("softmax");
    case.query.0[(SHAPE[3] + 40) * SHAPE[5]] = f32::NAN;
    let found = pyramid(&case, Stage::Weights, [0, SHAPE[3]], [3, 4]);
    let total: f64 = found.columns.iter().sum();
    assert!((total - (SHAPE[3] - 1) as f64).abs() < 1e-3, "{total}");
}

/// Eight rows of each line stand for it, and bands in turn are the whole.
#[test]
fn samples_and_bands() {
    let case = case("softmax");
    let (n, m) = (SHAPE[3], SHAPE[4]);
    let cells = cells(&case, Stage::Weights);
    let sampled: Vec<_> = cells.iter().enumerate().map(|(at, cell)| cell.filter(|_| at / m % 32 < 8)).collect();
    let found = pyramid(&case, Stage::Weights, [0, n], [5, 7]);
    let (extremes, _) = pooled(&sampled, 5, [0, n], [0, m], 0.0);
    assert!(same_bits(&found.max[..extremes.len()], &extremes));
    let whole = pyramid(&case, Stage::Weights, [0, n], [3, 4]).max;
    let parts: Vec<f32> = [[0, 32], [32, 64], [64, n]]
        .into_iter()
        .flat_map(|rows| pyramid(&case, Stage::Weights, rows, [3, 4]).max)
        .collect();
    assert!(same_bits(&whole, &parts));
}

/// One bright weight, and one strongly negative score, anywhere: in sight at every level, in the texel that holds it.
#[test]
fn a_single_cell_stays_in_sight() {
    let mut random = Random(8);
    for round in 0..20 {
        let (row, key) = (random.below(SHAPE[3]), random.below(SHAPE[4]));
        for (stage, sign) in [(Stage::Weights, 1.0), (Stage::Scaled, -1.0)] {
            let mut case = Case::normal(SHAPE, 5);
            let d = SHAPE[5];
            // The last dimension of that query and that key alone.
            case.query.0.chunks_mut(d).for_each(|query| query[d - 1] = 0.0);
            case.key.0.chunks_mut(d).for_each(|key| key[d - 1] = 0.0);
            case.query.0[(SHAPE[3] + row) * d + d - 1] = 12.0;
            case.key.0[key * d + d - 1] = 12.0 * sign;
            let found = pyramid(&case, stage, [0, SHAPE[3]], [3, 10]).max;
            let mut at = 0;
            for level in 3..10 {
                let width = SHAPE[4].div_ceil(1 << level);
                let texel = found[at + (row >> level) * width + (key >> level)];
                let bright = if stage == Stage::Weights { texel > 0.99 } else { texel < -25.0 };
                assert!(bright, "round {round}, {stage:?}, level {level}: {texel}");
                at += width * SHAPE[3].div_ceil(1 << level);
            }
        }
    }
}

/// Infinities of either sign beside each other, numbers whose sums overflow, and a NaN.
#[test]
fn the_largest_of_extreme_cells_is_theirs_at_every_level() {
    let mut case = Case::normal(SHAPE, 6);
    let d = SHAPE[5];
    case.query.0.chunks_mut(d).for_each(|query| query[d - 1] = 1.0);
    for (key, value) in [(3, f32::INFINITY), (5, f32::NEG_INFINITY), (40, 3e38), (41, -3e38), (42, 3e38), (43, -3e38)] {
        case.key.0[key * d + d - 1] = value;
    }
    case.key.0[170 * d] = f32::NAN;
    let cells = cells(&case, Stage::Raw);
    let found = pyramid(&case, Stage::Raw, [0, SHAPE[3]], [3, 10]).max;
    let mut at = 0;
    for level in 3..10 {
        let (rows, keys) = ([0, SHAPE[3]], [0, SHAPE[4]]);
        let (expected, _) = pooled(&cells, level, rows, keys, Stage::Raw.removed());
        assert!(same_bits(&found[at..at + expected.len()], &expected), "level {level}");
        at += expected.len();
    }
    for level in 0..10 {
        let step = 1 << level;
        let (rows, keys) = ([0, SHAPE[3].min(8 * step)], [0, SHAPE[4]]);
        let (expected, _) = pooled(&cells, level, rows, keys, Stage::Raw.removed());
        assert!(same_bits(&tile(&case, Stage::Raw, level, rows, keys, Pool::Max, vec![]), &expected), "tile {level}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let problem = case("softmax").problem().expect("well formed");
    let (stage, removed, pool) = (Stage::Weights, 0.0, Pool::Max);
    let all = [0, SHAPE[3]];
    let (rows, keys, known) = (all, [0, SHAPE[4]], vec![]);
    let pyramid = |rows, levels| Request::Pyramid { plane: 0, rows, levels, stage, removed };
    let tile = |rows, keys: [usize; 2], level| Request::Tile {
        plane: 0,
        rows,
        keys,
        level,
        stage,
        pool,
        removed,
        known: known.clone(),
    };
    for request in [
        pyramid([8, 40], [3, 5]),
        pyramid(rows, [2, 4]),
        pyramid(rows, [4, 4]),
        pyramid(rows, [3, 40]),
        pyramid([0, SHAPE[3] + 1], [3, 4]),
        tile([1, 9], keys, 1),
        tile(rows, [2, 9], 2),
        tile(rows, keys, 40),
        tile(rows, [0, SHAPE[4] + 1], 0),
    ] {
        assert!(run(&problem, &request).is_err(), "{request:?}");
    }
}

//! Every score, normalizer and mask against the definitions, over shapes around the edges of tiles and blocks, within
//! the error model. Nothing here names a member: a new line in a list is tested before its author writes a test.

use crate::plain;
use crate::support;
use crate::support::{Case, Random, Sizes, bounds, oracle};
use qkscope::attend::Stage;
use qkscope::normalize::STATUSES;
use qkscope::options::{Alignment, Choice, Options};
use qkscope::position::POSITIONS;
use std::cell::Cell;

/// B, Hq, Hkv, N, M, d, dv: one, edges of the lanes (8), the panels (4) and the blocks (256), and head sharing.
const SHAPES: &[Sizes] = &[
    [1, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 5, 2, 3],
    [1, 1, 1, 3, 5, 3, 4],
    [1, 1, 1, 5, 3, 4, 5],
    [2, 2, 1, 7, 7, 5, 2],
    [1, 2, 2, 8, 8, 8, 8],
    [1, 4, 2, 9, 9, 31, 1],
    [2, 4, 1, 15, 31, 32, 33],
    [1, 1, 1, 16, 32, 33, 7],
    [1, 1, 1, 17, 33, 64, 16],
    [1, 1, 1, 2, 255, 16, 3],
    [1, 1, 1, 3, 256, 80, 4],
    [1, 1, 1, 9, 257, 7, 6],
    [1, 2, 1, 4, 515, 127, 9],
];

type Change = fn(&mut Case, &mut Random);

/// Every kind of mask, and some together.
const MASKS: &[(&str, Change)] = &[
    ("no mask", |_, _| {}),
    ("causal, upper left", |case, _| causal(&mut case.options, Alignment::UpperLeft)),
    ("causal, lower right", |case, _| causal(&mut case.options, Alignment::LowerRight)),
    ("window 2, 0", |case, _| window(&mut case.options, 2, 0)),
    ("window 2, 1", |case, _| window(&mut case.options, 2, 1)),
    ("window 0, 0", |case, _| window(&mut case.options, 0, 0)),
    ("window 1, any, offset 3", |case, _| {
        window(&mut case.options, 1, -1);
        case.options.causal_offset = Some(3);
    }),
    ("offset before the keys", |case, _| {
        case.options.causal = true;
        case.options.causal_offset = Some(-3);
    }),
    ("boolean mask", |case, random| case.mask = Some(mask(case, random, [true; 4]))),
    ("boolean mask, one row for all", |case, random| case.mask = Some(mask(case, random, [false, false, false, true]))),
    ("boolean mask, one per head", |case, random| case.mask = Some(mask(case, random, [false, true, true, false]))),
    ("bias with minus infinity", |case, random| case.bias = Some(bias(case, random, [true; 4]))),
    ("bias, one row per head", |case, random| case.bias = Some(bias(case, random, [false, true, false, true]))),
    ("key lengths", |case, random| {
        let lengths = (0..case.key.1[0]).map(|_| random.below(case.key.1[2] + 1) as u32);
        case.options.key_value_seq_lengths = Some(lengths.collect());
    }),
    ("all together", |case, random| {
        causal(&mut case.options, Alignment::LowerRight);
        case.options.left_window_size = 40;
        case.options.softcap = Some(3.0);
        case.mask = Some(mask(case, random, [true, false, true, true]));
        case.bias = Some(bias(case, random, [false, true, true, true]));
    }),
];

/// What the numbers are like.
const DATA: &[(&str, Change)] = &[
    ("normal", |_, _| {}),
    ("spikes of 1e4", |case, random| {
        for tensor in [&mut case.query.0, &mut case.key.0] {
            let at = random.below(tensor.len());
            tensor[at] = 1e4;
        }
    }),
    ("all equal", |case, _| case.key.0.fill(0.5)),
    ("zeros", |case, _| {
        let d = case.key.1[3];
        case.key.0[..d].fill(0.0);
        case.query.0[..d].fill(0.0);
    }),
    ("all as large as products may be", |case, _| {
        for tensor in [&mut case.query.0, &mut case.key.0] {
            tensor.iter_mut().for_each(|x| *x *= 1e15);
        }
    }),
    ("all tiny", |case, _| {
        for tensor in [&mut case.query.0, &mut case.key.0] {
            tensor.iter_mut().for_each(|x| *x *= 1e-18);
        }
    }),
    ("one NaN query", |case, random| {
        let at = random.below(case.query.0.len());
        case.query.0[at] = f32::NAN;
    }),
    ("one infinite key", |case, random| {
        let at = random.below(case.key.0.len());
        case.key.0[at] = f32::INFINITY;
    }),
    ("NaN in K and V of the last key", |case, _| {
        *case.key.0.last_mut().expect("not empty") = f32::NAN;
        *case.value.as_mut().expect("has V").0.last_mut().expect("not empty") = f32::NAN;
    }),
    ("scale, temperature and softcap", |case, _| {
        case.options.scale = Some(-0.7);
        case.options.temperature = 0.3;
        case.options.softcap = Some(5.0);
    }),
    ("scale 0", |case, _| case.options.scale = Some(0.0)),
];

fn causal(options: &mut Options, alignment: Alignment) {
    options.causal = true;
    options.causal_alignment = Some(alignment);
}

fn window(options: &mut Options, left: i64, right: i64) {
    (options.left_window_size, options.right_window_size) = (left, right);
    options.causal_alignment = Some(Alignment::UpperLeft);
}

/// The shape (B, Hq, N, M) with 1 on the axes that are not `kept`.
fn stretching(case: &Case, kept: [bool; 4]) -> [usize; 4] {
    let full = [case.query.1[0], case.query.1[1], case.query.1[2], case.key.1[2]];
    core::array::from_fn(|axis| if kept[axis] { full[axis] } else { 1 })
}

fn mask(case: &Case, random: &mut Random, kept: [bool; 4]) -> (Vec<u8>, [usize; 4]) {
    let shape = stretching(case, kept);
    ((0..shape.iter().product()).map(|_| u8::from(random.below(3) > 0)).collect(), shape)
}

fn bias(case: &Case, random: &mut Random, kept: [bool; 4]) -> (Vec<f32>, [usize; 4]) {
    let shape = stretching(case, kept);
    let mut one = || if random.below(4) == 0 { f32::NEG_INFINITY } else { random.normal() };
    ((0..shape.iter().product()).map(|_| one()).collect(), shape)
}

/// Everything that the fused path gives against the oracle; on failure the message says where.
fn check(name: &str, case: &Case) {
    let attended = case.attend();
    let ([b, hq, n, _], m) = (case.query.1, case.key.1[2]);
    let dv = case.value.as_ref().map_or(0, |v| v.1[3]);
    let (weights, output) = (attended.weights.expect("asked for"), attended.output.expect("asked for"));
    let statistics = attended.statistics.expect("asked for");
    for index in 0..b * hq * n {
        let expected = oracle::row(case, index / n, index % n);
        let at = |j: usize| format!("{name}: row {index}, key {j}\n{:?}", case.options);
        let (found, wanted) = (statistics.status[index] as usize, expected.status as usize);
        assert_eq!(STATUSES[found].id, STATUSES[wanted].id, "status: {}", at(0));
        if expected.undecided {
            SKIPPED.with(|skipped| skipped.set(skipped.get() + 1));
            continue;
        }
        for (stage, (id, (_, found))) in Stage::ALL.iter().zip(&attended.stages).enumerate() {
            for j in 0..m {
                let errors = [&expected.raw_error, &expected.logit_error, &expected.weight_error];
                let bound = errors[(stage > 0) as usize + (stage == 5) as usize][j];
                near(found[index * m + j], expected.stages[stage][j], bound, || format!("{id:?}: {}", at(j)));
            }
        }
        let row = &weights[index * m..][..m];
        assert!(
            support::same_bits(row, &attended.stages[5].1[index * m..][..m]),
            "fused and staged weights: {}",
            at(0)
        );
        for (j, w) in row.iter().enumerate() {
            assert!(expected.allowed[j] || *w == 0.0 || w.is_nan(), "a removed key weighs {w}: {}", at(j));
        }
        for c in 0..dv {
            near(output[index * dv + c], expected.output[c], expected.output_error[c], || {
                format!("output {c}: {}", at(0))
            });
        }
        check_statistics(&statistics, index, &expected, || at(0));
    }
}

thread_local! {
    /// Rows whose shares were not compared, and those whose were.
    static SKIPPED: Cell<usize> = const { Cell::new(0) };
    static SHARED: Cell<usize> = const { Cell::new(0) };
    /// The largest part of an allowed error that was met.
    static USED: Cell<f64> = const { Cell::new(0.0) };
}

/// The comparison of shares may pass over few rows only.
fn assert_few_skipped() {
    let (skipped, shared) = (SKIPPED.with(Cell::get), SHARED.with(Cell::get));
    assert!(skipped * 4 < shared, "{skipped} rows were skipped, {shared} compared");
}

fn check_statistics(
    found: &qkscope::diagnostics::Columns,
    at: usize,
    expected: &oracle::Row,
    context: impl Fn() -> String,
) {
    let w = &expected.stages[5];
    let m = w.len();
    let total: f64 = w.iter().sum();
    // Weights near a threshold have no relative accuracy: the sums are then compared by absolute errors.
    let error: f64 = expected.weight_error.iter().sum::<f64>() + bounds::statistic(m, 0.0) * total;
    near(found.mass[at], total, error, || format!("mass: {}", context()));
    for (value, key) in [
        (found.first_mass[at], 0),
        (found.self_mass[at], expected.position),
        (found.previous_mass[at], expected.position - 1),
    ] {
        match usize::try_from(key).ok().filter(|&key| key < m) {
            Some(key) => {
                near(value, w[key], expected.weight_error[key], || format!("mass on key {key}: {}", context()))
            }
            None => assert!(value.is_nan(), "mass on a key that is not there: {}", context()),
        }
    }
    if total.is_nan() || found.mass[at] == 0.0 {
        assert!(found.entropy[at].is_nan() && found.max_weight[at].is_nan() && found.argmax[at] == -1, "{}", context());
        return;
    }
    if error > 1e-2 * total {
        return SKIPPED.with(|skipped| skipped.set(skipped.get() + 1)); // All rounding: shares of it mean nothing.
    }
    SHARED.with(|shared| shared.set(shared.get() + 1));
    let p: Vec<f64> = w.iter().map(|w| w / total).collect();
    let entropy: f64 = -p.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>();
    let relative = bounds::statistic(m, 2.0 * error / total);
    // d(-p ln p) = -(1 + ln p) dp, and p is below 1: weights that are lost to rounding cost their ln p.
    let slack =
        relative * (entropy + 1.0) + p.iter().map(|p| relative / m as f64 * (1.0 - p.max(1e-30).ln())).sum::<f64>();
    near(found.entropy[at], entropy, slack, || format!("entropy: {}", context()));
    near(found.effective_keys[at], entropy.exp(), 2.0 * slack * entropy.exp(), || {
        format!("effective keys: {}", context())
    });
    let allowed = expected.allowed.iter().filter(|&&allowed| allowed).count() as f64;
    let most = if allowed > 1.0 { allowed.ln() } else { f64::NAN };
    near(found.normalized_entropy[at], entropy / most, slack / most, || format!("normalised entropy: {}", context()));
    let collision: f64 = 1.0 / p.iter().map(|p| p * p).sum::<f64>();
    near(found.collision_keys[at], collision, 2.0 * relative * collision, || format!("order 2: {}", context()));
    let max = p.iter().copied().fold(0.0, f64::max);
    near(found.max_weight[at], max, relative, || format!("largest share: {}", context()));
    assert!(p[found.argmax[at] as usize] >= max - 2.0 * relative, "strongest key: {}", context());
    let far = |j: usize| (expected.position - j as i64).abs() as f64;
    let distance: f64 = p.iter().enumerate().map(|(j, p)| p * far(j)).sum();
    let span = far(0).max(far(m - 1)) + 1.0;
    near(found.attention_distance[at], distance, relative * span, || format!("distance: {}", context()));
}

fn near(found: f32, expected: f64, bound: f64, context: impl Fn() -> String) {
    let found = f64::from(found);
    let same = found == expected || (found.is_nan() && expected.is_nan());
    let infinite = expected.abs() > f64::from(f32::MAX) && found == expected.signum() * f64::INFINITY;
    let off = (found - expected).abs();
    assert!(
        same || infinite || off <= bound,
        "{}\nfound {found}, expected {expected}: off by {off:e}, allowed {bound:e}",
        context(),
    );
    if !same && !infinite && bound.is_finite() {
        USED.with(|used| used.set(used.get().max(off / bound)));
    }
}

/// The first of `positions` from number `at` on that the case has room for.
fn place(case: &mut Case, positions: &[Choice], at: usize) {
    let turns = (at..).map(|at| &positions[at % positions.len()]).take(positions.len());
    assert!(turns.into_iter().any(|position| case.place(position)), "`none` always fits");
}

/// Every shape with every mask; positions, scores and normalizers take turns, so that all pairs of members meet.
#[test]
fn shapes_and_masks() {
    for (s, &shape) in SHAPES.iter().enumerate() {
        let (scores, normalizers) = (support::scores(shape), support::normalizers_for(shape));
        let positions = support::positions(shape);
        for (k, (name, change)) in MASKS.iter().enumerate() {
            let seed = (s * MASKS.len() + k) as u64;
            let mut case = Case::normal(shape, seed);
            change(&mut case, &mut Random(seed));
            let at = s * MASKS.len() + k;
            place(&mut case, &positions, at);
            case.choose(&scores[at % scores.len()], &normalizers[at % normalizers.len()]);
            check(&format!("{shape:?}, {name}"), &case);
        }
    }
    assert_few_skipped();
    bounds::hold("part of the error model that is used", USED.with(Cell::get), 1.0);
}

/// Every score with every normalizer and every kind of data, on a shape with tails on all sides.
#[test]
fn members_and_data() {
    let shape = [1, 2, 1, 9, 21, 6, 3];
    for score in support::scores(shape) {
        for normalizer in support::normalizers_for(shape) {
            for (k, (name, change)) in DATA.iter().enumerate() {
                let mut case = Case::normal(shape, k as u64);
                change(&mut case, &mut Random(k as u64));
                case.choose(&score, &normalizer);
                check(&format!("{name}, {score:?}, {normalizer:?}"), &case);
            }
        }
    }
    assert_few_skipped();
}

/// Every positional encoding with every score and every normalizer; data and masks take turns.
#[test]
fn positions_and_members() {
    let shape = [1, 2, 1, 9, 21, 6, 3];
    let (positions, scores, normalizers) =
        (support::positions(shape), support::scores(shape), support::normalizers_for(shape));
    for p in 0..positions.len() {
        for turn in 0..scores.len().max(normalizers.len()) {
            let at = p + turn;
            let ((data, fill), (mask, hide)) = (DATA[at % DATA.len()], MASKS[at / DATA.len() % MASKS.len()]);
            let mut case = Case::normal(shape, at as u64);
            fill(&mut case, &mut Random(at as u64));
            hide(&mut case, &mut Random(at as u64));
            place(&mut case, &positions, p);
            case.choose(&scores[turn % scores.len()], &normalizers[(turn + p) % normalizers.len()]);
            check(&format!("{data}, {mask}"), &case);
        }
    }
    assert_few_skipped();
}

/// Every normalizer with every mask, among them rows without a key.
#[test]
fn normalizers_and_masks() {
    let shape = [2, 2, 1, 10, 6, 4, 5];
    for normalizer in support::normalizers_for(shape) {
        for (k, (name, change)) in MASKS.iter().enumerate() {
            let mut case = Case::normal(shape, k as u64);
            change(&mut case, &mut Random(k as u64 + 100));
            case.choose(&Choice::id("scaled_dot"), &normalizer);
            check(&format!("{name}, {normalizer:?}"), &case);
        }
    }
}

/// The same figures for every score and every normalizer, with the parameters that they have by themselves.
#[test]
fn every_member_has_its_figure_on_ordinary_data() {
    let shape = [1, 1, 1, 16, 256, 64, 16];
    let of = |score: &Choice, normalizer: &Choice, position: &Choice| {
        let mut case = Case::normal(shape, 77);
        assert!(case.place(position), "the table is long enough");
        case.choose(score, normalizer);
        let [[weight, _], [value, _]] = plain::worst(&case, None);
        (weight, value)
    };
    let scores = qkscope::score::SCORES.iter().map(|entry| entry.member.id);
    let normalizers = qkscope::normalize::NORMALIZERS.iter().map(|entry| entry.member.id);
    let [dot, softmax, none] = ["scaled_dot", "softmax", "none"].map(Choice::id);
    let cases = scores.map(|id| (id, of(&Choice::id(id), &softmax, &none)));
    let cases = cases.chain(normalizers.map(|id| (id, of(&dot, &Choice::id(id), &none))));
    // By default, tables are zeros.
    let positions = support::positions(shape);
    let last = |id: &str| positions.iter().rfind(|position| position.name() == id).expect("in the list");
    let cases = cases.chain(POSITIONS.iter().map(|e| (e.member.id, of(&dot, &softmax, last(e.member.id)))));
    for (id, (weight, output)) in cases {
        let (stated_weight, stated_output) = bounds::figure(id);
        bounds::hold(&format!("weights of {id}"), weight, stated_weight);
        bounds::hold(&format!("outputs of {id}"), output, stated_output);
    }
}

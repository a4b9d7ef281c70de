//! Positional encodings: the tables that papers and code print, their laws, and what each refuses.

use crate::support;
use crate::support::bounds::EPS;
use crate::support::{Case, Random, choice, same_bits};
use qkscope::attend::{Problem, Stage};
use qkscope::error::{Error, Fault};
use qkscope::options::{Alignment, Choice, Setting, Settings};
use qkscope::position::{self, Definition, POSITIONS, Position, alibi};
use qkscope::simd::WIDTH;
use qkscope::tensor::{Head, PerHead, Sizes, Tensor};
use std::collections::BTreeSet;

/// One batch item with `heads` heads of size `d`, N queries and M keys.
fn sizes(heads: usize, [n, m, d]: [usize; 3]) -> Sizes {
    Sizes::new([1, heads, n, d], [1, heads, m, d], None).expect("fits")
}

fn set(json: &str, sizes: Sizes, offset: i64) -> Result<PerHead<Box<dyn Position>>, Error> {
    let choice = choice(json);
    position::find(&choice)?.set(&choice, sizes, offset)
}

/// The encoding of one head of size `d`.
fn of(json: &str, d: usize) -> PerHead<Box<dyn Position>> {
    set(json, sizes(1, [4, 4, d]), 0).expect(json)
}

fn rotated(json: &str, position: i64, row: &[f32]) -> Vec<f32> {
    let mut row = row.to_vec();
    of(json, row.len()).of(0).rotate(position, &mut row);
    row
}

/// What is added to the logits of queries at `position` and on, at keys from `first` on.
fn biases(
    set: &PerHead<Box<dyn Position>>,
    head: usize,
    position: i64,
    first: usize,
    keys: usize,
) -> Vec<[f32; WIDTH]> {
    let mut logits = vec![[0.0; WIDTH]; keys];
    set.of(head).add_bias(position, first, &mut logits);
    logits
}

fn definition(choice: &Choice, sizes: &Sizes) -> (&'static Definition, Settings) {
    let at = POSITIONS.iter().position(|entry| entry.member.id == choice.name()).expect("in the list");
    let settings = choice.settings(&POSITIONS[at].member, sizes).expect("checked");
    (&position::DEFINITIONS[at], settings)
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn near(found: f64, expected: f64, bound: f64, context: &str) {
    assert!((found - expected).abs() <= bound, "{context}: {found}, not {expected}; allowed {bound:e}");
}

// ----------------------------------------------------------------------------------------- against the definitions

/// Rows are computed in double precision and rounded once, so they are off by half a unit in their own last place, and by what
/// an angle of that size has lost.
#[test]
fn rows_are_rounded_once() {
    let mut worst = 0.0f64;
    for d in [1, 2, 3, 4, 7, 31, 64, 127, 128] {
        let sizes = sizes(1, [4, 4, d]);
        for choice in support::positions([1, 1, 1, 4, 4, d, 1]) {
            let set = position::find(&choice).expect("in the list").set(&choice, sizes, 0).expect("fits");
            let (definition, settings) = definition(&choice, &sizes);
            let mut random = Random(d as u64);
            let far =
                if choice.name() == "learned" { &[0, 1, 3][..] } else { &[0, 1, 3, -7, 1000, 1 << 24, -(1 << 24)] };
            for &p in far {
                let row = random.normals(d);
                let wide: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
                let size = wide.iter().fold(1.0, |size: f64, x| size.max(x.abs()));
                let [mut embedded, mut turned] = [row.clone(), row.clone()];
                set.of(0).embed(p, &mut embedded);
                set.of(0).rotate(p, &mut turned);
                let expected = [(definition.embed)(p, &wide, &settings), (definition.rotate)(p, &wide, &settings)];
                for (found, expected) in [embedded, turned].iter().zip(&expected) {
                    for (c, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                        let bound = EPS * expected.abs() + 4.0 * f64::EPSILON * size * (p.abs() + 1) as f64;
                        let off = (f64::from(found) - expected).abs();
                        worst = worst.max(off / bound);
                        assert!(off <= bound, "{choice:?}, position {p}, {c} of {d}: {found}, not {expected}");
                    }
                }
            }
        }
    }
    println!("worst error of a row: {worst:.3} of the bound");
}

/// A bias is one number of single precision, of a slope that is rounded and a distance that is exact, added once.
#[test]
fn biases_are_exact_to_two_roundings() {
    let mut worst = 0.0f64;
    let (heads, keys) = (12, 300);
    let sizes = sizes(heads, [8, keys, 4]);
    for choice in support::positions([1, heads, heads, 8, keys, 4, 1]) {
        for offset in [0, 5, 292, -40, 3000] {
            // The table of `learned` ends before some of these.
            let Ok(set) = position::find(&choice).expect("in the list").set(&choice, sizes, offset) else { continue };
            let (definition, settings) = definition(&choice, &sizes);
            for head in 0..heads {
                let found = biases(&set, head, offset, 4, keys - 4);
                let head = Head { sizes, head };
                for (key, lane) in (0..keys - 4).flat_map(|key| (0..WIDTH).map(move |lane| (key, lane))) {
                    let expected = (definition.bias)(offset + lane as i64, key as i64 + 4, &settings, &head);
                    let (off, bound) = ((f64::from(found[key][lane]) - expected).abs(), 2.0 * EPS * expected.abs());
                    assert!(off <= bound, "{choice:?}, offset {offset}, lane {lane}, key {key}: {expected}");
                    worst = worst.max(if bound > 0.0 { off / bound } else { 0.0 });
                }
            }
        }
    }
    assert!(worst > 0.0, "nothing was biased");
    println!("worst error of a bias: {worst:.3} of the bound");
}

// --------------------------------------------------------------------------------------------------- added to rows

/// The frequencies that the paper's formula and its code have for d = 8, from the sines at position 1.
#[test]
fn sinusoidal_frequencies_as_printed() {
    let paper = [1.0, 0.1, 0.01, 0.001];
    let t2t = [1.0, 0.046_415_9, 0.002_154_43, 0.000_1];
    for (frequency, expected) in [("paper", paper), ("t2t", t2t)] {
        for (layout, step) in [("concat", 1), ("interleaved", 2)] {
            let json = format!(r#"{{"id": "sinusoidal", "layout": "{layout}", "frequency": "{frequency}"}}"#);
            let table = position::table(&choice(&json), 3, 8).expect("fits");
            assert_eq!(table.len(), 3 * 8);
            for (i, w) in expected.into_iter().enumerate() {
                near(f64::from(table[8 + i * step]).asin(), w, 3e-6 * w, &format!("{json}, pair {i}"));
                let cosine = if step == 1 { 8 + 4 + i } else { 8 + 2 * i + 1 };
                near(f64::from(table[cosine]), w.cos(), 1e-6, &format!("{json}, pair {i}"));
                assert_eq!([table[i * step], table[cosine - 8]], [0.0, 1.0], "{json}: position 0");
            }
        }
    }
}

#[test]
fn sinusoidal_odd_sizes_end_with_a_column_of_zeros() {
    for layout in ["interleaved", "concat"] {
        for frequency in ["paper", "t2t"] {
            let json = format!(r#"{{"id": "sinusoidal", "layout": "{layout}", "frequency": "{frequency}"}}"#);
            for d in [1, 3, 5, 9] {
                let table = position::table(&choice(&json), 6, d).expect("fits");
                assert!(table.chunks(d).all(|row| row[d - 1] == 0.0), "{json}, {d}");
                assert!(d == 1 || table.chunks(d).all(|row| row[..d - 1].iter().any(|&x| x != 0.0)), "{json}, {d}");
            }
            // One pair of waves: nothing to divide the exponent by.
            let table = position::table(&choice(&json), 3, 2).expect("fits");
            for (p, row) in table.chunks(2).enumerate() {
                near(f64::from(row[0]), (p as f64).sin(), 1e-7, &json);
                near(f64::from(row[1]), (p as f64).cos(), 1e-7, &json);
            }
        }
    }
}

/// A fixed permutation of the dimensions changes no product of two encodings.
#[test]
fn sinusoidal_layouts_agree_on_products() {
    for (d, length) in [(8, 12), (33, 40), (64, 20)] {
        let table = |layout: &str| {
            let json = format!(r#"{{"id": "sinusoidal", "layout": "{layout}"}}"#);
            position::table(&choice(&json), length, d).expect("fits")
        };
        let (a, b) = (table("interleaved"), table("concat"));
        assert_ne!(a, b);
        for (p, q) in (0..length).flat_map(|p| (0..length).map(move |q| (p, q))) {
            let product = |t: &[f32]| dot(&t[p * d..][..d], &t[q * d..][..d]);
            near(product(&a), product(&b), 1e-12 * d as f64, &format!("{p} and {q} of {d}"));
        }
    }
}

/// PE(p + k) is a linear function of PE(p), the same for every p: each pair turned by k w_i (section 3.5 of the paper).
#[test]
fn a_shift_of_sinusoids_is_a_rotation() {
    let d = 16;
    let table = position::table(&choice(r#""sinusoidal""#), 60, d).expect("fits");
    for (p, k) in [(0, 1), (3, 7), (20, 39), (59, 0)] {
        for i in 0..d / 2 {
            let angle = k as f64 / 10_000f64.powf(2.0 * i as f64 / d as f64);
            let at = |p: usize, c: usize| f64::from(table[p * d + 2 * i + c]);
            let sine = at(p, 0) * angle.cos() + at(p, 1) * angle.sin();
            let cosine = at(p, 1) * angle.cos() - at(p, 0) * angle.sin();
            near(at(p + k, 0), sine, 3.0 * EPS, &format!("sine {i} of {p} + {k}"));
            near(at(p + k, 1), cosine, 3.0 * EPS, &format!("cosine {i} of {p} + {k}"));
        }
    }
}

#[test]
fn learned_adds_the_row_of_its_position() {
    let json = r#"{"id": "learned", "table": {"shape": [3, 2], "data": [1, 2, 10, 20, 100, 200]}}"#;
    assert_eq!(position::table(&choice(json), 3, 2), Ok(vec![1.0, 2.0, 10.0, 20.0, 100.0, 200.0]));
    assert_eq!(position::table(&choice(json), 2, 2), Ok(vec![1.0, 2.0, 10.0, 20.0]));
    assert_eq!(position::table(&Choice::id("learned"), 2, 2), Ok(vec![0.0; 4]));
    let mut row = [0.5, 0.25];
    set(json, sizes(1, [1, 3, 2]), 2).expect("fits").of(0).embed(2, &mut row);
    assert_eq!(row, [100.5, 200.25]);
}

// -------------------------------------------------------------------------------------------------------- rotations

const HALVES: &str = r#""rope""#;
const NEIGHBOURS: &str = r#"{"id": "rope", "interleaved": true}"#;

#[test]
fn rope_as_printed() {
    for (json, expected) in [
        (NEIGHBOURS, [-1.142_640, 1.922_076, 2.959_851, 4.029_800]),
        (HALVES, [-1.984_111, 1.959_901, 2.462_378, 4.019_800]),
    ] {
        let found = rotated(json, 1, &[1.0, 2.0, 3.0, 4.0]);
        found.iter().zip(expected).for_each(|(&x, y)| near(f64::from(x), y, 8e-7, json));
        assert_eq!(rotated(json, 0, &[1.0, 2.0, 3.0, 4.0]), [1.0, 2.0, 3.0, 4.0]);
    }
}

#[test]
fn rope_keeps_norms() {
    for json in [HALVES, NEIGHBOURS] {
        for (d, p) in [(2, 1), (4, -3), (64, 12_345), (128, 1 << 24)] {
            let row = Random(d as u64).normals(d);
            let turned = rotated(json, p, &row);
            assert_ne!(row, turned);
            near(dot(&turned, &turned), dot(&row, &row), 2.0 * EPS * dot(&row, &row), json);
        }
    }
}

/// Positions (5, 3) and (7, 5), and the same far away.
#[test]
fn a_product_after_rope_sees_the_difference_alone() {
    for json in [HALVES, NEIGHBOURS, r#"{"id": "rope", "ropeTheta": 500000, "rotaryEmbeddingDim": 6}"#] {
        let mut random = Random(9);
        let (q, k) = (random.normals(8), random.normals(8));
        let product = |p, r| dot(&rotated(json, p, &q), &rotated(json, r, &k));
        let bound = 4.0 * EPS * (dot(&q, &q) * dot(&k, &k)).sqrt();
        for (p, r) in [(7, 5), (2, 0), (0, -2), (1 << 20, (1 << 20) - 2)] {
            near(product(p, r), product(5, 3), bound, &format!("{json}, {p} and {r}"));
        }
        assert!((product(5, 3) - product(5, 4)).abs() > 1e-3, "{json}: positions change nothing");
    }
}

/// P(rope_interleaved(x)) = rope_half(P x), where P moves the even dimensions to the front.
#[test]
fn the_two_layouts_of_rope_are_one_up_to_a_permutation() {
    for d in [2, 4, 6, 64] {
        let row = Random(d as u64).normals(d);
        let permute = |x: &[f32]| -> Vec<f32> {
            let (even, odd) = (x.iter().step_by(2), x.iter().skip(1).step_by(2));
            even.chain(odd).copied().collect()
        };
        for p in [1, 17, 4096] {
            let (a, b) = (permute(&rotated(NEIGHBOURS, p, &row)), rotated(HALVES, p, &permute(&row)));
            assert!(same_bits(&a, &b), "{d}, position {p}");
            assert!(d == 2 || !same_bits(&rotated(NEIGHBOURS, p, &row), &rotated(HALVES, p, &row)), "{d}");
        }
    }
}

#[test]
fn partial_rope_leaves_the_rest_alone() {
    let row = Random(1).normals(10);
    for (whole, interleaved) in [(HALVES, false), (NEIGHBOURS, true)] {
        for turning in [2, 6, 10] {
            let json = format!(r#"{{"id": "rope", "interleaved": {interleaved}, "rotaryEmbeddingDim": {turning}}}"#);
            let found = rotated(&json, 3, &row);
            assert!(same_bits(&found[..turning], &rotated(whole, 3, &row[..turning])), "{json}");
            assert!(same_bits(&found[turning..], &row[turning..]), "{json}");
        }
    }
}

/// What two partners add to a product of rotated rows belongs together: their sum depends on the difference of positions alone.
#[test]
fn partners_are_turned_together() {
    let half = r#"{"id": "rope", "rotaryEmbeddingDim": 6}"#;
    let neighbours = r#"{"id": "rope", "rotaryEmbeddingDim": 6, "interleaved": true}"#;
    for (json, expected) in [(half, [3, 4, 5, 0, 1, 2]), (neighbours, [1, 0, 3, 2, 5, 4])] {
        let encoding = of(json, 9);
        let partners: Vec<_> = (0..9).map(|c| encoding.of(0).partner(c)).collect();
        let expected: Vec<_> = expected.into_iter().map(Some).chain([None; 3]).collect();
        assert_eq!(partners, expected, "{json}");
        let mut random = Random(2);
        let (q, k) = (random.normals(9), random.normals(9));
        let terms =
            |p, r| -> Vec<f32> { rotated(json, p, &q).iter().zip(rotated(json, r, &k)).map(|(q, k)| q * k).collect() };
        let (near_by, far) = (terms(5, 3), terms(70, 68));
        for (c, partner) in (0..9).zip(partners) {
            let both = |terms: &[f32]| f64::from(terms[c]) + partner.map_or(0.0, |c| f64::from(terms[c]));
            near(both(&near_by), both(&far), 3e-6, &format!("{json}, dimension {c}"));
        }
    }
    assert!((0..9).all(|c| of(r#""sinusoidal""#, 9).of(0).partner(c).is_none()));
}

#[test]
fn a_problem_tells_partners_where_dimensions_last() {
    let mut case = Case::normal([1, 1, 1, 3, 3, 4, 1], 1);
    case.options.position = Choice::id("rope");
    let partners = |case: &Case| (0..4).map(|c| case.problem().expect("fits").partner(0, c)).collect::<Vec<_>>();
    assert_eq!(partners(&case), [Some(2), Some(3), Some(0), Some(1)]);
    case.options.score = Some(Choice::id("general"));
    assert_eq!(partners(&case), [None; 4]);
}

// ----------------------------------------------------------------------------------------------------------- biases

/// What the authors' rule gives for these numbers of heads, as exponents of one half.
#[test]
fn alibi_slopes_as_printed() {
    let eight: [f64; 8] = core::array::from_fn(|h| h as f64 + 1.0);
    let twelve = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 0.5, 1.5, 2.5, 3.5];
    let lists: [&[f64]; 5] = [&[8.0], &[4.0, 8.0, 2.0], &[2.0, 4.0, 6.0, 8.0, 1.0, 3.0], &eight, &twelve];
    for exponents in lists {
        let heads = exponents.len();
        let set = set(r#""alibi""#, sizes(heads, [1, 1, 1]), 0).expect("fits");
        for (head, exponent) in exponents.iter().enumerate() {
            let slope = biases(&set, head, 1, 0, 1)[0][0];
            assert_eq!(slope, -0.5f64.powf(*exponent) as f32, "head {head} of {heads}");
        }
    }
}

#[test]
fn alibi_slopes_are_those_of_the_recursion() {
    for heads in (1..=70).chain([100, 128, 1000]) {
        let sizes = sizes(heads, [1, 1, 1]);
        let (definition, settings) = definition(&Choice::id("alibi"), &sizes);
        for head in 0..heads {
            let expected = -(definition.bias)(1, 0, &settings, &Head { sizes, head });
            near(alibi::slope(heads, head), expected, 1e-12 * expected, &format!("head {head} of {heads}"));
        }
    }
}

/// −m (p − j): keys after the query gain unless both sides are alike; exact as far as positions count.
#[test]
fn alibi_is_a_line_through_the_own_position() {
    let line = of(r#""alibi""#, 1);
    let both = of(r#"{"id": "alibi", "symmetric": true}"#, 1);
    let m = 0.5f32.powi(8);
    for (key, (one, two)) in biases(&line, 0, 2, 0, 20).iter().zip(biases(&both, 0, 2, 0, 20)).enumerate() {
        for lane in 0..WIDTH {
            let distance = 2.0 + lane as f32 - key as f32;
            assert_eq!([one[lane], two[lane]], [-m * distance, -m * distance.abs()]);
        }
    }
    let far = 1 << 24;
    assert_eq!(biases(&line, 0, far - 7, far as usize - 8, 1)[0], core::array::from_fn(|lane| -m * (lane + 1) as f32));
}

/// The authors' code adds m j, without the row's constant −m p. A softmax does not see the difference, a sigmoid does.
#[test]
fn the_constant_of_a_row_matters_where_weights_are_not_shares() {
    let weights = |normalizer: &str, without_constant: bool| {
        let mut case = Case::normal([1, 2, 2, 6, 6, 4, 1], 3);
        case.options.normalizer = choice(normalizer);
        case.options.causal = true;
        if without_constant {
            let slopes = [2f32.powi(-4), 2f32.powi(-8)];
            let data = slopes.iter().flat_map(|m| (0..6).map(move |j| m * j as f32)).collect();
            case.bias = Some((data, [1, 2, 1, 6]));
        } else {
            case.options.position = Choice::id("alibi");
        }
        case
    };
    for (normalizer, sees) in [("softmax", false), ("entmax15", false), ("sigmoid", true), ("softmax1", true)] {
        let normalizer = format!("\"{normalizer}\"");
        let (ours, theirs) = (weights(&normalizer, false), weights(&normalizer, true));
        let pairs = || ours.weights().into_iter().zip(theirs.weights());
        let apart = pairs().map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert_eq!(apart > 1e-3, sees, "{normalizer}: {apart}");
        assert!(sees || apart < 1e-6, "{normalizer}: {apart}");
    }
    // The sigmoid itself, from the scaled stage.
    let case = weights(r#"{"id": "sigmoid", "bias": 0}"#, false);
    let attended = case.attend();
    let scaled = &attended.stages[Stage::Scaled as usize].1;
    for (at, &w) in attended.weights.as_ref().expect("asked for").iter().enumerate() {
        let (head, i, j) = (at / 36, at / 6 % 6, at % 6);
        let logit = f64::from(scaled[at]) - [2f64.powi(-4), 2f64.powi(-8)][head] * (i as f64 - j as f64);
        let expected = if j <= i { 1.0 / (1.0 + (-logit).exp()) } else { 0.0 };
        near(f64::from(w), expected, 1e-6, &format!("head {head}, row {i}, key {j}"));
    }
}

/// A table that holds the number of each bucket.
fn numbered(buckets: usize, rest: &str) -> String {
    let data = (0..buckets).map(|b| b.to_string()).collect::<Vec<_>>().join(", ");
    format!(r#"{{"id": "t5", "table": {{"shape": [{buckets}, 1], "data": [{data}]}}{rest}}}"#)
}

/// The bucket of j − p = `relative`.
fn bucket(encoding: &PerHead<Box<dyn Position>>, relative: i64) -> usize {
    let (position, key) = ((-relative).max(0), relative.max(0) as usize);
    biases(encoding, 0, position, key, 1)[0][0] as usize
}

fn t5(json: &str) -> PerHead<Box<dyn Position>> {
    set(json, sizes(1, [5000, 5000, 1]), 0).expect(json)
}

#[test]
fn t5_buckets_start_where_printed() {
    let both = t5(&numbered(32, ""));
    let one_way = t5(&numbered(32, r#", "bidirectional": false"#));
    let start = |side: usize, starts: &[i64]| {
        for (k, &start) in starts.iter().enumerate() {
            let expected = side / 2 + k;
            for (x, bucket_of_x) in [(start - 1, expected - 1), (start, expected), (start + 1, expected)] {
                // Two buckets may start side by side.
                let expected = bucket_of_x + usize::from(starts.get(k + 1) == Some(&x));
                if side == 16 {
                    assert_eq!([bucket(&both, -x), bucket(&both, x)], [expected, 16 + expected], "{x} both ways");
                } else {
                    assert_eq!([bucket(&one_way, -x), bucket(&one_way, x)], [expected, 0], "{x} one way");
                }
            }
        }
    };
    start(16, &[8, 12, 16, 23, 32, 46, 64, 91]);
    start(32, &[16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113]);
    assert_eq!([bucket(&both, 1), bucket(&both, -1), bucket(&both, 0)], [17, 1, 0]);
    assert_eq!([bucket(&both, 4000), bucket(&both, -4000), bucket(&one_way, -4000)], [31, 15, 31]);
    let used: BTreeSet<usize> = (-400..400).map(|relative| bucket(&both, relative)).collect();
    assert_eq!(used, (0..32).filter(|&b| b != 16).collect(), "bucket 16 would be distance 0 to a key after the query");
}

/// Every distance, by the rule in whole numbers of 128 bits. Logarithms in double precision miss some: 9 buckets up to 128.
#[test]
fn t5_buckets_are_exact() {
    let (mut compared, mut missed) = (0, 0);
    for (buckets, farthest) in
        (2..=12).flat_map(|buckets| [7, 8, 9, 27, 64, 125, 128, 160, 1024].map(|far| (buckets, far)))
    {
        let side = t5(&numbered(buckets, &format!(r#", "bidirectional": false, "maxDistance": {farthest}"#)));
        let (exact, n) = (buckets as u128 / 2, buckets as u128);
        for x in 0..farthest as u128 + 20 {
            let power = |base: u128, k: u128| base.pow(k as u32);
            let reaches = |k: &u128| power(x, n - exact) >= power(farthest as u128, *k) * power(exact, n - exact - k);
            let expected = if x < exact { x } else { exact + (1..n - exact).filter(reaches).count() as u128 };
            assert_eq!(bucket(&side, -(x as i64)) as u128, expected, "{buckets} buckets up to {farthest}: {x}");
            let share = (x as f64 / exact as f64).ln() / (farthest as f64 / exact as f64).ln();
            let by_logarithm = exact + (share * (n - exact) as f64) as u128;
            missed += usize::from(x >= exact && by_logarithm.min(n - 1) != expected);
            compared += 1;
        }
    }
    assert!(compared > 10_000 && missed > 0, "{compared} compared, {missed} missed by logarithms");
}

#[test]
fn t5_takes_the_column_of_its_head_and_nothing_by_default() {
    let json = r#"{"id": "t5", "maxDistance": 3, "table": {"shape": [4, 2], "data": [1, 10, 2, 20, 3, 30, 4, 40]}}"#;
    let encoding = set(json, sizes(2, [2, 3, 1]), 0).expect("fits");
    let rows = |head| [0, 1].map(|lane| biases(&encoding, head, 0, 0, 3).iter().map(|b| b[lane]).collect::<Vec<_>>());
    assert_eq!(rows(0), [[1.0, 4.0, 4.0], [2.0, 1.0, 4.0]]);
    assert_eq!(rows(1), [[10.0, 40.0, 40.0], [20.0, 10.0, 40.0]]);
    assert_eq!(biases(&of(r#""t5""#, 1), 0, 3, 0, 9), [[0.0; WIDTH]; 9]);
}

// -------------------------------------------------------------------------------------------------- in the pipeline

/// Rows of a problem with an offset are the later rows of a problem with more queries, bit for bit.
#[test]
fn an_offset_shifts_positions() {
    let shape = [1, 2, 1, 21, 21, 6, 2];
    for position in support::positions(shape) {
        let mut whole = Case::normal(shape, 4);
        whole.options.position = position.clone();
        let all = whole.attend();
        for (n, choose) in [(8, true), (13, false)] {
            let mut part = whole.clone();
            let row = |head: usize, i: usize| &whole.query.0[(head * 21 + i) * 6..][..6];
            let data = (0..2).flat_map(|head| (21 - n..21).flat_map(move |i| row(head, i))).copied().collect();
            part.query = (data, [1, 2, n, 6]);
            assert!(
                matches!(part.problem().map_err(Fault::from), Err(Fault::Parameter { name, .. }) if name == "causalAlignment")
                    || position.name() == "none"
            );
            part.options.causal_alignment = Some(Alignment::LowerRight).filter(|_| choose);
            part.options.causal_offset = Some(21 - n as i64).filter(|_| !choose);
            let found = part.attend();
            for (stage, (id, found)) in found.stages.iter().enumerate() {
                for head in 0..2 {
                    let expected = &all.stages[stage].1[(head * 21 + 21 - n) * 21..][..n * 21];
                    assert!(same_bits(&found[head * n * 21..][..n * 21], expected), "{position:?}, {id:?}");
                }
            }
        }
    }
}

/// Each plane of (B, H, M, d) two times.
fn twice((data, [b, h, m, d]): &(Vec<f32>, [usize; 4])) -> (Vec<f32>, [usize; 4]) {
    (data.chunks(m * d).flat_map(|plane| [plane, plane].concat()).collect(), [*b, 2 * h, *m, *d])
}

/// Shared keys are those that each head of the group would have.
#[test]
fn heads_share_keys_with_their_positions() {
    let shape = [2, 4, 2, 9, 11, 6, 3];
    for position in support::positions(shape) {
        let mut shared = Case::normal(shape, 6);
        assert!(shared.place(&position));
        let mut each = shared.clone();
        each.key = twice(&shared.key);
        each.value = shared.value.as_ref().map(twice);
        let (a, b) = (shared.attend(), each.attend());
        assert!(same_bits(a.weights.as_ref().expect("asked"), b.weights.as_ref().expect("asked")), "{position:?}");
        assert!(same_bits(a.output.as_ref().expect("asked"), b.output.as_ref().expect("asked")), "{position:?}");
    }
}

/// Problems without heads, rows or keys are problems.
#[test]
fn nothing_to_encode_is_no_trouble() {
    for [b, hq, hkv, n, m] in [[0, 2, 1, 3, 3], [1, 0, 0, 3, 3], [1, 2, 2, 0, 3], [1, 2, 2, 3, 0]] {
        let shape = [b, hq, hkv, n, m, 4, 2];
        for position in support::positions(shape) {
            let mut case = Case::normal(shape, 1);
            assert!(case.place(&position) || position.name() == "learned");
            let problem = Problem::new(case.inputs(), &case.options);
            match problem {
                Ok(problem) => assert_eq!(problem.sizes.planes(), b * hq),
                Err(error) => assert!(position.name() == "learned" && n > m, "{position:?}: {error:?}"),
            }
        }
    }
}

// ------------------------------------------------------------------------------------------------- what is refused

/// Each bad choice for two heads of size 6, 4 queries and 5 keys, and the parameter that the error names.
const REFUSED: &[(&str, &str)] = &[
    (r#"{"id": "sinusoidal", "layout": "halves"}"#, "layout"),
    (r#"{"id": "sinusoidal", "frequency": 2}"#, "frequency"),
    (r#"{"id": "sinusoidal", "theta": 0}"#, "theta"),
    (r#"{"id": "sinusoidal", "theta": 1e-300}"#, "theta"),
    (r#"{"id": "sinusoidal", "theta": 1e300}"#, "theta"),
    (r#"{"id": "sinusoidal", "ropeTheta": 3}"#, "parameter of sinusoidal"),
    (r#"{"id": "learned", "table": 3}"#, "table"),
    (r#"{"id": "learned", "table": {"shape": [6], "data": [1, 2, 3, 4, 5, 6]}}"#, "table"),
    (r#"{"id": "learned", "table": {"shape": [2, 5], "data": [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]}}"#, "table"),
    (r#"{"id": "learned", "table": {"shape": [1, 6], "data": [1, 2, 3, 4, 5, 6]}}"#, "table"),
    (r#"{"id": "learned", "table": {"shape": [1, 6], "data": [1, 2, 3, 4, 5, 1e39]}}"#, "table[5]"),
    (r#"{"id": "rope", "ropeTheta": 0}"#, "ropeTheta"),
    (r#"{"id": "rope", "ropeTheta": -10000}"#, "ropeTheta"),
    (r#"{"id": "rope", "ropeTheta": 1e-50}"#, "ropeTheta"),
    (r#"{"id": "rope", "interleaved": 1}"#, "interleaved"),
    (r#"{"id": "rope", "rotaryEmbeddingDim": 0}"#, "rotaryEmbeddingDim"),
    (r#"{"id": "rope", "rotaryEmbeddingDim": 3}"#, "rotaryEmbeddingDim"),
    (r#"{"id": "rope", "rotaryEmbeddingDim": 2.5}"#, "rotaryEmbeddingDim"),
    (r#"{"id": "rope", "rotaryEmbeddingDim": 8}"#, "rotaryEmbeddingDim"),
    (r#"{"id": "alibi", "symmetric": "yes"}"#, "symmetric"),
    (r#"{"id": "t5", "table": {"shape": [4], "data": [1, 2, 3, 4]}}"#, "table"),
    (r#"{"id": "t5", "table": {"shape": [4, 1], "data": [1, 2, 3, 4]}}"#, "table"),
    (r#"{"id": "t5", "table": {"shape": [5, 2], "data": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}"#, "table"),
    (r#"{"id": "t5", "table": {"shape": [2, 2], "data": [1, 2, 3, 4]}}"#, "table"),
    (r#"{"id": "t5", "bidirectional": false, "table": {"shape": [1, 2], "data": [1, 2]}}"#, "table"),
    (r#"{"id": "t5", "bidirectional": "no"}"#, "bidirectional"),
    (r#"{"id": "t5", "maxDistance": 8}"#, "maxDistance"),
    (r#"{"id": "t5", "maxDistance": 16, "bidirectional": false}"#, "maxDistance"),
    (r#"{"id": "t5", "maxDistance": 100.5}"#, "maxDistance"),
    (r#"{"id": "t5", "maxDistance": 16777217}"#, "maxDistance"),
];

fn refusal(found: Result<PerHead<Box<dyn Position>>, Error>) -> (String, String) {
    match found.err().map(Fault::from) {
        Some(Fault::Parameter { name, expected, found } | Fault::Shape { name, expected, found }) => {
            (name, format!("{expected}; {found}"))
        }
        Some(Fault::Unknown { name, expected, found }) => (name, format!("{expected}; {found}")),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn bad_parameters_are_named() {
    for (json, name) in REFUSED {
        let (found, words) = refusal(set(json, sizes(2, [4, 5, 6]), 1));
        assert_eq!(found, *name, "{json}: {words}");
    }
    let many = format!(r#"{{"id": "t5", "table": {{"shape": [258, 1], "data": [{}0]}}}}"#, "0, ".repeat(257));
    assert_eq!(refusal(set(&many, sizes(1, [4, 5, 6]), 1)).0, "table");
}

#[test]
fn an_odd_head_size_asks_how_many_dimensions_turn() {
    for (d, way) in [(1, ""), (5, " (rotaryEmbeddingDim: 4)")] {
        let (name, words) = refusal(set(HALVES, sizes(1, [2, 2, d]), 0));
        assert_eq!(name, "rotaryEmbeddingDim");
        let rule = format!("an even number of at most the head size, {d}, since RoPE turns pairs{way}");
        assert_eq!(words, format!("{rule}; automatic: all {d}"));
    }
    assert!(set(r#"{"id": "rope", "rotaryEmbeddingDim": 4}"#, sizes(1, [2, 2, 5]), 0).is_ok());
}

/// Queries before the table and after it, and keys after it.
#[test]
fn a_position_outside_the_table_is_named() {
    let json = r#"{"id": "learned", "table": {"shape": [3, 1], "data": [1, 2, 3]}}"#;
    let rows = "3 rows, for positions 0 to 2";
    for ([n, m], offset, expected) in [
        ([2, 3], -1, "a row for position -1, where a query stands"),
        ([2, 3], 2, "a row for position 3, where a query stands"),
        ([2, 4], 0, "a row for position 3, where a key stands"),
    ] {
        let (name, words) = refusal(set(json, sizes(1, [n, m, 1]), offset));
        assert_eq!((name.as_str(), words), ("table", format!("{expected}; {rows}")));
    }
    assert!(set(json, sizes(1, [2, 3, 1]), 1).is_ok());
}

/// Single precision counts to 2^24.
#[test]
fn positions_beyond_what_can_be_counted_are_refused() {
    let far = 1 << 24;
    for entry in POSITIONS {
        let json = format!("\"{}\"", entry.member.id);
        let at = |offset| set(&json, sizes(1, [4, 4, 2]), offset);
        assert!([0, far - 3, -far].iter().all(|&offset| at(offset).is_ok()), "{json}");
        for offset in [far - 2, -far - 1, i64::MAX, i64::MIN] {
            assert!(entry.member.id == "none" || refusal(at(offset)).0 == "causalOffset", "{json}, {offset}");
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let mut case = Case::normal([1, 1, 1, 3, 3, 4, 2], 1);
    let w = Tensor { shape: vec![4, 6], data: Random(2).normals(24) };
    let settings = [("w".to_string(), Setting::Tensor(w))].into();
    case.options.score = Some(Choice::With { id: "general".into(), settings });
    case.key = (Random(1).normals(3 * 6), [1, 1, 3, 6]);
    for entry in POSITIONS {
        case.options.position = Choice::id(entry.member.id);
        assert_eq!(case.problem().is_err(), entry.changes_rows, "{}: keys of another size", entry.member.id);
    }
    let mut case = Case::normal([1, 1, 1, 3, 3, 4, 2], 1);
    case.options.normalizer = Choice::id("linear_elu1");
    for entry in POSITIONS {
        case.options.position = Choice::id(entry.member.id);
        let refused =
            matches!(case.problem().map_err(Fault::from), Err(Fault::Parameter { name, .. }) if name == "position");
        assert_eq!(refused, entry.biases, "{} with a normalizer that takes no bias", entry.member.id);
    }
}

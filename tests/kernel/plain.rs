//! The plain single-precision loops that anyone would write, and how much better or worse the kernel is.

use crate::support::{Case, bounds, oracle};
use qkscope::options::Choice;

/// The largest errors of weights and outputs, for the fast code and, where there is one, a plain loop.
pub fn worst(case: &Case, plain: Option<&(Vec<f32>, Vec<f32>)>) -> [[f64; 2]; 2] {
    let attended = case.attend();
    let ([_, _, n, _], m, dv) = (case.query.1, case.key.1[2], case.value.as_ref().expect("has V").1[3]);
    let fast = (attended.weights.expect("asked for"), attended.output.expect("asked for"));
    // A NaN is the largest of all, where `max` would pass over it.
    let larger = |a: f64, b: f64| if b.is_nan() || b > a { b } else { a };
    let off = |found: &[f32], expected: &[f64]| {
        found.iter().zip(expected).map(|(x, y)| (f64::from(*x) - y).abs()).fold(0.0, larger)
    };
    let mut errors = [[0.0; 2]; 2];
    for i in 0..n {
        let row = oracle::row(case, 0, i);
        for (which, (weights, output)) in [Some(&fast), plain].into_iter().flatten().enumerate() {
            errors[0][which] = larger(errors[0][which], off(&weights[i * m..][..m], &row.stages[5]));
            errors[1][which] = larger(errors[1][which], off(&output[i * dv..][..dv], &row.output));
        }
    }
    errors
}

/// A score as written down, with its scale, and a normalizer as written down.
type Plain = (&'static str, fn(&[f32], &[f32]) -> f32, &'static str, fn(&[f32]) -> Vec<f32>);

const PLAIN: &[Plain] = &[
    ("scaled_dot", scaled_dot, "softmax", softmax),
    ("dot", dot, "softmax", softmax),
    ("cosine", cosine, "softmax", softmax),
    ("neg_l2", neg_l2, "softmax", softmax),
    ("additive", additive, "softmax", softmax),
    ("scaled_dot", scaled_dot, "sparsemax", sparsemax),
    ("scaled_dot", scaled_dot, "entmax15", entmax15),
    ("scaled_dot", scaled_dot, "softmax1", softmax1),
    ("scaled_dot", scaled_dot, "relu_n", relu_n),
];

fn sum(x: impl Iterator<Item = f32>) -> f32 {
    x.fold(0.0, |sum, x| sum + x)
}

fn dot(q: &[f32], k: &[f32]) -> f32 {
    sum(q.iter().zip(k).map(|(q, k)| q * k))
}

fn scaled_dot(q: &[f32], k: &[f32]) -> f32 {
    dot(q, k) / (q.len() as f32).sqrt()
}

fn cosine(q: &[f32], k: &[f32]) -> f32 {
    dot(q, k) / (dot(q, q).sqrt() * dot(k, k).sqrt())
}

fn neg_l2(q: &[f32], k: &[f32]) -> f32 {
    -sum(q.iter().zip(k).map(|(q, k)| (q - k) * (q - k))) / (q.len() as f32).sqrt()
}

fn additive(q: &[f32], k: &[f32]) -> f32 {
    sum(q.iter().zip(k).map(|(q, k)| (q + k).tanh()))
}

fn largest(l: &[f32]) -> f32 {
    l.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

fn softmax(l: &[f32]) -> Vec<f32> {
    let terms: Vec<f32> = l.iter().map(|x| (x - largest(l)).exp()).collect();
    let total = sum(terms.iter().copied());
    terms.iter().map(|e| e / total).collect()
}

fn softmax1(l: &[f32]) -> Vec<f32> {
    let max = largest(l).max(0.0);
    let total = (-max).exp() + sum(l.iter().map(|x| (x - max).exp()));
    l.iter().map(|x| (x - max).exp() / total).collect()
}

fn relu_n(l: &[f32]) -> Vec<f32> {
    l.iter().map(|x| x.max(0.0) / l.len() as f32).collect()
}

fn sorted(l: &[f32]) -> Vec<f32> {
    let mut sorted = l.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted
}

fn sparsemax(l: &[f32]) -> Vec<f32> {
    let (mut total, mut tau) = (0.0, 0.0);
    for (k, z) in (1..).zip(sorted(l)) {
        total += z;
        if 1.0 + k as f32 * z > total {
            tau = (total - 1.0) / k as f32;
        }
    }
    l.iter().map(|z| (z - tau).max(0.0)).collect()
}

fn entmax15(l: &[f32]) -> Vec<f32> {
    let x: Vec<f32> = l.iter().map(|z| (z - largest(l)) / 2.0).collect();
    let (mut total, mut squares, mut tau) = (0.0, 0.0, 0.0);
    for (k, z) in (1..).zip(sorted(&x)) {
        (total, squares) = (total + z, squares + z * z);
        let mean = total / k as f32;
        let candidate = mean - ((1.0 - (squares - k as f32 * mean * mean)) / k as f32).max(0.0).sqrt();
        if candidate <= z {
            tau = candidate;
        }
    }
    x.iter().map(|z| (z - tau).max(0.0).powi(2)).collect()
}

/// Weights and outputs of a case of one head.
fn attend(case: &Case, &(_, score, _, normalize): &Plain) -> (Vec<f32>, Vec<f32>) {
    let (d, dv) = (case.query.1[3], case.value.as_ref().expect("has V").1[3]);
    let value = &case.value.as_ref().expect("has V").0;
    let (mut weights, mut output) = (Vec::new(), Vec::new());
    for q in case.query.0.chunks(d) {
        let row = normalize(&case.key.0.chunks(d).map(|k| score(q, k)).collect::<Vec<f32>>());
        output.extend((0..dv).map(|c| sum(row.iter().enumerate().map(|(j, w)| w * value[j * dv + c]))));
        weights.extend(row);
    }
    (weights, output)
}

/// On standard normal data the errors are never twice those of the plain loop.
#[test]
fn no_worse_than_a_plain_loop() {
    for plain in PLAIN {
        for (n, m, d) in [(16, 64, 32), (8, 512, 64), (8, 2000, 128)] {
            let mut case = Case::normal([1, 1, 1, n, m, d, d], (n + m + d) as u64);
            case.choose(&Choice::id(plain.0), &Choice::id(plain.2));
            let [[weight, plain_weight], [value, plain_value]] = worst(&case, Some(&attend(&case, plain)));
            let at = format!("{} and {}, {n} x {m}", plain.0, plain.2);
            assert!(weight <= 2.0 * plain_weight, "{at}: weights {weight:e}, a plain loop {plain_weight:e}");
            assert!(value <= 2.0 * plain_value, "{at}: outputs {value:e}, a plain loop {plain_value:e}");
        }
    }
}

#[test]
fn ordinary_data_stays_within_stated_figures() {
    let mut largest = [0.0, 0.0];
    for (n, m, d) in [(16, 64, 32), (8, 512, 64), (8, 2000, 128)] {
        let case = Case::normal([1, 1, 1, n, m, d, d], (n + m + d) as u64);
        let [[weight, _], [value, _]] = worst(&case, None);
        largest = [f64::max(largest[0], weight), f64::max(largest[1], value)];
    }
    bounds::hold("weights of softmax on normal data", largest[0], bounds::NORMAL_WEIGHT);
    bounds::hold("outputs of softmax on normal data", largest[1], bounds::NORMAL_OUTPUT);
}

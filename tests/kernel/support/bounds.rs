//! The stated error bounds, in one place. `EPS` is half a unit in the last place of 1.

use qkscope::normalize::Sensitivity;
use std::io::Write;

/// 2^-24.
pub const EPS: f64 = 1.0 / 16_777_216.0;

/// Units in the last place of the elementary functions.
pub const EXP_ULP: f64 = 1.0;
pub const LN_ULP: f64 = 1.0;
pub const TANH_ULP: f64 = 2.0;

/// Numbers below this may be flushed to 0.
pub const TINY: f64 = 1.2e-38;

/// |error of a logit| for head size d, the factor scale / temperature, Σ|q_c k_c| of the prepared rows, and the logit.
pub fn logit(d: usize, factor: f64, magnitude: f64, logit: f64) -> f64 {
    (d as f64 + 4.0) * EPS * factor.abs() * magnitude + 2.0 * EPS * logit.abs()
}

/// The error of a weight, where `worst` is the largest logit error of the row (relative to the logit for shares) and M the number
/// of keys.
pub fn weight(sensitivity: Sensitivity, worst: f64, keys: usize, weight: f64) -> f64 {
    let rounding = (16.0 + summed(keys)) * EPS;
    match sensitivity {
        Sensitivity::Exponential | Sensitivity::Share => (2.0 * worst + rounding) * weight + TINY,
        Sensitivity::Linear => 2.0 * worst + rounding * weight.max(1.0),
    }
}

/// The error of an output, given Σ w |v|, Σ |dw| |v| and M.
pub fn output(keys: usize, magnitude: f64, from_weights: f64) -> f64 {
    from_weights + (4.0 + summed(keys)) * EPS * magnitude
}

/// A plain sum of M terms is off by M eps at most; blocks of 256 make it less.
fn summed(keys: usize) -> f64 {
    keys.min(256) as f64 + keys as f64 / 256.0
}

/// The relative error of statistics that are sums over the row, from weights whose relative error is `weights`.
pub fn statistic(keys: usize, weights: f64) -> f64 {
    4.0 * weights + (32.0 + summed(keys)) * EPS
}

/// On standard normal Q, K and V: the largest error of a weight and of an output.
pub const NORMAL_WEIGHT: f64 = 2e-7;
pub const NORMAL_OUTPUT: f64 = 4e-7;

/// The same for each member with its own parameters, on 256 keys of d = 64. Scores that are not scaled to a spread of 1, and
/// distances, have logits of 8 to 30, which single precision holds to 1e-6 at best; piecewise linear normalizers pass the error
/// of a logit on as it is. A plain loop is no better (`no_worse_than_a_plain_loop`).
pub fn figure(id: &str) -> (f64, f64) {
    let found = FIGURES.iter().find(|(member, _, _)| *member == id);
    let (_, weight, output) = found.unwrap_or_else(|| panic!("{id} has no figure: measure it and state it here"));
    (*weight, *output)
}

const FIGURES: &[(&str, f64, f64)] = &[
    ("dot", 1e-6, 3e-6),
    ("scaled_dot", 9e-8, 3e-7),
    ("cosine", 5e-9, 2e-7),
    ("general", 1e-6, 3e-6),
    ("additive", 1e-6, 5e-6),
    ("concat", 1e-6, 5e-6),
    ("neg_l2", 7e-7, 2e-6),
    ("rbf", 9e-8, 5e-7),
    ("qk_norm_l2", 7e-7, 2e-6),
    ("qk_norm_rms", 1e-7, 4e-7),
    ("qk_norm_ln", 9e-8, 4e-7),
    ("swin_v2_cosine", 2e-7, 5e-7),
    ("softmax", 9e-8, 3e-7),
    ("sigmoid", 8e-8, 6e-7),
    ("softmax1", 8e-8, 7e-7),
    ("softmax_sink", 8e-8, 7e-7),
    ("sparsemax", 8e-7, 3e-6),
    ("entmax15", 6e-7, 1e-6),
    ("relu_n", 5e-9, 6e-8),
    ("topk", 3e-7, 7e-7),
    ("soft_threshold", 9e-8, 2e-7),
    ("linear_elu1", 8e-9, 2e-7),
    ("none", 9e-8, 3e-7),
    ("sinusoidal", 2e-7, 5e-7),
    ("learned", 2e-7, 5e-7),
    ("rope", 2e-7, 4e-7),
    ("alibi", 6e-8, 3e-7),
    ("t5", 9e-8, 4e-7),
];

/// On Q and K of a real model: the stored weights are float32, and were computed before Q and K were rounded to it.
pub const CAPTURE: f64 = 1.5e-6;

/// Definitions in double precision against outside implementations, relative to the value where it is above 1.
pub const DEFINITION: f64 = 1e-12;

/// The sum of a row of weights, or of the terms of a score, in single precision.
pub const SUM: f64 = 1e-5;

/// Two ways to one weight or output that round differently; and where their logits do.
pub const SAME: f64 = 1e-6;
pub const NEARLY: f64 = 1e-5;

/// Statistics of rows of a few keys.
pub const STATISTIC: f64 = 1e-6;

/// What a table that prints six digits leaves open, and single precision with it.
pub const PRINTED: f64 = 1e-6;

/// Holds a measured figure to a stated one, and says on the terminal where the stated one could be three times tighter.
pub fn hold(name: &str, found: f64, stated: f64) {
    assert!(found <= stated, "{name}: {found:e}, stated {stated:e}");
    if found * 3.0 < stated {
        // Written past the capture of test output, which would hide it.
        let text = format!("{name}: the bound {stated:e} can be tightened, the worst found is {found:e}\n");
        std::io::stderr().write_all(text.as_bytes()).expect("a terminal");
    }
}

/// The error of a mean over rows of statistics of weights that are exact: sums in single precision, and entropies of them
/// whose error is that of ln M at most.
pub fn head(keys: usize, mean: f64) -> f64 {
    statistic(keys, 0.0) * (1.0 + (keys as f64).ln()) * (1.0 + mean.abs())
}

/// The relative error of a sum of `terms` numbers of one sign in double precision, whatever the order; as absolute error of
/// shares and scores, which are at most 1.
pub fn double(terms: usize) -> f64 {
    (terms as f64 + 8.0) * f64::EPSILON
}

/// The error of a linear layer, given the number of terms that are summed and Σ |w x| + |b|.
pub fn linear(terms: usize, magnitude: f64) -> f64 {
    (terms as f64 + 4.0) * EPS * magnitude
}

/// The error of a mean over heads, given it and the mean of the errors.
pub fn mean(heads: usize, mean: f64, from_heads: f64) -> f64 {
    from_heads + (heads as f64 + 2.0) * EPS * mean
}

//! A whole problem in double precision, one pair at a time, from the definitions that stand beside the fast code. Masks are
//! written out here once more, from their rules.

use super::{Case, bounds};
use qkscope::normalize::{self, Status};
use qkscope::options::Alignment;
use qkscope::score;

/// One row of the oracle.
pub struct Row {
    /// Raw, scaled, capped and biased scores of every key; masked ones; weights.
    pub stages: [Vec<f64>; 6],
    /// How far the raw scores may be off.
    pub raw_error: Vec<f64>,
    /// How far the logits made of them may be off.
    pub logit_error: Vec<f64>,
    /// Whether each key is left.
    pub allowed: Vec<bool>,
    pub status: Status,
    pub output: Vec<f64>,
    /// |error| of each output.
    pub output_error: Vec<f64>,
    /// |error| of each weight.
    pub weight_error: Vec<f64>,
    /// i + offset.
    pub position: i64,
}

pub fn row(case: &Case, plane: usize, i: usize) -> Row {
    let [b, hq, n, d] = case.query.1;
    let [_, hkv, m, _] = case.key.1;
    let (batch, head) = (plane / hq, plane % hq);
    let kv = batch * hkv + head / (hq / hkv);
    assert!(batch < b);
    let q = wide(&case.query.0[(plane * n + i) * d..][..d]);
    let keys: Vec<Vec<f64>> = (0..m).map(|j| wide(&case.key.0[(kv * m + j) * d..][..d])).collect();
    let position = i as i64 + offset(case, n, m);

    let score = find(score::SCORES.iter().map(|e| e.member.id), case.options.score.name());
    let settings = case.options.score.settings(&score::SCORES[score].member).expect("checked");
    let prepared = score::build(&case.options.score).expect("checked");
    let default_scale = prepared.default_scale(d);
    let factor = case.options.scale.unwrap_or(default_scale) / case.options.temperature;
    let raw: Vec<f64> = keys.iter().map(|k| score::DEFINITIONS[score](&q, k, &settings)).collect();
    let ready = |row: &[f64]| {
        let mut row: Vec<f32> = row.iter().map(|&x| x as f32).collect();
        prepared.prepare(&mut row);
        wide(&row)
    };
    let query = ready(&q);
    let magnitude = |k: &Vec<f64>| query.iter().zip(ready(k)).map(|(a, b)| (a * b).abs()).sum::<f64>();
    let scaled: Vec<f64> = raw.iter().map(|s| s * factor).collect();
    let capped: Vec<f64> = match case.options.softcap.filter(|&c| c > 0.0) {
        Some(c) => scaled.iter().map(|l| c * (l / c).tanh()).collect(),
        None => scaled.clone(),
    };
    let bias: Vec<f64> = (0..m).map(|j| stretched(&case.bias, [batch, head, i, j]).map_or(0.0, f64::from)).collect();
    let biased: Vec<f64> = capped.iter().zip(&bias).map(|(l, b)| l + b).collect();
    let raw_error = (0..m).map(|j| bounds::logit(d, 1.0, magnitude(&keys[j]), raw[j])).collect();
    let logit_error: Vec<f64> = (0..m)
        .map(|j| {
            let size = scaled[j].abs().max(biased[j].abs());
            bounds::logit(d, factor, magnitude(&keys[j]), size)
                + if case.options.softcap.is_some() { 4.0 * bounds::EPS * size } else { 0.0 }
        })
        .collect();

    let allowed: Vec<bool> = (0..m)
        .map(|j| {
            visible(case, batch, position, j)
                && stretched(&case.mask, [batch, head, i, j]) != Some(0)
                && bias[j] != f64::NEG_INFINITY
                && biased[j] != f64::NEG_INFINITY
        })
        .collect();
    let masked: Vec<f64> = (0..m).map(|j| if allowed[j] { biased[j] } else { f64::NEG_INFINITY }).collect();
    let left: Vec<f64> = (0..m).filter(|&j| allowed[j]).map(|j| biased[j]).collect();

    let (mut status, weights) = normalized(case, &left, m);
    let normalizer = find(normalize::NORMALIZERS.iter().map(|e| e.member.id), case.options.normalizer.name());
    let relative = normalize::NORMALIZERS[normalizer].relative;
    if status == Status::Ok && !relative && weights.iter().all(|&w| w == 0.0) {
        status = Status::Zeroed;
    }
    let failed = matches!(status, Status::Nan | Status::Inf);
    let mut weights = weights.into_iter();
    let weights: Vec<f64> = allowed
        .iter()
        .map(|&allowed| {
            if failed {
                f64::NAN
            } else if allowed {
                weights.next().expect("as many as are left")
            } else {
                0.0
            }
        })
        .collect();
    let worst = (0..m).filter(|&j| allowed[j]).map(|j| logit_error[j]).fold(0.0, f64::max);
    let weight_error: Vec<f64> = weights.iter().map(|&w| bounds::weight(relative, worst, m, w)).collect();

    let dv = case.value.as_ref().map_or(0, |v| v.1[3]);
    let value = |j: usize, c: usize| f64::from(case.value.as_ref().expect("dv > 0").0[(kv * m + j) * dv + c]);
    let over = |c: usize, f: &dyn Fn(usize, f64) -> f64| -> f64 {
        if failed {
            return f64::NAN;
        }
        (0..m).filter(|&j| allowed[j]).map(|j| f(j, value(j, c))).sum()
    };
    let output = (0..dv).map(|c| over(c, &|j, v| weights[j] * v)).collect();
    let output_error = (0..dv)
        .map(|c| bounds::output(m, over(c, &|j, v| weights[j] * v.abs()), over(c, &|j, v| weight_error[j] * v.abs())))
        .collect();
    Row {
        stages: [raw, scaled, capped, biased, masked, weights],
        raw_error,
        logit_error,
        allowed,
        status,
        output,
        output_error,
        weight_error,
        position,
    }
}

/// The status that the logits alone decide, and the weights of the keys that are left.
fn normalized(case: &Case, left: &[f64], keys: usize) -> (Status, Vec<f64>) {
    if left.is_empty() {
        return (Status::Empty, Vec::new());
    }
    if left.iter().any(|l| l.is_nan()) {
        return (Status::Nan, Vec::new());
    }
    // What overflows single precision is infinite there.
    if left.iter().any(|&l| l as f32 == f32::INFINITY) {
        return (Status::Inf, Vec::new());
    }
    let choice = &case.options.normalizer;
    let index = find(normalize::NORMALIZERS.iter().map(|e| e.member.id), choice.name());
    let settings = choice.settings(&normalize::NORMALIZERS[index].member).expect("checked");
    (Status::Ok, normalize::DEFINITIONS[index](left, keys, &settings))
}

fn find<'a>(mut ids: impl Iterator<Item = &'a str>, id: &str) -> usize {
    ids.position(|known| known == id).expect("in the list")
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

fn offset(case: &Case, n: usize, m: usize) -> i64 {
    match (case.options.causal_offset, case.options.causal_alignment) {
        (Some(offset), _) => offset,
        (None, Some(Alignment::LowerRight)) => m as i64 - n as i64,
        _ => 0,
    }
}

fn visible(case: &Case, batch: usize, position: i64, j: usize) -> bool {
    let options = &case.options;
    let j = j as i64;
    (!options.causal || j <= position)
        && (options.left_window_size < 0 || j >= position - options.left_window_size)
        && (options.right_window_size < 0 || j <= position + options.right_window_size)
        && options.key_value_seq_lengths.as_ref().is_none_or(|lengths| j < i64::from(lengths[batch]))
}

fn stretched<T: Copy>(tensor: &Option<(Vec<T>, [usize; 4])>, index: [usize; 4]) -> Option<T> {
    let (data, shape) = tensor.as_ref()?;
    let at = index.iter().zip(shape).fold(0, |at, (&index, &length)| at * length + if length == 1 { 0 } else { index });
    Some(data[at])
}

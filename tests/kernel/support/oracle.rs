//! A whole problem in double precision, one pair at a time, from the definitions that stand beside the fast code. Masks are
//! written out here once more, from their rules.

use super::{Case, bounds};
use qkscope::normalize::{self, Sensitivity, Status};
use qkscope::options::{Alignment, Choice, Settings};
use qkscope::position;
use qkscope::score::{self, Combine, Side};
use qkscope::tensor::{Head, Sizes};

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
    /// Whether an error of the logits could change which keys count at all: then nothing is said of the weights.
    pub undecided: bool,
}

pub fn row(case: &Case, plane: usize, i: usize) -> Row {
    let [b, hq, n, d] = case.query.1;
    let [_, hkv, m, dk] = case.key.1;
    let (batch, h) = (plane / hq, plane % hq);
    let kv = batch * hkv + h / (hq / hkv);
    assert!(batch < b);
    let sizes = Sizes::new(case.query.1, case.key.1, case.value.as_ref().map(|v| v.1)).expect("checked");
    let head = Head { sizes, head: h };
    let q = wide(&case.query.0[(plane * n + i) * d..][..d]);
    let keys: Vec<Vec<f64>> = (0..m).map(|j| wide(&case.key.0[(kv * m + j) * dk..][..dk])).collect();
    let position = i as i64 + offset(case, n, m);

    let rows = Rows::new(case, head);
    let factor = case.options.scale.unwrap_or(rows.default_scale) / case.options.temperature;
    let raw: Vec<f64> = (0..m).map(|j| rows.score(&q, position, &keys[j], j)).collect();
    let magnitude: Vec<f64> = (0..m).map(|j| rows.magnitude(&q, position, &keys[j], j)).collect();
    let scaled: Vec<f64> = raw.iter().map(|s| s * factor).collect();
    let capped: Vec<f64> = match case.options.softcap.filter(|&c| c > 0.0) {
        Some(c) => scaled.iter().map(|l| c * (l / c).tanh()).collect(),
        None => scaled.clone(),
    };
    let bias: Vec<f64> = (0..m).map(|j| stretched(&case.bias, [batch, h, i, j]).map_or(0.0, f64::from)).collect();
    let told: Vec<f64> = (0..m).map(|j| rows.bias(position, j)).collect();
    let biased: Vec<f64> = (0..m).map(|j| capped[j] + told[j] + bias[j]).collect();
    let raw_error = (0..m).map(|j| bounds::logit(rows.steps, 1.0, magnitude[j], raw[j])).collect();
    let logit_error: Vec<f64> = (0..m)
        .map(|j| {
            let size = scaled[j].abs().max(biased[j].abs()) + 2.0 * told[j].abs();
            bounds::logit(rows.steps, factor, magnitude[j], size)
                + if case.options.softcap.is_some() { 4.0 * bounds::EPS * size } else { 0.0 }
        })
        .collect();

    let allowed: Vec<bool> = (0..m)
        .map(|j| {
            visible(case, batch, i, position, j)
                && stretched(&case.mask, [batch, h, i, j]) != Some(0)
                && bias[j] != f64::NEG_INFINITY
                && biased[j] != f64::NEG_INFINITY
        })
        .collect();
    let masked: Vec<f64> = (0..m).map(|j| if allowed[j] { biased[j] } else { f64::NEG_INFINITY }).collect();
    let left: Vec<f64> = (0..m).filter(|&j| allowed[j]).map(|j| biased[j]).collect();

    let worst = (0..m).filter(|&j| allowed[j]).map(|j| logit_error[j]).fold(0.0, f64::max);
    let normalizer = Normalizer::new(case, head);
    let (mut status, weights) = normalizer.weights(&left);
    if status == Status::Ok && normalizer.thresholds() && weights.iter().all(|&w| w == 0.0) {
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
    // What is nothing beside the largest has no share that could be off.
    let largest = left.iter().copied().fold(0.0, f64::max);
    let counts = |j: &usize| allowed[*j] && biased[*j] > largest * f64::from(f32::MIN_POSITIVE);
    let shares = (0..m).filter(counts).map(|j| logit_error[j] / biased[j]).fold(0.0, f64::max);
    let worst_of = if normalizer.sensitivity() == Sensitivity::Share { shares } else { worst };
    let stretch = normalizer.stretch(&left);
    // A removed key weighs exactly 0, however uncertain the others are.
    let weight_error: Vec<f64> = (0..m)
        .map(|j| bounds::weight(normalizer.sensitivity(), worst_of, m, weights[j] / stretch) * stretch)
        .zip(&allowed)
        .map(|(error, &allowed)| if allowed { error } else { 0.0 })
        .collect();

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
        undecided: normalizer.undecided(&left, worst),
    }
}

/// What happens to rows of Q and K before and while they meet.
struct Rows {
    head: Head,
    score: (&'static score::Definition, Settings),
    position: (&'static position::Definition, Settings),
    /// The fast code itself, and the same with the magnitudes of its parameters: for the size of rounding errors alone.
    fast: Box<dyn score::Score>,
    magnitudes: Box<dyn score::Score>,
    rotates: bool,
    default_scale: f64,
    /// How many roundings a raw score has gone through, at most, each relative to its magnitude.
    steps: usize,
}

impl Rows {
    fn new(case: &Case, head: Head) -> Rows {
        let normalizer = normalize::find(&case.options.normalizer).expect("checked");
        let (choice, entry, definition) = match normalizer.score {
            Some(own) => {
                let definition = normalize::SCORES.iter().find(|(id, _)| *id == own.member.id).expect("in the list");
                (Choice::id(own.member.id), own, &definition.1)
            }
            None => {
                let choice = case.options.score();
                let index = find(score::SCORES.iter().map(|e| e.member.id), choice.name());
                (choice, score::SCORES[index], &score::DEFINITIONS[index])
            }
        };
        let settings = choice.settings(&entry.member, &head.sizes).expect("checked");
        let fast = (entry.build)(&settings, &head).expect("checked");
        let absolute = super::magnitudes(&choice).settings(&entry.member, &head.sizes).expect("checked");
        let index = find(position::POSITIONS.iter().map(|e| e.member.id), case.options.position.name());
        let encoding = position::POSITIONS[index];
        let told = case.options.position.settings(&encoding.member, &head.sizes).expect("checked");
        Rows {
            default_scale: fast.default_scale(&head.sizes),
            steps: fast.size(&head.sizes)
                + if entry.keeps_dimensions { 0 } else { 4 }
                + if encoding.changes_rows { 6 } else { 0 },
            fast,
            magnitudes: (entry.build)(&absolute, &head).expect("checked"),
            rotates: encoding.changes_rows,
            score: (definition, settings),
            position: (&position::DEFINITIONS[index], told),
            head,
        }
    }

    /// A row as it enters the score.
    fn ready(&self, side: Side, position: i64, row: &[f64]) -> Vec<f64> {
        let (encoding, told) = &self.position;
        let row = (encoding.embed)(position, row, told);
        let row = (self.score.0.normalize)(side, &row, &self.score.1, &self.head);
        (encoding.rotate)(position, &row, told)
    }

    fn score(&self, q: &[f64], position: i64, k: &[f64], j: usize) -> f64 {
        let (q, k) = (self.ready(Side::Query, position, q), self.ready(Side::Key, j as i64, k));
        (self.score.0.score)(&q, &k, &self.score.1, &self.head)
    }

    /// What the position adds to a logit.
    fn bias(&self, position: i64, j: usize) -> f64 {
        (self.position.0.bias)(position, j as i64, &self.position.1, &self.head)
    }

    /// The sum of magnitudes that the rounding errors of a raw score are relative to.
    fn magnitude(&self, q: &[f64], position: i64, k: &[f64], j: usize) -> f64 {
        let prepared = |side, position, row: &[f64]| {
            let row = self.ready(side, position, row);
            let by = |score: &dyn score::Score, row: Vec<f64>| {
                let row: Vec<f32> = row.iter().map(|&x| x as f32).collect();
                let mut prepared = vec![0.0; score.size(&self.head.sizes)];
                score.prepare(side, &row, &mut prepared);
                wide(&prepared)
            };
            let absolute = by(self.magnitudes.as_ref(), row.iter().map(|x| x.abs()).collect());
            let exact = by(self.fast.as_ref(), row);
            (absolute.iter().zip(&exact).map(|(a, b)| a.abs().max(b.abs())).collect::<Vec<f64>>(), exact)
        };
        let ((q, exact_q), (k, exact_k)) = (prepared(Side::Query, position, q), prepared(Side::Key, j as i64, k));
        let pairs = || q.iter().zip(&k);
        let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
        match self.fast.combine() {
            // A rotation mixes two dimensions: what is small in one comes with the error of the other.
            Combine::Product if self.rotates => 2.0 * norm(&q) * norm(&k),
            Combine::Product => pairs().map(|(a, b)| a * b).sum(),
            Combine::Distance if self.rotates => pairs().map(|(a, b)| (a + b) * (a + b)).sum(),
            Combine::Distance => exact_q.iter().zip(&exact_k).map(|(a, b)| (a - b) * (a - b)).sum(),
            Combine::Additive(v) => pairs().zip(v).map(|((a, b), v)| f64::from(v.abs()) * (1.0 + a + b)).sum(),
        }
    }
}

/// The normalizer of a case, by its definition.
struct Normalizer {
    entry: &'static normalize::Entry,
    definition: normalize::Definition,
    settings: Settings,
    head: Head,
}

impl Normalizer {
    fn new(case: &Case, head: Head) -> Normalizer {
        let choice = &case.options.normalizer;
        let index = find(normalize::NORMALIZERS.iter().map(|e| e.member.id), choice.name());
        let entry = normalize::NORMALIZERS[index];
        let settings = choice.settings(&entry.member, &head.sizes).expect("checked");
        Normalizer { entry, definition: normalize::DEFINITIONS[index], settings, head }
    }

    /// Whether it may remove every weight of a row, which is then `zeroed`.
    fn thresholds(&self) -> bool {
        self.entry.member.id == "soft_threshold"
    }

    fn sensitivity(&self) -> Sensitivity {
        self.entry.sensitivity
    }

    /// The status that the logits alone decide, and the weights of the keys that are left.
    fn weights(&self, left: &[f64]) -> (Status, Vec<f64>) {
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
        // What underflows single precision is 0 there, and of zeros there are no shares.
        if self.sensitivity() == Sensitivity::Share && left.iter().all(|&l| l as f32 == 0.0) {
            return (Status::Zeroed, vec![0.0; left.len()]);
        }
        (Status::Ok, (self.definition)(left, &self.settings, &self.head))
    }

    fn setting(&self, name: &str) -> Option<&qkscope::member::Parameter> {
        self.entry.member.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// By how much a division of what is left stretches errors: 1 / Σ where a threshold renormalizes.
    fn stretch(&self, left: &[f64]) -> f64 {
        let Some(renormalize) = self.setting("renormalize").filter(|p| self.settings.flag(p)) else { return 1.0 };
        let plain = self.settings.without(renormalize);
        let (status, weights) = Normalizer { settings: plain, ..*self }.weights(left);
        let sum: f64 = weights.iter().sum();
        if status == Status::Ok && sum > 0.0 { (1.0 / sum).max(1.0) } else { 1.0 }
    }

    /// Whether the k-th largest logit and the next are so close that rounding may swap them.
    fn undecided(&self, left: &[f64], worst: f64) -> bool {
        let Some(k) = self.setting("k").and_then(|k| self.settings.number(k)) else { return false };
        let mut sorted = left.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let [Some(kept), Some(next)] = [k as usize - 1, k as usize].map(|at| sorted.get(at)) else { return false };
        kept != next && kept - next <= 2.0 * worst
    }
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

fn visible(case: &Case, batch: usize, i: usize, position: i64, j: usize) -> bool {
    let options = &case.options;
    let j = j as i64;
    (!options.causal || j <= position)
        && (options.left_window_size < 0 || j >= position - options.left_window_size)
        && (options.right_window_size < 0 || j <= position + options.right_window_size)
        && options.query_seq_lengths.as_ref().is_none_or(|lengths| i < lengths[batch] as usize)
        && options.key_value_seq_lengths.as_ref().is_none_or(|lengths| j < i64::from(lengths[batch]))
}

fn stretched<T: Copy>(tensor: &Option<(Vec<T>, [usize; 4])>, index: [usize; 4]) -> Option<T> {
    let (data, shape) = tensor.as_ref()?;
    let at = index.iter().zip(shape).fold(0, |at, (&index, &length)| at * length + if length == 1 { 0 } else { index });
    Some(data[at])
}

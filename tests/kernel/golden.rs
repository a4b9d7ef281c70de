//! Golden values made by outside implementations (`tests/goldens/README.md`): every case of the file, every value in it.

use crate::support::{Case, bounds, oracle};
use qkscope::attend::Stage;
use qkscope::diagnostics::Columns;
use qkscope::normalize::STATUSES;
use qkscope::options::Options;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const GOLDENS: &str = include_str!("../goldens/goldens.json");

#[derive(Deserialize)]
struct Golden {
    name: String,
    source: String,
    query: Tensor,
    key: Tensor,
    value: Option<Tensor>,
    options: BTreeMap<String, Value>,
    expected: Expected,
    /// Absolute; there only for figures that a table prints rounded.
    #[serde(default)]
    tolerance: f64,
}

#[derive(Deserialize)]
struct Tensor {
    shape: Vec<usize>,
    data: Vec<Number>,
}

/// JSON has no names for these.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Number {
    Finite(f64),
    Named(Name),
}

#[derive(Clone, Copy, Deserialize)]
enum Name {
    #[serde(rename = "inf")]
    Infinity,
    #[serde(rename = "-inf")]
    MinusInfinity,
    #[serde(rename = "nan")]
    Nan,
}

#[derive(Deserialize)]
struct Expected {
    output: Option<Tensor>,
    weights: Option<Tensor>,
    #[serde(default)]
    stages: BTreeMap<String, Tensor>,
    #[serde(default)]
    statistics: BTreeMap<String, Tensor>,
    /// One name per row; without it, all rows are ok.
    status: Option<Vec<String>>,
}

impl Expected {
    fn stage(&self, id: &str) -> Option<&Tensor> {
        if id == "weights" { self.weights.as_ref() } else { self.stages.get(id) }
    }
}

impl Tensor {
    fn numbers(&self) -> Vec<f64> {
        self.data
            .iter()
            .map(|number| match number {
                Number::Finite(x) => *x,
                Number::Named(Name::Infinity) => f64::INFINITY,
                Number::Named(Name::MinusInfinity) => f64::NEG_INFINITY,
                Number::Named(Name::Nan) => f64::NAN,
            })
            .collect()
    }

    fn shape(&self) -> [usize; 4] {
        let missing = 4 - self.shape.len();
        core::array::from_fn(|axis| if axis < missing { 1 } else { self.shape[axis - missing] })
    }

    fn floats(&self) -> (Vec<f32>, [usize; 4]) {
        (self.numbers().into_iter().map(|x| x as f32).collect(), self.shape())
    }
}

impl Golden {
    fn case(&self) -> Case {
        let mut options = self.options.clone();
        let mut tensor = |name: &str| -> Option<Tensor> {
            options.remove(name).map(|value| serde_json::from_value(value).expect("a tensor"))
        };
        let mask = tensor("attnMask").map(|t| (t.numbers().into_iter().map(|x| x as u8).collect(), t.shape()));
        let bias = tensor("attnBias").map(|t| t.floats());
        let options: Options = serde_json::from_value(options.into_iter().collect()).expect("options as documented");
        let value = self.value.as_ref().map(Tensor::floats);
        Case { query: self.query.floats(), key: self.key.floats(), value, mask, bias, options }
    }
}

#[test]
fn every_case() {
    let goldens: Vec<Golden> = serde_json::from_str(GOLDENS).expect("the file is well formed");
    assert!(goldens.len() > 200, "only {} cases", goldens.len());
    let mut values = 0;
    for golden in &goldens {
        let case = golden.case();
        let found = case.attend();
        let own = golden.tolerance;
        let at = |what: &str| format!("{} ({}): {what}", golden.name, golden.source);
        let ([_, _, n, _], m) = (case.query.1, case.key.1[2]);
        let rows: Vec<_> = (0..case.query.1[..3].iter().product()).map(|r| oracle::row(&case, r / n, r % n)).collect();
        for (index, stage) in Stage::ALL.iter().enumerate() {
            let id = qkscope::attend::STAGES[*stage as usize].id;
            let Some(expected) = golden.expected.stage(id) else { continue };
            assert_eq!(expected.data.len(), rows.len() * m, "{}", at(id));
            for (k, (x, y)) in found.stages[index].1.iter().zip(expected.numbers()).enumerate() {
                let row = &rows[k / m];
                let error =
                    [&row.raw_error, &row.logit_error, &row.weight_error][(index > 0) as usize + (index == 5) as usize];
                near(*x, y, error[k % m] + own, || at(&format!("{id}, row {}, key {}", k / m, k % m)));
                values += 1;
            }
        }
        let statistics = found.statistics.as_ref().expect("asked for");
        check_status(golden, &statistics.status);
        for (name, expected) in &golden.expected.statistics {
            for (row, (x, y)) in column(statistics, name).into_iter().zip(expected.numbers()).enumerate() {
                near(x, y, own + bounds::STATISTIC, || at(&format!("{name} of row {row}")));
                values += 1;
            }
        }
        if let Some(expected) = &golden.expected.output {
            let dv = case.value.as_ref().expect("an output needs V").1[3];
            let found = found.output.expect("asked for");
            assert_eq!(expected.data.len(), found.len(), "{}", at("output"));
            for (k, (x, y)) in found.iter().zip(expected.numbers()).enumerate() {
                near(*x, y, rows[k / dv].output_error[k % dv] + own, || at(&format!("output {k}")));
                values += 1;
            }
        }
    }
    assert!(values > 10_000, "only {values} values were compared");
}

/// Outside implementations and the definitions beside the fast code agree in double precision: the definitions are no
/// second copy of the same misreading.
#[test]
fn definitions() {
    let goldens: Vec<Golden> = serde_json::from_str(GOLDENS).expect("the file is well formed");
    let mut compared = 0;
    for golden in &goldens {
        let case = golden.case();
        let ([_, _, n, _], m) = (case.query.1, case.key.1[2]);
        for (index, stage) in qkscope::attend::STAGES.iter().enumerate() {
            let Some(expected) = golden.expected.stage(stage.id) else { continue };
            for (r, row) in expected.numbers().chunks(m.max(1)).enumerate() {
                for (found, expected) in oracle::row(&case, r / n, r % n).stages[index].iter().zip(row) {
                    let same = found == expected || (found.is_nan() && expected.is_nan());
                    let bound = bounds::DEFINITION * expected.abs().max(1.0) + golden.tolerance;
                    let at = || format!("{}, {}: {found} {expected}", golden.name, stage.id);
                    assert!(same || (found - expected).abs() <= bound, "{}", at());
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 20_000, "only {compared} values were compared");
}

fn check_status(golden: &Golden, found: &[u8]) {
    let names: Vec<&str> = found.iter().map(|&status| STATUSES[status as usize].id).collect();
    let expected = golden.expected.status.clone().unwrap_or_else(|| vec!["ok".into(); found.len()]);
    assert_eq!(names, expected, "status: {}", golden.name);
}

fn column(statistics: &Columns, name: &str) -> Vec<f32> {
    let columns = [
        ("mass", &statistics.mass),
        ("entropy", &statistics.entropy),
        ("normalizedEntropy", &statistics.normalized_entropy),
        ("effectiveKeys", &statistics.effective_keys),
        ("collisionKeys", &statistics.collision_keys),
        ("maxWeight", &statistics.max_weight),
        ("attentionDistance", &statistics.attention_distance),
        ("firstMass", &statistics.first_mass),
        ("selfMass", &statistics.self_mass),
        ("previousMass", &statistics.previous_mass),
    ];
    match columns.into_iter().find(|(known, _)| *known == name) {
        Some((_, values)) => values.clone(),
        None if name == "argmax" => statistics.argmax.iter().map(|&key| key as f32).collect(),
        None => panic!("no statistic is called {name}"),
    }
}

fn near(found: f32, expected: f64, bound: f64, context: impl Fn() -> String) {
    let found = f64::from(found);
    let same = found == expected || (found.is_nan() && expected.is_nan());
    assert!(same || (found - expected).abs() <= bound, "{}: found {found}, expected {expected}", context());
}

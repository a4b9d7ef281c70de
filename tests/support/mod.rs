//! What several test files share: seeded data, the f64 oracle of a whole problem, and the error model.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod bounds;
pub mod oracle;

use qkscope::attend::{Inputs, Problem, Stage};
use qkscope::error::Error;
use qkscope::options::{Choice, Options};
use qkscope::task::{Answer, Attended, Request, run};

/// A seeded generator (SplitMix64, Steele et al. 2014): the same numbers on every machine.
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// Standard normal, by Box and Muller.
    pub fn normal(&mut self) -> f32 {
        let (u, v) = (1.0 - self.unit(), self.unit());
        ((-2.0 * u.ln()).sqrt() * (core::f64::consts::TAU * v).cos()) as f32
    }

    pub fn normals(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.normal()).collect()
    }
}

/// One problem of a test: tensors, options and masks.
#[derive(Clone, Debug)]
pub struct Case {
    pub query: (Vec<f32>, [usize; 4]),
    pub key: (Vec<f32>, [usize; 4]),
    pub value: Option<(Vec<f32>, [usize; 4])>,
    pub mask: Option<(Vec<u8>, [usize; 4])>,
    pub bias: Option<(Vec<f32>, [usize; 4])>,
    pub options: Options,
}

/// The sizes of a case: B, Hq, Hkv, N, M, d, dv.
pub type Sizes = [usize; 7];

impl Case {
    /// Standard normal Q, K and V.
    pub fn normal(sizes: Sizes, seed: u64) -> Case {
        let [b, hq, hkv, n, m, d, dv] = sizes;
        let mut random = Random(seed);
        let mut tensor = |shape: [usize; 4]| (random.normals(shape.iter().product()), shape);
        Case {
            query: tensor([b, hq, n, d]),
            key: tensor([b, hkv, m, d]),
            value: Some(tensor([b, hkv, m, dv])),
            mask: None,
            bias: None,
            options: Options::default(),
        }
    }

    pub fn with(mut self, change: impl FnOnce(&mut Options)) -> Case {
        change(&mut self.options);
        self
    }

    pub fn inputs(&self) -> Inputs {
        Inputs {
            query: self.query.clone(),
            key: self.key.clone(),
            value: self.value.clone(),
            mask: self.mask.clone(),
            bias: self.bias.clone(),
        }
    }

    pub fn problem(&self) -> Result<Problem, Error> {
        Problem::new(self.inputs(), &self.options)
    }

    /// Everything that the fused path gives.
    pub fn attend(&self) -> Attended {
        attend(&self.problem().expect("the case is well formed"))
    }

    pub fn weights(&self) -> Vec<f32> {
        self.attend().weights.expect("asked for")
    }
}

pub fn attend(problem: &Problem) -> Attended {
    let request = Request::Attend {
        planes: [0, problem.sizes.planes()],
        rows: [0, problem.sizes.queries],
        output: true,
        weights: true,
        stages: Stage::ALL.to_vec(),
        statistics: true,
    };
    match run(problem, &request).expect("the request fits the problem") {
        Answer::Attend(attended) => *attended,
        other => panic!("attend answered {other:?}"),
    }
}

/// A choice of a member with parameters, written as JSON: `{"id": "sigmoid", "bias": -3}` or `"softmax"`.
pub fn choice(json: &str) -> Choice {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// The normalizers of the list, and those with parameters that change their course.
pub fn normalizers() -> Vec<Choice> {
    let plain = qkscope::normalize::NORMALIZERS.iter().map(|entry| Choice::id(entry.member.id));
    let set = [
        r#"{"id": "sigmoid", "bias": 0.5}"#,
        r#"{"id": "sigmoid", "n": "visible"}"#,
        r#"{"id": "soft_threshold", "tau": 0.1}"#,
        r#"{"id": "soft_threshold", "tau": 0.02, "renormalize": true}"#,
        r#"{"id": "soft_threshold", "alpha": 0.9, "renormalize": true}"#,
    ];
    plain.chain(set.map(choice)).collect()
}

/// The scores of the list, and those with parameters that change their course.
pub fn scores() -> Vec<Choice> {
    let plain = qkscope::score::SCORES.iter().map(|entry| Choice::id(entry.member.id));
    plain.chain([choice(r#"{"id": "cosine", "eps": 2.0}"#)]).collect()
}

/// Two lists of numbers with the same bits; any NaN equals any other.
pub fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
}

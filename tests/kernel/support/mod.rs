//! What several test files share: seeded data, the f64 oracle of a whole problem, and the error model.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod bounds;
pub mod oracle;

use qkscope::attend::{Inputs, Problem, Stage};
use qkscope::error::Error;
use qkscope::member::{Kind, Member};
use qkscope::options::{Alignment, Choice, Options, Setting};
use qkscope::task::{Answer, Attended, Request, run};
use qkscope::tensor::Tensor;

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

    /// Chooses a positional encoding, and the alignment that it needs. False where its table has no row for a position.
    pub fn place(&mut self, position: &Choice) -> bool {
        let (n, m, options) = (self.query.1[2], self.key.1[2], &mut self.options);
        options.position = position.clone();
        if n != m && options.causal_offset.is_none() && options.causal_alignment.is_none() {
            options.causal_alignment = Some(Alignment::LowerRight);
        }
        let first = options.offset(n, m).expect("it is chosen");
        let Choice::With { id, settings } = position else { return true };
        match settings.get("table") {
            Some(Setting::Tensor(table)) if id == "learned" => {
                let rows = table.shape[0];
                first >= 0 && first as usize + n <= rows && m <= rows
            }
            _ => true,
        }
    }

    /// Chooses a score and a normalizer; one that brings its own score and forbids options gets its way.
    pub fn choose(&mut self, score: &Choice, normalizer: &Choice) {
        let entry = self::normalizer(normalizer);
        self.options.normalizer = normalizer.clone();
        self.options.score = entry.score.is_none().then(|| score.clone());
        if !entry.forbids.is_empty() {
            let Options { scale, temperature, softcap, position, .. } = Options::default();
            self.options = Options { scale, temperature, softcap, ..self.options.clone() };
            self.bias = None;
            if qkscope::position::find(&self.options.position).expect("in the list").biases {
                self.options.position = position;
            }
        }
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
        status: true,
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
        r#"{"id": "relu_n", "n": "visible", "alpha": 0.5}"#,
        r#"{"id": "topk", "k": 3}"#,
        r#"{"id": "topk", "k": 2, "ties": "first"}"#,
        r#"{"id": "linear_elu1", "eps": 0}"#,
        r#"{"id": "soft_threshold", "tau": 0.1}"#,
        r#"{"id": "soft_threshold", "tau": 0.02, "renormalize": true}"#,
        r#"{"id": "soft_threshold", "alpha": 0.9, "renormalize": true}"#,
        r#"{"id": "soft_threshold", "alpha": 0.7, "after": "entmax15"}"#,
    ];
    plain.chain(set.map(choice)).collect()
}

/// The same, and those that take tensors.
pub fn normalizers_for(sizes: Sizes) -> Vec<Choice> {
    let members: Vec<&Member> = qkscope::normalize::NORMALIZERS.iter().map(|entry| &entry.member).collect();
    normalizers().into_iter().chain(with_tensors(&members, sizes)).collect()
}

/// What the list says of a chosen normalizer.
pub fn normalizer(choice: &Choice) -> &'static qkscope::normalize::Entry {
    qkscope::normalize::find(choice).expect("in the list")
}

/// The scores of the list, and those with parameters that change their course; tensors for the sizes of the case.
pub fn scores(sizes: Sizes) -> Vec<Choice> {
    let members: Vec<&Member> = qkscope::score::SCORES.iter().map(|entry| &entry.member).collect();
    let plain = members.iter().map(|member| Choice::id(member.id));
    let set = [r#"{"id": "cosine", "eps": 2.0}"#, r#"{"id": "rbf", "sigma": 0.8}"#, r#"{"id": "qk_norm_l2", "g": 5}"#];
    plain.chain(set.map(choice)).chain(with_tensors(&members, sizes)).collect()
}

/// The positional encodings of the list, and those with tensors or parameters that change their course, as far as the head size
/// has room for them.
pub fn positions(sizes: Sizes) -> Vec<Choice> {
    let turning = sizes[5] / 2 * 2;
    let members: Vec<&Member> = qkscope::position::POSITIONS.iter().map(|entry| &entry.member).collect();
    let plain =
        members.iter().map(|member| member.id).filter(|id| *id != "rope" || turning == sizes[5]).map(Choice::id);
    let mut choices: Vec<Choice> = plain.chain(with_tensors(&members, sizes)).collect();
    let set = [
        r#"{"id": "sinusoidal", "layout": "concat", "frequency": "t2t", "theta": 500}"#,
        r#"{"id": "alibi", "symmetric": true}"#,
    ];
    choices.extend(set.map(choice));
    if turning > 0 {
        let rope = |interleaved: bool, dim: usize| {
            choice(&format!(r#"{{"id": "rope", "interleaved": {interleaved}, "rotaryEmbeddingDim": {dim}}}"#))
        };
        choices.extend([rope(false, turning), rope(true, (turning / 4 * 2).max(2))]);
    }
    let one_way = choices.iter().filter(|choice| choice.name() == "t5").cloned().filter_map(|choice| match choice {
        Choice::With { id, mut settings } => {
            settings.insert("bidirectional".into(), Setting::Flag(false));
            settings.insert("maxDistance".into(), Setting::Number(40.0));
            Some(Choice::With { id, settings })
        }
        Choice::Id(_) => None,
    });
    let one_way: Vec<Choice> = one_way.collect();
    choices.into_iter().chain(one_way).collect()
}

/// Every member that takes tensors, with seeded ones of the sizes of a case; free axes have length 5.
pub fn with_tensors(members: &[&Member], sizes: Sizes) -> Vec<Choice> {
    let mut random = Random(sizes.iter().sum::<usize>() as u64);
    let [_, hq, _, n, m, d, _] = sizes;
    let length = |axis: &str| match axis {
        "Hq" => hq,
        "d" | "dk" => d,
        "d+dk" => 2 * d,
        // A table of positions holds them all, shifted by a few too.
        "L" => n.max(m) + 4,
        "buckets" => 32,
        _ => 5,
    };
    let mut tensor = |axes: &[&str]| {
        let shape: Vec<usize> = axes.iter().map(|axis| length(axis)).collect();
        // Matrices keep the size of what they are applied to.
        let size = if axes.len() > 1 { (*shape.last().expect("has axes") as f32).sqrt() } else { 1.0 };
        let data = random.normals(shape.iter().product()).into_iter().map(|x| x / size).collect();
        Setting::Tensor(Tensor { data, shape })
    };
    let mut choices = Vec::new();
    for member in members {
        let tensors = member.parameters.iter().filter_map(|p| match p.kind {
            Kind::Tensor { axes, per_head, .. } => Some((p.name, axes, per_head)),
            _ => None,
        });
        let tensors: Vec<_> = tensors.collect();
        if tensors.is_empty() {
            continue;
        }
        for each in [false, true] {
            let shaped = tensors.iter().map(|&(name, axes, per_head)| {
                let axes: Vec<&str> = ["Hq"][..usize::from(each && per_head)].iter().chain(axes).copied().collect();
                (name.to_string(), tensor(&axes))
            });
            let settings = shaped.collect();
            if !each || tensors.iter().any(|&(_, _, per_head)| per_head) {
                choices.push(Choice::With { id: member.id.into(), settings });
            }
        }
    }
    choices
}

/// The same choice with the magnitudes of its tensors.
pub fn magnitudes(choice: &Choice) -> Choice {
    let mut choice = choice.clone();
    if let Choice::With { settings, .. } = &mut choice {
        for setting in settings.values_mut() {
            if let Setting::Tensor(tensor) = setting {
                tensor.data.iter_mut().for_each(|x| *x = x.abs());
            }
        }
    }
    choice
}

/// Two lists of numbers with the same bits; any NaN equals any other.
pub fn same_bits(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
}

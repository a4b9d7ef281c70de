//! Q and K of a real model against the weights that the model itself worked out in double precision (`tests/data/README.md`).

use crate::support::{Case, bounds};
use qkscope::capture::Capture;
use qkscope::format::{self, Index, Limits, Reader};
use safetensors::SafeTensors;

struct File {
    bytes: Vec<u8>,
    index: Index,
}

impl File {
    fn open(path: &str) -> File {
        let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut reader = Reader::new(bytes.len() as u64, Limits::default()).expect("the size is allowed");
        while let Some(range) = reader.need() {
            reader.supply(&bytes[range.start as usize..range.end as usize]).expect("the file is well formed");
        }
        File { bytes, index: reader.finish().expect("the file is well formed") }
    }

    /// A tensor as the project reads it.
    fn tensor(&self, name: &str) -> (Vec<f32>, [usize; 4]) {
        let info = self.index.tensors.iter().find(|tensor| tensor.name == name).expect(name);
        let bytes = &self.bytes[info.offset as usize..][..info.length as usize];
        let shape = core::array::from_fn(|axis| info.shape[axis] as usize);
        (format::read(info, bytes, &Limits::default()).expect(name), shape)
    }

    /// A tensor as the reference reader of the format reads it.
    fn reference(&self, name: &str) -> Vec<f32> {
        let file = SafeTensors::deserialize(&self.bytes).expect("the file is well formed");
        let data = file.tensor(name).expect(name).data();
        data.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    fn metadata(&self, name: &str) -> String {
        let found = self.index.metadata.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.clone()).unwrap_or_else(|| panic!("no metadata {name}"))
    }

    fn layer(&self, layer: usize) -> Case {
        let mut case = Case::normal([1, 1, 1, 1, 1, 1, 1], 0);
        case.query = self.tensor(&format!("layers.{layer}.q"));
        case.key = self.tensor(&format!("layers.{layer}.k"));
        case.value = None;
        case
    }
}

/// The largest difference, for the message.
fn compare(found: &[f32], expected: &[f32], context: &str) -> f32 {
    assert_eq!(found.len(), expected.len(), "{context}");
    let off = || found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    // One by one: a maximum would pass over a NaN.
    assert!(off().all(|off| f64::from(off) <= bounds::CAPTURE), "{context}: off by {:e}", off().fold(0.0, f32::max));
    off().fold(0.0, f32::max)
}

#[test]
fn every_head_of_a_sentence() {
    let (file, expected) =
        (File::open("www/sentence.safetensors"), File::open("tests/data/sentence.expected.safetensors"));
    assert_eq!(Capture::new(file.index.clone()).expect("a capture").layers.len(), 6);
    let mut worst = 0f32;
    for layer in 0..6 {
        let weights = file.layer(layer).weights();
        let name = format!("layers.{layer}.weights");
        worst = worst.max(compare(&weights, &expected.reference(&name), &name));
    }
    bounds::hold("weights of a sentence", worst.into(), bounds::CAPTURE);
}

#[test]
fn rows_of_a_passage() {
    let (file, expected) =
        (File::open("tests/data/passage.safetensors"), File::open("tests/data/passage.expected.safetensors"));
    let rows: Vec<usize> = serde_json::from_str(&expected.metadata("rows")).expect("a list of rows");
    let mut worst = 0f32;
    for layer in 0..6 {
        let case = file.layer(layer);
        let ([_, heads, n, _], m) = (case.query.1, case.key.1[2]);
        assert_eq!((heads, n, m), (3, 424, 424));
        let weights = case.weights();
        let rows = (0..heads).flat_map(|head| rows.iter().map(move |row| (head * n + row) * m));
        let found: Vec<f32> = rows.flat_map(|at| weights[at..at + m].to_vec()).collect();
        let name = format!("layers.{layer}.weights");
        worst = worst.max(compare(&found, &expected.reference(&name), &name));
    }
    bounds::hold("weights of a passage", worst.into(), bounds::CAPTURE);
}

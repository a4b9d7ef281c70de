//! Numbers, to the last bit: against numpy and against the reference implementation of safetensors.

use crate::build::{self, *};
use crate::faults::many;
use qkscope::error::Fault;
use qkscope::format::{self, Limits, Reader, TensorInfo};
use safetensors::{Dtype, tensor::TensorView};
use serde_json::Value;
use std::time::{Duration, Instant};

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/npy")
}

/// Every array that numpy wrote is what numpy reads in it: all types, both byte orders, both orders of dimensions,
/// versions 1 to 3, archives with and without compression.
#[test]
fn numpy_files_read_as_numpy_reads_them() {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    let expected: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    let mut arrays = 0;
    for (name, tensors) in &expected {
        let file = std::fs::read(folder().join(name)).unwrap();
        let index = open(&file).unwrap();
        for (tensor, wanted) in tensors.as_object().unwrap() {
            let shape = &index.tensors.iter().find(|found| &found.name == tensor).unwrap().shape;
            assert_eq!(serde_json::json!(shape), wanted["shape"], "{name} {tensor}");
            let values = wanted["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32);
            let bits: Vec<u32> = values.map(f32::to_bits).collect();
            let found = read(&file, &index, tensor, &Limits::default()).unwrap();
            assert_eq!(found.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), bits, "{name} {tensor}");
            arrays += 1;
        }
    }
    assert_eq!(arrays, 33, "the goldens are not all there");
}

#[test]
fn numpy_objects_and_records_are_listed_with_the_reason() {
    for (name, reason) in [("objects.npy", "pickled"), ("record.npy", "is a record")] {
        let index = open(&std::fs::read(folder().join(name)).unwrap()).unwrap();
        assert!(!index.tensors[0].supported && index.tensors[0].note.as_ref().unwrap().contains(reason), "{index:?}");
    }
}

/// Texts and scalars of an npz file are its metadata, scalars in full precision.
#[test]
fn numpy_texts_are_metadata() {
    let index = open(&std::fs::read(folder().join("capture.npz")).unwrap()).unwrap();
    let texts = [
        ("scale", "0.1"),
        ("is_causal", "true"),
        ("query_tokens", "[\"the\",\"café\",\"\u{1f408}\"]"),
        ("key_tokens", r#"["a","b"]"#),
        ("model", "by hand"),
    ];
    assert_eq!(index.metadata, texts.map(|(name, text)| (name.to_owned(), text.to_owned())));
}

#[test]
fn safetensors_files_read_as_the_reference_reads_them() {
    let types = [
        (Dtype::F64, 8),
        (Dtype::F32, 4),
        (Dtype::F16, 2),
        (Dtype::BF16, 2),
        (Dtype::I64, 8),
        (Dtype::I32, 4),
        (Dtype::I16, 2),
        (Dtype::I8, 1),
        (Dtype::U64, 8),
        (Dtype::U32, 4),
        (Dtype::U16, 2),
        (Dtype::U8, 1),
        (Dtype::BOOL, 1),
    ];
    // Every pair of bytes is there, hence every f16 and bf16.
    let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
    let views = types.map(|(dtype, size)| {
        (format!("{dtype:?}"), TensorView::new(dtype, vec![2, bytes.len() / size / 2], &bytes).unwrap())
    });
    let metadata = Some([("model".to_owned(), "\"\u{2028}é\"".to_owned())].into());
    let file = safetensors::serialize(views.clone(), metadata).unwrap();
    let index = open(&file).unwrap();
    assert_eq!(index.metadata, [("model".to_owned(), "\"\u{2028}é\"".to_owned())]);
    assert_eq!(index.tensors.len(), views.len());
    let reference = safetensors::SafeTensors::deserialize(&file).unwrap();
    for (name, _) in &views {
        let view = reference.tensor(name).unwrap();
        let expected: Vec<f32> = reference_numbers(view.dtype(), view.data());
        let found = read(&file, &index, name, &Limits::default()).unwrap();
        let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        assert!(found.len() == expected.len() && found.iter().zip(&expected).all(same), "{name}");
    }
}

/// Each type by its definition, and not by the way of the code under test.
fn reference_numbers(dtype: Dtype, bytes: &[u8]) -> Vec<f32> {
    let words =
        |size: usize| bytes.chunks_exact(size).map(|chunk| chunk.iter().rev().fold(0u64, |n, &b| n << 8 | b as u64));
    let signed = |size: usize| words(size).map(move |n| (n << (64 - 8 * size)) as i64 >> (64 - 8 * size));
    match dtype {
        Dtype::F64 => words(8).map(|n| f64::from_bits(n) as f32).collect(),
        Dtype::F32 => words(4).map(|n| f32::from_bits(n as u32)).collect(),
        Dtype::BF16 => words(2).map(|n| f32::from_bits((n as u32) << 16)).collect(),
        Dtype::F16 => words(2).map(half_by_definition).collect(),
        Dtype::I64 => signed(8).map(|n| n as f32).collect(),
        Dtype::I32 => signed(4).map(|n| n as f32).collect(),
        Dtype::I16 => signed(2).map(|n| n as f32).collect(),
        Dtype::I8 => signed(1).map(|n| n as f32).collect(),
        Dtype::U64 => words(8).map(|n| n as f32).collect(),
        Dtype::U32 => words(4).map(|n| n as f32).collect(),
        Dtype::U16 => words(2).map(|n| n as f32).collect(),
        Dtype::U8 => words(1).map(|n| n as f32).collect(),
        _ => words(1).map(|n| (n != 0) as u8 as f32).collect(),
    }
}

/// IEEE 754, 3.4: sign, five bits of exponent, ten of fraction.
fn half_by_definition(bits: u64) -> f32 {
    let (exponent, fraction) = ((bits >> 10 & 31) as i32, (bits & 1023) as f32 / 1024.0);
    let magnitude = match exponent {
        0 => fraction * 2f32.powi(-14),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction) * 2f32.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

/// An array in Fortran order is the same array as its twin in C order, whatever its dimensions.
#[test]
fn fortran_order_is_the_other_order() {
    for shape in [vec![5], vec![2, 3], vec![1, 4, 1], vec![3, 1, 2, 4], vec![2, 0, 3]] {
        let count: usize = shape.iter().product();
        let mut fortran = vec![0.0; count];
        for (c, at) in (0..count).map(|c| (c, indices(c, &shape))) {
            let f = at.iter().zip(&shape).rev().fold(0, |f, (i, n)| f * n + i);
            fortran[f] = c as f32;
        }
        let tuple = format!("({},)", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(","));
        let file = npy(&dict("<f4", &tuple).replace("False", "True"), &floats(&fortran));
        let found = read(&file, &open(&file).unwrap(), "array", &Limits::default()).unwrap();
        assert_eq!(found, (0..count).map(|c| c as f32).collect::<Vec<_>>(), "{shape:?}");
    }
}

/// The indices of the element that is number `c` in C order.
fn indices(mut c: usize, shape: &[usize]) -> Vec<usize> {
    let mut at: Vec<usize> = shape
        .iter()
        .rev()
        .map(|n| {
            let i = c % n;
            c /= n;
            i
        })
        .collect();
    at.reverse();
    at
}

/// Where a header has an odd length, no number is aligned; that changes nothing.
#[test]
fn alignment_does_not_matter() {
    for pad in 0..8 {
        let header = x("F64", "[2]", 0, 16) + &" ".repeat(pad);
        let file = safetensors(header, &[0.1f64.to_le_bytes(), (-2.5f64).to_le_bytes()].concat());
        assert_eq!(read(&file, &open(&file).unwrap(), "x", &Limits::default()).unwrap(), [0.1, -2.5]);
    }
}

/// A file of five gigabytes costs its header.
#[test]
fn a_large_file_is_not_read_whole() {
    let numbers = 5u64 << 28;
    let header = x("F32", &format!("[{numbers}]"), 0, numbers * 4);
    for head in [safetensors(&header, b""), npy(&dict("<f4", &format!("({numbers},)")), b"")] {
        let size = head.len() as u64 + numbers * 4;
        let mut reader = Reader::new(size, Limits::default()).unwrap();
        let mut read = 0;
        while let Some(range) = reader.need() {
            let mut piece = vec![0; (range.end - range.start) as usize];
            for (to, from) in piece.iter_mut().zip(&head[(range.start as usize).min(head.len())..]) {
                *to = *from;
            }
            reader.supply(&piece).unwrap();
            read += piece.len();
        }
        let index = reader.finish().unwrap();
        assert_eq!((index.tensors[0].length, index.tensors[0].shape[0]), (numbers * 4, numbers));
        assert!(read <= 4096, "{read} bytes were read");
        let refused = format::read(&index.tensors[0], b"", &Limits::default()).unwrap_err();
        assert_eq!(refused.code(), "size");
    }
}

#[test]
fn a_reader_takes_what_it_asked_for_and_nothing_else() {
    let file = safetensors(x("F32", "[1]", 0, 4), &[0; 4]);
    let mut reader = Reader::new(file.len() as u64, Limits::default()).unwrap();
    assert_eq!(reader.supply(&file[1..]).unwrap_err().code(), "size");
    assert_eq!(reader.need(), Some(0..file.len() as u64));
    reader.supply(&file).unwrap();
    assert_eq!((reader.need(), reader.supply(&file).unwrap_err().code()), (None, "size"));
    let unread = Reader::new(9, Limits::default()).unwrap();
    assert!(matches!(unread.finish().map_err(Fault::from), Err(Fault::Truncated { expected: 9, found: 0, .. })));
    assert!(matches!(Reader::new(1 << 53, Limits::default()).map_err(Fault::from), Err(Fault::Limit { .. })));
}

/// Large files are asked for in pieces, so that they can be shown to progress and need not be held twice.
#[test]
fn a_whole_file_comes_in_pieces() {
    let numbers = vec![1.0; 5 << 19];
    let file = zip(&[stored("a.npy", &npy(&dict("<f4", &format!("({},)", numbers.len())), &floats(&numbers)))]);
    let mut reader = Reader::new(file.len() as u64, Limits::default()).unwrap();
    let mut pieces = 0;
    while let Some(range) = reader.need() {
        assert!(range.end - range.start <= 8 << 20);
        reader.supply(&file[range.start as usize..range.end as usize]).unwrap();
        pieces += 1;
    }
    let index = reader.finish().unwrap();
    assert!(pieces == 3 && read(&file, &index, "a", &Limits::default()).unwrap() == numbers, "{pieces} pieces");
}

/// A member of nothing but empty blocks, ten bits each: no limit of size applies, for nothing is written.
#[test]
fn empty_blocks_are_read_in_no_time() {
    let blocks: Vec<u8> = (0..800_000u32).map(|bit| u8::from(bit % 10 == 1)).collect();
    let packed: Vec<u8> = blocks.chunks(8).map(|bits| bits.iter().rev().fold(0, |byte, bit| byte << 1 | bit)).collect();
    let member = build::Member { stored: packed, ..deflated("a.npy", &npy(&build::dict("<f4", "(1,)"), &[0; 4])) };
    let start = Instant::now();
    assert_eq!(open(&zip(&[member])).unwrap_err().code(), "malformed");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

/// Each limit refuses what is just above it, and passes what is just at it.
#[test]
fn limits_can_be_changed() {
    let defaults = Limits::default;
    let (header, dict) = (x("F32", "[1,1,2]", 0, 8), build::dict("<f4", "(2,)"));
    let (matrix, array) = (safetensors(&header, &[0; 8]), npy(&dict, &[0; 8]));
    let (header, dict) = (header.len() as u64, dict.len() as u64);
    let bomb = zip(&[deflated("a.npy", &npy(&build::dict("|u1", "(3000000,)"), &[0; 3_000_000]))]);
    let json = b"[1, 2]".to_vec();
    let cases = [
        (&matrix, Limits { rank: 3, ..defaults() }, Limits { rank: 2, ..defaults() }),
        (&matrix, Limits { header, ..defaults() }, Limits { header: header - 1, ..defaults() }),
        (&matrix, Limits { bytes: 8, ..defaults() }, Limits { bytes: 7, ..defaults() }),
        (&matrix, Limits { tensors: 1, ..defaults() }, Limits { tensors: 0, ..defaults() }),
        (&array, Limits { header: dict, ..defaults() }, Limits { header: dict - 1, ..defaults() }),
        (&bomb, Limits { ratio: 3000, ..defaults() }, Limits { ratio: 100, ..defaults() }),
        (&bomb, Limits { ratio: 3000, ..defaults() }, Limits { ratio: 3000, bytes: 3_000_000, ..defaults() }),
        (&json, Limits { json: 6, ..defaults() }, Limits { json: 5, ..defaults() }),
    ];
    for (file, enough, too_little) in cases {
        let try_all = |limits: &Limits| {
            let index = open_with(file, limits)?;
            read(file, &index, &index.tensors[0].name, limits).map(|numbers| numbers.len())
        };
        assert!(try_all(&enough).is_ok(), "{enough:?}: {:?}", try_all(&enough));
        assert!(
            matches!(try_all(&too_little).map_err(Fault::from), Err(Fault::Limit { .. })),
            "{too_little:?}: {:?}",
            try_all(&too_little)
        );
    }
}

/// 100,000 tensors are refused by default, and quickly; who wants them gets them, quickly too.
#[test]
fn many_tensors_take_less_than_a_second() {
    let file = many(100_000);
    let raised = Limits { tensors: 100_000, ..Limits::default() };
    for (limits, expected) in [(Limits::default(), None), (raised, Some(100_000))] {
        let once = || {
            let start = Instant::now();
            assert_eq!(open_with(&file, &limits).ok().map(|index| index.tensors.len()), expected);
            start.elapsed()
        };
        // The fastest of a few, since other programs may be at work.
        let fastest = (0..5).map(|_| once()).min().unwrap();

        assert!(fastest < Duration::from_secs(1), "{fastest:?}");
    }
}

/// What comes back from JavaScript may be anything.
#[test]
fn a_description_is_not_trusted() {
    let file = zip(&[stored("a.npy", &npy(&dict("<f4", "(2,)"), &[0; 8]))]);
    let index = open(&file).unwrap();
    let good = &index.tensors[0];
    let bytes = &file[good.offset as usize..][..good.length as usize];
    type Change = fn(&mut TensorInfo);
    let changes: [(&str, Change); 8] = [
        ("unknown", |tensor| tensor.format = "exe".into()),
        ("parameter", |tensor| tensor.packing = None),
        ("shape", |tensor| tensor.shape = vec![3]),
        ("shape", |tensor| tensor.shape = vec![1; 99]),
        ("size", |tensor| tensor.length += 1),
        ("size", |tensor| tensor.packing.as_mut().unwrap().size += 1),
        ("checksum", |tensor| tensor.packing.as_mut().unwrap().crc += 1),
        ("unsupported", |tensor| (tensor.format, tensor.dtype) = ("safetensors".into(), "|O".into())),
    ];
    for (code, change) in changes {
        let mut tensor = good.clone();
        change(&mut tensor);
        let found = format::read(&tensor, bytes, &Limits::default()).map_err(|error| error.code());
        assert_eq!(found, Err(code));
    }
}

#[test]
fn data_deflated_in_every_way_come_back() {
    let mut state = 1u32;
    let mut noise = |range: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % range
    };
    // Little to say, much of it, and nothing but noise: blocks with fixed codes, with their own, and stored ones.
    for (length, range) in [(0, 1), (1, 256), (40, 3), (700, 256), (70_000, 2), (70_000, 40), (70_000, 256), (9_000, 1)]
    {
        let bytes: Vec<u8> = (0..length).map(|_| noise(range) as u8).collect();
        let file = npy(&dict("|u1", &format!("({length},)")), &bytes);
        for level in 0..=10 {
            let packed = miniz_oxide::deflate::compress_to_vec(&file, level);
            let archive = zip(&[Member { stored: packed, method: 8, ..stored("x.npy", &file) }]);
            let index = open(&archive).unwrap();
            let read = read(&archive, &index, "x", &Limits::default()).unwrap();
            assert!(read.iter().map(|&x| x as u8).eq(bytes.iter().copied()), "{length} of {range}, level {level}");
        }
    }
}

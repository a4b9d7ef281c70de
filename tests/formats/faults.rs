//! What can be wrong with a file, one malformed file for each, and what comes of it.

use crate::build::*;
use qkscope::error::{Error, Fault};
use qkscope::format::Limits;
use std::collections::BTreeSet;

/// What comes of a file.
enum Outcome {
    /// An error of this code, whose message holds this text.
    Fails(&'static str, &'static str),
    /// One tensor, of this shape and these numbers.
    Reads(&'static [u64], &'static [f32]),
    /// One tensor that is listed and not read, for this reason.
    Refused(&'static str),
    /// No error.
    Opens,
    /// Metadata: the text of this name.
    Says(&'static str, &'static str),
}
use Outcome::{Fails, Opens, Reads, Refused, Says};

/// A kind of fault, its number in [`KINDS`], a file that has it, and what comes of it.
type Case = (usize, Vec<u8>, Outcome);

/// The kinds of fault. Each has a case or more below.
const KINDS: [&str; 35] = [
    "safetensors shorter than its first number",
    "header length that lies",
    "header past the end of the file",
    "header of another kind",
    "padding of the header",
    "a name twice",
    "tensors that overlap, leave a hole, run backwards",
    "bytes after the last tensor",
    "data one byte short",
    "shape whose product overflows",
    "shape that does not fit the bytes",
    "dimension that is no whole number",
    "empty tensors and scalars",
    "type that is not read",
    "unaligned data",
    "too many tensors",
    "names that are code elsewhere",
    "nesting in JSON",
    "npy of another magic or version",
    "npy header larger than the file",
    "npy header nested deeply",
    "pickled objects",
    "types and byte orders",
    "Fortran order",
    "shapes as Python writes them",
    "huge shape, tiny data",
    "deflate bomb",
    "archive members that share bytes",
    "archive names that clash",
    "archive members damaged, encrypted, packed otherwise",
    "archive directory that lies",
    "numbers that JSON has not",
    "whole numbers beyond 2^53",
    "ragged lists",
    "half characters",
];

fn safetensors_cases() -> Vec<Case> {
    let two = &[0; 8][..];
    let ok = x("F32", "[2]", 0, 8);
    let pair = |a: &str, b: &str| {
        let tensor = |name: &str, at: &str| format!(r#""{name}":{{"dtype":"U8","shape":[4],"data_offsets":{at}}}"#);
        safetensors(format!("{{{},{}}}", tensor("a", a), tensor("b", b)), two)
    };
    let claims = |length: u64| [&length.to_le_bytes()[..], b"{}      "].concat();
    let mut cases: Vec<Case> =
        (1..8).map(|n| (1, safetensors(&ok, two)[..n].to_vec(), Fails("truncated", "expected 8"))).collect();
    cases.extend([
        (1, vec![], Fails("truncated", "file is empty")),
        (2, claims(u64::MAX), Fails("limit", "18446744073709551615")),
        (2, claims((1 << 32) + 8), Fails("limit", "4294967304")),
        (2, claims((8 << 20) + 1), Fails("limit", "8388609, expected at most 8388608")),
        (3, claims(9), Fails("truncated", "header ends at byte 16, expected 17")),
        (4, safetensors(b"{\"\xff\":1}", b""), Fails("malformed", r#"byte 2: expected UTF-8, found "\xff"#)),
        (4, safetensors("{no}", b""), Fails("malformed", "valid JSON")),
        (4, safetensors("[1]", b""), Fails("malformed", "expected an object")),
        (4, safetensors(r#"{"x":7}"#, b""), Fails("malformed", "expected an object")),
        (4, safetensors(r#"{"x":{"dtype":"F32"}}"#, b""), Fails("malformed", "dtype, shape and data_offsets")),
        (4, safetensors(r#"{"x":["U8",[8],[0,8]]}"#, two), Fails("malformed", "expected an object")),
        (5, safetensors(format!("{ok}   "), two), Reads(&[2], &[0.0, 0.0])),
        (5, safetensors(format!("{ok}\0\0"), two), Fails("malformed", "trailing")),
        (6, safetensors(format!("{{{0},{0}}}", &ok[1..ok.len() - 1]), two), Fails("duplicate", "x is there twice")),
        (6, safetensors(r#"{"__metadata__":{"a":"1","a":"2"}}"#, b""), Fails("duplicate", "a is there twice")),
        (6, safetensors(r#"{"x":{"dtype":"U8","dtype":"I8"}}"#, b""), Fails("duplicate", "dtype")),
        (7, pair("[0,4]", "[3,7]"), Fails("layout", "bytes of b")),
        (7, pair("[0,4]", "[5,9]"), Fails("layout", "bytes of b")),
        (7, pair("[4,0]", "[4,8]"), Fails("layout", "bytes of a begin at 4, expected 0")),
        (7, pair("[4,8]", "[4,8]"), Fails("layout", "bytes of a")),
        (8, safetensors(&ok, &[0; 9]), Fails("size", "file has 71 bytes, expected 70")),
        (9, safetensors(&ok, &[0; 7]), Fails("truncated", "the file is cut off")),
        (10, safetensors(x("F32", "[65536,65536,65536,65536]", 0, 8), two), Fails("shape", "at most 2^53 elements")),
        (10, safetensors(x("F64", "[4503599627370496,1024]", 0, 8), two), Fails("shape", "at most 2^53")),
        (11, safetensors(x("F32", "[3]", 0, 8), two), Fails("size", "x has 8 bytes, expected 12")),
        (12, safetensors(x("F32", "[-2]", 0, 8), two), Fails("number", r#"shape of x[0]: expected a whole number"#)),
        (12, safetensors(x("F32", "[1, 2.0]", 0, 8), two), Fails("number", r#"shape of x[1]"#)),
        (12, safetensors(x("F32", r#"["2"]"#, 0, 8), two), Fails("number", "found")),
        (12, safetensors(x("F32", "2", 0, 8), two), Fails("malformed", "shape of x")),
        (13, safetensors(x("F32", "[0, 3]", 0, 0), b""), Reads(&[0, 3], &[])),
        (13, safetensors(x("F32", "[]", 0, 4), &floats(&[7.5])), Reads(&[], &[7.5])),
        (14, safetensors(x("F8_E4M3", "[8]", 0, 8), two), Refused("dtype F8_E4M3 is not read")),
        (14, safetensors(x("F4", "[16]", 0, 8), two), Refused("dtype F4 is not read")),
        (15, safetensors(format!("{ok} "), &floats(&[1.5, -2.0])), Reads(&[2], &[1.5, -2.0])),
        (16, many(100_000), Fails("limit", "expected at most 10001")),
        (18, safetensors(nested(r#"{"x":{"dtype":"#, 129), b""), Fails("malformed", "valid JSON")),
        (18, safetensors(nested("{\"__metadata__\":{\"a\":", 129), b""), Fails("malformed", "valid JSON")),
        (23, safetensors(x("BF16", "[2]", 0, 4), &[0xc0, 0x3f, 0x49, 0xc0]), Reads(&[2], &[1.5, -3.140625])),
        (23, safetensors(x("F16", "[2]", 0, 4), &[0x00, 0x3c, 0x01, 0x80]), Reads(&[2], &[1.0, -5.9604645e-8])),
        (36, safetensors(r#"{"__metadata__":{"text":"a\ud83d\u00e9"}}"#, b""), Says("text", "a\u{fffd}é")),
        (36, safetensors(r#"{"__metadata__":{"text":"\\ud83d"}}"#, b""), Says("text", "\\ud83d")),
        (36, safetensors(r#"{"__metadata__":{"text":"\ud83d\udc08\udc08"}}"#, b""), Says("text", "\u{1f408}\u{fffd}")),
    ]);
    let name = r#""\u0000../__proto__\u202e""#;
    let odd = ok.replace(r#""x""#, name);
    cases.push((17, safetensors(&odd, two), Reads(&[2], &[0.0, 0.0])));
    cases.push((17, safetensors(&odd, &[0; 7]), Fails("truncated", "file")));
    cases.push((17, safetensors(odd.replace("[2]", "[3]"), two), Fails("size", r"\u{0}../__proto__\u{202e} has 8")));
    cases
}

fn npy_cases() -> Vec<Case> {
    let f4 = |shape: &str, numbers: &[f32]| npy(&dict("<f4", shape), &floats(numbers));
    let claims = |length: u32| [&b"\x93NUMPY\x02\x00"[..], &length.to_le_bytes()].concat();
    let deep = |close: usize| {
        let descr = format!("{}{}", "[".repeat(10_000), "]".repeat(close));
        npy(&format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (2,), }}"), &[0; 8])
    };
    let with = |old: &str, new: &str| npy(&dict("<f4", "(2,)").replace(old, new), &floats(&[1.0, 2.0]));
    let fortran = with("False", "True");
    vec![
        (19, patched(f4("(2,)", &[1.0, 2.0]), 5, b"X"), Fails("unknown_format", r#"begins with "\x93NUMPX"#)),
        (19, patched(f4("(2,)", &[1.0, 2.0]), 6, b"\x04"), Fails("malformed", "version 1, 2 or 3, found version 4")),
        (19, patched(f4("(2,)", &[1.0, 2.0]), 6, b"\x00"), Fails("malformed", "found version 0")),
        (20, claims(u32::MAX), Fails("limit", "header of array is too large: 4294967295")),
        (20, claims(100), Fails("truncated", "header of array ends at byte 12, expected 112")),
        (20, b"\x93NUMPY\x01\x00\x01".to_vec(), Fails("truncated", "ends at byte 9, expected 10")),
        (21, deep(10_000), Refused("dtype [[[[")),
        (21, deep(9_999), Fails("malformed", "expected }, found nothing")),
        (22, npy(&dict("|O", "(1,)"), b"\x80\x03."), Refused("pickled Python objects")),
        (23, npy(&dict(">f4", "(1,)"), &1.5f32.to_be_bytes()), Reads(&[1], &[1.5])),
        (23, npy(&dict("<f8", "(1,)"), &0.1f64.to_le_bytes()), Reads(&[1], &[0.1])),
        (23, npy(&dict("<f8", "(1,)"), &1e300f64.to_le_bytes()), Reads(&[1], &[f32::INFINITY])),
        (23, npy(&dict("<f2", "(1,)"), &[0x00, 0xc2]), Reads(&[1], &[-3.0])),
        (23, npy(&dict("bfloat16", "(1,)"), &[0x40, 0xc0]), Reads(&[1], &[-3.0])),
        (23, npy(&dict("<V2", "(1,)"), &[0x40, 0xc0]), Refused("numpy writes bfloat16 so")),
        (23, npy(&dict("<c8", "(1,)"), &[0; 8]), Refused("complex")),
        (23, npy(&dict("<f16", "(1,)"), &[0; 16]), Refused("not a float of 16, 32 or 64 bits")),
        (23, npy(&dict("<U2", "(1,)"), &[0; 8]), Refused("text")),
        (24, fortran, Reads(&[2], &[1.0, 2.0])),
        (25, f4("()", &[7.0]), Reads(&[], &[7.0])),
        (25, f4("(0,)", &[]), Reads(&[0], &[])),
        (25, f4("(2L, 1L)", &[1.0, 2.0]), Reads(&[2, 1], &[1.0, 2.0])),
        (25, f4("(np.int64(2),)", &[1.0, 2.0]), Fails("malformed", "a plain number such as 3")),
        (25, f4("(2)", &[1.0, 2.0]), Fails("malformed", "expected ,")),
        (25, f4("(-2,)", &[1.0, 2.0]), Fails("malformed", "a whole number from 0")),
        (25, f4("(9007199254740992,)", &[1.0]), Fails("malformed", "a whole number from 0")),
        (25, with("'shape'", "'size'"), Fails("malformed", "descr, fortran_order or shape")),
        (25, with("'shape': (2,), ", ""), Fails("malformed", "descr, fortran_order and shape")),
        (25, with("}", "'shape': (3,)}"), Fails("duplicate", "'shape' is there twice")),
        (25, with("False", "0"), Fails("malformed", "True or False")),
        (25, with("}", "} + evil()"), Fails("malformed", "spaces up to the end")),
        (25, with("'<f4'", "'<f4"), Fails("malformed", "expected }")),
        (26, f4("(4294967296, 1048576)", &[1.0]), Fails("size", "has 4 bytes, expected 18014398509481984")),
        (26, f4("(4294967296, 4294967296)", &[1.0]), Fails("shape", "at most 2^53 elements")),
        (26, f4("(1, 1, 1, 1, 1, 1, 1, 1, 1)", &[1.0]), Fails("limit", "rank of array is too large: 9")),
        (26, f4("(2,)", &[1.0, 2.0, 3.0]), Fails("size", "has 12 bytes, expected 8")),
    ]
}

fn npz_cases() -> Vec<Case> {
    let two = npy(&dict("<f4", "(2,)"), &floats(&[1.0, 2.0]));
    let a = stored("a.npy", &two);
    let zeros = |n: usize| npy(&dict("|u1", &format!("({n},)")), &vec![0; n]);
    let bomb = deflated("a.npy", &zeros(4 << 20));
    let liar = Member { size: two.len() as u32, ..bomb.clone() };
    let modest = Member { size: two.len() as u32 + 1, ..deflated("a.npy", &two) };
    let end = |at: isize, bytes: &[u8]| patched(zip(std::slice::from_ref(&a)), at, bytes);
    let mut zip64 = zip(std::slice::from_ref(&a));
    let place = zip64.len() - 22;
    zip64.splice(place..place, [&b"PK\x06\x07"[..], &[0; 16]].concat());
    let mut crossed = [a.clone(), stored("b.npy", &two)];
    crossed[1].start = Some(0);
    crossed[1].name = "a.npy";
    // The first file's bytes are the second file, header and all.
    let inner = &zip(&[stored("b.npy", &two)])[..30 + 5 + two.len()];
    let outer = stored("a.npy", &npy(&dict("|u1", &format!("({},)", inner.len())), inner));
    let start = (30 + 5 + outer.stored.len() - inner.len()) as u32;
    let nested = zip(&[outer, Member { start: Some(start), ..stored("b.npy", &two) }]);
    // A long header for its size, and a thousand times the same.
    let text = format!("{}{}", dict("|u1", "(0,)").trim_end(), " ".repeat(1_000_000));
    let long = [b"\x93NUMPY\x02\x00", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat();
    vec![
        (27, zip(&vec![deflated("a.npy", &long); 1000]), Fails("limit", "all headers in the archive together")),
        (27, zip(&[bomb]), Fails("limit", "a, unpacked, is too large")),
        (27, zip(&[liar]), Fails("malformed", "found more")),
        (
            27,
            zip(&[Member { size: two.len() as u32, ..deflated("a.npy", &[&two[..], &[0; 99]].concat()) }]),
            Fails("malformed", "found more"),
        ),
        (27, zip(&[modest]), Fails("malformed", "deflated data for")),
        (27, zip(&[deflated("a.npy", &zeros(1 << 20))]), Opens),
        (28, zip(&crossed), Fails("layout", "bytes of a.npy begin at 0")),
        (28, nested, Fails("layout", "bytes of b.npy begin at")),
        (29, zip(&[a.clone(), a.clone()]), Fails("duplicate", "a is there twice")),
        (29, zip(&[a.clone(), stored("a", b"")]), Fails("duplicate", "a is there twice")),
        (29, zip(&[stored("a.npy\0.txt", &two)]), Fails("malformed", "no NUL")),
        (29, zip(&[Member { local_name: "b.npy", ..a.clone() }]), Fails("malformed", "the same name")),
        (29, zip(&[stored("notes.txt", b"hello")]), Refused("is not an npy file")),
        (30, zip(&[Member { crc: 1, ..a.clone() }]), Fails("checksum", "expected 00000001")),
        (30, zip(&[Member { flags: 1, ..a.clone() }]), Refused("is encrypted")),
        (30, zip(&[Member { method: 12, ..a.clone() }]), Refused("is compressed in a way")),
        (30, zip(&[Member { stored: vec![7; 20], ..deflated("a.npy", &two) }]), Fails("malformed", "a broken stream")),
        (30, zip(&[Member { size: 3, ..a.clone() }]), Fails("size", "expected 3")),
        (30, zip(&[stored("a.npy", b"hello, world")]), Fails("malformed", r"\x93NUMPY")),
        (31, zip(&[]), Opens),
        (31, end(-12, &[2, 0]), Fails("unsupported", "parts on several disks")),
        (31, end(-14, &[2, 0, 2, 0]), Fails("count", "there are 1 files in the archive's directory, expected 2")),
        (31, end(-14, &[0, 0, 0, 0]), Fails("count", "expected 0")),
        (31, end(-14, &[0xff; 4]), Fails("limit", "number of files in the archive is too large: 65535")),
        (31, end(-10, &[0xff; 4]), Fails("layout", "directory")),
        (31, end(-6, &[0xff; 4]), Fails("layout", "directory")),
        (31, end(-2, &[1, 0]), Fails("malformed", "a zip directory at its end")),
        (31, zip(std::slice::from_ref(&a))[..60].to_vec(), Fails("malformed", "is the file cut off?")),
        (31, zip64, Fails("unsupported", "zip64")),
        (31, zip(&[Member { start: Some(u32::MAX), ..a.clone() }]), Fails("unsupported", "zip64")),
        (31, zip(&[Member { start: Some(9999), ..a.clone() }]), Fails("truncated", "a.npy")),
        (31, zip(&[Member { start: Some(1), ..a.clone() }]), Fails("malformed", r"the mark")),
        (31, b"PK\x03\x04 short".to_vec(), Fails("truncated", "archive")),
    ]
}

fn json_cases() -> Vec<Case> {
    let json = |text: &str| text.as_bytes().to_vec();
    vec![
        (4, json(r#"{"x": [1, 2}"#), Fails("malformed", r#"byte 11: expected valid JSON"#)),
        (4, b"{\"\xff\": [1]}".to_vec(), Fails("malformed", "byte 2: expected UTF-8")),
        (
            4,
            json(r#"{"x": [1, "a"]}"#),
            Fails("malformed", r#"x[1], byte 4: expected a number or a list, found "\"a\""#),
        ),
        (4, json(r#"{"x": [true]}"#), Fails("malformed", "a number or a list")),
        (4, json(r#"{"x": {"y": [1]}}"#), Fails("malformed", "an object of shape and data")),
        (5, json("\u{feff} [1.5]\n"), Reads(&[1], &[1.5])),
        (6, json(r#"{"x": [1], "x": [2]}"#), Fails("duplicate", "x is there twice")),
        (6, json(r#"{"text": "a", "__metadata__": {"text": "b"}}"#), Fails("duplicate", "text is there twice")),
        (6, json(r#"{"x": {"shape": [1], "data": [1], "data": [2]}}"#), Fails("malformed", "shape and data")),
        (11, json(r#"{"shape": [3], "data": [1, 2]}"#), Fails("count", "there are 2 numbers in array, expected 3")),
        (12, json(r#"{"shape": [-3], "data": []}"#), Fails("number", "shape of array[0]")),
        (12, json(r#"{"shape": [[3]], "data": [1, 2, 3]}"#), Fails("malformed", "a list of whole numbers")),
        (13, json("[]"), Reads(&[0], &[])),
        (13, json("[[], []]"), Reads(&[2, 0], &[])),
        (13, json(r#"{"x": {"data": 2.5, "shape": []}}"#), Reads(&[], &[2.5])),
        (13, json(r#"{"x": {"shape": [2, 2], "data": [[1, 2], [3, 4]]}}"#), Reads(&[2, 2], &[1.0, 2.0, 3.0, 4.0])),
        (17, json(r#"{"__proto__": [-1e-2]}"#), Reads(&[1], &[-0.01])),
        (18, nested("", 129), Fails("limit", "rank of array is too large: 9, expected at most 8")),
        (18, nested("{\"x\":", 100_000), Fails("malformed", "valid JSON")),
        (18, nested("", 100_000), Fails("limit", "rank of array")),
        (32, json("[1, NaN]"), Fails("malformed", r#"found "NaN]""#)),
        (32, json("[1, -Infinity]"), Fails("malformed", r#"found "Infinity]""#)),
        (32, json("[[1, 1e400]]"), Fails("number", "array[0][1]: expected a number in the range of f32, up to 3.4e38")),
        (32, json("[3.5e38]"), Fails("number", "range of f32")),
        (32, json("[3.4e38, 1e-400]"), Reads(&[2], &[3.4e38, 0.0])),
        (33, json("[9007199254740991]"), Reads(&[1], &[9007199254740991.0])),
        (33, json("[0, -9007199254740992]"), Fails("number", "array[1]: expected a whole number up to 2^53 - 1")),
        (33, json("[9007199254740993.0]"), Reads(&[1], &[9007199254740992.0])),
        (34, json(r#"{"x": [[1, 2], [3, 4], [5]]}"#), Fails("ragged", "x[2] is ragged: expected 2 items, found 1")),
        (34, json("[[1], 2]"), Fails("ragged", "array[1] is ragged: expected a list, found a number")),
        (
            34,
            json("[[[1], [2]], [[3], [[4]]]]"),
            Fails("ragged", "array[1][1][0] is ragged: expected a number, found a list"),
        ),
        (34, json("[[], [1]]"), Fails("ragged", "array[1] is ragged: expected 0 items, found 1")),
        (36, json(r#"{"text": "\udc08!"}"#), Says("text", "\u{fffd}!")),
        (36, json(r#"{"t\udc08": [1]}"#), Reads(&[1], &[1.0])),
    ]
}

fn cases() -> Vec<Case> {
    [safetensors_cases(), npy_cases(), npz_cases(), json_cases()].into_iter().flatten().collect()
}

/// A header with this many tensors, of no bytes each.
pub fn many(count: usize) -> Vec<u8> {
    let tensor = |n| format!(r#""t{n}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#);
    let tensors: Vec<String> = (0..count).map(tensor).collect();
    safetensors(format!("{{{}}}", tensors.join(",")), b"")
}

fn nested(before: &str, depth: usize) -> Vec<u8> {
    let list = format!("{before}{}{}", "[".repeat(depth), "]".repeat(depth));
    list.into_bytes()
}

/// The shape of a file's first tensor, and its numbers or why they are refused.
type First = (Vec<u64>, Result<Vec<f32>, String>);

/// Opens a file and reads all that is readable in it.
fn outcome(file: &[u8]) -> Result<First, Error> {
    let index = open(file)?;
    let mut first = None;
    for tensor in &index.tensors {
        let numbers = match (&tensor.note, read(file, &index, &tensor.name, &Limits::default())) {
            (Some(note), Err(error)) if matches!(*error, Fault::Unsupported { .. }) => Err(note.clone()),
            (_, numbers) => Ok(numbers?),
        };
        first.get_or_insert((tensor.shape.clone(), numbers));
    }
    Ok(first.unwrap_or((Vec::new(), Err("nothing".into()))))
}

fn holds(file: &[u8], expected: &Outcome) -> bool {
    match (expected, outcome(file)) {
        (Opens, result) => result.is_ok(),
        (Fails(code, text), Err(error)) => error.code() == *code && error.to_string().contains(text),
        (Reads(shape, numbers), Ok((found, Ok(read)))) => found == *shape && read == *numbers,
        (Refused(reason), Ok((_, Err(note)))) => note.contains(reason),
        (Says(name, text), Ok(_)) => open(file).unwrap().metadata.contains(&(name.to_string(), text.to_string())),
        _ => false,
    }
}

#[test]
fn every_fault_has_its_outcome() {
    let wrong: Vec<String> = cases()
        .iter()
        .filter(|(_, file, expected)| !holds(file, expected))
        .map(|(kind, file, _)| {
            let start = file[..file.len().min(90)].escape_ascii();
            let what = match outcome(file) {
                Ok(found) => format!("{found:?}"),
                Err(error) => format!("{}: {error}", error.code()),
            };
            format!("{}: {start}\n    gave {what:.300}", KINDS[slot(*kind)])
        })
        .collect();
    assert!(wrong.is_empty(), "{} cases\n{}", wrong.len(), wrong.join("\n"));
}

/// 1 to 34, and 36; 35 is about tokens, and not about files.
fn slot(kind: usize) -> usize {
    if kind == 36 { 34 } else { kind - 1 }
}

#[test]
fn every_kind_of_fault_has_a_case() {
    let covered: BTreeSet<usize> = cases().iter().map(|(kind, ..)| slot(*kind)).collect();
    let missing: Vec<&str> = (0..KINDS.len()).filter(|kind| !covered.contains(kind)).map(|kind| KINDS[kind]).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_error_about_files_has_a_case() {
    // The first four are about problems; a file that makes memory run out would make the test run out of it.
    let about_problems = ["shape", "parameter", "unknown", "out_of_memory"];
    let covered: BTreeSet<&str> =
        cases().iter().filter_map(|(_, file, _)| outcome(file).err()).map(|e| e.code()).collect();
    let missing: Vec<_> =
        Error::CODES.iter().filter(|code| !covered.contains(*code) && !about_problems.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

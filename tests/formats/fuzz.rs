//! Files that differ from right ones in a few bytes, by the ten thousand. None may panic, hang or take much memory.

use crate::build::*;
use qkscope::format::{self, Limits, TensorInfo};

/// Files per format.
const FILES: u64 = 30_000;

/// xorshift64*, Vigna, 2016: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// Tells which seed it was, should the test panic.
struct Seed(&'static str, u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{} broke on seed {}", self.0, self.1);
        }
    }
}

fn seeds() -> [(&'static str, Vec<u8>); 5] {
    let array = |descr: &str| npy(&dict(descr, "(2, 3)"), &[7; 24]);
    let fortran = npy(&dict("<f4", "(2, 3)").replace("False", "True "), &[7; 24]);
    let header = concat!(
        r#"{"__metadata__":{"tokens":"[\"a\",\"\\ud83d\"]","scale":"0.5"},"#,
        r#""layers.0.q":{"dtype":"F32","shape":[1,2,1],"data_offsets":[0,8]},"#,
        r#""layers.0.k":{"dtype":"BF16","shape":[2,2],"data_offsets":[8,16]}}"#
    );
    let json =
        r#"{"x":[[1,2.5e-3],[-3,4]],"y":{"shape":[2],"data":[0,1]},"t":["a","\ud83d"],"__metadata__":{"m":"b"}}"#;
    let text = npy(&dict("<U1", "(2,)"), &[b"a\0\0\0", &[0, 0xd8, 0, 0][..]].concat());
    [
        ("safetensors", safetensors(header, &[7; 16])),
        ("npy", fortran),
        ("stored npz", zip(&[stored("x.npy", &array(">f4")), stored("t.npy", &text)])),
        ("deflated npz", zip(&[deflated("x.npy", &array("<f4")), deflated("t.npy", &text)])),
        ("json", json.into()),
    ]
}

/// One to four changes, of the kinds that break parsers.
fn mutate(file: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(file.len());
        let word: &[u8] = random.pick(&[
            b"\xff\xff\xff\xff",
            b"\0\0\0\0",
            b"\xff\xff\xff\x7f",
            b"\0\0\0\x80",
            b"18446744073709551615",
            b"1e999",
            b"[[[[",
            b"]]]]",
            b"{",
            b"}",
            b"\"",
            b"\\ud800",
            b"-1",
            b",",
            b":",
            b"(",
            b")",
            b"'",
            b"NaN",
            b"PK\x01\x02",
            b"\xed\xa0\x80",
        ]);
        match random.below(6) {
            0 => file[at] ^= 1 << random.below(8),
            1 => file[at] = random.below(256) as u8,
            2 => drop(file.splice(at..at, word.iter().copied())),
            3 => file.iter_mut().skip(at).zip(word).for_each(|(to, from)| *to = *from),
            4 => drop(file.drain(at..(at + 1 + random.below(8)).min(file.len()))),
            _ => file.truncate(at.max(1)),
        }
        if file.is_empty() {
            return file.push(b'{');
        }
    }
}

/// Limits that keep one run small, whatever a file asks for.
fn small() -> Limits {
    Limits { bytes: 1 << 20, header: 1 << 16, json: 1 << 16, ..Limits::default() }
}

#[test]
fn damaged_files_never_panic() {
    for (format, good) in seeds() {
        assert!(open(&good).is_ok_and(|index| !index.tensors.is_empty()), "{format}");
        let (mut opened, mut refused) = (0, 0);
        for number in 1..=FILES {
            let _seed = Seed(format, number);
            let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut file = good.clone();
            mutate(&mut file, &mut random);
            match open_with(&file, &small()) {
                Err(error) => refused += usize::from(!error.to_string().is_empty()),
                Ok(index) => {
                    opened += 1;
                    for tensor in &index.tensors {
                        let bytes = &file[tensor.offset as usize..][..tensor.length as usize];
                        let numbers = format::read(tensor, bytes, &small());
                        assert!(numbers.map_or(0, |numbers| numbers.len()) <= 1 << 21);
                    }
                    // Names and metadata go on into the next stage.
                    let _ = qkscope::capture::Capture::new(index);
                }
            }
        }
        // Both ends of the parsers must have been reached, or the changes are too wild or too tame.
        assert!(opened > FILES / 100 && refused as u64 > FILES / 4, "{format}: {opened} opened, {refused} refused");
    }
}

#[test]
fn damaged_descriptions_never_panic() {
    for (format, file) in seeds() {
        let index = open(&file).unwrap();
        for number in 1..=FILES / 3 {
            let _seed = Seed(format, number);
            let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let mut tensor = index.tensors[random.below(index.tensors.len())].clone();
            for _ in 0..=random.below(3) {
                distort(&mut tensor, &mut random);
            }
            let offset = (tensor.offset as usize).min(file.len());
            let length = (tensor.length as usize).min(file.len() - offset);
            let _ = format::read(&tensor, &file[offset..][..length], &small());
        }
    }
}

fn distort(tensor: &mut TensorInfo, random: &mut Random) {
    let sizes = [0, 1, 2, 3, 6, 24, 1 << 20, 1 << 32, (1 << 53) - 1, 1 << 53, u64::MAX];
    match random.below(8) {
        0 => tensor.shape = (0..random.below(10)).map(|_| random.pick(&sizes)).collect(),
        1 => tensor.dtype = random.pick(&["F32", "F64", "<f4", ">f2", "|b1", "|O", "number", ""]).into(),
        2 => tensor.format = random.pick(&["safetensors", "npy", "npz", "json", "zip"]).into(),
        3 => tensor.offset = random.pick(&sizes),
        4 => tensor.length = random.pick(&sizes),
        5 => tensor.fortran = !tensor.fortran,
        6 => tensor.supported = !tensor.supported,
        _ => {
            let (deflated, size, crc) = (random.below(2) == 1, random.pick(&sizes), random.below(9) as u32);
            tensor.packing = Some(qkscope::format::Packing { deflated, size, crc });
        }
    }
}

//! Files made by hand, byte by byte, so that they can be wrong in one place at a time.

use qkscope::error::Error;
use qkscope::format::{self, Index, Limits, Reader};

/// Opens a file as a caller with random access does.
pub fn open(file: &[u8]) -> Result<Index, Error> {
    open_with(file, &Limits::default())
}

pub fn open_with(file: &[u8], limits: &Limits) -> Result<Index, Error> {
    let mut reader = Reader::new(file.len() as u64, limits.clone())?;
    while let Some(range) = reader.need() {
        reader.supply(&file[range.start as usize..range.end as usize])?;
    }
    reader.finish()
}

/// The numbers of one tensor.
pub fn read(file: &[u8], index: &Index, name: &str, limits: &Limits) -> Result<Vec<f32>, Error> {
    let tensor = index.tensors.iter().find(|tensor| tensor.name == name).expect("no such tensor");
    format::read(tensor, &file[tensor.offset as usize..][..tensor.length as usize], limits)
}

/// A safetensors file of this header and these bytes.
pub fn safetensors(header: impl AsRef<[u8]>, data: &[u8]) -> Vec<u8> {
    let header = header.as_ref();
    [&(header.len() as u64).to_le_bytes(), header, data].concat()
}

/// A header with one tensor, called x.
pub fn x(dtype: &str, shape: &str, begin: u64, end: u64) -> String {
    format!(r#"{{"x":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{begin},{end}]}}}}"#)
}

/// An npy file of version 1.
pub fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
}

/// The header of an array in C order.
pub fn dict(descr: &str, shape: &str) -> String {
    format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n")
}

/// A file in an archive, with the numbers that the archive states about it.
#[derive(Clone)]
pub struct Member {
    pub name: &'static str,
    pub local_name: &'static str,
    pub stored: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub size: u32,
    pub crc: u32,
    /// Where the directory says that it begins, if that is a lie.
    pub start: Option<u32>,
}

pub fn stored(name: &'static str, bytes: &[u8]) -> Member {
    let (size, crc) = (bytes.len() as u32, crc32fast::hash(bytes));
    Member { name, local_name: name, stored: bytes.to_vec(), method: 0, flags: 0, size, crc, start: None }
}

pub fn deflated(name: &'static str, bytes: &[u8]) -> Member {
    let packed = miniz_oxide::deflate::compress_to_vec(bytes, 6);
    Member { stored: packed, method: 8, ..stored(name, bytes) }
}

/// An archive of these files.
pub fn zip(members: &[Member]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for m in members {
        let start = m.start.unwrap_or(archive.len() as u32);
        let sizes = [m.crc, m.stored.len() as u32, m.size].map(u32::to_le_bytes).concat();
        let kind = [20, m.flags, m.method, 0, 0].map(u16::to_le_bytes).concat();
        let lengths = [m.local_name.len() as u16, 0].map(u16::to_le_bytes).concat();
        archive.extend([b"PK\x03\x04", &kind[..], &sizes, &lengths, m.local_name.as_bytes(), &m.stored].concat());
        let lengths = [m.name.len() as u16, 0, 0, 0, 0, 0, 0].map(u16::to_le_bytes).concat();
        let start = start.to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\x00", &kind[..], &sizes, &lengths, &start[..], m.name.as_bytes()].concat());
    }
    let counts = [0, 0, members.len() as u16, members.len() as u16].map(u16::to_le_bytes).concat();
    let place = [directory.len() as u32, archive.len() as u32].map(u32::to_le_bytes).concat();
    [&archive[..], &directory, b"PK\x05\x06", &counts, &place, &[0, 0]].concat()
}

/// Two numbers as f32, for data that has to be somewhere.
pub fn floats(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// A copy with other bytes at a place, counted from the end where it is negative.
pub fn patched(mut file: Vec<u8>, at: isize, bytes: &[u8]) -> Vec<u8> {
    let at = if at < 0 { file.len() - at.unsigned_abs() } else { at as usize };
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

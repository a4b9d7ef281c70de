//! Zip archives, as far as numpy writes them, and against those who write them otherwise.
//!
//! ```text
//! (local header │ name │ extra │ bytes)… │ directory: (entry │ name │ extra │ comment)… │ end │ comment
//! ```
//!
//! The directory at the end counts; a local header only says where the bytes of its file begin. The rules are those of
//! PKWARE's APPNOTE 6.3. The abuses are those of Fifield, A better zip bomb, 2019: files that share bytes are refused,
//! and so is a file that inflates too much.

use std::borrow::Cow;

use super::inflate::{self, End, crc32};
use super::{order, room, snippet};
use crate::error::Error;
use crate::format::{Limits, Packing};

/// How much any file may inflate to, however few bytes it has.
const FREE: u64 = 1 << 20;

/// What 32 bits say when the number is in a zip64 record instead.
const IN_ZIP64: u64 = 0xffff_ffff;

/// One file in an archive.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where its bytes begin in the archive.
    pub offset: u64,
    /// Its bytes, as they are stored.
    pub bytes: &'a [u8],
    /// How they are stored; or, if they cannot be unpacked, why not.
    pub packing: Result<Packing, &'static str>,
    /// Where its local header begins.
    start: u64,
}

/// The files of an archive, in the order of its directory.
pub(crate) fn entries<'a>(archive: &'a [u8], limits: &Limits) -> Result<Vec<Entry<'a>>, Error> {
    let directory = directory(archive)?;
    Limits::check("number of files in the archive", directory.count, limits.tensors)?;
    let mut entries = Vec::new();
    let mut at = directory.start;
    while at < directory.end && entries.len() as u64 <= directory.count {
        let (entry, next) = entry(&archive[..directory.end], at, directory.start)?;
        entries.push(entry);
        at = next;
    }
    if entries.len() as u64 != directory.count || at != directory.end {
        return Err(Error::count(&"files in the archive's directory", directory.count, entries.len() as u64));
    }
    disjoint(&entries)?;
    Ok(entries)
}

/// The bytes of a file, as they were before they were packed.
pub(crate) fn unpack<'a>(
    name: &str,
    bytes: &'a [u8],
    packing: Packing,
    limits: &Limits,
) -> Result<Cow<'a, [u8]>, Error> {
    let unpacked = begin(name, bytes, packing, packing.size, limits)?;
    match crc32(&unpacked) {
        crc if crc == packing.crc => Ok(unpacked),
        crc => Err(Error::checksum(&name, packing.crc, crc)),
    }
}

/// The first `length` bytes of a file, as they were before they were packed. Their checksum is not known.
pub(crate) fn begin<'a>(
    name: &str,
    bytes: &'a [u8],
    packing: Packing,
    length: u64,
    limits: &Limits,
) -> Result<Cow<'a, [u8]>, Error> {
    check_size(name, bytes.len() as u64, packing, limits)?;
    match packing.deflated {
        true => inflate(name, bytes, length, length == packing.size).map(Cow::Owned),
        // Not longer than the file, whose size is that of its bytes.
        false => Ok(Cow::Borrowed(&bytes[..length as usize])),
    }
}

fn check_size(name: &str, stored: u64, packing: Packing, limits: &Limits) -> Result<(), Error> {
    let name = format!("{name}, unpacked,");
    Limits::check(&name, packing.size, limits.bytes)?;
    match packing.deflated {
        true => Limits::check(&name, packing.size, stored.saturating_mul(limits.ratio).saturating_add(FREE)),
        false if packing.size != stored => Err(Error::size(&name, packing.size, stored)),
        false => Ok(()),
    }
}

/// Inflates `length` bytes, which are `all` of them or the first.
fn inflate(name: &str, bytes: &[u8], length: u64, all: bool) -> Result<Vec<u8>, Error> {
    let mut out = room(name, length)?;
    out.resize(length as usize, 0);
    let (end, read, written) = inflate::inflate(bytes, &mut out);
    let found = match end {
        End::Done if written as u64 == length => return Ok(out),
        End::Full if !all => return Ok(out),
        End::Full => "more".into(),
        End::Done => format!("{written}"),
        End::Broken => format!("a broken stream after {written}"),
    };
    Err(Error::malformed(&name, read as u64, &format_args!("deflated data for {length} bytes"), &found))
}

struct Directory {
    start: usize,
    end: usize,
    count: u64,
}

/// Finds the directory through the record at the archive's end.
fn directory(archive: &[u8]) -> Result<Directory, Error> {
    const END: usize = 22;
    const COMMENT: usize = 0xffff;
    let last =
        archive.len().checked_sub(END).ok_or_else(|| Error::truncated(&"archive", END as u64, archive.len() as u64))?;
    let is_end = |&at: &usize| {
        archive[at..].starts_with(b"PK\x05\x06") && number(archive, at + 20, 2) == (archive.len() - at - END) as u64
    };
    let end = (last.saturating_sub(COMMENT)..=last)
        .rev()
        .find(is_end)
        .ok_or_else(|| wrong("archive", last, "a zip directory at its end (is the file cut off?)", &archive[last..]))?;
    let (disks, here, count) = (number(archive, end + 4, 4), number(archive, end + 8, 2), number(archive, end + 10, 2));
    let (size, start) = (number(archive, end + 12, 4), number(archive, end + 16, 4));
    if archive[..end].len() >= 20 && archive[end - 20..].starts_with(b"PK\x06\x07") {
        return Err(unsupported("archive", "a zip64 directory"));
    }
    if disks != 0 || here != count {
        return Err(unsupported("archive", "parts on several disks"));
    }
    match (end as u64).checked_sub(size) {
        Some(begin) if begin == start => Ok(Directory { start: begin as usize, end, count }),
        begin => Err(Error::layout(&"directory", begin.unwrap_or(0), start)),
    }
}

/// The file whose directory entry is at `at`, and where the next entry is. `archive` ends where the directory does.
fn entry(archive: &[u8], at: usize, directory: usize) -> Result<(Entry<'_>, usize), Error> {
    const FIXED: usize = 46;
    let fixed = part("directory", archive, at as u64, FIXED as u64, b"PK\x01\x02")?;
    let lengths = [28, 30, 32].map(|field| number(fixed, field, 2) as usize);
    let next = at + FIXED + lengths.iter().sum::<usize>();
    if next > archive.len() {
        return Err(Error::truncated(&"directory", next as u64, archive.len() as u64));
    }
    let name = name(&archive[at + FIXED..][..lengths[0]], at + FIXED)?;
    let (stored, size, start) = (number(fixed, 20, 4), number(fixed, 24, 4), number(fixed, 42, 4));
    if [stored, size, start].contains(&IN_ZIP64) {
        return Err(unsupported(name, "a size in a zip64 record"));
    }
    let offset = data(&archive[..directory], name, start, fixed)?;
    let bytes = part(name, &archive[..directory], offset, stored, b"")?;
    let (flags, method) = (number(fixed, 8, 2), number(fixed, 10, 2));
    let packing = match (flags & 1, method) {
        (1, _) => Err("is encrypted: save it without a password"),
        (_, 0 | 8) => Ok(Packing { deflated: method == 8, size, crc: number(fixed, 16, 4) as u32 }),
        _ => Err("is compressed in a way that is not read: save it with numpy.savez or numpy.savez_compressed"),
    };
    Ok((Entry { name, offset, bytes, packing, start }, next))
}

/// Where the bytes of a file begin, from its local header, which must not contradict the directory.
fn data(archive: &[u8], name: &str, start: u64, entry: &[u8]) -> Result<u64, Error> {
    const FIXED: u64 = 30;
    let fixed = part(name, archive, start, FIXED, b"PK\x03\x04")?;
    let (name_length, extra_length) = (number(fixed, 26, 2), number(fixed, 28, 2));
    let local_name = part(name, archive, start + FIXED, name_length, b"")?;
    if local_name != name.as_bytes() {
        return Err(wrong(name, start as usize, "the same name before its bytes", local_name));
    }
    if number(fixed, 8, 2) != number(entry, 10, 2) {
        return Err(wrong(name, start as usize, "the same compression as in the directory", &fixed[8..10]));
    }
    Ok(start + FIXED + name_length + extra_length)
}

/// Some bytes of the archive, which begin with a mark.
fn part<'a>(name: &str, archive: &'a [u8], start: u64, length: u64, mark: &[u8]) -> Result<&'a [u8], Error> {
    let end = start + length;
    if end > archive.len() as u64 {
        return Err(Error::truncated(&name, end, archive.len() as u64));
    }
    let bytes = &archive[start as usize..end as usize];
    let expected = || format!("the mark {}", snippet(mark));
    if bytes.starts_with(mark) { Ok(bytes) } else { Err(wrong(name, start as usize, &expected(), bytes)) }
}

/// A name that every reader understands in the same way: Python's cuts names at a NUL.
fn name(bytes: &[u8], at: usize) -> Result<&str, Error> {
    let name = str::from_utf8(bytes).map_err(|_| wrong("name in the directory", at, "UTF-8", bytes))?;
    match name.find('\0') {
        Some(nul) => Err(wrong("name in the directory", at + nul, "no NUL", bytes)),
        None => Ok(name),
    }
}

/// Refuses files that share bytes.
fn disjoint(entries: &[Entry]) -> Result<(), Error> {
    let order = order(entries.len(), &|a, b| entries[a].start.cmp(&entries[b].start));
    let order: Vec<&Entry> = order.into_iter().map(|at| &entries[at]).collect();
    let ends = order.iter().map(|entry| entry.offset + entry.bytes.len() as u64);
    match order.iter().skip(1).zip(ends).find(|(entry, end)| entry.start < *end) {
        Some((entry, end)) => Err(Error::layout(&entry.name, end, entry.start)),
        None => Ok(()),
    }
}

/// A little-endian number, of at most eight bytes that are known to be there.
fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    bytes[at..at + size].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn wrong(name: &str, offset: usize, expected: &str, found: &[u8]) -> Error {
    Error::malformed(&name, offset as u64, &expected, &snippet(found))
}

fn unsupported(name: &str, found: &str) -> Error {
    Error::unsupported(&name, &"an archive below 4 GB, as numpy.savez writes it", &found)
}

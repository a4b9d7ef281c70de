//! Deflated data (RFC 1951), of a length that is known before.

/// How far a stream came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// To its own end.
    Done,
    /// There is no room for what follows.
    Full,
    /// It breaks its rules, or is cut off.
    Broken,
}

/// How a stream ended, and how many bytes were read and written.
pub(crate) fn inflate(bytes: &[u8], out: &mut [u8]) -> (End, usize, usize) {
    let mut stream = Stream { bits: Bits { bytes, at: 0, hold: 0, count: 0 }, out, written: 0, fixed: None };
    // Nothing means that a block is missing or wrong.
    let end = stream.blocks().unwrap_or(End::Broken);
    (end, stream.bits.at - stream.bits.count as usize / 8, stream.written)
}

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bits that were read and are not used, and how many.
    hold: u64,
    count: u32,
}

impl Bits<'_> {
    /// Holds at least 48 bits, as far as there are so many.
    fn fill(&mut self) {
        while self.count <= 48
            && let Some(&byte) = self.bytes.get(self.at)
        {
            self.hold |= u64::from(byte) << self.count;
            (self.at, self.count) = (self.at + 1, self.count + 8);
        }
    }

    fn skip(&mut self, count: u32) -> Option<()> {
        self.count = self.count.checked_sub(count)?;
        self.hold >>= count;
        Some(())
    }

    /// The next bits as a number, at most 16 of them.
    fn take(&mut self, count: u32) -> Option<usize> {
        self.fill();
        let number = self.hold & ((1 << count) - 1);
        self.skip(count)?;
        Some(number as usize)
    }
}

/// The longest code, in bits.
const LONGEST: usize = 15;
/// Codes of up to so many bits are found at once.
const FAST: u32 = 9;

/// A set of codes, as their lengths define it.
struct Codes {
    /// For each next bits the symbol (times 16) and the length of its code; 0 where it is longer.
    fast: [u16; 1 << FAST],
    /// How many codes there are of each length.
    counts: [u16; LONGEST + 1],
    /// The symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Codes {
    /// Nothing for lengths that no set of codes has; a set may leave codes unused only where it has one code, or none.
    fn new(lengths: &[u8]) -> Option<Codes> {
        let mut counts = [0u16; LONGEST + 1];
        lengths.iter().for_each(|&length| counts[usize::from(length)] += 1);
        counts[0] = 0;
        // The next code of each length, and where its symbol goes.
        let mut next = [(0u16, 0u16); LONGEST + 1];
        let (mut left, mut code, mut used) = (1i32, 0u16, 0u16);
        for length in 1..=LONGEST {
            left = left * 2 - i32::from(counts[length]);
            if left < 0 {
                return None;
            }
            next[length] = (code, used);
            code = (code + counts[length]) << 1;
            used += counts[length];
        }
        if left > 0 && used > 1 {
            return None;
        }
        let mut codes = Codes { fast: [0; 1 << FAST], counts, symbols: vec![0; usize::from(used)] };
        for (symbol, &length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let (code, place) = &mut next[usize::from(length)];
            codes.symbols[usize::from(*place)] = symbol as u16;
            codes.add(symbol as u16, *code, u32::from(length));
            (*code, *place) = (*code + 1, *place + 1);
        }
        Some(codes)
    }

    /// Enters a short code under all bits that begin with it.
    fn add(&mut self, symbol: u16, code: u16, length: u32) {
        if length > FAST {
            return;
        }
        let mut at = usize::from(code.reverse_bits() >> (16 - length));
        while at < self.fast.len() {
            self.fast[at] = symbol << 4 | length as u16;
            at += 1 << length;
        }
    }

    /// The symbol of the next code.
    fn next(&self, bits: &mut Bits) -> Option<usize> {
        bits.fill();
        let fast = self.fast[bits.hold as usize & ((1 << FAST) - 1)];
        if fast > 0 {
            bits.skip(u32::from(fast & 15))?;
            return Some(usize::from(fast >> 4));
        }
        let (mut code, mut first, mut index) = (0, 0, 0);
        for length in 1..=LONGEST {
            code |= bits.hold as usize >> (length - 1) & 1;
            let count = usize::from(self.counts[length]);
            if code < first + count {
                bits.skip(length as u32)?;
                return Some(usize::from(self.symbols[index + code - first]));
            }
            (index, first, code) = (index + count, (first + count) << 1, code << 1);
        }
        None
    }
}

struct Stream<'a> {
    bits: Bits<'a>,
    out: &'a mut [u8],
    written: usize,
    /// The codes of fixed blocks: a file of nothing but empty ones would have them made a million times.
    fixed: Option<[Codes; 2]>,
}

impl Stream<'_> {
    fn blocks(&mut self) -> Option<End> {
        loop {
            let last = self.bits.take(1)? == 1;
            let end = match self.bits.take(2)? {
                0 => self.stored()?,
                1 => self.fixed()?,
                2 => self.dynamic()?,
                _ => return None,
            };
            if last || end == End::Full {
                return Some(end);
            }
        }
    }

    fn stored(&mut self) -> Option<End> {
        self.bits.skip(self.bits.count % 8)?;
        let (length, check) = (self.bits.take(16)?, self.bits.take(16)?);
        if length != !check & 0xffff {
            return None;
        }
        for _ in 0..length {
            if self.written == self.out.len() {
                return Some(End::Full);
            }
            self.out[self.written] = self.bits.take(8)? as u8;
            self.written += 1;
        }
        Some(End::Done)
    }

    fn fixed(&mut self) -> Option<End> {
        let [literals, distances] = match self.fixed.take() {
            Some(codes) => codes,
            None => {
                let mut lengths = [8; 288];
                lengths[144..256].fill(9);
                lengths[256..280].fill(7);
                [Codes::new(&lengths)?, Codes::new(&[5; 32])?]
            }
        };
        let end = self.coded(&literals, &distances);
        self.fixed = Some([literals, distances]);
        end
    }

    fn dynamic(&mut self) -> Option<End> {
        const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let (literals, distances) = (self.bits.take(5)? + 257, self.bits.take(5)? + 1);
        let mut own = [0; 19];
        for at in 0..self.bits.take(4)? + 4 {
            own[usize::from(ORDER[at])] = self.bits.take(3)? as u8;
        }
        let codes = Codes::new(&own)?;
        let mut lengths = Vec::with_capacity(literals + distances);
        while lengths.len() < literals + distances {
            let (length, count) = match codes.next(&mut self.bits)? {
                16 => (*lengths.last()?, self.bits.take(2)? + 3),
                17 => (0, self.bits.take(3)? + 3),
                18 => (0, self.bits.take(7)? + 11),
                length => (length as u8, 1),
            };
            lengths.resize(lengths.len() + count, length);
        }
        // A repetition may not run past the end, and there is a code for the end of the block.
        if lengths.len() > literals + distances || lengths[256] == 0 {
            return None;
        }
        self.coded(&Codes::new(&lengths[..literals])?, &Codes::new(&lengths[literals..])?)
    }

    /// Literal bytes, and copies of what was written before.
    fn coded(&mut self, literals: &Codes, distances: &Codes) -> Option<End> {
        loop {
            let symbol = literals.next(&mut self.bits)?;
            match symbol {
                0..256 if self.written == self.out.len() => return Some(End::Full),
                0..256 => {
                    self.out[self.written] = symbol as u8;
                    self.written += 1;
                }
                256 => return Some(End::Done),
                _ => {
                    let length = self.length(symbol - 257)?;
                    let distance = self.distance(distances)?;
                    let start = self.written.checked_sub(distance)?;
                    let end = self.out.len().min(self.written + length);
                    // Byte by byte: a copy may run into what it writes.
                    for (from, to) in (start..).zip(self.written..end) {
                        self.out[to] = self.out[from];
                    }
                    let cut = end < self.written + length;
                    self.written = end;
                    if cut {
                        return Some(End::Full);
                    }
                }
            }
        }
    }

    /// 3 to 10 by themselves, then groups of four with a bit more each; 258 has a symbol of its own.
    fn length(&mut self, place: usize) -> Option<usize> {
        match place {
            0..8 => Some(place + 3),
            8..28 => {
                let extra = place / 4 - 1;
                Some(((place % 4 + 4) << extra) + 3 + self.bits.take(extra as u32)?)
            }
            28 => Some(258),
            _ => None,
        }
    }

    /// 1 to 4 by themselves, then pairs with a bit more each.
    fn distance(&mut self, codes: &Codes) -> Option<usize> {
        match codes.next(&mut self.bits)? {
            place @ 0..4 => Some(place + 1),
            place @ 4..30 => {
                let extra = place / 2 - 1;
                Some(((place % 2 + 2) << extra) + 1 + self.bits.take(extra as u32)?)
            }
            _ => None,
        }
    }
}

/// The CRC-32 of zip archives (the polynomial 0xedb88320, reflected).
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    let table: [u32; 256] = core::array::from_fn(|byte| (0..8).fold(byte as u32, |crc, _| step(crc)));
    !bytes.iter().fold(!0, |crc, &byte| crc >> 8 ^ table[(crc as u8 ^ byte) as usize])
}

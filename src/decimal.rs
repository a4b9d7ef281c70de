//! Numbers as text and back, exactly as `f64`'s own `Display` and `FromStr` do it, in a tenth of their size: the standard
//! library's tables and fast paths would be a quarter of the module that ships, for a few numbers in messages and in files
//! of text.
//!
//! Shortest digits are those of Steele and White (1990) as Dragon4, and reading is a long division; both on whole numbers of
//! any length. Fifteen digits and fewer take a shortcut, which is exact: up to 2^53, times or divided by up to 10^22.

use core::cmp::Ordering;

/// A number in the fewest digits that read back as it: `0.1`, `-2`, `NaN`, `inf`.
pub fn show(x: f64) -> String {
    plain(x, shortest(x, 52))
}

/// The same for a number in single precision, which fewer digits tell from its neighbours.
pub fn show_single(x: f32) -> String {
    plain(x.into(), shortest(x.into(), 23))
}

fn plain(x: f64, decimal: Decimal) -> String {
    let (digits, point) = match decimal {
        Ok(decimal) => decimal,
        Err(word) => return word.into(),
    };
    let mut text = String::from(if x.is_sign_negative() { "-" } else { "" });
    if point <= 0 {
        text.push_str("0.");
    }
    (point..0).for_each(|_| text.push('0'));
    for (at, &digit) in digits.iter().enumerate() {
        if at > 0 && at as i32 == point {
            text.push('.');
        }
        text.push((b'0' + digit).into());
    }
    (digits.len() as i32..point).for_each(|_| text.push('0'));
    text
}

/// The same with an exponent: `1e-1`, `1.5e300`.
pub fn show_scaled(x: f64) -> String {
    let (digits, point) = match shortest(x, 52) {
        Ok(decimal) => decimal,
        Err("0") => return "0e0".into(),
        Err("-0") => return "-0e0".into(),
        Err(word) => return word.into(),
    };
    let mut text = String::from(if x.is_sign_negative() { "-" } else { "" });
    for (at, &digit) in digits.iter().enumerate() {
        if at == 1 {
            text.push('.');
        }
        text.push((b'0' + digit).into());
    }
    text + &format!("e{}", point - 1)
}

/// The digits of a number and where its point stands, or the word for one that has none.
type Decimal = Result<(Vec<u8>, i32), &'static str>;

/// The fewest digits that tell a number of so many binary places from its neighbours: 52, or 23 in single precision.
fn shortest(x: f64, places: i32) -> Decimal {
    let negative = x.is_sign_negative();
    match x.abs() {
        x if x.is_nan() => return Err("NaN"),
        f64::INFINITY => return Err(if negative { "-inf" } else { "inf" }),
        0.0 => return Err(if negative { "-0" } else { "0" }),
        _ => {}
    }
    let bits = x.abs().to_bits();
    let (field, fraction) = ((bits >> 52) as i32, bits & ((1 << 52) - 1));
    let (whole, lowest) = if field == 0 { (fraction, -1074) } else { (fraction | 1 << 52, field - 1075) };
    // In single precision numbers below 2^-126 have fewer places.
    let least = if places < 52 { -149 } else { -1074 };
    let exponent = (lowest + 52 - places).max(least);
    let mantissa = whole >> (exponent - lowest);
    // Everything is over `scale`, doubled so that half the way to the neighbours is whole; below a power of two the
    // neighbour is half as far.
    let near = u32::from(mantissa == 1 << places && exponent > least);
    let (up, down) = (exponent.max(0) as u32, (-exponent).max(0) as u32);
    let mut value = Big::from(mantissa).shifted(up + 1 + near);
    let (mut above, mut below) = (Big::from(1).shifted(up + near), Big::from(1).shifted(up));
    let mut scale = Big::from(1).shifted(down + 1 + near);
    // Readers round half to even, so that an even number reaches up to the middle itself.
    let reach = if mantissa % 2 == 0 { Ordering::Less } else { Ordering::Equal };
    let reaches = |value: &Big, above: &Big, scale: &Big| value.plus(above).cmp(scale) > reach;
    let mut point = 0;
    while reaches(&value, &above, &scale) {
        scale.times(10, 0);
        point += 1;
    }
    loop {
        let tenfold = [&value, &above].map(|part| part.product(10));
        if reaches(&tenfold[0], &tenfold[1], &scale) {
            break;
        }
        [value, above] = tenfold;
        below.times(10, 0);
        point -= 1;
    }
    let mut digits = Vec::new();
    loop {
        for part in [&mut value, &mut above, &mut below] {
            part.times(10, 0);
        }
        let mut digit = 0;
        while value.cmp(&scale) != Ordering::Less {
            value.subtract(&scale);
            digit += 1;
        }
        let low = below.cmp(&value) > reach;
        let high = reaches(&value, &above, &scale);
        if low || high {
            let nearer_above = value.product(2).cmp(&scale) != Ordering::Less;
            digits.push(digit + u8::from(high && (!low || nearer_above)));
            return Ok((digits, point));
        }
        digits.push(digit);
    }
}

/// Numbers with more digits than this before the point, or zeros behind it, are infinite or 0 in double precision.
const DOUBLE: i64 = 330;
/// The same in single precision.
const SINGLE: i64 = 46;

/// The `f64` nearest to a number in decimal notation; nothing for a text that is none.
pub fn read(text: &str) -> Option<f64> {
    read_within(text, DOUBLE)
}

/// The same for a number that is to be an `f32`: what is far out of its range is infinite or 0 without a long division.
pub fn read_single(text: &str) -> Option<f64> {
    read_within(text, SINGLE)
}

fn read_within(text: &str, most: i64) -> Option<f64> {
    let (negative, unsigned) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let size = match unsigned {
        word if word.eq_ignore_ascii_case(b"inf") || word.eq_ignore_ascii_case(b"infinity") => f64::INFINITY,
        word if word.eq_ignore_ascii_case(b"nan") => f64::NAN,
        digits => unsigned_value(digits, most)?,
    };
    Some(if negative { -size } else { size })
}

/// More digits than decide which of two neighbours is nearer; what follows only breaks ties.
const DECISIVE: usize = 800;

fn unsigned_value(text: &[u8], most: i64) -> Option<f64> {
    let end = text.iter().position(|byte| matches!(byte, b'e' | b'E')).unwrap_or(text.len());
    let mut exponent = if end < text.len() { whole(&text[end + 1..])? } else { 0 };
    let (mut short, mut digits, mut point, mut seen) = (0u64, Vec::new(), false, false);
    // Past nineteen digits, and whether a digit was left out that is not zero.
    let (mut count, mut more) = (0, false);
    for &byte in &text[..end] {
        match byte {
            b'.' if !point => point = true,
            b'0'..=b'9' => {
                seen = true;
                exponent -= i64::from(point);
                if count == 0 && byte == b'0' {
                    continue;
                }
                count += 1;
                match count {
                    ..20 => short = short * 10 + u64::from(byte - b'0'),
                    20..=DECISIVE => digits.push(byte - b'0'),
                    _ => {
                        more |= byte != b'0';
                        exponent += 1;
                    }
                }
            }
            _ => return None,
        }
    }
    if !seen {
        return None;
    }
    if digits.is_empty() && short <= 1 << 53 && (-22..=22).contains(&exponent) {
        let power = (0..exponent.abs()).fold(1.0, |power, _| power * 10.0);
        return Some(if exponent < 0 { short as f64 / power } else { short as f64 * power });
    }
    let magnitude = count.min(DECISIVE) as i64 + exponent;
    Some(match magnitude {
        _ if count == 0 || magnitude < -most => 0.0,
        _ if magnitude >= most => f64::INFINITY,
        _ => divided(short, &digits, exponent as i32, more),
    })
}

/// A whole number with its sign; huge ones are cut.
fn whole(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0i64, |n, digit| (n * 10 + i64::from(digit - b'0')).min(1 << 40));
    Some(if negative { -size } else { size })
}

/// The digits times 10^exponent, and a little `more`: a division bit by bit, rounded half to even.
fn divided(short: u64, digits: &[u8], exponent: i32, more: bool) -> f64 {
    let mut value = Big::from(short);
    digits.iter().for_each(|&digit| value.times(10, digit.into()));
    let mut scale = Big::from(1);
    let tens = if exponent < 0 { &mut scale } else { &mut value };
    (0..exponent.abs()).for_each(|_| tens.times(10, 0));
    let mut binary = value.bits() as i32 - scale.bits() as i32;
    (value, scale) = (value.shifted((-binary).max(0) as u32), scale.shifted(binary.max(0) as u32));
    if value.cmp(&scale) == Ordering::Less {
        value.times(2, 0);
        binary -= 1;
    }
    // 1 <= value / scale < 2, times 2^binary. Subnormal numbers have fewer bits.
    let wanted = 53.min(binary + 1075);
    if wanted < 0 {
        return 0.0;
    }
    let mut bits = 0u64;
    for _ in 0..wanted {
        let one = value.cmp(&scale) != Ordering::Less;
        if one {
            value.subtract(&scale);
        }
        bits = bits << 1 | u64::from(one);
        value.times(2, 0);
    }
    let up = match value.cmp(&scale) {
        Ordering::Less => false,
        Ordering::Equal => more || bits & 1 == 1,
        Ordering::Greater => true,
    };
    // A carry goes on into the exponent, as it should.
    bits += u64::from(up) + (((binary + 1022).max(0) as u64) << 52);
    f64::from_bits(bits.min(f64::INFINITY.to_bits()))
}

/// A whole number of any length: its digits to the base 2^32, lowest first, the last of which is not 0.
#[derive(Clone)]
struct Big(Vec<u32>);

impl Big {
    fn from(n: u64) -> Big {
        let mut big = Big(vec![n as u32, (n >> 32) as u32]);
        big.trim();
        big
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    fn bits(&self) -> u32 {
        self.0.last().map_or(0, |last| self.0.len() as u32 * 32 - last.leading_zeros())
    }

    /// Multiplies and adds.
    fn times(&mut self, factor: u32, plus: u32) {
        let mut carry = u64::from(plus);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    fn product(&self, factor: u32) -> Big {
        let mut product = self.clone();
        product.times(factor, 0);
        product
    }

    /// Times 2^by.
    fn shifted(&self, by: u32) -> Big {
        let mut big = Big(vec![0; by as usize / 32]);
        big.0.extend_from_slice(&self.0);
        big.times(1 << (by % 32), 0);
        big
    }

    fn plus(&self, other: &Big) -> Big {
        let mut carry = 0;
        let count = self.0.len().max(other.0.len()) + 1;
        let digit = |big: &Big, at: usize| u64::from(big.0.get(at).copied().unwrap_or(0));
        let mut sum = Big(Vec::with_capacity(count));
        for at in 0..count {
            carry += digit(self, at) + digit(other, at);
            sum.0.push(carry as u32);
            carry >>= 32;
        }
        sum.trim();
        sum
    }

    /// Takes away a number that is not larger.
    fn subtract(&mut self, other: &Big) {
        let mut borrow = 0;
        for (at, digit) in self.0.iter_mut().enumerate() {
            let taken = i64::from(*digit) - i64::from(other.0.get(at).copied().unwrap_or(0)) + borrow;
            *digit = taken as u32;
            borrow = taken >> 32;
        }
        self.trim();
    }

    fn cmp(&self, other: &Big) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

//! Numbers as text and back, against the standard library, which does the same with more code.
#![cfg(not(target_arch = "wasm32"))]

use qkscope::decimal::{read, read_single, show, show_scaled, show_single};

/// A generator by Marsaglia (2003): xorshift.
fn random() -> impl FnMut() -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

fn check_number(x: f64) {
    let text = x.to_string();
    assert_eq!(show(x), text);
    assert_eq!(show_scaled(x), format!("{x:e}"));
    assert_eq!(show_single(x as f32), (x as f32).to_string());
    assert_eq!(read(&text).map(f64::to_bits), text.parse().ok().map(f64::to_bits), "{text}");
}

fn check_text(text: &str) {
    let (found, expected) = (read(text), text.parse::<f64>().ok());
    let shown = &text[..text.len().min(60)];
    assert!(found.map(f64::to_bits) == expected.map(f64::to_bits), "{shown}: {found:?}, not {expected:?}");
}

#[test]
fn special_numbers_are_written_and_read_as_the_standard_library_does() {
    let edges = [0.0, 1.0, 0.1, 0.3, 5e-324, f64::MIN_POSITIVE, f64::MAX, f64::EPSILON, 9007199254740993.0, 1e21, 1e23];
    let more = [f64::INFINITY, f64::NAN, 123_456.789, 1e-7, 4.35, 2f64.powi(-1022), 2f64.powi(-1060), 1e22, 1e300];
    edges.into_iter().chain(more).flat_map(|x| [x, -x]).for_each(check_number);
    let (subnormal, normal) = ((0..52).map(|bit| 1u64 << bit), (1..2047).map(|field| field << 52));
    for bits in subnormal.chain(normal) {
        (bits - 1..=bits + 1).map(f64::from_bits).for_each(check_number);
    }
}

#[test]
fn random_numbers_survive_the_way_to_text_and_back() {
    let mut random = random();
    for _ in 0..5_000 {
        check_number(f64::from_bits(random()));
        check_number(f64::from(f32::from_bits(random() as u32)));
        check_number((random() % 2_000_000) as f64 / 1000.0 - 1000.0);
    }
}

#[test]
fn texts_are_read_as_the_standard_library_does() {
    for text in
        ["", ".", "-", "+", "e5", ".e5", "1e", "1e+", "--1", "1.2.3", "1_0", " 1", "0x1", "in", "1e5.0", "1e5e5"]
    {
        check_text(text);
    }
    for text in
        [".5", "5.", "+1", "-0", "1E5", "1e+5", "1e-5", "00012", "inf", "-Infinity", "nan", "0e999999999999999999999"]
    {
        check_text(text);
    }
    for text in ["1e400", "1e-400", "2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623159e308"] {
        check_text(text);
    }
    // Halves between neighbours, with and without a digit far behind that breaks the tie.
    let half = "9007199254740993";
    for text in [format!("{half}.{}", "0".repeat(900)), format!("{half}.{}1", "0".repeat(900)), "1".repeat(400)] {
        check_text(&text);
    }
    let (deep, long) = (format!("0.{}1", "0".repeat(5000)), format!("{}e-4990", "9".repeat(5000)));
    check_text(&deep);
    check_text(&long);
    let mut random = random();
    for _ in 0..5_000 {
        let (whole, part, power) = (random(), random() >> (random() % 64), random() % 700);
        check_text(&format!("{whole}.{part}e{}", power as i64 - 350));
        check_text(&format!("0.{part:030}{whole}e{}", power as i64 % 40));
    }
}

#[test]
fn numbers_for_single_precision_are_the_same_after_rounding() {
    for text in ["1e-45", "7.1e-46", "7e-46", "3.4028235e38", "3.5e38", "9.9e45", "1e46", "1e-300", "-1e-47", "2e300"] {
        assert_eq!(read_single(text).map(|x| x as f32), read(text).map(|x| x as f32), "{text}");
    }
    assert_eq!(read_single("1e-300"), Some(0.0));
}

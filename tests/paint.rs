//! Pictures: the colours against an outside source, the geometry pixel by pixel, and sizes that lie.

use qkscope::error::Fault;
use qkscope::paint::{COLORMAPS, Colormap, Grid, MAX_AREA, MAX_SIDE, Palette, Rgb, Rgba, Size, paint, pixels};

const REMOVED: Rgba = [40, 41, 42, 255];
const INVALID: Rgba = [255, 0, 255, 255];

fn palette(colormap: &str, low: f64, high: f64) -> Palette {
    Palette { colormap: colormap.into(), low, high, removed: REMOVED, invalid: INVALID }
}

fn table(id: &str) -> &'static [Rgb] {
    (COLORMAPS.iter().find(|map| map.member.id == id).expect("a listed colour map").table)()
}

/// One value as one pixel, under a range of 0 to 1 unless the palette says otherwise.
fn color_of(value: f32, palette: &Palette) -> Rgb {
    let rgba = pixels(Grid::new(&[value], 1, 1).unwrap(), Size::new(1, 1).unwrap(), palette).unwrap();
    assert_eq!(rgba[3], 255);
    [rgba[0], rgba[1], rgba[2]]
}

// ------------------------------------------------------------------------------------------------------------ colours

/// `colorous` has the colour scales of d3; its bytes are cut off where these are rounded. (Its cividis is a polynomial, up to
/// 20 off.)
#[test]
fn viridis_is_that_of_d3() {
    for (i, color) in table("viridis").iter().enumerate() {
        let theirs = colorous::VIRIDIS.eval_rational(i, 256).as_array();
        let worst = color.iter().zip(theirs).map(|(a, b)| a.abs_diff(b)).max();
        assert!(worst <= Some(1), "viridis[{i}] is {color:?}, there {theirs:?}");
    }
}

/// Every 32nd colour and the last, as matplotlib 3.11 has them: `matplotlib.colormaps["cividis"].colors`.
const CIVIDIS: [Rgb; 9] = [
    [0, 34, 78],
    [26, 56, 111],
    [67, 78, 108],
    [97, 101, 111],
    [125, 124, 120],
    [155, 148, 118],
    [188, 174, 108],
    [222, 201, 88],
    [254, 232, 56],
];

#[test]
fn cividis_is_that_of_matplotlib() {
    let table = table("cividis");
    let ours: Vec<Rgb> = (0..=256).step_by(32).map(|i| table[i.min(255)]).collect();
    assert_eq!(ours, CIVIDIS);
    let smooth = |w: &[Rgb]| w[0].iter().zip(w[1]).all(|(a, b)| a.abs_diff(b) <= 4);
    assert!(table.windows(2).all(smooth), "a step stands out");
}

/// L*, a*, b* of CIE 1976 (D65): a colour space that the maps were not made in.
fn cielab(color: Rgb) -> [f64; 3] {
    let linear = color
        .map(|byte| f64::from(byte) / 255.0)
        .map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
    xyz_to_lab(linear)
}

fn xyz_to_lab([r, g, b]: [f64; 3]) -> [f64; 3] {
    let x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047;
    let y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b;
    let z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883;
    let f = |t: f64| if t > 0.008856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    [116.0 * f(y) - 16.0, 500.0 * (f(x) - f(y)), 200.0 * (f(y) - f(z))]
}

fn lightness(color: Rgb) -> f64 {
    cielab(color)[0]
}

fn distance(a: Rgb, b: Rgb) -> f64 {
    cielab(a).iter().zip(cielab(b)).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn sequential_maps_get_lighter_all_the_way() {
    for id in ["viridis", "cividis"] {
        let table = table(id);
        assert_eq!(table.len(), 256);
        // Over 8 steps, since 8-bit rounding can turn a single one.
        assert!(table.windows(9).all(|w| lightness(w[8]) > lightness(w[0])), "{id}");
    }
}

/// The maps of numbers with a sign, and whether the middle is their lightest colour.
const DIVERGING: [(&str, bool); 2] = [("blue_orange", true), ("blue_orange_dark", false)];

/// How many colours apart two are told by their lightness.
const STEPS: usize = 2;

#[test]
fn diverging_maps_are_lightest_or_darkest_in_the_middle_and_change_alike_on_both_sides() {
    for (id, light) in DIVERGING {
        let table = table(id);
        let middle = table.len() / 2;
        assert_eq!(table.len() % 2, 1);
        let [r, g, b] = table[middle];
        assert!(r == g && g == b, "the middle has no hue: {:?}", table[middle]);
        // Over a few steps, since 8-bit rounding can keep a single one where it was.
        for strength in STEPS..=middle {
            for arm in [|i: usize, m: usize| m + i, |i, m| m - i] {
                let [nearer, farther] = [strength - STEPS, strength].map(|i| table[arm(i, middle)]);
                let (inner, outer) = (lightness(nearer), lightness(farther));
                assert!(if light { outer < inner } else { outer > inner }, "{id}, {strength}: {nearer:?} {farther:?}");
            }
        }
        for strength in 0..middle {
            let (below, above) = (table[middle - strength], table[middle + strength]);
            assert!((lightness(below) - lightness(above)).abs() < 5.0, "{below:?} {above:?}");
        }
    }
}

/// CIELAB overrates differences of strong colours (hence ΔE2000), which the ends of the arms are.
#[test]
fn equal_steps_of_diverging_maps_look_about_equal() {
    for (id, _) in DIVERGING {
        let steps: Vec<f64> = table(id).windows(17).step_by(16).map(|w| distance(w[0], w[16])).collect();
        let (least, most) = steps.iter().fold((f64::MAX, 0.0f64), |(l, m), &s| (l.min(s), m.max(s)));
        assert!(steps.len() == 16 && most / least < 1.75, "{id}: {steps:?}");
    }
}

/// The page's dark ground, of which the middle must not stand out.
#[test]
fn maps_that_suit_a_dark_ground_have_no_light_middle() {
    for map in COLORMAPS {
        let on_dark = table(map.on_dark);
        let ground = lightness([20, 22, 27]);
        assert!(
            on_dark.len().is_multiple_of(2) || lightness(on_dark[on_dark.len() / 2]) - ground < 10.0,
            "{}",
            map.member.id
        );
        let other = COLORMAPS.iter().find(|other| other.member.id == map.on_dark).unwrap();
        assert_eq!(other.on_dark, map.on_dark, "{}", map.member.id);
    }
}

/// Machado, Oliveira and Fernandes 2009, *A physiologically-based model for simulation of color vision deficiency*, full
/// protanopia, deuteranopia and tritanopia, on linear sRGB.
const DEFICIENCIES: [[[f64; 3]; 3]; 3] = [
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
];

fn seen_with(matrix: &[[f64; 3]; 3], color: Rgb) -> [f64; 3] {
    let linear = color.map(|byte| (f64::from(byte) / 255.0).powf(2.2));
    xyz_to_lab(matrix.map(|row| row.iter().zip(linear).map(|(m, c)| m * c).sum::<f64>().clamp(0.0, 1.0)))
}

#[test]
fn the_sign_can_be_told_with_every_colour_blindness() {
    for (id, _) in DIVERGING {
        let table = table(id);
        for matrix in &DEFICIENCIES {
            for strength in [32, 64, 128] {
                let (below, above) = (table[128 - strength], table[128 + strength]);
                let (below, above) = (seen_with(matrix, below), seen_with(matrix, above));
                let apart = below.iter().zip(above).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                // A difference of 2.3 can just be seen.
                assert!(apart > 10.0 * strength as f64 / 32.0, "{id}, {strength}: {apart}");
            }
        }
    }
}

// ------------------------------------------------------------------------------------------------------------- values

#[test]
fn values_are_clamped_and_what_is_no_number_has_its_own_colour() {
    let viridis = palette("viridis", -1.0, 3.0);
    let table = table("viridis");
    for (value, expected) in [
        (-1.0, table[0]),
        (-7.0, table[0]),
        (3.0, table[255]),
        (f32::MAX, table[255]),
        (f32::INFINITY, table[255]),
        (f32::MIN, table[0]),
        (1.0 / 3.0, table[85]),
        (f32::NEG_INFINITY, [40, 41, 42]),
        (f32::NAN, [255, 0, 255]),
        (-f32::NAN, [255, 0, 255]),
    ] {
        assert_eq!(color_of(value, &viridis), expected, "{value}");
    }
}

#[test]
fn removed_keys_may_show_what_lies_behind() {
    let palette = Palette { removed: [0; 4], ..palette("viridis", 0.0, 1.0) };
    let grid = Grid::new(&[1.0, f32::NEG_INFINITY, f32::NAN], 1, 3).unwrap();
    let rgba = pixels(grid, Size::new(3, 1).unwrap(), &palette).unwrap();
    assert_eq!(rgba, [253, 231, 37, 255, 0, 0, 0, 0, 255, 0, 255, 255]);
}

#[test]
fn zero_is_the_middle_of_a_symmetric_range() {
    let middle = table("blue_orange")[128];
    for reach in [1e-30, 1.0, f64::from(f32::MAX)] {
        for zero in [0.0, -0.0] {
            assert_eq!(color_of(zero, &palette("blue_orange", -reach, reach)), middle);
        }
    }
}

#[test]
fn a_range_of_one_number_has_a_middle_and_two_sides() {
    let table = table("blue_orange");
    let constant = palette("blue_orange", 0.25, 0.25);
    let colors = [0.25, 0.0, 1.0].map(|value| color_of(value, &constant));
    assert_eq!(colors, [table[128], table[0], table[256]]);
}

#[test]
fn a_range_wider_than_single_precision_does_not_overflow() {
    let all = palette("viridis", f64::from(f32::MIN), f64::from(f32::MAX));
    assert_eq!(color_of(f32::MAX, &all), table("viridis")[255]);
    assert_eq!(color_of(f32::MIN, &all), table("viridis")[0]);
    assert_eq!(color_of(0.0, &palette("viridis", -f64::MAX / 4.0, f64::MAX / 4.0)), table("viridis")[128]);
}

// ----------------------------------------------------------------------------------------------------------- geometry

/// A grid whose value is its index, painted so that each colour is one index.
fn assert_geometry(rows: usize, columns: usize, width: usize, height: usize) {
    let values: Vec<f32> = (0..rows * columns).map(|i| i as f32).collect();
    let grid = Grid::new(&values, rows as u64, columns as u64).unwrap();
    let size = Size::new(width as u64, height as u64).unwrap();
    let rgba = pixels(grid, size, &palette("viridis", 0.0, 255.0)).unwrap();
    assert_eq!(rgba.len(), width * height * 4);
    for (i, pixel) in rgba.chunks(4).enumerate() {
        let (x, y) = (i % width, i / width);
        let cell = (y * rows / height) * columns + x * columns / width;
        let [r, g, b] = table("viridis")[cell];
        assert_eq!(pixel, [r, g, b, 255], "{rows}×{columns} at {width}×{height}, pixel ({x}, {y})");
    }
}

#[test]
fn each_pixel_shows_the_cell_it_lies_in() {
    for (rows, columns) in [(1, 1), (1, 7), (7, 1), (3, 5), (16, 16), (13, 17)] {
        for (width, height) in [(1, 1), (2, 3), (5, 3), (17, 13), (31, 29), (64, 1), (1, 64), (100, 7)] {
            assert_geometry(rows, columns, width, height);
        }
    }
}

#[test]
fn all_pixels_are_overwritten() {
    let size = Size::new(5, 4).unwrap();
    let mut out = vec![7; size.bytes()];
    paint(Grid::new(&[1.0, f32::NAN, f32::NEG_INFINITY], 1, 3).unwrap(), size, &palette("cividis", 0.0, 1.0), &mut out)
        .unwrap();
    assert!(out.chunks(4).all(|pixel| pixel[3] == 255));
}

// -------------------------------------------------------------------------------------------------------------- lies

#[test]
fn a_grid_holds_what_it_says() {
    for (count, rows, columns) in
        [(6, 2, 4), (6, 6, 0), (0, 0, 0), (0, 0, 5), (1, u64::MAX, u64::MAX), (0, 1 << 32, 1 << 32), (6, u64::MAX, 6)]
    {
        let values = vec![0.0; count];
        assert!(
            matches!(Grid::new(&values, rows, columns).map_err(Fault::from), Err(Fault::Shape { .. })),
            "{count} {rows} {columns}"
        );
    }
}

#[test]
fn a_picture_has_a_size_that_a_canvas_can_have() {
    for (width, height) in
        [(0, 1), (1, 0), (MAX_SIDE + 1, 1), (1, MAX_SIDE + 1), (u64::MAX, u64::MAX), (1 << 32, 1 << 32), (4096, 4097)]
    {
        assert!(
            matches!(Size::new(width, height).map_err(Fault::from), Err(Fault::Parameter { .. })),
            "{width} {height}"
        );
    }
    let largest = Size::new(4096, 4096).unwrap();
    assert_eq!(largest.bytes() as u64, MAX_AREA * 4);
    assert!(Size::new(MAX_SIDE, 1).is_ok());
}

#[test]
fn a_bad_palette_is_named() {
    let paint_with = |palette: &Palette| {
        let error = pixels(Grid::new(&[0.5], 1, 1).unwrap(), Size::new(1, 1).unwrap(), palette).unwrap_err();
        (error.code(), error.parts().0.to_owned())
    };
    assert_eq!(paint_with(&palette("jet", 0.0, 1.0)), ("unknown", "colormap".into()));
    for (low, high, name) in [
        (f64::NAN, 1.0, "low"),
        (f64::NEG_INFINITY, 1.0, "low"),
        (0.0, f64::INFINITY, "high"),
        (0.0, f64::NAN, "high"),
        (1.0, 0.5, "high"),
    ] {
        assert_eq!(paint_with(&palette("viridis", low, high)), ("parameter", name.into()));
    }
}

#[test]
fn the_buffer_must_have_the_size_of_the_picture() {
    let (grid, size) = (Grid::new(&[0.5], 1, 1).unwrap(), Size::new(3, 2).unwrap());
    for length in [0, 23, 25] {
        let answer = paint(grid, size, &palette("viridis", 0.0, 1.0), &mut vec![0; length]);
        assert!(matches!(answer.map_err(Fault::from), Err(Fault::Shape { .. })), "{length}");
    }
}

#[test]
fn ids_are_unique_and_every_member_speaks_both_languages() {
    let ids: Vec<&str> = COLORMAPS.iter().map(|Colormap { member, .. }| member.id).collect();
    assert!(ids.iter().enumerate().all(|(i, id)| !ids[..i].contains(id)), "{ids:?}");
    for Colormap { member, .. } in COLORMAPS {
        assert!(
            [member.label.en, member.label.zh, member.about.en, member.about.zh].iter().all(|text| !text.is_empty())
        );
    }
}

//! WEIGHTS → RGBA. A grid of numbers becomes a picture: every pixel shows the cell that it lies in, in the colour that a
//! colour map gives the number. Numbers that are none have colours of their own: minus infinity, a key removed by a mask,
//! and NaN.
//!
//! To add a colour map: a file in this folder with `ENTRY`, and its name in the list below.
//!
//! ```
//! use qkscope::paint::{Grid, Palette, Size, pixels};
//!
//! let grid = Grid::new(&[0.0, 1.0, f32::NEG_INFINITY, 0.5], 2, 2)?;
//! let palette = Palette { colormap: "viridis".into(), low: 0.0, high: 1.0, removed: [0; 4], invalid: [255, 0, 255, 255] };
//! let rgba = pixels(grid, Size::new(2, 2)?, &palette)?;
//! assert_eq!(rgba[..8], [68, 1, 84, 255, 253, 231, 37, 255]);
//! assert_eq!(rgba[8..12], [0; 4]);
//! # Ok::<(), qkscope::error::Error>(())
//! ```

use serde::Deserialize;

use crate::decimal::show;
use crate::error::{Error, names};
use crate::member::Member;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub mod canvas;
mod parts;

/// Red, green and blue, as sRGB bytes.
pub type Rgb = [u8; 3];

/// The same with how opaque it is: 255, or 0 for what shows what lies behind.
pub type Rgba = [u8; 4];

/// The most pixels that a canvas has in every browser; Safari on phones allows no more.
pub const MAX_AREA: u64 = 16_777_216;

/// The longest side that a canvas has in every browser.
pub const MAX_SIDE: u64 = 32_767;

/// A member of the list.
pub struct Colormap {
    /// What it says about itself.
    pub member: Member,
    /// The map that takes its place on a dark ground: itself where it suits both.
    pub on_dark: &'static str,
    /// The colours from low to high. A diverging map has an odd number, so that the middle is one of them.
    pub table: fn() -> &'static [Rgb],
}

macro_rules! colormaps {
    ($($name:ident),* $(,)?) => {
        $(pub mod $name;)*
        /// Every colour map, in the order of the menus.
        pub static COLORMAPS: &[&Colormap] = &[$(&$name::ENTRY),*];
    };
}

colormaps![viridis, cividis, blue_orange, blue_orange_dark];

/// Numbers in rows and columns, row-major. NaN and infinities are allowed.
#[derive(Clone, Copy, Debug)]
pub struct Grid<'a> {
    values: &'a [f32],
    columns: usize,
}

impl<'a> Grid<'a> {
    /// # Errors
    /// `Fault::Shape` unless there are rows × columns values, at least one.
    pub fn new(values: &'a [f32], rows: u64, columns: u64) -> Result<Self, Error> {
        let count = rows.checked_mul(columns);
        if values.is_empty() || count != Some(values.len() as u64) {
            return Err(Error::shape(
                &"values",
                &format_args!("{rows} × {columns} numbers, at least one"),
                &values.len(),
            ));
        }
        Ok(Self { values, columns: columns as usize })
    }

    fn rows(self) -> usize {
        self.values.len() / self.columns
    }

    fn row(self, row: usize) -> &'a [f32] {
        &self.values[row * self.columns..][..self.columns]
    }
}

/// The size of a picture in pixels, one that every browser can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    width: usize,
    height: usize,
}

impl Size {
    /// # Errors
    /// `Fault::Parameter` for a side outside 1 to [`MAX_SIDE`], or an area over [`MAX_AREA`].
    pub fn new(width: u64, height: u64) -> Result<Self, Error> {
        for (name, side) in [("width", width), ("height", height)] {
            if !(1..=MAX_SIDE).contains(&side) {
                return Err(Error::parameter(&name, &format_args!("from 1 to {MAX_SIDE} pixels"), &side));
            }
        }
        if width * height > MAX_AREA {
            return Err(Error::parameter(
                &"width × height",
                &format_args!("at most {MAX_AREA} pixels"),
                &(width * height),
            ));
        }
        Ok(Self { width: width as usize, height: height as usize })
    }

    /// How many bytes of RGBA the picture takes.
    pub fn bytes(self) -> usize {
        self.width * self.height * 4
    }

    /// Pixels in a row.
    pub fn width(self) -> usize {
        self.width
    }

    /// Rows of pixels.
    pub fn height(self) -> usize {
        self.height
    }
}

/// Which colour a number gets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Palette {
    /// The `id` of a member of [`COLORMAPS`].
    pub colormap: String,
    /// What the map's first colour stands for; all below get it too.
    pub low: f64,
    /// What the last one stands for, at least `low`; all above get it too. Where it equals `low`, that number gets the middle.
    pub high: f64,
    /// For minus infinity: a removed key.
    pub removed: Rgba,
    /// For NaN.
    pub invalid: Rgba,
}

/// A palette that has been checked.
struct Colors {
    table: &'static [Rgb],
    low: f64,
    high: f64,
    removed: Rgba,
    invalid: Rgba,
}

impl Colors {
    fn new(palette: &Palette) -> Result<Self, Error> {
        let &Palette { ref colormap, low, high, removed, invalid } = palette;
        if !low.is_finite() {
            return Err(Error::parameter(&"low", &"a finite number", &show(low)));
        }
        if !high.is_finite() || high < low {
            return Err(Error::parameter(
                &"high",
                &format_args!("a finite number, at least {}", show(low)),
                &show(high),
            ));
        }
        Ok(Self { table: find(colormap)?, low, high, removed, invalid })
    }

    fn of(&self, value: f32) -> Rgba {
        match value {
            f32::NEG_INFINITY => self.removed,
            value if value.is_nan() => self.invalid,
            // Adding a half and cutting off rounds, for what is not negative, without a call.
            value => {
                opaque(self.table[(self.position(f64::from(value)) * (self.table.len() - 1) as f64 + 0.5) as usize])
            }
        }
    }

    /// Where between `low` (0) and `high` (1) a value lies. In double precision, where no difference of two f32 overflows.
    fn position(&self, value: f64) -> f64 {
        let (above, span) = (value - self.low, self.high - self.low);
        match (span > 0.0, above == 0.0) {
            (true, _) => (above / span).clamp(0.0, 1.0),
            (false, true) => 0.5,
            (false, false) => f64::from(above > 0.0),
        }
    }
}

/// Writes the picture of `grid` as RGBA, not premultiplied: pixel (x, y) shows the cell in row ⌊y·rows/height⌋ and column
/// ⌊x·columns/width⌋.
///
/// # Errors
/// `Fault::Shape` unless `out` has [`Size::bytes`] bytes; `Fault::Unknown` and `Fault::Parameter` for a bad palette.
pub fn paint(grid: Grid, size: Size, palette: &Palette, out: &mut [u8]) -> Result<(), Error> {
    if out.len() != size.bytes() {
        return Err(Error::shape(&"out", &format_args!("{} bytes", size.bytes()), &out.len()));
    }
    let colors = Colors::new(palette)?;
    let mut shown = None;
    for (y, row) in nearest(grid.rows(), size.height).enumerate() {
        let (before, line) = out.split_at_mut(y * size.width * 4);
        let line = &mut line[..size.width * 4];
        if shown == Some(row) {
            line.copy_from_slice(&before[before.len() - line.len()..]);
        } else {
            paint_line(grid.row(row), &colors, line);
        }
        shown = Some(row);
    }
    Ok(())
}

fn paint_line(row: &[f32], colors: &Colors, line: &mut [u8]) {
    let columns = nearest(row.len(), line.len() / 4);
    for (pixel, column) in line.chunks_exact_mut(4).zip(columns) {
        pixel.copy_from_slice(&colors.of(row[column]));
    }
}

/// For each of `pixels` along a side the cell that it shows, ⌊pixel · cells / pixels⌋: a walk that carries the remainder, as
/// Bresenham's lines do, since a product would overflow wasm's 32 bits and a division per pixel is slow.
fn nearest(cells: usize, pixels: usize) -> impl Iterator<Item = usize> {
    let (step, fraction) = (cells / pixels, cells % pixels);
    let (mut cell, mut carried) = (0, 0);
    (0..pixels).map(move |_| {
        let shown = cell;
        (cell, carried) = (cell + step, carried + fraction);
        if carried >= pixels {
            (cell, carried) = (cell + 1, carried - pixels);
        }
        shown
    })
}

/// The picture of `grid`, in a buffer of its own.
///
/// # Errors
/// As [`paint`], and `Fault::OutOfMemory`.
pub fn pixels(grid: Grid, size: Size, palette: &Palette) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let refused = |_| Error::out_of_memory(&"pixels", size.bytes() as u64);
    out.try_reserve_exact(size.bytes()).map_err(refused)?;
    out.resize(size.bytes(), 0);
    paint(grid, size, palette, &mut out)?;
    Ok(out)
}

fn find(id: &str) -> Result<&'static [Rgb], Error> {
    let entry = COLORMAPS
        .iter()
        .find(|entry| entry.member.id == id)
        .ok_or_else(|| Error::unknown(&"colormap", &names(&mut COLORMAPS.iter().map(|entry| entry.member.id)), &id))?;
    Ok((entry.table)())
}

/// A colour through which nothing is seen.
fn opaque([r, g, b]: Rgb) -> Rgba {
    [r, g, b, 255]
}

/// A table of colours written as 0xRRGGBB.
const fn unpack<const N: usize>(packed: [u32; N]) -> [Rgb; N] {
    let mut colors = [[0; 3]; N];
    let mut i = 0;
    while i < N {
        let [_, r, g, b] = packed[i].to_be_bytes();
        colors[i] = [r, g, b];
        i += 1;
    }
    colors
}

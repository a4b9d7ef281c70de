//! A row of a learned table for each position, added to the row of the token. Gehring, Auli, Grangier, Yarats and Dauphin,
//! *Convolutional Sequence to Sequence Learning* (2017), section 3.1, arXiv 1705.03122; BERT and GPT-2 have it too.
//!
//! A model has no row for positions that it never saw, so there is none to guess here: such a position is an error.

use super::{Definition, Entry, Position};
use crate::error::Error;
use crate::member::{Kind, Member, Parameter, Text};
use crate::options::Settings;
use crate::tensor::{Head, reserved};

struct Learned {
    /// Row-major; empty where there is none.
    table: Vec<f32>,
}

impl Position for Learned {
    fn embed(&self, position: i64, row: &mut [f32]) {
        let mut rows = self.table.chunks_exact(row.len());
        if let Some(told) = usize::try_from(position).ok().and_then(|p| rows.nth(p)) {
            row.iter_mut().zip(told).for_each(|(x, told)| *x += told);
        }
    }
}

const TABLE: Parameter = Parameter::new(
    "table",
    Text { en: "Table", zh: "表" },
    Text {
        en: "Row p is added at position p: as many rows as there are positions, by default zeros.",
        zh: "位置 p 加上第 p 行：行数不少于位置数，默认为零。",
    },
    Kind::Tensor { axes: &["L", "d"], per_head: false, default: "zeros" },
);

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::cited(
        "learned",
        Text { en: "Learned", zh: "可学习位置编码" },
        Text {
            en: "Each position has a row of its own in a table; beyond the table there is nothing.",
            zh: "每个位置在表中有自己的一行；超出表的位置没有定义。",
        },
        "x + table[p]",
        "Gehring et al. 2017, arXiv 1705.03122, section 3.1",
    )
    .with(&[TABLE]),
    changes_rows: true,
    biases: false,
    build: |settings, head, offset| Ok(Box::new(Learned::new(settings, head, offset)?)),
};

impl Learned {
    fn new(settings: &Settings, head: &Head, offset: i64) -> Result<Learned, Error> {
        let Some(given) = settings.tensor(&TABLE, 0) else { return Ok(Learned { table: Vec::new() }) };
        check(given.len() / head.sizes.head_size, head, offset)?;
        let mut table = reserved("table", given.len())?;
        table.extend_from_slice(given);
        Ok(Learned { table })
    }
}

/// Whether the table has a row for every query and key.
fn check(rows: usize, head: &Head, offset: i64) -> Result<(), Error> {
    let within = |position: i64| (0..rows as i64).contains(&position);
    for (what, first, count) in [("query", offset, head.sizes.queries), ("key", 0, head.sizes.keys)] {
        let last = first.saturating_add(count as i64 - 1);
        if let Some(position) = [first, last].into_iter().find(|&position| count > 0 && !within(position)) {
            return Err(Error::parameter(&"table", &format_args!("a row for position {position}, where a {what} stands"), &format_args!("{rows} rows, for positions 0 to {}", rows as i64 - 1)));
        }
    }
    Ok(())
}

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition { embed: definition, ..Definition::NONE };

/// x + e_p, row p of the table.
pub fn definition(position: i64, row: &[f64], settings: &Settings) -> Vec<f64> {
    let Some(table) = settings.tensor(&TABLE, 0) else { return row.into() };
    let told = &table[position as usize * row.len()..][..row.len()];
    row.iter().zip(told).map(|(x, &told)| x + f64::from(told)).collect()
}

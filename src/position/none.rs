//! No positional encoding: a model without one, or Q and K that carry it already, as captures of most models do.

use super::{Definition, Entry, Position};
use crate::member::{Member, Text};

struct Nothing;

impl Position for Nothing {}

/// The member of the list.
pub static ENTRY: Entry = Entry {
    member: Member::plain(
        "none",
        Text { en: "None", zh: "无" },
        Text {
            en: "Q and K as they are: they may carry their positions already.",
            zh: "Q 和 K 保持原样：它们可能已包含位置信息。",
        },
        "",
    ),
    changes_rows: false,
    biases: false,
    build: |_, _, _| Ok(Box::new(Nothing)),
};

/// What the tests hold it to.
pub const DEFINITION: Definition = Definition::NONE;

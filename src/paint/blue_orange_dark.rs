//! Blue, dark grey, orange: for numbers with a sign, on a dark ground, where a light middle would outshine both ends.

use std::sync::LazyLock;

use super::Colormap;
use super::parts::arms::{Arms, arms};
use crate::member::{Member, Text};

/// The member of the list.
pub static ENTRY: Colormap = Colormap {
    member: Member::cited(
        "blue_orange_dark",
        Text { en: "Blue to orange, dark", zh: "蓝到橙（深色）" },
        Text {
            en: "As blue to orange, with a dark middle and light ends: for scores on a dark page.",
            zh: "同蓝到橙，但中点深、两端浅：适合深色页面上的分数。",
        },
        "",
        "two straight lines in OKLab (Ottosson 2020)",
    ),
    on_dark: "blue_orange_dark",
    table: || &*TABLE,
};

static TABLE: LazyLock<Arms> = LazyLock::new(|| arms(0.24, 0.76));

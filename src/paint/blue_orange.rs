//! Blue, light grey, orange: for numbers with a sign, on a light ground.

use std::sync::LazyLock;

use super::Colormap;
use super::parts::arms::{Arms, arms};
use crate::member::{Member, Text};

/// The member of the list.
pub static ENTRY: Colormap = Colormap {
    member: Member::cited(
        "blue_orange",
        Text { en: "Blue to orange", zh: "蓝到橙" },
        Text {
            en: "Blue below the middle, orange above it, equally strong on both sides: for scores, which have a sign.",
            zh: "中点以下为蓝，以上为橙，两侧强度相同：适合有正负的分数。",
        },
        "",
        "two straight lines in OKLab (Ottosson 2020)",
    ),
    on_dark: "blue_orange_dark",
    table: || &*TABLE,
};

static TABLE: LazyLock<Arms> = LazyLock::new(|| arms(0.97, 0.52));

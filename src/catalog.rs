//! All lists as one JSON document: the build makes the menus and types of the page and the package from it.

use crate::member::Member;
use crate::{attend, diagnostics, format, normalize, options, overview, paint, score};

/// The document: each list by name, its members in the order of the menus.
pub fn json() -> String {
    let document = serde_json::json!({
        "stages": attend::STAGES,
        "scores": members(score::SCORES.iter().map(|entry| &entry.member)),
        "normalizers": members(normalize::NORMALIZERS.iter().map(|entry| &entry.member)),
        "options": options::OPTIONS,
        "pools": overview::POOLS,
        "statistics": diagnostics::STATISTICS,
        "statuses": normalize::STATUSES,
        "colormaps": members(paint::COLORMAPS.iter().map(|entry| &entry.member)),
        "formats": members(format::FORMATS.iter().map(|entry| &entry.member)),
    });
    document.to_string()
}

fn members<'a>(list: impl Iterator<Item = &'a Member>) -> Vec<&'a Member> {
    list.collect()
}

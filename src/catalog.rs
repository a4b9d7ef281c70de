//! All lists as one JSON document: the build makes the menus and types of the page and the package from it.

use serde::Serialize;

use crate::member::Member;
use crate::{attend, diagnostics, format, normalize, options, overview, paint, position, score};

/// The document: each list by name, its members in the order of the menus.
pub fn json() -> String {
    let document = serde_json::json!({
        "stages": attend::STAGES,
        "scores": members(score::SCORES.iter().map(|entry| &entry.member)),
        "normalizers": normalize::NORMALIZERS.iter().map(|entry| with(&entry.member, "forbids", entry.forbids)).collect::<Vec<_>>(),
        "positions": position::POSITIONS.iter().map(|entry| with(&entry.member, "biases", entry.biases)).collect::<Vec<_>>(),
        "options": options::OPTIONS,
        "pools": overview::POOLS,
        "statistics": diagnostics::STATISTICS,
        "headStatistics": members(diagnostics::HEAD_STATISTICS.iter().map(|entry| &entry.member)),
        "statuses": normalize::STATUSES,
        "colormaps": members(paint::COLORMAPS.iter().map(|entry| &entry.member)),
        "formats": members(format::FORMATS.iter().map(|entry| &entry.member)),
    });
    document.to_string()
}

fn members<'a>(list: impl Iterator<Item = &'a Member>) -> Vec<&'a Member> {
    list.collect()
}

/// A member with one more field.
fn with(member: &Member, name: &str, value: impl Serialize) -> serde_json::Value {
    let mut object = serde_json::json!(member);
    object[name] = serde_json::json!(value);
    object
}

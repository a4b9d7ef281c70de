//! All lists as one JSON document: the build makes the menus and types of the page and the package from it.

use serde_json::{Value, json};

use crate::member::Member;
use crate::{attend, diagnostics, format, normalize, options, overview, paint, position, score};

/// The document: each list by name, its members in the order of the menus.
pub fn json() -> String {
    let document = json!({
        "stages": attend::STAGES,
        "scores": members(score::SCORES.iter().map(|entry| &entry.member)),
        "normalizers": list(normalize::NORMALIZERS, |entry| {
            (&entry.member, json!({ "forbids": entry.forbids, "sumsToOne": entry.sums_to_one }))
        }),
        "positions": list(position::POSITIONS, |entry| {
            (&entry.member, json!({ "biases": entry.biases, "changesRows": entry.changes_rows }))
        }),
        "options": options::OPTIONS,
        "pools": overview::POOLS,
        "statistics": diagnostics::STATISTICS,
        "headStatistics": members(diagnostics::HEAD_STATISTICS.iter().map(|entry| &entry.member)),
        "patterns": diagnostics::PATTERNS,
        "measures": diagnostics::MEASURES,
        "statuses": normalize::STATUSES,
        "colormaps": list(paint::COLORMAPS, |entry| (&entry.member, json!({ "onDark": entry.on_dark }))),
        "formats": members(format::FORMATS.iter().map(|entry| &entry.member)),
    });
    document.to_string()
}

fn members<'a>(list: impl Iterator<Item = &'a Member>) -> Vec<&'a Member> {
    list.collect()
}

/// Members that say more than all do: a list of entries, each as its member and the fields beside.
fn list<T>(entries: &'static [&'static T], split: fn(&'static T) -> (&'static Member, Value)) -> Vec<Value> {
    let merge = |entry: &&'static T| {
        let (member, mut more) = split(entry);
        if let (Value::Object(more), Value::Object(member)) = (&mut more, json!(member)) {
            more.extend(member);
        }
        more
    };
    entries.iter().map(merge).collect()
}

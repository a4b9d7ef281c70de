//! The invariants of the code's structure, read off the sources. A rule takes a source and says which lines break it; at the
//! end, each rule is shown a text that does.
#![cfg(not(target_arch = "wasm32"))]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A text file: its path from the root, with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

/// What is wrong with one line, counted from 1.
type Finding = (usize, String);

type Rule = fn(&Source) -> Vec<Finding>;

// ----------------------------------------------------------------------------------------------------- the tree

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of the project that no build made, by path.
fn files() -> Vec<(String, PathBuf)> {
    let ignored = fs::read_to_string(root().join(".gitignore")).expect(".gitignore");
    let mut skipped: Vec<PathBuf> = ignored.lines().map(|line| root().join(line.trim().trim_matches('/'))).collect();
    skipped.push(root().join(".git"));
    let (mut found, mut folders) = (Vec::new(), vec![root().to_path_buf()]);
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        for entry in entries.filter(|entry| !skipped.contains(entry)) {
            match entry.is_dir() {
                true => folders.push(entry),
                false => found.push((relative(&entry), entry)),
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("a path below the root").to_string_lossy().replace('\\', "/")
}

/// The text files whose path passes `wanted`. Binary files are left out.
fn sources(wanted: impl Fn(&str) -> bool) -> Vec<Source> {
    let wanted = files().into_iter().filter(|(path, _)| wanted(path));
    wanted.filter_map(|(path, file)| fs::read_to_string(file).ok().map(|text| Source { path, text })).collect()
}

/// Runs a rule over sources, of which there must be some, and fails with `file:line: what is wrong`.
fn hold(wanted: impl Fn(&str) -> bool, rule: Rule) {
    let sources = sources(wanted);
    assert!(!sources.is_empty(), "the rule looks at no file");
    let mut report = String::new();
    for source in &sources {
        for (line, message) in rule(source) {
            writeln!(report, "{}:{line}: {message}", source.path).expect("a string takes any text");
        }
    }
    assert!(report.is_empty(), "\n{report}");
}

fn is_rust(path: &str) -> bool {
    path.starts_with("src/") && path.ends_with(".rs")
}

fn is_web(path: &str) -> bool {
    path.starts_with("www/") && (path.ends_with(".ts") || path.ends_with(".html"))
}

// --------------------------------------------------------------------------------------------- reading the sources

/// The lines of Rust with blanks for comments and for what stands in quotes.
fn code(source: &Source) -> Vec<(usize, String)> {
    let (mut kept, mut rest) = (String::new(), source.text.as_str());
    while let Some(c) = rest.chars().next() {
        let hidden = hidden(rest);
        kept.extend(rest[..hidden].chars().map(|c| if c == '\n' { c } else { ' ' }));
        if hidden == 0 {
            kept.push(c);
        }
        rest = &rest[if hidden == 0 { c.len_utf8() } else { hidden }..];
    }
    kept.lines().map(str::to_owned).enumerate().map(|(i, line)| (i + 1, line)).collect()
}

/// How many bytes the comment or string has that `text` begins with; 0: neither.
fn hidden(text: &str) -> usize {
    let up_to = |end: &str, from: usize| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    match text.as_bytes() {
        [b'/', b'/', ..] => text.find('\n').unwrap_or(text.len()),
        [b'/', b'*', ..] => up_to("*/", 2),
        [b'r', b'#', b'"', ..] => up_to("\"#", 3),
        [b'\'', b'"', b'\'', ..] => 3,
        [b'"', ..] => quoted(text),
        _ => 0,
    }
}

/// The length of a string in quotes, escapes heeded.
fn quoted(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(text.len())
}

/// The lines of TypeScript or HTML that are not comments from their first character.
fn lines(source: &Source) -> Vec<(usize, String)> {
    let lines = source.text.lines().enumerate().map(|(i, line)| (i + 1, line.to_owned()));
    lines.filter(|(_, line)| !["//", "/*", "*"].iter().any(|mark| line.trim_start().starts_with(mark))).collect()
}

/// Whether `word` stands in `line` with nothing of an identifier around it.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word)
        .any(|(at, _)| !part(line[..at].chars().next_back()) && !part(line[at + word.len()..].chars().next()))
}

fn forbid(lines: Vec<(usize, String)>, words: &[&str], why: &str) -> Vec<Finding> {
    let find = |(number, line): (usize, String)| {
        let word = words.iter().find(|word| has_word(&line, word))?;
        Some((number, format!("`{word}` {why}")))
    };
    lines.into_iter().filter_map(find).collect()
}

// ------------------------------------------------------------------------------------------------------ the rules

fn only_behind_the_fence(source: &Source) -> Vec<Finding> {
    forbid(
        code(source),
        &["unsafe", "core::arch", "std::arch", "allow(unsafe_code)"],
        "stands only in src/simd/wasm.rs",
    )
}

#[test]
fn unsafe_code_and_machine_instructions_are_in_one_file() {
    hold(|path| path.ends_with(".rs") && path != "src/simd/wasm.rs" && path != "tests/tidy.rs", only_behind_the_fence);
}

const BROWSER: &[&str] = &["wasm_bindgen", "js_sys", "web_sys", "serde_wasm_bindgen", "console_error_panic_hook"];

fn knows_no_browser(source: &Source) -> Vec<Finding> {
    forbid(code(source), BROWSER, "stands only in src/wasm/ and src/paint/canvas.rs")
}

#[test]
fn only_the_skin_and_the_canvas_know_the_browser() {
    hold(|path| is_rust(path) && !path.starts_with("src/wasm/") && path != "src/paint/canvas.rs", knows_no_browser);
}

fn format_knows_no_attention(source: &Source) -> Vec<Finding> {
    let above = ["attend", "score", "normalize", "mask", "task", "diagnostics", "capture", "paint", "wasm"];
    let paths = above.map(|module| format!("crate::{module}"));
    forbid(code(source), &paths.each_ref().map(String::as_str), "is not for `format` to know")
}

#[test]
fn format_imports_nothing_of_attention() {
    hold(|path| path.starts_with("src/format/"), format_knows_no_attention);
}

fn paint_knows_no_score(source: &Source) -> Vec<Finding> {
    forbid(
        code(source),
        &["crate::score", "crate::normalize", "crate::attend", "crate::format"],
        "is not for `paint` to know",
    )
}

#[test]
fn paint_imports_no_score() {
    hold(|path| path.starts_with("src/paint/"), paint_knows_no_score);
}

fn knows_no_skin(source: &Source) -> Vec<Finding> {
    let lines = code(source).into_iter().map(|(number, line)| (number, line.replace("crate::{", "crate:: ")));
    let named = lines.map(|(number, line)| (number, line.replace("simd::wasm", "simd")));
    let imports = named
        .filter(|(_, line)| line.contains("crate:: ") || line.contains("crate::wasm") || line.contains("super::wasm"));
    forbid(imports.collect(), &["wasm"], "is the skin: nothing imports it")
}

#[test]
fn nothing_imports_the_skin() {
    hold(|path| path.ends_with(".rs") && !path.starts_with("src/wasm/") && path != "tests/tidy.rs", knows_no_skin);
}

/// `use crate::{a, b}` would slip past the rules about who imports what.
fn one_module_per_import(source: &Source) -> Vec<Finding> {
    let grouped = |line: &str| line.contains("crate::{") || line.contains("super::super::{");
    let lines = code(source).into_iter().filter(|(_, line)| grouped(line));
    lines.map(|(number, _)| (number, "one `use` for each module, so that they can be read off".into())).collect()
}

#[test]
fn imports_name_one_module_each() {
    let ruled =
        ["src/format/", "src/paint/", "src/simd/", "src/score/", "src/position/", "src/normalize/", "src/math.rs"];
    hold(|path| ruled.iter().any(|place| path.starts_with(place)), one_module_per_import);
}

/// simd and math serve the others and import nothing above them.
fn imports_only_simd(source: &Source) -> Vec<Finding> {
    let foreign = |line: &str| line.replace("crate::simd", "").contains("crate::");
    let lines = code(source).into_iter().filter(|(_, line)| foreign(line));
    lines.map(|(number, _)| (number, "simd and math import nothing above them".into())).collect()
}

#[test]
fn simd_and_math_import_nothing_above_them() {
    hold(|path| path.starts_with("src/simd/") || path == "src/math.rs", imports_only_simd);
}

fn views_stand_alone(source: &Source) -> Vec<Finding> {
    let is_import = |line: &str| line.contains("from '") || line.contains("import(") || line.starts_with("import '");
    let reaches_out = |line: &str| line.split(['/', '\'']).any(|part| ["engine", "element", "page"].contains(&part));
    let lines = lines(source).into_iter().filter(|(_, line)| is_import(line) && reaches_out(line));
    lines.map(|(number, _)| (number, "a view imports neither engine, element nor page".into())).collect()
}

#[test]
fn views_import_neither_engine_nor_element() {
    hold(|path| path.starts_with("www/src/views/"), views_stand_alone);
}

/// What turns text into markup or code. Token strings come from files that strangers made.
fn text_stays_text(source: &Source) -> Vec<Finding> {
    let words = ["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "createContextualFragment", "srcdoc"];
    let calls = ["eval(", "new Function", "document.write", "DOMParser", "javascript:"];
    let mut found = forbid(lines(source), &words, "turns text into markup");
    let runs = |(number, line): (usize, String)| {
        let call = calls.iter().find(|call| line.contains(**call))?;
        Some((number, format!("`{call}` turns text into markup or code")))
    };
    found.extend(lines(source).into_iter().filter_map(runs));
    found
}

#[test]
fn the_page_never_turns_text_into_markup_or_code() {
    hold(is_web, text_stays_text);
}

/// What stands in a list for the file of that name.
type Line = fn(&str) -> String;

/// The folders with a list: every file is one line in it.
const LISTS: &[(&str, &str, Line)] = &[
    ("src/score", "mod.rs", |name| format!("scores![{name}]")),
    ("src/position", "mod.rs", |name| format!("positions![{name}]")),
    ("src/normalize", "mod.rs", |name| format!("normalizers![{name}]")),
    ("src/block", "mod.rs", |name| format!("blocks![{name}]")),
    ("src/paint", "mod.rs", |name| format!("colormaps![{name}]")),
    ("src/format", "mod.rs", |name| format!("{name}::FORMAT")),
    ("www/src/views", "index.ts", |name| format!("export * from './{name}.ts';")),
];

/// Not a colour map: what the page draws pictures with.
const NOT_LISTED: &[&str] = &["src/paint/canvas.rs"];

fn is_listed(list: &str, entry: &str) -> bool {
    match entry.split_once("![") {
        // A name among those of a list macro: `scores![dot, scaled_dot]`, or `normalizers! { of logits: [softmax], … }`.
        Some((macro_name, name)) => list.split_once(&format!("\n{macro_name}!")).is_some_and(|(_, call)| {
            let names = call.split([';', '}']).next().unwrap_or("");
            let mut words = names.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
            words.any(|word| word == name.trim_end_matches(']'))
        }),
        None => list.contains(entry),
    }
}

#[test]
fn every_file_of_a_listed_folder_is_in_its_list() {
    for (folder, list_name, entry) in LISTS {
        let list = fs::read_to_string(root().join(folder).join(list_name)).expect("the list");
        let direct = |path: &str| path.strip_prefix(&format!("{folder}/")).is_some_and(|name| !name.contains('/'));
        let members: Vec<Source> =
            sources(|path| direct(path) && !path.ends_with(list_name) && !NOT_LISTED.contains(&path));
        assert!(!members.is_empty(), "{folder} is empty");
        for Source { path, .. } in members {
            let name = Path::new(&path).file_stem().expect("a file name").to_string_lossy();
            assert!(is_listed(&list, &entry(&name)), "{path}:1: is not in {folder}/{list_name}");
        }
    }
}

// ---------------------------------------------------------------------------------------------------- the kernels

/// The files of hot code. In them a function is a kernel unless it is set-up, which returns a `Result`, or an oracle, called
/// `definition`, or has `// Not a kernel: why` on the line above it.
fn is_kernel_file(path: &str) -> bool {
    let folders = ["src/simd/", "src/score/", "src/position/", "src/normalize/", "src/diagnostics/", "src/block/"];
    folders.iter().any(|folder| path.starts_with(folder))
        || ["math", "panel", "mask", "attend", "overview"].iter().any(|name| path == format!("src/{name}.rs"))
}

const ALLOCATES: &[&str] = &[
    "Vec::new",
    "Vec::with_capacity",
    "vec!",
    "to_vec",
    "collect",
    "Box::new",
    "String::new",
    "format!",
    "to_owned",
    "to_string",
];
const FAILS: &[&str] = &["unwrap", "expect", "panic!", "todo!", "unimplemented!"];

/// The kernels of a file: the name and the lines of each, nested functions within their outer one.
fn kernels(source: &Source) -> Vec<(String, Vec<(usize, String)>)> {
    let lines = code(source);
    let marked = |number: usize| {
        number > 1 && source.text.lines().nth(number - 2).is_some_and(|line| line.contains("// Not a kernel: "))
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while at < lines.len() {
        let (length, name) = function(&lines[at..]).unwrap_or((1, String::new()));
        let body = &lines[at..at + length];
        let signature = body.iter().position(|(_, line)| line.contains('{')).map_or(body, |last| &body[..=last]);
        let is_set_up = signature.iter().any(|(_, line)| line.contains("Result<"));
        if !name.is_empty() && name != "definition" && !is_set_up && !marked(body[0].0) {
            found.push((name, body.to_vec()));
        }
        at += length;
    }
    found
}

/// The function with a body that starts on the first line: how many lines it has, and its name.
fn function(lines: &[(usize, String)]) -> Option<(usize, String)> {
    let (_, after) = lines.first()?.1.split_once("fn ")?;
    let name = after.split(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())?;
    let (mut depth, mut opened) = (0, false);
    for (i, (_, line)) in lines.iter().enumerate() {
        for c in line.chars() {
            match c {
                '{' => (depth, opened) = (depth + 1, true),
                '}' => depth -= 1,
                _ => {}
            }
        }
        // A declaration in a trait.
        if !opened && line.trim_end().ends_with(';') {
            return None;
        }
        if opened && depth <= 0 {
            return Some((i + 1, name.to_owned()));
        }
    }
    None
}

fn kernels_only_compute(source: &Source) -> Vec<Finding> {
    let lines = || kernels(source).into_iter().flat_map(|(_, lines)| lines).collect::<Vec<_>>();
    let mut found = forbid(lines(), ALLOCATES, "allocates, in a kernel");
    found.extend(forbid(lines(), FAILS, "can fail, in a kernel"));
    found
}

#[test]
fn kernels_neither_allocate_nor_fail() {
    hold(is_kernel_file, kernels_only_compute);
    let count: usize = sources(is_kernel_file).iter().map(|source| kernels(source).len()).sum();
    assert!(count >= 40, "only {count} kernels found: has the code moved?");
}

/// What an error can be called is listed in the types, where people look for it.
#[test]
fn every_code_of_an_error_is_in_the_types() {
    let types = fs::read_to_string(root().join("www/src/engine/error.ts")).expect("the types of errors");
    for code in qkscope::error::Error::CODES {
        assert!(types.contains(&format!("| '{code}'")), "www/src/engine/error.ts: {code} is missing");
    }
}

// ----------------------------------------------------------------------------------------------- data and words

/// 6 MB for everything that tests read but no one wrote by hand, of which 1 MB are pictures, and 7 MB for the examples of the page.
#[test]
fn data_stays_small() {
    for (folder, limit) in [("tests/", 6_000_000), ("tests/web/goldens/", 1_000_000), ("www/", 7_000_000)] {
        let is_data = |path: &str| {
            path.starts_with(folder)
                && [".safetensors", ".json", ".npy", ".npz", ".png", ".bin"].iter().any(|end| path.ends_with(end))
        };
        let data: Vec<(String, u64)> = files()
            .iter()
            .filter(|(path, _)| is_data(path))
            .map(|(path, file)| (path.clone(), file.metadata().expect("a file").len()))
            .collect();
        let total: u64 = data.iter().map(|(_, size)| size).sum();
        assert!((1..limit).contains(&total), "{total} bytes of data in {folder}: {data:#?}");
    }
}

/// The project speaks of itself alone. In pieces, so that this file passes.
const FOREIGN: &[&str] = &[
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("py", "pi.org"),
    concat!("python", "hosted.org"),
    concat!("debian", ".org"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/t", "mp/"),
];

fn speaks_of_itself(source: &Source) -> Vec<Finding> {
    let name = |(i, line): (usize, &str)| {
        let word = FOREIGN.iter().find(|word| line.contains(**word))?;
        Some((i + 1, format!("`{word}` has no place here")))
    };
    source.text.lines().enumerate().filter_map(name).collect()
}

/// Cargo itself writes its registry into its lock file.
#[test]
fn no_file_names_a_registry_or_a_path_of_one_machine() {
    hold(|path| path != "Cargo.lock", speaks_of_itself);
}

/// The one reason to leave a test out of a run: it goes through every number there is, in minutes.
const EXHAUSTIVE: &str = "= \"exhaustive";

fn every_test_runs(source: &Source) -> Vec<Finding> {
    let words = [
        concat!("#[ig", "nore"),
        concat!("test.sk", "ip"),
        concat!("it.sk", "ip"),
        concat!("test.to", "do"),
        concat!("test.on", "ly"),
    ];
    let name = |(i, line): (usize, &str)| {
        let word = words.iter().find(|word| line.contains(**word) && !line.contains(EXHAUSTIVE))?;
        Some((i + 1, format!("`{word}`: a test that does not run shows nothing")))
    };
    source.text.lines().enumerate().filter_map(name).collect()
}

#[test]
fn no_test_is_left_out() {
    hold(|path| path.starts_with("tests/") || is_rust(path), every_test_runs);
}

// ------------------------------------------------------------------------------------------ the rules of the rules

/// Each rule, a text that breaks it in its third line, and one that does not although it nearly does.
const SHOWN: &[(Rule, &str, &str)] = &[
    (only_behind_the_fence, "fn f() {\n\n    unsafe { g() }\n}", "// unsafe\nlet unsafe_to_multiply = \"unsafe\";"),
    (only_behind_the_fence, "\n\nuse core::arch::wasm32::*;", "use core::archive;"),
    (knows_no_browser, "\n\nuse js_sys::Object;", "//! js_sys is the skin's"),
    (format_knows_no_attention, "\n\nuse crate::attend::Problem;", "use crate::error::Error; // not crate::attend"),
    (paint_knows_no_score, "\n\nlet x = crate::score::SCORES;", "use crate::scoreboard::X;"),
    (knows_no_skin, "\n\nuse crate::wasm::raise;", "use crate::simd::wasm;"),
    (knows_no_skin, "\n\nuse crate::{error, wasm};", "use crate::{error, simd::wasm};"),
    (one_module_per_import, "\n\nuse crate::{error, score};", "use crate::simd::{F32x4, Lanes};"),
    (imports_only_simd, "\n\nuse crate::panel::tile;", "use crate::simd::Lanes;"),
    (views_stand_alone, "\n\nimport { a } from '../engine/index.ts';", "import { element } from './parts/dom.ts';"),
    (text_stays_text, "\n\nnode.innerHTML = token;", "// never innerHTML\nconst myInnerHTML = x;"),
    (text_stays_text, "\n\nnew Function('x')", "new Map<string, Function>()"),
    (
        kernels_only_compute,
        "fn f() {\n\n    let x = vec![0.0; n];\n}",
        "fn f() -> Result<(), E> {\n    let x = vec![0.0; n];\n}",
    ),
    (kernels_only_compute, "fn f(\n    a: u8,\n) { b.unwrap() }", "pub fn definition() {\n    b.collect()\n}"),
    (
        kernels_only_compute,
        "fn load(x: &[f32; 4]);\nfn g(y: f32)\n{ panic!() }",
        "fn f(\n    a: u8,\n) -> Result<u8, E> {\n    vec![]\n}",
    ),
    (kernels_only_compute, "\nfn f() {\n    x.collect() }", "// Not a kernel: it runs once.\nfn f() { x.collect() }"),
    (speaks_of_itself, concat!("\n\nsee crates", ".io"), "a crate's io"),
    (every_test_runs, concat!("\n\n#[ig", "nore]"), "iter.skip(1)"),
];

#[test]
fn each_rule_finds_what_breaks_it_and_nothing_else() {
    for (i, (rule, bad, good)) in SHOWN.iter().enumerate() {
        let source = |text: &str| Source { path: "src/shown.rs".into(), text: text.into() };
        let found: Vec<usize> = rule(&source(bad)).iter().map(|(line, _)| *line).collect();
        assert_eq!(found, [3], "rule {i}: {bad}");
        assert_eq!(rule(&source(good)), [], "rule {i}: {good}");
    }
}

#[test]
fn a_list_is_read_to_its_end_and_no_further() {
    let list = "\nscores![dot, scaled_dot,\n    cosine];\nothers![l2];";
    let listed = |name: &str| is_listed(list, &format!("scores![{name}]"));
    assert!(["dot", "scaled_dot", "cosine"].iter().all(|name| listed(name)));
    assert!(!["scaled", "l2", ""].iter().any(|name| listed(name)));
}

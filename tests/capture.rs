//! Captures: names, shapes, tokens and options are understood, or refused by name.

use qkscope::capture::{Capture, Setting};
use qkscope::error::Error;
use qkscope::format::{Limits, Reader};

fn open(file: &[u8]) -> Result<Capture, Error> {
    let mut reader = Reader::new(file.len() as u64, Limits::default())?;
    while let Some(range) = reader.need() {
        reader.supply(&file[range.start as usize..range.end as usize])?;
    }
    Capture::new(reader.finish()?)
}

/// A file of the repository.
fn stored(path: &str) -> Capture {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    open(&std::fs::read(path).unwrap()).unwrap()
}

/// Names and shapes.
type Shapes<'a> = &'a [(&'a str, &'a [usize])];

/// A capture of tensors of these shapes, filled with zeros, and of these other members.
fn made(tensors: Shapes, more: &str) -> Result<Capture, Error> {
    let zeros = |shape: &[usize]| vec!["0"; shape.iter().product()].join(",");
    let tensor =
        |(name, shape): &(&str, &[usize])| format!(r#""{name}": {{"shape": {shape:?}, "data": [{}]}}"#, zeros(shape));
    let more = [more].into_iter().filter(|more| !more.is_empty()).map(str::to_owned);
    let members: Vec<String> = tensors.iter().map(tensor).chain(more).collect();
    open(format!("{{{}}}", members.join(", ")).as_bytes())
}

/// The names of each layer's tensors, those that it lacks as a dash.
fn names(capture: &Capture) -> Vec<String> {
    let line = |layer: &qkscope::capture::Layer| {
        let parts = [&layer.query, &layer.key, &layer.value, &layer.weights, &layer.sinks];
        let parts = parts.map(|part| part.as_deref().unwrap_or("-").to_owned());
        format!("{} {}", layer.layer, parts.join(" "))
    };
    capture.layers.iter().map(line).collect()
}

const Q: (&str, &[usize]) = ("layers.0.q", &[4, 3, 2]);
const K: (&str, &[usize]) = ("layers.0.k", &[2, 5, 2]);
const V: (&str, &[usize]) = ("layers.0.v", &[2, 5, 7]);
const WEIGHTS: (&str, &[usize]) = ("layers.0.weights", &[4, 3, 5]);
const SINKS: (&str, &[usize]) = ("layers.0.sinks", &[4]);

#[test]
fn names_say_the_layers() {
    let cases: [(Shapes, &[&str]); 10] = [
        (&[V, SINKS, Q, WEIGHTS, K], &["0 layers.0.q layers.0.k layers.0.v layers.0.weights layers.0.sinks"]),
        (
            &[("layers.0.q", &[1, 4, 3, 2]), ("layers.0.k", &[1, 2, 5, 2]), WEIGHTS],
            &["0 layers.0.q layers.0.k - layers.0.weights -"],
        ),
        (
            &[
                ("layers.10.q", &[1, 1, 1]),
                ("layers.2.k", &[1, 1, 1]),
                ("layers.10.k", &[1, 1, 1]),
                ("layers.2.q", &[1, 1, 1]),
            ],
            &["2 layers.2.q layers.2.k - - -", "10 layers.10.q layers.10.k - - -"],
        ),
        // Weights alone, as a model gives them that was asked for its attentions.
        (&[WEIGHTS], &["0 - - - layers.0.weights -"]),
        (&[("q", &[3, 2]), ("k", &[5, 2]), ("v", &[5, 7])], &["0 q k v - -"]),
        (&[("Query", &[16, 3, 2]), ("key", &[16, 5, 2]), ("bias", &[3, 5])], &["0 Query key - - -"]),
        // Numbered names win, and what they do not mention is left alone.
        (&[Q, K, ("q", &[9]), ("layers.0.mlp", &[9]), ("layers.01.q", &[9])], &["0 layers.0.q layers.0.k - - -"]),
        // Plain names may mean anything: where they do not fit, they are for the caller to assign.
        (&[("q", &[3, 2]), ("k", &[5, 3])], &[]),
        (&[("q", &[3, 2]), ("query", &[3, 2]), ("k", &[5, 2])], &[]),
        (&[("a", &[3, 2]), ("layers.x.q", &[3, 2]), ("layers.1.q.bias", &[2])], &[]),
    ];
    for (tensors, expected) in cases {
        assert_eq!(names(&made(tensors, "").unwrap()), expected, "{tensors:?}");
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let with = |name: &'static str, shape: &'static [usize]| {
        [Q, K, V, WEIGHTS, SINKS].map(|tensor| if tensor.0 == name { (name, shape) } else { tensor })
    };
    let cases = [
        (
            with("layers.0.k", &[2, 5, 3]),
            "shape of layers.0.k: expected [2, 5, 2], to go with layers.0.q, found [2, 5, 3]",
        ),
        (
            with("layers.0.k", &[3, 5, 2]),
            "shape of layers.0.k: expected a number of heads that divides the 4 of layers.0.q, found [3, 5, 2]",
        ),
        (
            with("layers.0.k", &[2, 2, 5, 2]),
            "shape of layers.0.k: expected [1, 2, 5, 2], to go with layers.0.q, found [2, 2, 5, 2]",
        ),
        (with("layers.0.q", &[3]), "shape of layers.0.q: expected 2 to 4 dimensions (heads, queries, size), found [3]"),
        (
            with("layers.0.v", &[2, 4, 7]),
            "shape of layers.0.v: expected [2, 5, 7], to go with layers.0.k, found [2, 4, 7]",
        ),
        (
            with("layers.0.v", &[1, 5, 7]),
            "shape of layers.0.v: expected [2, 5, 7], to go with layers.0.k, found [1, 5, 7]",
        ),
        (
            with("layers.0.weights", &[4, 5, 3]),
            "shape of layers.0.weights: expected [4, 3, 5], to go with layers.0.q, found [4, 5, 3]",
        ),
        (
            with("layers.0.sinks", &[2]),
            "shape of layers.0.sinks: expected one number for each of the 4 heads of layers.0.q, found [2]",
        ),
        (
            with("layers.0.sinks", &[2]).map(|t| if t.0 == "layers.0.k" { ("k", t.1) } else { t }),
            "no tensor is called layers.0.k; there are k, layers.0.q, layers.0.sinks, layers.0.v, layers.0.weights",
        ),
        (
            with("layers.0.sinks", &[4]).map(|t| if t.0 == "layers.0.v" { ("layers.0.query", Q.1) } else { t }),
            "the part query of layer 0 layers.0.query is there twice",
        ),
    ];
    for (tensors, expected) in cases {
        assert_eq!(made(&tensors, "").unwrap_err().to_string(), expected);
    }
}

/// Tokens are as many as queries and keys, and the message says how many there are and should be.
#[test]
fn tokens_are_counted() {
    let square: Shapes = &[("layers.3.q", &[1, 2, 4]), ("layers.3.k", &[1, 2, 4])];
    let capture = made(square, r#""tokens": ["a", "b"]"#).unwrap();
    assert_eq!(
        (capture.query_tokens, capture.key_tokens),
        (Some(vec!["a".into(), "b".into()]), Some(vec!["a".into(), "b".into()]))
    );
    let capture = made(&[Q, K], r#""query_tokens": ["a", "b", "c"]"#).unwrap();
    assert_eq!((capture.query_tokens.unwrap().len(), capture.key_tokens), (3, None));
    let cases: [(Shapes, &str, &str, &str); 7] = [
        (square, r#""tokens": ["a"]"#, "count", "there are 1 tokens for the queries of layers.3.q, expected 2"),
        (&[Q, K], r#""tokens": ["a", "b", "c"]"#, "count", "there are 3 tokens for the keys of layers.0.k, expected 5"),
        (&[Q, K], r#""key_tokens": []"#, "count", "there are 0 tokens for the keys of layers.0.k, expected 5"),
        (
            &[WEIGHTS],
            r#""tokens": ["a", "b", "c"]"#,
            "count",
            "there are 3 tokens for the keys of layers.0.weights, expected 5",
        ),
        (
            &[("q", &[3, 2]), ("k", &[3, 2])],
            r#""tokens": ["a"]"#,
            "count",
            "there are 1 tokens for the queries of q, expected 3",
        ),
        (square, r#""tokens": "a b""#, "malformed", "tokens, byte 0: expected valid JSON"),
        (square, r#""tokens": ["a", 2]"#, "malformed", "tokens, byte "),
    ];
    for (tensors, tokens, code, message) in cases {
        let tokens = if tokens.contains("[]") { r#""__metadata__": {"key_tokens": "[]"}"# } else { tokens };
        let error = made(tensors, tokens).unwrap_err();
        assert!(error.code() == code && error.to_string().starts_with(message), "{error}");
    }
}

#[test]
fn half_characters_in_tokens_are_replaced() {
    let metadata = r#""__metadata__": {"tokens": "[\"\\ud83d\", \"\\\\ud83d\", \"\\ud83d\\udc08\"]"}"#;
    let capture = made(&[], metadata).unwrap();
    assert_eq!(capture.query_tokens.unwrap(), ["\u{fffd}", "\\ud83d", "\u{1f408}"]);
}

#[test]
fn a_caller_can_say_what_is_what() {
    let tensors: Shapes = &[("a", &[3, 2]), ("b", &[5, 2]), ("c", &[5, 1]), ("d", &[3, 2])];
    let mut capture = made(tensors, r#""query_tokens": ["x", "y", "z"]"#).unwrap();
    assert_eq!(names(&capture), [""; 0]);
    capture.assign("a", "b", None).unwrap();
    assert_eq!(names(&capture), ["0 a b - - -"]);
    let refused: [(&str, &str, Option<&str>, &str); 4] = [
        ("a", "c", None, "shape of c: expected [5, 2], to go with a, found [5, 1]"),
        ("a", "b", Some("d"), "shape of d: expected [5, 2], to go with b, found [3, 2]"),
        ("b", "a", None, "there are 3 tokens for the queries of b, expected 5"),
        ("a", "e", None, "no tensor is called e; there are a, b, c, d"),
    ];
    for (query, key, value, message) in refused {
        assert_eq!(capture.assign(query, key, value).unwrap_err().to_string(), message);
        assert_eq!(names(&capture), ["0 a b - - -"]);
    }
    capture.assign("a", "b", Some("c")).unwrap();
    assert_eq!(names(&capture), ["0 a b c - -"]);
}

#[test]
fn options_come_under_their_names_in_javascript() {
    let cases = [
        (r#""scale": "0.17677669529663687""#, "scale", Setting::Number(0.17677669529663687)),
        (r#""temperature": 2"#, "temperature", Setting::Number(2.0)),
        (r#""softcap": "50.0""#, "softcap", Setting::Number(50.0)),
        (r#""is_causal": "True""#, "causal", Setting::Flag(true)),
        (r#""causal": false"#, "causal", Setting::Flag(false)),
        (r#""causal_alignment": "lower_right""#, "causalAlignment", Setting::Name("lower_right".into())),
        (r#""left_window_size": "128""#, "leftWindowSize", Setting::Number(128.0)),
        (r#""rightWindowSize": -1"#, "rightWindowSize", Setting::Number(-1.0)),
        (r#""score": "cosine""#, "score", Setting::Name("cosine".into())),
        (
            r#""normalizer": "{\"id\": \"sigmoid\", \"bias\": -3}""#,
            "normalizer",
            Setting::Member(
                [("bias".into(), Setting::Number(-3.0)), ("id".into(), Setting::Name("sigmoid".into()))].into(),
            ),
        ),
    ];
    for (metadata, name, value) in cases {
        let metadata = format!(r#""__metadata__": {{{metadata}}}"#);
        assert_eq!(made(&[Q, K], &metadata).unwrap().options, [(name.to_owned(), value)].into(), "{metadata}");
    }
    for nothing in [r#""scale": "None""#, r#""softcap": null"#, r#""dropout": "0.1""#] {
        assert!(made(&[], nothing).unwrap().options.is_empty(), "{nothing}");
    }
}

/// An option that is not understood would make every picture wrong, silently.
#[test]
fn options_that_break_their_rules_are_refused() {
    let cases = [
        (r#""scale": "1/sqrt(d)""#, "scale in the metadata must be a finite number, not 1/sqrt(d)"),
        (r#""scale": "NaN""#, "scale in the metadata must be a finite number, not NaN"),
        (r#""temperature": 0"#, "temperature in the metadata must be a finite number above 0, not 0"),
        (r#""is_causal": "maybe""#, "is_causal in the metadata must be true or false, not maybe"),
        (
            r#""causal_alignment": "left""#,
            "causal_alignment in the metadata must be one of upper_left, lower_right, not left",
        ),
        (r#""left_window_size": 1.5"#, "left_window_size in the metadata must be a whole number from -1, not 1.5"),
        (r#""causal": true, "is_causal": false"#, "the option is_causal is there twice"),
        (
            r#""score": "{\"__proto__\": 1}""#,
            r#"score in the metadata must be an id and its parameters, not {"__proto__": 1}"#,
        ),
    ];
    for (metadata, message) in cases {
        assert_eq!(made(&[], metadata).unwrap_err().to_string(), message);
    }
}

#[test]
fn the_captures_of_the_page_open() {
    let capture = stored("www/sentence.safetensors");
    assert_eq!(names(&capture)[5], "5 layers.5.q layers.5.k layers.5.v - -");
    assert_eq!((capture.layers.len(), capture.query_tokens.as_ref().unwrap()[4].as_str()), (6, "'"));
    assert_eq!(capture.model.as_deref(), Some("sentence-transformers/all-MiniLM-L6-v2"));
    assert_eq!(capture.text.as_deref(), Some("The animal didn't cross the street because it was too tired."));
    assert_eq!(capture.query_tokens, capture.key_tokens);

    let capture = stored("www/student-teacher.json");
    assert_eq!(names(&capture), ["0 query key - - -"]);
    let lengths = [capture.query_tokens, capture.key_tokens].map(|tokens| tokens.unwrap().len());
    assert_eq!(lengths, [3, 6]);
    assert_eq!(capture.options["score"], Setting::Name("dot".into()));
}

#[test]
fn an_npz_file_is_a_capture_too() {
    let capture = stored("tests/goldens/npy/capture.npz");
    assert_eq!(names(&capture), ["0 layers.0.q layers.0.k - - -"]);
    assert_eq!(capture.query_tokens.unwrap(), ["the", "café", "\u{1f408}"]);
    assert_eq!(capture.key_tokens.unwrap(), ["a", "b"]);
    assert_eq!(capture.model.as_deref(), Some("by hand"));
    let options = [("causal".to_owned(), Setting::Flag(true)), ("scale".to_owned(), Setting::Number(0.1))];
    assert_eq!(capture.options, options.into());
}

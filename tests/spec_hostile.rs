//! Random and mutated text at the spec's door: no panic, no hang, one clean line, and bounded memory.
//!
//! The allocator counts, so the limit that the docs state is measured, not estimated.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use superposition::spec::link::Link;
use superposition::spec::{MAX_PARSE_BYTES, MAX_TEXT_BYTES, PRESET_IDS, preset};
use superposition::{Error, ExperimentSpec};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The counter is one for all threads: calls that are measured take turns.
static TURN: Mutex<()> = Mutex::new(());

/// What tests on other threads may allocate or free in the meantime: they make up texts of at most a megabyte.
const NOISE: usize = 8 << 20;

/// What a call allocated at a time, beyond what was held before.
fn peak_of<T>(call: impl FnOnce() -> T) -> (T, usize) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let result = call();
    (result, ALLOCATOR.peak_usage().saturating_sub(before))
}

/// Parses hostile text and holds the answer to what the docs promise.
fn parse(text: &str) -> Result<ExperimentSpec, Error> {
    let ((result, elapsed), peak) = peak_of(|| {
        let start = Instant::now();
        (ExperimentSpec::from_json(text), start.elapsed())
    });
    assert!(peak <= MAX_PARSE_BYTES, "{peak} bytes for {text:.300}");
    assert!(elapsed < Duration::from_secs(20), "{elapsed:?} for {text:.300}");
    match &result {
        Err(error) => assert_one_line(&error.to_string(), text),
        Ok(spec) => {
            // Only a resolved spec may outgrow the longest text.
            let resolved = spec.to_json().to_string();
            if resolved.len() <= MAX_TEXT_BYTES {
                assert!(ExperimentSpec::from_json(&resolved).as_ref() == Ok(spec), "{text:.300}");
            }
            let last = spec.n_cells() - 1;
            for cell_idx in [0, last / 2, last] {
                spec.cell(cell_idx).unwrap_or_else(|error| panic!("cell {cell_idx} of {text:.300}: {error}"));
            }
        }
    }
    result
}

fn assert_one_line(message: &str, text: &str) {
    assert!(!message.is_empty() && !message.ends_with('.'), "{message:?} for {text:.300}");
    assert!(!message.chars().any(char::is_control), "{message:?} for {text:.300}");
    assert!(message.chars().count() < 1200, "{} characters for {text:.300}", message.len());
}

const VALID: &[&str] = &[
    r#"{"features":5,"hidden":2,"importance":0.9,"density":0.07}"#,
    r#"{"features":3,"hidden":2,"density":[0.1,0.2,0.3],"importance":[1,2,3],"optimizer":"adamw","weight_decay":0.1,"schedule":"linear"}"#,
    r#"{"model":"linear","features":7,"hidden":2,"gradient":"exact","stop":{"relative_change":1e-5,"window":10},"restarts":{"count":4,"keep":"all"}}"#,
    r#"{"features":6,"hidden":3,"correlated":[[0,1],[2,3]],"anticorrelated":[[4,5]],"start":{"scale":0.5,"bias":"mean","weights":[[1,0,0,0,0,0],[0,1,0,0,0,0],[0,0,1,0,0,0]]},"pinned":[0,2]}"#,
    r#"{"model":"absolute","features":2,"hidden":2,"start":{"decoder":[[1,2],[3,4]]},"hidden_l1":0.1,"adversarial_training":{"norm":0.2},"record":{"points":50,"scale":"log"},"attack":{"norm":0.1,"relative_to":"own"},"dictionary":{"latents":9,"topk":2,"batch":8,"steps":10,"learning_rate":0.01,"resample_every":5,"seed":1}}"#,
    r#"{"features":5,"hidden":2,"sweep":[{"field":"density[4]","from":0.01,"to":1,"count":9,"scale":"log"},{"field":"optimizer","values":["adam","sgd"]},{"field":"features","values":[5,6]},{"field":"density","values":[0.1,0.2]}]}"#,
    r#"{"features":2,"hidden":1,"sweep":[{"field":"seed","from":0,"to":99,"count":100},{"field":"stop.window","values":[5,6]},{"field":"start.scale","values":[0,1]},{"field":"model","values":["linear","relu"]}]}"#,
];

const FRAGMENTS: &[&str] = &[
    "null",
    "-0.0",
    "1e999",
    "-1e-999",
    "1e308",
    "99999999999999999999",
    "4096",
    "1000000",
    "[]",
    "{}",
    "[[]]",
    "\"\"",
    "\"\\ud800\"",
    "\"\\u0000\\u001b\"",
    "\u{202e}",
    "é",
    "\u{0}",
    ",",
    ":",
    "\"",
    "\\",
    "]",
    "}",
    "[",
    "{",
    "true",
    "\"seed\":1,",
    "\"sweep\":[{}],",
    "\"field\":\"density[0]\",",
    "\"count\":1000000",
    "\"count\":999999,\"from\":1,\"to\":2",
    "\"features\":4096,",
    "\"hidden\":1024,",
    "\"count\":10000,",
];

#[derive(Debug, Clone)]
enum Mutation {
    Delete(prop::sample::Index, usize),
    Duplicate(prop::sample::Index, usize),
    Insert(prop::sample::Index, prop::sample::Index),
    Replace(prop::sample::Index, prop::sample::Index),
    Nest(prop::sample::Index, usize),
    Truncate(prop::sample::Index),
    Unicode(prop::sample::Index, String),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        1 => (index(), 1..30usize).prop_map(|(at, length)| Mutation::Delete(at, length)),
        1 => (index(), 1..60usize).prop_map(|(at, length)| Mutation::Duplicate(at, length)),
        1 => (index(), index()).prop_map(|(at, fragment)| Mutation::Insert(at, fragment)),
        4 => (index(), index()).prop_map(|(at, fragment)| Mutation::Replace(at, fragment)),
        1 => (index(), 1..400usize).prop_map(|(at, depth)| Mutation::Nest(at, depth)),
        1 => index().prop_map(Mutation::Truncate),
        1 => (index(), any::<String>()).prop_map(|(at, text)| Mutation::Unicode(at, text)),
    ]
}

/// A place between two characters.
fn place(text: &str, at: prop::sample::Index) -> usize {
    let mut place = at.index(text.len() + 1);
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

fn mutate(mut text: String, mutation: &Mutation) -> String {
    let after = |text: &str, start: usize, length: usize| {
        text[start..].char_indices().nth(length).map_or(text.len(), |(offset, _)| start + offset)
    };
    match mutation {
        Mutation::Delete(at, length) => {
            let start = place(&text, *at);
            let end = after(&text, start, *length);
            text.replace_range(start..end, "");
        }
        Mutation::Duplicate(at, length) => {
            let start = place(&text, *at);
            let piece = text[start..after(&text, start, *length)].to_owned();
            text.insert_str(start, &piece);
        }
        Mutation::Insert(at, fragment) => {
            let start = place(&text, *at);
            text.insert_str(start, FRAGMENTS[fragment.index(FRAGMENTS.len())]);
        }
        // A whole number, word or string in exchange for a fragment: what stays JSON gets deepest.
        Mutation::Replace(at, fragment) => {
            let word = |c: char| c.is_alphanumeric() || "\"_.-+".contains(c);
            let start = place(&text, *at);
            let start = text[..start].char_indices().rfind(|(_, c)| !word(*c)).map_or(0, |(idx, c)| idx + c.len_utf8());
            let end = text[start..].find(|c| !word(c)).map_or(text.len(), |idx| start + idx);
            text.replace_range(start..end, FRAGMENTS[fragment.index(FRAGMENTS.len())]);
        }
        Mutation::Nest(at, depth) => {
            let start = place(&text, *at);
            text.insert_str(start, &"[".repeat(*depth));
        }
        Mutation::Truncate(at) => text.truncate(place(&text, *at)),
        Mutation::Unicode(at, piece) => {
            let start = place(&text, *at);
            text.insert_str(start, piece);
        }
    }
    text
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        any::<f64>().prop_map(|v| format!("{v:e}")),
        any::<i64>().prop_map(|v| v.to_string()),
        prop::sample::select(FRAGMENTS).prop_map(str::to_owned),
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
    ];
    let key = prop::sample::select(&[
        "model",
        "features",
        "hidden",
        "density",
        "importance",
        "sweep",
        "field",
        "values",
        "from",
        "to",
        "count",
        "start",
        "weights",
    ]);
    leaf.prop_recursive(6, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::vec((key.clone(), inner), 0..8).prop_map(|pairs| {
                let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_specs_are_taken_or_refused_in_one_line(
        base in prop::sample::select(VALID),
        mutations in prop::collection::vec(mutation(), 1..5),
    ) {
        let text = mutations.iter().fold(base.to_owned(), mutate);
        let _ = parse(&text);
    }

    #[test]
    fn random_json_is_refused_in_one_line(text in json()) {
        let _ = parse(&text);
    }

    #[test]
    fn random_text_is_refused_in_one_line(text in any::<String>()) {
        prop_assert!(parse(&text).is_err());
        let link = Link::decode(&format!("#v=1&spec={text}"));
        if let Err(error) = link {
            assert_one_line(&error.to_string(), &text);
        }
    }

    #[test]
    fn mutated_links_are_taken_or_refused_in_one_line(
        base in prop::sample::select(VALID),
        mutations in prop::collection::vec(mutation(), 0..4),
        figure in prop::sample::select(PRESET_IDS),
    ) {
        let spec = serde_json::from_str::<serde_json::Value>(base).unwrap().as_object().unwrap().clone();
        let link = Link { figure: Some(figure.to_owned()), spec, ..Link::default() };
        let text = mutations.iter().fold(link.encode().unwrap(), mutate);
        let (decoded, peak) = peak_of(|| Link::decode(&text));
        prop_assert!(peak <= MAX_PARSE_BYTES);
        match decoded {
            Ok(Some(link)) => prop_assert_eq!(Link::decode(&link.encode().unwrap()), Ok(Some(link))),
            Ok(None) => {}
            Err(error) => assert_one_line(&error.to_string(), &text),
        }
    }
}

/// Each fills the longest text with what costs most to hold.
#[test]
fn the_longest_texts_stay_below_the_stated_limit() {
    let fill = |before: &str, piece: &str, after: &str| {
        let room = MAX_TEXT_BYTES - before.len() - after.len();
        format!("{before}{}{after}", piece.repeat(room / piece.len()))
    };
    let start = r#"{"features":5,"hidden":2,"#;
    let sweep = format!(r#"{start}"sweep":[{{"field":"density","values":["#);
    let keys = || {
        let mut text = String::from(start);
        let mut idx = 0;
        while text.len() < MAX_TEXT_BYTES - 30 {
            text += &format!("\"{idx:x}\":0,");
            idx += 1;
        }
        text + "\"z\":0}"
    };
    for text in [
        fill(&sweep, "1,", "1]}]}"),
        fill(&sweep, "[1],", "1]}]}"),
        fill(&sweep, "{\"\":0},", "1]}]}"),
        fill(&sweep, "[],", "1]}]}"),
        fill(&sweep, "[[[[[[1]]]]]],", "1]}]}"),
        fill(&sweep, "\"a\",", "1]}]}"),
        fill(&format!("{start}\"density\":["), "1,", "1]}"),
        fill(&format!("{start}\"start\":{{\"weights\":["), "[1],", "[1]]}}"),
        fill(&format!("{start}\"correlated\":["), "[1],", "[1]]}"),
        fill(&format!("{start}\"pinned\":["), "1,", "1]}"),
        fill(&format!("{start}\"model\":\""), "é", "\"}"),
        fill(&format!("{start}\"model\":\""), "\\n", "\"}"),
        fill("", "[", ""),
        fill("", "{\"a\":", ""),
        fill(&format!("{start}\""), "a", "\":0}"),
        keys(),
    ] {
        assert!(text.len() <= MAX_TEXT_BYTES);
        let _ = parse(&text);
    }
    // And the counter counts.
    let (_, peak) = peak_of(|| std::hint::black_box(vec![1u8; 32 << 20]));
    assert!(((32 << 20) - NOISE..=(32 << 20) + NOISE).contains(&peak), "{peak} bytes for 32 MiB");
}

/// Sweeps that are short to write and long to expand.
#[test]
fn great_sweeps_are_refused_or_taken_without_expanding_them() {
    let spec = |axes: &str| format!(r#"{{"features":2,"hidden":1,"sweep":[{axes}]}}"#);
    let axis = |field: &str, count: usize| format!(r#"{{"field":"{field}","from":0.5,"to":1,"count":{count}}}"#);
    let (result, peak) = peak_of(|| ExperimentSpec::from_json(&spec(&axis("density", 1_000_000))));
    assert_eq!(result.unwrap().n_cells(), 1_000_000);
    assert!(peak < NOISE, "{peak} bytes for a range, whose values would take 32 MB");
    for axes in [
        [axis("density", 1_000_000), axis("importance", 1_000_000)].join(","),
        (0..16).map(|_| axis("density", 1_000_000)).collect::<Vec<_>>().join(","),
        (0..17).map(|_| axis("density", 2)).collect::<Vec<_>>().join(","),
        [axis("density[0]", 1000), axis("density[1]", 1000), axis("importance[0]", 2)].join(","),
    ] {
        assert!(parse(&spec(&axes)).is_err());
    }
    // Everything that is checked together, in the largest number of cells.
    let together = [
        r#"{"field":"features","values":[2,3,4,5,6,7,8,9,10,11]}"#,
        r#"{"field":"hidden","values":[1,2,3,4,5,6,7,8,9,10]}"#,
        r#"{"field":"optimizer","values":["adam","sgd","adamw","adam","sgd","adamw","adam","sgd","adamw","adam"]}"#,
    ];
    let taken = parse(&spec(&format!("{},{}", together.join(","), axis("density[1]", 1000)))).unwrap();
    assert_eq!(taken.n_cells(), 1_000_000);
    let wide = axis("density[1]", 1000).replace("[1]", "[10]");
    let refused = parse(&spec(&format!("{},{wide}", together.join(",")))).unwrap_err().to_string();
    assert_eq!(refused, "sweep[3].values[0]: got density[10], expected an index below 2, the features");
}

#[test]
fn presets_pass_the_same_door() {
    for id in PRESET_IDS {
        parse(preset(id).unwrap()).unwrap();
    }
}

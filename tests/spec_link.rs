//! Links: what is one, what it says, and links that were published, which decode for ever.

use serde_json::{Map, Value, json};
use superposition::ExperimentSpec;
use superposition::spec::link::{Link, MAX_LINK_BYTES};
use superposition::spec::{Density, PRESET_IDS};

fn decode(text: &str) -> Link {
    Link::decode(text).unwrap_or_else(|error| panic!("{text}\n{error}")).unwrap_or_else(|| panic!("{text} is no link"))
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// Links as they stand in other people's posts. Add to this list, never change an entry of it.
const PUBLISHED: &[(&str, &str, &str)] = &[
    ("#v=1&figure=intro", "intro", "{}"),
    ("#v=1&figure=intro&spec=%7B%22seed%22%3A7%7D", "intro", r#"{"seed":7}"#),
    (
        "#v=1&figure=phase-2-1&spec=%7B%22restarts%22%3A%7B%22count%22%3A3%7D%2C%22stop%22%3Anull%7D&show=theory&hide=controls,sentence",
        "phase-2-1",
        r#"{"restarts":{"count":3},"stop":null}"#,
    ),
    (
        "#v=1&spec=%7B%22density%22%3A0.07%2C%22features%22%3A5%2C%22hidden%22%3A2%2C%22importance%22%3A0.9%7D",
        "",
        r#"{"density":0.07,"features":5,"hidden":2,"importance":0.9}"#,
    ),
];

#[test]
fn published_links_decode_for_ever() {
    for (text, figure, spec) in PUBLISHED {
        let link = decode(text);
        assert_eq!(link.figure.as_deref().unwrap_or_default(), *figure);
        assert_eq!(Value::from(link.spec.clone()).to_string(), *spec);
        assert_eq!(link.encode().unwrap(), *text);
        ExperimentSpec::from_link(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    }
}

#[test]
fn a_link_is_found_wherever_it_stands() {
    let link = decode("#v=1&figure=intro&spec=%7B%22seed%22%3A7%7D&hide=seed");
    for text in [
        "v=1&figure=intro&spec=%7B%22seed%22%3A7%7D&hide=seed",
        "?v=1&figure=intro&spec=%7b%22seed%22%3a7%7d&hide=seed",
        "  #hide=seed&spec={\"seed\":7}&v=1&&figure=intro\n",
        "https://example.org/a/index.html#v=1&figure=intro&spec=%7B%22seed%22%3A7%7D&hide=seed",
        "https://example.org/embed.html?v=1&figure=intro&spec=%7B%22seed%22%3A7%7D&hide=seed#top",
        "embed.html?v=1&figure=intro&spec=%7B%22seed%22%3A7%7D&hide=seed",
        "https://example.org/?utm_source=post#v=1&figure=intro&spec=%7B%22seed%22%3A7%7D&hide=seed&show=",
    ] {
        assert_eq!(decode(text), link, "{text}");
    }
}

#[test]
fn an_ordinary_anchor_is_no_link() {
    for text in [
        "",
        "#",
        "#phase-change",
        "#%zz",
        "?",
        "https://example.org/",
        "https://example.org/?a=b#c",
        "#figure=intro",
        "#vv=1",
    ] {
        assert_eq!(Link::decode(text), Ok(None), "{text}");
    }
    let error = ExperimentSpec::from_link("#intro").unwrap_err().to_string();
    assert_eq!(error, "link: got #intro, expected v=1 in it, such as #v=1&figure=intro");
}

#[test]
fn what_a_link_may_not_say_is_named() {
    for (text, message) in [
        ("#v=2", "v: got 2, expected 1, the only version there is"),
        ("#v=", "v: got , expected 1, the only version there is"),
        ("#v=1&v=1", "v: got a second value, expected the key once"),
        ("#v=1&spec={}&spec={}", "spec: got a second value, expected the key once"),
        ("#v=1&features=5", "features: got 5, expected one of the keys v, figure, spec, show, hide"),
        ("#v=1&%3Cb%3E=5", "%3Cb%3E: got 5, expected one of the keys v, figure, spec, show, hide"),
        ("#v=1&spec=%7", "spec: got %7, expected two hexadecimal digits after a percent sign"),
        ("#v=1&spec=%zz", "spec: got %zz, expected two hexadecimal digits after a percent sign"),
        ("#v=1&spec=%é", "spec: got %é, expected two hexadecimal digits after a percent sign"),
        ("#v=1&spec=%ff", "spec: got %ff, expected percent-encoded UTF-8"),
        ("#v=1&spec=5", "spec: expected a JSON object, got 5"),
        ("#v=1&spec=%7B", "spec: not JSON: EOF while parsing an object at line 1 column 1"),
        ("#v=1&spec={\"seed\":1,\"seed\":2}", "seed: got a second value, 2, expected the field once"),
        ("#v=1&show=a,,b", "show: got , expected names of small letters, digits and hyphens, with commas between them"),
        ("#v=1&hide=A", "hide: got A, expected names of small letters, digits and hyphens, with commas between them"),
    ] {
        assert_eq!(Link::decode(text).unwrap_err().to_string(), message, "{text}");
    }
    let ids = PRESET_IDS.join(", ");
    for (text, given) in [("#v=1&figure=nothing", "nothing"), ("#v=1&figure=%3Cscript%3E%0a", r"<script>\u000a")] {
        let message = format!("figure: got {given}, expected one of {ids}");
        assert_eq!(Link::decode(text).unwrap_err().to_string(), message, "{text}");
    }
    let names = "a,".repeat(64) + "a";
    assert!(
        Link::decode(&format!("#v=1&show={names}")).unwrap_err().to_string().ends_with("expected at most 64 names")
    );
    let long = format!("#v=1&figure={}", "a".repeat(MAX_LINK_BYTES));
    assert_eq!(Link::decode(&long).unwrap_err().to_string(), "a link of 1048587 bytes, expected at most 1048576");
}

#[test]
fn a_link_s_fields_replace_those_of_its_figure() {
    let spec = ExperimentSpec::from_link(r#"#v=1&figure=intro&spec={"density":0.07,"sweep":null}"#).unwrap();
    assert_eq!((spec.features, spec.hidden, spec.n_cells()), (5, 2, 1));
    assert_eq!(spec.density, Density::Uniform(0.07));
    let error = ExperimentSpec::from_link(r#"#v=1&figure=intro&spec={"features":0}"#).unwrap_err();
    assert_eq!(error.to_string(), "features: got 0, expected an integer from 1 to 4096");
}

#[test]
fn encoding_and_decoding_are_inverse() {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let specs = [json!({}), json!({ "seed": 3, "density": 1e-7 }), json!({ "é&=#?% +,": "\u{1f600}\"\\\n" })];
    for figure in PRESET_IDS.iter().map(|id| Some((*id).to_owned())).chain([None]) {
        for spec in &specs {
            for (show, hide) in [(vec![], vec![]), (names(&["a", "b-2"]), names(&["c"]))] {
                let link = Link { figure: figure.clone(), spec: object(spec.clone()), show, hide };
                let text = link.encode().unwrap();
                assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
                assert_eq!(decode(&text), link, "{text}");
            }
        }
    }
    for show in ["a,b", "", "A", "a&v=2", "a=b", "é"] {
        let link = Link { show: names(&[show]), ..Link::default() };
        assert!(link.encode().is_err(), "{show:?} was written");
    }
    assert!(Link { figure: Some("nothing".into()), ..Link::default() }.encode().is_err());
}

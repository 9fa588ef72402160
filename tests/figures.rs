//! The figures as pictures: snapshots, and what must hold for every text of every figure.
//!
//! Snapshots are the files tests/snapshots/*.svg. After a change that is meant, look at the new pictures and accept
//! them with `UPDATE_SNAPSHOTS=1 cargo test --test figures`.

use superposition::figures::arrows::Arrows;
use superposition::figures::color::{MIN_CONTRAST, contrast, rgb};
use superposition::figures::phase::{PENDING, Phase};
use superposition::figures::svg::{Panel, Picture, svg_arrows, svg_intro, svg_phase};
use superposition::figures::{Box2, Mode};

#[path = "figures/marks.rs"]
mod marks;
#[path = "figures/views.rs"]
mod views;

use proptest::prelude::*;
use std::f64::consts::TAU;
use std::path::Path;

const MODES: [(Mode, &str); 2] = [(Mode::Light, "light"), (Mode::Dark, "dark")];

/// Columns from (angle in turns, norm), as `[2][n]`.
fn columns(polar: &[(f64, f64)]) -> Vec<f32> {
    let x = polar.iter().map(|(turn, norm)| (norm * (turn * TAU).cos()) as f32);
    x.chain(polar.iter().map(|(turn, norm)| (norm * (turn * TAU).sin()) as f32)).collect()
}

fn axes() -> Vec<f32> {
    columns(&[(0.94, 0.99), (0.69, 0.98), (0.3, 0.01), (0.1, 0.02), (0.8, 0.015)])
}

fn pairs() -> Vec<f32> {
    columns(&[(0.43, 1.0), (0.18, 1.0), (0.93, 0.98), (0.68, 0.98), (0.2, 0.03)])
}

fn pentagon() -> Vec<f32> {
    columns(&[(0.25, 1.12), (0.65, 1.11), (0.05, 1.1), (0.45, 1.09), (0.85, 1.08)])
}

/// Classes of a diagram with the outline of the theory's; of the last `pending` cells only every fourth row and column
/// is there.
fn classes(count: usize, pending: usize) -> Vec<u8> {
    let cell = |idx: usize| {
        let fraction = |i: usize| i as f64 / (count - 1).max(1) as f64;
        let importance = 10f64.powf(-1.0 + 2.0 * fraction(idx % count));
        let density = 10f64.powf(-2.0 * fraction(idx / count));
        let is_coarse = (idx % count).is_multiple_of(4) && (idx / count).is_multiple_of(4);
        if idx + pending >= count * count && !is_coarse {
            PENDING
        } else if density < 4.0 / (5.0 + 2.0 * importance.max(1.0 / importance)) {
            2
        } else {
            u8::from(importance >= 1.0)
        }
    };
    (0..count * count).map(cell).collect()
}

fn check_snapshot(name: &str, picture: &Picture) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(format!("{name}.svg"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &picture.svg).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    // A document is many long lines: say which one differs, not all of them.
    let differing = stored.lines().zip(picture.svg.lines()).position(|(a, b)| a != b);
    assert!(
        stored == picture.svg,
        "{} differs from what is drawn now at line {}; look at it, then UPDATE_SNAPSHOTS=1",
        path.display(),
        differing.map_or("its end".into(), |line_idx| (line_idx + 1).to_string()),
    );
}

fn check_texts(picture: &Picture, width: f64, height: f64, what: &str) {
    let bounds = Box2 { x: 0.0, y: 0.0, width, height };
    let color = |css: &str| rgb(u32::from_str_radix(&css[1..], 16).unwrap());
    for (idx, text) in picture.texts.iter().enumerate() {
        let place = text.place();
        assert!(bounds.contains(&place), "{what}: {text:?} leaves {bounds:?}");
        for other in &picture.texts[..idx] {
            assert!(!place.overlaps(&other.place()), "{what}: {text:?} covers {other:?}");
        }
        let reached = contrast(color(&text.color), color(&text.background));
        assert!(reached >= MIN_CONTRAST, "{what}: {text:?} has contrast {reached:.2} < {MIN_CONTRAST}");
    }
    assert_eq!(picture.svg.matches("<text").count(), picture.texts.len(), "{what}: a text went unrecorded");
}

/// Numbers that an attribute holds, of each element of that name.
fn numbers<'a>(svg: &'a str, element: &'a str, name: &'a str) -> impl Iterator<Item = Vec<f64>> + 'a {
    let open = format!("<{element} ");
    let key = format!(" {name}=\"");
    svg.lines().filter(move |line| line.starts_with(&open)).map(move |line| {
        let start = line.find(&key).unwrap() + key.len();
        let value = line[start..].split('"').next().unwrap();
        value.split([' ', ',']).filter(|part| !part.is_empty()).map(|part| part.parse().unwrap()).collect()
    })
}

/// No label lies on a dot or an arrow, both read back from the document (tenths of a pixel).
fn check_marks(picture: &Picture) {
    let svg = &picture.svg;
    let discs = numbers(svg, "circle", "cx").zip(numbers(svg, "circle", "cy")).zip(numbers(svg, "circle", "r"));
    let filled = svg.lines().filter(|line| line.starts_with("<circle")).map(|line| !line.contains("fill=\"none\""));
    for (((x, y), radius), _) in discs.zip(filled).filter(|(_, filled)| *filled) {
        let (x, y, radius) = (x[0] / 10.0, y[0] / 10.0, radius[0] / 10.0);
        for text in &picture.texts {
            let place = text.place();
            let nearest = (x.clamp(place.x, place.right()), y.clamp(place.y, place.bottom()));
            let apart = (nearest.0 - x).hypot(nearest.1 - y);
            assert!(apart > radius - 0.2, "{text:?} lies on the dot at ({x}, {y})");
        }
    }
    let lines = numbers(svg, "polyline", "points").zip(numbers(svg, "polyline", "stroke-width"));
    // Thinner lines are guides, and the polygon's outline, which may run under a label.
    for (points, _) in lines.filter(|(_, width)| width[0] > 15.0) {
        for text in &picture.texts {
            let (a, b) = ((points[0] / 10.0, points[1] / 10.0), (points[2] / 10.0, points[3] / 10.0));
            assert!(!text.place().meets_segment(a, b), "{text:?} lies on the arrow from {a:?} to {b:?}");
        }
    }
}

fn texts(picture: &Picture) -> Vec<&str> {
    picture.texts.iter().map(|text| text.text.as_str()).collect()
}

#[test]
fn snapshots() {
    let one_dimensional = [1.05, -0.98];
    for (mode, name) in MODES {
        for (shape, weights) in [("axes", axes()), ("pairs", pairs()), ("pentagon", pentagon())] {
            let arrows = Arrows::new(5, 2, &weights).unwrap();
            check_snapshot(&format!("arrows-{shape}-{name}"), &svg_arrows(mode, 300, &arrows));
        }
        let weights = pentagon();
        let arrows = Arrows::new(5, 2, &weights).unwrap().with_highlight(Some(2));
        check_snapshot(&format!("arrows-highlight-{name}"), &svg_arrows(mode, 300, &arrows));
        let arrows = Arrows::new(2, 1, &one_dimensional).unwrap();
        check_snapshot(&format!("arrows-line-{name}"), &svg_arrows(mode, 300, &arrows));

        let full = classes(32, 0);
        let theory = Phase::new("Theory", 32, 32, &full).unwrap().with_names(true);
        check_snapshot(&format!("phase-theory-{name}"), &svg_phase(mode, 374, &theory));
        let part = classes(32, 290);
        let experiment = Phase::new("Experiment", 32, 32, &part).unwrap().with_selected(Some(330));
        check_snapshot(&format!("phase-experiment-{name}"), &svg_phase(mode, 374, &experiment));
    }
}

#[test]
fn the_three_panels_stand_side_by_side_or_below_each_other() {
    let weights = [axes(), pairs(), pentagon()];
    let words = [
        ("0% sparse", "The two most important features get an axis each. The rest are forgotten."),
        ("80% sparse", "Four features, as two antipodal pairs. The fifth is forgotten."),
        ("90% sparse", "All five, as a pentagon. Every one now hears a faint echo of the others."),
    ];
    let panels: Vec<Panel> = weights
        .iter()
        .zip(words)
        .map(|(w, (title, sentence))| Panel { title, sentence, arrows: Arrows::new(5, 2, w).unwrap() })
        .collect();
    for (mode, name) in MODES {
        check_snapshot(&format!("intro-{name}"), &svg_intro(mode, 960, &panels));
        for width in (240..=1400).step_by(29) {
            let picture = svg_intro(mode, width, &panels);
            let height = attribute(&picture.svg, "height");
            check_texts(&picture, f64::from(width), height, &format!("intro at {width}"));
            for (title, _) in words {
                assert!(texts(&picture).contains(&title), "no {title:?} at {width}");
            }
        }
    }
}

/// A number among the attributes of a document's root.
fn attribute(svg: &str, name: &str) -> f64 {
    let start = svg.find(&format!(" {name}=\"")).unwrap() + name.len() + 3;
    svg[start..].split('"').next().unwrap().parse().unwrap()
}

#[test]
fn documents_are_well_formed_and_cells_are_few() {
    let full = classes(64, 0);
    let hostile = Phase::new("<b>\"&'</b>", 64, 64, &full).unwrap();
    let picture = svg_phase(Mode::Light, 400, &hostile);
    assert!(picture.svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"400\""));
    assert_eq!(picture.svg.matches("<svg").count(), 1);
    assert!(picture.svg.contains("&lt;b&gt;&quot;&amp;&apos;&lt;/b&gt;"), "the title is escaped");
    let cells = picture.svg.matches("<rect").count();
    assert!(cells <= 64 * 3 + 1, "{cells} rectangles for runs of three classes in 64 rows");
}

#[test]
fn at_usual_sizes_every_label_is_there() {
    for width in [112, 150, 240, 300, 440, 700] {
        for (weights, expected) in [(axes(), 2), (pairs(), 4), (pentagon(), 5)] {
            let picture = svg_arrows(Mode::Light, width, &Arrows::new(5, 2, &weights).unwrap());
            assert_eq!(picture.texts.len(), expected, "labels at {width} px: {:?}", texts(&picture));
        }
    }
    let full = classes(64, 0);
    let theory = Phase::new("Theory", 64, 64, &full).unwrap().with_names(true);
    for width in [300, 374, 440, 700] {
        let picture = svg_phase(Mode::Dark, width, &theory);
        let all = ["Theory", "0.1", "1", "10", "0.01", "density 1 − S", "forgotten", "its own axis", "superposition"];
        for text in all {
            assert!(texts(&picture).contains(&text), "no {text:?} at {width} px: {:?}", texts(&picture));
        }
        assert!(texts(&picture).iter().any(|text| text.starts_with("relative importance")));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_label_of_any_weights_is_clipped_covered_or_pale(
        (n, m, weights) in (1usize..=24, 1usize..=2)
            .prop_flat_map(|(n, m)| (Just(n), Just(m), prop::collection::vec(-2.0f32..2.0, n * m))),
        scale in prop_oneof![Just(1.0f32), Just(0.2), Just(3.0), Just(1e6)],
        width in 100u32..=700,
        highlight in prop::option::of(0usize..24),
        dark in any::<bool>(),
    ) {
        let weights: Vec<f32> = weights.iter().map(|w| w * scale).collect();
        let arrows = Arrows::new(n, m, &weights).unwrap().with_highlight(highlight);
        let mode = if dark { Mode::Dark } else { Mode::Light };
        let picture = svg_arrows(mode, width, &arrows);
        check_texts(&picture, f64::from(width), f64::from(width), "arrows");
        check_marks(&picture);
    }

    #[test]
    fn near_parallel_arrows_keep_their_labels_apart(
        turn in 0.0f64..1.0,
        apart in 0.0f64..0.03,
        norms in (0.6f64..1.3, 0.6f64..1.3),
        width in 100u32..=700,
    ) {
        let weights = columns(&[(turn, norms.0), (turn + apart, norms.1)]);
        let picture = svg_arrows(Mode::Light, width, &Arrows::new(2, 2, &weights).unwrap());
        check_texts(&picture, f64::from(width), f64::from(width), "a near-parallel pair");
        check_marks(&picture);
        prop_assert_eq!(picture.texts.len(), 2, "a label is missing");
    }

    #[test]
    fn no_text_of_any_diagram_is_clipped_covered_or_pale(
        count in 1usize..=40,
        pending in 0usize..1700,
        width in 100u32..=700,
        selected in prop::option::of(0usize..1600),
        dark in any::<bool>(),
    ) {
        let classes = classes(count, pending);
        let phase = Phase::new("Experiment", count, count, &classes).unwrap().with_names(true).with_selected(selected);
        let mode = if dark { Mode::Dark } else { Mode::Light };
        let picture = svg_phase(mode, width, &phase);
        check_texts(&picture, f64::from(width), f64::from(width + 10), "a phase diagram");
    }

    #[test]
    fn weights_that_are_not_finite_draw_as_zero(
        bad in prop_oneof![Just(f32::NAN), Just(f32::INFINITY), Just(f32::NEG_INFINITY)],
        place in 0usize..10,
    ) {
        let mut weights = pentagon();
        weights[place] = bad;
        let picture = svg_arrows(Mode::Light, 300, &Arrows::new(5, 2, &weights).unwrap());
        prop_assert!(!picture.svg.contains("NaN") && !picture.svg.contains("inf"));
        check_texts(&picture, 300.0, 300.0, "weights that are not finite");
    }
}

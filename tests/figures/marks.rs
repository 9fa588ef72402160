//! The marks of the views: each tells its numbers, is found under the pointer and lit with its feature, and all cross as bytes.

use super::views::{all, diagrams, geometry, gram, octahedron, planes, surface};
use super::{MODES, attribute, check_texts};
use std::f64::consts::{PI, TAU};
use superposition::figures::chart::{Axis, Chart, Mark, Series, Shape, Source};
use superposition::figures::heatmap::Heatmap;
use superposition::figures::{Box2, Extent, Figure, Mode, Panel, Panels, Tint, View, spots, svg};

/// Every panel of every picture alone, by name.
fn each_panel() -> impl Iterator<Item = (String, View)> {
    all().into_iter().flat_map(|(name, panels)| {
        let named = move |(idx, panel): (usize, Panel)| (format!("{name} {idx}"), panel.view);
        panels.panels.into_iter().enumerate().map(named)
    })
}

#[test]
fn every_picture_crosses_as_bytes() {
    let mut kinds = std::collections::BTreeSet::new();
    for (name, panels) in all() {
        let bytes = panels.to_bytes();
        let again = Panels::from_bytes(&bytes).expect("what was written can be read");
        assert_eq!(again, panels, "{name}");
        assert_eq!(svg::render(Mode::Dark, 390, &again), svg::render(Mode::Dark, 390, &panels), "{name}");
        kinds.extend(panels.panels.iter().map(|panel| panel.view.kind()));
        for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            assert!(Panels::from_bytes(&bytes[..cut]).is_err(), "{name} cut to {cut} bytes");
        }
        let other = [&[bytes[0] + 1], &bytes[1..]].concat();
        let message = Panels::from_bytes(&other).unwrap_err().to_string();
        assert_eq!(message, "picture: got version 3, expected 2");
    }
    assert_eq!(kinds.len(), 10, "a kind of view is not tried: {kinds:?}");
}

#[test]
fn every_mark_lies_in_the_picture_is_told_and_is_found_again() {
    for (name, view) in each_panel() {
        for width in [300, 640] {
            let picture = svg::render(Mode::Light, width, &view);
            let bounds = Box2 { x: 0.0, y: 0.0, width: f64::from(width), height: attribute(&picture.svg, "height") };
            assert!(!picture.spots.is_empty(), "{name} has no marks");
            for spot in spots::thinned(&picture.spots, 400) {
                let at = spot.extent.centre();
                assert!(bounds.holds(at), "{name}: {spot:?} leaves {bounds:?}");
                let told = view.tell(spot.key);
                assert!(
                    !told.is_empty() && !told.contains("NaN") && told.len() < 120,
                    "{name}: {spot:?} says {told:?}"
                );
                assert!(spot.feature.is_none_or(|feature| (feature as usize) < view.n_features()), "{name}: {spot:?}");
                // Another may lie above it, but nothing is under the pointer only where nothing is drawn.
                let found = spots::hit(&picture.spots, at).expect("a mark under its own centre");
                if let (Extent::Box(own), Extent::Box(other)) = (spot.extent, found.extent) {
                    assert_eq!(own, other, "{name}: cells lie side by side");
                }
            }
            assert_eq!(view.tell(spots::Key { part: 0, a: u32::MAX, b: u32::MAX }).matches("NaN").count(), 0);
        }
    }
}

/// What is told of the mark of a view with that part and indices.
fn told(view: &View, part: u8, a: usize, b: usize) -> String {
    view.tell(spots::Key::new(part, a, b))
}

#[test]
fn marks_tell_their_numbers() {
    let map = View::Heatmap(gram(20, 8, 1));
    assert_eq!(told(&map, 0, 2, 0), "output feature 3: ‖Wᵢ‖ 0.98, superposition 0.8");
    assert_eq!(told(&map, 1, 19, 0), "output feature 20: b 0.35");
    assert!(told(&map, 2, 1, 4).starts_with("output feature 2, input feature 5: "));
    let plain = View::Heatmap(Heatmap::new(2, 2, vec![0.0, 0.25, -0.5, 1.0]));
    assert_eq!(told(&plain, 2, 1, 0), "row 2, column 1: −0.5");

    let points = vec![(1.0, 0.9), (3.2, 0.49)];
    let chart = Chart::new(
        Axis::log("1/(1 − S), the more the sparser", 1.0, 10.0).called("1/(1 − S)"),
        Axis::linear("D* = m / ‖W‖²", 0.0, 1.0),
        vec![
            Series::new("", Tint::Ink, Mark::LineDots, points.clone()),
            Series::new("", Tint::Ink, Mark::Line, points).of_feature(4),
        ],
    );
    let chart = View::Chart(chart);
    assert_eq!(told(&chart, 0, 0, 1), "1/(1 − S) = 3.2: D* 0.49");
    assert_eq!(told(&chart, 0, 1, 0), "feature 5, 1/(1 − S) = 1: D* 0.9");

    let [(_, panels), ..] = &all()[3..] else { panic!("networks") };
    assert_eq!(told(&panels.panels[2].view, 3, 0, 1), "feature x1 to neuron B: weight −0.68");
    assert_eq!(told(&panels.panels[0].view, 4, 1, 0), "neuron 2 to output feature 1: weight 0.9");
    assert_eq!(told(&View::Solid(octahedron()), 0, 3, 0), "feature b2: ‖W‖ 1, D 0.5");
    assert_eq!(told(&View::Geometry(geometry()), 0, 60, 12), "feature 61: digon with 62");
    assert_eq!(told(&diagrams().panels[0].view, 0, 0, 31), "importance 10, density 1: its own axis");
    assert_eq!(told(&View::Surface(surface()), 0, 2, 0), "only 1: w₁ 1, w₂ 0");
    assert!(told(&View::Surface(surface()), 2, 0, 64).starts_with("w₁ 1.5, w₂ −1.5: loss "));
    assert!(told(&planes().panels[0].view, 0, 2, 0).starts_with("feature a2: ‖W‖ 1, D 0.5"));
    assert!(told(&all()[2].1.panels[0].view, 0, 0, 0).starts_with("neuron 1, feature 1: weight 1.3"));
}

#[test]
fn a_feature_is_lit_in_every_view_that_knows_it() {
    for (name, view) in each_panel() {
        for (mode, _) in MODES {
            let plain = svg::render(mode, 500, &view);
            let lit = svg::render_lit(mode, 500, &view, Some(1));
            assert_eq!(plain.svg != lit.svg, view.n_features() > 1, "{name}");
            let nobody = svg::render_lit(mode, 500, &view, Some(100_000));
            assert_eq!(nobody.spots, plain.spots, "{name}");
            check_texts(&lit, 500.0, attribute(&lit.svg, "height"), &name);
        }
    }
}

#[test]
fn solids_turn_but_never_stand_on_their_head() {
    let mut view = View::Solid(octahedron());
    let before = svg::render(Mode::Light, 300, &view).svg;
    assert!(view.turn(0.4, 0.0));
    let turned = svg::render(Mode::Light, 300, &view).svg;
    assert_ne!(before, turned);
    view.turn(f64::NAN, 0.0);
    assert_eq!(svg::render(Mode::Light, 300, &view).svg, turned);
    view.turn(TAU, 100.0);
    let View::Solid(solid) = &view else { panic!("a solid") };
    assert!((solid.turn.0 - 0.9).abs() < 1e-9 && solid.turn.1 == PI / 2.0, "{:?}", solid.turn);
    assert!(!planes().panels[0].view.clone().turn(1.0, 1.0));
}

#[test]
fn points_that_may_still_move_are_hollow() {
    let dots = |shape: Shape, provisional: bool| {
        let series = Series::new("", Tint::Ink, Mark::Dots(shape, 4.0), vec![(0.5, 0.5), (0.7, 0.5)]);
        let sources = vec![Source { feature: None, job: Some(3), provisional }, Source::default()];
        Chart::new(Axis::linear("x", 0.0, 1.0), Axis::linear("y", 0.0, 1.0), vec![series.with_sources(sources)])
    };
    for shape in [Shape::Disc, Shape::Square, Shape::Diamond, Shape::Triangle] {
        let (whole, hollow) = (dots(shape, false), dots(shape, true));
        assert_ne!(svg::render(Mode::Light, 300, &whole).svg, svg::render(Mode::Light, 300, &hollow).svg, "{shape:?}");
        let spots = svg::render(Mode::Light, 300, &hollow).spots;
        assert_eq!((spots[0].job, spots[1].job), (Some(3), None));
        assert_eq!(told(&View::Chart(hollow), 0, 0, 0), "x = 0.5: y 0.5, still in training");
    }
}

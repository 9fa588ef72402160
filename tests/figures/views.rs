//! The views, each with made-up data of the size and kind that the paper's figures have.
//!
//! `FIGURE_PNGS=DIR cargo test --test figures views` also writes every view as PNG at the widths of a phone, a tablet and a
//! desk, in both themes: to be looked at.

use super::{MODES, attribute, check_snapshot, check_texts};
use proptest::prelude::*;
use std::f64::consts::{PI, TAU};
use superposition::figures::arrows::Plane;
use superposition::figures::chart::{Axis, Chart, Mark, Rule, Series, Shape};
use superposition::figures::geometry::{Factor, Geometry};
use superposition::figures::heatmap::{Bars, Heatmap};
use superposition::figures::network::{Motif, Network};
use superposition::figures::phase::Diagram;
use superposition::figures::solid::Solid;
use superposition::figures::stack::{Neuron, Stack};
use superposition::figures::surface::Field;
use superposition::figures::{Figure, Mode, Panel, Panels, Tint, View, png, svg};

/// Numbers in [0, 1) that look random and are the same everywhere.
fn noise(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as f64 / (1u64 << 53) as f64
        })
        .collect()
}

/// `WᵀW` of columns in pairs, as the heat maps show it, with norms and superposition.
pub(crate) fn gram(n: usize, represented: usize, seed: u64) -> Heatmap {
    let grain = noise(n * n, seed);
    let own = |i: usize| if i < represented { 1.0 - 0.2 * i as f64 / n as f64 } else { 0.02 };
    let entry = |i: usize, j: usize| match () {
        () if i == j => own(i) * own(i),
        () if i / 2 == j / 2 && i.max(j) < represented && i >= represented / 3 => -0.8 * own(i) * own(j),
        () => 0.12 * (grain[i.max(j) * n + i.min(j)] - 0.5) * own(i) * own(j),
    };
    let values = (0..n * n).map(|idx| entry(idx / n, idx % n)).collect();
    let superposition = (0..n).map(|i| if i >= represented / 3 && i < represented { 0.8 } else { 0.05 }).collect();
    Heatmap::new(n, n, values)
        .with_limit(1.0)
        .with_titles("output feature", "input feature")
        .with_bias((0..n).map(|i| if i < represented { -0.1 } else { 0.35 }).collect())
        .of_features()
        .with_bars(Bars::new("‖Wᵢ‖", (0..n).map(own).collect(), superposition))
}

fn heatmaps() -> Panels {
    let panel = |(density, represented): (f64, usize)| {
        let view = View::Heatmap(gram(20, represented, represented as u64));
        Panel::new(format!("1 − S = {density}"), format!("{represented} of 20 features"), view)
    };
    Panels::new([(1.0, 5), (0.1, 8), (0.01, 12), (0.001, 18)].map(panel).into(), 280.0, 4)
}

/// A chart of the kind of `dimensionality`: many dots on sticky lines.
fn scatter() -> Chart {
    let jitter = noise(20 * 400, 7);
    let targets = [1.0, 0.5, 0.5, 0.5, 0.4, 0.375];
    let points = (0..20 * 400).map(|k| {
        let level = k / 400;
        let x = 10f64.powf(2.0 * (level as f64 + 0.7 * jitter[k]) / 20.0);
        let target = targets[(level / 3).min(5)] * (1.0 - 0.9 * f64::from(u8::from(k % 37 == 0)));
        (x, target + 0.03 * (jitter[(k * 7) % 8000] - 0.5))
    });
    let dots = Series::new("", Tint::Kind(0), Mark::Dots(Shape::Disc, 1.3), points.collect()).with_strength(0.55);
    let lines = [(0.75, "3/4"), (2.0 / 3.0, "2/3"), (0.5, "1/2"), (0.4, "2/5"), (0.375, "3/8"), (1.0, "1"), (0.0, "0")];
    Chart::new(Axis::log("1/(1 − S)", 1.0, 100.0), Axis::linear("dimensionality Dᵢ", 0.0, 1.1), vec![dots])
        .with_rules(lines.map(|(value, name)| Rule::level(value, name)).into())
}

/// A chart of the kind of `energy-levels`: lines that jump, with a cursor.
fn levels() -> Chart {
    let line = |k: usize| -> Vec<(f64, f64)> {
        let jump = 900.0 + 800.0 * k as f64;
        (0..=200)
            .map(|step| (50.0 * f64::from(step), 0.5 - 0.3 / (1.0 + ((50.0 * f64::from(step) - jump) / 120.0).exp())))
            .collect()
    };
    let names = ["pair 1", "pair 2", "pair 3", "pair 4", "pair 5"];
    let mut series: Vec<Series> = names
        .iter()
        .enumerate()
        .map(|(k, name)| Series::new(*name, Tint::Kind(k), Mark::Line, line(k)).of_feature(k))
        .collect();
    let loss = (0..=200).map(|step| (50.0 * f64::from(step), 0.45 * (-f64::from(step) / 60.0).exp() + 0.05));
    series.push(Series::new("loss × 10", Tint::Ink, Mark::Step, loss.collect()));
    Chart::new(Axis::linear("step", 0.0, 10000.0), Axis::linear("dimensionality", 0.0, 0.6), series)
        .with_cursor(Some(4200.0))
        .with_notes(vec![((1900.0, 0.5), "the second jump".into())])
}

/// A chart of the kind of `perturb`: theory as lines, experiments as marks, a band, and upright rules.
fn curves() -> Chart {
    let xs: Vec<f64> = (0..=60).map(|k| 0.125 * 64f64.powf(f64::from(k) / 60.0)).collect();
    let curve = |a: f64, b: f64| -> Vec<(f64, f64)> { xs.iter().map(|&x| (x, a + b * x.ln())).collect() };
    let marks =
        |a: f64, b: f64, from: usize| -> Vec<(f64, f64)> { curve(a, b).into_iter().skip(from).step_by(6).collect() };
    let band = curve(0.022, 0.003);
    let lower = band.iter().map(|point| point.1 - 0.004).collect();
    let series = vec![
        Series::new("10–90% of runs", Tint::Kind(7), Mark::Band(lower), band),
        Series::new("pentagon", Tint::Kind(0), Mark::Line, curve(0.02, 0.0022)),
        Series::new("two digons", Tint::Kind(1), Mark::Dashed, curve(0.0225, 0.0041)),
        Series::new("pentagon, trained", Tint::Kind(0), Mark::Dots(Shape::Disc, 3.2), marks(0.02, 0.0022, 24)),
        Series::new("digons, trained", Tint::Kind(1), Mark::Dots(Shape::Diamond, 3.2), marks(0.0225, 0.0041, 0)),
    ];
    let ticks = [0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
        .map(|x| (x, if x < 1.0 { format!("1/{}", 1.0 / x) } else { x.to_string() }));
    Chart::new(
        Axis::log("relative density of feature 1", 0.125, 8.0).with_ticks(ticks.into()),
        Axis::linear("loss", 0.01, 0.035),
        series,
    )
    .with_rules(vec![Rule::upright(0.269, "they cross at 0.269")])
}

/// Rows of four: a charming mixture of every shape of marks.
fn charts() -> Panels {
    Panels::new(
        vec![
            Panel::new("Dimensionality", "Every feature of five seeds at twenty densities.", View::Chart(scatter())),
            Panel::new("Energy levels", "Features jump from one dimensionality to the next.", View::Chart(levels())),
            Panel::new("Perturbation", "", View::Chart(curves())),
            Panel::new("One pair lit up", "", View::Chart(levels().with_cursor(None).with_highlight(Some(2)))),
        ],
        330.0,
        2,
    )
}

fn stacks() -> Panels {
    let (m, n) = (10, 12);
    let grain = noise(m * n, 3);
    let weight = |k: usize, i: usize| match () {
        () if k < 5 && i == k => {
            if k.is_multiple_of(2) {
                1.3
            } else {
                -1.2
            }
        }
        () if (5..9).contains(&k) && i >= 5 => 1.2 * (grain[k * n + i] - 0.4),
        () => 0.02 * (grain[k * n + i] - 0.5),
    };
    let rows = |m: usize| -> Vec<Vec<f64>> { (0..m).map(|k| (0..n).map(|i| weight(k % 10, i)).collect()).collect() };
    let kind = |k: usize| match k % 10 {
        0..5 => Neuron::Monosemantic,
        5..9 => Neuron::Polysemantic,
        _ => Neuron::Dead,
    };
    let by_feature: Vec<Tint> = (0..n).map(|i| Tint::Feature(i, n)).collect();
    let by_superposition: Vec<Tint> = (0..n).map(|i| Tint::Superposition(if i < 5 { 0.0 } else { 0.9 })).collect();
    let small = Stack::new(rows(10), by_feature, (0..10).map(kind).collect());
    let large = Stack::new(rows(40), by_superposition, (0..40).map(kind).collect());
    Panels::new(
        vec![
            Panel::new("By feature", "", View::Stack(small)),
            Panel::new("By superposition", "Forty neurons.", View::Stack(large)),
        ],
        330.0,
        2,
    )
}

fn networks() -> Panels {
    let rows = |rows: usize, columns: usize, f: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
        (0..rows).map(|row| (0..columns).map(|column| f(row, column)).collect()).collect()
    };
    let small = Network::new(
        rows(6, 3, &|k, i| if k / 2 == i { if k.is_multiple_of(2) { 1.1 } else { -1.1 } } else { 0.06 }),
        rows(3, 6, &|i, k| if k / 2 == i { 0.9 } else { -0.1 }),
        (0..3).map(|i| Tint::Feature(i, 3)).collect(),
    );
    let grain = noise(40 * 100, 5);
    let large = Network::new(
        rows(40, 100, &|k, i| if i % 40 == k { 1.0 } else { 0.3 * grain[k * 100 + i].powi(9) }),
        rows(100, 40, &|i, k| if i % 40 == k { 1.0 } else { -0.4 * grain[k * 100 + i].powi(9) }),
        (0..100).map(|i| Tint::Feature(i, 100)).collect(),
    );
    let motif = Motif {
        features: vec!["x1".into(), "x2".into()],
        neurons: vec!["A".into(), "B".into()],
        encoder: vec![vec![1.52, -0.71], vec![-0.68, 1.49]],
        decoder: vec![vec![0.66, 0.61], vec![-1.36, 0.67]],
        tints: vec![Tint::Kind(0), Tint::Kind(1)],
        ids: vec![0, 1],
    };
    Panels::new(
        vec![
            Panel::new("Three features, six neurons", "", View::Network(small)),
            Panel::new("A hundred features, forty neurons", "", View::Network(large)),
            Panel::new("Asymmetric superposition", "Feature 1 comes in large and goes out small.", View::Motif(motif)),
        ],
        330.0,
        2,
    )
    .with_legend(vec![("positive weight".into(), Tint::Signed(1.0)), ("negative weight".into(), Tint::Signed(-1.0))])
}

pub(crate) fn octahedron() -> Solid {
    let corners = (0..6).map(|k| {
        let mut corner = [0.0; 3];
        corner[k / 2] = if k % 2 == 0 { 1.0 } else { -1.0 };
        corner
    });
    let edges = (0..6).flat_map(|a| (0..a).filter(move |b| a / 2 != b / 2).map(move |b| [b, a])).collect();
    let faces = (0..8).map(|k: usize| vec![k & 1, 2 + (k >> 1 & 1), 4 + (k >> 2)]).collect();
    Solid::new(corners.collect(), (0..6).map(|k| Tint::Kind(k % 2)).collect())
        .with_edges(edges, faces)
        .with_names(["a1", "b1", "a2", "b2", "a3", "b3"].map(String::from).into())
}

fn solids() -> Panels {
    let antiprism: Vec<[f64; 3]> = (0..8)
        .map(|k| {
            let (sin, cos) = (TAU * (k % 4) as f64 / 4.0 + if k < 4 { 0.0 } else { TAU / 8.0 }).sin_cos();
            let z = (1.0_f64 / 3.0).sqrt();
            let r = (2.0_f64 / 3.0).sqrt();
            [r * cos, if k < 4 { z } else { -z }, r * sin]
        })
        .collect();
    let ring = |k: usize, base: usize| [base + k, base + (k + 1) % 4];
    let mut edges: Vec<[usize; 2]> =
        (0..4).flat_map(|k| [ring(k, 0), ring(k, 4), [k, 4 + k], [k, 4 + (k + 3) % 4]]).collect();
    edges.dedup();
    let mut faces: Vec<Vec<usize>> = vec![vec![0, 1, 2, 3], vec![4, 5, 6, 7]];
    faces.extend((0..4).flat_map(|k| [vec![k, 4 + k, (k + 1) % 4], vec![k, 4 + k, 4 + (k + 3) % 4]]));
    let antiprism = Solid::new(antiprism, (0..8).map(|k| Tint::Feature(k, 8)).collect())
        .with_edges(edges, faces)
        .with_names((1..=8).map(|k| k.to_string()).collect());
    let paths = (0..6)
        .map(|k| {
            let end = octahedron().points[k];
            let path = (0..=60).map(|step| {
                let t = f64::from(step) / 60.0;
                let (sin, cos) = (2.5 * (1.0 - t) + k as f64).sin_cos();
                [
                    end[0] * t + 0.3 * (1.0 - t) * cos,
                    end[1] * t + 0.3 * (1.0 - t) * sin,
                    end[2] * t + 0.2 * (1.0 - t) * (cos * 3.0).sin(),
                ]
            });
            (path.collect(), Tint::Kind(k % 2))
        })
        .collect();
    let mut travelled = octahedron().with_paths(paths).seen_from(0.8, 0.3);
    travelled.spokes = true;
    travelled.axes = true;
    travelled.edges.clear();
    let panels = vec![
        Panel::new("Octahedron", "Three digons, six features.", View::Solid(octahedron())),
        Panel::new("Square antiprism", "Eight features at 3/8.", View::Solid(antiprism)),
        Panel::new("Trajectories", "From the start to an octahedron.", View::Solid(travelled)),
    ];
    Panels::new(panels, 210.0, 3)
}

/// Four hundred features: pentagons, triangles, digons, single ones, and a large factor without a name.
pub(crate) fn geometry() -> Geometry {
    let (mut factors, mut edges, mut next) = (Vec::new(), Vec::new(), 0);
    let mut add = |shape: &str, count: usize, size: usize| {
        for _ in 0..count {
            let features: Vec<usize> = (next..next + size).collect();
            next += size;
            for a in 0..size {
                for b in 0..a {
                    let cosine =
                        if size == 5 { (TAU * 2.0 * (a - b) as f64 / 5.0).cos() } else { -1.0 / (size as f64 - 1.0) };
                    if size <= 5 || a - b == 1 || (a * 7 + b * 3) % 29 == 0 {
                        edges.push((features[a], features[b], cosine));
                    }
                }
            }
            factors.push(Factor { shape: shape.into(), features });
        }
    };
    add("pentagon", 12, 5);
    add("digon", 120, 2);
    add("irregular", 1, 40);
    add("tetrahedron", 6, 4);
    add("single", 36, 1);
    Geometry::new(factors, edges)
}

pub(crate) fn surface() -> Field {
    let side = 65;
    let at = |k: usize| -1.5 + 3.0 * k as f64 / (side - 1) as f64;
    let loss = |x: f64, y: f64| {
        let well = |a: f64, b: f64, depth: f64| -depth * (-((x - a).powi(2) + (y - b).powi(2)) / 0.12).exp();
        0.12 + 0.08 * (x * x + y * y - 1.0).powi(2)
            + well(0.8, -0.8, 0.1)
            + well(-0.8, 0.8, 0.1)
            + well(1.0, 0.0, 0.06)
            + well(0.0, 1.0, 0.06)
    };
    let values = (0..side * side).map(|idx| loss(at(idx % side), at(idx / side))).collect();
    let path = |from: (f64, f64), to: (f64, f64)| -> Vec<(f64, f64)> {
        (0..=30)
            .map(|k| {
                let t = f64::from(k) / 30.0;
                (from.0 + t * (to.0 - from.0) + 0.1 * (PI * t).sin(), from.1 + t * (to.1 - from.1))
            })
            .collect()
    };
    Field::new(Axis::linear("w₁", -1.5, 1.5), Axis::linear("w₂", -1.5, 1.5), "loss", side, values)
        .with_log()
        .with_paths(vec![path((0.1, -1.3), (0.8, -0.8)), path((-1.4, 0.2), (-0.8, 0.8)), path((1.4, 1.2), (1.0, 0.0))])
        .with_minima(vec![
            ((0.8, -0.8), "antipodal".into()),
            ((-0.8, 0.8), "antipodal".into()),
            ((1.0, 0.0), "only 1".into()),
            ((0.0, 1.0), "only 2".into()),
        ])
}

fn field() -> Panels {
    let panels = ["b = 0", "best b"].map(|title| Panel::new(title, "", View::Surface(surface())));
    Panels::new(panels.into(), 330.0, 2)
}

/// Seeds in small panels, coloured by correlated set.
pub(crate) fn planes() -> Panels {
    let panel = |seed: usize| {
        let angle = |i: usize| seed as f64 + TAU * (i as f64 / 4.0);
        let weights = (0..4).map(|i| angle(i).cos() as f32).chain((0..4).map(|i| angle(i).sin() as f32)).collect();
        let tints = (0..4).map(|i| Tint::Kind(i % 2)).collect();
        let names = ["a1", "b1", "a2", "b2"].map(String::from).into();
        Panel::new(format!("seed {seed}"), "", View::Plane(Plane::new(4, weights).with_tints(tints).with_names(names)))
    };
    let legend = vec![("set a".into(), Tint::Kind(0)), ("set b".into(), Tint::Kind(1))];
    Panels::new((0..8).map(panel).collect(), 120.0, 4).with_legend(legend)
}

/// Four regions by name.
pub(crate) fn diagrams() -> Panels {
    let count = 32;
    let names = ["forgotten", "its own axis", "antipodal to one", "between two"];
    let classes = (0..count * count).map(|idx| {
        let (row, column) = (idx / count, idx % count);
        if row < 10 {
            u8::from(column >= 16)
        } else if column + row / 2 < 24 {
            2
        } else {
            3
        }
    });
    let diagram = Diagram::new(count, count, classes.collect(), &names);
    Panels::new(
        ["Theory", "Experiment"].map(|title| Panel::new(title, "", View::Diagram(diagram.clone()))).into(),
        300.0,
        2,
    )
}

pub(crate) fn all() -> Vec<(&'static str, Panels)> {
    let geometry =
        Panels::new(vec![Panel::new("Feature geometry", "1/(1 − S) = 5", View::Geometry(geometry()))], 300.0, 1);
    vec![
        ("charts", charts()),
        ("heatmaps", heatmaps()),
        ("stacks", stacks()),
        ("networks", networks()),
        ("solids", solids()),
        ("geometry", geometry),
        ("surface", field()),
        ("planes", planes()),
        ("diagrams", diagrams()),
    ]
}

#[test]
fn views() {
    for (name, panels) in all() {
        for (mode, mode_name) in MODES {
            check_snapshot(&format!("view-{name}-{mode_name}"), &svg::render(mode, 768, &panels));
            if let Some(folder) = std::env::var_os("FIGURE_PNGS") {
                for width in [390, 768, 1440] {
                    let pixels = png::render(&svg::render(mode, width, &panels).svg, 1.0).unwrap();
                    let path = std::path::Path::new(&folder).join(format!("{name}-{mode_name}-{width}.png"));
                    std::fs::write(path, pixels).unwrap();
                }
            }
        }
    }
}

#[test]
fn no_text_of_any_view_is_clipped_covered_or_pale() {
    for (name, panels) in all() {
        for (mode, mode_name) in MODES {
            for width in [320, 390, 500, 768, 1024, 1440] {
                let picture = svg::render(mode, width, &panels);
                let height = attribute(&picture.svg, "height");
                check_texts(&picture, f64::from(width), height, &format!("{name}, {mode_name}, {width} px"));
                assert!(!picture.svg.contains("NaN") && !picture.svg.contains("inf\""), "{name} at {width}");
                for panel in &panels.panels {
                    assert!(
                        picture.texts.iter().any(|text| panel.title.starts_with(&text.text) && text.text.len() > 3),
                        "no {:?} at {width}",
                        panel.title
                    );
                }
            }
        }
    }
}

#[test]
fn what_a_still_must_say_is_written() {
    let says = |panels: &Panels, expected: &[&str]| {
        for width in [390, 768, 1440] {
            let picture = svg::render(Mode::Light, width, panels);
            for text in expected {
                assert!(picture.texts.iter().any(|written| written.text == *text), "no {text:?} at {width} px");
            }
        }
    };
    let lines =
        ["1", "3/4", "2/3", "1/2", "2/5", "3/8", "0", "dimensionality", "step", "pair 3", "they cross at 0.269"];
    says(&charts(), &lines);
    says(&heatmaps(), &["b", "‖Wᵢ‖", "−1", "superposition", "input feature", "output feature"]);
    says(&stacks(), &["monosemantic: 5", "polysemantic: 4", "weight", "neuron"]);
    says(&networks(), &["inputs", "neurons", "outputs", "−1.36", "+1.52", "positive weight"]);
    says(&solids(), &["a1", "b1", "a2", "b2", "a3", "b3"]);
    let names = svg::render(Mode::Light, 768, &solids()).texts;
    assert_eq!(names.iter().filter(|text| text.text == "b3").count(), 2, "a name inside the octahedron is missing");
    let rules =
        svg::render(Mode::Light, 768, &Panels::new(vec![Panel::new("", "", View::Chart(scatter()))], 300.0, 1)).texts;
    assert_eq!(rules.iter().filter(|text| text.text == "0").count(), 2, "the line at 0 and the tick");
    says(&field(), &["antipodal", "only 1", "only 2", "loss", "w₂"]);
    says(&diagrams(), &["between two", "antipodal to one"]);
}

#[test]
fn narrow_matrices_explain_their_colours_and_bars() {
    for (n, width) in [(20, 200), (20, 250), (80, 250), (20, 390)] {
        let picture = svg::render(Mode::Light, width, &gram(n, n / 2, 1).with_titles("", ""));
        for text in ["b", "‖Wᵢ‖", "−1", "1", "0", "superposition", "≥ 1"] {
            assert!(
                picture.texts.iter().any(|written| written.text == text),
                "no {text:?} of {n} features at {width} px"
            );
        }
    }
}

#[test]
fn a_long_title_is_broken_in_a_narrow_panel() {
    let panel = |seed: usize| {
        Panel::new(format!("Seed {seed} of many, with a long title"), "", planes().panels[0].view.clone())
    };
    let panels = Panels::new((0..5).map(panel).collect(), 120.0, 5);
    for width in [390, 760] {
        let picture = svg::render(Mode::Light, width, &panels);
        check_texts(&picture, f64::from(width), attribute(&picture.svg, "height"), "long titles");
    }
}

#[test]
fn few_factors_fill_the_place_of_many() {
    let pair = |count: usize| {
        let factors = (0..count).map(|k| Factor { shape: "digon".into(), features: vec![2 * k, 2 * k + 1] });
        Geometry::new(factors.collect(), (0..count).map(|k| (2 * k, 2 * k + 1, -1.0)).collect())
    };
    let apart = |count: usize| {
        let picture = svg::render(Mode::Light, 400, &pair(count));
        let at = |idx: u32| picture.spots.iter().find(|spot| spot.feature == Some(idx)).unwrap().extent.centre().0;
        at(1) - at(0)
    };
    assert!(apart(1).abs() > 2.0 * apart(200).abs(), "{} and {}", apart(1), apart(200));
}

#[test]
fn many_marks_make_a_small_document() {
    let size = |panels: &Panels| svg::render(Mode::Light, 768, panels).svg.len();
    let one = |view: View| Panels::new(vec![Panel::new("", "", view)], 300.0, 1);
    let scatter = size(&one(View::Chart(scatter())));
    assert!(scatter < 150_000, "{scatter} bytes for 8000 dots");
    let map = size(&one(View::Heatmap(gram(80, 60, 1))));
    assert!(map < 150_000, "{map} bytes for 6400 cells");
}

#[test]
fn panels_wrap_to_one_column_on_a_phone_and_share_rows_evenly() {
    let heights = [390.0, 768.0, 1440.0].map(|width| planes().height(width));
    assert!(heights.iter().all(|height| height.is_finite() && *height > 0.0));
    let narrow = svg::render(Mode::Light, 390, &charts());
    let titles: Vec<_> =
        narrow.texts.iter().filter(|text| ["Dimensionality", "Energy levels"].contains(&text.text.as_str())).collect();
    assert_eq!(titles[0].x, titles[1].x, "one column at 390 px");
    let wide = svg::render(Mode::Light, 768, &charts());
    let titles: Vec<_> =
        wide.texts.iter().filter(|text| ["Dimensionality", "Energy levels"].contains(&text.text.as_str())).collect();
    assert_eq!(titles[0].y, titles[1].y, "one row at 768 px");
}

#[test]
fn pixels_are_as_many_as_asked_and_bad_scales_are_refused() {
    let picture = svg::render(Mode::Light, 390, &planes());
    let pixels = png::render(&picture.svg, 2.0).unwrap();
    let side = |at: usize| u32::from_be_bytes(pixels[at..at + 4].try_into().unwrap());
    assert_eq!(side(16), 780);
    assert_eq!(f64::from(side(20)), 2.0 * attribute(&picture.svg, "height"));
    for scale in [0.0, -1.0, f32::NAN, 1e6] {
        assert!(png::render(&picture.svg, scale).is_err(), "a scale of {scale}");
    }
    assert!(png::render("no document", 1.0).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn charts_of_any_numbers_stay_whole(
        points in prop::collection::vec((prop_oneof![-2.0f64..2.0, Just(f64::NAN), Just(f64::INFINITY)], -2.0f64..2.0), 0..60),
        rules in prop::collection::vec((-1.0f64..1.0, any::<bool>()), 0..9),
        notes in prop::collection::vec((-2.0f64..2.0, -1.0f64..1.0), 0..12),
        log in any::<bool>(),
        range in (-1.0f64..1.0, 0.001f64..1e6),
        width in 200u32..=900,
    ) {
        let marks = [Mark::Line, Mark::Step, Mark::Dashed, Mark::LineDots, Mark::Dots(Shape::Ring, 3.0)];
        let series = marks.map(|mark| Series::new(format!("{mark:?}"), Tint::Kind(1), mark, points.clone()));
        let x = if log { Axis::log("x", 0.01, 2.0) } else { Axis::linear("x", -2.0, 2.0) };
        let chart = Chart::new(x, Axis::linear("y", range.0, range.0 + range.1), series.into())
            .with_rules(rules.into_iter().map(|(value, upright)| Rule { value, name: "a rule".into(), upright }).collect())
            .with_notes(notes.into_iter().map(|point| (point, "a note".into())).collect());
        let picture = svg::render(Mode::Light, width, &chart);
        check_texts(&picture, f64::from(width), attribute(&picture.svg, "height"), "a chart");
        prop_assert!(!picture.svg.contains("NaN"));
    }
}

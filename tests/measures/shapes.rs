//! Every shape of the table under every disguise, and what must not be taken for one.

use std::f64::consts::TAU;

use superposition::measures::{Measures, SHAPE_TOLERANCE, Shape};

use crate::support::*;

/// Every entry of the table that is one factor, with its name and its dimension.
fn table() -> Vec<(String, usize, Vec<Vec<f64>>)> {
    let mut table = vec![
        ("single".into(), 1, single()),
        ("digon".into(), 1, digon()),
        ("parallel".into(), 1, vec![vec![1.0], vec![1.0]]),
        ("triangle".into(), 2, polygon(3)),
        ("pentagon".into(), 2, polygon(5)),
        ("tetrahedron".into(), 3, simplex(3)),
        ("square-antiprism".into(), 3, antiprism(3.0_f64.sqrt().recip())),
        ("cube".into(), 3, cube()),
        ("icosahedron".into(), 3, icosahedron()),
        ("dodecahedron".into(), 3, dodecahedron()),
    ];
    table.extend((6..=24).map(|k| (format!("{k}-gon"), 2, polygon(k))));
    table.extend((4..=9).map(|k| (format!("simplex-{k}"), k, simplex(k))));
    table
}

fn measured(points: &[Vec<f64>]) -> Measures {
    let n_hidden = points.iter().map(Vec::len).max().unwrap_or(1);
    Measures::of(&matrix(points, n_hidden), points.len(), n_hidden)
}

/// The greatest difference between a cosine of the disguised points and that of the points that they come from; the
/// order must be the same.
fn greatest_error(disguised: &[Vec<f64>], points: &[Vec<f64>]) -> f64 {
    let cosine = |p: &[Vec<f64>], i: usize, j: usize| dot(&unit(&p[i]), &unit(&p[j]));
    let pairs = (0..points.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs.map(|(i, j)| (cosine(disguised, i, j) - cosine(points, i, j)).abs()).fold(0.0, f64::max)
}

#[test]
fn every_entry_is_recognised_under_turns_permutations_scalings_and_noise() {
    let mut rng = Rng(1);
    for (name, dimension, points) in table() {
        for trial in 0..40 {
            let n_hidden = dimension + trial % 3;
            let noise = if trial % 2 == 0 { 0.0 } else { 0.015 / (n_hidden as f64).sqrt() };
            let found = measured(&disguised(&points, n_hidden, noise, &mut rng));
            assert_eq!(found.solution, name, "noise {noise}, {n_hidden} dimensions");
            assert_eq!(found.geometry.len(), 1, "{name}");
            assert_eq!(found.geometry[0].dimension, dimension, "{name}");
            assert_eq!(found.geometry[0].features, (0..points.len()).collect::<Vec<_>>(), "{name}");
        }
    }
}

#[test]
fn the_lengths_do_not_matter_as_long_as_all_are_represented() {
    let mut rng = Rng(2);
    for (name, dimension, points) in table() {
        let points: Vec<Vec<f64>> = points
            .iter()
            .map(|p| {
                let length = 0.7 + rng.uniform();
                p.iter().map(|x| x * length).collect()
            })
            .collect();
        assert_eq!(measured(&disguised(&points, dimension, 0.0, &mut rng)).solution, name);
    }
}

#[test]
fn noise_right_up_to_the_tolerance_is_recognised() {
    let mut rng = Rng(3);
    for (name, dimension, mut points) in table().into_iter().filter(|(_, _, points)| points.len() > 2) {
        let (mut n_tried, mut n_cut) = (0, 0);
        while n_tried < 200 {
            if n_tried == 100 {
                // The second half has room for noise in a dimension that the shape does not span.
                points.iter_mut().for_each(|p| p.resize(dimension + 1, 0.0));
            }
            let n_hidden = points[0].len();
            // Shake the points, then go back towards the solid until the greatest error is just (1e-9) below the tolerance.
            let shaken: Vec<Vec<f64>> =
                points.iter().map(|p| p.iter().map(|x| x + 0.2 * rng.normal()).collect()).collect();
            let part = |t: f64| -> Vec<Vec<f64>> {
                let mix = |(p, q): (&Vec<f64>, &Vec<f64>)| p.iter().zip(q).map(|(x, y)| x + t * (y - x)).collect();
                points.iter().zip(&shaken).map(mix).collect()
            };
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..40 {
                let middle = f64::midpoint(low, high);
                if greatest_error(&part(middle), &points) < SHAPE_TOLERANCE - 1e-9 {
                    low = middle
                } else {
                    high = middle
                }
            }
            let found = measured(&disguised(&part(low), n_hidden, 0.0, &mut rng));
            if found.represented.len() < points.len() || found.geometry.len() > 1 {
                n_cut += 1; // the noise has cut one off
                assert!(n_cut < 2000, "{name}: only {n_tried} stayed whole");
                continue;
            }
            assert_eq!(found.solution, name);
            assert_eq!(found.geometry[0].dimension, dimension, "{name}: noise is no dimension of its own");
            n_tried += 1;
        }
    }
}

#[test]
fn the_tolerance_ends_where_it_says() {
    let pair = |cosine: f64| measured(&[vec![1.0, 0.0], vec![cosine, (1.0 - cosine * cosine).sqrt()]]).solution;
    assert_eq!(pair(-1.0 + SHAPE_TOLERANCE - 1e-9), "digon");
    assert_eq!(pair(-1.0 + SHAPE_TOLERANCE + 1e-9), "irregular");
    assert_eq!(pair(1.0 - SHAPE_TOLERANCE + 1e-9), "parallel");
    assert_eq!(pair(1.0 - SHAPE_TOLERANCE - 1e-9), "irregular");
    // An isosceles triangle whose two equal cosines are at the edge (the third is then cos(2 acos(c))).
    for (shift, expected) in [(0.070_08, "triangle"), (0.070_10, "irregular")] {
        let angle = f64::acos(-0.5 - shift);
        // The derivative of cos 2a is twice as large: the third cosine passes the tolerance first.
        let third = (2.0 * angle).cos();
        assert_eq!((third + 0.5).abs() <= SHAPE_TOLERANCE, expected == "triangle", "third cosine {third}");
        assert_eq!(measured(&ring(&[0.0, angle, -angle])).solution, expected, "third cosine {third}");
    }
    // One vertex of a pentagon is turned: the neighbour's cosine at 72° or that at 144° decides.
    for k in [5, 6, 7, 9] {
        let error = |turn: f64| {
            let mut points = polygon(k);
            points[0] = vec![turn.cos(), turn.sin()];
            (greatest_error(&points, &polygon(k)), measured(&points).solution)
        };
        let name = measured(&polygon(k)).solution;
        let (mut low, mut high) = (0.0, 0.4);
        for _ in 0..50 {
            let middle = f64::midpoint(low, high);
            if error(middle).0 < SHAPE_TOLERANCE { low = middle } else { high = middle }
        }
        assert_eq!(error(low - 1e-9).1, name);
        assert_eq!(error(high + 1e-9).1, "irregular");
    }
}

#[test]
fn every_square_antiprism_near_the_tight_frame_is_one() {
    // The Thomson solution and the one of equal edges (DESIGN: only the tight frame has 3/8) are within the tolerance.
    for z in [0.560_5, 0.5115] {
        assert_eq!(measured(&antiprism(z)).solution, "square-antiprism", "z = {z}");
    }
    for z in [0.3, 0.75] {
        assert_eq!(measured(&antiprism(z)).solution, "irregular", "z = {z}");
    }
}

#[test]
fn a_square_falls_into_two_digons_and_a_skewed_one_is_a_4_gon() {
    let exact = measured(&polygon(4));
    assert_eq!(exact.geometry.iter().map(|f| f.shape).collect::<Vec<_>>(), [Shape::Digon; 2]);
    let skewed = |cosine: f64| measured(&ring(&[0.0, cosine.acos(), TAU / 2.0, cosine.acos() + TAU / 2.0]));
    let askew = skewed(0.12);
    assert_eq!(
        askew.geometry.iter().map(|f| (f.shape.to_string(), f.dimension)).collect::<Vec<_>>(),
        [("4-gon".into(), 2)]
    );
    assert_eq!(askew.solution, "square");
    assert_eq!(skewed(0.16).solution, "irregular");
}

#[test]
fn tight_frames_of_five_vectors_are_no_pentagons() {
    // In the plane, unit vectors are a tight frame where their squares (as complex numbers) sum to zero. Two digons'
    // worth of angles and more: a generic one is found by descent from random angles.
    let mut rng = Rng(4);
    let mut n_found = 0;
    for _ in 0..400 {
        let mut angles: Vec<f64> = (0..5).map(|_| TAU * rng.uniform()).collect();
        for _ in 0..100 {
            let (re, im): (f64, f64) =
                angles.iter().fold((0.0, 0.0), |(re, im), a| (re + (2.0 * a).cos(), im + (2.0 * a).sin()));
            for a in &mut angles {
                *a += 0.2 * (re * (2.0 * *a).sin() - im * (2.0 * *a).cos());
            }
        }
        let mut sorted: Vec<f64> = angles.iter().map(|a| a.rem_euclid(TAU)).collect();
        sorted.sort_by(f64::total_cmp);
        let gaps = (0..5).map(|i| (sorted[(i + 1) % 5] - sorted[i]).rem_euclid(TAU));
        let found = measured(&ring(&angles));
        let tight = found.dimensionality.iter().all(|d| (d - 0.4).abs() < 1e-6);
        assert!(tight, "the descent found no tight frame: {:?}", found.dimensionality);
        // Leave out what is near a pentagon: all gaps within 15 degrees of 72.
        if gaps.map(|gap| (gap - TAU / 5.0).abs()).fold(0.0, f64::max) < TAU / 24.0 {
            continue;
        }
        n_found += 1;
        assert_ne!(found.solution, "pentagon", "angles {sorted:?}");
        assert!(found.geometry.iter().all(|f| f.shape != Shape::Polygon(5)));
        if found.geometry.len() == 1 {
            assert_eq!(found.geometry[0].shape, Shape::Irregular, "angles {sorted:?}");
        }
    }
    assert!(n_found > 200, "only {n_found} of 400 frames were far from a pentagon");
}

#[test]
fn five_vectors_with_a_pentagon_s_spectrum_are_irregular() {
    // A pentagon with one vector turned round has the same lines, hence the same dimensionalities, rank and spectrum.
    let mut points = polygon(5);
    points[0].iter_mut().for_each(|x| *x = -*x);
    let found = measured(&points);
    assert!(found.dimensionality.iter().all(|d| (d - 0.4).abs() < 1e-12));
    assert_eq!(found.solution, "irregular");
    // An icosahedron with one vertex turned round is a collapsed pair and five digons' worth of lines.
    let mut points = icosahedron();
    points[0].iter_mut().for_each(|x| *x = -*x);
    assert_eq!(measured(&points).solution, "irregular");
}

#[test]
fn random_vectors_are_irregular() {
    let mut rng = Rng(5);
    for _ in 0..2000 {
        let points: Vec<Vec<f64>> = (0..5).map(|_| unit(&[rng.normal(), rng.normal()])).collect();
        let found = measured(&points);
        if found.geometry.len() == 1 && greatest_gap_error(&points) > 0.4 {
            assert_eq!(found.solution, "irregular");
        }
    }
    for n_points in [8, 12, 20, 100] {
        for _ in 0..200 {
            let points: Vec<Vec<f64>> =
                (0..n_points).map(|_| unit(&[rng.normal(), rng.normal(), rng.normal()])).collect();
            let found = measured(&points);
            assert!(found.geometry.len() > 1 || found.solution == "irregular", "{n_points}: {}", found.solution);
        }
    }
}

/// How far the gaps between neighbouring angles are from a regular polygon's.
fn greatest_gap_error(points: &[Vec<f64>]) -> f64 {
    let mut angles: Vec<f64> = points.iter().map(|p| p[1].atan2(p[0])).collect();
    angles.sort_by(f64::total_cmp);
    let n = angles.len();
    let gap = |i: usize| (angles[(i + 1) % n] - angles[i]).rem_euclid(TAU);
    (0..n).map(|i| (gap(i) - TAU / n as f64).abs()).fold(0.0, f64::max)
}

#[test]
fn near_misses_are_irregular() {
    let triangular_prism: Vec<Vec<f64>> = (0..6)
        .map(|i| {
            let angle = TAU * f64::from(i / 2) / 3.0;
            unit(&[angle.cos(), angle.sin(), if i % 2 == 0 { 0.6 } else { -0.6 }])
        })
        .collect();
    let mut cube_without_a_corner = cube();
    cube_without_a_corner.pop();
    let mut cube_with_a_double_corner = cube();
    cube_with_a_double_corner[7] = cube_with_a_double_corner[0].clone();
    let doubled_pentagon = [polygon(5), polygon(5)].concat();
    let mut two_shells = polygon(5);
    two_shells.push(vec![0.8, 0.6]);
    let misses = [
        ("triangular prism", triangular_prism),
        ("cube without a corner", cube_without_a_corner),
        ("cube with a double corner", cube_with_a_double_corner),
        ("doubled pentagon", doubled_pentagon),
        ("pentagon and one more", two_shells),
        ("cone of four", polygon(4).iter().map(|p| unit(&[p[0], p[1], 1.5])).collect()),
    ];
    for (name, points) in misses {
        assert_eq!(measured(&points).solution, "irregular", "{name}");
    }
}

#[test]
fn a_collapsed_pair_is_parallel() {
    let found = measured(&ring(&[0.3, 0.35]));
    assert_eq!(found.geometry[0].shape, Shape::Parallel);
    assert_eq!(found.solution, "parallel");
    // Two collapsed pairs at right angles; two that point opposite ways are one factor of no shape.
    assert_eq!(measured(&ring(&[0.0, 0.05, TAU / 4.0, TAU / 4.0 + 0.05])).solution, "2 × parallel");
    assert_eq!(measured(&ring(&[0.0, 0.05, TAU / 2.0, TAU / 2.0 + 0.05])).solution, "irregular");
}

#[test]
fn a_large_simplex_falls_into_singles_unless_noise_joins_it() {
    // Cosines of −1/12 join nothing; shaken, some pass the threshold, and all are within the tolerance.
    assert_eq!(measured(&simplex(12)).solution, "13 × single");
    let mut rng = Rng(7);
    let found = measured(&disguised(&simplex(12), 12, 0.025, &mut rng));
    assert_eq!(found.geometry.iter().map(|f| f.shape).collect::<Vec<_>>(), [Shape::Simplex(12)]);
}

#[test]
fn large_rings_are_recognised_by_their_order() {
    let mut rng = Rng(6);
    for n_points in [31, 33, 60, 150, 400] {
        let name = format!("{n_points}-gon");
        assert_eq!(measured(&disguised(&polygon(n_points), 2, 0.0, &mut rng)).solution, name);
        assert_eq!(measured(&disguised(&polygon(n_points), 3, 0.005, &mut rng)).solution, name);
        for (shake, expected) in [(0.07, name.as_str()), (0.3, "irregular")] {
            // A cosine moves by no more than the angle does: two shakes of 0.07 are within the tolerance.
            let angle = |i: usize| TAU * i as f64 / n_points as f64 + shake * (2.0 * rng.uniform() - 1.0);
            let angles: Vec<f64> = (0..n_points).map(angle).collect();
            assert_eq!(measured(&disguised(&ring(&angles), 2, 0.0, &mut rng)).solution, expected, "shaken by {shake}");
        }
    }
}

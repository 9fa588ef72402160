//! Every named solid has its name and its dimensionalities, and what is none has none.

use superposition::measures::{Measures, Shape, convex_hull, polytopes};

use crate::support::*;

#[test]
fn every_solid_gets_its_name_and_its_dimensionality_to_1e_6() {
    let reference: serde_json::Value =
        serde_json::from_str(include_str!("../reference/polytopes.json")).expect("the reference is valid JSON");
    let mut worst = 0.0_f64;
    for solid in polytopes() {
        let found = Measures::of(&solid.matrix(), solid.vertices.len(), solid.dimension);
        assert_eq!(found.solution, solid.name);
        assert_eq!(found.geometry.iter().map(|factor| factor.dimension).sum::<usize>(), solid.dimension);
        for (measured, (over, under)) in found.dimensionality.iter().zip(&solid.dimensionality) {
            let error = (measured - f64::from(*over) / f64::from(*under)).abs();
            worst = worst.max(error);
            assert!(error < 1e-6, "{}: D_i is {measured}, not {over}/{under}", solid.name);
        }
        // The reference's words for them.
        let key = match solid.name.as_str() {
            "digon" => "antipodal pair (1D)".to_owned(),
            "triangle" => "3-gon".to_owned(),
            "square" => "4-gon".to_owned(),
            "pentagon" => "5-gon".to_owned(),
            "square-antiprism" => "square antiprism (tight frame z^2=1/3)".to_owned(),
            "simplex-4" => "5-cell (4D simplex)".to_owned(),
            "16-cell" => "16-cell (4 antipodal pairs in 4D)".to_owned(),
            other if other.ends_with("bipyramid") => other.replace('-', " "),
            other => other.to_owned(),
        };
        if matches!(key.as_str(), "single" | "orthogonal-pair") {
            continue;
        }
        let values = reference[&key]["D_values"].as_array().unwrap_or_else(|| panic!("no {key} in the reference"));
        let counts = reference[&key]["counts"].as_array().expect("counts");
        for (value, count) in values.iter().zip(counts) {
            let value = value.as_f64().expect("a number");
            let n_like = found.dimensionality.iter().filter(|d| (*d - value).abs() < 1e-6).count();
            assert_eq!(n_like as u64, count.as_u64().expect("a count"), "{key}: vertices with {value}");
        }
    }
    println!("largest error of a dimensionality {worst:.1e}");
}

#[test]
fn solids_in_space_have_their_faces_and_edges() {
    for (name, n_faces, n_edges, largest_face) in [
        ("tetrahedron", 4, 6, 3),
        ("cube", 6, 12, 4),
        ("octahedron", 8, 12, 3),
        ("icosahedron", 20, 30, 3),
        ("dodecahedron", 12, 30, 5),
        ("square-antiprism", 10, 16, 4),
        ("triangular-bipyramid", 6, 9, 3),
        ("pentagonal-bipyramid", 10, 15, 3),
        ("pentagon", 1, 5, 5),
        ("8-gon", 1, 8, 8),
        ("digon", 0, 1, 0),
    ] {
        let solid = polytopes().into_iter().find(|solid| solid.name == name).expect("it is in the table");
        let points = solid.in_space().expect("it fits");
        let hull = convex_hull(&points);
        assert_eq!((hull.faces.len(), hull.edges.len()), (n_faces, n_edges), "{name}: {hull:?}");
        assert_eq!(hull.faces.iter().map(Vec::len).max().unwrap_or(0), largest_face, "{name}");
        if n_faces > 1 {
            assert_eq!(points.len() + n_faces, n_edges + 2, "{name}: Euler");
            for face in &hull.faces {
                // Counterclockwise from outside: the normal by its order points away from the middle.
                let [a, b, c] = [points[face[0]], points[face[1]], points[face[2]]];
                let minus = |p: [f64; 3], q: [f64; 3]| [p[0] - q[0], p[1] - q[1], p[2] - q[2]];
                let (u, v) = (minus(b, a), minus(c, b));
                let normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
                assert!((0..3).map(|k| normal[k] * a[k]).sum::<f64>() > 1e-3, "{name}: {face:?}");
            }
        }
    }
}

#[test]
fn points_inside_a_solid_or_a_face_are_no_corners() {
    let mut points: Vec<[f64; 3]> = cube().iter().map(|p| [p[0], p[1], p[2]]).collect();
    let plain = convex_hull(&points);
    points.push([0.1, 0.0, 0.2]);
    let top = points[0][0].abs();
    points.push([top, 0.0, 0.0]);
    points.push([top, top, 0.0]);
    assert_eq!(convex_hull(&points), plain);
    assert_eq!(convex_hull(&[[0.0, 0.0, -1.0], [0.0, 0.0, 0.2], [0.0, 0.0, 1.0]]).edges, [(0, 2)]);
    assert!(convex_hull(&[[1.0, 0.0, 0.0]]).edges.is_empty() && convex_hull(&[]).faces.is_empty());
}

#[test]
fn five_vectors_at_random_or_as_a_tight_frame_in_space_are_irregular() {
    let mut rng = Rng(81);
    let (mut n_random, mut n_tight) = (0, 0);
    for _ in 0..300 {
        let mut points: Vec<Vec<f64>> = (0..5).map(|_| unit(&[rng.normal(), rng.normal(), rng.normal()])).collect();
        let whole = |points: &[Vec<f64>]| {
            let found = Measures::of(&matrix(points, 3), 5, 3);
            (found.geometry.len() == 1).then_some(found)
        };
        if let Some(found) = whole(&points) {
            n_random += 1;
            assert_eq!(found.solution, "irregular");
        }
        // Downhill on the frame potential `Σ (p·q)²`: its minima on the sphere are the tight frames (Benedetto, Fickus).
        for _ in 0..2000 {
            let before = points.clone();
            for point in &mut points {
                let mut pull = vec![0.0; 3];
                for other in &before {
                    let along = dot(point, other);
                    pull.iter_mut().zip(other).for_each(|(x, y)| *x += along * y);
                }
                *point = unit(&point.iter().zip(&pull).map(|(x, f)| x - 0.1 * f).collect::<Vec<_>>());
            }
        }
        if let Some(found) = whole(&points) {
            assert!(found.dimensionality.iter().all(|d| (d - 0.6).abs() < 1e-6), "no tight frame: {found:?}");
            n_tight += 1;
            assert_eq!(found.geometry[0].shape, Shape::Irregular);
        }
    }
    assert!(n_random > 200 && n_tight > 200, "{n_random} random, {n_tight} tight");
}

#[test]
fn a_collapsed_pair_in_a_product_is_parallel_and_never_a_digon() {
    let parallel = vec![vec![1.0], vec![1.0]];
    for (factors, name) in [
        (vec![parallel.clone()], "parallel"),
        (vec![digon(), parallel.clone()], "digon + parallel"),
        (vec![polygon(3), parallel], "triangle + parallel"),
    ] {
        let points = product(&factors);
        let n_hidden = points.iter().map(Vec::len).max().unwrap_or(1);
        assert_eq!(Measures::of(&matrix(&points, n_hidden), points.len(), n_hidden).solution, name);
    }
}

//! Norms, superposition and dimensionality: by hand and from the coordinates of polytopes.

use superposition::measures::{Measures, Shape};

use crate::support::*;

#[track_caller]
fn assert_close(found: f64, expected: f64, bound: f64, what: &str) {
    let error = (found - expected).abs();
    assert!(error <= bound, "{what}: {found} for {expected}, error {error:e} above {bound:e}");
}

#[test]
fn three_vectors_in_a_plane_by_hand() {
    // W_0 = (3, 4), W_1 = (2, 0), W_2 = (0, −1); the products are 6, −4 and 0.
    let measures = Measures::of(&[3.0, 2.0, 0.0, 4.0, 0.0, -1.0], 3, 2);
    assert_eq!(measures.norms, [5.0, 2.0, 1.0]);
    let superposition = [(36.0 + 16.0) / 25.0, 36.0 / 4.0, 16.0];
    let dimensionality = [25.0 / (25.0 + 52.0 / 25.0), 4.0 / (4.0 + 9.0), 1.0 / 17.0];
    for i in 0..3 {
        assert_close(measures.superposition[i], superposition[i], 1e-14, "superposition");
        assert_close(measures.dimensionality[i], dimensionality[i], 1e-15, "dimensionality");
    }
    assert_close(measures.dimensions_per_feature.unwrap(), 2.0 / 30.0, 1e-16, "D*");
    assert_eq!(measures.represented, [0, 1, 2]);
}

#[test]
fn superposition_is_zero_for_an_own_axis_and_one_for_a_pair() {
    let measures = Measures::of(&[1.0, 0.0, 0.0, 0.0, 0.7, -0.7], 3, 2);
    assert_eq!(measures.superposition[0], 0.0);
    assert_close(measures.superposition[1], 0.49, 1e-15, "antipodal, of length 0.7");
    let measures = Measures::of(&[1.0, -1.0], 2, 1);
    assert_eq!(measures.superposition, [1.0, 1.0]);
}

#[test]
fn zero_columns_are_zero_everywhere() {
    // Feature 1 is nothing; beside it, a column of a length whose square is all but nothing.
    let measures = Measures::of(&[1.0, 0.0, 1e-40, 0.5, 0.0, 1e-40], 3, 2);
    assert_eq!((measures.norms[1], measures.superposition[1], measures.dimensionality[1]), (0.0, 0.0, 0.0));
    assert!(measures.dimensionality.iter().chain(&measures.superposition).all(|x| x.is_finite()));
    assert_close(measures.dimensionality[0], 1.0, 1e-15, "beside zeros");
    // The short column shares a direction with one that is 10⁴⁰ times as long.
    assert_close(measures.superposition[2], 1.125, 1e-14, "of a short column");
    assert!(measures.dimensionality[2] < 1e-70);
    assert_eq!(measures.represented, [0]);
}

#[test]
fn a_matrix_of_zeros_has_no_dimensions_per_feature() {
    let measures = Measures::of(&[0.0; 10], 5, 2);
    assert_eq!(measures.dimensions_per_feature, None);
    assert_eq!(measures.solution, "none");
    assert!(measures.represented.is_empty() && measures.geometry.is_empty());
    assert_eq!(measures.dimensionality, [0.0; 5]);
}

#[test]
fn represented_is_strictly_above_one_half() {
    let measures = Measures::of(&[0.5, 0.0, 0.0, 0.500_000_001], 2, 2);
    assert_eq!(measures.represented, [1]);
}

#[test]
fn factors_join_strictly_above_a_cosine_of_one_tenth() {
    for (cosine, n_factors) in [(0.099_999, 2), (0.100_001, 1), (-0.099_999, 2), (-0.100_001, 1)] {
        let measures = Measures::of(&[1.0, cosine, 0.0, f64::sqrt(1.0 - cosine * cosine)], 2, 2);
        assert_eq!(measures.geometry.len(), n_factors, "cosine {cosine}");
    }
}

#[test]
fn features_below_one_half_join_nothing() {
    // Feature 2 lies between the others and would join them.
    let between =
        |length: f64| Measures::of(&[1.0, 0.0, length * 0.5_f64.sqrt(), 0.0, 1.0, length * 0.5_f64.sqrt()], 3, 2);
    assert_eq!(between(0.45).solution, "orthogonal-pair");
    assert_eq!(between(0.55).geometry.len(), 1);
}

#[test]
fn factors_come_in_the_order_of_their_first_features() {
    // Digons {0, 4} and {1, 3}, and 2 by itself.
    let points = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0], [-1.0, 0.0, 0.0]];
    let measures = Measures::of(&matrix(&points.map(Vec::from), 3), 5, 3);
    let factors: Vec<_> = measures.geometry.iter().map(|f| (f.features.clone(), f.dimension, f.shape)).collect();
    let expected = [(vec![0, 4], 1, Shape::Digon), (vec![1, 3], 1, Shape::Digon), (vec![2], 1, Shape::Single)];
    assert_eq!(factors, expected);
}

#[test]
fn an_irregular_factor_spans_the_directions_that_it_uses() {
    // Three vectors of a plane in a space of four, and one along the fourth axis.
    let points = [[1.0, 0.0, 0.0, 0.0], [0.8, 0.6, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]];
    let measures = Measures::of(&matrix(&points.map(Vec::from), 4), 4, 4);
    let factors: Vec<_> = measures.geometry.iter().map(|f| (f.dimension, f.shape)).collect();
    assert_eq!(factors, [(2, Shape::Irregular), (1, Shape::Single)]);
}

#[test]
fn dimensionalities_of_polytopes_are_the_reference_s() {
    let reference: serde_json::Value =
        serde_json::from_str(include_str!("../reference/polytopes.json")).expect("the reference is JSON");
    let uniform = 1.0 / (1.0 + 8.0_f64.sqrt()); // z² of equal edges: 2r² = (2 − √2) r² + 4z² and r² + z² = 1
    let uniform = (1.0 / (1.0 + 4.0 / 2.0_f64.sqrt())).max(uniform).sqrt();
    let solids: [(&str, Vec<Vec<f64>>); 18] = [
        ("2-gon", digon()),
        ("3-gon", polygon(3)),
        ("4-gon", polygon(4)),
        ("5-gon", polygon(5)),
        ("6-gon", polygon(6)),
        ("7-gon", polygon(7)),
        ("8-gon", polygon(8)),
        ("tetrahedron", simplex(3)),
        ("octahedron", product(&[digon(), digon(), digon()])),
        ("square antiprism (uniform, equal edges)", antiprism(uniform)),
        ("square antiprism (tight frame z^2=1/3)", antiprism(3.0_f64.sqrt().recip())),
        ("triangular bipyramid", product(&[digon(), polygon(3)])),
        ("pentagonal bipyramid", product(&[polygon(5), digon()])),
        ("5-cell (4D simplex)", simplex(4)),
        ("cube", cube()),
        ("icosahedron", icosahedron()),
        ("dodecahedron", dodecahedron()),
        ("16-cell (4 antipodal pairs in 4D)", product(&[digon(), digon(), digon(), digon()])),
    ];
    for (name, points) in solids {
        let expected = &reference[name];
        assert_eq!(expected["n"], points.len(), "{name}");
        let rank = usize::try_from(expected["rank"].as_u64().unwrap()).unwrap();
        let mut found = Measures::of(&matrix(&points, rank), points.len(), rank).dimensionality;
        let mut values = Vec::new();
        for (value, count) in
            expected["D_values"].as_array().unwrap().iter().zip(expected["counts"].as_array().unwrap())
        {
            values.extend(vec![value.as_f64().unwrap(); usize::try_from(count.as_u64().unwrap()).unwrap()]);
        }
        found.sort_by(f64::total_cmp);
        values.sort_by(f64::total_cmp);
        for (found, expected) in found.iter().zip(&values) {
            assert_close(*found, *expected, 1e-10, name); // the reference is printed to ten digits
        }
        assert_close(found.iter().sum(), expected["sum_D"].as_f64().unwrap(), 1e-9, name);
    }
    // Norms of their own: one column of a pentagon a fifth longer.
    let mut points = polygon(5);
    points[0].iter_mut().for_each(|x| *x *= 1.2);
    let found = Measures::of(&matrix(&points, 2), 5, 2).dimensionality;
    let expected = reference["pentagon, one norm x1.2"]["D"].as_array().unwrap();
    for (found, expected) in found.iter().zip(expected) {
        assert_close(*found, expected.as_f64().unwrap(), 1e-14, "one norm × 1.2");
    }
    // A common norm does not matter.
    for k in 2..=8 {
        let points: Vec<Vec<f64>> = polygon(k).iter().map(|p| p.iter().map(|x| 1.1 * x).collect()).collect();
        let expected = reference[format!("{k}-gon norm 1.1")]["paper"].as_f64().unwrap();
        for found in Measures::of(&matrix(&points, 2), k, 2).dimensionality {
            assert_close(found, expected, 1e-14, "norm 1.1");
        }
    }
}

#[test]
fn measures_serialise_by_the_names_of_the_design() {
    let measures = Measures::of(&matrix(&polygon(7), 2), 7, 2);
    let json = serde_json::to_value(&measures).unwrap();
    let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["dimensionality", "dimensions_per_feature", "geometry", "norms", "represented", "solution", "superposition"];
    let mut sorted = names;
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    let factor = serde_json::json!({"features": [0, 1, 2, 3, 4, 5, 6], "dimension": 2, "shape": "7-gon"});
    assert_eq!(json["geometry"], serde_json::json!([factor]));
    assert_eq!(json["solution"], "7-gon");
    assert_eq!(
        serde_json::to_value(Measures::of(&[0.0], 1, 1)).unwrap()["dimensions_per_feature"],
        serde_json::Value::Null
    );
}

#[test]
#[should_panic(expected = "n_hidden × n_features")]
fn a_matrix_of_another_shape_is_refused() {
    Measures::of(&[1.0; 9], 5, 2);
}

#[test]
fn no_features_are_no_trouble() {
    let measures = Measures::of(&[], 0, 2);
    assert_eq!((measures.norms.len(), measures.solution.as_str()), (0, "none"));
}

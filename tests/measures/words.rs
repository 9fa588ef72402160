//! The names of solutions and the sentences about them.

use superposition::measures::{Measures, sentence};

use crate::support::*;

/// The solution's name and the sentence for some factors among `n_features` in `n_hidden` dimensions.
fn words(factors: &[Vec<Vec<f64>>], n_features: usize, n_hidden: usize) -> (String, String) {
    let mut points = product(factors);
    points.resize(n_features, vec![0.05]);
    let measures = Measures::of(&matrix(&points, n_hidden), n_features, n_hidden);
    let sentence = sentence(&measures, n_features, n_hidden);
    (measures.solution, sentence)
}

#[track_caller]
fn assert_words(factors: &[Vec<Vec<f64>>], n_features: usize, n_hidden: usize, name: &str, text: &str) {
    assert_eq!(words(factors, n_features, n_hidden), (name.into(), text.into()));
}

#[test]
fn the_opening_figure_s_solutions() {
    assert_words(&[polygon(5)], 5, 2, "pentagon", "Five features in two dimensions: a pentagon");
    assert_words(
        &[digon(), digon()],
        5,
        2,
        "square",
        "Four features in two dimensions, as two antipodal pairs; one is not represented",
    );
    assert_words(
        &[single(), single()],
        5,
        2,
        "orthogonal-pair",
        "Two features get a dimension of their own; three are not represented",
    );
    assert_words(
        &[single(), digon()],
        5,
        2,
        "digon + single",
        "Three features in two dimensions, as an antipodal pair and one with a dimension of its own; two are not represented",
    );
    assert_words(
        &[ring(&[0.0, 1.0, 2.0, 3.0, 4.0])],
        5,
        2,
        "irregular",
        "Five features in two dimensions, in no regular shape",
    );
    assert_words(
        &[ring(&[0.0, 0.5, 2.0])],
        5,
        2,
        "irregular",
        "Three features in two dimensions, in no regular shape; two are not represented",
    );
    assert_words(&[vec![vec![0.1]]], 5, 2, "none", "No feature is represented yet");
    assert_words(&[single()], 5, 2, "single", "One feature gets a dimension of its own; four are not represented");
}

#[test]
fn products_with_a_name() {
    assert_words(&[digon()], 2, 1, "digon", "Two features in one dimension: an antipodal pair");
    assert_words(
        &[digon(), polygon(3)],
        5,
        3,
        "triangular-bipyramid",
        "Five features in three dimensions, as a triangular bipyramid of a triangle and an antipodal pair",
    );
    assert_words(
        &[digon(), digon(), digon()],
        6,
        3,
        "octahedron",
        "Six features in three dimensions, as an octahedron of three antipodal pairs",
    );
    assert_words(
        &[digon(), digon(), digon(), digon()],
        8,
        4,
        "16-cell",
        "Eight features in four dimensions, as a 16-cell of four antipodal pairs",
    );
    assert_words(
        &[digon(), polygon(5)],
        7,
        3,
        "pentagonal-bipyramid",
        "Seven features in three dimensions, as a pentagonal bipyramid of a pentagon and an antipodal pair",
    );
}

#[test]
fn products_without_a_name_are_the_list_of_their_factors() {
    assert_words(
        &[single(), polygon(3), digon(), single(), polygon(3)],
        20,
        7,
        "2 × triangle + digon + 2 × single",
        "Ten features in seven dimensions, as two triangles, an antipodal pair and two with a dimension of their own; \
         ten are not represented",
    );
    assert_words(
        &[ring(&[0.0, 0.7]), digon(), ring(&[0.0, 2.0, 2.5])],
        20,
        5,
        "digon + 2 × irregular",
        "Seven features in five dimensions, as an antipodal pair and two irregular groups of five together; \
         13 are not represented",
    );
    assert_words(
        &[ring(&[0.0, 0.7]), cube()],
        10,
        5,
        "cube + irregular",
        "Ten features in five dimensions, as a cube and an irregular group of two",
    );
    let digons = vec![digon(); 30];
    assert_words(&digons, 60, 30, "30 × digon", "60 features in 30 dimensions, as 30 antipodal pairs");
    assert_words(&vec![single(); 5], 5, 5, "5 × single", "Five features get a dimension of their own");
}

#[test]
fn one_shape_in_a_larger_space() {
    assert_words(
        &[polygon(3)],
        4,
        5,
        "triangle",
        "Three features in five dimensions: a triangle in two of them; one is not represented",
    );
    assert_words(&[digon()], 2, 2, "digon", "Two features in two dimensions: an antipodal pair in one of them");
    assert_words(&[polygon(6)], 6, 2, "6-gon", "Six features in two dimensions: a hexagon");
    assert_words(&[polygon(8)], 8, 2, "8-gon", "Eight features in two dimensions: an octagon");
    assert_words(&[polygon(9)], 9, 2, "9-gon", "Nine features in two dimensions: a ring of nine");
    assert_words(&[polygon(18)], 18, 2, "18-gon", "18 features in two dimensions: a ring of 18");
    assert_words(&[simplex(4)], 5, 4, "simplex-4", "Five features in four dimensions: a simplex of five points");
    assert_words(&[simplex(3)], 4, 3, "tetrahedron", "Four features in three dimensions: a tetrahedron");
    assert_words(
        &[antiprism(3.0_f64.sqrt().recip())],
        8,
        3,
        "square-antiprism",
        "Eight features in three dimensions: a square antiprism",
    );
    assert_words(&[icosahedron()], 12, 3, "icosahedron", "Twelve features in three dimensions: an icosahedron");
}

#[test]
fn collapsed_pairs_and_lone_features() {
    let pair = || vec![vec![1.0], vec![1.0]];
    assert_words(&[pair()], 2, 1, "parallel", "Two features in one dimension: a pair that shares a direction");
    assert_words(
        &[pair(), pair(), pair()],
        6,
        3,
        "3 × parallel",
        "Six features in three dimensions, as three pairs that share a direction each",
    );
    assert_words(&[single()], 1, 1, "single", "One feature gets a dimension of its own");
    assert_words(&[vec![vec![0.2]]], 1, 1, "none", "The feature is not represented yet");
}

#[test]
fn more_nearly_orthogonal_features_than_dimensions_have_none_to_themselves() {
    // Twelve points of a simplex in eleven dimensions: their cosines of −1/11 join nothing.
    assert_words(&[simplex(11)], 12, 11, "12 × single", "Twelve features in eleven dimensions, all nearly orthogonal");
}

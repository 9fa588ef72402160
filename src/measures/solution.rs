//! The name of a solution: the tegum product of all factors.
//!
//! Products that are well-known solids go by their names; every other one is the list of its factors, `2 × triangle +
//! single`.

use super::{Factor, Shape};
use crate::order;

/// How many factors there are of each shape: the ones with many points first, irregular ones last. A `4-gon` is counted as
/// the two digons that it nearly is.
pub(super) fn tally(geometry: &[Factor]) -> Vec<(Shape, usize)> {
    let mut tally: Vec<(Shape, usize)> = Vec::new();
    for factor in geometry {
        let (shape, count) = match factor.shape {
            Shape::Polygon(4) => (Shape::Digon, 2),
            shape => (shape, 1),
        };
        match tally.iter_mut().find(|(known, _)| *known == shape) {
            Some((_, total)) => *total += count,
            None => tally.push((shape, count)),
        }
    }
    // Downwards; an irregular shape has no number of points and so goes last.
    let key = |idx: usize| (std::cmp::Reverse(tally[idx].0.n_points()), tally[idx].0);
    let mut order: Vec<usize> = (0..tally.len()).collect();
    order::order_by(&mut order, &mut |a, b| key(a).cmp(&key(b)));
    order.into_iter().map(|idx| tally[idx]).collect()
}

/// The name of the product of these factors; `none` without any.
pub(super) fn name(geometry: &[Factor]) -> String {
    let tally = tally(geometry);
    if tally.is_empty() {
        return "none".into();
    }
    if let Some(name) = well_known(&tally) {
        return name.into();
    }
    let factor = |&(shape, count): &(Shape, usize)| match count {
        1 => shape.to_string(),
        _ => format!("{count} × {shape}"),
    };
    tally.iter().map(factor).collect::<Vec<_>>().join(" + ")
}

/// The products of several factors that have a name of their own.
pub(super) fn well_known(tally: &[(Shape, usize)]) -> Option<&'static str> {
    match tally {
        [(Shape::Single, 2)] => Some("orthogonal-pair"),
        [(Shape::Digon, 2)] => Some("square"),
        [(Shape::Digon, 3)] => Some("octahedron"),
        [(Shape::Digon, 4)] => Some("16-cell"),
        [(Shape::Polygon(3), 1), (Shape::Digon, 1)] => Some("triangular-bipyramid"),
        [(Shape::Polygon(5), 1), (Shape::Digon, 1)] => Some("pentagonal-bipyramid"),
        _ => None,
    }
}

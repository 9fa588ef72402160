//! How the shape of a factor is recognised from the cosines between its features.
//!
//! A factor has a shape of the table where its unit Gram matrix is that of the solid, up to a permutation, within
//! [`SHAPE_TOLERANCE`] in every entry. The dimensionalities, the rank or the spectrum would not do: every tight frame of
//! five unit vectors in a plane shares those of the pentagon.
//!
//! Finding the permutation is a search. What keeps it short:
//! - the sizes must agree, and each sorted row of the factor must be near the sorted row of the solid (a permutation
//!   within the tolerance sorts into one). One row is computed at first, so that a large irregular factor costs no more;
//! - the vertices being alike, the first feature is put on the first vertex without loss;
//! - the vertices follow in an order where each is as square as can be to those before, so that the first few pin down
//!   the place of all others; and the features that fit a vertex are tried from the best to the worst.
//!
//! Of large rings (more than 32 features), whose neighbours are closer to each other than the tolerance, only the order
//! around the circle is tried.
//!
//! No two solids of a size have sorted rows within twice the tolerance of each other, so that at most one can match.

use super::shapes::{SHAPE_TOLERANCE, Shape};
use crate::order;

/// The number of placements, as a multiple of the number of features, after which the search gives up and the factor
/// counts as irregular. It guards against the unforeseen: see the test of how far the search goes.
const PLACEMENTS_PER_FEATURE: usize = 50;

/// The largest ring that is searched. In a larger one so many features fit each vertex that the search would not end:
/// there only the order around the circle is tried.
const LARGEST_SEARCHED: usize = 32;

/// Recognises the shape of some features from the cosines between them: `row(i, out)` writes those of the i-th feature
/// to all, itself included.
///
/// # Panics
/// Where there are no features.
pub(super) fn recognise(n_points: usize, mut row: impl FnMut(usize, &mut [f64])) -> Shape {
    assert!(n_points > 0, "a factor has at least one feature");
    if n_points == 1 {
        return Shape::Single;
    }
    let mut first = vec![0.0; n_points];
    row(0, &mut first);
    if n_points == 2 {
        return match first[1] {
            cosine if is_near(cosine, -1.0) => Shape::Digon,
            cosine if is_near(cosine, 1.0) => Shape::Parallel,
            _ => Shape::Irregular,
        };
    }

    let first = sorted(first);
    let candidate = Shape::with_points(n_points)
        .map(|shape| (shape, sorted(shape.first_row(n_points))))
        .find(|(_, shape_row)| all_near(&first, shape_row));
    let Some((shape, shape_row)) = candidate else { return Shape::Irregular };

    let mut cosines = vec![0.0; n_points * n_points];
    for (i, out) in cosines.chunks_exact_mut(n_points).enumerate() {
        row(i, out);
        if !all_near(&sorted(out.to_vec()), &shape_row) {
            return Shape::Irregular;
        }
    }
    let gram = shape.gram(n_points);
    let is_met = if n_points > LARGEST_SEARCHED && shape == Shape::Polygon(n_points) {
        let order = order_around(&cosines, n_points);
        order.iter().zip(gram.chunks_exact(n_points)).all(|(&i, expected)| {
            let row = &cosines[i * n_points..][..n_points];
            order.iter().zip(expected).all(|(&j, &expected)| is_near(row[j], expected))
        })
    } else {
        search(&cosines, &gram, n_points).0 == Search::Found
    };
    if is_met { shape } else { Shape::Irregular }
}

/// The features in the order of their angles in the plane of the first and the one that is the most nearly at a right
/// angle to it.
fn order_around(cosines: &[f64], n_points: usize) -> Vec<usize> {
    let x = &cosines[..n_points];
    let side = (0..n_points).min_by(|&i, &j| x[i].abs().total_cmp(&x[j].abs())).expect("a ring has features");
    let (cosine, toward_side) = (x[side], &cosines[side * n_points..][..n_points]);
    let sine = (1.0 - cosine * cosine).sqrt();
    let angles: Vec<f64> = x.iter().zip(toward_side).map(|(&x, &s)| ((s - cosine * x) / sine).atan2(x)).collect();
    let mut order: Vec<usize> = (0..n_points).collect();
    order::order_by(&mut order, &mut |i, j| angles[i].total_cmp(&angles[j]));
    order
}

/// How a search for a permutation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Search {
    Found,
    Impossible,
    GaveUp,
}

/// Looks for a way to put the features on the vertices such that all cosines agree, both matrices `[n_points][n_points]`.
/// Says also how many features it placed, again and again.
fn search(cosines: &[f64], gram: &[f64], n_points: usize) -> (Search, usize) {
    let order = placement_order(gram, n_points);
    let mut placed = vec![0]; // the features on the first vertices of the order
    let mut is_free = vec![true; n_points];
    is_free[0] = false;
    let mut untried: Vec<Vec<usize>> = Vec::new(); // a list for each vertex but the first, the best feature last
    for n_placements in 1..=PLACEMENTS_PER_FEATURE * n_points {
        if placed.len() == n_points {
            return (Search::Found, n_placements);
        }
        untried.push(fitting(cosines, gram, n_points, &order, &placed, &is_free));
        loop {
            let Some(features) = untried.last_mut() else { return (Search::Impossible, n_placements) };
            if let Some(feature) = features.pop() {
                placed.push(feature);
                is_free[feature] = false;
                break;
            }
            untried.pop();
            // None fits any more: take back the feature before, but for the first one, which stays.
            if !untried.is_empty()
                && let Some(feature) = placed.pop()
            {
                is_free[feature] = true;
            }
        }
    }
    (Search::GaveUp, PLACEMENTS_PER_FEATURE * n_points)
}

/// The free features that may go on the next vertex, given those that are placed; the best one last.
fn fitting(
    cosines: &[f64],
    gram: &[f64],
    n_points: usize,
    order: &[usize],
    placed: &[usize],
    is_free: &[bool],
) -> Vec<usize> {
    let vertex = &gram[order[placed.len()] * n_points..][..n_points];
    let worst = |feature: usize| {
        let own = &cosines[feature * n_points..][..n_points];
        let mut worst = 0.0_f64;
        for (&other, &place) in placed.iter().zip(order) {
            worst = worst.max((own[other] - vertex[place]).abs());
            if worst > SHAPE_TOLERANCE {
                return None;
            }
        }
        Some((worst, feature))
    };
    let features: Vec<_> = (0..n_points).filter(|&feature| is_free[feature]).filter_map(worst).collect();
    let mut order: Vec<usize> = (0..features.len()).collect();
    order::order_by(&mut order, &mut |a, b| features[b].0.total_cmp(&features[a].0));
    order.into_iter().map(|idx| features[idx].1).collect()
}

/// The vertices in an order where each is as far from the lines of those before as can be: the smallest greatest
/// |cosine| first.
fn placement_order(gram: &[f64], n_points: usize) -> Vec<usize> {
    let mut order = vec![0];
    let mut closest: Vec<f64> = gram[..n_points].iter().map(|cosine| cosine.abs()).collect();
    let mut is_left = vec![true; n_points];
    is_left[0] = false;
    while let Some(next) = (0..n_points).filter(|&v| is_left[v]).min_by(|&a, &b| closest[a].total_cmp(&closest[b])) {
        order.push(next);
        is_left[next] = false;
        for (closest, cosine) in closest.iter_mut().zip(&gram[next * n_points..]) {
            *closest = closest.max(cosine.abs());
        }
    }
    order
}

fn is_near(cosine: f64, expected: f64) -> bool {
    (cosine - expected).abs() <= SHAPE_TOLERANCE
}

fn all_near(cosines: &[f64], expected: &[f64]) -> bool {
    cosines.iter().zip(expected).all(|(&cosine, &expected)| is_near(cosine, expected))
}

fn sorted(mut row: Vec<f64>) -> Vec<f64> {
    order::sort(&mut row);
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measures::shapes::dot3;

    #[test]
    fn no_two_shapes_of_a_size_can_both_match() {
        for n_points in 3..=40 {
            let shapes: Vec<Shape> = Shape::with_points(n_points).collect();
            for (i, a) in shapes.iter().enumerate() {
                for b in &shapes[..i] {
                    let rows = [a, b].map(|shape| sorted(shape.first_row(n_points)));
                    let gap = rows[0].iter().zip(&rows[1]).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
                    assert!(gap > 2.0 * SHAPE_TOLERANCE, "{a} and {b} are {gap} apart");
                }
            }
        }
    }

    #[test]
    fn all_vertices_of_a_shape_are_alike() {
        for n_points in 3..=24 {
            for shape in Shape::with_points(n_points) {
                assert_eq!(shape.n_points(), Some(n_points));
                let (gram, first) = (shape.gram(n_points), sorted(shape.first_row(n_points)));
                for row in gram.chunks_exact(n_points) {
                    let error = sorted(row.to_vec()).iter().zip(&first).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
                    assert!(error < 1e-12, "{shape}: a row is off by {error:e}");
                }
                // A permutation that leaves the cosines as they are, for each vertex that the first may go to.
                for vertex in 0..n_points {
                    let order: Vec<usize> = (0..n_points).map(|i| (i + vertex) % n_points).collect();
                    let turned: Vec<f64> = order
                        .iter()
                        .flat_map(|&i| order.iter().map(move |&j| (i, j)))
                        .map(|(i, j)| gram[i * n_points + j])
                        .collect();
                    assert_eq!(search(&turned, &gram, n_points).0, Search::Found, "{shape} from vertex {vertex}");
                }
            }
        }
    }

    #[test]
    fn a_row_that_agrees_is_not_enough() {
        // A cube's cosines with two entries swapped between two pairs of rows keep every sorted row.
        let mut gram = Shape::Cube.gram(8);
        let pairs = |gram: &[f64]| {
            let is = |i: usize, j: usize, cosine: f64| (gram[i * 8 + j] - cosine).abs() < 1e-9;
            for (a, b, c, d) in (0..4096).map(|k| (k & 7, k >> 3 & 7, k >> 6 & 7, k >> 9 & 7)) {
                if is(a, b, 1.0 / 3.0) && is(c, d, 1.0 / 3.0) && is(a, d, -1.0 / 3.0) && is(c, b, -1.0 / 3.0) {
                    return (a, b, c, d);
                }
            }
            panic!("a cube has such vertices");
        };
        let (a, b, c, d) = pairs(&gram);
        for (i, j) in [(a, b), (c, d), (a, d), (c, b)] {
            gram[i * 8 + j] = -gram[i * 8 + j];
            gram[j * 8 + i] = gram[i * 8 + j];
        }
        assert_eq!(search(&gram, &Shape::Cube.gram(8), 8).0, Search::Impossible);
        let shape = recognise(8, |i, out| out.copy_from_slice(&gram[i * 8..][..8]));
        assert_eq!(shape, Shape::Irregular);
    }

    /// How far the search goes: rings and solids that are shaken until most of them are irregular, and whose sorted rows
    /// agree nevertheless.
    #[test]
    fn the_search_ends_long_before_its_bound() {
        let mut state = 1_u64;
        let mut noise = move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        };
        let solids = [Shape::SquareAntiprism, Shape::Cube, Shape::Icosahedron, Shape::Dodecahedron];
        let (mut n_found, mut n_impossible, mut most) = (0, 0, 0.0_f64);
        for shape in (3..=LARGEST_SEARCHED).map(Shape::Polygon).chain(solids) {
            let n_points = shape.n_points().expect("they are regular");
            let (gram, first) = (shape.gram(n_points), sorted(shape.first_row(n_points)));
            for trial in 0..2000 {
                let shake = 0.03 + 0.01 * f64::from(trial % 16);
                let points: Vec<[f64; 3]> = (0..n_points)
                    .map(|i| {
                        let angle = std::f64::consts::TAU * i as f64 / n_points as f64 + shake * noise();
                        let ring = matches!(shape, Shape::Polygon(_));
                        let p = if ring {
                            [angle.cos(), angle.sin(), 0.0]
                        } else {
                            shape.vertices()[i].map(|x| x + shake * noise())
                        };
                        p.map(|x| x / dot3(p, p).sqrt())
                    })
                    .collect();
                let cosines: Vec<f64> = points.iter().flat_map(|&a| points.iter().map(move |&b| dot3(a, b))).collect();
                if !cosines.chunks_exact(n_points).all(|row| all_near(&sorted(row.to_vec()), &first)) {
                    continue;
                }
                let (outcome, n_placements) = search(&cosines, &gram, n_points);
                assert_ne!(outcome, Search::GaveUp, "{shape}, shaken by {shake}");
                n_found += u32::from(outcome == Search::Found);
                n_impossible += u32::from(outcome == Search::Impossible);
                most = most.max(n_placements as f64 / n_points as f64);
            }
        }
        assert!(n_found > 10_000 && n_impossible > 50, "{n_found} found, {n_impossible} impossible");
        assert!(most < 10.0, "{most} placements a feature"); // 7.1 when written
    }
}

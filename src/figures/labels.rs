//! Direct labels that never cover each other or a mark, and never leave the figure.
//!
//! Greedy: labels are placed in the order given, each at the first of a few places around its mark that is free. A
//! label with no free place is left out; its mark still shows, and pointing at it names it. The first place is the
//! natural one (straight beyond the mark), so that labels of a moving picture move with their marks and jump only where
//! they would collide.

use super::boxes::{Box2, Point};
use crate::order;

/// A mark that wants a label.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// Which feature it is.
    pub feature_idx: usize,
    /// Its centre.
    pub at: Point,
    /// Its radius.
    pub radius: f64,
    /// Unit vector to the label's natural side.
    pub outward: Point,
    /// Width and height of the label.
    pub size: (f64, f64),
}

/// What labels must keep clear of.
#[derive(Debug)]
pub struct Obstacles<'a> {
    /// The figure's edge.
    pub bounds: Box2,
    /// Discs: centre and radius.
    pub discs: &'a [(Point, f64)],
    /// Line segments: ends and width.
    pub segments: &'a [(Point, Point, f64)],
}

/// Turns from the natural side, in degrees, nearest first.
const TURNS: [f64; 11] = [0.0, 22.0, -22.0, 44.0, -44.0, 66.0, -66.0, 90.0, -90.0, 115.0, -115.0];
/// Space between a mark and its label, in CSS pixels: near, then far.
const GAPS: [f64; 2] = [3.0, 9.0];
/// Free space that a label keeps around itself.
const CLEARANCE: f64 = 1.0;
/// Marks nearer to each other than this are one to the eye.
const TOGETHER: f64 = 1.5;

/// The box of each mark's label, or `None` where there is no free place; in the order of the marks.
pub fn place(marks: &[Mark], obstacles: &Obstacles) -> Vec<Option<Box2>> {
    let mut placed: Vec<Box2> = Vec::with_capacity(marks.len());
    marks
        .iter()
        .map(|mark| {
            let free = candidates(mark).find(|label| {
                is_free(&label.grown(CLEARANCE), obstacles, &placed) && is_nearest(label, mark, obstacles.discs)
            });
            placed.extend(free);
            free
        })
        .collect()
}

fn candidates(mark: &Mark) -> impl Iterator<Item = Box2> + '_ {
    GAPS.iter().flat_map(move |gap| {
        TURNS.iter().map(move |degrees| {
            let (sin, cos) = degrees.to_radians().sin_cos();
            let (x, y) = mark.outward;
            let side = (x * cos - y * sin, x * sin + y * cos);
            // The label's own reach toward the mark: half its extent along that side.
            let reach = 0.5 * (mark.size.0 * side.0.abs()).hypot(mark.size.1 * side.1.abs());
            let distance = mark.radius + gap + reach;
            Box2::around((mark.at.0 + side.0 * distance, mark.at.1 + side.1 * distance), mark.size.0, mark.size.1)
        })
    })
}

fn is_free(label: &Box2, obstacles: &Obstacles, placed: &[Box2]) -> bool {
    obstacles.bounds.contains(label)
        && !placed.iter().any(|other| other.overlaps(label))
        && !obstacles.discs.iter().any(|&(centre, radius)| label.grown(radius).holds(centre))
        && !obstacles.segments.iter().any(|&(a, b, width)| label.grown(width / 2.0).meets_segment(a, b))
}

/// Whether no other mark is nearer to a label than its own: it would be read as that one's.
fn is_nearest(label: &Box2, mark: &Mark, discs: &[(Point, f64)]) -> bool {
    let distance = |(x, y): Point| {
        let beyond = |at: f64, from: f64, to: f64| (from - at).max(at - to).max(0.0);
        beyond(x, label.x, label.right()).hypot(beyond(y, label.y, label.bottom()))
    };
    let own = distance(mark.at);
    // Marks that lie on each other share their place.
    discs.iter().all(|&(centre, _)| distance(centre) >= own - TOGETHER)
}

/// Places as near as possible to the wished ones, at least `apart` from each other, inside the range if they fit.
///
/// Neighbours that are too near are pooled and centred on the mean of their wishes (the pool-adjacent-violators
/// algorithm), which is the least-squares answer.
pub fn spread(wished: &[f64], apart: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wished.len()).collect();
    order::order_by(&mut order, &mut |a, b| wished[a].total_cmp(&wished[b]));
    // Each pool: the place of its first member, how many, the sum of where that first one is wished by each.
    let mut pools: Vec<(f64, usize, f64)> = Vec::new();
    for &idx in &order {
        let mut pool = (wished[idx], 1usize, wished[idx]);
        while let Some(&(first, count, sum)) = pools.last() {
            if first + count as f64 * apart <= pool.0 {
                break;
            }
            pools.pop();
            let total = sum + pool.2 - pool.1 as f64 * count as f64 * apart;
            let members = count + pool.1;
            pool = (total / members as f64, members, total);
        }
        let room = high - (pool.1 - 1) as f64 * apart;
        pool.0 = pool.0.min(room).max(low);
        pool.2 = pool.0 * pool.1 as f64;
        pools.push(pool);
    }
    let mut places = vec![0.0; wished.len()];
    let spots = pools.iter().flat_map(|&(first, count, _)| (0..count).map(move |k| first + k as f64 * apart));
    for (&idx, spot) in order.iter().zip(spots) {
        places[idx] = spot;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_be_read_as_another_marks_is_left_out() {
        // Room above alone, where the first of three stands.
        let discs = [((50.0, 44.0), 3.0), ((50.0, 50.0), 3.0), ((50.0, 56.0), 3.0)];
        let bounds = Box2 { x: 44.0, y: 0.0, width: 12.0, height: 60.0 };
        let obstacles = Obstacles { bounds, discs: &discs, segments: &[] };
        let label = |feature_idx: usize| {
            let (at, radius) = discs[feature_idx];
            place(&[Mark { feature_idx, at, radius, outward: (0.0, -1.0), size: (8.0, 14.0) }], &obstacles)[0]
        };
        assert!(label(0).is_some());
        assert!(label(1).is_none() && label(2).is_none());
    }

    #[test]
    fn labels_are_spread_no_more_than_needed() {
        assert_eq!(spread(&[50.0, 10.0], 15.0, (0.0, 100.0)), [50.0, 10.0]);
        assert_eq!(spread(&[50.0, 50.0], 10.0, (0.0, 100.0)), [45.0, 55.0]);
        let places = spread(&[99.0, 98.0, 97.0, 10.0], 15.0, (0.0, 100.0));
        assert_eq!(places, [100.0, 85.0, 70.0, 10.0]);
    }
}

//! The convex hull of a few points in space: faces and edges of a solid that is given by its vertices.
//!
//! For pictures of solids of at most some twenty points. Every plane through three points that has no point on its other
//! side is a face; points within [`COPLANAR`] of the plane belong to it, so that squares and pentagons are found whole.

use crate::order;

/// Points this close to a plane lie in it. Thomson solutions are known to 1e-9 or so; distances of other points are 1e-2 up.
pub const COPLANAR: f64 = 1e-6;

/// The surface of a solid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hull {
    /// Each face as the indices of its vertices, counterclockwise as seen from outside, the smallest index first.
    pub faces: Vec<Vec<usize>>,
    /// Each edge once, the smaller index first, in order.
    pub edges: Vec<(usize, usize)>,
}

/// Returns the hull of some points.
///
/// Points in one plane have one face (seen from the side that its order says), points on one line an edge between the
/// outermost, a single point nothing.
#[must_use]
pub fn convex_hull(points: &[[f64; 3]]) -> Hull {
    let n = points.len();
    let mut faces: Vec<Vec<usize>> = Vec::new();
    for i in 0..n {
        for j in i + 1..n {
            for k in j + 1..n {
                let normal = cross(minus(points[j], points[i]), minus(points[k], points[i]));
                let length = dot(normal, normal).sqrt();
                if length < COPLANAR {
                    continue;
                }
                let height = |p: [f64; 3]| dot(normal, minus(p, points[i])) / length;
                let (lowest, highest) = points
                    .iter()
                    .fold((0.0_f64, 0.0_f64), |(low, high), p| (low.min(height(*p)), high.max(height(*p))));
                let is_outside = highest <= COPLANAR;
                if !is_outside && lowest < -COPLANAR {
                    continue;
                }
                let outward = if is_outside { normal } else { normal.map(|x| -x) };
                let members: Vec<usize> = (0..n).filter(|&p| height(points[p]).abs() <= COPLANAR).collect();
                let face = around(points, &members, outward);
                let is_known =
                    faces.iter().any(|known| known.len() == face.len() && face.iter().all(|p| known.contains(p)));
                if !is_known {
                    faces.push(face);
                }
            }
        }
    }
    let mut edges: Vec<(usize, usize)> = faces
        .iter()
        .flat_map(|face| (0..face.len()).map(move |at| (face[at], face[(at + 1) % face.len()])))
        .map(|(a, b)| (a.min(b), a.max(b)))
        .collect();
    if faces.is_empty() {
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let length = |&(i, j): &(usize, usize)| {
            let apart = minus(points[i], points[j]);
            dot(apart, apart)
        };
        edges.extend(pairs.max_by(|a, b| length(a).total_cmp(&length(b))));
    }
    order::sort_by_key(&mut edges, |&edge| edge);
    edges.dedup();
    Hull { faces, edges }
}

/// The corners among the points of a plane, in order around it, counterclockwise about `normal`.
///
/// Points inside the polygon or on its sides are left out (Andrew's monotone chain, 1979).
fn around(points: &[[f64; 3]], members: &[usize], normal: [f64; 3]) -> Vec<usize> {
    // Two axes of the plane, right-handed with the normal; the first is the projection of the most distant space axis.
    let smallest = (0..3).min_by(|&a, &b| normal[a].abs().total_cmp(&normal[b].abs())).unwrap_or(0);
    let mut axis = [0.0; 3];
    axis[smallest] = 1.0;
    let x = cross(axis, normal);
    let y = cross(normal, x);
    let (x, y) = (x.map(|v| v / dot(x, x).sqrt()), y.map(|v| v / dot(y, y).sqrt()));
    let mut flat: Vec<([f64; 2], usize)> =
        members.iter().map(|&p| ([dot(points[p], x), dot(points[p], y)], p)).collect();
    order::sort_by(&mut flat, |a, b| a.0[0].total_cmp(&b.0[0]).then(a.0[1].total_cmp(&b.0[1])));
    let turn = |o: [f64; 2], a: [f64; 2], b: [f64; 2]| (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
    let chain = |order: &mut dyn Iterator<Item = &([f64; 2], usize)>| {
        let mut chain: Vec<([f64; 2], usize)> = Vec::new();
        for &point in order {
            while let [.., o, a] = chain[..]
                && turn(o.0, a.0, point.0) <= COPLANAR * COPLANAR
            {
                chain.pop();
            }
            chain.push(point);
        }
        chain.pop();
        chain
    };
    let mut corners: Vec<usize> = chain(&mut flat.iter()).into_iter().map(|(_, p)| p).collect();
    corners.extend(chain(&mut flat.iter().rev()).into_iter().map(|(_, p)| p));
    let first = (0..corners.len()).min_by_key(|&at| corners[at]).unwrap_or(0);
    corners.rotate_left(first);
    corners
}

fn minus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    super::shapes::dot3(a, b)
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

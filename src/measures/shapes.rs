//! The table of shapes that features form (paper, "The geometry of superposition"): their names, and the cosines
//! between their points.
//!
//! All are solids whose vertices are alike: each can be turned into any other. `recognise` relies on that. What is a
//! product of orthogonal solids, like the square or the octahedron, is several factors and has its name in `solution`.

use std::fmt;

use serde::{Serialize, Serializer};

/// The greatest difference between a cosine of a factor and that of the solid whose shape it has.
pub const SHAPE_TOLERANCE: f64 = 0.15;

/// The shape of a tegum factor. It is serialised and displayed as its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shape {
    /// `single`: one feature, orthogonal to all others.
    Single,
    /// `digon`: two features in opposite directions, an antipodal pair.
    Digon,
    /// `parallel`: two features in the same direction, a collapsed pair.
    Parallel,
    /// A regular polygon with this many vertices, at least 3: `triangle`, `pentagon`, `6-gon`, `7-gon`, … A square is
    /// two orthogonal digons, two factors; only one that is a little askew (a cosine between 0.1 and 0.15) is
    /// one factor, a `4-gon`.
    Polygon(usize),
    /// The regular simplex of this dimension, at least 3, with one vertex more: `tetrahedron`, `simplex-4`, … The digon
    /// and the triangle are the smaller ones. From 10 dimensions on its vertices are so nearly orthogonal (−1/10) that
    /// only noise joins them into one factor.
    Simplex(usize),
    /// `square-antiprism`: the one that is a tight frame, with z² = 1/3 on unit vertices.
    SquareAntiprism,
    /// `cube`.
    Cube,
    /// `icosahedron`.
    Icosahedron,
    /// `dodecahedron`.
    Dodecahedron,
    /// `irregular`: none of the above.
    Irregular,
}

impl Shape {
    /// The number of features that form it; none where it is irregular.
    pub fn n_points(self) -> Option<usize> {
        match self {
            Self::Single => Some(1),
            Self::Digon | Self::Parallel => Some(2),
            Self::Polygon(n_points) => Some(n_points),
            Self::Simplex(dimension) => Some(dimension + 1),
            Self::SquareAntiprism | Self::Cube => Some(8),
            Self::Icosahedron => Some(12),
            Self::Dodecahedron => Some(20),
            Self::Irregular => None,
        }
    }

    /// The number of dimensions that a regular shape spans; 0 for an irregular one, which may span any.
    pub(super) fn dimension(self) -> usize {
        match self {
            Self::Single | Self::Digon | Self::Parallel => 1,
            Self::Polygon(_) => 2,
            Self::Simplex(dimension) => dimension,
            Self::SquareAntiprism | Self::Cube | Self::Icosahedron | Self::Dodecahedron => 3,
            Self::Irregular => 0,
        }
    }

    /// The table's shapes with this many points, of three and more.
    pub(super) fn with_points(n_points: usize) -> impl Iterator<Item = Self> {
        let simplex = (n_points > 3).then(|| Self::Simplex(n_points - 1));
        let solids = [Self::SquareAntiprism, Self::Cube, Self::Icosahedron, Self::Dodecahedron];
        let solids = solids.into_iter().filter(move |solid| solid.n_points() == Some(n_points));
        std::iter::once(Self::Polygon(n_points)).chain(simplex).chain(solids)
    }

    /// The vertices of a solid, at length 1.
    pub(super) fn vertices(self) -> Vec<[f64; 3]> {
        let golden = (1.0 + 5.0_f64.sqrt()) / 2.0;
        let signs = || [1.0, -1.0].into_iter().flat_map(|s| [[s, 1.0], [s, -1.0]]);
        let cube = || signs().flat_map(|[x, y]| [[x, y, 1.0], [x, y, -1.0]]);
        // (0, ±a, ±b) and its cyclic permutations.
        let rectangles = |a: f64, b: f64| {
            signs().flat_map(move |[s, t]| {
                let (a, b) = (s * a, t * b);
                [[0.0, a, b], [b, 0.0, a], [a, b, 0.0]]
            })
        };
        let vertices: Vec<[f64; 3]> = match self {
            Self::SquareAntiprism => (0..8)
                .map(|k| {
                    let angle = std::f64::consts::FRAC_PI_4 * f64::from(k);
                    let z = if k % 2 == 0 { 0.5_f64.sqrt() } else { -(0.5_f64.sqrt()) };
                    [angle.cos(), angle.sin(), z]
                })
                .collect(),
            Self::Cube => cube().collect(),
            Self::Icosahedron => rectangles(1.0, golden).collect(),
            Self::Dodecahedron => cube().chain(rectangles(1.0 / golden, golden)).collect(),
            other => unreachable!("{other} is made of cosines, not of vertices"),
        };
        let unit = |v: [f64; 3]| v.map(|x| x / dot3(v, v).sqrt());
        vertices.into_iter().map(unit).collect()
    }

    /// The cosines between the first vertex and each, the first included.
    pub(super) fn first_row(self, n_points: usize) -> Vec<f64> {
        match self {
            Self::Polygon(_) => {
                (0..n_points).map(|k| (std::f64::consts::TAU * k as f64 / n_points as f64).cos()).collect()
            }
            Self::Simplex(dimension) => {
                (0..n_points).map(|k| if k == 0 { 1.0 } else { -1.0 / dimension as f64 }).collect()
            }
            solid => {
                let vertices = solid.vertices();
                vertices.iter().map(|&v| dot3(vertices[0], v)).collect()
            }
        }
    }

    /// The cosines between all vertices, `[n_points][n_points]`.
    pub(super) fn gram(self, n_points: usize) -> Vec<f64> {
        match self {
            // Row a is the first one, turned by a.
            Self::Polygon(_) | Self::Simplex(_) => {
                let row = self.first_row(n_points);
                (0..n_points)
                    .flat_map(|a| (0..n_points).map(move |b| (b + n_points - a) % n_points))
                    .map(|k| row[k])
                    .collect()
            }
            solid => {
                let vertices = solid.vertices();
                vertices.iter().flat_map(|&a| vertices.iter().map(move |&b| dot3(a, b))).collect()
            }
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single => f.write_str("single"),
            Self::Digon => f.write_str("digon"),
            Self::Parallel => f.write_str("parallel"),
            Self::Polygon(3) => f.write_str("triangle"),
            Self::Polygon(5) => f.write_str("pentagon"),
            Self::Polygon(k) => write!(f, "{k}-gon"),
            Self::Simplex(3) => f.write_str("tetrahedron"),
            Self::Simplex(k) => write!(f, "simplex-{k}"),
            Self::SquareAntiprism => f.write_str("square-antiprism"),
            Self::Cube => f.write_str("cube"),
            Self::Icosahedron => f.write_str("icosahedron"),
            Self::Dodecahedron => f.write_str("dodecahedron"),
            Self::Irregular => f.write_str("irregular"),
        }
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

pub(super) fn dot3(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

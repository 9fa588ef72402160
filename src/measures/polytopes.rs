//! The solids that features form, ready to be drawn and measured: their vertices and what share of a dimension each has.
//!
//! # Source
//! Elhage et al. (2022), "Uniform superposition" and "Why these geometric structures?": the shapes of the table in DESIGN.md
//! section 2 and their tegum products. A tegum product puts its factors into orthogonal subspaces: each vertex keeps the
//! dimensionality that it has in its factor.
//!
//! Vertices have length 1. Faces and edges of the solids in space are found by [`super::convex_hull`].

use super::shapes::Shape;

/// A solid: its name, its vertices and their dimensionalities.
#[derive(Debug, Clone, PartialEq)]
pub struct Polytope {
    /// The name that [`super::Measures::solution`] gives to it.
    pub name: String,
    /// The number of dimensions that it spans.
    pub dimension: usize,
    /// The vertices, each of `dimension` coordinates and length 1.
    pub vertices: Vec<Vec<f64>>,
    /// `D_i` of each vertex as a fraction (numerator, denominator), in lowest terms.
    pub dimensionality: Vec<(u32, u32)>,
}

impl Polytope {
    /// The matrix whose columns are the vertices, `[dimension][n]` row-major, as [`super::Measures::of`] takes it.
    #[must_use]
    pub fn matrix(&self) -> Vec<f64> {
        (0..self.dimension).flat_map(|k| self.vertices.iter().map(move |vertex| vertex[k])).collect()
    }

    /// The vertices in space: with zeros for the coordinates that are not there; none for more than three dimensions.
    #[must_use]
    pub fn in_space(&self) -> Option<Vec<[f64; 3]>> {
        let in_space = |vertex: &Vec<f64>| std::array::from_fn(|k| vertex.get(k).copied().unwrap_or(0.0));
        (self.dimension <= 3).then(|| self.vertices.iter().map(in_space).collect())
    }
}

/// All named solids of up to four dimensions: the shapes of one factor, then the products.
#[must_use]
pub fn polytopes() -> Vec<Polytope> {
    let polygon = Shape::Polygon;
    let one_factor = [
        Shape::Single,
        Shape::Digon,
        polygon(3),
        polygon(5),
        polygon(6),
        polygon(7),
        polygon(8),
        Shape::Simplex(3),
        Shape::SquareAntiprism,
        Shape::Cube,
        Shape::Icosahedron,
        Shape::Dodecahedron,
        Shape::Simplex(4),
    ];
    let products: [(&str, &[Shape]); 6] = [
        ("orthogonal-pair", &[Shape::Single; 2]),
        ("square", &[Shape::Digon; 2]),
        ("triangular-bipyramid", &[Shape::Polygon(3), Shape::Digon]),
        ("octahedron", &[Shape::Digon; 3]),
        ("pentagonal-bipyramid", &[Shape::Polygon(5), Shape::Digon]),
        ("16-cell", &[Shape::Digon; 4]),
    ];
    let factors = one_factor.iter().map(|shape| (shape.to_string(), std::slice::from_ref(shape)));
    factors
        .chain(products.into_iter().map(|(name, factors)| (name.to_owned(), factors)))
        .map(|(name, factors)| product(name, factors))
        .collect()
}

/// The tegum product of some shapes.
fn product(name: String, factors: &[Shape]) -> Polytope {
    let dimension = factors.iter().map(|shape| shape.dimension()).sum();
    let mut solid = Polytope { name, dimension, vertices: Vec::new(), dimensionality: Vec::new() };
    let mut n_before = 0;
    for &shape in factors {
        let points = vertices_of(shape);
        // A regular shape is a tight frame: its k vertices share its dimensions evenly.
        let share = lowest_terms(shape.dimension() as u32, points.len() as u32);
        for point in points {
            let mut vertex = vec![0.0; dimension];
            vertex[n_before..][..point.len()].copy_from_slice(&point);
            solid.vertices.push(vertex);
            solid.dimensionality.push(share);
        }
        n_before += shape.dimension();
    }
    solid
}

fn lowest_terms(numerator: u32, denominator: u32) -> (u32, u32) {
    let (mut a, mut b) = (numerator, denominator);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    (numerator / a, denominator / a)
}

/// The vertices of a shape of the table at length 1, in as many coordinates as it has dimensions.
fn vertices_of(shape: Shape) -> Vec<Vec<f64>> {
    match shape {
        Shape::Single => vec![vec![1.0]],
        Shape::Digon => vec![vec![1.0], vec![-1.0]],
        Shape::Parallel => vec![vec![1.0]; 2],
        // The first vertex points up.
        Shape::Polygon(n_points) => (0..n_points)
            .map(|k| {
                let angle = std::f64::consts::TAU * (0.25 + k as f64 / n_points as f64);
                vec![libm::cos(angle), libm::sin(angle)]
            })
            .collect(),
        Shape::Simplex(dimension) => simplex(dimension),
        Shape::Irregular => Vec::new(),
        solid => solid.vertices().into_iter().map(|vertex| vertex.to_vec()).collect(),
    }
}

/// The simplex: each pole is put over the simplex of one dimension less, which sinks to make room.
fn simplex(dimension: usize) -> Vec<Vec<f64>> {
    let mut points = vec![vec![1.0], vec![-1.0]];
    for d in 2..=dimension {
        let height = 1.0 / d as f64;
        for point in &mut points {
            point.iter_mut().for_each(|x| *x *= (1.0 - height * height).sqrt());
            point.push(-height);
        }
        let mut pole = vec![0.0; d];
        pole[d - 1] = 1.0;
        points.push(pole);
    }
    points
}

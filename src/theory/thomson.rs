//! The Thomson problem: points on a sphere that repel each other like electric charges.
//!
//! # Source
//! J. J. Thomson (1904). Elhage et al. (2022), "Why these geometric structures?", compare the solids that features form
//! with its solutions: for 2 to 12 points these are digon, triangle, tetrahedron, triangular bipyramid, octahedron,
//! pentagonal bipyramid, square antiprism and so on to the icosahedron.
//!
//! Energy is `Σ_{i<j} 1/|r_i − r_j|` on the unit sphere. Minima are found by descent from several random starts; up to
//! twelve points there are so few local minima that the best of [`STARTS`] is the known solution from every seed tried.

use super::minimum::minimise;

/// How many random starts [`thomson`] takes the best of.
pub const STARTS: usize = 12;

/// Points on the unit sphere, and their energy.
#[derive(Debug, Clone, PartialEq)]
pub struct Thomson {
    /// The points, at length 1.
    pub points: Vec<[f64; 3]>,
    /// Their energy.
    pub energy: f64,
}

/// Returns the best of some descents from random points on the sphere.
///
/// The same seed gives the same bits on every machine. The orientation is whatever the start gave.
///
/// # Panics
/// With fewer than two points.
#[must_use]
pub fn thomson(n_points: usize, seed: u64) -> Thomson {
    assert!(n_points >= 2, "at least two points repel each other, not {n_points}");
    let mut state = seed;
    let descents = (0..STARTS).map(|_| descend(random_points(n_points, &mut state)));
    descents.min_by(|a, b| a.energy.total_cmp(&b.energy)).expect("there is at least one start")
}

/// The energy of points, which count as if at length 1.
#[must_use]
pub fn thomson_energy(points: &[[f64; 3]]) -> f64 {
    energy_and_gradient_into(points.as_flattened(), &mut vec![0.0; 3 * points.len()])
}

/// Goes downhill from some points; each moves freely, and counts as if at length 1.
fn descend(start: Vec<f64>) -> Thomson {
    let found = minimise(energy_and_gradient_into, start, 1e-12, 2000);
    let points = found.at.chunks_exact(3).map(|p| {
        let length = (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt();
        [p[0] / length, p[1] / length, p[2] / length]
    });
    Thomson { points: points.collect(), energy: found.value }
}

/// The energy of the points `x: [k][3]` at length 1, and its gradient by x.
fn energy_and_gradient_into(x: &[f64], gradient: &mut [f64]) -> f64 {
    let points: Vec<([f64; 3], f64)> = x
        .chunks_exact(3)
        .map(|p| {
            let length = (p[0] * p[0] + p[1] * p[1] + p[2] * p[2]).sqrt();
            ([p[0] / length, p[1] / length, p[2] / length], length)
        })
        .collect();
    gradient.fill(0.0);
    let mut energy = 0.0;
    for (i, (r, _)) in points.iter().enumerate() {
        for (j, (s, _)) in points[..i].iter().enumerate() {
            let apart = [r[0] - s[0], r[1] - s[1], r[2] - s[2]];
            let square = apart[0] * apart[0] + apart[1] * apart[1] + apart[2] * apart[2];
            let inverse = 1.0 / square.sqrt();
            energy += inverse;
            for k in 0..3 {
                let force = apart[k] * inverse / square;
                gradient[3 * i + k] -= force;
                gradient[3 * j + k] += force;
            }
        }
    }
    // From the unit vector to x: what points along it does nothing.
    for ((r, length), g) in points.iter().zip(gradient.chunks_exact_mut(3)) {
        let along = g[0] * r[0] + g[1] * r[1] + g[2] * r[2];
        for k in 0..3 {
            g[k] = (g[k] - along * r[k]) / length;
        }
    }
    energy
}

/// Points evenly over the sphere: heights are uniform (Archimedes).
fn random_points(n_points: usize, state: &mut u64) -> Vec<f64> {
    let mut uniform = || (split_mix(state) >> 11) as f64 / 9_007_199_254_740_992.0;
    let mut points = Vec::with_capacity(3 * n_points);
    for _ in 0..n_points {
        let (z, angle) = (2.0 * uniform() - 1.0, std::f64::consts::TAU * uniform());
        let radius = (1.0 - z * z).sqrt();
        points.extend([radius * libm::cos(angle), radius * libm::sin(angle), z]);
    }
    points
}

/// SplitMix64 (Steele, Lea and Flood, 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

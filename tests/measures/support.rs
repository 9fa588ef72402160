//! Point sets, random turns and disguises for the tests of the measures.

use std::f64::consts::TAU;

/// A small generator (SplitMix64, Steele et al. 2014), so that the tests depend on nothing that they test.
pub struct Rng(pub u64);

impl Rng {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform on [0, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (TAU * self.uniform()).cos()
    }

    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, (self.bits() % (i as u64 + 1)) as usize);
        }
        order
    }

    /// A random orthogonal matrix, as its rows: Gram and Schmidt on normals.
    pub fn rotation(&mut self, n: usize) -> Vec<Vec<f64>> {
        let mut rows: Vec<Vec<f64>> = Vec::new();
        while rows.len() < n {
            let mut v: Vec<f64> = (0..n).map(|_| self.normal()).collect();
            for _ in 0..2 {
                for row in &rows {
                    let along = dot(row, &v);
                    v.iter_mut().zip(row).for_each(|(x, y)| *x -= along * y);
                }
            }
            let length = dot(&v, &v).sqrt();
            if length > 1e-3 {
                rows.push(v.iter().map(|x| x / length).collect());
            }
        }
        rows
    }
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The matrix `[n_hidden][n]` whose columns are these points, filled up with zeros.
pub fn matrix(points: &[Vec<f64>], n_hidden: usize) -> Vec<f64> {
    (0..n_hidden).flat_map(|k| points.iter().map(move |p| p.get(k).copied().unwrap_or(0.0))).collect()
}

/// The same points in another order, in a space of `n_hidden` dimensions, turned, scaled in common and shaken by
/// normal noise relative to their length.
pub fn disguised(points: &[Vec<f64>], n_hidden: usize, noise: f64, rng: &mut Rng) -> Vec<Vec<f64>> {
    let order = rng.permutation(points.len());
    let scale = 0.8 + rng.uniform();
    let rotation = rng.rotation(n_hidden);
    let disguise = |&i: &usize| {
        let length = dot(&points[i], &points[i]).sqrt();
        let turned: Vec<f64> = rotation.iter().map(|row| dot(row, &points[i])).collect();
        turned.iter().map(|x| scale * (x + noise * length * rng.normal())).collect()
    };
    order.iter().map(disguise).collect()
}

/// The points of several factors, each in dimensions of its own.
pub fn product(factors: &[Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
    let mut n_before = 0;
    let mut points = Vec::new();
    for factor in factors {
        for point in factor {
            points.push([vec![0.0; n_before], point.clone()].concat());
        }
        n_before += factor[0].len();
    }
    points
}

pub fn single() -> Vec<Vec<f64>> {
    vec![vec![1.0]]
}

pub fn digon() -> Vec<Vec<f64>> {
    vec![vec![1.0], vec![-1.0]]
}

/// Points of a plane at these angles.
pub fn ring(angles: &[f64]) -> Vec<Vec<f64>> {
    angles.iter().map(|a| vec![a.cos(), a.sin()]).collect()
}

pub fn polygon(k: usize) -> Vec<Vec<f64>> {
    ring(&(0..k).map(|i| TAU * i as f64 / k as f64).collect::<Vec<_>>())
}

/// The simplex of k + 1 points in k dimensions: each point is added opposite to the centre of those before.
pub fn simplex(k: usize) -> Vec<Vec<f64>> {
    let mut points = vec![vec![0.0; k]; k + 1];
    points[0][0] = 1.0;
    points[1][0] = -1.0;
    for dimension in 2..=k {
        // The simplex of dimension − 1 with radius sqrt(1 − 1/dimension²), at height −1/dimension, and a pole.
        let height = 1.0 / dimension as f64;
        for point in &mut points[..dimension] {
            point.iter_mut().for_each(|x| *x *= (1.0 - height * height).sqrt());
            point[dimension - 1] = -height;
        }
        points[dimension][dimension - 1] = 1.0;
    }
    points
}

/// A square antiprism on the unit sphere with squares at heights ±z.
pub fn antiprism(z: f64) -> Vec<Vec<f64>> {
    let corner = |i: usize| {
        let (angle, height) = (TAU * i as f64 / 8.0, if i.is_multiple_of(2) { z } else { -z });
        let radius = (1.0 - height * height).sqrt();
        vec![radius * angle.cos(), radius * angle.sin(), height]
    };
    (0..8).map(corner).collect()
}

pub fn cube() -> Vec<Vec<f64>> {
    let sign = |bit: usize| if bit == 0 { 1.0 } else { -1.0 };
    (0..8).map(|i| unit(&[sign(i & 1), sign(i & 2), sign(i & 4)])).collect()
}

/// A ring of five at height 1/√5, one below it turned by 36°, and two poles.
pub fn icosahedron() -> Vec<Vec<f64>> {
    let mut points = vec![vec![0.0, 0.0, 1.0], vec![0.0, 0.0, -1.0]];
    for i in 0..10 {
        let (angle, height) = (TAU * f64::from(i) / 10.0, if i % 2 == 0 { 0.2_f64.sqrt() } else { -(0.2_f64.sqrt()) });
        points.push(vec![0.8_f64.sqrt() * angle.cos(), 0.8_f64.sqrt() * angle.sin(), height]);
    }
    points
}

/// The centres of an icosahedron's faces: triples of neighbours.
pub fn dodecahedron() -> Vec<Vec<f64>> {
    let corners = icosahedron();
    let near = |a: usize, b: usize| dot(&corners[a], &corners[b]) > 0.4;
    let mut points = Vec::new();
    for a in 0..12 {
        for b in a + 1..12 {
            for c in b + 1..12 {
                if near(a, b) && near(b, c) && near(a, c) {
                    let sum: Vec<f64> = (0..3).map(|k| corners[a][k] + corners[b][k] + corners[c][k]).collect();
                    points.push(unit(&sum));
                }
            }
        }
    }
    points
}

pub fn unit(v: &[f64]) -> Vec<f64> {
    let length = dot(v, v).sqrt();
    v.iter().map(|x| x / length).collect()
}

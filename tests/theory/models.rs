//! Models for the tests, and the tiny generator that draws them.

use superposition::spec::ModelKind;
use superposition::theory::{ExactScratch, exact_loss_and_gradient_into};

/// SplitMix64 (Steele, Lea, Flood 2014): enough to draw test models.
pub struct Draws(pub u64);

impl Draws {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform on [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform on [lo, hi).
    pub fn between(&mut self, lo: f64, hi: f64) -> f64 {
        lo + (hi - lo) * self.unit()
    }

    /// Uniform on 0…count−1.
    pub fn below(&mut self, count: usize) -> usize {
        (self.bits() % count as u64) as usize
    }
}

/// A model and its data distribution.
#[derive(Debug, Clone)]
pub struct Model {
    pub kind: ModelKind,
    pub n: usize,
    pub m: usize,
    pub w: Vec<f64>,
    pub b: Vec<f64>,
    pub density: Vec<f64>,
    pub importance: Vec<f64>,
}

/// Loss and gradient of the loss.
#[derive(Debug, Clone, PartialEq)]
pub struct Exact {
    pub loss: f64,
    pub dw: Vec<f64>,
    pub db: Vec<f64>,
}

impl Model {
    /// Weights of order one, biases on both sides of zero, densities from 0.05 to 1, importances from 0 to 2.
    pub fn random(kind: ModelKind, n: usize, m: usize, draws: &mut Draws) -> Self {
        Self {
            kind,
            n,
            m,
            w: (0..m * n).map(|_| draws.between(-1.2, 1.2)).collect(),
            b: (0..n).map(|_| draws.between(-0.5, 0.4)).collect(),
            density: (0..n).map(|_| draws.between(0.05, 1.0)).collect(),
            importance: (0..n).map(|_| draws.between(0.0, 2.0)).collect(),
        }
    }

    /// The exact loss with its gradient.
    pub fn exact(&self) -> Exact {
        self.exact_with(&mut ExactScratch::default())
    }

    /// The same with a scratch of the caller's.
    pub fn exact_with(&self, scratch: &mut ExactScratch) -> Exact {
        let mut dw = vec![f64::NAN; self.w.len()];
        let mut db = vec![f64::NAN; self.n];
        let (w, b, p, importance) = (&self.w, &self.b, &self.density, &self.importance);
        let loss = exact_loss_and_gradient_into(self.kind, w, b, p, importance, &mut dw, &mut db, scratch);
        Exact { loss, dw, db }
    }

    /// `WᵀW`, row-major.
    pub fn gram(&self) -> Vec<f64> {
        let n = self.n;
        let entry = |i: usize, j: usize| (0..self.m).map(|k| self.w[k * n + i] * self.w[k * n + j]).sum();
        (0..n * n).map(|at| entry(at / n, at % n)).collect()
    }
}

/// The largest difference of two slices.
pub fn largest_difference(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    // `f64::max` drops NaN, which must fail here.
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, |worst, d| if d > worst || d.is_nan() { d } else { worst })
}

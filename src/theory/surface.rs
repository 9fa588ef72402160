//! The whole loss surface of two features in one dimension: every loss, all local minima, and the ways down.
//!
//! # Source
//! Elhage et al. (2022), "Superposition as a Phase Change", and T. McGrath's comment there, who plots the surface without
//! a bias and finds a minimum where both weights have the same sign, the "confused" features. The first feature has
//! importance 1, the extra one importance I; both have density p. Each point (w1, w2) is a model, with b = 0 or with the
//! bias that is best for it.
//!
//! With the best bias no lowest minimum is confused any more, but for p = 1 and I = 1, where all directions of the dimension
//! do equally well. As local minima such points remain in a wide region around I = 1, lopsided: the smaller weight about
//! 0.4 of the larger one, whose bias is negative.
//!
//! The surface does not change when both weights change sign. Minima are given once, with `w1 > 0`.
//!
//! # Units
//! Losses are the mean over the two features.

use super::exact::{ExactScratch, exact_loss_and_gradient_into};
use super::phase_2_1::Phase21;
use crate::order;
use crate::spec::ModelKind;

/// A loss surface over the plane of the two weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surface {
    density: f64,
    importance: f64,
    bias: SurfaceBias,
}

/// Which bias the models of a surface have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SurfaceBias {
    /// 0 everywhere.
    Zero,
    /// At each point the two biases with the lowest loss.
    Best,
}

/// What a minimum does with the two features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SurfaceKind {
    /// The extra feature is ignored: the first has the dimension.
    Ignored,
    /// The extra feature has the dimension.
    Dedicated,
    /// Both share it in opposite directions.
    Antipodal,
    /// Both share it in the same direction, "confused".
    SameSign,
}

/// A local minimum of a surface.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SurfaceMinimum {
    /// (w1, w2), with `w1 > 0`, or `w1 = 0` and `w2 ≥ 0`.
    pub weights: [f64; 2],
    /// The two biases.
    pub bias: [f64; 2],
    /// The loss there.
    pub loss: f64,
    /// What it does with the features.
    pub kind: SurfaceKind,
}

/// A weight that is less than this share of the other one does not share the dimension.
///
/// Without a bias the extra weight of the "ignored" minimum is never quite 0 but has the same sign as the first and grows
/// with the density: 0.02 at p = .2 and I = .1, where nobody would call the two confused. A tenth is the same cosine as
/// that of which two features belong together elsewhere.
pub const SHARING: f64 = 0.1;

/// Weights beyond this cannot be part of a minimum: outputs would be far too large.
const REACH: f64 = 1.6;
/// Cells of the dense search between 0 and [`REACH`], finer toward 0: where the extra weight is not quite 0 a minimum is as shallow
/// as that weight is small, and an even grid steps over it.
const CELLS: i32 = 56;
/// Descents start also at every so many-th node of that search.
const SOWN: usize = 7;
/// A minimum is polished until a Newton step is shorter than this.
const POLISHED_STEP: f64 = 1e-11;
/// Points of a path are at least this far apart.
const APART: f64 = 0.004;
/// Two polished minima closer than this are one.
const SAME: f64 = 1e-5;

impl Surface {
    /// The surface of a density and a relative importance of the extra feature.
    ///
    /// # Panics
    /// When the density is not in (0, 1], or the importance is negative or not finite.
    #[must_use]
    pub fn new(density: f64, importance: f64, bias: SurfaceBias) -> Self {
        assert!(density > 0.0 && density <= 1.0, "density must be in (0, 1]");
        assert!(importance >= 0.0 && importance.is_finite(), "importance must be a number ≥ 0");
        Self { density, importance, bias }
    }

    /// The loss of a model.
    ///
    /// ```
    /// use superposition::theory::{Surface, SurfaceBias};
    /// let surface = Surface::new(0.5, 2.0, SurfaceBias::Zero);
    /// assert!((2.0 * surface.loss([0.9, -0.6]) - 0.242625).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn loss(&self, weights: [f64; 2]) -> f64 {
        self.loss_and_gradient(weights).0
    }

    /// The loss and its gradient by the two weights. Where the bias is the best one, moving it does not change the loss,
    /// so that it does not enter the gradient.
    #[must_use]
    pub fn loss_and_gradient(&self, weights: [f64; 2]) -> (f64, [f64; 2]) {
        let slopes = self.slopes(weights, self.bias_at(weights), &[1.0, self.importance]);
        (slopes.loss, slopes.d_weights)
    }

    /// The biases of the model with these weights.
    #[must_use]
    pub fn bias_at(&self, weights: [f64; 2]) -> [f64; 2] {
        match self.bias {
            SurfaceBias::Zero => [0.0; 2],
            SurfaceBias::Best => self.best_bias(weights),
        }
    }

    /// The bias with the lowest loss, for each output by itself.
    ///
    /// As a function of its bias, an output's error is constant where the output is silent, and between the biases that put
    /// a kink on a vertex of the unit square a polynomial of low degree. It may have more than one valley. So its slope is
    /// looked at on a few points of each piece, crowded at the ends; each change from falling to rising is narrowed down
    /// by halving, then by a secant; the lowest valley counts.
    fn best_bias(&self, weights: [f64; 2]) -> [f64; 2] {
        const POINTS: i32 = 10;
        const HALVINGS: i32 = 24;
        let cross = weights[0] * weights[1];
        [0, 1].map(|i| {
            let own = weights[i] * weights[i];
            // Above the last no bias can be best: the output would be too large for every input.
            let mut cuts = [0.0, -own, -cross, -own - cross, 1.0 + own + cross.abs()];
            order::sort(&mut cuts);
            let output = |bias: f64| self.output(weights, bias, i);
            // Silent for every input.
            let mut best = (cuts[0], output(cuts[0]).0);
            let mut before = (cuts[0], 0.0);
            for piece in cuts.windows(2).filter(|piece| piece[0] < piece[1]) {
                for k in 1..=POINTS {
                    let share = 0.5 - 0.5 * libm::cos(std::f64::consts::PI * f64::from(k) / f64::from(POINTS));
                    let bias = piece[0] + share * (piece[1] - piece[0]);
                    let slope = output(bias).1;
                    if before.1 < 0.0 && slope >= 0.0 {
                        let (mut low, mut high) = (before, (bias, slope));
                        for _ in 0..HALVINGS {
                            let middle = f64::midpoint(low.0, high.0);
                            let slope = output(middle).1;
                            if slope < 0.0 { low = (middle, slope) } else { high = (middle, slope) }
                        }
                        let valley = low.0 + (high.0 - low.0) * (low.1 / (low.1 - high.1));
                        let error = output(valley).0;
                        if error < best.1 {
                            best = (valley, error);
                        }
                    }
                    before = (bias, slope);
                }
            }
            best.0
        })
    }

    /// Half the expected squared error of output i at a bias, and its slope.
    fn output(&self, weights: [f64; 2], bias: f64, i: usize) -> (f64, f64) {
        let mut importance = [0.0; 2];
        importance[i] = 1.0;
        let slopes = self.slopes(weights, [bias; 2], &importance);
        (slopes.loss, slopes.d_bias[i])
    }

    /// The loss with its derivatives at weights and biases.
    fn slopes(&self, weights: [f64; 2], bias: [f64; 2], importance: &[f64; 2]) -> Slopes {
        let (mut d_weights, mut d_bias) = ([0.0; 2], [0.0; 2]);
        let loss = exact_loss_and_gradient_into(
            ModelKind::Relu,
            &weights,
            &bias,
            &[self.density; 2],
            importance,
            &mut d_weights,
            &mut d_bias,
            &mut ExactScratch::default(),
        );
        Slopes { loss, d_weights, d_bias }
    }

    /// All local minima, the lowest first.
    ///
    /// A dense grid of losses over `|w| ≤ 1.6` is searched for points that are no higher than their eight neighbours; each
    /// of those, and of a coarser grid, is polished by Newton's method, and kept where it ends at a minimum that is not known
    /// yet.
    ///
    /// # Precision
    /// Weights to 1e-9 where the minimum is isolated. At p = 1, I = 1 with the best bias whole arcs have the same loss
    /// (linear models there do equally well with any direction); then only some points of the arc are returned.
    #[must_use]
    pub fn minima(&self) -> Vec<SurfaceMinimum> {
        let at = |k: i32| {
            let along = f64::from(k) / f64::from(CELLS);
            REACH * along * along.abs()
        };
        let width = (2 * CELLS + 1) as usize;
        // Rows of w1 from −1 on, so that the border w1 = 0 has neighbours; the sign symmetry has the rest.
        let losses: Vec<f64> =
            (-1..=CELLS).flat_map(|k| (-CELLS..=CELLS).map(move |l| self.loss([at(k), at(l)]))).collect();
        let losses = &losses[..];
        let mut minima: Vec<SurfaceMinimum> = Vec::new();
        for row in 1..=CELLS as usize {
            for column in 1..width - 1 {
                let own = losses[row * width + column];
                let around =
                    (row - 1..=row + 1).flat_map(|r| (column - 1..=column + 1).map(move |c| losses[r * width + c]));
                // Where a valley runs askew to the grid its shallow minima have lower neighbours, but a wide basin.
                let is_sown = row % SOWN == 1 && column % SOWN == 0;
                if !is_sown && around.into_iter().any(|loss| loss < own) {
                    continue;
                }
                let start = [at(row as i32 - 1), at(column as i32 - CELLS)];
                let Some(weights) = self.polish(start) else { continue };
                let is_known = minima.iter().any(|known| distance(known.weights, weights) < SAME);
                if !is_known {
                    minima.push(self.minimum_at(weights));
                }
            }
        }
        order::sort_by(&mut minima, |a, b| a.loss.total_cmp(&b.loss));
        minima
    }

    fn minimum_at(&self, weights: [f64; 2]) -> SurfaceMinimum {
        SurfaceMinimum { weights, bias: self.bias_at(weights), loss: self.loss(weights), kind: surface_kind(weights) }
    }

    /// Newton's method from a point near a minimum, kept to descent; none where it ends at no minimum.
    fn polish(&self, start: [f64; 2]) -> Option<[f64; 2]> {
        let mut w = start;
        let mut now = self.loss_and_gradient(w);
        for _ in 0..200 {
            let hessian = self.hessian(w);
            let step = newton_step(hessian, now.1);
            let mut share = 1.0;
            let (next, found) = loop {
                let next = [w[0] + share * step[0], w[1] + share * step[1]];
                let found = self.loss_and_gradient(next);
                // Rounding hides progress in the loss near the end; there the gradient tells.
                let gains = found.0 < now.0 || (found.0 <= now.0 * (1.0 + 1e-14) && square(found.1) <= square(now.1));
                if gains || share < 1e-6 {
                    break (next, found);
                }
                share *= 0.5;
            };
            if share < 1e-6 {
                break;
            }
            (w, now) = (next, found);
            if share * square(step).sqrt() < POLISHED_STEP {
                break;
            }
        }
        let [a, b, c] = self.hessian(w);
        let scale = self.density * (1.0 + self.importance);
        let is_flat = square(now.1).sqrt() < 1e-8 * scale;
        let is_valley = a + c > 0.0 && a * c - b * b > -1e-7 * scale * scale;
        let flip = w[0] < 0.0 || (w[0] == 0.0 && w[1] < 0.0);
        (is_flat && is_valley).then_some(if flip { [-w[0], -w[1]] } else { w })
    }

    /// The second derivatives (11, 12, 22), by central differences of the exact gradient.
    fn hessian(&self, w: [f64; 2]) -> [f64; 3] {
        const H: f64 = 1e-6;
        let slope = |d: [f64; 2]| {
            let up = self.loss_and_gradient([w[0] + d[0], w[1] + d[1]]).1;
            let down = self.loss_and_gradient([w[0] - d[0], w[1] - d[1]]).1;
            [(up[0] - down[0]) / (2.0 * H), (up[1] - down[1]) / (2.0 * H)]
        };
        let (first, second) = (slope([H, 0.0]), slope([0.0, H]));
        [first[0], f64::midpoint(first[1], second[0]), second[1]]
    }

    /// The way down from a point along the gradient, as a figure draws it: points at least 0.004 apart, then the end.
    ///
    /// Steepest descent with steps of at most 0.02, halved until the loss falls by a share of what the slope promises,
    /// until the gradient is too small to lower it. A few Newton steps then bring the end onto the minimum. Where the
    /// gradient vanishes and there is no minimum (at a saddle, or at b = 0 where a weight of 0 is a minimum only for those
    /// who come from the antipodal side), the descent goes on from the lowest point 0.001 away, as training on samples
    /// would.
    #[must_use]
    pub fn descend(&self, start: [f64; 2]) -> Vec<[f64; 2]> {
        const NUDGES: usize = 8;
        let mut path = vec![start];
        let mut w = start;
        for _ in 0..NUDGES {
            w = self.descend_along_the_gradient(w, &mut path);
            let aside = (0..16).map(|k| {
                let angle = std::f64::consts::TAU * f64::from(k) / 16.0;
                [w[0] + 1e-3 * libm::cos(angle), w[1] + 1e-3 * libm::sin(angle)]
            });
            let lowest = aside.min_by(|a, b| self.loss(*a).total_cmp(&self.loss(*b))).expect("there are 16 directions");
            if self.loss(lowest) >= self.loss(w) {
                break;
            }
            w = lowest;
        }
        let end = match self.polish(w) {
            // Polishing gives the minimum with w1 > 0; the path may be on the other side.
            Some(end) if distance(end, w) < APART => end,
            Some(end) if distance([-end[0], -end[1]], w) < APART => [-end[0], -end[1]],
            _ => w,
        };
        path.push(end);
        path
    }

    /// Goes down until the gradient vanishes or hides behind rounding, and returns where that is.
    fn descend_along_the_gradient(&self, start: [f64; 2], path: &mut Vec<[f64; 2]>) -> [f64; 2] {
        const LONGEST: f64 = 0.02;
        const STEPS: usize = 20_000;
        let scale = self.density * (1.0 + self.importance);
        let mut w = start;
        let (mut loss, mut gradient) = self.loss_and_gradient(w);
        // Roughly the reciprocal of the curvature; it adapts.
        let mut rate = 1.0 / scale;
        for _ in 0..STEPS {
            let length = square(gradient).sqrt();
            if length < 1e-9 * scale {
                break;
            }
            let mut taken = (rate * 1.5).min(LONGEST / length);
            let (next, found) = loop {
                let next = [w[0] - taken * gradient[0], w[1] - taken * gradient[1]];
                let found = self.loss_and_gradient(next);
                if found.0 <= loss - 0.3 * taken * length * length || taken * length < 1e-12 {
                    break (next, found);
                }
                taken *= 0.5;
            };
            if taken * length < 1e-12 {
                break;
            }
            (w, loss, gradient, rate) = (next, found.0, found.1, taken);
            if path.last().is_none_or(|last| distance(*last, w) >= APART) {
                path.push(w);
            }
        }
        w
    }
}

/// The loss at a point with all its derivatives.
struct Slopes {
    loss: f64,
    d_weights: [f64; 2],
    d_bias: [f64; 2],
}

/// What the two weights of a minimum do with the features.
///
/// Where the smaller one is less than [`SHARING`] of the larger, that one has the dimension; else they share it, in the
/// same direction or in opposite ones. Unlike [`super::classify`], which has to choose among the natural solutions of
/// the paper, this has a word for weights of the same sign.
#[must_use]
pub fn surface_kind(weights: [f64; 2]) -> SurfaceKind {
    let [first, extra] = weights.map(f64::abs);
    if first.min(extra) <= SHARING * first.max(extra) {
        if extra > first { SurfaceKind::Dedicated } else { SurfaceKind::Ignored }
    } else if (weights[0] < 0.0) == (weights[1] < 0.0) {
        SurfaceKind::SameSign
    } else {
        SurfaceKind::Antipodal
    }
}

impl SurfaceKind {
    /// The natural solution of the phase diagram; none for weights of the same sign.
    #[must_use]
    pub fn natural(self) -> Option<Phase21> {
        match self {
            Self::Ignored => Some(Phase21::Ignored),
            Self::Dedicated => Some(Phase21::Dedicated),
            Self::Antipodal => Some(Phase21::Superposition),
            Self::SameSign => None,
        }
    }
}

/// `−H⁻¹ g`, with the eigenvalues of H made positive so that it goes down, and no longer than 0.1.
fn newton_step([a, b, c]: [f64; 3], g: [f64; 2]) -> [f64; 2] {
    let (mean, spread) = (f64::midpoint(a, c), libm::hypot(f64::midpoint(a, -c), b));
    let floor = 1e-9 * (mean.abs() + spread) + f64::MIN_POSITIVE;
    // The eigenvector of the larger eigenvalue, from the half angle.
    let angle = 0.5 * libm::atan2(2.0 * b, a - c);
    let (x, y) = (libm::cos(angle), libm::sin(angle));
    let along = (g[0] * x + g[1] * y) / (mean + spread).abs().max(floor);
    let across = (-g[0] * y + g[1] * x) / (mean - spread).abs().max(floor);
    let step = [-(along * x - across * y), -(along * y + across * x)];
    let shorten = (0.1 / square(step).sqrt()).min(1.0);
    step.map(|s| s * shorten)
}

fn square(v: [f64; 2]) -> f64 {
    v[0] * v[0] + v[1] * v[1]
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    square([a[0] - b[0], a[1] - b[1]]).sqrt()
}

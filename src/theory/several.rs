//! The loss where at least two features are active, for a ReLU output model with more features than a walk over vertices allows.
//!
//! # Source
//! Output i is `ReLU(z)` with `z = b_i + Σ_j G_ij x_j`, a sum of independent terms that never leaves some `[−T/4, T/4]`. There ReLU(z) and its
//! square are Fourier series of period 2T, and the mean of `e^{iκz}` is a product over features. The functions are continued so that
//! only odd k remain, with `κ = kπ/T`, and so that coefficients fall like k⁻² and k⁻³; on `[−T/4, T/4]`
//!
//! ```text
//! |z|  = T/2 − 4T/π² Σ cos κz / k²,                   z   = 4T/π² Σ σ_k sin κz / k²,      σ_k = 1, −1, 1, … for k = 1, 3, 5, …
//! z²   = T²/4 − 8T²/π³ Σ σ_k cos κz / k³,             z|z| = −8T²/π³ Σ (1 − 2 cos kπ/4) sin κz / k³.
//! ```
//!
//! The mean over samples with at least two active features falls like κ⁻² once more, so that few terms are enough; samples with
//! none or one have closed forms elsewhere.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// Terms of the first sum. The next ones double it, up to the most.
const TERMS: usize = 32;
const MOST_TERMS: usize = 1 << 13;
/// Angles below which quotients would cancel: the series that stand for them are as good as 1e-10 there.
const SMALL: f64 = 1e-3;

/// For one output: how much of the mean of `e^{iκz}` is where one feature is active, and where more are.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    one: Complex,
    more: Complex,
}

#[derive(Debug, Clone, Copy, Default)]
struct Complex {
    re: f64,
    im: f64,
}

impl Complex {
    /// `e^{iθ}`.
    fn turn(angle: f64) -> Self {
        Complex { re: libm::cos(angle), im: libm::sin(angle) }
    }

    fn times(self, other: Self) -> Self {
        Complex { re: self.re * other.re - self.im * other.im, im: self.re * other.im + self.im * other.re }
    }

    fn plus(self, other: Self) -> Self {
        Complex { re: self.re + other.re, im: self.im + other.im }
    }

    fn times_real(self, factor: f64) -> Self {
        Complex { re: self.re * factor, im: self.im * factor }
    }

    /// Of `e^{iθ}`: `∫ e^{iθx} dx` over x from 0 to 1.
    fn mean(self, angle: f64) -> Self {
        if angle.abs() < SMALL {
            return Complex { re: 1.0 - angle * angle / 6.0, im: angle / 2.0 };
        }
        Complex { re: self.im / angle, im: (1.0 - self.re) / angle }
    }

    /// Of `e^{iθ}` and its mean: `∫ x e^{iθx} dx` over x from 0 to 1, by parts `(e^{iθ} − mean) / iθ`.
    fn mean_with_x(self, mean: Self, angle: f64) -> Self {
        if angle.abs() < SMALL {
            return Complex { re: 0.5 - angle * angle / 8.0, im: angle / 3.0 };
        }
        Complex { re: (self.im - mean.im) / angle, im: (mean.re - self.re) / angle }
    }
}

/// Returns what samples with at least two active features add to the weighted squared error of a ReLU output model, summed over its
/// outputs, and a bound on its error.
///
/// # Shapes
/// `w: [m][n]` row-major; `b`, `density` and `importance`: n each.
///
/// # Precision
/// Terms are added until the sizes of the last half of them are together less than `allowed` of `known` and the result, or until there are
/// 8192, which is enough for 1e-4 (1.3e-5 was seen where an active feature writes nothing). Sizes fall like k⁻² at least, most often like k⁻⁴, so that all further terms are less than that half.
#[must_use]
pub fn error_of_several(
    w: &[f64],
    b: &[f64],
    density: &[f64],
    importance: &[f64],
    known: f64,
    allowed: f64,
) -> (f64, f64) {
    let n = b.len();
    let mut rows = vec![0.0; n * n];
    for hidden in w.chunks_exact(n) {
        for (row, &own) in rows.chunks_exact_mut(n).zip(hidden) {
            row.iter_mut().zip(hidden).for_each(|(g, &weight)| *g += own * weight);
        }
    }
    let (mut sum, mut first, mut last) = (0.0, 0, TERMS);
    loop {
        let mut error = 0.0;
        for (i, row) in rows.chunks_exact(n).enumerate() {
            let (added, size) = terms(i, row, b[i], density, first, last);
            sum += importance[i] * added;
            error += importance[i] * size;
        }
        // A loss that is not a number ends here too.
        let is_open = first == 0 || error > allowed * (known + sum);
        if !is_open || last >= MOST_TERMS {
            return (sum, error);
        }
        (first, last) = (last, 2 * last);
    }
}

/// T: four times what |z| can be.
fn half_period(row: &[f64], bias: f64) -> f64 {
    let high = row.iter().fold(bias, |sum, g| sum + g.max(0.0));
    let low = row.iter().fold(bias, |sum, g| sum + g.min(0.0));
    // Not 0, so that a column of zeros divides by something.
    4.0 * high.max(-low).max(1e-100)
}

/// What stands before the sums, `E x² − E x · T/2 + T²/8` over samples with at least two active features.
fn constant(i: usize, t: f64, density: &[f64]) -> f64 {
    let (mut none, mut one, mut more) = (1.0, 0.0, 0.0);
    for (_, &p) in density.iter().enumerate().filter(|(j, _)| *j != i) {
        more += p * one;
        one += p * (none - one);
        none -= p * none;
    }
    let p = density[i];
    p * (one + more) * (1.0 / 3.0 - t / 4.0) + (more + p * one) * t * t / 8.0
}

/// The terms from one place to another of the sums of output i, added, with what stands before the first one, and their sizes.
fn terms(i: usize, row: &[f64], bias: f64, density: &[f64], first: usize, last: usize) -> (f64, f64) {
    let t = half_period(row, bias);
    let kappa = |place: usize| (2 * place + 1) as f64 * PI / t;
    let mut means = vec![Mean::default(); last - first];
    let mut none = 1.0;
    for (j, (&g, &p)) in row.iter().zip(density).enumerate() {
        if j == i {
            continue;
        }
        let mut turn = Complex::turn(kappa(first) * g);
        let step = Complex::turn(2.0 * PI / t * g);
        for (at, mean) in means.iter_mut().enumerate() {
            let active = turn.mean(kappa(first + at) * g).times_real(p);
            let Mean { one, more } = *mean;
            mean.more = more.times_real(1.0 - p).plus(one.plus(more).times(active));
            mean.one = one.times_real(1.0 - p).plus(active.times_real(none));
            turn = turn.times(step);
        }
        none *= 1.0 - p;
    }

    let p = density[i];
    let (mut sum, mut size) = (if first == 0 { constant(i, t, density) } else { 0.0 }, 0.0);
    for (at, mean) in means.iter().enumerate() {
        let place = first + at;
        let k = (2 * place + 1) as f64;
        let sign = if place.is_multiple_of(2) { 1.0 } else { -1.0 };
        // cos kπ/4.
        let cosine = if matches!(place % 4, 0 | 3) { FRAC_1_SQRT_2 } else { -FRAC_1_SQRT_2 };
        let angle = kappa(place) * row[i];
        let turn = Complex::turn(angle);
        let value = turn.mean(angle);
        let of_bias = Complex::turn(kappa(place) * bias);
        let others = mean.one.plus(mean.more).times(of_bias).times_real(p);
        // E x e^{iκz}, and E e^{iκz}.
        let with_x = others.times(turn.mean_with_x(value, angle));
        let whole = mean.more.times(of_bias).times_real(1.0 - p).plus(others.times(value));
        let scale = 4.0 * t / (PI * PI * k * k);
        let term = sign * with_x.im - with_x.re + t / (PI * k) * (sign * whole.re + (1.0 - 2.0 * cosine) * whole.im);
        sum -= scale * term;
        size += (scale * term).abs();
    }
    (sum, size)
}

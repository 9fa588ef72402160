//! Quantiles that the statistical tests share.
#![allow(dead_code, reason = "each test file uses the part it needs")]

/// Upper quantile of the standard normal, by bisection.
pub fn normal_quantile(alpha: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if 0.5 * libm::erfc(middle / std::f64::consts::SQRT_2) > alpha { low = middle } else { high = middle }
    }
    high
}

/// Upper quantile of χ² with `freedom` degrees (Wilson and Hilferty, 1931; good to a few parts in a thousand from 10 on).
pub fn chi_square_quantile(freedom: f64, alpha: f64) -> f64 {
    let spread = 2.0 / (9.0 * freedom);
    freedom * (1.0 - spread + normal_quantile(alpha) * spread.sqrt()).powi(3)
}

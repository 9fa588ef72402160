//! What happens during training: features that jump between energy levels, and regimes of the loss.
//!
//! # Source
//! Elhage et al. (2022), "Superposition and learning dynamics": dimensionalities move between a few values in jumps, and a
//! drop of the loss goes with each ("energy level jumps"); models that end in an octahedron pass through distinct regimes
//! ("geometric transformations"). What counts as a jump, a drop and a regime is stated here, so that it can be counted.
//!
//! Recordings are taken evenly or not; only the steps that come with them count as time. No clock, no model.

use crate::order;
use serde::Serialize;

/// A jump moves a dimensionality by more than this.
pub const JUMP: f64 = 0.1;
/// A jump takes no more than this part of the run.
pub const WINDOW: f64 = 0.02;
/// A loss drop is a window in which the loss falls more than this many times the median.
pub const DROP: f64 = 3.0;

/// A feature that changes its dimensionality at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Jump {
    /// The feature.
    pub feature: usize,
    /// The recordings between which it happens.
    pub from: usize,
    /// See `from`.
    pub to: usize,
    /// The dimensionality before and after.
    pub change: [f64; 2],
}

/// Finds all jumps: places where a `D_i` moves by more than [`JUMP`] within [`WINDOW`] of the run.
///
/// Windows of one feature that overlap are one jump, given by the widest change among them.
///
/// # Shapes
/// `steps`: t, rising; `dimensionality: [t][n]`, row-major.
///
/// # Panics
/// When the lengths do not fit.
#[must_use]
pub fn jumps(steps: &[f64], dimensionality: &[f64], n_features: usize) -> Vec<Jump> {
    let n_times = steps.len();
    assert_eq!(dimensionality.len(), n_times * n_features, "one dimensionality a recording and feature");
    let mut jumps: Vec<Jump> = Vec::new();
    let windows = windows(steps);
    for feature in 0..n_features {
        let at = |t: usize| dimensionality[t * n_features + feature];
        // The jump that is being put together, and where its last window ends.
        let mut open: Option<(Jump, usize)> = None;
        for &(from, to) in &windows {
            if (at(to) - at(from)).abs() <= JUMP {
                continue;
            }
            let found = Jump { feature, from, to, change: [at(from), at(to)] };
            open = Some(match open {
                Some((known, end)) if from < end => (if height(&found) > height(&known) { found } else { known }, to),
                other => {
                    jumps.extend(other.map(|(jump, _)| jump));
                    (found, to)
                }
            });
        }
        jumps.extend(open.map(|(jump, _)| jump));
    }
    jumps
}

fn height(jump: &Jump) -> f64 {
    (jump.change[1] - jump.change[0]).abs()
}

/// For each recording the last one that is within [`WINDOW`] of the run after it, but the next one at least.
fn windows(steps: &[f64]) -> Vec<(usize, usize)> {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return Vec::new() };
    let width = WINDOW * (last - first);
    (0..steps.len().saturating_sub(1))
        .map(|from| {
            // A hair's breadth of slack, so that rounding does not decide on evenly spaced recordings.
            let end = steps.partition_point(|step| step - steps[from] <= width * (1.0 + 1e-9));
            (from, (end - 1).max(from + 1))
        })
        .collect()
}

/// How jumps and loss drops go together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct JumpsAndDrops {
    /// The number of jumps.
    pub n_jumps: usize,
    /// How many of them have a loss drop in the same window.
    pub n_with_drop: usize,
    /// The median fall of the loss per step over all windows.
    pub median_rate: f64,
    /// The part of shuffled runs in which at least as many jumps have a drop.
    pub p_value: f64,
}

/// Tells how many jumps have a loss drop in the same window, and how probable that is by chance.
///
/// A drop: the loss falls faster over the jump's window than [`DROP`] times the median rate of all windows of [`WINDOW`] of
/// the run. By chance: each jump is put at a time of its own drawn evenly among all windows, `n_shuffles` times; the p value
/// is `(1 + runs with at least as many drops) / (1 + n_shuffles)` (Phipson and Smyth, 2010).
///
/// # Shapes
/// `steps` and `loss`: t each.
///
/// # Panics
/// When the lengths do not fit, or there are fewer than two recordings.
#[must_use]
pub fn jumps_and_drops(steps: &[f64], loss: &[f64], jumps: &[Jump], n_shuffles: usize, seed: u64) -> JumpsAndDrops {
    assert_eq!(steps.len(), loss.len(), "one loss a recording");
    assert!(steps.len() >= 2, "at least two recordings");
    let rate = |from: usize, to: usize| (loss[from] - loss[to]) / (steps[to] - steps[from]);
    let rates: Vec<f64> = windows(steps).iter().map(|&(from, to)| rate(from, to)).collect();
    let median_rate = median(&rates);
    // A loss that mostly rises has no drops "against the median" but falls.
    let threshold = DROP * median_rate.max(0.0);
    let n_with_drop = jumps.iter().filter(|jump| rate(jump.from, jump.to) > threshold).count();
    let is_drop: Vec<bool> = rates.iter().map(|&rate| rate > threshold).collect();
    let mut state = seed;
    let n_as_many = (0..n_shuffles)
        .filter(|_| {
            let n_drops = jumps.iter().filter(|_| is_drop[below(is_drop.len(), &mut state)]).count();
            n_drops >= n_with_drop
        })
        .count();
    JumpsAndDrops {
        n_jumps: jumps.len(),
        n_with_drop,
        median_rate,
        p_value: (1 + n_as_many) as f64 / (1 + n_shuffles) as f64,
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    order::sort(&mut sorted);
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[middle - 1], sorted[middle]) } else { sorted[middle] }
}

/// Evenly among `0…count−1`, from SplitMix64 (Steele, Lea and Flood, 2014); the bias is below `count / 2⁶⁴`.
fn below(count: usize, state: &mut u64) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    ((u128::from(z) * count as u128) >> 64) as usize
}

/// Straight pieces that a curve is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regimes {
    /// The recordings at which one regime ends and the next begins.
    pub breaks: Vec<usize>,
    /// The slope of each regime, per unit of time.
    pub slopes: Vec<f64>,
    /// The sum of squared residuals.
    pub residual: f64,
}

impl Regimes {
    /// The number of regimes.
    #[must_use]
    pub fn count(&self) -> usize {
        self.slopes.len()
    }
}

/// The most regimes that are tried.
pub const MAX_REGIMES: usize = 8;
/// The fewest recordings of a regime.
pub const SHORTEST_REGIME: usize = 4;

/// Divides a curve, such as the log of a loss against the step or its log, into straight regimes.
///
/// For each number of pieces up to [`MAX_REGIMES`] the division with the smallest sum of squares is found by dynamic
/// programming (pieces need not meet). The number is the one with the lowest criterion of Liu, Wu and Zidek (1997),
/// `t ln(residual/t + noise²) + 0.299 (ln t)^2.1 (3k − 1)` for k pieces: a slope and an offset a piece, and the breaks between.
/// (Its factor is about twice that of the Bayesian criterion, which gives too little weight to the choice of the breaks, and
/// finds some in noise.) `noise` is the standard deviation below which no structure is believed; without such a floor
/// an exact curve would be divided without end.
///
/// # Panics
/// When the lengths differ, or there are fewer than [`SHORTEST_REGIME`] points.
#[must_use]
pub fn regimes(time: &[f64], value: &[f64], noise: f64) -> Regimes {
    let n = time.len();
    assert_eq!(n, value.len(), "one value a time");
    assert!(n >= SHORTEST_REGIME, "at least {SHORTEST_REGIME} points");
    let sums = Sums::of(time, value);
    // cost[k][end]: the smallest residual of the first `end` points in k + 1 pieces, and where the last one begins.
    let mut cost: Vec<Vec<(f64, usize)>> =
        vec![(0..=n).map(|end| (if end < SHORTEST_REGIME { f64::INFINITY } else { sums.fit(0, end).1 }, 0)).collect()];
    for k in 1..MAX_REGIMES.min(n / SHORTEST_REGIME) {
        let mut row = vec![(f64::INFINITY, 0); n + 1];
        for (end, best) in row.iter_mut().enumerate().skip((k + 1) * SHORTEST_REGIME) {
            let starts = k * SHORTEST_REGIME..=end - SHORTEST_REGIME;
            for (start, (before, _)) in starts.clone().zip(&cost[k - 1][starts]) {
                let total = before + sums.fit(start, end).1;
                if total < best.0 {
                    *best = (total, start);
                }
            }
        }
        cost.push(row);
    }
    let criterion = |k: usize| {
        let variance = cost[k][n].0 / n as f64 + noise * noise + f64::MIN_POSITIVE;
        n as f64 * libm::log(variance) + 0.299 * libm::pow(libm::log(n as f64), 2.1) * (3 * k + 2) as f64
    };
    let chosen = (0..cost.len()).min_by(|&a, &b| criterion(a).total_cmp(&criterion(b))).expect("there is one piece");
    let (mut breaks, mut end) = (Vec::new(), n);
    for k in (1..=chosen).rev() {
        end = cost[k][end].1;
        breaks.push(end);
    }
    breaks.reverse();
    let ends = || breaks.iter().copied();
    let slopes = std::iter::once(0).chain(ends()).zip(ends().chain([n])).map(|(a, b)| sums.fit(a, b).0).collect();
    Regimes { slopes, residual: cost[chosen][n].0, breaks }
}

/// Prefix sums from which any piece is fitted in constant time.
struct Sums {
    /// Of 1, t, v, t², tv, v², around the means of all points.
    sums: Vec<[f64; 6]>,
}

impl Sums {
    fn of(time: &[f64], value: &[f64]) -> Self {
        let n = time.len() as f64;
        let (mean_t, mean_v) = (time.iter().sum::<f64>() / n, value.iter().sum::<f64>() / n);
        let mut total = [0.0; 6];
        let mut sums = vec![total];
        for (t, v) in time.iter().zip(value) {
            let (t, v) = (t - mean_t, v - mean_v);
            for (sum, term) in total.iter_mut().zip([1.0, t, v, t * t, t * v, v * v]) {
                *sum += term;
            }
            sums.push(total);
        }
        Self { sums }
    }

    /// The slope of the least-squares line through points `start..end`, and its residual.
    fn fit(&self, start: usize, end: usize) -> (f64, f64) {
        let [n, t, v, tt, tv, vv] = std::array::from_fn(|k| self.sums[end][k] - self.sums[start][k]);
        let (spread, cross, height) = (tt - t * t / n, tv - t * v / n, vv - v * v / n);
        let slope = if spread > 0.0 { cross / spread } else { 0.0 };
        (slope, (height - slope * cross).max(0.0))
    }
}

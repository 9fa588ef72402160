//! The oracle: expectations by iterated adaptive quadrature, one feature after the other.
//!
//! `E[Π x_j^{a_j} f(b + Σ g_j x_j)]` is built from the inside out,
//! `f_t(v) = (1−p) f_{t+1}(v) [a = 0] + p ∫_0^1 x^a f_{t+1}(v + g x) dx`. Each integral is done by adaptive Gauss–Kronrod, split at the points where `f_{t+1}` is not
//! smooth (minus the sums of subsets of the remaining g), and each `f_t` is tabulated in Chebyshev points on the
//! pieces between such points, halved until the interpolant is right. No closed form of any integral is used, and
//! nothing of `src/theory`.

use crate::models::{Exact, Model};

/// Chebyshev points a piece; the functions are of degree ≤ 8 between kinks.
const POINTS: usize = 11;
/// Absolute tolerance of each integral and each table.
const TOLERANCE: f64 = 1e-11;

/// Kronrod nodes on [0, 1) of the symmetric 15-point rule, its weights, and those of the embedded 7-point Gauss rule.
const KRONROD: [(f64, f64, f64); 8] = [
    (0.991_455_371_120_812_6, 0.022_935_322_010_529_224, 0.0),
    (0.949_107_912_342_758_5, 0.063_092_092_629_978_56, 0.129_484_966_168_869_7),
    (0.864_864_423_359_769_1, 0.104_790_010_322_250_19, 0.0),
    (0.741_531_185_599_394_4, 0.140_653_259_715_525_9, 0.279_705_391_489_276_64),
    (0.586_087_235_467_691_1, 0.169_004_726_639_267_9, 0.0),
    (0.405_845_151_377_397_2, 0.190_350_578_064_785_4, 0.381_830_050_505_118_9),
    (0.207_784_955_007_898_47, 0.204_432_940_075_298_89, 0.0),
    (0.0, 0.209_482_141_084_727_82, 0.417_959_183_673_469_4),
];

/// `∫_lo^hi f`, halved until the two rules agree.
pub fn integrate(f: &dyn Fn(f64) -> f64, lo: f64, hi: f64, depth: u32) -> f64 {
    let (middle, half) = ((lo + hi) / 2.0, (hi - lo) / 2.0);
    let (mut kronrod, mut gauss) = (0.0, 0.0);
    for &(node, weight, gauss_weight) in &KRONROD {
        let sum = if node == 0.0 { f(middle) } else { f(middle - half * node) + f(middle + half * node) };
        kronrod += weight * sum;
        gauss += gauss_weight * sum;
    }
    if ((kronrod - gauss) * half).abs() < TOLERANCE || depth == 0 {
        return kronrod * half;
    }
    integrate(f, lo, middle, depth - 1) + integrate(f, middle, hi, depth - 1)
}

/// A feature in the sum: coefficient, density, and the power of x it contributes.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    pub g: f64,
    pub density: f64,
    pub power: i32,
}

/// A function tabulated on pieces of its domain.
struct Table {
    /// Piece after piece: lower end, upper end, values.
    pieces: Vec<(f64, f64, [f64; POINTS])>,
}

fn chebyshev_point(lo: f64, hi: f64, k: usize) -> f64 {
    let angle = std::f64::consts::PI * (k as f64 + 0.5) / POINTS as f64;
    (lo + hi) / 2.0 - (hi - lo) / 2.0 * angle.cos()
}

/// Barycentric interpolation in Chebyshev points of the first kind.
fn interpolate(&(lo, hi, ref values): &(f64, f64, [f64; POINTS]), v: f64) -> f64 {
    let (mut above, mut below) = (0.0, 0.0);
    for (k, value) in values.iter().enumerate() {
        let angle = std::f64::consts::PI * (k as f64 + 0.5) / POINTS as f64;
        // The angle's sine and cosine are the same for every piece, but the oracle stays plain.
        let distance = v - chebyshev_point(lo, hi, k);
        if distance == 0.0 {
            return *value;
        }
        let weight = if k % 2 == 0 { angle.sin() } else { -angle.sin() } / distance;
        above += weight * value;
        below += weight;
    }
    above / below
}

/// The innermost function `f` (smooth but at 0) or a table of an outer one.
enum Level<'a> {
    Inner(&'a dyn Fn(f64) -> f64),
    Tabulated(Table),
}

impl Level<'_> {
    /// `∫_0^1 x^power f(v + g x) dx`.
    fn integral(&self, v: f64, g: f64, power: i32) -> f64 {
        if g == 0.0 {
            return self.at(v) / f64::from(power + 1);
        }
        let cuts: Vec<f64> = match self {
            Level::Inner(_) => vec![0.0],
            Level::Tabulated(table) => table.pieces.iter().map(|piece| piece.0).collect(),
        };
        let mut splits: Vec<f64> = cuts.iter().map(|cut| (cut - v) / g).filter(|x| *x > 0.0 && *x < 1.0).collect();
        splits.extend([0.0, 1.0]);
        splits.sort_by(f64::total_cmp);
        let mut sum = 0.0;
        for pair in splits.windows(2) {
            // The piece is chosen by the middle: at the ends two pieces meet.
            let middle = v + g * (pair[0] + pair[1]) / 2.0;
            sum += match self {
                Level::Inner(f) => integrate(&|x| x.powi(power) * f(v + g * x), pair[0], pair[1], 20),
                Level::Tabulated(table) => {
                    let piece = table.piece(middle);
                    integrate(&|x| x.powi(power) * interpolate(piece, v + g * x), pair[0], pair[1], 20)
                }
            };
        }
        sum
    }

    fn at(&self, v: f64) -> f64 {
        match self {
            Level::Inner(f) => f(v),
            Level::Tabulated(table) => interpolate(table.piece(v), v),
        }
    }
}

impl Table {
    fn piece(&self, v: f64) -> &(f64, f64, [f64; POINTS]) {
        let after = self.pieces.partition_point(|piece| piece.0 <= v);
        &self.pieces[after.saturating_sub(1)]
    }

    /// Tabulates `f` on [lo, hi], which is halved where the interpolant is wrong.
    fn add(&mut self, f: &dyn Fn(f64) -> f64, lo: f64, hi: f64, depth: u32) {
        let piece = (lo, hi, std::array::from_fn(|k| f(chebyshev_point(lo, hi, k))));
        let wrong = |share: f64| {
            let v = lo + share * (hi - lo);
            (interpolate(&piece, v) - f(v)).abs() > TOLERANCE
        };
        if depth > 0 && (wrong(0.03) || wrong(0.31)) {
            let middle = (lo + hi) / 2.0;
            self.add(f, lo, middle, depth - 1);
            self.add(f, middle, hi, depth - 1);
        } else {
            self.pieces.push(piece);
        }
    }
}

/// `E[Π x_j^{a_j} f(b + Σ_j g_j x_j)]` for an f that is smooth but at 0.
pub fn expectation(f: &dyn Fn(f64) -> f64, b: f64, variables: &[Variable]) -> f64 {
    let mut inner = Level::Inner(f);
    let mut kinks = vec![0.0];
    for t in (0..variables.len()).rev() {
        let Variable { g, density, power } = variables[t];
        let outer = |v: f64| {
            let at_rest = if power == 0 { (1.0 - density) * inner.at(v) } else { 0.0 };
            at_rest + density * inner.integral(v, g, power)
        };
        let reach = |sign: f64| variables[..t].iter().map(|variable| (sign * variable.g).max(0.0)).sum::<f64>();
        let (lo, hi) = (b - reach(-1.0), b + reach(1.0));
        let width = 1e-14 * lo.abs().max(hi.abs());
        if hi - lo <= width {
            // Nothing outside this feature moves v: the rest multiplies.
            let rest: f64 = variables[..t]
                .iter()
                .map(
                    |variable| if variable.power == 0 { 1.0 } else { variable.density / f64::from(variable.power + 1) },
                )
                .product();
            return rest * outer(b);
        }
        kinks = kinks.iter().flat_map(|kink| [*kink, kink - g]).collect();
        let mut cuts: Vec<f64> = kinks.iter().copied().filter(|cut| *cut > lo && *cut < hi).collect();
        cuts.extend([lo, hi]);
        cuts.sort_by(f64::total_cmp);
        cuts.dedup_by(|next, kept| *next - *kept <= width);
        let mut table = Table { pieces: Vec::new() };
        for pair in cuts.windows(2) {
            table.add(&outer, pair[0], pair[1], 6);
        }
        inner = Level::Tabulated(table);
    }
    unreachable!("the outermost feature has nothing outside it")
}

/// Loss and gradient of a ReLU model, every term an expectation of its own.
pub fn exact_by_quadrature(model: &Model) -> Exact {
    let (n, gram) = (model.n, model.gram());
    let relu = |z: f64| z.max(0.0);
    let square = |z: f64| z.max(0.0) * z.max(0.0);
    let step = |z: f64| if z > 0.0 { 1.0 } else { 0.0 };
    let mut exact = Exact { loss: 0.0, dw: vec![0.0; model.w.len()], db: vec![0.0; n] };
    for i in 0..n {
        let weight = model.importance[i] / n as f64;
        let expect = |f: &dyn Fn(f64) -> f64, factors: &[usize]| {
            let variables: Vec<Variable> = (0..n)
                .map(|j| Variable {
                    g: gram[i * n + j],
                    density: model.density[j],
                    power: factors.iter().filter(|factor| **factor == j).count() as i32,
                })
                .collect();
            expectation(f, model.b[i], &variables)
        };
        exact.loss += weight * (model.density[i] / 3.0 - 2.0 * expect(&relu, &[i]) + expect(&square, &[]));
        exact.db[i] = weight * 2.0 * (expect(&relu, &[]) - expect(&step, &[i]));
        for j in 0..n {
            let d_g = weight * 2.0 * (expect(&relu, &[j]) - expect(&step, &[i, j]));
            for k in 0..model.m {
                exact.dw[k * n + j] += d_g * model.w[k * n + i];
                exact.dw[k * n + i] += d_g * model.w[k * n + j];
            }
        }
    }
    exact
}

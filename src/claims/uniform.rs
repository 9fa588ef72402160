//! `dimensions`, `dimensionality`: how many dimensions a feature gets where all are alike.

use serde_json::{Value, json};

use super::reference::{list, number, training};
use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::gallery::uniform::near;
use crate::report::InstanceReport;
use crate::sweep::Lab;
use crate::sweep::lab::train_sweep;

/// How far `D*` may be from 1 at density 1, and from 1/2 on the plateau.
const STICKY: f64 = 0.02;
/// How far, in relative terms, `D*` may be from the reference elsewhere.
const AS_REFERENCE: f64 = 0.04;
/// How far, in relative terms, the sum of the `D_i` may be from the number of dimensions.
const EFFICIENT: f64 = 0.01;

/// At the reference's ten densities, the mean of five seeds (quick: `1/p` = 1, 3, 10 and 20, one seed, a third of the steps at five times
/// the rate, falling to 0): `D*` = 1 ± 0.02 at `1/p` = 1, 0.5 ± 0.02 at 3, elsewhere within 4% of the reference's single seeds; the sum of
/// the `D_i` of every model is the number of dimensions within 1%.
///
/// Seeds of one density differ by 1.4% (standard deviation at `1/p` = 2, elsewhere below 1%), and the means lie within 3% of the reference,
/// so that a mean of five misses in 2 of 10³ tries.
pub(super) fn check_dimensions(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let reference = list(&training()["dimensions"]);
    let inverse: Vec<f64> =
        effort.of(reference.iter().map(|row| number(&row["inverse_density"])).collect(), vec![1.0, 3.0, 10.0, 20.0]);
    let densities: Vec<f64> = inverse.iter().map(|inverse| 1.0 / inverse).collect();
    let seeds: Vec<u64> = (0..effort.of(5, 1)).map(|idx| effort.seed + idx).collect();
    let sweep = json!([{ "field": "density", "values": densities }, { "field": "seed", "values": seeds }]);
    let changes = if effort.quick {
        json!({ "sweep": sweep, "steps": 2000, "learning_rate": 0.005, "schedule": "cosine" })
    } else {
        json!({ "sweep": sweep })
    };
    let spec = spec_of("dimensions", changes)?;
    let reports = train_sweep(lab, "dimensions", &spec)?;
    let (mut as_expected, mut farthest, mut least_efficient) = (true, 0.0_f64, 0.0_f64);
    let (mut shown, mut values) = (Vec::new(), Vec::<Value>::new());
    for (&inverse, reports) in inverse.iter().zip(reports.chunks(seeds.len())) {
        let d_star: Vec<f64> = reports.iter().filter_map(|report| report.measures.dimensions_per_feature).collect();
        let mean = d_star.iter().sum::<f64>() / d_star.len() as f64;
        let row = reference.iter().find(|row| number(&row["inverse_density"]) == inverse);
        let expected = number(&row.expect("a density of the reference")["dimensions_per_feature"]);
        let (target, tolerance) = match inverse {
            1.0 => (1.0, STICKY),
            3.0 => (0.5, STICKY),
            _ => {
                farthest = farthest.max((mean / expected - 1.0).abs());
                (expected, AS_REFERENCE * expected)
            }
        };
        as_expected &= (mean - target).abs() <= tolerance && d_star.len() == seeds.len();
        for report in reports {
            let sum: f64 = report.measures.dimensionality.iter().flatten().sum();
            least_efficient = least_efficient.max((sum / spec.hidden as f64 - 1.0).abs());
        }
        if inverse == 1.0 || inverse == 3.0 {
            shown.push(format!("D* {mean:.4} at 1/p = {inverse}"));
        }
        values.push(json!({ "inverse_density": inverse, "d_star": d_star, "reference": expected }));
    }
    shown.push(format!("elsewhere at most {:.1}% from the reference", 100.0 * farthest));
    shown.push(format!("ΣD_i at most {:.2}% from m", 100.0 * least_efficient));
    Ok(vec![Claim {
        id: "dimensions",
        about: "sticky at 1 and 1/2",
        paper: "the number of dimensions per feature sticks at 1 and, over a wide range of sparsity, at 1/2",
        rule: "D* = 1 ± .02 at 1/p = 1 and .5 ± .02 at 3, within 4% of the reference elsewhere (mean of 5 seeds); ΣD_i = m within 1%",
        measured: shown.join("; "),
        verdict: Verdict::holds(as_expected && least_efficient <= EFFICIENT),
        values: Value::Array(values),
    }])
}

/// A line has at least this many features.
const LEAST_ON_LINE: usize = 10;
/// Where a line must be clearly less crowded: this far beside it.
const BESIDE: f64 = 0.0125;

/// How many features lie on a fraction, and how many just below and above it.
#[derive(Clone, Copy)]
struct Crowd {
    on: usize,
    below: usize,
    above: usize,
}

impl Crowd {
    fn of(reports: &[&InstanceReport], fraction: f64) -> Self {
        let count = |at: f64| {
            let all = reports.iter().flat_map(|report| report.measures.dimensionality.iter().flatten());
            all.filter(|&&d| near(d, at)).count()
        };
        Self { on: count(fraction), below: count(fraction - BESIDE), above: count(fraction + BESIDE) }
    }

    fn is_line(self) -> bool {
        self.on >= LEAST_ON_LINE && self.on >= 2 * self.below.max(self.above)
    }

    fn text(self) -> String {
        format!("{} ({} below, {} above)", self.on, self.below, self.above)
    }
}

/// Where a line is looked for.
struct Sought {
    fraction: f64,
    /// `1/p`, of each of which five seeds are pooled.
    inverse: &'static [f64],
    about: &'static str,
    paper: &'static str,
    rule: &'static str,
    /// Whether the reference has such a line.
    expected: bool,
}

/// The densities where factors of eight and five points are left over between digons: below 4.1 nearly all is digons and pentagons, above 4.22
/// the pentagons press on each other and blur.
const AT_ANTIPRISMS: &[f64] = &[4.1, 4.12, 4.14, 4.15, 4.16, 4.18, 4.2, 4.22];

const SOUGHT: [Sought; 5] = [
    Sought {
        fraction: 1.0 / 2.0,
        inverse: &[2.0, 2.5, 3.0],
        about: "1/2, digons",
        paper: "features crowd at 1/2 of a dimension, antipodal pairs",
        rule: "a line at each of 1/p = 2, 2.5, 3: ten or more D_i of 5 pooled seeds within .005, twice as many as .0125 beside",
        expected: true,
    },
    Sought {
        fraction: 2.0 / 5.0,
        inverse: AT_ANTIPRISMS,
        about: "2/5, pentagons",
        paper: "features crowd at 2/5 of a dimension, pentagons",
        rule: "a line (as for 1/2) at one or more of eight 1/p from 4.1 to 4.22",
        expected: true,
    },
    Sought {
        fraction: 3.0 / 8.0,
        inverse: AT_ANTIPRISMS,
        about: "3/8, square antiprisms",
        paper: "features crowd at 3/8 of a dimension, square antiprisms",
        rule: "a line (as for 1/2) at one or more of eight 1/p from 4.1 to 4.22",
        expected: true,
    },
    Sought {
        fraction: 2.0 / 3.0,
        inverse: &[1.6, 1.75],
        about: "2/3, triangles",
        paper: "features crowd at 2/3 of a dimension, triangles",
        rule: "ours: no line (as for 1/2) at 1/p = 1.6, 1.75, at most 40 of some 110 and 160 represented features within .005",
        expected: false,
    },
    Sought {
        fraction: 3.0 / 4.0,
        inverse: &[1.6, 1.75],
        about: "3/4, tetrahedra",
        paper: "features crowd at 3/4 of a dimension, tetrahedra",
        rule: "ours: no line (as for 1/2) at 1/p = 1.6, 1.75, at most 40 of some 110 and 160 represented features within .005",
        expected: false,
    },
];

/// The most features on a fraction that is no line.
const MOST_OFF_LINE: usize = 40;

/// A line: at least ten features of five seeds pooled within 0.005 of the fraction, and at least twice as many as at each point 0.0125 away.
///
/// - 1/2 at each of `1/p` = 2, 2.5 and 3 (quick: 2.5 and 3, one seed, fewer steps, and nothing else);
/// - 2/5 and 3/8 at one at least of eight `1/p` between 4.1 and 4.22. At a single `1/p` of these the line at 3/8 showed in 8 of
///   16 tries (five models have about two antiprisms, of eight points each), so that all eight densities miss it in 4 of 10³;
/// - 2/3 and 3/4 differ: triangles and tetrahedra are there, but few (in five seeds six triangles and a tetrahedron). Tried: learning
///   rates .001 to .005, 2000 to 10000 steps, constant and falling, starts of .2 to 1, `1/p` = 1.25 to 2. A line all the same is reported as one.
pub(super) fn check_dimensionality(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let sought = if effort.quick { &SOUGHT[..1] } else { &SOUGHT[..] };
    let mut inverse: Vec<f64> = sought.iter().flat_map(|sought| sought.inverse).copied().collect();
    if effort.quick {
        inverse.retain(|&x| x > 2.0);
    }
    inverse.sort_unstable_by(f64::total_cmp);
    inverse.dedup();
    let densities: Vec<f64> = inverse.iter().map(|inverse| 1.0 / inverse).collect();
    let n_seeds = effort.of(5, 1);
    let restarts = json!({ "count": n_seeds, "keep": "all" });
    let sweep = json!([{ "field": "density", "values": densities }]);
    let changes = if effort.quick {
        json!({ "seed": effort.seed, "restarts": restarts, "sweep": sweep, "steps": 2000, "learning_rate": 0.005 })
    } else {
        json!({ "seed": effort.seed, "restarts": restarts, "sweep": sweep })
    };
    let spec = spec_of("dimensionality", changes)?;
    let reports = train_sweep(lab, "dimensionality", &spec)?;
    let pooled = |x: f64| -> Option<Vec<&InstanceReport>> {
        let at = inverse.iter().position(|&own| own == x)?;
        Some(reports.chunks(n_seeds).nth(at)?.iter().collect())
    };
    Ok(sought.iter().map(|sought| line_claim(sought, &pooled)).collect())
}

fn line_claim<'a>(sought: &Sought, pooled: &dyn Fn(f64) -> Option<Vec<&'a InstanceReport>>) -> Claim {
    let crowds: Vec<(f64, Crowd)> =
        sought.inverse.iter().filter_map(|&x| Some((x, Crowd::of(&pooled(x)?, sought.fraction)))).collect();
    let n_lines = crowds.iter().filter(|(_, crowd)| crowd.is_line()).count();
    // The clearest line, or where there is none the largest crowd.
    let best = crowds.iter().max_by_key(|(_, crowd)| (crowd.is_line(), crowd.on)).expect("a density was trained");
    let few = crowds.iter().all(|(_, crowd)| crowd.on <= MOST_OFF_LINE);
    let verdict = match sought.expected {
        true if sought.inverse.len() <= 3 => Verdict::holds(n_lines == crowds.len()),
        true => Verdict::holds(n_lines > 0),
        false if n_lines > 0 => Verdict::Holds,
        false => Verdict::differs(few),
    };
    Claim {
        id: "dimensionality",
        about: sought.about,
        paper: sought.paper,
        rule: sought.rule,
        measured: format!(
            "a line at {n_lines} of {} densities; {} features at 1/p = {}",
            crowds.len(),
            best.1.text(),
            best.0
        ),
        verdict,
        values: crowds
            .iter()
            .map(|(x, crowd)| json!({ "inverse_density": x, "on": crowd.on, "below": crowd.below, "above": crowd.above }))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_crowded_and_alone() {
        let line = |on, below, above| Crowd { on, below, above }.is_line();
        assert!(line(10, 5, 5) && line(24, 0, 2));
        assert!(!line(9, 0, 0) && !line(23, 2, 26) && !line(16, 9, 0));
    }
}

//! `privileged`: a ReLU on the hidden layer, and how many neurons stand for one feature.

use serde_json::json;

use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::measures::NeuronKind;
use crate::report::InstanceReport;
use crate::sweep::Lab;
use crate::sweep::lab::train_sweep;

/// Density, monosemantic neurons, represented features: the best of 96 of an independent implementation (tests/reference/README.md),
/// in the paper's regimes "all monosemantic", "three features in two neurons", "eight features in five neurons" and "pairs".
const EXPECTED: [(f64, usize, usize); 4] = [(0.7, 5, 5), (0.3, 3, 6), (0.1, 0, 8), (0.03, 0, 10)];
/// The regime of the code of three features in two neurons.
const CODE_DENSITY: f64 = 0.3;
/// A neuron takes part in a feature's code from this absolute weight on.
const IN_CODE: f64 = 0.5;
/// Restarts of the quick check, which leaves out the two densities whose best solution few restarts find.
const QUICK_RESTARTS: usize = 64;

/// Two claims on ten features in five neurons, the best of the preset's restarts at each density (at least 96):
/// 1. the best model has 5, 3, 0 and 0 monosemantic neurons and represents 5, 6, 8 and 10 features at density .7, .3, .1 and .03
///    (quick: the first two, of 64 restarts). A best model that has more monosemantic neurons only by neurons with nine tenths of their
///    squared weights in one negative weight differs as documented: that feature silences them and is not carried by them. At density .03 the
///    lowest loss that we know (2.78e-4, by one run in some 300; the next is 0.65% higher and has none) has two such;
/// 2. at density .3 exactly two neurons are polysemantic, exactly three features have weights of at least 0.5 in absolute value on
///    both, and their signs are (+, +), (+, −) and (−, +), each once.
///
/// Of pools of restarts at other seeds the best was right; of resampled ones a best of 64 at .7 and .3 and of 192 at .03 missed in less
/// than one in 10⁵, of 192 at .1, where fewest restarts find the best code, in about one in 2000.
pub(super) fn check(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let mut changes = json!({ "seed": effort.seed });
    if effort.quick {
        changes["restarts"] = json!({ "count": QUICK_RESTARTS });
    }
    let expected = &EXPECTED[..effort.of(EXPECTED.len(), 2)];
    let densities: Vec<f64> = expected.iter().map(|row| row.0).collect();
    changes["sweep"] = json!([{ "field": "density", "values": densities }]);
    let reports = train_sweep(lab, "models", &spec_of("privileged", changes)?)?;
    let counted: Vec<Counts> = reports.iter().map(counts).collect();
    let told =
        |pick: fn(&Counts) -> usize| counted.iter().map(|found| pick(found).to_string()).collect::<Vec<_>>().join(", ");
    let at = densities.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
    let rows: Vec<_> = densities
        .iter()
        .zip(&counted)
        .zip(&reports)
        .map(|((density, found), report)| {
            json!({
                "density": density,
                "monosemantic": found.monosemantic,
                "of_them_silenced": found.silenced,
                "neurons": report.neurons,
                "represented": found.represented,
                "loss": report.loss,
            })
        })
        .collect();
    let code = densities.iter().position(|&density| density == CODE_DENSITY).map(|place| find_code(&reports[place]));
    let code = code.flatten();
    Ok(vec![
        Claim {
            id: "privileged",
            about: "monosemantic neurons",
            paper: "with dense features every neuron stands for one; as they get sparser neurons become polysemantic, first two, then all, and more features fit",
            rule: "the best of many has 5, 3, 0, 0 monosemantic neurons and represents 5, 6, 8, 10 features at density .7, .3, .1, .03 (quick: the first two); differs where all that are too many are silenced by their feature",
            measured: format!(
                "{} monosemantic ({} of them silenced by their feature), {} features at density {at}",
                told(|found| found.monosemantic),
                told(|found| found.silenced),
                told(|found| found.represented)
            ),
            verdict: verdict(&counted, expected),
            values: rows.into(),
        },
        Claim {
            id: "privileged",
            about: "three features in two neurons",
            paper: "around density 0.2 to 0.5 two neurons hold three features in a binary code",
            rule: "at density .3 two neurons are polysemantic, and just three features have weights above 0.5 on both, with signs ++, +− and −+",
            measured: match &code {
                Some(code) => code.iter().map(told_feature).collect::<Vec<_>>().join(", "),
                None => "no such code".into(),
            },
            verdict: Verdict::holds(code.as_ref().is_some_and(|code| is_whole(code))),
            values: json!(code),
        },
    ])
}

/// What is counted of a model.
#[derive(Debug, Clone, Copy)]
struct Counts {
    monosemantic: usize,
    /// Those of them whose largest weight is negative: the feature silences the neuron, which never carries its value.
    silenced: usize,
    represented: usize,
}

fn counts(report: &InstanceReport) -> Counts {
    let kinds = report.neurons.as_deref().unwrap_or_default();
    let is_silenced =
        |row: &[f32]| row.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).is_some_and(|w| w < 0.0);
    let neurons = || kinds.iter().zip(&report.weights).filter(|(kind, _)| **kind == NeuronKind::Monosemantic);
    Counts {
        monosemantic: neurons().count(),
        silenced: neurons().filter(|(_, row)| is_silenced(row)).count(),
        represented: report.measures.represented.len(),
    }
}

/// Holds where all counts are the expected ones, differs where they are once silenced neurons are left out.
fn verdict(counted: &[Counts], expected: &[(f64, usize, usize)]) -> Verdict {
    let agree = |count: fn(&Counts) -> usize| {
        let pairs = counted.iter().zip(expected);
        pairs.into_iter().all(|(found, &(_, mono, kept))| (count(found), found.represented) == (mono, kept))
    };
    if agree(|found| found.monosemantic) {
        Verdict::Holds
    } else {
        Verdict::differs(agree(|found| found.monosemantic - found.silenced))
    }
}

/// A feature and its weights on the two neurons.
type Coded = (usize, [f64; 2]);

/// The features that both of two polysemantic neurons carry; none where there are not exactly two.
fn find_code(report: &InstanceReport) -> Option<Vec<Coded>> {
    let kinds = report.neurons.as_deref()?;
    let shared: Vec<usize> = (0..kinds.len()).filter(|&k| kinds[k] == NeuronKind::Polysemantic).collect();
    let &[first, second] = shared.as_slice() else { return None };
    let weights = |i: usize| [first, second].map(|k| f64::from(report.weights[k][i]));
    let coded = (0..report.bias.len()).map(|i| (i, weights(i)));
    Some(coded.filter(|(_, weights)| weights.iter().all(|w| w.abs() >= IN_CODE)).collect())
}

/// Whether three features have three different words, at least one of whose letters is positive.
fn is_whole(code: &[Coded]) -> bool {
    let mut words: Vec<[bool; 2]> = code.iter().map(|(_, weights)| weights.map(|w| w > 0.0)).collect();
    words.sort_unstable();
    words == [[false, true], [true, false], [true, true]]
}

fn told_feature((feature, weights): &Coded) -> String {
    let [a, b] = weights.map(|w| format!("{w:+.2}").replace('-', "−"));
    format!("feature {}: ({a}, {b})", feature + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silenced_neurons_make_a_difference_and_other_counts_a_failure() {
        let of = |monosemantic, silenced, represented| {
            verdict(&[Counts { monosemantic, silenced, represented }], &[(0.03, 1, 10)])
        };
        assert_eq!(of(1, 0, 10), Verdict::Holds);
        assert_eq!(of(1, 1, 10), Verdict::Holds);
        assert_eq!(of(3, 2, 10), Verdict::Differs);
        assert_eq!(of(3, 1, 10), Verdict::Fails);
        assert_eq!(of(0, 0, 10), Verdict::Fails);
        assert_eq!(of(3, 2, 9), Verdict::Fails);
    }

    #[test]
    fn a_code_has_each_word_once() {
        let code = |weights: &[[f64; 2]]| weights.iter().copied().enumerate().collect::<Vec<Coded>>();
        assert!(is_whole(&code(&[[0.9, -0.8], [0.9, 0.8], [-0.7, 0.9]])));
        assert!(!is_whole(&code(&[[0.9, -0.8], [0.9, 0.8], [0.7, 0.9]])), "a word twice");
        assert!(!is_whole(&code(&[[0.9, -0.8], [-0.9, -0.8], [-0.7, 0.9]])), "a word that silences both");
        assert!(!is_whole(&code(&[[0.9, -0.8], [-0.7, 0.9]])), "two features are no code");
    }
}

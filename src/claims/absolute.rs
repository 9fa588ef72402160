//! `absolute-small`, `absolute-large`, `asymmetric`: absolute values, computed by a hidden layer of ReLU neurons.

use serde_json::{Value, json};

use super::reference::{list, number, training};
use super::{Claim, Effort, Verdict, spec_of};
use crate::error::Error;
use crate::gallery::asymmetric::motifs_of;
use crate::measures::motif::AsymmetricMotif;
use crate::measures::{NeuronKind, neuron_kinds};
use crate::report::InstanceReport;
use crate::sweep::Lab;
use crate::sweep::lab::{map, train_sweep};
use crate::train::{Status, Trainer};

/// The loss below which absolute values count as computed, and how far a side's two weights may be from a product of 1.
const EXACT: (f64, f64) = (1e-7, 0.01);

/// The best of eight has, for each of three features, exactly one monosemantic neuron with a positive input weight and one with a
/// negative one; the product of input and output weight is 1 ± 0.01 in absolute value and the output weight positive; the loss is below
/// 1e-7.
///
/// Of 24 runs (eight from seeds 0, 1000 and 2000 on) 20 had a loss below 1e-11, so that eight all miss in less than one in 10⁵.
pub(super) fn check_small(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let report = train_sweep(lab, "models", &spec_of("absolute-small", json!({ "seed": effort.seed }))?)?.remove(0);
    let sides = sides(&report);
    let whole = sides.iter().filter(|[positive, negative]| positive.len() == 1 && negative.len() == 1);
    let products: Vec<f64> = whole.clone().flatten().flatten().copied().collect();
    let off = products.iter().map(|product| (product - 1.0).abs()).fold(0.0, f64::max);
    let whole = whole.count();
    let passes = whole == sides.len() && off < EXACT.1 && report.loss < EXACT.0;
    Ok(vec![Claim {
        id: "absolute-small",
        about: "two neurons a feature",
        paper: "a model of three features and six neurons computes each absolute value with one neuron for the positive side and one for the negative",
        rule: "the best of 8 has one positive-side and one negative-side neuron a feature, input times output weight 1 ± 0.01, and a loss below 1e-7",
        measured: format!(
            "{whole} of {} features have both sides, products within {off:.1e} of 1, loss {:.1e}",
            sides.len(),
            report.loss
        ),
        verdict: Verdict::holds(passes),
        values: json!({ "loss": report.loss, "products": sides, "restart": report.restart }),
    }])
}

/// For each feature the products of input and output weight of the monosemantic neurons of its positive and its negative side.
fn sides(report: &InstanceReport) -> Vec<[Vec<f64>; 2]> {
    let mut sides = vec![[Vec::new(), Vec::new()]; report.bias.len()];
    let kinds = report.neurons.as_deref().unwrap_or_default();
    let decoder = report.decoder.as_deref().unwrap_or_default();
    for (k, row) in report.weights.iter().enumerate() {
        if kinds[k] == NeuronKind::Monosemantic {
            let feature = (0..row.len()).max_by(|&i, &j| row[i].abs().total_cmp(&row[j].abs())).unwrap_or(0);
            let product = f64::from(row[feature].abs()) * f64::from(decoder[feature][k]);
            sides[feature][usize::from(row[feature] < 0.0)].push(product);
        }
    }
    sides
}

/// Monosemantic neurons: at least so many at density 1, at most so many at .003 and .001.
const MONOSEMANTIC: (usize, usize) = (37, 1);
/// How many times the reference's loss the best of five may have.
const LOSS_RATIO: f64 = 1.6;
/// Steps between two looks at [`Lab::keep_going`].
const SLICE: u64 = 100;

/// Two claims on a hundred features in forty neurons, five runs at each density:
/// 1. in the median at least 37 neurons are monosemantic at density 1, at most 1 at .003 and at .001;
/// 2. the loss of the best is at most 1.6 times the reference's (best of five by the same settings) at its six densities.
///
/// Quick: the first only, of one shorter run at each of the three densities, with a larger step, which separates neurons better: of
/// eight seeds at density 1 none had fewer than 38.
pub(super) fn check_large(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let (counts, losses) = if effort.quick { quick_counts(lab, effort)? } else { whole_counts(lab, effort)? };
    let fits = |&(density, count): &(f64, usize)| match density {
        1.0 => count >= MONOSEMANTIC.0,
        0.003 | 0.001 => count <= MONOSEMANTIC.1,
        _ => true,
    };
    let told = counts.iter().map(|(density, count)| format!("{count} at {density}")).collect::<Vec<_>>().join(", ");
    let mut claims = vec![Claim {
        id: "absolute-large",
        about: "from monosemantic to polysemantic",
        paper: "with dense features all neurons are monosemantic; as they get sparser neurons become polysemantic, in the end all of them",
        rule: "of 40 neurons at least 37 are monosemantic at density 1, at most 1 at .003 and .001 (the median of five; quick: one)",
        measured: format!("monosemantic neurons: {told}"),
        verdict: Verdict::holds(counts.iter().all(fits)),
        values: counts
            .iter()
            .map(|(density, count)| json!({ "density": density, "monosemantic": count }))
            .collect::<Vec<_>>()
            .into(),
    }];
    if !losses.is_empty() {
        let worst = losses.iter().map(|row| row.1 / row.2).fold(0.0, f64::max);
        claims.push(Claim {
            id: "absolute-large",
            about: "computing in superposition",
            paper: "absolute values of many more sparse features than neurons allow are computed usefully",
            rule: "the best of 5 has at most 1.6 times the loss of an independent implementation's best of 5, at six densities",
            measured: format!("at most {worst:.2} times the reference's loss"),
            verdict: Verdict::holds(worst <= LOSS_RATIO),
            values: losses.iter().map(|(density, loss, reference)| json!({ "density": density, "loss": loss, "reference": reference })).collect::<Vec<_>>().into(),
        });
    }
    Ok(claims)
}

/// Density and monosemantic neurons.
type Counts = Vec<(f64, usize)>;
/// Density, loss and the reference's loss.
type Losses = Vec<(f64, f64, f64)>;

/// Runs at each density.
const RUNS: usize = 5;

fn whole_counts(lab: &dyn Lab, effort: Effort) -> Result<(Counts, Losses), Error> {
    let changes = json!({ "seed": effort.seed, "restarts": { "count": RUNS, "keep": "all" } });
    let spec = spec_of("absolute-large", changes)?;
    let reports = train_sweep(lab, "models", &spec)?;
    let references = list(&training()["absolute_large"]["rows"]);
    let (mut counts, mut losses) = (Vec::new(), Vec::new());
    for (density, runs) in spec.sweep[0].values.iter().zip(reports.chunks_exact(RUNS)) {
        let density = density.as_f64().expect("densities are numbers");
        let mut found: Vec<usize> =
            runs.iter().map(|run| monosemantic(run.neurons.as_deref().unwrap_or_default())).collect();
        found.sort_unstable();
        counts.push((density, found[RUNS / 2]));
        let best = runs.iter().map(|run| run.loss).fold(f64::INFINITY, f64::min);
        let reference = references.iter().find(|row| number(&row["density"]) == density);
        losses.extend(reference.map(|row: &Value| (density, best, number(&row["loss"]))));
    }
    Ok((counts, losses))
}

/// Counts alone, by training without an evaluation, which costs more than such a training.
fn quick_counts(lab: &dyn Lab, effort: Effort) -> Result<(Counts, Losses), Error> {
    let densities = [1.0, 0.003, 0.001];
    let counts = map(lab, "models", densities.len(), |idx| {
        let changes = json!({
            "seed": effort.seed, "sweep": null, "density": densities[idx], "steps": 4000, "learning_rate": 0.005,
        });
        let spec = spec_of("absolute-large", changes)?;
        let mut trainer = Trainer::new(&spec)?;
        while trainer.status() == Status::Running {
            trainer.advance(SLICE);
            if !lab.keep_going() {
                return Err(Error::Interrupted);
            }
        }
        let weights = trainer.instance(0, 0).weights;
        let wide: Vec<f64> = weights.iter().copied().map(f64::from).collect();
        Ok((densities[idx], monosemantic(&neuron_kinds(&wide, spec.features))))
    })?;
    Ok((counts, Vec::new()))
}

fn monosemantic(kinds: &[NeuronKind]) -> usize {
    kinds.iter().filter(|&&kind| kind == NeuronKind::Monosemantic).count()
}

/// The least strength, ratio of the sides and inhibition of a marked motif; `measures::motif` says what they are.
const MARKED: (f64, f64, f64) = (0.6, 2.0, 0.8);

/// A motif is found by its weights in models of ten features and fifteen neurons: the strongest of all restarts (24; quick: 8) has a
/// strength of at least 0.6, a ratio of its two sides of at least 2 and takes back at least 0.8 of the interference, and at least a
/// third of the models have a motif of some strength.
///
/// Of the 12 models of seeds 0 to 11 11 had a motif and 8 a marked one; eight without a marked one come about once in 5000 times.
pub(super) fn check_asymmetric(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    let changes = json!({ "seed": effort.seed, "restarts": { "count": effort.of(24, 8), "keep": "all" } });
    let reports = train_sweep(lab, "models", &spec_of("asymmetric", changes)?)?;
    let found: Vec<Vec<AsymmetricMotif>> = reports.iter().map(motifs_of).collect();
    let with_motif = found.iter().filter(|motifs| !motifs.is_empty()).count();
    let best = found.iter().filter_map(|motifs| motifs.first()).max_by(|a, b| a.strength.total_cmp(&b.strength));
    let is_marked =
        |motif: &AsymmetricMotif| motif.strength >= MARKED.0 && motif.ratio >= MARKED.1 && motif.inhibition >= MARKED.2;
    let passes = best.is_some_and(is_marked) && 3 * with_motif >= found.len();
    Ok(vec![Claim {
        id: "asymmetric",
        about: "the asymmetric motif",
        paper: "one neuron holds two features with unequal weights, as 2 and −1/2 with 1/2 and 2 on the way out, and a second neuron inhibits the one that suffers",
        rule: "the strongest motif of all models has strength ≥ 0.6, a ratio of its sides ≥ 2 and takes back ≥ 0.8 of the interference; a third of the models have one",
        measured: match best {
            Some(motif) => told(motif, with_motif, found.len()),
            None => format!("no motif in {} models", found.len()),
        },
        verdict: Verdict::holds(passes),
        values: json!({ "motif": best, "models_with_motif": with_motif, "models": found.len() }),
    }])
}

fn told(motif: &AsymmetricMotif, with_motif: usize, models: usize) -> String {
    let pair = |[a, b]: [f64; 2]| format!("({a:.2}, {b:.2})").replace('-', "−");
    format!(
        "weights {} in, {} out, ratio {:.1}, {:.0}% taken back with {}; a motif in {with_motif} of {models} models",
        pair(motif.shared_in),
        pair(motif.shared_out),
        motif.ratio,
        100.0 * motif.inhibition,
        pair([motif.inhibiting_in, motif.inhibiting_out]),
    )
}

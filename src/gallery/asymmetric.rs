//! `asymmetric`: the asymmetric superposition motif, found by search in trained models (paper, section of that name).

use serde_json::{Value, json};

use super::neurons::{Neurons, counted, wide};
use super::source::source;
use super::{Still, models_of, refuse};
use crate::error::Error;
use crate::figures::chart::{Axis, Chart, Mark, Rule, Series, Shape};
use crate::figures::network::Motif;
use crate::figures::panels::{Panel, Panels, View};
use crate::figures::theme::Tint;
use crate::measures::motif::{AsymmetricMotif, asymmetric_motifs};
use crate::number::fixed;
use crate::report::InstanceReport;
use crate::spec::{ExperimentSpec, ModelKind};
use crate::sweep::Lab;

/// The most models that are searched.
const MAX_MODELS: usize = 400;
/// The most neurons whose columns can be told apart.
const MAX_NEURONS: usize = 60;

/// The strongest motif of all instances, and the model that has it.
///
/// # Errors
/// [`Error::Field`] for another model than `absolute`, for too many models or neurons, and where no model has the motif; else as
/// [`Lab::train`].
pub fn make(spec: &ExperimentSpec, lab: &dyn Lab) -> Result<Still, Error> {
    if spec.model != ModelKind::Absolute {
        return refuse("model", spec.model.name(), "\"absolute\" for this figure");
    }
    if spec.hidden > MAX_NEURONS {
        return refuse("hidden", spec.hidden, format!("at most {MAX_NEURONS} neurons for stacks"));
    }
    let reports = lab.train("models", &models_of(spec, MAX_MODELS)?)?;
    let found: Vec<Vec<AsymmetricMotif>> = reports.iter().map(motifs_of).collect();
    let strength = |idx: usize| found[idx].first().map_or(0.0, |motif| motif.strength);
    // The first of equal ones.
    let best = (0..reports.len()).rev().max_by(|&a, &b| strength(a).total_cmp(&strength(b))).unwrap_or(0);
    let Some(motif) = found[best].first() else {
        return refuse("seed", spec.seed, "one whose models have the asymmetric motif");
    };
    let report = &reports[best];
    let neurons = Neurons::of(report);
    let with_motif = found.iter().filter(|motifs| !motifs.is_empty()).count();
    let stack = neurons.stack(neurons.feature_tints());
    let words = format!(
        "The most marked of {} found in {with_motif} of {} models; colours are features, the most important first.",
        counted(found.iter().map(Vec::len).sum(), "motif"),
        reports.len()
    );
    let panels = vec![
        Panel::new("The model’s neurons", words, View::Stack(stack)).of_job(best),
        motif_panel(report, motif, &neurons.order).of_job(best),
        ratios_panel(&found, &reports),
        Panel::new(
            "W₁",
            "The input weights of all neurons, in the order of the stacks.",
            View::Heatmap(neurons.encoder_map()),
        )
        .of_job(best),
    ];
    Ok(Still::new(Panels::new(panels, 320.0, 2), raw_data(report.clone(), found, best)))
}

/// The model with the strongest motif, and the motifs of all.
fn raw_data(report: InstanceReport, found: Vec<Vec<AsymmetricMotif>>, best: usize) -> impl Fn() -> Value {
    move || json!({ "instance": report, "motif": found[best][0], "motifs": found })
}

/// The motifs of a trained `absolute` model.
pub(crate) fn motifs_of(report: &InstanceReport) -> Vec<AsymmetricMotif> {
    let decoder = report.decoder.as_ref().map(|rows| wide(&rows.concat())).unwrap_or_default();
    asymmetric_motifs(&report.w(), &decoder, report.bias.len(), report.weights.len())
}

/// The two neurons with all their weights on the two features.
fn motif_panel(report: &InstanceReport, motif: &AsymmetricMotif, order: &[usize]) -> Panel {
    let features = [motif.large_in, motif.small_in];
    let pair = [motif.shared_neuron, motif.inhibiting_neuron];
    let decoder = report.decoder.as_deref().unwrap_or_default();
    // As the search has it: input and output weights of a neuron are equally large, which changes nothing that it computes.
    let scales = pair.map(|k| {
        let largest_in = report.weights[k].iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        let largest_out = decoder.iter().fold(0.0_f32, |most, row| most.max(row[k].abs()));
        f64::from(largest_out / largest_in).sqrt()
    });
    let encoder = (0..2).map(|at| features.map(|i| f64::from(report.weights[pair[at]][i]) * scales[at]).to_vec());
    let decoder =
        features.map(|i| (0..2).map(|at| f64::from(decoder[i][pair[at]]) / scales[at]).collect::<Vec<f64>>()).to_vec();
    let n = report.bias.len();
    let view = Motif {
        features: features.map(|i| (i + 1).to_string()).to_vec(),
        neurons: vec!["A".into(), "B".into()],
        encoder: encoder.collect(),
        decoder,
        tints: features.map(|i| Tint::Feature(i, n)).to_vec(),
        ids: features.to_vec(),
    };
    let column = |neuron: usize| order.iter().position(|&k| k == neuron).unwrap_or(0) + 1;
    let words = format!(
        "Neuron A ({} of the stacks) answers to feature {} and, {} times as weakly, to {}; on the way out it is the other way round. B ({}) takes back {}% of the interference. Both neurons are scaled so that they weigh as much on the way in as out, which changes no output.",
        column(pair[0]),
        features[0] + 1,
        fixed(motif.ratio, 1),
        features[1] + 1,
        column(pair[1]),
        fixed(100.0 * motif.inhibition, 0)
    );
    Panel::new("The motif", words, View::Motif(view))
}

/// Input ratio against output ratio of all motifs: reciprocal weights lie on the diagonal.
fn ratios_panel(found: &[Vec<AsymmetricMotif>], reports: &[InstanceReport]) -> Panel {
    let point = |motif: &AsymmetricMotif| {
        let [in_a, in_b] = motif.shared_in.map(f64::abs);
        let [out_a, out_b] = motif.shared_out.map(f64::abs);
        (in_a / in_b, out_b / out_a)
    };
    let points: Vec<(f64, f64)> = found.iter().flatten().map(point).collect();
    let sources = found.iter().zip(reports).flat_map(|(motifs, report)| motifs.iter().map(|_| source(report)));
    let most = points.iter().map(|point| point.0.max(point.1)).fold(2.0, f64::max) * 1.1;
    let diagonal = Series::new("reciprocal", Tint::Faint, Mark::Dashed, vec![(1.0, 1.0), (most, most)]);
    let dots =
        Series::new("a motif", Tint::Kind(0), Mark::Dots(Shape::Disc, 3.2), points).with_sources(sources.collect());
    let chart = Chart::new(
        Axis::log("ratio of A’s input weights", 1.0, most),
        Axis::log("ratio of A’s output weights", 1.0, most),
        vec![diagonal, dots],
    )
    .with_rules(vec![Rule::upright(4.0, "the paper’s example")]);
    let words = "Where one feature’s input weight is larger, its output weight is smaller.";
    Panel::new("Both sides of all motifs", words, View::Chart(chart))
}

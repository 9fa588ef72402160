//! What the figures of a privileged basis share: neurons in a readable order, their stacks, matrices and networks.
//!
//! The paper sorts neurons by the importance of their largest feature and colours weights by superposition; so do these.

use crate::figures::heatmap::Heatmap;
use crate::figures::network::Network;
use crate::figures::stack::{Neuron, Stack};
use crate::figures::theme::Tint;
use crate::measures::{NeuronKind, neuron_kinds};
use crate::order;
use crate::report::InstanceReport;

/// The neurons of a trained model, sorted by their largest feature; of one feature's neurons the stronger comes first.
pub(super) struct Neurons {
    /// `[neurons][features]`.
    pub encoder: Vec<Vec<f64>>,
    /// `[features][neurons]`; the encoder's transpose where the model has no decoder of its own.
    pub decoder: Vec<Vec<f64>>,
    /// The neuron of the report at each place.
    pub order: Vec<usize>,
    /// What each stands for.
    pub kinds: Vec<NeuronKind>,
    /// The superposition of each feature in the encoder.
    superposition: Vec<f64>,
}

impl Neurons {
    /// The neurons of a report.
    pub fn of(report: &InstanceReport) -> Self {
        let rows: Vec<Vec<f64>> = report.weights.iter().map(|row| wide(row)).collect();
        let largest = |row: &[f64]| {
            let at = (0..row.len()).max_by(|&i, &j| row[i].abs().total_cmp(&row[j].abs()).then(j.cmp(&i))).unwrap_or(0);
            (at, row.get(at).copied().unwrap_or(0.0))
        };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        let key = |k: usize| largest(&rows[k]);
        // Positive sides before negative ones, the longer first.
        order::sort_by(&mut order, |&a, &b| key(a).0.cmp(&key(b).0).then(key(b).1.total_cmp(&key(a).1)));
        let encoder: Vec<Vec<f64>> = order.iter().map(|&k| rows[k].clone()).collect();
        let decoder = match &report.decoder {
            Some(decoder) => decoder.iter().map(|row| order.iter().map(|&k| f64::from(row[k])).collect()).collect(),
            None => (0..report.bias.len()).map(|i| encoder.iter().map(|row| row[i]).collect()).collect(),
        };
        let kinds = neuron_kinds(&encoder.concat(), report.bias.len());
        Neurons { encoder, decoder, order, kinds, superposition: report.measures.superposition.clone() }
    }

    /// How many neurons are of a kind.
    pub fn count(&self, kind: NeuronKind) -> usize {
        self.kinds.iter().filter(|&&other| other == kind).count()
    }

    /// Features in the colours of their importance.
    pub fn feature_tints(&self) -> Vec<Tint> {
        let n = self.decoder.len();
        (0..n).map(|i| Tint::Feature(i, n)).collect()
    }

    /// Features in the colours of their superposition.
    pub fn superposition_tints(&self) -> Vec<Tint> {
        self.superposition.iter().map(|&value| Tint::Superposition(value)).collect()
    }

    /// The stacks of the encoder's weights.
    pub fn stack(&self, tints: Vec<Tint>) -> Stack {
        Stack::new(self.encoder.clone(), tints, self.stack_kinds())
    }

    /// The stacks of the absolute values of the encoder's weights.
    pub fn absolute_stack(&self, tints: Vec<Tint>) -> Stack {
        let weights = self.encoder.iter().map(|row| row.iter().map(|w| w.abs()).collect()).collect();
        Stack { measure: "|weight|".into(), ..Stack::new(weights, tints, self.stack_kinds()) }
    }

    fn stack_kinds(&self) -> Vec<Neuron> {
        let kind = |kind: &NeuronKind| match kind {
            NeuronKind::Dead => Neuron::Dead,
            NeuronKind::Monosemantic => Neuron::Monosemantic,
            NeuronKind::Polysemantic => Neuron::Polysemantic,
        };
        self.kinds.iter().map(kind).collect()
    }

    /// The encoder as the paper prints it: a row a feature, a column a neuron.
    pub fn encoder_map(&self) -> Heatmap {
        let (n, m) = (self.decoder.len(), self.encoder.len());
        let values = (0..n * m).map(|at| self.encoder[at % m][at / m]).collect();
        Heatmap::new(n, m, values).with_titles("feature", "neuron").with_features((0..n).collect(), Vec::new())
    }

    /// The decoder likewise.
    pub fn decoder_map(&self) -> Heatmap {
        let (n, m) = (self.decoder.len(), self.encoder.len());
        let map = Heatmap::new(n, m, self.decoder.concat()).with_titles("feature", "neuron");
        map.with_features((0..n).collect(), Vec::new())
    }

    /// The graph of all weights.
    pub fn network(&self) -> Network {
        Network::new(self.encoder.clone(), self.decoder.clone(), self.feature_tints())
    }
}

/// What the colours of superposition mean.
pub(super) fn superposition_legend() -> Vec<(String, Tint)> {
    let entry = |value: f64, name: &str| (name.to_owned(), Tint::Superposition(value));
    vec![entry(0.0, "feature with superposition 0"), entry(0.5, "0.5"), entry(1.0, "1 or more")]
}

/// The numbers in f64.
pub(super) fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().copied().map(f64::from).collect()
}

/// "1 neuron", "3 neurons".
pub(super) fn counted(count: usize, name: &str) -> String {
    format!("{count} {name}{}", if count == 1 { "" } else { "s" })
}

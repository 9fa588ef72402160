//! Plain results: what files, figures and the command line are made of (DESIGN.md section 4).
//!
//! A report is worked out once from a trained instance and holds no reference to the trainer. Fields that have no meaning
//! for a model are null.

mod sent;

use std::borrow::Cow;

use serde::Serialize;

use crate::attack::AttackReport;
use crate::dictionary::{DictionaryReport, Subject};
use crate::kernels::Level;
use crate::measures::{Factor, Measures, NeuronKind, neuron_kinds};
use crate::models::Shape;
use crate::spec::{ExperimentSpec, ModelKind};
use crate::theory::{SetsScratch, exact_loss_and_gradient_with_sets_into, is_exact};
use crate::train::{Evaluation, History, Status, Trainer, batch_sums, evaluate, evaluate_to};

/// The version that reports carry.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One trained instance: a line of `superposition train`.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceReport {
    /// Place in the sweep, from 0.
    pub index: usize,
    /// The resolved spec: run alone, it gives the same bits.
    pub spec: ExperimentSpec,
    /// `done`, `converged` or `diverged`; `running` only in a provisional report.
    pub status: Status,
    /// Updates made; for a diverged run, the step at which it diverged.
    pub steps: u64,
    /// The restart that was kept.
    pub restart: usize,
    /// Mean over samples and features of `I_i (x_i − x'_i)²`.
    pub loss: f64,
    /// 0 when the loss is exact; not a number (null in JSON) in a provisional report.
    pub loss_standard_error: f64,
    /// `[n_hidden][n_features]`.
    pub weights: Vec<Vec<f32>>,
    /// `[n_features]`.
    pub bias: Vec<f32>,
    /// `[n_features][n_hidden]`; null where it is Wᵀ.
    pub decoder: Option<Vec<Vec<f32>>>,
    /// What the weights look like.
    #[serde(flatten)]
    pub measures: MeasuresReport,
    /// What each neuron stands for; null where the hidden layer has no privileged basis.
    pub neurons: Option<Vec<NeuronKind>>,
    /// The recorded points; null where the spec asks for none.
    pub history: Option<HistoryReport>,
    /// What an attack does; null where the spec asks for none.
    pub attack: Option<AttackReport>,
    /// How a dictionary tells the features; null where the spec asks for none.
    pub dictionary: Option<DictionaryReport>,
    /// The SIMD level that trained.
    pub level: Cow<'static, str>,
    /// The version of this program.
    pub version: Cow<'static, str>,
}

/// The measures of DESIGN.md section 2 as reports print them, of W (of W₁ where the decoder is a matrix of its own).
#[derive(Debug, Clone, Serialize)]
pub struct MeasuresReport {
    /// `‖W_i‖`.
    pub norms: Vec<f64>,
    /// `Σ_{j≠i} (Ŵ_i · W_j)²`.
    pub superposition: Vec<f64>,
    /// D_i; null for `absolute`, whose output is not made of `WᵀW`.
    pub dimensionality: Option<Vec<f64>>,
    /// D*, null for W = 0 and for `absolute`.
    pub dimensions_per_feature: Option<f64>,
    /// Features with `‖W_i‖ > 0.5`.
    pub represented: Vec<usize>,
    /// Tegum factors and their shapes; null for `absolute`.
    pub geometry: Option<Vec<Factor>>,
    /// The factors by name; null for `absolute`.
    pub solution: Option<String>,
}

impl MeasuresReport {
    fn of(kind: ModelKind, w: &[f64], n_features: usize, n_hidden: usize) -> Self {
        let measures = Measures::of(w, n_features, n_hidden);
        let tied = kind != ModelKind::Absolute;
        MeasuresReport {
            norms: measures.norms,
            superposition: measures.superposition,
            dimensionality: tied.then_some(measures.dimensionality),
            dimensions_per_feature: measures.dimensions_per_feature.filter(|_| tied),
            represented: measures.represented,
            geometry: tied.then_some(measures.geometry),
            solution: tied.then_some(measures.solution),
        }
    }
}

/// The way of a run, point by point.
#[derive(Debug, Clone, Serialize)]
pub struct HistoryReport {
    /// Updates made.
    pub steps: Vec<u64>,
    /// Mean loss of the batches since the point before; null where there was none.
    pub loss: Vec<Option<f64>>,
    /// `[points][n_features]`; null for `absolute`.
    pub dimensionality: Option<Vec<Vec<f64>>>,
    /// `[points][n_hidden][n_features]`.
    pub weights: Vec<Vec<Vec<f32>>>,
}

impl HistoryReport {
    fn of(kind: ModelKind, shape: Shape, history: &History) -> Self {
        let encoders = history.parameters.chunks_exact(shape.n_parameters()).map(|point| &point[..shape.n_weights()]);
        let weights = encoders.map(|w| rows(w, shape.n_features)).collect();
        Self::of_points(kind, history.steps.clone(), history.losses.clone(), weights)
    }

    /// The measures of recorded points.
    fn of_points(kind: ModelKind, steps: Vec<u64>, loss: Vec<Option<f64>>, weights: Vec<Vec<Vec<f32>>>) -> Self {
        let dimensionality = |w: &Vec<Vec<f32>>| Measures::of(&wide(&w.concat()), w[0].len(), w.len()).dimensionality;
        let dimensionality = (kind != ModelKind::Absolute).then(|| weights.iter().map(dimensionality).collect());
        HistoryReport { steps, loss, dimensionality, weights }
    }
}

/// `[rows][n_columns]` of one run of numbers.
fn rows<T: Copy>(matrix: &[T], n_columns: usize) -> Vec<Vec<T>> {
    matrix.chunks_exact(n_columns).map(<[T]>::to_vec).collect()
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().copied().map(f64::from).collect()
}

impl InstanceReport {
    /// W in f64, `[m][n]`.
    pub fn w(&self) -> Vec<f64> {
        wide(&self.weights.concat())
    }

    /// The kept restart of a trainer's only cell: the one with the lowest evaluated loss among those that stayed finite.
    ///
    /// What is found out after training, `attack` and `dictionary`, is left for the caller to add: it takes its time.
    ///
    /// # Precision
    /// A loss that has to be sampled is known to this fraction of it ([`crate::train::PRECISION`] for what users are promised).
    ///
    /// # Panics
    /// If the trainer holds a sweep.
    pub fn of(trainer: &Trainer, index: usize, relative_error: f64) -> Self {
        let spec = trainer.cell_spec(0);
        let candidates = (0..spec.restarts.count).map(|restart| {
            let instance = trainer.instance(0, restart);
            // One evaluation seed for all restarts: they are compared on the same samples.
            let evaluation = evaluate_to(spec, instance.parameters, spec.seed, relative_error);
            (restart, evaluation, instance.status == Status::Diverged)
        });
        let key = |(_, evaluation, diverged): &(usize, Evaluation, bool)| (*diverged, evaluation.loss);
        let (restart, evaluation, _) = candidates
            .min_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal))
            .expect("a spec has at least one restart");
        Self::of_restart(trainer, index, restart, evaluation)
    }

    /// How the best restart of a trainer's only cell looks on the way, with the loss that training itself has seen; cheap.
    ///
    /// # Panics
    /// If the trainer holds a sweep.
    pub fn provisional(trainer: &Trainer, index: usize) -> Self {
        let spec = trainer.cell_spec(0);
        let best = trainer.best(0);
        let evaluation = match trainer.current_loss(0, best) {
            Some(loss) => Evaluation { loss, standard_error: f64::NAN, exact: false },
            // Before the first step: the shortest look there is.
            None => evaluate_to(spec, trainer.instance(0, best).parameters, spec.seed, f64::INFINITY),
        };
        let report = Self::of_restart(trainer, index, best, evaluation);
        InstanceReport { status: Status::Running, loss_standard_error: f64::NAN, ..report }
    }

    fn of_restart(trainer: &Trainer, index: usize, restart: usize, evaluation: Evaluation) -> Self {
        assert_eq!(trainer.n_cells(), 1, "a report is of one cell");
        let spec = trainer.cell_spec(0);
        let instance = trainer.instance(0, restart);
        let shape = Shape::new(spec.model, spec.features, spec.hidden);
        let privileged = matches!(spec.model, ModelKind::ReluHidden | ModelKind::Absolute);
        InstanceReport {
            index,
            spec: spec.clone(),
            status: instance.status,
            steps: instance.step,
            restart,
            loss: evaluation.loss,
            loss_standard_error: evaluation.standard_error,
            weights: rows(instance.weights, spec.features),
            bias: instance.bias.to_vec(),
            decoder: instance.decoder.map(|decoder| rows(decoder, spec.hidden)),
            measures: MeasuresReport::of(spec.model, &wide(instance.weights), spec.features, spec.hidden),
            neurons: privileged.then(|| neuron_kinds(&wide(instance.weights), spec.features)),
            history: instance.history.map(|history| HistoryReport::of(spec.model, shape, history)),
            attack: None,
            dictionary: None,
            level: trainer.level().name().into(),
            version: VERSION.into(),
        }
    }
}

impl InstanceReport {
    /// The model as attacks and dictionaries see it.
    pub fn subject(&self, spec: &ExperimentSpec) -> Subject {
        let decoder = self.decoder.as_ref().map(|rows| rows.concat());
        Subject::new(spec.model, &self.weights.concat(), decoder.as_deref(), &self.bias, &spec.importances())
    }
}

/// What `superposition evaluate` prints of a model.
#[derive(Debug, Clone, Serialize)]
pub struct ModelReport {
    /// Mean over samples and features of `I_i (x_i − x'_i)²`.
    pub loss: f64,
    /// 0 when the loss is exact.
    pub loss_standard_error: f64,
    /// Whether loss and gradient are expectations.
    pub exact: bool,
    /// Its gradient; sampled where it is not exact.
    pub gradient: GradientReport,
    /// What the weights look like.
    #[serde(flatten)]
    pub measures: MeasuresReport,
}

/// The gradient of a model's loss.
#[derive(Debug, Clone, Serialize)]
pub struct GradientReport {
    /// `[n_hidden][n_features]`.
    pub weights: Vec<Vec<f64>>,
    /// `[n_features]`.
    pub bias: Vec<f64>,
    /// `[n_features][n_hidden]`; null where the decoder is Wᵀ.
    pub decoder: Option<Vec<Vec<f64>>>,
}

impl ModelReport {
    /// Evaluates parameters under a spec.
    ///
    /// # Shapes
    /// `parameters` in the order of [`crate::models`], as many as the spec says.
    pub fn of(spec: &ExperimentSpec, parameters: &[f64]) -> Self {
        let shape = Shape::new(spec.model, spec.features, spec.hidden);
        let (w, rest) = parameters.split_at(shape.n_weights());
        let measures = MeasuresReport::of(spec.model, w, spec.features, spec.hidden);
        let law = spec.input_law();
        if is_exact(spec.model, spec.features) {
            let (mut dw, mut db) = (vec![0.0; w.len()], vec![0.0; rest.len()]);
            let mut scratch = SetsScratch::default();
            let loss = exact_loss_and_gradient_with_sets_into(
                spec.model,
                w,
                rest,
                &law.densities,
                &law.correlated,
                &law.anticorrelated,
                &spec.importances(),
                &mut dw,
                &mut db,
                &mut scratch,
            );
            let gradient = GradientReport { weights: rows(&dw, spec.features), bias: db, decoder: None };
            return ModelReport { loss, loss_standard_error: 0.0, exact: true, gradient, measures };
        }
        let narrow: Vec<f32> = parameters.iter().map(|&v| v as f32).collect();
        let evaluation = evaluate(spec, &narrow, spec.seed);
        ModelReport {
            loss: evaluation.loss,
            loss_standard_error: evaluation.standard_error,
            exact: false,
            gradient: sampled_gradient(spec, &narrow),
            measures,
        }
    }
}

/// The gradient over [`GRADIENT_SAMPLES`] samples of the evaluation stream, by the kernels that train.
fn sampled_gradient(spec: &ExperimentSpec, parameters: &[f32]) -> GradientReport {
    let mut sums = batch_sums(Level::best(), spec, parameters, GRADIENT_SAMPLES);
    let scale = 1.0 / (GRADIENT_SAMPLES * spec.features) as f64;
    let entries = sums.dw.iter_mut().chain(&mut sums.d_decoder).chain(&mut sums.db);
    entries.for_each(|entry| *entry *= scale);
    GradientReport {
        weights: rows(&sums.dw, spec.features),
        bias: sums.db,
        decoder: (!sums.d_decoder.is_empty()).then(|| rows(&sums.d_decoder, spec.hidden)),
    }
}

/// Samples behind the gradient of a model that has no exact one.
const GRADIENT_SAMPLES: usize = 1 << 17;

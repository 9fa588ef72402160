//! Plain results: what files, figures and the command line are made of (DESIGN.md section 4).
//!
//! A report is worked out once from a trained instance and holds no reference to the trainer. Fields that have no meaning
//! for a model are null.

use serde::{Deserialize, Serialize};

use crate::kernels::Level;
use crate::measures::{Factor, Measures};
use crate::spec::ExperimentSpec;
use crate::theory::{ExactScratch, exact_loss_and_gradient_into, is_exact};
use crate::train::{Evaluation, Status, Trainer, batch_sums, evaluate};

/// The version that reports carry.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// One trained instance: a line of `superposition train`.
#[derive(Debug, Clone, Serialize)]
pub struct InstanceReport {
    /// Place in the sweep, from 0.
    pub index: usize,
    /// The resolved spec: run alone, it gives the same bits.
    pub spec: serde_json::Value,
    /// `done`, `converged` or `diverged`.
    pub status: Status,
    /// Updates made; for a diverged run, the step at which it diverged.
    pub steps: u64,
    /// The restart that was kept.
    pub restart: usize,
    /// Mean over samples and features of `I_i (x_i − x'_i)²`.
    pub loss: f64,
    /// 0 when the loss is exact.
    pub loss_standard_error: f64,
    /// `[n_hidden][n_features]`.
    pub weights: Vec<Vec<f32>>,
    /// `[n_features]`.
    pub bias: Vec<f32>,
    /// What the weights look like.
    #[serde(flatten)]
    pub measures: MeasuresReport,
    /// The SIMD level that trained.
    pub level: &'static str,
    /// The version of this program.
    pub version: &'static str,
}

/// The measures of DESIGN.md section 2 as reports print them.
#[derive(Debug, Clone, Serialize)]
pub struct MeasuresReport {
    /// `‖W_i‖`.
    pub norms: Vec<f64>,
    /// `Σ_{j≠i} (Ŵ_i · W_j)²`.
    pub superposition: Vec<f64>,
    /// D_i.
    pub dimensionality: Vec<f64>,
    /// D*, null for W = 0.
    pub dimensions_per_feature: Option<f64>,
    /// Features with `‖W_i‖ > 0.5`.
    pub represented: Vec<usize>,
    /// Tegum factors and their shapes.
    pub geometry: Vec<Factor>,
    /// The factors by name.
    pub solution: String,
}

impl From<Measures> for MeasuresReport {
    fn from(measures: Measures) -> Self {
        let Measures {
            norms,
            superposition,
            dimensionality,
            dimensions_per_feature,
            represented,
            geometry,
            solution,
            ..
        } = measures;
        MeasuresReport { norms, superposition, dimensionality, dimensions_per_feature, represented, geometry, solution }
    }
}

impl InstanceReport {
    /// The kept restart of a trainer's only cell: the one with the lowest evaluated loss among those that stayed finite.
    ///
    /// # Panics
    /// If the trainer holds a sweep.
    pub fn of(trainer: &Trainer, index: usize) -> Self {
        assert_eq!(trainer.n_cells(), 1, "a report is of one cell");
        let spec = trainer.cell_spec(0);
        let candidates = (0..spec.restarts.count).map(|restart| {
            let instance = trainer.instance(0, restart);
            let (densities, importances) = (spec.densities(), spec.importances());
            // One evaluation seed for all restarts: they are compared on the same samples.
            let evaluation = evaluate(spec.model, instance.weights, instance.bias, &densities, &importances, spec.seed);
            (restart, evaluation, instance.status == Status::Diverged)
        });
        let key = |(_, evaluation, diverged): &(usize, Evaluation, bool)| (*diverged, evaluation.loss);
        let (restart, evaluation, _) = candidates
            .min_by(|a, b| key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal))
            .expect("a spec has at least one restart");
        let instance = trainer.instance(0, restart);
        let w: Vec<f64> = instance.weights.iter().copied().map(f64::from).collect();
        InstanceReport {
            index,
            spec: spec.to_json(),
            status: instance.status,
            steps: instance.step,
            restart,
            loss: evaluation.loss,
            loss_standard_error: evaluation.standard_error,
            weights: instance.weights.chunks_exact(spec.features).map(<[f32]>::to_vec).collect(),
            bias: instance.bias.to_vec(),
            measures: Measures::of(&w, spec.features, spec.hidden).into(),
            level: trainer.level().name(),
            version: VERSION,
        }
    }
}

/// A line that `superposition evaluate` reads: a spec and parameters; other fields are ignored.
#[derive(Debug, Clone, Deserialize)]
pub struct ModelLine {
    /// The experiment that the parameters belong to.
    pub spec: serde_json::Value,
    /// `[n_hidden][n_features]`.
    pub weights: Vec<Vec<f64>>,
    /// `[n_features]`.
    pub bias: Vec<f64>,
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
}

impl ModelReport {
    /// Evaluates parameters under a spec.
    ///
    /// # Shapes
    /// `w: [n_hidden][n_features]`, `b: [n_features]`, as the spec says.
    pub fn of(spec: &ExperimentSpec, w: &[f64], b: &[f64]) -> Self {
        let (densities, importances) = (spec.densities(), spec.importances());
        let measures = Measures::of(w, spec.features, spec.hidden).into();
        if is_exact(spec.model, spec.features) {
            let (mut dw, mut db) = (vec![0.0; w.len()], vec![0.0; b.len()]);
            let mut scratch = ExactScratch::default();
            let loss = exact_loss_and_gradient_into(
                spec.model,
                w,
                b,
                &densities,
                &importances,
                &mut dw,
                &mut db,
                &mut scratch,
            );
            let weights = dw.chunks_exact(spec.features).map(<[f64]>::to_vec).collect();
            let gradient = GradientReport { weights, bias: db };
            return ModelReport { loss, loss_standard_error: 0.0, exact: true, gradient, measures };
        }
        let [w32, b32] = [w, b].map(|part| part.iter().map(|&v| v as f32).collect::<Vec<_>>());
        let evaluation = evaluate(spec.model, &w32, &b32, &densities, &importances, spec.seed);
        let gradient = sampled_gradient(spec, &w32, &b32);
        ModelReport {
            loss: evaluation.loss,
            loss_standard_error: evaluation.standard_error,
            exact: false,
            gradient,
            measures,
        }
    }
}

/// The gradient over [`GRADIENT_SAMPLES`] samples of the evaluation stream, by the kernels that train.
fn sampled_gradient(spec: &ExperimentSpec, w: &[f32], b: &[f32]) -> GradientReport {
    let sums = batch_sums(Level::best(), spec, w, b, GRADIENT_SAMPLES);
    let scale = 1.0 / (GRADIENT_SAMPLES * spec.features) as f64;
    GradientReport {
        weights: sums.dw.chunks_exact(spec.features).map(|row| row.iter().map(|g| g * scale).collect()).collect(),
        bias: sums.db.iter().map(|g| g * scale).collect(),
    }
}

/// Samples behind the gradient of a model that has no exact one.
const GRADIENT_SAMPLES: usize = 1 << 17;

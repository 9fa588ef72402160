//! The trained model that a dictionary reads: its hidden activations, its outputs from any activations, its loss.
//!
//! Activations are the whole interface: an autoencoder sees h and nothing else, and its work is judged by what the
//! model makes of its reconstruction. Tiles keep samples in lanes, `[row][samples]`, as the kernels do.

use crate::kernels::{Level, products};
use crate::spec::ModelKind;

/// Samples in a tile must be a multiple of this; the kernels' widest column group.
pub const TILE_UNIT: usize = 32;

/// A trained model of any kind: `h = σ(Wx)`, `x' = τ(Dh + b)`, and the target that its loss compares with.
#[derive(Debug, Clone)]
pub struct Subject {
    n_features: usize,
    n_hidden: usize,
    /// `[n_hidden][n_features]`.
    w: Vec<f32>,
    /// `[n_features][n_hidden]`; `Wᵀ` where the model is tied.
    decoder: Vec<f32>,
    b: Vec<f32>,
    importance: Vec<f32>,
    kind: ModelKind,
}

/// What one feature alone does to the hidden layer.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueDirection {
    /// The feature.
    pub feature: usize,
    /// Whether its value is negative there; only in a model of signed inputs.
    pub negative: bool,
    /// `[n_hidden]`, of length 1.
    pub direction: Vec<f64>,
}

/// Features count as represented where `‖W_i‖` exceeds this (DESIGN.md section 2).
const REPRESENTED: f64 = 0.5;

impl Subject {
    /// A model with these parameters.
    ///
    /// # Shapes
    /// `w: [n_hidden][n_features]`; `decoder: [n_features][n_hidden]` for `absolute`, else absent; `b`, `importances`:
    /// `[n_features]`.
    ///
    /// # Panics
    /// If the shapes do not fit, or a decoder is missing or given in vain.
    pub fn new(kind: ModelKind, w: &[f32], decoder: Option<&[f32]>, b: &[f32], importances: &[f64]) -> Self {
        let n_features = b.len();
        assert!(n_features > 0 && !w.is_empty() && w.len().is_multiple_of(n_features), "w: whole rows of n_features");
        let n_hidden = w.len() / n_features;
        assert_eq!(importances.len(), n_features, "an importance a feature");
        assert_eq!(decoder.is_some(), kind == ModelKind::Absolute, "only the absolute value model has its own decoder");
        let decoder = decoder.map_or_else(|| transposed(w, n_features), <[f32]>::to_vec);
        assert_eq!(decoder.len(), w.len(), "decoder: n_features rows of n_hidden");
        Subject {
            n_features,
            n_hidden,
            w: w.to_vec(),
            decoder,
            b: b.to_vec(),
            importance: importances.iter().map(|&i| i as f32).collect(),
            kind,
        }
    }

    /// n.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// m.
    pub fn n_hidden(&self) -> usize {
        self.n_hidden
    }

    /// `[n_hidden][n_features]`.
    pub fn weights(&self) -> &[f32] {
        &self.w
    }

    /// `[n_features][n_hidden]`.
    pub fn decoder(&self) -> &[f32] {
        &self.decoder
    }

    /// `[n_features]`.
    pub fn bias(&self) -> &[f32] {
        &self.b
    }

    /// `[n_features]`.
    pub fn importance(&self) -> &[f32] {
        &self.importance
    }

    /// Whether h goes through a ReLU.
    pub fn relu_hidden(&self) -> bool {
        matches!(self.kind, ModelKind::ReluHidden | ModelKind::Absolute)
    }

    /// Whether the output goes through a ReLU.
    pub fn relu(&self) -> bool {
        self.kind != ModelKind::Linear
    }

    /// The target of an input: `|x|` for the absolute value model, else x.
    pub fn target(&self, x: f32) -> f32 {
        if self.kind == ModelKind::Absolute { x.abs() } else { x }
    }

    /// Writes the hidden activations of a tile.
    ///
    /// # Shapes
    /// `x: [n_features][samples]`, `h: [n_hidden][samples]`, samples a multiple of [`TILE_UNIT`].
    pub fn hidden_into(&self, level: Level, x: &[f32], h: &mut [f32]) {
        products::product(level, &self.w, self.n_features, x, h);
        if self.relu_hidden() {
            h.iter_mut().for_each(|h| *h = h.max(0.0));
        }
    }

    /// Writes the outputs of a tile of hidden activations, whatever they came from.
    ///
    /// # Shapes
    /// `h: [n_hidden][samples]`, `out: [n_features][samples]`, samples a multiple of [`TILE_UNIT`].
    pub fn outputs_into(&self, level: Level, h: &[f32], out: &mut [f32]) {
        products::product(level, &self.decoder, self.n_hidden, h, out);
        let samples = out.len() / self.n_features;
        for (row, &b) in out.chunks_exact_mut(samples).zip(&self.b) {
            row.iter_mut().for_each(|out| *out += b);
            if self.relu() {
                row.iter_mut().for_each(|out| *out = out.max(0.0));
            }
        }
    }

    /// The sum of a tile's weighted squared errors, `Σ_s Σ_i I_i (y_i − x'_i)²`.
    ///
    /// # Shapes
    /// `x`, `out`: `[n_features][samples]`.
    pub fn squared_error(&self, x: &[f32], out: &[f32]) -> f64 {
        let samples = x.len() / self.n_features;
        let rows = x.chunks_exact(samples).zip(out.chunks_exact(samples)).zip(&self.importance);
        rows.map(|((x, out), &importance)| {
            let row = x.iter().zip(out).map(|(&x, &out)| f64::from(out - self.target(x)).powi(2));
            f64::from(importance) * row.sum::<f64>()
        })
        .sum()
    }

    /// The directions to be found: what each represented feature alone does to h, negative values apart where the model
    /// has them. Features that leave no trace behind a hidden ReLU are left out.
    pub fn true_directions(&self) -> Vec<TrueDirection> {
        let signs: &[f64] = if self.kind == ModelKind::Absolute { &[1.0, -1.0] } else { &[1.0] };
        let mut found = Vec::new();
        for feature in 0..self.n_features {
            let column = || (0..self.n_hidden).map(|k| f64::from(self.w[k * self.n_features + feature]));
            if norm(column()) <= REPRESENTED {
                continue;
            }
            for &sign in signs {
                let h: Vec<f64> =
                    column().map(|w| if self.relu_hidden() { (sign * w).max(0.0) } else { sign * w }).collect();
                let length = norm(h.iter().copied());
                if length > 0.0 {
                    let direction = h.iter().map(|h| h / length).collect();
                    found.push(TrueDirection { feature, negative: sign < 0.0, direction });
                }
            }
        }
        found
    }
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum::<f64>().sqrt()
}

/// `[columns][rows]` of `[rows][columns]`.
pub(super) fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(matrix.len());
    for column in 0..columns {
        out.extend(matrix[column..].iter().step_by(columns));
    }
    out
}

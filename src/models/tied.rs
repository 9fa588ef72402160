//! `x' = f(WᵀWx + b)`: the linear model and the ReLU output model.

use super::{Shape, Sums, Tied};
use crate::kernels::draws::Reading;
use crate::kernels::{BLOCK, Level, blocked, tiny};

/// The sums of one model's batch, and the memory to work them out in.
#[derive(Debug, Clone)]
pub struct TiedWork {
    sums: Sums,
    /// Present where the model has no kernel of its own and goes through blocked products.
    workspace: Option<blocked::Workspace>,
}

impl TiedWork {
    /// For models of this shape, with or without the ReLU, their words read alone or paired.
    pub fn new(shape: Shape, relu: bool, paired: bool) -> Self {
        let in_registers = tiny::suits(shape.n_features, shape.n_hidden, relu, paired);
        TiedWork {
            sums: Sums::zeros(shape.n_features, shape.n_hidden),
            workspace: (!in_registers).then(blocked::Workspace::default),
        }
    }

    /// Blocks of samples that [`TiedWork::add_tile`] takes at once.
    pub fn tile_blocks(&self, level: Level) -> usize {
        match self.workspace {
            None => tiny::TILE_BLOCKS,
            Some(_) => blocked::tile_samples(level) / BLOCK,
        }
    }

    /// Starts a batch.
    pub fn begin(&mut self, model: Tied) {
        self.sums.clear();
        if let Some(workspace) = &mut self.workspace {
            blocked::begin(model, workspace);
        }
    }

    /// Adds the first `n_samples` samples of a tile.
    ///
    /// # Shapes
    /// `draws`: `[tile_blocks][words][BLOCK]`.
    pub fn add_tile(&mut self, level: Level, model: Tied, reading: &Reading, draws: &[u32], n_samples: usize) {
        match &mut self.workspace {
            None => tiny::add_tile(level, model, reading, draws, n_samples, &mut self.sums),
            Some(workspace) => {
                blocked::add_tile(level, model, reading, draws, n_samples, workspace, &mut self.sums);
            }
        }
    }

    /// The sums over the batch.
    pub fn finish(&mut self) -> &Sums {
        if let Some(workspace) = &self.workspace {
            blocked::finish(workspace, &mut self.sums);
        }
        &self.sums
    }
}

/// The weighted squared error of one sparse sample, summed over features: `Σ_i I_i (x_i − x'_i)²`.
///
/// Costs `n_hidden · (n_features + active)` multiplications, whatever the number of zeros.
///
/// # Shapes
/// `active`: (feature, value); `h: [n_hidden]` and `out: [n_features]` are scratch.
pub fn sparse_error(model: Tied, active: &[(usize, f32)], h: &mut [f32], out: &mut [f32]) -> f64 {
    let n_features = model.b.len();
    out.copy_from_slice(model.b);
    for (row, h) in model.w.chunks_exact(n_features).zip(h) {
        *h = active.iter().map(|&(i, x)| row[i] * x).sum();
        if *h != 0.0 {
            for (out, &w) in out.iter_mut().zip(row) {
                *out += w * *h;
            }
        }
    }
    if model.relu {
        out.iter_mut().for_each(|out| *out = out.max(0.0));
    }
    for &(i, x) in active {
        out[i] -= x;
    }
    out.iter().zip(model.importance).map(|(&error, &importance)| f64::from(importance) * f64::from(error).powi(2)).sum()
}

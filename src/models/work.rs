//! A batch's loss and gradient, by whichever kernel fits the network.

use super::{Network, Perturbation, Shape, Sums};
use crate::kernels::draws::Reading;
use crate::kernels::{BLOCK, Level, blocked, tiny};

/// The sums of one network's batch, and the memory to work them out in.
#[derive(Debug, Clone)]
pub struct Work {
    sums: Sums,
    /// Present where the network has no kernel of its own and goes through blocked products.
    workspace: Option<blocked::Workspace>,
}

impl Work {
    /// For networks of this shape; `in_registers` where [`Work::in_registers`] is true of all of them.
    pub fn new(shape: Shape, in_registers: bool) -> Self {
        let (n, m) = (shape.n_features, shape.n_hidden);
        Work {
            sums: if shape.untied { Sums::zeros_untied(n, m) } else { Sums::zeros(n, m) },
            workspace: (!in_registers).then(blocked::Workspace::default),
        }
    }

    /// Whether a network with this reading, and under attack or not, has a kernel that keeps it in registers.
    pub fn in_registers(network: &Network, reading: &Reading, attacked: bool) -> bool {
        !attacked && tiny::suits(network, reading)
    }

    /// Blocks of samples that [`Work::add_tile`] takes at once.
    pub fn tile_blocks(&self, level: Level) -> usize {
        match self.workspace {
            None => tiny::TILE_BLOCKS,
            Some(_) => blocked::tile_samples(level) / BLOCK,
        }
    }

    /// Starts a batch.
    pub fn begin(&mut self, network: Network) {
        self.sums.clear();
        if let Some(workspace) = &mut self.workspace {
            blocked::begin(network, workspace);
        }
    }

    /// Adds the first `n_samples` samples of a tile.
    ///
    /// # Shapes
    /// `draws`: `[tile_blocks][words][BLOCK]`; a perturbation has a choice a sample.
    ///
    /// # Panics
    /// If there is a perturbation and the network's kernel is one that keeps it in registers.
    pub fn add_tile(
        &mut self,
        level: Level,
        network: Network,
        reading: &Reading,
        draws: &[u32],
        n_samples: usize,
        perturbation: Option<Perturbation>,
    ) {
        let Work { sums, workspace } = self;
        match workspace {
            None => {
                assert!(perturbation.is_none(), "the kernels in registers know no perturbation");
                tiny::add_tile(level, network, reading, draws, n_samples, sums);
            }
            Some(workspace) => {
                blocked::add_tile(level, network, reading, draws, n_samples, perturbation, workspace, sums);
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

/// The weighted squared error of one sparse sample, summed over features: `Σ_i I_i (y_i − x'_i)²`.
///
/// Costs `n_hidden · (n_features + active)` multiplications, whatever the number of zeros.
///
/// # Shapes
/// `active`: (feature, value); `h: [n_hidden]` and `out: [n_features]` are scratch.
pub fn sparse_error(network: Network, active: &[(usize, f32)], h: &mut [f32], out: &mut [f32]) -> f64 {
    let (n_features, n_hidden) = (network.n_features(), network.n_hidden());
    out.copy_from_slice(network.b);
    for (k, (row, h)) in network.w.chunks_exact(n_features).zip(h.iter_mut()).enumerate() {
        *h = active.iter().map(|&(i, x)| row[i] * x).sum();
        if network.relu_hidden {
            *h = h.max(0.0);
        }
        if *h != 0.0 {
            match network.decoder {
                None => out.iter_mut().zip(row).for_each(|(out, &w)| *out += w * *h),
                Some(decoder) => {
                    let column = decoder[k..].iter().step_by(n_hidden);
                    out.iter_mut().zip(column).for_each(|(out, &w)| *out += w * *h);
                }
            }
        }
    }
    if network.relu {
        out.iter_mut().for_each(|out| *out = out.max(0.0));
    }
    for &(i, x) in active {
        out[i] -= if network.absolute { x.abs() } else { x };
    }
    out.iter().zip(network.importance).map(|(&error, &weight)| f64::from(weight) * f64::from(error).powi(2)).sum()
}

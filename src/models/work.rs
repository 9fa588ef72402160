//! A batch's loss and gradient, by whichever kernel fits the network.

use super::{Network, Perturbation, Shape, Sums, linear};
use crate::kernels::draws::Reading;
use crate::kernels::{BLOCK, Level, blocked, gram, tiny};

/// Which kernel works a batch out. All read the same words as the same samples, and give the same sums up to rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// All in registers, for the few shapes of [`tiny`].
    Registers,
    /// Dense products, of any shape and kind.
    Blocked,
    /// The Gram matrix of a tied model, and lists of what is active.
    Gram,
    /// Dense products of a tied model, of less in batches where many outputs are never silent.
    Linear,
}

impl Kernel {
    /// The fastest that suits a network, its data, and whether it is trained against attacks.
    pub fn of(level: Level, network: &Network, reading: &Reading, attacked: bool, batch: usize) -> Self {
        if attacked {
            Kernel::Blocked
        } else if tiny::suits(network, reading) {
            Kernel::Registers
        } else if gram::suits(network, reading) && gram::pays(level, network, reading, batch) {
            Kernel::Gram
        } else if linear::suits(network) {
            Kernel::Linear
        } else {
            Kernel::Blocked
        }
    }

    /// Blocks of samples that [`Work::add_tile`] takes at once.
    pub fn tile_blocks(self, level: Level) -> usize {
        match self {
            Kernel::Registers => tiny::TILE_BLOCKS,
            Kernel::Blocked | Kernel::Gram | Kernel::Linear => blocked::tile_samples(level) / BLOCK,
        }
    }
}

/// The sums of one network's batch, and the memory to work them out in.
#[derive(Debug)]
pub struct Work {
    sums: Sums,
    workspace: Workspace,
}

#[derive(Debug)]
enum Workspace {
    Registers,
    Blocked(blocked::Workspace),
    Gram(gram::Workspace),
    /// With whether this batch goes the shorter way.
    Linear(bool, Box<(linear::Workspace, blocked::Workspace)>),
}

impl Work {
    /// For networks of this shape that all go through this kernel.
    pub fn new(shape: Shape, kernel: Kernel) -> Self {
        let (n, m) = (shape.n_features, shape.n_hidden);
        Work {
            sums: if shape.untied { Sums::zeros_untied(n, m) } else { Sums::zeros(n, m) },
            workspace: match kernel {
                Kernel::Registers => Workspace::Registers,
                Kernel::Blocked => Workspace::Blocked(blocked::Workspace::default()),
                Kernel::Gram => Workspace::Gram(gram::Workspace::default()),
                Kernel::Linear => Workspace::Linear(false, Box::default()),
            },
        }
    }

    /// Gives back the memory that a batch is worked out in, which is more than the network's own; the next batch makes it anew.
    pub fn rest(&mut self) {
        match &mut self.workspace {
            Workspace::Registers => {}
            Workspace::Blocked(workspace) => *workspace = Default::default(),
            Workspace::Gram(workspace) => *workspace = Default::default(),
            Workspace::Linear(_, spaces) => **spaces = Default::default(),
        }
    }

    /// Starts a batch.
    pub fn begin(&mut self, level: Level, network: Network, reading: &Reading) {
        self.sums.clear();
        match &mut self.workspace {
            Workspace::Registers => {}
            Workspace::Blocked(workspace) => blocked::begin(network, workspace),
            Workspace::Gram(workspace) => gram::begin(level, network, workspace),
            Workspace::Linear(shorter, spaces) => {
                *shorter = linear::begin(level, network, reading, &mut spaces.0);
                if !*shorter {
                    blocked::begin(network, &mut spaces.1);
                }
            }
        }
    }

    /// Adds the first `n_samples` samples of a tile.
    ///
    /// # Shapes
    /// `draws`: `[tile_blocks][words][BLOCK]`; a perturbation has a choice a sample.
    ///
    /// # Panics
    /// If there is a perturbation and the network does not go through blocked products.
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
        assert!(
            perturbation.is_none() || matches!(workspace, Workspace::Blocked(_)),
            "only blocked products know perturbations"
        );
        match workspace {
            Workspace::Registers => tiny::add_tile(level, network, reading, draws, n_samples, sums),
            Workspace::Blocked(workspace) => {
                blocked::add_tile(level, network, reading, draws, n_samples, perturbation, workspace, sums);
            }
            Workspace::Gram(workspace) => gram::add_tile(level, network, reading, draws, n_samples, workspace, sums),
            Workspace::Linear(true, spaces) => {
                linear::add_tile(level, network, reading, draws, n_samples, &mut spaces.0)
            }
            Workspace::Linear(false, spaces) => {
                blocked::add_tile(level, network, reading, draws, n_samples, None, &mut spaces.1, sums);
            }
        }
    }

    /// The sums over the batch of the network that [`Work::begin`] was told.
    pub fn finish(&mut self, level: Level, network: Network) -> &Sums {
        match &mut self.workspace {
            Workspace::Registers => {}
            Workspace::Blocked(workspace) => blocked::finish(workspace, &mut self.sums),
            Workspace::Gram(workspace) => gram::finish(level, network, workspace, &mut self.sums),
            Workspace::Linear(true, spaces) => linear::finish(level, network, &mut spaces.0, &mut self.sums),
            Workspace::Linear(false, spaces) => blocked::finish(&spaces.1, &mut self.sums),
        }
        &self.sums
    }
}

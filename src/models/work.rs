//! A batch's loss and gradient, by whichever kernel fits the network.

#[cfg(not(target_arch = "wasm32"))]
use super::linear;
use super::{Network, Perturbation, Shape, Sums, listed};
use crate::kernels::draws::Reading;
use crate::kernels::lists::{Drawn, Skipper};
use crate::kernels::{BLOCK, Level, blocked, gram, narrow};

/// Which kernel works a batch out. All that read words read them as the same samples, all that read lists likewise, and give the same sums up to rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kernel {
    /// The hidden units in registers, where they are a few.
    Narrow,
    /// Dense products, of any shape and kind.
    Blocked,
    /// The Gram matrix of a tied model, and lists of what is active.
    Gram,
    /// The same lists, and the hidden units.
    Listed,
    /// Dense products of a tied model, of less in batches where many outputs are never silent. Not in the page, which would download it for few models.
    #[cfg(not(target_arch = "wasm32"))]
    Linear,
}

impl Kernel {
    /// The fastest that suits a network, its data, and whether it is trained against attacks.
    pub fn of(level: Level, network: &Network, reading: &Reading, attacked: bool, batch: usize) -> Self {
        if attacked {
            Kernel::Blocked
        } else if reading.is_sparse() && network.is_plain() && !is_better_narrow(network, reading) {
            if gram::pays(network, reading.mean_active(), batch) { Kernel::Gram } else { Kernel::Listed }
        } else if narrow::suits(network) {
            Kernel::Narrow
        } else {
            Self::of_dense(level, network)
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn of_dense(level: Level, network: &Network) -> Self {
        // Levels that must have the page's bits do without, as the page does.
        if level.is_fused() && linear::suits(network) { Kernel::Linear } else { Kernel::Blocked }
    }

    #[cfg(target_arch = "wasm32")]
    fn of_dense(_: Level, _: &Network) -> Self {
        Kernel::Blocked
    }

    /// Whether it reads lists, by [`Work::add_lists`]; which is a matter of the spec alone.
    pub fn is_listed(self) -> bool {
        matches!(self, Kernel::Gram | Kernel::Listed)
    }

    /// What draws its lists.
    pub fn skipper(self, reading: &Reading) -> Skipper {
        match self {
            Kernel::Gram => Skipper::by_sample(reading.mean_active()),
            _ => Skipper::default(),
        }
    }

    /// Blocks of samples that are added at once.
    pub fn tile_blocks(self, level: Level, reading: &Reading) -> usize {
        match self {
            Kernel::Narrow => narrow::TILE_BLOCKS,
            Kernel::Gram | Kernel::Listed => reading.listed_at_once() / BLOCK,
            _ => blocked::tile_samples(level) / BLOCK,
        }
    }
}

/// Whether working out all features of all samples is faster than listing what is active, as it is of few hidden units.
fn is_better_narrow(network: &Network, reading: &Reading) -> bool {
    const LISTED_UP_TO: f64 = 1.0 / 24.0;
    // Of fewer features than these a sample is soon worked out: the opening figure lists what is active where a feature needs two words, and does without else.
    const FEW: usize = 8;
    let n_features = network.n_features();
    let is_dense = reading.mean_active() > LISTED_UP_TO * n_features as f64;
    narrow::suits(network) && (is_dense || n_features < FEW && !reading.paired)
}

/// The sums of one network's batch, and the memory to work them out in.
#[derive(Debug)]
pub struct Work {
    kernel: Kernel,
    sums: Sums,
    workspace: Workspace,
}

#[derive(Debug)]
enum Workspace {
    Narrow(Box<narrow::Workspace>),
    Blocked(Box<blocked::Workspace>),
    Gram(Box<gram::Workspace>),
    Listed(Box<listed::Workspace>),
    /// With whether this batch goes the shorter way.
    #[cfg(not(target_arch = "wasm32"))]
    Linear(bool, Box<(linear::Workspace, blocked::Workspace)>),
}

impl Workspace {
    #[inline(never)] // Called from two places, and a page downloads it.
    fn new(kernel: Kernel) -> Self {
        match kernel {
            Kernel::Narrow => Workspace::Narrow(Box::default()),
            Kernel::Blocked => Workspace::Blocked(Box::default()),
            Kernel::Gram => Workspace::Gram(Box::default()),
            Kernel::Listed => Workspace::Listed(Box::default()),
            #[cfg(not(target_arch = "wasm32"))]
            Kernel::Linear => Workspace::Linear(false, Box::default()),
        }
    }
}

impl Work {
    /// For networks of this shape that all go through this kernel.
    pub fn new(shape: Shape, kernel: Kernel) -> Self {
        let (n, m) = (shape.n_features, shape.n_hidden);
        let sums = if shape.untied { Sums::zeros_untied(n, m) } else { Sums::zeros(n, m) };
        Work { kernel, sums, workspace: Workspace::new(kernel) }
    }

    /// Gives back the memory that a batch is worked out in, which is more than the network's own; the next batch makes it anew.
    pub fn rest(&mut self) {
        self.workspace = Workspace::new(self.kernel);
    }

    /// Starts a batch.
    pub fn begin(&mut self, level: Level, network: Network, reading: &Reading) {
        self.sums.clear();
        match &mut self.workspace {
            Workspace::Narrow(workspace) => narrow::begin(level, network, workspace),
            Workspace::Blocked(workspace) => blocked::begin(level, network, workspace),
            Workspace::Gram(workspace) => gram::begin(level, network, workspace),
            Workspace::Listed(workspace) => listed::begin(level, network, reading, workspace),
            #[cfg(not(target_arch = "wasm32"))]
            Workspace::Linear(shorter, spaces) => {
                *shorter = linear::begin(level, network, reading, &mut spaces.0);
                if !*shorter {
                    blocked::begin(level, network, &mut spaces.1);
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
        let Work { sums, workspace, .. } = self;
        assert!(
            perturbation.is_none() || matches!(workspace, Workspace::Blocked(_)),
            "only blocked products know perturbations"
        );
        match workspace {
            Workspace::Narrow(workspace) => {
                narrow::add_tile(level, network, reading, draws, n_samples, workspace, sums);
            }
            Workspace::Blocked(workspace) => {
                blocked::add_tile(level, network, reading, draws, n_samples, perturbation, workspace, sums);
            }
            Workspace::Gram(_) | Workspace::Listed(_) => unreachable!("this kernel reads lists"),
            #[cfg(not(target_arch = "wasm32"))]
            Workspace::Linear(true, spaces) => {
                linear::add_tile(level, network, reading, draws, n_samples, &mut spaces.0)
            }
            #[cfg(not(target_arch = "wasm32"))]
            Workspace::Linear(false, spaces) => {
                blocked::add_tile(level, network, reading, draws, n_samples, None, &mut spaces.1, sums);
            }
        }
    }

    /// Adds the samples of lists by feature.
    ///
    /// # Panics
    /// If the kernel does not read lists.
    pub fn add_lists(&mut self, level: Level, network: Network, lists: &Drawn, n_samples: usize) {
        match &mut self.workspace {
            Workspace::Gram(workspace) => {
                gram::add_tile(level, network, lists, n_samples, workspace, &mut self.sums);
            }
            Workspace::Listed(workspace) => listed::add_tile(level, network, lists, n_samples, workspace),
            _ => unreachable!("this kernel reads words"),
        }
    }

    /// The sums over the batch of the network that [`Work::begin`] was told.
    pub fn finish(&mut self, level: Level, network: Network) -> &Sums {
        match &mut self.workspace {
            Workspace::Narrow(workspace) => narrow::finish(level, workspace, &mut self.sums),
            Workspace::Blocked(workspace) => blocked::finish(level, workspace, &mut self.sums),
            Workspace::Gram(workspace) => gram::finish(level, network, workspace, &mut self.sums),
            Workspace::Listed(workspace) => listed::finish(level, network, workspace, &mut self.sums),
            #[cfg(not(target_arch = "wasm32"))]
            Workspace::Linear(true, spaces) => linear::finish(level, network, &mut spaces.0, &mut self.sums),
            #[cfg(not(target_arch = "wasm32"))]
            Workspace::Linear(false, spaces) => blocked::finish(level, &mut spaces.1, &mut self.sums),
        }
        &self.sums
    }
}

//! The values of a spec that the inner loops know: which network, which update rule.

/// Ties an enum's variants to their names in a spec.
#[macro_export]
macro_rules! choices {
    ($type:ident { $($name:literal => $variant:ident),+ $(,)? }) => {
        impl $type {
            /// Every variant with its name, in the order in which messages list them.
            pub const CHOICES: &'static [(&'static str, Self)] = &[$(($name, Self::$variant)),+];

            /// The name in a spec.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

/// Which network is trained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelKind {
    /// `x' = WᵀWx + b`.
    Linear,
    /// `x' = ReLU(WᵀWx + b)`, the ReLU output model.
    Relu,
    /// `h = ReLU(Wx)`, `x' = ReLU(Wᵀh + b)`, the privileged basis.
    ReluHidden,
    /// `h = ReLU(W₁x)`, `y' = ReLU(W₂h + b)` for the target `|x|`.
    Absolute,
}

choices!(ModelKind { "linear" => Linear, "relu" => Relu, "relu-hidden" => ReluHidden, "absolute" => Absolute });

/// The update rule with its own options.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum OptimizerKind {
    /// β .9, .999, ε 1e-8, bias-corrected.
    Adam,
    /// Adam with decoupled decay, biases too.
    AdamW {
        /// Decay per step, times the learning rate.
        weight_decay: f64,
    },
    /// Stochastic gradient descent.
    Sgd {
        /// Heavy-ball momentum in [0, 1).
        momentum: f64,
    },
}

impl OptimizerKind {
    /// Every optimiser with its options at their defaults.
    pub const CHOICES: &'static [(&'static str, Self)] =
        &[("adam", Self::Adam), ("adamw", Self::AdamW { weight_decay: 0.01 }), ("sgd", Self::Sgd { momentum: 0.0 })];

    /// The name in a spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adam => "adam",
            Self::AdamW { .. } => "adamw",
            Self::Sgd { .. } => "sgd",
        }
    }
}

/// How the learning rate falls over `steps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// It does not.
    Constant,
    /// To 0 along a line.
    Linear,
    /// To 0 along half a cosine.
    Cosine,
}

choices!(Schedule { "constant" => Constant, "linear" => Linear, "cosine" => Cosine });

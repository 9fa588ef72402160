//! A network and a batch's sums as the kernels see them: slices and switches, no names.

/// A network of one hidden layer: `h = σ(Wx)`, `x' = τ(Dh + b)`, where σ and τ are the identity or a ReLU and the decoder D is
/// `Wᵀ` or a matrix of its own (DESIGN.md section 2 has the four that are used).
#[derive(Debug, Clone, Copy)]
pub struct Network<'a> {
    /// `[n_hidden][n_features]`, the encoder.
    pub w: &'a [f32],
    /// `[n_features][n_hidden]`, the decoder where it is not `Wᵀ`.
    pub decoder: Option<&'a [f32]>,
    /// `[n_features]`.
    pub b: &'a [f32],
    /// `[n_features]`, the weights of the squared errors.
    pub importance: &'a [f32],
    /// Whether h goes through a ReLU.
    pub relu_hidden: bool,
    /// Whether the output goes through a ReLU.
    pub relu: bool,
    /// Whether the target is `|x|` in place of x.
    pub absolute: bool,
    /// λ of the penalty on the mean of `Σ_k |h_k|`: part of the gradient, never of the loss.
    pub hidden_l1: f32,
}

impl<'a> Network<'a> {
    /// `x' = f(WᵀWx + b)`: the linear model and, with `relu`, the ReLU output model.
    pub fn tied(w: &'a [f32], b: &'a [f32], importance: &'a [f32], relu: bool) -> Self {
        Network { w, decoder: None, b, importance, relu_hidden: false, relu, absolute: false, hidden_l1: 0.0 }
    }

    /// Whether it is a linear or ReLU output model without a penalty.
    pub fn is_plain(&self) -> bool {
        self.decoder.is_none() && !self.relu_hidden && !self.absolute && self.hidden_l1 == 0.0
    }

    /// n.
    pub fn n_features(&self) -> usize {
        self.b.len()
    }

    /// m.
    pub fn n_hidden(&self) -> usize {
        self.w.len() / self.b.len()
    }
}

/// The sums over samples that a gradient is made of.
///
/// With target y, input z (x, or x under attack), `r_i = x'_i − y_i` and `g_i = 2 I_i r_i τ'(out_i)`: `loss` is `Σ I_i r_i²`,
/// `db_i = Σ g_i`, `d_decoder_ik = Σ g_i h_k`, and `dw_ki = Σ z_i d_k` with `d_k = (Σ_j D_jk g_j + n λ sign h_k) σ'(h_k)`, to which
/// a tied decoder adds its own `Σ h_k g_i`. Divide by batch · n_features for means.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// Sum of the weighted squared errors.
    pub loss: f64,
    /// `[n_hidden][n_features]`.
    pub dw: Vec<f64>,
    /// `[n_features][n_hidden]`; empty where the decoder is tied.
    pub d_decoder: Vec<f64>,
    /// `[n_features]`.
    pub db: Vec<f64>,
}

impl Sums {
    /// Zeros for a network of this shape with a tied decoder.
    pub fn zeros(n_features: usize, n_hidden: usize) -> Self {
        let (dw, db) = (vec![0.0; n_hidden * n_features], vec![0.0; n_features]);
        Sums { loss: 0.0, dw, d_decoder: Vec::new(), db }
    }

    /// The same for one with a decoder of its own.
    pub fn zeros_untied(n_features: usize, n_hidden: usize) -> Self {
        Sums { d_decoder: vec![0.0; n_features * n_hidden], ..Self::zeros(n_features, n_hidden) }
    }

    /// Back to zeros.
    pub fn clear(&mut self) {
        self.loss = 0.0;
        self.dw.fill(0.0);
        self.d_decoder.fill(0.0);
        self.db.fill(0.0);
    }
}

/// What is added to the inputs of a tile: one of a few directions a sample.
#[derive(Debug, Clone, Copy)]
pub struct Perturbation<'a> {
    /// `[directions][n_features]`, their size included.
    pub directions: &'a [f32],
    /// `[samples]`, which direction each sample gets.
    pub choices: &'a [u32],
}

//! Loss and gradient of a tied model whose inputs are listed, through h: for where so many features are active that its Gram matrix does not pay.
//!
//! Rows are samples. `H` is the product of the samples' lists with the rows of `Wᵀ`, and the gradients `dH` go back through the lists by feature; in between, outputs are
//! dense products. Outputs that are never silent need none, as [`super::linear`] derives; here the importances of those must be equal, and where too few are so,
//! all go through dense products.

use super::linear::{self, Split};
use super::{Network, Sums};
use crate::kernels::draws::Reading;
use crate::kernels::lists::{self, Drawn, Lists, Place};
use crate::kernels::products::{Low, find_low, product_of_rows};
use crate::kernels::rows::{self, Outputs};
use crate::kernels::{Aligned, Level};

/// Features that are taken at once where a matrix with a feature a row meets one with a feature a column: their rows stay in the nearest cache.
const FEATURES: usize = 16;

/// How many standard deviations above 0 a feature's output has its mean, to be tried as linear: what is silent after all costs little here.
const TRIED_FROM: f32 = 2.5;

/// What is known of a batch, and the matrices of a tile.
#[derive(Debug, Default)]
pub struct Workspace {
    split: Split,
    twice: f32,
    hidden_len: usize,
    others_len: usize,
    linear_len: usize,
    /// Wᵀ with padded rows, the others first, and the sums of `x_i d`, to which [`finish`] adds the rest of the linear features' gradients, features in their own
    /// order: `[n][hidden_len]`.
    w_rows: Aligned<f32>,
    dw_rows: Aligned<f32>,
    /// W of the features that are not linear, `[m][others_len]`.
    w_others: Aligned<f32>,
    /// W of those that are, `[m][linear_len]`.
    w_linear: Aligned<f32>,
    /// `2I W_L W_Lᵀ`, `[m][hidden_len]`, and `2I W_L b_L`, `[hidden_len]`.
    gram: Aligned<f32>,
    shift: Aligned<f32>,
    outputs: Outputs,
    /// All samples.
    samples: Vec<u32>,
    /// Lists in which something is.
    filled: Vec<u32>,
    /// Others in lists 0 to `samples`, linear features behind them.
    by_sample: Lists,
    places: Vec<Place>,
    /// The tile's `Σ x_i` and `Σ x_i²`, a feature each.
    sums: Vec<[f32; 2]>,
    /// `[samples][hidden_len]`.
    h: Aligned<f32>,
    h_linear: Aligned<f32>,
    dh: Aligned<f32>,
    /// `[m][samples]`.
    h_columns: Aligned<f32>,
    /// Gradients at the others' outputs, `[samples][others_len]`.
    g: Aligned<f32>,
    /// What silences the linear features' outputs, `[linear_len]`: −b.
    floors: Vec<f32>,
    /// How far each sample's h is from its mean; samples, those furthest away first; silent outputs.
    distances: Vec<f32>,
    by_length: Vec<u32>,
    silent: Vec<Low>,
    panel: Aligned<f32>,
    /// Sums over the batch: `[m][others_len]`, `Σ h hᵀ` `[m][hidden_len]`, `Σ h` `[hidden_len]`; `Σ x_i`, and what silent outputs take back, `[n]` and `[n][hidden_len]`.
    dw_others: Aligned<f32>,
    hh: Aligned<f32>,
    h_sum: Aligned<f32>,
    x_sum: Vec<f32>,
    back_db: Vec<f64>,
    loss: f64,
    n_samples: usize,
}

/// Makes ready for a batch.
#[inline(never)] // As `add_tile`.
pub fn begin(level: Level, network: Network, reading: &Reading, workspace: &mut Workspace) {
    let (n, m) = (network.n_features(), network.n_hidden());
    let Workspace { split, .. } = workspace;
    if !(linear::suits(&network) && split.find(level, network, reading, TRIED_FROM)) {
        split.none(n);
    }
    let n_others = split.n_others;
    workspace.twice = 2.0 * network.importance[0];
    let hidden_len = lists::row_len(level, m);
    let (others_len, linear_len) = (lists::row_len(level, n_others), lists::row_len(level, n - n_others));
    (workspace.hidden_len, workspace.others_len, workspace.linear_len) = (hidden_len, others_len, linear_len);
    for (matrix, len) in [
        (&mut workspace.w_rows, n * hidden_len),
        (&mut workspace.dw_rows, n * hidden_len),
        (&mut workspace.w_others, m * others_len),
        (&mut workspace.w_linear, m * linear_len),
        (&mut workspace.dw_others, m * others_len),
        (&mut workspace.hh, m * hidden_len),
        (&mut workspace.h_sum, hidden_len),
        (&mut workspace.shift, hidden_len),
    ] {
        matrix.zeros(len);
    }
    let (others, linear) = workspace.split.order.split_at(n_others);
    let columns = workspace.w_rows.chunks_mut(FEATURES * hidden_len);
    for (columns, features) in columns.zip(workspace.split.order.chunks(FEATURES)) {
        for (k, row) in network.w.chunks_exact(n).enumerate() {
            for (column, &i) in columns.chunks_exact_mut(hidden_len).zip(features) {
                column[k] = row[i as usize];
            }
        }
    }
    for (k, row) in network.w.chunks_exact(n).enumerate() {
        linear::gather(row, others, &mut workspace.w_others[k * others_len..][..others_len]);
        linear::gather(row, linear, &mut workspace.w_linear[k * linear_len..][..linear_len]);
    }
    workspace.outputs.begin(level, network, others, others_len);
    workspace.x_sum.clear();
    workspace.x_sum.resize(n, 0.0);
    workspace.back_db.clear();
    workspace.back_db.resize(n, 0.0);
    (workspace.loss, workspace.n_samples) = (0.0, 0);
    if n_others < n {
        workspace.multiply_linear(level, network);
    }
}

impl Workspace {
    /// How many features are linear in this batch.
    pub fn n_linear(&self) -> usize {
        self.split.order.len() - self.split.n_others
    }

    /// `2I W_L W_Lᵀ` and `2I W_L b_L`.
    fn multiply_linear(&mut self, level: Level, network: Network) {
        let (m, hidden_len) = (network.n_hidden(), self.hidden_len);
        let linear = &self.split.order[self.split.n_others..];
        let rows = &self.w_rows[self.split.n_others * hidden_len..];
        for (row, &i) in rows.chunks_exact(hidden_len).zip(linear) {
            let weight = self.twice * network.b[i as usize];
            self.shift.iter_mut().zip(row).for_each(|(shift, &w)| *shift += weight * w);
        }
        self.floors.clear();
        self.floors.extend(linear.iter().map(|&i| -network.b[i as usize]));
        self.floors.resize(self.linear_len, f32::NEG_INFINITY);
        self.gram.resize(m * hidden_len);
        product_of_rows(
            level,
            &self.w_linear,
            self.linear_len,
            linear.len(),
            rows,
            &mut self.panel,
            &mut self.gram,
            false,
        );
        self.gram.iter_mut().for_each(|entry| *entry *= self.twice);
    }
}

/// Adds a tile's samples, listed by feature: their part of the loss and gradient to the workspace.
///
/// # Panics
/// If the shapes do not fit, or [`begin`] was not called.
#[inline(never)] // The page finds it by its name: the opening figure does without.
pub fn add_tile(level: Level, network: Network, drawn: &Drawn, n_samples: usize, workspace: &mut Workspace) {
    let (n, m) = (network.n_features(), network.n_hidden());
    assert_eq!(workspace.w_rows.len(), n * workspace.hidden_len, "begin() comes first");
    let Workspace { split, hidden_len, others_len, w_rows, w_others, gram, shift, .. } = workspace;
    let Workspace { outputs, samples, filled, by_sample, h, h_linear, dh, h_columns, g, panel, twice, .. } = workspace;
    let (hidden_len, others_len, twice) = (*hidden_len, *others_len, *twice);
    let (others, linear) = split.order.split_at(split.n_others);
    samples.clear();
    samples.extend(0..n_samples as u32);
    workspace.n_samples += n_samples;
    let places = &mut workspace.places;
    places.resize(n, Place::default());
    for (row, &i) in split.order.iter().enumerate() {
        let class = u32::from(row >= others.len());
        places[i as usize] = Place { row: row as u32, class };
    }
    workspace.sums.resize(n, [0.0; 2]);
    drawn.split_into(places, n_samples, by_sample, &mut workspace.sums);
    let lists = &drawn.by_feature;

    // H, and the linear features' part of it.
    h.zeros(n_samples * hidden_len);
    if !linear.is_empty() {
        by_sample.filled_into(n_samples..2 * n_samples, filled);
        by_sample.add_products(level, filled, n_samples, w_rows, hidden_len, m, h, true);
        h_linear.resize(h.len());
        h_linear.copy_from_slice(h);
    }
    by_sample.filled_into(0..n_samples, filled);
    by_sample.add_products(level, filled, 0, w_rows, hidden_len, m, h, true);

    // dH, as if the linear features' outputs were positive.
    h_columns.resize(m * n_samples);
    rows::transpose_into(h, hidden_len, h_columns);
    dh.zeros(h.len());
    if !linear.is_empty() {
        rows::shifted_into(h_linear, shift, twice, dh);
        product_of_rows(level, h, hidden_len, m, gram, panel, dh, true);
        product_of_rows(level, h_columns, n_samples, n_samples, h, panel, &mut workspace.hh, true);
    }
    if !others.is_empty() {
        g.resize(n_samples * others_len);
        product_of_rows(level, h, hidden_len, m, w_others, panel, g, false);
        workspace.loss += outputs.errors(level, by_sample, samples, g);
        let decoder = &w_rows[..others.len() * hidden_len];
        product_of_rows(level, g, others_len, others.len(), decoder, panel, dh, true);
        product_of_rows(level, h_columns, n_samples, n_samples, g, panel, &mut workspace.dw_others, true);
    }
    if !linear.is_empty() && network.relu {
        workspace.take_back_silent(level, network, lists);
    }
    workspace.add_sums(level, m, lists);
}

impl Workspace {
    /// Looks at the outputs that the length of h does not prove positive, and takes back what silent ones did not add.
    fn take_back_silent(&mut self, level: Level, network: Network, lists: &Lists) {
        const LEVELS: usize = 2 * linear::PARTS;
        let Workspace { split, hidden_len, w_linear, h, floors, distances, by_length, silent, .. } = self;
        let (m, hidden_len) = (network.n_hidden(), *hidden_len);
        // Samples with the longest h first, and how many are as long as a part of the radius.
        rows::distances_into(h, hidden_len, &split.h_mean, distances);
        // A little longer, for what is rounded.
        let level_of = |&distance: &f32| LEVELS - 1 - linear::parts(1.00001 * distance, split.radius);
        let levels: Vec<usize> = distances.iter().map(level_of).collect();
        let ends = lists::order_by_level(&levels, by_length);
        let columns = split.reach.chunks(lists::row_len(level, 1));
        let counts: Vec<u32> = columns.map(|reach| ends[LEVELS - 1 - usize::from(reach[0])]).collect();
        silent.clear();
        find_low(level, h, hidden_len, m, w_linear, by_length, &counts, floors, silent);
        for &Low { row, column, value } in &*silent {
            let (sample, place) = (row as usize, split.n_others + column as usize);
            let i = split.order[place];
            let out = value + network.b[i as usize];
            let x = value_of(lists, i, sample);
            let error = out - x;
            let back = self.twice * error;
            self.back_db[i as usize] += f64::from(back);
            self.loss -= 0.5 * f64::from(self.twice) * (f64::from(error).powi(2) - f64::from(x).powi(2));
            let (w, dw, sample) = (place * hidden_len, i as usize * hidden_len, sample * hidden_len);
            for k in 0..m {
                self.dh[sample + k] -= back * self.w_rows[w + k];
                self.dw_rows[dw + k] -= back * h[sample + k];
            }
        }
    }

    /// Adds the tile's sums; dh becomes `dh − 2I h` on the way.
    fn add_sums(&mut self, level: Level, m: usize, lists: &Lists) {
        let Workspace { split, hidden_len, h, h_linear, dh, dw_rows, h_sum, x_sum, sums, twice, .. } = self;
        let (hidden_len, twice) = (*hidden_len, *twice);
        let (others, linear) = split.order.split_at(split.n_others);
        lists.add_products(level, others, 0, dh, hidden_len, m, dw_rows, true);
        if linear.is_empty() {
            return;
        }
        let mut crossed = vec![0.0_f32; hidden_len];
        rows::subtract_and_sum(dh, h, h_linear, twice, h_sum, &mut crossed);
        lists.add_products(level, linear, 0, dh, hidden_len, m, dw_rows, true);
        let mut squares = 0.0;
        for &i in linear {
            let [sum, square] = sums[i as usize];
            x_sum[i as usize] += sum;
            squares += f64::from(square);
        }
        let crossed: f64 = crossed.into_iter().map(f64::from).sum();
        self.loss += 0.5 * f64::from(twice) * (squares - 2.0 * crossed);
    }
}

/// A feature's value in a sample.
fn value_of(lists: &Lists, feature: u32, sample: usize) -> f32 {
    lists.of(feature as usize).iter().find(|entry| entry.row == sample as u32).map_or(0.0, |entry| entry.value)
}

/// Adds the batch's loss and gradient to `sums`.
#[inline(never)] // As `add_tile`.
pub fn finish(level: Level, network: Network, workspace: &mut Workspace, sums: &mut Sums) {
    let (n, m) = (network.n_features(), network.n_hidden());
    let Workspace { split, hidden_len, others_len, w_rows, dw_rows, outputs, panel, h_columns, .. } = workspace;
    let Workspace { dw_others, hh, h_sum, x_sum, back_db, loss, n_samples, twice, .. } = workspace;
    let (hidden_len, others_len) = (*hidden_len, *others_len);
    let (others, linear) = split.order.split_at(split.n_others);
    sums.loss += *loss;
    for (&i, &db) in others.iter().zip(outputs.db()) {
        sums.db[i as usize] += f64::from(db);
    }
    if !linear.is_empty() {
        // W_Lᵀ (Σ h hᵀ), which is symmetric, a row each.
        let products = h_columns;
        products.resize(linear.len() * hidden_len);
        let rows = &w_rows[others.len() * hidden_len..];
        product_of_rows(level, rows, hidden_len, m, hh, panel, products, false);
        let (weight, samples, h_sum) = (f64::from(*twice), *n_samples as f64, &h_sum[..m]);
        for ((&i, w), product) in
            linear.iter().zip(rows.chunks_exact(hidden_len)).zip(products.chunks_exact(hidden_len))
        {
            let i = i as usize;
            let b = network.b[i];
            let dw = &mut dw_rows[i * hidden_len..][..m];
            let (mut along, mut square) = (0.0, 0.0);
            for (((dw, &w), &h_sum), &product) in dw.iter_mut().zip(w).zip(h_sum).zip(product) {
                along += f64::from(w) * f64::from(h_sum);
                square += f64::from(w) * f64::from(product);
                *dw += *twice * (b * h_sum + product);
            }
            let (b, x_sum) = (f64::from(b), f64::from(x_sum[i]));
            sums.db[i] += weight * (samples * b + along - x_sum) - back_db[i];
            sums.loss += 0.5 * weight * (b * (samples * b + 2.0 * (along - x_sum)) + square);
        }
    }
    for (k, row) in sums.dw.chunks_exact_mut(n).enumerate() {
        for (&i, &part) in others.iter().zip(&dw_others[k * others_len..]) {
            row[i as usize] += f64::from(part);
        }
    }
    for (at, parts) in (0..n).step_by(FEATURES).zip(dw_rows.chunks(FEATURES * hidden_len)) {
        for (k, row) in sums.dw.chunks_exact_mut(n).enumerate() {
            for (sum, part) in row[at..].iter_mut().zip(parts.chunks_exact(hidden_len)) {
                *sum += f64::from(part[k]);
            }
        }
    }
}

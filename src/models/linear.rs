//! Loss and gradient of a tied model many of whose outputs are never silent: what a ReLU leaves alone needs no outputs.
//!
//! A feature that is not represented has a short `w_i` and answers its mean, `b_i > 0`. Where `b_i + w_i·h > 0` for every sample, the gradient at its
//! output is `2I(b_i + w_i·h − x_i)`, and sums over such features and over samples may be taken in any order. With `W_L`, `b_L` and `x_L` of these
//! features alone, the importance I of all, `h_L = W_L x_L` and S samples,
//!
//! - `dh` gets `2I(W_L W_Lᵀ h + W_L b_L − h_L)`, in which the products of W and b are made once a batch;
//! - `dw_i` gets `Σ x_i (dh − 2I h)`, one product where there were two, and `2I(b_i Σh + (Σ h hᵀ) w_i)`, once a batch;
//! - `db_i` is `2I(S b_i + w_i·Σh − Σ x_i)`, and the loss is made of the same sums and of `Σ x_i²` and `Σ h·h_L`.
//!
//! Which features are tried so is a guess from their lengths; that an output is positive is seen for every sample, by the lengths of `w_i` and `h` or by
//! working it out. The few that are silent after all are taken back one by one. All other features go through dense products as in [`blocked`].

use super::{Network, Sums};
use crate::kernels::blocked;
use crate::kernels::draws::Reading;
use crate::kernels::lists::order_by_level;
use crate::kernels::products::{self, OuterSums, product_of_rows, product_with};
use crate::kernels::{Aligned, BLOCK, Level, sums};

/// A feature is tried where its output has its mean so many standard deviations above 0, so that silent ones are rare.
const TRIED_FROM: f32 = 3.5;
/// Samples further from the mean h than so many root mean squares are rare.
const LONG: f32 = 1.5;
/// The least part of the features that is worth it.
const LEAST_PART: f64 = 0.3;

/// How finely reaches are told apart: so many parts of the radius, and as many beyond it, less one for features that are not linear.
pub(super) const PARTS: usize = 31;

/// Which features are in which way. They are in the order *others* (not tried), *looked at*, *sure* (positive wherever h is at most `radius` from its
/// mean); the latter two are *linear*, and in the order of their reach.
#[derive(Debug, Default)]
pub(super) struct Split {
    pub order: Vec<u32>,
    pub n_others: usize,
    pub n_looked_at: usize,
    pub radius: f32,
    /// Of the linear features: how far h may be from its mean before the output can be silent, in parts of the radius, rounded down.
    pub reach: Vec<u8>,
    /// The expected h, `[m]`, and zeros behind it.
    pub h_mean: Aligned<f32>,
    /// Of each feature and of its output, three rows.
    moments: Aligned<f32>,
    /// W with padded rows.
    w: Aligned<f32>,
}

/// What is known of a batch.
#[derive(Debug, Default)]
pub struct Workspace {
    split: Split,
    /// The linear features' biases, as a row of W.
    b_row: Aligned<f32>,
    /// Twice the importance.
    twice: f32,
    /// `[m][others]`, and `[m][linear]` with and without rows of whole vectors.
    w_others: Aligned<f32>,
    w: Aligned<f32>,
    w_padded: Aligned<f32>,
    /// `[n][m]`, features in order.
    transposed: Aligned<f32>,
    /// `[n]`, in order.
    b: Vec<f32>,
    /// `2I W_L W_Lᵀ`, `[m][m]`, and `2I W_L b_L`, `[m]`.
    gram: Vec<f32>,
    shift: Aligned<f32>,
    /// Of a tile: `[n][tile]`, in order; `[m][tile]`; the gradients at the others' outputs, `[others][tile]`; outputs, or what is `[m][tile]`.
    x: Aligned<f32>,
    h: Aligned<f32>,
    h_linear: Aligned<f32>,
    dh: Aligned<f32>,
    g: Aligned<f32>,
    scratch: Aligned<f32>,
    panel: Aligned<f32>,
    /// Sums over the batch: `[m][others]`, `[m][linear]`, `Σ h hᵀ` `[m][m]`, `Σ h` `[m]`, `Σ x_i` `[linear]`.
    dw_others: OuterSums,
    dw: OuterSums,
    hh: OuterSums,
    totals: Vec<f32>,
    h_sum: Aligned<f32>,
    x_sum: Aligned<f32>,
    /// The others' `db`, and what silent outputs take back of `db_i`; the loss without what [`finish`] makes of the sums.
    sums: Sums,
    n_samples: usize,
}

/// Whether a network can go through here: a linear or ReLU output model without a penalty, all features equally important.
pub fn suits(network: &Network) -> bool {
    let importance = network.importance;
    network.is_plain() && importance.iter().all(|&other| other == importance[0])
}

impl Split {
    /// Takes no feature for linear.
    pub fn none(&mut self, n: usize) {
        self.order.clear();
        self.order.extend(0..n as u32);
        (self.n_others, self.n_looked_at) = (n, 0);
    }

    /// Finds the linear features of a network that [`suits`], those whose outputs have their mean so many standard deviations above 0, or says that
    /// there are too few to pay.
    pub fn find(&mut self, level: Level, network: Network, reading: &Reading, tried_from: f32) -> bool {
        let (n, m) = (network.n_features(), network.n_hidden());
        let Split { order, n_others, n_looked_at, radius, reach, h_mean, moments, w } = self;
        let padded = n.next_multiple_of(2 * BLOCK);
        w.zeros(m * padded);
        h_mean.zeros(m.next_multiple_of(2 * BLOCK));
        // The mean of each feature, the mean that W gives its output, and its squared length.
        moments.zeros(3 * padded);
        let (means, rest) = moments.split_at_mut(padded);
        let (outputs, lengths) = rest.split_at_mut(padded);
        let mean_value = if reading.signed { 0.0 } else { 0.5 };
        let density = |i: usize| (reading.last_active[i] as f32 + 1.0) * (1.0 / 2_147_483_648.0);
        (0..n).for_each(|i| means[i] = density(i) * mean_value);
        for (k, row) in network.w.chunks_exact(n).enumerate() {
            let padded_row = &mut w[k * padded..(k + 1) * padded];
            padded_row[..n].copy_from_slice(row);
            h_mean[k] = sums::of_products(level, padded_row, means).1;
            sums::add_products(level, padded_row, padded_row, lengths);
        }
        products::product(level, &h_mean[..m], m, w, outputs);
        // The variance of h, were the features independent, and as if it were the same in all directions: what is tried is a guess.
        let variance = |i: usize| (density(i) * (1.0 / 3.0) - means[i] * means[i]) * lengths[i];
        let spread = (0..n).map(variance).sum::<f32>().sqrt();
        *radius = LONG * spread;
        let tried_from = tried_from * spread / (m as f32).sqrt();
        // The output of i is positive within so far of the mean h.
        let kind_of = |i: usize| {
            let distance = if network.relu { (network.b[i] + outputs[i]) / lengths[i].sqrt() } else { f32::INFINITY };
            if distance > tried_from { 1 + parts(distance, *radius) } else { 0 }
        };
        let kinds: Vec<usize> = (0..n).map(kind_of).collect();
        let ends = order_by_level(&kinds, order);
        (*n_others, *n_looked_at) = (ends[0] as usize, (ends[PARTS] - ends[0]) as usize);
        reach.clear();
        reach.extend(order[*n_others..].iter().map(|&i| (kinds[i as usize] - 1) as u8));
        (n - *n_others) as f64 >= LEAST_PART * n as f64
    }
}

/// A distance in parts of the radius, rounded down; the last part has all that is longer.
pub(super) fn parts(distance: f32, radius: f32) -> usize {
    ((distance / radius * PARTS as f32) as usize).min(2 * PARTS - 1)
}

/// Makes ready for a batch, or says that too few outputs will be linear for this to pay.
#[inline(never)] // As `add_tile`.
pub fn begin(level: Level, network: Network, reading: &Reading, workspace: &mut Workspace) -> bool {
    let pays = suits(&network) && workspace.split.find(level, network, reading, TRIED_FROM);
    if pays {
        workspace.twice = 2.0 * network.importance[0];
        workspace.make_ready(level, network);
    }
    pays
}

impl Workspace {
    fn make_ready(&mut self, level: Level, network: Network) {
        let (n, m, n_others) = (network.n_features(), network.n_hidden(), self.split.n_others);
        let n_linear = n - n_others;
        let padded = n_linear.next_multiple_of(2 * BLOCK);
        for (matrix, len) in [
            (&mut self.w_others, m * n_others),
            (&mut self.w, m * n_linear),
            (&mut self.w_padded, m * padded),
            (&mut self.transposed, n * m),
            (&mut self.shift, m),
            (&mut self.h_sum, m),
            (&mut self.x_sum, n_linear),
        ] {
            matrix.zeros(len);
        }
        for (sums, len) in [(&mut self.dw_others, m * n_others), (&mut self.dw, m * n_linear), (&mut self.hh, m * m)] {
            sums.zeros(level, len);
        }
        self.b.clear();
        self.b.extend(self.split.order.iter().map(|&i| network.b[i as usize]));
        let (others, linear) = self.split.order.split_at(n_others);
        self.b_row.zeros(padded);
        self.b_row[..n_linear].copy_from_slice(&self.b[n_others..]);
        for (k, row) in network.w.chunks_exact(n).enumerate() {
            let padded_row = &mut self.w_padded[k * padded..][..padded];
            gather(row, others, &mut self.w_others[k * n_others..]);
            gather(row, linear, padded_row);
            self.w[k * n_linear..][..n_linear].copy_from_slice(&padded_row[..n_linear]);
            self.shift[k] = self.twice * sums::of_products(level, padded_row, &self.b_row).1;
        }
        for (column, &i) in self.transposed.chunks_exact_mut(m).zip(&self.split.order) {
            for (entry, row) in column.iter_mut().zip(network.w.chunks_exact(n)) {
                *entry = row[i as usize];
            }
        }
        let mut squares = OuterSums::default();
        squares.zeros(level, m * m);
        squares.add(level, &[(&self.w_padded, &self.w_padded)], m);
        squares.totals_into(level, &mut self.gram);
        self.gram.iter_mut().for_each(|entry| *entry *= self.twice);
        self.sums.loss = 0.0;
        self.sums.db.clear();
        self.sums.db.resize(n, 0.0);
        self.n_samples = 0;
    }
}

/// The entries with these indices.
#[inline(never)]
pub(super) fn gather(entries: &[f32], indices: &[u32], out: &mut [f32]) {
    for (out, &i) in out.iter_mut().zip(indices) {
        *out = entries[i as usize];
    }
}

/// Adds the first `n_samples` samples of a tile: part of their loss and gradient to the workspace.
///
/// # Shapes
/// `draws`: `[tile_samples / BLOCK][words][BLOCK]`.
///
/// # Panics
/// If the shapes do not fit, or [`begin`] did not say yes.
#[inline(never)] // The page finds it by its name: the opening figure does without.
pub fn add_tile(
    level: Level,
    network: Network,
    reading: &Reading,
    draws: &[u32],
    n_samples: usize,
    workspace: &mut Workspace,
) {
    let (n, m) = (network.n_features(), network.n_hidden());
    let tile = blocked::tile_samples(level);
    assert_eq!(draws.len(), tile * reading.words(), "draws: a whole tile");
    assert!(n_samples <= tile, "a tile holds its samples");
    assert_eq!(workspace.transposed.len(), n * m, "begin() comes first");
    let Workspace { split, x, h, h_linear, dh, g, scratch, .. } = &mut *workspace;
    for (matrix, rows) in [(&mut *x, n), (h, m), (h_linear, m), (dh, m), (g, split.n_others), (scratch, n.max(m))] {
        matrix.resize(rows * tile);
    }
    reading.inputs_in_order(level, draws, &split.order, x);
    if n_samples < tile {
        // Surplus samples are empty: all that they would add is told from the number of samples.
        x.chunks_exact_mut(tile).for_each(|row| row[n_samples..].fill(0.0));
    }
    workspace.n_samples += n_samples;
    workspace.encode(level);
    workspace.go_back(level, network, n_samples);
    if network.relu {
        workspace.take_back_silent(level, m, n_samples);
    }
    workspace.add_sums(level, m);
}

impl Workspace {
    /// Makes h, and the linear features' part of it.
    fn encode(&mut self, level: Level) {
        let Workspace { split, x, h, h_linear, panel, w_others, w, .. } = self;
        let (n, n_others) = (split.order.len(), split.n_others);
        let (x_others, x) = x.split_at(x.len() / n * n_others);
        product_with(level, w, n - n_others, x, panel, h_linear);
        h.copy_from_slice(h_linear);
        if n_others > 0 {
            product_of_rows(level, w_others, n_others, n_others, x_others, panel, h, true);
        }
    }

    /// Makes dh as if the linear features' outputs were positive, and adds the others' loss and `db`.
    fn go_back(&mut self, level: Level, network: Network, n_samples: usize) {
        let Workspace { x, h, h_linear, dh, g, panel, w_others, transposed, b, gram, shift, sums, .. } = self;
        let (m, n_others, twice) = (shift.len(), self.split.n_others, self.twice);
        let tile = h.len() / m;
        product_with(level, gram, m, h, panel, dh);
        for ((row, part), &shift) in dh.chunks_exact_mut(tile).zip(h_linear.chunks_exact(tile)).zip(&**shift) {
            for (dh, &part) in row.iter_mut().zip(part) {
                *dh += shift - twice * part;
            }
        }
        if n_others > 0 {
            product_with(level, &transposed[..n_others * m], m, h, panel, g);
            let importance = &network.importance[..n_others];
            let others = Network { w: w_others, b: &b[..n_others], importance, ..network };
            let x = &x[..n_others * tile];
            blocked::errors_to_gradients(level, others, n_samples, x, g, sums);
            product_of_rows(level, w_others, n_others, n_others, g, panel, dh, true);
        }
    }

    /// Looks at the outputs that the length of h does not prove positive, and takes back what silent ones did not add.
    fn take_back_silent(&mut self, level: Level, m: usize, n_samples: usize) {
        let Workspace { x, h, dh, scratch, panel, transposed, b, dw, sums: own, split, .. } = self;
        let (n_others, n_linear, twice) = (split.n_others, dw.len() / m, self.twice);
        let tile = h.len() / m;
        let longest = sums::longest(level, h, tile, &split.h_mean);
        let n_looked_at = if longest <= split.radius { split.n_looked_at } else { n_linear };
        let outputs = &mut scratch[..n_looked_at * tile];
        product_with(level, &transposed[n_others * m..][..n_looked_at * m], m, h, panel, outputs);
        for (i, outputs) in outputs.chunks_exact(tile).enumerate() {
            let (place, b) = (n_others + i, b[n_others + i]);
            let least = sums::least(level, outputs);
            if least + b > 0.0 {
                continue;
            }
            let w = &transposed[place * m..][..m];
            for s in (0..n_samples).filter(|&s| outputs[s] + b <= 0.0) {
                let x = x[place * tile + s];
                let error = outputs[s] + b - x;
                let back = twice * error;
                own.db[place] -= f64::from(back);
                own.loss -= 0.5 * f64::from(twice) * (f64::from(error).powi(2) - f64::from(x).powi(2));
                for k in 0..m {
                    dh[k * tile + s] -= back * w[k];
                    dw.subtract(k * n_linear + i, back * h[k * tile + s]);
                }
            }
        }
    }

    /// Adds the tile's sums; dh becomes `dh − 2I h` on the way.
    fn add_sums(&mut self, level: Level, m: usize) {
        let Workspace { split, x, h, h_linear, dh, g, .. } = self;
        let Workspace { dw_others, dw, hh, h_sum, x_sum, sums: own, .. } = self;
        let (n, n_others, twice) = (split.order.len(), split.n_others, self.twice);
        let tile = h.len() / m;
        hh.add(level, &[(h, h)], m);
        let mut crossed = 0.0;
        for ((h_sum, row), part) in h_sum.iter_mut().zip(h.chunks_exact(tile)).zip(h_linear.chunks_exact(tile)) {
            let (sum, product) = sums::of_products(level, row, part);
            *h_sum += sum;
            crossed += f64::from(product);
        }
        if n_others > 0 {
            dw_others.add(level, &[(h, g), (dh, &x[..n_others * tile])], n_others);
        }
        dh.iter_mut().zip(h.iter()).for_each(|(dh, &h)| *dh -= twice * h);
        let x = &x[n_others * tile..];
        let squares = sums::add_rows(level, x, tile, x_sum);
        dw.add(level, &[(dh, x)], n - n_others);
        own.loss += 0.5 * f64::from(twice) * (squares - 2.0 * crossed);
    }
}

/// Adds the batch's loss and gradient to `sums`.
#[inline(never)] // As `add_tile`.
pub fn finish(level: Level, network: Network, workspace: &mut Workspace, sums: &mut Sums) {
    let (n, m) = (network.n_features(), network.n_hidden());
    let Workspace { split, twice, w_padded, b, dw_others, dw, hh, totals, scratch: products, .. } = workspace;
    let Workspace { h_sum, x_sum, sums: own, n_samples, .. } = workspace;
    let (others, linear) = split.order.split_at(split.n_others);
    dw_others.totals_into(level, totals);
    for (k, row) in sums.dw.chunks_exact_mut(n).enumerate() {
        for (&i, &part) in others.iter().zip(&totals[k * others.len()..]) {
            row[i as usize] += f64::from(part);
        }
    }
    for (&i, &part) in split.order.iter().zip(&own.db) {
        sums.db[i as usize] += part;
    }
    sums.loss += own.loss;
    // (Σ h hᵀ) W, with Wᵀ Σh behind it.
    let padded = w_padded.len() / m;
    products.resize((m + 1) * padded);
    let (products, along) = products.split_at_mut(m * padded);
    hh.totals_into(level, totals);
    products::product(level, totals, m, w_padded, products);
    products::product(level, &h_sum[..m], m, w_padded, along);
    dw.totals_into(level, totals);
    let (n_linear, b, twice) = (linear.len(), &b[others.len()..], *twice);
    let mut squares = 0.0;
    for (k, products) in products.chunks_exact_mut(padded).enumerate() {
        squares += f64::from(sums::of_products(level, &w_padded[k * padded..][..padded], products).1);
        let (products, totals, h_sum) = (&mut products[..n_linear], &totals[k * n_linear..][..n_linear], h_sum[k]);
        for ((part, &total), &b) in products.iter_mut().zip(totals).zip(b) {
            *part = total + twice * (b * h_sum + *part);
        }
        let row = &mut sums.dw[k * n..][..n];
        for (&i, &part) in linear.iter().zip(&*products) {
            row[i as usize] += f64::from(part);
        }
    }
    let (twice, samples) = (f64::from(twice), *n_samples as f64);
    sums.loss += 0.5 * twice * squares;
    for (place, (&i, &along)) in linear.iter().zip(&*along).enumerate() {
        let (b, along, x_sum) = (f64::from(b[place]), f64::from(along), f64::from(x_sum[place]));
        sums.db[i as usize] += twice * (samples * b + along - x_sum);
        sums.loss += 0.5 * twice * b * (samples * b + 2.0 * (along - x_sum));
    }
}

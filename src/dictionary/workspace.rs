//! Loss and gradient of a sparse autoencoder over a batch, by blocked products.
//!
//! With c = h − b_d and one more row of ones under c, the encoder's bias is a weight like the others and the decoder's
//! never has to be added back: `f = s([W_e | b_e] [c; 1])`, `ĥ − h = W_d f − c`, where s is the ReLU or keeps the k
//! largest positive values. A tile takes four products with the latents, in the layouts that the kernels like.

use super::subject::{Subject, TILE_UNIT, transposed};
use crate::kernels::products::{self, OuterSums};
use crate::kernels::{BLOCK, Level};
use crate::rng::Stream;
use crate::sampler::Reading;
use crate::spec::Sparsity;

/// Samples a tile; a multiple of [`TILE_UNIT`], small enough that the activations of many latents stay in the caches.
pub const TILE: usize = 256;
const _: () = assert!(TILE.is_multiple_of(TILE_UNIT));

/// The parameters of an autoencoder.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// `[latents][n_hidden + 1]`: a row of W_e, then its entry of b_e.
    pub encoder: Vec<f32>,
    /// `[latents][n_hidden]`: a latent's direction, of length 1.
    pub decoder: Vec<f32>,
    /// `[n_hidden]`: b_d.
    pub center: Vec<f32>,
}

/// Sums over the samples of a batch; the same layouts as [`Parameters`].
#[derive(Debug, Default)]
pub struct Gradient {
    pub encoder: Vec<f32>,
    pub decoder: Vec<f32>,
    /// What these two are summed from.
    products: [OuterSums; 2],
    pub center: Vec<f32>,
    /// Σ ‖h − ĥ‖².
    pub squared_error: f64,
    /// Samples in which each latent was active.
    pub fired: Vec<u32>,
}

/// The matrices of a tile.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    draws: Vec<u32>,
    /// `[n_features][TILE]`.
    pub x: Vec<f32>,
    /// `[n_hidden][TILE]`: the model's own activations.
    pub h: Vec<f32>,
    /// `[n_hidden + 1][TILE]`: c and the row of ones.
    centered: Vec<f32>,
    /// `[latents][TILE]`.
    pub f: Vec<f32>,
    /// `[n_hidden][TILE]`: ĥ − h.
    pub error: Vec<f32>,
    /// `[latents][TILE]`: the loss's derivative at the latents.
    df: Vec<f32>,
    /// `[n_hidden][latents]`.
    decoder_transposed: Vec<f32>,
    /// The largest latents of one sample with their places in `f`, the largest first.
    kept: Vec<(f32, usize)>,
}

impl Workspace {
    /// Sizes everything for a subject and a number of latents.
    pub fn fit(&mut self, subject: &Subject, reading: &Reading, latents: usize) {
        let (n, m) = (subject.n_features(), subject.n_hidden());
        self.draws.resize(TILE / BLOCK * reading.words() * BLOCK, 0);
        for (rows, matrix) in [
            (n, &mut self.x),
            (m, &mut self.h),
            (m + 1, &mut self.centered),
            (m, &mut self.error),
            (latents, &mut self.f),
            (latents, &mut self.df),
        ] {
            matrix.resize(rows * TILE, 0.0);
        }
        self.centered[m * TILE..].fill(1.0);
    }

    /// To be called whenever the decoder has changed.
    pub fn take(&mut self, parameters: &Parameters) {
        self.decoder_transposed = transposed(&parameters.decoder, parameters.center.len());
    }

    /// Draws a tile's inputs and works out the model's activations; the only place where samples come from.
    pub fn draw(&mut self, level: Level, subject: &Subject, reading: &Reading, stream: &mut Stream) {
        stream.fill_rows(level, &mut self.draws);
        reading.inputs_into(level, &self.draws, &mut self.x);
        subject.hidden_into(level, &self.x, &mut self.h);
    }

    /// Encodes and decodes the tile: f and the error, the latents of all but the first `n_samples` samples silent.
    pub fn forward(&mut self, level: Level, parameters: &Parameters, sparsity: Sparsity, n_samples: usize) {
        let m = parameters.center.len();
        let rows = self.centered.chunks_exact_mut(TILE).zip(self.h.chunks_exact(TILE));
        for ((centered, h), &center) in rows.zip(&parameters.center) {
            centered.iter_mut().zip(h).for_each(|(c, &h)| *c = h - center);
        }
        products::product(level, &parameters.encoder, m + 1, &self.centered, &mut self.f);
        for row in self.f.chunks_exact_mut(TILE) {
            row.iter_mut().for_each(|f| *f = f.max(0.0));
            row[n_samples..].fill(0.0);
        }
        if let Sparsity::TopK(k) = sparsity {
            self.keep_largest(k, n_samples);
        }
        products::product(level, &self.decoder_transposed, self.f.len() / TILE, &self.f, &mut self.error);
        self.error.iter_mut().zip(&self.centered).for_each(|(error, &c)| *error -= c);
    }

    /// Silences all but the k largest latents of each sample; of equal ones the first stays.
    fn keep_largest(&mut self, k: usize, n_samples: usize) {
        for sample in 0..n_samples {
            self.kept.clear();
            for at in (sample..self.f.len()).step_by(TILE) {
                let f = self.f[at];
                if f > 0.0 {
                    let place = self.kept.partition_point(|kept| kept.0 >= f);
                    self.kept.insert(place, (f, at));
                }
                if self.kept.len() > k
                    && let Some((_, least)) = self.kept.pop()
                {
                    self.f[least] = 0.0;
                }
            }
        }
    }

    /// Adds the tile's gradient of `Σ ‖h − ĥ‖² + λ Σ f`, after [`Workspace::forward`].
    pub fn backward(
        &mut self,
        level: Level,
        parameters: &Parameters,
        sparsity: Sparsity,
        n_samples: usize,
        sums: &mut Gradient,
    ) {
        let m = parameters.center.len();
        let penalty = if let Sparsity::L1(lambda) = sparsity { lambda as f32 } else { 0.0 };
        for (row, center) in self.error.chunks_exact_mut(TILE).zip(&mut sums.center) {
            let squares = row[..n_samples].iter().map(|&e| f64::from(e) * f64::from(e));
            sums.squared_error += squares.sum::<f64>();
            row.iter_mut().for_each(|e| *e *= 2.0);
            *center += row[..n_samples].iter().sum::<f32>();
        }
        products::product(level, &parameters.decoder, m, &self.error, &mut self.df);
        let rows = self.df.chunks_exact_mut(TILE).zip(self.f.chunks_exact(TILE));
        for ((df, f), fired) in rows.zip(&mut sums.fired) {
            // Latents that are silent, those of surplus samples too, pass nothing on.
            df.iter_mut().zip(f).for_each(|(df, &f)| *df = if f > 0.0 { *df + penalty } else { 0.0 });
            *fired += f.iter().map(|&f| u32::from(f > 0.0)).sum::<u32>();
        }
        let [encoder, decoder] = &mut sums.products;
        encoder.add(level, &[(&self.df, &self.centered)], m + 1);
        decoder.add(level, &[(&self.f, &self.error)], m);
    }
}

impl Gradient {
    /// Zeros for a new batch.
    pub fn clear(&mut self, level: Level, parameters: &Parameters) {
        for (sums, like) in self.products.iter_mut().zip([&parameters.encoder, &parameters.decoder]) {
            sums.zeros(level, like.len());
        }
        self.center.clear();
        self.center.resize(parameters.center.len(), 0.0);
        self.fired.clear();
        self.fired.resize(parameters.decoder.len() / parameters.center.len(), 0);
        self.squared_error = 0.0;
    }

    /// Turns the sums over `n_samples` into the gradient of the means on the constraint that directions have length 1.
    pub fn finish(&mut self, level: Level, parameters: &Parameters, n_samples: usize) {
        let m = parameters.center.len();
        for (products, sums) in self.products.iter().zip([&mut self.encoder, &mut self.decoder]) {
            products.totals_into(level, sums);
        }
        // b_d reaches the loss twice: added to ĥ, and taken from h before the encoder, whose part is in the sums of
        // b_e.
        let rows = self.encoder.chunks_exact(m + 1).zip(parameters.encoder.chunks_exact(m + 1));
        for (sums, weights) in rows {
            for (center, &w) in self.center.iter_mut().zip(weights) {
                *center -= w * sums[m];
            }
        }
        // What changes a direction's length would be undone by the renormalisation, but not without a trace in Adam.
        let rows = self.decoder.chunks_exact_mut(m).zip(parameters.decoder.chunks_exact(m));
        for (gradient, direction) in rows {
            let along: f32 = gradient.iter().zip(direction).map(|(g, d)| g * d).sum();
            gradient.iter_mut().zip(direction).for_each(|(g, &d)| *g -= along * d);
        }
        let scale = 1.0 / n_samples as f32;
        for sums in [&mut self.encoder, &mut self.decoder, &mut self.center] {
            sums.iter_mut().for_each(|g| *g *= scale);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Purpose;
    use crate::spec::ModelKind;

    const N: usize = 7;
    const M: usize = 5;
    const LATENTS: usize = 9;
    const SAMPLES: usize = 200;

    fn random(len: usize, stream: &mut Stream) -> Vec<f32> {
        (0..len).map(|_| stream.normals()[0] as f32).collect()
    }

    fn parameters(stream: &mut Stream) -> Parameters {
        let mut decoder = random(LATENTS * M, stream);
        for row in decoder.chunks_exact_mut(M) {
            let length = row.iter().map(|d| d * d).sum::<f32>().sqrt();
            row.iter_mut().for_each(|d| *d /= length);
        }
        Parameters { encoder: random(LATENTS * (M + 1), stream), decoder, center: random(M, stream) }
    }

    /// The mean of `‖h − ĥ‖² + λ Σ f` in f64, one sample and one latent at a time, from the definition.
    fn naive_loss(h: &[f32], encoder: &[f64], decoder: &[f64], center: &[f64], sparsity: Sparsity) -> f64 {
        let mut sum = 0.0;
        for sample in 0..SAMPLES {
            let h: Vec<f64> = (0..M).map(|k| f64::from(h[k * TILE + sample])).collect();
            let mut f: Vec<f64> = encoder
                .chunks_exact(M + 1)
                .map(|row| (row[M] + (0..M).map(|k| row[k] * (h[k] - center[k])).sum::<f64>()).max(0.0))
                .collect();
            match sparsity {
                Sparsity::L1(lambda) => sum += lambda * f.iter().sum::<f64>(),
                Sparsity::TopK(k) => {
                    let mut sorted = f.clone();
                    sorted.sort_by(|a, b| b.total_cmp(a));
                    f.iter_mut().for_each(|f| *f = if *f >= sorted[k - 1] { *f } else { 0.0 });
                }
            }
            for k in 0..M {
                let decoded: f64 = (0..LATENTS).map(|l| decoder[l * M + k] * f[l]).sum();
                sum += (decoded + center[k] - h[k]).powi(2);
            }
        }
        sum / SAMPLES as f64
    }

    /// Every entry of the gradient against central differences of the naive loss, at every level. No entry is within
    /// the step of a kink for this seed, else the difference would be of the order of the gradient itself.
    #[test]
    fn gradients_are_those_of_the_loss() {
        let mut stream = Stream::new(5, Purpose::Weights);
        let subject = Subject::new(ModelKind::Relu, &random(N * M, &mut stream), None, &[0.0; N], &[1.0; N]);
        let reading = Reading::new(&[0.4; N]);
        let parameters = parameters(&mut stream);
        let wide = |part: &[f32]| part.iter().copied().map(f64::from).collect::<Vec<f64>>();
        for level in Level::all() {
            for sparsity in [Sparsity::L1(0.3), Sparsity::TopK(2)] {
                let (mut workspace, mut gradient) = (Workspace::default(), Gradient::default());
                workspace.fit(&subject, &reading, LATENTS);
                workspace.take(&parameters);
                gradient.clear(level, &parameters);
                workspace.draw(level, &subject, &reading, &mut Stream::new(1, Purpose::Batches));
                workspace.forward(level, &parameters, sparsity, SAMPLES);
                workspace.backward(level, &parameters, sparsity, SAMPLES, &mut gradient);
                gradient.finish(level, &parameters, SAMPLES);
                let parts = [wide(&parameters.encoder), wide(&parameters.decoder), wide(&parameters.center)];
                for (part, found) in [&gradient.encoder, &gradient.decoder, &gradient.center].into_iter().enumerate() {
                    let mut expected: Vec<f64> = (0..found.len())
                        .map(|place| {
                            let at = |step: f64| {
                                let mut moved = parts.clone();
                                moved[part][place] += step;
                                naive_loss(&workspace.h, &moved[0], &moved[1], &moved[2], sparsity)
                            };
                            (at(1e-6) - at(-1e-6)) / 2e-6
                        })
                        .collect();
                    if part == 1 {
                        for (row, direction) in expected.chunks_exact_mut(M).zip(parts[1].chunks_exact(M)) {
                            let along: f64 = row.iter().zip(direction).map(|(g, d)| g * d).sum();
                            row.iter_mut().zip(direction).for_each(|(g, d)| *g -= along * d);
                        }
                    }
                    for (place, (&found, expected)) in found.iter().zip(expected).enumerate() {
                        let (error, bound) = ((f64::from(found) - expected).abs(), 2e-4 * (1.0 + expected.abs()));
                        assert!(
                            error < bound,
                            "{level:?} {sparsity:?}, part {part}[{place}]: {found}, expected {expected}"
                        );
                    }
                }
            }
        }
    }
}

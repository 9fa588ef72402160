//! Where a run starts: Xavier normal weights and zero biases (DESIGN.md section 2).

use crate::models::Shape;
use crate::rng::{Purpose, Stream};

/// Initial parameters of a tied model, W then b: `W_ki ~ N(0, 2 / (n + m))`, `b = 0`.
///
/// Weights are drawn row by row from the stream (seed, weights), so they depend on nothing but seed and shape.
pub fn initial_parameters(seed: u64, shape: Shape) -> Vec<f32> {
    let std = (2.0 / (shape.n_features + shape.n_hidden) as f64).sqrt();
    let mut stream = Stream::new(seed, Purpose::Weights);
    let mut parameters = Vec::with_capacity(shape.n_parameters() + 1);
    while parameters.len() < shape.n_weights() {
        parameters.extend(stream.normals().map(|z| (std * z) as f32));
    }
    parameters.truncate(shape.n_weights());
    parameters.resize(shape.n_parameters(), 0.0);
    parameters
}

//! Where a run starts: Xavier normal weights and zero biases, or what the spec's `start` says (DESIGN.md sections 2 and 3).

use super::cell::Cell;
use crate::rng::{Purpose, Stream};
use crate::spec::{StartBias, StartDecoder};

/// Initial parameters in the order of [`crate::models`]: `W ~ N(0, 2 / (n + m))`, likewise a decoder of its own, `b = 0`.
///
/// Weights are drawn row by row from the stream (seed, weights), the encoder's first, so they depend on nothing but seed and shape.
/// `start.scale` multiplies weights that are drawn and weights that are given.
pub fn initial_parameters(cell: &Cell, seed: u64) -> Vec<f32> {
    let shape = cell.shape;
    let start = &cell.spec.start;
    let std = (2.0 / (shape.n_features + shape.n_hidden) as f64).sqrt();
    let mut stream = Stream::new(seed, Purpose::Weights);
    let n_drawn = shape.decoder().end;
    let mut drawn = Vec::with_capacity(n_drawn + 1);
    while drawn.len() < n_drawn {
        drawn.extend(stream.normals().map(|z| std * z));
    }
    drawn.truncate(n_drawn);

    let (encoder, decoder) = drawn.split_at_mut(shape.n_weights());
    if let Some(rows) = &start.weights {
        encoder.copy_from_slice(&rows.concat());
    }
    match &start.decoder {
        None | Some(StartDecoder::Xavier) => {}
        Some(StartDecoder::Nonnegative) => decoder.iter_mut().for_each(|w| *w = w.abs()),
        Some(StartDecoder::Rows(rows)) => decoder.copy_from_slice(&rows.concat()),
    }
    let bias = match &start.bias {
        StartBias::Zero => vec![0.0; shape.n_features],
        StartBias::Mean => cell.law.activities().iter().map(|p| p / 2.0).collect(),
        StartBias::Each(list) => list.clone(),
    };
    drawn.iter().map(|w| (start.scale * w) as f32).chain(bias.iter().map(|&b| b as f32)).collect()
}

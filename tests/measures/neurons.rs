//! Neurons, collapsed pairs, and the asymmetric motif.

use superposition::measures::motif::asymmetric_motifs;
use superposition::measures::{NeuronKind, collapsed_pairs, neuron_kinds};

#[test]
fn kinds_change_at_the_stated_thresholds() {
    use NeuronKind::{Dead, Monosemantic, Polysemantic};
    let square = |share: f64| vec![share.sqrt(), (1.0 - share).sqrt()];
    for (weights, kind) in [
        (vec![0.0999, 0.0], Dead),
        (vec![0.1001, 0.0], Monosemantic),
        (vec![0.08, -0.08], Polysemantic),
        (square(0.9001), Monosemantic),
        (square(0.8999), Polysemantic),
        (vec![0.0, -3.0], Monosemantic),
    ] {
        assert_eq!(neuron_kinds(&weights, 2), [kind], "{weights:?}");
    }
    assert_eq!(serde_json::to_string(&NeuronKind::Polysemantic).expect("a word"), "\"polysemantic\"");
}

#[test]
fn pairs_of_a_set_collapse_within_ten_degrees() {
    let matrix = |degrees: f64, length: f64| {
        let angle = degrees.to_radians();
        vec![1.0, length * angle.cos(), -1.0, 1.0, 0.0, length * angle.sin(), 0.0, 0.0]
    };
    let pairs = |degrees, length, sets: &[Vec<usize>]| collapsed_pairs(&matrix(degrees, length), 4, 2, sets);
    assert_eq!(pairs(9.99, 1.0, &[vec![0, 1]]), [(0, 1)]);
    assert_eq!(pairs(-9.99, 0.201, &[vec![0, 1]]), [(0, 1)]);
    assert!(pairs(10.01, 1.0, &[vec![0, 1]]).is_empty());
    assert!(pairs(5.0, 0.199, &[vec![0, 1]]).is_empty());
    // Antipodes do not collapse, and only sets count.
    assert!(pairs(5.0, 1.0, &[vec![0, 2], vec![1]]).is_empty());
    assert_eq!(pairs(5.0, 1.0, &[vec![3, 1, 0]]), [(3, 1), (3, 0), (1, 0)]);
}

/// Two neurons for two features: A takes 2 of a and −½ of b, B takes a and inhibits b; and others for the far sides.
fn motif() -> (Vec<f64>, Vec<f64>) {
    // Neurons by rows: A, B, a's other side, b's other side.
    let encoder = vec![2.0, -0.5, 1.0, 0.0, -1.0, 0.0, 0.0, 1.0];
    let decoder = vec![0.5, 0.0, 1.0, 0.0, 2.0, -4.0, 0.0, 1.0];
    (encoder, decoder)
}

#[test]
fn the_motif_is_found_whatever_the_neurons_scales_and_signs() {
    let (encoder, decoder) = motif();
    let plain = asymmetric_motifs(&encoder, &decoder, 2, 4);
    assert_eq!(plain.len(), 1);
    let found = &plain[0];
    assert_eq!((found.shared_neuron, found.inhibiting_neuron, found.large_in, found.small_in), (0, 1, 0, 1));
    assert!((found.ratio - 4.0).abs() < 1e-12 && (found.inhibition - 1.0).abs() < 1e-12);
    assert_eq!((found.shared_in, found.shared_out), ([2.0, -0.5], [0.5, 2.0]));
    // Neurons count at equal largest weights: B's 1 and −4 are 2 and −2.
    assert_eq!((found.inhibiting_in, found.inhibiting_out), (2.0, -2.0));
    for (k, scale) in [(0, 3.0), (1, 0.1), (0, 1e-3)] {
        let (mut encoder, mut decoder) = (encoder.clone(), decoder.clone());
        encoder[2 * k..][..2].iter_mut().for_each(|w| *w *= scale);
        decoder.chunks_exact_mut(4).for_each(|row| row[k] /= scale);
        let scaled = asymmetric_motifs(&encoder, &decoder, 2, 4);
        assert!((scaled[0].strength - found.strength).abs() < 1e-12 && (scaled[0].shared_in[0] - 2.0).abs() < 1e-12);
    }
    // The mirror image: all inputs with the other sign.
    let mirrored: Vec<f64> = encoder.iter().map(|w| -w).collect();
    assert_eq!(asymmetric_motifs(&mirrored, &decoder, 2, 4).len(), 1);
}

#[test]
fn what_lacks_a_part_of_the_motif_is_none() {
    let (encoder, decoder) = motif();
    let without = |at_encoder: Option<(usize, f64)>, at_decoder: Option<(usize, f64)>| {
        let (mut encoder, mut decoder) = (encoder.clone(), decoder.clone());
        at_encoder.into_iter().for_each(|(at, to)| encoder[at] = to);
        at_decoder.into_iter().for_each(|(at, to)| decoder[at] = to);
        asymmetric_motifs(&encoder, &decoder, 2, 4).len()
    };
    assert_eq!(without(None, None), 1);
    assert_eq!(without(Some((1, 0.5)), None), 0, "the same sign");
    assert_eq!(without(Some((1, -1.9)), None), 0, "nearly equal weights");
    assert_eq!(without(None, Some((0, 1.9))), 0, "outputs nearly equal");
    assert_eq!(without(None, Some((5, 4.0))), 0, "nothing inhibits");
    assert_eq!(without(None, Some((5, -0.5))), 0, "it inhibits too little");
    assert_eq!(without(Some((2, -1.0)), None), 0, "it inhibits on the wrong side");
    assert_eq!(without(None, Some((0, 0.05))), 0, "a is not carried");
}

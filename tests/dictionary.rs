//! Sparse autoencoders and matching pursuit: what they find where the truth is known.

use proptest::prelude::*;
use superposition::dictionary::pursuit::{
    self, Columns, Values, guaranteed_active, measurements_needed, recovery_probability,
};
use superposition::dictionary::{Autoencoder, DictionaryReport, Subject};
use superposition::kernels::Level;
use superposition::kernels::draws::Reading;
use superposition::rng::{Purpose, Stream};
use superposition::spec::{Dictionary, ModelKind, Sparsity};

/// 40 features in 16 dimensions, in random directions of length 1: nothing that training would have put in order.
fn planted(seed: u64, kind: ModelKind) -> Subject {
    let (n, m) = (40, 16);
    let mut stream = Stream::new(seed, Purpose::Weights);
    let mut w: Vec<f32> = (0..n * m).map(|_| stream.normals()[0] as f32).collect();
    for i in 0..n {
        let length = (0..m).map(|k| w[k * n + i].powi(2)).sum::<f32>().sqrt();
        (0..m).for_each(|k| w[k * n + i] /= length);
    }
    let decoder: Option<Vec<f32>> = (kind == ModelKind::Absolute)
        .then(|| (0..n).flat_map(|i| (0..m).map(move |k| (i, k))).map(|(i, k)| w[k * n + i]).collect());
    Subject::new(kind, &w, decoder.as_deref(), &vec![0.0; n], &vec![1.0; n])
}

fn settings(latents: usize, sparsity: Sparsity, steps: u64, seed: u64) -> Dictionary {
    Dictionary { latents, sparsity, batch: 512, steps, learning_rate: 3e-3, resample_every: Some(300), seed }
}

fn trained(subject: Subject, settings: &Dictionary) -> DictionaryReport {
    let reading = Reading::new(&vec![0.03; subject.n_features()]);
    let mut dictionary = Autoencoder::new(subject, reading, settings, Level::best());
    assert_eq!(dictionary.advance(u64::MAX), settings.steps);
    dictionary.scores()
}

#[test]
fn both_kinds_of_sparsity_find_random_directions() {
    for (seed, sparsity) in
        [(1, Sparsity::L1(0.4)), (2, Sparsity::L1(0.4)), (1, Sparsity::TopK(2)), (2, Sparsity::TopK(2))]
    {
        let report = trained(planted(seed, ModelKind::Relu), &settings(80, sparsity, 3000, seed));
        let (similarity, recovered) = (report.feature_similarity.unwrap(), report.features_recovered.unwrap());
        println!(
            "{sparsity:?}, seed {seed}: similarity {similarity:.4}, recovered {recovered:.3}, {:?}",
            report.active_latents
        );
        assert!(similarity > 0.99 && recovered == 1.0, "{sparsity:?}, seed {seed}: {similarity}, {recovered}");
        if let Sparsity::TopK(k) = sparsity {
            assert!(report.active_latents <= k as f64);
        }
        // L1 shrinks what it finds, so some variance stays unexplained even with the right directions.
        assert!(report.unexplained_variance < 0.3, "{}", report.unexplained_variance);
    }
}

#[test]
fn behind_a_hidden_relu_the_truth_is_what_each_feature_alone_does() {
    let subject = planted(3, ModelKind::ReluHidden);
    let truth = subject.true_directions();
    assert_eq!(truth.len(), 40);
    for found in &truth {
        let column: Vec<f64> = (0..16).map(|k| f64::from(subject.weights()[k * 40 + found.feature]).max(0.0)).collect();
        let length = column.iter().map(|c| c * c).sum::<f64>().sqrt();
        let cosine: f64 = column.iter().zip(&found.direction).map(|(c, d)| c / length * d).sum();
        assert!((cosine - 1.0).abs() < 1e-12 && found.direction.iter().all(|d| *d >= 0.0));
    }
    let similarity = trained(subject, &settings(80, Sparsity::L1(0.4), 3000, 0)).feature_similarity.unwrap();
    println!("similarity {similarity:.4}");
    assert!(similarity > 0.94, "{similarity}");
    // Of the absolute value model either sign of a feature has a direction of its own.
    let both = planted(3, ModelKind::Absolute).true_directions();
    assert_eq!((both.len(), both.iter().filter(|truth| truth.negative).count()), (80, 40));
    let overlap: f64 = both[0].direction.iter().zip(&both[1].direction).map(|(a, b)| a * b).sum();
    assert_eq!((both[1].feature, both[1].negative, overlap), (0, true, 0.0), "no neuron fires for both signs");
}

#[test]
fn slices_do_not_matter_and_seeds_do() {
    let run = |seed: u64, slices: &[u64]| {
        let reading = Reading::new(&[0.03; 40]);
        let settings =
            Dictionary { resample_every: Some(20), batch: 300, ..settings(48, Sparsity::L1(0.1), 100, seed) };
        let mut dictionary = Autoencoder::new(planted(0, ModelKind::Relu), reading, &settings, Level::best());
        let done: u64 = slices.iter().map(|&steps| dictionary.advance(steps)).sum();
        assert_eq!((done, dictionary.state().step), (100, 100));
        (dictionary.directions().to_vec(), dictionary.scores())
    };
    let whole = run(4, &[1000]);
    assert_eq!(whole, run(4, &[1, 18, 1, 1, 40, 500, 7]));
    assert_ne!(whole.0, run(5, &[100]).0);
    assert!(
        whole.0.chunks_exact(16).all(|d| (d.iter().map(|d| d * d).sum::<f32>() - 1.0).abs() < 1e-5),
        "unit directions"
    );
}

/// The identity and a Hadamard basis, 2m columns of coherence 1/√m.
fn two_bases(m: usize) -> Vec<f64> {
    let scale = 1.0 / (m as f64).sqrt();
    let entry = |k: usize, i: usize| match i.checked_sub(m) {
        None => f64::from(u8::from(i == k)),
        Some(i) => {
            if (i & k).count_ones().is_multiple_of(2) {
                scale
            } else {
                -scale
            }
        }
    };
    (0..m * 2 * m).map(|at| entry(at / (2 * m), at % (2 * m))).collect()
}

/// Distinct features of `n`, with values of either sign that are not tiny.
fn sparse(n: usize, k: usize) -> impl Strategy<Value = Vec<(usize, f64)>> {
    let value = (0.01..1.0_f64, any::<bool>()).prop_map(|(v, negative)| if negative { -v } else { v });
    (proptest::sample::subsequence((0..n).collect::<Vec<_>>(), k), proptest::collection::vec(value, k))
        .prop_map(|(features, values)| features.into_iter().zip(values).collect())
}

fn assert_found(columns: &Columns, truth: &[(usize, f64)]) -> Result<(), TestCaseError> {
    let recovery = columns.recover(&columns.combine(truth), truth.len(), Values::Signed);
    let features = |active: &[(usize, f64)]| active.iter().map(|a| a.0).collect::<Vec<_>>();
    prop_assert_eq!(features(&recovery.active), features(truth));
    for (found, expected) in recovery.active.iter().zip(truth) {
        prop_assert!((found.1 - expected.1).abs() < 1e-10, "{:?} against {:?}", found, expected);
    }
    prop_assert!(recovery.residual < 1e-10);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Coherence 1/8: with up to four active features pursuit is right, whatever they are.
    #[test]
    fn two_bases_within_the_coherence_bound(truth in (1..=4_usize).prop_flat_map(|k| sparse(128, k))) {
        let columns = Columns::new(&two_bases(64), 128);
        prop_assert!((columns.coherence() - 0.125).abs() < 1e-12);
        prop_assert_eq!(guaranteed_active(columns.coherence(), 64), 4);
        assert_found(&columns, &truth)?;
    }

    /// The same bound for matrices without structure, of columns of any length: perturbed bases, with a coherence of
    /// their own.
    #[test]
    fn any_matrix_within_its_coherence_bound(
        noise in proptest::collection::vec(-0.02..0.02_f64, 64 * 80),
        lengths in proptest::collection::vec(0.2..3.0_f64, 80),
        truth in sparse(80, 8),
    ) {
        let base = two_bases(64);
        let w: Vec<f64> = (0..64 * 80)
            .map(|at| (base[at / 80 * 128 + at % 80] + noise[at]) * lengths[at % 80])
            .collect();
        let columns = Columns::new(&w, 80);
        let k = guaranteed_active(columns.coherence(), 64);
        prop_assert!((1..=4).contains(&k), "{}", columns.coherence());
        assert_found(&columns, &truth[..k])?;
    }

    /// Orthogonal directions can all be active.
    #[test]
    fn all_of_a_basis(truth in (1..=16_usize).prop_flat_map(|k| sparse(16, k))) {
        let w: Vec<f64> = two_bases(16).chunks_exact(32).flat_map(|row| row[16..].to_vec()).collect();
        let columns = Columns::new(&w, 16);
        prop_assert_eq!(guaranteed_active(columns.coherence(), 16), 16);
        assert_found(&columns, &truth)?;
    }
}

#[test]
fn the_guarantee_ends_where_the_formula_says() {
    // 1/μ = 3: (1 + 3)/2 = 2, and k must be smaller. A little less coherent, and 2 are allowed.
    assert_eq!(guaranteed_active(1.0 / 3.0, 9), 1);
    assert_eq!(guaranteed_active(0.33, 9), 2);
    assert_eq!(guaranteed_active(1.0, 9), 0, "two equal directions");
    assert_eq!(guaranteed_active(0.0, 9), 9);
    // Beyond it pursuit can fail: the four columns of one basis that add up to a column of the other, for which it
    // falls.
    let columns = Columns::new(&two_bases(4), 8);
    let truth: Vec<(usize, f64)> = (0..4).map(|i| (i, 0.5)).collect();
    assert_eq!(columns.recover(&columns.combine(&truth), 4, Values::Signed).active, [(4, 1.0)]);
}

#[test]
fn signs_tell_antipodes_apart_and_duplicates_end_the_search() {
    // Features 0 and 1 antipodal, 2 orthogonal to both, 3 equal to 2, 4 a zero column.
    let columns = Columns::new(&[2.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0], 5);
    let h = columns.combine(&[(1, 0.5)]);
    assert_eq!(columns.recover(&h, 1, Values::NotNegative).active, [(1, 0.5)]);
    assert_eq!(columns.recover(&h, 1, Values::Signed).active, [(0, -0.25)], "the first of equal ones");
    let recovery = columns.recover(&[1.0, 1.0], 5, Values::NotNegative);
    assert_eq!((recovery.active, recovery.residual), (vec![(0, 0.5), (2, 1.0)], 0.0));
    assert!(columns.recover(&[0.0, 0.0], 3, Values::Signed).active.is_empty());
}

/// 400 matrices a point. Half of k·log(n/k) is too little and two and a half times it plenty; over 200 other matrices
/// the shares were at most 0.20 and at least 0.975, more than five standard errors inside the bounds.
#[test]
fn random_directions_need_some_k_log_n_over_k_measurements() {
    let share = |m: usize, k: usize| recovery_probability(100, m, k, 400, 9);
    for k in [2, 4, 8] {
        let [few, many] = [0.5, 2.5].map(|c| measurements_needed(100, k, c).round() as usize);
        let (few, many) = ((few, share(few, k)), (many, share(many, k)));
        println!("k {k}: {few:?}, {many:?}");
        assert!(few.1 < 0.35 && many.1 > 0.9, "k {k}: {few:?}, {many:?}");
    }
    assert_eq!(share(30, 3), share(30, 3), "deterministic");
    assert!(share(20, 2) > share(20, 4) && share(20, 4) > share(20, 8), "more active features are harder");
}

#[test]
fn true_directions_bound_what_a_dictionary_could_give() {
    let reading = Reading::new(&[0.03; 40]);
    let random = pursuit::bound(&planted(1, ModelKind::Relu), &reading, 0, Level::best());
    println!("{random:?}");
    assert!(random.exact > 0.85 && random.found > 0.9 && random.unexplained < 0.1, "{random:?}");
    // Orthogonal features: always right, values included, up to the rounding of h in f32.
    let w: Vec<f32> = (0..64).map(|at| f32::from(u8::from(at % 9 == 0))).collect();
    let own = Subject::new(ModelKind::Relu, &w, None, &[0.0; 8], &[1.0; 8]);
    let report = pursuit::bound(&own, &Reading::new(&[0.3; 8]), 0, Level::best());
    assert_eq!((report.exact, report.found, report.coherence, report.guaranteed_active), (1.0, 1.0, 0.0, 8));
    assert!(report.unexplained < 1e-12, "{report:?}");
}

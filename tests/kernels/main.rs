//! Every SIMD level against the plain scalar oracle.
//!
//! Bound: a sum of k terms whose magnitudes add up to s may be off by `8·√k` ulp of s, where an ulp is `2⁻²³ s`. The terms of
//! a gradient are counted as the products it is a sum of. Outputs so near to the ReLU's kink that rounding decides the side
//! would make the comparison meaningless; the seeds here have none, which each test asserts.

mod lists;

use superposition::kernels::draws::{self, Reading};
use superposition::kernels::products::OuterSums;
use superposition::kernels::{BLOCK, Level, Network, Perturbation, Sums, blocked, narrow, oracle, products};
use superposition::models::linear;
use superposition::rng::{Purpose, Stream};

/// Panics with error against bound unless `got` is within `8·√k` ulp of the terms' magnitudes.
fn assert_close(what: &str, level: Level, got: f64, want: f64, magnitude: f64, terms: usize) {
    let bound = 8.0 * (terms as f64).sqrt() * magnitude * f64::from(f32::EPSILON);
    let error = (got - want).abs();
    assert!(
        error <= bound,
        "{what} at {}: error {error:.3e} against bound {bound:.3e} ({got} for {want})",
        level.name()
    );
}

struct Model {
    w: Vec<f32>,
    b: Vec<f32>,
    importance: Vec<f32>,
    relu: bool,
}

impl Model {
    fn random(n: usize, m: usize, relu: bool, seed: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Weights);
        let mut numbers = |count: usize, scale: f64| -> Vec<f32> {
            (0..count).map(|_| (scale * stream.normals()[0]) as f32).collect()
        };
        Model {
            w: numbers(n * m, 1.0 / (m as f64).sqrt()),
            b: numbers(n, 0.1),
            importance: (0..n).map(|i| 0.9_f32.powi(i as i32)).collect(),
            relu,
        }
    }

    fn tied(&self) -> Network<'_> {
        Network::tied(&self.w, &self.b, &self.importance, self.relu)
    }
}

/// The readings of every kind of law for seven features: sets of both kinds, signs, low densities.
fn readings() -> Vec<(&'static str, Reading)> {
    let (together, apart) = (vec![vec![0, 3], vec![5, 1]], vec![vec![4, 2, 6]]);
    let sets = |density: f64| Reading::new(&[density; 7]).with_sets(&[density; 7], &together, &apart);
    vec![
        ("independent", Reading::new(&[0.2; 7])),
        ("signed", Reading::new(&[0.3; 7]).with_signs()),
        ("signed, sparse", Reading::new(&[0.004; 7]).with_signs()),
        ("sets", sets(0.4)),
        ("dense sets", sets(1.0)),
        ("signed sets", sets(0.6).with_signs()),
    ]
}

/// Networks of every kind over seven features in three dimensions.
struct Kinds {
    model: Model,
    decoder: Vec<f32>,
}

impl Kinds {
    fn new(seed: u64) -> Self {
        let decoder = Model::random(3, 7, true, seed + 100).w;
        Kinds { model: Model::random(7, 3, true, seed), decoder }
    }

    fn all(&self) -> Vec<(&'static str, Network<'_>)> {
        let tied = self.model.tied();
        let hidden = Network { relu_hidden: true, ..tied };
        let absolute = Network { decoder: Some(&self.decoder), absolute: true, ..hidden };
        vec![
            ("linear", Network { relu: false, ..tied }),
            ("relu", tied),
            ("relu, penalty", Network { hidden_l1: 0.05, ..tied }),
            ("relu-hidden", hidden),
            ("relu-hidden, penalty", Network { hidden_l1: 0.05, ..hidden }),
            ("absolute", absolute),
            ("absolute, penalty", Network { hidden_l1: 0.05, ..absolute }),
        ]
    }
}

fn zeros(network: &Network) -> Sums {
    match network.decoder {
        Some(_) => Sums::zeros_untied(network.n_features(), network.n_hidden()),
        None => Sums::zeros(network.n_features(), network.n_hidden()),
    }
}

/// What the blocked kernels give for the first `n_samples` samples of a tile.
fn blocked_sums(
    level: Level,
    network: Network,
    reading: &Reading,
    words: &[u32],
    n_samples: usize,
    perturbation: Option<Perturbation>,
) -> Sums {
    let mut workspace = blocked::Workspace::default();
    let mut sums = zeros(&network);
    blocked::begin(level, network, &mut workspace);
    blocked::add_tile(level, network, reading, words, n_samples, perturbation, &mut workspace, &mut sums);
    blocked::finish(level, &mut workspace, &mut sums);
    sums
}

fn compare(what: &str, level: Level, got: &Sums, want: &oracle::Reference, terms: [usize; 3]) {
    assert!(want.nearest_kink > 1e-6, "{what}: an output is within rounding of the kink, choose another seed");
    assert_close(&format!("{what} loss"), level, got.loss, want.sums.loss, want.magnitudes.loss, terms[0]);
    for i in 0..got.db.len() {
        let what = format!("{what} db[{i}]");
        assert_close(&what, level, got.db[i], want.sums.db[i], want.magnitudes.db[i], terms[1]);
    }
    for at in 0..got.dw.len() {
        let what = format!("{what} dw[{at}]");
        assert_close(&what, level, got.dw[at], want.sums.dw[at], want.magnitudes.dw[at], terms[2]);
    }
    assert_eq!(got.d_decoder.len(), want.sums.d_decoder.len(), "{what}");
    for at in 0..got.d_decoder.len() {
        let what = format!("{what} d_decoder[{at}]");
        let (want, magnitude) = (want.sums.d_decoder[at], want.magnitudes.d_decoder[at]);
        assert_close(&what, level, got.d_decoder[at], want, magnitude, terms[2]);
    }
}

/// Lengths on both sides of every lane count up to a block, and of whole tiles.
const LENGTHS: [usize; 14] = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 1000];

#[test]
fn the_levels_that_run_are_named() {
    let names: Vec<&str> = Level::all().into_iter().map(Level::name).collect();
    println!("levels run here: {}", names.join(", "));
    let missing: Vec<&str> = ["avx512", "avx2", "sse4.2", "neon", "simd128", "scalar"]
        .into_iter()
        .filter(|name| !names.contains(name))
        .collect();
    println!("levels that this machine cannot run: {}", missing.join(", "));
    assert!(names.contains(&"scalar") && names.contains(&"simd128"), "{names:?}");
    assert_eq!(names[0], Level::best().name());
}

#[test]
fn draws_are_the_oracles_words_at_every_level() {
    for level in Level::all() {
        for rows in [1, 2, 3, 50] {
            let mut state = [[0; BLOCK]; 4];
            for (word, row) in state.iter_mut().enumerate() {
                for (lane, value) in row.iter_mut().enumerate() {
                    *value = 0x9e37_79b9_u32.wrapping_mul((lane * 4 + word + 1) as u32);
                }
            }
            let mut by_hand = state;
            let mut out = vec![0; rows * BLOCK];
            draws::fill(level, &mut state, &mut out);
            let want: Vec<u32> = (0..rows).flat_map(|_| oracle::next_row(&mut by_hand)).collect();
            assert_eq!(out, want, "{}", level.name());
            assert_eq!(state, by_hand, "{}", level.name());
        }
    }
}

#[test]
fn inputs_are_the_oracles_to_the_bit() {
    for densities in [vec![1.0, 0.5, 0.01], vec![1e-3, 0.2, 1e-12], vec![0.007_812_5; 3]] {
        let reading = Reading::new(&densities);
        let mut words = vec![0; 6 * reading.words() * BLOCK];
        Stream::new(5, Purpose::Batches).fill_rows(Level::best(), &mut words);
        for level in Level::all() {
            let mut x = vec![f32::NAN; 3 * 6 * BLOCK];
            reading.inputs_into(level, &words, &mut x);
            for sample in 0..6 * BLOCK {
                let want = oracle::inputs(&reading, &words, sample);
                let got = [0, 1, 2].map(|i| x[i * 6 * BLOCK + sample]);
                assert_eq!(got.as_slice(), want, "{} {densities:?} sample {sample}", level.name());
            }
        }
    }
    for (what, reading) in readings() {
        let mut words = vec![0; 60 * reading.words() * BLOCK];
        Stream::new(6, Purpose::Batches).fill_rows(Level::best(), &mut words);
        for level in Level::all() {
            let mut x = vec![f32::NAN; 7 * 60 * BLOCK];
            reading.inputs_into(level, &words, &mut x);
            for sample in 0..60 * BLOCK {
                let want = oracle::inputs(&reading, &words, sample);
                let got: Vec<f32> = (0..7).map(|i| x[i * 60 * BLOCK + sample]).collect();
                assert_eq!(got, want, "{} {what} sample {sample}", level.name());
            }
        }
    }
}

#[test]
fn every_kind_of_network_agrees_with_the_oracle_at_every_level() {
    let kinds = Kinds::new(21);
    let directions: Vec<f32> = (0..49).map(|at| ((at * 5 + 2) % 11) as f32 * 0.05 - 0.2).collect();
    for (law, reading) in readings() {
        for (kind, network) in kinds.all() {
            for level in Level::all() {
                let tile = blocked::tile_samples(level);
                for n_samples in [tile, tile - 3, 5] {
                    let mut words = vec![0; tile * reading.words()];
                    Stream::new(n_samples as u64, Purpose::Batches).fill_rows(level, &mut words);
                    let choices: Vec<u32> = (0..n_samples as u32).map(|sample| sample * 3 % 7).collect();
                    let attack = Perturbation { directions: &directions, choices: &choices };
                    for perturbation in [None, Some(attack)] {
                        let want = oracle::sums(network, &reading, &words, n_samples, perturbation);
                        let got = blocked_sums(level, network, &reading, &words, n_samples, perturbation);
                        let terms = [n_samples * 7, n_samples * 10, n_samples * 10];
                        let attacked = if perturbation.is_some() { ", attacked" } else { "" };
                        compare(&format!("{kind}, {law}{attacked} × {n_samples}"), level, &got, &want, terms);
                    }
                }
            }
        }
    }
}

/// The oracle's gradients are the slopes of its own loss and penalty: central differences over the same samples.
#[test]
fn the_oracles_gradients_are_slopes() {
    const N_SAMPLES: usize = 64;
    const STEP: f32 = 1.0 / 1_048_576.0;
    let kinds = Kinds::new(8);
    let directions: Vec<f32> = (0..49).map(|at| ((at * 5 + 2) % 11) as f32 * 0.05 - 0.2).collect();
    let choices: Vec<u32> = (0..N_SAMPLES as u32).map(|sample| sample * 3 % 7).collect();
    let attack = Some(Perturbation { directions: &directions, choices: &choices });
    let reading = Reading::new(&[0.5; 7]).with_signs();
    let mut words = vec![0; N_SAMPLES * reading.words()];
    Stream::new(3, Purpose::Batches).fill_rows(Level::best(), &mut words);
    for (kind, network) in kinds.all() {
        for perturbation in [None, attack] {
            // The loss with the penalty, in f64: Σ_samples [Σ_i I_i r_i² + n λ Σ_k |h_k|].
            let objective = |network: Network| {
                let loss = oracle::sums(network, &reading, &words, N_SAMPLES, perturbation).sums.loss;
                let penalty: f64 = (0..N_SAMPLES)
                    .map(|sample| {
                        let mut z = oracle::inputs(&reading, &words, sample);
                        if perturbation.is_some() {
                            let direction = &directions[choices[sample] as usize * 7..][..7];
                            z.iter_mut().zip(direction).for_each(|(z, d)| *z += d);
                        }
                        let hidden = network.w.chunks_exact(7).map(|row| {
                            let h: f64 = row.iter().zip(&z).map(|(&w, &z)| f64::from(w) * f64::from(z)).sum();
                            if network.relu_hidden { h.max(0.0) } else { h.abs() }
                        });
                        hidden.sum::<f64>()
                    })
                    .sum();
                loss + 7.0 * f64::from(network.hidden_l1) * penalty
            };
            let gradient = oracle::sums(network, &reading, &words, N_SAMPLES, perturbation).sums;
            let slope = |place: &[f32], at: usize, with: &dyn Fn(&[f32]) -> f64| {
                let mut moved = place.to_vec();
                moved[at] = place[at] + STEP;
                let (up, above) = (moved[at], with(&moved));
                moved[at] = place[at] - STEP;
                (above - with(&moved)) / (f64::from(up) - f64::from(moved[at]))
            };
            // Samples whose ReLU turns within the step leave an error of the order of the step.
            let agree = |what: &str, at: usize, got: f64, want: f64, scale: f64| {
                let bound = 1e-3 * scale;
                assert!((got - want).abs() < bound, "{kind} {what}[{at}]: {got} for {want}, allowed {bound:.1e}");
            };
            let size = |entries: &[f64]| entries.iter().fold(0.0_f64, |size, entry| size.max(entry.abs()));
            for at in 0..network.w.len() {
                let want = slope(network.w, at, &|w| objective(Network { w, ..network }));
                agree("dw", at, gradient.dw[at], want, size(&gradient.dw));
            }
            for at in 0..network.b.len() {
                let want = slope(network.b, at, &|b| objective(Network { b, ..network }));
                agree("db", at, gradient.db[at], want, size(&gradient.db));
            }
            if let Some(decoder) = network.decoder {
                for at in 0..decoder.len() {
                    let want = slope(decoder, at, &|d| objective(Network { decoder: Some(d), ..network }));
                    agree("d_decoder", at, gradient.d_decoder[at], want, size(&gradient.d_decoder));
                }
            }
        }
    }
}

/// A batch of one tile after another, as the trainer works it out.
fn narrow_sums(level: Level, network: Network, reading: &Reading, words: &[u32], n_samples: usize) -> Sums {
    let tile = narrow::TILE_BLOCKS * BLOCK;
    let mut workspace = narrow::Workspace::default();
    let mut sums = Sums::zeros(network.n_features(), network.n_hidden());
    narrow::begin(level, network, &mut workspace);
    for (idx, words) in words.chunks(tile * reading.words()).enumerate() {
        let mut whole = vec![0; tile * reading.words()];
        whole[..words.len()].copy_from_slice(words);
        let here = (n_samples - idx * tile).min(tile);
        narrow::add_tile(level, network, reading, &whole, here, &mut workspace, &mut sums);
    }
    narrow::finish(level, &workspace, &mut sums);
    sums
}

/// Both widths, from one feature to the most, and every kind of reading.
#[test]
fn narrow_kernels_agree_with_the_oracle_at_every_level_and_length() {
    let independent = |n: usize, density: f64| ("independent", n, Reading::new(&vec![density; n]));
    let shapes = [(1, 1.0), (5, 0.3), (5, 0.004), (20, 1.0), (20, 0.1), (64, 0.3)];
    let cases = shapes.into_iter().map(|(n, density)| independent(n, density));
    for (kind, n, reading) in cases.chain(readings().into_iter().map(|(kind, reading)| (kind, 7, reading))) {
        for (m, relu) in [(2, true), (2, false), (5, true), (5, false)] {
            let model = Model::random(n, m, relu, 11);
            assert!(narrow::suits(&model.tied()));
            // Of more outputs than these, one is soon too near to the kink.
            for n_samples in LENGTHS.into_iter().filter(|n_samples| n * n_samples <= 20_000) {
                let mut words = vec![0; n_samples.div_ceil(BLOCK) * reading.words() * BLOCK];
                Stream::new(n_samples as u64, Purpose::Batches).fill_rows(Level::best(), &mut words);
                let want = oracle::sums(model.tied(), &reading, &words, n_samples, None);
                // A loss term is the square of a sum; a dW term passes through h, an output and their products.
                let terms = [n_samples * n, n_samples * (n + m), n_samples * (n + m)];
                for level in Level::all() {
                    let got = narrow_sums(level, model.tied(), &reading, &words, n_samples);
                    compare(&format!("{n}→{m}, {kind}, relu {relu} × {n_samples}"), level, &got, &want, terms);
                }
            }
        }
    }
}

#[test]
fn blocked_kernels_agree_with_the_oracle_at_every_level_and_length() {
    let models = [
        (1, 1, true, 0.2),
        (7, 3, true, 0.2),
        (5, 2, true, 0.004),
        (9, 4, false, 0.2),
        (20, 5, true, 0.5),
        (33, 17, true, 0.2),
    ];
    for (n, m, relu, density) in models {
        let model = Model::random(n, m, relu, 3);
        let reading = Reading::new(&vec![density; n]);
        for level in Level::all() {
            let tile = blocked::tile_samples(level);
            for n_samples in LENGTHS.into_iter().chain([tile - 1, tile]).filter(|&length| length <= tile) {
                let mut words = vec![0; tile * reading.words()];
                Stream::new(n_samples as u64, Purpose::Batches).fill_rows(level, &mut words);
                let want = oracle::sums(model.tied(), &reading, &words, n_samples, None);
                let got = blocked_sums(level, model.tied(), &reading, &words, n_samples, None);
                let terms = [n_samples * n, n_samples * (n + m), n_samples * (n + m)];
                compare(&format!("{n}→{m} relu {relu} × {n_samples}"), level, &got, &want, terms);
            }
        }
    }
}

/// Features 0 to n/4 are represented, the others hardly, and the last one has an output that feature 0 silences now and then.
fn mostly_linear(n: usize, m: usize, relu: bool) -> Model {
    let mut model = Model::random(n, m, relu, 3);
    model.importance.fill(0.7);
    for i in n / 4..n {
        (0..m).for_each(|k| model.w[k * n + i] *= 0.02);
        model.b[i] = 0.06 + 0.001 * i as f32;
    }
    let length: f32 = (0..m).map(|k| model.w[k * n].powi(2)).sum();
    (0..m).for_each(|k| model.w[k * n + n - 1] = -0.3 * model.w[k * n] / length);
    model.b[n - 1] = 0.25;
    model
}

#[test]
fn the_linear_kernel_agrees_with_the_oracle_at_every_level_and_length() {
    let sets = Reading::new(&[0.3; 12]).with_sets(&[0.3; 12], &[vec![4, 7]], &[vec![5, 6]]);
    let cases = [
        ("few active", mostly_linear(40, 6, true), Reading::new(&[0.1; 40])),
        ("two words a feature", mostly_linear(24, 17, true), Reading::new(&[0.006; 24])),
        ("dense", mostly_linear(40, 5, true), Reading::new(&[0.3; 40])),
        ("signed", mostly_linear(33, 4, true), Reading::new(&[0.05; 33]).with_signs()),
        ("sets", mostly_linear(12, 3, true), sets),
        ("without ReLU", mostly_linear(9, 4, false), Reading::new(&[0.5; 9])),
        ("few active without ReLU", mostly_linear(9, 4, false), Reading::new(&[0.1; 9])),
    ];
    for (what, model, reading) in cases {
        let (n, m) = (model.b.len(), model.w.len() / model.b.len());
        for level in Level::all() {
            let tile = blocked::tile_samples(level);
            // The same memory for all: a batch leaves nothing behind.
            let mut workspace = linear::Workspace::default();
            let mut n_silent = 0;
            for n_samples in LENGTHS.into_iter().filter(|&length| length < tile).chain([tile - 1, tile, 2 * tile + 5]) {
                let n_tiles = n_samples.div_ceil(tile);
                let mut words = vec![0; n_tiles * tile * reading.words()];
                Stream::new(n_samples as u64 + 1, Purpose::Batches).fill_rows(level, &mut words);
                let want = oracle::sums(model.tied(), &reading, &words, n_samples, None);
                let mut got = Sums::zeros(n, m);
                assert!(
                    linear::begin(level, model.tied(), &reading, &mut workspace),
                    "{what}: most outputs are linear"
                );
                for (tile_idx, words) in words.chunks_exact(tile * reading.words()).enumerate() {
                    let here = (n_samples - tile_idx * tile).min(tile);
                    linear::add_tile(level, model.tied(), &reading, words, here, &mut workspace);
                }
                linear::finish(level, model.tied(), &mut workspace, &mut got);
                // An output is a sum over m and over features; so is each product on the way back.
                let terms = [n_samples * n, n_samples * (n + m), n_samples * (n + m)];
                compare(&format!("{what} × {n_samples}"), level, &got, &want, terms);
                n_silent += (0..n_samples)
                    .filter(|&sample| silences_last(&model, &oracle::inputs(&reading, &words, sample)))
                    .count();
            }
            assert!(n_silent > 0 || !["few active", "dense"].contains(&what), "{what}: no output had to be taken back");
        }
    }
}

/// Whether the last feature's output is below 0.
fn silences_last(model: &Model, x: &[f32]) -> bool {
    let n = model.b.len();
    let rows = model.w.chunks_exact(n);
    let along: f32 = rows.map(|row| row[n - 1] * row.iter().zip(x).map(|(w, x)| w * x).sum::<f32>()).sum();
    along + model.b[n - 1] < 0.0
}

#[test]
fn the_linear_kernel_refuses_what_it_cannot_or_need_not_do() {
    let level = Level::best();
    let mut workspace = linear::Workspace::default();
    let reading = Reading::new(&[0.3; 40]);
    let mut begins = |network: Network| linear::begin(level, network, &reading, &mut workspace);
    let linear = mostly_linear(40, 6, true);
    assert!(begins(linear.tied()));
    assert!(!begins(Network { hidden_l1: 0.1, ..linear.tied() }), "a penalty");
    assert!(!begins(Network { relu_hidden: true, ..linear.tied() }), "a ReLU at h");
    assert!(!begins(Network { importance: &Model::random(40, 6, true, 1).importance, ..linear.tied() }), "importances");
    assert!(!begins(Network { b: &[-0.1; 40], ..linear.tied() }), "outputs are silent");
}

/// Small integers leave no rounding, so every level must give the products exactly.
#[test]
fn products_of_small_integers_are_exact() {
    let integers =
        |count: usize, step: usize| -> Vec<f32> { (0..count).map(|i| ((i * step + 3) % 17) as f32 - 8.0).collect() };
    for level in Level::all() {
        // The last has more sums than are kept as vectors.
        for (rows, inner) in [(1, 1), (3, 2), (4, 5), (5, 4), (9, 7), (90, 100)] {
            let tile = 2 * BLOCK;
            let (a, b) = (integers(rows * inner, 7), integers(inner * tile, 5));
            let mut out = vec![f32::NAN; rows * tile];
            products::product(level, &a, inner, &b, &mut out);
            let (want, _) = oracle::product(&a, inner, &b);
            assert!(out.iter().zip(&want).all(|(&o, &w)| f64::from(o) == w), "{} {rows}×{inner}", level.name());

            // a · bᵀ through the oracle: transpose b by hand.
            let (left, right) = (integers(rows * tile, 3), integers(inner * tile, 11));
            let transposed: Vec<f32> = (0..tile * inner).map(|at| right[(at % inner) * tile + at / inner]).collect();
            let (mut sums, mut totals) = (OuterSums::default(), Vec::new());
            // One pair, then two at once, where other sums were.
            for pairs in [&[(&*left, &*right)][..], &[(&left, &right), (&left, &right)]] {
                sums.zeros(level, rows * inner);
                sums.add(level, pairs, inner);
                sums.add(level, pairs, inner);
                sums.subtract(rows * inner - 1, 3.0);
                sums.totals_into(level, &mut totals);
                let (mut want, _) = oracle::product(&left, tile, &transposed);
                want.iter_mut().for_each(|sum| *sum *= 2.0 * pairs.len() as f64);
                want[rows * inner - 1] -= 3.0;
                assert!(totals.iter().zip(&want).all(|(&o, &w)| f64::from(o) == w), "{} {rows}×{inner}", level.name());
            }
        }
    }
}

/// The unfused level is what every four-lane machine computes, so on this one it must equal plain SSE4.2 to the bit.
#[test]
#[cfg(target_arch = "x86_64")]
fn simd128_has_the_bits_of_four_unfused_lanes() {
    let model = Model::random(5, 2, true, 1);
    let reading = Reading::new(&[0.3; 5]);
    let mut words = vec![0; 8 * reading.words() * BLOCK];
    Stream::new(1, Purpose::Batches).fill_rows(Level::best(), &mut words);
    let sums = |level| {
        let sums = narrow_sums(level, model.tied(), &reading, &words, 8 * BLOCK);
        (sums.loss.to_bits(), sums.dw.iter().chain(&sums.db).map(|g| g.to_bits()).collect::<Vec<_>>())
    };
    let sse = Level::all().into_iter().find(|level| level.name() == "sse4.2");
    let simd128 = Level::simd128().expect("x86-64 of the last fifteen years");
    assert_eq!(sums(simd128), sums(sse.expect("listed where simd128 runs")));
}

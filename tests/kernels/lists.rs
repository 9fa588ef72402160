//! Lists of what is active: how they are drawn, and the kernels that read them.

use superposition::kernels::draws::Reading;
use superposition::kernels::lists::{self, Drawn, Lists, Place, Skipper};
use superposition::kernels::{Level, Sums, gaps, gram, oracle};
use superposition::models::listed;
use superposition::rng::{Purpose, Stream};

use super::{LENGTHS, Model, compare, mostly_linear, silences_last};

/// The lists of a seed, and the inputs that they say, sample by sample.
fn listed_inputs(level: Level, densities: &[f64], n_samples: usize, seed: u64) -> (Drawn, Vec<Vec<f32>>) {
    drawn_inputs(Skipper::default(), level, densities, n_samples, seed)
}

fn drawn_inputs(
    mut skipper: Skipper,
    level: Level,
    densities: &[f64],
    n_samples: usize,
    seed: u64,
) -> (Drawn, Vec<Vec<f32>>) {
    let gap_scales: Vec<f32> = densities.iter().map(|&p| gaps::gap_scale(p)).collect();
    let (mut lists, mut stream) = (Drawn::default(), Stream::new(seed, Purpose::Batches));
    let fill = &mut |words: &mut [u32]| stream.fill_rows(level, words);
    skipper.draw(level, &gap_scales, n_samples, fill, &mut lists);
    let mut inputs = vec![vec![0.0; densities.len()]; n_samples];
    for (feature, list) in (0..densities.len()).map(|feature| (feature, lists.by_feature.of(feature))) {
        assert!(list.is_sorted_by(|a, b| a.row < b.row), "samples rise, and none comes twice");
        list.iter().for_each(|entry| inputs[entry.row as usize][feature] = entry.value);
    }
    (lists, inputs)
}

/// The same bits at every level: densities of all sizes, features that are never and always active, numbers of samples that are no power of two.
#[test]
fn lists_are_the_same_at_every_level() {
    let densities = [0.2, 0.2, 0.2, 1.0, 0.003, 0.003, 0.0, 0.5, 1e-9];
    for n_samples in LENGTHS.into_iter().chain([200, 1000, lists::TILE]) {
        let (_, want) = listed_inputs(Level::best(), &densities, n_samples, 7);
        assert!(want.iter().all(|x| x[3] > 0.0 || x[3] == 0.0 && x[6] == 0.0));
        for level in Level::all() {
            assert_eq!(listed_inputs(level, &densities, n_samples, 7).1, want, "{n_samples} at {}", level.name());
        }
    }
}

/// How often each feature is active, and with what values: means within five standard errors, of 2 × 7 numbers, a false-alarm rate of 1e-5. Pairs of
/// neighbouring samples and of features are as often active together as independent ones.
#[test]
fn lists_are_drawn_with_their_densities() {
    let densities = [0.25, 0.25, 0.1, 0.02, 0.7, 0.004, 0.25];
    let (n_batches, n_samples) = (400, 1000);
    let (mut active, mut values, mut neighbours, mut together) = ([0.0; 7], [0.0; 7], 0.0, 0.0);
    for seed in 0..n_batches {
        let (_, inputs) = listed_inputs(Level::best(), &densities, n_samples, seed);
        for (x, next) in inputs.iter().zip(inputs.iter().skip(1)) {
            neighbours += f64::from(u8::from(x[0] > 0.0 && next[0] > 0.0));
        }
        for x in &inputs {
            together += f64::from(u8::from(x[0] > 0.0 && x[1] > 0.0));
            for (i, &x) in x.iter().enumerate() {
                active[i] += f64::from(u8::from(x > 0.0));
                values[i] += f64::from(x);
            }
        }
    }
    let n = (n_batches * n_samples as u64) as f64;
    let near = |what: &str, found: f64, p: f64, n: f64| {
        let error = (found / n - p).abs();
        let bound = 5.0 * (p * (1.0 - p) / n).sqrt();
        assert!(error < bound, "{what}: {} where {p} is expected, error {error:.2e} against {bound:.2e}", found / n);
    };
    for (i, &p) in densities.iter().enumerate() {
        near(&format!("feature {i}"), active[i], p, n);
        let (mean, bound) = (values[i] / active[i], 5.0 / (12.0 * active[i]).sqrt());
        assert!((mean - 0.5).abs() < bound, "values of feature {i}: mean {mean}, bound {bound:.2e}");
    }
    near("two features", together, 1.0 / 16.0, n);
    near("two samples", neighbours, 1.0 / 16.0, n - n_batches as f64);
}

/// The longest and the shortest gaps: what a word must be for each gap, found by bisection, has the probability of the geometric distribution.
#[test]
fn gaps_have_the_probabilities_of_the_geometric_distribution() {
    // One feature, one word for gaps: the first sample in which it is active, or none.
    let first_gap = |level: Level, word: u32, scale: f32| {
        let mut lists = Drawn::default();
        let fill = &mut |words: &mut [u32]| words.fill(word);
        Skipper::default().draw(level, &[scale], lists::TILE, fill, &mut lists);
        lists.by_feature.of(0).first().map_or(lists::TILE, |entry| entry.row as usize)
    };
    for density in [0.25, 0.1, 0.01, 0.001] {
        let scale = gaps::gap_scale(density);
        for gap in [1, 2, 3, 10, 100, 1000] {
            // Larger words make shorter gaps: as many are shorter than `gap` as there are words from the border on.
            let (mut low, mut high) = (0_u64, 1 << 32);
            while low < high {
                let middle = (low + high) / 2;
                if first_gap(Level::best(), middle as u32, scale) < gap { high = middle } else { low = middle + 1 }
            }
            let at_least = low as f64 / 2.0_f64.powi(32);
            let expected = (1.0 - density).powi(gap as i32);
            // Relative to the smaller of the two chances, and to the 31 bits that decide.
            let bound = 1e-6 * expected.min(1.0 - expected) * (gap as f64 * density).max(1.0) + 1.0 / 2.0_f64.powi(31);
            let error = (at_least - expected).abs();
            assert!(error <= bound, "p {density}, gap {gap}: error {error:.2e} against {bound:.2e}");
        }
    }
}

#[test]
fn split_lists_hold_the_same_and_the_shortest_come_first() {
    for density in [0.01, 0.7] {
        let (n, n_samples) = (9, 100);
        let (lists, inputs) = listed_inputs(Level::best(), &vec![density; n], n_samples, 3);
        // Features 2 and 5 in a class of their own.
        let place = |i: u32| Place { row: 10 + i, class: u32::from(i == 2 || i == 5) };
        let places: Vec<Place> = (0..n as u32).map(place).collect();
        let (mut by_sample, mut sums) = (Lists::default(), vec![[0.0; 2]; n]);
        lists.split_into(&places, n_samples, &mut by_sample, &mut sums);
        for (i, [sum, square]) in sums.into_iter().enumerate() {
            let all = || inputs.iter().map(|x| f64::from(x[i]));
            let (expected, squares) = (all().sum::<f64>(), all().map(|x| x * x).sum::<f64>());
            for (got, want) in [(sum, expected), (square, squares)] {
                assert!((f64::from(got) - want).abs() <= 1e-5 * want, "feature {i}: {got}, {want}");
            }
        }
        assert_eq!(by_sample.n_lists(), 2 * n_samples);
        for (sample, x) in inputs.iter().enumerate() {
            for class in 0..2 {
                let found: Vec<(u32, f32)> =
                    by_sample.of(class * n_samples + sample).iter().map(|entry| (entry.row, entry.value)).collect();
                let active = (0..n as u32).filter(|&i| x[i as usize] > 0.0 && place(i).class as usize == class);
                let mut expected: Vec<(u32, f32)> = active.map(|i| (10 + i, x[i as usize])).collect();
                if class == 1 {
                    expected.reverse();
                }
                assert_eq!(found, expected, "sample {sample}");
            }
        }
        let mut filled = Vec::new();
        by_sample.filled_into(n_samples..2 * n_samples, &mut filled);
        let length = |&list: &u32| by_sample.of(list as usize).len();
        assert!(filled.iter().all(|list| length(list) > 0 && (n_samples..2 * n_samples).contains(&(*list as usize))));
        assert_eq!(filled.len(), inputs.iter().filter(|x| x[2] > 0.0 || x[5] > 0.0).count());
        assert!(density < 0.1 || filled.is_sorted_by_key(length));
    }
}

/// Where all samples have room for their entries, those are drawn by sample, too, and are those of the transposed lists.
#[test]
fn lists_that_are_drawn_by_sample_are_the_transposed_ones() {
    let n = 20;
    for (density, expected, is_there) in [(0.1, 2.0, true), (0.003, 2.0, true), (0.9, 2.0, false), (0.003, 0.06, false)]
    {
        for n_samples in [16, 100, 256, 1000] {
            for level in Level::all() {
                let (drawn, _) = drawn_inputs(Skipper::by_sample(expected), level, &vec![density; n], n_samples, 5);
                let Some(by_sample) = drawn.by_sample() else {
                    assert!(!is_there, "p {density} × {n_samples}");
                    continue;
                };
                assert!(is_there, "p {density} × {n_samples}");
                let mut transposed = Lists::default();
                let (by_feature, _) = listed_inputs(level, &vec![density; n], n_samples, 5);
                by_feature.transpose_into(n_samples, &mut transposed);
                assert_eq!(by_sample.n_lists(), n_samples);
                for sample in 0..n_samples {
                    assert_eq!(by_sample.of(sample), transposed.of(sample), "p {density}, sample {sample}");
                }
            }
        }
    }
}

const LISTED_MODELS: [(usize, usize, bool, f64); 8] = [
    (1, 1, true, 0.2),
    (7, 3, true, 0.2),
    (5, 2, true, 0.004),
    (9, 4, false, 0.2),
    (20, 5, true, 0.5),
    (33, 17, true, 0.1),
    (130, 21, true, 0.1),
    (150, 6, true, 0.02),
];

/// Fewer samples of many features: among many outputs one is always within rounding of the kink.
fn lengths_for(n: usize) -> impl Iterator<Item = usize> {
    LENGTHS.into_iter().chain([300]).filter(move |length| length * n <= if n > 100 { 2_000 } else { 20_000 })
}

#[test]
fn the_gram_kernel_agrees_with_the_oracle_at_every_level_and_length() {
    for (n, m, relu, density) in LISTED_MODELS {
        let model = Model::random(n, m, relu, 5);
        for level in Level::all() {
            // The same memory for all: a batch leaves nothing behind.
            let mut workspace = gram::Workspace::default();
            for n_samples in lengths_for(n) {
                // By sample, too, where there is room; by feature only.
                let skipper = if n_samples % 2 == 0 { Skipper::default() } else { Skipper::by_sample(1.0) };
                let (lists, inputs) = drawn_inputs(skipper, level, &vec![density; n], n_samples, n_samples as u64);
                let want = oracle::sums_of(model.tied(), &inputs);
                let mut got = Sums::zeros(n, m);
                gram::begin(level, model.tied(), &mut workspace);
                gram::add_tile(level, model.tied(), &lists, n_samples, &mut workspace, &mut got);
                gram::finish(level, model.tied(), &mut workspace, &mut got);
                // An output is a sum over m and over what is active; so is each product on the way back.
                let terms = [n_samples * n, n_samples * (n + m), n_samples * (n + m)];
                compare(&format!("{n}→{m} p {density} × {n_samples}"), level, &got, &want, terms);
            }
        }
    }
}

/// Models without linear features, and some that are mostly linear, in one tile and in two.
#[test]
fn the_listed_kernel_agrees_with_the_oracle_at_every_level_and_length() {
    let random = LISTED_MODELS.map(|(n, m, relu, density)| (Model::random(n, m, relu, 5), n, m, density, false));
    let linear =
        [(40, 6, 0.1), (24, 17, 0.006), (100, 9, 0.2)].map(|(n, m, p)| (mostly_linear(n, m, true), n, m, p, true));
    let without_relu = (mostly_linear(9, 4, false), 9, 4, 0.1, true);
    let mut n_silent = 0;
    for (model, n, m, density, is_linear) in random.into_iter().chain(linear).chain([without_relu]) {
        let reading = Reading::new(&vec![density; n]);
        for level in Level::all() {
            let mut workspace = listed::Workspace::default();
            for n_samples in lengths_for(n) {
                let mut got = Sums::zeros(n, m);
                let mut all = Vec::new();
                listed::begin(level, model.tied(), &reading, &mut workspace);
                assert_eq!(workspace.n_linear() > 0, is_linear, "{n}→{m}");
                for tile in 0..2 {
                    let (lists, inputs) = listed_inputs(level, &vec![density; n], n_samples, n_samples as u64 + tile);
                    listed::add_tile(level, model.tied(), &lists, n_samples, &mut workspace);
                    all.extend(inputs);
                }
                listed::finish(level, model.tied(), &mut workspace, &mut got);
                let want = oracle::sums_of(model.tied(), &all);
                let terms = [2 * n_samples * n, 2 * n_samples * (n + m), 2 * n_samples * (n + m)];
                compare(&format!("{n}→{m} p {density} × {n_samples}"), level, &got, &want, terms);
                n_silent +=
                    if is_linear && model.relu { all.iter().filter(|x| silences_last(&model, x)).count() } else { 0 };
            }
        }
    }
    assert!(n_silent > 0, "no output had to be taken back");
}

#[test]
fn the_gram_kernel_pays_from_some_density_down() {
    for (n, m) in [(20, 5), (80, 20), (400, 30)] {
        let model = Model::random(n, m, true, 1);
        let pays = |p: f64| gram::pays(&model.tied(), p * n as f64, 1024);
        let densities = [1.0, 0.5, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001];
        let first = densities.iter().position(|&p| pays(p)).expect("almost nothing is active");
        assert!(first > 0, "{n}→{m}: everything is active");
        assert!(densities[first..].iter().all(|&p| pays(p)), "{n}→{m}");
    }
}

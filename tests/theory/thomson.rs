//! The Thomson problem against the known energies.

use superposition::theory::thomson;
use superposition::theory::thomson::thomson_energy;

/// The known minima for 2 to 12 points.
const ENERGIES: [f64; 11] = [
    0.5,
    1.732_050_808,
    3.674_234_614,
    6.474_691_495,
    9.985_281_374,
    14.452_977_414,
    19.675_287_861,
    25.759_986_531,
    32.716_949_460,
    40.596_450_510,
    49.165_253_058,
];

#[test]
fn every_seed_finds_the_known_energies() {
    for seed in 0..10 {
        for (n_points, expected) in (2..).zip(ENERGIES) {
            let found = thomson(n_points, seed);
            let error = (found.energy - expected).abs();
            assert!(error < 1e-8, "{n_points} points, seed {seed}: {} against {expected}", found.energy);
            assert!((thomson_energy(&found.points) - found.energy).abs() < 1e-12);
            let lengths = found.points.iter().map(|p| p.iter().map(|x| x * x).sum::<f64>());
            assert!(lengths.into_iter().all(|square| (square - 1.0).abs() < 1e-14));
        }
    }
}

#[test]
fn lengths_do_not_matter_to_the_energy() {
    let points = [[1.0, 0.0, 0.0], [-3.0, 0.0, 0.0], [0.0, 0.2, 0.0]];
    let expected = 0.5 + 2.0 / 2.0_f64.sqrt();
    assert!((thomson_energy(&points) - expected).abs() < 1e-14);
}

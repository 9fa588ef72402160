//! The natural solutions of n = 3, m = 2: closed forms, the diagram, and the class of trained models.

use crate::models::{Draws, Model};
use crate::reference::{numbers, theory_json};
use superposition::spec::ModelKind;
use superposition::theory::phase_2_1::best_antipodal_bias;
use superposition::theory::phase_3_2::natural_loss_3_2;
use superposition::theory::{Bias, Phase32, classify_3_2, polish, theory_phase_3_2};

/// Weights with the null direction of a phase, and its bias.
fn natural_model(phase: Phase32, density: f64, importance: f64, bias: Bias) -> Model {
    let mean = if bias == Bias::Zero { 0.0 } else { density / 2.0 };
    let pair = if bias == Bias::Best { best_antipodal_bias(density) } else { 0.0 };
    let (w, b) = match phase {
        Phase32::ExtraIgnored => ([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, mean]),
        Phase32::OtherIgnored => ([0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [mean, 0.0, 0.0]),
        Phase32::ExtraPaired => ([1.0, 0.0, 0.0, 0.0, 1.0, -1.0], [0.0, pair, pair]),
        Phase32::OthersPaired => ([1.0, -1.0, 0.0, 0.0, 0.0, 1.0], [pair, pair, 0.0]),
    };
    let importance = vec![1.0, 1.0, importance];
    Model { kind: ModelKind::Relu, n: 3, m: 2, w: w.to_vec(), b: b.to_vec(), density: vec![density; 3], importance }
}

#[test]
fn closed_losses_of_the_natural_solutions_are_the_exact_losses() {
    for density in [1.0, 0.7, 0.3, 0.05, 1e-3] {
        for importance in [0.0, 0.1, 1.0, 7.0] {
            for bias in [Bias::Paper, Bias::Zero, Bias::Best] {
                for phase in Phase32::ALL {
                    let closed = natural_loss_3_2(phase, density, importance, bias);
                    let error = (natural_model(phase, density, importance, bias).exact().loss - closed).abs();
                    assert!(error < 1e-14, "{phase:?} {bias:?} at p={density}, I={importance}: error {error:.1e}");
                }
            }
        }
    }
}

#[test]
fn theoretical_phases_agree_with_the_reference_cell_for_cell() {
    let json = theory_json();
    let diagram = &json["phase_3_2"];
    let (densities, importances) = (numbers(&diagram["density"]), numbers(&diagram["importance"]));
    let order: Vec<&str> =
        diagram["order"].as_array().expect("names").iter().filter_map(|name| name.as_str()).collect();
    assert_eq!(order, ["perp001", "perp100", "perp011", "perp110"]);
    for (key, bias) in [("paper", Bias::Paper), ("zero_bias", Bias::Zero), ("optimal_bias", Bias::Best)] {
        let rows = diagram[key]["phase"].as_array().expect("rows");
        assert_eq!((rows.len(), densities.len(), importances.len()), (13, 13, 13));
        for (row, &density) in rows.iter().zip(&densities) {
            for (expected, &importance) in row.as_array().expect("a row").iter().zip(&importances) {
                let found = order[theory_phase_3_2(density, importance, bias) as usize];
                assert_eq!(expected, found, "{key} at p={density}, I={importance}");
            }
        }
    }
}

#[test]
fn classes_are_the_null_directions_under_turns_scalings_and_the_exchange_of_the_first_two() {
    let mut draws = Draws(11);
    for phase in Phase32::ALL {
        let w = natural_model(phase, 0.3, 1.0, Bias::Paper).w;
        for round in 0..200 {
            let (sin, cos) = draws.between(0.0, 7.0).sin_cos();
            let scale = draws.between(0.1, 3.0) * if round % 2 == 0 { 1.0 } else { -1.0 };
            let mut turned = [0.0; 6];
            for i in 0..3 {
                let from = if round % 3 == 0 { [1, 0, 2][i] } else { i };
                let (x, y) = (w[from], w[3 + from]);
                // A reflection every other time.
                turned[i] = scale * (cos * x - sin * y) + draws.between(-0.02, 0.02);
                turned[3 + i] = (sin * x + cos * y) + draws.between(-0.02, 0.02);
            }
            // A hidden space that is stretched keeps what is mapped to zero.
            assert_eq!(classify_3_2(&turned), phase, "{turned:?}");
        }
    }
}

#[test]
fn models_without_a_null_direction_of_their_own_have_a_class_too() {
    assert_eq!(classify_3_2(&[0.0; 6]), Phase32::ExtraIgnored);
    // Rank 1: what is mapped to zero is a plane. The antipodal pair in it, or what is forgotten.
    assert_eq!(classify_3_2(&[1.0, -1.0, 0.0, 0.0, 0.0, 0.0]), Phase32::ExtraIgnored);
    assert_eq!(classify_3_2(&[0.0, 0.5, -0.5, 0.0, 1.0, -1.0]), Phase32::OtherIgnored);
    assert_eq!(classify_3_2(&[0.3, 0.0, 1.0, 0.6, 0.0, 2.0]), Phase32::OtherIgnored);
}

#[test]
fn minima_of_the_exact_loss_have_the_class_of_the_theory_away_from_its_borders() {
    const GRID: usize = 9;
    let density = |row: usize| 0.01_f64.powf(row as f64 / (GRID - 1) as f64);
    let importance = |column: usize| 0.1 * 100.0_f64.powf(column as f64 / (GRID - 1) as f64);
    let theory = |row: usize, column: usize| theory_phase_3_2(density(row), importance(column), Bias::Best);
    let mut draws = Draws(12);
    let (mut inner, mut agree) = (0, 0);
    for row in 0..GRID {
        for column in 0..GRID {
            let phase = theory(row, column);
            let around = (row.saturating_sub(1)..GRID.min(row + 2))
                .flat_map(|r| (column.saturating_sub(1)..GRID.min(column + 2)).map(move |c| (r, c)));
            if around.into_iter().any(|(r, c)| theory(r, c) != phase) {
                continue;
            }
            let (p, i) = ([density(row); 3], [1.0, 1.0, importance(column)]);
            let best = (0..12)
                .map(|_| {
                    let w: Vec<f64> = (0..6).map(|_| draws.between(-1.2, 1.2)).collect();
                    polish(ModelKind::Relu, &w, &[0.0; 3], &p, &[], &[], &i)
                })
                .min_by(|a, b| a.loss.total_cmp(&b.loss))
                .expect("twelve starts");
            inner += 1;
            let weights: [f64; 6] = best.weights.try_into().expect("six weights");
            let found = classify_3_2(&weights);
            agree += usize::from(found == phase);
            if found != phase {
                println!("p={}, I={}: {found:?}, theory {phase:?}, weights {weights:.3?}", p[0], i[2]);
            }
        }
    }
    println!("{agree} of {inner} cells farther than one cell from a border agree");
    assert!(inner > 20 && agree * 100 >= inner * 95, "{agree} of {inner} cells agree");
}

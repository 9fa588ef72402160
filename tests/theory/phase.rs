//! The natural solutions of n = 2, m = 1: closed forms, best bias, the diagram, and the class of trained models.

use crate::models::{Draws, Model};
use crate::reference::theory_json;
use serde_json::Value;
use superposition::spec::ModelKind;
use superposition::theory::phase_2_1::{best_antipodal_bias, natural_loss};
use superposition::theory::{Bias, ExactScratch, Phase21, classify, exact_loss_and_gradient_into, theory_phase};

const PHASES: [Phase21; 3] = [Phase21::Ignored, Phase21::Dedicated, Phase21::Superposition];

/// The model of a natural solution.
fn natural_model(phase: Phase21, density: f64, importance: f64, bias: Bias) -> Model {
    let mean = if bias == Bias::Zero { 0.0 } else { density / 2.0 };
    let pair = if bias == Bias::Best { best_antipodal_bias(density) } else { 0.0 };
    let (w, b) = match phase {
        Phase21::Ignored => ([1.0, 0.0], [0.0, mean]),
        Phase21::Dedicated => ([0.0, 1.0], [mean, 0.0]),
        Phase21::Superposition => ([1.0, -1.0], [pair, pair]),
    };
    Model {
        kind: ModelKind::Relu,
        n: 2,
        m: 1,
        w: w.to_vec(),
        b: b.to_vec(),
        density: vec![density; 2],
        importance: vec![1.0, importance],
    }
}

#[test]
fn closed_losses_of_the_natural_solutions_are_the_exact_losses() {
    for density in [1.0, 0.7, 0.3, 0.05, 1e-3] {
        for importance in [0.0, 0.1, 1.0, 7.0] {
            for bias in [Bias::Paper, Bias::Zero, Bias::Best] {
                for phase in PHASES {
                    let closed = natural_loss(phase, density, importance, bias);
                    let error = (natural_model(phase, density, importance, bias).exact().loss - closed).abs();
                    assert!(error < 1e-14, "{phase:?} {bias:?} at p={density}, I={importance}: error {error:.1e}");
                }
            }
        }
    }
}

#[test]
fn the_best_bias_has_the_reference_s_values_and_loss() {
    for (density, bias, error) in
        [(1.0, 0.442_125_30, 0.070_539_40), (0.5, 0.078_762_16, 0.038_325_44), (0.1, 0.001_851_64, 0.001_663_58)]
    {
        let found = best_antipodal_bias(density);
        assert!((found - bias).abs() < 1e-8, "bias {found} at p={density}, reference {bias}");
        let loss = natural_loss(Phase21::Superposition, density, 1.0, Bias::Best);
        assert!((loss - error).abs() < 1e-8, "loss {loss} at p={density}, reference {error}");
    }
}

#[test]
fn the_gradient_by_the_bias_vanishes_at_the_best_bias() {
    for k in 0..=200 {
        let density = 1e-4_f64.powf(f64::from(k) / 200.0);
        let bias = best_antipodal_bias(density);
        assert!((0.0..=1.0).contains(&bias), "bias {bias} at p={density}");
        let db = natural_model(Phase21::Superposition, density, 1.0, Bias::Best).exact().db;
        assert!(db.iter().all(|d| d.abs() < 2e-15), "gradient {db:?} at p={density}, b={bias}");
    }
    assert_eq!(best_antipodal_bias(0.0), 0.0);
}

#[test]
fn theoretical_phases_agree_with_the_reference_cell_for_cell() {
    let json = theory_json();
    let diagram = &json["phase_2_1"];
    let axis = |key: &str| crate::reference::numbers(&diagram[key]);
    let (densities, importances) = (axis("density"), axis("importance"));
    for (key, bias) in [("paper", Bias::Paper), ("zero_bias", Bias::Zero), ("optimal_bias", Bias::Best)] {
        let rows = diagram[key]["phase"].as_array().expect("rows");
        assert_eq!((rows.len(), densities.len(), importances.len()), (13, 13, 13));
        for (row, &density) in rows.iter().zip(&densities) {
            for (expected, &importance) in row.as_array().expect("a row").iter().zip(&importances) {
                let name = match theory_phase(density, importance, bias) {
                    Phase21::Ignored => "W10",
                    Phase21::Dedicated => "W01",
                    Phase21::Superposition => "W1m1",
                };
                assert_eq!(expected, &Value::from(name), "{key} at p={density}, I={importance}");
            }
        }
    }
}

#[test]
fn superposition_starts_where_the_paper_s_losses_say() {
    for importance in [0.2_f64, 1.0, 3.0] {
        let border = 4.0 / (5.0 + 2.0 * importance.max(1.0 / importance));
        assert_eq!(theory_phase(border * 0.999, importance, Bias::Paper), Phase21::Superposition);
        assert_ne!(theory_phase(border * 1.001, importance, Bias::Paper), Phase21::Superposition);
    }
}

#[test]
fn phases_are_numbered_as_the_figures_expect() {
    assert_eq!(PHASES.map(|phase| phase as u8), [0, 1, 2]);
}

#[test]
fn classes_do_not_depend_on_the_common_sign_or_size() {
    for (w, phase) in
        [([1.0, -0.9], PHASES[2]), ([1.0, 0.1], PHASES[0]), ([-0.1, 1.0], PHASES[1]), ([0.7, 0.8], PHASES[1])]
    {
        for scale in [1.0, -1.0, 0.03, -40.0] {
            assert_eq!(classify(&w.map(|x| x * scale)), phase, "{w:?} times {scale}");
        }
    }
    assert_eq!(classify(&[0.0, 0.0]), Phase21::Ignored);
}

/// The best of ten restarts, trained with Adam on the exact gradient.
fn trained(density: f64, importance: f64, draws: &mut Draws) -> [f64; 2] {
    let mut scratch = ExactScratch::default();
    let mut best = (f64::INFINITY, [0.0; 2]);
    for _ in 0..10 {
        // Near normal, with Xavier's variance 2/(n + m).
        let mut normal = || ((0..12).map(|_| draws.unit()).sum::<f64>() - 6.0) * (2.0_f64 / 3.0).sqrt();
        let (mut w, mut b) = ([normal(), normal()], [0.0; 2]);
        let (mut dw, mut db) = ([0.0; 2], [0.0; 2]);
        let (mut mean, mut square, mut loss) = ([0.0; 4], [0.0; 4], 0.0);
        for step in 1..=600 {
            let (p, i) = ([density; 2], [1.0, importance]);
            loss = exact_loss_and_gradient_into(ModelKind::Relu, &w, &b, &p, &i, &mut dw, &mut db, &mut scratch);
            let gradient = [dw[0], dw[1], db[0], db[1]];
            for (k, parameter) in w.iter_mut().chain(&mut b).enumerate() {
                mean[k] = 0.9 * mean[k] + 0.1 * gradient[k];
                square[k] = 0.999 * square[k] + 0.001 * gradient[k] * gradient[k];
                let (first, second) = (1.0 - 0.9_f64.powi(step), 1.0 - 0.999_f64.powi(step));
                *parameter -= 0.03 * (mean[k] / first) / ((square[k] / second).sqrt() + 1e-8);
            }
        }
        if loss < best.0 {
            best = (loss, w);
        }
    }
    best.1
}

#[test]
fn models_trained_on_the_exact_gradient_have_the_class_of_the_theory_away_from_its_borders() {
    const GRID: usize = 13;
    let density = |row: usize| 0.01_f64.powf(row as f64 / (GRID - 1) as f64);
    let importance = |column: usize| 0.1 * 100.0_f64.powf(column as f64 / (GRID - 1) as f64);
    let theory = |row: usize, column: usize| theory_phase(density(row), importance(column), Bias::Best);
    let mut draws = Draws(5);
    let (mut inner, mut agree) = (0, 0);
    for row in 0..GRID {
        for column in 0..GRID {
            let phase = theory(row, column);
            let around = (row.saturating_sub(1)..GRID.min(row + 2))
                .flat_map(|r| (column.saturating_sub(1)..GRID.min(column + 2)).map(move |c| (r, c)));
            if around.into_iter().any(|(r, c)| theory(r, c) != phase) {
                continue;
            }
            inner += 1;
            agree += usize::from(classify(&trained(density(row), importance(column), &mut draws)) == phase);
        }
    }
    println!("{agree} of {inner} cells farther than one cell from a border agree");
    assert!(inner > GRID * GRID / 2 && agree * 100 >= inner * 98, "{agree} of {inner} cells agree");
}

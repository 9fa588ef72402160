//! `polytopes`: solutions of the Thomson problem, names and dimensionalities of solids, and what is no solid.

use serde_json::json;

use super::reference::{list, number, polytopes as reference};
use super::{Claim, Effort, Verdict};
use crate::error::Error;
use crate::gallery::polytopes::{axes_without_ones, transposed};
use crate::measures::{Measures, Shape, canonical_pose, polytopes};
use crate::rng::{Purpose, Stream};
use crate::sweep::Lab;
use crate::sweep::lab::map;
use crate::theory::thomson;

/// The lowest known energies of 2 to 12 points on the unit sphere (Thomson problem: Wales and Ulker, "Structure and dynamics of
/// spherical crystals characterized for the Thomson problem", 2006, and the Cambridge Cluster Database).
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
    40.596_450_508,
    49.165_253_058,
];

/// The known energies have nine decimals.
const SAME_ENERGY: f64 = 1e-9;

/// What solutions of a Thomson problem are called, where they are made of the table's shapes.
const THOMSON_NAMES: [(usize, &str); 7] = [
    (2, "digon"),
    (3, "triangle"),
    (4, "tetrahedron"),
    (5, "triangular-bipyramid"),
    (6, "octahedron"),
    (7, "pentagonal-bipyramid"),
    (12, "icosahedron"),
];

/// How far a dimensionality may be off.
const SAME_DIMENSIONALITY: f64 = 1e-6;

/// Names of the reference's solids in this program.
const NAMES: [(&str, &str); 14] = [
    ("2-gon", "digon"),
    ("3-gon", "triangle"),
    ("4-gon", "square"),
    ("5-gon", "pentagon"),
    ("6-gon", "6-gon"),
    ("7-gon", "7-gon"),
    ("8-gon", "8-gon"),
    ("tetrahedron", "tetrahedron"),
    ("octahedron", "octahedron"),
    ("square antiprism (tight frame z^2=1/3)", "square-antiprism"),
    ("triangular bipyramid", "triangular-bipyramid"),
    ("pentagonal bipyramid", "pentagonal-bipyramid"),
    ("icosahedron", "icosahedron"),
    ("16-cell (4 antipodal pairs in 4D)", "16-cell"),
];

/// 1. Descent on the sphere finds the lowest known energy of 2 to 12 points to nine decimals, and the solutions of 2 to 7 and of 12
///    points have the names that the paper gives them.
/// 2. Each solid of the table and each tegum product, turned and with its vertices shuffled, gets its name, and every D_i is the fraction
///    that it should be to 1e-6; where the reference has the solid, its numbers too. The axes of 3 to 6 dimensions seen along
///    (1, …, 1) are a simplex.
/// 3. Of 20 sets of five random vectors in the plane and 20 tight frames of five with two of them 15 to 30° apart, no factor of five
///    is anything but irregular, though each frame's D_i are the pentagon's to 1e-9; two vectors in one direction are `parallel`.
///    Five random vectors are a pentagon by accident in fewer than 2 of 10⁴ draws.
pub(super) fn check(lab: &dyn Lab, effort: Effort) -> Result<Vec<Claim>, Error> {
    Ok(vec![thomson_claim(lab, effort)?, names_claim(effort), irregular_claim(effort)])
}

fn thomson_claim(lab: &dyn Lab, effort: Effort) -> Result<Claim, Error> {
    let found = map(lab, "Thomson problem", ENERGIES.len(), |idx| Ok(thomson(idx + 2, effort.seed)))?;
    let farthest = found.iter().zip(ENERGIES).map(|(found, energy)| (found.energy - energy).abs()).fold(0.0, f64::max);
    let n_named = THOMSON_NAMES.iter().filter(|(n_points, name)| {
        Measures::of(&transposed(&found[n_points - 2].points), *n_points, 3).solution == *name
    });
    let n_named = n_named.count();
    Ok(Claim {
        id: "polytopes",
        about: "the Thomson problem",
        paper: "features form solids that solve the Thomson problem, among them tetrahedron, triangular bipyramid and octahedron",
        rule: "the lowest energies of 2 to 12 points are the known ones to 1e-9, and the solutions of 2 to 7 and 12 points get their names",
        measured: format!("energies within {farthest:.1e}; {n_named} of {} names", THOMSON_NAMES.len()),
        verdict: Verdict::holds(farthest <= SAME_ENERGY && n_named == THOMSON_NAMES.len()),
        values: json!({ "energies": found.iter().map(|found| found.energy).collect::<Vec<_>>(), "farthest": farthest }),
    })
}

fn names_claim(effort: Effort) -> Claim {
    let mut rng = Stream::new(effort.seed, Purpose::Weights);
    let (mut n_all, mut n_named, mut farthest) = (0, 0, 0.0_f64);
    let mut missed = Vec::new();
    let mut compare = |name: &str, w: &[f64], dimension: usize, expected: &[f64]| {
        let n = expected.len();
        let (turned, order) = posed_at_random(&mut rng, w, n, dimension);
        let measures = Measures::of(&turned, n, dimension);
        n_all += 1;
        if measures.solution == name {
            n_named += 1
        } else {
            missed.push(format!("{name}: {}", measures.solution))
        }
        for (found, &from) in measures.dimensionality.iter().zip(&order) {
            farthest = farthest.max((found - expected[from]).abs());
        }
    };
    for solid in polytopes() {
        let fractions: Vec<f64> = solid.dimensionality.iter().map(|&(a, b)| f64::from(a) / f64::from(b)).collect();
        compare(&solid.name, &solid.matrix(), solid.dimension, &fractions);
    }
    for (k, name) in [(3, "triangle"), (4, "tetrahedron"), (5, "simplex-4"), (6, "simplex-5")] {
        compare(name, &axes_without_ones(k), k - 1, &vec![(k - 1) as f64 / k as f64; k]);
    }
    let mut from_reference = 0.0_f64;
    for (key, name) in NAMES {
        let solid = polytopes().into_iter().find(|solid| solid.name == name).expect("a name of the table");
        let measures = Measures::of(&solid.matrix(), solid.vertices.len(), solid.dimension);
        let mut found = measures.dimensionality;
        found.sort_unstable_by(f64::total_cmp);
        let (values, counts) = (list(&reference()[key]["D_values"]), list(&reference()[key]["counts"]));
        let mut expected: Vec<f64> = values
            .iter()
            .zip(counts)
            .flat_map(|(value, count)| std::iter::repeat_n(number(value), number(count) as usize))
            .collect();
        expected.sort_unstable_by(f64::total_cmp);
        let is_alike = found.len() == expected.len();
        let apart = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        from_reference = from_reference.max(if is_alike { apart } else { f64::INFINITY });
    }
    let off = farthest.max(from_reference);
    Claim {
        id: "polytopes",
        about: "names and dimensionalities",
        paper: "tegum products keep their factors' dimensionalities: 3 × 2/3 and 2 × 1/2 in a triangular bipyramid; W ⟂ (1, 1, 1) makes a triangle",
        rule: "each solid, product and simplex, turned and shuffled, gets its name and its D_i to 1e-6, the reference's among them",
        measured: format!(
            "{n_named} of {n_all} names{}; D_i within {off:.1e}",
            if missed.is_empty() { String::new() } else { format!(" (missed {})", missed.join(", ")) }
        ),
        verdict: Verdict::holds(n_named == n_all && off <= SAME_DIMENSIONALITY),
        values: json!({ "solids": n_all, "named": n_named, "farthest": farthest, "from_reference": from_reference }),
    }
}

/// The same vectors in another order, turned or reflected at random; and which vector each was.
fn posed_at_random(rng: &mut Stream, w: &[f64], n: usize, dimension: usize) -> (Vec<f64>, Vec<usize>) {
    let mut order: Vec<usize> = (0..n).collect();
    for i in (1..n).rev() {
        order.swap(i, ((i + 1) as f64 * rng.uniform()) as usize);
    }
    // A pose that random vectors fix is as random as they are: they come first, and the solid's vectors turn with them.
    let extra: Vec<f64> = (0..dimension * dimension).map(|_| rng.normals()[0] + 3.0).collect();
    let width = n + dimension;
    let mut both = vec![0.0; dimension * width];
    for k in 0..dimension {
        both[k * width..][..dimension].copy_from_slice(&extra[k * dimension..][..dimension]);
        for (i, &from) in order.iter().enumerate() {
            both[k * width + dimension + i] = w[k * n + from];
        }
    }
    let posed = canonical_pose(&both, width, dimension);
    (posed.chunks_exact(width).flat_map(|row| row[dimension..].to_vec()).collect(), order)
}

/// Sets of five vectors of each kind.
const SETS: usize = 20;

fn irregular_claim(effort: Effort) -> Claim {
    let mut rng = Stream::new(effort.seed, Purpose::Batches);
    let (mut n_random, mut n_frames, mut farthest) = (0, 0, 0.0_f64);
    for _ in 0..SETS {
        let random = (0..5).map(|_| std::f64::consts::TAU * rng.uniform()).collect();
        n_random += usize::from(is_irregular(&Measures::of(&unit_vectors(random), 5, 2)));
        let measures = Measures::of(&unit_vectors(tight_frame(&mut rng)), 5, 2);
        n_frames += usize::from(is_irregular(&measures));
        farthest = measures.dimensionality.iter().map(|d| (d - 0.4).abs()).fold(farthest, f64::max);
    }
    let collapsed = Measures::of(&[0.6, 0.66, 0.8, 0.88], 2, 2);
    let is_parallel = collapsed.geometry.iter().map(|factor| factor.shape).eq([Shape::Parallel]);
    let passed = n_random == SETS && n_frames == SETS && farthest < 1e-9 && is_parallel;
    Claim {
        id: "polytopes",
        about: "what is no solid",
        paper: "dimensionalities tell which solid features form; ours: they alone do not, so solids are told by their angles",
        rule: "five random vectors and tight frames of five with the pentagon's D_i (to 1e-9) are irregular; a collapsed pair is parallel, no digon",
        measured: format!(
            "{n_random} of {SETS} random sets and {n_frames} of {SETS} frames irregular, D_i of frames within {farthest:.1e} of 2/5; the pair is {}",
            collapsed.solution
        ),
        verdict: Verdict::holds(passed),
        values: json!({ "random": n_random, "frames": n_frames, "sets": SETS, "pair": collapsed.solution }),
    }
}

/// Whether no factor of all five vectors has a name. Random vectors may fall apart into smaller factors, which may be anything.
fn is_irregular(measures: &Measures) -> bool {
    measures.geometry.iter().all(|factor| factor.features.len() < 5 || factor.shape == Shape::Irregular)
}

/// The vectors of these angles, `[2][n]`.
fn unit_vectors(angles: Vec<f64>) -> Vec<f64> {
    angles.iter().map(|angle| libm::cos(*angle)).chain(angles.iter().map(|angle| libm::sin(*angle))).collect()
}

/// Angles of a tight frame of five unit vectors, two of them 15 to 30° apart, which those of a pentagon never are.
///
/// Unit vectors in the plane are a tight frame where those of twice their angles sum to zero: the last two have to undo the sum s of
/// the first three, and can where |s| ≤ 2.
fn tight_frame(rng: &mut Stream) -> Vec<f64> {
    loop {
        let first = std::f64::consts::TAU * rng.uniform();
        let near = first + (15.0 + 15.0 * rng.uniform()).to_radians();
        let mut doubled = [2.0 * first, 2.0 * near, std::f64::consts::TAU * rng.uniform()].to_vec();
        let (x, y) = doubled.iter().fold((0.0, 0.0), |(x, y), angle| (x + libm::cos(*angle), y + libm::sin(*angle)));
        let length = libm::hypot(x, y);
        if length <= 2.0 {
            let (back, open) = (libm::atan2(-y, -x), libm::acos(length / 2.0));
            doubled.extend([back + open, back - open]);
            return doubled.into_iter().map(|angle| angle / 2.0).collect();
        }
    }
}

//! Breaks the core on purpose, in one named way after the other, and sees that a named test notices.
//!
//! Each mutation changes one line of a copy of the sources (`target/mutants/`), which is then compiled and given to one test.
//! A mutation counts as caught when the copy still compiles and that test fails; before the first one, all those tests must pass. A
//! text that is not found exactly once is an error: the table has to move with the code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::shell::{self, human_time, paint};

/// One way to break the code.
struct Mutation {
    name: &'static str,
    file: &'static str,
    /// What stands there, once, and what takes its place.
    find: &'static str,
    replace: &'static str,
    /// Where the test is: a file or folder of `tests/`, "lib" for one beside the core's code, or for `None` the package of the loops, whose tests stand beside its code.
    suite: Option<&'static str>,
    test: &'static str,
}

/// The mutations, each caught by one test.
const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "a sign in the gradient of the hidden penalty",
        file: "src/kernels/blocked.rs",
        find: "(up - down)",
        replace: "(down - up)",
        suite: Some("kernels"),
        test: "every_kind_of_network_agrees_with_the_oracle_at_every_level",
    },
    Mutation {
        name: "swapped axes of the attack directions",
        file: "src/kernels/blocked.rs",
        find: "directions[choice as usize * n_features + i]",
        replace: "directions[i * n_features + choice as usize]",
        suite: Some("kernels"),
        test: "every_kind_of_network_agrees_with_the_oracle_at_every_level",
    },
    Mutation {
        name: "an index in the sharing of anticorrelated draws",
        file: "src/kernels/draws.rs",
        find: "shared.first_active[member] = border(place);",
        replace: "shared.first_active[member] = border(0);",
        suite: Some("sampler"),
        test: "sets_and_signs_follow_their_law",
    },
    Mutation {
        name: "a shift in the generator",
        file: "src/kernels/draws.rs",
        find: "let shifted = s1 << 9;",
        replace: "let shifted = s1 << 8;",
        suite: Some("kernels"),
        test: "draws_are_the_oracles_words_at_every_level",
    },
    Mutation {
        name: "half of the gradient through the Gram matrix",
        file: "src/kernels/gram.rs",
        find: "let sum = pairs[here] + pairs[there];",
        replace: "let sum = pairs[here] + pairs[here];",
        suite: Some("kernels"),
        test: "lists::the_gram_kernel_agrees_with_the_oracle_at_every_level_and_length",
    },
    Mutation {
        name: "what a silent output of a linear feature takes back",
        file: "src/models/linear.rs",
        find: "dh[k * tile + s] -= back * w[k];",
        replace: "dh[k * tile + s] -= back * w[0];",
        suite: Some("kernels"),
        test: "the_linear_kernel_agrees_with_the_oracle_at_every_level_and_length",
    },
    Mutation {
        name: "what linear features add to the hidden gradient",
        file: "src/models/linear.rs",
        find: "*dh += shift - twice * part;",
        replace: "*dh -= twice * part;",
        suite: Some("kernels"),
        test: "the_linear_kernel_agrees_with_the_oracle_at_every_level_and_length",
    },
    Mutation {
        name: "short gaps from numbers that have lost their digits",
        file: "src/kernels/gaps.rs",
        find: "is_near.select(splat(0.0) - rest, far - splat(1.0))",
        replace: "is_near.select(far - splat(1.0), far - splat(1.0))",
        suite: Some("kernels"),
        test: "lists::gaps_have_the_probabilities_of_the_geometric_distribution",
    },
    Mutation {
        name: "inputs of a sample that stay in their row",
        file: "src/kernels/turned.rs",
        find: "zero.store_slice(&mut x[here.clone()]);",
        replace: "",
        suite: Some("kernels"),
        test: "lists::the_gram_kernel_agrees_with_the_oracle_at_every_level_and_length",
    },
    Mutation {
        name: "what a silent output of a listed feature takes back",
        file: "src/models/listed.rs",
        find: "self.dh[sample + k] -= back * self.w_rows[w + k];",
        replace: "self.dh[sample + k] -= back * self.w_rows[w];",
        suite: Some("kernels"),
        test: "lists::the_listed_kernel_agrees_with_the_oracle_at_every_level_and_length",
    },
    Mutation {
        name: "a sign in the loss of several active features",
        file: "src/theory/several.rs",
        find: "sign * with_x.im - with_x.re",
        replace: "sign * with_x.im + with_x.re",
        suite: Some("theory"),
        test: "several::few_and_several_make_the_exact_loss",
    },
    Mutation {
        name: "samples with a second active feature that need not be there",
        file: "src/sampler/active.rs",
        find: "if n_active < self.least { self.some_after(place) } else { 1.0 }",
        replace: "1.0",
        suite: Some("lib"),
        test: "sampler::active::tests::two_and_one_are_as_likely_as_by_counting",
    },
    Mutation {
        name: "a feature that is never active alone",
        file: "src/train/evaluate.rs",
        find: "for (feature_idx, p) in sampler.alone() {",
        replace: "for (feature_idx, p) in sampler.alone().into_iter().skip(1) {",
        suite: Some("lib"),
        test: "train::evaluate::tests::sampled_losses_are_the_exact_ones",
    },
    Mutation {
        name: "the variance's factor in a forgotten feature's loss",
        file: "src/theory/phase_2_1.rs",
        find: "p / 3.0 - p * p / 4.0",
        replace: "p / 3.0 - p * p / 3.0",
        suite: Some("theory"),
        test: "phase::theoretical_phases_agree_with_the_reference_cell_for_cell",
    },
    Mutation {
        name: "a swapped importance in the phases of three features",
        file: "src/theory/phase_3_2.rs",
        find: "Phase32::ExtraPaired => (1.0 + importance) * antipodal_error(density, bias),",
        replace: "Phase32::ExtraPaired => (2.0 * importance) * antipodal_error(density, bias),",
        suite: Some("theory"),
        test: "phase_3_2::theoretical_phases_agree_with_the_reference_cell_for_cell",
    },
    Mutation {
        name: "a set's probability given to each of its members",
        file: "src/theory/sets.rs",
        find: "_ => p / (set.n_outcomes - 1) as f64,",
        replace: "_ => p,",
        suite: Some("theory"),
        test: "sets::losses_agree_with_sampling",
    },
    Mutation {
        name: "a sign in the 1-sparse loss",
        file: "src/theory/one_sparse.rs",
        find: "- slope * b * (high_2 - low_2)",
        replace: "+ slope * b * (high_2 - low_2)",
        suite: Some("theory"),
        test: "one_sparse::the_two_terms_add_up_to_the_whole_to_1e_12",
    },
    Mutation {
        name: "dimensionality without the feature itself",
        file: "src/measures/mod.rs",
        find: "own / (own + others)",
        replace: "own / others",
        suite: Some("measures"),
        test: "values::dimensionalities_of_polytopes_are_the_reference_s",
    },
    Mutation {
        name: "the threshold of a monosemantic neuron",
        file: "src/measures/neurons.rs",
        find: "pub const MONOSEMANTIC_SHARE: f64 = 0.9;",
        replace: "pub const MONOSEMANTIC_SHARE: f64 = 0.8;",
        suite: Some("measures"),
        test: "neurons::kinds_change_at_the_stated_thresholds",
    },
    Mutation {
        name: "motifs of two weights of one sign",
        file: "src/measures/motif.rs",
        find: "in_a * in_b >= 0.0",
        replace: "in_a * in_b == 0.0",
        suite: Some("measures"),
        test: "neurons::what_lacks_a_part_of_the_motif_is_none",
    },
    Mutation {
        name: "the attack along the wrong feature's weights",
        file: "src/attack.rs",
        find: "let row = &decoder[attack * m..][..m];",
        replace: "let row = &decoder[(n - 1 - attack) * m..][..m];",
        suite: Some("attack"),
        test: "every_model_meets_the_naive_evaluation",
    },
    Mutation {
        name: "Adam without its bias correction",
        file: "src/optim.rs",
        find: "let step = (learning_rate / (1.0 - self.powers[0])) as f32;",
        replace: "let step = learning_rate as f32;",
        suite: None,
        test: "optim::tests::adam_and_adamw_follow_their_papers",
    },
    Mutation {
        name: "a mean start twice too high",
        file: "src/train/start.rs",
        find: "map(|p| p / 2.0)",
        replace: "map(|p| p / 1.0)",
        suite: Some("experiments"),
        test: "starts_and_pins_are_kept",
    },
    Mutation {
        name: "pursuit that keeps what it has explained",
        file: "src/dictionary/pursuit.rs",
        find: "            let along = dot(&residual, &direction);",
        replace: "            let along = 0.5 * dot(&residual, &direction);",
        suite: Some("dictionary"),
        test: "two_bases_within_the_coherence_bound",
    },
];

/// Tries every mutation, or those whose names contain `wanted`.
pub fn run(root: &Path, wanted: &[String]) -> Result<ExitCode> {
    let chosen: Vec<&Mutation> = MUTATIONS
        .iter()
        .filter(|mutation| wanted.is_empty() || wanted.iter().any(|part| mutation.name.contains(part.as_str())))
        .collect();
    ensure!(!chosen.is_empty(), "no mutation is called like that");
    let copy = root.join("target/mutants");
    copy_sources(root, &copy)?;

    shell::step("the tests pass before anything is broken");
    for mutation in &chosen {
        ensure!(passes(&copy, mutation)?, "{} fails without any mutation", mutation.test);
    }
    let mut survivors = 0;
    for mutation in &chosen {
        let start = Instant::now();
        let caught = try_one(&copy, mutation)?;
        survivors += usize::from(!caught);
        let (mark, color) = if caught { ("caught", "1;32") } else { ("SURVIVED", "1;31") };
        let (name, time) = (mutation.name, human_time(start.elapsed()));
        eprintln!("{}  {name} ({}, {time})", paint(color, mark), mutation.test);
    }
    println!("{} mutations, {survivors} survived", chosen.len());
    Ok(if survivors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Breaks the copy, compiles it, runs the test, and mends the copy. True if the test failed.
fn try_one(copy: &Path, mutation: &Mutation) -> Result<bool> {
    let file = copy.join(mutation.file);
    let whole = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", mutation.file))?;
    let found = whole.matches(mutation.find).count();
    ensure!(found == 1, "{}: {:?} stands {found} times in {}, not once", mutation.name, mutation.find, mutation.file);
    fs::write(&file, whole.replace(mutation.find, mutation.replace))?;
    let compiles = test_command(copy, mutation).arg("--no-run").status()?.success();
    let passed = if compiles { passes(copy, mutation) } else { Ok(false) };
    fs::write(&file, whole)?;
    ensure!(compiles, "{}: the mutated code does not compile, so no test was asked", mutation.name);
    Ok(!passed?)
}

/// Whether the mutation's test passes on the copy as it is.
fn passes(copy: &Path, mutation: &Mutation) -> Result<bool> {
    let output = test_command(copy, mutation).args(["--", "--exact", mutation.test]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    if !text.contains("running 1 test") {
        bail!("{}: there is no test {}", mutation.name, mutation.test);
    }
    Ok(output.status.success())
}

/// The command that compiles the mutation's suite. The target folder is the usual one, so that what the crate stands on is compiled already;
/// the crate itself is another one there, as its sources lie elsewhere.
fn test_command(copy: &Path, mutation: &Mutation) -> Command {
    let mut command = shell::cargo(copy);
    let target = copy.parent().unwrap_or(copy);
    command.args(["test", "--target-dir"]).arg(target);
    match mutation.suite {
        Some("lib") => command.args(["--package", "superposition", "--lib"]),
        Some(suite) => command.args(["--package", "superposition", "--test", suite]),
        None => command.args(["--package", "superposition-kernels", "--lib"]),
    };
    command.stderr(Stdio::null());
    command
}

/// Copies what git knows or would add, so that nobody's work is touched.
fn copy_sources(root: &Path, copy: &Path) -> Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("git cannot be run: it lists the files to copy")?;
    ensure!(listed.status.success(), "git cannot list the files to copy");
    for name in listed.stdout.split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let name = PathBuf::from(String::from_utf8_lossy(name).into_owned());
        let (from, to) = (root.join(&name), copy.join(&name));
        if !from.is_file() {
            continue;
        }
        fs::create_dir_all(to.parent().context("a file has a folder")?)?;
        // What is as it was keeps its time, so that nothing is compiled twice.
        let bytes = fs::read(&from)?;
        if fs::read(&to).ok().as_ref() != Some(&bytes) {
            fs::write(&to, bytes)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table moves with the code: every text that is to be replaced is there, once.
    #[test]
    fn every_mutation_has_its_place() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        assert!(MUTATIONS.len() >= 12);
        for mutation in MUTATIONS {
            let text = fs::read_to_string(root.join(mutation.file)).unwrap();
            assert_eq!(text.matches(mutation.find).count(), 1, "{}", mutation.name);
            assert_ne!(mutation.find, mutation.replace);
        }
    }
}

//! The program as its users meet it: lines, exit statuses, one-line errors, files that survive.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const SMALL: &str = r#"{"features":5,"hidden":2,"importance":0.9,"steps":60,"batch":64,"sweep":[{"field":"density","from":1,"to":0.01,"count":12,"scale":"log"}]}"#;

/// A folder of its own for each test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.0.join(name), text).unwrap();
        self.path(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_superposition"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn run_with_input(arguments: &[&str], input: &str) -> Output {
    let mut child =
        command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

/// What a run printed, after checking that it is happy.
#[track_caller]
fn lines(output: &Output) -> Vec<Value> {
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn refused(output: &Output, message: &str) {
    assert_eq!(text(&output.stderr), format!("error: {message}\n"));
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
}

/// Waits until a file has at least so many whole lines.
fn wait_for_lines(path: &str, count: usize, child: &mut Child) {
    let start = Instant::now();
    while fs::read_to_string(path).unwrap_or_default().matches('\n').count() < count {
        assert!(start.elapsed() < Duration::from_secs(60), "{path} never had {count} lines");
        assert!(child.try_wait().unwrap().is_none(), "the program ended before it was interrupted");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_spec_trains_from_a_file_a_pipe_a_link_and_fields() {
    let folder = Folder::new("sources");
    let spec = r#"{"features":3,"hidden":2,"steps":20,"density":0.5}"#;
    let file = folder.write("spec.json", spec);
    let expected = lines(&run(&["train", &file]));
    assert_eq!(expected.len(), 1);
    assert_eq!(lines(&run_with_input(&["train", "-"], spec)), expected);
    let link = "#v=1&spec=%7B%22features%22%3A3%2C%22hidden%22%3A2%2C%22steps%22%3A20%2C%22density%22%3A0.5%7D";
    assert_eq!(lines(&run(&["train", link])), expected);
    assert_eq!(lines(&run(&["train", &format!("https://example.org/{link}")])), expected);
    let sets = ["train", "--set", "features=3", "--set", "hidden=2", "--set", "steps=20", "--set", "density=0.5"];
    assert_eq!(lines(&run(&sets)), expected);
    // A field of the spec is replaced, and null removes one.
    assert_eq!(lines(&run(&["train", &file, "--set", "density=null"]))[0]["spec"]["density"], 1);
    assert_eq!(lines(&run(&["train", "v=1&figure=intro", "--set", "steps=5"])).len(), 3);
}

#[test]
fn a_line_has_every_field_of_the_design_in_its_meaning() {
    let output = lines(&run_with_input(&["train", "-"], r#"{"features":4,"hidden":2,"steps":30,"seed":5}"#));
    let line = output[0].as_object().unwrap();
    for name in [
        "decoder",
        "neurons",
        "history",
        "attack",
        "dictionary",
        "index",
        "spec",
        "status",
        "steps",
        "loss",
        "loss_standard_error",
        "weights",
        "bias",
        "norms",
        "superposition",
        "dimensionality",
        "dimensions_per_feature",
        "represented",
        "geometry",
        "solution",
        "level",
        "version",
    ] {
        assert!(line.contains_key(name), "no {name}");
    }
    assert_eq!((&line["index"], &line["status"], &line["steps"]), (&0.into(), &"done".into(), &30.into()));
    assert_eq!(
        line["weights"].as_array().unwrap().iter().map(|row| row.as_array().unwrap().len()).collect::<Vec<_>>(),
        [4, 4]
    );
    assert_eq!(line["spec"]["learning_rate"], 0.001);
    // The resolved spec of the line, run alone, gives the same line.
    assert_eq!(lines(&run_with_input(&["train", "-"], &line["spec"].to_string())), output);
}

#[test]
fn lines_come_in_order_and_are_the_same_whatever_the_threads() {
    let one = run_with_input(&["train", "-", "--threads", "1"], SMALL);
    assert_eq!(
        lines(&one).iter().map(|line| line["index"].as_u64().unwrap()).collect::<Vec<_>>(),
        (0..12).collect::<Vec<_>>()
    );
    for threads in ["2", "5"] {
        let many = run_with_input(&["train", "-", "--threads", threads], SMALL);
        assert_eq!(text(&many.stdout), text(&one.stdout));
    }
    // A cell's line alone, but for its index.
    let cell = lines(&one)[7].clone();
    let alone = lines(&run_with_input(&["train", "-"], &cell["spec"].to_string()));
    assert_eq!((&alone[0]["weights"], &alone[0]["loss"]), (&cell["weights"], &cell["loss"]));
}

#[test]
fn restarts_give_the_best_line_or_all() {
    let spec = |keep| {
        format!(r#"{{"features":5,"hidden":2,"density":0.1,"steps":50,"restarts":{{"count":3,"keep":"{keep}"}}}}"#)
    };
    let all = lines(&run_with_input(&["train", "-"], &spec("all")));
    let best = lines(&run_with_input(&["train", "-"], &spec("best")));
    assert_eq!((all.len(), best.len()), (3, 1));
    let lowest = all.iter().map(|line| line["loss"].as_f64().unwrap()).fold(f64::INFINITY, f64::min);
    assert_eq!(best[0]["loss"], lowest);
}

#[test]
fn fields_are_chosen_and_ordered() {
    let output = run_with_input(&["train", "-", "--fields", "steps,index"], SMALL);
    assert_eq!(text(&output.stdout).lines().nth(2), Some(r#"{"steps":60,"index":2}"#));
    refused(
        &run_with_input(&["train", "-", "--fields", "steps,size"], SMALL),
        "--fields: got size, expected some of index, spec, status, steps, restart, loss, loss_standard_error, weights, bias, decoder, \
         norms, superposition, dimensionality, dimensions_per_feature, represented, geometry, solution, neurons, history, attack, \
         dictionary, level, version",
    );
    refused(
        &run_with_input(&["train", "-", "--fields", "loss,loss"], SMALL),
        "--fields: got loss twice, expected each field once",
    );
}

#[test]
fn bad_input_is_one_line_and_status_2() {
    let folder = Folder::new("bad");
    let file = folder.write("spec.json", r#"{"features":5,"hidden":2,"density":0}"#);
    refused(&run(&["train", &file]), "density: got 0, expected a number above 0 and at most 1");
    refused(&run_with_input(&["train", "-"], ""), "not JSON: EOF while parsing a value at line 1 column 0");
    refused(&run(&["train"]), "features: got nothing, expected an integer from 1 to 4096");
    refused(&run(&["train", "nothing.json"]), "nothing.json: No such file or directory (os error 2)");
    refused(&run(&["train", "#intro"]), "link: got #intro, expected v=1 in it, such as #v=1&figure=intro");
    refused(&run(&["train", "#v=3"]), "v: got 3, expected 1, the only version there is");
    let set = r#"--set: got model=linear, expected field=JSON, such as density=0.1 or model='"linear"'"#;
    refused(&run(&["train", "--set", "model=linear"]), set);
    refused(&run(&["train", "--set", "seed=1", "--set", "seed=2"]), "--set: got seed twice, expected each field once");
    refused(&run(&["train", "--set", "seed=1e999"]), "seed: got 1e999, expected a finite number");
    refused(&run(&["train", "--set", "seed=1,\"steps\":2"]), &set.replace("model=linear", "seed=1,\"steps\":2"));
    fs::write(folder.path("bytes"), b"{\"features\":\xff}").unwrap();
    refused(
        &run(&["train", &folder.path("bytes")]),
        &format!("{}: not UTF-8, expected a JSON text", folder.path("bytes")),
    );
    let message = "/dev/zero: longer than a spec may be, expected at most 1048576 bytes";
    refused(&run(&["train", "/dev/zero"]), message);
}

#[test]
fn bad_arguments_are_one_line_and_status_2() {
    refused(&run(&[]), "a command is missing, expected train, evaluate, figure or reproduce");
    refused(&run(&["fly"]), "unrecognized subcommand 'fly'");
    refused(&run(&["train", "--fast"]), "unexpected argument '--fast' found");
    refused(&run(&["train", "a", "b\nc"]), "unexpected argument 'b c' found");
    refused(&run(&["train", "--threads", "0"]), "invalid value '0' for '--threads <N>': 0 is not in 1..=1024");
    refused(&run(&["train", "--resume"]), "the following required arguments were not provided: --out <FILE.jsonl>");
    refused(&run(&["figure"]), "the following required arguments were not provided: <ID>");
    let ids = text(&run(&["figure", "--list"]).stdout).trim_end().replace('\n', ", ");
    refused(&run(&["figure", "nothing"]), &format!("figure: got nothing, expected one of {ids}"));
}

#[test]
fn help_and_version_are_no_errors() {
    for arguments in [&["--help"][..], &["train", "--help"], &["--version"]] {
        let output = run(arguments);
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn a_run_that_diverges_is_printed_and_status_1() {
    let spec = r#"{"features":5,"hidden":2,"optimizer":"sgd","steps":2000,"sweep":[{"field":"learning_rate","values":[0.001,1e30,1e35]}]}"#;
    let output = run_with_input(&["train", "-"], spec);
    assert_eq!(text(&output.stderr), "error: 2 of 3 instances diverged, the first of them at index 1\n");
    assert_eq!(output.status.code(), Some(1));
    let statuses: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].clone())
        .collect();
    assert_eq!(statuses, ["done", "diverged", "diverged"]);
}

#[test]
fn a_closed_pipe_is_quiet() {
    // Nobody will ever read: the end that we hold is closed before the program writes.
    let mut child =
        command(&["train", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(SMALL.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn a_full_disk_is_reported() {
    refused(
        &run_with_input(&["train", "-", "--out", "/dev/full"], SMALL),
        "/dev/full: No space left on device (os error 28)",
    );
    let stdout = command(&["train", "v=1&figure=intro", "--set", "steps=1"])
        .stdout(fs::File::options().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    refused(&stdout, "standard output: No space left on device (os error 28)");
}

#[test]
fn a_file_gets_the_lines_and_is_never_overwritten() {
    let folder = Folder::new("out");
    let out = folder.path("lines.jsonl");
    let printed = run_with_input(&["train", "-"], SMALL);
    let written = run_with_input(&["train", "-", "--out", &out], SMALL);
    assert_eq!(lines(&written), Vec::<Value>::new());
    assert_eq!(fs::read_to_string(&out).unwrap(), text(&printed.stdout));
    assert!(!fs::exists(format!("{out}.ahead")).unwrap());
    let message = format!("{out}: has results already, expected --resume to go on from them, or another file");
    refused(&run_with_input(&["train", "-", "--out", &out], SMALL), &message);
    assert_eq!(fs::read_to_string(&out).unwrap(), text(&printed.stdout));
    let nowhere = folder.path("no/such/folder");
    let message = format!("{nowhere}: No such file or directory (os error 2)");
    refused(&run_with_input(&["train", "-", "--out", &nowhere], SMALL), &message);
}

#[test]
fn resuming_goes_on_from_any_cut() {
    let folder = Folder::new("cuts");
    let whole = run_with_input(&["train", "-"], SMALL).stdout;
    let line_ends: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    for cut in [0, 1, line_ends[0] - 1, line_ends[0], line_ends[4] + 17, whole.len() - 1, whole.len()] {
        let out = folder.path(&format!("cut-{cut}.jsonl"));
        fs::write(&out, &whole[..cut]).unwrap();
        // Lines that were waiting for an earlier one, in any order, one of them already written, the last one torn.
        let line = |idx: usize| &whole[line_ends[idx - 1]..line_ends[idx]];
        let ahead = [line(11), line(9), line(2), &line(8)[..20]].concat();
        fs::write(format!("{out}.ahead"), ahead).unwrap();
        let output = run_with_input(&["train", "-", "--out", &out, "--resume"], SMALL);
        assert_eq!(lines(&output), Vec::<Value>::new(), "cut at {cut}");
        assert_eq!(fs::read(&out).unwrap(), whole, "cut at {cut}");
        assert!(!fs::exists(format!("{out}.ahead")).unwrap(), "cut at {cut}");
    }
}

#[test]
fn resuming_refuses_lines_of_another_spec_and_leaves_them() {
    let folder = Folder::new("other");
    let out = folder.path("lines.jsonl");
    assert!(run_with_input(&["train", "-", "--out", &out], SMALL).status.success());
    let before = fs::read(&out).unwrap();
    let resume = |input: &str, more: &[&str]| {
        run_with_input(&[&["train", "-", "--out", &out, "--resume"], more].concat(), input)
    };
    refused(&resume(&SMALL.replace("64", "65"), &[]), &format!("{out}: line 1 belongs to another spec"));
    refused(&resume(&SMALL.replace("12", "3"), &[]), &format!("{out}: line 2 belongs to another spec"));
    refused(
        &resume(SMALL, &["--fields", "index,spec,status"]),
        &format!("{out}: line 1 has other fields, expected index, spec, status"),
    );
    refused(
        &resume(SMALL, &["--fields", "index,loss"]),
        "--resume: got --fields without spec, expected index, spec, status among them",
    );
    assert_eq!(fs::read(&out).unwrap(), before);
    fs::write(&out, "not a line\n").unwrap();
    let output = resume(SMALL, &[]);
    assert_eq!(
        text(&output.stderr),
        format!("error: {out}: line 1 is not a line of train: expected ident at line 1 column 2\n")
    );
    assert_eq!(fs::read_to_string(&out).unwrap(), "not a line\n");
}

/// Long enough to be interrupted, and short enough to wait for.
const LONG: &str = r#"{"features":5,"hidden":2,"density":0.1,"steps":2000,"batch":256,"sweep":[{"field":"seed","from":0,"to":199,"count":200}]}"#;

#[cfg(unix)]
#[test]
fn interrupted_and_killed_runs_keep_what_is_finished_and_go_on_to_the_same_bits() {
    let folder = Folder::new("interrupt");
    let spec = folder.write("spec.json", LONG);
    let whole = run(&["train", &spec]).stdout;
    for (signal, status) in [("-INT", Some(130)), ("-KILL", None)] {
        let out = folder.path(&format!("lines{signal}.jsonl"));
        let arguments = ["train", &spec, "--out", &out, "--resume"];
        let mut child = command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_lines(&out, 10, &mut child);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), status);
        let message = text(&output.stderr);
        if status.is_some() {
            assert!(message.starts_with("error: interrupted after ") && message.lines().count() == 1, "{message:?}");
            assert!(
                message.ends_with(&format!(" of 200 instances, --resume goes on from those in {out}\n")),
                "{message:?}"
            );
        }
        let kept = fs::read(&out).unwrap();
        assert!(kept.len() < whole.len() && whole.starts_with(&kept[..kept.len().min(whole.len())]));
        assert!(run(&arguments).status.success());
        assert!(fs::read(&out).unwrap() == whole, "other bits after {signal}");
        assert!(!fs::exists(format!("{out}.ahead")).unwrap());
    }
}

#[test]
fn evaluate_reads_what_train_prints() {
    let trained = run_with_input(&["train", "-"], SMALL);
    let evaluated = lines(&run_with_input(&["evaluate"], text(&trained.stdout)));
    assert_eq!(evaluated.len(), 12);
    for (model, report) in lines(&trained).iter().zip(&evaluated) {
        let (trained, evaluated) = (model["loss"].as_f64().unwrap(), report["loss"].as_f64().unwrap());
        // The weights were printed as the shortest decimals of an f32.
        assert!((evaluated / trained - 1.0).abs() < 1e-5, "{evaluated} against {trained}");
        assert_eq!((&report["exact"], &report["loss_standard_error"]), (&true.into(), &0.0.into()));
        assert_eq!(report["solution"], model["solution"]);
        assert_eq!(report["gradient"]["weights"].as_array().unwrap().len(), 2);
        assert_eq!(report["gradient"]["bias"].as_array().unwrap().len(), 5);
    }
    let folder = Folder::new("evaluate");
    let file = folder.write("lines.jsonl", &format!("\n{}", text(&trained.stdout)));
    assert_eq!(lines(&run(&["evaluate", &file])), evaluated);
    assert_eq!(lines(&run_with_input(&["evaluate", "-"], "")), Vec::<Value>::new());
}

#[test]
fn evaluate_knows_the_loss_of_nothing() {
    // W = 0, b = 0: the loss is I E[x²], the mean of p/3 times importances 1 and 3.
    let line = r#"{"spec":{"features":2,"hidden":1,"density":0.3,"importance":[1,3]},"weights":[[0,0]],"bias":[0,0],"more":1}"#;
    let report = &lines(&run_with_input(&["evaluate"], line))[0];
    assert!((report["loss"].as_f64().unwrap() - 0.2).abs() < 1e-12, "{}", report["loss"]);
    assert_eq!((&report["dimensions_per_feature"], &report["represented"]), (&Value::Null, &Value::Array(vec![])));
}

#[test]
fn evaluate_says_which_line_is_wrong() {
    let good = r#"{"spec":{"features":2,"hidden":1},"weights":[[0,0]],"bias":[0,0]}"#;
    for (line, message) in [
        ("5", "not a model: invalid type: integer `5`, expected struct Line at line 1 column 1"),
        (&good.replace("\"bias\":[0,0]", "\"b\":0"), "not a model: missing field `bias` at line 1 column 58"),
        (&good.replace("[[0,0]]", "[[0,0],[0,0]]"), "weights: got 2 rows, expected 1, one a hidden dimension"),
        (&good.replace("[[0,0]]", "[[0]]"), "weights[0]: got 1 numbers, expected 2, one a feature"),
        (&good.replace("\"bias\":[0,0]", "\"bias\":[0]"), "bias: got 1 numbers, expected 2, one a feature"),
        (&good.replace("[0,0]}", "[0,1e999]}"), "not a model: number out of range at line 1 column 67"),
        (&good.replace("\"hidden\":1", "\"hidden\":0"), "spec: hidden: got 0, expected an integer from 1 to 1024"),
        (
            &good.replace("\"hidden\":1", "\"hidden\":1,\"sweep\":[{\"field\":\"seed\",\"values\":[1]}]"),
            "spec.sweep: got 1 axes, expected none: a line is one instance",
        ),
    ] {
        let output = run_with_input(&["evaluate"], &format!("{good}\n{line}\n"));
        assert_eq!(text(&output.stderr), format!("error: standard input: line 2: {message}\n"));
        assert_eq!((output.status.code(), text(&output.stdout).lines().count()), (Some(2), 1));
    }
}

#[test]
fn figures_are_listed_told_and_drawn() {
    let folder = Folder::new("figure");
    let listed = text(&run(&["figure", "--list"]).stdout).to_owned();
    assert!(listed.lines().any(|id| id == "intro") && listed.lines().any(|id| id == "phase-2-1"), "{listed}");
    let told = lines(&run(&["figure", "intro", "--spec", "--set", "seed=3"]));
    assert_eq!((&told[0]["seed"], &told[0]["features"]), (&3.into(), &5.into()));

    let out = folder.path("intro.svg");
    assert_eq!(
        lines(&run(&["figure", "intro", "--set", "steps=50", "--out", &out, "--theme", "dark"])),
        Vec::<Value>::new()
    );
    let svg = fs::read_to_string(&out).unwrap();
    for title in ["0% sparse", "80% sparse", "90% sparse"] {
        assert!(svg.contains(title), "no {title}");
    }
    let axis = |field: &str, from: f64, to: f64| {
        format!(r#"{{"field":"{field}","from":{from},"to":{to},"count":4,"scale":"log"}}"#)
    };
    let sweep = format!("sweep=[{},{}]", axis("density", 1.0, 0.01), axis("importance[1]", 0.1, 10.0));
    let drawn = run(&["figure", "phase-2-1", "--set", &sweep, "--width", "700"]);
    assert_eq!((drawn.status.code(), text(&drawn.stderr)), (Some(0), ""));
    let svg = text(&drawn.stdout);
    assert!(svg.contains("Theory") && svg.contains("Experiment") && svg.contains("width=\"700\""));
    assert_eq!((svg.matches("<svg ").count(), svg.matches("</svg>").count()), (1, 1));

    let numbers = folder.path("intro.json");
    assert_eq!(run(&["figure", "intro", "--set", "steps=50", "--out", &numbers]).status.code(), Some(0));
    let numbers: Value = serde_json::from_str(&fs::read_to_string(&numbers).unwrap()).unwrap();
    assert_eq!((&numbers["figure"], &numbers["spec"]["steps"]), (&"intro".into(), &50.into()));
    assert_eq!(numbers["data"]["instances"].as_array().unwrap().len(), 3);
    let pixels = folder.path("intro.png");
    let drawn = ["figure", "intro", "--set", "steps=50", "--width", "300", "--out", &pixels];
    for (scale, width) in [(&[][..], 600_u32), (&["--scale", "1"], 300)] {
        assert_eq!(run(&[&drawn[..], scale].concat()).status.code(), Some(0));
        // The signature, then the header with the width in its bytes 16 to 19: two pixels a CSS pixel unless told.
        let bytes = fs::read(&pixels).unwrap();
        assert_eq!((&bytes[1..4], &bytes[16..20]), (&b"PNG"[..], &width.to_be_bytes()[..]));
    }

    let both = folder.path("pair.svg");
    let drawn = run(&["figure", "intro", "--set", "steps=50", "--theme", "both", "--out", &both]);
    assert_eq!((drawn.status.code(), text(&drawn.stderr)), (Some(0), ""));
    let [light, dark] = ["pair-light.svg", "pair-dark.svg"].map(|name| fs::read_to_string(folder.path(name)).unwrap());
    assert!(light != dark && light.contains("0% sparse") && dark.contains("0% sparse"));
    assert!(!Path::new(&both).exists(), "both has no file without a theme in its name");
    for out in [&["--out", "pair.json"][..], &[]] {
        let refusal = "--theme: got both, expected --out with a name that ends in .svg or .png";
        refused(&run(&[&["figure", "intro", "--theme", "both"], out].concat()), refusal);
    }

    let named = "expected a name that ends in .svg, .png or .json";
    refused(&run(&["figure", "intro", "--out", "a.gif"]), &format!("--out: got a.gif, {named}"));
    refused(
        &run(&["figure", "intro", "#v=1&figure=phase-2-1"]),
        "figure: got a link to phase-2-1, expected one to intro",
    );
    refused(
        &run(&["figure", "phase-2-1", "--set", &sweep, "--set", "importance=[0,1]"]),
        "importance: got [0.0, 0.1] in cell 0, expected numbers above 0 in a phase diagram",
    );
    refused(&run(&["figure", "intro", "--set", "hidden=3"]), "hidden: got 3, expected 1 or 2 for the arrows figure");
}

//! The spec's door: what it refuses and in which words, what it lets through, and that reading and writing agree.

use superposition::spec::{
    self, AxisValues, Density, ExperimentSpec, Importance, ModelKind, OptimizerKind, PRESET_IDS,
};
use superposition::{Error, spec::GradientKind};

fn parse(text: &str) -> ExperimentSpec {
    ExperimentSpec::from_json(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// A 5→2 spec with more fields.
fn with(fields: &str) -> String {
    format!(r#"{{"features":5,"hidden":2,{fields}}}"#)
}

#[track_caller]
fn refused(text: &str, message: &str) {
    match ExperimentSpec::from_json(text) {
        Ok(_) => panic!("{text:.200} was taken, expected: {message}"),
        Err(error) => assert_eq!(error.to_string(), message, "for {text:.200}"),
    }
}

#[test]
fn the_readme_spec_parses_with_every_default() {
    let spec = parse(r#"{"features":5,"hidden":2,"importance":0.9,"density":0.07}"#);
    assert_eq!(spec.model, ModelKind::Relu);
    assert_eq!((spec.features, spec.hidden, spec.batch, spec.steps, spec.seed), (5, 2, 1024, 10_000, 0));
    assert_eq!(spec.density, Density::Uniform(0.07));
    assert_eq!(spec.importance, Importance::Geometric(0.9));
    assert_eq!(spec.optimizer, OptimizerKind::Adam);
    assert_eq!(spec.gradient, GradientKind::Sampled);
    assert_eq!((spec.learning_rate, spec.train_bias), (1e-3, true));
    assert_eq!((spec.stop, spec.restarts.count, spec.n_cells(), spec.n_instances()), (None, 1, 1, 1));
}

/// Fields after `{"features":5,"hidden":2,` and the message.
const REFUSED: &[(&str, &str)] = &[
    // Names.
    (r#""densty":0.1"#, "densty: got 0.1, expected a known field such as density"),
    (r#""density":0.1,"density":0.2"#, "density: got a second value, 0.2, expected the field once"),
    (r#""stop":{"window":5,"window":5}"#, "stop.window: got a second value, 5, expected the field once"),
    (r#""stop":{"windows":5}"#, "stop.windows: got 5, expected a known field such as window"),
    // Types and ranges.
    (r#""model":"tanh""#, r#"model: got "tanh", expected "linear", "relu", "relu-hidden" or "absolute""#),
    (r#""model":3"#, r#"model: got 3, expected "linear", "relu", "relu-hidden" or "absolute""#),
    (r#""density":0"#, "density: got 0, expected a number above 0 and at most 1"),
    (r#""density":1.5"#, "density: got 1.5, expected a number above 0 and at most 1"),
    (
        r#""density":"0.1""#,
        r#"density: got "0.1", expected a number above 0 and at most 1, or a list of them, one a feature"#,
    ),
    (r#""density":[1,1,1,1,2]"#, "density[4]: got 2, expected a number above 0 and at most 1"),
    (r#""density":[1,1,1]"#, "density: got a list of 3, expected 5 numbers, one a feature"),
    (r#""density":1e999"#, "density: got 1e999, expected a finite number"),
    (r#""importance":-1"#, "importance: got -1, expected a number of at least 0"),
    (r#""importance":[1,1,1,1,-0.5]"#, "importance[4]: got -0.5, expected a number of at least 0"),
    (r#""importance":[1,1,1,1,1,1]"#, "importance: got a list of 6, expected 5 numbers, one a feature"),
    (r#""importance":null"#, "importance: got null, expected a number of at least 0, or a list of them, one a feature"),
    (
        r#""importance":1e10"#,
        "importance: got 10000000000, expected a number r whose power r^4, the last importance, is below 3.4e38",
    ),
    (r#""importance":[1,1,1,1,-1e400]"#, "importance[4]: got -1e400, expected a finite number"),
    (r#""batch":0"#, "batch: got 0, expected an integer from 1 to 65536"),
    (r#""batch":70000"#, "batch: got 70000, expected an integer from 1 to 65536"),
    (r#""batch":1.5"#, "batch: got 1.5, expected an integer from 1 to 65536"),
    (r#""steps":-1"#, "steps: got -1, expected an integer from 0 to 100000000"),
    (r#""steps":100000001"#, "steps: got 100000001, expected an integer from 0 to 100000000"),
    (r#""gradient":"both""#, r#"gradient: got "both", expected "sampled" or "exact""#),
    (r#""optimizer":"rmsprop""#, r#"optimizer: got "rmsprop", expected "adam", "adamw" or "sgd""#),
    (r#""optimizer":"adamw","weight_decay":-1"#, "weight_decay: got -1, expected a number of at least 0"),
    (r#""optimizer":"sgd","momentum":1"#, "momentum: got 1, expected a number from 0 to below 1"),
    (r#""learning_rate":0"#, "learning_rate: got 0, expected a number above 0"),
    (r#""learning_rate":"fast""#, r#"learning_rate: got "fast", expected a number above 0"#),
    (r#""schedule":"step""#, r#"schedule: got "step", expected "constant", "linear" or "cosine""#),
    (r#""hidden_l1":-0.1"#, "hidden_l1: got -0.1, expected a number of at least 0"),
    (r#""adversarial_training":0.1"#, "adversarial_training: got 0.1, expected an object with norm"),
    (r#""adversarial_training":{}"#, "adversarial_training.norm: got null, expected a number above 0"),
    (r#""train_bias":1"#, "train_bias: got 1, expected true or false"),
    (r#""start":[]"#, "start: got [], expected an object with scale, bias, decoder, weights"),
    (r#""start":{"scale":-1}"#, "start.scale: got -1, expected a number of at least 0"),
    (
        r#""start":{"bias":"one"}"#,
        r#"start.bias: got "one", expected "zero", "mean" or a list of numbers, one a feature"#,
    ),
    (r#""start":{"bias":[0,0]}"#, "start.bias: got a list of 2, expected 5 numbers, one a feature"),
    (r#""start":{"weights":[[0,0,0,0,0]]}"#, "start.weights: got 1 rows, expected 2 rows of 5 numbers"),
    (r#""start":{"weights":[[0,0,0,0,0],[1]]}"#, "start.weights[1]: got a row of 1, expected a row of 5 numbers"),
    (r#""start":{"weights":[[0,0,0,0,0],[1,2,3,4,"5"]]}"#, r#"start.weights[1][4]: got "5", expected a finite number"#),
    (
        r#""start":{"decoder":"xavier"}"#,
        r#"start.decoder: got a decoder, expected one only with model "absolute", not "relu""#,
    ),
    (r#""pinned":[5]"#, "pinned[0]: got 5, expected an integer from 0 to 4, the last feature"),
    (r#""pinned":[1,1]"#, "pinned[1]: got 1, expected each feature once"),
    (r#""pinned":1"#, "pinned: got 1, expected a list of feature indices"),
    (r#""restarts":{"count":0}"#, "restarts.count: got 0, expected an integer from 1 to 10000"),
    (r#""restarts":{"keep":"worst"}"#, r#"restarts.keep: got "worst", expected "best" or "all""#),
    (r#""restarts":10"#, "restarts: got 10, expected an object with count, keep"),
    (r#""stop":{"relative_change":0}"#, "stop.relative_change: got 0, expected a number above 0 and below 1"),
    (r#""stop":{"window":0}"#, "stop.window: got 0, expected an integer from 1 to 100000000"),
    (r#""record":{"points":2001}"#, "record.points: got 2001, expected an integer from 1 to 2000"),
    (r#""record":{"points":5,"scale":"sqrt"}"#, r#"record.scale: got "sqrt", expected "log" or "linear""#),
    (r#""attack":{"norm":0}"#, "attack.norm: got 0, expected a number above 0"),
    (r#""attack":{"relative_to":"me"}"#, r#"attack.relative_to: got "me", expected "dense" or "own""#),
    (r#""dictionary":{"l1":1}"#, "dictionary.latents: got null, expected an integer from 1 to 65536"),
    (r#""dictionary":{"latents":8}"#, "dictionary.l1: got nothing, expected either l1 or topk"),
    (r#""dictionary":{"latents":8,"l1":1,"topk":2}"#, "dictionary.topk: got 2, expected either l1 or topk, not both"),
    (r#""dictionary":{"latents":8,"topk":9}"#, "dictionary.topk: got 9, expected an integer from 1 to 8"),
    (r#""level":"avx2""#, r#"level: got "avx2", expected "auto" or "simd128""#),
    (r#""seed":9007199254740992"#, "seed: got 9007199254740992, expected an integer from 0 to 9007199254740991"),
    (r#""seed":-1"#, "seed: got -1, expected an integer from 0 to 9007199254740991"),
    // Fields that do not go together.
    (r#""weight_decay":0.1"#, r#"weight_decay: got 0.1, expected optimizer "adamw" beside it, not "adam""#),
    (r#""momentum":0.9,"optimizer":"adamw""#, r#"momentum: got 0.9, expected optimizer "sgd" beside it, not "adamw""#),
    (r#""gradient":"exact","hidden_l1":0.1"#, r#"gradient: got "exact", expected "sampled" with hidden_l1"#),
    (
        r#""gradient":"exact","adversarial_training":{"norm":0.1}"#,
        r#"gradient: got "exact", expected "sampled" with adversarial_training"#,
    ),
    (r#""gradient":"exact","model":"absolute""#, r#"gradient: got "exact", expected "sampled" for model "absolute""#),
    (
        r#""gradient":"exact","model":"relu-hidden""#,
        r#"gradient: got "exact", expected "sampled" for model "relu-hidden""#,
    ),
    (
        r#""seed":9007199254740991,"restarts":{"count":2}"#,
        "seed: got 9007199254740991, expected an integer from 0 to 9007199254740990 with 2 restarts",
    ),
    (r#""correlated":[[0]]"#, "correlated[0]: got [0], expected at least 2 features in a set"),
    (r#""correlated":[[0,5]]"#, "correlated[0][1]: got 5, expected an integer from 0 to 4, the last feature"),
    (r#""correlated":[[0,1],[1,2]]"#, "correlated[1][0]: got 1, expected a feature that is in no other set"),
    (r#""correlated":[[0,0]]"#, "correlated[0][1]: got 0, expected each feature once"),
    (
        r#""correlated":[[0,1]],"anticorrelated":[[2,1]]"#,
        "anticorrelated[0][1]: got 1, expected a feature that is in no correlated set",
    ),
    (
        r#""correlated":[[0,1]],"density":[0.1,0.2,1,1,1]"#,
        "correlated[0][1]: got 1 with density 0.2, expected one density in a set, 0.1 like feature 0",
    ),
    // Fields of one model with another.
    (
        r#""model":"absolute","adversarial_training":{"norm":0.1}"#,
        r#"adversarial_training: got an attack, expected one only with model "linear" or "relu", not "absolute""#,
    ),
    (
        r#""model":"relu-hidden","attack":{}"#,
        r#"attack: got an attack, expected one only with model "linear" or "relu", not "relu-hidden""#,
    ),
    // Sweeps.
    (r#""sweep":{}"#, "sweep: got {}, expected a list of axes"),
    (r#""sweep":[1]"#, "sweep[0]: got 1, expected an object with field and values, or field, from, to and count"),
    (
        r#""sweep":[{"values":[1]}]"#,
        "sweep[0].field: got null, expected a field that can be swept, such as density, density[0] or start.scale",
    ),
    (
        r#""sweep":[{"field":"size","values":[1]}]"#,
        r#"sweep[0].field: got "size", expected a field that can be swept, such as density, density[0] or start.scale"#,
    ),
    (
        r#""sweep":[{"field":"sweep","values":[1]}]"#,
        r#"sweep[0].field: got "sweep", expected a field that can be swept, such as density, density[0] or start.scale"#,
    ),
    (
        r#""sweep":[{"field":"restarts","values":[{}]}]"#,
        r#"sweep[0].field: got "restarts", expected a field that can be swept, which restarts cannot"#,
    ),
    (
        r#""sweep":[{"field":"level","values":["auto"]}]"#,
        r#"sweep[0].field: got "level", expected a field that can be swept, which level cannot"#,
    ),
    (
        r#""sweep":[{"field":"density[5]","values":[1]}]"#,
        "sweep[0].values[0]: got density[5], expected an index below 5, the features",
    ),
    (
        r#""sweep":[{"field":"density[01]","values":[1]}]"#,
        r#"sweep[0].field: got "density[01]", expected density or an entry from density[0] to density[4]"#,
    ),
    (
        r#""sweep":[{"field":"batch[0]","values":[1]}]"#,
        r#"sweep[0].field: got "batch[0]", expected batch without a path"#,
    ),
    (
        r#""sweep":[{"field":"stop.when","values":[1]}]"#,
        r#"sweep[0].field: got "stop.when", expected one of stop, stop.relative_change, stop.window"#,
    ),
    (r#""sweep":[{"field":"density","values":[]}]"#, "sweep[0].values: got [], expected a list of at least one value"),
    (
        r#""sweep":[{"field":"density","values":[1,0.5,0.1,0]}]"#,
        "sweep[0].values[3]: got 0, expected a number above 0 and at most 1",
    ),
    (
        r#""sweep":[{"field":"density","values":[[1,1]]}]"#,
        "sweep[0].values[0]: got a list of 2, expected 5 numbers, one a feature",
    ),
    (
        r#""sweep":[{"field":"density","values":[1],"scale":"log"}]"#,
        r#"sweep[0].scale: got "log", expected either values, or from, to and count, not both"#,
    ),
    (
        r#""sweep":[{"field":"density","from":1,"to":0,"count":4,"scale":"log"}]"#,
        r#"sweep[0].to: got 0, expected a number above 0 for scale "log""#,
    ),
    (
        r#""sweep":[{"field":"density","from":1,"to":0,"count":4}]"#,
        "sweep[0].values[3]: got 0, expected a number above 0 and at most 1",
    ),
    (
        r#""sweep":[{"field":"density","from":1,"to":0.1,"count":1}]"#,
        "sweep[0].count: got 1, expected an integer from 2 to 1000000",
    ),
    (r#""sweep":[{"field":"density","from":1,"count":3}]"#, "sweep[0].to: got null, expected a finite number"),
    (
        r#""sweep":[{"field":"batch","from":1,"to":10,"count":3}]"#,
        "sweep[0].values[1]: got 5.5, expected an integer from 1 to 65536",
    ),
    (
        r#""sweep":[{"field":"model","values":["relu","tanh"]}]"#,
        r#"sweep[0].values[1]: got "tanh", expected "linear", "relu", "relu-hidden" or "absolute""#,
    ),
    (
        r#""attack":{},"sweep":[{"field":"model","values":["relu","absolute"]}]"#,
        r#"attack with sweep[0].values[1]: got an attack, expected one only with model "linear" or "relu", not "absolute""#,
    ),
    (
        r#""sweep":[{"field":"density","values":[1]},{"field":"density","values":[0.5]}]"#,
        r#"sweep[1].field: got "density", expected a field that no axis before sweeps"#,
    ),
    (
        r#""sweep":[{"field":"density","from":0.1,"to":1,"count":1000},{"field":"seed","from":0,"to":1000,"count":1001}]"#,
        "sweep: got 1001000 instances (1001000 cells × 1 restarts), expected at most 1000000",
    ),
    (
        r#""restarts":{"count":10000},"sweep":[{"field":"seed","from":0,"to":100,"count":101}]"#,
        "sweep: got 1010000 instances (101 cells × 10000 restarts), expected at most 1000000",
    ),
    (
        r#""sweep":[{"field":"optimizer","values":["adam","adamw"]},{"field":"weight_decay","values":[0.1]}]"#,
        r#"sweep[1].values[0]: got 0.1, expected optimizer "adamw" beside it, not "adam""#,
    ),
    (
        r#""gradient":"exact","sweep":[{"field":"features","values":[5,6,7]}]"#,
        r#"gradient with sweep[0].values[2]: got "exact", expected "sampled" for model "relu" with more than 6 features"#,
    ),
    (
        r#""importance":[1,1,1,1,1],"sweep":[{"field":"features","values":[5,6]}]"#,
        "importance with sweep[0].values[1]: got a list of 5, expected 6 numbers, one a feature",
    ),
    (
        r#""restarts":{"count":2},"sweep":[{"field":"seed","values":[0,9007199254740991]}]"#,
        "sweep[0].values[1]: got 9007199254740991, expected an integer from 0 to 9007199254740990 with 2 restarts",
    ),
];

#[test]
fn every_field_is_refused_in_its_own_words() {
    for (fields, message) in REFUSED {
        refused(&with(fields), message);
    }
}

#[test]
fn what_is_no_spec_at_all_is_refused() {
    refused("", "not JSON: EOF while parsing a value at line 1 column 0");
    refused("[1,2]", "expected a JSON object, got [1,2]");
    refused("null", "expected a JSON object, got null");
    refused(r#"{"features":5,}"#, "not JSON: trailing comma at line 1 column 15");
    refused(r#"{"features":5} x"#, "not JSON: trailing characters at line 1 column 16");
    refused("{\"features\":NaN}", "not JSON: expected value at line 1 column 13");
    refused("{}", "features: got nothing, expected an integer from 1 to 4096");
    refused(r#"{"features":5}"#, "hidden: got nothing, expected an integer from 1 to 1024");
    refused(r#"{"features":0,"hidden":1}"#, "features: got 0, expected an integer from 1 to 4096");
    refused(r#"{"features":4097,"hidden":1}"#, "features: got 4097, expected an integer from 1 to 4096");
    refused(r#"{"features":5,"hidden":1025}"#, "hidden: got 1025, expected an integer from 1 to 1024");
    let exact = r#"{"features":7,"hidden":2,"gradient":"exact"}"#;
    refused(exact, r#"gradient: got "exact", expected "sampled" for model "relu" with more than 6 features"#);
    parse(r#"{"features":7,"hidden":2,"gradient":"exact","model":"linear"}"#);
    let long = format!("{{\"features\":5,\"hidden\":2}}{}", " ".repeat(spec::MAX_TEXT_BYTES));
    refused(&long, "a text of 1048601 bytes, expected at most 1048576");
    refused(
        &with(&format!(r#""density":{}"#, "[".repeat(100))),
        "not JSON: nested deeper than 16 levels at line 1 column 51",
    );
}

#[test]
fn long_and_hostile_input_is_shown_short_and_escaped() {
    let bell = with("\"a\\u0007\\n\\u202e\u{200b}\":\"\\u001b[31m\\u2028\u{85}\"");
    let known = "model, features, hidden, density, importance, correlated, anticorrelated, batch, steps, gradient, optimizer, \
                 weight_decay, momentum, learning_rate, schedule, hidden_l1, adversarial_training, train_bias, start, pinned, \
                 restarts, stop, record, attack, dictionary, level, seed, sweep";
    refused(
        &bell,
        &format!(r#"a\u0007\u000a\u202e\u200b: got "\u001b[31m\u2028\u0085", expected one of the fields {known}"#),
    );
    let text = ExperimentSpec::from_json(&with(&format!(r#""model":"{}""#, "é".repeat(500)))).unwrap_err().to_string();
    assert_eq!(
        text,
        format!("model: got \"{}…, expected \"linear\", \"relu\", \"relu-hidden\" or \"absolute\"", "é".repeat(58))
    );
}

#[test]
fn memory_is_counted_before_it_is_taken() {
    refused(
        r#"{"features":4096,"hidden":1024,"restarts":{"count":17}}"#,
        "features, hidden, restarts and sweep: got 17 instances with 71372800 parameters in all, 1.06 GiB, expected at most 1 GiB",
    );
    parse(r#"{"features":4096,"hidden":1024,"restarts":{"count":15}}"#);
    // The shapes of a sweep count each for itself.
    parse(
        r#"{"features":4096,"hidden":1,"sweep":[{"field":"hidden","values":[1,1024]},{"field":"seed","from":0,"to":9,"count":10}]}"#,
    );
    refused(
        r#"{"features":4096,"hidden":1,"sweep":[{"field":"hidden","values":[1,1024]},{"field":"seed","from":0,"to":19,"count":20}]}"#,
        "features, hidden, restarts and sweep: got 40 instances with 84131840 parameters in all, 1.25 GiB, expected at most 1 GiB",
    );
    refused(
        r#"{"features":400,"hidden":30,"record":{"points":2000},"restarts":{"count":20}}"#,
        "features, hidden, restarts and sweep: got 20 instances with 248000 parameters in all, 1.91 GiB with recordings, expected at most 1 GiB",
    );
}

#[test]
fn integers_may_be_written_as_any_number() {
    let spec = parse(&with(r#""steps":1e4,"batch":64.0,"seed":9007199254740991"#));
    assert_eq!((spec.steps, spec.batch, spec.seed), (10_000, 64, 9_007_199_254_740_991));
}

#[test]
fn null_is_the_absence_that_is_the_default() {
    let spec = parse(&with(r#""stop":null,"sweep":null,"correlated":null,"record":null,"attack":null,"start":null"#));
    assert_eq!(spec, parse(r#"{"features":5,"hidden":2}"#));
}

const ROUND_TRIPS: &[&str] = &[
    r#""density":0.07,"importance":0.9"#,
    r#""density":[1,0.5,0.25,1e-9,0.1],"importance":[0,1,2.5,1e30,3]"#,
    r#""optimizer":"adamw","weight_decay":0.1,"schedule":"cosine","learning_rate":3e-5"#,
    r#""optimizer":"sgd","momentum":0.9,"train_bias":false,"level":"simd128","seed":9007199254740991"#,
    r#""gradient":"exact","stop":{"relative_change":1e-7,"window":50},"restarts":{"count":10,"keep":"all"}"#,
    r#""start":{},"steps":0,"batch":1"#,
    r#""optimizer":"adamw","weight_decay":0.5,"sweep":[{"field":"optimizer","values":["adam","adamw","sgd"]}]"#,
    r#""sweep":[{"field":"density","values":[1,0.1,[0.1,0.2,0.3,0.4,0.5]]},{"field":"importance[1]","from":0.1,"to":10,"count":5,"scale":"log"}]"#,
    r#""sweep":[{"field":"features","values":[5,6]},{"field":"hidden","from":1,"to":3,"count":3},{"field":"model","values":["linear","relu"]}]"#,
    r#""sweep":[{"field":"stop.window","values":[10,20]},{"field":"stop","values":[{"relative_change":0.5}]}]"#,
];

#[test]
fn a_resolved_spec_parses_to_itself() {
    for fields in ROUND_TRIPS {
        let spec = parse(&with(fields));
        let text = spec.to_json().to_string();
        assert_eq!(parse(&text), spec, "{text}");
        assert_eq!(serde_json::to_value(&spec).unwrap(), spec.to_json());
        assert_eq!(parse(&serde_json::to_string(&spec).unwrap()), spec);
        for cell_idx in 0..spec.n_cells() {
            let cell = spec.cell(cell_idx).unwrap();
            assert!(cell.sweep.is_empty());
            assert_eq!(parse(&cell.to_json().to_string()), cell);
        }
    }
}

#[test]
fn the_resolved_spec_keeps_its_order_and_leaves_out_what_does_not_apply() {
    let spec = parse(&with(r#""sweep":[{"field":"density","from":1,"to":0.01,"count":3,"scale":"log"}]"#));
    assert_eq!(
        serde_json::to_string(&spec).unwrap(),
        r#"{"model":"relu","features":5,"hidden":2,"density":1,"importance":1,"batch":1024,"steps":10000,"gradient":"sampled","#
            .to_owned()
            + r#""optimizer":"adam","learning_rate":0.001,"schedule":"constant","hidden_l1":0,"train_bias":true,"#
            + r#""start":{"bias":"zero","scale":1},"restarts":{"count":1,"keep":"best"},"level":"auto","seed":0,"#
            + r#""sweep":[{"count":3,"field":"density","from":1,"scale":"log","to":0.01}]}"#
    );
}

#[test]
fn the_first_axis_is_the_slowest() {
    let spec = parse(&with(r#""sweep":[{"field":"density","values":[1,0.5]},{"field":"seed","values":[7,8,9]}]"#));
    assert_eq!(spec.n_cells(), 6);
    let cells: Vec<_> = (0..6).map(|idx| spec.cell(idx).unwrap()).map(|cell| (cell.density, cell.seed)).collect();
    let dense = |p, seed| (Density::Uniform(p), seed);
    assert_eq!(cells, [dense(1.0, 7), dense(1.0, 8), dense(1.0, 9), dense(0.5, 7), dense(0.5, 8), dense(0.5, 9)]);
    assert_eq!(spec.cell(6).unwrap_err().to_string(), "cell: got 6, expected an integer from 0 to 5, the last cell");
}

#[test]
fn an_index_expands_a_single_number_and_wholes_come_before_entries() {
    let spec = parse(&with(
        r#""importance":0.5,"density":0.2,"sweep":[{"field":"density[4]","values":[0.9]},{"field":"density","values":[0.1,0.3]},
           {"field":"importance[1]","values":[10]}]"#,
    ));
    let cell = spec.cell(1).unwrap();
    assert_eq!(cell.density, Density::Each(vec![0.3, 0.3, 0.3, 0.3, 0.9]));
    assert_eq!(cell.importance, Importance::Each(vec![1.0, 10.0, 0.25, 0.125, 0.0625]));
}

#[test]
fn an_optimiser_that_is_swept_keeps_the_options_of_the_spec_s_own() {
    let spec =
        parse(&with(r#""optimizer":"sgd","momentum":0.9,"sweep":[{"field":"optimizer","values":["adamw","sgd"]}]"#));
    assert_eq!(spec.cell(0).unwrap().optimizer, OptimizerKind::AdamW { weight_decay: 0.01 });
    assert_eq!(spec.cell(1).unwrap().optimizer, OptimizerKind::Sgd { momentum: 0.9 });
}

#[test]
fn ranges_have_exact_ends_and_the_values_that_were_meant() {
    let values = |axis: &str| -> Vec<f64> {
        let spec = parse(&with(&format!(r#""sweep":[{axis}]"#)));
        let AxisValues::Range { .. } = &spec.sweep[0].values else { panic!("not a range") };
        spec.sweep[0].values.iter().map(|value| value.as_f64().unwrap()).collect()
    };
    assert_eq!(
        values(r#"{"field":"importance","from":0.01,"to":100,"count":5,"scale":"log"}"#)[2..],
        [1.0, 10.0, 100.0]
    );
    assert_eq!(values(r#"{"field":"seed","from":3,"to":7,"count":5}"#), [3.0, 4.0, 5.0, 6.0, 7.0]);
    let densities = values(r#"{"field":"density","from":1,"to":0.01,"count":64,"scale":"log"}"#);
    assert_eq!((densities[0], densities[63]), (1.0, 0.01));
    for (idx, density) in densities.iter().enumerate() {
        let exact = 10f64.powf(-2.0 * idx as f64 / 63.0);
        assert!((density / exact - 1.0).abs() < 1e-14, "value {idx}: {density} against {exact}");
    }
    // Opposite huge ends do not overflow on the way.
    let learning_rates = values(r#"{"field":"learning_rate","from":1.7e308,"to":1e-300,"count":1000}"#);
    assert!(learning_rates.iter().all(|rate| rate.is_finite()) && learning_rates.is_sorted_by(|a, b| a > b));
}

#[test]
fn a_million_cells_cost_little_to_hold_and_each_can_be_made() {
    let spec = parse(
        r#"{"features":1,"hidden":1,"sweep":[{"field":"density","from":0.001,"to":1,"count":1000},{"field":"seed","from":0,"to":999,"count":1000}]}"#,
    );
    assert_eq!(spec.n_cells(), 1_000_000);
    assert_eq!(spec.cell(999_999).unwrap().seed, 999);
    assert_eq!(spec.cell(123_456).unwrap().seed, 456);
}

#[test]
fn restarts_count_up_from_the_seed() {
    let spec = parse(&with(r#""seed":40,"restarts":{"count":3}"#));
    let alone = spec.restart(2);
    assert_eq!((alone.seed, alone.restarts.count, spec.n_instances()), (42, 1, 3));
    assert_eq!(parse(&alone.to_json().to_string()), alone);
}

#[test]
fn presets_are_specs() {
    for id in PRESET_IDS {
        let text = spec::preset(id).unwrap();
        parse(text);
    }
    assert_eq!(parse(spec::preset("phase-2-1").unwrap()).n_instances(), 64 * 64 * 10);
    assert_eq!(spec::preset("nothing"), None);
}

#[test]
fn merging_replaces_whole_fields_and_null_removes_one() {
    let base = r#"{"features":5,"hidden":2,"stop":{"window":7},"density":0.5}"#;
    let merged = spec::merge(base, r#"{"stop":{"relative_change":0.1},"density":null}"#).unwrap();
    assert_eq!(merged, r#"{"features":5,"hidden":2,"stop":{"relative_change":0.1}}"#);
    let error = spec::merge(base, r#"{"density":2}"#).unwrap_err();
    assert_eq!(error.to_string(), "density: got 2, expected a number above 0 and at most 1");
    assert!(matches!(spec::merge(base, "5"), Err(Error::Json(_))));
}

//! A program that trains and times what it is told, a line of JSON at a time (benches/native.rs has the requests).

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::workload::Workload;
use crate::shell;

/// A running program.
pub struct Program {
    name: String,
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Program {
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        let line = shell::shown(command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("could not start `{line}`"))?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("a child has no standard output")?);
        Ok(Program { name: name.to_owned(), child, requests, answers })
    }

    /// Sends a request and waits for its answer.
    pub fn ask(&mut self, request: &Value) -> Result<Value> {
        let requests = self.requests.as_mut().context("it was told to stop")?;
        writeln!(requests, "{request}").with_context(|| format!("{} does not listen", self.name))?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        read_answer(&line).with_context(|| format!("{}, asked for {}", self.name, request["op"]))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The end of its input is the end of it.
        self.requests = None;
        let _ = self.child.wait();
    }
}

fn read_answer(line: &str) -> Result<Value> {
    if line.is_empty() {
        bail!("it ended (see above)");
    }
    let answer: Value = serde_json::from_str(line).with_context(|| format!("not JSON: {}", line.trim_end()))?;
    match answer["error"].as_str() {
        Some(error) => bail!("{error}"),
        None => Ok(answer),
    }
}

/// The weights and biases of a workload's instances, as programs exchange them.
#[derive(Clone, Debug)]
pub struct State(pub Value);

/// One of those that are compared: a program, and what it is asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contestant {
    pub name: &'static str,
    /// Whose standard input it reads.
    pub program: &'static str,
    pub kind: Kind,
}

/// Ours start from their own seeds; peers start from our weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Ours,
    Peer,
    /// One that would take minutes for 4000 steps: it starts from our weights at step 2000, and is timed for fewer.
    SlowPeer,
}

impl Contestant {
    pub fn is_ours(self) -> bool {
        self.kind == Kind::Ours
    }

    /// Makes its models; peers take over `from`.
    pub fn begin(self, program: &mut Program, workload: &Workload, from: &State) -> Result<()> {
        let mut request = json!({ "op": "start", "who": self.name });
        if self.is_ours() {
            request["spec"] = workload.spec();
        } else {
            request["workload"] = workload.for_peers();
            request["from"] = from.0.clone();
        }
        program.ask(&request).map(|_| ())
    }

    /// Trains, and returns the seconds that it took.
    pub fn advance(self, program: &mut Program, steps: u64) -> Result<f64> {
        let answer = program.ask(&json!({ "op": "advance", "who": self.name, "steps": steps }))?;
        answer["seconds"].as_f64().context("an answer without seconds")
    }

    pub fn state(self, program: &mut Program) -> Result<State> {
        program.ask(&json!({ "op": "state", "who": self.name })).map(State)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_and_refusals_are_told_apart() {
        assert_eq!(read_answer("{\"seconds\": 0.5}\n").unwrap()["seconds"], 0.5);
        assert_eq!(read_answer("{\"error\": \"no such op\"}\n").unwrap_err().to_string(), "no such op");
        assert!(read_answer("").is_err());
        assert!(read_answer("Traceback\n").unwrap_err().to_string().contains("Traceback"));
    }

    #[test]
    fn a_program_is_asked_a_line_at_a_time() {
        let mut cat = Program::start("cat", &mut Command::new("cat")).unwrap();
        for steps in [1, 2] {
            assert_eq!(cat.ask(&json!({ "steps": steps })).unwrap()["steps"], steps);
        }
        assert!(cat.ask(&json!({ "error": "refused" })).is_err());
    }
}

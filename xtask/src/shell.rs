//! Running other programs, and saying what goes on.
//!
//! Everything here writes to standard error, the children's standard output included, so that standard output stays
//! free for answers.

use std::io::IsTerminal;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How often a step that takes long says that it is still alive.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Begins a step of the work.
pub fn step(text: &str) {
    eprintln!("{} {text}", paint("1;36", "▸"));
}

/// Adds a detail to the current step.
pub fn note(text: &str) {
    eprintln!("  {text}");
}

/// Reports what went wrong.
pub fn failure(text: &str) {
    eprintln!("{} {text}", paint("1;31", "error:"));
}

/// Wraps `text` in a colour when standard error is a terminal that wants colours.
pub fn paint(code: &str, text: &str) -> String {
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

/// A duration as a reader wants it: `0.4 s`, `12 s`, `3 min 05 s`.
pub fn human_time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    match seconds {
        s if s < 9.95 => format!("{s:.1} s"),
        s if s < 99.5 => format!("{s:.0} s"),
        s => {
            let whole = s.round() as u64;
            format!("{} min {:02} s", whole / 60, whole % 60)
        }
    }
}

/// A size as a reader wants it: `812 B`, `46.0 KB`, `1.2 MB` (powers of 1000).
pub fn human_size(bytes: u64) -> String {
    match bytes {
        b if b < 1000 => format!("{b} B"),
        b if b < 999_950 => format!("{:.1} KB", b as f64 / 1e3),
        b => format!("{:.1} MB", b as f64 / 1e6),
    }
}

/// The command line of `command`, for messages.
pub fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

/// The program without its folder, and its first argument: enough to know which step is meant.
fn short_name(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args().take(1));
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+./:,@%~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Runs `command` with its output on standard error; an error names the command and how it ended.
pub fn run(command: &mut Command) -> Result<()> {
    let line = shown(command);
    match status(command)? {
        0 => Ok(()),
        code => bail!("`{line}` failed (exit status {code})"),
    }
}

/// Runs `command` like [`run`] and returns its exit status; a death by signal counts as 128.
pub fn status(command: &mut Command) -> Result<i32> {
    let line = shown(command);
    command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr()));
    let mut child = command.spawn().with_context(|| format!("could not start `{line}`"))?;
    let code = with_heartbeat(&short_name(command), || child.wait())?.code().unwrap_or(128);
    Ok(code)
}

/// Runs `command` and ends it after `limit`; returns its exit status, or None when it was ended.
pub fn status_within(command: &mut Command, limit: Duration) -> Result<Option<i32>> {
    let line = shown(command);
    command.stdin(Stdio::null()).stdout(Stdio::from(std::io::stderr()));
    let mut child = command.spawn().with_context(|| format!("could not start `{line}`"))?;
    let start = Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.code().unwrap_or(128)));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

/// The standard output of `command`, trimmed; None when it can't be started or fails.
pub fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs `work`, and every [`HEARTBEAT`] says for how long it has been running.
pub fn with_heartbeat<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let (finished, waiting) = mpsc::channel::<()>();
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            while waiting.recv_timeout(HEARTBEAT) == Err(mpsc::RecvTimeoutError::Timeout) {
                note(&format!("… {} into `{what}`", human_time(start.elapsed())));
            }
        });
        let result = work();
        drop(finished);
        result
    })
}

/// The cargo that runs us, for native work, in the environment that a shell would give it.
pub fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root);
    forget_outer_package(&mut command, root);
    command
}

/// Another toolchain's cargo: nothing of the outer toolchain leaks into it.
pub fn foreign_cargo(root: &Path, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root);
    forget_outer_package(&mut command, root);
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "RUSTC_WORKSPACE_WRAPPER", "LD_LIBRARY_PATH"] {
        command.env_remove(name);
    }
    command
}

/// Takes away what `cargo run` put into the environment about *this* package: it would give the inner cargo another
/// environment than a shell's, and so needless rebuilds.
fn forget_outer_package(command: &mut Command, root: &Path) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let outer = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"].iter().any(|p| text.starts_with(p));
        if outer || text == "CARGO_PRIMARY_PACKAGE" || text == "OUT_DIR" {
            command.env_remove(&name);
        }
    }
    for name in ["LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"] {
        let Some(value) = std::env::var_os(name) else { continue };
        let kept: Vec<_> = std::env::split_paths(&value)
            .filter(|folder| !folder.starts_with(root) && !folder.join("rustlib").is_dir())
            .collect();
        match std::env::join_paths(kept) {
            Ok(rest) if !rest.is_empty() => command.env(name, rest),
            _ => command.env_remove(name),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_read_well() {
        assert_eq!(human_time(Duration::from_millis(440)), "0.4 s");
        assert_eq!(human_time(Duration::from_millis(12_300)), "12 s");
        assert_eq!(human_time(Duration::from_secs(185)), "3 min 05 s");
        assert_eq!(human_size(812), "812 B");
        assert_eq!(human_size(46_012), "46.0 KB");
        assert_eq!(human_size(1_234_567), "1.2 MB");
    }

    #[test]
    fn a_shown_command_can_be_pasted() {
        let mut command = Command::new("npm");
        command.args(["ci", "it's here"]);
        assert_eq!(shown(&command), r"npm ci 'it'\''s here'");
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let mut hanging = Command::new("sleep");
        hanging.arg("30");
        assert_eq!(status_within(&mut hanging, Duration::from_millis(100)).unwrap(), None);
        assert_eq!(status_within(&mut Command::new("false"), Duration::from_secs(10)).unwrap(), Some(1));
    }
}

//! Lines in order, that survive whatever ends the program.
//!
//! Instances finish in any order, lines are written in theirs. With `--out`, a line that has to wait for an earlier one
//! is written to a second file, `FILE.ahead`, at once, so that no finished instance is ever in memory alone; that file
//! is removed when all lines are in theirs. Every line is one append without a buffer: what `kill -9` or a full disk
//! can leave behind is a torn last line, and resuming drops it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_json::value::RawValue;

use super::Failure;
use crate::error::Error;

/// What a line says of itself, as far as resuming has to know.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Its place among the lines.
    pub index: usize,
    /// Whether its run diverged.
    pub diverged: bool,
}

/// The fields that a line must have so that resuming knows it.
pub const KNOWN_BY: &[&str] = &["index", "spec", "status"];

/// What resuming holds existing lines to.
pub struct Expected<'a> {
    /// The fields of a line, [`KNOWN_BY`] among them.
    pub names: &'a [&'static str],
    /// How many lines there will be.
    pub n_lines: usize,
    /// The resolved spec of a line.
    pub spec: &'a dyn Fn(usize) -> Result<Value, Error>,
}

/// Where lines go, in order.
pub struct Output {
    sink: Sink,
    /// Lines that came before an earlier one.
    waiting: BTreeMap<usize, String>,
    next: usize,
}

enum Sink {
    /// Standard output, or a device or pipe that `--out` names.
    Stream { name: String, stream: Box<dyn Write> },
    /// A file that can be resumed.
    File { lines: LineFile, ahead: LineFile },
}

impl Output {
    /// Lines go to standard output.
    pub fn stdout() -> Self {
        Self::stream("standard output", io::stdout())
    }

    fn stream(name: &str, stream: impl Write + 'static) -> Self {
        let sink = Sink::Stream { name: name.into(), stream: Box::new(stream) };
        Self { sink, waiting: BTreeMap::new(), next: 0 }
    }

    /// Lines go to a new file. A device or a pipe of that name is written like standard output.
    ///
    /// Results are never overwritten: a file that holds some is refused.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        if fs::metadata(path).is_ok_and(|data| !data.is_file()) {
            let stream = File::options().write(true).open(path).map_err(|error| Failure::io(&name, &error))?;
            return Ok(Self::stream(&name, stream));
        }
        for path in [path, &ahead_of(path)] {
            if fs::metadata(path).is_ok_and(|data| data.len() > 0) {
                let message = "has results already, expected --resume to go on from them, or another file";
                return Err(Failure::Input(format!("{}: {message}", path.display())));
            }
        }
        let (lines, ahead) = (LineFile::open(path)?, LineFile::open(&ahead_of(path))?);
        Ok(Self { sink: Sink::File { lines, ahead }, waiting: BTreeMap::new(), next: 0 })
    }

    /// Lines go on in a file that may hold some: those finished come back, in no order.
    ///
    /// Nothing is changed before every line has been found to belong here; then a torn last one is dropped.
    pub fn resume(path: &Path, expected: &Expected) -> Result<(Self, Vec<Finished>), Failure> {
        if fs::metadata(path).is_ok_and(|data| !data.is_file()) {
            return Err(Failure::Input(format!("{}: is no file, expected one to resume", path.display())));
        }
        let (mut lines, mut ahead) = (LineFile::open(path)?, LineFile::open(&ahead_of(path))?);
        let mut finished = Vec::new();
        lines.length = lines.read(|line_idx, line| {
            let known = expected.know(line)?;
            if known.index != line_idx {
                return Err(format!("is of index {}, expected index {line_idx}", known.index));
            }
            finished.push(known);
            Ok(())
        })?;
        let next = finished.len();
        let mut waiting = BTreeMap::new();
        ahead.length = ahead.read(|_, line| {
            let known = expected.know(line)?;
            // One that was killed between writing here and there is in both.
            if known.index >= next && waiting.insert(known.index, line.to_owned()).is_none() {
                finished.push(known);
            }
            Ok(())
        })?;
        lines.drop_torn()?;
        ahead.drop_torn()?;
        let mut output = Self { sink: Sink::File { lines, ahead }, waiting, next };
        output.write_next()?;
        Ok((output, finished))
    }

    /// Takes in the line of a finished instance, without its newline.
    pub fn take(&mut self, index: usize, line: String) -> Result<(), Failure> {
        if index != self.next
            && let Sink::File { ahead, .. } = &mut self.sink
        {
            ahead.append(&line)?;
        }
        self.waiting.insert(index, line);
        self.write_next()
    }

    /// Writes the lines whose turn it is.
    fn write_next(&mut self) -> Result<(), Failure> {
        while let Some(mut line) = self.waiting.remove(&self.next) {
            match &mut self.sink {
                Sink::File { lines, .. } => lines.append(&line)?,
                Sink::Stream { name, stream } => {
                    line.push('\n');
                    let written = stream.write_all(line.as_bytes()).and_then(|()| stream.flush());
                    written.map_err(|error| Failure::io(name, &error))?;
                }
            }
            self.next += 1;
        }
        Ok(())
    }

    /// Ends the output. If no line waits for another, the second file has nothing that the first has not; a stream gets
    /// those that still wait, because nobody will bring them again.
    pub fn finish(mut self) -> Result<(), Failure> {
        if matches!(self.sink, Sink::Stream { .. }) {
            while let Some(index) = self.waiting.keys().next() {
                self.next = *index;
                self.write_next()?;
            }
        }
        match self.sink {
            Sink::File { ahead, .. } if self.waiting.is_empty() => {
                fs::remove_file(&ahead.path).map_err(|error| Failure::io(&ahead.name(), &error))
            }
            _ => Ok(()),
        }
    }
}

impl Expected<'_> {
    /// Checks a line, or says what is wrong with it.
    fn know(&self, line: &str) -> Result<Finished, String> {
        let parts: BTreeMap<&str, &RawValue> =
            serde_json::from_str(line).map_err(|error| format!("is not a line of train: {error}"))?;
        if !parts.keys().eq(self.names.iter().collect::<std::collections::BTreeSet<_>>()) {
            return Err(format!("has other fields, expected {}", self.names.join(", ")));
        }
        let read = |name: &str| serde_json::from_str::<Value>(parts[name].get()).unwrap_or_default();
        let index = read("index").as_u64().and_then(|index| usize::try_from(index).ok());
        let index = index.filter(|index| *index < self.n_lines);
        let index =
            index.ok_or_else(|| format!("has index {}, expected one below {}", parts["index"], self.n_lines))?;
        let spec = (self.spec)(index).map_err(|error| error.to_string())?;
        if read("spec") != spec {
            return Err("belongs to another spec".into());
        }
        Ok(Finished { index, diverged: read("status") == "diverged" })
    }
}

fn ahead_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".ahead");
    name.into()
}

/// A file of whole lines.
struct LineFile {
    path: PathBuf,
    file: File,
    /// Bytes of whole lines; beyond them there is at most a torn one.
    length: u64,
}

impl LineFile {
    fn open(path: &Path) -> Result<Self, Failure> {
        let fail = |error| Failure::io(&path.display().to_string(), &error);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        Ok(Self { path: path.to_owned(), file, length })
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Shows every whole line, and tells how many bytes they are.
    fn read(&mut self, mut show: impl FnMut(usize, &str) -> Result<(), String>) -> Result<u64, Failure> {
        let name = self.name();
        let fail = |error| Failure::io(&name, &error);
        let mut reader = BufReader::new(&mut self.file);
        reader.seek(SeekFrom::Start(0)).map_err(fail)?;
        let (mut line, mut length) = (Vec::new(), 0);
        for line_idx in 0.. {
            line.clear();
            let n_bytes = reader.read_until(b'\n', &mut line).map_err(fail)?;
            if line.pop() != Some(b'\n') {
                break;
            }
            let text = str::from_utf8(&line).map_err(|_| "is not UTF-8".to_owned());
            text.and_then(|text| show(line_idx, text))
                .map_err(|what| Failure::Input(format!("{name}: line {} {what}", line_idx + 1)))?;
            length += n_bytes as u64;
        }
        Ok(length)
    }

    fn drop_torn(&mut self) -> Result<(), Failure> {
        self.file.set_len(self.length).map_err(|error| Failure::io(&self.name(), &error))
    }

    fn append(&mut self, line: &str) -> Result<(), Failure> {
        let text = format!("{line}\n");
        let written = self.file.seek(SeekFrom::Start(self.length)).and_then(|_| self.file.write_all(text.as_bytes()));
        match written {
            Ok(()) => {
                self.length += text.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Where the disk is full there is still room for a shorter file; if not, resuming drops the torn line.
                let _ = self.drop_torn();
                Err(Failure::io(&self.name(), &error))
            }
        }
    }
}

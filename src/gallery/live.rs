//! A figure in the making, for a place where nothing may take long: the page.
//!
//! [`Live`] calls the figure's `make` again and again with a lab that trains nothing. The lab answers from the reports that it was
//! given, notes those that it lacks, and stops the call there; what `make` itself works out is done a piece a call and kept. So the
//! code of a figure is the same here and on the command line, and the figure can show what is known before all of it is.

use std::sync::Mutex;

use super::{Make, Still, find, refuse};
use crate::error::Error;
use crate::report::InstanceReport;
use crate::spec::ExperimentSpec;
use crate::sweep::Lab;
use crate::sweep::lab::{Memo, Pieces};
use crate::train::Status;

/// A figure in the making.
pub struct Live {
    spec: ExperimentSpec,
    make: Make,
    ledger: Ledger,
    /// Jobs that the caller was told of.
    n_told: usize,
    still: Option<Still>,
    is_final: bool,
}

/// What a figure waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Need {
    /// These instances, beside those asked for before and not reported yet: each with the index by which to report it.
    Jobs(Vec<(usize, ExperimentSpec)>),
    /// Another call: so far so many pieces of something are worked out.
    Time(Pieces),
    /// Nothing: the picture is final.
    Nothing,
}

impl Live {
    /// A figure of a spec, with nothing trained yet.
    ///
    /// # Errors
    /// [`Error::Field`] for an unknown figure, or what the figure refuses before anything is trained.
    pub fn new(figure: &str, spec: ExperimentSpec) -> Result<Self, Error> {
        let Some(make) = find(figure) else {
            return refuse("figure", format!("{figure:?}"), "a figure of the gallery");
        };
        let live = Live { spec, make, ledger: Ledger::default(), n_told: 0, still: None, is_final: false };
        live.ledger.begin(false, false);
        match (live.make)(&live.spec, &live.ledger) {
            Err(Error::Interrupted) | Ok(_) => Ok(live),
            Err(error) => Err(error),
        }
    }

    /// Goes on with final reports alone, and tells what is lacking.
    ///
    /// # Errors
    /// What the figure refuses.
    pub fn step(&mut self) -> Result<Need, Error> {
        if self.is_final {
            return Ok(Need::Nothing);
        }
        self.ledger.begin(false, true);
        match (self.make)(&self.spec, &self.ledger) {
            Ok(still) => {
                self.still = Some(still);
                self.is_final = true;
                Ok(Need::Nothing)
            }
            Err(Error::Interrupted) => Ok(match self.ledger.memo.open() {
                Some(pieces) => Need::Time(pieces),
                None => {
                    let entries = &self.ledger.book().entries;
                    let first = std::mem::replace(&mut self.n_told, entries.len());
                    Need::Jobs((first..entries.len()).map(|idx| (idx, entries[idx].spec.clone())).collect())
                }
            }),
            Err(error) => Err(error),
        }
    }

    /// Takes the report of a job; a provisional one (`running`) never takes the place of a final one.
    ///
    /// # Errors
    /// [`Error::Field`] for an index that was not asked for.
    pub fn take(&mut self, index: usize, report: InstanceReport) -> Result<(), Error> {
        let mut book = self.ledger.book();
        let n_entries = book.entries.len();
        let Some(entry) = book.entries.get_mut(index) else {
            return refuse("index", index, format!("one of the {n_entries} jobs asked for"));
        };
        if report.status != Status::Running || !entry.is_final() {
            entry.report = Some(report);
        }
        Ok(())
    }

    /// Takes a report as bytes ([`InstanceReport::to_bytes`]).
    ///
    /// # Errors
    /// As [`Live::take`], and [`Error::Snapshot`] for bytes that are damaged.
    pub fn take_bytes(&mut self, index: usize, bytes: &[u8]) -> Result<(), Error> {
        let spec = self.ledger.book().entries.get(index).map(|entry| entry.spec.clone());
        match spec {
            Some(spec) => self.take(index, InstanceReport::from_bytes(&spec, bytes)?),
            None => refuse("index", index, "that of a job that was asked for"),
        }
    }

    /// The best picture now: the final one, or one of provisional reports, or the last that could be made.
    pub fn still(&mut self) -> Option<&Still> {
        if !self.is_final {
            self.ledger.begin(true, false);
            // A figure may refuse half-trained models; then the picture before is still the best.
            if let Ok(still) = (self.make)(&self.spec, &self.ledger) {
                self.still = Some(still);
            }
        }
        self.still.as_ref()
    }

    /// The picture that [`Live::still`] or the last step gave.
    pub fn last(&self) -> Option<&Still> {
        self.still.as_ref()
    }
}

/// A lab that answers from a book of reports.
#[derive(Default)]
struct Ledger {
    book: Mutex<Book>,
    memo: Memo,
}

#[derive(Default)]
struct Book {
    entries: Vec<Entry>,
    takes_provisional: bool,
}

struct Entry {
    spec: ExperimentSpec,
    report: Option<InstanceReport>,
}

impl Entry {
    fn is_final(&self) -> bool {
        self.report.as_ref().is_some_and(|report| report.status != Status::Running)
    }
}

impl Ledger {
    fn begin(&self, takes_provisional: bool, may_work: bool) {
        self.book().takes_provisional = takes_provisional;
        self.memo.begin(may_work);
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().expect("nothing panics while it holds the book")
    }
}

impl Lab for Ledger {
    fn each(&self, _: &str, n: usize, work: &(dyn Fn(usize) -> Result<(), Error> + Sync)) -> Result<(), Error> {
        (0..n).try_for_each(work)
    }

    fn train(&self, _: &str, specs: &[ExperimentSpec]) -> Result<Vec<InstanceReport>, Error> {
        let mut book = self.book();
        let Book { entries, takes_provisional } = &mut *book;
        let mut found: Vec<usize> = Vec::with_capacity(specs.len());
        for spec in specs {
            // A call asks for the same as the one before, one spec after the other.
            let next = found.last().map_or(0, |last| last + 1);
            let place = match (next..entries.len()).chain(0..next).find(|&place| entries[place].spec == *spec) {
                Some(place) => place,
                // What half-trained models lead to may not be what trained ones do.
                None if *takes_provisional => return Err(Error::Interrupted),
                None => {
                    entries.push(Entry { spec: spec.clone(), report: None });
                    entries.len() - 1
                }
            };
            found.push(place);
        }
        let usable = |entry: &Entry| entry.is_final() || (*takes_provisional && entry.report.is_some());
        let report = |(index, &place): (usize, &usize)| {
            let report = entries[place].report.clone()?;
            Some(InstanceReport { index, ..report })
        };
        if !found.iter().all(|&place| usable(&entries[place])) {
            return Err(Error::Interrupted);
        }
        found.iter().enumerate().map(report).collect::<Option<_>>().ok_or(Error::Interrupted)
    }

    fn keep_going(&self) -> bool {
        true
    }

    fn memo(&self) -> Option<&Memo> {
        Some(&self.memo)
    }
}

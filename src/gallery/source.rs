//! What stands behind a point of a chart: which instance, and whether it is still in training.

use crate::figures::chart::Source;
use crate::report::InstanceReport;
use crate::train::Status;

/// The source of a number of a model.
pub(super) fn source(report: &InstanceReport) -> Source {
    Source { feature: None, job: Some(report.index), provisional: report.status == Status::Running }
}

/// The source of a number of several models: the first of them can be opened, and it is provisional as long as any is.
pub(super) fn shared(sources: impl IntoIterator<Item = Source>) -> Source {
    let join = |a: Source, b: Source| Source { provisional: a.provisional || b.provisional, ..a };
    sources.into_iter().reduce(join).unwrap_or_default()
}

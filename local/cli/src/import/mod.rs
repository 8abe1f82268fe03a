//! Creates and changes the products of a file through the staff API. The `Idempotency-Key` of a row follows from the file's
//! content and the row's line, so a run that repeats another one, or continues it, does nothing twice.

mod file;
#[cfg(test)]
mod page;
mod staff_api;

use anyhow::Result;
use csv::{StringRecord, Writer};
use hyper::Method;
use serde::Serialize;
use serde_json::Value;
use sijang_cloud::progress::Progress;

use self::staff_api::Outcome;
pub use self::{
    file::{CellError, ProductChange, ProductFile, Row, Task},
    staff_api::StaffApi,
};

/// After how many rows the progress is printed.
const PROGRESS_ROWS: usize = 50;

/// The result of an import, in rows.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Products created.
    pub created: usize,
    /// Products changed.
    pub changed: usize,
    /// Rows that an earlier run of the same file had imported.
    pub unchanged: usize,
    /// Rows that were not accepted.
    pub failed: Vec<FailedRow>,
    /// Rows that were not sent, because too many others had failed.
    pub not_sent: usize,
    /// Whether the rows were only checked; `created` and `changed` are then what an import would do.
    pub dry_run: bool,
}

/// A row that was not accepted.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FailedRow {
    /// The line on which it begins.
    pub line: u64,
    /// Why, at least one.
    pub errors: Vec<CellError>,
}

/// The share of rows that may fail before an import stops.
#[derive(Debug, Clone, Copy)]
pub struct FailureLimit {
    /// Percent of the rows.
    pub percent: u8,
}

impl FailureLimit {
    fn is_exceeded(self, failed: usize, rows: usize) -> bool {
        failed * 100 > usize::from(self.percent) * rows
    }
}

impl Report {
    /// The result of a check: the invalid rows, and the changes that the others would make.
    pub fn of_dry_run(file: &ProductFile) -> Self {
        let mut report = Self { dry_run: true, ..Self::of_checked(file) };
        for task in file.rows.iter().filter_map(|row| row.task.as_ref().ok()) {
            *report.counter(&task.change) += 1;
        }
        report
    }

    /// The rows that are wrong.
    fn of_checked(file: &ProductFile) -> Self {
        let failed = file.rows.iter().filter_map(|row| {
            let errors = row.task.as_ref().err()?.clone();
            Some(FailedRow { line: row.line, errors })
        });
        Self { failed: failed.collect(), ..Self::default() }
    }

    fn counter(&mut self, change: &ProductChange) -> &mut usize {
        match change {
            ProductChange::Create(_) => &mut self.created,
            ProductChange::Update(..) => &mut self.changed,
        }
    }

    /// The rows that failed, as a file to be corrected and imported by itself.
    ///
    /// # Errors
    /// Never: it is written into memory.
    pub fn failed_rows(&self, file: &ProductFile) -> Result<Vec<u8>> {
        let mut writer = Writer::from_writer(Vec::new());
        writer.write_record(&file.heading)?;
        let is_failed = |row: &&Row| self.failed.iter().any(|failed| failed.line == row.line);
        for row in file.rows.iter().filter(is_failed) {
            let mut cells: StringRecord = row.cells.clone();
            cells.truncate(file.heading.len());
            (cells.len()..file.heading.len()).for_each(|_| cells.push_field(""));
            writer.write_record(&cells)?;
        }
        Ok(writer.into_inner()?)
    }
}

/// Imports a file. It sends nothing when more rows are wrong than `limit` allows, and stops when more fail.
///
/// # Errors
/// When the API gives no definite answer, or does not accept the caller. The same file can be imported again.
pub async fn run(file: &ProductFile, api: &StaffApi, limit: FailureLimit, progress: Progress) -> Result<Report> {
    let mut report = Report::of_checked(file);
    let rows = file.rows.len();
    let tasks = file.rows.iter().filter_map(|row| Some((row.line, row.task.as_ref().ok()?)));
    for (number, (line, task)) in (1_usize..).zip(tasks) {
        if limit.is_exceeded(report.failed.len(), rows) {
            report.not_sent += 1;
            continue;
        }
        let (method, path, body) = request(task)?;
        match api.send(method, &path, &key(file, line), &body).await? {
            Outcome::Done => *report.counter(&task.change) += 1,
            Outcome::Replayed => report.unchanged += 1,
            Outcome::Rejected(why) => {
                report.failed.push(FailedRow { line, errors: vec![CellError::of_row(why)] });
            }
        }
        if number % PROGRESS_ROWS == 0 {
            progress.say(format_args!("import     {number} of {rows} rows"));
        }
    }
    report.failed.sort_by_key(|failed| failed.line);
    Ok(report)
}

/// The `Idempotency-Key` of a row: 128 bits of the file's digest, and the line.
fn key(file: &ProductFile, line: u64) -> String {
    format!("import-{}-{line}", &file.digest[..32])
}

/// Method, path and body.
fn request(task: &Task) -> Result<(Method, String, Value)> {
    let (method, path, mut body) = match &task.change {
        ProductChange::Create(draft) => (Method::POST, "/v1/admin/products".to_owned(), serde_json::to_value(draft)?),
        ProductChange::Update(product_id, patch) => {
            (Method::PATCH, format!("/v1/admin/products/{product_id}"), serde_json::to_value(patch)?)
        }
    };
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
        fields.extend(task.reason.iter().map(|reason| ("reason".to_owned(), reason.as_str().into())));
    }
    Ok((method, path, body))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn file(text: &str) -> ProductFile {
        ProductFile::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn key_of_a_row_follows_from_the_file_and_the_line() {
        let (one, other) = (file("name,price,stock\ntea,1,1\n"), file("name,price,stock\ntea,1,2\n"));
        let keys = [key(&one, 2), key(&one, 3), key(&other, 2)];
        assert_eq!(keys[0], key(&file("name,price,stock\ntea,1,1\n"), 2));
        assert!(keys[0] != keys[1] && keys[0] != keys[2], "{keys:?}");
        assert!(keys.iter().all(|key| sijang_domain::IdempotencyKey::parse(key).is_ok()));
    }

    #[test]
    fn body_of_an_update_has_only_what_the_row_gives() {
        let file = file("product_id,price,reason\n01JD4QWKQK3X8M2Z6T9V5R7YBC,900,sale\n");
        let (method, path, body) = request(file.rows[0].task.as_ref().unwrap()).unwrap();
        assert_eq!((method, path.as_str()), (Method::PATCH, "/v1/admin/products/01JD4QWKQK3X8M2Z6T9V5R7YBC"));
        assert_eq!(body, json!({"price": {"amount": 900, "currency": "KRW"}, "reason": "sale"}));
    }

    #[test]
    fn limit_of_failures_is_a_share_of_the_rows() {
        let limit = FailureLimit { percent: 5 };
        assert_eq!([0, 5, 6].map(|failed| limit.is_exceeded(failed, 100)), [false, false, true]);
        assert!(limit.is_exceeded(1, 3) && !FailureLimit { percent: 0 }.is_exceeded(0, 0));
    }

    #[test]
    fn failed_rows_are_a_file_with_the_same_heading() {
        let file = file("name,price,stock\ntea,x,1\n\"red, tea\",1,1\ncup\n");
        let report = Report::of_dry_run(&file);
        assert_eq!((report.created, report.failed.len()), (1, 2));
        assert_eq!(report.failed_rows(&file).unwrap(), b"name,price,stock\ntea,x,1\ncup,,\n");
    }
}

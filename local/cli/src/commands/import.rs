//! `./local/shop import`

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use sijang_cli::import::{self, FailureLimit, ProductFile, Report, StaffApi};
use sijang_cloud::{
    layout::{Repository, StateFolder},
    progress::Progress,
};

/// Creates and changes the products of a CSV file, through the API of staff.
///
/// The file is UTF-8 with a heading. Its columns, in any order, are
///   product_id   empty: the row creates a product
///   name         required for a new product, as price and stock
///   description
///   price        won, a whole number
///   stock        units, only for a new product
///   status       ACTIVE or INACTIVE; a new product is ACTIVE
///   reason       for the history of staff
///   category, family, size, image_url, name_en
/// An empty cell changes nothing. Every row is checked before the first one is sent.
///
/// A row's idempotency key follows from the content of the file and its line. So the same file can be imported again, for
/// example after an interruption: what was done is not done twice. A changed file is another file: correct the failed
/// rows in the file that `--failed` writes, and import that one. Exit status 1: a row failed.
///
/// A key belongs to its user. To continue what a person began on the operations page, put an access token of this person
/// into the variable ADMIN.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Import {
    /// The CSV file
    file: PathBuf,
    /// Only check the rows: send nothing
    #[arg(long)]
    dry_run: bool,
    /// Stop when more rows than this have failed; when more are wrong, nothing is sent
    #[arg(long, value_name = "PERCENT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(..=100))]
    max_errors: u8,
    /// Write the rows that failed to this file
    #[arg(long, value_name = "FILE")]
    failed: Option<PathBuf>,
    /// A stack on AWS, through the AWS CLI and its credentials; by default the running shop
    ///
    /// The import signs in as the stack's machine client. For a stack with an issuer of its own, the variable ADMIN has the
    /// access token.
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    pub(super) async fn run(self) -> Result<()> {
        let shown = self.file.display();
        let bytes = fs::read(of_caller(&self.file)).with_context(|| format!("cannot read {shown}"))?;
        let file = ProductFile::parse(&bytes).with_context(|| format!("{shown} is not a file of products"))?;
        let report = if self.dry_run { Report::of_dry_run(&file) } else { self.import(&file).await? };
        if self.json {
            println!("{}", serde_json::to_string(&report)?);
        } else {
            print(&report);
        }
        if let Some(failed) = &self.failed {
            fs::write(of_caller(failed), report.failed_rows(&file)?)
                .with_context(|| format!("cannot write {}", failed.display()))?;
        }
        match (report.failed.len(), report.not_sent) {
            (0, _) => Ok(()),
            (failed, 0) => bail!("{failed} of {} rows failed", file.rows.len()),
            (failed, left) => bail!("{failed} of {} rows failed: {left} others were not sent", file.rows.len()),
        }
    }

    async fn import(&self, file: &ProductFile) -> Result<Report> {
        let api = match &self.stack {
            Some(stack) => StaffApi::of_stack(stack).await?,
            None => StaffApi::of_running_shop(&StateFolder::open(Repository::find()?.state())?)?,
        };
        import::run(file, &api, FailureLimit { percent: self.max_errors }, Progress::new(false)).await
    }
}

/// A path as its caller means it: `./local/shop` has changed the working folder.
fn of_caller(path: &Path) -> PathBuf {
    env::var_os("SIJANG_CALLED_FROM").map_or_else(|| path.to_owned(), |folder| Path::new(&folder).join(path))
}

fn print(report: &Report) {
    for row in &report.failed {
        for error in &row.errors {
            println!("line {}: {error}", row.line);
        }
    }
    let Report { created, changed, unchanged, failed, not_sent, dry_run } = report;
    let would = if *dry_run { "would be " } else { "" };
    let failed = failed.len();
    println!("{would}created {created}, {would}changed {changed}, imported before {unchanged}");
    println!("failed {failed}, not sent {not_sent}");
}

//! The data platform in a bucket in memory, and SQL over its files with `DuckDB`, as `./local/shop query` runs it.

use std::{fs, path::Path};

use serde_json::Value;
use sijang_cli::query::{DuckDb, Query};
use sijang_cloud::{layout::Repository, progress::Progress, template::Template};
use sijang_domain::Day;
use sijang_platform::{Platform, PseudonymKey};
use tempfile::TempDir;

use crate::objects::{Objects, bucket_at};

/// The secret that is the key of the pseudonyms.
pub const PSEUDONYM_SECRET: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";

/// The key of the pseudonyms.
pub fn pseudonym_key() -> PseudonymKey {
    PseudonymKey::new(PSEUDONYM_SECRET).unwrap()
}

/// The data platform in the bucket at an endpoint.
pub fn platform_at(endpoint: &str) -> Platform {
    Platform::new(bucket_at(endpoint), pseudonym_key())
}

/// The files of a bucket on disk, and `DuckDB`.
pub struct Sql {
    folder: TempDir,
    duckdb: DuckDb,
}

impl Sql {
    /// Over the files that are in the bucket now.
    pub async fn over(objects: &Objects) -> Self {
        let folder = TempDir::new().unwrap();
        objects.save(folder.path());
        let duckdb = DuckDb::fetch(&Repository::find().unwrap(), Progress::new(true)).await.unwrap();
        Self { folder, duckdb }
    }

    /// The rows of a query: objects by column.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        self.duckdb.rows(self.folder.path(), &Query::new(sql)).await.unwrap()
    }

    /// The rows of a named query of the template, from one day to another.
    pub async fn named(&self, name: &str, first: Day, last: Day) -> Vec<Value> {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        let examples = Query::examples(&Template::load(&template).unwrap(), &first.to_string(), &last.to_string());
        let (_, query) = examples.into_iter().find(|(found, _)| found == name).unwrap();
        self.duckdb.rows(self.folder.path(), &query).await.unwrap()
    }

    /// Adds the rows of a query as a file.
    pub async fn add_file(&self, key: &str, sql: &str) {
        let file = self.folder.path().join(key);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        self.rows(&format!("COPY ({sql}) TO '{}' (FORMAT parquet)", file.display())).await;
    }
}

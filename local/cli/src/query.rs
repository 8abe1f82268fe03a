//! SQL over the files of the data platform, with `DuckDB`, which is fetched with pip when first wanted.

use std::{path::Path, process::Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sijang_cloud::{layout::Repository, progress::Progress, python::Environment, template::Template};
use tokio::{io::AsyncWriteExt, process::Command};

const REQUIREMENTS: &str = include_str!("../query/requirements.txt");

/// `DuckDB`.
#[derive(Debug, Clone)]
pub struct DuckDb {
    environment: Environment,
    script: std::path::PathBuf,
}

/// A query with its parameters.
#[derive(Debug, Clone)]
pub struct Query {
    /// The SQL.
    pub sql: String,
    /// A value for each `?` in it.
    pub parameters: Vec<String>,
}

impl Query {
    /// A query without parameters.
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), parameters: Vec::new() }
    }

    /// The named queries of the template, with the name of each, from one day to another.
    pub fn examples(template: &Template, first: &str, last: &str) -> Vec<(String, Self)> {
        let resources = template.document()["Resources"].as_object().into_iter().flatten();
        let queries = resources.filter(|(_, resource)| resource["Type"] == "AWS::Athena::NamedQuery");
        let example = |resource: &Value| {
            let properties = &resource["Properties"];
            let name = properties["Name"]["Fn::Sub"].as_str()?.strip_prefix("${AWS::StackName}-")?;
            let parameters = vec![first.to_owned(), last.to_owned()];
            Some((name.to_owned(), Self { sql: properties["QueryString"].as_str()?.to_owned(), parameters }))
        };
        queries.filter_map(|(_, resource)| example(resource)).collect()
    }
}

impl DuckDb {
    /// Gives the program, fetching it when it is not there yet.
    pub async fn fetch(repository: &Repository, progress: Progress) -> Result<Self> {
        let environment = Environment::fetch(repository, "query", REQUIREMENTS, "DuckDB", progress).await?;
        Ok(Self { environment, script: repository.root().join("local/cli/query/query.py") })
    }

    /// The rows of a query over the files in `folder`: objects by column.
    pub async fn rows(&self, folder: &Path, query: &Query) -> Result<Vec<Value>> {
        Ok(serde_json::from_str(&self.run(folder, query, true).await?)?)
    }

    /// The output of a query over the files in `folder`: a table, or JSON.
    pub async fn run(&self, folder: &Path, query: &Query, as_json: bool) -> Result<String> {
        let Query { sql, parameters } = query;
        let task = json!({"folder": folder, "sql": sql, "parameters": parameters, "json": as_json});
        let mut python: Command = self.environment.program("python");
        python.arg("-B").arg(&self.script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = python.kill_on_drop(true).spawn().context("DuckDB does not start")?;
        let mut input = child.stdin.take().context("no standard input")?;
        input.write_all(task.to_string().as_bytes()).await?;
        drop(input);
        let output = child.wait_with_output().await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim_end());
        Ok(String::from_utf8(output.stdout)?)
    }
}

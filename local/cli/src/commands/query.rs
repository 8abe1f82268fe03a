//! `./local/shop query`

use anyhow::Result;
use clap::Args;
use jiff::{Timestamp, ToSpan};
use sijang_cli::{
    query::{self, DuckDb},
    running::Running,
};
use sijang_cloud::{
    layout::{Repository, StateFolder},
    ministack,
    progress::Progress,
    seoul,
    template::Template,
};

/// Runs SQL over the data platform's files of the running shop, with DuckDB. Its tables: orders, order_lines,
/// product_days, each with a column `day`.
///
/// On AWS, Athena has the same tables, and the examples as named queries.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Query {
    /// The query: "SELECT day, sum(paid_price) FROM orders GROUP BY day"
    #[arg(required_unless_present = "examples", conflicts_with = "examples")]
    sql: Option<String>,
    /// Run the named queries of template.yaml, over the last 30 days
    #[arg(long)]
    examples: bool,
    /// Print rows as JSON
    #[arg(long)]
    json: bool,
}

impl Query {
    pub(super) async fn run(self) -> Result<()> {
        let repository = Repository::find()?;
        let state = StateFolder::open(repository.state())?;
        let running = Running::read(&state)?;
        let folder = ministack::bucket_folder(&state.ministack(), &format!("{}-platform", running.stack_name));
        let duckdb = DuckDb::fetch(&repository, Progress::new(false)).await?;
        let queries = if let Some(sql) = self.sql {
            vec![(None, query::Query::new(sql))]
        } else {
            let today = seoul::day(Timestamp::now());
            let (first, last) = (today.checked_sub(30.days())?.to_string(), today.to_string());
            let examples = query::Query::examples(&Template::load(&repository.template())?, &first, &last);
            examples.into_iter().map(|(name, query)| (Some(name), query)).collect()
        };
        for (name, query) in queries {
            if let Some(name) = name.filter(|_| !self.json) {
                println!("{name}, {}", query.parameters.join(" to "));
                println!("{}", query.sql);
            }
            print!("{}", duckdb.run(&folder, &query, self.json).await?);
        }
        Ok(())
    }
}

//! The report: tables on the terminal, and, of a run that is complete, a page in `local/lab/baselines`.

use std::{fmt::Write, fs, path::PathBuf};

use crate::{candidate::Candidates, chart};

const COMPARISON: &str = "\
# How it compares

Written by `./local/shop bench`, which measures all of this anew. How else the functions could be compiled is measured by
`./local/shop bench profiles`.

![The same, drawn](results.svg)
";

const PROFILES: &str = "\
# How it is compiled

Written by `./local/shop bench profiles`, which measures all of this anew. Why the profile is as it is stands in `Cargo.toml`.
";

/// A table, as Markdown has it.
pub struct Table {
    title: &'static str,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
}

impl Table {
    pub fn new(title: &'static str, head: &[&str]) -> Self {
        Self { title, rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()], notes: Vec::new() }
    }

    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        assert_eq!(N, self.rows[0].len(), "{}", self.title);
        self.rows.push(cells.into());
    }

    /// Under what conditions this was measured.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    fn markdown(&self) -> String {
        let mut text = format!("\n## {}\n\n", self.title);
        for (number, row) in self.rows.iter().enumerate() {
            let _ = writeln!(text, "| {} |", row.join(" | "));
            if number == 0 {
                let _ = writeln!(text, "{}|", "|---".repeat(row.len()));
            }
        }
        text.push('\n');
        for note in &self.notes {
            let _ = writeln!(text, "- {note}");
        }
        text
    }
}

/// Bars that are compared with each other.
pub struct Bars {
    pub title: String,
    pub bars: Vec<(String, f64)>,
}

/// Everything that was measured.
pub struct Report {
    head: String,
    tables: Vec<Table>,
    charts: Vec<Bars>,
    folder: PathBuf,
}

impl Report {
    pub fn begin(candidates: &Candidates) -> Self {
        let mut head = String::new();
        for line in std::iter::once(machine()).chain(candidates.versions.iter().cloned()) {
            let _ = writeln!(head, "- {line}");
        }
        for line in &candidates.absent {
            let _ = writeln!(head, "- SKIPPED: {line}");
        }
        let folder = candidates.repository.root().join("local/lab");
        Self { head, tables: Vec::new(), charts: Vec::new(), folder }
    }

    pub fn add(&mut self, table: Table) {
        println!("{}", table.markdown());
        self.tables.push(table);
    }

    pub fn bar(&mut self, title: &str, name: &str, value: f64) {
        let bar = (name.to_owned(), value);
        match self.charts.iter_mut().find(|chart| chart.title == title) {
            Some(chart) => chart.bars.push(bar),
            None => self.charts.push(Bars { title: title.to_owned(), bars: vec![bar] }),
        }
    }

    pub fn text(&self) -> String {
        self.tables.iter().fold(self.head.clone(), |text, table| text + &table.markdown())
    }

    /// Keeps the comparison with others, and its picture: of one run, so that all of it can be compared.
    pub fn keep_comparison(&self) {
        self.keep("RESULTS.md", COMPARISON);
        fs::write(self.folder.join("results.svg"), chart::svg(&self.charts)).unwrap();
    }

    /// Keeps the comparison of the ways to compile.
    pub fn keep_profiles(&self) {
        self.keep("PROFILES.md", PROFILES);
    }

    fn keep(&self, name: &str, opening: &str) {
        fs::write(self.folder.join(name), format!("{opening}\n{}", self.text())).unwrap();
        println!("kept in local/lab/{name}");
    }
}

/// Today, and what this is measured on.
fn machine() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("?");
    let name = name.trim_start_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let today = jiff::Timestamp::now().to_string();
    format!("{}, {cores} cores of {name}, Linux on {}", &today[..10], std::env::consts::ARCH)
}

/// How many times as much.
pub fn ratio(value: f64, base: f64) -> String {
    format!("{:.2} x", value / base)
}

/// A whole number with its thousands apart.
pub fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{sign}{text}")
}

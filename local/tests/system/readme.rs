//! The README's tour is real: its commands are run in order, and give the output that it shows.
//!
//! Every block tagged `console` in the section "Tour" holds lines `$ <command>`, continued by a trailing backslash, each
//! followed by its output. With `SIJANG_README=write` the real output is written into the README instead of compared.

use std::{fmt::Write as _, path::Path, process::Stdio, sync::Arc, sync::LazyLock};

use libtest_mimic::{Completion, Trial};
use regex_lite::Regex;
use sijang_cli::seed;
use sijang_cloud::layout::Repository;
use sijang_cloud::stack::StackOptions;
use sijang_testkit::http::Shop;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};
use ulid::Ulid;

use crate::{
    stored::Stored,
    world::{World, own_trial},
};

/// The address in the README.
const DOCUMENTED: &str = "http://127.0.0.1:4566";

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![own_trial(world, "readme::the_tour_gives_what_it_shows", tour)]
}

/// A command, and the output shown below it.
#[derive(Debug, PartialEq, Eq)]
struct Step {
    command: String,
    output: String,
}

/// The README in pieces: text as it is, and the blocks of the tour.
enum Piece {
    Text(String),
    Block(Vec<Step>),
}

async fn tour(world: Arc<World>) -> Completion {
    let root = Repository::find().unwrap().root().to_owned();
    let file = root.join("README.md");
    let Ok(readme) = std::fs::read_to_string(&file) else {
        return Completion::ignored_with("there is no README.md yet");
    };
    let mut pieces = pieces(&readme);
    let documented: Vec<&Step> = steps(&pieces).collect();
    assert!(!documented.is_empty(), "README.md has no console block in a section Tour");

    let state = world.state_folder();
    let shop = world.start(StackOptions::isolated(&state)).await.unwrap();
    seed::seed(shop.local()).await.unwrap();
    let url = shop.local().api_url().to_owned();
    let commands: Vec<String> = documented.iter().map(|step| step.command.replace(DOCUMENTED, &url)).collect();
    let outputs = run(&shop, &root, &state, &commands).await;
    shop.close().await;
    let outputs: Vec<String> = outputs.into_iter().map(|output| output.replace(&url, DOCUMENTED)).collect();

    if std::env::var_os("SIJANG_README").is_some_and(|mode| mode == "write") {
        let mut outputs = outputs.into_iter();
        for step in pieces.iter_mut().filter_map(Piece::steps_mut).flatten() {
            step.output = outputs.next().unwrap();
        }
        std::fs::write(&file, render(&pieces)).unwrap();
        return Completion::Completed;
    }
    for (step, real) in documented.iter().zip(&outputs) {
        assert_eq!(
            masked(real),
            masked(&step.output),
            "\n$ {}\ngives\n{real}\nand README.md shows\n{}",
            step.command,
            step.output
        );
    }
    Completion::Completed
}

impl Piece {
    fn steps_mut(&mut self) -> Option<&mut Vec<Step>> {
        match self {
            Self::Text(_) => None,
            Self::Block(steps) => Some(steps),
        }
    }
}

fn steps(pieces: &[Piece]) -> impl Iterator<Item = &Step> {
    pieces.iter().flat_map(|piece| match piece {
        Piece::Text(_) => &[][..],
        Piece::Block(steps) => steps,
    })
}

fn pieces(readme: &str) -> Vec<Piece> {
    let (mut pieces, mut text, mut block) = (Vec::new(), String::new(), None::<String>);
    let (mut in_tour, mut in_other_block) = (false, false);
    for line in readme.split_inclusive('\n') {
        let bare = line.trim_end();
        if let Some(lines) = &mut block {
            if bare == "```" {
                pieces.push(Piece::Block(parse(lines)));
                block = None;
                text.push_str(line);
            } else {
                lines.push_str(line);
            }
            continue;
        }
        if bare.starts_with("```") {
            if in_tour && !in_other_block && bare == "```console" {
                text.push_str(line);
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                block = Some(String::new());
                continue;
            }
            in_other_block = !in_other_block;
        } else if !in_other_block && (bare.starts_with("# ") || bare.starts_with("## ")) {
            in_tour = bare == "## Tour";
        }
        text.push_str(line);
    }
    assert!(block.is_none(), "README.md ends inside a block");
    pieces.push(Piece::Text(text));
    pieces
}

fn parse(block: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut continued = false;
    for line in block.lines() {
        if continued {
            let command = &mut steps.last_mut().unwrap().command;
            command.push('\n');
            command.push_str(line);
        } else if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), output: String::new() });
        } else {
            let step = steps.last_mut().expect("a console block begins with a command");
            step.output.push_str(line);
            step.output.push('\n');
            continue;
        }
        continued = line.ends_with('\\');
    }
    steps
}

fn render(pieces: &[Piece]) -> String {
    let mut readme = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) => readme.push_str(text),
            Piece::Block(steps) => {
                for Step { command, output } in steps {
                    write!(readme, "$ {command}\n{output}").unwrap();
                }
            }
        }
    }
    readme
}

/// Runs the commands in one shell at the root of the repository, so that variables last; the output of each, ended by a
/// line break if there is any.
async fn run(shop: &Shop, root: &Path, state: &Path, commands: &[String]) -> Vec<String> {
    let mut shell = Command::new("bash")
        .args(["--noprofile", "--norc", "-s"])
        .current_dir(root)
        .env("SIJANG_STATE", state)
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut stdin, stdout) = (shell.stdin.take().unwrap(), shell.stdout.take().unwrap());
    let (mut stdout, mut outputs) = (BufReader::new(stdout), Vec::new());
    for command in commands {
        if command.contains("./local/shop schedule") {
            // A person is slower than the event pipeline; this shell may not be.
            Stored::once_counted(shop).await;
        }
        let mark = format!("\n--- {} ---\n", Ulid::generate());
        stdin.write_all(format!("{command}\nprintf '{}'\n", mark.replace('\n', "\\n")).as_bytes()).await.unwrap();
        let mut output = String::new();
        while !output.ends_with(&mark) {
            let read = stdout.read_line(&mut output).await.unwrap();
            assert!(read > 0, "the shell ended in $ {command}\n{output}");
        }
        output.truncate(output.len() - mark.len());
        // Headers of HTTP end with both; the README's lines do not.
        let mut output = output.replace('\r', "");
        if !output.is_empty() && !output.ends_with('\n') {
            output.push('\n');
        }
        outputs.push(output);
    }
    outputs
}

/// The text without what differs from run to run.
fn masked(text: &str) -> String {
    static MASKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        [
            (r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b", "<ulid>"),
            (r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", "<time>"),
            (r"\b\d{4}-\d\d-\d\d\b", "<date>"),
            (r"\bey[\w-]+\.[\w-]+\.[\w-]+", "<token>"),
            (r#""request_id": ?"[^"]*""#, r#""request_id":"<id>""#),
            (r#""next_cursor": ?"[^"]*""#, r#""next_cursor":"<cursor>""#),
            // How much the consumer leaves for the aggregator is a matter of timing.
            (r#""drained": ?\d+"#, r#""drained":<n>"#),
            (r"(?i)^(date|apigw-requestid|x-amzn-requestid): .*$", "$1: <it>"),
        ]
        .map(|(pattern, mask)| (Regex::new(&format!("(?m){pattern}")).unwrap(), mask))
        .into()
    });
    MASKS
        .iter()
        .fold(text.trim_end().to_owned(), |text, (pattern, mask)| pattern.replace_all(&text, *mask).into_owned())
}

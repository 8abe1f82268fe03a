//! The tour of README.md and the longer one of functions/README.md are run in order, in one shell, and give the output
//! that the pages show.
//!
//! Every block tagged `console` in the section "Tour" or "A longer tour" holds lines `$ <command>`, continued by a
//! trailing backslash, each followed by its output. A block tagged `json` after it holds the output of its last command,
//! indented. With `UPDATE_EXPECT=1` the real outputs are written into the pages instead of compared.

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
    world::{World, named},
};

/// The address in the README.
const DOCUMENTED: &str = "http://127.0.0.1:4566";

pub fn trials(world: &Arc<World>) -> Vec<Trial> {
    vec![named!(own_trial, world, the_tour_gives_what_it_shows)]
}

/// The pages with a tour, in the order in which they are run.
const PAGES: [&str; 2] = ["README.md", "functions/README.md"];

/// A command, and the output shown below it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    command: String,
    output: String,
}

/// A page in pieces: text as it is, and the blocks of the tour.
enum Piece {
    Text(String),
    Block(Vec<Step>),
    /// The output of the last command of the block before, indented.
    Json(String),
}

async fn the_tour_gives_what_it_shows(world: Arc<World>) -> Completion {
    let root = Repository::find().unwrap().root().to_owned();
    let mut pages = PAGES.map(|name| pieces(name, &std::fs::read_to_string(root.join(name)).unwrap()));
    let documented: Vec<Step> = pages.iter().flat_map(|pieces| steps(pieces)).collect();
    for (name, pieces) in PAGES.iter().zip(&pages) {
        assert!(!steps(pieces).is_empty(), "{name} has no console block in a tour");
    }

    let state = world.state_folder();
    let shop = world.start(StackOptions::isolated(&state)).await.unwrap();
    seed::seed(shop.local()).await.unwrap();
    let url = shop.local().api_url().to_owned();
    let commands: Vec<String> = documented.iter().map(|step| step.command.replace(DOCUMENTED, &url)).collect();
    let outputs = run(&shop, &root, &state, &commands).await;
    shop.close().await;
    let outputs: Vec<String> = outputs.into_iter().map(|output| output.replace(&url, DOCUMENTED)).collect();

    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let mut outputs = outputs.into_iter();
        for (name, pieces) in PAGES.iter().zip(&mut pages) {
            show(pieces, &mut outputs);
            std::fs::write(root.join(name), render(pieces)).unwrap();
        }
        return Completion::Completed;
    }
    for (step, real) in documented.iter().zip(&outputs) {
        assert_eq!(
            masked(&spaced(real, None)),
            masked(&spaced(&step.output, None)),
            "\n$ {}\ngives\n{real}\nand the page shows\n{}",
            step.command,
            step.output
        );
    }
    Completion::Completed
}

/// The commands of a page, each with the output that the page shows.
fn steps(pieces: &[Piece]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Block(block) => steps.extend(block.iter().cloned()),
            Piece::Json(json) => steps.last_mut().expect("a command before its output").output.clone_from(json),
        }
    }
    steps
}

/// Replaces the outputs that a page shows.
fn show(pieces: &mut [Piece], outputs: &mut impl Iterator<Item = String>) {
    let mut below = String::new();
    let has_json: Vec<bool> = (1..=pieces.len()).map(|next| json_follows(&pieces[next..])).collect();
    for (piece, has_json) in pieces.iter_mut().zip(has_json) {
        match piece {
            Piece::Text(_) => {}
            Piece::Block(steps) => {
                for step in steps.iter_mut() {
                    step.output = outputs.next().unwrap();
                }
                if has_json {
                    below = std::mem::take(&mut steps.last_mut().unwrap().output);
                }
            }
            Piece::Json(json) => *json = spaced(below.trim_end(), Some(2)) + "\n",
        }
    }
}

fn json_follows(pieces: &[Piece]) -> bool {
    let next = pieces.iter().find(|piece| !matches!(piece, Piece::Text(_)));
    matches!(next, Some(Piece::Json(_)))
}

/// JSON with its white space replaced: by none, or by a line for each member, indented by so many spaces. What holds no
/// other object or list then stays on one line. Text that does not begin as JSON stays as it is.
fn spaced(json: &str, indent: Option<usize>) -> String {
    if !json.starts_with(['{', '[']) {
        return json.to_owned();
    }
    let (mut spaced, mut flat, mut in_string, mut escaped) = (String::new(), Vec::new(), false, false);
    for (at, character) in json.char_indices() {
        if in_string {
            spaced.push(character);
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            ' ' | '\n' => continue,
            '}' | ']' if flat.pop() == Some(false) => break_line(&mut spaced, indent, flat.len()),
            '"' => in_string = true,
            _ => {}
        }
        spaced.push(character);
        match character {
            '{' | '[' => {
                flat.push(holds_no_other(&json[at + 1..]));
                if flat.last() == Some(&false) {
                    break_line(&mut spaced, indent, flat.len());
                }
            }
            ',' if flat.last() == Some(&false) => break_line(&mut spaced, indent, flat.len()),
            ',' | ':' if indent.is_some() => spaced.push(' '),
            _ => {}
        }
    }
    spaced
}

fn break_line(spaced: &mut String, indent: Option<usize>, depth: usize) {
    if let Some(indent) = indent {
        spaced.push('\n');
        spaced.extend(std::iter::repeat_n(' ', depth * indent));
    }
}

/// Whether the object or list that has just begun ends before another one begins.
fn holds_no_other(json: &str) -> bool {
    let (mut in_string, mut escaped) = (false, false);
    let next = json.chars().find(|&character| {
        let is_bracket = !in_string && matches!(character, '{' | '[' | '}' | ']');
        in_string = if character == '"' && !escaped { !in_string } else { in_string };
        escaped = in_string && !escaped && character == '\\';
        is_bracket
    });
    matches!(next, Some('}' | ']'))
}

fn pieces(name: &str, page: &str) -> Vec<Piece> {
    let (mut pieces, mut text, mut block) = (Vec::new(), String::new(), None::<(bool, String)>);
    let (mut in_tour, mut in_other_block) = (false, false);
    for line in page.split_inclusive('\n') {
        let bare = line.trim_end();
        if let Some((is_json, lines)) = &mut block {
            if bare == "```" {
                pieces.push(if *is_json { Piece::Json(lines.clone()) } else { Piece::Block(parse(lines)) });
                block = None;
                text.push_str(line);
            } else {
                lines.push_str(line);
            }
            continue;
        }
        if bare.starts_with("```") {
            if in_tour && !in_other_block && ["```console", "```json"].contains(&bare) {
                text.push_str(line);
                pieces.push(Piece::Text(std::mem::take(&mut text)));
                block = Some((bare == "```json", String::new()));
                continue;
            }
            in_other_block = !in_other_block;
        } else if !in_other_block && (bare.starts_with("# ") || bare.starts_with("## ")) {
            in_tour = ["## Tour", "## A longer tour"].contains(&bare);
        }
        text.push_str(line);
    }
    assert!(block.is_none(), "{name} ends inside a block");
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
    let mut page = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(text) | Piece::Json(text) => page.push_str(text),
            Piece::Block(steps) => {
                for Step { command, output } in steps {
                    write!(page, "$ {command}\n{output}").unwrap();
                }
            }
        }
    }
    page
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
        // Headers of HTTP end with both; the lines of the pages do not.
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

//! Puts MiniStack's stored state right before it is read again.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

/// The port of the `MiniStack` that wrote the state in `folder`, if there is any.
pub(super) fn port(folder: &Path) -> Option<u16> {
    let queues = fs::read_to_string(folder.join("sqs.json")).ok()?;
    let (_, rest) = queues.split_once("127.0.0.1:")?;
    rest.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

/// Edits the state in `folder`, if there is any, for a `MiniStack` on port `new`.
pub(super) fn tidy(folder: &Path, new: u16) -> Result<()> {
    if let Some(old) = port(folder).filter(|old| *old != new) {
        move_port(folder, old, new)?;
    }
    // MiniStack stores how many stream records each event source mapping has read, but not the records: after a restart
    // it would skip as many new ones. Without the count it starts with the first new one.
    edit(&folder.join("lambda.json"), |state| {
        state["dynamodb_stream_positions"] = Map::new().into();
    })?;
    // It stores a log stream for every invocation (the functions' own output goes to our log files).
    edit(&folder.join("cloudwatch_logs.json"), |state| {
        let groups = state["log_groups"]["data"].as_object_mut().into_iter().flatten();
        groups.for_each(|(_, group)| group["streams"] = Map::new().into());
    })
}

/// `MiniStack` knows its queues by their URLs, port and all: on another port, nothing would be read from them any more.
fn move_port(folder: &Path, old: u16, new: u16) -> Result<()> {
    let Ok(files) = fs::read_dir(folder) else { return Ok(()) };
    for file in files {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            let moved = text.replace(&format!("127.0.0.1:{old}"), &format!("127.0.0.1:{new}"));
            fs::write(&file, moved).with_context(|| format!("writing {}", file.display()))?;
        }
    }
    Ok(())
}

fn edit(file: &Path, change: impl FnOnce(&mut Value)) -> Result<()> {
    let Ok(text) = fs::read(file) else { return Ok(()) };
    let mut document: Value = serde_json::from_slice(&text).with_context(|| format!("reading {}", file.display()))?;
    if document["payload"].is_object() {
        change(&mut document["payload"]);
        fs::write(file, serde_json::to_vec(&document)?).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

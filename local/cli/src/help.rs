//! The help pages in `local/cli/help`: `./local/shop` prints them without a build. This test compares them with the commands;
//! `UPDATE_EXPECT=1 cargo test -p sijang-cli help` writes them.

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        env, fs,
        path::Path,
    };

    use clap::CommandFactory;

    use crate::Arguments;

    /// The page of the command line, `shop`, and of each command, by name.
    fn pages() -> BTreeMap<String, String> {
        let mut shop = Arguments::command();
        shop.build();
        let text = |command: &mut clap::Command| {
            let help = command.render_long_help().to_string();
            help.lines().flat_map(|line| [line.trim_end(), "\n"]).collect::<String>()
        };
        let mut pages = BTreeMap::from([("shop".to_owned(), text(&mut shop))]);
        pages.extend(shop.get_subcommands_mut().map(|command| (command.get_name().to_owned(), text(command))));
        pages
    }

    #[test]
    fn readme_lists_every_command() {
        let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
        let rows = readme.split("## Commands").nth(1).unwrap().split("## Map").next().unwrap().lines();
        let commands = rows.filter_map(|row| row.strip_prefix("| `")?.split(['`', ' ']).next());
        let expected: BTreeSet<String> = pages().into_keys().filter(|name| name != "shop").collect();
        assert_eq!(commands.map(str::to_owned).collect::<BTreeSet<_>>(), expected);
    }

    #[test]
    fn help_pages_are_those_of_the_commands() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("help");
        if env::var_os("UPDATE_EXPECT").is_some() {
            for (name, page) in pages() {
                fs::write(folder.join(format!("{name}.txt")), page).unwrap();
            }
        }
        for (name, page) in pages() {
            let written = fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap_or_default();
            assert_eq!(written, page, "help/{name}.txt; UPDATE_EXPECT=1 writes it");
        }
        let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let expected: BTreeSet<String> = pages().into_keys().map(|name| format!("{name}.txt")).collect();
        assert_eq!(files.collect::<BTreeSet<_>>(), expected);
    }
}

//! The tables of the pages against their sources: routes and parameters against the template, problems against the
//! catalogue.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use sijang_cloud::template::Template;
use sijang_edge::CATALOGUE;

use crate::root;

/// The rows of the table in a section of a page, cell by cell.
fn table(page: &str, section: &str) -> BTreeSet<Vec<String>> {
    let page = fs::read_to_string(root().join(page)).unwrap();
    let (_, rest) = page.split_once(&format!("\n## {section}\n")).expect("the section");
    let section = rest.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.map(cells).collect()
}

/// The file of a function, as functions/README.md links to it.
fn file_of(function: &str) -> String {
    let name = format!("{}.rs", function.replace('-', "_"));
    let mut folders = fs::read_dir(root().join("functions/src")).unwrap().map(|entry| entry.unwrap().path());
    let area = folders.find(|folder| folder.join(&name).is_file()).expect("the function's file");
    format!("src/{}/{name}", area.file_name().unwrap().to_str().unwrap())
}

#[test]
fn the_table_of_routes_is_that_of_the_template() {
    let template = Template::load(&root().join("template.yaml")).unwrap();
    let mut routes = BTreeSet::new();
    for function in template.functions() {
        for route in &function.routes {
            let token = route.scopes.iter().flatten().map(|scope| scope.trim_start_matches("shop/"));
            let link = format!("[{}]({})", function.name, file_of(&function.name));
            let path = format!("`{} {}`", route.method, route.path);
            routes.insert(vec![path, link, token.collect::<String>()]);
        }
    }
    assert_eq!(table("functions/README.md", "Routes"), routes);
}

/// get-health calls no table.
#[test]
fn the_table_of_costs_has_a_row_for_every_route_that_calls_a_table() {
    let page = fs::read_to_string(root().join("local/lab/BUDGET.md")).unwrap();
    let measured: BTreeSet<&str> = page.lines().filter_map(|row| row.strip_prefix("| ")?.split(' ').next()).collect();
    let template = Template::load(&root().join("template.yaml")).unwrap();
    let routes = template.functions().iter().filter(|function| !function.routes.is_empty());
    let costly = routes.filter(|function| !function.permissions.is_empty()).map(|function| function.name.as_str());
    assert_eq!(costly.filter(|name| !measured.contains(name)).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_table_of_problems_is_the_catalogue() {
    let row = |kind: &sijang_edge::ProblemType| {
        vec![kind.status.to_string(), format!("`{}`", kind.code), kind.title_in_english().to_owned()]
    };
    assert_eq!(table("functions/README.md", "Problems"), CATALOGUE.iter().map(row).collect());
}

#[test]
fn the_table_of_parameters_has_every_parameter_of_the_template() {
    let template = Template::load(&root().join("template.yaml")).unwrap();
    let parameters = template.document()["Parameters"].as_object().unwrap().keys().cloned().collect();
    let rows = table("local/ops/README.md", "Parameters");
    let names = rows.iter().flat_map(|row| row[0].split(',')).map(|name| name.trim().trim_matches('`').to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), parameters);
}

#[test]
fn every_alarm_has_its_runbook_and_every_runbook_stands_in_the_index() {
    let folder = root().join("local/ops/runbooks");
    let names = fs::read_dir(&folder).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().to_str()?.strip_suffix(".md")?.to_owned();
        (name != "README").then_some(name)
    });
    let runbooks: BTreeSet<String> = names.collect();
    let index = fs::read_to_string(folder.join("README.md")).unwrap();
    let linked = |name: &str| index.contains(&format!("[{name}]({name}.md)"));
    assert!(runbooks.iter().all(|name| linked(name)), "{runbooks:?}");
    let template = Template::load(&root().join("template.yaml")).unwrap();
    let resources = template.document()["Resources"].as_object().unwrap().values();
    let alarms: Vec<_> = resources.filter(|resource| resource["Type"] == "AWS::CloudWatch::Alarm").collect();
    assert!(!alarms.is_empty());
    for alarm in alarms {
        let said = alarm["Properties"]["AlarmDescription"].as_str().unwrap();
        let runbook = said.rsplit_once("local/ops/runbooks/").and_then(|(_, file)| file.strip_suffix(".md"));
        assert!(runbook.is_some_and(|runbook| runbooks.contains(runbook)), "{said}");
    }
}

/// Every page below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut pages) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

#[test]
fn every_link_of_a_page_leads_to_a_file() {
    let below = ["functions", "shared", "local", ".github"].map(|folder| pages(&root().join(folder)));
    let pages: Vec<PathBuf> = below.into_iter().flatten().chain([root().join("README.md")]).collect();
    let mut checked = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for target in targets.filter(|target| !target.is_empty() && !target.starts_with("http")) {
            assert!(page.parent().unwrap().join(target).exists(), "{}: {target}", page.display());
            checked += 1;
        }
    }
    assert!(checked > 200, "only {checked} links were found");
}

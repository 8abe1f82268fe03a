//! Everything that is stored at one instant between commands, to compare and to check.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use sijang_cloud::template::Table;
use sijang_storage::Item;

use crate::engine::{Database, TABLES};

/// All items of all tables, by table (named as in the template) and key.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot(BTreeMap<&'static str, BTreeMap<String, Item>>);

impl Snapshot {
    /// The stored items.
    pub async fn of(database: &Database) -> Self {
        Self::read(&database.client, |table| database.name_of(table)).await
    }

    /// The stored items of a deployed stack; `name_of` gives a table's physical name.
    pub async fn read(client: &Client, name_of: impl Fn(&str) -> String) -> Self {
        let mut all = BTreeMap::new();
        for table in TABLES.iter() {
            let scan = client.scan().table_name(name_of(&table.name)).consistent_read(true);
            let items = scan.into_paginator().items().send().collect::<Result<Vec<Item>, _>>().await.unwrap();
            let items = items.into_iter().map(|item| (key_of(table, &item), item));
            all.insert(table.name.as_str(), items.collect());
        }
        Self(all)
    }

    /// Of these items, by the name of their table: for an engine that answers no scan.
    pub fn of_items<'a>(tables: impl IntoIterator<Item = (&'a str, Vec<Item>)>) -> Self {
        let tables: BTreeMap<_, _> = tables.into_iter().collect();
        let keyed = |table: &'static Table| {
            let items = tables[table.name.as_str()].iter().map(|item| (key_of(table, item), item.clone()));
            (table.name.as_str(), items.collect())
        };
        Self(TABLES.iter().map(keyed).collect())
    }

    /// The items of a table.
    pub fn items(&self, table: &str) -> impl Iterator<Item = &Item> {
        self.0[table].values()
    }

    /// The items of a table, to change it.
    pub fn items_mut(&mut self, table: &str) -> &mut BTreeMap<String, Item> {
        self.0.get_mut(table).unwrap()
    }

    /// The changes since `before`, an item a line: added (`+`), removed (`-`) or changed (`~`), its table and its key.
    pub fn changes_since(&self, before: &Self) -> Vec<(char, &'static str, String)> {
        let mut changes = Vec::new();
        for (table, now) in &self.0 {
            let then = &before.0[table];
            for key in now.keys().chain(then.keys()).collect::<BTreeSet<_>>() {
                let change = match (then.get(key), now.get(key)) {
                    (None, _) => '+',
                    (_, None) => '-',
                    (then, now) if then != now => '~',
                    _ => continue,
                };
                changes.push((change, *table, key.clone()));
            }
        }
        changes
    }

    /// Like [`Snapshot::changes_since`], without the rejections that commands have stored under their keys.
    pub fn changes_beside_rejections(&self, before: &Self) -> Vec<(char, &'static str, String)> {
        let is_rejection = |key: &str| {
            let item = self.0["events"].get(key);
            item.is_some_and(|item| item["type"].as_s().unwrap().ends_with(".rejected"))
        };
        let changes = self.changes_since(before).into_iter();
        changes.filter(|(change, table, key)| !(*change == '+' && *table == "events" && is_rejection(key))).collect()
    }

    /// The same without the keys: `+ events`, `~ balances`, ..., sorted.
    pub fn effects_since(&self, before: &Self) -> Vec<String> {
        let changes = self.changes_since(before);
        let mut effects: Vec<_> = changes.into_iter().map(|(change, table, _)| format!("{change} {table}")).collect();
        effects.sort();
        effects
    }
}

fn key_of(table: &Table, item: &Item) -> String {
    let attributes = std::iter::once(&table.key.hash).chain(&table.key.range);
    attributes.map(|name| item[name].as_s().unwrap().as_str()).collect::<Vec<_>>().join(" / ")
}

//! The reconciliation of the files with the manifest of their day, and of the manifest with the statistics.

use std::collections::{BTreeMap, BTreeSet};

use sijang_domain::{Day, Error, Finding, Rule, Subject};
use sijang_storage::Store;

use crate::{Manifest, Platform, Table, export::is_behind};

impl Platform {
    /// The findings about the files of a day. Every file is read.
    pub async fn findings(&self, store: &Store, day: Day) -> Result<BTreeSet<Finding>, Error> {
        let mut findings = BTreeSet::new();
        let of_file = |rule, key| Finding { rule, subject: Subject::File(key) };
        let json = self.bucket.get(&Manifest::key(day)).await?;
        let manifest = json.as_deref().and_then(|json| Manifest::read(day, json));
        if json.is_some() && manifest.is_none() {
            findings.insert(of_file(Rule::FileDiffers, Manifest::key(day)));
        }
        if is_behind(store, day, manifest.as_ref()).await? {
            findings.insert(Finding { rule: Rule::ExportBehind, subject: Subject::Day(day) });
        }
        let Some(manifest) = manifest else { return Ok(findings) };
        let digests: BTreeMap<_, _> = manifest.files.into_iter().map(|file| (file.key, file.sha256)).collect();
        for (_, key) in Table::files(day) {
            let rule = match self.bucket.sha256(&key).await? {
                None => Rule::FileMissing,
                Some(found) if digests.get(&key) != Some(&found) => Rule::FileDiffers,
                Some(_) => continue,
            };
            findings.insert(of_file(rule, key));
        }
        Ok(findings)
    }
}

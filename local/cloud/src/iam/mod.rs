//! The roles of the template at work on one machine. The local cloud checks no permissions: a function whose role lacks
//! one would run here and fail on AWS. So a enforcer stands before it, which knows each function by its credentials,
//! rejects what the function's role does not allow, and records what was used.
//!
//! ```text
//! function (its own access key) -> SDK -> Enforcer -> tables and queues
//!                                          |  Access: action, resource, enclosing operation
//!                                          Roles (from template.yaml)
//! ```

mod access;
mod enforcer;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Result;

pub use self::{access::Access, enforcer::Enforcer};
use crate::{
    ministack::ACCOUNT,
    template::{Statement, Template},
};

/// The roles of the functions, their calls and their rejected calls. Clones share one state.
#[derive(Debug, Clone)]
pub struct Roles(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The statements of each function's role, by the function's name.
    statements: BTreeMap<String, Vec<Statement>>,
    /// Logical ids of tables, queues and buckets by their physical names.
    stores: BTreeMap<String, String>,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    used: BTreeSet<(String, Access)>,
    rejected: BTreeSet<(String, Access)>,
}

impl Roles {
    /// The roles of a template whose stack has this name.
    pub fn of(template: &Template, stack: &str) -> Result<Self> {
        let physical = |name: String| format!("{stack}-{name}").replace("${AWS::AccountId}", ACCOUNT);
        let stores = template.stores()?.into_iter().chain(template.buckets()?);
        let stores = stores.map(|(name, id)| (physical(name), id)).collect();
        let statements =
            template.functions().iter().map(|function| (function.name.clone(), function.permissions.clone()));
        Ok(Self(Arc::new(Shared { statements: statements.collect(), stores, log: Mutex::default() })))
    }

    /// The allowed calls so far: function and access, each once.
    pub fn used(&self) -> BTreeSet<(String, Access)> {
        self.log().used.clone()
    }

    /// The rejected calls so far: function and access, each once.
    pub fn rejected(&self) -> BTreeSet<(String, Access)> {
        self.log().rejected.clone()
    }

    /// Whether a function may do all of this; otherwise the first thing that it may not.
    fn check(&self, function: &str, accesses: Vec<Access>) -> Result<(), Access> {
        let statements = self.0.statements.get(function).map_or(&[][..], Vec::as_slice);
        let denied = accesses.iter().find(|access| !statements.iter().any(|statement| access.is_allowed_by(statement)));
        if let Some(denied) = denied {
            self.log().rejected.insert((function.to_owned(), denied.clone()));
            return Err(denied.clone());
        }
        // Which items they were does not matter afterwards.
        let used = accesses.into_iter().map(|access| (function.to_owned(), Access { key: None, ..access }));
        self.log().used.extend(used);
        Ok(())
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

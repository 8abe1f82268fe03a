//! The storefront: the files of `local/portal/web` as they lie there, under the policies that a CDN must send with them.
//!
//! Each file is a route of its own, so that no path of a request ever reaches the file system. It is read when it is
//! asked for: a saved change is seen at the next reload.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use sijang_cloud::{digest::sha256, layout::Repository, ministack::user_pool::UserPool};

use crate::{
    security_headers::SITE,
    sign_in::{AUTHORIZE_PATH, TOKEN_PATH},
};

/// What belongs to the application; anything else in the folder is about it.
const TYPES: [(&str, &str); 6] = [
    ("html", "text/html; charset=utf-8"),
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
];

/// The routes of the application; its configuration names the pools.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(customers: &UserPool, staff: &UserPool) -> Result<Router<S>> {
    let folder = Repository::find()?.root().join("local/portal/web");
    let mut files = Vec::new();
    collect(&folder, "", &mut files).with_context(|| format!("reading {}", folder.display()))?;
    let configuration = configuration(customers, staff);
    let router = Router::new().route("/config.json", get(async move || Json(configuration)));
    Ok(files.into_iter().fold(router, |router, (path, file, content_type)| {
        let serve = get(async move |headers: HeaderMap| serve(&file, content_type, &headers));
        match path.strip_suffix("index.html") {
            Some(folder) => router.route(folder, serve),
            None => router.route(&path, serve),
        }
    }))
}

/// The configuration of the application. Beside a deployed one lies a file with the same members.
fn configuration(customers: &UserPool, staff: &UserPool) -> Value {
    let client = |pool: &UserPool| {
        json!({
            "issuer": pool.issuer,
            "client_id": pool.client_id,
            "authorization_endpoint": AUTHORIZE_PATH,
            "token_endpoint": TOKEN_PATH,
        })
    };
    let mut configuration = client(customers);
    configuration["api"] = "".into();
    configuration["scopes"] = json!({"customer": customers.scope, "admin": staff.scope});
    configuration["staff"] = client(staff);
    configuration["local"] = true.into();
    configuration
}

fn collect(folder: &Path, path: &str, files: &mut Vec<(String, PathBuf, &'static str)>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        let Some(name) = file.file_name().and_then(|name| name.to_str()) else { continue };
        let path = format!("{path}/{name}");
        if file.is_dir() {
            collect(&file, &path, files)?;
        } else if let Some(extension) = file.extension()
            && let Some((_, content_type)) = TYPES.iter().find(|(known, _)| extension == *known)
        {
            files.push((path, file, content_type));
        }
    }
    Ok(())
}

/// The file, or 304 when the browser's copy is still good.
fn serve(file: &Path, content_type: &'static str, asked: &HeaderMap) -> Response {
    let Ok(content) = fs::read(file) else { return StatusCode::NOT_FOUND.into_response() };
    let tag = format!("\"{}\"", &sha256(&content)[..16]);
    let is_known = asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let headers = [(header::CACHE_CONTROL, "no-cache".to_owned()), (header::ETAG, tag)];
    if is_known {
        return (StatusCode::NOT_MODIFIED, SITE, headers).into_response();
    }
    (SITE, headers, [(header::CONTENT_TYPE, content_type)], content).into_response()
}

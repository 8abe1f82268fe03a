//! S3 in memory: buckets with conditional puts, gets and heads of objects. Whatever else is asked is a 501.

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use sijang_platform::Bucket;
use tokio::{net::TcpListener, task::JoinSet};

/// The bucket of the tests.
pub const BUCKET: &str = "platform";

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its content.
    pub content: Bytes,
    /// The headers that S3 keeps: `x-amz-meta-*`.
    metadata: HeaderMap,
    /// Counted over all puts: another one for each.
    e_tag: usize,
}

type Stored = BTreeMap<String, Object>;

/// The bucket. It ends when it is dropped.
#[derive(Debug)]
pub struct Objects {
    address: SocketAddr,
    stored: Arc<Mutex<Stored>>,
    _server: JoinSet<io::Result<()>>,
}

impl Objects {
    /// An empty bucket on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (address, stored) = (listener.local_addr().unwrap(), Arc::<Mutex<Stored>>::default());
        let router = Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(stored.clone());
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await });
        Self { address, stored, _server: server }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every object by key.
    pub fn all(&self) -> BTreeMap<String, Bytes> {
        self.stored().iter().map(|(key, object)| (key.clone(), object.content.clone())).collect()
    }

    /// Removes every object.
    pub fn clear(&self) {
        self.stored().clear();
    }

    /// Removes an object.
    pub fn remove(&self, key: &str) {
        self.stored().remove(key).unwrap();
    }

    /// Changes the content of an object, and nothing that is said of it.
    pub fn change(&self, key: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let mut stored = self.stored();
        let object = stored.get_mut(key).unwrap();
        object.content = change(object.content.to_vec()).into();
    }

    /// Writes every object to a file below a folder.
    pub fn save(&self, folder: &Path) {
        for (key, content) in self.all() {
            let file = folder.join(key);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }

    fn stored(&self) -> MutexGuard<'_, Stored> {
        locked(&self.stored)
    }
}

/// The bucket at an endpoint, by a client that does not wait long before it tries again.
pub fn bucket_at(endpoint: &str) -> Bucket {
    let config = aws_sdk_s3::config::Builder::new()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
        .region(Region::from_static("ap-northeast-2"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(crate::engine::retries());
    Bucket::new(Bucket::client(config), BUCKET.to_owned())
}

fn locked(stored: &Mutex<Stored>) -> MutexGuard<'_, Stored> {
    stored.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(stored): State<Arc<Mutex<Stored>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let key = uri.path().strip_prefix("/platform/").unwrap().replace("%3D", "=");
    let mut stored = locked(&stored);
    let there = stored.get(&key);
    match method {
        Method::PUT => {
            let e_tag = there.map(|object| format!("\"{}\"", object.e_tag));
            let condition = |name| headers.get(name).map(|value| value.to_str().unwrap());
            match (condition(header::IF_MATCH), condition(header::IF_NONE_MATCH)) {
                (Some(wanted), _) if Some(wanted) != e_tag.as_deref() => return error("PreconditionFailed"),
                (_, Some("*")) if e_tag.is_some() => return error("PreconditionFailed"),
                _ => {}
            }
            let newest = stored.values().map(|object| object.e_tag).max().unwrap_or_default();
            let kept = |name: &HeaderName| name.as_str().starts_with("x-amz-meta-");
            let metadata = headers.iter().filter(|(name, _)| kept(name));
            let metadata = metadata.map(|(name, value)| (name.clone(), value.clone())).collect();
            stored.insert(key, Object { content: body, metadata, e_tag: newest + 1 });
            StatusCode::OK.into_response()
        }
        Method::GET | Method::HEAD => match there {
            None => error("NoSuchKey"),
            Some(object) => {
                let mut metadata = object.metadata.clone();
                metadata.insert(header::ETAG, format!("\"{}\"", object.e_tag).parse().unwrap());
                let content = if method == Method::GET { object.content.clone() } else { Bytes::new() };
                (metadata, content).into_response()
            }
        },
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    }
}

fn error(code: &str) -> Response {
    let status = if code == "NoSuchKey" { StatusCode::NOT_FOUND } else { StatusCode::PRECONDITION_FAILED };
    (status, format!("<Error><Code>{code}</Code></Error>")).into_response()
}

//! The bucket: conditional puts, by which an export that saw fewer facts never replaces one that saw more.

use std::{collections::HashMap, env, path::Path, time::Duration};

use aws_sdk_s3::{
    Client,
    config::{RequestChecksumCalculation, ResponseChecksumValidation},
    error::{ProvideErrorMetadata, SdkError},
    operation::{get_object::GetObjectOutput, head_object::HeadObjectOutput},
    primitives::ByteStream,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sijang_domain::Error;
use sijang_storage::{call_failed, sdk_config, timeouts};

use crate::{internal, parquet_file::hexadecimal};

/// How often a put is tried that others overtake.
const ATTEMPTS: usize = 5;
/// The longest time of one attempt: the file of a shard of ten million orders takes some seconds.
const ATTEMPT_TIME: Duration = Duration::from_mins(2);

/// A bucket of S3.
#[derive(Debug, Clone)]
pub struct Bucket {
    s3: Client,
    name: String,
}

/// A file in the bucket, by the metadata that the export gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Its key.
    pub key: String,
    /// The facts of which it is made.
    pub facts: u64,
    /// Its rows.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

impl StoredFile {
    fn metadata(&self) -> HashMap<String, String> {
        let Self { facts, rows, bytes, sha256, key: _ } = self;
        let counts = [("facts", facts), ("rows", rows), ("bytes", bytes)];
        let counts = counts.map(|(name, count)| (name.to_owned(), count.to_string()));
        counts.into_iter().chain([("sha256".to_owned(), sha256.clone())]).collect()
    }

    /// By the answer to a `HeadObject`. An object without the metadata is not of an export, and is replaced by any.
    fn of(key: &str, head: &HeadObjectOutput) -> Self {
        let text = |name| head.metadata().and_then(|metadata| metadata.get(name)).cloned().unwrap_or_default();
        let number = |name| text(name).parse().unwrap_or_default();
        let (facts, rows, bytes) = (number("facts"), number("rows"), number("bytes"));
        Self { key: key.to_owned(), facts, rows, bytes, sha256: text("sha256") }
    }
}

impl Bucket {
    /// The bucket of the environment: the standard AWS variables, and `PLATFORM_BUCKET`.
    pub fn from_env() -> Self {
        let config = sdk_config("AWS_ENDPOINT_URL_S3");
        // Another endpoint than AWS's has no host name for each bucket.
        let by_path = config.endpoint_url().is_some();
        let s3 = Self::client(aws_sdk_s3::config::Builder::from(&config).force_path_style(by_path));
        Self::new(s3, env::var("PLATFORM_BUCKET").unwrap_or_default())
    }

    /// A client by its configuration, with the timeouts of files. The export gives its own digests.
    pub fn client(config: aws_sdk_s3::config::Builder) -> Client {
        let timeouts = timeouts().to_builder().operation_attempt_timeout(ATTEMPT_TIME).build();
        let config = config
            .timeout_config(timeouts)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        Client::from_conf(config.build())
    }

    /// A bucket on a given client.
    pub fn new(s3: Client, name: String) -> Self {
        Self { s3, name }
    }

    /// Puts a file, unless the one that is there was made of more facts. Of two exports at once, the condition on the
    /// `ETag` lets one through, and the other looks again.
    pub(crate) async fn put(&self, file: &StoredFile, content: Content<'_>) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let there = self.head(&file.key).await?;
            if there.as_ref().is_some_and(|head| StoredFile::of(&file.key, head).facts > file.facts) {
                return Ok(());
            }
            let call = self.s3.put_object().bucket(&self.name).key(&file.key).body(content.stream().await?);
            let call = call.set_metadata(Some(file.metadata())).content_type(content.media_type());
            let call = match there.and_then(|head| head.e_tag) {
                Some(e_tag) => call.if_match(e_tag),
                None => call.if_none_match("*"),
            };
            match call.send().await {
                Ok(_) => return Ok(()),
                Err(error) if was_overtaken(&error) => {}
                Err(error) => return Err(call_failed(error)),
            }
        }
        Err(Error::Busy(format!("{} is written by others", file.key)))
    }

    /// A file by its metadata, if it is there.
    pub(crate) async fn stored(&self, key: &str) -> Result<Option<StoredFile>, Error> {
        Ok(self.head(key).await?.map(|head| StoredFile::of(key, &head)))
    }

    async fn head(&self, key: &str) -> Result<Option<HeadObjectOutput>, Error> {
        absent_as_none(self.s3.head_object().bucket(&self.name).key(key).send().await)
    }

    /// The SHA-256 of a stored file, if it exists. The file is read as a stream.
    pub(crate) async fn sha256(&self, key: &str) -> Result<Option<String>, Error> {
        let Some(mut object) = self.get_object(key).await? else { return Ok(None) };
        let mut sha256 = Sha256::new();
        while let Some(bytes) = object.body.next().await {
            // A body that breaks off is a call that can be made again.
            sha256.update(bytes.map_err(|error| Error::Busy(error.to_string()))?);
        }
        Ok(Some(hexadecimal(&sha256.finalize())))
    }

    /// The content of a file, if it is there.
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(object) = self.get_object(key).await? else { return Ok(None) };
        let body = object.body.collect().await.map_err(|error| Error::Busy(error.to_string()))?;
        Ok(Some(body.to_vec()))
    }

    async fn get_object(&self, key: &str) -> Result<Option<GetObjectOutput>, Error> {
        absent_as_none(self.s3.get_object().bucket(&self.name).key(key).send().await)
    }
}

/// The content.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Content<'a> {
    Parquet(&'a Path),
    Json(&'a [u8]),
}

impl Content<'_> {
    async fn stream(self) -> Result<ByteStream, Error> {
        match self {
            Self::Parquet(path) => ByteStream::from_path(path).await.map_err(internal),
            Self::Json(bytes) => Ok(bytes.to_vec().into()),
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Parquet(_) => "application/vnd.apache.parquet",
            Self::Json(_) => "application/json",
        }
    }
}

/// Whether another put came first: before this one (412), or at once with it (409). After a lost answer it may have
/// been this one itself.
fn was_overtaken<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.raw_response().is_some_and(|response| matches!(response.status().as_u16(), 404 | 409 | 412))
}

fn absent_as_none<T, E: ProvideErrorMetadata>(result: Result<T, SdkError<E>>) -> Result<Option<T>, Error> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.raw_response().is_some_and(|response| response.status().as_u16() == 404) => Ok(None),
        Err(error) => Err(call_failed(error)),
    }
}

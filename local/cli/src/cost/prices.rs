//! Prices of AWS, on demand in us-east-1, in billionths of a dollar: a thousand of them for one operation are a dollar
//! for a million operations.

/// Where the prices hold.
pub const REGION: &str = "us-east-1";
/// Of when they are. They were taken from articles of that time that quote the pages named here, not from the pages.
pub const AS_OF: &str = "2025";

/// A price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Of what.
    pub unit: &'static str,
    /// Billionths of a US dollar for one.
    pub nanodollars: f64,
    /// Where it is published.
    pub source: &'static str,
}

const fn price(unit: &'static str, nanodollars: f64, source: &'static str) -> Price {
    Price { unit, nanodollars, source }
}

/// A write request unit. Since 2024-11-01.
pub const WRITE: Price =
    price("DynamoDB write request unit", 625.0, "https://aws.amazon.com/dynamodb/pricing/on-demand/");
/// A read request unit. Since 2024-11-01.
pub const READ: Price =
    price("DynamoDB read request unit", 125.0, "https://aws.amazon.com/dynamodb/pricing/on-demand/");
/// A request to an HTTP API, up to 300 million a month and 512 KB.
pub const GATEWAY: Price = price("HTTP API request", 1_000.0, "https://aws.amazon.com/api-gateway/pricing/");
/// A request over HTTPS to an edge location in North America. In Seoul it is a fifth dearer.
pub const CLOUDFRONT: Price =
    price("CloudFront request over HTTPS", 1_000.0, "https://aws.amazon.com/cloudfront/pricing/");
/// A request that a web ACL looks at.
pub const WEB_ACL: Price = price("AWS WAF request", 600.0, "https://aws.amazon.com/waf/pricing/");
/// An invocation.
pub const INVOCATION: Price = price("Lambda invocation", 200.0, "https://aws.amazon.com/lambda/pricing/");
/// A gigabyte of memory for a second, on arm64.
pub const GIGABYTE_SECOND: Price =
    price("Lambda gigabyte-second, arm64", 13_333.4, "https://aws.amazon.com/lambda/pricing/");
/// A call of a standard queue, of up to 64 KB.
pub const QUEUE: Price = price("SQS request, standard queue", 400.0, "https://aws.amazon.com/sqs/pricing/");

/// A request to S3 that writes an object.
pub const S3_PUT: Price = price("S3 request that writes", 5_000.0, "https://aws.amazon.com/s3/pricing/");
/// A request to S3 that reads an object, or asks for its metadata.
pub const S3_GET: Price = price("S3 request that reads", 400.0, "https://aws.amazon.com/s3/pricing/");
/// A megabyte in S3 Standard for a month.
pub const STORED: Price = price("megabyte in S3 for a month", 23_000.0, "https://aws.amazon.com/s3/pricing/");
/// A megabyte that a query of Athena scans. A query is billed for ten at least.
pub const SCANNED: Price = price("megabyte scanned by Athena", 5_000.0, "https://aws.amazon.com/athena/pricing/");

/// All of them.
pub const ALL: [Price; 12] =
    [WRITE, READ, GATEWAY, CLOUDFRONT, WEB_ACL, INVOCATION, GIGABYTE_SECOND, QUEUE, S3_PUT, S3_GET, STORED, SCANNED];

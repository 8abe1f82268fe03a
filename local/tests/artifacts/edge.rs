//! `edge.yaml` against the OpenAPI document and the storefront: the distribution caches what is public and cacheable, and
//! nothing else.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::{Value, json};
use sijang_cloud::template::Template;

/// AWS's own policies.
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const ALL_VIEWER_EXCEPT_HOST_HEADER: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/// The properties of a resource of the stack.
fn properties(id: &str) -> Value {
    let stack = Template::load(&crate::root().join("local/ops/stacks/edge.yaml")).unwrap();
    stack.document()["Resources"][id]["Properties"].clone()
}

fn distribution() -> Value {
    properties("Distribution")["DistributionConfig"].clone()
}

/// The behaviours of the API, in their order: the cached ones with a policy of the stack, and the one of everything else.
fn behaviours() -> (Vec<(String, Value)>, Value) {
    let mut all = distribution()["CacheBehaviors"].as_array().unwrap().clone();
    let rest = all.pop().unwrap();
    let pattern = |behaviour: &Value| behaviour["PathPattern"].as_str().unwrap().to_owned();
    (all.into_iter().map(|behaviour| (pattern(&behaviour), behaviour)).collect(), rest)
}

/// The parts of a request in the key of a cache policy: all else is not forwarded either.
fn cache_key(behaviour: &Value) -> Value {
    let policy = properties(behaviour["CachePolicyId"]["Ref"].as_str().unwrap());
    policy["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"].clone()
}

fn names(list: &Value) -> BTreeSet<String> {
    list.as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// The path with an id, or one character for each of the id's, in place of each parameter.
fn with_ids(path: &str, id: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { id } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// The paths that may be cached, with their query parameters: of operations that need no token and say for how long.
fn cacheable() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(crate::root().join("functions/openapi/openapi.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let mut paths = BTreeMap::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["get"];
        if operation["security"].is_null() && operation["responses"]["200"]["headers"]["Cache-Control"].is_object() {
            let parameters = operation["parameters"].as_array().unwrap().iter();
            let query = parameters.filter(|parameter| parameter["in"] == "query");
            paths.insert(path.clone(), query.map(|query| query["name"].as_str().unwrap().to_owned()).collect());
        }
    }
    paths
}

#[test]
fn distribution_caches_public_cacheable_operations_by_their_parameters() {
    let expected = cacheable();
    assert!(expected.len() >= 5, "{expected:?}");
    let (cached, _) = behaviours();
    let patterns: BTreeSet<String> = cached.iter().map(|(pattern, _)| pattern.clone()).collect();
    assert_eq!(patterns, expected.keys().map(|path| with_ids(path, &"?".repeat(26))).collect());
    for (path, parameters) in &expected {
        let pattern = with_ids(path, &"?".repeat(26));
        let (_, behaviour) = cached.iter().find(|(cached, _)| *cached == pattern).unwrap();
        let query = &cache_key(behaviour)["QueryStringsConfig"];
        let forwarded = names(&query["QueryStrings"]);
        assert!(parameters.is_subset(&forwarded) && parameters.is_empty() == forwarded.is_empty(), "{path}: {query}");
    }
}

#[test]
fn cached_behaviours_get_no_token_and_everything_else_gets_it() {
    let (cached, rest) = behaviours();
    for (pattern, behaviour) in cached {
        let key = cache_key(&behaviour);
        assert_eq!(key["HeadersConfig"], json!({"HeaderBehavior": "none"}), "{pattern}");
        assert_eq!(key["CookiesConfig"], json!({"CookieBehavior": "none"}), "{pattern}");
        assert!(behaviour["OriginRequestPolicyId"].is_null(), "{pattern} forwards more than the cache key");
        assert_eq!(behaviour["AllowedMethods"], json!(["GET", "HEAD"]), "{pattern}");
    }
    assert_eq!((&rest["PathPattern"], &rest["TargetOriginId"]), (&json!("/v1/*"), &json!("api")));
    assert_eq!(rest["CachePolicyId"], CACHING_DISABLED);
    assert_eq!(rest["OriginRequestPolicyId"], ALL_VIEWER_EXCEPT_HOST_HEADER);
    assert_eq!(distribution()["DefaultCacheBehavior"]["TargetOriginId"], "storefront");
}

#[test]
fn cached_patterns_match_no_route_that_needs_a_token() {
    let template = Template::load(&crate::root().join("template.yaml")).unwrap();
    let (cached, cacheable) = (behaviours().0, cacheable());
    let fits = |pattern: &str, path: &str| {
        assert!(!pattern.contains('*'), "{pattern}");
        pattern.len() == path.len() && pattern.bytes().zip(path.bytes()).all(|(may, is)| may == b'?' || may == is)
    };
    for route in template.functions().iter().flat_map(|function| &function.routes) {
        let path = with_ids(&route.path, "01JD4QWKQK3X8M2Z6T9V5R7YBC");
        let is_cached = cached.iter().any(|(pattern, _)| fits(pattern, &path));
        assert_eq!(is_cached, cacheable.contains_key(&route.path) && route.method == "GET", "{}", route.path);
    }
}

/// CloudFront caches these for ten seconds otherwise, also those with `no-store`: "Control how long CloudFront caches
/// errors" in its developer guide.
#[test]
fn error_of_one_customer_is_not_cached_for_another() {
    let distribution = distribution();
    let errors = distribution["CustomErrorResponses"].as_array().unwrap();
    let codes: Vec<i64> = errors.iter().map(|error| error["ErrorCode"].as_i64().unwrap()).collect();
    assert_eq!(codes, [400, 403, 404, 405, 414, 500, 501, 502, 503, 504]);
    assert!(errors.iter().all(|error| error["ErrorCachingMinTTL"] == 0), "{errors:?}");
}

#[test]
fn readme_describes_every_parameter_of_the_stack() {
    let stack = Template::load(&crate::root().join("local/ops/stacks/edge.yaml")).unwrap();
    let readme = fs::read_to_string(crate::root().join("local/ops/README.md")).unwrap();
    let (_, section) = readme.split_once("\n## CloudFront\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    for name in stack.document()["Parameters"].as_object().unwrap().keys() {
        assert!(section.lines().any(|line| line.starts_with('|') && line.contains(&format!("`{name}`"))), "{name}");
    }
}

#[test]
fn storefront_has_the_headers_that_the_local_shop_sends() {
    let source = fs::read_to_string(crate::root().join("local/portal/src/security_headers.rs")).unwrap();
    let words = |text: &str| text.replace('\\', "").split_whitespace().collect::<Vec<_>>().join(" ");
    let policy = properties("StorefrontHeaders")["ResponseHeadersPolicyConfig"].clone();
    let headers = &policy["SecurityHeadersConfig"];
    let content = headers["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"].as_str().unwrap();
    let content = content.replace(" ${ImageOrigins}", "").replace(" ${SignInOrigins}", "");
    assert!(words(&source).contains(&format!("\"{content}\"")), "{content}");
    assert!(headers["ContentTypeOptions"].is_object() && source.contains("X_CONTENT_TYPE_OPTIONS, \"nosniff\""));
    let referrer = headers["ReferrerPolicy"]["ReferrerPolicy"].as_str().unwrap();
    assert!(source.contains(&format!("REFERRER_POLICY, \"{referrer}\"")));
    for item in policy["CustomHeadersConfig"]["Items"].as_array().unwrap() {
        let (name, value) = (item["Header"].as_str().unwrap(), item["Value"].as_str().unwrap());
        assert!(source.contains(&format!("from_static(\"{name}\"), \"{value}\"")), "{name}");
    }
}

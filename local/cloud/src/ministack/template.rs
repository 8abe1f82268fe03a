//! Makes the template digestible for MiniStack, as `sam package` does for AWS. Only what MiniStack cannot do is
//! rewritten, and each rewriting says why; everything else is deployed as it stands in `template.yaml`.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};

use crate::template::Template;

/// How much longer than the function's own timeout MiniStack waits: an invocation that finds all execution
/// environments busy waits in our queue, where AWS would start another environment.
pub const QUEUE_ALLOWANCE: Duration = Duration::from_mins(1);

/// The template to deploy to MiniStack.
pub fn package(template: &Template) -> Result<Value> {
    let mut document = template.document().clone();
    secrets(&mut document);
    named_queries(&mut document);
    let mut added = Map::new();
    authorizers(&mut document, &mut added)?;
    let alias = publishing(&mut document)?;
    for function in template.functions() {
        let resource = &mut document["Resources"][&function.logical_id];
        let properties = resource["Properties"].as_object_mut().context("a function without properties")?;
        // The binaries are served from outside (see `serve`); MiniStack only wants to have some code.
        properties.remove("CodeUri");
        properties.insert("InlineCode".into(), "served from target/debug".into());
        properties.insert("Timeout".into(), (function.timeout + QUEUE_ALLOWANCE).as_secs().into());
        if let Some(Value::Object(events)) = properties.get_mut("Events") {
            events.retain(|name, event| match event["Type"].as_str() {
                Some("HttpApi") => {
                    route(&function.logical_id, &alias, name, &event["Properties"], &mut added);
                    false
                }
                _ => true,
            });
            for event in events.values_mut().filter(|event| event["Type"] == "ScheduleV2") {
                schedule_in_utc(&mut event["Properties"])?;
            }
        }
    }
    document["Resources"].as_object_mut().context("no Resources")?.extend(added);
    Ok(document)
}

/// The CORS configuration of the API, for `UpdateApi`: MiniStack's `CloudFormation` drops it. Any origin is welcome
/// on one's own machine.
pub fn cors(template: &Template) -> Value {
    let wanted = &template.document()["Resources"]["Api"]["Properties"]["CorsConfiguration"];
    json!({
        "allowOrigins": ["*"],
        "allowMethods": wanted["AllowMethods"],
        "allowHeaders": wanted["AllowHeaders"],
        "exposeHeaders": wanted["ExposeHeaders"],
        "maxAge": wanted["MaxAge"],
    })
}

/// MiniStack's CloudFormation has no named queries: `./local/shop query --examples` runs them.
fn named_queries(document: &mut Value) {
    if let Some(resources) = document["Resources"].as_object_mut() {
        resources.retain(|_, resource| resource["Type"] != "AWS::Athena::NamedQuery");
    }
}

/// MiniStack ignores `ExcludePunctuation`, and a secret with quotes breaks environment files.
fn secrets(document: &mut Value) {
    const PUNCTUATION: &str = r##"!"#$%&'()*+,-./:;<=>?@[\]^_`{|}~"##;
    let resources = document["Resources"].as_object_mut().into_iter().flatten().map(|(_, resource)| resource);
    for secret in resources.filter(|resource| resource["Type"] == "AWS::SecretsManager::Secret") {
        let generate = &mut secret["Properties"]["GenerateSecretString"];
        if generate["ExcludePunctuation"] == true {
            generate["ExcludeCharacters"] = PUNCTUATION.into();
        }
    }
}

/// MiniStack has no `CodeDeploy`: an alias moves at once. And it expands the template without its parameters, so that a new
/// `Release` is not noticed: a function is published when anything about it changes. Gives the alias's name.
fn publishing(document: &mut Value) -> Result<String> {
    let globals = document["Globals"]["Function"].as_object_mut().context("no Globals.Function")?;
    globals.remove("DeploymentPreference");
    globals.insert("AutoPublishAliasAllProperties".into(), true.into());
    Ok(globals["AutoPublishAlias"].as_str().context("the alias has no name")?.to_owned())
}

/// SAM puts authorizers and routes into an OpenAPI body, which MiniStack ignores: they become resources.
fn authorizers(document: &mut Value, added: &mut Map<String, Value>) -> Result<()> {
    let api = document["Resources"]["Api"]["Properties"].as_object_mut().context("no resource named Api")?;
    api.remove("CorsConfiguration");
    let auth = api.remove("Auth").context("the API has no Auth")?;
    for (name, authorizer) in auth["Authorizers"].as_object().into_iter().flatten() {
        let jwt = &authorizer["JwtConfiguration"];
        added.insert(
            authorizer_id(name),
            json!({
                "Type": "AWS::ApiGatewayV2::Authorizer",
                "Properties": {
                    "ApiId": {"Ref": "Api"},
                    "Name": name,
                    "AuthorizerType": "JWT",
                    "IdentitySource": [authorizer["IdentitySource"]],
                    "JwtConfiguration": {"Issuer": jwt["issuer"], "Audience": jwt["audience"]},
                },
            }),
        );
    }
    Ok(())
}

fn authorizer_id(name: &str) -> String {
    format!("Api{name}Authorizer")
}

fn route(function: &str, alias: &str, event: &str, wanted: &Value, added: &mut Map<String, Value>) {
    let integration = format!("{function}{event}Integration");
    let mut properties = json!({
        "ApiId": {"Ref": "Api"},
        "RouteKey": format!("{} {}", wanted["Method"].as_str().unwrap_or("ANY"), wanted["Path"].as_str().unwrap_or("/")),
        "Target": {"Fn::Sub": format!("integrations/${{{integration}}}")},
    });
    if wanted["Auth"]["Authorizer"] != "NONE" {
        let authorizer = wanted["Auth"]["Authorizer"].as_str().unwrap_or("Token");
        properties["AuthorizationType"] = "JWT".into();
        properties["AuthorizerId"] = json!({"Ref": authorizer_id(authorizer)});
        properties["AuthorizationScopes"] = wanted["Auth"]["AuthorizationScopes"].clone();
    }
    added.insert(
        format!("{function}{event}Route"),
        json!({"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}),
    );
    added.insert(
        integration,
        json!({
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Ref": format!("{function}Alias{alias}")},
                "PayloadFormatVersion": "2.0",
            },
        }),
    );
}

/// MiniStack runs every schedule in UTC, whatever its time zone. Asia/Seoul has had nine hours, and no summer time,
/// since 1988.
fn schedule_in_utc(properties: &mut Value) -> Result<()> {
    let Some(zone) = properties["ScheduleExpressionTimezone"].as_str() else { return Ok(()) };
    let expression = properties["ScheduleExpression"].as_str().context("a schedule without expression")?;
    let fields: Vec<&str> = expression.trim_start_matches("cron(").trim_end_matches(')').split(' ').collect();
    let ("Asia/Seoul", [minute, hour, "*", "*", "?", "*"]) = (zone, fields.as_slice()) else {
        bail!("only a daily schedule in Asia/Seoul can be run locally, not {expression} in {zone}");
    };
    let hours = hours_in_utc(hour).with_context(|| format!("the hours of {expression}"))?;
    properties["ScheduleExpression"] = format!("cron({minute} {hours} * * ? *)").into();
    properties["ScheduleExpressionTimezone"] = "UTC".into();
    Ok(())
}

/// An hour in Seoul, or a range of hours, each by itself: midnight may lie among them.
fn hours_in_utc(hours: &str) -> Option<String> {
    let (first, last) = hours.split_once('-').unwrap_or((hours, hours));
    let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
    let in_utc = (first..=last).map(|hour| ((hour + 24 - 9) % 24).to_string());
    Some(in_utc.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_in_seoul_are_nine_earlier_in_utc() {
        assert_eq!(hours_in_utc("0").as_deref(), Some("15"));
        assert_eq!(hours_in_utc("1-4").as_deref(), Some("16,17,18,19"));
        assert_eq!(hours_in_utc("8-10").as_deref(), Some("23,0,1"));
        assert_eq!(hours_in_utc("*"), None);
    }
}

//! The local cloud is given `template.yaml` itself: what is rewritten for it is listed here, each with its reason in
//! `package.rs`, and nothing else differs.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;
use sijang_cloud::{ministack::template::package, template::Template};

/// Everything that is rewritten, by the type of the resource.
const REWRITTEN: [&str; 16] = [
    // There is no CodeDeploy: an alias moves at once.
    "- Globals.Function.DeploymentPreference",
    "+ Globals.Function.AutoPublishAliasAllProperties",
    // The functions are processes beside the cloud.
    "- AWS::Serverless::Function.Properties.CodeUri",
    "+ AWS::Serverless::Function.Properties.InlineCode",
    "+ AWS::Serverless::Function.Properties.Timeout",
    "~ AWS::Serverless::Function.Properties.Timeout",
    // Routes and authorizer are resources, not an OpenAPI document.
    "- AWS::Serverless::Function.Properties.Events.Http",
    "- AWS::Serverless::Function.Properties.Events.Head",
    "- AWS::Serverless::HttpApi.Properties.Auth",
    "- AWS::Serverless::HttpApi.Properties.CorsConfiguration",
    "+ AWS::ApiGatewayV2::Authorizer",
    "+ AWS::ApiGatewayV2::Route",
    "+ AWS::ApiGatewayV2::Integration",
    // Every schedule runs in UTC, and a secret's characters are listed.
    "~ AWS::Serverless::Function.Properties.Events.EVENT.Properties.Schedule",
    "+ AWS::SecretsManager::Secret.Properties.GenerateSecretString.ExcludeCharacters",
    // CloudFormation has no named queries: ./local/shop query runs them.
    "- AWS::Athena::NamedQuery",
];

/// The removed (`-`), new (`+`) and changed (`~`) members between two documents.
fn differences(before: &Value, after: &Value, path: &str, found: &mut BTreeSet<String>) {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        if before != after {
            found.insert(format!("~ {path}"));
        }
        return;
    };
    for name in old.keys().chain(new.keys()) {
        let below = match (path, old.get(name).or(new.get(name))) {
            ("", _) => name.clone(),
            ("Resources", Some(resource)) => resource["Type"].as_str().unwrap().to_owned(),
            // Whatever an event is called, other than the routes.
            (_, _) if path.ends_with("Function.Properties.Events") && !["Http", "Head"].contains(&name.as_str()) => {
                format!("{path}.EVENT")
            }
            (_, _) if name.starts_with("ScheduleExpression") => format!("{path}.Schedule"),
            _ => format!("{path}.{name}"),
        };
        match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => differences(old, new, &below, found),
            (Some(_), None) => drop(found.insert(format!("- {below}"))),
            (None, _) => drop(found.insert(format!("+ {below}"))),
        }
    }
}

#[test]
fn local_template_differs_only_where_listed() {
    let template = Template::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml")).unwrap();
    let mut found = BTreeSet::new();
    differences(template.document(), &package(&template).unwrap(), "", &mut found);
    assert_eq!(found, BTreeSet::from(REWRITTEN.map(ToOwned::to_owned)));
}

//! Reads CloudFormation YAML into JSON: the short forms (`!Sub`, `!GetAtt`, ...) become their long forms, so that
//! everything after this module handles one plain tree.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};
use serde_yaml_ng::Value as Yaml;

/// Parses a template's text.
pub(super) fn parse(text: &str) -> Result<Value> {
    let yaml: Yaml = serde_yaml_ng::from_str(text).context("template.yaml is not YAML")?;
    to_json(yaml)
}

fn to_json(yaml: Yaml) -> Result<Value> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => flag.into(),
        Yaml::Number(number) => serde_json::to_value(number)?,
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(to_json).collect::<Result<_>>()?,
        Yaml::Mapping(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let Yaml::String(key) = key else { bail!("template.yaml has a key that is no text: {key:?}") };
                object.insert(key, to_json(value)?);
            }
            object.into()
        }
        Yaml::Tagged(tagged) => long_form(&tagged.tag.to_string(), to_json(tagged.value)?),
    })
}

/// `!GetAtt A.B` is `{"Fn::GetAtt": ["A", "B"]}`; `!Ref` and `!Condition` have no prefix.
fn long_form(tag: &str, value: Value) -> Value {
    let name = tag.trim_start_matches('!');
    let (key, value) = match (name, value) {
        ("Ref" | "Condition", value) => (name.to_owned(), value),
        ("GetAtt", Value::String(path)) => {
            let parts: Vec<&str> = path.splitn(2, '.').collect();
            ("Fn::GetAtt".to_owned(), parts.into())
        }
        (_, value) => (format!("Fn::{name}"), value),
    };
    Value::Object(Map::from_iter([(key, value)]))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use serde_json::json;

    #[test]
    fn short_forms_become_long_forms() {
        let parsed = parse("a: !Ref X\nb: !GetAtt T.Arn\nc: !If [C, !Sub 'x-${Y}', 1]\n").expect("parses");
        let expected = json!({
            "a": {"Ref": "X"},
            "b": {"Fn::GetAtt": ["T", "Arn"]},
            "c": {"Fn::If": ["C", {"Fn::Sub": "x-${Y}"}, 1]},
        });
        assert_eq!(parsed, expected);
    }
}

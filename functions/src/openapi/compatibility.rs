//! The changes from one OpenAPI document to the next that would break a released client.
//!
//! A request must still be accepted that was accepted, and an answer must still be what the client reads. Adding is
//! free; removing, requiring and narrowing (of requests), and widening (of answers) are not. Such a change needs a new
//! major version in `info.version`.

use std::collections::BTreeSet;

use serde_json::Value;

/// Which way a value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Answer,
}

/// Every breaking change from `old` to `new`, in words; none when the major version was raised.
pub fn breaking_changes(old: &Value, new: &Value) -> Vec<String> {
    if major(new) > major(old) {
        return Vec::new();
    }
    let mut comparison = Comparison { old, new, found: BTreeSet::new(), seen: BTreeSet::new() };
    comparison.documents();
    comparison.found.into_iter().collect()
}

fn major(document: &Value) -> u64 {
    let version = document["info"]["version"].as_str().unwrap_or_default();
    version.split('.').next().and_then(|major| major.parse().ok()).unwrap_or(0)
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    found: BTreeSet<String>,
    /// Pairs of schemas that were compared: a schema may refer to itself.
    seen: BTreeSet<(*const Value, *const Value, bool)>,
}

impl<'a> Comparison<'a> {
    fn breaks(&mut self, at: &str, what: &str) {
        self.found.insert(format!("{at}: {what}"));
    }

    fn documents(&mut self) {
        let (old, new) = (self.old, self.new);
        for (path, item) in members(&old["paths"]) {
            for (method, operation) in members(item) {
                let at = format!("{} {path}", method.to_uppercase());
                match new["paths"][path].get(method) {
                    None => self.breaks(&at, "the operation is gone"),
                    Some(now) => self.operations(&at, operation, now),
                }
            }
        }
    }

    fn operations(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        if old["operationId"] != new["operationId"] {
            self.breaks(at, "it has another operationId, by which clients name it");
        }
        if old["security"] != new["security"] {
            self.breaks(at, "it wants another token");
        }
        self.parameters(at, old, new);
        self.bodies(at, &old["requestBody"], &new["requestBody"]);
        for (status, response) in members(&old["responses"]) {
            let at = format!("{at} {status}");
            let response = resolve(self.old, response);
            let Some(now) = new["responses"].get(status).map(|now| resolve(self.new, now)) else {
                // An answer that no longer comes hurts nobody, unless it is the one hoped for.
                if status.starts_with('2') {
                    self.breaks(&at, "the answer is gone");
                }
                continue;
            };
            for name in members(&response["headers"]).map(|(name, _)| name) {
                if now["headers"].get(name).is_none() {
                    self.breaks(&at, &format!("the header {name} is gone"));
                }
            }
            for (media, content) in members(&response["content"]) {
                match now["content"].get(media) {
                    None => self.breaks(&at, &format!("it no longer comes as {media}")),
                    Some(now) => self.schemas(&at, &content["schema"], &now["schema"], Direction::Answer),
                }
            }
        }
    }

    fn parameters(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        let same = |one: &Value, other: &Value| one["name"] == other["name"] && one["in"] == other["in"];
        let before: Vec<&Value> = items(&old["parameters"]).map(|one| resolve(self.old, one)).collect();
        let now: Vec<&Value> = items(&new["parameters"]).map(|one| resolve(self.new, one)).collect();
        for parameter in &now {
            let before = before.iter().find(|before| same(before, parameter));
            if parameter["required"] == true && before.is_none_or(|before| before["required"] != true) {
                self.breaks(at, &format!("the parameter {} is required now", parameter["name"]));
            }
        }
        for parameter in before {
            match now.iter().find(|now| same(now, parameter)) {
                None => self.breaks(at, &format!("the parameter {} is gone", parameter["name"])),
                Some(now) => {
                    let at = format!("{at} ?{}", parameter["name"].as_str().unwrap_or_default());
                    self.schemas(&at, &parameter["schema"], &now["schema"], Direction::Request);
                }
            }
        }
    }

    fn bodies(&mut self, at: &str, old: &'a Value, new: &'a Value) {
        let at = format!("{at} body");
        if new["required"] == true && old["required"] != true {
            self.breaks(&at, "it is required now");
        }
        for (media, content) in members(&old["content"]) {
            match new["content"].get(media) {
                None => self.breaks(&at, &format!("{media} is no longer taken")),
                Some(now) => self.schemas(&at, &content["schema"], &now["schema"], Direction::Request),
            }
        }
    }

    fn schemas(&mut self, at: &str, old: &'a Value, new: &'a Value, direction: Direction) {
        let (old, new) = (resolve(self.old, old), resolve(self.new, new));
        if !self.seen.insert((old, new, direction == Direction::Request)) {
            return;
        }
        // Every value that the sender may send must be one that the receiver was told of.
        let (sent, told) = if direction == Direction::Request { (old, new) } else { (new, old) };
        if !types(told).is_superset(&types(sent)) {
            self.breaks(at, "its type has changed");
        }
        match (values(told), values(sent)) {
            (Some(known), Some(sent)) => {
                for value in sent.difference(&known) {
                    self.breaks(at, &format!("it has the value {value}, which the other side does not know"));
                }
            }
            (Some(_), None) => self.breaks(at, "it has any value, of which the other side does not know all"),
            (None, _) => {}
        }
        for (limit, sign) in LIMITS {
            if let Some(told) = told[limit].as_f64()
                && sent[limit].as_f64().is_none_or(|sent| sent * sign > told * sign)
            {
                self.breaks(at, &format!("its {limit} has changed"));
            }
        }
        for exact in ["pattern", "format"] {
            if told.get(exact).is_some() && told[exact] != sent[exact] {
                self.breaks(at, &format!("its {exact} has changed"));
            }
        }
        self.structures(at, old, new, direction);
        self.forms(at, old, new, direction);
        if old.get("items").is_some() && new.get("items").is_some() {
            self.schemas(&format!("{at}[]"), &old["items"], &new["items"], direction);
        }
    }

    fn structures(&mut self, at: &str, old: &'a Value, new: &'a Value, direction: Direction) {
        let (before, now) = (required(old), required(new));
        for (name, property) in members(&old["properties"]) {
            let at = format!("{at}.{name}");
            match new["properties"].get(name) {
                None if direction == Direction::Answer => self.breaks(&at, "the field is gone"),
                None if new["additionalProperties"] == false => self.breaks(&at, "the field is no longer taken"),
                None => {}
                Some(now) => self.schemas(&at, property, now, direction),
            }
        }
        let (broken, why) = match direction {
            Direction::Request => (now.difference(&before), "the field is required now"),
            Direction::Answer => (before.difference(&now), "the field may be missing now"),
        };
        for name in broken {
            self.breaks(&format!("{at}.{name}"), why);
        }
    }

    /// The forms of a `oneOf` are told apart by their names, or else by their places.
    fn forms(&mut self, at: &str, old: &'a Value, new: &'a Value, direction: Direction) {
        let named = |form: &Value, place: usize| form["$ref"].as_str().map_or_else(|| place.to_string(), str::to_owned);
        let all = |schema: &'a Value| {
            items(&schema["oneOf"]).enumerate().map(move |(place, form)| (named(form, place), form))
        };
        for (name, form) in all(old) {
            let form_at = format!("{at}|{}", name.rsplit('/').next().unwrap_or_default());
            match all(new).find(|(now, _)| *now == name) {
                Some((_, now)) => self.schemas(&form_at, form, now, direction),
                None if direction == Direction::Request => self.breaks(&form_at, "the form is no longer taken"),
                None => {}
            }
        }
        // A new kind of problem is no break: clients go by the status when they do not know the code.
    }
}

/// Limits, and whether a larger one lets more (1) or less (-1) through.
const LIMITS: [(&str, f64); 6] = [
    ("maximum", 1.0),
    ("maxLength", 1.0),
    ("maxItems", 1.0),
    ("minimum", -1.0),
    ("minLength", -1.0),
    ("minItems", -1.0),
];

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#'))) {
        Some(target) => resolve(document, target),
        None => value,
    }
}

fn required(schema: &Value) -> BTreeSet<&str> {
    items(&schema["required"]).filter_map(Value::as_str).collect()
}

/// The types that a schema allows; every type, when it does not say.
fn types(schema: &Value) -> BTreeSet<&str> {
    match &schema["type"] {
        Value::String(one) => BTreeSet::from([one.as_str()]),
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => BTreeSet::from(["null", "boolean", "object", "array", "number", "integer", "string"]),
    }
}

fn values(schema: &Value) -> Option<BTreeSet<String>> {
    let one = schema.get("const").map(|only| BTreeSet::from([only.to_string()]));
    one.or_else(|| Some(schema["enum"].as_array()?.iter().map(Value::to_string).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "info": {"version": "1.2.0"},
            "paths": {"/v1/things": {"post": {
                "operationId": "make-thing",
                "security": [{"token": ["shop/customer"]}],
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}}],
                "requestBody": {"required": true, "content": {"application/json": {"schema": {
                    "type": "object",
                    "properties": {"name": {"type": "string", "maxLength": 10}, "kind": {"type": "string", "enum": ["A", "B"]}},
                    "required": ["name"],
                    "additionalProperties": false,
                }}}},
                "responses": {"201": {"headers": {"ETag": {}}, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}}},
            }}},
            "components": {"schemas": {"Thing": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "state": {"type": "string", "enum": ["ON", "OFF"]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
                },
                "required": ["id", "state"],
            }}},
        })
    }

    /// The breaks that one change makes.
    fn after(change: impl FnOnce(&mut Value, fn(&mut Value) -> &mut Value)) -> Vec<String> {
        let mut new = document();
        change(&mut new, |document| &mut document["paths"]["/v1/things"]["post"]);
        breaking_changes(&document(), &new)
    }

    /// A change, and what is said of it.
    type Change = (&'static str, fn(&mut Value));

    const BODY: &str = "/requestBody/content/application~1json/schema";

    #[test]
    fn nothing_breaks_when_nothing_changes_or_something_is_added() {
        assert!(after(|_, _| {}).is_empty());
        let added = after(|document, operation| {
            let body = operation(document).pointer_mut(BODY).unwrap();
            body["properties"]["note"] = json!({"type": "string"});
            body["properties"]["kind"]["enum"] = json!(["A", "B", "C"]);
            body["properties"]["name"]["maxLength"] = json!(20);
            operation(document)["parameters"][0]["schema"]["maximum"] = json!(200);
            operation(document)["responses"]["409"] = json!({"description": "another problem"});
            document["components"]["schemas"]["Thing"]["properties"]["more"] = json!({"type": "string"});
            document["components"]["schemas"]["Thing"]["properties"]["state"]["enum"] = json!(["ON"]);
            document["paths"]["/v1/others"] = json!({"get": {}});
        });
        assert!(added.is_empty(), "{added:?}");
    }

    #[test]
    fn input_that_clients_send_must_still_be_accepted() {
        let changes: [Change; 6] = [
            ("required now", |body| body["required"] = json!(["name", "kind"])),
            ("no longer taken", |body| drop(body["properties"].as_object_mut().unwrap().remove("kind"))),
            ("does not know", |body| body["properties"]["kind"]["enum"] = json!(["A"])),
            ("maxLength", |body| body["properties"]["name"]["maxLength"] = json!(5)),
            ("minLength", |body| body["properties"]["name"]["minLength"] = json!(1)),
            ("type", |body| body["properties"]["name"]["type"] = json!("integer")),
        ];
        for (expected, change) in changes {
            let broken = after(|document, operation| change(operation(document).pointer_mut(BODY).unwrap()));
            assert!(broken.len() == 1 && broken[0].contains(expected), "{expected}: {broken:?}");
        }
    }

    #[test]
    fn field_that_clients_read_cannot_be_removed() {
        let changes: [Change; 5] = [
            ("gone", |thing| drop(thing["properties"].as_object_mut().unwrap().remove("parts"))),
            ("may be missing", |thing| thing["required"] = json!(["id"])),
            ("does not know", |thing| thing["properties"]["state"]["enum"] = json!(["ON", "OFF", "BROKEN"])),
            ("type", |thing| thing["properties"]["id"]["type"] = json!("integer")),
            ("type", |thing| thing["properties"]["id"]["type"] = json!(["string", "null"])),
        ];
        for (expected, change) in changes {
            let broken = after(|document, _| change(&mut document["components"]["schemas"]["Thing"]));
            assert!(broken.iter().all(|line| line.contains(expected)) && !broken.is_empty(), "{expected}: {broken:?}");
        }
    }

    #[test]
    fn an_operation_keeps_its_name_its_token_its_parameters_and_its_answers() {
        let changes: [Change; 6] = [
            ("operationId", |operation| operation["operationId"] = json!("create-thing")),
            ("token", |operation| operation["security"] = json!([{"token": ["shop/admin"]}])),
            ("gone", |operation| operation["parameters"] = json!([])),
            ("required", |operation| operation["parameters"][0]["required"] = json!(true)),
            ("gone", |operation| operation["responses"] = json!({})),
            ("ETag", |operation| operation["responses"]["201"]["headers"] = json!({})),
        ];
        for (expected, change) in changes {
            let broken = after(|document, operation| change(operation(document)));
            assert!(broken.len() == 1 && broken[0].contains(expected), "{expected}: {broken:?}");
        }
        assert_eq!(after(|document, _| document["paths"] = json!({})), ["POST /v1/things: the operation is gone"]);
    }

    #[test]
    fn a_new_major_version_may_break_what_it_likes() {
        let breaking = |version: &str| {
            let version = json!(version);
            after(move |document, _| {
                document["paths"] = json!({});
                document["info"]["version"] = version;
            })
        };
        assert_eq!(breaking("1.9.0").len(), 1);
        assert!(breaking("2.0.0").is_empty());
    }
}

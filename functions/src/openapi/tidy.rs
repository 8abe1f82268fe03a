//! What the generator writes, in the form that reads well and says no more than what is so.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// Makes structures flat, pages named, and nullable only what can be null.
pub(crate) fn tidy(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    flatten(schemas);
    for schema in schemas.values_mut() {
        null_only_where_it_can_be(schema);
    }
    *schemas = std::mem::take(schemas).into_iter().map(|(name, schema)| (page_name(&name), schema)).collect();
    name_elements(schemas);
    rename_references(document, &|name| format!("{SCHEMAS}{}", page_name(name)));
    if let Some(info) = document["info"].as_object_mut() {
        info.remove("contact");
    }
    for operation in operations(document) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            // An optional parameter is left out; there is no null in a query.
            not_null(&mut parameter["schema"]);
            let is_filter = parameter["in"] == "query" && parameter["required"] == false;
            if is_filter && parameter["schema"].get("$ref").is_some() {
                // An empty filter selects nothing.
                parameter["schema"] = json!({"anyOf": [parameter["schema"], {"type": "string", "maxLength": 0}]});
            }
        }
    }
}

/// Removes the schemas that nothing refers to.
pub(crate) fn prune(document: &mut Value) {
    loop {
        let used = references(document);
        let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        if schemas.len() == before {
            return;
        }
    }
}

/// Every operation of the document.
pub(crate) fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.filter_map(|(_, path)| path.as_object_mut()).flatten().map(|(_, operation)| operation)
}

/// The names of all schemas that a value refers to.
pub(crate) fn references(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut pending = vec![value];
    while let Some(next) = pending.pop() {
        match next {
            Value::Object(members) => {
                let target = members.get("$ref").and_then(Value::as_str);
                names.extend(target.and_then(|target| target.strip_prefix(SCHEMAS)).map(str::to_owned));
                pending.extend(members.values());
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    names
}

/// Points every reference to a schema elsewhere.
pub(crate) fn rename_references(value: &mut Value, target: &impl Fn(&str) -> String) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(SCHEMAS)
            {
                *reference = target(name);
            }
            members.values_mut().for_each(|member| rename_references(member, target));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_references(item, target)),
        _ => {}
    }
}

/// `List_Order` is a page of orders.
fn page_name(name: &str) -> String {
    name.strip_prefix("List_").map_or_else(|| name.to_owned(), |element| format!("{element}Page"))
}

/// The elements of a page have a schema of their own.
fn name_elements(schemas: &mut Map<String, Value>) {
    let pages: Vec<String> = schemas.keys().filter_map(|name| name.strip_suffix("Page").map(str::to_owned)).collect();
    for element in pages {
        let items = &mut schemas[&format!("{element}Page")]["properties"]["data"]["items"];
        let inline = std::mem::replace(items, json!({"$ref": format!("{SCHEMAS}{element}")}));
        schemas.entry(element).or_insert(inline);
    }
}

/// `allOf` of structures, as a flattened field gives, is one structure.
fn flatten(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        let mut schema = schemas[&name].clone();
        let Some(Value::Array(parts)) = schema.as_object_mut().and_then(|schema| schema.remove("allOf")) else {
            continue;
        };
        let mut properties = Map::new();
        let mut required = BTreeSet::new();
        let mut pending: Vec<Value> = parts;
        while let Some(part) = pending.pop() {
            if let Some(named) = references(&part).first().filter(|_| part.get("$ref").is_some()) {
                pending.push(schemas[named].clone());
            } else if let Some(parts) = part["allOf"].as_array() {
                pending.extend(parts.iter().cloned());
            } else {
                properties.extend(part["properties"].as_object().cloned().into_iter().flatten());
                required.extend(
                    part["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned),
                );
            }
        }
        schema["type"] = json!("object");
        schema["properties"] = properties.into();
        schema["required"] = json!(required);
        schemas.insert(name, schema);
    }
}

/// A field that is left out when there is nothing to say is never null; only one that is always there can be.
fn null_only_where_it_can_be(schema: &mut Value) {
    let required: BTreeSet<String> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    for (name, property) in schema["properties"].as_object_mut().into_iter().flatten() {
        if !required.contains(name) {
            not_null(property);
        }
        null_only_where_it_can_be(property);
    }
    for form in schema["oneOf"].as_array_mut().into_iter().flatten() {
        null_only_where_it_can_be(form);
    }
    if schema.get("items").is_some() {
        null_only_where_it_can_be(&mut schema["items"]);
    }
    // Indexing reads null into being.
    if let Some(members) = schema.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
}

fn not_null(schema: &mut Value) {
    if let Some(types) = schema["type"].as_array_mut() {
        types.retain(|kind| kind != "null");
        if let [kind] = types.as_slice() {
            schema["type"] = kind.clone();
        }
    }
    if let Some(forms) = schema["oneOf"].as_array_mut() {
        forms.retain(|form| form["type"] != "null");
        if let [form] = forms.as_slice() {
            let mut form = form.clone();
            if let Some(said) = schema.get("description") {
                form["description"] = said.clone();
            }
            *schema = form;
        }
    }
    if let Some(members) = schema.as_object_mut() {
        members.retain(|_, member| !member.is_null());
    }
}

//! The operations page imports the same files. It takes the columns and their limits from `import.json`, and its check is held
//! to the cases that are written here: `UPDATE_EXPECT=1 cargo test -p sijang-cli import`.

use std::{fs, path::Path};

use serde_json::{Map, Value, json};
use sijang_portal::OPENAPI;

use super::{
    file::{COLUMNS, ProductFile, Row},
    key, request,
};

/// Files of the page and of its tests, from the folder of this crate.
const LIMITS: &str = "../portal/web/import.json";
const CASES: &str = "../tests/system/web/import_cases.json";

/// Compares a file with what it must be.
fn is_written(file: &str, expected: &Value) {
    let (file, expected) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(file), format!("{expected:#}\n"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&file, &expected).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == expected, "UPDATE_EXPECT=1 cargo test -p sijang-cli import writes {}", file.display());
}

/// The limits of a column in the OpenAPI document, without prose.
fn limits(schemas: &Value, column: &str) -> Value {
    let field = match column {
        "product_id" => json!({"$ref": "#/components/schemas/ProductId"}),
        "status" => schemas["UpdateProductRequest"]["properties"]["status"].clone(),
        _ => schemas["CreateProductRequest"]["properties"][column].clone(),
    };
    let name = field["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let schema = if name.is_empty() { &field } else { &schemas[name] };
    let (money, schema) = match &schema["properties"] {
        Value::Null => (None, schema),
        money => (Some(&money["currency"]["enum"][0]), &money["amount"]),
    };
    let known = ["enum", "maximum", "maxLength", "minimum", "minLength", "pattern"].into_iter();
    let mut limits: Map<_, _> =
        known.filter_map(|limit| Some((limit.to_owned(), schema.get(limit)?.clone()))).collect();
    limits.extend(money.map(|currency| ("money".to_owned(), currency.clone())));
    if ["Name", "Label", "Description"].contains(&name) {
        limits.insert("on_one_line".to_owned(), true.into());
    }
    assert!(!limits.is_empty(), "the document has no column {column}");
    limits.into()
}

#[test]
fn limits_of_the_page_are_those_of_the_openapi_document() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let schemas = &document["components"]["schemas"];
    let fields: Map<_, _> = COLUMNS.into_iter().map(|column| (column.to_owned(), limits(schemas, column))).collect();
    let expected = json!({
        "columns": COLUMNS,
        "fields": fields,
        "on_one_line": schemas["Description"]["pattern"],
        "required": schemas["CreateProductRequest"]["required"],
    });
    is_written(LIMITS, &expected);
}

/// Files that tell two readers of CSV, or two checks of products, apart.
fn files() -> Vec<Vec<u8>> {
    let id = "01JD4QWKQK3X8M2Z6T9V5R7YBC";
    let (long, most) = ("가".repeat(101), "나".repeat(100));
    let texts = [
        String::new(),
        "name,colour\n".to_owned(),
        "name,name\n".to_owned(),
        "\u{feff}price,stock,name,reason\r\n1,2, tea ,new\r\n\r\n 3 ,4,\"a \"\"b\"\", c\",\r\n".to_owned(),
        "name,price,stock\n\"two\nlines\",1,1\ntea\n\n\"tea\"x,1,\"1\nte\"a,1,1".to_owned(),
        format!(
            "product_id,name,description,price,stock,status,reason\n,,,1.5,,SOLD,\n,tea,,100000001,-1,,\n{id},,,,,,why\n\
             {id},tea,,1,5,,\nx,tea,,,,,\n,tea,,1,1,INACTIVE,\n,tea,,+7,007,ACTIVE,\n{id},,notes,0,,INACTIVE,sale\n"
        ),
        format!(
            "name,price,stock,category,family,size,image_url,name_en\n{long},1,1,,,,,\n{most},1,1,{long},f,5kg,http://a,\n\
             a\u{200b}b,1,1,\u{3164},,,https://cdn.example.com/a.webp,Tea\n\u{1100}\u{1161}\u{11b7},1,1,과일,f,5kg,,\u{a0}e\u{301}\n"
        ),
    ];
    let mut files: Vec<_> = texts.into_iter().map(String::into_bytes).collect();
    files.push(b"name,price,stock\n\xb0\xa8,1,1\ntea,1,1\n".to_vec());
    files
}

fn case(bytes: &[u8]) -> Value {
    // A character for each byte.
    let text: String = bytes.iter().copied().map(char::from).collect();
    match ProductFile::parse(bytes) {
        Err(error) => json!({"bytes": text, "problem": error.to_string()}),
        Ok(file) => json!({"bytes": text, "rows": file.rows.iter().map(|row| of_row(&file, row)).collect::<Value>()}),
    }
}

fn of_row(file: &ProductFile, row: &Row) -> Value {
    match &row.task {
        Err(errors) => json!({"line": row.line, "key": key(file, row.line), "errors": errors}),
        Ok(task) => {
            let (method, path, body) = request(task).unwrap();
            let request = json!({"method": method.as_str(), "path": path, "body": body});
            json!({"line": row.line, "key": key(file, row.line), "request": request})
        }
    }
}

#[test]
fn cases_of_the_page_are_decided_as_the_command_decides_them() {
    is_written(CASES, &files().iter().map(|file| case(file)).collect());
}

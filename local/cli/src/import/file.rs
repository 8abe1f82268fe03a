//! A file of products: CSV in UTF-8 with a heading, one product in a row. An empty cell gives nothing.

use std::fmt;

use anyhow::{Result, bail};
use csv::{ByteRecord, ReaderBuilder, StringRecord, Trim};
use serde::Serialize;
use sijang_cloud::digest::sha256;
use sijang_domain::{
    Description, FieldPatch, ImageUrl, Label, Name, ProductDetails, ProductDetailsPatch, ProductDraft, ProductId,
    ProductPatch, ProductStatus, Stock, Violation,
};

/// The columns, in the order of [`Cells`].
pub(super) const COLUMNS: [&str; 12] = [
    "product_id",
    "name",
    "description",
    "price",
    "stock",
    "status",
    "reason",
    "category",
    "family",
    "size",
    "image_url",
    "name_en",
];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A file whose rows have been checked.
#[derive(Debug)]
pub struct ProductFile {
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// Its heading.
    pub heading: StringRecord,
    /// Its rows, in their order.
    pub rows: Vec<Row>,
}

/// A row of the file.
#[derive(Debug)]
pub struct Row {
    /// The line on which it begins; the heading is on line 1.
    pub line: u64,
    /// Its cells.
    pub cells: StringRecord,
    /// The requested change, or the errors of its cells.
    pub task: Result<Task, Vec<CellError>>,
}

/// The request of a row.
#[derive(Debug, PartialEq, Eq)]
pub struct Task {
    /// The change.
    pub change: ProductChange,
    /// Why, for the history of staff.
    pub reason: Option<Name>,
}

/// A product to be created, or to be changed.
#[derive(Debug, PartialEq, Eq)]
pub enum ProductChange {
    /// The row has no `product_id`.
    Create(ProductDraft),
    /// The row has one.
    Update(ProductId, ProductPatch),
}

/// An error in a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CellError {
    /// The column; none for the whole row.
    pub column: Option<&'static str>,
    /// Why the cell is not accepted.
    pub why: String,
}

impl fmt::Display for CellError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "{column} {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl ProductFile {
    /// Reads a file and checks every row.
    ///
    /// # Errors
    /// When it has no heading, or one with columns that are unknown or given twice.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let mut reader = ReaderBuilder::new().flexible(true).trim(Trim::All).from_reader(text);
        let heading = reader.headers()?.clone();
        let columns = Columns::of(&heading)?;
        let (mut rows, mut lines) = (Vec::new(), Lines { text, at: 0, line: 1 });
        for record in reader.byte_records() {
            let record = record?;
            let line = lines.of(&record);
            rows.push(match StringRecord::from_byte_record(record) {
                Ok(cells) => Row { line, task: columns.task(&cells), cells },
                Err(error) => {
                    let cells = StringRecord::from_byte_record_lossy(error.into_byte_record());
                    Row { line, task: Err(vec![CellError::of_row("the row is not in UTF-8")]), cells }
                }
            });
        }
        Ok(Self { digest: sha256(bytes), heading, rows })
    }
}

impl CellError {
    pub(super) fn of_row(why: impl Into<String>) -> Self {
        Self { column: None, why: why.into() }
    }
}

/// Counts the lines of a text, which `\n`, `\r\n` or `\r` ends. The position of a record that follows an empty line is that
/// line, and a reader of the file looks for the line of the record.
struct Lines<'a> {
    text: &'a [u8],
    /// Where `line` begins or goes on.
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which a record begins. The records are given in their order.
    fn of(&mut self, record: &ByteRecord) -> u64 {
        let position = record.position().map_or(0, csv::Position::byte);
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        let empty = self.text[position..].iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let begin = position + empty;
        let is_end = |at: &usize| match self.text[*at] {
            b'\n' => true,
            b'\r' => self.text.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        self.line += (self.at..begin).filter(is_end).count() as u64;
        self.at = begin;
        self.line
    }
}

/// Where each of [`COLUMNS`] is in the file, if it is there.
struct Columns {
    count: usize,
    places: [Option<usize>; COLUMNS.len()],
}

impl Columns {
    fn of(heading: &StringRecord) -> Result<Self> {
        let mut places = [None; COLUMNS.len()];
        for (place, name) in heading.iter().enumerate() {
            let Some(column) = COLUMNS.iter().position(|column| *column == name) else {
                bail!("there is no column {name:?}: the columns are {}", COLUMNS.join(", "));
            };
            if places[column].replace(place).is_some() {
                bail!("the column {name} is there twice");
            }
        }
        Ok(Self { count: heading.len(), places })
    }

    fn task(&self, record: &StringRecord) -> Result<Task, Vec<CellError>> {
        if record.len() != self.count {
            let why = format!("the row has {} cells, the heading {}", record.len(), self.count);
            return Err(vec![CellError::of_row(why)]);
        }
        let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).filter(|cell| !cell.is_empty());
        let mut cells = Cells { cells: self.places.map(cell), errors: Vec::new() };
        let task = cells.task();
        match task {
            Some(task) if cells.errors.is_empty() => Ok(task),
            _ => Err(cells.errors),
        }
    }
}

/// The cells of a row, in the order of [`COLUMNS`], and what is wrong with them.
struct Cells<'a> {
    cells: [Option<&'a str>; COLUMNS.len()],
    errors: Vec<CellError>,
}

impl Cells<'_> {
    /// Nothing when a cell is wrong.
    fn task(&mut self) -> Option<Task> {
        let is_new = self.cells[0].is_none();
        let product_id = self.optional(0, str::parse::<ProductId>);
        let name = self.optional(1, Name::parse);
        let description = self.optional(2, Description::parse);
        let price = self.optional(3, |text| ProductDraft::parse_price(whole(text)?));
        let stock = self.optional(4, |text| Stock::new(whole(text)?));
        let status = self.optional(5, status);
        let reason = self.optional(6, Name::parse);
        let details = ProductDetails {
            category: self.optional(7, Label::parse),
            family: self.optional(8, Name::parse),
            size: self.optional(9, Label::parse),
            image_url: self.optional(10, ImageUrl::parse),
            name_en: self.optional(11, Name::parse),
        };
        if is_new {
            if status == Some(ProductStatus::Inactive) {
                self.note(5, "is ACTIVE for a new product: create it, then take it off sale");
            }
            let (name, price, stock) = (self.required(1, name), self.required(3, price), self.required(4, stock));
            let draft = ProductDraft {
                name: name?,
                description: description.unwrap_or_default(),
                price: price?,
                stock: stock?,
                details,
            };
            return Some(Task { change: ProductChange::Create(draft), reason });
        }
        if self.cells[4].is_some() {
            self.note(4, "is only for a new product: add or take units with a stock adjustment");
        }
        let patch = ProductPatch { name, description, price, status, details: details_patch(details) };
        if patch == ProductPatch::default() && self.errors.is_empty() {
            self.errors.push(CellError::of_row("the row changes nothing"));
        }
        Some(Task { change: ProductChange::Update(product_id?, patch), reason })
    }

    fn optional<T>(&mut self, column: usize, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Option<T> {
        let parsed = parse(self.cells[column]?);
        parsed.map_err(|violation| self.note(column, why(violation))).ok()
    }

    /// Notes that the cell of a new product is empty.
    fn required<T>(&mut self, column: usize, value: Option<T>) -> Option<T> {
        if self.cells[column].is_none() {
            self.note(column, "is required for a new product");
        }
        value
    }

    fn note(&mut self, column: usize, why: impl Into<String>) {
        self.errors.push(CellError { column: Some(COLUMNS[column]), why: why.into() });
    }
}

/// Sets the details that are given and keeps the others.
fn details_patch(details: ProductDetails) -> ProductDetailsPatch {
    fn set<T>(value: Option<T>) -> FieldPatch<T> {
        value.map_or(FieldPatch::Keep, FieldPatch::Set)
    }
    ProductDetailsPatch {
        category: set(details.category),
        family: set(details.family),
        size: set(details.size),
        image_url: set(details.image_url),
        name_en: set(details.name_en),
    }
}

fn whole(text: &str) -> Result<i64, Violation> {
    text.parse().map_err(|_| Violation::Malformed)
}

fn status(text: &str) -> Result<ProductStatus, Violation> {
    let known = [ProductStatus::Active, ProductStatus::Inactive].into_iter();
    known.into_iter().find(|status| status.as_str() == text).ok_or(Violation::Malformed)
}

/// The text of a violation, with its limits.
fn why(violation: Violation) -> String {
    match violation {
        Violation::OutOfRange { min, max } => format!("is not a whole number from {min} to {max}"),
        Violation::Length { min, max } => format!("does not have {min} to {max} characters"),
        Violation::ForbiddenCharacter => "has control, format or line separator characters".to_owned(),
        _ => "has the wrong form".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sijang_domain::{Money, Timestamp};

    use super::*;

    const HEADING: &str = "product_id,name,description,price,stock,status,reason\n";

    fn parse(rows: &str) -> ProductFile {
        ProductFile::parse(format!("{HEADING}{rows}").as_bytes()).unwrap()
    }

    /// The errors of each row: `line: column why`.
    fn errors(file: &ProductFile) -> Vec<String> {
        let of_row = |row: &Row| {
            let errors = row.task.as_ref().err().cloned().unwrap_or_default();
            errors.into_iter().map(|error| format!("{}: {error}", row.line)).collect::<Vec<_>>()
        };
        file.rows.iter().flat_map(of_row).collect()
    }

    fn id() -> ProductId {
        ProductId::new(Timestamp::from_millis(0).unwrap(), 1)
    }

    #[test]
    fn row_without_product_id_creates_and_another_updates() {
        let file = parse(&format!(",\"감귤, 5kg\", 노지 ,15000,100,ACTIVE,new\n{},,,900,,INACTIVE,\n", id()));
        let draft = ProductDraft {
            name: Name::parse("감귤, 5kg").unwrap(),
            description: Description::parse("노지").unwrap(),
            price: Money::new(15_000).unwrap(),
            stock: Stock::new(100).unwrap(),
            details: ProductDetails::default(),
        };
        let patch = ProductPatch {
            price: Money::new(900).ok(),
            status: Some(ProductStatus::Inactive),
            ..ProductPatch::default()
        };
        let expected = [
            Task { change: ProductChange::Create(draft), reason: Name::parse("new").ok() },
            Task { change: ProductChange::Update(id(), patch), reason: None },
        ];
        let tasks: Vec<_> = file.rows.into_iter().map(|row| row.task.unwrap()).collect();
        assert_eq!(tasks, expected);
    }

    #[test]
    fn optional_fields_of_a_row_are_set_and_empty_ones_are_kept() {
        let rows = format!("product_id,category,size,image_url\n{},과일,5kg,\n,,,http://a\n", id());
        let file = ProductFile::parse(rows.as_bytes()).unwrap();
        let Task { change: ProductChange::Update(_, patch), .. } = file.rows[0].task.as_ref().unwrap() else {
            panic!("the row has a product_id");
        };
        let expected = ProductDetailsPatch {
            category: FieldPatch::Set(Label::parse("과일").unwrap()),
            size: FieldPatch::Set(Label::parse("5kg").unwrap()),
            ..ProductDetailsPatch::default()
        };
        assert_eq!(patch.details, expected);
        assert!(errors(&file).contains(&"3: image_url has the wrong form".to_owned()), "{:?}", errors(&file));
    }

    #[test]
    fn every_wrong_cell_is_named_with_its_line() {
        let id = id();
        let file = parse(&format!(
            ",,,1.5,,SOLD,\n,\"two\nlines\",,100000001,-1,,\n{id},,,,,,why\n{id},tea,,1,5,,\nx,tea,,,,,\n\
             ,tea,,1,1,INACTIVE,\n,tea,1\n"
        ));
        let expected = [
            "2: price has the wrong form",
            "2: status has the wrong form",
            "2: name is required for a new product",
            "2: stock is required for a new product",
            "3: name has control, format or line separator characters",
            "3: price is not a whole number from 0 to 100000000",
            "3: stock is not a whole number from 0 to 1000000000",
            "5: the row changes nothing",
            "6: stock is only for a new product: add or take units with a stock adjustment",
            "7: product_id has the wrong form",
            "8: status is ACTIVE for a new product: create it, then take it off sale",
            "9: the row has 3 cells, the heading 7",
        ];
        assert_eq!(errors(&file), expected);
    }

    #[test]
    fn lines_are_those_that_an_editor_shows() {
        for (end, empty) in [("\n", 0), ("\r\n", 0), ("\r", 0), ("\n", 2), ("\r\n", 2)] {
            let gap = end.repeat(1 + empty);
            let file = ProductFile::parse(format!("name{gap}\"a{end}b\"{end}c{gap}d").as_bytes()).unwrap();
            let first = 2 + empty as u64;
            let lines: Vec<_> = file.rows.iter().map(|row| row.line).collect();
            assert_eq!(lines, [first, first + 2, first + 3 + empty as u64], "{end:?} {empty}");
        }
    }

    #[test]
    fn heading_names_known_columns_once_in_any_order() {
        let good = b"\xef\xbb\xbfstock,price,name\n1,2,tea\n";
        assert!(ProductFile::parse(good).unwrap().rows[0].task.is_ok(), "with a byte order mark");
        for (bad, said) in [("name,colour\n", "colour"), ("name,name\n", "twice")] {
            let error = ProductFile::parse(bad.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn row_in_another_encoding_is_an_error_of_its_own() {
        let file = ProductFile::parse(b"name,price,stock\n\xb0\xa8,1,1\ntea,1,1\n").unwrap();
        assert_eq!(errors(&file), ["2: the row is not in UTF-8"]);
        assert!(file.rows[1].task.is_ok());
    }
}

//! The expressions that the store sends, evaluated: `SET`, `REMOVE`, comparisons, `attribute_exists`, `AND`, `OR`.
//!
//! Not all of DynamoDB's language, and nothing outside of it: what is not understood is an error, so that no condition
//! can be passed over. A test holds the answers against those of a complete engine.

use std::{cmp::Ordering, collections::HashMap, iter::Peekable, vec::IntoIter};

use anyhow::{Context, Result, bail, ensure};

use super::value::{Item, Value};

/// The placeholders of a request.
#[derive(Debug, Clone, Copy)]
pub struct Placeholders<'a> {
    pub names: &'a HashMap<String, String>,
    pub values: &'a Item,
}

/// Whether the condition holds for the item; that there is none is an item without attributes.
pub fn holds(condition: &str, item: &Item, given: Placeholders) -> Result<bool> {
    let mut parser = Parser::of(condition, item, given);
    let holds = parser.any()?;
    parser.end()?;
    Ok(holds)
}

/// The item after the update.
pub fn updated(update: &str, item: &Item, given: Placeholders) -> Result<Item> {
    let mut parser = Parser::of(update, item, given);
    let mut changed = item.clone();
    while let Some(clause) = parser.tokens.next() {
        loop {
            let path = parser.path()?;
            match clause.as_str() {
                "SET" => {
                    parser.expect("=")?;
                    let value = parser.sum()?;
                    put(&mut changed, &path, value)?;
                }
                "REMOVE" => drop(changed.remove(&path[0])),
                other => bail!("unknown clause {other} in {update}"),
            }
            if !parser.skip(",") {
                break;
            }
        }
    }
    Ok(changed)
}

fn put(item: &mut Item, path: &[String], value: Value) -> Result<()> {
    match path {
        [name] => drop(item.insert(name.clone(), value)),
        [name, rest @ ..] => {
            let Some(Value::M(members)) = item.get_mut(name) else { bail!("{name} is no map") };
            put(members, rest, value)?;
        }
        [] => bail!("an empty path"),
    }
    Ok(())
}

fn find<'a>(item: &'a Item, path: &[String]) -> Option<&'a Value> {
    let (name, rest) = path.split_first()?;
    match (item.get(name)?, rest) {
        (value, []) => Some(value),
        (Value::M(members), rest) => find(members, rest),
        _ => None,
    }
}

struct Parser<'a> {
    tokens: Peekable<IntoIter<String>>,
    item: &'a Item,
    given: Placeholders<'a>,
}

impl<'a> Parser<'a> {
    fn of(text: &str, item: &'a Item, given: Placeholders<'a>) -> Self {
        Self { tokens: tokens(text).into_iter().peekable(), item, given }
    }

    fn skip(&mut self, token: &str) -> bool {
        self.tokens.next_if(|next| next == token).is_some()
    }

    fn expect(&mut self, token: &str) -> Result<()> {
        ensure!(self.skip(token), "{token} is missing before {:?}", self.tokens.peek());
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        ensure!(self.tokens.peek().is_none(), "what comes after {:?} is not understood", self.tokens.peek());
        Ok(())
    }

    fn any(&mut self) -> Result<bool> {
        let mut holds = self.all()?;
        while self.skip("OR") {
            holds |= self.all()?;
        }
        Ok(holds)
    }

    fn all(&mut self) -> Result<bool> {
        let mut holds = self.term()?;
        while self.skip("AND") {
            holds &= self.term()?;
        }
        Ok(holds)
    }

    fn term(&mut self) -> Result<bool> {
        if self.skip("(") {
            let holds = self.any()?;
            self.expect(")")?;
            return Ok(holds);
        }
        for (function, wanted) in [("attribute_exists", true), ("attribute_not_exists", false)] {
            if self.skip(function) {
                self.expect("(")?;
                let path = self.path()?;
                self.expect(")")?;
                return Ok(find(self.item, &path).is_some() == wanted);
            }
        }
        let one = self.operand()?;
        let comparator = self.tokens.next().context("a comparator is missing")?;
        let other = self.operand()?;
        let (Some(one), Some(other)) = (one, other) else { return Ok(false) };
        if comparator == "=" {
            return Ok(one == other);
        }
        let Some(order) = compare(&one, &other) else { return Ok(false) };
        Ok(match comparator.as_str() {
            "<" => order == Ordering::Less,
            "<=" => order != Ordering::Greater,
            ">" => order == Ordering::Greater,
            ">=" => order != Ordering::Less,
            other => bail!("unknown comparator {other}"),
        })
    }

    /// `a`, `a + b`, `a - b`: what is set must have a value.
    fn sum(&mut self) -> Result<Value> {
        let value = self.operand()?.context("an operand has no value")?;
        let sign = if self.skip("+") {
            1
        } else if self.skip("-") {
            -1
        } else {
            return Ok(value);
        };
        let other = self.operand()?.context("an operand has no value")?;
        let (Some(one), Some(other)) = (value.as_number(), other.as_number()) else { bail!("not two numbers") };
        Ok(Value::number(one + sign * other))
    }

    /// A placeholder's value, an attribute's, or one that stands in for an attribute that there is not.
    fn operand(&mut self) -> Result<Option<Value>> {
        if self.skip("if_not_exists") {
            self.expect("(")?;
            let path = self.path()?;
            self.expect(",")?;
            let otherwise = self.operand()?;
            self.expect(")")?;
            return Ok(find(self.item, &path).cloned().or(otherwise));
        }
        if let Some(placeholder) = self.tokens.next_if(|next| next.starts_with(':')) {
            let value = self.given.values.get(&placeholder);
            return Ok(Some(value.with_context(|| format!("{placeholder} has no value"))?.clone()));
        }
        let path = self.path()?;
        Ok(find(self.item, &path).cloned())
    }

    fn path(&mut self) -> Result<Vec<String>> {
        let text = self.tokens.next().context("a path is missing")?;
        text.split('.').map(|part| self.name(part)).collect()
    }

    fn name(&self, part: &str) -> Result<String> {
        if part.starts_with('#') {
            let name = self.given.names.get(part);
            return Ok(name.with_context(|| format!("{part} has no name"))?.clone());
        }
        ensure!(part.starts_with(|first: char| first.is_ascii_alphabetic()), "{part} is no attribute");
        Ok(part.to_owned())
    }
}

fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::N(_), Value::N(_)) => one.as_number()?.partial_cmp(&other.as_number()?),
        (Value::S(one), Value::S(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = false;
    for letter in text.chars() {
        let in_word = letter.is_ascii_alphanumeric() || "_#:.".contains(letter);
        let joins = match tokens.last() {
            Some(last) if in_word => word && !last.is_empty(),
            Some(last) => !word && letter == '=' && (last == "<" || last == ">"),
            None => false,
        };
        match tokens.last_mut().filter(|_| joins) {
            Some(last) => last.push(letter),
            None if letter != ' ' => tokens.push(letter.to_string()),
            None => {}
        }
        word = in_word;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        let order = Item::from([("status".to_owned(), Value::S("PAID".to_owned()))]);
        Item::from([("stock".to_owned(), Value::number(7)), ("order".to_owned(), Value::M(order))])
    }

    #[test]
    fn conditions_are_read_as_they_are_meant() {
        let names = HashMap::from([("#order".to_owned(), "order".to_owned()), ("#s".to_owned(), "status".to_owned())]);
        let values = Item::from([
            (":seven".to_owned(), Value::number(7)),
            (":eight".to_owned(), Value::number(8)),
            (":paid".to_owned(), Value::S("PAID".to_owned())),
        ]);
        let given = Placeholders { names: &names, values: &values };
        for (condition, expected) in [
            ("stock >= :seven", true),
            ("stock>=:eight", false),
            ("stock < :eight AND #order.#s = :paid", true),
            ("stock = :eight OR stock = :seven AND attribute_not_exists(shards)", true),
            ("(stock = :seven OR stock = :eight) AND attribute_exists(shards)", false),
            ("shards = :seven", false),
            ("shards < :seven", false),
            (":eight > stock", true),
        ] {
            assert_eq!(holds(condition, &item(), given).unwrap(), expected, "{condition}");
        }
        for nonsense in ["stock", "stock >=", "stock <> :seven", "stock = :nine", "#x = :seven", "size(stock) = :seven"]
        {
            assert!(holds(nonsense, &item(), given).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn updates_set_and_remove() {
        let names = HashMap::new();
        let values = Item::from([(":one".to_owned(), Value::number(1))]);
        let given = Placeholders { names: &names, values: &values };
        let update = "SET stock = stock - :one, made = if_not_exists(made, :one) + :one REMOVE order, none";
        let changed = updated(update, &item(), given).unwrap();
        assert_eq!(
            changed,
            Item::from([("stock".to_owned(), Value::number(6)), ("made".to_owned(), Value::number(2))])
        );
        assert!(updated("ADD stock :one", &item(), given).is_err());
        assert!(updated("SET stock = none + :one", &item(), given).is_err());
    }
}

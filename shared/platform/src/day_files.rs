//! The files of a day: two for each shard of its facts, and one for its totals.

use sijang_domain::{DayTotals, Error, SaleFact};

use crate::{
    PseudonymKey, Table,
    parquet_file::{ParquetFile, ParquetWriter},
    table::{fact_rows, product_row},
};

/// Writes the files of one shard, fact by fact.
pub struct ShardWriter {
    orders: ParquetWriter,
    lines: ParquetWriter,
}

/// The files of one shard.
#[derive(Debug)]
pub struct ShardFiles {
    /// Of the table `orders`: a row for each fact.
    pub orders: ParquetFile,
    /// Of the table `order_lines`.
    pub lines: ParquetFile,
}

impl ShardWriter {
    /// Files without rows.
    pub fn create() -> Result<Self, Error> {
        Ok(Self { orders: ParquetWriter::create(Table::Orders)?, lines: ParquetWriter::create(Table::OrderLines)? })
    }

    /// Adds the rows of a fact.
    pub fn push(&mut self, fact: &SaleFact, pseudonyms: &PseudonymKey) -> Result<(), Error> {
        let (order, lines) = fact_rows(fact, pseudonyms);
        self.orders.push(order)?;
        lines.into_iter().try_for_each(|line| self.lines.push(line))
    }

    /// Completes the files.
    pub fn finish(self) -> Result<ShardFiles, Error> {
        Ok(ShardFiles { orders: self.orders.finish()?, lines: self.lines.finish()? })
    }
}

/// The file of the table `product_days`.
pub fn totals_file(totals: &DayTotals) -> Result<ParquetFile, Error> {
    let mut file = ParquetWriter::create(Table::ProductDays)?;
    totals.products().try_for_each(|(product_id, sales)| file.push(product_row(product_id, sales)))?;
    file.finish()
}

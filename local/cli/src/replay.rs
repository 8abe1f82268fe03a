//! The export of many days, one after the other.

use anyhow::{Context, Result, ensure};
use jiff::{ToSpan, civil::Date};

/// The days from one to another.
///
/// # Errors
/// When the first is after the last.
pub fn days(first: Date, last: Date) -> Result<Vec<Date>> {
    ensure!(first <= last, "{first} is after {last}");
    Ok(first.series(1.day()).take_while(|day| *day <= last).collect())
}

/// Exports each day. Of several days, it says how far it is.
///
/// # Errors
/// When the export of a day fails: then it says from which day to go on.
pub async fn in_turn(days: &[Date], export: impl AsyncFn(Date) -> Result<()>, say: impl Fn(String)) -> Result<()> {
    if let [day] = days {
        return export(*day).await;
    }
    for (number, day) in (1..).zip(days) {
        say(format!("export     {day}, {number} of {}", days.len()));
        let exported = export(*day).await;
        exported.with_context(|| format!("{day} was not exported: go on with --from {day}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use anyhow::bail;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_replay_has_every_day_from_the_first_to_the_last() {
        let (first, last) = (date(2026, 11, 30), date(2026, 12, 2));
        assert_eq!(days(first, last).unwrap(), [first, date(2026, 12, 1), last]);
        assert_eq!(days(first, first).unwrap(), [first]);
        assert_eq!(days(last, first).unwrap_err().to_string(), "2026-12-02 is after 2026-11-30");
    }

    #[tokio::test]
    async fn a_replay_says_how_far_it_is_and_where_to_go_on() {
        let days = days(date(2026, 11, 18), date(2026, 11, 21)).unwrap();
        let (said, exported) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let export = async |day| {
            if day == days[2] {
                bail!("it failed");
            }
            exported.borrow_mut().push(day);
            Ok(())
        };
        let failure = in_turn(&days, export, |line| said.borrow_mut().push(line)).await.unwrap_err();
        assert_eq!(exported.into_inner(), days[..2]);
        assert_eq!(said.into_inner().last().unwrap(), "export     2026-11-20, 3 of 4");
        assert_eq!(format!("{failure:#}"), "2026-11-20 was not exported: go on with --from 2026-11-20: it failed");
    }
}

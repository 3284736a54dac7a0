//! Parses `Retry-After`: a delay in seconds or a date. Called by the client.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The delay; `None` where the header cannot be read.
///
/// A date is compared with the `Date` of the response, where it has one: the server's clock need not agree with ours.
pub(super) fn delay(retry_after: &str, date: Option<&str>) -> Option<Duration> {
    let retry_after = retry_after.trim();
    if let Ok(seconds) = retry_after.parse::<f64>() {
        // Some servers send fractions.
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let then = seconds(retry_after)?;
    let now =
        date.and_then(seconds).or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).ok().map(|now| now.as_secs()));
    Some(Duration::from_secs(then.saturating_sub(now?)))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970; `None` for other forms. No server sends the two obsolete
/// forms of a date.
fn seconds(date: &str) -> Option<u64> {
    let words: Vec<&str> = date.split_ascii_whitespace().collect();
    let &[_, day, month, year, time, "GMT"] = words.as_slice() else { return None };
    let number = |text: &str, least: u64, most: u64| {
        let number: u64 = text.parse().ok()?;
        (least..=most).contains(&number).then_some(number)
    };
    let month = 1 + MONTHS.iter().position(|name| *name == month)? as u64;
    let (day, year) = (number(day, 1, 31)?, number(year, 1970, 9_999)?);
    let clock: Vec<&str> = time.split(':').collect();
    let &[hour, minute, second] = clock.as_slice() else { return None };
    let (hour, minute, second) = (number(hour, 0, 23)?, number(minute, 0, 59)?, number(second, 0, 60)?);
    // Years begin in March here, so that a leap day is the last day of a year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    // 719,468 days lie between 1 March of the year 0 and 1970.
    Some((days - 719_468) * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds() {
        for (date, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Tue, 29 Feb 2000 23:59:59 GMT", Some(951_868_799)),
            ("Fri, 31 Dec 9999 23:59:60 GMT", Some(253_402_300_800)),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 06 Nov 1994 08:49 GMT", None),
            ("Sun, 32 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 18446744073709551615 08:49:37 GMT", None),
            ("soon", None),
        ] {
            assert_eq!(seconds(date), expected, "{date}");
        }
    }

    #[test]
    fn delays_come_in_seconds_and_as_dates() {
        let now = Some("Sun, 06 Nov 1994 08:49:37 GMT");
        for (text, expected) in [
            ("120", Some(120.0)),
            (" 0.5 ", Some(0.5)),
            ("Sun, 06 Nov 1994 08:50:00 GMT", Some(23.0)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0.0)),
            ("-1", None),
            ("nan", None),
            ("1e300", None),
            ("", None),
        ] {
            assert_eq!(delay(text, now).map(|delay| delay.as_secs_f64()), expected, "{text}");
        }
        // Without a date of the server, the own clock has long passed 1994.
        assert_eq!(delay("Sun, 06 Nov 1994 08:50:00 GMT", None), Some(Duration::ZERO));
    }
}

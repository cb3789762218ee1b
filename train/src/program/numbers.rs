//! Numbers as arguments: value parsers that say what they expect.

use std::str::FromStr;

use clap::builder::RangedU64ValueParser;

/// A whole number from 1 to this one.
pub fn up_to(most: u64) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=most)
}

/// A whole number above 0.
///
/// # Errors
/// If it is none.
pub fn at_least_one<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    let number = text.parse().ok().filter(|n| *n > N::from(0));
    number.ok_or("expected a whole number above 0".into())
}

/// A number above 0.
///
/// # Errors
/// If it is none, or infinite.
pub fn positive(text: &str) -> Result<f64, String> {
    number(text, "above 0", |x| x > 0.0)
}

/// A number from 0 to below 1.
///
/// # Errors
/// If it is none.
pub fn probability(text: &str) -> Result<f64, String> {
    number(text, "from 0 to below 1", |x| (0.0..1.0).contains(&x))
}

/// A number above 0, and at most 1.
///
/// # Errors
/// If it is none.
pub fn share(text: &str) -> Result<f64, String> {
    number(text, "above 0, and at most 1", |x| x > 0.0 && x <= 1.0)
}

fn number(text: &str, expected: &str, is_one: impl Fn(f64) -> bool) -> Result<f64, String> {
    let number = text.parse().ok().filter(|&x: &f64| x.is_finite());
    let number = number.filter(|&x| is_one(x));
    number.ok_or_else(|| format!("expected a number {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_such_number_is_refused() {
        assert_eq!(at_least_one::<u64>("7"), Ok(7));
        assert_eq!((positive("2e-3"), share("1")), (Ok(2e-3), Ok(1.0)));
        assert_eq!(probability("0"), Ok(0.0));
        for text in ["0", "-1", "", "x", "1.5", "99999999999999999999"] {
            let refused = at_least_one::<u64>(text).unwrap_err();
            assert_eq!(refused, "expected a whole number above 0", "{text:?}");
        }
        for text in ["0", "-1", "inf", "nan", "x"] {
            assert_eq!(positive(text).unwrap_err(), "expected a number above 0");
            share(text).unwrap_err();
        }
        for text in ["1", "-0.1", "nan"] {
            probability(text).unwrap_err();
        }
        share("1.01").unwrap_err();
    }
}

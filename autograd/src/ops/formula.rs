//! [`Formula`]: a derivative as it is printed.
//!
//! The tables of element-wise operations spell each derivative once, as Rust: `1.0 - y * y`. With
//! numbers for x and y that is the rule; with formulas it is the rule's text, "1 − y²".

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::Scalar;

/// A text, and how tightly it holds together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Formula {
    text: String,
    level: Level,
}

/// What binds its parts together, the loosest first.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Level {
    Sum,
    Product,
    Power,
    Atom,
}
use Level::*;

impl Formula {
    fn new(text: impl Into<String>, level: Level) -> Self {
        let text = text.into();
        Formula { text, level }
    }

    /// A name: "x".
    pub fn name(name: &str) -> Self {
        Self::new(name, Atom)
    }

    /// A number, with a real minus sign.
    pub fn number<T: Scalar>(x: T) -> Self {
        let text = x.to_string();
        match text.strip_prefix('-') {
            Some(digits) => Self::new(format!("−{digits}"), Product),
            None => Self::new(text, Atom),
        }
    }

    fn is_number(&self) -> bool {
        self.text.ends_with(|c: char| c.is_ascii_digit()) && self.text.parse::<f64>().is_ok()
    }

    /// In parentheses, unless it holds together as tightly as that.
    fn at_least(&self, level: Level) -> String {
        match self.level >= level {
            true => self.text.clone(),
            false => format!("({})", self.text),
        }
    }

    fn call(&self, function: &str) -> Self {
        Self::new(format!("{function}({})", self.text), Atom)
    }

    pub fn sigmoid(&self) -> Self {
        self.call("σ")
    }

    /// The share of eᵃ in eᵃ + eᵇ.
    pub fn share(&self, other: &Self) -> Self {
        (self - other).sigmoid()
    }

    pub fn sign(&self) -> Self {
        self.call("sign")
    }

    /// 1 where it is positive, 0 elsewhere: an Iverson bracket.
    pub fn positive(&self) -> Self {
        Self::new(format!("[{} > 0]", self.text), Atom)
    }

    /// 1 within the bounds and on them, 0 beyond.
    pub fn within(&self, low: Self, high: Self) -> Self {
        Self::new(
            format!("[{} ≤ {} ≤ {}]", low.text, self.text, high.text),
            Atom,
        )
    }

    pub fn powi(&self, n: i32) -> Self {
        match n {
            1 => self.clone(),
            _ => Self::new(format!("{}{}", self.at_least(Atom), superscript(n)), Power),
        }
    }

    pub fn powi_derivative(&self, n: i32) -> Self {
        match n {
            0 | 1 => Self::number(f64::from(n)),
            _ => f64::from(n) * self.powi(n - 1),
        }
    }

    /// The rule of an operation with this derivative: ȳ times it.
    pub fn rule(&self) -> String {
        match self.text.as_str() {
            "1" => "ȳ".into(),
            "−1" => "−ȳ".into(),
            number if self.is_number() => format!("{number} ȳ"),
            _ => format!("ȳ ⊙ {}", self.at_least(Power)),
        }
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn superscript(n: i32) -> String {
    let raise = |c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32(digit as u32 - '0' as u32 + 0x2070).unwrap_or(digit),
    };
    n.to_string().chars().map(raise).collect()
}

impl From<f64> for Formula {
    fn from(x: f64) -> Self {
        Formula::number(x)
    }
}

impl From<&Formula> for Formula {
    fn from(formula: &Formula) -> Self {
        formula.clone()
    }
}

fn add(a: Formula, b: Formula) -> Formula {
    Formula::new(format!("{} + {}", a.text, b.at_least(Product)), Sum)
}

fn sub(a: Formula, b: Formula) -> Formula {
    Formula::new(format!("{} − {}", a.text, b.at_least(Product)), Sum)
}

fn mul(a: Formula, b: Formula) -> Formula {
    if a == b {
        return a.powi(2);
    }
    let times = if a.is_number() { " " } else { " ⊙ " };
    let text = [a.at_least(Product), b.at_least(Power)].join(times);
    Formula::new(text, Product)
}

fn div(a: Formula, b: Formula) -> Formula {
    Formula::new(
        format!("{} / {}", a.at_least(Product), b.at_least(Power)),
        Product,
    )
}

macro_rules! arithmetic {
    ($($Trait:ident $method:ident;)*) => {$(
        impl<F: Into<Formula>> $Trait<F> for Formula {
            type Output = Formula;
            fn $method(self, other: F) -> Formula {
                $method(self, other.into())
            }
        }
        impl<F: Into<Formula>> $Trait<F> for &Formula {
            type Output = Formula;
            fn $method(self, other: F) -> Formula {
                $method(self.clone(), other.into())
            }
        }
        impl $Trait<Formula> for f64 {
            type Output = Formula;
            fn $method(self, other: Formula) -> Formula {
                $method(self.into(), other)
            }
        }
        impl $Trait<&Formula> for f64 {
            type Output = Formula;
            fn $method(self, other: &Formula) -> Formula {
                $method(self.into(), other.clone())
            }
        }
    )*};
}

arithmetic! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl Neg for &Formula {
    type Output = Formula;
    fn neg(self) -> Formula {
        Formula::new(format!("−{}", self.at_least(Power)), Product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_print_as_formulas() {
        let (x, y) = (&Formula::name("x"), &Formula::name("y"));
        let printed = |formula: Formula| formula.rule();
        assert_eq!(printed(1.0 - y * y), "ȳ ⊙ (1 − y²)");
        assert_eq!(printed(y * (1.0 - y)), "ȳ ⊙ (y ⊙ (1 − y))");
        assert_eq!(printed(1.0.into()), "ȳ");
        assert_eq!(printed((-1.0).into()), "−ȳ");
        assert_eq!(printed(0.5.into()), "0.5 ȳ");
        assert_eq!(printed((-2.5).into()), "ȳ ⊙ (−2.5)");
        assert_eq!(printed(y.into()), "ȳ ⊙ y");
        assert_eq!(printed(2.0 * x), "ȳ ⊙ (2 x)");
        assert_eq!(printed(3.0 * x.powi(2)), "ȳ ⊙ (3 x²)");
        assert_eq!(printed(-2.0 * x.powi(-13)), "ȳ ⊙ (−2 ⊙ x⁻¹³)");
        assert_eq!(printed(-y / x), "ȳ ⊙ (−y / x)");
        assert_eq!(printed(x - (x - y)), "ȳ ⊙ (x − (x − y))");
        assert_eq!(printed(x / (x * y)), "ȳ ⊙ (x / (x ⊙ y))");
        assert_eq!(printed(x.sigmoid()), "ȳ ⊙ σ(x)");
        assert_eq!(printed(x.share(y)), "ȳ ⊙ σ(x − y)");
        assert_eq!(printed(x.positive()), "ȳ ⊙ [x > 0]");
    }
}

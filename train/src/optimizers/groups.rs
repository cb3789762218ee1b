//! [`Group`]: parameters by name, with settings of their own.

use crate::optimizer::check_not_negative;

/// What a group of parameters has of its own: see [`Descent::group`](crate::Descent::group).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    rate: f64,
    weight_decay: Option<f64>,
}

impl Group {
    /// As the optimizer is.
    pub fn new() -> Self {
        Group {
            rate: 1.0,
            weight_decay: None,
        }
    }

    /// With a learning rate of `factor` times the optimizer's, also when that changes; 0 leaves the
    /// parameters as they are.
    ///
    /// # Panics
    /// If the factor is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn rate(self, factor: f64) -> Self {
        check_not_negative("a factor on the learning rate", factor);
        Group {
            rate: factor,
            ..self
        }
    }

    /// With another weight decay λ, of the optimizer's kind: in the gradient, or decoupled.
    ///
    /// # Panics
    /// If λ is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn weight_decay(self, weight_decay: f64) -> Self {
        check_not_negative("a weight decay", weight_decay);
        Group {
            weight_decay: Some(weight_decay),
            ..self
        }
    }

    pub(super) fn scale(self, rate: f64) -> f64 {
        rate * self.rate
    }

    pub(super) fn weight_decay_or(self, general: f64) -> f64 {
        self.weight_decay.unwrap_or(general)
    }
}

impl Default for Group {
    fn default() -> Self {
        Self::new()
    }
}

/// Groups by pattern, in the order in which they are tried.
#[derive(Clone, Debug, Default)]
pub(super) struct Groups(Vec<(String, Group)>);

impl Groups {
    pub fn add(&mut self, pattern: String, group: Group) {
        self.0.push((pattern, group));
    }

    /// The first group that a name fits, if one does.
    fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|(pattern, _)| fits(pattern, name))
    }

    /// The settings of a parameter.
    pub fn of(&self, name: &str) -> Group {
        self.position(name)
            .map_or_else(Group::new, |group| self.0[group].1)
    }

    /// A group that none of these parameters is in.
    pub fn mistake(&self, names: &[&str]) -> Option<String> {
        let mut is_used = vec![false; self.0.len()];
        for group in names.iter().filter_map(|name| self.position(name)) {
            is_used[group] = true;
        }
        let unused = is_used.iter().position(|used| !used)?;
        let pattern = &self.0[unused].0;
        let fitting: Vec<_> = names.iter().filter(|name| fits(pattern, name)).collect();
        Some(match fitting[..] {
            [] => format!(
                "the group {pattern:?} fits no parameter of {}",
                names.join(", ")
            ),
            [name, ..] => format!(
                "the group {pattern:?} has no parameter left: {name} is in {:?}, which stands before it",
                self.0[self.position(name)?].0
            ),
        })
    }
}

/// Whether a name fits a pattern, in which `*` stands for any characters.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    // Each part where it first is: that leaves most for the next.
    for part in middle.split('*') {
        match name.split_once(part) {
            Some((_, after)) => name = after,
            None => return false,
        }
    }
    name.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name) in [
            ("lstm1.U", "lstm1.U"),
            ("*", ""),
            ("*", "lstm1.U"),
            ("*.b", "lstm1.b"),
            ("lstm1.*", "lstm1.U"),
            ("lstm*.b", "lstm12.b"),
            ("*stm*", "lstm1.U"),
            ("**.b", ".b"),
            ("*a*a", "aba"),
            ("a*b*c", "abcbc"),
            ("é*", "é.b"),
        ] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("", "lstm1.U"),
            ("lstm1", "lstm1.U"),
            ("*.b", "lstm1.bias"),
            ("lstm1.*", "lstm10.U"),
            ("ab*ba", "aba"),
            ("*a*a", "ab"),
            ("a*b*c", "acb"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}

//! [`escaped`]: names in messages.

use std::ffi::OsStr;

/// Characters of what is shown: a longer line is not read.
const MOST: usize = 400;

/// A name as a message shows it. What would not be seen, break the line or command the terminal is
/// escaped: control characters, line separators, and marks that turn the direction of writing. Of what is longer than
/// 400 characters, beginning and end are shown.
///
/// ```
/// assert_eq!(train::escaped("two\nlines \u{1b}[2J.txt"), r"two\nlines \u{1b}[2J.txt");
/// assert_eq!(train::escaped("Rücklauf 'b'.txt"), "Rücklauf 'b'.txt");
/// ```
pub fn escaped(name: impl AsRef<OsStr>) -> String {
    let mut shown = Vec::new();
    for c in name.as_ref().to_string_lossy().chars() {
        if is_hidden(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if shown.len() > MOST {
        shown.splice(MOST / 2..shown.len() - MOST / 2, " … ".chars());
    }
    shown.into_iter().collect()
}

fn is_hidden(c: char) -> bool {
    let moves =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || moves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_name_beginning_and_end_are_shown() {
        let long = format!("a{}b", "\n".repeat(1000));
        let shown = escaped(&long);
        assert_eq!(shown.len(), MOST + " … ".len());
        assert!(
            shown.starts_with(r"a\n\n") && shown.ends_with(r"\n\nb"),
            "{shown}"
        );
        assert_eq!(escaped("a".repeat(MOST)).len(), MOST);
    }
}

//! [`escaped`]: names in messages.

use std::ffi::OsStr;

/// A name as a message shows it. What would not be seen, break the line or command the terminal is
/// escaped: control characters, line separators, and marks that turn the direction of writing.
///
/// ```
/// assert_eq!(train::escaped("two\nlines \u{1b}[2J.txt"), r"two\nlines \u{1b}[2J.txt");
/// assert_eq!(train::escaped("Rücklauf 'b'.txt"), "Rücklauf 'b'.txt");
/// ```
pub fn escaped(name: impl AsRef<OsStr>) -> String {
    let mut shown = String::new();
    for c in name.as_ref().to_string_lossy().chars() {
        if is_hidden(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn is_hidden(c: char) -> bool {
    let moves =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || moves
}

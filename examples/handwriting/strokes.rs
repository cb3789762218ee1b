//! Characters as a pen draws them, read from files.

use std::path::Path;

use serde_json::error::Category;
use train::{escaped, read_text_file};

/// A point of a pen's way: its offset [dx, dy] from the point before, y downwards, and 1 where the pen is lifted
/// after it, else 0.
pub type Point = [f64; 3];

/// A character: its points from the first to the last. The first one's offset is from wherever the pen was before.
pub type Character = Vec<Point>;

/// No page is larger, and no offset.
const LARGEST: f64 = 1e6;

/// Reads a file of characters, compressed by gzip or not: on each line one as JSON, `[[dx, dy, lifted], …]`.
///
/// # Errors
/// If it cannot be read, is cut off, has no character or a line that is none: one line, with the file's name.
pub fn read(path: &Path) -> Result<Vec<Character>, String> {
    let text = read_text_file(path).map_err(|e| e.to_string())?;
    characters(&text).map_err(|e| format!("{}: {e}", escaped(path)))
}

fn characters(text: &str) -> Result<Vec<Character>, String> {
    let lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    let read = |(line, number): (&str, usize)| {
        character(line.trim()).map_err(|e| format!("line {number}: {e}"))
    };
    let characters = lines.map(read).collect::<Result<Vec<_>, _>>()?;
    match characters.is_empty() {
        true => Err("expected a character on each line, and there is none".into()),
        false => Ok(characters),
    }
}

/// A character from its line.
///
/// # Errors
/// If it is none.
pub fn character(line: &str) -> Result<Character, String> {
    let rows: Vec<Vec<f64>> = serde_json::from_str(line).map_err(|e| {
        let text = e.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        let kind = match e.classify() {
            Category::Data => "expected an array of [dx, dy, lifted]",
            _ if what.starts_with("number out of range") => "expected finite numbers",
            _ => "not JSON",
        };
        format!("{kind}: {what}, column {}", e.column())
    })?;
    if rows.len() < 2 {
        return Err(format!(
            "expected two points at least, found {}",
            rows.len()
        ));
    }
    let points = rows
        .iter()
        .zip(1..)
        .map(|(row, n)| point(row).map_err(|e| format!("point {n}: {e}")));
    points.collect()
}

fn point(row: &[f64]) -> Result<Point, String> {
    let &[dx, dy, lifted] = row else {
        return Err(format!(
            "expected [dx, dy, lifted], found {} numbers",
            row.len()
        ));
    };
    if let Some(offset) = [dx, dy].into_iter().find(|x| x.abs() > LARGEST) {
        return Err(format!(
            "expected an offset of at most {LARGEST:e} either way, found {offset:e}"
        ));
    }
    if lifted != 0.0 && lifted != 1.0 {
        return Err(format!(
            "expected 1 where the pen is lifted and 0 elsewhere, found {lifted}"
        ));
    }
    Ok([dx, dy, lifted])
}

/// The strokes of a character, each as the places that the pen goes through.
pub fn strokes(character: &[Point]) -> Vec<Vec<(f64, f64)>> {
    let (mut strokes, mut is_down, mut at) = (Vec::<Vec<_>>::new(), false, (0.0, 0.0));
    for [dx, dy, lifted] in character {
        at = (at.0 + dx, at.1 + dy);
        match strokes.last_mut().filter(|_| is_down) {
            Some(stroke) => stroke.push(at),
            None => strokes.push(vec![at]),
        }
        is_down = *lifted == 0.0;
    }
    strokes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_read_from_each_line_that_has_one() {
        let read = characters("[[0,0,0],[3,-4,1]]\n\n[[1,2.5,1], [0,0,0], [7e1,0,1]]\n").unwrap();
        let second = vec![[1.0, 2.5, 1.0], [0.0; 3], [70.0, 0.0, 1.0]];
        assert_eq!(read, [vec![[0.0; 3], [3.0, -4.0, 1.0]], second]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let good = "[[0,0,0],[3,-4,1]]\n";
        let cases = [
            ("", "expected a character on each line, and there is none"),
            (
                "\n \n",
                "expected a character on each line, and there is none",
            ),
            ("drawing", "line 1: not JSON: expected value, column 1"),
            (
                "[[0,0,0],[3,-4",
                "line 1: not JSON: EOF while parsing a list, column 14",
            ),
            (
                "[[0,0,0],[1e999,0,1]]",
                "line 1: expected finite numbers: number out of range, column 15",
            ),
            (
                "[[0,0,0],[NaN,0,1]]",
                "line 1: not JSON: expected value, column 11",
            ),
            (
                "{\"a\":1}",
                "line 1: expected an array of [dx, dy, lifted]: invalid type: map, expected a sequence, column ",
            ),
            ("[[0,0,0]]", "line 1: expected two points at least, found 1"),
            (
                "[[0,0,0],[1,1]]",
                "line 1: point 2: expected [dx, dy, lifted], found 2 numbers",
            ),
            (
                "[[0,0,0],[1,1,0,1,0]]",
                "line 1: point 2: expected [dx, dy, lifted], found 5 numbers",
            ),
            (
                "[[0,0,0],[1,1,2]]",
                "line 1: point 2: expected 1 where the pen is lifted and 0 elsewhere, found 2",
            ),
            (
                "[[0,-2e7,0],[1,1,1]]",
                "line 1: point 1: expected an offset of at most 1e6 either way, found -2e7",
            ),
        ];
        for (text, expected) in cases {
            let found = characters(text).unwrap_err();
            assert!(found.starts_with(expected), "{text}: {found}");
            if text.trim() != "" {
                let later = expected.replace("line 1", "line 2");
                let found = characters(&format!("{good}{text}")).unwrap_err();
                assert!(found.starts_with(&later), "{found}");
            }
        }
        let missing = read(Path::new("no/such.jsonl")).unwrap_err();
        assert!(
            missing.starts_with("cannot read no/such.jsonl: "),
            "{missing}"
        );
    }

    #[test]
    fn a_stroke_ends_where_the_pen_is_lifted() {
        let character = [
            [1.0, 1.0, 0.0],
            [2.0, 0.0, 1.0],
            [-3.0, 4.0, 1.0],
            [1.0, 0.0, 0.0],
        ];
        let expected = [
            vec![(1.0, 1.0), (3.0, 1.0)],
            vec![(0.0, 5.0)],
            vec![(1.0, 5.0)],
        ];
        assert_eq!(strokes(&character), expected);
    }

    #[global_allocator]
    static ALLOCATOR: altered::Counting = altered::Counting;

    #[test]
    fn altered_characters_are_characters_or_refused() {
        let file = b"[[0,0,0],[3,-4,1]]\n\n[[1,2.5,1], [0,0,0], [7e1,0,1]]\n";
        altered::check(&[file], |bytes| {
            let text = str::from_utf8(bytes).map_err(|e| e.to_string())?;
            for character in characters(text)? {
                assert!(character.len() > 1 && character.iter().flatten().all(|x| x.is_finite()));
            }
            Ok(())
        });
    }
}

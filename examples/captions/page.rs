//! What there is to see: pictures with their captions, and how probable each word was.

use train::pictures::Svg;
use train::prelude::*;
use train::program::Outcome;

use crate::captioner::Captioner;
use crate::data::Emoji;
use crate::measure::Judged;
use crate::picture::Picture;

/// A card has a picture with its caption beside it.
const COLUMNS: usize = 4;
const CARD: (f64, f64) = (320.0, 112.0);
const PICTURE: f64 = 72.0;
const MARGIN: f64 = 20.0;
const HEADING: f64 = 44.0;
/// Characters in a line of a caption.
const LINE: usize = 25;
/// Colours that everybody can tell apart (Okabe and Ito 2008).
const RIGHT: &str = "#0072b2";
const WRONG: &str = "#d55e00";
const INK: &str = "#333";

/// Words that were never as probable as this are not shown.
const PROBABLE: f32 = 0.03;

/// Some pictures of each part, under its heading: so many, of which about a third are wrong ones if there are as many.
pub fn captions(parts: &[(String, &Judged, usize)]) -> Svg {
    let chosen: Vec<_> = parts
        .iter()
        .map(|(_, judged, count)| some(judged, *count))
        .collect();
    let height = |cards: &Vec<_>| HEADING + cards.len().div_ceil(COLUMNS) as f64 * CARD.1;
    let heights = chosen.iter().map(height).sum::<f64>();
    let mut svg = Svg::new(2.0 * MARGIN + COLUMNS as f64 * CARD.0, MARGIN + heights);
    let mut top = 0.0;
    for ((heading, ..), cards) in parts.iter().zip(&chosen) {
        let bold = format!(r#"font-size="20" font-weight="bold" fill="{INK}""#);
        svg.text((MARGIN, top + 32.0), heading, &bold);
        for (i, (emoji, caption)) in cards.iter().enumerate() {
            let (row, column) = ((i / COLUMNS) as f64, (i % COLUMNS) as f64);
            let at = (MARGIN + column * CARD.0, top + HEADING + row * CARD.1);
            card(&mut svg, at, emoji, caption);
        }
        top += height(cards);
    }
    svg
}

/// Evenly from those that are right and those that are wrong.
fn some<'j>(judged: &'j Judged, count: usize) -> Vec<(&'j Emoji, &'j str)> {
    let is_right = |(emoji, caption): &(&Emoji, &str)| emoji.name == *caption;
    let (right, wrong): (Vec<_>, Vec<_>) = judged.iter().partition(is_right);
    let most_wrong = wrong
        .len()
        .min(count.div_ceil(3).max(count.saturating_sub(right.len())));
    let mut chosen = evenly(&right, count - most_wrong);
    chosen.extend(evenly(&wrong, most_wrong));
    chosen
}

fn evenly<T: Copy>(all: &[T], count: usize) -> Vec<T> {
    let count = count.min(all.len());
    (0..count).map(|i| all[i * all.len() / count]).collect()
}

fn card(svg: &mut Svg, (x, y): (f64, f64), emoji: &Emoji, caption: &str) {
    let is_right = emoji.name == caption;
    let (mark, colour) = if is_right {
        ("✓", RIGHT)
    } else {
        ("✗", WRONG)
    };
    svg.image((x, y), (PICTURE, PICTURE), &emoji.picture.png());
    let left = x + PICTURE + 8.0;
    svg.text(
        (left, y + 20.0),
        mark,
        &format!(r#"font-size="20" font-weight="bold" fill="{colour}""#),
    );
    let mut lines: Vec<_> = wrapped(caption)
        .into_iter()
        .map(|line| (line, colour))
        .collect();
    if !is_right {
        let name = format!("is: {}", emoji.name);
        lines.extend(wrapped(&name).into_iter().map(|line| (line, INK)));
    }
    for (i, (line, colour)) in lines.iter().take(6).enumerate() {
        let at = (left + 22.0, y + 16.0 + 17.0 * i as f64);
        svg.text(at, line, &format!(r#"font-size="14" fill="{colour}""#));
    }
}

/// Lines of whole words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is a first one");
        match line.is_empty() {
            true => line.push_str(word),
            false if line.chars().count() + 1 + word.chars().count() <= LINE => {
                line.push(' ');
                line.push_str(word);
            }
            false => lines.push(word.into()),
        }
    }
    lines
}

/// How probable each word was at each step of a caption: a column for each step, under the word that was written there.
pub fn words(captioner: &Captioner, picture: &Picture, caption: &str) -> Outcome<HeatMap> {
    let p = captioner.probabilities(picture, caption)?;
    let written = [captioner.vocabulary.encode(caption)?, vec![captioner.end()]].concat();
    let mut shown = Vec::new();
    for step in p.row_iter() {
        let mut probable: Vec<_> = (0..step.len())
            .filter(|&word| step[word] >= PROBABLE)
            .collect();
        probable.sort_by(|&a, &b| step[b].total_cmp(&step[a]));
        probable.retain(|word| !shown.contains(word));
        shown.extend(probable);
    }
    let token = |&word: &usize| captioner.vocabulary.tokens()[word].trim().to_string();
    let numbers = Matrix::from_fn(shown.len(), p.row_count(), |r, c| p[(c, shown[r])]);
    let names = [&shown, &written].map(|words| words.iter().map(token).collect::<Vec<_>>());
    let [rows, cols] = names;
    let title = "probability of each word, in percent, before the one above was written";
    Ok(HeatMap::of(&numbers)
        .titled(title)
        .labelled(rows, cols)
        .in_percent()
        .turned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_whole_words() {
        assert_eq!(
            wrapped("woman firefighter: medium-dark skin tone"),
            ["woman firefighter:", "medium-dark skin tone"]
        );
        assert_eq!(wrapped(""), [""]);
        assert_eq!(
            wrapped("incomprehensibilities-beyond-all"),
            ["incomprehensibilities-beyond-all"]
        );
    }

    #[test]
    fn what_is_shown_is_taken_evenly() {
        assert_eq!(evenly(&[0, 1, 2, 3, 4, 5], 3), [0, 2, 4]);
        assert_eq!(evenly(&[0, 1], 3), [0, 1]);
        assert!(evenly::<usize>(&[], 3).is_empty());
    }
}

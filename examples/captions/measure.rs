//! How many captions are right: every word of them.

use std::collections::BTreeMap;

use train::program::Outcome;

use crate::captioner::Captioner;
use crate::data::Emoji;

/// Pictures that were held out, with what the captioner calls them.
pub struct Judged<'a> {
    pub emoji: &'a [Emoji],
    /// With their probabilities.
    captions: Vec<(String, f64)>,
}

impl<'a> Judged<'a> {
    /// Captions all of them.
    pub fn new(captioner: &Captioner, emoji: &'a [Emoji]) -> Outcome<Self> {
        let pictures: Vec<_> = emoji.iter().map(|e| &e.picture).collect();
        let captions = captioner.captions(&pictures)?;
        Ok(Judged { emoji, captions })
    }

    /// Each with its caption.
    pub fn iter(&self) -> impl Iterator<Item = (&'a Emoji, &str)> {
        self.emoji
            .iter()
            .zip(self.captions.iter().map(|(caption, _)| caption.as_str()))
    }

    /// The picture whose caption is the least probable of all.
    ///
    /// # Panics
    /// If there are no pictures.
    pub fn least_sure(&self) -> &'a Emoji {
        let sure = |(_, (_, p)): &(&Emoji, &(String, f64))| *p;
        let all = self.emoji.iter().zip(&self.captions);
        all.min_by(|a, b| sure(a).total_cmp(&sure(b)))
            .expect("pictures")
            .0
    }

    /// The share whose caption is the name, word by word.
    pub fn exact(&self) -> f64 {
        share(self.iter().map(|(emoji, caption)| emoji.name == caption))
    }

    /// The same for each kind, with how many there are.
    pub fn by_kind(&self) -> BTreeMap<&'a str, (f64, usize)> {
        let mut kinds = BTreeMap::<_, Vec<bool>>::new();
        for (emoji, caption) in self.iter() {
            kinds
                .entry(emoji.kind.as_str())
                .or_default()
                .push(emoji.name == caption);
        }
        let shares = kinds.into_iter();
        shares
            .map(|(kind, right)| (kind, (share(right.iter().copied()), right.len())))
            .collect()
    }
}

/// The share of those that are so; of nothing, NaN.
pub fn share(are_so: impl Iterator<Item = bool>) -> f64 {
    let (mut so, mut all) = (0_usize, 0_usize);
    for is_so in are_so {
        so += usize::from(is_so);
        all += 1;
    }
    so as f64 / all as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Image;

    #[test]
    fn only_the_whole_name_is_right() {
        let picture = Image::of([0; 3]).scaled();
        let emoji = [
            ("thing", "red apple"),
            ("thing", "grin"),
            ("hand", "fist: dark skin tone"),
        ];
        let emoji = emoji.map(|(kind, name)| Emoji {
            picture: picture.clone(),
            name: name.into(),
            kind: kind.into(),
        });
        let captions = [("red apple", 0.9), ("grinning", 0.2), ("fist", 0.5)];
        let captions = captions
            .map(|(caption, p)| (caption.to_string(), p))
            .to_vec();
        let judged = Judged {
            emoji: &emoji,
            captions,
        };
        assert_eq!(judged.exact(), 1.0 / 3.0);
        assert_eq!(
            judged.by_kind(),
            BTreeMap::from([("hand", (0.0, 1)), ("thing", (0.5, 2))])
        );
        assert_eq!(judged.least_sure().name, "grin");
        assert!(share([].into_iter()).is_nan());
    }
}

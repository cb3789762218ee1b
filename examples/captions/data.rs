//! Pictures with their names: read from a folder, and dealt out so that what is held out has been seen in parts only.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use rand::seq::IteratorRandom;
use train::escaped;
use train::prelude::*;
use train::program::Outcome;

use crate::image::Image;
use crate::names::Parts;
use crate::picture::Picture;

/// Emoji of OpenMoji: see examples/data/README.md.
pub const DEFAULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/openmoji");

/// The share of roles of which no picture is learned from.
const NEW: f64 = 0.04;
/// The share of roles, of those that are drawn of several, of which one is held out.
const WHO: f64 = 0.08;
/// The share of the other pictures with skin tones that is held out, and of what is left the one that tells how it goes.
const TONES: f64 = 0.15;
const VALIDATION: f64 = 0.05;

/// A picture with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Emoji {
    pub picture: Picture,
    pub name: String,
    /// What it is of, by which figures are told apart: a role, a hand, a thing.
    pub kind: String,
}

/// Reads a folder: `names.txt` has a line CODE, KIND and NAME with tabs between for each picture, and the pictures are
/// files CODE.png of any size, or the squares of one file `pictures.png`, row by row.
///
/// Pictures that do not differ are one, with the first of their names: OpenMoji draws a "firefighter" and a "man
/// firefighter" alike, and whoever sees one cannot tell which it is.
pub fn read(folder: &Path) -> Outcome<Vec<Emoji>> {
    let wrong = |what: String| format!("--data {}: {what}", escaped(folder));
    let text = fs::read_to_string(folder.join("names.txt"));
    let text = text.map_err(|e| wrong(format!("cannot read names.txt: {e}")))?;
    let lines = lines(&text).map_err(|e| wrong(format!("names.txt, {e}")))?;
    let sheet = folder.join("pictures.png");
    let pictures = match sheet.exists() {
        true => Image::read(&sheet).and_then(|image| image.squares()),
        false => {
            let read = |line: &Line| Ok(Image::read(&folder.join(line.file()))?.scaled());
            lines.iter().map(read).collect()
        }
    };
    let pictures = pictures.map_err(|e| format!("--data: {e}"))?;
    if pictures.len() < lines.len() {
        let (pictures, names) = (pictures.len(), lines.len());
        return Err(wrong(format!(
            "{names} names in names.txt for {pictures} pictures"
        ))
        .into());
    }
    let mut seen = HashSet::new();
    let emoji = pictures.into_iter().zip(lines).map(Line::with);
    Ok(emoji.filter(|e| seen.insert(e.picture.clone())).collect())
}

/// A line of `names.txt`.
struct Line<'a> {
    code: &'a str,
    kind: &'a str,
    name: &'a str,
}

impl Line<'_> {
    fn file(&self) -> String {
        format!("{}.png", self.code)
    }

    fn with((picture, line): (Picture, Self)) -> Emoji {
        Emoji {
            picture,
            name: line.name.into(),
            kind: line.kind.into(),
        }
    }
}

/// The lines, without those that begin with "#".
fn lines(text: &str) -> Result<Vec<Line<'_>>, String> {
    let numbered = text.lines().zip(1..);
    let numbered = numbered.filter(|(line, _)| !line.starts_with('#'));
    let parsed = numbered.map(|(line, number)| {
        let fields: Vec<_> = line.split('\t').map(str::trim).collect();
        match fields[..] {
            [code, kind, name] if fields.iter().all(|field| !field.is_empty()) => {
                match code.contains(['/', '\\']) {
                    true => Err(format!("line {number}: a code with a slash")),
                    false => Ok(Line { code, kind, name }),
                }
            }
            _ => Err(format!(
                "line {number}: expected CODE, KIND and NAME with tabs between"
            )),
        }
    });
    let lines = parsed.collect::<Result<Vec<_>, _>>()?;
    match lines.is_empty() {
        true => Err("line 1: there is no name".into()),
        false => Ok(lines),
    }
}

/// Pictures to learn from, and those that are held out.
#[derive(Clone, Debug)]
pub struct Split {
    pub training: Vec<Emoji>,
    /// As `tones`, to look at after each epoch.
    pub validation: Vec<Emoji>,
    /// Who, role and tone are never seen together: no dark woman firefighter, but woman firefighters of other tones.
    pub tones: Vec<Emoji>,
    /// Who and role are never seen together: no woman firefighter, but firefighters, and women who are something else.
    pub who: Vec<Emoji>,
    /// The role is never seen.
    pub new: Vec<Emoji>,
}

impl Split {
    /// Deals pictures out. All parts of what is held out are learned from, except of `new`.
    pub fn new(emoji: &[Emoji], seed: u64) -> Self {
        let named: Vec<_> = emoji.iter().map(|e| (Parts::of(&e.name), e)).collect();
        let mut of_role = BTreeMap::<&str, BTreeSet<&str>>::new();
        for (Parts { who, role, .. }, _) in &named {
            of_role.entry(role).or_default().insert(who);
        }
        let (others, new) = split_at_random(Vec::from_iter(of_role), NEW, seed);
        let new: BTreeSet<_> = new.to_vec().into_iter().map(|(role, _)| role).collect();
        let several = others.to_vec().into_iter().filter(|(_, who)| who.len() > 1);
        let (_, apart) = split_at_random(several.collect::<Vec<_>>(), WHO, seed);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let draw =
            |(role, who): (_, BTreeSet<_>)| (role, *who.iter().choose(&mut rng).expect("several"));
        let apart: BTreeSet<_> = apart.to_vec().into_iter().map(draw).collect();

        let (new, others) = parted(named.clone(), |p| new.contains(p.role.as_str()));
        let (who, others) = parted(others, |p| {
            apart.contains(&(p.role.as_str(), p.who.as_str()))
        });
        let (toned, mut training) = parted(others, |p| !p.tone.is_empty());
        let (toned, tones) = split_at_random(toned, TONES, seed);
        let (toned, validation) = split_at_random(toned.to_vec(), VALIDATION, seed);
        training.extend(toned.to_vec());
        let of_tone: Alike = |a, b| a.tone == b.tone;
        let of_pair: [Alike; 2] = [of_tone, |a, b| a.who == b.who && a.role == b.role];
        let of_single: [Alike; 3] = [of_tone, |a, b| a.who == b.who, |a, b| a.role == b.role];
        Split {
            validation: known(validation.to_vec(), &mut training, &of_pair),
            tones: known(tones.to_vec(), &mut training, &of_pair),
            who: known(who, &mut training, &of_single),
            new: emoji_of(new),
            training: emoji_of(training),
        }
    }
}

type Named<'a> = (Parts, &'a Emoji);

/// Whether two names have a part in common.
type Alike = fn(&Parts, &Parts) -> bool;

/// Those whose parts are such, and the others.
fn parted<'a>(
    emoji: Vec<Named<'a>>,
    is_such: impl Fn(&Parts) -> bool,
) -> (Vec<Named<'a>>, Vec<Named<'a>>) {
    emoji.into_iter().partition(|(parts, _)| is_such(parts))
}

/// Those that have all of these in common with what is learned from, which the others become a part of.
fn known<'a>(held_out: Vec<Named<'a>>, training: &mut Vec<Named<'a>>, all: &[Alike]) -> Vec<Emoji> {
    let is_known = |p: &Parts| {
        all.iter()
            .all(|alike| training.iter().any(|(q, _)| alike(p, q)))
    };
    let (known, others) = parted(held_out, is_known);
    training.extend(others);
    emoji_of(known)
}

fn emoji_of(named: Vec<Named<'_>>) -> Vec<Emoji> {
    named.into_iter().map(|(_, emoji)| emoji.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_out_is_known_in_parts_only() {
        let emoji = read(Path::new(DEFAULT)).expect("the pictures of the example");
        let split = Split::new(&emoji, 1);
        let parts = |emoji: &[Emoji]| emoji.iter().map(|e| Parts::of(&e.name)).collect::<Vec<_>>();
        let learned = parts(&split.training);
        let is_seen = |alike: &dyn Fn(&Parts) -> bool| learned.iter().any(alike);
        for p in parts(&[split.tones.clone(), split.validation.clone()].concat()) {
            assert!(!p.tone.is_empty() && !learned.contains(&p), "{p:?}");
            assert!(is_seen(&|q| q.who == p.who && q.role == p.role), "{p:?}");
            assert!(is_seen(&|q| q.tone == p.tone), "{p:?}");
        }
        for p in parts(&split.who) {
            assert!(!is_seen(&|q| q.who == p.who && q.role == p.role), "{p:?}");
            assert!(
                is_seen(&|q| q.who == p.who) && is_seen(&|q| q.role == p.role),
                "{p:?}"
            );
        }
        for p in parts(&split.new) {
            assert!(!is_seen(&|q| q.role == p.role), "{p:?}");
        }
        let held_out = [&split.validation, &split.tones, &split.who, &split.new];
        let count: usize = held_out.iter().map(|part| part.len()).sum();
        assert_eq!(count + split.training.len(), emoji.len());
        assert!(split.tones.len() > 200 && split.who.len() > 20 && split.new.len() > 50);
        assert_ne!(Split::new(&emoji, 2).tones, split.tones);
    }

    #[test]
    fn pictures_that_do_not_differ_are_one() {
        let emoji = read(Path::new(DEFAULT)).expect("the pictures of the example");
        let named = |name: &str| emoji.iter().any(|e| e.name == name);
        assert!(named("firefighter") && named("woman firefighter") && !named("man firefighter"));
        let pictures: HashSet<_> = emoji.iter().map(|e| &e.picture).collect();
        assert_eq!(pictures.len(), emoji.len());
    }

    #[test]
    fn a_folder_of_files_is_read_and_a_wrong_one_refused_in_one_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let write =
            |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("a file");
        let refused = || read(folder.path()).unwrap_err().to_string();
        assert!(refused().contains(": cannot read names.txt: "));
        let lines = "line 2: expected CODE, KIND and NAME with tabs between";
        for (names, message) in [
            ("", "names.txt, line 1: there is no name"),
            ("# nothing\n", "names.txt, line 1: there is no name"),
            ("#\n1F600 thing grin\n", lines),
            ("A\tthing\tgrin\nB\tthing\t\n", lines),
            ("../A\tthing\tgrin\n", "line 1: a code with a slash"),
        ] {
            write("names.txt", names.as_bytes());
            assert!(refused().ends_with(message), "{}", refused());
        }
        write("names.txt", b"A\tthing\tgrin\nB\tthing\tlaugh\n");
        assert!(refused().contains("cannot read ") && refused().contains("A.png: "));
        let picture = read(Path::new(DEFAULT)).expect("the pictures of the example")[0]
            .picture
            .clone();
        write("A.png", &picture.png());
        write("B.png", &picture.png()[..100]);
        assert!(
            refused().contains("B.png: no PNG, or a damaged one: "),
            "{}",
            refused()
        );
        write("B.png", &picture.png());
        let one = Emoji {
            picture: picture.clone(),
            name: "grin".into(),
            kind: "thing".into(),
        };
        assert_eq!(read(folder.path()).unwrap(), [one]);
        write("pictures.png", &picture.png());
        assert!(refused().ends_with("2 names in names.txt for 1 pictures"));
    }
}

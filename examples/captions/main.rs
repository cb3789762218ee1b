//! From one to many: a picture of an emoji is given its name, word by word. Some names have never been read before.
//!
//!     cargo run --release --example captions
//!     cargo run --release --example captions -- --save captions.safetensors
//!     cargo run --release --example captions -- --load captions.safetensors --caption picture.png
//!
//! Pictures and names come from OpenMoji. For larger ones, or of another version, see `openmoji.py`:
//!
//!     npm pack openmoji@17.0.0 && tar xzf openmoji-17.0.0.tgz
//!     python examples/captions/openmoji.py package emoji
//!     cargo run --release --example captions -- --data emoji

mod captioner;
mod data;
mod eye;
mod image;
mod measure;
mod names;
mod page;
mod picture;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use train::escaped;
use train::program::{self, Out, Outcome, Save, Settings, Threads};

use crate::captioner::{Captioner, CaptionerSettings};
use crate::data::Split;
use crate::image::Image;
use crate::measure::{Judged, share};
use crate::names::Parts;
use crate::picture::Picture;

/// Learns to name pictures of emoji.
#[derive(Parser)]
#[command(version)]
struct Cli {
    /// Folder with names.txt, a line CODE, KIND and NAME with tabs between for each picture, and CODE.png or all of
    /// them in one pictures.png
    #[arg(long, value_name = "FOLDER", default_value = data::DEFAULT, hide_default_value = true)]
    data: PathBuf,
    /// Picture to caption, a PNG file of any size, again for each
    #[arg(long, value_name = "FILE")]
    caption: Vec<PathBuf>,
    /// Saved model instead of training one: with --caption, all that is needed
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    load: Option<PathBuf>,
    #[command(flatten)]
    settings: Settings<CaptionerSettings>,
    #[command(flatten)]
    save: Save,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    out: Out,
}

fn main() -> ExitCode {
    program::run(|cli: Cli| cli.threads.install(|| run(&cli)))
}

/// Pictures of each part that are shown.
const SHOWN: [usize; 3] = [16, 8, 8];

fn run(cli: &Cli) -> Outcome {
    cli.out.check()?;
    cli.save.check()?;
    let asked = cli
        .caption
        .iter()
        .map(|path| Ok(Image::read(path)?.scaled()));
    let asked = asked.collect::<Result<Vec<_>, String>>();
    let asked = asked.map_err(|e| format!("--caption: {e}"))?;
    let loaded = cli
        .load
        .as_ref()
        .map(|path| Captioner::load(path, &cli.settings))
        .transpose()?;
    let captioner = match loaded {
        Some(captioner) if !asked.is_empty() => captioner,
        loaded => learned(cli, loaded)?,
    };
    for (path, picture) in cli.caption.iter().zip(&asked) {
        println!("\n{}", escaped(path));
        for (caption, p) in captioner.best(picture, 3)? {
            println!("{p:7.3}  {caption}");
        }
    }
    if let Some(picture) = asked.first() {
        show_words(cli, &captioner, picture)?;
    }
    Ok(())
}

/// Trains a captioner, unless there is one, and tells how good it is.
fn learned(cli: &Cli, loaded: Option<Captioner>) -> Outcome<Captioner> {
    let emoji = data::read(&cli.data)?;
    let seed = loaded
        .as_ref()
        .map_or(cli.settings.values.seed, |captioner| {
            captioner.settings.seed
        });
    let split = Split::new(&emoji, seed);
    let held_out = [&split.tones, &split.who, &split.new];
    if split.validation.is_empty() || held_out.iter().any(|part| part.is_empty()) {
        let (folder, count) = (escaped(&cli.data), emoji.len());
        return Err(format!(
            "--data {folder}: of {count} pictures too few share parts of their names to hold some out"
        )
        .into());
    }
    println!(
        "{} different pictures; held out: {} and {} combinations of known parts, {} of something new",
        emoji.len(),
        split.tones.len() + split.validation.len(),
        split.who.len(),
        split.new.len()
    );
    let captioner = match loaded {
        Some(captioner) => captioner,
        None => Captioner::train(&cli.settings.values, &split, &cli.save)?,
    };
    report(cli, &captioner, &split)?;
    Ok(captioner)
}

fn report(cli: &Cli, captioner: &Captioner, split: &Split) -> Outcome {
    let judged = |emoji| Judged::new(captioner, emoji);
    let [learned, tones] = [judged(&split.training)?, judged(&split.tones)?];
    let [who, new] = [judged(&split.who)?, judged(&split.new)?];
    let (learned_by_kind, tones_by_kind) = (learned.by_kind(), tones.by_kind());
    println!("\nshare of captions that are the name, word by word");
    println!("            pictures that were learned from   who, role and tone never together");
    for (kind, (share, count)) in &learned_by_kind {
        let held_out = tones_by_kind.get(kind);
        let held_out = held_out.map_or(String::new(), |(share, count)| {
            format!("{share:22.3} of {count:4}")
        });
        println!("{kind:10} {share:22.3} of {count:4}   {held_out}");
    }
    let tone_of = |text: &str| Parts::of(text).tone;
    let toned = new
        .iter()
        .filter(|(emoji, _)| !tone_of(&emoji.name).is_empty());
    let tones_of_new =
        share(toned.map(|(emoji, caption)| tone_of(&emoji.name) == tone_of(caption)));
    let line = |what, judged: &Judged| {
        println!(
            "{what:38} {:.3} of {:4}",
            judged.exact(),
            judged.emoji.len()
        )
    };
    println!();
    line("all that were learned from", &learned);
    line("who, role and tone never together", &tones);
    line("who and role never together", &who);
    line("something new", &new);
    println!(
        "{:38} {tones_of_new:.3}\n",
        "  of which the skin tone is right"
    );

    let heading = |what, judged: &Judged| format!("{what}: {:.0} % right", 100.0 * judged.exact());
    let [combinations, pairs, news] = SHOWN;
    let page = page::captions(&[
        (
            heading("Who, role and skin tone never seen together", &tones),
            &tones,
            combinations,
        ),
        (
            heading("Who and role never seen together", &who),
            &who,
            pairs,
        ),
        (
            heading(
                "Something new, of which some words have never been read",
                &new,
            ),
            &new,
            news,
        ),
    ]);
    println!("{}", cli.out.write("captions.svg", page)?);
    if cli.caption.is_empty() {
        show_words(cli, captioner, &tones.least_sure().picture)?;
    }
    println!("\nresult learned {:.4}", learned.exact());
    println!("result combinations {:.4}", tones.exact());
    println!("result pairs {:.4}", who.exact());
    println!("result new {:.4}", new.exact());
    println!("result new_tones {tones_of_new:.4}");
    Ok(())
}

fn show_words(cli: &Cli, captioner: &Captioner, picture: &Picture) -> Outcome {
    let (caption, _) = captioner.best(picture, 1)?.swap_remove(0);
    let words = page::words(captioner, picture, &caption)?;
    println!("{}", cli.out.write("words.svg", words.svg())?);
    Ok(())
}

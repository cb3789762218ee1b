//! A name for a nationality: learned, measured and shown.

use train::prelude::*;
use train::program::Outcome;

use crate::Task;
use crate::data::Sample;
use crate::judge::Judge;
use crate::seeds::Figures;
use crate::writer::{Writer, novelty};

/// Nationalities that names are written for unless others are given, as far as the data have them.
const NATIONALITIES: [&str; 6] = ["Arabic", "Greek", "Irish", "Italian", "Japanese", "Russian"];
/// Names of each nationality that the figures are made with.
const MEASURED: usize = 100;

/// Trains a writer, and shows what it writes.
pub fn learn(task: &Task, judge: Option<&Judge>, figures: &mut Figures) -> Outcome {
    println!();
    let writer = Writer::train(&task.cli.writer, task.names, task.parts, task.seed)?;
    let bits = writer.bits(&task.parts.test);
    println!("held-out names: {bits:.3} bits per character\n");
    figures.push(("bits".into(), bits));
    let mut rng = ChaCha8Rng::seed_from_u64(task.seed);
    show(task, &writer, &mut rng)?;
    measure(task, &writer, judge, &mut rng, figures)
}

/// Names for each nationality that was asked for; those with a star are new.
fn show(task: &Task, writer: &Writer, rng: &mut ChaCha8Rng) -> Outcome {
    let Task { cli, names, .. } = task;
    let asked: Vec<_> = match cli.nationality.is_empty() {
        true => NATIONALITIES
            .iter()
            .filter_map(|text| names.nationality(text).ok())
            .collect(),
        false => cli
            .nationality
            .iter()
            .map(|text| names.nationality(text))
            .collect::<Outcome<_>>()?,
    };
    let starred = |name: &String| format!("{name}{}", if names.has(name) { "" } else { "*" });
    for class in asked {
        let written = writer.write(class, cli.count, cli.draw.sampling(), rng)?;
        let written: Vec<_> = written.iter().map(starred).collect();
        println!("{:12} {}", names.nationalities[class], written.join(", "));
    }
    println!("* not in the data\n");
    Ok(())
}

/// The share of a hundred names for each nationality that is new, and, if there is a classifier, the share that it takes
/// for the nationality that they were written for.
fn measure(
    task: &Task,
    writer: &Writer,
    judge: Option<&Judge>,
    rng: &mut ChaCha8Rng,
    figures: &mut Figures,
) -> Outcome {
    let Task { cli, names, .. } = task;
    let (mut all, mut samples) = (Vec::new(), Vec::new());
    for class in 0..names.nationalities.len() {
        let written = writer.write(class, MEASURED, cli.draw.sampling(), rng)?;
        for name in written.into_iter().filter(|name| !name.is_empty()) {
            samples.push((names.alphabet.encode(&name)?, class));
            all.push(name);
        }
    }
    let novel = novelty(&all, names);
    println!(
        "of {MEASURED} names for each nationality, {:.0} % of the different ones are new",
        100.0 * novel
    );
    figures.push(("novel".into(), novel));
    if let Some(judge) = judge {
        let uniform = vec![1.0; names.nationalities.len()];
        let share = |samples: &[Sample]| -> Outcome<f64> {
            Ok(judge.confusion(samples, &uniform)?.balanced_accuracy())
        };
        let (recognised, real) = (share(&samples)?, share(&task.parts.test)?);
        println!(
            "the classifier takes {:.0} % of them for what they were written for; of real held-out names {:.0} %",
            100.0 * recognised,
            100.0 * real
        );
        figures.push(("recognised".into(), recognised));
    }
    Ok(())
}

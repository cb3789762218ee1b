//! Whose name is it? Learned, measured beside the tutorial's model, and shown.

use train::prelude::*;
use train::program::Outcome;

use crate::data::{Names, ceiling, frequencies};
use crate::judge::{Judge, ranking};
use crate::pictures::beliefs_map;
use crate::seeds::Figures;
use crate::{Task, tutorial};

/// Names that are judged unless others are given: none of the data has them.
const NAMES: [&str; 5] = [
    "Schmidhuber",
    "Bengio",
    "Jurafsky",
    "Papandreou",
    "Fujimori",
];

/// Trains a classifier, and tells how good it is.
pub fn learn(task: &Task, figures: &mut Figures) -> Outcome<Judge> {
    let Task {
        cli,
        names,
        parts,
        seed,
    } = task;
    let (symbols, classes) = (names.alphabet.len(), names.nationalities.len());
    let tutorial = || tutorial::train(&parts.training, cli.tutorial, symbols, classes, *seed);
    let (judge, tutorial) = rayon::join(
        || Judge::train(&cli.judge, parts, symbols, classes, *seed),
        || (cli.tutorial > 0).then(tutorial).transpose(),
    );
    let ((judge, history), tutorial) = (judge?, tutorial?);
    println!("\n{:28} training names   held-out names", "");
    println!(
        "{:28} class by class   class by class   as they come   macro-F1",
        "share that is right"
    );
    if let Some(tutorial) = &tutorial {
        measure(
            "the tutorial's simple RNN",
            "tutorial_",
            tutorial,
            task,
            figures,
        )?;
    }
    let confusion = measure("LSTMs in both directions", "", &judge, task, figures)?;
    println!(
        "of the held-out names as they come, {:.3} can be right: some are of several nationalities\n",
        ceiling(&parts.test)
    );
    println!(
        "{}",
        cli.out.write(
            "confusion.svg",
            confusion.heat_map(&names.nationalities).svg()
        )?
    );
    println!(
        "{}",
        cli.out
            .write("accuracy.svg", history.chart("accuracy").svg())?
    );
    show(task, &judge)?;
    Ok(judge)
}

/// A line of the table, with figures whose names begin with `prefix`. Gives the confusion of held-out names.
///
/// Drawn class by class, as in the tutorial, every nationality is to be expected as often as any other; as they come,
/// as often as among the training names.
fn measure(
    what: &str,
    prefix: &str,
    judge: &Judge,
    task: &Task,
    figures: &mut Figures,
) -> Outcome<Confusion> {
    let classes = task.names.nationalities.len();
    let uniform = vec![1.0; classes];
    let prior = frequencies(&task.parts.training, classes);
    let trained = judge
        .confusion(&task.parts.training, &uniform)?
        .balanced_accuracy();
    let balanced = judge
        .confusion(&task.parts.test, &uniform)?
        .balanced_accuracy();
    let confusion = judge.confusion(&task.parts.test, &prior)?;
    let (accuracy, f1) = (confusion.accuracy(), confusion.mean_f1());
    println!("{what:28} {trained:14.3} {balanced:16.3} {accuracy:14.3} {f1:10.3}");
    let named = [
        ("accuracy", accuracy),
        ("macro_f1", f1),
        ("balanced", balanced),
        ("balanced_training", trained),
    ];
    figures.extend(named.map(|(name, figure)| (format!("{prefix}{name}"), figure)));
    Ok(confusion)
}

/// The names that were asked for.
fn show(task: &Task, judge: &Judge) -> Outcome {
    let mut asked = task.cli.name.clone();
    if asked.is_empty() {
        let has_letters = |name: &String| task.names.alphabet.encode(name).is_ok();
        asked = NAMES
            .map(String::from)
            .into_iter()
            .filter(has_letters)
            .collect();
    }
    if let Some(first) = asked.first() {
        let map = beliefs_map(judge, first, task.names)?;
        println!("{}\n", task.cli.out.write("beliefs.svg", map.svg())?);
    }
    for name in asked {
        println!("{}", judged(judge, &name, task.names)?);
    }
    Ok(())
}

/// "Müller       German 0.93, English 0.04, Dutch 0.01".
fn judged(judge: &Judge, name: &str, names: &Names) -> Outcome<String> {
    let p = &judge.beliefs(&[names.alphabet.encode(name)?])?[0];
    let best = ranking(p).into_iter().take(3);
    let best: Vec<_> = best
        .map(|c| format!("{} {:.2}", names.nationalities[c], p[c]))
        .collect();
    let known = if names.has(name) {
        "  (in the data)"
    } else {
        ""
    };
    Ok(format!("{name:12} {}{known}", best.join(", ")))
}

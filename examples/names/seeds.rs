//! Figures of runs that differ by their seed.

use train::Spread;

/// What a run has found, by name.
pub type Figures = Vec<(String, f64)>;

/// Prints the mean of each figure as a line "result NAME NUMBER", and where there are several runs the spread before it.
pub fn report(runs: &[Figures]) {
    println!();
    let spread = |i: usize| Spread::of(runs.iter().map(|run| run[i].1));
    let names: Vec<_> = runs[0].iter().map(|(name, _)| name).collect();
    if runs.len() > 1 {
        for (i, name) in names.iter().enumerate() {
            println!("{name:26} {} over {} seeds", spread(i), runs.len());
        }
    }
    for (i, name) in names.iter().enumerate() {
        println!("result {name} {:.4}", spread(i).mean);
    }
}

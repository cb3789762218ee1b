//! Figures of runs that differ by their seed.

/// What a run has found, by name.
pub type Figures = Vec<(String, f64)>;

/// Prints the mean of each figure as a line "result NAME NUMBER", and where there are several runs the spread before it.
pub fn report(runs: &[Figures]) {
    println!();
    let figures = summary(runs);
    if runs.len() > 1 {
        for (name, mean, deviation) in &figures {
            println!(
                "{name:26} {mean:.3} ± {deviation:.3} over {} seeds",
                runs.len()
            );
        }
    }
    for (name, mean, _) in &figures {
        println!("result {name} {mean:.4}");
    }
}

/// Mean and standard deviation of each figure.
fn summary(runs: &[Figures]) -> Vec<(&str, f64, f64)> {
    let of_figure = |i: usize| {
        let numbers: Vec<_> = runs.iter().map(|run| run[i].1).collect();
        let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
        let squares = numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        let deviation = (squares / (numbers.len() as f64 - 1.0).max(1.0)).sqrt();
        (runs[0][i].0.as_str(), mean, deviation)
    };
    (0..runs[0].len()).map(of_figure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_that_of_the_runs() {
        let runs = [1.0, 2.0, 3.0].map(|x| vec![("a".to_string(), x), ("b".to_string(), 5.0)]);
        assert_eq!(summary(&runs), [("a", 2.0, 1.0), ("b", 5.0, 0.0)]);
        assert_eq!(summary(&runs[..1]), [("a", 1.0, 0.0), ("b", 5.0, 0.0)]);
    }
}

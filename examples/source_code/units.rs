//! Units that keep track of something, found by correlation (Karpathy, Johnson, Fei-Fei 2015, *Visualizing and
//! Understanding Recurrent Networks*, who found theirs by looking).

use train::prelude::*;

use crate::syntax::{Place, Syntax};

/// What a unit may keep track of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Quotes,
    Comments,
    Nesting,
    Indentation,
    Column,
}

impl What {
    const ALL: [What; 5] = [
        What::Quotes,
        What::Comments,
        What::Nesting,
        What::Indentation,
        What::Column,
    ];

    pub fn name(self) -> &'static str {
        match self {
            What::Quotes => "inside quotes",
            What::Comments => "inside a comment",
            What::Nesting => "nesting of brackets",
            What::Indentation => "indentation",
            What::Column => "place in the line",
        }
    }

    /// The same as one word.
    pub fn key(self) -> &'static str {
        match self {
            What::Quotes => "quotes_unit",
            What::Comments => "comments_unit",
            What::Nesting => "nesting_unit",
            What::Indentation => "indentation_unit",
            What::Column => "column_unit",
        }
    }

    fn of(self, place: &Place) -> f64 {
        match self {
            What::Quotes => f64::from(place.quoted),
            What::Comments => f64::from(place.comment),
            What::Nesting => place.nesting as f64,
            What::Indentation => place.indentation as f64,
            What::Column => place.column as f64,
        }
    }
}

/// The unit that keeps track of something best.
#[derive(Clone, Debug)]
pub struct Tracked {
    pub what: What,
    /// "unit 17 of layer 1".
    pub name: String,
    /// From -1 to 1.
    pub correlation: f64,
    /// The unit after each character.
    activation: Vec<f64>,
}

/// For each thing to keep track of the unit whose activation tells most of it. What the text has none of is left
/// out.
pub fn track(
    model: &TextModel,
    set: &ParameterSet,
    symbols: &[usize],
    syntax: &Syntax,
) -> Vec<Tracked> {
    let units = activations(model, set, symbols);
    let best = |what: What| {
        let target: Vec<_> = syntax.places.iter().map(|place| what.of(place)).collect();
        let scored = units.iter().filter_map(|(name, activation)| {
            Some((correlation(activation, &target)?, name, activation))
        });
        let (correlation, name, activation) =
            scored.max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()))?;
        Some(Tracked {
            what,
            name: name.clone(),
            correlation,
            activation: activation.clone(),
        })
    };
    What::ALL.into_iter().filter_map(best).collect()
}

/// Of every unit its name, and tanh(c) after each character, or h where there is no c.
fn activations(
    model: &TextModel,
    set: &ParameterSet,
    symbols: &[usize],
) -> Vec<(String, Vec<f64>)> {
    let mut generator = Generator::new(&model.network, set, 1);
    let mut units = Vec::new();
    for layer in 1..=generator.states().len() {
        let hidden = generator.states()[layer - 1].h.col_count();
        units.extend((0..hidden).map(|unit| (format!("unit {unit} of layer {layer}"), Vec::new())));
    }
    for &symbol in symbols {
        generator.read(&[symbol]);
        let of_layer = |state: &Carried| match &state.c {
            Some(c) => c.map(f32::tanh),
            None => state.h.clone(),
        };
        let states: Vec<_> = generator.states().iter().map(of_layer).collect();
        let values = states.iter().flat_map(|state| state.data());
        for ((_, activation), &value) in units.iter_mut().zip(values) {
            activation.push(f64::from(value));
        }
    }
    units
}

/// Pearson's correlation, unless one of the two never changes.
fn correlation(a: &[f64], b: &[f64]) -> Option<f64> {
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - mean_a, b - mean_b);
        ab += a * b;
        aa += a * a;
        bb += b * b;
    }
    let correlation = ab / (aa * bb).sqrt();
    correlation.is_finite().then_some(correlation)
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// Characters of the text that each unit is drawn on.
const DRAWN: usize = 900;

/// A stretch of the text for each unit, coloured by it: blue where it says that there is much of what it tracks,
/// white where it has its mean.
pub fn page(text: &str, syntax: &Syntax, tracked: &[Tracked]) -> ColouredText {
    let characters: Vec<_> = text.chars().map(String::from).collect();
    let page = ColouredText::new("What units keep track of");
    tracked.iter().fold(page, |page, unit| {
        let start = liveliest(syntax, unit.what);
        let stretch = start..(start + DRAWN).min(characters.len());
        let (sign, mean) = (unit.correlation.signum(), mean(&unit.activation));
        let numbers = unit.activation[stretch.clone()]
            .iter()
            .map(|x| sign * (x - mean));
        let name = format!(
            "{}: {}, correlation {:.2}",
            unit.what.name(),
            unit.name,
            unit.correlation
        );
        page.line(&name, &characters[stretch], &numbers.collect::<Vec<_>>())
    })
}

/// Where a stretch begins, at the start of a line, in which what is tracked changes most often.
fn liveliest(syntax: &Syntax, what: What) -> usize {
    let changes = |start: usize| {
        let stretch = &syntax.places[start..(start + DRAWN).min(syntax.places.len())];
        stretch
            .windows(2)
            .filter(|pair| what.of(&pair[0]) != what.of(&pair[1]))
            .count()
    };
    let last = syntax.places.len().saturating_sub(DRAWN);
    let starts =
        (0..=last).filter(|&start| syntax.places.get(start).is_some_and(|p| p.column == 0));
    starts
        .max_by_key(|&start| (changes(start), usize::MAX - start))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn correlation_is_pearsons() {
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), Some(1.0));
        assert_eq!(correlation(&[1.0, 2.0, 3.0], &[1.0, 0.0, -1.0]), Some(-1.0));
        assert_eq!(correlation(&[1.0, 1.0], &[1.0, 2.0]), None);
        let r = correlation(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0]).unwrap();
        assert!((r - 0.8).abs() < 1e-12);
    }
}

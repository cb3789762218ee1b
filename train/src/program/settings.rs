//! [`Settings`]: arguments that a checkpoint remembers.

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, Command, FromArgMatches, Id};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::escaped;

/// Arguments with the names of those that were given, and not left as they are by default: for those that a
/// run which goes on from a checkpoint has from there.
///
/// ```
/// use clap::{Args, Parser};
/// use train::program::Settings;
///
/// #[derive(Args, serde::Serialize)]
/// struct Sizes {
///     #[arg(long, default_value_t = 128)]
///     hidden: usize,
///     #[arg(long, default_value_t = 1)]
///     layers: usize,
/// }
///
/// #[derive(Parser)]
/// struct Arguments {
///     #[command(flatten)]
///     settings: Settings<Sizes>,
/// }
///
/// let settings = Arguments::parse_from(["learn", "--hidden", "64"]).settings;
/// assert_eq!(settings.values.hidden, 64);
/// let saved = Sizes { hidden: 32, layers: 2 };
/// assert_eq!(settings.overruled(&saved), ["--hidden has no effect: the saved model goes on with 32"]);
/// ```
#[derive(Clone, Debug)]
pub struct Settings<S> {
    /// The arguments.
    pub values: S,
    given: Vec<String>,
}

impl<S: Args> Args for Settings<S> {
    fn augment_args(command: Command) -> Command {
        S::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        S::augment_args_for_update(command)
    }

    fn group_id() -> Option<Id> {
        S::group_id()
    }
}

impl<S: FromArgMatches> FromArgMatches for Settings<S> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = S::from_arg_matches(matches)?;
        let given = given(matches);
        Ok(Settings { values, given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.given = given(matches);
        self.values.update_from_arg_matches(matches)
    }
}

fn given(matches: &ArgMatches) -> Vec<String> {
    let is_given = |id: &&Id| {
        let is_argument = matches.try_contains_id(id.as_str()).is_ok(); // and no group
        is_argument && matches.value_source(id.as_str()) == Some(ValueSource::CommandLine)
    };
    let ids = matches.ids().filter(is_given);
    ids.map(ToString::to_string).collect()
}

impl<S: Serialize> Settings<S> {
    /// A line for each argument that was given, and is another in the saved model.
    pub fn overruled(&self, saved: &S) -> Vec<String> {
        let (ours, saved) = (by_name(&self.values), by_name(saved));
        let line = |name: &String| {
            let flag = name.replace('_', "-");
            match saved.get(name)? {
                value if ours.get(name) == Some(value) => None,
                Value::Null => Some(format!(
                    "--{flag} has no effect: the saved model goes on without"
                )),
                value => Some(format!(
                    "--{flag} has no effect: the saved model goes on with {value}"
                )),
            }
        };
        self.given.iter().filter_map(line).collect()
    }
}

/// That the settings could have been given as arguments: those of a file may be anything.
///
/// # Errors
/// What would have been said of the arguments.
pub fn check_settings<S: Args + Serialize>(settings: &S) -> Result<(), String> {
    let command = || S::augment_args(Command::new("settings").no_binary_name(true));
    let defaults = command().try_get_matches_from([""; 0]);
    let defaults = defaults.and_then(|matches| S::from_arg_matches(&matches));
    let defaults = by_name(&defaults.map_err(|e| first_line(&e))?);
    let settings = by_name(settings);
    let changed = settings
        .iter()
        .filter(|(name, value)| defaults.get(*name) != Some(value));
    let parsed = command().try_get_matches_from(changed.filter_map(argument));
    parsed.map(drop).map_err(|e| first_line(&e))
}

fn by_name(settings: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(settings)) => settings,
        _ => Map::new(),
    }
}

fn argument((name, value): (&String, &Value)) -> Option<String> {
    let flag = name.replace('_', "-");
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(format!("--{flag}")),
        Value::String(text) => Some(format!("--{flag}={text}")),
        value => Some(format!("--{flag}={value}")),
    }
}

fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    escaped(line.trim_start_matches("error: "))
}

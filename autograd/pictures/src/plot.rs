//! Pictures of numbers.

mod bar_chart;
mod coloured_text;
mod fading;
mod heat_map;
mod line_chart;

pub use bar_chart::BarChart;
pub use coloured_text::ColouredText;
pub use fading::FadingMemory;
pub use heat_map::HeatMap;
pub use line_chart::LineChart;

/// The ink of texts and axes.
const INK: &str = "#333";
/// Colours that are told apart by people who do not see all colours (Okabe and Ito 2008).
const COLOURS: [&str; 7] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000",
];

/// A number in few characters: "0.125", "3.2e-7".
fn short(x: f64) -> String {
    let size = x.abs();
    if x == 0.0 || !x.is_finite() {
        return x.to_string();
    }
    if !(1e-3..1e5).contains(&size) {
        return format!("{x:.1e}");
    }
    let digits = (2 - size.log10().floor() as i32).clamp(0, 4) as usize;
    format!("{x:.digits$}")
}

//! What a name consists of: "woman firefighter: dark skin tone" is of a woman, a firefighter, and a tone.

/// Words that say who it is. What is left of a name is what that one is or does.
const WHO: [&str; 6] = ["man", "woman", "men", "women", "person", "people"];
const TONE: &str = " skin tone";

/// The parts of a name, which pictures are held out by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parts {
    /// "woman", "woman man" of a couple, or nothing.
    pub who: String,
    /// "firefighter", "holding hands", or nothing of a mere "woman".
    pub role: String,
    /// "dark", or those of both of a couple, "dark, light"; nothing where all is yellow.
    pub tone: String,
}

impl Parts {
    /// Of "WHO ROLE: TONE skin tone, MORE", of which anything may be missing.
    pub fn of(name: &str) -> Self {
        let pieces = name.split([':', ',']).map(str::trim);
        let (tones, others): (Vec<_>, Vec<_>) = pieces.partition(|piece| piece.ends_with(TONE));
        let tones = tones.iter().map(|tone| tone.trim_end_matches(TONE));
        let words = others.iter().flat_map(|piece| piece.split(' '));
        let (who, role): (Vec<_>, Vec<_>) = words.partition(|word| WHO.contains(word));
        Parts {
            who: who.join(" "),
            role: role.join(" "),
            tone: tones.collect::<Vec<_>>().join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_who_and_what_and_a_tone() {
        let parts = |name| {
            let Parts { who, role, tone } = Parts::of(name);
            [who, role, tone]
        };
        let tone = "woman firefighter: medium-dark skin tone";
        assert_eq!(parts(tone), ["woman", "firefighter", "medium-dark"]);
        assert_eq!(parts("firefighter"), ["", "firefighter", ""]);
        assert_eq!(parts("man: dark skin tone, bald"), ["man", "bald", "dark"]);
        assert_eq!(
            parts("person walking: facing right"),
            ["person", "walking facing right", ""]
        );
        let couple = "kiss: woman, man, light skin tone, dark skin tone";
        assert_eq!(parts(couple), ["woman man", "kiss", "light, dark"]);
        assert_eq!(parts("woman’s hat"), ["", "woman’s hat", ""]);
        assert_eq!(parts("people"), ["people", "", ""]);
    }
}

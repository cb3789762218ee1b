//! Annotations in MIT format, annot(5): words of two bytes, lower one first. The upper 6 bits A say what it is, the
//! lower 10 bits are a number I.
//!
//! | A | |
//! |---|---|
//! | 1 to 49 | an annotation of this kind, I samples after the one before |
//! | 59, SKIP | four bytes follow: so many samples are added to the time of the next annotation |
//! | 60, NUM | I is the number of the annotation, and of those after it |
//! | 61, SUB | I is its subtype |
//! | 62, CHN | I is its channel, and that of those after it |
//! | 63, AUX | I bytes of text follow, and one more if I is odd |
//! | 0 | the end, if I is 0 too |

/// Something that was noted at a sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    pub sample: usize,
    /// What kind it is, by the format's number.
    pub code: u8,
    pub subtype: i8,
    pub channel: u8,
    pub number: i8,
    /// Without zeros at its end.
    pub text: String,
}

const NOTE: u8 = 22;
const SKIP: u8 = 59;
const NUM: u8 = 60;
const SUB: u8 = 61;
const CHN: u8 = 62;
const AUX: u8 = 63;
/// A note at sample 0 that says what the times count, if they do not count samples.
const RESOLUTION: &str = "## time resolution: ";

impl Annotation {
    /// All annotations of a record with that many samples. Notes at sample 0 that begin with `##` are about the file.
    ///
    /// # Errors
    /// If the file is cut, or an annotation is not within the record.
    pub fn read_all(bytes: &[u8], frequency: f64, length: usize) -> Result<Vec<Self>, String> {
        let mut annotations = Reader::new(bytes).read()?;
        let is_about_the_file = |a: &Annotation| a.sample == 0 && a.code == NOTE;
        for note in annotations.iter().filter(|a| is_about_the_file(a)) {
            let resolution = note
                .text
                .strip_prefix(RESOLUTION)
                .and_then(|text| text.trim().parse::<f64>().ok());
            if let Some(found) = resolution.filter(|&found| found != frequency) {
                return Err(format!(
                    "times of {found} a second, and the record has {frequency} samples a second"
                ));
            }
        }
        annotations.retain(|a| !is_about_the_file(a));
        match annotations.iter().position(|a| a.sample >= length) {
            None => Ok(annotations),
            Some(i) => Err(format!(
                "annotation {} is at sample {}, and the record has {length}",
                i + 1,
                annotations[i].sample
            )),
        }
    }

    /// The letter or sign that stands for its kind.
    pub fn symbol(&self) -> char {
        const SYMBOLS: &[u8; 42] = b" NLRaVFJASEj/Q~ | sT*D\"=pB^t+u?![]en@xf()r";
        SYMBOLS
            .get(usize::from(self.code))
            .copied()
            .map_or(' ', char::from)
    }

    /// Whether it marks a beat of the heart, and not a rhythm, noise or something else.
    pub fn is_beat(&self) -> bool {
        "NLRBAaJSVrFejnE/fQ?".contains(self.symbol())
    }

    /// Whether it is a beat that comes before its time: from the atria or the node (A, a, J, S) or from a ventricle
    /// (V, r).
    pub fn is_premature(&self) -> bool {
        "AaJSVr".contains(self.symbol())
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// What has been read.
    place: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, place: 0 }
    }

    fn read(mut self) -> Result<Vec<Annotation>, String> {
        let (mut annotations, mut time) = (Vec::<Annotation>::new(), 0i64);
        loop {
            let word = self.take(2)?;
            let number = u16::from(word[0]) | u16::from(word[1] & 3) << 8;
            match word[1] >> 2 {
                0 if number == 0 => return Ok(annotations),
                SKIP => time += self.skipped()?,
                code @ NUM..=AUX => {
                    let text = if code == AUX {
                        self.text(word[0])?
                    } else {
                        String::new()
                    };
                    let last = annotations.last_mut();
                    let last =
                        last.ok_or("it begins with what belongs to an annotation before it")?;
                    last.complete(code, word[0], text);
                }
                code => {
                    time += i64::from(number);
                    // Kind 0 is no annotation: it only takes time.
                    if code != 0 {
                        annotations.push(Annotation::after(annotations.last(), code, time)?);
                    }
                }
            }
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.place + count;
        let taken = self.bytes.get(self.place..end);
        let taken = taken
            .ok_or_else(|| format!("it is cut after {} bytes: no end mark", self.bytes.len()))?;
        self.place = end;
        Ok(taken)
    }

    /// The upper two bytes come first, each two with the lower one first.
    fn skipped(&mut self) -> Result<i64, String> {
        let b = self.take(4)?;
        Ok(i64::from(i32::from_le_bytes([b[2], b[3], b[0], b[1]])))
    }

    fn text(&mut self, length: u8) -> Result<String, String> {
        let length = usize::from(length);
        let text = self.take(length.next_multiple_of(2))?;
        let text: String = text[..length].iter().copied().map(char::from).collect();
        Ok(text.trim_end_matches('\0').into())
    }
}

impl Annotation {
    /// An annotation of a kind; number and channel are those of the one before, until it is said otherwise.
    fn after(before: Option<&Annotation>, code: u8, time: i64) -> Result<Self, String> {
        let sample =
            usize::try_from(time).map_err(|_| format!("an annotation at sample {time}"))?;
        Ok(Annotation {
            sample,
            code,
            subtype: 0,
            channel: before.map_or(0, |a| a.channel),
            number: before.map_or(0, |a| a.number),
            text: String::new(),
        })
    }

    fn complete(&mut self, code: u8, number: u8, text: String) {
        match code {
            NUM => self.number = number.cast_signed(),
            SUB => self.subtype = number.cast_signed(),
            CHN => self.channel = number,
            _ => self.text = text,
        }
    }
}

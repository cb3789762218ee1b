//! [`midi()`]: a tune as a MIDI file.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

use crate::tune::{TICKS_PER_WHOLE, Tune};

/// How hard keys are hit.
const VELOCITY: u7 = u7::new(80);

/// A tune as a MIDI file of one track, with so many quarter notes a minute, at least 4.
pub fn midi(tune: &Tune, quarters_per_minute: u32) -> Vec<u8> {
    let division = Timing::Metrical(u15::new((TICKS_PER_WHOLE / 4) as u16));
    let mut file = Smf::new(Header::new(Format::SingleTrack, division));
    let microseconds = 60_000_000 / quarters_per_minute.max(4);
    let mut events = vec![
        meta(MetaMessage::TrackName(tune.title.as_bytes())),
        meta(MetaMessage::Tempo(u24::new(microseconds))),
    ];
    if let (1.., unit) = tune.meter {
        let beats = tune.meter.0.min(255) as u8;
        let signature = MetaMessage::TimeSignature(beats, unit.ilog2() as u8, 24, 8);
        events.push(meta(signature));
    }
    let mut now = 0;
    for (time, message) in messages(tune) {
        let kind = TrackEventKind::Midi {
            channel: u4::new(0),
            message,
        };
        let delta = u28::new(time - now);
        events.push(TrackEvent { delta, kind });
        now = time;
    }
    events.push(meta(MetaMessage::EndOfTrack));
    file.tracks.push(events);
    let mut bytes = Vec::new();
    file.write_std(&mut bytes)
        .expect("a vector takes all bytes");
    bytes
}

fn meta(message: MetaMessage<'_>) -> TrackEvent<'_> {
    let kind = TrackEventKind::Meta(message);
    let delta = u28::new(0);
    TrackEvent { delta, kind }
}

/// Keys pressed and let go; one that is pressed again is let go before.
fn messages(tune: &Tune) -> Vec<(u32, MidiMessage)> {
    let mut messages = Vec::new();
    for event in &tune.events {
        let keys = || event.pitches.iter().map(|pitch| u7::new(*pitch));
        let vel = VELOCITY;
        messages.extend(keys().map(|key| (event.start, MidiMessage::NoteOn { key, vel })));
        messages.extend(keys().map(|key| (event.end(), MidiMessage::NoteOff { key, vel })));
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abc;

    #[test]
    fn a_file_has_the_tune_s_notes() {
        let book = abc::read("X:1\nT:Scale\nM:6/8\nK:G\n[GB]2z F2-|F4 zG|]\n");
        let bytes = midi(&book.tunes[0], 120);
        let file = Smf::parse(&bytes).unwrap();
        let mut now = 0;
        let mut pressed = Vec::new();
        for event in &file.tracks[0] {
            now += event.delta.as_int();
            if let TrackEventKind::Midi { message, .. } = event.kind {
                match message {
                    MidiMessage::NoteOn { key, .. } => pressed.push((now, key.as_int(), true)),
                    MidiMessage::NoteOff { key, .. } => pressed.push((now, key.as_int(), false)),
                    _ => {}
                }
            }
        }
        let expected = [
            (0, 67, true),
            (0, 71, true),
            (480, 67, false),
            (480, 71, false),
            (720, 66, true),
            (2160, 66, false),
            (2400, 67, true),
            (2640, 67, false),
        ];
        assert_eq!(pressed, expected);
    }
}

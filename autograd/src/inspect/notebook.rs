//! How things display themselves in a notebook: [evcxr] calls `evcxr_display` on the value of a
//! cell, which prints what is to be shown.
//!
//! [evcxr]: https://github.com/evcxr/evcxr

use std::fmt::Display;

/// Shows a content of a MIME type, and a text where that cannot be shown.
pub fn show(mime: &str, content: &dyn Display, text: &dyn Display) {
    // One print, as what other threads print must not come between.
    println!(
        "EVCXR_BEGIN_CONTENT text/plain\n{text}\nEVCXR_END_CONTENT\n\
         EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT"
    );
}

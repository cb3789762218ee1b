//! The notebooks as somebody sees them who has just opened them: JupyterLab trusts nothing of what is
//! in them yet. It needs Chromium and its driver, and what `examples/notebooks/run` installs:
//!
//!     cargo test --test notebooks -- --ignored
#![allow(missing_docs)]

mod browser;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;
use tempfile::TempDir;

use browser::Browser;

const NOTEBOOKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/notebooks");
/// How long JupyterLab may take to start, or to show a notebook.
const PATIENCE: Duration = Duration::from_secs(90);
/// The pictures in outputs that have been drawn.
const SHOWN: &str = "return [...document.querySelectorAll('.jp-OutputArea-output img')]\
    .filter(img => img.complete && img.naturalWidth > 0).length";
/// Whether the page that plays a sweep says how to see it.
const TELLS: &str = "return [...document.querySelectorAll('.jp-OutputArea-output')]\
    .filter(output => output.innerText.includes('the reverse sweep plays here')).length";

/// JupyterLab of a newcomer, without settings and without a notebook that he trusts.
struct Lab {
    server: Child,
    port: u16,
    folder: TempDir,
}

impl Lab {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = folder.path().join("notebooks");
        fs::create_dir(&files).unwrap();
        for notebook in notebooks() {
            fs::copy(Path::new(NOTEBOOKS).join(&notebook), files.join(&notebook)).unwrap();
        }
        // All cells are on the page from the start, not only those in view.
        let settings = folder
            .path()
            .join("settings/@jupyterlab/notebook-extension");
        fs::create_dir_all(&settings).unwrap();
        let every_cell = r#"{ "windowingMode": "none" }"#;
        fs::write(settings.join("tracker.jupyterlab-settings"), every_cell).unwrap();
        let own = |name: &str| folder.path().join(name);
        let server = Command::new(format!("{NOTEBOOKS}/run"))
            .args(["lab", "--no-browser", "--allow-root"])
            .arg("--IdentityProvider.token=newcomer")
            .arg(format!("--ServerApp.root_dir={}", files.display()))
            .env("BPTT_NOTEBOOK_BUILDS", own("builds")) // those of others that execute notebooks stay free
            .env("JUPYTER_CONFIG_DIR", own("config"))
            .env("JUPYTER_DATA_DIR", own("data"))
            .env("JUPYTER_RUNTIME_DIR", own("runtime"))
            .env("JUPYTERLAB_SETTINGS_DIR", own("settings"))
            .env("JUPYTERLAB_WORKSPACES_DIR", own("workspaces"))
            .stdin(Stdio::null())
            .stderr(fs::File::create(own("log")).unwrap())
            .spawn()
            .expect("the runner is there");
        let mut lab = Lab {
            server,
            port: 0,
            folder,
        };
        let answers = || {
            lab.port = lab.chosen_port().unwrap_or_default();
            ureq::get(lab.url("/api")).call().is_ok()
        };
        assert!(wait_for(answers), "{}", lab.log());
        lab
    }

    /// The port that it has found free, once it listens there.
    fn chosen_port(&self) -> Option<u16> {
        let files = fs::read_dir(self.folder.path().join("runtime")).ok()?;
        let mut files = files.map(|file| file.unwrap().path());
        let told = files.find(|path| path.extension().is_some_and(|ending| ending == "json"))?;
        let server: Value = serde_json::from_str(&fs::read_to_string(told).ok()?).ok()?;
        server["port"].as_u64()?.try_into().ok()
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}?token=newcomer", self.port)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Asked to, it ends the kernels that it has started.
        let asked = ureq::post(self.url("/api/shutdown")).send_empty();
        let ended = || matches!(self.server.try_wait(), Ok(Some(_)));
        if asked.is_err() || !wait_for(ended) {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

fn wait_for(mut condition: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        if condition() {
            return true;
        }
        thread::sleep(Duration::from_millis(200));
    }
    false
}

fn notebooks() -> Vec<String> {
    let files = fs::read_dir(NOTEBOOKS).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.ends_with(".ipynb")).collect();
    names.sort();
    names
}

/// How many outputs of a notebook are pictures, and how many pages that play.
fn expected(name: &str) -> (usize, usize) {
    let text = fs::read_to_string(Path::new(NOTEBOOKS).join(name)).unwrap();
    let notebook: Value = serde_json::from_str(&text).unwrap();
    let cells = notebook["cells"].as_array().unwrap().iter();
    let outputs: Vec<_> = cells
        .filter_map(|cell| cell["outputs"].as_array())
        .flatten()
        .map(|output| output["data"].to_string())
        .collect();
    let with = |part: &str| outputs.iter().filter(|data| data.contains(part)).count();
    (with("\"image/svg+xml\":"), with("<iframe srcdoc="))
}

#[test]
#[ignore = "needs chromedriver and what examples/notebooks/run installs"]
fn whoever_opens_the_notebooks_sees_their_pictures() {
    let lab = Lab::start();
    let mut all = 0;
    for (n, name) in notebooks().into_iter().enumerate() {
        let (pictures, pages) = expected(&name);
        // In a workspace of its own, as the one before would be open again in the same.
        let page = format!("/lab/workspaces/{n}/tree/{name}");
        let browser = Browser::open(&lab.url(&page));
        let count = |script| browser.script(script).as_u64().unwrap() as usize;
        let seen = wait_for(|| (count(SHOWN), count(TELLS)) == (pictures, pages));
        assert!(
            seen,
            "{name}: {} of {pictures} pictures, {} of {pages} pages",
            count(SHOWN),
            count(TELLS)
        );
        all += pictures;
    }
    assert!(all > 15, "{all} pictures in all notebooks");
}

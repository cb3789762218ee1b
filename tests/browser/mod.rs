//! A page in a real browser.
#![allow(dead_code)] // each test uses a part of it

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A page in Chromium, by way of its driver (<https://www.w3.org/TR/webdriver2/>).
pub struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    pub fn open(url: &str) -> Self {
        let (driver, port) = (0..10)
            .find_map(|_| Self::driver())
            .expect("a port is free");
        let base = format!("http://127.0.0.1:{port}/session");
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=1500,900",
        ];
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let mut browser = Browser {
            driver,
            session: base,
        };
        let made = browser.post("", capabilities);
        browser.session += &format!("/{}", made["sessionId"].as_str().unwrap());
        browser.post("/url", json!({ "url": url }));
        browser
    }

    /// A driver and its port; none if it has ended. It takes a port that is free in IPv6 for IPv4 too, where somebody may
    /// have it.
    fn driver() -> Option<(Child, String)> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is installed");
        let output = BufReader::new(driver.stdout.take().unwrap());
        let port = output.lines().find_map(|line| {
            let line = line.unwrap();
            let (_, port) = line.split_once("successfully on port ")?;
            Some(port.trim_end_matches('.').to_string())
        });
        if port.is_none() {
            driver.wait().unwrap();
        }
        Some((driver, port?))
    }

    pub fn post(&self, path: &str, body: Value) -> Value {
        let request = ureq::post(format!("{}{path}", self.session));
        let request = request.config().http_status_as_error(false).build();
        let mut answer: Value = request
            .send_json(&body)
            .unwrap()
            .body_mut()
            .read_json()
            .unwrap();
        assert!(
            answer["value"]["error"].is_null(),
            "{path} {body}: {answer}"
        );
        answer["value"].take()
    }

    /// The value of a script.
    pub fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", json!({ "script": script, "args": [] }))
    }

    pub fn press(&self, key: &str) {
        let of_key = |what: &str| json!({ "type": what, "value": key });
        let keyboard =
            json!({ "type": "key", "id": "k", "actions": [of_key("keyDown"), of_key("keyUp")] });
        self.post("/actions", json!({ "actions": [keyboard] }));
    }

    /// A click on the middle of an element, as with a mouse.
    pub fn click(&self, selector: &str) {
        let found = self.post(
            "/element",
            json!({ "using": "css selector", "value": selector }),
        );
        let id = found
            .as_object()
            .unwrap()
            .values()
            .next()
            .unwrap()
            .as_str()
            .unwrap();
        self.post(&format!("/element/{id}/click"), json!({}));
    }

    pub fn console(&self) -> Value {
        self.post("/se/log", json!({ "type": "browser" }))
    }

    pub fn text(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({selector:?}).innerText");
        self.script(&script)
            .as_str()
            .unwrap_or_default()
            .to_string()
    }

    /// The numbers of the first matrix in an element, in full.
    pub fn numbers(&self, selector: &str) -> Vec<f64> {
        let script = format!(
            "return [...document.querySelector({selector:?}).querySelector('table.matrix')\
             .querySelectorAll('td[title]')].map(td => td.title)"
        );
        let numbers = self.script(&script);
        let parse = |x: &Value| x.as_str().unwrap().parse().unwrap();
        numbers.as_array().unwrap().iter().map(parse).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

//! [`Names`]: scopes, and the step and scope that nodes are recorded in.

/// The scopes there are, and where a recording is at.
#[derive(Debug)]
pub(crate) struct Names {
    /// The first is the tape itself.
    scopes: Vec<Scope>,
    /// The scope of the nodes to come.
    pub scope: u32,
    /// Their time step.
    pub time: Option<u32>,
}

#[derive(Debug, PartialEq)]
struct Scope {
    outer: u32,
    name: String,
    /// The scope that the steps of its nodes are counted in: this one, or one around it.
    timeline: u32,
}

impl Names {
    pub fn new() -> Self {
        let tape = Scope {
            outer: 0,
            name: String::new(),
            timeline: 0,
        };
        Names {
            scopes: vec![tape],
            scope: 0,
            time: None,
        }
    }

    /// Enters a scope within the present one, with a time of its own or without; gives the present
    /// one and its step, to go back to.
    pub fn enter(&mut self, name: &str, own_time: bool) -> (u32, Option<u32>) {
        let before = (self.scope, self.time);
        let same = |i: &usize| {
            let Scope {
                outer,
                name: n,
                timeline,
            } = &self.scopes[*i];
            *outer == before.0 && n == name && (*timeline as usize == *i) == own_time
        };
        let known = (1..self.scopes.len()).find(same);
        let at = known.unwrap_or(self.scopes.len());
        if known.is_none() {
            let timeline = match own_time {
                true => at as u32,
                false => self.timeline(before.0),
            };
            let (outer, name) = (before.0, name.to_string());
            self.scopes.push(Scope {
                outer,
                name,
                timeline,
            });
        }
        self.scope = at as u32;
        if own_time {
            self.time = None;
        }
        before
    }

    /// The scope that the steps of a scope's nodes are counted in.
    pub fn timeline(&self, scope: u32) -> u32 {
        self.scopes[scope as usize].timeline
    }

    /// A scope with those around it, "encoder/lstm1".
    pub fn path(&self, mut scope: u32) -> String {
        let mut names = Vec::new();
        while scope != 0 {
            let Scope { outer, name, .. } = &self.scopes[scope as usize];
            names.push(name.as_str());
            scope = *outer;
        }
        names.reverse();
        names.join("/")
    }

    /// Nodes to come are of no scope and no step.
    pub fn leave_all(&mut self) {
        (self.scope, self.time) = (0, None);
    }
}

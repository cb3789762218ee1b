//! [`Names`]: scopes, and the step and scope that nodes are recorded in.

/// The scopes there are, and where a recording is at.
#[derive(Debug)]
pub(crate) struct Names {
    /// As (enclosing scope, name); the first is the tape itself.
    scopes: Vec<(u32, String)>,
    /// The scope of the nodes to come.
    pub scope: u32,
    /// Their time step.
    pub time: Option<u32>,
}

impl Names {
    pub fn new() -> Self {
        Names {
            scopes: vec![(0, String::new())],
            scope: 0,
            time: None,
        }
    }

    /// Enters a scope within the present one; gives the present one, to go back to.
    pub fn enter(&mut self, name: &str) -> u32 {
        let outer = self.scope;
        let mut inner = self.scopes.iter().skip(1);
        let known = inner.position(|(o, n)| *o == outer && n == name);
        let at = known.map_or(self.scopes.len(), |i| i + 1);
        if known.is_none() {
            self.scopes.push((outer, name.to_string()));
        }
        self.scope = at as u32;
        outer
    }

    /// A scope with those around it, "encoder/lstm1".
    pub fn path(&self, mut scope: u32) -> String {
        let mut names = Vec::new();
        while scope != 0 {
            let (outer, name) = &self.scopes[scope as usize];
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

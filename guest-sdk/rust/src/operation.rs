//! Operations of the host: started, and waited for one by one or whichever ends first. The engine's `operation.rs` has
//! the table of them.

use crate::Error;
#[cfg(target_family = "wasm")]
pub(crate) use crate::host::Host;
#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::Host;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What an operation came to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) id: u32,
    pub(crate) head: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

/// The operations of one execution. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operations {
    host: Host,
    /// Answers that came while another was waited for.
    early: Rc<RefCell<BTreeMap<u32, Answer>>>,
}

impl Operations {
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn of(host: Host) -> Self {
        let early = Rc::default();
        Self { host, early }
    }

    /// Starts an operation and gives its number.
    pub(crate) fn start(&self, operation: &Value, body: &[u8]) -> Result<u32, Error> {
        match self.host.start(operation.to_string().as_bytes(), body) {
            0 => {
                let sentence = "too many operations are under way, or one is too large";
                Err(Error::new("RangeError", sentence))
            }
            id => Ok(id),
        }
    }

    /// Starts an operation that is answered without a body, and waits for it.
    pub(crate) fn ask<T: DeserializeOwned>(&self, operation: &Value) -> Result<T, Error> {
        let id = self.start(operation, &[])?;
        self.first_of(&[id])?.read()
    }

    /// The answer of whichever of these ends first; one that has been taken is not there any more.
    pub(crate) fn first_of(&self, ids: &[u32]) -> Result<Answer, Error> {
        let mut early = self.early.borrow_mut();
        if let Some(answer) = ids.iter().find_map(|id| early.remove(id)) {
            return Ok(answer);
        }
        loop {
            // One is asked for by its number, so that the answers of others stay with the host.
            let wanted = if let [id] = ids { *id } else { 0 };
            let answer = self.host.wait(wanted);
            let answer = answer.ok_or_else(|| Error::new("TypeError", "the host does not answer"))?;
            if ids.contains(&answer.id) {
                return Ok(answer);
            }
            early.insert(answer.id, answer);
        }
    }

    /// Gives an operation up, whether it has finished or not.
    pub(crate) fn cancel(&self, id: u32) {
        self.early.borrow_mut().remove(&id);
        // Also where the answer has come: a response that nobody reads is held by the host.
        self.host.cancel(id);
    }
}

impl Answer {
    /// The head as what it should be, or the error that it is.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Error> {
        #[derive(Deserialize)]
        struct Failed {
            error: Option<Told>,
        }
        #[derive(Deserialize)]
        struct Told {
            name: String,
            message: String,
        }
        let unreadable = |error| Error::new("TypeError", format!("the host answered something else: {error}"));
        let failed: Failed = serde_json::from_slice(&self.head).map_err(unreadable)?;
        match failed.error {
            Some(Told { name, message }) => Err(Error::new(name, message)),
            None => serde_json::from_slice(&self.head).map_err(unreadable),
        }
    }
}

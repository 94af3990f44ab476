//! What a worker finds in its context: the platform and the network as the operator allows, its own properties and
//! secrets, and its state.

use crate::network::allowed::Allowed;
use crate::network::policy::Policy;
use crate::network::tls::Tls;
use crate::network::{self, Network, resolve};
use crate::settings::commands::Outside;
use engine::{Grants, MAX_STATE_ITEMS, StateChanges, Texts};
use std::sync::{Arc, Mutex, PoisonError};

/// The way outside, shared by all workers of a process.
pub struct Gate {
    network: Network,
    outside: Outside,
    base_url: Option<Arc<str>>,
    shown_token: Option<Arc<str>>,
}

/// What one worker is given.
pub struct Context {
    policy: Arc<Policy>,
    secrets: Arc<Texts>,
    properties: Arc<Texts>,
    state: Mutex<Arc<Texts>>,
}

impl Gate {
    /// Opens the way that the operator's settings describe.
    pub fn new(outside: Outside) -> Self {
        let network = Network::new(network::Limits::default(), &Tls::system(), resolve::system());
        let base_url = outside
            .platform_url
            .as_ref()
            .map(|url| url.as_str().trim_end_matches('/').into());
        let shown_token = outside
            .platform_token
            .as_deref()
            .filter(|_| outside.show_token)
            .map(Into::into);
        Self {
            network,
            outside,
            base_url,
            shown_token,
        }
    }

    /// The context of a worker that may also reach `allowed`.
    pub fn context(&self, allowed: Vec<Allowed>, properties: Texts, secrets: Texts) -> Context {
        let mut allowed = allowed;
        allowed.extend(self.outside.allowed.iter().cloned());
        let policy = Policy {
            platform_url: self.outside.platform_url.clone(),
            platform_token: self.outside.platform_token.clone(),
            allowed,
        };
        Context {
            policy: Arc::new(policy),
            secrets: Arc::new(secrets),
            properties: Arc::new(properties),
            state: Mutex::default(),
        }
    }

    /// What one execution is granted. `hops` workers have called each other to get here.
    pub fn grants(&self, context: &Context, hops: u32) -> Grants {
        Grants {
            secrets: context.secrets.clone(),
            properties: context.properties.clone(),
            state: context.state.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            base_url: self.base_url.clone(),
            platform_token: self.shown_token.clone(),
            fetch: Some(self.network.fetcher(context.policy.clone(), hops)),
        }
    }
}

impl Context {
    /// The state as it is now.
    pub fn state(&self) -> Texts {
        Texts::clone(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the state by what is stored now. Executions under way keep what they saw.
    pub fn set_state(&self, state: Texts) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
    }

    /// Keeps what an execution changed. Executions that run at the same time each see the state as it was when they
    /// started; what they change is applied key by key when they succeed, so that the last to end wins a key and nobody
    /// loses another's. A key that would be one too many, because others came first, is dropped and named in the result.
    pub fn keep(&self, changes: StateChanges) -> Vec<String> {
        if changes.is_empty() {
            return Vec::new();
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let texts = Arc::make_mut(&mut state);
        let mut dropped = Vec::new();
        for (key, _) in changes.iter().filter(|(_, text)| text.is_none()) {
            texts.remove(key);
        }
        for (key, text) in changes {
            let Some(text) = text else { continue };
            if texts.len() < MAX_STATE_ITEMS || texts.contains_key(&key) {
                texts.insert(key, text);
            } else {
                dropped.push(key);
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(list: &[(&str, Option<&str>)]) -> StateChanges {
        list.iter()
            .map(|(key, text)| ((*key).into(), text.map(Into::into)))
            .collect()
    }

    #[tokio::test]
    async fn changes_are_merged_by_key() {
        let gate = Gate::new(Outside::default());
        let context = gate.context(Vec::new(), Texts::new(), Texts::new());
        context.keep(changes(&[("a", Some("1")), ("b", Some("1"))]));
        let before = gate.grants(&context, 0).state;
        // Two that started from the same state.
        context.keep(changes(&[("a", Some("2"))]));
        context.keep(changes(&[("b", None), ("c", Some("3"))]));
        let after = gate.grants(&context, 0).state;
        assert_eq!(
            *after,
            [("a", "2"), ("c", "3")]
                .map(|(key, text)| (key.into(), text.into()))
                .into()
        );
        assert_eq!(before.len(), 2, "whoever runs keeps what it saw");
    }

    #[tokio::test]
    async fn together_they_keep_to_the_limit() {
        let gate = Gate::new(Outside::default());
        let context = gate.context(Vec::new(), Texts::new(), Texts::new());
        for number in 0..MAX_STATE_ITEMS {
            assert!(context.keep(changes(&[(&format!("k{number}"), Some("x"))])).is_empty());
        }
        assert_eq!(
            context.keep(changes(&[("late", Some("x")), ("k1", Some("y"))])),
            ["late"]
        );
        assert!(context.keep(changes(&[("k2", None), ("late", Some("x"))])).is_empty());
        assert_eq!(gate.grants(&context, 0).state.len(), MAX_STATE_ITEMS);
    }
}

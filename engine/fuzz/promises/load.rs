//! Any bytes are a worker or a sentence, and any worker ends within its limits.

use super::{loaded, run};
use crate::{Grants, LoadError, Payload, Request};
use bytes::Bytes;
use std::sync::Arc;

/// Loads `module`, and runs what loads.
pub fn load(module: &[u8]) {
    let worker = match loaded(module) {
        Ok(worker) => worker,
        Err(LoadError::Module(sentence)) => {
            // It may name what is imported.
            let most = 2 * module.len() + 2_000;
            assert!(
                !sentence.is_empty() && sentence.len() <= most,
                "{} bytes of sentence",
                sentence.len()
            );
            return;
        }
        Err(LoadError::Internal(sentence)) => panic!("{sentence}"),
    };
    assert!(
        wasmtime::Module::validate(super::ENGINE.loader().engine(), module).is_ok(),
        "what loads is valid"
    );
    let texts = || Arc::new([("k".to_owned(), "v".to_owned())].into());
    let request = Request {
        payload: Payload::parse(Bytes::from_static(br#"{"a":[1]}"#), 100).expect("a document"),
        environment: vec![("WORKER_KEY".into(), "w".into())],
        grants: Grants {
            secrets: texts(),
            properties: texts(),
            state: texts(),
            ..Grants::default()
        },
        ..Request::default()
    };
    run(&worker, request);
}

//! One worker as it must be after what was acknowledged, and the requests that change it.

use super::super::api::{admins, deploy_body, upload};
use super::switch;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// Something that is asked of a worker.
#[derive(Clone, Debug)]
pub enum Step {
    Execute,
    /// A module as the next version, or as a new worker.
    Upload,
    /// A source as a new worker.
    Create,
    /// A source as the next version.
    Update,
    Switch(bool),
    RollBack(Index),
    Delete,
}

/// Modules are most of what is saved: they take milliseconds where a source takes a hundred.
pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Execute),
        6 => Just(Step::Upload),
        1 => Just(Step::Create),
        1 => Just(Step::Update),
        2 => any::<bool>().prop_map(Step::Switch),
        2 => any::<Index>().prop_map(Step::RollBack),
        2 => Just(Step::Delete),
    ]
}

#[derive(Clone, Debug)]
pub struct Mirror {
    pub key: String,
    saves: usize,
    worker: Option<Worker>,
}

#[derive(Clone, Debug)]
struct Worker {
    /// What each version returns, the first at 0.
    versions: Vec<String>,
    enabled: bool,
}

impl Mirror {
    /// One that is not there.
    pub fn new(key: String) -> Self {
        Self {
            key,
            saves: 0,
            worker: None,
        }
    }

    pub fn exists(&self) -> bool {
        self.worker.is_some()
    }

    /// What an execution returns; nothing if there is nothing to execute.
    pub fn visible(&self) -> Option<&str> {
        let worker = self.worker.as_ref().filter(|worker| worker.enabled)?;
        worker.versions.last().map(String::as_str)
    }

    /// The request for a step and the status of its answer. What it changes is changed here.
    pub fn ask(&mut self, step: &Step) -> (Vec<u8>, u16) {
        self.saves += 1;
        let (key, marker) = (self.key.clone(), format!("{}:{}", self.key, self.saves));
        let source = || deploy_body(&key, &format!("export default () => '{marker}'"));
        let text = |method, path: &str, body: &Value| admins(method, path, body).into_bytes();
        let path = |more: &str| format!("v2/workers/{key}{more}");
        match (step, &mut self.worker) {
            (Step::Execute, _) => unreachable!("it changes nothing"),
            (Step::Upload, Some(worker)) => {
                worker.versions.push(marker.clone());
                (upload(&key, &module(&marker)), 204)
            }
            (Step::Upload, None) => {
                self.begin(&marker);
                (upload(&key, &module(&marker)), 201)
            }
            (Step::Create, Some(_)) => (text("POST", "v2/workers", &source()), 409),
            (Step::Create, None) => {
                let request = text("POST", "v2/workers", &source());
                self.begin(&marker);
                (request, 201)
            }
            (Step::Update, Some(worker)) => {
                worker.versions.push(marker.clone());
                worker.enabled = true;
                (text("PUT", "v2/workers", &source()), 204)
            }
            (Step::Update, None) => (text("PUT", "v2/workers", &source()), 404),
            (Step::Switch(enabled), Some(worker)) => {
                worker.enabled = *enabled;
                (switch(&key, *enabled).into_bytes(), 204)
            }
            (Step::Switch(enabled), None) => (switch(&key, *enabled).into_bytes(), 404),
            (Step::RollBack(index), Some(worker)) => {
                let index = index.index(worker.versions.len());
                worker.versions.push(worker.versions[index].clone());
                let path = path(&format!("/versions/{}/rollback", index + 1));
                (text("POST", &path, &Value::Null), 200)
            }
            (Step::RollBack(_), None) => (text("POST", &path("/versions/1/rollback"), &Value::Null), 404),
            (Step::Delete, Some(_)) => {
                self.worker = None;
                (text("DELETE", &path(""), &Value::Null), 204)
            }
            (Step::Delete, None) => (text("DELETE", &path(""), &Value::Null), 404),
        }
    }

    fn begin(&mut self, marker: &str) {
        self.worker = Some(Worker {
            versions: vec![marker.to_owned()],
            enabled: true,
        });
    }
}

/// A module that returns this text, which must need no escapes.
pub fn module(text: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1) (data (i32.const 16) "\22{text}\22")
        (func (export "_start")
            (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const {}))
            (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#,
        text.len() + 2
    );
    wat::parse_str(text).unwrap()
}

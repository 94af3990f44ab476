//! What was executed, and what is being executed.

use super::{Desk, done, target, wrong};
use crate::api::entry;
use crate::http::refusals::stored;
use crate::http::reply::{self, Refusal, Reply};
use crate::identity::permission::{self, Answer, Operation, Target};
use crate::running::Under;
use crate::store::{Entry, Filter};
use hyper::StatusCode;
use serde_json::{Value, json};

/// Entries of an answer, unless fewer or more are asked for.
const ENTRIES: u32 = 100;
/// Entries of an answer at most.
const MAX_ENTRIES: u32 = 1000;
/// Read from the store at a time.
const PAGE: u32 = 100;

impl Desk<'_> {
    /// Newest first. `workerKey`, `projectKey`, `showTestRun`, `status` (a value of `executionStatus`), `from` and `until`
    /// (unix milliseconds) narrow it, `limit` bounds it.
    pub(super) async fn history(&self) -> Result<Reply, Refusal> {
        let filter = self.filter()?;
        let limit = self
            .asked_number("limit")?
            .map_or(ENTRIES, |limit| limit.try_into().unwrap_or(u32::MAX));
        if limit > MAX_ENTRIES {
            return Err(wrong(format!("limit: expected at most {MAX_ENTRIES}")));
        }
        // Nobody else has anything to see: which workers there are is not told by the difference.
        if !self.caller.roles.admin && self.caller.roles.projects.is_empty() {
            let shared = Target {
                project: None,
                shared: true,
            };
            self.permit(Operation::History, shared, "")?;
        }
        let mut entries: Vec<Entry> = Vec::new();
        let mut after = None;
        while entries.len() < limit as usize {
            let page = self.service.store.history(&filter, after, PAGE).await.map_err(stored)?;
            let full = page.len() == PAGE as usize;
            after = page.last().map(|(cursor, _)| *cursor);
            let seen = page.into_iter().map(|(_, entry)| entry).filter(|entry| {
                let target = Target {
                    project: entry.project.as_deref(),
                    shared: false,
                };
                self.may(Operation::History, target)
            });
            entries.extend(seen);
            if !full {
                break;
            }
        }
        entries.truncate(limit as usize);
        Ok(reply::json(StatusCode::OK, entry::history(&entries)))
    }

    fn filter(&self) -> Result<Filter, Refusal> {
        let success = match self.asked("status").as_deref() {
            None => None,
            Some("STATUS_SUCCESS") => Some(true),
            Some("STATUS_FAIL") => Some(false),
            Some(_) => return Err(wrong("status: expected STATUS_SUCCESS or STATUS_FAIL")),
        };
        let texts = [self.asked("workerKey"), self.asked("projectKey")];
        if texts.iter().flatten().any(|text| text.contains('\0')) {
            return Err(wrong("workerKey, projectKey: expected no NUL character"));
        }
        let [worker, project] = texts;
        Ok(Filter {
            worker,
            project,
            success,
            test_run: if self.asked_switch("showTestRun")? {
                None
            } else {
                Some(false)
            },
            from: self.asked_number("from")?,
            until: self.asked_number("until")?,
        })
    }

    /// `{"executions":[{"executionId","workerKey","triggeredBy","startTimeMillis"}]}`, those of this host, oldest first.
    pub(super) fn executions(&self) -> Result<Reply, Refusal> {
        self.permit_list(Operation::Running)?;
        let all = self.service.running.all();
        let seen = all
            .iter()
            .filter(|(_, under)| self.may(Operation::Running, self.target_of_running(under)));
        let shown = seen.map(|(id, under)| {
            json!({
                "executionId": id,
                "workerKey": under.worker,
                "triggeredBy": under.caller,
                "startTimeMillis": under.started,
            })
        });
        let shown: Vec<Value> = shown.collect();
        Ok(reply::json(StatusCode::OK, json!({ "executions": shown }).to_string()))
    }

    pub(super) fn stop(&self, id: &str) -> Result<Reply, Refusal> {
        self.permit_list(Operation::Running)?;
        let none = || Refusal::new(StatusCode::NOT_FOUND, "There is no such execution under way");
        let under = self.service.running.get(id).ok_or_else(none)?;
        let target = self.target_of_running(&under);
        // As if there were none, where the table wants that.
        if permission::check(&self.caller, Operation::Running, target) == Answer::Hide {
            return Err(none());
        }
        self.permit(Operation::Running, target, &under.worker)?;
        under.stop();
        Ok(done())
    }

    fn target_of_running<'a>(&self, under: &'a Under) -> Target<'a> {
        let entry = self.registry.get(&under.worker);
        Target {
            project: under.project.as_deref(),
            shared: entry.is_some_and(|entry| target(&entry).shared),
        }
    }
}

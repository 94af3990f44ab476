//! Code that is executed once and not deployed.

use super::{Desk, mistakes, target, unfit, wrong};
use crate::answer;
use crate::api::{entry, test_run};
use crate::http::execution::{EXECUTION_ID, payload};
use crate::http::refusals::{admit, missing, untried};
use crate::http::reply::{self, Refusal, Reply};
use crate::http::service::Stage;
use crate::identity::permission::{Operation, Target};
use crate::identity::scope::valid_project_key;
use crate::perform::{Job, execution_id, perform};
use crate::record::{self, Mask};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::HeaderValue;
use std::time::Instant;
use tokio::sync::watch;

/// What `jf worker` writes beside a new worker: the types are in the package that it installs.
pub(super) const CONTEXT_TYPES: &str = "export { PlatformContext } from 'jfrog-workers';";

impl Desk<'_> {
    pub(super) async fn test(
        &self,
        key: Option<&str>,
        body: &[u8],
        stage: watch::Receiver<Stage>,
    ) -> Result<Reply, Refusal> {
        let run = test_run::parse(body).map_err(mistakes)?;
        let entry = key.and_then(|key| self.registry.get(key));
        let project = self.asked("projectKey");
        if let Some(project) = project.as_deref().filter(|project| !valid_project_key(project)) {
            return Err(wrong(format!("projectKey: {project:?} is not the key of a project")));
        }
        let asked = match &entry {
            Some(entry) => target(entry),
            None => Target {
                project: project.as_deref(),
                shared: false,
            },
        };
        self.permit(Operation::Test, asked, key.unwrap_or_default())?;
        let subject = &self.caller.subject;
        admit(subject, self.service.admission.caller(subject, Instant::now()))?;
        if entry
            .as_ref()
            .is_some_and(|entry| project.is_some() && entry.project != project)
        {
            return Err(missing(key.unwrap_or_default()));
        }
        let data = run.data.map(|data| Bytes::from(data.into_string())).unwrap_or_default();
        let settings = entry.as_ref().map(|entry| entry.settings.clone()).unwrap_or_default();
        let payload = payload(data, self.registry.limits(&settings).payload_bytes)?;
        // No worker has such a key: what is tried waits in a line of its own.
        let _place = self.service.place("a test", stage.clone()).await?;
        let worker = self.registry.build(&run.code).await.map_err(unfit)?;
        let context = self
            .registry
            .trial(entry.as_deref(), run.staged_secrets)
            .await
            .map_err(unfit)?;
        let id = execution_id().map_err(|error| untried(key.unwrap_or_default(), "", &error))?;
        let name = key.unwrap_or("test");
        let project = entry.as_ref().and_then(|entry| entry.project.clone()).or(project);
        let job = Job {
            id: &id,
            key: name,
            project: project.as_deref(),
            action: run.action.name(),
            version: None,
            caller: &self.caller.subject,
            test_run: true,
            worker: &worker,
            context: &context,
            settings: &settings,
            payload,
            hops: 0,
        };
        let performed = perform(self.service, self.registry, job, stage).await;
        // What it changed in the state is forgotten.
        let execution = performed.map_err(|error| untried(name, &id, &error))?;
        let secrets = self.registry.grants(&context, 0).secrets;
        let body = String::from_utf8_lossy(&answer::body(&execution)).into_owned();
        let logs = Mask::new(secrets.values()).cover(record::lines(&execution.logs));
        let mut reply = reply::json(StatusCode::OK, entry::test_answer(run.action, &logs, &body));
        if let Ok(id) = HeaderValue::try_from(id) {
            reply.headers_mut().insert(EXECUTION_ID, id);
        }
        Ok(reply)
    }
}

//! What a deployment makes of a worker.

use crate::api::action::APPLICATION;
use crate::api::deploy::Deploy;
use crate::api::schedule::Schedule;
use crate::manifest::GENERIC_EVENT;
use crate::store::{self, Definition};

/// The definition that a deployment asks for; what it does not mention is as `before`.
pub(super) fn definition(deploy: &Deploy, before: Option<&store::Worker>) -> Result<Definition, Vec<String>> {
    let before = before.map(|worker| &worker.definition);
    let action = deploy.action.name();
    if before.is_some_and(|before| before.action != action) {
        return Err(vec!["action: the action of a worker cannot be changed".into()]);
    }
    let enabled = deploy.enabled.unwrap_or(before.is_none_or(|before| before.enabled));
    let filter = deploy.filter_criteria.as_ref().map(Schedule::document);
    let filter = filter.or_else(|| before.and_then(|before| before.filter.clone()));
    if enabled && action != GENERIC_EVENT && filter.is_none() {
        return Err(vec![
            "filterCriteria: an enabled SCHEDULED_EVENT needs a schedule".into(),
        ]);
    }
    let settings = deploy.settings.as_ref().map(crate::api::document);
    let settings = settings.or_else(|| before.map(|before| before.settings.clone()));
    Ok(Definition {
        project: deploy.project_key.clone(),
        application: APPLICATION.into(),
        action: action.into(),
        description: given(&deploy.description, before.map(|before| &before.description)),
        enabled,
        debug: deploy.debug.unwrap_or(before.is_some_and(|before| before.debug)),
        shared: deploy.shared.unwrap_or(before.is_some_and(|before| before.shared)),
        filter,
        settings: settings.unwrap_or_else(|| "{}".into()),
    })
}

fn given(new: &Option<String>, before: Option<&String>) -> String {
    new.as_ref().or(before).cloned().unwrap_or_default()
}

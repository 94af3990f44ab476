//! The table of who may do what to which worker. The check is one look into it, the tests and the documentation are
//! made of it.

use super::Caller;
use Answer::{Allow as A, Forbid as F, Hide as H};
use std::fmt::Write;

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Run a worker.
    Execute,
    /// Find a worker in the list, and get it without its source.
    Read,
    /// Get a worker's source, settings and the names of its secrets, its versions and theirs.
    ReadSource,
    /// Make a worker.
    Create,
    /// Change a worker: its source, module or settings, back to another version.
    Update,
    /// Delete a worker.
    Delete,
    /// Run source that is not deployed, under a key that may have none yet.
    Test,
    /// Read what executions got and answered, and follow their logs.
    History,
    /// List and stop running executions.
    Running,
    /// List the names of secrets, set and remove them.
    Secrets,
    /// Learn what the host can do: actions and options.
    Describe,
    /// List, make and revoke tokens, and what else concerns the whole host.
    Host,
}

/// What somebody is to the worker in question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// An admin; whatever worker.
    Admin,
    /// An admin of the worker's project.
    Own,
    /// A user, or an admin of other projects; the worker is shared.
    Shared,
    /// A user, or an admin of other projects; the worker is not shared.
    Other,
    /// Somebody with a valid token that has none of our roles; whatever worker.
    NoRole,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Allow,
    /// 403.
    Forbid,
    /// 404, as if there were no such worker; left out of a list.
    Hide,
}

/// What a check needs to know of a worker. For [`Operation::Create`], and for a test under a key that has no worker,
/// this is the worker that it would be; the host itself has neither project nor key ([`Target::default`]).
#[derive(Clone, Copy, Debug, Default)]
pub struct Target<'a> {
    /// The key of its project; an empty one is an absent one.
    pub project: Option<&'a str>,
    /// Whether it is shared, which only a `GENERIC_EVENT` worker can be.
    pub shared: bool,
}

const RELATIONS: [(Relation, &str); 5] = [
    (Relation::Admin, "admin"),
    (Relation::Own, "project admin, own project"),
    (Relation::Shared, "user, shared worker"),
    (Relation::Other, "user, other worker"),
    (Relation::NoRole, "no role"),
];

/// Why 403 where one might expect 404, or the other way round:
/// - Executing is 403 because the documentation says so; that a worker exists is no secret there.
/// - What concerns a worker that is not seen is 404, the same as when there is none, so that nothing is learnt.
/// - Creating and testing need no worker, so that a 404 would be odd; a test of an unseen worker and of none are both
///   403.
/// - A caller without a role gets 403 for all that concerns workers: it does not depend on the worker, so it says nothing
///   about it.
#[rustfmt::skip]
const TABLE: [(Operation, [Answer; 5], &str); 12] = [
    //                      admin, own, shared, other, no role
    (Operation::Execute,    [A, A, A, F, F], "execute"),
    (Operation::Read,       [A, A, A, H, F], "list, get (without source)"),
    (Operation::ReadSource, [A, A, F, H, F], "get with source, settings, secret names; versions"),
    (Operation::Create,     [A, A, F, F, F], "create"),
    (Operation::Update,     [A, A, F, H, F], "update, upload a module, roll back"),
    (Operation::Delete,     [A, A, F, H, F], "delete"),
    (Operation::Test,       [A, A, F, F, F], "test"),
    (Operation::History,    [A, A, F, H, F], "execution history"),
    (Operation::Running,    [A, A, F, H, F], "list and stop running executions"),
    (Operation::Secrets,    [A, A, F, H, F], "secrets"),
    (Operation::Describe,   [A, A, A, A, A], "actions, options"),
    (Operation::Host,       [A, F, F, F, F], "tokens"),
];

/// Whether the caller may do this to that worker.
pub fn check(caller: &Caller, operation: Operation, target: Target<'_>) -> Answer {
    let relation = relation(caller, target) as usize;
    TABLE[operation as usize].1[relation]
}

/// What the caller is to the worker.
pub fn relation(caller: &Caller, target: Target<'_>) -> Relation {
    let roles = &caller.roles;
    if roles.admin {
        Relation::Admin
    } else if target
        .project
        .is_some_and(|key| !key.is_empty() && roles.projects.contains(key))
    {
        Relation::Own
    } else if !roles.user && roles.projects.is_empty() {
        Relation::NoRole
    } else if target.shared {
        Relation::Shared
    } else {
        Relation::Other
    }
}

/// The table as Markdown, for the documentation.
pub fn markdown() -> String {
    let mut text = String::from("| |");
    for (_, name) in RELATIONS {
        _ = write!(text, " {name} |");
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(RELATIONS.len()));
    for (_, answers, name) in TABLE {
        _ = write!(text, "\n| {name} |");
        for answer in answers {
            text.push_str(match answer {
                A => " yes |",
                F => " 403 |",
                H => " 404 |",
            });
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::scope::{Role, Roles};

    /// Everybody there is, with the worker of project `p` in view.
    fn callers() -> Vec<(Relation, Relation, Vec<Role>)> {
        let of = |key: &str| Role::ProjectAdmin(key.to_owned());
        use Relation::{Admin, NoRole, Other, Own, Shared};
        vec![
            // relation when it is shared, when it is not, roles
            (Admin, Admin, vec![Role::Admin]),
            (Admin, Admin, vec![Role::Admin, Role::User, of("q")]),
            (Own, Own, vec![of("p")]),
            (Own, Own, vec![of("q"), of("p"), Role::User]),
            (Shared, Other, vec![of("q")]),
            (Shared, Other, vec![of("P")]),
            (Shared, Other, vec![Role::User]),
            (NoRole, NoRole, vec![]),
        ]
    }

    /// The README has it once more, by hand: who changes a cell changes it twice.
    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../../../README.md");
        assert!(readme.contains(&markdown()), "it should have:\n{}", markdown());
    }

    #[test]
    fn every_cell_is_obeyed() {
        for (index, (operation, answers, _)) in TABLE.into_iter().enumerate() {
            assert_eq!(operation as usize, index, "the table is in the order of the operations");
            let mut seen = [false; 5];
            for (when_shared, otherwise, roles) in callers() {
                let caller = Caller {
                    subject: "x".to_owned(),
                    roles: Roles::from_iter(roles),
                };
                for (shared, relation) in [(true, when_shared), (false, otherwise)] {
                    let column = RELATIONS.iter().position(|(name, _)| *name == relation).unwrap();
                    let target = Target {
                        project: Some("p"),
                        shared,
                    };
                    assert_eq!(
                        check(&caller, operation, target),
                        answers[column],
                        "{operation:?} {caller:?} {target:?}"
                    );
                    seen[column] = true;
                }
            }
            assert_eq!(seen, [true; 5]);
        }
    }

    #[test]
    fn a_worker_without_a_project_is_nobodys_own() {
        let caller = Caller {
            subject: "x".to_owned(),
            roles: Roles::from_iter([Role::ProjectAdmin(String::new()), Role::ProjectAdmin("p".to_owned())]),
        };
        for project in [None, Some("")] {
            assert_eq!(relation(&caller, Target { project, shared: false }), Relation::Other);
            assert_eq!(relation(&caller, Target { project, shared: true }), Relation::Shared);
        }
    }

    #[test]
    fn the_table_is_sound() {
        let seen = TABLE[Operation::Read as usize].1;
        for (operation, answers, _) in TABLE {
            assert_eq!(answers[Relation::Admin as usize], A);
            for (column, answer) in answers.into_iter().enumerate() {
                assert!(
                    answer != H || seen[column] == H,
                    "{operation:?} hides what {:?} sees",
                    RELATIONS[column].0
                );
            }
            // Who is closer may not do less: admin, own, shared, other, no role.
            assert!(answers.is_sorted_by_key(|answer| *answer != A), "{operation:?}");
        }
    }
}

//! What a token's scope says: the roles of its owner.
//!
//! ```text
//! claim = scope *( SP scope )
//! scope = "applied-permissions/admin"
//!       / "applied-permissions/user"
//!       / "applied-permissions/roles:" key ":" name *( "," name )
//! key   = 1*64( ALPHA / DIGIT / "_" / "." / "-" )
//! name  = DQUOTE 1*( any but DQUOTE, "\" and control characters ) DQUOTE
//! ```
//!
//! A quoted name may hold spaces and commas and is never a scope itself. Of the names, `Project Admin` alone is a role
//! here. All other scopes are ignored, and so is one that is not quite of this form: nothing is granted by guessing.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

const ADMIN: &str = "applied-permissions/admin";
const USER: &str = "applied-permissions/user";
const ROLES: &str = "applied-permissions/roles:";
const PROJECT_ADMIN: &str = "Project Admin";

/// One role. Its text is the scope that grants it; the store keeps that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// May do everything.
    Admin,
    /// May do everything with the workers of the project with this key, and is a user otherwise.
    ProjectAdmin(String),
    /// May use what is shared.
    User,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin => f.write_str(ADMIN),
            Self::ProjectAdmin(key) => write!(f, "{ROLES}{key}:\"{PROJECT_ADMIN}\""),
            Self::User => f.write_str(USER),
        }
    }
}

/// Text that is no role.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is none of the roles: admin, project admin of a project key, user")]
pub struct NoRole;

impl FromStr for Role {
    type Err = NoRole;

    fn from_str(scope: &str) -> Result<Self, NoRole> {
        match scope {
            ADMIN => Ok(Self::Admin),
            USER => Ok(Self::User),
            _ => administered(scope)
                .map(|key| Self::ProjectAdmin(key.to_owned()))
                .ok_or(NoRole),
        }
    }
}

/// All roles of a caller; none is possible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// May do everything.
    pub admin: bool,
    /// Is a user. Admins of any kind are users too, without this.
    pub user: bool,
    /// The keys of the projects they are admin of.
    pub projects: BTreeSet<String>,
}

impl Roles {
    /// Those of the operator.
    pub const ADMIN: Self = Self {
        admin: true,
        user: false,
        projects: BTreeSet::new(),
    };

    /// The roles of a claim.
    pub fn parse(claim: &str) -> Self {
        scopes(claim).filter_map(|scope| scope.parse().ok()).collect()
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        let mut all = Self::default();
        for role in roles {
            match role {
                Role::Admin => all.admin = true,
                Role::ProjectAdmin(key) => _ = all.projects.insert(key),
                Role::User => all.user = true,
            }
        }
        all
    }
}

/// Splits a claim at the spaces outside of quotes. A quote without an end holds the rest of the claim.
fn scopes(claim: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    claim.split(move |character| {
        quoted ^= character == '"';
        character == ' ' && !quoted
    })
}

/// The key of the project that this scope makes its owner admin of.
fn administered(scope: &str) -> Option<&str> {
    let (key, mut names) = scope.strip_prefix(ROLES)?.split_once(':')?;
    if !valid_project_key(key) {
        return None;
    }
    let mut administered = None;
    loop {
        let (name, rest) = names.strip_prefix('"')?.split_once('"')?;
        if name.is_empty() || name.contains('\\') || name.chars().any(char::is_control) {
            return None;
        }
        if name == PROJECT_ADMIN {
            administered = Some(key);
        }
        match rest.strip_prefix(',') {
            Some(rest) => names = rest,
            None if rest.is_empty() => return administered,
            None => return None,
        }
    }
}

/// Whether this can be the key of a project in a scope.
pub fn valid_project_key(key: &str) -> bool {
    (1..=64).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(admin: bool, user: bool, projects: &[&str]) -> Roles {
        Roles {
            admin,
            user,
            projects: projects.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn known_scopes_are_obeyed() {
        let admin = "applied-permissions/admin";
        let user = "applied-permissions/user";
        for (claim, expected) in [
            (admin, roles(true, false, &[])),
            (user, roles(false, true, &[])),
            (
                "applied-permissions/user applied-permissions/admin",
                roles(true, true, &[]),
            ),
            ("  x/y  applied-permissions/user ", roles(false, true, &[])),
            (
                r#"applied-permissions/roles:p1:"Project Admin""#,
                roles(false, false, &["p1"]),
            ),
            (
                r#"applied-permissions/user applied-permissions/roles:p1:"Developer","Project Admin","Release, Manager" applied-permissions/roles:p-2:"Project Admin""#,
                roles(false, true, &["p-2", "p1"]),
            ),
        ] {
            assert_eq!(Roles::parse(claim), expected, "{claim}");
        }
    }

    #[test]
    fn all_others_are_ignored() {
        for claim in [
            "",
            " ",
            "admin",
            "applied-permissions/Admin",
            "applied-permissions/admins",
            "applied-permissions/admin,applied-permissions/user",
            "applied-permissions/admin\tapplied-permissions/user",
            "\"applied-permissions/admin\"",
            "applied-permissions/groups:readers",
            "applied-permissions/roles",
            "applied-permissions/roles:",
            "applied-permissions/roles:p",
            "applied-permissions/roles:p:",
            "applied-permissions/roles:p:Project Admin",
            "applied-permissions/roles:p:'Project Admin'",
            r#"applied-permissions/roles::"Project Admin""#,
            r#"applied-permissions/roles:"Project Admin""#,
            r#"applied-permissions/roles:p:"project admin""#,
            r#"applied-permissions/roles:p:"Project Admin "#,
            r#"applied-permissions/roles:p:"Project  Admin""#,
            r#"applied-permissions/roles:p:"Project Admin"x"#,
            r#"applied-permissions/roles:p:"Project Admin","#,
            r#"applied-permissions/roles:p:,"Project Admin""#,
            r#"applied-permissions/roles:p:"Developer" "Project Admin""#,
            r#"applied-permissions/roles:p:"Developer", "Project Admin""#,
            r#"applied-permissions/roles:p:"x\","Project Admin""#,
            r#"applied-permissions/roles:p:q:"Project Admin""#,
            r#"applied-permissions/roles:p,q:"Project Admin""#,
            r#"applied-permissions/roles:../p:"Project Admin""#,
            r#"applied-permissions/roles:*:"Project Admin""#,
            // What is quoted is a name, whatever it looks like.
            r#"applied-permissions/roles:p:"x applied-permissions/admin y""#,
            r#"x"y applied-permissions/admin"#,
        ] {
            assert_eq!(Roles::parse(claim), Roles::default(), "{claim}");
        }
    }

    #[test]
    fn a_role_is_the_scope_that_grants_it() {
        for role in [Role::Admin, Role::User, Role::ProjectAdmin("p_1.x".to_owned())] {
            assert_eq!(role.to_string().parse(), Ok(role.clone()));
        }
        assert_eq!("applied-permissions/user ".parse::<Role>(), Err(NoRole));
    }
}

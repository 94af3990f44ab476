//! Identity as a whole: what is in the headers, and who comes out of it.

use super::jwks::{Fetch, Jwks};
use super::jwt::Trust;
use super::opaque::{self, Record};
use super::scope::Role;
use super::*;
use crate::http::reply::{Reply, tests::text};
use ::ring::rand::SystemRandom;
use ::ring::signature::{self as sig, KeyPair};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use hyper::header::AUTHORIZATION;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

/// A private key.
pub(super) enum Private {
    Rsa(sig::RsaKeyPair),
    Ec(&'static str, sig::EcdsaKeyPair),
    Ed(sig::Ed25519KeyPair),
}

/// The keys of all tests, made once. ring makes no RSA keys, so those are files, and secret to nobody.
pub(super) struct Keys {
    pub(super) rsa: Private,
    pub(super) other_rsa: Private,
    pub(super) small_rsa: Value,
    pub(super) p256: Private,
    pub(super) p384: Private,
    pub(super) ed: Private,
    rsa_pem: Vec<u8>,
}

pub(super) static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let ec = |curve, algorithm| {
        let key = sig::EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Private::Ec(
            curve,
            sig::EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap(),
        )
    };
    let ed = sig::Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    // Whoever has such a key: only its public half is ever looked at.
    let small = [0xff; 128];
    Keys {
        rsa_pem: include_bytes!("keys/one.pem").to_vec(),
        rsa: Private::Rsa(pair(include_bytes!("keys/one.der"))),
        other_rsa: Private::Rsa(pair(include_bytes!("keys/two.der"))),
        small_rsa: json!({"kty": "RSA", "kid": "small", "n": base64(small), "e": "AQAB"}),
        p256: ec("P-256", &sig::ECDSA_P256_SHA256_FIXED_SIGNING),
        p384: ec("P-384", &sig::ECDSA_P384_SHA384_FIXED_SIGNING),
        ed: Private::Ed(sig::Ed25519KeyPair::from_pkcs8(ed.as_ref()).unwrap()),
    }
});

/// openssl writes either form, depending on its version.
fn pair(key: &[u8]) -> sig::RsaKeyPair {
    sig::RsaKeyPair::from_pkcs8(key)
        .or_else(|_| sig::RsaKeyPair::from_der(key))
        .unwrap()
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

impl Private {
    pub(super) fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Rsa(key) => {
                let public = sig::RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({
                    "kty": "RSA", "kid": id, "use": "sig",
                    "n": base64(public.n),
                    "e": base64(public.e),
                })
            }
            Self::Ec(curve, key) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "kid": id, "crv": curve, "x": base64(x), "y": base64(y)})
            }
            Self::Ed(key) => json!({"kty": "OKP", "kid": id, "crv": "Ed25519", "x": base64(key.public_key())}),
        }
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let padding: &dyn sig::RsaEncoding = match algorithm {
                    "RS384" => &sig::RSA_PKCS1_SHA384,
                    "RS512" => &sig::RSA_PKCS1_SHA512,
                    "PS256" => &sig::RSA_PSS_SHA256,
                    "PS384" => &sig::RSA_PSS_SHA384,
                    "PS512" => &sig::RSA_PSS_SHA512,
                    _ => &sig::RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(_, key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with exactly this text.
    fn token(&self, header: &str, claims: &str) -> String {
        let algorithm = serde_json::from_str::<Value>(header).unwrap_or_default()["alg"].clone();
        let message = format!("{}.{}", base64(header), base64(claims));
        let signature = self.sign(algorithm.as_str().unwrap_or_default(), message.as_bytes());
        format!("{message}.{}", base64(signature))
    }
}

const UNIX: u64 = 1_800_000_000;

pub(super) fn now() -> Now {
    Now {
        unix: UNIX,
        instant: Instant::now(),
    }
}

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "aud": "workers", "sub": "alice", "exp": UNIX + 600, "iat": UNIX,
        "scp": "applied-permissions/user",
    })
}

/// The claims with some changed; null takes one away.
fn claims_with(changes: Value) -> String {
    with(claims(), changes)
}

fn with(mut object: Value, changes: Value) -> String {
    let Value::Object(changes) = changes else {
        panic!("no object")
    };
    for (name, value) in changes {
        match value {
            Value::Null => _ = object.as_object_mut().unwrap().remove(&name),
            value => object[name] = value,
        }
    }
    object.to_string()
}

/// The identity of all tests: an admin token, an empty store unless told, an issuer with a key of each type.
fn identity(records: Vec<Record>, algorithms: &[&str]) -> Identity {
    let keys = json!({"keys": [
        KEYS.rsa.jwk("rsa"), KEYS.p256.jwk("p256"), KEYS.p384.jwk("p384"), KEYS.ed.jwk("ed"), KEYS.small_rsa,
        {"kty": "oct", "kid": "oct", "k": base64([7_u8; 32])},
        KEYS.other_rsa.jwk("twice"), KEYS.rsa.jwk("twice"),
    ]});
    let fetch: Fetch = Box::new(move || {
        let document = keys.to_string().into_bytes();
        Box::pin(async move { Ok(document) })
    });
    let algorithms: Vec<_> = algorithms.iter().map(ToString::to_string).collect();
    let trust = Trust::new(
        "https://issuer.example",
        vec!["other".to_owned(), "workers".to_owned()],
        &algorithms,
    )
    .unwrap();
    let records = Arc::new(records);
    Identity {
        admin: Token::new("adm:in"),
        lookup: Box::new(move |hash| {
            let found = records.iter().find(|record| record.hash == hash).cloned();
            Box::pin(async move { Ok(found) })
        }),
        jwt: Some(Jwt::new(trust, Jwks::new(fetch))),
        open: None,
    }
}

async fn caller(identity: &Identity, token: &str) -> Result<Caller, Failure> {
    let mut headers = HeaderMap::new();
    headers.append(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    identity.caller(&headers, now()).await
}

/// The whole answer, and the reason that is not in it.
fn refusal(failure: Failure) -> (String, String) {
    let reason = match &failure {
        Failure::Unauthenticated(reason) => reason.to_string(),
        Failure::Unavailable(error) => panic!("{error:#}"),
    };
    let reply = Reply::from(Refusal::from(failure));
    let head = format!("{} {:?}", reply.status(), reply.headers());
    (format!("{head} {}", text(reply)), reason)
}

fn user(subject: &str) -> Caller {
    Caller {
        subject: subject.to_owned(),
        roles: Roles::from_iter([Role::User]),
    }
}

#[tokio::test]
async fn issued_tokens_are_obeyed() {
    let (token, hash) = opaque::issue().unwrap();
    let role = Role::ProjectAdmin("p".to_owned());
    let record = Record {
        hash,
        subject: "bob".to_owned(),
        role: role.clone(),
        expires: None,
        revoked: false,
    };
    let identity = identity(vec![record], &[]);
    let bob = Caller {
        subject: "bob".to_owned(),
        roles: Roles::from_iter([role]),
    };
    let admin = Caller {
        subject: "admin".to_owned(),
        roles: Roles::ADMIN,
    };
    let basic = |text: &str| format!("Basic {}", BASE64.encode(text.as_bytes()));
    for (value, expected) in [
        (format!("Bearer {token}"), &bob),
        (format!("bearer   {token} "), &bob),
        (basic(&format!("anyone:{token}")), &bob),
        (basic(&format!(":{token}")), &bob),
        ("Bearer adm:in".to_owned(), &admin),
        (basic("x:adm:in"), &admin),
    ] {
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        assert_eq!(&identity.caller(&headers, now()).await.unwrap(), expected, "{value}");
    }
}

#[tokio::test]
async fn tokens_of_the_issuer_are_obeyed() {
    let identity = identity(Vec::new(), &[]);
    let plain = claims().to_string();
    for (key, id, algorithms) in [
        (
            &KEYS.rsa,
            "rsa",
            &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"][..],
        ),
        (&KEYS.p256, "p256", &["ES256"]),
        (&KEYS.p384, "p384", &["ES384"]),
        (&KEYS.ed, "ed", &["EdDSA"]),
        // Two keys of one id.
        (&KEYS.rsa, "twice", &["RS256"]),
    ] {
        for algorithm in algorithms {
            let token = key.token(&json!({"alg": algorithm, "kid": id, "typ": "JWT"}).to_string(), &plain);
            assert_eq!(caller(&identity, &token).await.unwrap(), user("alice"), "{algorithm}");
        }
    }
    // No key is named, and one fits. Places where other keys are said to be are not looked at.
    let token = KEYS.p256.token(r#"{"alg":"ES256"}"#, &plain);
    assert_eq!(caller(&identity, &token).await.unwrap(), user("alice"));
    let header = json!({
        "alg": "ES256", "kid": "p256", "typ": "at+jwt", "jku": "https://evil.example/", "x5u": "file:///etc/passwd",
        "jwk": KEYS.other_rsa.jwk("p256"), "x5c": ["AAAA"],
    });
    let token = KEYS.p256.token(&header.to_string(), &plain);
    assert_eq!(caller(&identity, &token).await.unwrap(), user("alice"));
    // As the password of Basic.
    let basic = format!("Basic {}", BASE64.encode(format!("x:{token}").as_bytes()));
    let headers = HeaderMap::from_iter([(AUTHORIZATION, basic.parse().unwrap())]);
    assert_eq!(identity.caller(&headers, now()).await.unwrap(), user("alice"));
}

#[tokio::test]
async fn claims_within_their_limits_are_obeyed() {
    let identity = identity(Vec::new(), &[]);
    let project = Role::ProjectAdmin("p".to_owned());
    for (changes, roles) in [
        (json!({"exp": UNIX - 29}), vec![Role::User]),
        (json!({"exp": UNIX as f64 - 29.5}), vec![Role::User]),
        (json!({"exp": u64::MAX}), vec![Role::User]),
        (json!({"nbf": UNIX + 30}), vec![Role::User]),
        (json!({"aud": ["x", "workers"]}), vec![Role::User]),
        (json!({"scp": null}), vec![]),
        (
            json!({"scp": null, "scope": "applied-permissions/admin"}),
            vec![Role::Admin],
        ),
        (json!({"scope": "applied-permissions/admin"}), vec![Role::User]),
        (
            json!({"scp": r#"openid applied-permissions/roles:p:"Project Admin""#}),
            vec![project.clone()],
        ),
        (
            json!({"scp": ["applied-permissions/user", r#"applied-permissions/roles:p:"Project Admin""#]}),
            vec![Role::User, project],
        ),
        (json!({"scp": ["x applied-permissions/admin"]}), vec![]),
    ] {
        let token = KEYS
            .ed
            .token(r#"{"alg":"EdDSA","kid":"ed"}"#, &claims_with(changes.clone()));
        assert_eq!(
            caller(&identity, &token).await.unwrap().roles,
            Roles::from_iter(roles),
            "{changes}"
        );
    }
}

/// Every failure: what is presented, and what the log says.
#[tokio::test]
async fn all_others_are_refused_alike() {
    let rs = r#"{"alg":"RS256","kid":"rsa"}"#;
    let plain = &claims().to_string();
    let good = KEYS.rsa.token(rs, plain);
    let (head, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = head.split_once('.').unwrap();
    let unsigned = |header: Value| format!("{}.{payload}.", base64(header.to_string()));
    let hmac = |key: &[u8], id: &str| {
        let message = format!("{}.{payload}", base64(json!({"alg": "HS256", "kid": id}).to_string()));
        let key = ::ring::hmac::Key::new(::ring::hmac::HMAC_SHA256, key);
        format!("{message}.{}", base64(::ring::hmac::sign(&key, message.as_bytes())))
    };
    let modulus = BASE64URL_NOPAD
        .decode(KEYS.rsa.jwk("rsa")["n"].as_str().unwrap().as_bytes())
        .unwrap();
    let signed = |header: Value| KEYS.rsa.token(&header.to_string(), plain);
    let with_header = |changes: Value| {
        KEYS.rsa
            .token(&with(json!({"alg": "RS256", "kid": "rsa"}), changes), plain)
    };
    let claiming = |changes: Value| KEYS.rsa.token(rs, &claims_with(changes));
    let twice = |extra: &str| KEYS.rsa.token(rs, &plain.replacen('{', &format!("{{{extra},"), 1));
    let der = {
        // ECDSA as ASN.1, as other protocols have it.
        let token = KEYS.p256.token(r#"{"alg":"ES256","kid":"p256"}"#, plain);
        let (head, signature) = token.rsplit_once('.').unwrap();
        let mut der = vec![0x30, 68, 2, 32];
        let raw = BASE64URL_NOPAD.decode(signature.as_bytes()).unwrap();
        der.extend_from_slice(&raw[..32]);
        der.extend_from_slice(&[2, 32]);
        der.extend_from_slice(&raw[32..]);
        format!("{head}.{}", base64(der))
    };
    let zero_es = format!(
        "{}.{payload}.{}",
        base64(r#"{"alg":"ES256","kid":"p256"}"#),
        base64([0; 64])
    );
    let record = |expires, revoked| {
        let (token, hash) = opaque::issue().unwrap();
        (
            token,
            Record {
                hash,
                subject: "bob".to_owned(),
                role: Role::Admin,
                expires,
                revoked,
            },
        )
    };
    let (expired, expired_record) = record(Some(UNIX), false);
    let (revoked, revoked_record) = record(None, true);
    let header_refused = "the header of the token is refused";
    let not_allowed = "the token's algorithm is not allowed";
    let no_key = "the issuer has no key";
    let bad_signature = "the signature of the token is not of the key";
    let claims_refused = "the token is refused: ";
    let table = [
        ("admin".to_owned(), header_refused),
        (expired, "the token has expired"),
        (revoked, "the token is revoked"),
        (opaque::issue().unwrap().0, "an unknown token of this host"),
        ("hwt_short".to_owned(), header_refused),
        // Not a token at all.
        ("a.b".to_owned(), header_refused),
        ("..".to_owned(), header_refused),
        ("!.!.!".to_owned(), header_refused),
        ("x".repeat(MAX_TOKEN_BYTES + 1), "the token is too long"),
        (
            claiming(json!({"pad": "x".repeat(MAX_TOKEN_BYTES)})),
            "the token is too long",
        ),
        ("a.".repeat(MAX_TOKEN_BYTES / 2), header_refused),
        (format!("{}..", base64("[".repeat(5000))), header_refused),
        (format!("{good}.{signature}"), header_refused),
        (format!("{good}="), claims_refused),
        (format!("{header}=.{payload}.{signature}"), header_refused),
        (head.to_owned(), header_refused),
        (format!("{head}."), bad_signature),
        (format!("{head}.{}", base64([0; 256])), bad_signature),
        (
            format!("{header}.{}.{signature}", base64(claims_with(json!({"sub": "root"})))),
            bad_signature,
        ),
        (KEYS.rsa.token(rs, "[]"), claims_refused),
        (KEYS.rsa.token(rs, "null"), claims_refused),
        (KEYS.rsa.token(rs, ""), claims_refused),
        (KEYS.rsa.token("{}", plain), header_refused),
        // Algorithms.
        (unsigned(json!({"alg": "none"})), header_refused),
        (unsigned(json!({"alg": "None", "kid": "rsa"})), header_refused),
        (unsigned(json!({"alg": "", "kid": "rsa"})), header_refused),
        (unsigned(json!({"alg": null, "kid": "rsa"})), header_refused),
        (unsigned(json!({"alg": ["RS256"], "kid": "rsa"})), header_refused),
        (unsigned(json!({"alg": "rs256", "kid": "rsa"})), header_refused),
        (signed(json!({"alg": "none", "kid": "rsa"})), header_refused),
        (hmac(&KEYS.rsa_pem, "rsa"), not_allowed),
        (hmac(KEYS.rsa_pem.trim_ascii_end(), "rsa"), not_allowed),
        (hmac(&modulus, "rsa"), not_allowed),
        (hmac(&[7; 32], "oct"), not_allowed),
        (hmac(b"", "oct"), not_allowed),
        (KEYS.p256.token(r#"{"alg":"ES256","kid":"rsa"}"#, plain), no_key),
        (KEYS.rsa.token(r#"{"alg":"RS256","kid":"p256"}"#, plain), no_key),
        (KEYS.p256.token(r#"{"alg":"ES384","kid":"p256"}"#, plain), no_key),
        (KEYS.p384.token(r#"{"alg":"ES256","kid":"p256"}"#, plain), bad_signature),
        (KEYS.ed.token(r#"{"alg":"ES256","kid":"ed"}"#, plain), no_key),
        (KEYS.rsa.token(r#"{"alg":"EdDSA","kid":"rsa"}"#, plain), no_key),
        (KEYS.rsa.token(r#"{"alg":"RS256","kid":"oct"}"#, plain), no_key),
        (KEYS.rsa.token(r#"{"alg":"RS256","kid":"small"}"#, plain), no_key),
        (der, bad_signature),
        (zero_es, bad_signature),
        // Keys.
        (KEYS.other_rsa.token(rs, plain), bad_signature),
        (signed(json!({"alg": "RS256", "kid": "RSA"})), no_key),
        (signed(json!({"alg": "RS256", "kid": ""})), no_key),
        (signed(json!({"alg": "RS256", "kid": "../../../../etc/passwd"})), no_key),
        (signed(json!({"alg": "RS256", "kid": "rsa\u{0}"})), no_key),
        (
            signed(json!({"alg": "RS256", "kid": "x' OR '1'='1\n401: forged"})),
            r"OR \'1\'=\'1\n401",
        ),
        (signed(json!({"alg": "RS256", "kid": 1})), header_refused),
        (signed(json!({"alg": "RS256", "kid": ["rsa"]})), header_refused),
        // Several keys fit.
        (signed(json!({"alg": "RS256"})), no_key),
        (
            KEYS.other_rsa.token(
                &json!({"alg": "RS256", "kid": "rsa", "jwk": KEYS.other_rsa.jwk("rsa")}).to_string(),
                plain,
            ),
            bad_signature,
        ),
        (with_header(json!({"crit": ["exp"]})), "extensions"),
        (with_header(json!({"crit": [], "b64": false})), "extensions"),
        (with_header(json!({"typ": "logout+jwt"})), "of a type"),
        (with_header(json!({"typ": ""})), "of a type"),
        (
            KEYS.rsa.token(r#"{"alg":"none","alg":"RS256","kid":"rsa"}"#, plain),
            header_refused,
        ),
        (
            KEYS.rsa.token(r#"{"alg":"RS256","kid":"p256","kid":"rsa"}"#, plain),
            header_refused,
        ),
        // Claims.
        (claiming(json!({"exp": UNIX - 30})), "has expired"),
        (claiming(json!({"exp": 0})), "has expired"),
        (claiming(json!({"exp": -1})), "exp"),
        (claiming(json!({"exp": null})), "exp"),
        (
            claiming(json!({"exp": (UNIX + 600).to_string()})),
            "invalid type: string",
        ),
        (claiming(json!({"nbf": UNIX + 31})), "not valid yet"),
        (claiming(json!({"nbf": "soon"})), "invalid type: string"),
        (claiming(json!({"iss": "https://issuer.example/"})), "another issuer"),
        (claiming(json!({"iss": null})), "iss"),
        (
            claiming(json!({"iss": ["https://evil.example", "https://issuer.example"]})),
            "invalid type: sequence",
        ),
        (claiming(json!({"aud": "workers2"})), "InvalidAudience"),
        (claiming(json!({"aud": []})), "InvalidAudience"),
        (claiming(json!({"aud": null})), "aud"),
        (claiming(json!({"aud": {"workers": true}})), "aud"),
        (claiming(json!({"sub": null})), "sub"),
        (claiming(json!({"sub": ""})), "subject is empty"),
        (claiming(json!({"sub": "a\nb"})), "subject is empty"),
        (claiming(json!({"sub": "a".repeat(257)})), "subject is empty"),
        (claiming(json!({"sub": 7})), "invalid type: integer"),
        (claiming(json!({"scp": 7})), "Scope"),
        (twice(r#""sub":"root""#), "duplicate field"),
        (twice(r#""aud":"x""#), "duplicate field"),
        (twice(r#""exp":1"#), "duplicate field"),
        (twice(r#""iss":"https://evil.example""#), "duplicate field"),
        (twice(r#""scp":"applied-permissions/admin""#), "duplicate field"),
        (twice(r#""nbf":1,"nbf":2"#), "duplicate field"),
    ];

    let identity = identity(vec![expired_record, revoked_record], &[]);
    assert_eq!(caller(&identity, &good).await.unwrap(), user("alice"));
    let (without, reason) = refusal(identity.caller(&HeaderMap::new(), now()).await.unwrap_err());
    assert_eq!(reason, "no token");
    assert!(
        without.starts_with("401") && without.contains(r#""www-authenticate": "Bearer realm="#),
        "{without}"
    );
    let mut faults = Vec::new();
    for (index, (token, expected)) in table.into_iter().enumerate() {
        match caller(&identity, &token).await {
            Ok(caller) => faults.push(format!("{index}: {expected:?} is {caller:?}")),
            Err(failure) => {
                let (answer, reason) = refusal(failure);
                assert_eq!(answer, without);
                if !reason.contains(expected) || reason.len() > 400 || reason.contains('\n') {
                    faults.push(format!("{index}: {expected:?}, not {reason:?}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let basic = |text: &str| format!("Basic {}", BASE64.encode(text.as_bytes()));
    for values in [
        vec![""],
        vec!["Bearer"],
        vec!["Bearer "],
        vec!["adm:in"],
        vec!["Token adm:in"],
        vec!["Basic !"],
        vec![&basic("adm:in")],
        vec![&basic("adm")],
        vec!["Bearer adm:in", "Bearer adm:in"],
        vec!["Bearer adm:in, Bearer adm:in"],
    ] {
        let mut headers = HeaderMap::new();
        for value in &values {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        assert_eq!(
            refusal(identity.caller(&headers, now()).await.unwrap_err()).0,
            without,
            "{values:?}"
        );
    }
}

#[tokio::test]
async fn what_was_verified_is_remembered_for_a_moment() {
    let identity = identity(Vec::new(), &[]);
    let token = KEYS.ed.token(r#"{"alg":"EdDSA","kid":"ed"}"#, &claims().to_string());
    let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
    let start = now();
    let at = |seconds: u64, unix| Now {
        unix,
        instant: start.instant + std::time::Duration::from_secs(seconds),
    };
    assert_eq!(identity.caller(&headers, start).await.unwrap(), user("alice"));
    let Some(jwt) = identity.jwt.as_ref() else {
        unreachable!()
    };
    assert_eq!(jwt.remembered(), 1);
    assert_eq!(identity.caller(&headers, at(9, UNIX + 9)).await.unwrap(), user("alice"));
    // It expires all the same.
    let (_, reason) = refusal(identity.caller(&headers, at(9, UNIX + 630)).await.unwrap_err());
    assert_eq!(reason, "the token has expired");
    assert_eq!(
        identity.caller(&headers, at(10, UNIX + 10)).await.unwrap(),
        user("alice")
    );
    // A token that differs in one character of its signature is another one.
    let (head, signature) = token.rsplit_once('.').unwrap();
    let flipped = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{flipped}{}", &signature[1..]);
    assert!(caller(&identity, &forged).await.is_err());
    // Refused ones are not remembered, and neither are more than some.
    assert_eq!(jwt.remembered(), 1);
    for number in 0..1100 {
        let token = KEYS
            .ed
            .token(r#"{"alg":"EdDSA","kid":"ed"}"#, &claims_with(json!({"jti": number})));
        let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
        assert!(identity.caller(&headers, at(11, UNIX)).await.is_ok());
    }
    assert_eq!(jwt.remembered(), 1024);
    let token = KEYS
        .ed
        .token(r#"{"alg":"EdDSA","kid":"ed"}"#, &claims_with(json!({"jti": "x"})));
    let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
    assert!(identity.caller(&headers, at(21, UNIX)).await.is_ok());
    assert_eq!(jwt.remembered(), 1);
}

#[tokio::test]
async fn what_was_verified_is_forgotten() {
    let mut identity = identity(Vec::new(), &[]);
    let ids = Arc::new(std::sync::Mutex::new(vec!["new", "old"]));
    let published = ids.clone();
    let fetch: Fetch = Box::new(move || {
        let id = published.lock().unwrap().pop();
        Box::pin(async move {
            Ok(json!({"keys": [KEYS.ed.jwk(id.unwrap_or_default())]})
                .to_string()
                .into_bytes())
        })
    });
    let trust = Trust::new("https://issuer.example", vec!["workers".to_owned()], &[]).unwrap();
    identity.jwt = Some(Jwt::new(trust, Jwks::new(fetch)));
    let token = KEYS.ed.token(r#"{"alg":"EdDSA","kid":"old"}"#, &claims().to_string());
    let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
    let mut now = now();
    assert_eq!(identity.caller(&headers, now).await.unwrap(), user("alice"));
    now.instant += super::jwks::OLD;
    let (_, reason) = refusal(identity.caller(&headers, now).await.unwrap_err());
    assert_eq!(reason, "the issuer has no key \"old\" for EdDSA");
}

#[tokio::test]
async fn the_operator_pins_algorithms() {
    let identity = identity(Vec::new(), &["ES256"]);
    let plain = claims().to_string();
    let token = KEYS.p256.token(r#"{"alg":"ES256","kid":"p256"}"#, &plain);
    assert_eq!(caller(&identity, &token).await.unwrap(), user("alice"));
    let token = KEYS.rsa.token(r#"{"alg":"RS256","kid":"rsa"}"#, &plain);
    let (_, reason) = refusal(caller(&identity, &token).await.unwrap_err());
    assert_eq!(reason, "the token's algorithm is not allowed");
    let audiences = || vec!["workers".to_owned()];
    for name in ["HS256", "none", "ES512", "rs256", ""] {
        assert!(Trust::new("i", audiences(), &[name.to_owned()]).is_err(), "{name}");
    }
    assert!(Trust::new("", audiences(), &[]).is_err());
    assert!(Trust::new("i", Vec::new(), &[]).is_err());
    assert!(Trust::new("i", vec![String::new()], &[]).is_err());
}

#[tokio::test]
async fn what_cannot_be_checked_is_503() {
    let mut identity = identity(Vec::new(), &[]);
    identity.lookup = Box::new(|_| Box::pin(async { anyhow::bail!("disk full at /data") }));
    let fetch: Fetch = Box::new(|| Box::pin(async { anyhow::bail!("no route to 10.0.0.1") }));
    let trust = Trust::new("i", vec!["a".to_owned()], &[]).unwrap();
    identity.jwt = Some(Jwt::new(trust, Jwks::new(fetch)));
    let jwt = KEYS.ed.token(r#"{"alg":"EdDSA","kid":"ed"}"#, &claims().to_string());
    for token in [opaque::issue().unwrap().0, jwt.clone(), jwt] {
        let reply = Reply::from(Refusal::from(caller(&identity, &token).await.unwrap_err()));
        assert_eq!(
            (reply.status().as_u16(), &reply.headers()["retry-after"]),
            (503, &"1".parse().unwrap())
        );
        let body = text(reply);
        assert!(!body.contains("disk") && !body.contains("route"), "{body}");
    }
    // Neither has a say in these.
    assert_eq!(caller(&identity, "adm:in").await.unwrap().roles, Roles::ADMIN);
    assert!(matches!(caller(&identity, "x").await, Err(Failure::Unauthenticated(_))));
    identity.jwt = None;
    assert!(matches!(
        caller(&identity, "a.b.c").await,
        Err(Failure::Unauthenticated(_))
    ));
}

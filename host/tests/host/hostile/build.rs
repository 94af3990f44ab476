//! Compile bombs: built or refused with a sentence, in bounded time, and a host that is none the worse.

use super::{besieged, upload};
use crate::api::{as_admin, deploy_body};
use crate::client::Answer;
use crate::server::Server;
use std::time::{Duration, Instant};

/// What a build may take until it is given up.
const TIME: Duration = Duration::from_secs(30);

/// What memory may come to more: compiling is not to happen in the host's own process.
const MORE: usize = 256 << 20;

/// Others are answered meanwhile; then the attack was refused in time, with a sentence, or was harmless.
fn attack(server: &Server, name: &str, attack: impl FnOnce(&Server) -> Answer + Send) {
    let before = server.holdings();
    let began = Instant::now();
    let answer = std::thread::scope(|scope| {
        let attacking = scope.spawn(|| attack(server));
        while !attacking.is_finished() {
            let asked = Instant::now();
            server.is_well();
            assert!(
                asked.elapsed() < Duration::from_secs(3),
                "{name}: echo took {:?}",
                asked.elapsed()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        attacking.join().unwrap()
    });
    let took = began.elapsed();
    match answer.status {
        201 | 204 => {}
        400..500 => {
            let message = answer.json()["errors"][0]["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            assert!(!message.is_empty(), "{name}: {answer:?}");
            assert!(message.len() < 10_000, "{name}: a sentence of {} bytes", message.len());
        }
        status => panic!("{name}: {status}"),
    }
    assert!(took < TIME, "{name}: {took:?}");
    server.is_as_before(before, MORE);
    eprintln!("{name}: {} in {took:?}", answer.status);
}

fn module(fields: &str) -> Vec<u8> {
    wat::parse_str(format!(
        "(module (memory (export \"memory\") 1) {fields} (func (export \"_start\")))"
    ))
    .unwrap()
}

#[test]
fn loops_by_the_thousand() {
    let loops = "(loop ".repeat(20_000) + &")".repeat(20_000);
    let blocks = "(block ".repeat(20_000) + "(br_if 19000 (local.get 0))" + &")".repeat(20_000);
    let server = besieged(&[]);
    // wat recurses: the text is nested, the bytes are not.
    let bombs = std::thread::Builder::new()
        .stack_size(1 << 30)
        .spawn(move || {
            [
                module(&format!("(func {loops})")),
                module(&format!("(func (param i32) {blocks})")),
            ]
        })
        .unwrap()
        .join()
        .unwrap();
    for (name, bomb) in ["nested loops", "nested blocks"].iter().zip(bombs) {
        attack(&server, name, |server| upload(server, "bomb", &bomb));
    }
}

#[test]
fn one_function_of_five_megabytes() {
    let server = besieged(&[]);
    let body = "(local.set 0 (i32.add (local.get 0) (i32.load (local.get 0))))".repeat(600_000);
    let bomb = module(&format!("(func (param i32) {body})"));
    attack(&server, "one function of 5 MB", |server| upload(server, "bomb", &bomb));
}

#[test]
fn fifty_thousand_locals() {
    let server = besieged(&[]);
    let locals = format!("(local {})", "i64 ".repeat(49_000));
    // All of them alive at once across branches.
    let body: String = (0..49_000)
        .map(|n| {
            format!(
                "(local.set {n} (i64.add (local.get {}) (i64.const {n}))) (br_if 0 (i64.eqz (local.get {n})))",
                (n * 7) % 49_000
            )
        })
        .collect();
    let bomb = module(&format!("(func {locals} (block {body}))"));
    attack(&server, "50k locals", |server| upload(server, "bomb", &bomb));
}

#[test]
fn many_functions() {
    let server = besieged(&[]);
    let bomb = module(&"(func (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))".repeat(200_000));
    attack(&server, "200k functions", |server| upload(server, "bomb", &bomb));
}

/// Deploys a source.
fn deploy(server: &Server, key: &str, source: &str) -> Answer {
    as_admin(server, "POST", "v2/workers", &deploy_body(key, source))
}

#[test]
fn sources_that_are_bombs() {
    let server = besieged(&[]);
    let handler = "\nexport default () => 1";
    let deep = |open: &str, close: &str, times: usize| open.repeat(times) + "1" + &close.repeat(times);
    let cases = [
        ("brackets", format!("const a = {};{handler}", deep("[", "]", 49_000))),
        ("parentheses", format!("const a = {};{handler}", deep("(", ")", 49_000))),
        ("arrows", format!("const a = {}1;{handler}", "a=>".repeat(33_000))),
        (
            "types",
            format!(
                "type A = {};{handler}",
                "Array<".repeat(14_000) + "1" + &">".repeat(14_000)
            ),
        ),
        (
            "blocks",
            format!("{}{handler}", "{".repeat(49_000) + &"}".repeat(49_000)),
        ),
        (
            "templates",
            format!("const a = {};{handler}", deep("`${", "}`", 19_000)),
        ),
        ("conditions", format!("const a = {}1;{handler}", "1?1:".repeat(24_000))),
        ("signs", format!("const a = {}1;{handler}", "- ".repeat(49_000))),
        ("one character too many", format!("//{}{handler}", "x".repeat(100_001))),
        ("an endless top level", format!("for (;;) {{}}{handler}")),
        (
            "a top level that wants memory",
            format!("const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1));{handler}"),
        ),
        (
            "a top level that never settles",
            format!("await new Promise(() => {{}});{handler}"),
        ),
        (
            "a top level that recurses",
            format!("const f = () => f() + 1; f();{handler}"),
        ),
        (
            "a top level that backtracks",
            format!("/^(a+)+$/.test('a'.repeat(40) + 'b');{handler}"),
        ),
        (
            "imports that are not there",
            (0..3000).map(|n| format!("import 'a{n}';")).collect::<String>() + handler,
        ),
        (
            "an import of a file",
            "import a from '../../etc/passwd'; export default () => a".to_owned(),
        ),
        (
            "an import of a URL",
            "import a from 'https://example.com/x.js'; export default () => a".to_owned(),
        ),
    ];
    for (number, (name, source)) in cases.into_iter().enumerate() {
        attack(&server, name, |server| {
            deploy(server, &format!("bomb{number}"), &source)
        });
    }
}

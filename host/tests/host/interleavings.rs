//! Deploys, executions, deletes, updates, rollbacks, switching on and off, in any order and at the same time: what is
//! executed is what was acknowledged, also after kill -9.

#[path = "interleavings/mirror.rs"]
mod mirror;
#[path = "interleavings/timeline.rs"]
mod timeline;

use super::api::{admins, as_admin, create, databases, deploy_body, restart, start, upload};
use super::client::Client;
use super::json::config;
use super::server::{Server, request};
use mirror::{Mirror, Step, step};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use timeline::{Read, Timeline};

const REGRESSIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/interleavings.regressions");

/// What an execution of this worker gives now; nothing if there is no such worker.
fn executed(client: &mut Client, key: &str) -> Option<Option<String>> {
    client.send(request(key, "")).ok()?;
    let answer = client.answer()?;
    match answer.status {
        200 => Some(Some(answer.json()["data"].as_str().unwrap().to_owned())),
        404 => Some(None),
        other => panic!("{key}: {other} {answer:?}"),
    }
}

/// The keys that begin like this.
fn listed(server: &Server, beginning: &str) -> Vec<String> {
    let keys = as_admin(server, "GET", "v1/workers?keysOnly=true", &Value::Null).json();
    let keys = keys["keys"].as_array().unwrap().iter();
    let keys = keys.map(|key| key.as_str().unwrap().to_owned());
    keys.filter(|key| key.starts_with(beginning)).collect()
}

/// Whether the server serves these and no others.
fn is_as(server: &Server, beginning: &str, mirrors: &[Mirror]) {
    let mut client = server.connect();
    for mirror in mirrors {
        let visible = mirror.visible().map(str::to_owned);
        assert_eq!(executed(&mut client, &mirror.key), Some(visible), "{mirror:?}");
    }
    let mut keys: Vec<_> = mirrors
        .iter()
        .filter(|mirror| mirror.exists())
        .map(|mirror| &mirror.key)
        .collect();
    keys.sort();
    assert_eq!(listed(server, beginning).iter().collect::<Vec<_>>(), keys);
}

#[test]
fn one_after_the_other_they_do_what_they_say() {
    for database in databases() {
        let server = start(&database);
        let kept = RefCell::new(Vec::new());
        let programs = prop::collection::vec((0..3_usize, step()), 1..30);
        let mut config = config(5, REGRESSIONS);
        config.max_shrink_iters = 200;
        proptest!(config, |(program in programs)| {
            // Keys of its own, so that nothing has to be tidied up.
            let case = kept.borrow().len();
            let mut mirrors: Vec<_> = (0..3).map(|number| Mirror::new(format!("k{case}-{number}"))).collect();
            let mut client = server.connect();
            for (number, step) in &program {
                let mirror = &mut mirrors[*number];
                if let Step::Execute = step {
                    let visible = mirror.visible().map(str::to_owned);
                    prop_assert_eq!(executed(&mut client, &mirror.key), Some(visible));
                } else {
                    let (request, status) = mirror.ask(step);
                    let answer = client.ask(request);
                    prop_assert_eq!(answer.status, status, "{:?}: {:?}", step, answer);
                }
            }
            is_as(&server, &format!("k{case}-"), &mirrors);
            kept.borrow_mut().push(mirrors);
        });
        let server = restart(server, &database);
        let kept: Vec<Mirror> = kept.into_inner().concat();
        is_as(&server, "k", &kept);
    }
}

#[test]
fn at_the_same_time_they_do_so_too_and_kill_9_changes_nothing() {
    for database in databases() {
        let server = RefCell::new(Some(start(&database)));
        let count = RefCell::new(0);
        let programs = prop::collection::vec(prop::collection::vec(step(), 30..60), 3);
        let mut config = config(2, REGRESSIONS);
        // What depends on time does not get smaller.
        config.max_shrink_iters = 0;
        proptest!(config, |(programs in programs, lives in 100..600_u64)| {
            let case = *count.borrow();
            *count.borrow_mut() += 1;
            let running = server.take().unwrap();
            *server.borrow_mut() = Some(together(running, &database, case, &programs, Duration::from_millis(lives)));
        });
    }
}

/// Returns how often it was executed.
const COUNTS: &str =
    "export default ({ state }) => { state.set('n', String(Number(state.get('n') ?? 0) + 1)); return state.get('n') }";

/// Runs the programs, one for each worker, beside executions of all of them, and kills the server after this time.
fn together(server: Server, database: &[String], case: usize, programs: &[Vec<Step>], lives: Duration) -> Server {
    let begins = format!("c{case}-");
    let keys: Vec<String> = (0..programs.len()).map(|number| format!("{begins}{number}")).collect();
    let counts = format!("{begins}counts");
    create(&server, &deploy_body(&counts, COUNTS));
    let over = AtomicBool::new(false);
    let reads = Mutex::new(Vec::new());
    let (mut written, counted, killed) = std::thread::scope(|scope| {
        let writers: Vec<_> = keys
            .iter()
            .zip(programs)
            .map(|(key, program)| scope.spawn(|| write(server.connect(), Mirror::new(key.clone()), program)))
            .collect();
        for first in 0..3 {
            let (server, keys, over, reads) = (&server, &keys, &over, &reads);
            scope.spawn(move || {
                let mut client = server.connect();
                for key in keys.iter().cycle().skip(first) {
                    let start = Instant::now();
                    let Some(value) = executed(&mut client, key) else {
                        return;
                    };
                    let end = Instant::now();
                    reads.lock().unwrap().push((key.clone(), Read { start, end, value }));
                    // Leaves something of the machine to the writers.
                    std::thread::sleep(Duration::from_millis(1));
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        let counted = scope.spawn(|| {
            let (mut client, mut counted) = (server.connect(), 0);
            while let Some(value) = executed(&mut client, &counts) {
                counted += 1;
                assert_eq!(value, Some(counted.to_string()), "a state that was acknowledged");
            }
            counted
        });
        std::thread::sleep(lives);
        server.signal(rustix::process::Signal::KILL);
        let killed = Instant::now();
        over.store(true, Ordering::Relaxed);
        let written: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        (written, counted.join().unwrap(), killed)
    });
    let server = restart(server, database);
    let mut client = server.connect();
    let next: i32 = executed(&mut client, &counts).unwrap().unwrap().parse().unwrap();
    // One was under way.
    assert!([counted + 1, counted + 2].contains(&next), "{next} after {counted}");
    let mut reads = reads.into_inner().unwrap();
    for (key, (timeline, ..)) in keys.iter().zip(&mut written) {
        timeline.doubt_ends(killed);
        let start = Instant::now();
        let value = executed(&mut client, key).unwrap();
        reads.push((
            key.clone(),
            Read {
                start,
                end: Instant::now(),
                value,
            },
        ));
    }
    let writes: usize = written.iter().map(|(timeline, ..)| timeline.len()).sum();
    println!(
        "killed after {lives:?}: {writes} writes, {} executions, {counted} of a state",
        reads.len()
    );
    for (key, (timeline, ..)) in keys.iter().zip(&written) {
        let own = reads.iter().filter(|(of, _)| of == key).map(|(_, read)| read);
        timeline.check(own).unwrap_or_else(|error| panic!("{key}: {error}"));
    }
    let list = listed(&server, &begins);
    for (_, mirror, doubtful) in &written {
        let found = list.contains(&mirror.key);
        let known = [Some(mirror), doubtful.as_ref()];
        assert!(
            known.into_iter().flatten().any(|mirror| mirror.exists() == found),
            "{mirror:?} {doubtful:?} {list:?}"
        );
    }
    server
}

/// Runs a program until its end or the server's. Gives what was acknowledged, and what may have been done beside it.
fn write(mut client: Client, mut mirror: Mirror, program: &[Step]) -> (Timeline, Mirror, Option<Mirror>) {
    let mut timeline = Timeline::default();
    for step in program.iter().filter(|step| !matches!(step, Step::Execute)) {
        let mut next = mirror.clone();
        let (request, status) = next.ask(step);
        let start = Instant::now();
        let answer = client.send(request).ok().and_then(|()| client.answer());
        let value = next.visible().map(str::to_owned);
        let Some(answer) = answer else {
            timeline.doubted(start, value);
            return (timeline, mirror, Some(next));
        };
        assert_eq!(answer.status, status, "{step:?}: {answer:?}");
        timeline.wrote(start, Instant::now(), value);
        mirror = next;
    }
    (timeline, mirror, None)
}

#[test]
fn saves_that_overtake_each_other_leave_nothing_older() {
    let server = start(&[]);
    let created = server.connect().ask(upload("w", &mirror::module("start")));
    assert_eq!(created.status, 201);
    let (began, over) = (Instant::now(), AtomicBool::new(false));
    let (writes, reads) = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let server = &server;
                scope.spawn(move || {
                    let (mut client, mut writes) = (server.connect(), Vec::new());
                    for number in 0..25 {
                        let marker = format!("{writer}-{number}");
                        let start = Instant::now();
                        let answer = client.ask(upload("w", &mirror::module(&marker)));
                        // Somebody else saved meanwhile: nothing happened.
                        assert!(matches!(answer.status, 204 | 409), "{answer:?}");
                        if answer.status == 204 {
                            writes.push((start, Instant::now(), marker));
                        }
                    }
                    writes
                })
            })
            .collect();
        let readers: Vec<_> = (0..2)
            .map(|_| {
                let (server, over) = (&server, &over);
                scope.spawn(move || {
                    let (mut client, mut reads) = (server.connect(), Vec::new());
                    while !over.load(Ordering::Relaxed) {
                        let start = Instant::now();
                        let value = executed(&mut client, "w").unwrap();
                        reads.push(Read {
                            start,
                            end: Instant::now(),
                            value,
                        });
                    }
                    reads
                })
            })
            .collect();
        let writes: Vec<_> = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        over.store(true, Ordering::Relaxed);
        let reads: Vec<_> = readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect();
        (writes, reads)
    });
    println!("{} saves, {} executions", writes.len(), reads.len());
    for read in &reads {
        let value = read.value.as_deref().expect("it is never gone");
        let save = writes.iter().find(|(.., marker)| marker == value);
        let (start, end) = save.map_or((began, began), |(start, end, _)| (*start, *end));
        assert!(start <= read.end, "{value} was executed before it was saved");
        let newer = writes.iter().find(|write| write.0 > end && write.1 < read.start);
        assert!(newer.is_none(), "{value} was executed after {newer:?} was acknowledged");
    }
}

/// The body of an update that brings no code.
fn switch(key: &str, enabled: bool) -> String {
    let body = json!({"key": key, "enabled": enabled, "action": {"application": "worker", "name": "GENERIC_EVENT"}});
    admins("PUT", "v2/workers", &body)
}

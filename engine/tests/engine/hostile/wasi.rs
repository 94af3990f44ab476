//! Guests that try every function of WASI: each is an error number or harmless, is charged, and yields.

use super::{ended, is_well, limits, longest_hold};
use crate::fixture::{log, output, run_with, wat};
use engine::{Limits, Outcome};
use std::time::Duration;

const WASI: &str = "wasi_snapshot_preview1";

const OK: i32 = 0;
const EBADF: i32 = 8;
const EINVAL: i32 = 28;
const ENOTSOCK: i32 = 57;
const ENOTSUP: i32 = 58;
const ESPIPE: i32 = 70;

/// Every function but `proc_exit`, with the types of its parameters, arguments that are as expensive as can be, and the
/// number it answers. There are three descriptors, none of which is a file or a folder; 4 MiB of memory; and at 0 a vector
/// of it all.
#[rustfmt::skip]
const CALLS: &[(&str, &str, &[i64], i32)] = &[
    ("args_get",                "ii",        &[64, 64],                           OK),
    ("args_sizes_get",          "ii",        &[64, 64],                           OK),
    ("environ_get",             "ii",        &[64, 64],                           OK),
    ("environ_sizes_get",       "ii",        &[64, 64],                           OK),
    ("clock_res_get",           "ii",        &[0, 64],                            OK),
    ("clock_time_get",          "iIi",       &[1, 0, 64],                         OK),
    ("clock_time_get",          "iIi",       &[2, 0, 64],                         EBADF),
    ("fd_advise",               "iIIi",      &[1, 0, 0, 0],                       EBADF),
    ("fd_allocate",             "iII",       &[1, 0, 1 << 40],                    EBADF),
    ("fd_close",                "i",         &[99],                               EBADF),
    ("fd_datasync",             "i",         &[1],                                EBADF),
    ("fd_fdstat_get",           "ii",        &[1, 64],                            OK),
    ("fd_fdstat_set_flags",     "ii",        &[1, 4],                             EBADF),
    ("fd_fdstat_set_rights",    "iII",       &[1, 0, 0],                          EBADF),
    ("fd_filestat_get",         "ii",        &[0, 64],                            OK),
    ("fd_filestat_set_size",    "iI",        &[1, 1 << 40],                       EBADF),
    ("fd_filestat_set_times",   "iIIi",      &[1, 0, 0, 0],                       EBADF),
    ("fd_pread",                "iiiIi",     &[0, 1024, 500_000, 0, 64],          ESPIPE),
    ("fd_prestat_get",          "ii",        &[3, 64],                            EBADF),
    ("fd_prestat_dir_name",     "iii",       &[3, 64, 4_000_000],                 EBADF),
    ("fd_pwrite",               "iiiIi",     &[1, 1024, 500_000, 0, 64],          ESPIPE),
    ("fd_read",                 "iiii",      &[0, 0, 1, 64],                      OK),
    ("fd_readdir",              "iiiIi",     &[3, 64, 4_000_000, 0, 64],          EBADF),
    ("fd_renumber",             "ii",        &[1, 1],                             OK),
    ("fd_renumber",             "ii",        &[1, 99],                            EBADF),
    ("fd_seek",                 "iIii",      &[0, -1, 2, 64],                     ESPIPE),
    ("fd_sync",                 "i",         &[1],                                EBADF),
    ("fd_tell",                 "ii",        &[0, 64],                            ESPIPE),
    ("fd_write",                "iiii",      &[2, 0, 1, 64],                      OK),
    ("path_create_directory",   "iii",       &[3, 0, 4_000_000],                  EBADF),
    ("path_filestat_get",       "iiiii",     &[3, 1, 0, 4_000_000, 64],           EBADF),
    ("path_filestat_set_times", "iiiiIIi",   &[3, 1, 0, 4_000_000, 0, 0, 0],      EBADF),
    ("path_link",               "iiiiiii",   &[3, 1, 0, 4_000_000, 3, 0, 4_000_000], EBADF),
    ("path_open",               "iiiiiIIii", &[3, 0, 0, 4_000_000, 0, 0, 0, 0, 64], EBADF),
    ("path_readlink",           "iiiiii",    &[3, 0, 4_000_000, 0, 4_000_000, 64], EBADF),
    ("path_remove_directory",   "iii",       &[3, 0, 4_000_000],                  EBADF),
    ("path_rename",             "iiiiii",    &[3, 0, 4_000_000, 3, 0, 4_000_000], EBADF),
    ("path_symlink",            "iiiii",     &[0, 4_000_000, 3, 0, 4_000_000],    EBADF),
    ("path_unlink_file",        "iii",       &[3, 0, 4_000_000],                  EBADF),
    ("poll_oneoff",             "iiii",      &[1024, 65536, 256, 64],             OK),
    ("poll_oneoff",             "iiii",      &[1024, 65536, 257, 64],             EINVAL),
    ("poll_oneoff",             "iiii",      &[1024, 65536, 0, 64],               EINVAL),
    ("proc_raise",              "i",         &[9],                                ENOTSUP),
    ("random_get",              "ii",        &[64, 65536],                        OK),
    ("random_get",              "ii",        &[64, 65537],                        EINVAL),
    ("sched_yield",             "",          &[],                                 OK),
    ("sock_accept",             "iii",       &[0, 0, 64],                         ENOTSOCK),
    ("sock_recv",               "iiiiii",    &[0, 0, 1, 0, 64, 64],               ENOTSOCK),
    ("sock_send",               "iiiii",     &[1, 0, 1, 0, 64],                   ENOTSOCK),
    ("sock_shutdown",           "ii",        &[1, 2],                             ENOTSOCK),
];

/// A module with `$call`, one of the functions, and what calls it so.
fn module(name: &str, types: &str, arguments: &[i64], code: impl Fn(&str) -> String) -> String {
    let wide = |ty: char| if ty == 'I' { "i64" } else { "i32" };
    let parameters: String = types.chars().map(|ty| format!("(param {})", wide(ty))).collect();
    let values = types.chars().zip(arguments);
    let values: String = values
        .map(|(ty, value)| format!("({}.const {value})", wide(ty)))
        .collect();
    format!(
        "(module (import \"{WASI}\" \"{name}\" (func $call {parameters} (result i32)))
           (import \"{WASI}\" \"proc_exit\" (func $exit (param i32)))
           (memory (export \"memory\") 64) (data (i32.const 0) \"\\00\\04\\00\\00\\00\\00\\3f\\00\")
           (func (export \"_start\") {}))",
        code(&format!("(call $call {values})"))
    )
}

#[tokio::test]
async fn every_call_has_its_answer() {
    let mut wrong = Vec::new();
    for (name, types, arguments, expected) in CALLS {
        let text = module(name, types, arguments, |call| {
            format!("(call $exit (i32.add (i32.const 1000) {call}))")
        });
        let outcome = run_with(&wat(&text), "", limits()).await.outcome;
        if outcome != Outcome::Exit(1000 + expected, None) {
            wrong.push(format!("{name} {arguments:?}: {outcome:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    is_well().await;
}

/// As for computing: see `nobody_holds_a_thread`.
const HOLD: Duration = Duration::from_millis(if cfg!(debug_assertions) { 800 } else { 15 });

#[tokio::test]
async fn every_call_is_charged_and_yields() {
    for (name, types, arguments, _) in CALLS {
        let text = module(name, types, arguments, |call| format!("(loop (drop {call}) (br 0))"));
        let limits = Limits {
            fuel: 2_000_000,
            ..limits()
        };
        let (execution, hold) = longest_hold(run_with(&wat(&text), "", limits)).await;
        assert_eq!(ended(name, &execution, "cpu_limit"), None);
        assert!(hold < HOLD, "{name} held its thread for {hold:?}");
        let text = module(name, types, arguments, |call| format!("(drop {call})").repeat(100));
        let fuel = run_with(&wat(&text), "", self::limits()).await.usage.fuel;
        assert!(fuel > 100 * 500, "{name} costs {} a call", fuel / 100);
    }
    is_well().await;
}

#[tokio::test]
async fn pointers_that_lead_nowhere() {
    let nowhere = &[
        ("fd_write", "iiii", &[1, -8, 1, 0][..]),
        ("fd_write", "iiii", &[1, 0, -1, 0]),
        ("fd_write", "iiii", &[1, 0, 1, -1]),
        ("fd_read", "iiii", &[0, -8, 1, 0]),
        ("fd_read", "iiii", &[0, 0, 1, -1]),
        ("random_get", "ii", &[-1, 100]),
        ("clock_time_get", "iIi", &[0, 0, -1]),
        ("environ_get", "ii", &[-1, -1]),
        ("poll_oneoff", "iiii", &[-1, 0, 1, 0]),
        ("poll_oneoff", "iiii", &[0, -1, 256, 0]),
        ("fd_fdstat_get", "ii", &[1, -1]),
        ("fd_fdstat_set_rights", "iII", &[1, -1, -1]),
        ("fd_fdstat_set_flags", "ii", &[1, -1]),
        ("fd_advise", "iIIi", &[1, 0, 0, -1]),
        ("fd_seek", "iIii", &[0, 0, -1, 64]),
        ("proc_raise", "i", &[-1]),
    ];
    for (name, types, arguments) in nowhere {
        let text = module(name, types, arguments, |call| {
            format!("(call $exit (i32.add (i32.const 1000) {call}))")
        });
        let outcome = run_with(&wat(&text), "", limits()).await.outcome;
        assert!(
            matches!(outcome, Outcome::Exit(..) | Outcome::Trap(_) | Outcome::OutputTooLarge),
            "{name} {arguments:?}: {outcome:?}"
        );
        is_well().await;
    }
}

#[tokio::test]
async fn descriptors_that_are_closed_or_exchanged() {
    let module = |code: &str| {
        wat(&format!(
            "(module (import \"{WASI}\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))
               (import \"{WASI}\" \"fd_close\" (func $close (param i32) (result i32)))
               (import \"{WASI}\" \"fd_renumber\" (func $renumber (param i32 i32) (result i32)))
               (memory (export \"memory\") 1) (data (i32.const 0) \"\\08\\00\\00\\00\\01\\00\\00\\001\")
               (func $say (param i32) (drop (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 64))))
               (func (export \"_start\") {code}))"
        ))
    };
    let close = |fd: u32| format!("(drop (call $close (i32.const {fd})))");
    let say = |fd: u32| format!("(call $say (i32.const {fd}))");
    let become_ = |from: u32, to: u32| format!("(drop (call $renumber (i32.const {from}) (i32.const {to})))");
    let cases = [
        (say(1) + &say(2), "1", "Info 1"),
        (close(1) + &say(1) + &say(2), "", "Info 1"),
        (close(0) + &close(1) + &close(2) + &close(2) + &say(1) + &say(2), "", ""),
        (become_(2, 1) + &say(1) + &say(1) + &say(2), "", "Info 11"),
        (become_(1, 2) + &say(1) + &say(2), "1", ""),
        (become_(0, 1) + &say(1), "", ""),
        (become_(1, 0) + &say(0) + &say(1), "1", ""),
    ];
    for (code, stdout, stderr) in cases {
        let execution = run_with(&module(&code), "", limits()).await;
        assert_eq!(
            (&execution.outcome, output(&execution), log(&execution).as_str()),
            (&Outcome::Success, stdout, stderr),
            "{code}"
        );
    }
    // Closing what failed does not undo the failure.
    let full = "(loop (call $say (i32.const 1)) (br 0))";
    let execution = run_with(
        &module(full),
        "",
        Limits {
            output_bytes: 10,
            fuel: 1_000_000,
            ..limits()
        },
    )
    .await;
    assert!(matches!(execution.outcome, Outcome::CpuLimit | Outcome::OutputTooLarge));
    let cut = say(1).repeat(11) + &close(1);
    let execution = run_with(
        &module(&cut),
        "",
        Limits {
            output_bytes: 10,
            ..limits()
        },
    )
    .await;
    assert_eq!(execution.outcome, Outcome::OutputTooLarge);
}

#[tokio::test]
async fn odd_exit_codes() {
    for code in [1, 2, 3, 125, 126, 127, 255, 256, -1, i32::MIN, i32::MAX] {
        let text = module("sched_yield", "", &[], |_| format!("(call $exit (i32.const {code}))"));
        let outcome = run_with(&wat(&text), "", limits()).await.outcome;
        assert_eq!(outcome, Outcome::Exit(code, None));
    }
}

//! What JavaScript workers can do, and how they fail.

use crate::fixture::{body, log, output, run, worker};
use engine::Outcome;

#[tokio::test]
async fn values_come_back_as_json() {
    let cases = [
        ("return data", r#"{"foo":"bar"}"#, r#"{"foo":"bar"}"#),
        ("return data", "", ""),
        ("return data", "null", "null"),
        (
            "return data",
            r#" [1, "\u00e9", 1e2, "\ud800"] "#,
            r#"[1,"é",100,"\ud800"]"#,
        ),
        (
            "return data",
            r#"{"a":1,"a":2,"__proto__":{"x":1}}"#,
            r#"{"a":2,"__proto__":{"x":1}}"#,
        ),
        ("return data", "1e400", "null"),
        ("return undefined", "1", ""),
        ("return () => 1", "1", ""),
        ("return new Date(0)", "", r#""1970-01-01T00:00:00.000Z""#),
        ("return data === undefined", "", "true"),
        ("return { then(resolve) { resolve(7) } }", "", "7"),
        (
            "return [typeof TextEncoder, new TextDecoder().decode(new TextEncoder().encode('ü'))]",
            "",
            r#"["function","ü"]"#,
        ),
    ];
    for (source, payload, expected) in cases {
        let execution = body(source, payload).await;
        assert_eq!(
            (&execution.outcome, output(&execution)),
            (&Outcome::Success, expected),
            "{source} {payload}"
        );
    }
}

#[tokio::test]
async fn a_handler_need_not_be_async() {
    let worker = worker("export default function (context: unknown, data: number) { return data + 1 }").await;
    assert_eq!(output(&run(&worker, "1").await), "2");
}

#[tokio::test]
async fn thrown_errors_keep_name_message_stack_and_cause() {
    let source = "class Refused extends Error { name = 'Refused' }\n\
        function check() {\n  throw new Refused('no', { cause: new TypeError('why') });\n}\n\
        export default async () => { check() }";
    let Outcome::Exception(thrown) = run(&worker(source).await, "").await.outcome else {
        panic!("no exception")
    };
    assert_eq!((thrown.name.as_str(), thrown.message.as_str()), ("Refused", "no"));
    assert!(
        thrown
            .stack
            .iter()
            .any(|frame| frame.starts_with("at check (worker.ts:3:")),
        "{thrown}"
    );
    let cause = thrown.cause.unwrap();
    assert_eq!((cause.name.as_str(), cause.message.as_str()), ("TypeError", "why"));
}

#[tokio::test]
async fn whatever_is_thrown_is_told() {
    let cases = [
        ("throw 'x'", "Error", "x"),
        ("throw { code: [1] }", "Error", "{ code: [ 1 ] }"),
        ("throw undefined", "Error", "undefined"),
        ("null.x", "TypeError", "cannot read property 'x' of null"),
        (
            "throw Object.defineProperty(new Error('a'), 'message', { get() { throw 1 } })",
            "Error",
            "",
        ),
        ("const e = new Error('ring'); e.cause = e; throw e", "Error", "ring"),
    ];
    for (source, name, message) in cases {
        let execution = body(source, "").await;
        let Outcome::Exception(thrown) = execution.outcome else {
            panic!("{source}: {:?}", execution.outcome)
        };
        assert_eq!(
            (thrown.name.as_str(), thrown.message.as_str()),
            (name, message),
            "{source}"
        );
    }
}

#[tokio::test]
async fn what_is_no_json_is_invalid_output() {
    for (source, reason) in [
        ("return 1n", "TypeError: BigInt are forbidden in JSON.stringify"),
        ("const a = {}; a.a = a; return a", "TypeError: circular reference"),
        ("return { toJSON() { throw new RangeError('no') } }", "RangeError: no"),
    ] {
        let execution = body(source, "").await;
        let Outcome::InvalidOutput(found) = &execution.outcome else {
            panic!("{source}: {:?}", execution.outcome)
        };
        assert_eq!((found.as_str(), output(&execution)), (reason, ""), "{source}");
    }
}

#[tokio::test]
async fn a_promise_that_nothing_settles_ends_at_once() {
    let execution = body("await new Promise(() => {})", "").await;
    assert_eq!(execution.outcome, Outcome::Unsettled);
    assert!(execution.usage.wall.as_millis() < 1000, "{:?}", execution.usage);
}

#[tokio::test]
async fn console_prints_what_node_prints() {
    let source = "console.log({a:[1,2]}); console.warn('%s is %d', 'x', 1.5, [new Map([[1,{b:2}]])]); \
        console.error(new Set([undefined, null, 1n])); console.debug('a\\nb'); console.info(); \
        console.table([{a:1},{a:2}]); console.group('g'); console.log('in'); console.groupEnd(); \
        console.assert(1 > 2, 'math'); console.count(); console.count(); class Foo { x = 1 }; console.log(new Foo(), [new Foo()], \
        Symbol('s'), /r/g, new Date(0), () => 1, class A {}, 'q', ['q'], -0, Object.create(null), typeof URL, typeof Atomics)";
    let expected = "Info { a: [ 1, 2 ] }\nWarn x is 1.5 [ Map(1) { 1 => { b: 2 } } ]\nError Set(3) { undefined, null, 1n }\n\
        Debug a\nDebug b\nInfo \nInfo ┌─────────┬───┐\nInfo │ (index) │ a │\nInfo ├─────────┼───┤\nInfo │ 0       │ 1 │\n\
        Info │ 1       │ 2 │\nInfo └─────────┴───┘\nInfo g\nInfo   in\nError Assertion failed: math\n\
        Info default: 1\nInfo default: 2\nInfo Foo { x: 1 } [ Foo { x: 1 } ] Symbol(s) /r/g 1970-01-01T00:00:00.000Z \
        [Function (anonymous)] [class A] q [ 'q' ] -0 [Object: null prototype] {} function undefined";
    let execution = body(source, "").await;
    assert_eq!(
        (log(&execution).as_str(), &execution.outcome),
        (expected, &Outcome::Success)
    );
}

#[tokio::test]
async fn recursion_is_a_range_error_that_can_be_caught() {
    let cases = [
        "const f = () => f() + 1; try { f() } catch (e) { return [e.name, e instanceof RangeError] }",
        "const f = (x) => [1].map(() => f(x)); try { f() } catch (e) { return [e.name, e instanceof RangeError] }",
        "const p = new Proxy({}, { get: (t, k, r) => r[k] }); try { p.x } catch (e) { return [e.name, e instanceof RangeError] }",
        "class A { toString() { return `${this}` } } try { `${new A()}` } catch (e) { return [e.name, e instanceof RangeError] }",
        "try { new RegExp('('.repeat(100000)) } catch (e) { return ['RangeError', true] }",
        "const f = () => [3,1,2].sort(f); try { f() } catch (e) { return [e.name, e instanceof RangeError] }",
        "const f = (...a) => f.apply(null, [...a, 1]); try { f() } catch (e) { return [e.name, e instanceof RangeError] }",
    ];
    for source in cases {
        let execution = body(source, "").await;
        assert_eq!(
            (&execution.outcome, output(&execution)),
            (&Outcome::Success, r#"["RangeError",true]"#),
            "{source}"
        );
    }
}

#[tokio::test]
async fn native_recursion_that_leaves_no_trace_in_linear_memory_overflows_the_stack() {
    // JSON keeps all it needs in WebAssembly's own stack, which QuickJS cannot measure.
    let nested = "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return JSON.stringify(a).length";
    for source in [
        nested,
        "return JSON.parse('['.repeat(200000) + ']'.repeat(200000)).length",
    ] {
        let execution = body(source, "").await;
        assert!(
            matches!(execution.outcome, Outcome::StackOverflow | Outcome::CpuLimit),
            "{:?}",
            execution.outcome
        );
    }
    let execution = body(
        "let a = []; for (let i = 0; i < 2000; i++) a = [a]; return JSON.stringify(a).length",
        "",
    )
    .await;
    assert_eq!(output(&execution), "4002");
}

#[tokio::test]
async fn nothing_survives_an_execution() {
    let worker = worker(
        "let m = 0; export default async (c: unknown, d: string) => {\n\
         globalThis.n = (globalThis.n ?? 0) + 1; m++; if (d === 'trap') for (;;) {}\n return [globalThis.n, m] }",
    )
    .await;
    for round in 0..1000 {
        if round % 100 == 50 {
            let limits = engine::Limits {
                fuel: 1_000_000,
                ..engine::Limits::default()
            };
            let execution = crate::fixture::run_with(&worker, "\"trap\"", limits).await;
            assert_eq!(execution.outcome, Outcome::CpuLimit);
        }
        assert_eq!(output(&run(&worker, "").await), "[1,1]", "round {round}");
    }
}

#[tokio::test]
async fn random_numbers_and_clocks_are_fresh() {
    let worker = worker(
        "Math.random(); const built = Date.now(); export default async () => [Math.random(), Date.now() - built > 1e12]",
    )
    .await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..1000 {
        let execution = run(&worker, "").await;
        let (random, fresh): (f64, bool) = serde_json::from_slice(&execution.output).unwrap();
        assert!(fresh && (0.0..1.0).contains(&random));
        assert!(seen.insert(random.to_bits()), "{random} twice");
    }
}

#[tokio::test]
async fn overwritten_built_ins_harm_nobody_else() {
    let worker = worker(
        "export default async (c: unknown, d: string) => { if (d !== 'ok') {\n\
           JSON.stringify = () => 'x'; JSON.parse = () => { throw 1 }; Promise.prototype.then = () => { throw 2 };\n\
           Array.prototype[Symbol.iterator] = () => { throw 3 }; Object.prototype.toJSON = () => 'forged';\n\
         } return [d] }",
    )
    .await;
    run(&worker, "\"bad\"").await;
    assert_eq!(output(&run(&worker, "\"ok\"").await), r#"["ok"]"#);
}

#[tokio::test]
async fn errors_in_logs_have_their_name_and_the_authors_line() {
    let source = "interface Unused {\n  a: number;\n}\nclass MyError extends Error {\n  name = 'MyError';\n}\n\
        export default async () => {\n  try {\n    throw new MyError('boom');\n  } catch (e) {\n    console.error('failed:', e);\n  }\n};\n";
    let execution = run(&worker(source).await, "").await;
    let log = log(&execution);
    assert!(log.contains("failed: MyError: boom"), "{log}");
    assert!(log.contains("(worker.ts:9:"), "{log}");
}

#[tokio::test]
async fn a_long_message_is_cut_and_still_an_exception() {
    let execution = body("throw new RangeError('x'.repeat(2e6))", "").await;
    let Outcome::Exception(thrown) = execution.outcome else {
        panic!("{:?}", execution.outcome)
    };
    assert_eq!(
        (thrown.name.as_str(), thrown.message.len()),
        ("RangeError", (16 << 10) + '…'.len_utf8())
    );
}

#[tokio::test]
async fn what_a_plain_function_queues_runs() {
    let source = "export default () => { Promise.resolve().then(() => console.log('later')); return 1 }";
    let execution = run(&worker(source).await, "").await;
    assert_eq!((output(&execution), log(&execution).as_str()), ("1", "Info later"));
}

#[tokio::test]
async fn rejections_that_nobody_handles_are_told_in_the_log() {
    let cases = [
        (
            "Promise.reject(new TypeError('lost')); return 1",
            "Error Uncaught (in promise) TypeError: lost\n",
        ),
        (
            "(async () => { throw 'text' })(); return 1",
            "Error Uncaught (in promise) 'text'",
        ),
        (
            "const p = Promise.reject(1); await null; await p.catch(() => {}); return 1",
            "",
        ),
        ("await Promise.allSettled([Promise.reject(1)]); return 1", ""),
    ];
    for (source, expected) in cases {
        let execution = body(source, "").await;
        assert_eq!(output(&execution), "1", "{source}");
        let log = log(&execution);
        assert!(
            log.starts_with(expected) && log.is_empty() == expected.is_empty(),
            "{source}: {log}"
        );
    }
    let execution = body("await null; throw new Error('told as the outcome')", "").await;
    assert!(log(&execution).is_empty() && execution.outcome.thrown().is_some());
}

#[tokio::test]
async fn an_error_is_on_the_line_that_made_it() {
    // The third line of each.
    let cases = [
        "const a = 1;\nconst b =\ndata.items[0].name",
        "Math.abs(1); const f = (x: any) =>\n1 + Math.abs(\nx.foo.bar); f({})",
        "let n = 0;\nwhile (true) { n++;\nfor (const q of data.none) n += q; }",
        "Math.abs(1);\n\nconst { a } = data.none",
        "Math.abs(1);\n\nconst [a] = data.none",
        "Math.abs(1);\n\nMath.max(...data.none)",
        "Math.abs(1);\n\n(undefinedThing as any)",
        "Math.abs(1);\n\ndata.none.value =\n2",
        "Math.abs(1);\n\ndata.none(\n1, data.x)",
        "Math.abs(1);\n\nthrow new Error('x' +\nString(1))",
        "Math.abs(1);\n\nfor await (const q of data.none) q",
    ];
    for source in cases {
        let worker = worker(&format!("export default async (_: any, data: any) => {{ {source} }}")).await;
        let execution = run(&worker, "{}").await;
        let thrown = execution
            .outcome
            .thrown()
            .unwrap_or_else(|| panic!("{source}: {:?}", execution.outcome));
        assert!(thrown.stack[0].contains("worker.ts:3:"), "{source}: {thrown}");
    }
}

#[tokio::test]
async fn memory_that_is_not_used_any_more_is_used_again() {
    let source =
        "for (let i = 0; i < 2000; i++) { const o: any = { b: new Uint8Array(1 << 18) }; o.self = o; } return 'done'";
    let execution = body(source, "").await;
    assert_eq!(output(&execution), "\"done\"");
    assert!(execution.usage.peak_memory_bytes < 16 << 20, "{:?}", execution.usage);
}

#[tokio::test]
async fn timers_that_are_due_together_fire_together() {
    let source = "await Promise.all(Array.from({ length: 1000 }, () => context.wait(0))); return 1";
    let execution = body(source, "").await;
    assert_eq!(output(&execution), "1");
    // A millisecond each would be a second.
    let wall = execution.usage.wall;
    assert!(wall < std::time::Duration::from_millis(700), "{wall:?}");
}

#[tokio::test]
async fn the_clock_runs_since_the_execution_began() {
    // Nobody looks at it until a million additions are done, which take milliseconds.
    let text = "let sum = 0; for (let i = 0; i < 1e6; i++) sum += i; return performance.now() > 1";
    assert_eq!(output(&body(text, "").await), "true");
}

//! Workers that wait, keep state and talk to servers: TypeScript in, HTTP out.

use super::client::Answer;
use super::program::Folder;
use super::server::{Server, TOKEN, add_worker, request_with};
use super::upstream::Upstream;
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

static UPSTREAM: LazyLock<Upstream> = LazyLock::new(Upstream::start);

/// A server with one worker, whose handler this is.
fn serve(handler: &str) -> Server {
    serve_with(handler, &[])
}

fn serve_with(handler: &str, arguments: &[&str]) -> Server {
    let folder = Folder::new(&[]);
    add_worker(&folder, "echo", "export default async (_, data) => data", "");
    let more = r#","properties":{"region":"eu"},"allowNet":["localhost"]"#;
    add_worker(&folder, "worker", &format!("export default {handler}"), more);
    let url = UPSTREAM.url();
    let mut all = vec!["--platform-url", &url, "--platform-token", "platform-secret"];
    all.extend(arguments);
    Server::start(folder, &all)
}

fn value(answer: &Answer) -> Value {
    let mut json = answer.json();
    assert_eq!(json["executionStatus"], "STATUS_SUCCESS", "{json}");
    json["data"].take()
}

/// Runs a handler and gives what it returns, and how long that took.
fn run(handler: &str) -> (Value, Duration) {
    let server = serve(handler);
    let began = Instant::now();
    let answer = server.execute("worker", &json!(UPSTREAM.url()).to_string());
    (value(&answer), began.elapsed())
}

#[test]
fn operations_go_on_at_the_same_time() {
    let (data, took) = run("async (context: any, url: string) => {
        const all = await Promise.all(Array.from({ length: 10 }, () => fetch(url + '/delay/300').then((r) => r.text())));
        return all.length;
    }");
    assert_eq!(data, 10);
    assert!(took < Duration::from_millis(900), "ten times 300 ms took {took:?}");
}

#[test]
fn whoever_finishes_first_is_delivered_first() {
    let (data, took) = run("async (context: any, url: string) => {
        const order: string[] = [];
        const note = (name: string) => (value: any) => { order.push(name); return value; };
        const slow = fetch(url + '/delay/400').then(note('fetch 400'));
        const raced = await Promise.race([slow, context.wait(100).then(note('wait 100'))]);
        setTimeout(note('timer 50'), 50);
        const settled = await Promise.allSettled([fetch(url + '/delay/150').then(note('fetch 150')), slow, fetch('http://10.0.0.1/')]);
        return { order, settled: settled.map((one) => one.status) };
    }");
    let order = ["wait 100", "timer 50", "fetch 150", "fetch 400"];
    assert_eq!(
        data,
        json!({ "order": order, "settled": ["fulfilled", "fulfilled", "rejected"] })
    );
    assert!(took < Duration::from_millis(1500), "{took:?}");
}

#[test]
fn what_is_not_awaited_is_cancelled_and_named() {
    let folder = Folder::new(&[(
        "worker.ts",
        "export default async (context: any) => { fetch(context.baseUrl + '/delay/3000?key=secret'); setTimeout(() => {}, 4000); return 1; }",
    )]);
    let began = Instant::now();
    let done = folder.run(&["run", "worker.ts", "--platform-url", &UPSTREAM.url()]);
    assert_eq!((done.code, done.stdout.as_str()), (0, "1\n"), "{}", done.stderr);
    let warning = format!(
        "2 operations were not awaited: GET {}/delay/3000, sleep 4000 ms",
        UPSTREAM.url()
    );
    assert!(done.stderr.contains(&warning), "{}", done.stderr);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_promise_that_nothing_can_settle_is_told_at_once() {
    let server = serve("async (context: any) => { await context.wait(20); await new Promise(() => {}); }");
    let began = Instant::now();
    assert_eq!(server.execute("worker", "").failure(), "unsettled");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let server = serve("async (context: any) => context.wait(3_600_000)");
    assert_eq!(server.execute("worker", "").failure(), "time_limit");
    server.is_well();
}

#[test]
fn thousands_wait_without_threads() {
    let server = serve("async (context: any) => { await context.wait(1500); return 1; }");
    let mut clients: Vec<_> = (0..1000).map(|_| server.connect()).collect();
    let began = Instant::now();
    for client in &mut clients {
        client.send(request_with("worker", "", "")).unwrap();
    }
    for client in &mut clients {
        assert_eq!(value(&client.answer().unwrap()), 1);
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(server.threads() < 40, "{} threads", server.threads());
}

#[test]
fn the_platform_is_reached_with_its_token_and_nothing_of_the_caller() {
    let (data, _) = run("async (context: any, url: string) => {
        const { platformHttp, axios } = context.clients;
        const got = await platformHttp.get('/api/system/ping?x=1', { 'x-mine': 'a' });
        const posted = await platformHttp.post('api/items', { a: 1 });
        const failed = await platformHttp.get('/status/404').catch((error: any) => [error.name, error.status, error.message]);
        const absolute = await platformHttp.get('https://example.com/x').catch((error: any) => error.message);
        const plain = await axios.get(url + '/anything', { headers: { accept: 'application/json' } });
        return { status: got.status, get: got.data.head, post: posted.data, failed, absolute, plain: plain.data.head,
            base: context.baseUrl === url, token: context.platformToken, keys: Object.keys(context).includes('platformToken') };
    }");
    assert_eq!(data["status"], 200);
    let get = data["get"].as_str().unwrap();
    assert!(get.starts_with("get /api/system/ping?x=1 http/1.1\r\n"), "{get}");
    assert!(
        get.contains("authorization: bearer platform-secret\r\n") && get.contains("x-mine: a\r\n"),
        "{get}"
    );
    assert!(get.contains("x-worker-hops: 1\r\n") && !get.contains(TOKEN), "{get}");
    assert_eq!(data["post"]["body"], r#"{"a":1}"#);
    assert_eq!(
        data["failed"],
        json!(["PlatformHttpClientError", 404, "GET /status/404 answered 404: why"])
    );
    assert!(
        data["absolute"].as_str().unwrap().contains("must be relative"),
        "{data}"
    );
    let plain = data["plain"].as_str().unwrap();
    assert!(
        !plain.contains("authorization"),
        "only platformHttp has the token: {plain}"
    );
    assert_eq!(
        (&data["base"], &data["token"], &data["keys"]),
        (&json!(true), &json!("platform-secret"), &json!(false))
    );
}

#[test]
fn the_network_is_what_the_operator_allows() {
    let other = Upstream::start();
    let port = other.address.port();
    let handler = format!(
        "async (context: any, url: string) => {{
            const said = (target: string, init?: any) => fetch(target, init).then((r) => r.status, (error) => error.name + ': ' + error.message);
            const redirected = await fetch(url + '/redirect/302?http://localhost:{port}/there', {{ headers: {{ authorization: 'Bearer mine', 'x-kept': 'b' }} }});
            return [await said('http://localhost:{port}/x'), await said('http://127.0.0.1:{port}/x'), await said('http://169.254.169.254/'),
                await said(url + '/redirect/302?http://169.254.169.254/latest'), await said('http://[::ffff:7f00:1]:{port}/'), await said('https://example.com'),
                redirected.redirected, redirected.url, (await redirected.json()).head];
        }}"
    );
    let (data, _) = run(&handler);
    let list = data.as_array().unwrap();
    assert_eq!(list[0], 200, "the manifest allows localhost: {data}");
    for denied in &list[1..6] {
        let text = denied.as_str().unwrap();
        assert!(
            text.starts_with("TypeError: fetch failed: ") && text.contains("is not allowed"),
            "{text}"
        );
    }
    assert_eq!(
        list[6..8],
        [json!(true), json!(format!("http://localhost:{port}/there"))]
    );
    let head = list[8].as_str().unwrap();
    assert!(
        head.contains("x-kept: b") && !head.contains("authorization") && !head.contains("x-worker-hops"),
        "{head}"
    );
}

#[test]
fn requests_and_traffic_obeyed_and_violated() {
    let (data, _) = run("async (context: any, url: string) => {
        const large = await (await fetch(url + '/large')).arrayBuffer();
        const cut = await fetch(url + '/cut').then((r) => r.text()).catch((error) => error.message);
        const endless = await fetch(url + '/endless');
        let seen = 0;
        for await (const part of endless.body!) { seen += part.length; if (seen > 100_000) break; }
        const gone = new AbortController();
        const aborted = fetch(url + '/endless', { signal: gone.signal }).then((r) => r.text()).catch((error) => error.name);
        setTimeout(() => gone.abort(), 50);
        const late = fetch(url + '/delay/2000', { signal: AbortSignal.timeout(50) }).catch((error) => error.name);
        return [large.byteLength, cut, seen > 100_000, await aborted, await late];
    }");
    assert_eq!(data[0], 10 << 20);
    assert!(data[1].as_str().unwrap().ends_with("ended too early"), "{data}");
    assert_eq!(
        data.as_array().unwrap()[2..],
        [json!(true), json!("AbortError"), json!("TimeoutError")]
    );

    let handler = "async (context: any, url: string) => {
        const response = await fetch(url + '/endless');
        let seen = 0;
        try { for await (const part of response.body!) seen += part.length; } catch (error: any) { return [seen, error.message]; }
    }";
    let server = serve_with(handler, &["--traffic", "1MiB"]);
    let data = value(&server.execute("worker", &json!(UPSTREAM.url()).to_string()));
    assert!(data[0].as_u64().unwrap() <= 1 << 20, "{data}");
    assert!(data[1].as_str().unwrap().contains("more is not allowed"), "{data}");
    // Nobody reads on: the connections are given up.
    let deadline = Instant::now() + Duration::from_secs(10);
    while UPSTREAM.sending.load(Ordering::SeqCst) > 0 {
        assert!(Instant::now() < deadline, "a connection is still open");
        std::thread::sleep(Duration::from_millis(20));
    }
    let handler = "async (context: any, url: string) => {
        const all = await Promise.allSettled([1, 2, 3].map(() => fetch(url + '/x')));
        return all.map((one: any) => one.reason?.message ?? 'sent');
    }";
    let server = serve_with(handler, &["--requests", "2"]);
    let data = value(&server.execute("worker", &json!(UPSTREAM.url()).to_string()));
    let refused = "fetch failed: this execution has made 2 requests, which is the limit";
    assert_eq!(data, json!(["sent", "sent", refused]));
}

#[test]
fn workers_that_call_each_other_violated() {
    // The platform of this server is the server itself, which is known only when it listens.
    let folder = Folder::new(&[]);
    let source = "export default async (context: any, url: string) => {
        const answer = await fetch(url + '/worker/api/v1/execute/circle', { method: 'POST', body: JSON.stringify(url),
            headers: { authorization: 'Bearer a-token-for-tests', 'content-type': 'application/json' } });
        const told = await answer.json();
        return answer.status === 200 ? told.data : told.errors[0].message;
    }";
    add_worker(&folder, "circle", source, "");
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{free}");
    let server = Server::start(folder, &["--listen", &free.to_string(), "--platform-url", &url]);
    let data = value(&server.execute("circle", &json!(url).to_string()));
    assert_eq!(
        data,
        "8 workers have called each other, and no more may: is it a circle?"
    );
}

#[test]
fn state_is_kept_on_success_and_merged_by_key() {
    let server = serve(
        "async ({ state, wait }: any, { set, fail, ms, remove }: any) => {
        if (set) for (const [key, value] of Object.entries(set)) state.set(key, value);
        if (remove) state.delete(remove);
        await wait(ms ?? 0);
        if (fail) throw new Error('failed');
        return state.getAll();
    }",
    );
    let run = |payload: Value| server.execute("worker", &payload.to_string());
    assert_eq!(
        value(&run(json!({ "set": { "a": "1", "list": [1, 2] } }))),
        json!({ "a": "1", "list": "[1,2]" })
    );
    assert_eq!(
        run(json!({ "set": { "a": "lost" }, "fail": true })).failure(),
        "exception"
    );
    assert_eq!(value(&run(json!({}))), json!({ "a": "1", "list": "[1,2]" }));
    // Two at once, of which each changes another key, and the second to end also one of the first's.
    let (mut one, mut other) = (server.connect(), server.connect());
    one.send(request_with("worker", "", r#"{"set":{"x":"one","a":"one"},"ms":300}"#))
        .unwrap();
    other
        .send(request_with(
            "worker",
            "",
            r#"{"set":{"y":"other","a":"other"},"remove":"list","ms":600}"#,
        ))
        .unwrap();
    let (first, second) = (value(&one.answer().unwrap()), value(&other.answer().unwrap()));
    assert_eq!(
        first,
        json!({ "a": "one", "list": "[1,2]", "x": "one" }),
        "each sees its own"
    );
    assert_eq!(second, json!({ "a": "other", "y": "other" }));
    assert_eq!(
        value(&run(json!({}))),
        json!({ "a": "other", "x": "one", "y": "other" })
    );
    let long = json!({ "set": { "k": "v".repeat(251) } });
    let message = run(long).json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("a value has at most 250 characters"), "{message}");
}

#[test]
fn host_run_gives_a_context() {
    let source = "export default async (context: any) => {
        context.state.set('n', 1);
        return [context.secrets.get('token'), context.secrets.get('none'), context.properties.get('region'), context.state.get('n'),
            context.baseUrl, context.platformToken ?? null, (await context.clients.platformHttp.get('/x')).status];
    }";
    let folder = Folder::new(&[("worker.ts", source)]);
    let url = UPSTREAM.url();
    let arguments = [
        "run",
        "worker.ts",
        "--secret",
        "token=a=b",
        "--property",
        "region=eu",
        "--platform-url",
        &url,
        "--platform-token",
        "hidden",
        "--hide-platform-token",
    ];
    let done = folder.run(&arguments);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let printed: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(printed, json!(["a=b", null, "eu", "1", url, null, 200]));
    assert!(
        UPSTREAM.last().contains("x")
            && UPSTREAM
                .seen
                .lock()
                .unwrap()
                .iter()
                .any(|head| head.contains("bearer hidden"))
    );
    let wrong = folder.run(&[
        "run",
        "worker.ts",
        "--secret",
        "nothing",
        "--allow-net",
        "http://x,a b",
        "--platform-url",
        "ftp://x",
    ]);
    assert_eq!(wrong.code, 2);
    for part in [
        "4 mistakes",
        "--secret: expected a name, = and a text",
        "http://x",
        "a b",
        "--platform-url: ",
    ] {
        assert!(wrong.stderr.contains(part), "{part} is not in {}", wrong.stderr);
    }
    assert!(!wrong.stderr.contains("nothing"), "{}", wrong.stderr);
}

#[test]
fn host_calls_while_building_say_where_they_belong() {
    for (top, sentence) in [
        ("await fetch('http://x/');", "the top level of a module runs once"),
        ("setTimeout(() => {}, 1);", "the top level of a module runs once"),
        ("const id = crypto.randomUUID();", "every execution would have the same"),
        (
            "Buffer.from('x');",
            "Buffer is a Node.js API that workers do not have; use Uint8Array and TextEncoder",
        ),
    ] {
        let folder = Folder::new(&[("worker.ts", &format!("{top}\nexport default () => 1"))]);
        let done = folder.run(&["build", "worker.ts"]);
        assert_eq!(done.code, 2);
        assert!(
            done.stderr.contains(sentence) && done.stderr.contains("worker.ts:1:"),
            "{}",
            done.stderr
        );
    }
}

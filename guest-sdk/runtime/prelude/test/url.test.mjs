// URL and URLSearchParams.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { run } from "./run.mjs";

describe("URL", () => {
  it("has all parts, and resolves against a base", async () => {
    const seen = await run(() => {
      const url = new URL("https://u:p@Example.com:8080/a/b?c=d#e");
      const { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash } = url;
      return [
        { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash },
        new URL("../x?y", "https://a.b/c/d/e").href,
        new URL("//z", url).href,
        `${url}`,
        JSON.stringify({ url }),
      ];
    });
    assert.deepEqual(seen, [
      {
        href: "https://u:p@example.com:8080/a/b?c=d#e",
        origin: "https://example.com:8080",
        protocol: "https:",
        username: "u",
        password: "p",
        host: "example.com:8080",
        hostname: "example.com",
        port: "8080",
        pathname: "/a/b",
        search: "?c=d",
        hash: "#e",
      },
      "https://a.b/c/x?y",
      "https://z/",
      "https://u:p@example.com:8080/a/b?c=d#e",
      '{"url":"https://u:p@example.com:8080/a/b?c=d#e"}',
    ]);
  });
  it("every setter", async () => {
    const seen = await run(() => {
      const url = new URL("https://a.b/c");
      const after = {};
      for (const [part, value] of Object.entries({
        protocol: "http",
        username: "u",
        password: "p",
        host: "x.y:81",
        hostname: "z",
        port: "82",
        pathname: "q r",
        search: "s=ü",
        hash: "t",
      })) {
        url[part] = value;
        after[part] = url.href;
      }
      url.href = "https://new/";
      return [after, url.href];
    });
    assert.deepEqual(seen[0].hash, "http://u:p@z:82/q%20r?s=%C3%BC#t");
    assert.equal(seen[1], "https://new/");
  });
  it("searchParams and search follow each other", async () => {
    const seen = await run(() => {
      const url = new URL("https://a.b/?x=1&x=2");
      const params = url.searchParams;
      const same = params === url.searchParams;
      params.append("y", "a b&ü");
      const appended = url.href;
      params.delete("x");
      url.search = "?q=1";
      const searched = [...params];
      params.delete("q");
      const empty = url.href;
      url.href = "https://c.d/?r=2";
      return [same, appended, searched, empty, params.get("r")];
    });
    assert.deepEqual(seen, [true, "https://a.b/?x=1&x=2&y=a+b%26%C3%BC", [["q", "1"]], "https://a.b/", "2"]);
  });
  it("canParse, parse and what is invalid", async () => {
    const seen = await run(() => {
      const attempt = (action) => {
        try {
          return action();
        } catch (error) {
          return [error.name, error.code];
        }
      };
      return [
        URL.canParse("x"),
        URL.canParse("x", "https://a.b"),
        URL.parse("x"),
        URL.parse("https://a.b").href,
        attempt(() => new URL("x")),
        attempt(() => new URL("x", "y")),
        attempt(() => new URL()),
        attempt(() => URL("https://a.b")),
        attempt(() => (new URL("https://a.b").href = "x")),
      ];
    });
    assert.deepEqual(seen, [
      false,
      true,
      null,
      "https://a.b/",
      ["TypeError", "ERR_INVALID_URL"],
      ["TypeError", "ERR_INVALID_URL"],
      ["TypeError", null],
      ["TypeError", null],
      ["TypeError", "ERR_INVALID_URL"],
    ]);
  });
});

describe("the URL standard", () => {
  it("parses hosts, paths and schemes as browsers do", async () => {
    const cases = {
      "http://EXAMPLE.com:80/../a/./b/%2e%2e/c": "http://example.com/a/c",
      "https://a.b:443?x#": "https://a.b/?x#",
      "http://0x7f.1/": "http://127.0.0.1/",
      "http://[2001:DB8::0:1]:8080/": "http://[2001:db8::1]:8080/",
      "http://münchen.example/straße?ü#ö": "http://xn--mnchen-3ya.example/stra%C3%9Fe?%C3%BC#%C3%B6",
      " \thttp://a.b/\n": "http://a.b/",
      "http:\\\\a.b\\c": "http://a.b/c",
      "http://a.b/x y<>`{}": "http://a.b/x%20y%3C%3E%60%7B%7D",
      "mailto:a@b.c?x y": "mailto:a@b.c?x%20y",
      "http://user%3A:p%40ss@a.b/": "http://user%3A:p%40ss@a.b/",
      "http://a b/": null,
      "http://[::1": null,
      "http://a.b:70000/": null,
      "http://256.1.1.1/": null,
      "https://": null,
      "//a.b": null,
    };
    const seen = await run((context, urls) => urls.map((url) => URL.parse(url)?.href ?? null), {
      data: Object.keys(cases),
    });
    assert.deepEqual(Object.fromEntries(Object.keys(cases).map((url, i) => [url, seen[i]])), cases);
  });
  it("origins", async () => {
    const seen = await run(() =>
      ["https://a.b:8443/x", "blob:https://a.b/id", "data:,x", "file:///x", "custom://a.b"].map(
        (url) => new URL(url).origin,
      ),
    );
    assert.deepEqual(seen, ["https://a.b:8443", "https://a.b", "null", "null", "null"]);
  });
  it("setters ignore what they cannot take", async () => {
    const cases = [
      ["http://a.b/c", "port", "82abc", "http://a.b:82/c"],
      ["http://a.b:81/c", "port", "", "http://a.b/c"],
      ["http://a.b:81/c", "port", "abc", "http://a.b:81/c"],
      ["http://a.b/c", "port", "70000", "http://a.b/c"],
      ["https://a.b/c", "port", "443", "https://a.b/c"],
      ["http://a.b/c", "protocol", "mailto", "http://a.b/c"],
      ["http://a.b/c", "protocol", "https:", "https://a.b/c"],
      ["http://a.b/c", "hostname", "", "http://a.b/c"],
      ["http://a.b/c", "hostname", "x y", "http://a.b/c"],
      ["http://a.b/c", "host", "x:9/z", "http://x:9/c"],
      ["http://a.b/c", "pathname", "a b/../d?#", "http://a.b/d%3F%23"],
      ["http://a.b/c?d#e", "search", "", "http://a.b/c#e"],
      ["http://a.b/c?d#e", "hash", "", "http://a.b/c?d"],
      ["http://a.b/c", "username", "ü:", "http://%C3%BC%3A@a.b/c"],
      ["mailto:x@y", "pathname", "z", "mailto:x@y"],
      ["mailto:x@y", "host", "z", "mailto:x@y"],
      ["file:///x", "port", "8", "file:///x"],
    ];
    const seen = await run(
      (context, cases) =>
        cases.map(([url, part, value]) => {
          const parsed = new URL(url);
          parsed[part] = value;
          return parsed.href;
        }),
      { data: cases },
    );
    assert.deepEqual(
      cases.map(([url, part, value], i) => [url, part, value, seen[i]]),
      cases,
    );
  });
});

describe("URLSearchParams", () => {
  it("takes strings, pairs, records and itself", async () => {
    const seen = await run(() =>
      [
        "?a=1&b=%20+&c",
        [
          ["a", "1"],
          ["a", "2"],
        ],
        { x: "y", z: 1 },
        new URLSearchParams("q=ü"),
        new FormData(),
        undefined,
      ].map((init) => new URLSearchParams(init).toString()),
    );
    assert.deepEqual(seen, ["a=1&b=++&c=", "a=1&a=2", "x=y&z=1", "q=%C3%BC", "", ""]);
  });
  it("all methods", async () => {
    const seen = await run(() => {
      const params = new URLSearchParams("b=2&a=1&b=3");
      const first = [
        params.get("b"),
        params.get("x"),
        params.getAll("b"),
        params.has("a"),
        params.has("a", "2"),
        params.size,
      ];
      params.sort();
      const sorted = params.toString();
      params.set("b", "9");
      params.delete("a", "0");
      params.append("c", "\uD800");
      const each = [];
      params.forEach((value, key) => each.push(`${key}=${value}`));
      return [
        first,
        sorted,
        params.toString(),
        each,
        [...params.keys()],
        [...params.values()],
        Object.prototype.toString.call(params),
      ];
    });
    assert.deepEqual(seen, [
      ["2", null, ["2", "3"], true, false, 3],
      "a=1&b=2&b=3",
      "a=1&b=9&c=%EF%BF%BD",
      ["a=1", "b=9", "c=\uFFFD"],
      ["a", "b", "c"],
      ["1", "9", "\uFFFD"],
      "[object URLSearchParams]",
    ]);
  });
  it("refuses what is no list of pairs", async () => {
    const seen = await run(() =>
      [[["a"]], [["a", "b", "c"]], [1]].map((init) => {
        try {
          return new URLSearchParams(init).toString();
        } catch (error) {
          return error.name;
        }
      }),
    );
    assert.deepEqual(seen, ["TypeError", "TypeError", "TypeError"]);
  });
});

describe("URLPattern", () => {
  it("matches", async () => {
    const seen = await run(() => {
      const pattern = new URLPattern({ pathname: "/api/:name/*" });
      return [
        pattern.test("https://a.b/api/x/y"),
        pattern.exec("https://a.b/api/x/y/z").pathname.groups,
        pattern.test("https://a.b/other"),
        pattern.hasRegExpGroups,
        new URLPattern("https://:host/:n(\\d+)").hasRegExpGroups,
        URLPattern.compareComponent("pathname", pattern, new URLPattern({ pathname: "/*" })) !== 0,
      ];
    });
    assert.deepEqual(seen, [true, { name: "x", 0: "y/z" }, false, false, true, true]);
  });
});

//! Workers of several files: what they import, and where their errors lie.

use super::program::{Done, Folder};

const DEEP: &str = "interface A { a: number }\n// A comment.\n\nenum E { A = 3 }\n\nexport function f(a: A) {\n  throw new TypeError(`seven ${E.A}`);\n}\n";

fn run(files: &[(&str, &str)]) -> Done {
    Folder::new(files).run(&["run", files[0].0, "--payload", "{}"])
}

#[test]
fn an_error_is_where_the_author_wrote_it() {
    let worker = "import { f } from './lib/deep';\nimport { g } from 'package';\n\n\
        export default async (context: unknown, data: any) => {\n  try { g() } catch (error) { console.error(error) }\n  \
        return f(data);\n};\n";
    let package = "// In a package.\nexports.g = function g() {\n  null.x;\n};\n";
    let done = run(&[
        ("worker.ts", worker),
        ("lib/deep.ts", DEEP),
        ("node_modules/package/index.js", package),
    ]);
    assert_eq!(done.code, 1, "{}", done.stderr);
    for part in [
        "TypeError: seven 3\n  --> lib/deep.ts:7:",
        "\n    at f (lib/deep.ts:7:",
        "\n    at default (worker.ts:6:",
        "TypeError: cannot read property 'x' of null",
        "at g (node_modules/package/index.js:3:",
        "at default (worker.ts:5:",
    ] {
        assert!(done.stderr.contains(part), "{part} is not in {}", done.stderr);
    }
}

#[test]
fn files_json_and_packages_are_part_of_the_worker() {
    let worker = "import table from './table.json';\nimport { double } from '@lib/math';\nimport mixed, { name } from 'mixed';\n\
        export default async () => [table.a, double(2), name, mixed.name, (await import('./late')).late];";
    let done = run(&[
        ("src/worker.ts", worker),
        ("src/table.json", r#"{"a":[1]}"#),
        ("src/late.ts", "export const late: string = 'late'"),
        ("lib/math.ts", "export const double = (n: number): number => n * 2"),
        (
            "tsconfig.json",
            r#"{"compilerOptions":{"paths":{"@lib/*":["./lib/*"]}}}"#,
        ),
        (
            "node_modules/mixed/package.json",
            r#"{"exports":{"node":"./none.js","import":"./esm.mjs","require":"./cjs.js"}}"#,
        ),
        (
            "node_modules/mixed/esm.mjs",
            "export const name = 'esm'; export default { name: 'default' }",
        ),
    ]);
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "[[1],4,\"esm\",\"default\",\"late\"]\n"),
        "{}",
        done.stderr
    );
}

#[test]
fn what_cannot_be_imported_is_told_all_at_once() {
    let worker = "import a from './gone';\nimport b from 'not-installed';\nimport c from '../../etc/passwd';\n\
        import d from 'https://example.com/x.js';\nimport { e } from './node';\nexport default () => [a, b, c, d, e];";
    let folder = Folder::new(&[
        ("worker.ts", worker),
        ("node.ts", "import fs from 'node:fs'; export const e = fs;"),
        ("package.json", "{}"),
    ]);
    let done = folder.run(&["build", "worker.ts"]);
    assert_eq!(done.code, 2);
    for part in [
        "cannot find './gone'",
        "worker.ts:1:15",
        "cannot find the package 'not-installed'",
        "npm install not-installed",
        "cannot import '../../etc/passwd'",
        "cannot import 'https://example.com/x.js'",
        "cannot import 'node:fs': Node.js built-in modules are not there in a worker (worker.ts → node.ts → node:fs)",
        "node.ts:1:16",
    ] {
        assert!(done.stderr.contains(part), "{part} is not in {}", done.stderr);
    }
}

#[test]
fn functions_keep_the_names_their_authors_gave_them() {
    let done = run(&[
        (
            "worker.ts",
            "import { f } from './a';\nimport { f as g } from './b';\nexport default () => [f.name, g.name, f(), g()];",
        ),
        ("a.ts", "export function f() { return 1 }"),
        ("b.ts", "export function f() { return 2 }"),
    ]);
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (0, "[\"f\",\"f\",1,2]\n"),
        "{}",
        done.stderr
    );
}

//! `host init`, `host types`, `host check`.

use super::{edit, installed, project, tells};
use crate::program::Folder;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

#[test]
fn a_new_project_is_well_in_every_template() {
    for (template, source) in [("typescript", "worker.ts"), ("javascript", "worker.js")] {
        let folder = project(template);
        let done = folder.run(&["test", "greeter"]);
        tells(
            &done,
            0,
            &[
                "greeter/cases.json",
                "✓ greets by name",
                "greeter/worker.test.",
                "✓ the worker > needs a name",
                "6 passed",
            ],
        );
        let done = folder.run(&["check", "greeter"]);
        tells(
            &done,
            0,
            &[
                "✓ greeter/manifest.json",
                "✓ greeter/cases.json (3 cases)",
                source,
                "- types (not checked",
            ],
        );
        // What init says to do next.
        let run = ["run", &format!("greeter/{source}"), "--payload", "{\"name\":\"you\"}"];
        assert_eq!(folder.run(&run).stdout, "{\"message\":\"Hello you\",\"greetings\":1}\n");
        assert!(
            !fs::read_to_string(folder.path("greeter/package.json"))
                .unwrap()
                .contains("jfrog-workers")
        );
    }
    let folder = Folder::new(&[]);
    assert_eq!(folder.run(&["init"]).code, 0);
    assert!(folder.path("worker/manifest.json").is_file());
}

#[test]
fn what_is_in_the_way_is_named_and_left_alone() {
    let folder = Folder::new(&[("greeter/worker.ts", "mine"), ("greeter/package.json", "{}"), ("a", "")]);
    let done = folder.run(&["init", "greeter"]);
    assert_eq!(done.code, 2, "{done:?}");
    assert!(
        done.stderr.contains("\n  greeter/worker.ts\n  greeter/package.json\n"),
        "{}",
        done.stderr
    );
    assert_eq!(folder.path("greeter").read_dir().unwrap().count(), 2);
    for (name, problem) in [
        ("a", "a: is a file"),
        ("../a", "NAME: expected at most 64 letters"),
        ("a b", "NAME: expected at most 64 letters"),
    ] {
        let done = folder.run(&["init", name]);
        assert!(done.code == 2 && done.stderr.contains(problem), "{done:?}");
    }
    assert_eq!(folder.run(&["init", "b", "--template", "cobol"]).code, 2);
    // A folder that has other files is no hindrance.
    folder.write("c/notes.txt", "");
    assert_eq!(folder.run(&["init", "c"]).code, 0);
}

#[test]
fn types_are_those_of_the_package_and_nothing_else() {
    let Some(package) = installed() else { return };
    let tsc = package.join("node_modules/.bin/tsc");
    for (template, source) in [("typescript", "worker.ts"), ("javascript", "worker.js")] {
        let folder = project(template);
        let check = || {
            let mut command = Command::new(&tsc);
            command
                .args(["-p", "greeter", "--noEmit", "--strict"])
                .current_dir(folder.path(""));
            let output = command.output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        assert_eq!(check(), "", "{template}");
        // Everything that a worker does not have, and an error of each kind that types are for.
        let text = fs::read_to_string(folder.path(&format!("greeter/{source}"))).unwrap();
        let wrong = "\nexport const wrong = () => {\n  Buffer; process; document; setImmediate;\n  fetch(1); crypto.randomUUID().nope;\n};\n";
        folder.write(&format!("greeter/{source}"), format!("{text}{wrong}"));
        let told = check();
        for name in ["Buffer", "process", "document", "setImmediate", "nope"] {
            assert!(told.contains(&format!("'{name}'")), "{name}: {told}");
        }
        assert!(told.contains("Argument of type 'number'"), "{told}");
        // The same through host check, in which tsc is found where npm puts it.
        symlink(package.join("node_modules"), folder.path("greeter/node_modules")).unwrap();
        let done = folder
            .host(&["check", "greeter"])
            .env("PATH", std::env::var_os("PATH").unwrap())
            .output()
            .unwrap();
        tells(
            &done.into(),
            1,
            &["✓ greeter/manifest.json", "✗ types", "'Buffer'", "6 mistakes"],
        );
    }
}

#[test]
fn types_are_brought_up_to_date() {
    let folder = project("typescript");
    let done = folder.run(&["types", "greeter"]);
    assert_eq!((done.code, done.stdout.as_str()), (0, ""));
    assert!(done.stderr.contains("files are as they should be"), "{}", done.stderr);
    folder.write("greeter/.worker/types/jfrog-workers/index.d.ts", "old");
    let done = folder.run(&["types", "greeter"]);
    assert_eq!(done.stdout, "greeter/.worker/types/jfrog-workers/index.d.ts\n");
    // A project of another origin is told what its tsconfig.json lacks.
    let folder = Folder::new(&[("tsconfig.json", "{}")]);
    let done = folder.run(&["types"]);
    assert!(
        done.code == 0 && done.stderr.contains("does not lead there yet"),
        "{done:?}"
    );
    assert!(
        done.stderr
            .contains("\"jfrog-workers\": [\"./.worker/types/jfrog-workers/index.d.ts\"]"),
        "{done:?}"
    );
    assert_eq!(folder.run(&["types", "gone"]).code, 2);
}

#[test]
fn every_mistake_is_told_at_once() {
    let folder = project("typescript");
    edit(&folder, "greeter/manifest.json", "\"greeter\"", "\"../greeter\"");
    edit(&folder, "greeter/manifest.json", "GENERIC_EVENT", "GENERIC_EVNT");
    edit(&folder, "greeter/manifest.json", "description", "descripton");
    edit(
        &folder,
        "greeter/manifest.json",
        "\"secrets\": {}",
        "\"limits\": {\"feul\": 1}",
    );
    edit(&folder, "greeter/cases.json", "\"payload\"", "\"paylod\"");
    edit(&folder, "greeter/worker.ts", "const name = ", "const name: = ");
    let done = folder.run(&["check", "greeter"]);
    tells(
        &done,
        1,
        &[
            "name: expected at most 64 letters",
            "\"GENERIC_EVNT\" is not known (did you mean GENERIC_EVENT?)",
            "limits.feul: is not a setting (did you mean fuel?)",
            "descripton: is not known (did you mean description?)",
            "case 1 (line 2): paylod: is not known (did you mean payload?)",
            "case 2 (line 8): paylod",
            "--> worker.ts:6:15",
            "1 worker checked: 7 mistakes",
        ],
    );
}

#[test]
fn limits_and_modules_are_checked_too() {
    let folder = project("typescript");
    edit(
        &folder,
        "greeter/manifest.json",
        "\"secrets\": {}",
        "\"limits\": {\"memoryBytes\": 134217728}",
    );
    let done = folder.run(&["check", "greeter"]);
    tells(
        &done,
        1,
        &["limits.memoryBytes: 134217728 is more than the 67108864 that this host allows"],
    );
    let done = folder.run(&["check", "greeter", "--memory", "64MiB..256MiB"]);
    tells(&done, 0, &["✓ greeter/manifest.json (128 MiB of memory", "all is well"]);
    edit(&folder, "greeter/manifest.json", "134217728", "1048576");
    let done = folder.run(&["check", "greeter"]);
    tells(&done, 1, &["bytes of memory, more than the 1048576 allowed"]);
    let module = wat::parse_str("(module (memory (export \"memory\") 1) (func (export \"start\")))").unwrap();
    folder.write("greeter/worker.wasm", module);
    edit(&folder, "greeter/manifest.json", "./worker.ts", "./worker.wasm");
    let done = folder.run(&["check", "greeter"]);
    tells(&done, 1, &["✗ greeter/worker.wasm", "the module exports no `_start`"]);
    for place in ["gone", "greeter/gone.ts", "greeter/.gitignore", "."] {
        let done = folder.run(&["check", place]);
        assert_eq!(done.code, if place == "." { 1 } else { 2 }, "{place}: {done:?}");
    }
}

//! Whether the TypeScript of the book has the right types: all of it in one run of tsc, with the declarations that
//! `host init` writes.

use super::page::Page;
use crate::author::installed;
use crate::program::Folder;
use std::process::Command;

/// What `host init` writes, without the rules of style: projects of `jf worker` have others.
const CONFIG: &str = r#"{
  "compilerOptions": {
    "strict": true, "noEmit": true, "target": "ES2023", "lib": ["ES2023"], "types": [],
    "module": "preserve", "moduleResolution": "bundler", "allowImportingTsExtensions": true,
    "paths": {
      "jfrog-workers": ["./project/.worker/types/jfrog-workers/index.d.ts"],
      "jfrog-workers/testing": ["./project/.worker/types/jfrog-workers/testing.d.ts"]
    }
  },
  "include": ["pages/**/*.ts", "project/.worker/types/*.d.ts"]
}"#;

/// Packages that bring no types.
const PACKAGES: &str = "declare module \"semver\";\n";

pub fn problems(pages: &[Page]) -> Vec<String> {
    let Some(package) = installed() else {
        return Vec::new();
    };
    let folder = Folder::new(&[("tsconfig.json", CONFIG), ("pages/packages.d.ts", PACKAGES)]);
    let done = folder.run(&["init", "project"]);
    assert_eq!(done.code, 0, "{done:?}");
    for page in pages {
        let name = page.path.file_stem().unwrap().to_str().unwrap();
        for (number, block) in page.blocks.iter().enumerate() {
            // What does not build has no types, and what is from elsewhere is tested there.
            if block.language == "ts" && block.option("builds").is_none() && block.option("from").is_none() {
                let unnamed = format!("block-{number}.ts");
                let file = block.file().unwrap_or(&unnamed);
                folder.write(&format!("pages/{name}/{file}"), page.body(block));
            }
        }
    }
    let mut tsc = Command::new(package.join("node_modules/.bin/tsc"));
    let output = tsc
        .args(["--pretty", "false", "-p", "."])
        .current_dir(folder.path("."))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    match output.status.success() {
        true => Vec::new(),
        false => said.lines().map(str::to_owned).collect(),
    }
}

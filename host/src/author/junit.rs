//! Results as JUnit XML, the form that continuous integration reads.

use super::report::{Group, Tested, Verdict};
use std::fmt::Write;

/// The document.
pub fn document(groups: &[Group]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for group in groups {
        let count = |counts: fn(&Verdict) -> bool| group.tests.iter().filter(|test| counts(&test.verdict)).count();
        // Not `sum`, for which nothing is -0.
        let seconds = group.tests.iter().fold(0.0, |all, test| all + test.time.as_secs_f64());
        // Writing to a string cannot fail.
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{seconds:.6}\">",
            escaped(&group.file),
            group.tests.len() + usize::from(group.broken.is_some()),
            count(|verdict| matches!(verdict, Verdict::Failed(_))),
            usize::from(group.broken.is_some()),
            count(|verdict| matches!(verdict, Verdict::Skipped(_) | Verdict::Todo(_))),
        );
        if let Some(why) = &group.broken {
            let error = format!(
                "      <error message=\"{}\">{}</error>\n",
                escaped(first_line(why)),
                escaped(why)
            );
            case(&mut xml, &group.worker, &group.file, 0.0, &error);
        }
        for test in &group.tests {
            case(
                &mut xml,
                &group.worker,
                &test.name,
                test.time.as_secs_f64(),
                &inner(test),
            );
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(xml: &mut String, worker: &str, name: &str, seconds: f64, inner: &str) {
    let (worker, name) = (escaped(worker), escaped(name));
    let _ = write!(
        xml,
        "    <testcase classname=\"{worker}\" name=\"{name}\" time=\"{seconds:.6}\""
    );
    match inner {
        "" => xml.push_str("/>\n"),
        inner => {
            let _ = writeln!(xml, ">\n{inner}    </testcase>");
        }
    }
}

fn inner(test: &Tested) -> String {
    let mut inner = match &test.verdict {
        Verdict::Failed(why) => {
            format!(
                "      <failure message=\"{}\">{}</failure>\n",
                escaped(first_line(why)),
                escaped(why)
            )
        }
        Verdict::Skipped(why) | Verdict::Todo(why) => format!("      <skipped message=\"{}\"/>\n", escaped(why)),
        Verdict::Passed | Verdict::Updated => String::new(),
    };
    if !test.logs.is_empty() {
        let _ = writeln!(
            inner,
            "      <system-out>{}</system-out>",
            escaped(&test.logs.join("\n"))
        );
    }
    inner
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// For text and attributes alike. What XML 1.0 cannot hold at all becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | ' '..='\u{fffd}' | '\u{10000}'.. => match char {
                // An attribute would have a space of it.
                '\n' => escaped.push_str("&#10;"),
                '\t' => escaped.push_str("&#9;"),
                char => escaped.push(char),
            },
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn every_text_can_be_told() {
        assert_eq!(
            escaped("a<b>&\"'é\n\t\u{0}\u{1b}\u{fffe}😀"),
            "a&lt;b&gt;&amp;&quot;'é&#10;&#9;\u{fffd}\u{fffd}\u{fffd}😀"
        );
    }

    #[test]
    fn a_document_has_all_of_it() {
        let group = Group {
            worker: "w".into(),
            file: "w/cases.json".into(),
            broken: None,
            tests: vec![
                Tested {
                    time: Duration::from_millis(2),
                    ..Tested::new("a & b".into(), Verdict::Passed)
                },
                Tested {
                    logs: vec!["[info ] - <x>".into()],
                    ..Tested::new("c".into(), Verdict::Failed("no\n+ 1".into()))
                },
                Tested::new("d".into(), Verdict::Skipped("later".into())),
            ],
        };
        let broken = Group {
            worker: "v".into(),
            file: "v.test.ts".into(),
            broken: Some("does not build".into()),
            tests: Vec::new(),
        };
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="w/cases.json" tests="3" failures="1" errors="0" skipped="1" time="0.002000">
    <testcase classname="w" name="a &amp; b" time="0.002000"/>
    <testcase classname="w" name="c" time="0.000000">
      <failure message="no">no&#10;+ 1</failure>
      <system-out>[info ] - &lt;x&gt;</system-out>
    </testcase>
    <testcase classname="w" name="d" time="0.000000">
      <skipped message="later"/>
    </testcase>
  </testsuite>
  <testsuite name="v.test.ts" tests="1" failures="0" errors="1" skipped="0" time="0.000000">
    <testcase classname="v" name="v.test.ts" time="0.000000">
      <error message="does not build">does not build</error>
    </testcase>
  </testsuite>
</testsuites>
"#;
        assert_eq!(document(&[group, broken]), expected);
    }
}

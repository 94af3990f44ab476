//! What the command line asks before it does anything: the actions, and the options.

use super::action::{APPLICATION, Action, written};
use super::{
    MAX_COMMIT_SHA_CHARS, MAX_SOURCE_CHARS, MAX_VERSION_DESCRIPTION_CHARS, MAX_VERSION_NUMBER_CHARS, Style, json,
};
use serde_json::json as value;

/// What is special about an action.
struct Event {
    action: Action,
    description: &'static str,
    sample_payload: &'static str,
    sample_code: &'static str,
    types: &'static str,
    request: &'static str,
}

const EVENTS: [Event; 2] = [
    Event {
        action: Action::Generic,
        description: "Runs when it is executed over HTTP: POST /worker/api/v1/execute/{workerKey}. The body of the \
                      request is the second parameter, and what the worker returns is the data of the answer.",
        sample_payload: "{\n    \"foo\": \"bar\"\n}",
        sample_code: r#"export default async (context: PlatformContext, data: CustomPayload): Promise<CustomResponse> => {
    console.log("Executed with", data);
    return data;
};
"#,
        types: "type CustomPayload = any;\ntype CustomResponse = any;\n",
        request: "CustomPayload",
    },
    Event {
        action: Action::Scheduled,
        description: "Runs at the times of a cron pattern with five fields, in a time zone.",
        sample_payload: "{\n    \"triggerID\": \"00000000-0000-0000-0000-000000000000\"\n}",
        sample_code: r"export default async (context: PlatformContext, data: ScheduledEventRequest): Promise<ScheduledEventResponse> => {
    return { message: `Triggered by ${data.triggerID}` };
};
",
        types: "interface ScheduledEventRequest {\n    /** Differs for every run. */\n    triggerID: string;\n}\n\n\
                interface ScheduledEventResponse {\n    /** For the history. */\n    message: string;\n}\n",
        request: "ScheduledEventRequest",
    },
];

/// The actions: a JSON array of `{action, description, samplePayload, sampleCode, typesDefinitions, supportProjects,
/// filterType?, mandatoryFilter, wikiUrl, async, executionRequestType}`. `context_types` declares `PlatformContext`, and
/// stands before what is declared for each action.
pub fn actions(style: Style, context_types: &str) -> String {
    let one = |event: &Event| {
        let scheduled = event.action == Action::Scheduled;
        let mut object = value!({
            "action": written(style, APPLICATION, event.action.name()),
            "description": event.description,
            "samplePayload": event.sample_payload,
            "sampleCode": event.sample_code,
            "typesDefinitions": format!("{context_types}{}", event.types),
            "supportProjects": true,
            "mandatoryFilter": scheduled,
            "wikiUrl": "",
            "async": scheduled,
            "executionRequestType": event.request,
        });
        if scheduled {
            object["filterType"] = "SCHEDULE".into();
        }
        object
    };
    json(&EVENTS.iter().map(one).collect::<Vec<_>>())
}

/// The options. The lengths are all that the command line checks before it deploys.
pub fn options() -> String {
    let options = value!({
        "edition": {
            "maxCodeChars": MAX_SOURCE_CHARS,
            "maxVersionNumberChars": MAX_VERSION_NUMBER_CHARS,
            "maxVersionCommitShaChars": MAX_COMMIT_SHA_CHARS,
            "maxVersionDescriptionChars": MAX_VERSION_DESCRIPTION_CHARS,
        },
        "minArtifactoryVersionForProjectSupport": "7.95.0",
        "isTutorialAvailable": false,
        "isFeedbackEnabled": false,
        "isHistoryEnabled": true,
        "shouldEncodeSourceCodeInBase64": false,
    });
    json(&options)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_options_are_those_of_the_service() {
        let expected = concat!(
            r#"{"edition":{"maxCodeChars":100000,"maxVersionNumberChars":64,"maxVersionCommitShaChars":128,"#,
            r#""maxVersionDescriptionChars":256},"minArtifactoryVersionForProjectSupport":"7.95.0","#,
            r#""isTutorialAvailable":false,"isFeedbackEnabled":false,"isHistoryEnabled":true,"#,
            r#""shouldEncodeSourceCodeInBase64":false}"#
        );
        assert_eq!(options(), expected);
    }

    #[test]
    fn every_action_is_told() {
        for style in [Style::V1, Style::V2] {
            let all: Value = serde_json::from_str(&actions(style, "// types\n")).unwrap();
            let all = all.as_array().unwrap();
            assert_eq!(all.len(), 2);
            for (one, action) in all.iter().zip(Action::ALL) {
                let name = if style == Style::V1 {
                    &one["action"]
                } else {
                    &one["action"]["name"]
                };
                assert_eq!(name, action.name());
                assert!(one["typesDefinitions"].as_str().unwrap().starts_with("// types\n"));
                // The command line wants texts here.
                let payload = one["samplePayload"].as_str().unwrap();
                serde_json::from_str::<Value>(payload).unwrap();
            }
            assert_eq!(all[0].get("filterType"), None);
            assert_eq!(
                (&all[1]["filterType"], &all[1]["async"]),
                (&"SCHEDULE".into(), &true.into())
            );
        }
    }
}

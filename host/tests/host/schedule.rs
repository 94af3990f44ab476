//! Workers that run by themselves.

use super::api::{as_admin, create, deploy_body, start};
use super::server::Server;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

#[test]
fn a_schedule_runs_once_per_tick() {
    let server = start(&[]);
    let mut body = deploy_body(
        "tick",
        "export default async (context, { triggerID }) => ({ message: typeof triggerID })",
    );
    body["action"]["name"] = "SCHEDULED_EVENT".into();
    assert_eq!(
        as_admin(&server, "POST", "v2/workers", &body).status,
        400,
        "without a schedule"
    );
    body["filterCriteria"] = json!({"schedule": {"cron": "* * * * *", "timezone": "Europe/Berlin"}});
    create(&server, &body);
    let execute = as_admin(&server, "POST", "v1/execute/tick", &json!({}));
    assert!(execute.status == 404 && execute.json().to_string().contains("SCHEDULED_EVENT"));
    let history = wait_a_minute_for_history(&server);
    assert_eq!(history[0]["triggeredBy"], "schedule");
    assert_eq!(history[0]["executionResult"]["result"], json!({"message": "string"}));
    std::thread::sleep(Duration::from_secs(3));
    let again = as_admin(&server, "GET", "v1/execution_history?workerKey=tick", &Value::Null).json();
    assert_eq!(again.as_array().unwrap().len(), 1, "{again}");
}

fn wait_a_minute_for_history(server: &Server) -> Value {
    let deadline = Instant::now() + Duration::from_secs(65);
    loop {
        let history = as_admin(server, "GET", "v1/execution_history?workerKey=tick", &Value::Null).json();
        if history[0].is_object() {
            return history;
        }
        assert!(Instant::now() < deadline, "no tick within a minute");
        std::thread::sleep(Duration::from_millis(500));
    }
}

#[test]
fn a_schedule_can_be_switched_off_and_on() {
    let server = start(&[]);
    let mut body = deploy_body("tick", "export default () => ({ message: 'ran' })");
    body["action"]["name"] = "SCHEDULED_EVENT".into();
    body["filterCriteria"] = json!({"schedule": {"cron": "* * * * *"}});
    create(&server, &body);
    body["enabled"] = false.into();
    assert_eq!(as_admin(&server, "PUT", "v2/workers", &body).status, 204);
    // What a save does not mention stays, here the schedule; an enabled one has to mention it.
    body.as_object_mut().unwrap().remove("filterCriteria");
    assert_eq!(as_admin(&server, "PUT", "v2/workers", &body).status, 204);
    let worker = as_admin(&server, "GET", "v1/workers/tick", &Value::Null).json();
    body["enabled"] = true.into();
    body["filterCriteria"] = worker["filterCriteria"].clone();
    assert_eq!(as_admin(&server, "PUT", "v2/workers", &body).status, 204);
    wait_a_minute_for_history(&server);
}

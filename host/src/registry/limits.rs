//! What a worker may use: what it asks for, at most what the host's own limits are.

use crate::api::settings::{self, Settings};
use engine::Limits;
use std::time::Duration;

/// What one execution of this worker may use.
pub fn within(settings: &Settings, most: &Limits) -> Limits {
    let asked = &settings.limits;
    let millis = |asked: Option<u64>, most: Duration| asked.map_or(most, Duration::from_millis).min(most);
    let bytes = |asked: Option<u64>, most: usize| asked.and_then(|it| it.try_into().ok()).unwrap_or(most).min(most);
    Limits {
        fuel: asked.fuel.unwrap_or(most.fuel).min(most.fuel),
        cpu: millis(asked.cpu_millis, most.cpu),
        timeout: millis(asked.timeout_millis, most.timeout),
        memory_bytes: bytes(asked.memory_bytes, most.memory_bytes),
        output_bytes: bytes(asked.output_bytes, most.output_bytes),
        log_bytes: bytes(asked.log_bytes, most.log_bytes),
        requests: asked
            .requests
            .map_or(most.requests, |it| it.try_into().unwrap_or(u32::MAX))
            .min(most.requests),
        traffic_bytes: most.traffic_bytes,
    }
}

/// The most that a worker may ask for, which is what one gets that asks for nothing.
pub fn maxima(most: &Limits) -> settings::Limits {
    let millis = |duration: Duration| u64::try_from(duration.as_millis()).ok();
    settings::Limits {
        cpu_millis: millis(most.cpu),
        fuel: Some(most.fuel),
        timeout_millis: millis(most.timeout),
        memory_bytes: Some(most.memory_bytes as u64),
        output_bytes: Some(most.output_bytes as u64),
        log_bytes: Some(most.log_bytes as u64),
        requests: Some(most.requests.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_than_the_host_has() {
        let most = Limits::default();
        assert_eq!(within(&Settings::default(), &most), most);
        let asked = |limits| {
            within(
                &Settings {
                    limits,
                    ..Settings::default()
                },
                &most,
            )
        };
        let less = asked(settings::Limits {
            fuel: Some(7),
            timeout_millis: Some(9),
            requests: Some(0),
            ..settings::Limits::default()
        });
        assert_eq!(
            (less.fuel, less.timeout, less.requests),
            (7, Duration::from_millis(9), 0)
        );
        assert_eq!((less.cpu, less.memory_bytes), (most.cpu, most.memory_bytes));
        let more = settings::Limits {
            fuel: Some(u64::MAX),
            memory_bytes: Some(u64::MAX),
            requests: Some(u64::MAX),
            ..settings::Limits::default()
        };
        assert_eq!(asked(more), most);
        assert_eq!(asked(maxima(&most)), most);
    }
}

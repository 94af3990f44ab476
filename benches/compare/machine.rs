//! The machine that was measured on, so that figures are not compared across machines.

use serde::Serialize;
use std::fmt;
use std::process::Command;

/// The machine, and the day.
#[derive(Serialize)]
pub struct Machine {
    cpu: String,
    cores: usize,
    kernel: String,
    date: String,
    /// Load average of the minute before. Far from 0, something else was running.
    load: String,
}

impl Machine {
    /// This one, now.
    pub fn this() -> anyhow::Result<Self> {
        // Not std::thread::available_parallelism(): that is one, for this program is pinned.
        let cpus = std::fs::read_to_string("/proc/cpuinfo")?;
        let values = |name: &str| {
            let fields = cpus.lines().filter_map(|line| line.split_once(':'));
            fields
                .filter(|(field, _)| field.trim() == name)
                .map(|(_, value)| value.trim())
                .collect::<Vec<_>>()
        };
        let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
        let load = std::fs::read_to_string("/proc/loadavg")?;
        let date = Command::new("date").args(["-u", "+%F"]).output()?;
        Ok(Self {
            cpu: values("model name")
                .first()
                .unwrap_or(&std::env::consts::ARCH)
                .to_string(),
            cores: values("processor").len(),
            kernel: kernel.trim().to_owned(),
            date: String::from_utf8_lossy(&date.stdout).trim().to_owned(),
            load: load.split(' ').next().unwrap_or_default().to_owned(),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let Self {
            cpu,
            cores,
            kernel,
            date,
            load,
        } = self;
        write!(
            formatter,
            "{cpu}, {cores} cores, Linux {kernel}, {date}, load average before: {load}"
        )
    }
}

//! The store's promises, each on SQLite and on PostgreSQL.

#[path = "store/cluster.rs"]
pub mod cluster;
#[path = "store/faults.rs"]
mod faults;
#[path = "store/fixture.rs"]
pub mod fixture;
#[path = "store/promises.rs"]
mod promises;

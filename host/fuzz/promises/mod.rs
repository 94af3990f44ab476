//! What fuzzing asserts of the host: a file is compiled into the fuzz target and into the host's tests, which replay what
//! is kept in `fuzz/seeds` and `fuzz/findings`.

pub mod execute;
mod json;
mod service;

//! wasmtime as this crate uses it: one configuration, and stores that are armed before anything of the guest runs.

use crate::charge::YIELD_INTERVAL;
use crate::limits::{MAX_TABLE_ELEMENTS, MAX_TABLES, WASM_STACK_BYTES};
use crate::operation::Operations;
use crate::stdio::{Sink, WhenFull};
use crate::wasi::{self, MAX_CALL_BYTES};
use crate::world::{Clocks, World};
use crate::{Grants, Limits, hostcall};
use bytes::Bytes;
use std::time::Instant;
use wasmtime::{Enabled, InstanceAllocationStrategy, Memory, PoolingAllocationConfig, ResourceLimiter, Store};

/// Stack for host functions on top of the guest's, in bytes.
const HOST_STACK_BYTES: usize = 512 << 10;
/// Memory that stays with a slot of the pool between executions, in bytes: copying it back is cheaper than faulting it in, and
/// what hostile guests leave in a thousand slots is 250 MB at most. An echo writes 80 kB.
const KEEP_RESIDENT_BYTES: usize = 256 << 10;
/// The same of a stack. The rest is given back, or a thousand stacks would keep the deepest of all recursions.
const STACK_KEEP_RESIDENT_BYTES: usize = 32 << 10;
/// Slots that wait for the worker that had them last, which need not be mapped anew for it.
const WARM_SLOTS: u32 = 48;

/// What belongs to one store.
pub(crate) struct State {
    /// What the guest sees through WASI.
    pub(crate) world: World,
    /// What the guest asks of the host beyond WASI.
    pub(crate) operations: Operations,
    /// The guest's, once its instance is there: until then, functions of the host look for it by its name.
    pub(crate) memory: Option<Memory>,
    /// Linear memory the guest may have, in bytes.
    memory_limit: usize,
    /// Whether a growth was denied.
    pub(crate) memory_denied: bool,
    /// Fuel left when the host was last called.
    pub(crate) fuel_seen: u64,
    /// Fuel burnt since the guest last yielded from a call of the host.
    pub(crate) burnt_since_yield: u64,
}

/// What a guest is given.
pub(crate) struct Given {
    pub(crate) stdin: Bytes,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) grants: Grants,
    pub(crate) clocks: Clocks,
}

/// A store and the ends of the guest's pipes.
pub(crate) struct Armed {
    pub(crate) store: Store<State>,
    pub(crate) stdout: Sink,
    pub(crate) stderr: Sink,
}

/// The engine that compiles and runs everything in this process.
pub(crate) fn engine(max_executions: u32, max_memory_bytes: usize) -> wasmtime::Result<wasmtime::Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_memories(max_executions)
        // Those of a worker, and the one that it calls us through.
        .total_tables(max_executions.saturating_mul(MAX_TABLES + 1))
        .total_stacks(max_executions)
        .async_stack_keep_resident(STACK_KEEP_RESIDENT_BYTES)
        // A worker of ours is two instances: image and code.
        .total_core_instances(max_executions.saturating_mul(2))
        .max_tables_per_module(MAX_TABLES)
        .table_elements(MAX_TABLE_ELEMENTS)
        .max_memory_size(max_memory_bytes)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .max_unused_warm_slots(WARM_SLOTS)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);

    let mut config = wasmtime::Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .consume_fuel(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_zeroing(true)
        .async_stack_size(WASM_STACK_BYTES + HOST_STACK_BYTES)
        // Nobody reads WebAssembly frames here: JavaScript has its own stacks.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .wasm_gc(false)
        .wasm_function_references(false)
        .wasm_exceptions(false)
        .wasm_threads(false)
        .wasm_memory64(false)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_relaxed_simd(false)
        .wasm_extended_const(false)
        .wasm_component_model(false);
    wasmtime::Engine::new(&config)
}

/// A store with every limit in force: start functions run at instantiation, and they are the guest's.
pub(crate) fn arm(engine: &wasmtime::Engine, given: Given, limits: &Limits) -> wasmtime::Result<Armed> {
    let stdout = Sink::new(limits.output_bytes, WhenFull::Fail);
    let stderr = Sink::new(
        limits.log_bytes,
        WhenFull::Drop {
            lines: limits.log_lines,
        },
    );
    let Given {
        stdin,
        environment,
        grants,
        clocks,
    } = given;
    let state = State {
        world: World::new(stdin, stdout.clone(), stderr.clone(), environment, clocks),
        operations: Operations::new(grants, limits, Instant::now() + limits.timeout),
        memory: None,
        memory_limit: limits.memory_bytes,
        memory_denied: false,
        fuel_seen: limits.fuel,
        burnt_since_yield: 0,
    };
    let mut store = Store::new(engine, state);
    store.limiter(|state| state);
    store.set_fuel(limits.fuel)?;
    store.fuel_async_yield_interval(Some(YIELD_INTERVAL))?;
    store.set_hostcall_fuel(MAX_CALL_BYTES);
    Ok(Armed { store, stdout, stderr })
}

/// A linker with all that guests may import.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<wasmtime::Linker<State>> {
    let mut linker = wasmtime::Linker::new(engine);
    wasi::add_to_linker(&mut linker)?;
    hostcall::add_to_linker(&mut linker)?;
    Ok(linker)
}

impl State {
    /// The state of a store in which nothing runs.
    pub(crate) fn empty() -> Self {
        Self {
            world: World::new(
                Bytes::new(),
                Sink::new(0, WhenFull::Fail),
                Sink::new(0, WhenFull::Fail),
                Vec::new(),
                Clocks::Frozen,
            ),
            operations: Operations::new(Grants::default(), &Limits::default(), Instant::now()),
            memory: None,
            memory_limit: 0,
            memory_denied: false,
            fuel_seen: 0,
            burnt_since_yield: 0,
        }
    }
}

impl ResourceLimiter for State {
    fn memory_growing(&mut self, _current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.memory_limit && maximum.is_none_or(|maximum| desired <= maximum);
        self.memory_denied |= !allowed;
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.memory_denied = true;
        Ok(())
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE_ELEMENTS)
    }
}

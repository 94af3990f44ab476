//! The four functions of the import namespace `host`. Heads are JSON, bodies are bytes.

use crate::operation::Answer;

/// The host of this worker.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Host;

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    #[link_name = "start"]
    fn host_start(operation: *const u8, length: usize, body: *const u8, body_length: usize) -> u32;
    #[link_name = "wait"]
    fn host_wait(id: u32, out: *mut [u32; 3]) -> u32;
    #[link_name = "read"]
    fn host_read(id: u32, head: *mut u8, body: *mut u8);
    #[link_name = "cancel"]
    fn host_cancel(id: u32);
}

impl Host {
    /// Starts an operation and gives its number; 0 when too many are under way, or this one is too large.
    pub(crate) fn start(self, operation: &[u8], body: &[u8]) -> u32 {
        // SAFETY: the host reads exactly these two slices.
        unsafe { host_start(operation.as_ptr(), operation.len(), body.as_ptr(), body.len()) }
    }

    /// Waits for operation `id`, or for whichever finishes first if it is 0; `None` when nothing is under way.
    pub(crate) fn wait(self, id: u32) -> Option<Answer> {
        let mut told = [0; 3];
        // SAFETY: the host writes exactly three numbers.
        if unsafe { host_wait(id, &raw mut told) } == 0 {
            return None;
        }
        let [id, head, body] = told;
        let (mut head, mut body) = (vec![0; head as usize], vec![0; body as usize]);
        // SAFETY: both have the lengths that the host told, and it writes no more.
        unsafe { host_read(id, head.as_mut_ptr(), body.as_mut_ptr()) };
        Some(Answer { id, head, body })
    }

    /// Gives an operation up.
    pub(crate) fn cancel(self, id: u32) {
        // SAFETY: takes a number.
        unsafe { host_cancel(id) };
    }
}

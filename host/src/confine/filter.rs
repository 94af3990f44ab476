//! System calls, by seccomp. What is refused is what neither we nor our libraries ever call: a list of what is allowed
//! would break with the next release of one of them.

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};
use std::collections::BTreeMap;

/// What changes the machine, looks into other processes, or has been a way out of sandboxes.
const NEVER: &[c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_fanotify_init,
    libc::SYS_finit_module,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_move_mount,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_personality,
    libc::SYS_pidfd_getfd,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_setns,
    libc::SYS_settimeofday,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_syslog,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// What a child that compiles has no use for either: other programs and processes, and the network of any kind.
const NOT_TO_COMPILE: &[c_long] = &[
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_kill,
    libc::SYS_listen,
    libc::SYS_memfd_secret,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_send_signal,
    libc::SYS_recvmsg,
    libc::SYS_sendmsg,
    libc::SYS_setpgid,
    libc::SYS_setsid,
    libc::SYS_socket,
];

#[cfg(target_arch = "x86_64")]
const OLD: &[c_long] = &[libc::SYS_fork, libc::SYS_vfork];
#[cfg(not(target_arch = "x86_64"))]
const OLD: &[c_long] = &[];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

pub(super) fn server() -> anyhow::Result<()> {
    refuse(whole(NEVER), libc::EPERM)
}

pub(super) fn compiler() -> anyhow::Result<()> {
    let mut rules = whole(NEVER);
    rules.extend(whole(NOT_TO_COMPILE));
    rules.extend(whole(OLD));
    // A thread is a process that shares everything.
    let no_thread = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(u64::from(libc::CLONE_THREAD.cast_unsigned())),
        0,
    )?;
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![no_thread])?]);
    refuse(rules, libc::EPERM)?;
    // A filter cannot see what this one is asked for; told that it does not exist, libc takes the one above.
    refuse(whole(&[libc::SYS_clone3]), libc::ENOSYS)
}

/// Whatever their arguments are.
fn whole(calls: &[c_long]) -> Rules {
    calls.iter().map(|&call| (call, Vec::new())).collect()
}

fn refuse(rules: Rules, errno: i32) -> anyhow::Result<()> {
    let refused = SeccompAction::Errno(errno.cast_unsigned());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, std::env::consts::ARCH.try_into()?)?;
    let program: BpfProgram = filter.try_into()?;
    apply_filter(&program)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind::PermissionDenied;
    use std::net::TcpListener;
    use std::process::Command;

    /// On a thread of its own, to which the filter applies.
    fn filtered(filter: fn() -> anyhow::Result<()>, then: fn()) {
        let thread = std::thread::spawn(move || {
            filter().unwrap();
            then();
        });
        thread.join().unwrap();
    }

    #[test]
    fn a_server_calls_what_it_needs_and_no_more() {
        filtered(super::server, || {
            TcpListener::bind("127.0.0.1:0").unwrap();
            assert!(Command::new("true").status().unwrap().success());
            let looked = Command::new("unshare").arg("--user").arg("true").output().unwrap();
            assert!(!looked.status.success(), "what it starts is filtered too");
            let image = rustix::fs::memfd_create(c"memory", rustix::fs::MemfdFlags::empty());
            assert!(image.is_ok(), "images of workers are such files");
            let changed = rustix::process::chroot("/");
            assert_eq!(changed.unwrap_err().kind(), PermissionDenied);
        });
    }

    #[test]
    fn a_child_that_compiles_has_threads_and_nothing_else() {
        filtered(super::compiler, || {
            assert_eq!(std::thread::spawn(|| 7).join().unwrap(), 7);
            assert_eq!(TcpListener::bind("127.0.0.1:0").unwrap_err().kind(), PermissionDenied);
            assert_eq!(
                std::net::UdpSocket::bind("127.0.0.1:0").unwrap_err().kind(),
                PermissionDenied
            );
            assert_eq!(Command::new("true").status().unwrap_err().kind(), PermissionDenied);
        });
    }
}

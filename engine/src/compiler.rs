//! Building and compiling in a child process, where what a stranger wrote can harm nothing but its own chances.
//!
//! A child is a program that calls [`compile_for_parent`]. It gets what is ready-made first (the compiled runtime), then
//! one job, answers it and ends. One is started ahead and waits, so that a build does not pay for the start. It inherits
//! no environment, and no file that we opened but its three pipes; what else it may do is for the program to take away from itself before
//! it calls. Whatever becomes of it, its end is a sentence about the job.

mod child;
mod protocol;

pub use child::compile_for_parent;

use crate::frames::{Frames, frame};
use crate::snapshot::Built;
use crate::{BuildError, LoadError, Source, TopLevelError};
use bytes::Bytes;
use protocol::{Answer, Job};
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How children are started, and what they may use. It is they who keep the limits; these are for the sentences.
#[derive(Clone, Debug)]
pub struct Compiler {
    /// A program that takes limits and rights away from itself, then calls [`compile_for_parent`].
    pub program: PathBuf,
    /// Its arguments; the folder of the worker is appended where there is one.
    pub arguments: Vec<OsString>,
    /// Time on a CPU one job may take. It is stopped in any case after three times as long on the clock.
    pub cpu: Duration,
    /// Memory one job may take, in bytes.
    pub memory_bytes: usize,
}

/// The exit code of a child that has used more memory than it may.
pub const OUT_OF_MEMORY: i32 = 86;

/// Of what a child says on stderr, only so much is kept.
const MAX_LAST_WORDS: u64 = 16 << 10;

/// The compiled code of a module may be this large; of the largest module that can be uploaded it is a fifth more.
const MAX_ANSWER_BYTES: u64 = 512 << 20;

const ANOTHER_QUESTION: &str = "the compiler gave an answer to another question";

/// Starts children and gives them jobs.
pub(crate) struct Children {
    compiler: Compiler,
    /// What every child is given first.
    ready_made: OnceLock<Arc<Vec<u8>>>,
    /// One that waits for its job.
    spare: Mutex<Option<Running>>,
}

/// A child that has been started.
struct Running {
    child: Child,
    /// Its stdin, once it has read what is ready-made.
    stdin: JoinHandle<io::Result<ChildStdin>>,
    stdout: Receiver<io::Result<(Vec<u8>, Vec<u8>)>>,
    stderr: Receiver<io::Result<Vec<u8>>>,
}

/// Why there is no answer.
enum Lost {
    /// The job was too much for the child.
    Died(String),
    /// There was no child.
    NotStarted(io::Error),
}

impl Children {
    pub(crate) fn new(compiler: Compiler) -> Self {
        Self {
            compiler,
            ready_made: OnceLock::new(),
            spare: Mutex::default(),
        }
    }

    /// Whether they are given anything.
    pub(crate) fn are_provided(&self) -> bool {
        self.ready_made.get().is_some()
    }

    /// Gives every child these things of the cache, by their names, and starts the first.
    pub(crate) fn provide(self: &Arc<Self>, things: &[(String, Bytes)]) {
        let mut frames = Frames::default();
        frames.count(things.len());
        for (name, made) in things {
            frames.push(name.as_bytes());
            frames.push(made);
        }
        if self.ready_made.set(Arc::new(frames.into_bytes())).is_ok() {
            self.prepare();
        }
    }

    /// Builds a source. Blocks.
    pub(crate) fn build(self: &Arc<Self>, source: &Source, standalone: bool) -> Result<Built, BuildError> {
        let job = Job::Build {
            name: source.name.clone(),
            standalone,
            modules: source.modules.clone(),
        };
        let answer = self.ask(&job, source.text.as_bytes(), source.folder.as_deref());
        let (answer, made) = answer.map_err(|lost| match lost {
            Lost::Died(sentence) => BuildError::TooMuch(sentence),
            Lost::NotStarted(error) => BuildError::Internal(not_started(&error)),
        })?;
        match answer {
            Answer::Built { alone } => Ok(Built { module: made, alone }),
            Answer::Source(diagnostics) => Err(BuildError::Source(diagnostics)),
            Answer::Thrown(thrown) => Err(BuildError::TopLevel(TopLevelError::Thrown(thrown))),
            Answer::Limit(sentence) => Err(BuildError::TopLevel(TopLevelError::Limit(sentence))),
            Answer::Internal(sentence) => Err(BuildError::Internal(sentence)),
            Answer::Compiled => Err(BuildError::Internal(ANOTHER_QUESTION.into())),
        }
    }

    /// Compiles a module. Blocks.
    pub(crate) fn compile(self: &Arc<Self>, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
        let answer = self.ask(&Job::Compile, wasm, None);
        let (answer, made) = answer.map_err(|lost| match lost {
            Lost::Died(sentence) => LoadError::Module(sentence),
            Lost::NotStarted(error) => LoadError::Internal(not_started(&error)),
        })?;
        match answer {
            Answer::Compiled => Ok(made),
            Answer::Limit(sentence) => Err(LoadError::Module(sentence)),
            _ => Err(LoadError::Internal(ANOTHER_QUESTION.into())),
        }
    }

    /// Gives a job to a child, and waits for its answer.
    fn ask(self: &Arc<Self>, job: &Job, body: &[u8], folder: Option<&Path>) -> Result<(Answer, Vec<u8>), Lost> {
        // The spare cannot read any folder: what a child may do is settled when it starts.
        let spare = match folder {
            None => self.take_spare(),
            Some(_) => None,
        };
        let running = match spare {
            Some(running) => running,
            None => self.start(folder).map_err(Lost::NotStarted)?,
        };
        let mut frames = Frames::default();
        let header = serde_json::to_vec(job).map_err(|error| Lost::NotStarted(error.into()))?;
        frames.push(&header);
        frames.push(body);
        let worked = running.work(frames.into_bytes(), self.compiler.cpu * 3);
        // Not before: the start of the next takes a core for as long as this job, which somebody waits for.
        self.prepare();
        let (header, made) = match worked {
            Ok(answer) => answer,
            Err(Some(ended)) => return Err(Lost::Died(self.death(&ended))),
            Err(None) => return Err(Lost::Died(self.too_slow())),
        };
        match serde_json::from_slice(&header) {
            Ok(answer) => Ok((answer, made)),
            Err(_) => Err(Lost::Died(ANOTHER_QUESTION.into())),
        }
    }

    /// The one that waits. One that has waited long may have been ended by somebody meanwhile.
    fn take_spare(&self) -> Option<Running> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        spare.and_then(|mut running| matches!(running.child.try_wait(), Ok(None)).then_some(running))
    }

    /// Starts the next spare, beside everything else.
    fn prepare(self: &Arc<Self>) {
        let children = self.clone();
        std::thread::spawn(move || {
            let mut spare = children.spare.lock().unwrap_or_else(PoisonError::into_inner);
            if spare.is_none() {
                // Where it fails, the next job tries again, and says so.
                *spare = children.start(None).ok();
            }
        });
    }

    fn start(&self, folder: Option<&Path>) -> io::Result<Running> {
        let mut command = Command::new(&self.compiler.program);
        command
            .args(&self.compiler.arguments)
            .args(folder)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let missing = || io::Error::other("a pipe is missing");
        let mut stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        let ready_made = self.ready_made.get().cloned();
        let stdin = std::thread::spawn(move || {
            let nothing = Frames::empty_list();
            let things = ready_made.as_deref().map_or(nothing.as_slice(), Vec::as_slice);
            io::Write::write_all(&mut stdin, things).map(|()| stdin)
        });
        Ok(Running {
            child,
            stdin,
            stdout: read_answer(stdout, MAX_ANSWER_BYTES),
            stderr: read_all(stderr, MAX_LAST_WORDS),
        })
    }

    fn too_slow(&self) -> String {
        let seconds = (self.compiler.cpu * 3).as_secs();
        format!("compiling it takes longer than the {seconds} s allowed (--build-time is a third of that)")
    }

    /// What a child that gave no answer died of.
    fn death(&self, ended: &Ended) -> String {
        // As Linux numbers it, on every architecture but MIPS.
        const XCPU: i32 = 24;
        let words = String::from_utf8_lossy(&ended.last_words);
        let Compiler { cpu, memory_bytes, .. } = &self.compiler;
        let memory = words.contains("memory allocation of");
        match ended.status {
            Some(status) if status.code() == Some(OUT_OF_MEMORY) || memory => {
                let mebibytes = memory_bytes >> 20;
                format!("compiling it takes more than the {mebibytes} MiB of memory allowed (--build-memory)")
            }
            Some(status) if status.signal() == Some(XCPU) => {
                format!(
                    "compiling it takes more than the {} s of CPU time allowed (--build-time)",
                    cpu.as_secs()
                )
            }
            _ if words.contains("overflowed its stack") => "it is nested too deeply to be compiled".into(),
            Some(status) => {
                let last = words
                    .lines()
                    .find(|line| !line.trim().is_empty())
                    .unwrap_or("it left no word");
                format!("the compiler did not survive it ({status}): {}", clip(last))
            }
            None => "the compiler did not survive it".into(),
        }
    }
}

/// How a child ended.
struct Ended {
    status: Option<ExitStatus>,
    last_words: Vec<u8>,
}

impl Running {
    /// Sends a job; gives what the child answered, or how it ended without a whole answer. It is given up when it took
    /// longer than `patience`.
    fn work(mut self, job: Vec<u8>, patience: Duration) -> Result<(Vec<u8>, Vec<u8>), Option<Ended>> {
        // Beside the rest, because a child that reads nothing would hold it up. That the pipe breaks is told by its end.
        let sending = std::thread::spawn(move || {
            if let Ok(Ok(mut stdin)) = self.stdin.join() {
                let _ = io::Write::write_all(&mut stdin, &job);
            }
        });
        let answer = self.stdout.recv_timeout(patience);
        if let Ok(Ok(answer)) = answer {
            // It has nothing more to do. Its memory goes back to the system meanwhile: nobody waits for that.
            std::thread::spawn(move || {
                let _ = self.child.kill();
                let _ = self.child.wait();
            });
            return Ok(answer);
        }
        if answer.is_err() {
            // It may have ended meanwhile.
            let _ = self.child.kill();
        }
        let status = self.child.wait().ok();
        let _ = sending.join();
        let last_words = self.stderr.recv().ok().and_then(Result::ok).unwrap_or_default();
        match answer {
            Err(RecvTimeoutError::Timeout) => Err(None),
            _ => Err(Some(Ended { status, last_words })),
        }
    }
}

/// Reads the two frames of an answer on a thread of its own. An answer is complete, or it is none: a child may die while it
/// writes. What is more than `most` is read away: a full pipe would hold the child.
fn read_answer(mut pipe: impl Read + Send + 'static, most: u64) -> Receiver<io::Result<(Vec<u8>, Vec<u8>)>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = (&mut pipe).take(most);
        let read = frame(&mut bytes).and_then(|header| Ok((header, frame(&mut bytes)?)));
        if read.is_err() {
            let _ = io::copy(&mut pipe, &mut io::sink());
        }
        // Nobody waits for it any more once the child was given up.
        let _ = sender.send(read);
    });
    receiver
}

/// Reads all of a pipe on a thread of its own. What is more than `most` is read away: a full pipe would hold the child.
fn read_all(mut pipe: impl Read + Send + 'static, most: u64) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = (&mut pipe).take(most).read_to_end(&mut bytes);
        let read = read.and_then(|_| io::copy(&mut pipe, &mut io::sink()));
        // Nobody waits for it any more once the child was given up.
        let _ = sender.send(read.map(|_| bytes));
    });
    receiver
}

fn not_started(error: &io::Error) -> String {
    format!("no process to compile it in: {error}")
}

fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(300)]
}

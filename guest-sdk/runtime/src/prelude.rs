//! The JavaScript that surrounds a worker: the web platform, the context, and how values are shown.

use crate::{clock, console, crypto, host, random, text, web_url};
use javy::quickjs::function::{Func, IntoArgs};
use javy::quickjs::promise::PromiseState;
use javy::quickjs::{Ctx, Error, Function, Module, Object, Persistent, Result, String as JsString, Value};

/// The bytecode of one module, whose default export installs it. Without its source, of which every function would
/// keep a copy; and it is run where it lies.
static BYTECODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/prelude.bin"));

/// JavaScript may use this much of the linear memory's stack (1 MiB, of which native code needs the rest) before it
/// gets a RangeError.
const STACK_BYTES: usize = 640 << 10;

type Kept = Persistent<Function<'static>>;

/// What the prelude gives, kept from before the worker ran.
pub struct Prelude {
    adopt: Kept,
    inspect: Kept,
    deliver: Kept,
    pending: Kept,
    explain: Kept,
    context: Persistent<Object<'static>>,
}

impl Prelude {
    /// Evaluates the prelude in `ctx`.
    pub fn install(ctx: &Ctx<'_>) -> Result<Self> {
        random::install(ctx)?;
        let globals = ctx.globals();
        // What javy brings for its own programs.
        globals.remove("Javy")?;
        // SAFETY: QuickJS made this bytecode (build.sh), and may refer to it for ever.
        let module = unsafe { Module::load(ctx.clone(), BYTECODE) }?;
        let (module, promise) = module.eval()?;
        while ctx.execute_pending_job() {}
        if promise.state() == PromiseState::Rejected {
            promise.result::<Value<'_>>().unwrap_or(Err(Error::Unknown))?;
        }
        let install: Function<'_> = module.get("default")?;
        let kept: Object<'_> = install.call((globals, native(ctx)?))?;
        let function = |name| {
            kept.get::<_, Function<'_>>(name)
                .map(|function| Persistent::save(ctx, function))
        };
        Ok(Self {
            adopt: function("adopt")?,
            inspect: function("inspect")?,
            deliver: function("deliver")?,
            pending: function("pending")?,
            explain: function("explain")?,
            context: Persistent::save(ctx, kept.get::<_, Object<'_>>("context")?),
        })
    }

    /// The first argument of every handler.
    pub fn context<'js>(&self, ctx: &Ctx<'js>) -> Object<'js> {
        // Kept and restored in the one runtime there is; so below.
        self.context.clone().restore(ctx).expect("one runtime")
    }

    /// `async (value) => value`: adopts whatever a handler returns.
    pub fn adopt<'js>(&self, ctx: &Ctx<'js>) -> Function<'js> {
        restore(ctx, &self.adopt)
    }

    /// `(id, head, body)`: tells the worker that an operation has finished.
    pub fn deliver<'js>(&self, ctx: &Ctx<'js>) -> Function<'js> {
        restore(ctx, &self.deliver)
    }

    /// A warning about what is still under way, if anything is.
    pub fn pending(&self, ctx: &Ctx<'_>) -> Option<String> {
        self.text(ctx, &self.pending, ())
    }

    /// Writes any value as `console.log` does.
    pub fn inspect(&self, value: &Value<'_>) -> Option<String> {
        self.text(value.ctx(), &self.inspect, (value.clone(),))
    }

    /// A better sentence for the message of a ReferenceError, if there is one.
    pub fn explain(&self, ctx: &Ctx<'_>, message: &str) -> Option<String> {
        self.text(ctx, &self.explain, (message,))
    }

    /// Calls a function that gives a text or nothing; the worker may have broken it, and then it gives nothing.
    fn text<'js>(&self, ctx: &Ctx<'js>, function: &Kept, arguments: impl IntoArgs<'js>) -> Option<String> {
        match restore(ctx, function).call::<_, Option<JsString<'js>>>(arguments) {
            Ok(text) => text.map(|text| lossy(&text)),
            Err(_) => {
                ctx.catch();
                None
            }
        }
    }
}

/// A string of JavaScript, which may hold half of a surrogate pair.
pub fn lossy(text: &JsString<'_>) -> String {
    text.to_string()
        .unwrap_or_else(|error| javy::to_string_lossy(text.ctx(), text, error))
}

/// A runtime for the prelude and a worker.
pub fn runtime() -> anyhow::Result<javy::Runtime> {
    let mut config = javy::Config::default();
    config.max_stack_size(STACK_BYTES).text_encoding(false).weak_ref(true);
    javy::Runtime::new(config)
}

fn restore<'js>(ctx: &Ctx<'js>, kept: &Kept) -> Function<'js> {
    kept.clone().restore(ctx).expect("one runtime")
}

/// What the prelude asks of Rust.
fn native<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    native.set("log", Func::from(console::log))?;
    native.set("now", Func::from(clock::now))?;
    native.set("wallClock", Func::from(clock::wall_clock))?;
    native.set("start", Func::from(host::start))?;
    native.set("call", Func::from(host::call))?;
    native.set("cancel", Func::from(host::cancel))?;
    native.set("random", Func::from(random::bytes))?;
    native.set("digest", Func::from(crypto::digest))?;
    native.set("hmac", Func::from(crypto::hmac))?;
    native.set("aesGcm", Func::from(crypto::aes_gcm))?;
    native.set("encodeUtf8", Func::from(text::encode))?;
    native.set("decodeUtf8", Func::from(text::decode))?;
    native.set("parseUrl", Func::from(web_url::parse))?;
    native.set("setUrl", Func::from(web_url::set))?;
    Ok(native)
}

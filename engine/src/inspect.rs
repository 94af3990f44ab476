//! What is in a module, read without compiling it. Whether it can run here, [`Engine::load`](crate::Engine::load) tells.

use crate::LoadError;
use crate::bundle::NOBODY;
use crate::snapshot::{RUNTIME, RUNTIME_SECTION, SOURCE_MAP_SECTION, STANDALONE_RUNTIME};
use crate::source_map::SourceMap;
use std::collections::BTreeSet;
use wasmparser::{DataKind, ExternalKind, Operator, Parser, Payload, TypeRef};

/// A page of linear memory.
const PAGE_BYTES: u64 = 64 << 10;

/// The anatomy of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// All of it.
    pub bytes: usize,
    /// The JavaScript runtime that it says it is a snapshot of, if it says so.
    pub runtime: Option<Runtime>,
    /// What it wants from outside.
    pub imports: Vec<Extern>,
    /// What it offers.
    pub exports: Vec<Extern>,
    /// Its sections, in their order.
    pub parts: Vec<Part>,
    /// Functions of its own.
    pub functions: u32,
    /// The memory that it begins with.
    pub memory: Option<Memory>,
    /// What is in that memory.
    pub data: Data,
    /// The files that it was made of, as its source map names them.
    pub sources: Vec<String>,
}

/// A JavaScript runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runtime {
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// Whether it is the one that this engine builds with.
    pub is_ours: bool,
    /// Whether it runs in any WASI runtime; known of ours alone.
    pub is_standalone: bool,
}

/// An import or an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extern {
    /// Where an import comes from; nothing for an export.
    pub module: String,
    /// Its name.
    pub name: String,
    /// `function`, `memory`, `table`, `global` or `tag`.
    pub kind: &'static str,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What the specification calls it, or the name of a custom section.
    pub name: String,
    /// Its content, in bytes.
    pub bytes: usize,
}

/// A linear memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// What it begins with, in bytes.
    pub bytes: u64,
    /// What it can grow to, in bytes, if it says so.
    pub most: Option<u64>,
}

/// What a memory is filled with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// Pieces.
    pub segments: usize,
    /// Bytes of them.
    pub bytes: usize,
    /// Pages of 64 KiB that they touch.
    pub pages: usize,
}

/// Takes a module apart.
pub fn inspect(module: &[u8]) -> Result<Inspection, LoadError> {
    let fault =
        |error: wasmparser::BinaryReaderError| LoadError::Module(format!("this is not a WebAssembly module: {error}"));
    if !module.starts_with(b"\0asm") {
        return Err(LoadError::Module("this is not a WebAssembly module".into()));
    }
    let mut found = Inspection {
        bytes: module.len(),
        runtime: None,
        imports: Vec::new(),
        exports: Vec::new(),
        parts: Vec::new(),
        functions: 0,
        memory: None,
        data: Data::default(),
        sources: Vec::new(),
    };
    let mut pages = BTreeSet::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.map_err(fault)?;
        if let Some((id, range)) = payload.as_section() {
            let name = match &payload {
                Payload::CustomSection(section) => format!("custom {}", section.name()),
                _ => section(id).to_owned(),
            };
            found.parts.push(Part {
                name,
                bytes: range.len(),
            });
        }
        match payload {
            Payload::Version {
                encoding: wasmparser::Encoding::Component,
                ..
            } => {
                let sentence = "this is a component; a worker is a core module for WASI preview 1";
                return Err(LoadError::Module(sentence.into()));
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.map_err(fault)?;
                    if let TypeRef::Memory(ty) = import.ty {
                        found.memory = Some(memory(ty));
                    }
                    found.imports.push(Extern {
                        module: import.module.to_owned(),
                        name: import.name.to_owned(),
                        kind: imported(import.ty),
                    });
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.map_err(fault)?;
                    found.exports.push(Extern {
                        module: String::new(),
                        name: export.name.to_owned(),
                        kind: exported(export.kind),
                    });
                }
            }
            Payload::FunctionSection(section) => found.functions = section.count(),
            Payload::MemorySection(section) => {
                for ty in section {
                    found.memory = Some(memory(ty.map_err(fault)?));
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    let segment = segment.map_err(fault)?;
                    found.data.segments += 1;
                    found.data.bytes += segment.data.len();
                    if let DataKind::Active { offset_expr, .. } = segment.kind
                        && let Some(offset) = constant(&offset_expr)
                        && !segment.data.is_empty()
                    {
                        let last = offset + segment.data.len() as u64 - 1;
                        pages.extend(offset / PAGE_BYTES..=last / PAGE_BYTES);
                    }
                }
            }
            Payload::CustomSection(section) if section.name() == RUNTIME_SECTION => {
                found.runtime = Some(runtime(section.data()));
            }
            Payload::CustomSection(section) if section.name() == SOURCE_MAP_SECTION => {
                let map = SourceMap::parse(section.data());
                found.sources = map.map(SourceMap::into_sources).unwrap_or_default();
                found.sources.retain(|source| source != NOBODY);
            }
            _ => {}
        }
    }
    found.data.pages = pages.len();
    Ok(found)
}

fn memory(ty: wasmparser::MemoryType) -> Memory {
    Memory {
        bytes: ty.initial.saturating_mul(PAGE_BYTES),
        most: ty.maximum.map(|pages| pages.saturating_mul(PAGE_BYTES)),
    }
}

/// An offset that is written down; any other is known when the module is instantiated.
fn constant(offset: &wasmparser::ConstExpr) -> Option<u64> {
    match offset.get_operators_reader().read().ok()? {
        Operator::I32Const { value } => Some(value.cast_unsigned().into()),
        _ => None,
    }
}

fn runtime(section: &[u8]) -> Runtime {
    let is = |runtime: &[u8]| blake3::hash(runtime).to_hex().as_bytes() == section;
    let is_standalone = is(STANDALONE_RUNTIME);
    // Anybody may have written anything there.
    let hash = section.iter().take(64).filter(|byte| byte.is_ascii_graphic());
    Runtime {
        hash: hash.map(|&byte| char::from(byte)).collect(),
        is_ours: is_standalone || is(RUNTIME),
        is_standalone,
    }
}

fn section(id: u8) -> &'static str {
    let names = [
        "custom",
        "types",
        "imports",
        "functions",
        "tables",
        "memories",
        "globals",
        "exports",
        "start",
        "elements",
        "code",
        "data",
        "data count",
        "tags",
    ];
    names.get(usize::from(id)).unwrap_or(&"unknown")
}

fn imported(ty: TypeRef) -> &'static str {
    match ty {
        TypeRef::Func(_) | TypeRef::FuncExact(_) => "function",
        TypeRef::Table(_) => "table",
        TypeRef::Memory(_) => "memory",
        TypeRef::Global(_) => "global",
        TypeRef::Tag(_) => "tag",
    }
}

fn exported(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Func | ExternalKind::FuncExact => "function",
        ExternalKind::Table => "table",
        ExternalKind::Memory => "memory",
        ExternalKind::Global => "global",
        ExternalKind::Tag => "tag",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_told_as_it_is() {
        let module = wat::parse_str(
            r#"(module
                (import "host" "start" (func (param i32)))
                (memory (export "memory") 2 4)
                (global (export "g") i32 (i32.const 1))
                (func (export "_start"))
                (data (i32.const 65530) "twelve bytes")
                (data (i32.const 0) ""))"#,
        )
        .unwrap();
        let found = inspect(&module).unwrap();
        assert_eq!(found.bytes, module.len());
        assert_eq!((found.runtime, found.functions, found.sources.len()), (None, 1, 0));
        let memory = Memory {
            bytes: 2 << 16,
            most: Some(4 << 16),
        };
        assert_eq!(found.memory, Some(memory));
        let data = Data {
            segments: 2,
            bytes: 12,
            pages: 2,
        };
        assert_eq!(found.data, data);
        let import = &found.imports[0];
        assert_eq!(
            (import.module.as_str(), import.name.as_str(), import.kind),
            ("host", "start", "function")
        );
        let exports: Vec<_> = found.exports.iter().map(|it| (it.name.as_str(), it.kind)).collect();
        assert_eq!(exports, [("memory", "memory"), ("g", "global"), ("_start", "function")]);
        assert!(found.parts.iter().any(|part| part.name == "code" && part.bytes > 0));
    }

    #[test]
    fn a_runtime_is_known_by_its_hash() {
        let hash = |runtime: &[u8]| runtime_section(blake3::hash(runtime).to_hex().as_bytes());
        let runtime_of = |module: &[u8]| inspect(module).unwrap().runtime.unwrap();
        let ours = runtime_of(&hash(RUNTIME));
        assert!(ours.is_ours && !ours.is_standalone && ours.hash.len() == 64);
        assert!(runtime_of(&hash(STANDALONE_RUNTIME)).is_standalone);
        let other = runtime_of(&runtime_section(b"\x1b[2Jold"));
        assert_eq!((other.is_ours, other.hash.as_str()), (false, "[2Jold"));
    }

    fn runtime_section(data: &[u8]) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        crate::snapshot::append_section(&mut module, RUNTIME_SECTION, data);
        module
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for bytes in [
            &b""[..],
            b"text",
            b"\0asm",
            b"\0asm\x01\0\0\0\x01\x7f",
            b"\0asm\x0d\0\x01\0",
        ] {
            assert!(inspect(bytes).is_err(), "{bytes:?}");
        }
    }
}

//! Splits a module into its code, which all workers of one runtime share, and its image, which is the worker's own.
//!
//! The **code** module is the original with its memory and globals imported and without data; the **image** module
//! is the memory, the globals and the data, and the functions that the original imports, in a table. Instantiating the
//! image, then the code on what the image exports, gives the same machine as instantiating the original, once the code's
//! imported functions are taken from the table ([`crate::trampolines`]).
//!
//! [`join`](crate::join::join) is the way back.
//!
//! Nothing is trusted here: two workers share compiled code if and only if their code modules are equal byte for byte,
//! and every section but memory, globals, data and custom sections goes into the code module unchanged.

use crate::trampolines::{Imported, MAX_FUNCTIONS, Provider};
use bytes::Bytes;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{ConstExpr, Encode, EntityType, ExportKind, RawSection, SectionId};
use wasmparser::{DataKind, Operator, Parser, Payload, TypeRef};

/// The module name under which the code imports what the image exports.
pub(crate) const IMAGE: &str = "image";

/// A page of linear memory.
pub(crate) const PAGE_BYTES: u64 = 64 << 10;
/// The two halves of a module.
#[derive(Debug)]
pub(crate) struct Split {
    /// Everything but memory, globals and data. Its imports are the original's, then the memory, then the globals.
    pub(crate) code: Vec<u8>,
    /// Memory, globals and data.
    pub(crate) image: Image,
}

/// A module with a table of the functions, the memory and the globals, which are exported in this order.
#[derive(Debug, PartialEq)]
pub(crate) struct Image {
    /// The module without its last section, which is the data.
    pub(crate) head: Vec<u8>,
    /// The memory, up to its last byte that was written.
    pub(crate) memory: Bytes,
}

impl Image {
    /// The module.
    #[cfg(any(fuzzing, test))]
    pub(crate) fn module(&self) -> Vec<u8> {
        let mut module = begin(&self.head, self.memory.len());
        module.extend_from_slice(&self.memory);
        module
    }
}

/// An image's module with a memory of `length` bytes, up to the memory, which is its end.
pub(crate) fn begin(head: &[u8], length: usize) -> Vec<u8> {
    // One segment, of memory 0, at 0. Its bytes are not taken through the encoder, which looks at each.
    let mut segment = vec![1, 0];
    ConstExpr::i32_const(0).encode(&mut segment);
    length.encode(&mut segment);
    let mut module = Vec::with_capacity(head.len() + segment.len() + length + 16);
    module.extend_from_slice(head);
    module.push(SectionId::Data as u8);
    (segment.len() + length).encode(&mut module);
    module.extend_from_slice(&segment);
    module
}

/// A module with more types than this stays whole.
const MAX_TYPES: u32 = 10_000;

/// A memory is kept as it is, zeros and all, up to this size; beyond, if half of it was written: so does wasmtime.
pub(crate) const MAX_SPARSE_BYTES: usize = 16 << 20;

/// The memory of a module, while its data is put where it says.
struct Filling {
    /// Bytes from 0; it may be longer than what was filled.
    memory: Vec<u8>,
    /// The end of what was filled.
    end: usize,
    /// Bytes of all data.
    written: usize,
}

impl Filling {
    /// Of a memory of so many pages. All of it is taken at once, because growing would copy it again and again; what
    /// stays zero is only address space.
    fn of(minimum: u64) -> Self {
        let most = usize::try_from(minimum.saturating_mul(PAGE_BYTES)).unwrap_or(usize::MAX);
        Self {
            memory: vec![0; most.min(MAX_SPARSE_BYTES)],
            end: 0,
            written: 0,
        }
    }

    fn finish(mut self) -> Bytes {
        self.memory.truncate(self.end);
        self.memory.into()
    }

    /// Puts data where a module says, as its instantiation would. `None` where that would be a trap or too large an image.
    fn fill(&mut self, minimum: u64, offset: u32, data: &[u8]) -> Option<()> {
        let offset = usize::try_from(offset).ok()?;
        let end = offset.checked_add(data.len())?;
        self.written += data.len();
        if end as u64 > minimum.saturating_mul(PAGE_BYTES) || end > MAX_SPARSE_BYTES.max(self.written * 2) {
            return None;
        }
        if data.is_empty() {
            return Some(());
        }
        self.end = self.end.max(end);
        if self.memory.len() < end {
            self.memory.resize(end, 0);
        }
        self.memory[offset..end].copy_from_slice(data);
        Some(())
    }
}

/// Splits `wasm`, or gives `None` where the halves would not be the same machine: the module then runs whole.
pub(crate) fn split(wasm: &[u8]) -> Option<Split> {
    let mut types = None;
    let mut function_types = Vec::new();
    let mut functions = Vec::new();
    let mut imports = wasm_encoder::ImportSection::new();
    let mut functions_on = Vec::new();
    let mut memory = None;
    let mut globals = Vec::new();
    let mut image_globals = wasm_encoder::GlobalSection::new();
    let mut image_memory = None;

    for payload in Parser::new(0).parse_all(wasm) {
        match payload.ok()? {
            Payload::Version {
                encoding: wasmparser::Encoding::Module,
                ..
            }
            | Payload::End(_)
            | Payload::CustomSection(_)
            | Payload::CodeSectionEntry(_) => {}
            // So many are nobody's; each is looked at here.
            Payload::TypeSection(section) if section.count() <= MAX_TYPES => {
                types = Some(section.range());
                function_types = section.into_iter_err_on_gc_types().collect::<Result<_, _>>().ok()?;
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.ok()?;
                    let TypeRef::Func(ty) = import.ty else {
                        return None;
                    };
                    // Ours alone, below.
                    if import.module == IMAGE || functions.len() == MAX_FUNCTIONS {
                        return None;
                    }
                    imports.import(import.module, import.name, EntityType::Function(ty));
                    functions.push(Imported {
                        module: import.module,
                        name: import.name,
                        ty,
                    });
                }
            }
            Payload::MemorySection(section) => {
                for ty in section {
                    let ty = ty.ok()?;
                    if ty.memory64 || ty.shared || ty.page_size_log2.is_some() || memory.replace(ty).is_some() {
                        return None;
                    }
                }
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global.ok()?;
                    let ty = RoundtripReencoder.global_type(global.ty).ok()?;
                    image_globals.global(ty, &constant(&global.init_expr)?.expression());
                    globals.push(ty);
                }
            }
            // Too many are not valid, and would be in the other half, where they are one.
            Payload::DataSection(section) if section.count() <= MAX_DATA_SEGMENTS => {
                // There is one such section at most: the parser refuses a second.
                let minimum = memory.map_or(0, |memory: wasmparser::MemoryType| memory.initial);
                let filling = image_memory.insert(Filling::of(minimum));
                for segment in section {
                    let segment = segment.ok()?;
                    match segment.kind {
                        DataKind::Active {
                            memory_index: 0,
                            offset_expr,
                        } => {
                            let Constant::I32(offset) = constant(&offset_expr)? else {
                                return None;
                            };
                            filling.fill(memory?.initial, offset.cast_unsigned(), segment.data)?;
                        }
                        DataKind::Active { .. } => return None,
                        // wizer leaves empty ones where the runtime had its own. Without a data count, which is refused
                        // below, no instruction can name a segment: what is passive can never be seen.
                        DataKind::Passive => {}
                    }
                }
            }
            // A data count says that instructions may name segments, so they cannot move to another module; any other
            // section than these is of no proposal that guests may use.
            other => match other.as_section()? {
                (id @ (3 | 4 | 7 | 8 | 9 | 10), range) => functions_on.push((id, range)),
                _ => return None,
            },
        }
    }

    let memory = memory?;
    let own_memory = wasm_encoder::MemoryType {
        minimum: memory.initial,
        maximum: memory.maximum,
        memory64: false,
        shared: false,
        page_size_log2: None,
    };
    // The minimum is the worker's own, so the code must not depend on it: it accepts any.
    imports.import(
        IMAGE,
        "memory",
        EntityType::Memory(wasm_encoder::MemoryType {
            minimum: 0,
            ..own_memory
        }),
    );
    for (index, ty) in globals.iter().enumerate() {
        imports.import(IMAGE, &format!("global{index}"), EntityType::Global(*ty));
    }
    let mut code = wasm_encoder::Module::new();
    if let Some(range) = types {
        code.section(&RawSection {
            id: SectionId::Type as u8,
            data: &wasm[range],
        });
    }
    code.section(&imports);
    for (id, range) in functions_on {
        code.section(&RawSection { id, data: &wasm[range] });
    }

    let mut memories = wasm_encoder::MemorySection::new();
    memories.memory(own_memory);
    let mut exports = wasm_encoder::ExportSection::new();
    let provider = match functions.is_empty() {
        true => None,
        false => Some(Provider::new(&functions, &function_types)?),
    };
    if provider.is_some() {
        Provider::export(&mut exports);
    }
    exports.export("memory", ExportKind::Memory, 0);
    for (index, _) in (0_u32..).zip(&globals) {
        exports.export(&format!("global{index}"), ExportKind::Global, index);
    }
    let mut image = wasm_encoder::Module::new();
    if let Some(provider) = &provider {
        image.section(&provider.types).section(&provider.imports);
        image.section(&provider.tables);
    }
    image.section(&memories).section(&image_globals).section(&exports);
    if let Some(provider) = &provider {
        image.section(&provider.elements);
    }
    Some(Split {
        code: code.finish(),
        image: Image {
            head: image.finish(),
            memory: image_memory.map(Filling::finish).unwrap_or_default(),
        },
    })
}

/// The functions that code imports.
pub(crate) fn functions(code: &[u8]) -> wasmparser::Result<Vec<Imported<'_>>> {
    let mut functions = Vec::new();
    for payload in Parser::new(0).parse_all(code) {
        if let Payload::ImportSection(section) = payload? {
            for import in section.into_imports() {
                let import = import?;
                if let TypeRef::Func(ty) = import.ty {
                    functions.push(Imported {
                        module: import.module,
                        name: import.name,
                        ty,
                    });
                }
            }
        }
    }
    Ok(functions)
}

/// So many data segments a module may have.
const MAX_DATA_SEGMENTS: u32 = 100_000;
/// A plain number.
enum Constant {
    I32(i32),
    Other(ConstExpr),
}

impl Constant {
    fn expression(self) -> ConstExpr {
        match self {
            Self::I32(value) => ConstExpr::i32_const(value),
            Self::Other(expression) => expression,
        }
    }
}

/// `None` for anything else: a reference to a global or a function would mean something else in the other half.
fn constant(expression: &wasmparser::ConstExpr<'_>) -> Option<Constant> {
    let mut operators = expression.get_operators_reader();
    let number = match operators.read().ok()? {
        Operator::I32Const { value } => Constant::I32(value),
        Operator::I64Const { value } => Constant::Other(ConstExpr::i64_const(value)),
        Operator::F32Const { value } => Constant::Other(ConstExpr::f32_const(value.into())),
        Operator::F64Const { value } => Constant::Other(ConstExpr::f64_const(value.into())),
        Operator::V128Const { value } => Constant::Other(ConstExpr::v128_const(value.i128())),
        _ => return None,
    };
    matches!(operators.read(), Ok(Operator::End)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves(text: &str) -> Option<(String, String)> {
        let split = split(&wat::parse_str(text).unwrap())?;
        let print = |wasm: &[u8]| {
            wasmparser::Validator::new().validate_all(wasm).unwrap();
            format!(
                "{:?}",
                Parser::new(0)
                    .parse_all(wasm)
                    .map(|payload| payload.unwrap().as_section().map(|(id, _)| id))
                    .collect::<Vec<_>>()
            )
        };
        Some((print(&split.code), print(&split.image.module())))
    }

    #[test]
    fn workers_of_one_runtime_have_equal_code() {
        let worker = |pages: u32, global: u32, data: &str| {
            let text = format!(
                "(module (import \"w\" \"f\" (func $f (param i32)))
                   (memory (export \"memory\") {pages}) (global $g (mut i32) (i32.const {global}))
                   (func (export \"_start\") (call $f (global.get $g)) (global.set $g (i32.load (i32.const 8))))
                   (table 1 funcref) (elem (i32.const 0) 0) (data (i32.const 4) \"{data}\"))"
            );
            split(&wat::parse_str(text).unwrap()).unwrap()
        };
        let (one, other) = (worker(1, 5, "abc"), worker(7, 6, "other data"));
        assert_eq!(one.code, other.code);
        assert_ne!(one.image, other.image);
    }

    #[test]
    fn both_halves_are_valid_modules() {
        let text = "(module (memory 1 5) (global i64 (i64.const 1)) (global (mut f64) (f64.const 0.5))
            (func (export \"_start\")) (data (i32.const 0) \"x\"))";
        // Types, imports, functions, exports and code here; memory, globals, exports and data there.
        let (code, image) = halves(text).unwrap();
        assert_eq!(code, "[None, Some(1), Some(2), Some(3), Some(7), Some(10), None, None]");
        assert_eq!(image, "[None, Some(5), Some(6), Some(7), Some(11), None]");
    }

    #[test]
    fn the_image_has_what_is_imported() {
        // Types, imports and the table before the memory; elements before the data.
        let text = "(module (import \"w\" \"f\" (func (param i32))) (import \"w\" \"g\" (func (param i32)))
            (memory 1) (func (export \"_start\")) (data (i32.const 0) \"x\"))";
        let (code, image) = halves(text).unwrap();
        assert_eq!(code, "[None, Some(1), Some(2), Some(3), Some(7), Some(10), None, None]");
        assert_eq!(
            image,
            "[None, Some(1), Some(2), Some(4), Some(5), Some(6), Some(7), Some(9), Some(11), None]"
        );
        let many = |count: usize| {
            let imports = "(import \"w\" \"f\" (func))".repeat(count);
            split(&wat::parse_str(format!("(module {imports} (memory 1))")).unwrap()).is_some()
        };
        assert_eq!((many(MAX_FUNCTIONS), many(MAX_FUNCTIONS + 1)), (true, false));
    }

    #[test]
    fn what_would_not_be_the_same_machine_is_not_split() {
        let cases = [
            "(module (func (export \"_start\")))",
            "(module (import \"a\" \"m\" (memory 1)))",
            "(module (import \"a\" \"g\" (global i32)) (memory 1) (data (global.get 0) \"x\"))",
            "(module (memory 1) (func $f) (global funcref (ref.func $f)))",
            "(module (memory 1) (func (data.drop 0)) (data (i32.const 0) \"x\"))",
            "(module (memory 1) (func (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))) (data \"x\"))",
            "(module (memory 1) (memory 1))",
            "(module (memory i64 1))",
            "(module (memory 1 1 shared))",
            "(module (memory 1) (global i32 (i32.add (i32.const 1) (i32.const 2))))",
        ];
        for text in cases {
            assert_eq!(halves(text), None, "{text}");
        }
        assert!(split(b"\0asm\x01\0\0\0\x05\x03\x01").is_none(), "cut short");
    }

    #[test]
    fn what_is_no_module_is_not_split() {
        const HEAD: &[u8] = b"\0asm\x01\0\0\0";
        const TYPES: &[u8] = b"\x01\x04\x01\x60\0\0";
        const MEMORY: &[u8] = b"\x05\x03\x01\0\x01";
        const DATA: &[u8] = b"\x0b\x07\x01\0\x41\0\x0b\x01x";
        let of = |sections: &[&[u8]]| [&[HEAD], sections].concat().concat();
        assert!(split(&of(&[TYPES, MEMORY, DATA])).is_some());
        for sections in [
            &[TYPES, TYPES, MEMORY] as &[_],
            &[MEMORY, TYPES],
            &[DATA, MEMORY],
            &[MEMORY, DATA, DATA],
        ] {
            // The parser refuses them; or else what is no module would run, as two that are.
            assert!(split(&of(sections)).is_none(), "{sections:?}");
        }
    }
}

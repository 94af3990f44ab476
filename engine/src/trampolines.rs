//! Calls of the host through one table, in the place of one import for each of its functions.
//!
//! What an instance imports is looked up and checked each time it is made, and the code of a worker is instantiated for
//! every execution: with fourteen functions that took longer than making the instance. The image, whose imports wasmtime
//! resolves once and for all, puts the functions into a table; the code imports the table, and has a trampoline where it
//! had an import, so that no other function notices.

use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    ConstExpr, Elements, EntityType, Function, ImportSection, Module, RawSection, RefType, SectionId, TableType,
    TypeSection,
};
use wasmparser::{FuncType, Parser, Payload, TypeRef};

/// The name of the table.
const TABLE: &str = "functions";

/// A module that imports more functions than this stays whole.
pub(crate) const MAX_FUNCTIONS: usize = 1000;

/// What is wrong with a module that cannot be written anew.
pub(crate) type Fault = reencode::Error;

/// A function that a module imports.
pub(crate) struct Imported<'a> {
    pub(crate) module: &'a str,
    pub(crate) name: &'a str,
    /// Its type's number.
    pub(crate) ty: u32,
}

/// The table, as who imports it has it and who exports it.
fn table(functions: usize) -> TableType {
    TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: functions as u64,
        maximum: Some(functions as u64),
        shared: false,
    }
}

/// The sections of a module that imports functions and exports a table of them, up to the table and from the elements on.
pub(crate) struct Provider {
    pub(crate) types: TypeSection,
    pub(crate) imports: ImportSection,
    pub(crate) tables: wasm_encoder::TableSection,
    pub(crate) elements: wasm_encoder::ElementSection,
}

impl Provider {
    /// Of these, by the types of the module that imports them. `None` where one has a type that is not there.
    pub(crate) fn new(functions: &[Imported<'_>], all: &[FuncType]) -> Option<Self> {
        let mut types = TypeSection::new();
        let mut imports = ImportSection::new();
        // wasmtime compiles something for each type, so there are no others, and none twice.
        let mut known: Vec<&FuncType> = Vec::new();
        for function in functions {
            let ty = all.get(usize::try_from(function.ty).ok()?)?;
            let number = known.iter().position(|known| *known == ty).unwrap_or(known.len());
            if number == known.len() {
                known.push(ty);
                types.ty().func_type(&RoundtripReencoder.func_type(ty.clone()).ok()?);
            }
            let number = u32::try_from(number).ok()?;
            imports.import(function.module, function.name, EntityType::Function(number));
        }
        let mut tables = wasm_encoder::TableSection::new();
        tables.table(table(functions.len()));
        let numbers: Vec<u32> = (0..).take(functions.len()).collect();
        let mut elements = wasm_encoder::ElementSection::new();
        elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(numbers.into()));
        Some(Self {
            types,
            imports,
            tables,
            elements,
        })
    }

    /// Exports the table.
    pub(crate) fn export(exports: &mut wasm_encoder::ExportSection) {
        exports.export(TABLE, wasm_encoder::ExportKind::Table, 0);
    }
}

/// `code` with the table of `provider` imported first, in the place of its functions.
pub(crate) fn through_table(code: &[u8], provider: &str) -> Result<Vec<u8>, Fault> {
    let mut types = Vec::new();
    // The numbers of functions do not change: the trampolines are the first that are not imported.
    let mut functions = wasm_encoder::FunctionSection::new();
    let mut bodies = wasm_encoder::CodeSection::new();
    let mut imports = ImportSection::new();
    let mut exports = wasm_encoder::ExportSection::new();
    let mut elements = wasm_encoder::ElementSection::new();
    let (mut types_at, mut tables_at, mut start_at) = (None, None, None);

    for payload in Parser::new(0).parse_all(code) {
        match payload? {
            Payload::TypeSection(section) => {
                types_at = Some(section.range());
                types = section.into_iter_err_on_gc_types().collect::<Result<_, _>>()?;
            }
            Payload::ImportSection(section) => {
                let all = section.into_imports().collect::<Result<Vec<_>, _>>()?;
                let of_function = |import: &wasmparser::Import<'_>| match import.ty {
                    TypeRef::Func(ty) => Some(ty),
                    _ => None,
                };
                let called: Vec<u32> = all.iter().filter_map(of_function).collect();
                if called.is_empty() {
                    return Ok(code.to_vec());
                }
                imports.import(provider, TABLE, EntityType::Table(table(called.len())));
                for import in all.iter().filter(|import| of_function(import).is_none()) {
                    RoundtripReencoder.parse_import(&mut imports, *import)?;
                }
                for (place, ty) in (0..).zip(called) {
                    functions.function(ty);
                    bodies.function(&trampoline(place, ty, &types));
                }
            }
            Payload::FunctionSection(section) => Shifted.parse_function_section(&mut functions, section)?,
            Payload::TableSection(section) => tables_at = Some(section.range()),
            Payload::ExportSection(section) => Shifted.parse_export_section(&mut exports, section)?,
            Payload::StartSection { range, .. } => start_at = Some(range),
            Payload::ElementSection(section) => Shifted.parse_element_section(&mut elements, section)?,
            Payload::CodeSectionEntry(body) => Shifted.parse_function_body(&mut bodies, body)?,
            _ => {}
        }
    }

    let mut module = Module::new();
    let as_it_is = |module: &mut Module, id: SectionId, range: Option<std::ops::Range<usize>>| {
        if let Some(range) = range {
            module.section(&RawSection {
                id: id as u8,
                data: &code[range],
            });
        }
    };
    as_it_is(&mut module, SectionId::Type, types_at);
    module.section(&imports).section(&functions);
    as_it_is(&mut module, SectionId::Table, tables_at);
    module.section(&exports);
    as_it_is(&mut module, SectionId::Start, start_at);
    if !elements.is_empty() {
        module.section(&elements);
    }
    module.section(&bodies);
    Ok(module.finish())
}

/// A function of this type that calls the one in this place of the table.
fn trampoline(place: i32, ty: u32, types: &[FuncType]) -> Function {
    let parameters = types.get(ty as usize).map_or(0, |ty| ty.params().len());
    let mut function = Function::new([]);
    let mut instructions = function.instructions();
    for parameter in (0..).take(parameters) {
        instructions.local_get(parameter);
    }
    instructions.i32_const(place).call_indirect(0, ty).end();
    function
}

/// Makes room for the table: it is the first, for it is imported.
struct Shifted;

impl Reencode for Shifted {
    type Error = std::convert::Infallible;

    fn table_index(&mut self, table: u32) -> Result<u32, Fault> {
        // As many as this there are not, and validation tells what is not there.
        Ok(table.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_go_through_the_table() {
        let code = "(module (type (func (param i32 i64) (result f32))) (type (func))
            (import \"w\" \"f\" (func (type 0))) (import \"w\" \"g\" (func (type 1)))
            (import \"image\" \"memory\" (memory 0)) (import \"image\" \"global0\" (global (mut i32)))
            (func (type 1) (call 1) (drop (call 0 (i32.const 1) (i64.const 2)))
              (call_indirect (type 1) (i32.const 3)) (drop (table.get 1 (i32.const 0))))
            (table 9 funcref) (table 1 externref)
            (export \"_start\" (func 1)) (export \"t\" (table 1)) (start 2) (elem (i32.const 1) 2 0))";
        let expected = "(module (type (func (param i32 i64) (result f32))) (type (func))
            (import \"image\" \"functions\" (table 2 2 funcref))
            (import \"image\" \"memory\" (memory 0)) (import \"image\" \"global0\" (global (mut i32)))
            (func (type 0) (call_indirect 0 (type 0) (local.get 0) (local.get 1) (i32.const 0)))
            (func (type 1) (call_indirect 0 (type 1) (i32.const 1)))
            (func (type 1) (call 1) (drop (call 0 (i32.const 1) (i64.const 2)))
              (call_indirect 1 (type 1) (i32.const 3)) (drop (table.get 2 (i32.const 0))))
            (table 9 funcref) (table 1 externref)
            (export \"_start\" (func 1)) (export \"t\" (table 2)) (start 2) (elem (table 1) (i32.const 1) func 2 0))";
        check(code, expected);
    }

    #[test]
    fn a_module_of_imports_alone() {
        check(
            "(module (type (func)) (import \"w\" \"f\" (func (type 0))) (export \"_start\" (func 0)))",
            "(module (type (func)) (import \"image\" \"functions\" (table 1 1 funcref))
              (func (type 0) (call_indirect (type 0) (i32.const 0))) (export \"_start\" (func 0)))",
        );
    }

    #[test]
    fn without_functions_nothing_changes() {
        let code = "(module (import \"image\" \"memory\" (memory 0)) (func (export \"_start\")))";
        check(code, code);
    }

    fn check(code: &str, expected: &str) {
        let made = through_table(&wat::parse_str(code).unwrap(), "image").unwrap();
        wasmparser::Validator::new().validate_all(&made).unwrap();
        assert_eq!(made, wat::parse_str(expected).unwrap());
    }
}

//! Splits a bound wasm module in parts that the page loads one after the other: what it opens with, what it loads as the reader scrolls,
//! what hardly any reader needs.
//!
//! All parts work on one memory and one table of functions. The first part has the imports and exports of the whole; a later one is
//! instantiated with the exports of those before it as its imports (`{ core: exports, … }`). A function of a later part that an earlier one
//! names is a trampoline there, through a slot of the table, which is empty until the later part is there. So nothing is downloaded
//! twice, and the bindings are those of the whole. A trampoline that finds its slot empty asks for the next part at once, until its
//! slot is filled ([`NEEDED`]).
//!
//! A part is what its exports reach, by calls, through the table and through data ([`crate::reach`]), but for functions that are
//! named as those of a later part: messages of errors, fields that no figure has.

mod plan;

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result, bail};
use walrus::ir::Value;
use walrus::{
    ConstExpr, DataKind, ElementItems, ElementKind, FunctionBuilder, FunctionId, FunctionKind, GlobalKind, ImportKind,
    ImportedFunction, Module, ModuleConfig, TableId, ValType,
};

use crate::panics::is_silenced;
use crate::reach::Graph;
use plan::{Plan, Role};

/// The export that brings the next part before it returns.
const NEEDED: &str = "needRest";

/// What is to be in which part; parts are counted from 0.
pub struct Parting {
    /// What the parts are called as modules to import from.
    pub names: &'static [&'static str],
    /// The part that is there before an export is called, by its name.
    pub of_export: fn(&str) -> usize,
    /// The first part that a function may be in, by its mangled name.
    pub of_function: fn(&str) -> usize,
}

impl Parting {
    fn last(&self) -> usize {
        self.names.len() - 1
    }
}

/// What each part needs of table and memory.
pub struct Layout {
    /// The first part that takes the address of the function in a slot of the table.
    takers: BTreeMap<u32, usize>,
    /// Addresses that the first part leaves empty; what nothing needs is among them.
    emptied: Vec<Range<u32>>,
    /// Addresses that each part fills but for the first, which keeps what the others do not need.
    filled: Vec<Vec<Range<u32>>>,
}

impl Layout {
    /// Reads it off a linked module.
    pub fn of(linked: &[u8], parting: &Parting) -> Result<Self> {
        let graph = Graph::of(linked)?;
        // Descriptions are read when the bindings are made, and dropped.
        let is_kept = |export: &str| !export.starts_with("__wbindgen_describe");
        let reached: Vec<_> = (0..=parting.last())
            .map(|part| {
                let is_root = |export: &str| (parting.of_export)(export) <= part && is_kept(export);
                let is_end = |function: &str| (parting.of_function)(function) > part || is_silenced(function);
                graph.reach(is_root, is_end)
            })
            .collect();
        let taker = |slot: &u32| reached.iter().position(|part| part.slots.contains(slot));
        let takers = graph.all_slots().into_iter().map(|slot| (slot, taker(&slot).unwrap_or(parting.last())));
        let all: Vec<_> = graph.all_data().collect();
        Ok(Self {
            takers: takers.collect(),
            emptied: without(&all, &reached[0].data),
            filled: reached.windows(2).map(|pair| without(&pair[1].data, &pair[0].data)).collect(),
        })
    }

    /// What a part fills, which is not the first.
    fn filled(&self, part: usize) -> &[Range<u32>] {
        &self.filled[part - 1]
    }
}

/// The addresses of `these` that are not in `those`.
fn without(these: &[Range<u32>], those: &[Range<u32>]) -> Vec<Range<u32>> {
    let end = these.iter().map(|range| range.end).max().unwrap_or(0);
    let mut is_in = vec![false; end as usize + 1];
    for (ranges, value) in [(these, true), (those, false)] {
        for range in ranges {
            let (start, end) = (range.start.min(end), range.end.min(end));
            is_in[start as usize..end as usize].fill(value);
        }
    }
    let mut runs: Vec<Range<u32>> = Vec::new();
    for address in (0..end).filter(|address| is_in[*address as usize]) {
        match runs.last_mut() {
            Some(run) if run.end == address => run.end += 1,
            _ => runs.push(address..address + 1),
        }
    }
    runs
}

/// Splits `wasm`, the module with its bindings made, and returns the parts as the bytes of modules.
///
/// No function may have been inlined into another since it was linked: one of a later part would then be where its data are not.
pub fn split(wasm: &[u8], parting: &Parting, layout: &Layout) -> Result<Vec<Vec<u8>>> {
    let plan = Plan::of(&parse(wasm)?, parting, layout)?;
    // What a part exports is what later ones import.
    let mut exports = vec![Exports::new(); parting.names.len()];
    let parts = (0..=parting.last()).rev().map(|part| make_part(wasm, part, parting, layout, &plan, &mut exports));
    let mut parts: Vec<_> = parts.collect::<Result<_>>()?;
    parts.reverse();
    Ok(parts)
}

fn parse(wasm: &[u8]) -> Result<Module> {
    let mut config = ModuleConfig::new();
    config.generate_producers_section(false);
    let mut module = config.parse(wasm)?;
    // A segment that is cut up later would lend its name to every piece.
    for id in module.data.iter().map(|data| data.id()).collect::<Vec<_>>() {
        module.data.get_mut(id).name = None;
    }
    Ok(module)
}

/// What a part hands to later ones, and under which name.
type Exports = BTreeMap<Item, String>;

/// Something that a part can hand to another, by its index in the whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Function(usize),
    Table(usize),
    Memory(usize),
    Global(usize),
}

/// Makes one part out of the whole: functions of others become imports or trampolines, are then dropped where nothing needs them, and what
/// is imported is noted for the parts that are made after this one.
fn make_part(
    wasm: &[u8],
    part: usize,
    parting: &Parting,
    layout: &Layout,
    plan: &Plan,
    exports: &mut [Exports],
) -> Result<Vec<u8>> {
    let mut module = parse(wasm)?;
    let table = module.tables.main_function_table()?.context("the module has no table of functions")?;
    let need = module.exports.get_func(NEEDED)?;
    let by_index: BTreeMap<usize, FunctionId> = module.funcs.iter().map(|f| (f.id().index(), f.id())).collect();
    let grown = module.tables.get_mut(table);
    grown.initial += u64::from(plan.n_new_slots);
    grown.maximum = grown.maximum.map(|most| most + u64::from(plan.n_new_slots));
    if part == 0 {
        empty_what_is_later(&mut module, plan, layout)?;
    } else {
        keep_what_is_filled(
            &mut module,
            table,
            plan.filled[part].iter().map(|(slot, f)| (*slot, by_index[f])),
            layout.filled(part),
        )?;
    }
    let mut ready = None;
    for (index, function) in &by_index {
        match plan.role(*index, part) {
            Role::Imported(from) => {
                if let FunctionKind::Local(local) = &module.funcs.get(*function).kind {
                    let ty = local.ty();
                    let import = module.imports.add(parting.names[from], "", *function);
                    module.funcs.get_mut(*function).kind = FunctionKind::Import(ImportedFunction { import, ty });
                }
            }
            Role::Trampoline(slot) => {
                let ready = *ready.get_or_insert_with(|| make_ready(&mut module, table, need));
                let ty = module.funcs.get(*function).ty();
                let (params, results) =
                    (module.types.get(ty).params().to_vec(), module.types.get(ty).results().to_vec());
                let arguments: Vec<_> = params.iter().map(|kind| module.locals.add(*kind)).collect();
                let mut builder = FunctionBuilder::new(&mut module.types, &params, &results);
                let mut body = builder.func_body();
                for argument in &arguments {
                    body.local_get(*argument);
                }
                body.i32_const(slot as i32).call(ready).call_indirect(ty, table);
                module.funcs.get_mut(*function).kind = FunctionKind::Local(builder.local_func(arguments));
            }
            Role::Own | Role::Unnamed => {}
        }
    }
    add_exports(&mut module, &exports[part], &by_index);
    walrus::passes::gc::run(&mut module);
    if part > 0 {
        for import in module.imports.iter_mut() {
            let (item, from) = match &import.kind {
                ImportKind::Function(function) => {
                    let index = function.index();
                    let Role::Imported(from) = plan.role(index, part) else {
                        bail!("a function of no part is imported")
                    };
                    (Item::Function(index), from)
                }
                ImportKind::Table(table) => (Item::Table(table.index()), 0),
                ImportKind::Memory(memory) => (Item::Memory(memory.index()), 0),
                ImportKind::Global(global) => (Item::Global(global.index()), 0),
                ImportKind::Tag(_) => bail!("the module has a tag, which no part can hand to another"),
            };
            let n_exports = exports[from].len();
            import.module = parting.names[from].into();
            import.name = exports[from].entry(item).or_insert_with(|| n_exports.to_string()).clone();
        }
    }
    Ok(module.emit_wasm())
}

/// A function that returns the slot it is given, once there is a function in it.
fn make_ready(module: &mut Module, table: TableId, need: FunctionId) -> FunctionId {
    let slot = module.locals.add(ValType::I32);
    let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32], &[ValType::I32]);
    let mut body = builder.func_body();
    body.loop_(None, |again| {
        let start = again.id();
        again.local_get(slot).table_get(table).ref_is_null().if_else(
            None,
            |then| {
                then.call(need).br(start);
            },
            |_| {},
        );
    });
    body.local_get(slot);
    builder.finish(vec![slot], &mut module.funcs)
}

/// Takes out of table and memory what the first part does not need.
fn empty_what_is_later(module: &mut Module, plan: &Plan, layout: &Layout) -> Result<()> {
    // A segment has no gaps: until a later part is there, its slots hold a function that traps.
    let mut builder = FunctionBuilder::new(&mut module.types, &[], &[]);
    builder.func_body().unreachable();
    let missing = builder.finish(vec![], &mut module.funcs);
    for element in module.elements.iter_mut() {
        let ElementItems::Functions(functions) = &mut element.items else { continue };
        for function in functions.iter_mut() {
            if matches!(plan.role(function.index(), 0), Role::Unnamed) {
                *function = missing;
            }
        }
    }
    for id in module.data.iter().map(|data| data.id()).collect::<Vec<_>>() {
        let data = module.data.get_mut(id);
        let start = address(&data.kind)?;
        let end = start + data.value.len() as u32;
        for range in &layout.emptied {
            let (from, to) = (range.start.clamp(start, end), range.end.clamp(start, end));
            data.value[(from - start) as usize..(to - start) as usize].fill(0);
        }
    }
    Ok(())
}

/// Leaves a later part nothing but these slots and these addresses to write, and what it shares with the others as imports.
fn keep_what_is_filled(
    module: &mut Module,
    table: TableId,
    slots: impl Iterator<Item = (u32, FunctionId)>,
    addresses: &[Range<u32>],
) -> Result<()> {
    module.start = None;
    for id in module.exports.iter().map(|export| export.id()).collect::<Vec<_>>() {
        module.exports.delete(id);
    }
    let filled: Vec<_> = addresses.iter().map(|range| bytes_at(module, range)).collect::<Result<_>>()?;
    for id in module.data.iter().map(|data| data.id()).collect::<Vec<_>>() {
        module.data.delete(id);
    }
    for id in module.elements.iter().map(|element| element.id()).collect::<Vec<_>>() {
        module.elements.delete(id);
    }
    // The names of imports are given when it is known which are left.
    for id in module.tables.iter().map(|table| table.id()).collect::<Vec<_>>() {
        let import = module.imports.add("", "", id);
        let table = module.tables.get_mut(id);
        table.import = Some(import);
        table.elem_segments.clear();
    }
    for id in module.globals.iter().map(|global| global.id()).collect::<Vec<_>>() {
        let import = module.imports.add("", "", id);
        module.globals.get_mut(id).kind = GlobalKind::Import(import);
    }
    for id in module.memories.iter().map(|memory| memory.id()).collect::<Vec<_>>() {
        let import = module.imports.add("", "", id);
        let memory = module.memories.get_mut(id);
        memory.import = Some(import);
        memory.data_segments.clear();
        for (range, bytes) in addresses.iter().zip(&filled) {
            let offset = ConstExpr::Value(Value::I32(range.start as i32));
            let data = module.data.add(DataKind::Active { memory: id, offset }, bytes.clone());
            module.memories.get_mut(id).data_segments.insert(data);
        }
    }
    // Neighbours in the table are one segment.
    let mut runs: Vec<(u32, Vec<FunctionId>)> = Vec::new();
    for (slot, function) in slots {
        match runs.last_mut() {
            Some((start, functions)) if *start + functions.len() as u32 == slot => functions.push(function),
            _ => runs.push((slot, vec![function])),
        }
    }
    for (start, functions) in runs {
        let kind = ElementKind::Active { table, offset: ConstExpr::Value(Value::I32(start as i32)) };
        let element = module.elements.add(kind, ElementItems::Functions(functions));
        module.tables.get_mut(table).elem_segments.insert(element);
    }
    Ok(())
}

/// Exports what later parts import.
fn add_exports(module: &mut Module, exports: &Exports, functions: &BTreeMap<usize, FunctionId>) {
    let tables: BTreeMap<usize, TableId> = module.tables.iter().map(|table| (table.id().index(), table.id())).collect();
    let globals: BTreeMap<usize, _> = module.globals.iter().map(|global| (global.id().index(), global.id())).collect();
    let memories: BTreeMap<usize, _> =
        module.memories.iter().map(|memory| (memory.id().index(), memory.id())).collect();
    for (item, name) in exports {
        match item {
            Item::Function(index) => module.exports.add(name, functions[index]),
            Item::Table(index) => module.exports.add(name, tables[index]),
            Item::Global(index) => module.exports.add(name, globals[index]),
            Item::Memory(index) => module.exports.add(name, memories[index]),
        };
    }
}

/// Where a segment of data begins.
fn address(kind: &DataKind) -> Result<u32> {
    match kind {
        DataKind::Active { offset: ConstExpr::Value(Value::I32(offset)), .. } => Ok(*offset as u32),
        _ => bail!("data at an unknown place"),
    }
}

/// The bytes that a module's memory begins with; where it has no segment they are 0.
fn bytes_at(module: &Module, range: &Range<u32>) -> Result<Vec<u8>> {
    let mut bytes = vec![0; range.len()];
    for data in module.data.iter() {
        let start = address(&data.kind)?;
        let end = start + data.value.len() as u32;
        let (from, to) = (range.start.clamp(start, end), range.end.clamp(start, end));
        if from < to {
            let found = &data.value[(from - start) as usize..(to - start) as usize];
            bytes[(from - range.start) as usize..][..found.len()].copy_from_slice(found);
        }
    }
    Ok(bytes)
}

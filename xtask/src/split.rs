//! Splits a bound wasm module in two: what the page opens with, and what it loads later.
//!
//! Both parts work on one memory and one table of functions. The first part has the imports and exports of the whole;
//! a function of the second part that it names is a trampoline through a slot of the table, which is empty until the second part is
//! instantiated with the first one's exports as its imports (`{ core: exports }`). So nothing is downloaded twice, and the bindings are
//! those of the whole. A trampoline that finds its slot empty asks for the second part at once ([`NEEDED`]).
//!
//! The first part is what its exports reach, by calls, through the table and through data ([`crate::reach`]), but for functions that are
//! named as cold: messages of errors, fields that the opening figure does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::{Context, Result, bail};
use walrus::ir::{self, Value, Visitor};
use walrus::{
    ConstExpr, DataKind, ElementItems, ElementKind, ExportItem, FunctionBuilder, FunctionId, FunctionKind, GlobalKind,
    ImportKind, ImportedFunction, LocalFunction, Module, ModuleConfig, TableId,
};

use crate::reach::Graph;

/// What the second part calls the first.
const IMPORTED_FROM: &str = "core";

/// The export that brings the second part before it returns.
const NEEDED: &str = "needRest";

/// The two parts, as the bytes of modules.
pub struct Parts {
    pub core: Vec<u8>,
    pub rest: Vec<u8>,
}

/// What only the second part needs of table and memory.
pub struct Late {
    slots: BTreeSet<u32>,
    /// Addresses that the first part leaves empty, and those that the second fills; what nothing needs is in none of the latter.
    emptied: Vec<Range<u32>>,
    filled: Vec<Range<u32>>,
}

impl Late {
    /// Reads it off a linked module; `is_later` tells by its name whether an export is only called once the second part is there,
    /// `is_cold` by its mangled name whether a function is hardly ever called before.
    pub fn of(linked: &[u8], is_later: impl Fn(&str) -> bool, is_cold: impl Fn(&str) -> bool) -> Result<Self> {
        let graph = Graph::of(linked)?;
        // Descriptions are read when the bindings are made, and dropped.
        let is_kept = |export: &str| !export.starts_with("__wbindgen_describe");
        let core = graph.reach(|export| !is_later(export) && is_kept(export), is_cold);
        let rest = graph.reach(is_kept, |_| false);
        let all: Vec<_> = graph.all_data().collect();
        Ok(Self {
            slots: graph.all_slots().difference(&core.slots).copied().collect(),
            emptied: without(&all, &core.data),
            filled: without(&rest.data, &core.data),
        })
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

/// Splits `wasm`, the module with its bindings made.
///
/// No function may have been inlined into another since it was linked: a cold one would then be where its data are not.
pub fn split(
    wasm: &[u8],
    is_later: impl Fn(&str) -> bool,
    is_cold: impl Fn(&str) -> bool,
    late: &Late,
) -> Result<Parts> {
    let mut core = parse(wasm)?;
    let table = core.tables.main_function_table()?.context("the module has no table of functions")?;
    let slots = slots(&core, table)?;
    let kept = kept(&core, &slots, is_later, is_cold, &late.slots);
    let plan = Plan::of(&core, slots, &kept, &late.slots);
    let (rest, imports) = make_rest(wasm, &plan, late)?;
    make_core(&mut core, table, &plan, &imports, late)?;
    Ok(Parts { core: core.emit_wasm(), rest })
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

/// Which function is in which slot of the table.
fn slots(module: &Module, table: TableId) -> Result<BTreeMap<u32, FunctionId>> {
    let mut slots = BTreeMap::new();
    for element in module.elements.iter() {
        let ElementKind::Active { table: filled, offset } = &element.kind else { continue };
        if *filled != table {
            continue;
        }
        let ConstExpr::Value(Value::I32(offset)) = offset else { bail!("a segment of the table at an unknown place") };
        let ElementItems::Functions(functions) = &element.items else {
            bail!("a segment of the table without functions")
        };
        slots.extend((*offset as u32..).zip(functions.iter().copied()));
    }
    Ok(slots)
}

/// The functions of the first part.
fn kept(
    module: &Module,
    slots: &BTreeMap<u32, FunctionId>,
    is_later: impl Fn(&str) -> bool,
    is_cold: impl Fn(&str) -> bool,
    late_slots: &BTreeSet<u32>,
) -> BTreeSet<FunctionId> {
    let mut waiting: Vec<FunctionId> = module.start.into_iter().collect();
    waiting.extend(module.exports.iter().filter(|export| !is_later(&export.name)).filter_map(
        |export| match export.item {
            ExportItem::Function(function) => Some(function),
            _ => None,
        },
    ));
    waiting.extend(slots.iter().filter(|(slot, _)| !late_slots.contains(slot)).map(|(_, function)| *function));
    let mut kept = BTreeSet::new();
    while let Some(function) = waiting.pop() {
        if module.funcs.get(function).name.as_deref().is_some_and(&is_cold) {
            continue;
        }
        if kept.insert(function)
            && let FunctionKind::Local(local) = &module.funcs.get(function).kind
        {
            waiting.extend(called(local));
        }
    }
    // What JavaScript gives is never moved.
    kept.extend(
        module.funcs.iter().filter(|function| matches!(function.kind, FunctionKind::Import(_))).map(|f| f.id()),
    );
    kept
}

/// The functions that a function names.
fn called(local: &LocalFunction) -> Vec<FunctionId> {
    struct Calls(Vec<FunctionId>);
    impl Visitor<'_> for Calls {
        fn visit_function_id(&mut self, function: &FunctionId) {
            self.0.push(*function);
        }
    }
    let mut calls = Calls(Vec::new());
    ir::dfs_in_order(&mut calls, local, local.entry_block());
    calls.0
}

/// What goes where. Functions are told by their index: ids belong to one parsing of the module.
struct Plan {
    /// Functions of the second part.
    moved: BTreeSet<usize>,
    /// The slots that the second part fills.
    filled: BTreeMap<u32, usize>,
    /// The trampolines of the first part, and the slots they jump through.
    trampolines: BTreeMap<usize, u32>,
    /// Slots that had to be added to the table.
    n_new_slots: u32,
}

impl Plan {
    fn of(
        module: &Module,
        slots: BTreeMap<u32, FunctionId>,
        kept: &BTreeSet<FunctionId>,
        late_slots: &BTreeSet<u32>,
    ) -> Self {
        let moved =
            module.funcs.iter().map(|function| function.id()).filter(|id| !kept.contains(id)).map(|id| id.index());
        let moved: BTreeSet<usize> = moved.collect();
        let first_free = slots.keys().next_back().map_or(0, |slot| slot + 1);
        let slots = slots.into_iter().map(|(slot, function)| (slot, function.index()));
        let mut filled: BTreeMap<u32, usize> = slots.filter(|(_, function)| moved.contains(function)).collect();
        // What the first part names: by an export, by a call, by its address.
        let exported = module.exports.iter().filter_map(|export| match export.item {
            ExportItem::Function(function) => Some(function.index()),
            _ => None,
        });
        let locals = kept.iter().filter_map(|function| match &module.funcs.get(*function).kind {
            FunctionKind::Local(local) => Some(called(local)),
            _ => None,
        });
        let named = exported.chain(locals.flatten().map(|function| function.index()));
        let addressed = filled.iter().filter(|(slot, _)| !late_slots.contains(slot)).map(|(_, function)| *function);
        let named: BTreeSet<usize> = named.chain(addressed).filter(|function| moved.contains(function)).collect();
        let trampolines: BTreeMap<usize, u32> = named.into_iter().zip(first_free..).collect();
        let next_free = first_free + trampolines.len() as u32;
        filled.extend(trampolines.iter().map(|(function, slot)| (*slot, *function)));
        Self { moved, filled, trampolines, n_new_slots: next_free - first_free }
    }
}

/// What the second part takes from the first: kind and index, in the order of their names.
type Imports = Vec<ImportKind>;

/// The second part: everything else of the module becomes an import, is then dropped where nothing needs it, and what is left is numbered.
fn make_rest(wasm: &[u8], plan: &Plan, late: &Late) -> Result<(Vec<u8>, Imports)> {
    let mut rest = parse(wasm)?;
    let table = rest.tables.main_function_table()?.context("the module has no table of functions")?;
    let by_index: BTreeMap<usize, FunctionId> = rest.funcs.iter().map(|f| (f.id().index(), f.id())).collect();
    rest.start = None;
    for id in rest.exports.iter().map(|export| export.id()).collect::<Vec<_>>() {
        rest.exports.delete(id);
    }
    let filled: Vec<_> = late.filled.iter().map(|range| bytes_at(&rest, range)).collect::<Result<_>>()?;
    for id in rest.data.iter().map(|data| data.id()).collect::<Vec<_>>() {
        rest.data.delete(id);
    }
    for id in rest.elements.iter().map(|element| element.id()).collect::<Vec<_>>() {
        rest.elements.delete(id);
    }
    for id in rest.imports.iter().map(|import| import.id()).collect::<Vec<_>>() {
        rest.imports.get_mut(id).module = IMPORTED_FROM.into();
    }
    let kept: Vec<FunctionId> =
        by_index.iter().filter(|(index, _)| !plan.moved.contains(index)).map(|(_, id)| *id).collect();
    for function in kept {
        if let FunctionKind::Local(local) = &rest.funcs.get(function).kind {
            let ty = local.ty();
            let import = rest.imports.add(IMPORTED_FROM, "", function);
            rest.funcs.get_mut(function).kind = FunctionKind::Import(ImportedFunction { import, ty });
        }
    }
    for id in rest.tables.iter().map(|table| table.id()).collect::<Vec<_>>() {
        let import = rest.imports.add(IMPORTED_FROM, "", id);
        let table = rest.tables.get_mut(id);
        table.import = Some(import);
        table.elem_segments.clear();
    }
    for id in rest.globals.iter().map(|global| global.id()).collect::<Vec<_>>() {
        let import = rest.imports.add(IMPORTED_FROM, "", id);
        rest.globals.get_mut(id).kind = GlobalKind::Import(import);
    }
    for id in rest.memories.iter().map(|memory| memory.id()).collect::<Vec<_>>() {
        let import = rest.imports.add(IMPORTED_FROM, "", id);
        let memory = rest.memories.get_mut(id);
        memory.import = Some(import);
        memory.data_segments.clear();
        for (range, bytes) in late.filled.iter().zip(&filled) {
            let offset = ConstExpr::Value(Value::I32(range.start as i32));
            let data = rest.data.add(DataKind::Active { memory: id, offset }, bytes.clone());
            rest.memories.get_mut(id).data_segments.insert(data);
        }
    }
    grow(&mut rest, table, plan);
    // Neighbours in the table are one segment.
    let mut runs: Vec<(u32, Vec<FunctionId>)> = Vec::new();
    for (slot, function) in &plan.filled {
        let function = by_index[function];
        match runs.last_mut() {
            Some((start, functions)) if *start + functions.len() as u32 == *slot => functions.push(function),
            _ => runs.push((*slot, vec![function])),
        }
    }
    for (start, functions) in runs {
        let kind = ElementKind::Active { table, offset: ConstExpr::Value(Value::I32(start as i32)) };
        let element = rest.elements.add(kind, ElementItems::Functions(functions));
        rest.tables.get_mut(table).elem_segments.insert(element);
    }
    walrus::passes::gc::run(&mut rest);
    let mut imports = Vec::new();
    for import in rest.imports.iter_mut() {
        import.name = imports.len().to_string();
        imports.push(import.kind.clone());
    }
    Ok((rest.emit_wasm(), imports))
}

/// Turns the whole into the first part.
fn make_core(core: &mut Module, table: TableId, plan: &Plan, imports: &Imports, late: &Late) -> Result<()> {
    let by_index: BTreeMap<usize, FunctionId> = core.funcs.iter().map(|f| (f.id().index(), f.id())).collect();
    grow(core, table, plan);
    let need = core.exports.get_func(NEEDED)?;
    for (function, slot) in &plan.trampolines {
        let function = by_index[function];
        let ty = core.funcs.get(function).ty();
        let (params, results) = (core.types.get(ty).params().to_vec(), core.types.get(ty).results().to_vec());
        let arguments: Vec<_> = params.iter().map(|kind| core.locals.add(*kind)).collect();
        let mut builder = FunctionBuilder::new(&mut core.types, &params, &results);
        let mut body = builder.func_body();
        body.i32_const(*slot as i32).table_get(table).ref_is_null();
        body.if_else(
            None,
            |then| {
                then.call(need);
            },
            |_| {},
        );
        for argument in &arguments {
            body.local_get(*argument);
        }
        body.i32_const(*slot as i32).call_indirect(ty, table);
        core.funcs.get_mut(function).kind = FunctionKind::Local(builder.local_func(arguments));
    }
    // A segment has no gaps: until the second part is there, its slots hold a function that traps.
    let mut builder = FunctionBuilder::new(&mut core.types, &[], &[]);
    builder.func_body().unreachable();
    let missing = builder.finish(vec![], &mut core.funcs);
    for element in core.elements.iter_mut() {
        let ElementItems::Functions(functions) = &mut element.items else { continue };
        for function in functions.iter_mut() {
            if plan.moved.contains(&function.index()) && !plan.trampolines.contains_key(&function.index()) {
                *function = missing;
            }
        }
    }
    for id in core.data.iter().map(|data| data.id()).collect::<Vec<_>>() {
        let data = core.data.get_mut(id);
        let start = address(&data.kind)?;
        let end = start + data.value.len() as u32;
        for range in &late.emptied {
            let (from, to) = (range.start.clamp(start, end), range.end.clamp(start, end));
            data.value[(from - start) as usize..(to - start) as usize].fill(0);
        }
    }
    let tables: BTreeMap<usize, TableId> = core.tables.iter().map(|table| (table.id().index(), table.id())).collect();
    let globals: BTreeMap<usize, _> = core.globals.iter().map(|global| (global.id().index(), global.id())).collect();
    let memories: BTreeMap<usize, _> = core.memories.iter().map(|memory| (memory.id().index(), memory.id())).collect();
    for (name, import) in imports.iter().enumerate() {
        let name = name.to_string();
        match import {
            ImportKind::Function(function) => core.exports.add(&name, by_index[&function.index()]),
            ImportKind::Table(table) => core.exports.add(&name, tables[&table.index()]),
            ImportKind::Global(global) => core.exports.add(&name, globals[&global.index()]),
            ImportKind::Memory(memory) => core.exports.add(&name, memories[&memory.index()]),
            ImportKind::Tag(_) => bail!("the module has a tag, which no part can hand to the other"),
        };
    }
    walrus::passes::gc::run(core);
    Ok(())
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

/// Makes room for the slots that were added.
fn grow(module: &mut Module, table: TableId, plan: &Plan) {
    let table = module.tables.get_mut(table);
    table.initial += u64::from(plan.n_new_slots);
    table.maximum = table.maximum.map(|most| most + u64::from(plan.n_new_slots));
}

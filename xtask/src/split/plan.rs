//! Which part of a module has which function, and how the others come by it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use walrus::ir::{self, Value, Visitor};
use walrus::{
    ConstExpr, ElementItems, ElementKind, ExportItem, FunctionId, FunctionKind, LocalFunction, Module, TableId,
};

use super::{Layout, Parting};

/// What goes where. Functions are told by their index: ids belong to one parsing of the module.
pub struct Plan {
    /// The part that has each function.
    part_of: BTreeMap<usize, usize>,
    /// Functions that a part names before the part that has them is there.
    trampolines: BTreeMap<usize, Trampoline>,
    /// The slots of the table that each part writes, but for the first, which has those of the whole.
    pub filled: Vec<BTreeMap<u32, usize>>,
    /// Slots that had to be added to the table.
    pub n_new_slots: u32,
}

/// Stands for a function in the part that names it first, and in those after it until the function's own.
struct Trampoline {
    part: usize,
    /// Where it jumps through.
    slot: u32,
}

impl Plan {
    /// Decides it for a module that is not split yet.
    pub fn of(module: &Module, parting: &Parting, layout: &Layout) -> Result<Self> {
        let table = module.tables.main_function_table()?.context("the module has no table of functions")?;
        let slots = slots(module, table)?;
        let taker = |slot: &u32| layout.takers.get(slot).copied().unwrap_or(0);
        let part_of: BTreeMap<FunctionId, usize> = parts_of_functions(module, &slots, parting, taker);

        let mut named: Vec<(usize, FunctionId)> = exported(module).map(|(_, function)| (0, function)).collect();
        for (id, local) in module.funcs.iter_local() {
            named.extend(called(local).into_iter().map(|function| (part_of[&id], function)));
        }
        named.extend(slots.iter().map(|(slot, function)| (taker(slot), *function)));
        let mut first_named = BTreeMap::new();
        for (part, function) in named {
            let first = first_named.entry(function).or_insert(part);
            *first = part.min(*first);
        }

        let mut filled = vec![BTreeMap::new(); parting.names.len()];
        for (slot, function) in &slots {
            // The earlier one is the trampoline.
            for part in [taker(slot), part_of[function]] {
                filled[part.min(part_of[function])].insert(*slot, function.index());
            }
        }
        let first_free = slots.keys().next_back().map_or(0, |slot| slot + 1);
        let mut early: Vec<_> =
            first_named.into_iter().filter(|(function, first)| *first < part_of[function]).collect();
        // What one part fills is in one piece.
        early.sort_by_key(|(function, _)| (part_of[function], function.index()));
        let mut trampolines = BTreeMap::new();
        for (slot, (function, part)) in (first_free..).zip(early) {
            trampolines.insert(function.index(), Trampoline { part, slot });
            filled[part_of[&function]].insert(slot, function.index());
        }
        let n_new_slots = trampolines.len() as u32;
        let part_of = part_of.into_iter().map(|(function, part)| (function.index(), part)).collect();
        Ok(Self { part_of, trampolines, filled, n_new_slots })
    }

    /// What a function is to a part.
    pub fn role(&self, function: usize, part: usize) -> Role {
        let own = self.part_of[&function];
        match self.trampolines.get(&function) {
            _ if own == part => Role::Own,
            _ if own < part => Role::Imported(own),
            Some(trampoline) if trampoline.part == part => Role::Trampoline(trampoline.slot),
            Some(trampoline) if trampoline.part < part => Role::Imported(trampoline.part),
            _ => Role::Unnamed,
        }
    }
}

/// What a function is to a part: its own, another part's, a stand-in for a later part's, or nothing.
pub enum Role {
    Own,
    Imported(usize),
    Trampoline(u32),
    Unnamed,
}

/// The functions that JavaScript can call, with their names.
fn exported(module: &Module) -> impl Iterator<Item = (&str, FunctionId)> {
    module.exports.iter().filter_map(|export| match export.item {
        ExportItem::Function(function) => Some((export.name.as_str(), function)),
        _ => None,
    })
}

/// Which part has which function.
fn parts_of_functions(
    module: &Module,
    slots: &BTreeMap<u32, FunctionId>,
    parting: &Parting,
    taker: impl Fn(&u32) -> usize,
) -> BTreeMap<FunctionId, usize> {
    // What JavaScript gives is never moved.
    let imports = module.funcs.iter().filter(|function| matches!(function.kind, FunctionKind::Import(_)));
    let mut part_of: BTreeMap<FunctionId, usize> = imports.map(|function| (function.id(), 0)).collect();
    let is_later =
        |id, part| module.funcs.get(id).name.as_deref().is_some_and(|name| (parting.of_function)(name) > part);
    for part in 0..parting.last() {
        let mut waiting: Vec<FunctionId> = module.start.into_iter().collect();
        waiting.extend(exported(module).filter(|(name, _)| (parting.of_export)(name) <= part).map(|(_, id)| id));
        waiting.extend(slots.iter().filter(|(slot, _)| taker(slot) <= part).map(|(_, function)| *function));
        let mut seen = BTreeSet::new();
        while let Some(function) = waiting.pop() {
            if is_later(function, part) || !seen.insert(function) {
                continue;
            }
            part_of.entry(function).or_insert(part);
            if let FunctionKind::Local(local) = &module.funcs.get(function).kind {
                waiting.extend(called(local));
            }
        }
    }
    for function in module.funcs.iter() {
        part_of.entry(function.id()).or_insert(parting.last());
    }
    part_of
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

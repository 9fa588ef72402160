//! What a linked wasm module's exports reach: slots of its table of functions, and bytes of its data.
//!
//! The linker is asked to keep its relocations (`--emit-relocs`): they tell of every function which functions it calls, which it takes the
//! address of, and which data it uses, and of all data what it points at. Without them a number in the code could be an address or not.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use anyhow::{Context, Result, bail};
use wasmparser::{
    DataKind, ElementItems, ElementKind, ExternalKind, KnownCustom, Linking, Operator, Parser, Payload, RelocationType,
    SymbolInfo, TypeRef,
};

/// What some exports reach.
#[derive(Default)]
pub struct Reached {
    /// Slots of the table whose functions may be called through it.
    pub slots: BTreeSet<u32>,
    /// Addresses, in order and apart from each other.
    pub data: Vec<Range<u32>>,
}

/// A function by its index, or a piece of data by its symbol.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Function(u32),
    Data(u32),
}

/// A linked module as a graph.
#[derive(Default)]
pub struct Graph {
    exports: BTreeMap<String, u32>,
    names: BTreeMap<u32, String>,
    start: Option<u32>,
    slots: BTreeMap<u32, BTreeSet<u32>>,
    /// What each function and each piece of data names; whether it takes a function's address.
    edges: BTreeMap<Node, Vec<(Node, bool)>>,
    /// Addresses of the data of each symbol.
    data: BTreeMap<u32, Range<u32>>,
}

impl Graph {
    /// Reads a module that was linked with its relocations.
    pub fn of(wasm: &[u8]) -> Result<Self> {
        let mut graph = Graph::default();
        let mut n_imported = 0;
        // In the file: the start of the code and data sections, each function's body, each segment's bytes and its address.
        let (mut code_start, mut data_start) = (0, 0);
        let mut bodies: Vec<Range<usize>> = Vec::new();
        let mut segments: Vec<(Range<usize>, u32)> = Vec::new();
        let mut symbols = Vec::new();
        let mut relocations = Vec::new();
        let (mut section, mut code_section, mut data_section) = (0, None, None);
        for payload in Parser::new(0).parse_all(wasm) {
            let payload = payload?;
            let is_section = payload.as_section().is_some();
            match payload {
                Payload::ImportSection(reader) => {
                    for import in reader.into_imports() {
                        n_imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::ExportSection(reader) => {
                    for export in reader {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            graph.exports.insert(export.name.to_owned(), export.index);
                        }
                    }
                }
                Payload::StartSection { func, .. } => graph.start = Some(func),
                Payload::ElementSection(reader) => {
                    for element in reader {
                        let element = element?;
                        let ElementKind::Active { offset_expr, .. } = element.kind else { continue };
                        let ElementItems::Functions(functions) = element.items else { continue };
                        let first = constant(offset_expr.get_operators_reader().read()?)?;
                        for (slot, function) in (first..).zip(functions) {
                            graph.slots.entry(function?).or_default().insert(slot);
                        }
                    }
                }
                Payload::CodeSectionStart { range, .. } => {
                    code_start = range.start;
                    code_section = Some(section);
                }
                Payload::CodeSectionEntry(body) => bodies.push(body.range()),
                Payload::DataSection(reader) => {
                    data_start = reader.range().start;
                    data_section = Some(section);
                    for data in reader {
                        let data = data?;
                        let DataKind::Active { offset_expr, .. } = data.kind else { bail!("a passive data segment") };
                        let address = constant(offset_expr.get_operators_reader().read()?)?;
                        segments.push((data.range.end - data.data.len()..data.range.end, address));
                    }
                }
                Payload::CustomSection(custom) => match custom.as_known() {
                    KnownCustom::Linking(linking) => {
                        for part in linking.subsections() {
                            if let Linking::SymbolTable(table) = part? {
                                symbols = table.into_iter().collect::<Result<Vec<_>, _>>()?;
                            }
                        }
                    }
                    KnownCustom::Reloc(reader) => relocations.push(reader),
                    _ => {}
                },
                _ => {}
            }
            section += u32::from(is_section);
        }
        // Where a panic would say that it was: nobody reads it, since panics say nothing here.
        let places = places(wasm, &segments, &symbols);
        let target = |symbol: u32| match symbols.get(symbol as usize) {
            Some(SymbolInfo::Func { index, .. }) => Some(Node::Function(*index)),
            Some(SymbolInfo::Data { symbol: Some(_), .. }) if !places.contains(&symbol) => Some(Node::Data(symbol)),
            _ => None,
        };
        for symbol in &symbols {
            if let SymbolInfo::Func { index, name: Some(name), .. } = symbol {
                graph.names.insert(*index, (*name).to_owned());
            }
        }
        // Which symbol's data lie where in the file.
        let mut pieces: Vec<(Range<usize>, u32)> = Vec::new();
        for (idx, symbol) in symbols.iter().enumerate() {
            let SymbolInfo::Data { symbol: Some(defined), .. } = symbol else { continue };
            let Some((bytes, address)) = segments.get(defined.index as usize) else { continue };
            let start = bytes.start + defined.offset as usize;
            pieces.push((start..start + defined.size as usize, idx as u32));
            graph.data.insert(idx as u32, address + defined.offset..address + defined.offset + defined.size);
        }
        pieces.sort_by_key(|(range, _)| range.start);
        if relocations.is_empty() || pieces.is_empty() {
            bail!("the linker left no relocations");
        }
        for reader in relocations {
            let (in_code, in_data) =
                (Some(reader.section_index()) == code_section, Some(reader.section_index()) == data_section);
            if !in_code && !in_data {
                continue;
            }
            for entry in reader.entries() {
                let entry = entry?;
                let Some(to) = target(entry.index) else { continue };
                let from = if in_code {
                    let at = code_start + entry.offset as usize;
                    let body = bodies.partition_point(|body| body.end <= at);
                    Node::Function(n_imported + body as u32)
                } else {
                    let at = data_start + entry.offset as usize;
                    let after = pieces.partition_point(|(range, _)| range.start <= at);
                    let piece = after.checked_sub(1).map(|idx| &pieces[idx]).filter(|(range, _)| range.contains(&at));
                    Node::Data(piece.context("a pointer in data that have no symbol")?.1)
                };
                let takes_address = matches!(entry.ty, RelocationType::TableIndexSleb | RelocationType::TableIndexI32);
                graph.edges.entry(from).or_default().push((to, takes_address));
            }
        }
        Ok(graph)
    }

    /// What the exports for which `is_root` holds reach, without what only functions for which `is_end` holds reach.
    pub fn reach(&self, is_root: impl Fn(&str) -> bool, is_end: impl Fn(&str) -> bool) -> Reached {
        let roots = self.exports.iter().filter(|(name, _)| is_root(name)).map(|(_, index)| *index);
        let mut waiting: Vec<Node> = roots.chain(self.start).map(Node::Function).collect();
        let mut seen: BTreeSet<Node> = BTreeSet::new();
        let mut reached = Reached::default();
        while let Some(node) = waiting.pop() {
            if !seen.insert(node) {
                continue;
            }
            if let Node::Function(function) = node
                && self.names.get(&function).is_some_and(|name| is_end(name))
            {
                continue;
            }
            for (to, takes_address) in self.edges.get(&node).into_iter().flatten() {
                if let (Node::Function(function), true) = (to, takes_address) {
                    reached.slots.extend(self.slots.get(function).into_iter().flatten());
                }
                waiting.push(*to);
            }
        }
        let mut data: Vec<Range<u32>> = seen.iter().filter_map(|node| self.data_of(*node)).collect();
        data.sort_by_key(|range| range.start);
        for range in data {
            match reached.data.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => reached.data.push(range),
            }
        }
        reached
    }

    fn data_of(&self, node: Node) -> Option<Range<u32>> {
        let Node::Data(symbol) = node else { return None };
        self.data.get(&symbol).filter(|range| !range.is_empty()).cloned()
    }

    /// All data that have a symbol.
    pub fn all_data(&self) -> impl Iterator<Item = Range<u32>> {
        self.data.values().cloned()
    }

    /// All slots of the table.
    pub fn all_slots(&self) -> BTreeSet<u32> {
        self.slots.values().flatten().copied().collect()
    }
}

/// The symbols of panics' places in the source: a pointer to the name of a Rust file, its length, line and column.
fn places(wasm: &[u8], segments: &[(Range<usize>, u32)], symbols: &[SymbolInfo]) -> BTreeSet<u32> {
    let word =
        |at: usize| wasm.get(at..at + 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let text = |address: u32, length: u32| {
        let (bytes, start) =
            segments.iter().find(|(bytes, start)| (*start..start + bytes.len() as u32).contains(&address))?;
        let from = bytes.start + (address - start) as usize;
        wasm.get(from..(from + length as usize).min(bytes.end))
    };
    let is_place = |symbol: &SymbolInfo| {
        let SymbolInfo::Data { symbol: Some(defined), .. } = symbol else { return false };
        let Some((bytes, _)) = segments.get(defined.index as usize) else { return false };
        let at = bytes.start + defined.offset as usize;
        let (Some(address), Some(length), 16) = (word(at), word(at + 4), defined.size) else { return false };
        text(address, length).is_some_and(|text| text.ends_with(b".rs"))
    };
    (0..).zip(symbols).filter(|(_, symbol)| is_place(symbol)).map(|(idx, _)| idx).collect()
}

fn constant(operator: Operator) -> Result<u32> {
    match operator {
        Operator::I32Const { value } => Ok(value as u32),
        other => bail!("a segment at an unknown place: {other:?}"),
    }
}

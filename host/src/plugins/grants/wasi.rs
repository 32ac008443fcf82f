//! An empty WASI 0.2, for components whose language brings a runtime that cannot do without: no files, no sockets, no
//! environment, no arguments, a clock that stands still, random numbers that are the same for every instance. What is
//! written to the standard streams goes to the plugin's log.
//!
//! Nothing of it is written down function by function: each is answered by the type that the component itself imports
//! it with, so that every 0.2.x is served. Lists are empty, options are none, numbers are zero, and what can fail fails.
//! The few functions for which that would be wrong are in [`answer`]. Nothing ever waits: what a plugin could wait for
//! is always ready, so that no call holds up a worker beyond the plugin's deadline.

use wasmtime::{
    AsContextMut, StoreContextMut, bail,
    component::{Component, Linker, LinkerInstance, Resource, ResourceType, Type, Val, types},
};

use super::{State, wit};
use crate::plugins::bindings::sayso::plugin::log::Level;

/// The packages of WASI that are offered; `wasi:http` is none of them.
const PACKAGES: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];

/// How much may be written to a stream at once, and the longest line, in bytes.
const MAX_WRITE: usize = 4 << 10;
/// Most random bytes of one call: a value takes far more room in the host than in the plugin.
const MAX_RANDOM: u64 = 64 << 10;
/// Where the random numbers of every instance begin.
const SEED: u64 = 0x7361_7973_6f00_0001;

/// Errors that say best that there is nothing, the first that a type has.
const REFUSALS: [&str; 5] = ["closed", "access", "access-denied", "not-supported", "unsupported"];

/// The resource type of all of WASI. Which stream a handle stands for is in its representation; all others are alike.
struct Handle;

const STDOUT: u32 = 1;
const STDERR: u32 = 2;

/// What one instance has of WASI.
pub(in crate::plugins) struct Wasi {
    random: u64,
    /// What was written to the standard streams since the last end of a line.
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Default for Wasi {
    fn default() -> Self {
        Self { random: SEED, stdout: Vec::new(), stderr: Vec::new() }
    }
}

impl Wasi {
    /// The next number of SplitMix64, which is the same on every machine and in every version.
    const fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Whether this import is an interface of the empty WASI.
pub(super) fn is_offered(import: &str) -> bool {
    let Some((name, version)) = import.split_once('@') else { return false };
    interface(name).is_some_and(|(package, _)| PACKAGES.contains(&package)) && version.starts_with("0.2.")
}

/// Package and interface of a name such as `wasi:io/poll`.
fn interface(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("wasi:")?.split_once('/')
}

/// Offers what the component imports of the empty WASI.
pub(super) fn link(linker: &mut Linker<State>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    for (import, item) in component.component_type().imports(&engine) {
        let types::ComponentItem::ComponentInstance(interface) = item.ty else { continue };
        if !is_offered(import) {
            continue;
        }
        let mut instance = linker.instance(import)?;
        for (name, item) in interface.exports(&engine) {
            match item.ty {
                types::ComponentItem::Resource(_) => {
                    instance.resource(name, ResourceType::host::<Handle>(), |_, _| Ok(()))?;
                }
                types::ComponentItem::ComponentFunc(_) => offer(&mut instance, import, name)?,
                _ => {}
            }
        }
    }
    Ok(())
}

/// Offers one function.
fn offer(instance: &mut LinkerInstance<'_, State>, import: &str, name: &str) -> wasmtime::Result<()> {
    let interface = import.split_once('@').map_or(import, |(name, _)| name).to_owned();
    let function = name.to_owned();
    instance.func_new(name, move |mut store, ty, params, results| {
        let handles = take_handles(&mut store, params)?;
        let Some(result) = results.first_mut() else {
            return without_result(&interface);
        };
        let ty = ty.results().next().ok_or_else(|| wasmtime::format_err!("a result without a type"))?;
        *result = answer(&mut store, (&interface, &function), &ty, params, &handles)?;
        Ok(())
    })
}

/// Leaving the program is the one function without a result that must not return.
fn without_result(interface: &str) -> wasmtime::Result<()> {
    if interface == "wasi:cli/exit" {
        bail!("the plugin ended its own program");
    }
    Ok(())
}

/// What the function returns: that of the type, but for streams, polls and random numbers.
fn answer(
    store: &mut StoreContextMut<'_, State>,
    name: (&str, &str),
    ty: &Type,
    params: &[Val],
    handles: &[u32],
) -> wasmtime::Result<Val> {
    match name {
        ("wasi:random/random" | "wasi:random/insecure" | "wasi:random/insecure-seed", _) => {
            random(&mut store.data_mut().wasi, ty, params.first())
        }
        ("wasi:cli/stdout", _) => handle(store, STDOUT),
        ("wasi:cli/stderr", _) => handle(store, STDERR),
        ("wasi:io/poll", "poll") => Ok(Val::List((0u32..).take(handles.len()).map(Val::U32).collect())),
        ("wasi:io/poll", "[method]pollable.ready") => Ok(Val::Bool(true)),
        ("wasi:io/streams", function) => match function.strip_prefix("[method]output-stream.") {
            Some("check-write") => Ok(done(Some(Val::U64(MAX_WRITE as u64)))),
            Some("write" | "blocking-write-and-flush") => {
                store.data_mut().print(handles.first().copied(), params.get(1));
                Ok(done(None))
            }
            Some("flush" | "blocking-flush" | "write-zeroes" | "blocking-write-zeroes-and-flush") => Ok(done(None)),
            _ => nothing(store, ty),
        },
        _ => nothing(store, ty),
    }
}

fn done(value: Option<Val>) -> Val {
    Val::Result(Ok(value.map(Box::new)))
}

fn handle(store: &mut StoreContextMut<'_, State>, rep: u32) -> wasmtime::Result<Val> {
    Ok(Val::Resource(Resource::<Handle>::new_own(rep).try_into_resource_any(store.as_context_mut())?))
}

/// Gives back every handle among the parameters, wherever it is, as a call must: what they stand for, in order.
fn take_handles(store: &mut StoreContextMut<'_, State>, params: &[Val]) -> wasmtime::Result<Vec<u32>> {
    let mut found = Vec::new();
    let mut rest: Vec<&Val> = params.iter().rev().collect();
    while let Some(value) = rest.pop() {
        match value {
            Val::Resource(any) => found.push(any.try_into_resource::<Handle>(store.as_context_mut())?.rep()),
            Val::List(values) | Val::Tuple(values) if values.first().is_some_and(|one| !matches!(one, Val::U8(_))) => {
                rest.extend(values.iter().rev());
            }
            Val::Record(fields) => rest.extend(fields.iter().rev().map(|(_, value)| value)),
            Val::Option(Some(value)) | Val::Variant(_, Some(value)) => rest.push(value),
            _ => {}
        }
    }
    Ok(found)
}

/// Random numbers of this type: as many bytes as were asked for, a number, or several.
fn random(wasi: &mut Wasi, ty: &Type, length: Option<&Val>) -> wasmtime::Result<Val> {
    match (ty, length) {
        (Type::U64, _) => Ok(Val::U64(wasi.random())),
        (Type::Tuple(parts), _) => {
            parts.types().map(|ty| random(wasi, &ty, None)).collect::<Result<_, _>>().map(Val::Tuple)
        }
        (Type::List(_), Some(Val::U64(length))) if *length <= MAX_RANDOM => {
            let bytes = (0..length.div_ceil(8)).flat_map(|_| wasi.random().to_le_bytes());
            Ok(Val::List(bytes.take(usize::try_from(*length)?).map(Val::U8).collect()))
        }
        (Type::List(_), _) => bail!("asked for more than {MAX_RANDOM} random bytes at once"),
        _ => bail!("asked for randomness of a form that WASI 0.2 does not have"),
    }
}

/// The least that a value of this type can say.
fn nothing(store: &mut StoreContextMut<'_, State>, ty: &Type) -> wasmtime::Result<Val> {
    Ok(match ty {
        Type::Bool => Val::Bool(false),
        Type::S8 => Val::S8(0),
        Type::U8 => Val::U8(0),
        Type::S16 => Val::S16(0),
        Type::U16 => Val::U16(0),
        Type::S32 => Val::S32(0),
        Type::U32 => Val::U32(0),
        Type::S64 => Val::S64(0),
        Type::U64 => Val::U64(0),
        Type::Float32 => Val::Float32(0.0),
        Type::Float64 => Val::Float64(0.0),
        Type::Char => Val::Char('\0'),
        Type::String => Val::String(String::new()),
        Type::List(_) => Val::List(Vec::new()),
        Type::Option(_) => Val::Option(None),
        Type::Flags(_) => Val::Flags(Vec::new()),
        Type::Record(record) => {
            let field = |field: types::Field<'_>| Ok((field.name.to_owned(), nothing(store, &field.ty)?));
            Val::Record(record.fields().map(field).collect::<wasmtime::Result<_>>()?)
        }
        Type::Tuple(tuple) => Val::Tuple(tuple.types().map(|ty| nothing(store, &ty)).collect::<Result<_, _>>()?),
        Type::Result(result) => Val::Result(Err(result.err().map(|ty| refusal(store, &ty)).transpose()?.map(Box::new))),
        Type::Own(_) => handle(store, 0)?,
        other => refusal(store, other)?,
    })
}

/// An error of this type that says that there is nothing here.
fn refusal(store: &mut StoreContextMut<'_, State>, ty: &Type) -> wasmtime::Result<Val> {
    let best = |names: Vec<&str>| {
        let known = REFUSALS.iter().find(|one| names.contains(one)).copied();
        known.or_else(|| names.first().copied()).map(str::to_owned)
    };
    let name = match ty {
        Type::Enum(cases) => best(cases.names().collect()).map(Val::Enum),
        Type::Variant(variant) => {
            let plain = variant.cases().filter(|case| case.ty.is_none()).map(|case| case.name).collect();
            best(plain).map(|name| Val::Variant(name, None))
        }
        Type::Map(_)
        | Type::Borrow(_)
        | Type::Future(_)
        | Type::Stream(_)
        | Type::ErrorContext
        | Type::FixedLengthList(_) => None,
        other => return nothing(store, other),
    };
    name.ok_or_else(|| wasmtime::format_err!("asked for what the empty WASI cannot say"))
}

impl State {
    /// Takes in what was written to a standard stream, and logs the lines that it completes.
    fn print(&mut self, stream: Option<u32>, bytes: Option<&Val>) {
        let Some(Val::List(bytes)) = bytes else { return };
        let level = if stream == Some(STDERR) { Level::Warn } else { Level::Info };
        for byte in bytes {
            let Val::U8(byte) = byte else { return };
            let line = if stream == Some(STDERR) { &mut self.wasi.stderr } else { &mut self.wasi.stdout };
            if *byte != b'\n' {
                // A line without an end must not grow for ever; what is beyond would be cut from the log anyway.
                if line.len() < MAX_WRITE {
                    line.push(*byte);
                }
                continue;
            }
            self.end_line(level);
        }
    }

    /// Logs what was written and is no whole line yet: behind the call nobody knows any more whom it quotes.
    pub(in crate::plugins) fn end_lines(&mut self) {
        self.end_line(Level::Info);
        self.end_line(Level::Warn);
    }

    fn end_line(&mut self, level: Level) {
        let line = if level == Level::Warn { &mut self.wasi.stderr } else { &mut self.wasi.stdout };
        if !line.is_empty() {
            let line = String::from_utf8_lossy(&std::mem::take(line)).into_owned();
            wit::log::Host::write(self, level, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{super::NoHistory, *};
    use crate::plugins::meter::Meter;

    #[test]
    fn wasi_0_2_is_offered_but_for_http_and_other_versions() {
        for offered in ["wasi:io/poll@0.2.0", "wasi:cli/stdout@0.2.12", "wasi:sockets/tcp@0.2.9"] {
            assert!(is_offered(offered), "{offered}");
        }
        for other in
            ["wasi:http/outgoing-handler@0.2.0", "wasi:io/poll@0.3.0", "wasi:io/poll", "sayso:plugin/log@1.0.0"]
        {
            assert!(!is_offered(other), "{other}");
        }
    }

    #[test]
    fn half_a_line_is_written_with_the_call_that_wrote_it() {
        let limits = Meter::new(wasmtime::StoreLimits::default(), 0);
        let mut state = State::new("p".into(), limits, Arc::default(), Arc::new(NoHistory), Arc::default(), None);
        let mut print = |stream, text: &str| {
            state.print(Some(stream), Some(&Val::List(text.bytes().map(Val::U8).collect())));
            state.end_lines();
            (std::mem::take(&mut state.wasi.stdout), std::mem::take(&mut state.wasi.stderr))
        };
        assert_eq!(print(STDERR, "whole\nhalf"), (Vec::new(), Vec::new()));
        assert_eq!(print(STDOUT, "half"), (Vec::new(), Vec::new()));
    }

    #[test]
    fn randomness_begins_anew_with_every_instance() {
        let (mut one, mut other) = (Wasi::default(), Wasi::default());
        let numbers: Vec<u64> = (0..8).map(|_| one.random()).collect();
        assert_eq!(numbers, (0..8).map(|_| other.random()).collect::<Vec<u64>>());
        let distinct: std::collections::HashSet<_> = numbers.iter().collect();
        assert_eq!(distinct.len(), 8);
    }
}

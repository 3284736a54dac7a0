//! The objects of an execution that can change in place: an ordinal for each, and what lists held when they were last
//! looked at. Called by `changes`.
//!
//! A list is compared once an event however many variables name it, and a change of it is told as the piece of its
//! text that changed, so that a long list costs what changed in it.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine, builtins::PyList};

use crate::engines::rustpython::values::{identity::is_immutable, repr::Writer};

/// Objects after which those that nobody else keeps are let go of for the first time.
const FIRST_SWEEP: usize = 1_024;

/// The objects of one execution.
pub(crate) struct ObjectTable {
    objects: HashMap<usize, Rc<TrackedObject>>,
    next: u32,
    sweep_at: usize,
    /// Counts events, so that nothing is looked at twice in one.
    pub(crate) event: u64,
}

/// An object that can change in place.
pub(crate) struct TrackedObject {
    /// Keeps the address from being given to another object.
    object: PyObjectRef,
    pub(crate) ordinal: u32,
    pub(crate) list: RefCell<Option<TrackedList>>,
    /// The highest version that the list has had.
    version: Cell<u64>,
}

/// What a list of immutable values held.
pub(crate) struct TrackedList {
    items: Vec<PyObjectRef>,
    /// Characters of each item's text.
    lengths: Vec<u32>,
    /// Characters of the whole text.
    chars: u64,
    /// How often it was found changed, and by what the last time.
    pub(crate) version: u64,
    pub(crate) splice: Splice,
    /// The event at which it was last looked at.
    compared_at: u64,
}

/// A piece of a text that was replaced, as far as the text is kept.
#[derive(Default, Clone)]
pub(crate) struct Splice {
    pub(crate) start: u64,
    pub(crate) removed: u64,
    pub(crate) inserted: String,
    pub(crate) full_chars: Option<u64>,
}

/// What is found of a list.
pub(crate) enum ListCheck {
    /// It holds what it held, or was looked at in this event already: its version says whether it changed.
    Compared,
    /// It holds something that can change itself now, and must be shown whole.
    NotPlain,
}

impl Default for ObjectTable {
    fn default() -> Self {
        ObjectTable { objects: HashMap::new(), next: 0, sweep_at: FIRST_SWEEP, event: 0 }
    }
}

impl ObjectTable {
    /// The object, known from now on.
    pub(crate) fn track(&mut self, object: &PyObject) -> Rc<TrackedObject> {
        let key = std::ptr::from_ref(object) as usize;
        if let Some(known) = self.objects.get(&key) {
            return Rc::clone(known);
        }
        if self.objects.len() >= self.sweep_at {
            // What only this table and shadows of it keep is gone for the program.
            self.objects.retain(|_, known| known.object.strong_count() > 1 || Rc::strong_count(known) > 1);
            self.sweep_at = (self.objects.len() * 2).max(FIRST_SWEEP);
        }
        let known = Rc::new(TrackedObject {
            object: object.to_owned(),
            ordinal: self.next,
            list: RefCell::new(None),
            version: Cell::new(0),
        });
        self.next += 1;
        self.objects.insert(key, Rc::clone(&known));
        known
    }
}

impl ObjectTable {
    /// Keeps the object no more: it has come to hold what must end in time.
    pub(crate) fn untrack(&mut self, object: &PyObject) {
        self.objects.remove(&(std::ptr::from_ref(object) as usize));
    }
}

fn chars_of(item: &PyObject, limit: usize, scratch: &mut String, vm: &VirtualMachine) -> u32 {
    scratch.clear();
    let mut writer = Writer::within(std::mem::take(scratch), limit, vm);
    let _ = writer.object(item);
    let chars = writer.chars();
    *scratch = writer.into_text();
    u32::try_from(chars).unwrap_or(u32::MAX)
}

impl TrackedObject {
    /// The object is this one.
    #[inline]
    pub(crate) fn is(&self, object: &PyObject) -> bool {
        std::ptr::eq(&*self.object, object)
    }

    /// The object itself.
    pub(crate) fn object(&self) -> &PyObject {
        &self.object
    }

    /// Takes the list's items in, or looks at them again; `false` when one of them can change itself.
    pub(crate) fn start_or_compare(&self, event: u64, limit: usize, vm: &VirtualMachine) -> bool {
        if self.list.borrow().is_some() {
            return matches!(self.compare(event, limit, vm), ListCheck::Compared);
        }
        let Some(list) = self.object.downcast_ref_if_exact::<PyList>(vm) else { return false };
        let items: Vec<PyObjectRef> = list.borrow_vec().to_vec();
        if !items.iter().all(|item| is_immutable(item, vm)) {
            return false;
        }
        let mut scratch = String::new();
        let lengths: Vec<u32> = items.iter().map(|item| chars_of(item, limit, &mut scratch, vm)).collect();
        let separators = 2 * lengths.len().saturating_sub(1) as u64;
        let chars = 2 + separators + lengths.iter().map(|length| u64::from(*length)).sum::<u64>();
        // Whoever was told an earlier version must be told the whole list.
        let version = self.version.get() + 2;
        self.version.set(version);
        *self.list.borrow_mut() =
            Some(TrackedList { items, lengths, chars, version, splice: Splice::default(), compared_at: event });
        true
    }

    /// Looks at the list again, at most once an event.
    pub(crate) fn compare(&self, event: u64, limit: usize, vm: &VirtualMachine) -> ListCheck {
        let mut known = self.list.borrow_mut();
        let Some(list) = known.as_mut() else { return ListCheck::NotPlain };
        if list.compared_at == event {
            return ListCheck::Compared;
        }
        list.compared_at = event;
        let Some(object) = self.object.downcast_ref::<PyList>() else { return ListCheck::NotPlain };
        let now = object.borrow_vec();
        let same = |a: &PyObjectRef, b: &PyObjectRef| a.is(b);
        let before = &list.items;
        let most = before.len().min(now.len());
        let start = alike(before, &now, most);
        if start == before.len() && start == now.len() {
            return ListCheck::Compared;
        }
        let kept = before[start..].iter().rev().zip(now[start..].iter().rev()).take_while(|(a, b)| same(a, b)).count();
        let new: Vec<PyObjectRef> = now[start..now.len() - kept].to_vec();
        drop(now);
        if !new.iter().all(|item| is_immutable(item, vm)) {
            *known = None;
            return ListCheck::NotPlain;
        }
        let end = list.items.len() - kept;
        list.replace(start, end, new, limit, vm);
        self.version.set(list.version);
        ListCheck::Compared
    }

    /// The list's text, cut, and its whole length when it is.
    pub(crate) fn text(&self, limit: usize, mut out: String, vm: &VirtualMachine) -> (String, Option<u64>) {
        let known = self.list.borrow();
        let Some(list) = &*known else { return (out, None) };
        out.clear();
        let mut writer = Writer::within(out, limit, vm);
        let _ = writer.sequence("[", &list.items, "]");
        (writer.into_text(), (list.chars > limit as u64).then_some(list.chars))
    }
}

/// How many items the two begin with in common, of at most `most`: whole blocks first, which compares faster.
fn alike(before: &[PyObjectRef], now: &[PyObjectRef], most: usize) -> usize {
    const BLOCK: usize = 16;
    let same = |a: &[PyObjectRef], b: &[PyObjectRef]| a.iter().zip(b).fold(true, |same, (a, b)| same & a.is(b));
    let blocks = before[..most].chunks_exact(BLOCK).zip(now[..most].chunks_exact(BLOCK));
    let whole = blocks.take_while(|(a, b)| same(a, b)).count() * BLOCK;
    whole + before[whole..most].iter().zip(&now[whole..most]).take_while(|(a, b)| a.is(*b)).count()
}

impl TrackedList {
    /// Puts `new` in place of the items from `from` to `to`, and says what that does to the text.
    fn replace(&mut self, from: usize, to: usize, new: Vec<PyObjectRef>, limit: usize, vm: &VirtualMachine) {
        let limit_chars = limit as u64;
        let old_count = self.items.len();
        // Where the first item begins; what lies beyond the kept text need not be known exactly.
        let mut start = 1;
        for length in &self.lengths[..from] {
            if start >= limit_chars {
                break;
            }
            start += u64::from(*length) + 2;
        }
        let removed_chars: u64 = self.lengths[from..to].iter().map(|length| u64::from(*length)).sum();
        let (gone, come) = ((to - from) as u64, new.len() as u64);
        let mut writer = Writer::within(String::new(), limit, vm);
        let mut lengths = Vec::with_capacity(new.len());
        for (at, item) in new.iter().enumerate() {
            let before = writer.chars();
            if writer.object(item).is_err() {
                // The text kept is full: the lengths of the rest are measured by themselves.
                let mut scratch = String::new();
                lengths.extend(new[at..].iter().map(|item| chars_of(item, limit, &mut scratch, vm)));
                break;
            }
            lengths.push(u32::try_from(writer.chars() - before).unwrap_or(u32::MAX));
            if at + 1 < new.len() && writer.put(", ").is_err() {
                let mut scratch = String::new();
                lengths.extend(new[at + 1..].iter().map(|item| chars_of(item, limit, &mut scratch, vm)));
                break;
            }
        }
        let inserted_chars = lengths.iter().map(|length| u64::from(*length)).sum::<u64>();
        let mut inserted = writer.into_text();
        let separators = |count: u64| 2 * count.saturating_sub(1);
        let mut removed = removed_chars + separators(gone);
        let rest = old_count > to;
        let mut added = inserted_chars + separators(come);
        if gone == 0 && come > 0 {
            added += if old_count > 0 { 2 } else { 0 };
            if rest {
                inserted.push_str(", ");
            } else if old_count > 0 {
                start = start.saturating_sub(2);
                inserted.insert_str(0, ", ");
            }
        } else if come == 0 && gone > 0 {
            if rest {
                removed += 2;
            } else if from > 0 {
                start = start.saturating_sub(2);
                removed += 2;
            }
        }
        let chars_before = self.chars;
        self.chars = self.chars + added - removed;
        self.items.splice(from..to, new);
        self.lengths.splice(from..to, lengths);
        self.version += 1;
        let full_chars = (self.chars > limit_chars).then_some(self.chars);
        let is_whole = chars_before <= limit_chars && full_chars.is_none();
        let moves_nothing = removed == added && start + added <= limit_chars;
        self.splice = if start >= limit_chars {
            Splice { start: limit_chars, removed: 0, inserted: String::new(), full_chars }
        } else if is_whole || moves_nothing {
            Splice { start, removed, inserted, full_chars }
        } else {
            // What follows the piece moves, into the text kept or out of it.
            let whole = {
                let mut writer = Writer::within(String::new(), limit, vm);
                let _ = writer.sequence("[", &self.items, "]");
                writer.into_text()
            };
            let tail = whole.char_indices().nth(start as usize).map_or("", |(at, _)| &whole[at..]);
            let removed = chars_before.min(limit_chars).saturating_sub(start);
            Splice { start, removed, inserted: tail.to_owned(), full_chars }
        };
    }
}

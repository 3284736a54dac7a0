//! The objects of an execution that can change in place: an ordinal for each, and the content of lists as it was last
//! compared. Called by `changes`.
//!
//! A list is compared once an event however many variables name it. Its change is stored as a splice of its `repr`, so
//! that the cost of a long list is that of its change.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
};

use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine, builtins::PyList};

use crate::engines::rustpython::values::{identity::is_immutable, repr::Writer};

/// Number of objects at which those that only this table keeps alive are dropped for the first time.
const FIRST_SWEEP: usize = 1_024;

/// The objects of one execution.
pub(crate) struct ObjectTable {
    objects: HashMap<usize, Rc<TrackedObject>>,
    next: u32,
    sweep_at: usize,
    /// Counts events, so that no list is compared twice at one event.
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

/// The content of a list of immutable values.
pub(crate) struct TrackedList {
    items: Vec<PyObjectRef>,
    /// Characters of each item's text.
    lengths: Vec<u32>,
    /// Characters of the whole text.
    chars: u64,
    /// The number of changes that were found, and the latest one.
    pub(crate) version: u64,
    pub(crate) splice: Splice,
    /// The event at which it was last compared.
    compared_at: u64,
}

/// A piece of a text that was replaced, within the part of the text that is kept.
#[derive(Default, Clone)]
pub(crate) struct Splice {
    pub(crate) start: u64,
    pub(crate) removed: u64,
    pub(crate) inserted: String,
    pub(crate) full_chars: Option<u64>,
}

/// The result of comparing a list.
pub(crate) enum ListCheck {
    /// It was compared, now or earlier at this event. Its version shows whether it changed.
    Compared,
    /// It holds a value that can change itself, and must be rendered whole.
    NotPlain,
}

impl Default for ObjectTable {
    fn default() -> Self {
        ObjectTable { objects: HashMap::new(), next: 0, sweep_at: FIRST_SWEEP, event: 0 }
    }
}

impl ObjectTable {
    /// The entry of an object, made where there is none.
    pub(crate) fn track(&mut self, object: &PyObject) -> Rc<TrackedObject> {
        let key = std::ptr::from_ref(object) as usize;
        if let Some(known) = self.objects.get(&key) {
            return Rc::clone(known);
        }
        if self.objects.len() >= self.sweep_at {
            // An object that only this table and recorded values keep is gone for the program.
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
    /// Drops the entry of an object: it has come to hold something that must end in time.
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
    /// Whether it is this object.
    #[inline]
    pub(crate) fn is(&self, object: &PyObject) -> bool {
        std::ptr::eq(&*self.object, object)
    }

    /// The object itself.
    pub(crate) fn object(&self) -> &PyObject {
        &self.object
    }

    /// Reads the list's items, or compares them again; `false` when one of them can change itself.
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
        // A variable with an earlier version needs the whole list.
        let version = self.version.get() + 2;
        self.version.set(version);
        *self.list.borrow_mut() =
            Some(TrackedList { items, lengths, chars, version, splice: Splice::default(), compared_at: event });
        true
    }

    /// Compares the list, at most once an event.
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
        let start = common_prefix(before, &now, most);
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

    /// The list's text, cut at `limit`, and its whole length where it is cut.
    pub(crate) fn text(&self, limit: usize, mut out: String, vm: &VirtualMachine) -> (String, Option<u64>) {
        let known = self.list.borrow();
        let Some(list) = &*known else { return (out, None) };
        out.clear();
        let mut writer = Writer::within(out, limit, vm);
        let _ = writer.sequence("[", &list.items, "]");
        (writer.into_text(), (list.chars > limit as u64).then_some(list.chars))
    }
}

/// The number of items at which both begin alike, at most `most`. Whole blocks come first, which compares faster.
fn common_prefix(before: &[PyObjectRef], now: &[PyObjectRef], most: usize) -> usize {
    const BLOCK: usize = 16;
    let same = |a: &[PyObjectRef], b: &[PyObjectRef]| a.iter().zip(b).fold(true, |same, (a, b)| same & a.is(b));
    let blocks = before[..most].chunks_exact(BLOCK).zip(now[..most].chunks_exact(BLOCK));
    let whole = blocks.take_while(|(a, b)| same(a, b)).count() * BLOCK;
    whole + before[whole..most].iter().zip(&now[whole..most]).take_while(|(a, b)| a.is(*b)).count()
}

impl TrackedList {
    /// Replaces the items from `from` to `to` by `new`, and computes the splice of the text.
    fn replace(&mut self, from: usize, to: usize, new: Vec<PyObjectRef>, limit: usize, vm: &VirtualMachine) {
        let limit_chars = limit as u64;
        let old_count = self.items.len();
        // Where the first item begins in the text. Beyond the kept text the place need not be exact.
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
                // The kept text is full: the rest is measured item by item.
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
            // The text behind the splice moves, into the kept text or out of it.
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

//! A simulation of CPython's set table: the slot of each element after insertions, deletions and merges. Called by
//! `tables`.
//!
//! The order of a set is the order of its slots. The slots follow from the hashes, the size of the table, and, where
//! elements collide, from the order of insertions and deletions. Nothing here knows Python objects.

/// Slots of an empty set.
const MIN_SLOTS: usize = 8;
/// Neighbours that are tried before the next jump.
const LINEAR_PROBES: usize = 9;
/// Bits of the hash that each jump takes in.
const PERTURB_SHIFT: u32 = 5;
/// Elements from which a table doubles instead of growing by four.
const LARGE: usize = 50_000;

/// What a slot holds.
#[derive(Clone, Debug)]
enum Slot<K> {
    Empty,
    /// An element was deleted here.
    Deleted,
    Full(i64, K),
}

/// A set's table.
#[derive(Clone, Debug)]
pub(super) struct Table<K> {
    slots: Vec<Slot<K>>,
    /// Slots that are not empty.
    fill: usize,
    used: usize,
    /// The slot where the next `pop` starts.
    finger: usize,
}

impl<K: Clone> Table<K> {
    /// An empty table, of the size of a new set.
    pub(super) fn new() -> Self {
        Table { slots: vec![Slot::Empty; MIN_SLOTS], fill: 0, used: 0, finger: 0 }
    }

    /// The number of elements.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// The number of slots, which measures its memory.
    pub(super) fn size(&self) -> usize {
        self.slots.len()
    }

    /// An element was popped.
    pub(super) fn was_popped(&self) -> bool {
        self.finger != 0
    }

    /// The elements in their order.
    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries().map(|(_, key)| key)
    }

    /// The elements with their hashes, in their order.
    pub(super) fn entries(&self) -> impl Iterator<Item = (i64, &K)> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Full(hash, key) => Some((*hash, key)),
            Slot::Empty | Slot::Deleted => None,
        })
    }

    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    /// The slot of the element, or the one where it would go: the last deleted one on the probe path, or the empty one
    /// at its end.
    fn find(&self, hash: i64, is_same: impl Fn(&K) -> bool) -> usize {
        let mask = self.mask();
        let mut free = None;
        let mut perturb = hash as u64 as usize;
        let mut at = perturb & mask;
        loop {
            let neighbours = if at + LINEAR_PROBES <= mask { LINEAR_PROBES } else { 0 };
            for place in at..=at + neighbours {
                match &self.slots[place] {
                    Slot::Empty => return free.unwrap_or(place),
                    Slot::Deleted => free = Some(place),
                    Slot::Full(known, key) if *known == hash && is_same(key) => return place,
                    Slot::Full(..) => {}
                }
            }
            perturb >>= PERTURB_SHIFT;
            at = at.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb) & mask;
        }
    }

    /// Whether an element is in it.
    pub(super) fn contains(&self, hash: i64, is_same: impl Fn(&K) -> bool) -> bool {
        matches!(self.slots[self.find(hash, is_same)], Slot::Full(..))
    }

    /// Adds an element unless an equal one is there.
    pub(super) fn add(&mut self, hash: i64, key: K, is_same: impl Fn(&K) -> bool) {
        let at = self.find(hash, is_same);
        match std::mem::replace(&mut self.slots[at], Slot::Full(hash, key)) {
            // The one that was there stays.
            full @ Slot::Full(..) => self.slots[at] = full,
            // The table does not grow, for no further slot is in use.
            Slot::Deleted => self.used += 1,
            Slot::Empty => {
                self.fill += 1;
                self.used += 1;
                if self.fill * 5 >= self.mask() * 3 {
                    self.resize(self.roomy());
                }
            }
        }
    }

    /// Deletes an element.
    pub(super) fn remove(&mut self, hash: i64, is_same: impl Fn(&K) -> bool) -> bool {
        let at = self.find(hash, is_same);
        let found = matches!(self.slots[at], Slot::Full(..));
        if found {
            self.slots[at] = Slot::Deleted;
            self.used -= 1;
        }
        found
    }

    /// Deletes what is not to be kept.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&K) -> bool) {
        for slot in &mut self.slots {
            if let Slot::Full(_, key) = slot
                && !is_kept(key)
            {
                *slot = Slot::Deleted;
                self.used -= 1;
            }
        }
    }

    /// Removes deleted slots if there are many, as a difference does at its end.
    pub(super) fn shrink(&mut self) {
        if self.fill - self.used > self.mask() / 4 {
            self.resize(self.roomy());
        }
    }

    /// Adds the element, or deletes it if it is there.
    pub(super) fn toggle(&mut self, hash: i64, key: K, is_same: impl Fn(&K) -> bool + Copy) {
        if !self.remove(hash, is_same) {
            self.add(hash, key, is_same);
        }
    }

    /// The element that `pop` takes.
    pub(super) fn pop(&mut self) -> Option<K> {
        if self.used == 0 {
            return None;
        }
        let mask = self.mask();
        let mut at = self.finger & mask;
        loop {
            if let Slot::Full(_, key) = &self.slots[at] {
                let key = key.clone();
                self.slots[at] = Slot::Deleted;
                self.used -= 1;
                self.finger = at + 1;
                return Some(key);
            }
            at = (at + 1) & mask;
        }
    }

    /// Deletes everything; keeps the slot where the next `pop` starts.
    pub(super) fn clear(&mut self) {
        *self = Table { finger: self.finger, ..Table::new() };
    }

    /// Takes over another table, as the in-place operations do; keeps the slot where the next `pop` starts.
    pub(super) fn replace(&mut self, other: Self) {
        *self = Table { finger: self.finger, ..other };
    }

    /// Makes room for the elements of a dictionary that is about to be merged.
    pub(super) fn reserve(&mut self, count: usize) {
        if (self.fill + count) * 5 >= self.mask() * 3 {
            self.resize((self.used + count) * 2);
        }
    }

    /// Merges another set.
    pub(super) fn merge(&mut self, other: &Self, is_same: impl Fn(&K, &K) -> bool) {
        if other.used == 0 {
            return;
        }
        self.reserve(other.used);
        if self.fill == 0 {
            self.used = other.used;
            self.fill = other.used;
            if self.slots.len() == other.slots.len() && other.fill == other.used {
                self.slots.clone_from(&other.slots);
                return;
            }
            for (hash, key) in other.entries() {
                self.put(hash, key.clone());
            }
            return;
        }
        for (hash, key) in other.entries() {
            self.add(hash, key.clone(), |known| is_same(known, key));
        }
    }

    /// A copy: a new set merged with this one.
    pub(super) fn copied(&self) -> Self {
        let mut copy = Table::new();
        copy.merge(self, |_, _| false);
        copy
    }

    fn roomy(&self) -> usize {
        if self.used > LARGE { self.used * 2 } else { self.used * 4 }
    }

    fn resize(&mut self, more_than: usize) {
        let mut size = MIN_SLOTS;
        while size <= more_than {
            size <<= 1;
        }
        if size == MIN_SLOTS && self.slots.len() == MIN_SLOTS && self.fill == self.used {
            return;
        }
        let before = std::mem::replace(&mut self.slots, vec![Slot::Empty; size]);
        self.fill = self.used;
        for slot in before {
            if let Slot::Full(hash, key) = slot {
                self.put(hash, key);
            }
        }
    }

    /// Puts an element that is not there into a table that nothing was deleted from.
    fn put(&mut self, hash: i64, key: K) {
        let at = self.find(hash, |_| false);
        self.slots[at] = Slot::Full(hash, key);
    }
}

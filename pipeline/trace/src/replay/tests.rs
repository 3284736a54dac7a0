//! What records and rows leave out comes back: a model of frames that keeps whole states is the witness.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::event::Operation;
use crate::value::Value;
use crate::wire::{Call, EventFields};
use crate::{Collector, Decoder, Encoder};

fn text(repr: &str) -> Option<ValueRef<'_>> {
    Some(ValueRef::Text { repr, type_name: "list", full_chars: None })
}

fn change<'a>(scope: Scope, variable_index: u32, name: &'a str, value: Option<ValueRef<'a>>) -> ChangeRef<'a> {
    ChangeRef { scope, variable_index, name, action: Action::Bound, value, object_index: None, members: None }
}

fn shown<'a>(variables: impl Iterator<Item = &'a Variable>) -> Vec<String> {
    variables
        .map(|one| {
            let (scope, value) = (one.scope.name(), &one.value);
            format!("{scope} {}={} {}", one.name, value.text(), value.type_name())
        })
        .collect()
}

#[test]
fn a_name_that_was_recorded_once_is_known_also_after_its_variable_was_deleted() {
    let mut state = FrameState::default();
    assert!(!state.apply(&change(Scope::Local, 0, "a", text("[1]"))));
    assert!(state.apply(&change(Scope::Local, 0, "", None)));
    assert_eq!((state.all().count(), state.get(Scope::Local, 0), state.name(Scope::Local, 0)), (0, None, "a"));
    assert!(!state.apply(&change(Scope::Local, 0, "", Some(ValueRef::Int(2)))));
    assert_eq!(shown(state.all()), ["local a=2 int"]);
}

#[test]
fn a_mutated_object_stays_the_object_that_it_was_and_a_rebound_one_does_not() {
    let mut state = FrameState::default();
    let splice = ValueRef::Splice { start: 2, removed: 1, inserted: "22", full_chars: Some(90) };
    state.apply(&ChangeRef {
        object_index: Some(3),
        members: Some("4 5"),
        ..change(Scope::Local, 0, "a", text("[é1]"))
    });
    state.apply(&ChangeRef { action: Action::Mutated, ..change(Scope::Local, 0, "a", Some(splice)) });
    let one = state.get(Scope::Local, 0).unwrap();
    let value = Value::Text { repr: "[é22]".into(), type_name: "list".into(), full_chars: Some(90) };
    assert_eq!((&one.value, one.object_index, one.members.as_deref()), (&value, Some(3), None));
    state.apply(&ChangeRef { action: Action::Rebound, ..change(Scope::Local, 0, "a", text("[]")) });
    assert_eq!(state.get(Scope::Local, 0).unwrap().object_index, None);
    // A value that was deleted leaves nothing for the next one.
    state.apply(&ChangeRef { object_index: Some(3), ..change(Scope::Local, 0, "a", text("[7]")) });
    state.apply(&change(Scope::Local, 0, "a", None));
    state.apply(&ChangeRef { action: Action::Mutated, ..change(Scope::Local, 0, "a", Some(splice)) });
    let one = state.get(Scope::Local, 0).unwrap();
    assert_eq!((&*one.value.text(), one.value.type_name(), one.object_index), ("22", "", None));
}

#[test]
fn an_iterator_knows_what_is_left() {
    let mut state = FrameState::default();
    let begins = ValueRef::Iterator {
        walks: "[5, 6, 7]",
        type_name: "list_iterator",
        full_chars: None,
        items_drawn: 1,
        items_left: Some(2),
    };
    state.apply(&change(Scope::Iterator, 0, "for 2", Some(begins)));
    state.apply(&change(Scope::Iterator, 0, "", Some(ValueRef::Int(3))));
    state.apply(&change(Scope::Stack, 0, "", Some(ValueRef::Int(3))));
    assert_eq!(shown(state.iterators()), ["iterator for 2=[5, 6, 7] list_iterator"]);
    let one = state.iterators().next().unwrap();
    assert_eq!((one.items_drawn, one.items_total, one.items_left()), (Some(3), Some(3), Some(0)));
    assert_eq!(state.variables().count(), 0);
}

/// The stack that an instruction finds at that depth, where the one before it pushed that.
fn stack_after(pushes: &str, depth: u32, before: &[Option<i64>]) -> (Vec<Option<i64>>, Vec<u32>) {
    let mut state = FrameState::default();
    state.apply(&change(Scope::Local, 0, "a", Some(ValueRef::Int(70))));
    for (place, value) in (0..).zip(before) {
        state.apply(&change(Scope::Stack, place, "", value.map(ValueRef::Int)));
    }
    let before = InstructionStack { depth: depth.max(u32::try_from(before.len()).unwrap()), pushes: Some(pushes) };
    state.begin_instruction(before, |place, _| panic!("place {place} changed by itself"));
    let mut implied = Vec::new();
    state.begin_instruction(InstructionStack { depth, pushes: None }, |place, _| implied.push(place));
    let number = |entry: &Variable| match entry.value {
        Value::Int(number) => number,
        Value::Text { .. } => panic!("{entry:?}"),
    };
    (state.stack().map(|entry| entry.map(number)).collect(), implied)
}

#[test]
fn entries_are_counted_from_the_top() {
    let held = [Some(10), Some(11), Some(12)];
    let filled = |numbers: &[i64]| numbers.iter().copied().map(Some).collect::<Vec<_>>();
    assert_eq!(stack_after("copy 2", 4, &held), (filled(&[10, 11, 12, 11]), vec![3]));
    assert_eq!(stack_after("swap 3", 3, &held), (filled(&[12, 11, 10]), vec![0, 2]));
    assert_eq!(stack_after("local 0, local 0", 2, &held), (filled(&[70, 70]), vec![0, 1]));
    assert_eq!(stack_after("local 0", 4, &held), (filled(&[10, 11, 12, 70]), vec![3]));
    assert_eq!(stack_after("constant int -4", 1, &held), (filled(&[-4]), vec![0]));
    // An unbound local leaves its place empty; so is the place beside the top here.
    assert_eq!(stack_after("local 9", 4, &held), ([filled(&[10, 11, 12]), vec![None]].concat(), vec![3]));
    let swapped = stack_after("swap 2", 4, &[Some(10), Some(11), Some(12), None]);
    assert_eq!(swapped, (vec![Some(10), Some(11), None, Some(12)], vec![2, 3]));
    // Equal ones change places and nothing changes.
    assert_eq!(stack_after("swap 2", 2, &[Some(8), Some(8)]), (filled(&[8, 8]), vec![]));
    // A place that never changed is empty, also where the stack shrinks to it.
    assert_eq!(stack_after("swap 3", 3, &[None, None, Some(12)]), (vec![Some(12), None, None], vec![0, 2]));
    let mut state = FrameState::default();
    state.apply(&change(Scope::Stack, 2, "", Some(ValueRef::Int(1))));
    state.begin_instruction(InstructionStack { depth: 2, pushes: None }, |_, _| {});
    assert_eq!(state.stack().collect::<Vec<_>>(), [None, None]);
    // What no code does changes nothing.
    for odd in ["copy 9", "copy 4294967295", "swap 9", "jump 1"] {
        assert_eq!(stack_after(odd, 3, &held), (filled(&[10, 11, 12]), vec![]), "{odd}");
    }
}

#[test]
fn a_place_that_no_stack_has_takes_no_room() {
    let mut state = FrameState::default();
    state.apply(&change(Scope::Stack, u32::MAX, "", Some(ValueRef::Int(1))));
    assert!(state.stack().count() < 100_000);
    assert_eq!(state.all().count(), 1);
}

#[test]
fn a_frame_that_ended_can_be_looked_at_until_something_else_happens() {
    let mut replay = Replay::default();
    replay.change(3, &change(Scope::Local, 0, "a", Some(ValueRef::Int(1))));
    replay.event(3, EventKind::Return, None, |_, _| {});
    assert_eq!(shown(replay.frame(3).unwrap().all()), ["local a=1 int"]);
    replay.event(0, EventKind::Line, None, |_, _| {});
    assert!(replay.frame(3).is_none());
}

#[test]
fn rows_say_what_null_stands_for() {
    let restored = |row: &StoredChange<'static>| {
        let change = row.restored();
        (change.scope.name(), change.action.name(), change.value)
    };
    let row = StoredChange { value_int: Some(7), ..StoredChange::default() };
    assert_eq!(restored(&row), ("local", "rebound", Some(ValueRef::Int(7))));
    assert_eq!(restored(&StoredChange { name: Some("a"), ..row }), ("local", "bound", Some(ValueRef::Int(7))));
    assert_eq!(restored(&StoredChange { scope: Some("stack"), ..row }), ("stack", "bound", Some(ValueRef::Int(7))));
    assert_eq!(restored(&StoredChange { action: Some("mutated"), ..row }).1, "mutated");
    assert_eq!(restored(&StoredChange::default()), ("local", "deleted", None));
    let text = StoredChange { value_text: Some("'é'"), ..StoredChange::default() };
    let value = ValueRef::Text { repr: "'é'", type_name: "str", full_chars: None };
    assert_eq!(restored(&text), ("local", "rebound", Some(value)));
    let splice = ValueRef::Splice { start: 1, removed: 0, inserted: "'é'", full_chars: Some(80) };
    let row = StoredChange { splice: Some((1, -1)), value_chars: Some(80), ..text };
    assert_eq!(restored(&row), ("local", "mutated", Some(splice)));
    let walks =
        ValueRef::Iterator { walks: "'é'", type_name: "zip", full_chars: None, items_drawn: 1, items_left: Some(4) };
    let row = StoredChange { value_int: Some(1), value_type: Some("zip"), items_left: Some(4), ..text };
    assert_eq!(restored(&StoredChange { scope: Some("iterator"), ..row }), ("iterator", "rebound", Some(walks)));
}

/// What a variable of the model holds.
#[derive(Debug, Clone, PartialEq)]
struct ModelVariable {
    value: Value,
    object_index: Option<u32>,
    members: Option<String>,
    /// For an iterator: items drawn, and left.
    items: Option<(u64, Option<u64>)>,
}

/// A frame of the model. Its value stack is a vector, as an interpreter has it.
#[derive(Debug, Default)]
struct Modelled {
    index: u32,
    variables: BTreeMap<(Scope, u32), ModelVariable>,
    stack: Vec<Option<ModelVariable>>,
    /// Locals that the latest instruction loads: one instruction may store and load, and loads what it stored.
    loads: Vec<u32>,
    /// The instruction that is next.
    next: usize,
}

type State = Vec<((Scope, u32), ModelVariable)>;

impl Modelled {
    /// All that the frame holds; the stack only before an instruction, as nothing is known of it at other events.
    fn state(&mut self, kind: EventKind) -> State {
        if kind != EventKind::Instruction {
            return self.variables.clone().into_iter().collect();
        }
        for index in std::mem::take(&mut self.loads) {
            self.stack.push(self.variables.get(&(Scope::Local, index)).cloned());
        }
        let stack = (0..).zip(&self.stack).filter_map(|(place, held)| Some(((Scope::Stack, place), held.clone()?)));
        self.variables.clone().into_iter().chain(stack).collect()
    }
}

const VARIABLES: [(Scope, &str); 5] = [
    (Scope::Local, "a"),
    (Scope::Local, "b"),
    (Scope::Captured, "c"),
    (Scope::Global, "D"),
    (Scope::Iterator, "for 2"),
];

/// The code of every frame: opcode, entries that it finds, what it pushes where that follows from it alone.
const CODE: [(&str, u32, Option<&str>); 9] = [
    ("LOAD_FAST", 0, Some("local 0")),
    ("LOAD_CONST", 1, Some("constant str 'k'")),
    ("COPY", 2, Some("copy 2")),
    ("SWAP", 3, Some("swap 2")),
    ("CALL", 3, None),
    ("LOAD_FAST_LOAD_FAST", 1, Some("local 0, local 1")),
    ("LOAD_SMALL_INT", 3, Some("constant int -5")),
    ("BUILD_LIST", 4, None),
    ("POP_TOP", 1, None),
];

/// One step: what is done, to which variable, a number, a text.
type Step = (u8, u8, u8, String);

/// Makes a variable hold what the step says, and records the change.
fn set(frame: &mut Modelled, to: &mut Encoder, (form, variable, number, piece): &Step) {
    let number_of_variable = u32::from(*variable) % 5;
    let (scope, _) = VARIABLES[number_of_variable as usize];
    let place = (scope, if scope == Scope::Local { number_of_variable } else { 0 });
    let known = frame.variables.get(&place).cloned();
    let (items_drawn, items_left) = (u64::from(*number), form.is_multiple_of(2).then_some(9));
    let (value, action, held) = match (scope, form % 5, known) {
        (_, 0, Some(_)) => (None, Action::Deleted, None),
        (Scope::Iterator, 1..4, Some(known)) => {
            let (drawn, left) = known.items.unwrap();
            let more = u64::from(*number) % 3;
            let items = Some((drawn + more, left.map(|left| left.saturating_sub(more))));
            let drawn = ValueRef::Int(i64::try_from(drawn + more).unwrap());
            (Some(drawn), Action::Rebound, Some(ModelVariable { items, ..known }))
        }
        (Scope::Iterator, _, known) => {
            let value =
                ValueRef::Iterator { walks: piece, type_name: "zip", full_chars: None, items_drawn, items_left };
            let items = Some((items_drawn, items_left));
            let held = ModelVariable { value: value.to_value(), object_index: None, members: None, items };
            (Some(value), if known.is_some() { Action::Rebound } else { Action::Bound }, Some(held))
        }
        (_, 1, Some(ModelVariable { value: Value::Text { repr, type_name, .. }, object_index, .. })) => {
            let letters: Vec<char> = repr.chars().collect();
            let (start, removed) = (usize::from(*number) % 7, usize::from(*number) % 3);
            let (from, end) = (start.min(letters.len()), (start + removed).min(letters.len()));
            let repr: String =
                letters[..from].iter().copied().chain(piece.chars()).chain(letters[end..].iter().copied()).collect();
            let full_chars = (*number > 200).then_some(999);
            let value = ValueRef::Splice { start: start as u64, removed: removed as u64, inserted: piece, full_chars };
            let held = ModelVariable {
                value: Value::Text { repr, type_name, full_chars },
                object_index,
                members: None,
                items: None,
            };
            (Some(value), Action::Mutated, Some(held))
        }
        (_, form, known) => {
            let value = match form {
                2 | 3 => {
                    ValueRef::Text { repr: piece, type_name: ["T", "str"][usize::from(form) % 2], full_chars: None }
                }
                _ => ValueRef::Int(i64::from(*number)),
            };
            let (object_index, members) = ((form == 2).then_some(7), (form == 2).then(|| "1 2".to_owned()));
            let held = ModelVariable { value: value.to_value(), object_index, members, items: None };
            (Some(value), if known.is_some() { Action::Rebound } else { Action::Bound }, Some(held))
        }
    };
    // The object and what is inside are recorded where another object is named.
    let named = held.as_ref().filter(|_| action != Action::Mutated);
    let (object_index, members) = named.map_or((None, None), |held| (held.object_index, held.members.as_deref()));
    to.change(number_of_variable, false, action, value, object_index, members);
    match held {
        Some(held) => drop(frame.variables.insert(place, held)),
        None => drop(frame.variables.remove(&place)),
    }
}

/// Runs the frame's next instruction in the model, and records what does not follow from the instruction alone.
fn run_instruction(frame: &mut Modelled, to: &mut Encoder, result: &str) {
    let constant = |value| Some(ModelVariable { value, object_index: None, members: None, items: None });
    let result = ValueRef::Text { repr: result, type_name: "list", full_chars: None };
    let top = frame.stack.len().saturating_sub(1);
    match CODE[frame.next].0 {
        "LOAD_FAST" => frame.loads = vec![0],
        "LOAD_FAST_LOAD_FAST" => frame.loads = vec![0, 1],
        "LOAD_CONST" => {
            let value = ValueRef::Text { repr: "'k'", type_name: "str", full_chars: None };
            frame.stack.push(constant(value.to_value()));
        }
        "LOAD_SMALL_INT" => frame.stack.push(constant(Value::Int(-5))),
        "COPY" => frame.stack.push(frame.stack[top - 1].clone()),
        "SWAP" => frame.stack.swap(top, top - 1),
        "POP_TOP" => drop(frame.stack.pop()),
        "CALL" | "BUILD_LIST" => {
            frame.stack.clear();
            frame.stack.push(Some(ModelVariable { object_index: Some(3), ..constant(result.to_value()).unwrap() }));
            to.change(0, true, Action::Bound, Some(result), Some(3), None);
        }
        other => panic!("{other}"),
    }
    frame.next = (frame.next + 1) % CODE.len();
}

/// Records of the steps, and the whole state of its frame at each event.
fn execution(steps: &[Step]) -> (Vec<u8>, Vec<State>) {
    let mut to = Encoder::default();
    let operations = CODE.map(|(opcode, stack_depth, pushes)| Operation {
        opcode: opcode.to_owned(),
        argument: None,
        meaning: String::new(),
        line_number: 2,
        stack_depth,
        pushes: pushes.map(str::to_owned),
    });
    to.code("f", VARIABLES.into_iter(), &operations);
    let call = |parent_index, depth| EventFields {
        call: Some(Call { parent_index, depth, code_index: 0 }),
        ..EventFields::default()
    };
    let mut records = to.event(EventKind::Call, 0, 1, call(None, 0)).to_vec();
    let mut states = vec![State::new()];
    let mut frames = vec![Modelled::default()];
    let mut frame_count = 1;
    for step in steps {
        let depth = u32::try_from(frames.len()).unwrap();
        let Some(frame) = frames.last_mut() else { break };
        let index = frame.index;
        let record = match step.0 {
            0..80 => {
                set(frame, &mut to, step);
                if step.2.is_multiple_of(2) {
                    continue;
                }
                to.event(EventKind::Line, index, 2, EventFields::default())
            }
            80..230 => {
                // The event is that of the next instruction: it finds what this one and the changes so far have left.
                let fields = EventFields {
                    instruction: Some((u32::try_from(frame.next).unwrap(), 1)),
                    ..EventFields::default()
                };
                let record = to.event(EventKind::Instruction, index, 2, fields).to_vec();
                records.extend_from_slice(&record);
                states.push(frame.state(EventKind::Instruction));
                run_instruction(frame, &mut to, &step.3);
                continue;
            }
            230..240 => {
                // Changes belong to an event of their own frame.
                records.extend_from_slice(to.event(EventKind::Line, index, 2, EventFields::default()));
                states.push(frame.state(EventKind::Line));
                frames.push(Modelled { index: frame_count, ..Modelled::default() });
                frame_count += 1;
                to.event(EventKind::Call, frame_count - 1, 1, call(Some(index), depth))
            }
            // The outermost frame goes on to the end.
            _ if depth == 1 => continue,
            _ => {
                let fields =
                    EventFields { exception: Some("E: x"), value: Some(ValueRef::Int(1)), ..EventFields::default() };
                let kind = if step.1.is_multiple_of(2) { EventKind::Return } else { EventKind::Unwind };
                records.extend_from_slice(to.event(kind, index, 3, fields));
                states.extend(frames.pop().map(|mut frame| frame.state(kind)));
                continue;
            }
        };
        records.extend_from_slice(record);
        states.extend(frames.last_mut().map(|frame| frame.state(EventKind::Line)));
    }
    (records, states)
}

proptest! {
    #[test]
    fn replaying_what_the_collector_emits_gives_the_states_of_the_model(
        steps in proptest::collection::vec((any::<u8>(), any::<u8>(), any::<u8>(), "[a-zé]{0,6}"), 1..200),
    ) {
        let (records, expected) = execution(&steps);
        let mut collector = Collector::default();
        Decoder::default().decode(&records, &mut collector).unwrap();
        let events = collector.into_events();
        let states = frame_states(&events);
        prop_assert_eq!(states.len(), expected.len());
        for ((event, state), expected) in events.iter().zip(states).zip(expected) {
            let is_instruction = event.kind == EventKind::Instruction;
            let found: State = state
                .into_iter()
                .filter(|one| is_instruction || one.scope != Scope::Stack)
                .map(|one| {
                    let name = VARIABLES.iter().filter(|(scope, _)| *scope == one.scope).nth(one.variable_index as usize);
                    assert_eq!(one.name, name.map_or("", |(_, name)| name));
                    let (items, place) = (one.items_drawn.map(|drawn| (drawn, one.items_left())), (one.scope, one.variable_index));
                    let Variable { value, object_index, members, .. } = one;
                    (place, ModelVariable { value, object_index, members, items })
                })
                .collect();
            prop_assert_eq!(found, expected, "{:?}", event);
        }
    }
}

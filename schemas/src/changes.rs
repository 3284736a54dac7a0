//! `changes`: what each step changed. Written by the executions stage; read by the view of the same name, which fills in
//! what is null here, and by formats. About two bytes a row after compression, because one variable's values stand
//! together.
//!
//! As in `events`, the most frequent value of a column is null. Long executions are cut into segments of 65,536 events,
//! each sorted by itself, so that they are written in bounded memory.

use crate::Cell;

crate::table! {
    /// One row is one variable that an event found changed: a variable of the frame, the iterator of one of its loops,
    /// or an entry of its value stack. Replayed in event order from the start, the rows of a frame give its full state
    /// at every event; entries of the stack that follow from an instruction alone have no row, see `instructions`.
    CHANGES: ChangesRow, ChangesRef, ChangesBuilder {
        name: "changes",
        version: 2,
        written_by: "the executions stage",
        read_by: "the mixtures stage",
        sort_key: [execution_index],
        order: "segment of 65,536 events (`event_index >> 16`), frame_index, scope, variable_index, event_index",
        bulk: true,
        columns: {
            /// The execution.
            execution_index: i64 [Smaller] unit "ordinal, 0-based";
            /// The frame.
            frame_index: i32 [Smaller] unit "ordinal, 0-based";
            /// Where the variable lives; rows are sorted in the order of the list.
            scope: Option<String> [Dictionary] null "`local`, which is the first";
            /// Which of the variables of that scope in the frame's code, parameters first: the order in which states
            /// show them. For the stack the entry's place from the bottom, for an iterator its loop's place in the code.
            variable_index: i32 [Smaller] unit "ordinal, 0-based";
            /// The variable; `for LINE` for an iterator.
            name: Option<String> [Dictionary] null "as in the row before, which is of the same variable; an entry of the stack has none";
            /// The event before which it changed.
            event_index: i32 [Smaller] unit "ordinal, 0-based";
            /// What was done to it.
            action: Option<String> [Dictionary] null "`deleted` without a value, `mutated` with a `splice_start`, `bound` with a `name` or on the stack, else `rebound`";
            /// The value, when it is an `int` of 64 bits; for an iterator the number of items that its loop has drawn.
            value_int: Option<i64> [Smaller] null "another type, or deleted";
            /// The value's `repr`, when it is anything else; what an iterator walks, where it begins.
            value_text: Option<String> [Lengths] null "`value_int` holds it, or deleted";
            /// The value's type; for an iterator that begins, the iterator's.
            value_type: Option<String> [Dictionary] null "`int` where `value_int` holds the value, as before where there is a `splice_start`, `str` for other texts";
            /// Characters of the whole `repr` (or a lower bound) when it is cut.
            value_chars: Option<i64> [Smaller] unit "characters" null "the value is complete";
            /// `value_text` replaces a piece of the text before it, which begins here.
            splice_start: Option<i32> [Smaller] unit "characters, 0-based" null "`value_text` is the whole text";
            /// The length of the piece that is replaced.
            splice_removed: Option<i32> [Smaller] unit "characters" null "as `splice_start`";
            /// Which of the execution's objects it is: rows with the same number refer to the same object.
            object_index: Option<i32> [Smaller] unit "ordinal, 0-based" null "its type cannot change in place, or numbering it would keep it alive where the program can see that: it may hold a sleeping generator, or the code names `gc`, `weakref`, `__del__` or `getrefcount`";
            /// The numbers of the objects inside that can change in place, in the order of the text, a blank between.
            members: Option<String> [Lengths] null "there are none";
            /// Items left in an iterator that begins.
            items_left: Option<i64> [Smaller] unit "items" null "not known, or not an iterator that begins";
        }
    }
}

impl ChangesBuilder {
    /// Appends rows that differ only in their event and their `value_int`; `row` has the shared columns. Its name is
    /// that of the first row, and its other columns are null.
    pub fn append_numbers(&mut self, row: ChangesRef<'_>, event_indexes: &[i32], values: &[i64]) {
        let count = event_indexes.len().min(values.len());
        if count == 0 {
            return;
        }
        self.execution_index.repeat(row.execution_index, count);
        self.frame_index.repeat(row.frame_index, count);
        self.variable_index.repeat(row.variable_index, count);
        self.event_index.extend(self.rows, &event_indexes[..count]);
        self.value_int.extend(self.rows, &values[..count]);
        if let Some(scope) = row.scope {
            self.scope.repeat(scope, self.rows, count);
        }
        <Option<String> as Cell>::append(row.name, self.rows, &mut self.name);
        self.rows += count;
        self.bytes += count * NUMBER_BYTES;
    }
}

/// What the row of an integer weighs.
const NUMBER_BYTES: usize = 28;

//! What an instruction can change in place. Called by `line_effects` and `stack_effects`, so that a recorder need not
//! compare what cannot have changed.

use rustpython_vm::bytecode::Opcode;

/// What can change in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Mutates {
    /// Nothing.
    Nothing,
    /// Not lists: `x[i]` may fill a `defaultdict`.
    Dictionaries,
    /// Any object; but every global names what it did.
    Objects,
    /// Any object, and globals too.
    Anything,
}

/// What the instruction can change in place, whatever it works on. It may run code of the program; then that code
/// makes events of its own, and the caller is looked at again because of them.
pub(crate) fn mutated_by(opcode: Opcode, argument: usize) -> Mutates {
    const SUBSCRIPT: usize = 26;
    use Opcode as O;
    match opcode {
        O::BinaryOp if argument == SUBSCRIPT => Mutates::Dictionaries,
        O::BinaryOp | O::StoreSubscr | O::DeleteSubscr | O::StoreSlice | O::ListExtend | O::SetAdd | O::SetUpdate
            if !keeps_objects(opcode, argument) =>
        {
            Mutates::Objects
        }
        _ if keeps_objects(opcode, argument) => Mutates::Nothing,
        _ => Mutates::Anything,
    }
}

/// The instruction changes no object in place.
fn keeps_objects(opcode: Opcode, argument: usize) -> bool {
    use Opcode as O;
    /// The first in-place operator; below it are `+`, `&`, … and after them `[]`.
    const FIRST_IN_PLACE: usize = 13;
    const SUBSCRIPT: usize = 26;
    match opcode {
        O::BinaryOp => argument < FIRST_IN_PLACE && argument != SUBSCRIPT,
        O::LoadFast
        | O::LoadFastBorrow
        | O::LoadFastCheck
        | O::LoadFastLoadFast
        | O::LoadFastBorrowLoadFastBorrow
        | O::StoreFast
        | O::StoreFastLoadFast
        | O::StoreFastStoreFast
        | O::LoadConst
        | O::LoadSmallInt
        | O::LoadGlobal
        | O::CompareOp
        | O::IsOp
        | O::ContainsOp
        | O::ToBool
        | O::PopJumpIfFalse
        | O::PopJumpIfTrue
        | O::PopJumpIfNone
        | O::PopJumpIfNotNone
        | O::JumpForward
        | O::JumpBackward
        | O::NotTaken
        | O::PopTop
        | O::Copy
        | O::Swap
        | O::ReturnValue
        | O::EndFor
        | O::PopIter
        | O::Resume
        | O::Nop
        | O::ExtendedArg
        | O::Cache
        | O::UnaryNot
        | O::UnaryNegative
        | O::PushNull
        | O::GetLen
        | O::GetIter
        | O::LoadAttr
        | O::LoadDeref
        | O::StoreDeref
        | O::LoadFastAndClear
        | O::BuildTuple
        | O::BuildList
        | O::BuildMap
        | O::ListAppend
        | O::MakeFunction
        | O::SetFunctionAttribute
        | O::FormatSimple
        | O::FormatWithSpec
        | O::ConvertValue
        | O::PushExcInfo
        | O::PopExcept
        | O::CheckExcMatch
        | O::BuildString => true,
        _ => false,
    }
}

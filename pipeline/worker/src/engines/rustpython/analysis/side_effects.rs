//! What an instruction can change in place. Called by `line_effects` and `stack_effects`: the recorder does not compare
//! what cannot have changed.

use rustpython_vm::bytecode::Opcode;

/// What can change in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Mutates {
    /// Nothing.
    Nothing,
    /// Dictionaries: `x[i]` may fill a `defaultdict`.
    Dictionaries,
    /// Any object. Globals are bound only by instructions that name them.
    Objects,
    /// Any object, and globals too.
    Anything,
}

/// What the instruction can change in place, whatever its operands are. Where it runs code of the program, that code
/// makes events of its own, after which the caller is compared anyway.
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

/// Whether the instruction changes no object in place.
fn keeps_objects(opcode: Opcode, argument: usize) -> bool {
    use Opcode as O;
    /// The first in-place operator. Below it are `+`, `&`, …; behind the in-place ones is `[]`.
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

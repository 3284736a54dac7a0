-- One row is one instruction that was about to run, with its static description.
-- @reads events, instructions
-- @column execution_index BIGINT ordinal, 0-based  The execution.
-- @column event_index INT ordinal, 0-based  Its event.
-- @column frame_index INT ordinal, 0-based  Which frame of the execution.
-- @column depth INT frames  Frames of the unit below it.
-- @column function VARCHAR  The code's qualified name.
-- @column line_number INT lines, 1-based  Line of the unit's source.
-- @column instruction_index INT ordinal, 0-based  Which instruction of the code.
-- @column opcode VARCHAR  Its canonical name.
-- @column argument INT  Its argument; null when it takes none.
-- @column meaning VARCHAR  What the argument means; null when it is a number, or there is none.
-- @column stack_depth INT entries  Entries on the value stack.
-- @column pushes VARCHAR  What it pushes, where that follows from the instruction alone, see the table; null where `changes` has it.
SELECT
  events.execution_index,
  events.event_index,
  events.frame_index,
  events.depth,
  events.function,
  events.line_number,
  events.instruction_index,
  instructions.opcode,
  instructions.argument,
  instructions.meaning,
  instructions.stack_depth,
  instructions.pushes
-- The smaller side stands to the left, where the engine keeps it in memory.
FROM instructions
RIGHT JOIN events
  ON events.execution_index = instructions.execution_index
  AND events.code_index = instructions.code_index
  AND events.instruction_index = instructions.instruction_index
WHERE events.kind = 'instruction'

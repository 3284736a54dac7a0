//! A code object that is being given probes: its constants, and where probes are put in. `probe_places` and
//! `coverage_points` decide where; `layout` puts everything together.

use std::rc::Rc;

use rustpython_vm::{PyObjectRef, PyPayload, VirtualMachine, bytecode::Opcode};

use super::{code_info::CodeInfo, probe::Probe, site::Site};
use crate::engines::rustpython::analysis::control_flow::Op;

/// One probe to be put in.
pub(crate) struct Insertion {
    pub(crate) constant: usize,
    /// The entry of the stack that it is given, from the top; 0 for none.
    pub(crate) entry: u8,
}

/// A code object that is being given probes.
pub(crate) struct Builder<'a> {
    pub(crate) constants: Vec<PyObjectRef>,
    /// Probes with their places, see [`fall`] and [`before`].
    pub(crate) insertions: Vec<(usize, Insertion)>,
    pub(crate) info: &'a Rc<CodeInfo>,
    pub(crate) vm: &'a VirtualMachine,
}

/// The place of what is run before an instruction where the one before it leads there.
pub(crate) fn fall(at: usize) -> usize {
    2 * at
}

/// The place of what is run before an instruction however it is reached; behind [`fall`].
pub(crate) fn before(at: usize) -> usize {
    2 * at + 1
}

impl Builder<'_> {
    /// A probe before an instruction, about that instruction.
    pub(crate) fn probe(&mut self, site: Site, op: usize, line: u32, entry: u8) -> Insertion {
        self.probe_at(site, op, op, line, entry)
    }

    /// A probe before the instruction `place` that is about the instruction `op`.
    pub(crate) fn probe_at(&mut self, site: Site, op: usize, place: usize, line: u32, entry: u8) -> Insertion {
        let probe = Probe { info: Rc::clone(self.info), site, op: op as u32, place: place as u32, line };
        self.constants.push(probe.into_ref(&self.vm.ctx).into());
        Insertion { constant: self.constants.len() - 1, entry }
    }

    /// Puts in what an instruction that reads or updates a set needs: in CPython's order, whatever observes.
    pub(crate) fn sets(&mut self, at: usize, op: &Op) {
        let sites: &[(Site, u8)] = match op.opcode {
            Opcode::ListExtend | Opcode::UnpackEx => &[(Site::SetRead, 1)],
            Opcode::CallFunctionEx => &[(Site::SetRead, 2)],
            Opcode::SetUpdate => &[(Site::SetUpdated, op.argument as u8 + 1), (Site::SetOperand, 1)],
            _ => &[],
        };
        for &(site, entry) in sites {
            let probe = self.probe(site, at, op.line, entry);
            self.insertions.push((before(at), probe));
        }
    }
}

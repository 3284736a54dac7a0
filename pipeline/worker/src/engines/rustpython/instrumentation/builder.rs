//! Collects the probes of one code object: its constants, and the places where probes are inserted. `probe_places` and
//! `coverage_points` choose the places; `layout` puts everything together.

use std::rc::Rc;

use rustpython_vm::{PyObjectRef, PyPayload, VirtualMachine, bytecode::Opcode};

use super::{code_info::CodeInfo, probe::Probe, site::Site};
use crate::engines::rustpython::analysis::control_flow::Op;

/// A probe to be inserted.
pub(crate) struct Insertion {
    pub(crate) constant: usize,
    /// The entry of the value stack that the probe gets, counted from the top; 0 for none.
    pub(crate) entry: u8,
}

/// A code object into which probes are being inserted.
pub(crate) struct Builder<'a> {
    pub(crate) constants: Vec<PyObjectRef>,
    /// Probes with their places, as [`fall`] and [`before`] number them.
    pub(crate) insertions: Vec<(usize, Insertion)>,
    pub(crate) info: &'a Rc<CodeInfo>,
    pub(crate) vm: &'a VirtualMachine,
}

/// The place in front of an instruction that is passed only when the instruction before it falls through.
pub(crate) fn fall(at: usize) -> usize {
    2 * at
}

/// The place in front of an instruction that is passed however the instruction is reached. It lies behind [`fall`].
pub(crate) fn before(at: usize) -> usize {
    2 * at + 1
}

impl Builder<'_> {
    /// A probe in front of an instruction that reports this instruction.
    pub(crate) fn probe(&mut self, site: Site, op: usize, line: u32, entry: u8) -> Insertion {
        self.probe_at(site, op, op, line, entry)
    }

    /// A probe in front of the instruction `place` that reports the instruction `op`.
    pub(crate) fn probe_at(&mut self, site: Site, op: usize, place: usize, line: u32, entry: u8) -> Insertion {
        let probe = Probe { info: Rc::clone(self.info), site, op: op as u32, place: place as u32, line };
        self.constants.push(probe.into_ref(&self.vm.ctx).into());
        Insertion { constant: self.constants.len() - 1, entry }
    }

    /// Inserts a probe in front of an instruction that reports it, on every path to it.
    pub(crate) fn insert_before(&mut self, site: Site, at: usize, line: u32, entry: u8) {
        self.insert_at(site, at, at, line, entry);
    }

    /// Inserts a probe in front of the instruction `place`, on every path to it, that reports the instruction `op`.
    pub(crate) fn insert_at(&mut self, site: Site, op: usize, place: usize, line: u32, entry: u8) {
        let probe = self.probe_at(site, op, place, line, entry);
        self.insertions.push((before(place), probe));
    }

    /// Inserts a probe behind an instruction that reports it, where the instruction falls through.
    pub(crate) fn insert_behind(&mut self, site: Site, at: usize, line: u32, entry: u8) {
        let probe = self.probe_at(site, at, at + 1, line, entry);
        self.insertions.push((fall(at + 1), probe));
    }

    /// Inserts the probes of an instruction that reads or updates a set. They keep the order of sets CPython's, so
    /// every granularity has them.
    pub(crate) fn insert_set_probes(&mut self, at: usize, op: &Op) {
        let sites: &[(Site, u8)] = match op.opcode {
            Opcode::ListExtend | Opcode::UnpackEx => &[(Site::SetRead, 1)],
            Opcode::CallFunctionEx => &[(Site::SetRead, 2)],
            Opcode::SetUpdate => &[(Site::SetUpdated, op.argument as u8 + 1), (Site::SetOperand, 1)],
            _ => &[],
        };
        for &(site, entry) in sites {
            self.insert_before(site, at, op.line, entry);
        }
    }
}

"""Runs when `random` is first loaded: a generator that nobody seeds takes its seed from the execution's own stream."""
import os
import random

_seed = random.Random.seed


def seed(self, a=None, version=2):
    _seed(self, int.from_bytes(os.urandom(8), 'little') if a is None else a, version)


random.Random.seed = seed


def reset():
    random._inst.seed()

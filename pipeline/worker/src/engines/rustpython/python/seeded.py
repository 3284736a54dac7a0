"""Runs when `random` is first loaded: its own shared generator begins each job anew, from the job's own stream."""
import random


def reset():
    random._inst.seed()

"""Runs a command and writes the CPU seconds of it and of all that it waited for.

Usage: cpu.py REPORT COMMAND ARGUMENT…; ends with the command's status.
"""

import resource
import subprocess
import sys

status = subprocess.call(sys.argv[2:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as report:
    report.write(f"{used.ru_utime + used.ru_stime:.6f}")
sys.exit(status if status >= 0 else 1)

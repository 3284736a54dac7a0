#: write_to_low_descriptors
import os
for fd in range(3, 260):
    try:
        os.write(fd, b'\xff' * 64)
        print('ESCAPED', fd)
    except Exception:
        pass
#: open_by_number
for fd in (0, 1, 2, 3, 100, 101, 102):
    try:
        with open(fd, 'wb', buffering=0, closefd=False) as file:
            file.write(b'\xff\xff\xff\xff' * 16)
        print('opened', fd)
    except Exception as error:
        print(type(error).__name__)
#: read_the_jobs
for fd in (0, 100, 101):
    try:
        with open(fd, 'rb', buffering=0) as file:
            print('ESCAPED', file.read(64))
    except Exception as error:
        print(type(error).__name__)
#: duplicate_descriptors
import os
for name in ('dup', 'close', 'closerange', 'dup2', 'pipe', 'sendfile', 'fstat', 'isatty', 'ftruncate'):
    try:
        getattr(os, name)(100)
        print('done', name)
    except Exception as error:
        print(type(error).__name__)
#: original_streams
import sys
for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__, sys.stdout, sys.stderr):
    for name in ('buffer', 'raw', 'fileno', 'detach', 'close'):
        try:
            part = getattr(stream, name)
            part = part() if callable(part) else part
            part.write(b'\xff\xff\xff\x7f' * 4)
        except BaseException as error:
            print(type(error).__name__)
#: garbage_on_the_pipe
import sys
for length in (b'\x00\x00\x00\x00', b'\xff\xff\xff\xff', b'\x05\x00\x00\x00', b'\x01\x00\x00\x00\x02'):
    for stream in (sys.stdout, sys.__stdout__, sys.stderr):
        try:
            stream.buffer.write(length * 1000)
            stream.flush()
        except BaseException as error:
            pass
print(chr(0) * 64, '\x05\x00\x00\x00\x02')
#: forged_finish_in_text
print('\x0a\x00\x00\x00\x02\x01\x00\x00\x00')
raise SystemExit('\x02\x00\x00\x00\x02\x01')

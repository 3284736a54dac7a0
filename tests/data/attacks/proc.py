#: proc_self_environ
print('ESCAPED', open('/proc/self/environ', 'rb').read())
#: proc_self_mem
with open('/proc/self/mem', 'r+b') as memory:
    memory.seek(4096)
    print('ESCAPED', memory.read(1))
#: proc_self_fd
import os
print('ESCAPED', os.listdir('/proc/self/fd'), os.readlink('/proc/self/exe'))
#: proc_of_others
for process in (@PARENT@, @SIBLING@):
    for name in ('mem', 'environ', 'maps', 'cmdline', 'fd/0', 'root/etc/passwd'):
        try:
            open(f'/proc/{process}/{name}', 'rb').read(1)
            print('ESCAPED', name)
        except Exception as error:
            print(type(error).__name__)
#: environment
import os
import sys
found = dict(os.environ)
if found or os.getenv('CANARY') or os.getenv('PATH'):
    print('ESCAPED', found)
try:
    print('ESCAPED', os.environb[b'CANARY'])
except (KeyError, AttributeError):
    print('held')
#: who_and_where
import os
import sys
import platform
for name in ('getuid', 'getlogin', 'getcwd', 'uname', 'cpu_count', 'getloadavg', 'getpid'):
    try:
        print(name, getattr(os, name)())
    except Exception as error:
        print(name, type(error).__name__)
for text in (sys.executable, sys.prefix, repr(sys.argv), repr(sys.path), repr(sys.orig_argv)):
    if 'tracemill' in (text or ''):
        print('ESCAPED', text)

#: open_for_reading
print('ESCAPED', open('@CANARY@').read())
#: open_for_writing
with open('@CANARY@', 'w') as file:
    file.write('ESCAPED')
print('ESCAPED')
#: io_open
import io
print('ESCAPED', io.open('@CANARY@').read())
#: io_file_io
import _io
print('ESCAPED', _io.FileIO('@CANARY@', 'r').readall())
#: io_open_code
import io
print('ESCAPED', io.open_code('@CANARY@').read())
#: os_open
import os
fd = os.open('@CANARY@', os.O_RDWR)
os.write(fd, b'ESCAPED')
print('ESCAPED', os.read(fd, 100))
#: os_remove_and_rename
import os
for call in (lambda: os.remove('@CANARY@'), lambda: os.rename('@CANARY@', '@CANARY@2'), lambda: os.truncate('@CANARY@', 0)):
    try:
        call()
        print('ESCAPED')
    except Exception as error:
        print(type(error).__name__)
#: pathlib_everything
import pathlib
path = pathlib.Path('@CANARY@')
for call in (path.read_text, path.unlink, path.stat, lambda: path.write_text('ESCAPED'), lambda: list(path.parent.iterdir())):
    try:
        print('ESCAPED', call())
    except Exception as error:
        print(type(error).__name__)
#: linecache_and_tokenize
import linecache
lines = linecache.getlines('@CANARY@')
if lines:
    print('ESCAPED', lines)
#: import_from_a_folder
import sys
sys.path.insert(0, '@CANARY@'.rpartition('/')[0])
import canary
print('ESCAPED')
#: loader_reads_data
import importlib.machinery
loader = importlib.machinery.SourceFileLoader('canary', '@CANARY@')
print('ESCAPED', loader.get_data('@CANARY@'))
#: shutil_and_tempfile
import tempfile
print('ESCAPED', tempfile.mkstemp())
#: fileinput
import fileinput
for line in fileinput.input('@CANARY@'):
    print('ESCAPED', line)
#: sqlite_and_dbm
for name in ('sqlite3', 'dbm.dumb', 'shelve', 'mmap', 'zipimport'):
    try:
        module = __import__(name)
        opened = module.connect('@CANARY@') if name == 'sqlite3' else module.open('@CANARY@')
        print('ESCAPED', name, opened)
    except BaseException as error:
        print(name, type(error).__name__)
#: posix_module
import posix
print('ESCAPED', posix.listdir('/'))
#: nt_and_private_twins
for name in ('posix', 'nt', '_posix', '_os', '_fileio', 'fcntl', 'resource', 'pwd', 'grp', 'spwd', 'termios', '_winapi', 'msvcrt', 'winreg'):
    try:
        module = __import__(name)
    except ImportError:
        continue
    for attribute in ('open', 'system', 'getpwuid', 'getrlimit', 'fcntl'):
        if hasattr(module, attribute):
            print(name, attribute)
            try:
                print('ESCAPED', getattr(module, attribute)('/etc/passwd', 0))
            except Exception as error:
                print(type(error).__name__)

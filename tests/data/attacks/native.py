#: ctypes_libc
import ctypes
libc = ctypes.CDLL(None)
print('ESCAPED', libc.getpid())
#: ctypes_memory
import ctypes
print('ESCAPED', ctypes.string_at(id(object()), 64))
ctypes.memset(0, 0, 8)
#: private_ctypes
import _ctypes
print('ESCAPED', _ctypes.dlopen(None, 2))
#: cffi
import cffi
ffi = cffi.FFI()
ffi.cdef('int getpid(void);')
print('ESCAPED', ffi.dlopen(None).getpid())
#: extension_loader
import importlib.machinery
import importlib.util
loader = importlib.machinery.ExtensionFileLoader('x', '/lib/x86_64-linux-gnu/libc.so.6')
spec = importlib.util.spec_from_loader('x', loader)
print('ESCAPED', importlib.util.module_from_spec(spec))
#: imp_dynamic
import _imp
print(_imp.extension_suffixes())
print('ESCAPED', _imp.create_dynamic(type('Spec', (), {'name': 'x', 'origin': '/lib/x86_64-linux-gnu/libc.so.6'})()))
#: mmap_of_code
import mmap
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(b'\xc3')
print('ESCAPED')
#: wild_struct_and_memoryview
import struct
buffer = bytearray(16)
view = memoryview(buffer)
for call in (
    lambda: struct.pack_into('Q', buffer, 12, 1),
    lambda: struct.unpack_from('Q', buffer, -20),
    lambda: view.cast('B', shape=[1 << 40]),
    lambda: view[8:].cast('Q')[5],
    lambda: view.__getitem__(1 << 62),
):
    try:
        call()
        print('ESCAPED')
    except Exception as error:
        print(type(error).__name__)
#: resize_under_a_view
buffer = bytearray(64)
view = memoryview(buffer)
try:
    buffer.extend(bytes(1 << 20))
    print('ESCAPED')
except BufferError:
    print('held')
class Index:
    def __index__(self):
        view.release()
        buffer.clear()
        return 1
view[0:4] = b'abcd'
view[Index()] = 65

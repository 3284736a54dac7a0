#: bytes_bomb
x = bytes(1 << 40)
#: bytearray_growth
x = bytearray()
while True:
    x.extend(bytes(1 << 20))
#: list_multiply
x = [0] * (1 << 40)
#: list_growth
x = [1]
while True:
    x += x
#: string_multiply
x = 'ab' * (1 << 40)
#: string_growth
x = 'a'
while True:
    x += x
#: dict_growth
x = {}
for i in range(1 << 40):
    x[i] = [i]
#: dict_comprehension_in_one_line
x = dict.fromkeys(range(1 << 40))
#: set_growth
x = set(range(1 << 40))
#: tuple_of_a_generator
x = tuple(i for i in range(1 << 40))
#: closures
x = []
while True:
    x.append(lambda y=x: [y] * 1000)
#: string_io
import io
x = io.StringIO()
while True:
    x.write('a' * (1 << 20))
#: classes
x = [type('A' + str(i), (), {'a': [0] * 1000}) for i in range(1 << 40)]
#: deque_and_itertools
import collections
import itertools
x = collections.deque(itertools.repeat(0))
#: list_of_an_endless_iterator
import itertools
x = list(itertools.count())
#: combinations
import itertools
x = list(itertools.permutations(range(12)))
#: tee
import itertools
a, b = itertools.tee(itertools.count())
for x in a:
    pass
#: array_and_struct
import struct
x = struct.pack('1000000000s', b'')
y = struct.calcsize('9' * 30 + 's')
#: decompression_bomb
import zlib
data = zlib.compress(bytes(1 << 26))
x = [zlib.decompress(data) for _ in range(100)]
#: huge_slice
x = [0] * 10
x[1 << 62:] = range(1 << 40)
#: ljust_and_zfill
x = 'a'.ljust(1 << 40)
y = 'a'.zfill(1 << 40)
#: int_to_bytes
x = (1).to_bytes(1 << 40, 'big')
#: fragments
x = []
while True:
    x.append('a' * 100)
    x.append(b'a' * 3)
#: survive_the_limit
x = []
while True:
    try:
        x.append(bytes(1 << 24))
    except MemoryError:
        x.append(1)

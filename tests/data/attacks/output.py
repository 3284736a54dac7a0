#: print_forever
while True:
    print('x' * 1000)
#: one_huge_print
print('x' * 100_000_000)
#: write_in_one_line
import sys
while True: sys.stdout.write('x' * 100_000)
#: writelines_endless
import itertools
import sys
sys.stdout.writelines(itertools.repeat('x\n'))
#: standard_error_flood
import sys
while True:
    sys.stderr.write('x' * 100_000)
#: print_to_bytes
import sys
while True:
    sys.stdout.buffer.write(b'x' * 100_000)
#: terminal_escapes
print('\x1b]0;ESCAPE\x07\x1b[2J\x1b[31m', '\r' * 10, '\x00\x01\x02', '\u202e', '\ud800'.encode('utf-8', 'surrogatepass'))
#: values_flood
for i in range(1_000_000):
    x = ['y' * 1000] * 1000
    x[i % 1000] = str(i)
#: names_flood
for i in range(1_000_000):
    globals()['name_%d' % i * 50] = i
#: warnings_flood
import warnings
while True:
    warnings.warn('x' * 10_000)
#: raise_a_huge_message
raise ValueError('x' * 50_000_000)
#: exit_with_a_huge_message
raise SystemExit('x' * 50_000_000)
#: result_of_surrogates
x = '\ud800' * 1000
raise ValueError(x)
#: class_with_a_huge_name
cls = type('x' * 10_000_000, (ValueError,), {})
raise cls

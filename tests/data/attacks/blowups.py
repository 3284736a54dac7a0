#: regex_nested_quantifiers
import re
re.match(r'(a+)+$', 'a' * 40 + 'b')
#: regex_alternation
import re
re.match(r'(a|aa)+$', 'a' * 60 + 'b')
#: regex_deep_groups
import re
re.compile('(' * 5000 + ')' * 5000)
#: regex_repeat
import re
re.compile('(?:a{0,60000}){0,60000}b').match('a' * 50000)
#: regex_lookbehind_and_backreference
import re
re.search(r'(.*)(.*)(.*)(.*)(.*)\1\2\3\4\5x', 'ab' * 500)
#: format_width
print(len('%*d' % (10 ** 9, 1)))
#: format_precision
print(len('{:.999999999f}'.format(1.0)))
#: format_nested_fields
class Deep:
    def __getattr__(self, name):
        return self
    def __format__(self, text):
        return format(self, text + 'x')
'{0.a.b.c:{0}}'.format(Deep())
#: format_reaches_globals
class Thing:
    def __init__(self):
        pass
secret = 'x'
print('{0.__init__.__globals__[__builtins__]}'.format(Thing())[:50])
#: fstring_width
width = 10 ** 10
print(len(f'{1:{width}}'))
#: integer_power
x = 9 ** 9 ** 8
#: integer_shift
x = 1 << (1 << 40)
#: integer_to_text
import sys
sys.set_int_max_str_digits(0)
print(len(str(1 << 20_000_000)))
#: factorial
import math
print(math.factorial(3_000_000).bit_length())
#: integer_from_text
int('9' * 3_000_000)
#: decimal_and_fraction
from fractions import Fraction
x = Fraction(1, 3)
while True:
    x = x * x + Fraction(1, 7)
#: string_replace
x = 'a' * 100_000
print(len(x.replace('a', x)))
#: string_join_and_split
x = ','.join(['a' * 1000] * 1_000_000)
print(len(x.split(',')))
#: translate_and_expandtabs
print(len('\t'.expandtabs(1 << 34)))
#: product_in_c
import itertools
print(sum(1 for _ in itertools.product(range(100), repeat=8)))
#: sum_of_a_huge_range
print(sum(range(10 ** 12)))
#: in_an_endless_iterator
import itertools
print(-1 in itertools.count())
#: sort_with_a_lying_key
import functools
import itertools
tick = itertools.count()
x = list(range(50_000))
x.sort(key=functools.cmp_to_key(lambda a, b: next(tick) % 3 - 1))
#: hash_collisions
class Same:
    def __hash__(self):
        return 1
x = {Same(): i for i in range(20_000)}
#: json_of_a_bomb
import json
json.loads('[' * 200_000 + ']' * 200_000)

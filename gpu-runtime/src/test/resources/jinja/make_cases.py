"""Writes cases.json: templates, their variables and what Jinja2 makes of them.

    python3 make_cases.py > cases.json        # needs Jinja2 3.1

The environment is the one in which Hugging Face transformers renders chat templates.
"""

import json
from datetime import datetime

import jinja2
import jinja2.ext
import jinja2.nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime(2026, 11, 5, 9, 3, 7, 42)

VARIABLES = {
    "t": True, "f": False, "n": None, "zero": 0, "one": 1, "i": 42, "neg": -7, "x": 2.5, "big": 123456789012,
    "s": "Hello World", "e": "", "u": "Zürich \U0001f642 日本", "ws": "  a b\n c\t ", "html": "<a href='x'>&\"</a>",
    "lines": "one\n\ntwo\nthree", "csv": "a,b,,c", "num": " 12 ", "real": "3.75", "quote": "it's", "both": "it's \"x\"",
    "l": [3, 1, 2], "nested": [1, [2, [3, "x"]], None, True, 0.5], "empty": [], "words": ["b", "A", "c", "a"],
    "d": {"a": 1, "b": "two", "c": None}, "ed": {}, "deep": {"p": {"q": [10, {"r": "found"}]}},
    "dd": {"items": 5, "keys": "k", "x y": 1, "3": "three"},
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi", "name": "ann"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"type": "function", "function": {"name": "f", "arguments": {"a": 1, "b": [1.0, "é"]}}}]},
        {"role": "tool", "content": "{\"r\": 1}"},
        {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image"}]},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "description": "d\"<>&'", "parameters": {
        "type": "object", "properties": {"a": {"type": "integer", "enum": [1, 2]}, "b": {"type": ["string", "null"]}},
        "required": ["a"]}}}],
}

TEMPLATES = r"""
# -- printing
{{ t }} {{ f }} {{ n }} {{ i }} {{ x }} {{ s }} {{ e }}|{{ missing }}|
{{ l }} {{ nested }} {{ d }} {{ (1, 'a') }} {{ (1,) }} {{ () }} {{ [] }} {{ {} }}
{{ 'a' }}{{ "b" }}{{ 'c' "d" 'e' }}
{{ [quote, both, u, ws, "\\", "\x00\x7f\u200b\ufeff"] }}
{{ 1.0 }} {{ 1e16 }} {{ 1e15 }} {{ 123456789.125 }} {{ 1e-4 }} {{ 1e-5 }} {{ 0.1 + 0.2 }} {{ 1/3 }} {{ 2.5e-300 }} {{ 5e-324 }} {{ 1.7976931348623157e308 }} {{ 100.0 }} {{ -0.0 }} {{ 1e22 }} {{ 1e23 }} {{ 9007199254740993.0 }}
{{ 1_000 }} {{ 0x1F }} {{ 0o17 }} {{ 0b101 }} {{ 1_0.5 }} {{ 00 }}
{{ "tab\tnl\nq\"\'\\ \x41 \u00e9 \U0001F642 \101 \q" }}
{{ [missing] }} {{ [none, true] }} {{ {'a': none, 1: 'x', none: 2} }}
{{ true }} {{ True }} {{ none }} {{ None }} {{ false }}
{{ 1, 2 }} {{ (1) }}
{{ s if t }} {{ s if f }}| {{ 'y' if f else 'n' }} {{ 'a' if f else 'b' if f else 'c' }}
{{ {'a': {'b': 1}}['a']['b'] }}{{ {'x':{'y':2}} }}
# -- operators
{{ 1 + 2 * 3 - 4 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 2 ** 3 ** 2 }}
{{ -2 ** 2 }} {{ - 3 }} {{ +3 }} {{ --3 }} {{ -x }} {{ not t }} {{ not not e }}
{{ 4 / 2 }} {{ 1 / 2 }} {{ 10 / 4 }} {{ t + t }} {{ t * 3 }} {{ 3 * 'ab' }} {{ 'ab' * 0 }} {{ 'x' * -1 }} {{ [1] * 3 }} {{ (1, 2) * 2 }}
{{ 'a' + 'b' }} {{ [1] + [2, 3] }} {{ (1,) + (2,) }} {{ 'a' ~ 1 ~ none ~ 2.0 ~ missing ~ [1] }}
{{ 1 ~ 2 }} {{ 'x' + 2 ~ 3 + 'y' }} {{ 'a' ~ 'b' * 2 }}
{{ 1 < 2 }} {{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ 1 == t }} {{ 'a' < 'b' }} {{ 'a' == 1 }} {{ none == none }} {{ none == missing }} {{ missing == nothing }} {{ 1 != 2 }} {{ 2 >= 2 }} {{ [1, 2] < [1, 3] }} {{ [1, 2] == [1, 2] }} {{ [1] == (1,) }} {{ (1, 2) < (1, 2, 0) }} {{ d == {'a': 1, 'b': 'two', 'c': none} }}
{{ 'ell' in s }} {{ 'x' in s }} {{ '' in s }} {{ 1 in l }} {{ 9 not in l }} {{ 'a' in d }} {{ 'z' in d }} {{ 'a' in missing }} {{ 1 in (1, 2) }} {{ 1.0 in l }}
{{ t and 'x' }} {{ e and 'x' }}| {{ e or 'x' }} {{ 0 or none }} {{ none or [] or 'z' }} {{ t and f or t }} {{ not f and t }} {{ not (f or t) }}
{{ 'a' in 'abc' and 'z' not in 'abc' }} {{ not 'a' in 'abc' }} {{ 1 if 2 > 1 and 'x' else 3 }}
{{ 9223372036854775807 }} {{ 9223372036854775807 - 1 }}
{{ '\U0001f642' > '\uffff' }} {{ 'Z' < 'a' }}
# -- errors
{{ 1 + 'a' }}
{{ 'a' + 1 }}
{{ missing + 1 }}
{{ missing.attr }}
{{ missing[0] }}
{{ missing() }}
{{ d.nope.more }}
{{ n.nope.more }}
{{ 1 / 0 }}
{{ 1 // 0 }}
{{ 1 % 0 }}
{{ 1 < 'a' }}
{{ none < 1 }}
{{ missing < 1 }}
{{ 1 in 5 }}
{{ 1 in 'a' }}
{{ 5() }}
{{ s.nope() }}
{{ -missing }}
{{ -s }}
{{ l['a'].b }}
{% for x in 5 %}{% endfor %}
{% for x in none %}{% endfor %}
{{ 5|length }}
{{ none|length }}
{{ s|nofilter }}
{{ s is notest }}
{{ raise_exception('no ' + s) }}
{{ raise_exception(5) }}
{% set s.x = 1 %}
{{ [1, 2].append(3) }}
{{ d.update({'z': 1}) }}
{{ d.pop('a') }}
{{ l.__class__.__mro__ }}
{{ s.__init__.__globals__ }}
{{ range(1000000) }}
{% set a, b = [1] %}
{{ {[1]: 2} }}
{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{% endmacro %}{{ m(b=2) }}
{{ 'abc'.split('') }}
{{ missing|tojson }}
{{ (i)[1:] }}
{{ d[1:] }}
{{ (l|select)[0:] }}
{{ i|items|list }}
{{ i|map('upper')|list }}
{{ l in d }}
{{ ''.join([1]) }}
{{ missing|upper|length + missing.x }}
# -- syntax errors
{{ }}
{{ 1 + }}
{{ a b }}
{{ 'abc }}
{{ (1 }}
{{ [1) }}
{% if %}{% endif %}
{% if t %}
{% endif %}
{% for x l %}{% endfor %}
{% for x in l %}
{% nope %}
{% set %}
{% set 5 = 1 %}
{% endfor %}
{% break %}
{{ 1 is 2 }}
{{ t is defined is none }}
{# open
{% raw %} open
{{ s.5x }}
{{ $ }}
{% macro m %}{% endmacro %}
{% set true = 1 %}
{% macro m(a, b='B', c) %}{% endmacro %}
{{ -l|first }}
{{ 1 + 2 ~ 3 + 4 }}
{{ f(a=1, 2) }}
{% if t %}{% else %}{% elif f %}{% endif %}
# -- access
{{ d.a }} {{ d['b'] }} {{ d.nope }}| {{ d['nope'] }}| {{ deep.p.q[1].r }} {{ deep['p']['q'][0] }} {{ deep.p.q.0 }} {{ deep.p.q.1.r }}
{{ l[0] }} {{ l[-1] }} {{ l[9] }}| {{ l[-9] }}| {{ s[0] }} {{ s[-1] }} {{ s[99] }}| {{ u[7] }} {{ u[-1] }} {{ (1, 2)[1] }}
{{ l[1:] }} {{ l[:1] }} {{ l[::-1] }} {{ l[-2:] }} {{ l[:-1] }} {{ l[5:] }} {{ l[::2] }} {{ l[2:0:-1] }} {{ l[:] }} {{ s[1:4] }} {{ s[::-1] }} {{ u[:8] }} {{ u[::-2] }} {{ (1, 2, 3)[1:] }} {{ s[:99] }} {{ s[-99:2] }} {{ l[none:2] }} {{ l[10:-10:-1] }} {{ l[-10:10] }}
{{ dd['items'] }} {{ dd.items is callable }} {{ dd.keys()|length }} {{ dd['x y'] }} {{ dd['3'] }} {{ dd[3] }}|
{{ messages[0].role }} {{ messages[1]['name'] }} {{ messages[0].name }}| {{ messages[2].tool_calls[0].function.arguments.b[1] }}
{{ s.x }}| {{ i.x }}| {{ n.x }}| {{ l.x }}| {{ d.get('a') }} {{ d.get('z') }} {{ d.get('z', 5) }} {{ d.get('c', 5) }} {{ d[l] is defined }} {{ d[(1, 2)] is defined }} {{ (1, 2) in d }}
{{ d.keys()|list }} {{ d.values()|list }} {{ d.items()|list }} {{ d.items()|length }} {{ d|list }} {{ d|length }}
{{ messages.0.role }} {{ messages[l[1]].role }}
# -- text methods
{{ s.upper() }} {{ s.lower() }} {{ 'ßa'.upper() }} {{ s.title() }} {{ "they're bill's o-k x2y".title() }} {{ s.capitalize() }} {{ 'éA'.capitalize() }}
[{{ ws.strip() }}] [{{ ws.lstrip() }}] [{{ ws.rstrip() }}] [{{ 'xxaxx'.strip('x') }}] [{{ 'xyaxy'.lstrip('yx') }}] [{{ '\u00a0a\u3000'.strip() }}] [{{ 'a'.strip(none) }}]
{{ csv.split(',') }} {{ csv.split(',', 1) }} {{ ws.split() }} {{ 'a  b'.split(' ') }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a b c'.split(none, 1) }} {{ csv.rsplit(',', 1) }} {{ ' a b  c '.rsplit(none, 1) }} {{ 'a b c'.split(maxsplit=1) }} {{ csv.rsplit(',') }} {{ ' a  b '.rsplit() }} {{ ' a  b c '.split(none, 1) }} {{ 'aXXbXXc'.rsplit('XX', 1) }} {{ 'aaa'.rsplit('aa') }} {{ 'aaa'.split('aa') }}
{{ 'x</think>y</think>z'.split('</think>')[-1] }} {{ 'a'.split('</think>')[-1].lstrip('\n') }}
{{ s.startswith('He') }} {{ s.endswith('x') }} {{ s.startswith(('x', 'H')) }} {{ s.endswith(()) }} {{ ''.startswith('') }}
{{ s.replace('l', 'L') }} {{ s.replace('l', 'L', 1) }} {{ 'abc'.replace('', '-') }} {{ 'abc'.replace('', '-', 2) }} {{ ''.replace('', 'x') }} {{ 'aaa'.replace('aa', 'b') }} {{ u.replace('', '.') }}
{{ ', '.join(words) }} {{ ''.join(['a', 'b']) }} {{ '-'.join('abc') }} {{ ','.join(d) }}
{{ s.find('o') }} {{ s.find('z') }} {{ s.rfind('o') }} {{ u.find('日') }} {{ s.count('l') }} {{ 'aaa'.count('aa') }} {{ 'abc'.count('') }} {{ s.index('W') }}
{{ s.partition(' ') }} {{ s.partition('z') }} {{ s.rpartition('o') }} {{ s.rpartition('z') }}
{{ '12'.isdigit() }} {{ 'a1'.isdigit() }} {{ ''.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ 'aB'.islower() }} {{ 'A1'.isupper() }} {{ '1'.isupper() }}
{{ lines.splitlines() }} {{ lines.splitlines(true) }} {{ 'a\r\nb\rc\n'.splitlines() }} {{ ''.splitlines() }}
{{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x-suffix'.removesuffix('-suffix') }} {{ 'x'.removeprefix('y') }}
{{ l.index(1) }} {{ l.count(1) }} {{ [1, 1.0, true].count(1) }}
# -- filters
[{{ ws|trim }}] [{{ 'xax'|trim('x') }}] [{{ n|trim }}] [{{ 5|trim }}]
{{ s|upper }} {{ s|lower }} {{ 'hello big-world (ok) [x] 3d'|title }} {{ s|capitalize }} {{ n|upper }} {{ 5|string + 'x' }} {{ l|string }}
{{ s|length }} {{ u|length }} {{ l|count }} {{ ''|length }} {{ missing|length }}
{{ missing|default('x') }} {{ e|default('x') }}| {{ e|default('x', true) }} {{ n|default('x') }} {{ n|d('x', boolean=true) }} {{ missing|default }}| {{ d.nope|default(7) }} {{ missing|default(none) }}
{{ l|join }} {{ l|join(', ') }} {{ words|join('/') }} {{ messages|join('|', attribute='role') }} {{ [1, none, missing]|join('-') }} {{ 'abc'|join('.') }} {{ deep|join }}
{{ l|first }} {{ l|last }} {{ empty|first }}| {{ empty|last }}| {{ s|first }} {{ u|last }} {{ d|first }}
{{ l|sort }} {{ words|sort }} {{ words|sort(case_sensitive=true) }} {{ l|sort(reverse=true) }} {{ messages|sort(attribute='role')|map(attribute='role')|list }} {{ [[2, 'b'], [1, 'c'], [2, 'a']]|sort }} {{ [{'a': 1, 'b': 2}, {'a': 1, 'b': 1}]|sort(attribute='a,b') }} {{ [(1, 'b'), (1, 'a')]|sort(attribute='1') }}
{{ ['a', 'A', 'b', 'a']|unique|list }} {{ ['a', 'A']|unique(true)|list }} {{ [1, 1.0, 2]|unique|list }} {{ messages|unique(attribute='role')|map(attribute='role')|list }}
{{ l|reverse|list }} {{ s|reverse }} {{ u|reverse }} {{ d|reverse|list }}
{{ l|min }} {{ l|max }} {{ empty|max }}| {{ words|min }} {{ l|sum }} {{ [0.1, 0.2]|sum }} {{ l|sum(start=10) }} {{ [{'v': 2}, {'v': 3}]|sum('v') }} {{ empty|sum }}
{{ messages|selectattr('role', 'equalto', 'user')|list|length }} {{ messages|rejectattr('role', '==', 'user')|map(attribute='role')|join(',') }} {{ messages|selectattr('name')|list|length }} {{ messages|selectattr('name', 'defined')|list|length }} {{ messages|selectattr('role', 'in', ['tool', 'system'])|map(attribute='role')|list }}
{{ l|select('odd')|list }} {{ l|reject('odd')|list }} {{ [0, 1, '', 'a', none]|select|list }} {{ l|select('gt', 1)|list }} {{ l|reject('divisibleby', 3)|list }} {{ [1, missing]|select('defined')|list }}
{{ words|map('upper')|join(' ') }} {{ messages|map(attribute='name', default='-')|list }} {{ messages|map(attribute='name')|list }} {{ tools|map(attribute='function.name')|list }} {{ ['a b', 'c']|map('replace', ' ', '_')|list }} {{ nested|map('string')|list }} {{ [[1, 2], [3]]|map('first')|list }} {{ [[1, 2], [3]]|map(attribute=0)|list }}
{% if empty|select %}true{% else %}false{% endif %} {% if empty|map('upper') %}true{% endif %} {% if empty|list %}true{% else %}false{% endif %} {{ n|map('upper')|list }} {{ n|selectattr('x')|list }} {% if i|items %}true{% endif %} {{ i|select == 5 }}
{{ 'abc'|list }} {{ d|list }} {{ (1, 2)|list }} {{ u|list }} {{ missing|list }}
{{ '12'|int }} {{ '12.7'|int }} {{ 'x'|int }} {{ 'x'|int(5) }} {{ 3.9|int }} {{ -3.9|int }} {{ n|int }} {{ t|int }} {{ '0x1f'|int(base=16) }} {{ num|int }} {{ '1_0'|int }} {{ l|int(-1) }} {{ '1e3'|int }} {{ 'ff'|int(0, 16) }}
{{ '2.5'|float }} {{ 'x'|float }} {{ 2|float }} {{ n|float(1.5) }} {{ 'inf'|float }} {{ ' 1e3 '|float }} {{ '-Infinity'|float }} {{ 'nan'|float }}
{{ 2.5|round }} {{ 3.5|round }} {{ 2.675|round(2) }} {{ 42|round }} {{ 1234.567|round(-2) }} {{ 1.1|round(0, 'ceil') }} {{ 1.9|round(method='floor') }} {{ 1.25|round(1) }} {{ 1234|round(-2) }} {{ -2.5|round }} {{ 1.15|round(1, 'floor') }}
{{ -5|abs }} {{ neg|abs }} {{ -2.5|abs }} {{ t|abs }}
{{ s|replace('l', 'L') }} {{ s|replace('l', 'L', 1) }} {{ 'a.b'|replace('.', '') }} {{ 5|replace(5, 6) }} {{ 'aa'|replace('a', 'b', none) }}
{{ lines|indent }} {{ lines|indent(2) }} {{ lines|indent(2, true) }} {{ lines|indent(2, blank=true) }} {{ lines|indent('> ', first=true, blank=true) }} {{ 'a\n'|indent(2) }}| {{ ''|indent(2, true) }}| {{ 'a\n\n'|indent(2, blank=true) }}|
{{ html|e }} {{ html|escape }} {{ 5|e }}
{{ d|items|list }} {{ missing|items|list }} {{ d|dictsort }} {{ {'b': 1, 'A': 2}|dictsort }} {{ {'b': 1, 'A': 2}|dictsort(true) }} {{ {'b': 1, 'a': 2}|dictsort(by='value') }} {{ {'b': 1, 'a': 2}|dictsort(reverse=true) }}
{{ d|attr('a') }}| {{ s|attr('upper')() }}
{{ -5|abs|string|length }} {{ (l|first) + 1 }} {{ l|first + 1 }} {{ 'a'|upper ~ 'b'|upper }} {{ not e|length }} {{ l|length > 2 }} {{ 1 if l|length == 3 else 2 }} {{ s|upper|lower|title }} {{ -i|abs }}
{{ s | safe }} {{ s|string is string }} {{ 'a' 'b'|upper }}
# -- tojson
{{ d|tojson }} {{ nested|tojson }} {{ messages|tojson }} {{ u|tojson }} {{ html|tojson }} {{ n|tojson }} {{ t|tojson }} {{ x|tojson }} {{ ''|tojson }} {{ []|tojson }} {{ {}|tojson }} {{ (1, 2)|tojson }} {{ 1e100|tojson }} {{ 'a\x01\x1f\x7f\u2028\b\f'|tojson }}
{{ tools|tojson(indent=4) }}
{{ tools[0]|tojson(indent=2) }} {{ [[], {}, [[]]]|tojson(indent=1) }} {{ [1]|tojson(indent=0) }} {{ [1]|tojson(indent='--') }} {{ 5|tojson(indent=2) }}
{{ d|tojson(separators=(',', ':')) }} {{ d|tojson(indent=2, separators=(', ', ' : ')) }} {{ u|tojson(ensure_ascii=true) }} {{ {'b': 1, 'a': {'d': 1, 'c': 2}}|tojson(sort_keys=true) }} {{ {1: 2, none: 3, 2.5: 4}|tojson }}
{{ d|tojson|safe }} {{ 'nan'|float|tojson }} {{ 'inf'|float|tojson }} {{ 1.0|tojson }}
# -- tests
{{ s is defined }} {{ missing is defined }} {{ missing is undefined }} {{ d.a is defined }} {{ d.z is not defined }} {{ n is none }} {{ missing is none }} {{ n is not none }}
{{ s is string }} {{ 5 is string }} {{ d is mapping }} {{ l is mapping }} {{ l is iterable }} {{ s is iterable }} {{ 5 is iterable }} {{ missing is iterable }} {{ l is sequence }} {{ d is sequence }} {{ s is sequence }} {{ missing is sequence }} {{ (l|select) is sequence }} {{ (l|select) is iterable }}
{{ 5 is number }} {{ t is number }} {{ x is number }} {{ '5' is number }} {{ 5 is integer }} {{ t is integer }} {{ 5.0 is integer }} {{ 5.0 is float }} {{ t is boolean }} {{ 1 is boolean }} {{ t is true }} {{ 1 is true }} {{ f is false }} {{ 0 is false }}
{{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 5 is eq 5 }} {{ 5 is equalto(5) }} {{ 5 is ne 5 }} {{ 5 is gt 3 }} {{ 5 is lessthan 3 }} {{ 5 is ge 5 }} {{ 5 is le 4 }} {{ 'a' is in 'abc' }} {{ 1 is in [2] }} {{ 'a' is in(['a']) }} {{ n is sameas none }} {{ 1 is sameas true }} {{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'Abc' is lower }}
{{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }} {{ range is callable }} {{ s is callable }} {{ s.upper is callable }} {{ s is escaped }}
{{ not s is string }} {{ s is string and l is not string }} {{ 'y' if s is string else 'n' }} {{ s is not string or t }} {{ x is defined and x is not none and x > 1 }} {{ l[0] is odd }} {{ 1 + 2 is odd }} {{ -3 is odd }}
# -- loops
{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ m.role }};{% endfor %}
{% for m in messages %}{{ loop.previtem.role if loop.previtem is defined }}<{{ m.role }}>{{ loop.nextitem.role if not loop.last }} {% endfor %}
{% for x in l %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x > 1) }}{% endfor %} {% for x in empty %}x{% else %}none{% endfor %} {% for x in missing %}x{% else %}none{% endfor %}
{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %} {% for k in d %}{{ k }}{% endfor %} {% for k, v in d|dictsort %}{{ k }}{% endfor %} {% for (a, (b, c)) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %} {% for a, b in ['xy'] %}{{ b }}{{ a }}{% endfor %}
{% for c in u %}{{ c }}.{% endfor %} {% for i in range(3) %}{{ i }}{% endfor %} {% for i in range(5, 0, -2) %}{{ i }}{% endfor %} {% for i in range(0) %}x{% else %}e{% endfor %}{{ i }}
{% for m in messages if m.role == 'user' %}{{ loop.index }}/{{ loop.length }} {% endfor %}{% for x in l if x > 5 %}x{% else %}none{% endfor %}
{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %} {% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %} {% for x in l %}{% for y in l %}{% if y == 1 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}
{% for x in [1, [2, [3]]] recursive %}{% if x is iterable %}({{ loop(x) }}){% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}
{% for x in l %}{{ loop.index }}{% for y in 'ab' %}{{ loop.index }}{{ loop.length }}{% endfor %}{{ loop.last }}{% endfor %}
{% for x in l %}{% set z = x %}{% endfor %}{{ z is defined }} {% set z = 0 %}{% for x in l %}{{ z }}{% set z = z + x %}{{ z }} {% endfor %}{{ z }}
{% set ns = namespace(n=0, found=false) %}{% for x in l %}{% set ns.n = ns.n + x %}{% if x == 1 %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.n }}{{ ns.found }}{{ ns.nope is defined }}{{ ns['n'] }}
{% for x in l if x is odd %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %} {{ loop is defined }}
{% for i in range(2, 4) %}{{ messages[i].role }}{% endfor %} {% for i in range(l|length - 1, -1, -1) %}{{ l[i] }}{% endfor %} {% for m in messages[::-1] %}{{ m.role }} {% endfor %}
{% for m in messages|selectattr('role', 'eq', 'user') %}{{ loop.length }}{{ loop.last }}{% endfor %} {% for x in l|map('string')|reverse %}{{ x + '!' }}{% endfor %}
{% for x in l: %}{{ x }}{% endfor %} {% if t: %}y{% endif %}
{% set g = l|select('odd') %}{% for x in g %}{{ x }}{% endfor %}{% for x in g %}again{% else %}used{% endfor %}
# -- conditions and sets
{% if e %}1{% elif n %}2{% elif l %}3{% else %}4{% endif %} {% if missing %}1{% else %}0{% endif %} {% if 0.0 %}1{% else %}0{% endif %} {% if '0' %}1{% endif %} {% if ed %}1{% else %}0{% endif %} {% if (0,) %}1{% endif %}
{% if t %}{% set a = 1 %}{% endif %}{{ a }} {% if f %}{% set b = 1 %}{% endif %}{{ b is defined }} {% set a, b = 1, 2 %}{{ a }}{{ b }} {% set c = 1, 2 %}{{ c }} {% set (p, q) = l[:2] %}{{ p }}{{ q }}
{% set a %}x{{ i }}y{% endset %}[{{ a }}]{{ a|length }} {% set a | upper | replace('X', '-') %}x{{ s }}{% endset %}{{ a }} {% set e %}{% endset %}{{ e == '' }}
{% set x = 1 %}{% with x = 2, y = 3 %}{{ x }}{{ y }}{% set z = 9 %}{% endwith %}{{ x }}{{ y is defined }}{{ z is defined }} {% with %}{{ x }}{% endwith %}
{% filter upper %}a{{ s }}{% endfilter %} {% filter replace('a', 'b')|trim %} aXa {% endfilter %}
{% set messages = messages[1:] %}{{ messages|length }} {% set tools = tools or [] %}{{ tools|length }} {% set d = d %}{{ d.a }}
{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }} {{ dict(a=1, b=[2]) }} {{ dict({'z': 1}, a=2) }}
{% generation %}{% set inner = 1 %}g{% endgeneration %}{{ inner is defined }}
{% raw %}{{ not }} {% a %} {# c #}{% endraw %} {% raw -%}   x {%- endraw %}|
# -- macros
{% macro m(a, b='B', c='C') %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 2) }}{{ m(1, c=3) }}{{ m(b=5, a=4) }}{{ m() }}
{% macro f(n) %}{% if n <= 1 %}1{% else %}{{ n * (f(n - 1)|int) }}{% endif %}{% endmacro %}{{ f(6) }} {{ f(6) is string }}
{% macro v() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ v(1, 2, z=3) }} {% macro w(x) %}{{ x }}{{ varargs|length }}{% endmacro %}{{ w(1, 2, 3) }}
{% macro c() %}<{{ caller() }}>{% endmacro %}{% call c() %}in{{ i }}{% endcall %} {% macro ci() %}{{ caller(1) }}{{ caller(2) }}{% endmacro %}{% call(x) ci() %}({{ x }}){% endcall %}
{% set g = 1 %}{% macro r() %}{{ g }}{% endmacro %}{{ r() }}{% set g = 2 %}{{ r() }} {% for g in [7] %}{{ r() }}{% endfor %} {% macro q() %}{{ later }}{% endmacro %}{% set later = 'L' %}{{ q() }}
{% macro d2(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ d2(1) }} {% macro s1(x) %}{% set y = x %}{{ y }}{% endmacro %}{{ s1(3) }}{{ y is defined }} {{ m.name if m is defined }}
{% macro outer() %}{% macro inner() %}I{% endmacro %}O{{ inner() }}{% endmacro %}{{ outer() }} {{ inner is defined }}
{% macro args(*a) %}{% endmacro %}
{% macro loopm() %}{{ loop is defined }}{% endmacro %}{% for x in [1] %}{{ loopm() }}{% endfor %} {% macro t1(x) %}{{ x|tojson }}{% endmacro %}{{ t1({'a': 1}) }} {{ m is callable }} {{ [1, 2]|map('string')|join }}
{% macro p(a) -%}  {{ a }}  {%- endmacro %}[{{ p('x') }}] [{{ p(*[1]) }}] [{{ p(**{'a': 2}) }}]
# -- dates
{{ strftime_now('%Y-%m-%d') }} {{ strftime_now('%d %b %Y') }} {{ strftime_now('%A, %B %-d, %H:%M:%S %p %I %j %y %%') }} {{ strftime_now('%a %-m/%-d %e') }} {{ strftime_now('plain') }}
"""

# White space matters here, so each is a text of its own.
WHITESPACE = [
    "a\n{% if t %}\nb\n{% endif %}\nc\n", "a\n  {% if t %}\n  b\n  {% endif %}\nc", "  {{ s }}\n  {{ s }}\n\n",
    "a  {%- if t -%}  b  {%- endif -%}  c", "a\n\n{%- if t %}\n\n b{%- endif %}\n\n c", "{% if t +%}\n x{% endif %}",
    "  {%+ if t %}x{% endif %}", "a\n  {# c #}\nb", "a {# c #} b", "a\n {#- c -#} \nb", "{# x #}\n{# y #}\nz",
    "{{- s -}}  x  {{- s }}", "a \n {{- s -}} \n b", "{%- set x = 1 -%}\n\n{{ x }}\n\n", "\n\n{{ s }}\n\n\n", "{{ s }}\r\nx\ry\r\n",
    "  {% raw %}\n  {{ x }}\n  {% endraw %}\nz", "a\t{% if t %}b{% endif %}\t\n", "x{% if t %}\n\n{% endif %}y",
    "{% for x in l %}\n  {{ x }}\n{% endfor %}\nend", "{% for x in l -%}\n  {{ x }}\n{%- endfor %}\nend",
    "a {% set x = 1 %} b\n  {% set y = 2 %}  c\n", "{% if t %}\n  {%- if t %}\n    {{- s }}\n  {%- endif %}\n{%- endif %}",
    "\u00a0\n\u3000{% if t %}x{% endif %}", "{{ s }} {#- a\n b -#}\n\n c", "{{ '{{' }}{{ '%}' }}{{ \"}}\" }}", "{ { % } # }{", "{",
    "", "\n", " \n", "{{ s }}{", "{#-#}x", "{# #}", "{{\n s \n}}", "{%\nif\nt\n%}x{%endif%}", "{%-if t-%} x {%-endif-%}",
    "{% raw %}a{% endraw %}\nb", "{% raw -%}\n\n a \n{%- endraw -%}\n\nb", "{%- raw %} {{ {%- endraw %}", "  {%- raw +%}",
    "{% if t %}a{% endif -%}\n  b", "{{ s -}}\n  b", "{{+ i }}", "{{ -i }}{{-i}}", "{% set a = '%}' %}{{ a }}", "{{ {'a': '}}'}.a }}",
    "{{ 'it''s' }}", "é{{ u }}\u2028{% if t %}\u2028{% endif %}", "{% set x %}\n a\n{% endset %}[{{ x }}]", "{{ 'a\nb' }}", "{{ 'a\\\nb' }}",
]


class Generation(jinja2.ext.Extension):
    tags = {"generation"}

    def parse(self, parser):
        lineno = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_support"), [], [], body).set_lineno(lineno)

    def _support(self, caller):
        return caller()


def environment():
    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = NOW.strftime
    return env


def case(env, template):
    try:
        return {"template": template, "expected": env.from_string(template).render(**VARIABLES)}
    except Exception as e:
        return {"template": template, "error": type(e).__name__, "message": str(e)}


def main():
    env = environment()
    lines = [line for line in TEMPLATES.split("\n") if line and not line.startswith("# --")]
    cases = [case(env, template) for template in lines + WHITESPACE]
    print(json.dumps({"jinja2": jinja2.__version__, "now": NOW.isoformat(), "variables": VARIABLES, "cases": cases}, indent=1))


if __name__ == "__main__":
    main()

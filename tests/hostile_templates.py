"""Templates that mean harm, or that say one thing and do another: none may be accepted.

Each is a whole file. Families: reaching into Python, running code, statements, arithmetic and
growth, names, filters, includes, blocks and heads, hidden letters, size and depth.
"""

HEAD = '+++\ntitle = "Thử"\n[fields]\ngio = {}\n+++\n'


def file(body, block="sms"):
    return f"{HEAD}{{% block {block} %}}UBND phuong {body}{{% endblock %}}\n"


_ATTRIBUTES = [
    "__class__", "__class__.__mro__", "__class__.__base__.__subclasses__", "__init__.__globals__",
    "__dict__", "__doc__", "__module__", "__subclasshook__", "__reduce__", "__getattribute__",
    "__format__", "format", "format_map", "upper", "join", "encode", "translate", "name.upper",
    "name.__class__", "name.format", "mro", "func_globals", "gi_frame", "cr_frame", "f_globals",
]  # fmt: skip
_ROOTS = ["contact", "ward", "sender", "document", "residential_group", "gio", "row"]
_GLOBALS = [
    "self", "self._TemplateReference__context", "cycler", "joiner", "namespace", "lipsum", "dict",
    "range", "request", "config", "g", "session", "url_for", "get_flashed_messages", "caller",
    "loop", "super", "__import__", "open", "eval", "exec", "os", "sys", "environment", "context",
    "varargs", "kwargs", "app", "settings", "SECRET_KEY", "database", "true_", "__builtins__",
    "cycler.__init__.__globals__.os.popen", "lipsum.__globals__", "joiner.__init__",
    "namespace.__init__", "request.application.__globals__", "config.items", "self.__dict__",
]  # fmt: skip
_CALLS = [
    "lipsum()", "cycler('a')", "contact()", "contact.name()", "gio.upper()", "range(9)",
    "gio.format(contact)", "'{0.__class__}'.format(gio)", "''.join(gio)", "dict(a=1)", "self()",
    "gio.__class__()", "contact.name.__init__.__globals__['os'].popen('id').read()", "gio()()",
    "cycler.__init__.__globals__.os.popen('id').read()", "namespace(x=1)", "joiner(',')",
    "lipsum.__globals__['os'].popen('id')", "(contact.name)()", "contact['name']()",
]  # fmt: skip
_ITEMS = [
    "contact['name']", "contact['__class__']", 'contact["__cl" "ass__"]', "gio[0]", "gio[::-1]",
    "gio[:1]", "ward['na' ~ 'me']", "row['x']", "contact[gio]", "''[0]", "()['a']", "{}['a']",
    "contact['name']['x']", "contact.name[0]",
]  # fmt: skip
_EXPRESSIONS = [
    "7*7", "7 * '7'", "'a' * 10000", "9**9**9", "9 ** 9", "1+1", "1-1", "4/2", "4//2", "5%2",
    "-1", "+1", "gio ~ gio", "gio + gio", "gio * 9999", "gio % 'x'", "[1,2]", "(1,2)", "{'a':1}",
    "[gio]", "gio if gio else 1", "gio if 1", "gio is defined", "gio is string", "gio in 'abc'",
    "gio not in 'abc'", "1 < 2", "gio < 5", "gio >= '5'", "gio == 1", "not gio", "gio and gio",
    "gio or 1", "1", "'x'", "true", "none", "1.5", "1e308", "0x41", "1_000", "''", '"\\x41"',
    "gio == gio == gio", "(gio)(gio)", "gio,", "gio;", "{{gio}}", "[[]]", "*gio", "**gio", "lambda: 1",
    "gio:=1", "@gio", "`gio`", "$gio", "#{gio}", "${gio}", "<%= gio %>",
]  # fmt: skip
_FILTERS = [
    "attr('__class__')", "map('upper')", "safe", "escape", "e", "format(1)", "join", "list", "tojson",
    "pprint", "replace('a','b')", "random", "reverse", "first", "last", "length", "default('x')",
    "xmlattr", "urlize", "striptags", "batch(2)", "groupby('x')", "select", "selectattr('x')",
    "sort", "string", "sum", "trim", "unique", "wordwrap(1)", "center(99999)", "indent(9999)",
    "truncate", "filesizeformat", "forceescape", "int", "float", "abs", "round", "dictsort",
    "items", "upper('x')", "upper(1)", "khong_dau(a=1)", "so(*gio)", "tien(**gio)", "ngay('%H')",
    "Upper", "upper.x", "upper|attr('x')", "khong_dau|map", "__class__", "upper()|safe",
]  # fmt: skip
_STATEMENTS = [
    "{% for a in 'abc' %}x{% endfor %}", "{% for a in gio %}{{ a }}{% endfor %}",
    "{% for a in range(999999999) %}x{% endfor %}", "{% set a = 1 %}", "{% set a %}x{% endset %}",
    "{% macro x() %}x{% endmacro %}", "{% call x() %}x{% endcall %}", "{% filter upper %}x{% endfilter %}",
    "{% import 'os' as os %}", "{% from 'x' import y %}", "{% include 'x' %}", "{% include gio %}",
    "{% include '../../etc/passwd' %}", "{% include '/etc/passwd' %}", "{% include ['a','b'] %}",
    "{% include '_a.j2' ignore missing %}", "{% extends 'x' %}", "{% extends gio %}",
    "{% include '_..j2/../x.j2' %}", "{% include '_khong-co.j2' %}", '{% include "_/etc/passwd" %}',
    "{% do gio.x() %}", "{% with a=1 %}x{% endwith %}", "{% autoescape true %}x{% endautoescape %}",
    "{% raw %}{{ 7*7 }}{% endraw %}", "{%raw%}x{%endraw%}", "{%- raw -%}x{%- endraw -%}",
    "{% debug %}", "{% trans %}x{% endtrans %}", "{% continue %}", "{% break %}", "{% load x %}",
    "{% if gio %}", "{% endif %}", "{% else %}", "{% elif gio %}", "{% if %}x{% endif %}",
    "{% if gio() %}x{% endif %}", "{% if gio[0] %}x{% endif %}", "{% if gio.__class__ %}x{% endif %}",
    "{% if gio is defined %}x{% endif %}", "{% if gio < 3 %}x{% endif %}", "{% if 1 + 1 %}x{% endif %}",
    "{% if gio in ['a'] %}x{% endif %}", "{% if [] %}x{% endif %}", "{% if lipsum %}x{% endif %}",
    "{% if gio == gio ~ gio %}x{% endif %}", "{% if gio | map %}x{% endif %}", "{% if 1.5 %}x{% endif %}",
    "{% if gio == none %}x{% endif %}", "{% if 'a' | upper %}x{% endif %}", "{# hidden #}",
    "{#{{ 7*7 }}#}", "{# {% endblock %} #}", "{{ '{# ' }}", "{% block inner %}x{% endblock %}",
    "{{ super() }}", "{% endblock %}{{ 7*7 }}{% block sms_accented %}UBND", "{{", "{%", "{{ }}", "{% %}",
    "{{ gio", "{{ gio }", "{% if gio }x{% endif %}", "}}", "{{ gio }}}}{{", "{{{ gio }}}", "{{ {{ gio }} }}",
]  # fmt: skip
_STATEMENTS = [s for s in _STATEMENTS if s != "}}"]  # two braces alone are text
_NAMES = [
    "warrd.name", "ward.nmae", "ward", "contact", "row", "contact.phone", "contact.id", "contact.name_",
    "row._secret", "row.__class__", "row.a.b", "ward.name.x", "khong_co", "Gio", "GIO", "ɡio", "gіo",
    "contact.Name", "sender.brandname", "document.digest", "residential_group.id", "fields.gio", "ｇio.x",
]  # fmt: skip
_HIDDEN = ["\u202e", "\u202d", "\u2066", "\u2069", "\u200b", "\u200c", "\u200d", "\u200e", "\u2060",
           "\ufeff", "\u00ad", "\u0000", "\u0007", "\u001b[31m", "\u0085", "\u2028", "\u2029", "\ue000",
           "\ufffe", "\U000e0041", "\u061c", "\u180e", "\u2064"]  # fmt: skip
_SIZES = [
    "x" * 4_001, "{{ gio }}" * 500, "{% if gio %}" * 300 + "{% endif %}" * 300,
    "{{ " + "(" * 900 + "gio" + ")" * 900 + " }}", "{{ " + "not " * 900 + "gio }}",
    "{{ gio" + " | upper" * 450 + " }}", "{% if " + "(" * 1200 + "gio" + ")" * 1200 + " %}x{% endif %}",
    "{% if " + "not " * 900 + "gio %}x{% endif %}", "{% if gio" + " and gio" * 500 + " %}x{% endif %}",
    "{{ " + "-" * 900 + "1 }}", "{{ gio" + ".a" * 900 + " }}", "{{ " + "[" * 900 + " }}",
    "{{ " * 1300, "{% " * 1300, "{% block x %}" * 300, "x" * 1_000_000, "{{ gio }}" * 100_000,
    "{% if gio == '" + "a" * 4000 + "' %}x{% endif %}", "{% include '_x.j2' %}" * 150,
]  # fmt: skip
_FILES = [
    "", "x", "+++\n+++\n", "+++\ntitle = 1\n+++\n{% block sms %}x{% endblock %}",
    "{% block sms %}x{% endblock %}", '+++\ntitle = "x"\n{% block sms %}x{% endblock %}',
    HEAD + "text before{% block sms %}x{% endblock %}", HEAD + "{% block sms %}x{% endblock %}after",
    HEAD + "{% block sms %}x", HEAD + "x{% endblock %}", HEAD + "{% block mail %}x{% endblock %}",
    HEAD + "{% block sms %}x{% endblock %}{% block sms %}y{% endblock %}",
    HEAD + "{% block %}x{% endblock %}", HEAD + "{% block sms scoped %}x{% endblock %}",
    HEAD + "{% block sms required %}x{% endblock %}", HEAD + "{% block 'sms' %}x{% endblock %}",
    HEAD + "{{ 7*7 }}{% block sms %}x{% endblock %}", HEAD + "{# x #}{% block sms %}x{% endblock %}",
    '+++\ntitle = "x"\nkind = "spam"\n+++\n{% block sms %}x{% endblock %}',
    '+++\ntitle = "x"\nevil = 1\n+++\n{% block sms %}x{% endblock %}',
    '+++\ntitle = "x"\n[fields]\n__class__ = {}\n+++\n{% block sms %}{{ __class__ }}{% endblock %}',
    '+++\ntitle = "x"\n[fields]\nself = {}\n+++\n{% block sms %}{{ self }}{% endblock %}',
    '+++\ntitle = "x"\n[fields]\ncontact = {}\n+++\n{% block sms %}{{ contact }}{% endblock %}',
    '+++\ntitle = "x"\n[fields]\n"a b" = {}\n+++\n{% block sms %}x{% endblock %}',
    '+++\ntitle = "x"\n[fields]\nnone = {}\n+++\n{% block sms %}x{% endblock %}',
    '+++\ntitle = "x"\n[fields]\nfor = {}\n+++\n{% block sms %}x{% endblock %}',
    '+++\ntitle = "x"\n[zns]\ntemplate_id = "1"\nparams = { a = "{{ 7*7 }}" }\n+++\n{% block zalo %}x{% endblock %}',
    '+++\ntitle = "x"\n[zns]\ntemplate_id = "1"\nparams = { a = "{{ gio.__class__ }}" }\n+++\n{% block zalo %}x{% endblock %}',
    '+++\ntitle = "x"\n[zns]\ntemplate_id = "1"\nparams = { a = "{% for x in y %}{% endfor %}" }\n+++\n{% block zalo %}x{% endblock %}',
    '+++\ntitle = "x"\n[zns]\ntemplate_id = "1"\nparams = { a = "x" }\nlongest = { b = 3 }\n+++\n{% block zalo %}x{% endblock %}',
    "+++\ntitle = " + "[" * 5_000 + "\n+++\n{% block sms %}x{% endblock %}",
    "+++\ntitle = " + "{a=" * 3_000 + "\n+++\n{% block sms %}x{% endblock %}",
    "+++\n" + "a" * 20_000, "\ufffd" * 100, "+++\ntitle = 'x'\n+++", "+++\n\n+++\n{% block sms %}",
]  # fmt: skip


def every():
    """(family and number, whole file)."""
    bodies = {
        "attribute": [f"{{{{ {_ROOTS[i % 6]}.{a} }}}}" for i, a in enumerate(_ATTRIBUTES)],
        "global": [f"{{{{ {g} }}}}" for g in _GLOBALS],
        "call": [f"{{{{ {c} }}}}" for c in _CALLS],
        "item": [f"{{{{ {i} }}}}" for i in _ITEMS],
        "expression": [f"{{{{ {e} }}}}" for e in _EXPRESSIONS],
        "filter": [f"{{{{ gio | {f} }}}}" for f in _FILTERS],
        "statement": _STATEMENTS,
        "name": [f"{{{{ {n} }}}}" for n in _NAMES],
        "hidden": [f"canh{h}bao" for h in _HIDDEN] + [f"{{{{ gi{h}o }}}}" for h in _HIDDEN[:4]],
        "size": _SIZES,
    }
    found = [(f"{k} {i}", file(b)) for k, bs in bodies.items() for i, b in enumerate(bs)]
    return [*found, *((f"file {i}", text) for i, text in enumerate(_FILES))]

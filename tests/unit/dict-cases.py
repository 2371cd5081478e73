#!/usr/bin/env python3
"""Writes dict-history.h: what Python's dict does, as literal expected values.

    python3 tests/unit/dict-cases.py > tests/unit/dict-history.h
"""

import heapq
import random

NONE = (None,)


def text(value):
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(
            f"{text(k)}: {text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(text(v) for v in value) + "]"
    if isinstance(value, str):
        return f'\\"{value}\\"'
    return str(value)


def args(*values):
    return ", ".join(text(v) for v in values)


def by_key(entries):
    """A plain map comes sorted: numbers before text."""
    return dict(sorted(entries.items(),
                       key=lambda e: (isinstance(e[0], str), e[0])))


def history(n):
    d = {}
    key = lambda: random.choice([*range(9), *"abcdefg"])
    value = lambda: random.randrange(-5, 6)
    pairs = lambda: [[key(), value()] for _ in range(random.randrange(4))]
    for _ in range(n):
        kind = random.choice(
            ["get", "get_default", "set", "set", "set", "set", "delete",
             "contains", "len", "keys", "values", "items", "pop", "pop",
             "popitem", "setdefault", "update", "clear", "copy", "add",
             "compare_and_set", "top"])
        if kind == "clear" and random.random() < 0.7:
            continue
        takes, gives = (), NONE
        try:
            if kind == "get":
                takes = (key(),)
                gives = (d[takes[0]],)
            elif kind == "get_default":
                takes = (key(), value())
                gives = (d.get(*takes),)
            elif kind == "set":
                takes = (key(), value())
                d[takes[0]] = takes[1]
            elif kind == "delete":
                takes = (key(),)
                del d[takes[0]]
            elif kind == "contains":
                takes = (key(),)
                gives = (takes[0] in d,)
            elif kind == "len":
                gives = (len(d),)
            elif kind in ("keys", "values", "items"):
                gives = (list(getattr(d, kind)()),)
            elif kind == "pop":
                takes = random.choice([(key(),), (key(), value())])
                gives = (d.pop(*takes),)
            elif kind == "popitem":
                gives = (d.popitem(),) if d else NONE
                if not gives[0]:
                    yield kind, "", "EMPTY", text(d)
                    continue
            elif kind == "setdefault":
                takes = (key(), value())
                gives = (d.setdefault(*takes),)
            elif kind == "update":
                takes = (pairs(),)
                d.update(takes[0])
            elif kind == "clear":
                d.clear()
            elif kind == "copy":
                gives = (by_key(d),)
            elif kind == "add":
                takes = (key(), value())
                d[takes[0]] = d.get(takes[0], 0) + takes[1]
                gives = (d[takes[0]],)
            elif kind == "compare_and_set":
                takes = (key(), random.choice([None, value(), value()]), value())
                same = d.get(takes[0]) == takes[1]
                if same:
                    d[takes[0]] = takes[2]
                gives = (same,)
            elif kind == "top":
                takes = (random.choice([-1, 0, 1, 2, 3, 5, 99]),)
                gives = (heapq.nlargest(takes[0], d.items(),
                                        key=lambda e: e[1]),)
        except KeyError:
            answer = "NOT_FOUND"
        else:
            answer = "ok" if gives is NONE else "ok " + args(*gives)
        yield kind, args(*takes), answer, text(d)


random.seed(3)
print("/* Made by dict-cases.py, from what Python does. */")
print("/* clang-format off */")
print("static const struct history_case history[] = {")
for case in history(560):
    print("\t{" + ", ".join(f'"{c}"' for c in case) + "},")
print("};")
print("/* clang-format on */")

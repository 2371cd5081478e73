#!/usr/bin/env python3
"""What Python's list does, as literal expected values in C.

    python3 tests/unit/list-cases.py slices > tests/unit/slice-cases.h
    python3 tests/unit/list-cases.py history > tests/unit/list-history.h
"""

import random
import sys

NONE = (None,)


def text(value):
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(text(v) for v in value) + "]"
    return str(value)


def args(*values):
    return ", ".join(text(v) for v in values)


def slices():
    far = [2**63 - 1, -(2**63)]
    bounds = [None, None, *range(-7, 8), *range(-7, 8), *far]
    steps = [None, None, 1, 1, 2, 3, -1, -1, -2, -3, 7, -7, *far]
    for _ in range(560):
        n = random.choice([0, 1, 2, 5, 6, 6, 6])
        start, stop = random.choice(bounds), random.choice(bounds)
        step = random.choice(steps)
        items = list(range(n))
        which = slice(start, stop, step)
        picked = items[which]
        deleted = list(items)
        del deleted[which]
        plain = step in (None, 1)
        new = [100, 101, 102] if plain else [100 + i for i in range(len(picked))]
        changed = list(items)
        changed[which] = new
        # of another length: not possible if the slice is an extended one
        other = list(items)
        try:
            other[which] = new + [200]
            answer = "ok"
        except ValueError:
            answer = "INVALID"
        yield (n, args(start, stop, step), text(picked), text(deleted),
               text(new), text(changed), text(new + [200]), answer, text(other))


def history(n):
    items = []
    value = lambda: random.randrange(12)
    index = lambda: random.randrange(-len(items) - 3, len(items) + 3)
    bound = lambda: random.choice([None, index(), index()])
    some = lambda: [value() for _ in range(random.randrange(4))]
    for _ in range(n):
        kind = random.choice(
            ["append", "append", "extend", "insert", "insert", "get", "set",
             "delete", "pop", "pop", "remove", "index", "count", "contains",
             "len", "slice", "slice_set", "slice_delete", "reverse", "sort",
             "copy", "concat", "repeat", "repeat_in_place", "clear"])
        if kind in ("repeat_in_place", "extend", "concat") and len(items) > 20:
            continue
        if kind == "clear" and random.random() < 0.7:
            continue
        takes, gives = (), NONE
        try:
            if kind == "append":
                takes = (value(),)
                items.append(*takes)
            elif kind == "extend":
                takes = (some(),)
                items.extend(*takes)
            elif kind == "insert":
                takes = (index(), value())
                items.insert(*takes)
            elif kind == "get":
                takes = (index(),)
                gives = (items[takes[0]],)
            elif kind == "set":
                takes = (index(), value())
                items[takes[0]] = takes[1]
            elif kind == "delete":
                takes = (index(),)
                del items[takes[0]]
            elif kind == "pop":
                takes = random.choice([(), (index(),)])
                if not items:
                    raise LookupError
                gives = (items.pop(*takes),)
            elif kind == "remove":
                takes = (value(),)
                items.remove(*takes)
            elif kind == "index":
                takes = (value(), index(), index())[:random.randrange(1, 4)]
                gives = (items.index(*takes),)
            elif kind == "count":
                takes = (value(),)
                gives = (items.count(*takes),)
            elif kind == "contains":
                takes = (value(),)
                gives = (takes[0] in items,)
            elif kind == "len":
                gives = (len(items),)
            elif kind == "slice":
                takes = (bound(), bound(), random.choice([None, 1, 2, -1]))
                gives = (items[slice(*takes)],)
            elif kind == "slice_set":
                takes = (bound(), bound(), None, some())
                items[slice(*takes[:3])] = takes[3]
            elif kind == "slice_delete":
                takes = (bound(), bound(), random.choice([None, 2, 3, -2]))
                del items[slice(*takes)]
            elif kind == "reverse":
                items.reverse()
            elif kind == "sort":
                takes = random.choice([(), (False,), (True,)])
                items.sort(reverse=bool(takes and takes[0]))
            elif kind == "copy":
                gives = (items.copy(),)
            elif kind == "concat":
                takes = (some(),)
                gives = (items + takes[0],)
            elif kind == "repeat":
                takes = (random.randrange(-1, 4),)
                gives = (items * takes[0],)
            elif kind == "repeat_in_place":
                takes = (random.choice([-1, 0, 1, 2, 2, 3]),)
                items *= takes[0]
            elif kind == "clear":
                items.clear()
        except LookupError as error:
            answer = "RANGE" if isinstance(error, IndexError) else "EMPTY"
        except ValueError:
            answer = "NOT_FOUND"
        else:
            answer = "ok" if gives is NONE else "ok " + args(*gives)
        yield kind, args(*takes), answer, text(items)


def rows(name, struct, cases):
    print(f"static const struct {struct} {name}[] = {{")
    for case in cases:
        print("\t{" + ", ".join(
            str(c) if isinstance(c, int) else f'"{c}"' for c in case) + "},")
    print("};")


random.seed(2)
what = sys.argv[1]
print(f"/* Made by list-cases.py {what}, from what Python does. */")
print("/* clang-format off */")
if what == "slices":
    rows("slice_cases", "slice_case", slices())
else:
    rows("history", "history_case", history(600))
print("/* clang-format on */")

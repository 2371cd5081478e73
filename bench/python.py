#!/usr/bin/env python3
"""The same operations on Python's multiprocessing.Manager and Pool."""

import itertools
import multiprocessing
import os
import statistics
import time

SLICES = 31
KEYS = 1000
TASKS = 20000


def row(case, value):
    print(f"{case}\tpython\t{value:.3f}\tus", flush=True)


def run(case, one):
    seconds = float(os.environ.get("BENCH_SECONDS", "0.5"))
    start = time.perf_counter()
    for _ in range(100):
        one()
    warm = (time.perf_counter() - start) / 100
    n = max(1, int(seconds / SLICES / warm))
    slices = []
    for _ in range(SLICES):
        start = time.perf_counter()
        for _ in range(n):
            one()
        slices.append((time.perf_counter() - start) / n)
    row(case, statistics.median(slices) * 1e6)


def nothing(n):
    return n


def objects():
    with multiprocessing.Manager() as manager:
        shared = manager.dict({f"key:{i:06}": i for i in range(KEYS)})
        items, queue, lock = manager.list(), manager.Queue(), manager.Lock()
        keys = itertools.cycle(f"key:{i:06}" for i in range(KEYS))

        def put_get():
            queue.put(1)
            queue.get()

        def pair():
            lock.acquire()
            lock.release()

        run("dict-get", lambda: shared.get(next(keys)))
        run("dict-set", lambda: shared.__setitem__(next(keys), 1))
        run("list-append", lambda: items.append(1))
        run("queue-put-get", put_get)
        run("lock-pair", pair)


def pool():
    with multiprocessing.Pool(2) as workers:
        run("pool-apply", lambda: workers.apply(nothing, (1,)))
        rounds = []
        for _ in range(3):
            start = time.perf_counter()
            workers.map(nothing, range(TASKS), 1)
            rounds.append((time.perf_counter() - start) / TASKS)
        row("pool-map-chunk1", statistics.median(rounds) * 1e6)


if __name__ == "__main__":
    objects()
    pool()

#!/usr/bin/env python3
"""The same on Python's multiprocessing and concurrent.futures.

usage: python.py calls|handover|pool
"""

import itertools
import multiprocessing
import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor

SLICES = 31
KEYS = 1000
MANY = 100
WORKERS = 2
CREW = 9
FEW, MANY_TASKS = 10000, 50000  # for a second
SECONDS = float(os.environ.get("BENCH_SECONDS", "0.3"))


def row(case, system, value, unit):
    print(f"{case}\t{system}\t{value:.6g}\t{unit}", flush=True)


def run(case, system, one):
    start = time.perf_counter()
    for _ in range(100):
        one()
    warm = (time.perf_counter() - start) / 100
    n = max(1, int(SECONDS / SLICES / warm))
    slices = []
    for _ in range(SLICES):
        start = time.perf_counter()
        for _ in range(n):
            one()
        slices.append((time.perf_counter() - start) / n)
    row(case, system, statistics.median(slices) * 1e6, "us")


# --- one call in flight ---


def calls():
    with multiprocessing.Manager() as manager:
        shared = manager.dict({f"key:{i:06}": i for i in range(KEYS)})
        items, other = manager.list(range(KEYS)), manager.list()
        queue, lock = manager.Queue(), manager.Lock()
        keys = itertools.cycle(f"key:{i:06}" for i in range(KEYS))
        indexes = itertools.cycle(range(KEYS))

        def put_get():
            queue.put(1)
            queue.get()

        def pair():
            lock.acquire()
            lock.release()

        run("dict-get", "python", lambda: shared.get(next(keys)))
        run("dict-set", "python", lambda: shared.__setitem__(next(keys), 1))
        run("list-get", "python", lambda: items[next(indexes)])
        run("list-append", "python", lambda: other.append(1))
        run("queue-put-get", "python", put_get)
        run("lock-pair", "python", pair)


# --- hand-over ---


def produce(queue, start, item):
    start.wait()
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        queue.put(item)


def consume(queue, start, got):
    start.wait()
    n = 0
    while (item := queue.get()) is not None:
        n += len(item) if isinstance(item, list) else 1
    with got.get_lock():
        got.value += n


def crew(case, system, queue, n, item):
    start, got = multiprocessing.Barrier(2 * n + 1), multiprocessing.Value("q")
    consumers = [
        multiprocessing.Process(target=consume, args=(queue, start, got))
        for _ in range(n)
    ]
    producers = [
        multiprocessing.Process(target=produce, args=(queue, start, item))
        for _ in range(n)
    ]
    for process in consumers + producers:
        process.start()
    start.wait()
    begin = time.perf_counter()
    for process in producers:
        process.join()
    for _ in consumers:
        queue.put(None)
    for process in consumers:
        process.join()
    row(case, system, got.value / (time.perf_counter() - begin), "items/s")


def return_all(there, back):
    while (item := there.get()) is not None:
        back.put(item)


def hop(system, there, back):
    child = multiprocessing.Process(target=return_all, args=(there, back))
    child.start()

    def there_and_back():
        there.put(1)
        back.get()

    start = time.perf_counter()
    n = 0
    while (spent := time.perf_counter() - start) < SECONDS:
        there_and_back()
        n += 1
    row("handover-hop", system, spent / n / 2 * 1e6, "us")
    there.put(None)
    child.join()


def handover():
    """Neither queue has a call for many items: there a list is one item."""
    with multiprocessing.Manager() as manager:
        for system, make in (
            ("python", manager.Queue),
            ("mp.Queue", multiprocessing.Queue),
        ):
            hop(system, make(), make())
            crew("handover-1-1", system, make(), 1, 1)
            crew("handover-4-4", system, make(), 4, 1)
            crew("handover-many", system, make(), 1, [1] * MANY)


# --- pools ---


def nothing(n):
    return n


def report(ready):
    ready.release()


def start_pool(n):
    ready = multiprocessing.Semaphore(0)
    start = time.perf_counter()
    with multiprocessing.Pool(n, report, (ready,)):
        for _ in range(n):
            ready.acquire()
        return time.perf_counter() - start


def start_executor(n):
    """It starts its workers when there are tasks for them."""
    ready = multiprocessing.Semaphore(0)
    start = time.perf_counter()
    with ProcessPoolExecutor(n, initializer=report, initargs=(ready,)) as pool:
        for i in range(n):
            pool.submit(nothing, i)
        for _ in range(n):
            ready.acquire()
        return time.perf_counter() - start


def starts(system, start):
    one, two, many = (
        statistics.median(start(n) for _ in range(3))
        for n in (1, WORKERS, CREW)
    )
    row("pool-start", system, two * 1e3, "ms")
    row("pool-worker-start", system, (many - one) / (CREW - 1) * 1e3, "ms")


def tasks(case, system, a_second, run_all):
    n = max(100, int(a_second * SECONDS))
    rounds = []
    for _ in range(3):
        start = time.perf_counter()
        run_all(range(n))
        rounds.append((time.perf_counter() - start) / n)
    row(case, system, statistics.median(rounds) * 1e6, "us")


def exhaust(results):
    for _ in results:
        pass


def pool():
    starts("python", start_pool)
    with multiprocessing.Pool(WORKERS) as workers:
        run("pool-apply", "python", lambda: workers.apply(nothing, (1,)))
        tasks(
            "pool-map-chunk1",
            "python",
            FEW,
            lambda a: workers.map(nothing, a, 1),
        )
        tasks(
            "pool-map-auto",
            "python",
            MANY_TASKS,
            lambda a: workers.map(nothing, a),
        )
        tasks(
            "pool-imap-unordered",
            "python",
            FEW,
            lambda a: exhaust(workers.imap_unordered(nothing, a)),
        )
    starts("executor", start_executor)
    with ProcessPoolExecutor(WORKERS) as workers:
        run("pool-apply", "executor", lambda: workers.submit(nothing, 1).result())
        tasks(
            "pool-map-chunk1",
            "executor",
            FEW,
            lambda a: exhaust(workers.map(nothing, a)),
        )
        tasks(
            "pool-map-auto",
            "executor",
            MANY_TASKS,
            lambda a: exhaust(workers.map(nothing, a, chunksize=len(a) // 8)),
        )


if __name__ == "__main__":
    cases = {"calls": calls, "handover": handover, "pool": pool}
    if len(sys.argv) != 2 or sys.argv[1] not in cases:
        sys.exit(__doc__)
    cases[sys.argv[1]]()

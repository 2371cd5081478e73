#!/usr/bin/env python3
"""Writes hash-cases.h: keyed hashes, computed from the description alone.

    python3 tests/unit/hash-cases.py > tests/unit/hash-cases.h

Each 16 bytes but the last are folded into the state; then the last 16, or all
of fewer, are multiplied, and the two halves of the product once more.
"""

MASK = (1 << 64) - 1
ODD = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio


def fold(a, b):
    return (a * b & MASK) ^ (a * b >> 64)


def number(data):
    return int.from_bytes(data, "little")


def last_words(data):
    if len(data) >= 8:
        return number(data[-16:][:8]), number(data[-8:])
    if len(data) >= 4:
        return number(data[:4]), number(data[-4:])
    if data:
        middle = data[len(data) // 2]
        return data[0] * 65536 + middle * 256 + data[-1], 0
    return 0, 0


def keyed_hash(data, k0, k1):
    state = k0 ^ ODD
    at = 0
    while len(data) - at > 16:
        state = fold(number(data[at:at + 8]) ^ k1,
                     number(data[at + 8:at + 16]) ^ state)
        at += 16
    a, b = last_words(data)
    product = (a ^ k1) * (b ^ state)
    return fold((product & MASK) ^ ODD ^ len(data), (product >> 64) ^ k1)


KEYS = [
    (0x0706050403020100, 0x0F0E0D0C0B0A0908),
    (0, 0),
    (MASK, 0x8000000000000001),
]
SIZES = [*range(0, 20), 23, 24, 31, 32, 33, 47, 48, 49, 63, 64, 200]

print("/* Made by hash-cases.py. The bytes are 0x01, 0x08, 0x0f … */")
print("/* clang-format off */")
for k0, k1 in KEYS:
    for size in SIZES:
        data = bytes((1 + 7 * i) % 256 for i in range(size))
        value = keyed_hash(data, k0, k1)
        print(f"{{ 0x{k0:016x}u, 0x{k1:016x}u, {size}, 0x{value:016x}u }},")

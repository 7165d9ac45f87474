#!/usr/bin/env python3
"""hostile_router.py -- a gateway whose answers are mutated: PCP, NAT-PMP, announcements.

    hostile_router.py ADDRESS COUNT SEED    listens on ADDRESS:5351, waits for a client

Half of them go where the client asked from, half to 224.0.0.1:5350. Each request of the
client becomes the seed of what is mutated next, so nonces and ports are often right.
"""
import random
import socket
import struct
import sys
import time

address, count, rng = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
request = {0: b"\0\1" + bytes(10), 2: b"\2\1" + bytes(58)}


def some_ip():
    return bytes(rng.choice(((203, 0, 113, rng.randrange(256)), (100, 64, 0, 9), (0, 0, 0, 0))))


def natpmp():
    head = struct.pack("!BBHI", 0, 128 + rng.randrange(3), rng.choice((0, 0, 0, 1, 2, 3, 4, 5, 9)),
                       rng.getrandbits(32))
    if head[1] == 128:
        return head + some_ip()
    return head + request[0][4:6] + rng.randbytes(2) + struct.pack("!I", rng.getrandbits(32))


def pcp():
    op = rng.choice((0x80, 0x81, 0x81, 0x81))
    head = struct.pack("!BBBBII", 2, op, 0, rng.choice((0, 0, 0, rng.randrange(16))),
                       rng.choice((0, 120, 7200, 0xFFFFFFFF)), rng.getrandbits(32)) + bytes(12)
    if op == 0x80:
        return head
    return head + request[2][24:42] + rng.randbytes(2) + bytes(10) + b"\xff\xff" + some_ip()


def mutated():
    data = bytearray(rng.choice((natpmp, pcp))())
    for _ in range(rng.choice((0, 0, 1, 1, 2, 8))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    if rng.random() < 0.1:
        data = data[:rng.randrange(len(data) + 1)]
    if rng.random() < 0.05:
        data += rng.randbytes(rng.randrange(1200))
    return bytes(data)


sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((address, 5351))
sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
print("ready", flush=True)
data, client = sock.recvfrom(2048)
sock.setblocking(False)
for i in range(count):
    if data and len(data) >= 12 and data[0] in request:
        request[data[0]] = data
    sock.sendto(mutated(), client if i % 2 else ("224.0.0.1", 5350))
    try:
        data, client = sock.recvfrom(2048)
    except OSError:
        data = b""
    if i % 50 == 49:
        time.sleep(0.004)       # so that the client reads them all
print("sent", count, flush=True)
while True:
    time.sleep(3600)

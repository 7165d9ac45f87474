#!/usr/bin/env python3
"""nat_delay.py DEVICE MS LOSS: a wire that takes its time.

Makes a TUN device; each packet that is routed into it comes out of it again MS
milliseconds later, in order, unless it is one of the LOSS percent that are lost
(always the same ones: the seed is fixed). Prints "ready"; runs until killed.

    veth --rule "not iif DEVICE"--> DEVICE --here--> DEVICE --table main--> veth

For kernels without netem.
"""
import collections
import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 1, 0x1000


def open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def read_some(fd):
    """At most so many that a flood cannot keep what is due from going out."""
    for _ in range(64):
        try:
            yield os.read(fd, 65535)
        except BlockingIOError:
            return


def main():
    name, delay, loss = sys.argv[1], float(sys.argv[2]) / 1000, float(sys.argv[3]) / 100
    chance = random.Random(1)
    fd = open_tun(name)
    queue = collections.deque()
    print("ready", flush=True)
    while True:
        wait = max(0, queue[0][0] - time.monotonic()) if queue else None
        select.select([fd], [], [], wait)
        now = time.monotonic()
        for packet in read_some(fd):
            if chance.random() >= loss:
                queue.append((now + delay, packet))
        while queue and queue[0][0] <= now:
            os.write(fd, queue.popleft()[1])


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""flood.py ADDRESS PORT PUBLIC_KEY RATE BURST SECONDS: initiations with a right mac1.

The rest of each is random. The receiver must therefore do the costly part of a
handshake for each of them, unless it notices and asks for cookies. Sends RATE a
second, BURST at a time, from one real address (nothing is spoofed), and stops by
itself. Prints "cookie" when the first cookie reply comes back, and at the end how
many came.

For use between network namespaces of one machine.
"""
import base64
import hashlib
import os
import socket
import sys
import time


def initiation(mac1_key):
    """type 1, 3 zero bytes | 112 random bytes | mac1 of those 116 | mac2 of zeroes"""
    head = b"\x01\0\0\0" + os.urandom(112)
    return head + hashlib.blake2s(head, digest_size=16, key=mac1_key).digest() + bytes(16)


def main():
    address, port, public_key = sys.argv[1:4]
    rate, size, seconds = (int(number) for number in sys.argv[4:7])
    mac1_key = hashlib.blake2s(b"mac1----" + base64.b64decode(public_key)).digest()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    out = socket.socket(family, socket.SOCK_DGRAM)
    out.connect((address, int(port)))
    out.setblocking(False)

    cookies = sent = 0
    start = time.monotonic()
    for burst in range(seconds * rate // size):
        messages = [initiation(mac1_key) for _ in range(size)]
        time.sleep(max(0, start + burst * size / rate - time.monotonic()))
        for message in messages:
            try:
                sent += out.send(message) == 148
            except BlockingIOError:
                pass
        while True:
            try:
                reply = out.recv(2048)
            except BlockingIOError:
                break
            if len(reply) == 64 and reply[0] == 3:
                if not cookies:
                    print("cookie", flush=True)
                cookies += 1
    print(f"sent {sent}, got {cookies} cookies", flush=True)


if __name__ == "__main__":
    main()

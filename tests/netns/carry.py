#!/usr/bin/env python3
"""carry.py -- random bytes both ways by TCP, then datagrams one way; all must arrive as sent.

    carry.py serve ADDRESS BYTES | carry.py call ADDRESS BYTES

Each end makes the bytes of the other from the same seed, so it knows what must come. UDP may
lose a few; what comes must be one of those that were sent, and whole, and after those that
were sent before it. (A kernel reorders a few when a sender moves to another core.)
"""
import hashlib
import random
import socket
import sys
import threading
import time

PORT = 4444
DATAGRAM = 1200			# of equal datagrams; every tenth run ends with a short one
RUN = 20			# datagrams in one send with UDP_SEGMENT
UDP_SEGMENT, SO_RCVBUFFORCE = 103, 33	# asm-generic/socket.h, linux/udp.h
MBIT = 100


def stream(seed, total):
    draw = random.Random(seed)
    while total:
        n = min(total, 1 << 16)
        yield draw.randbytes(n)
        total -= n


def digest_of(seed, total):
    whole = hashlib.sha256()
    for part in stream(seed, total):
        whole.update(part)
    return whole.hexdigest()


def send_stream(sock, seed, total):
    draw = random.Random(seed + 100)
    for part in stream(seed, total):
        while part:
            n = draw.choice((1, 100, 1348, 5000, 65536))
            sock.sendall(part[:n])
            part = part[n:]
    sock.shutdown(socket.SHUT_WR)


def take_stream(sock, seed, total):
    whole, got = hashlib.sha256(), 0
    while part := sock.recv(1 << 20):
        whole.update(part)
        got += len(part)
    if got != total or whole.hexdigest() != digest_of(seed, total):
        sys.exit(f"TCP: {got} of {total} bytes, or not those that were sent")


def both_ways(sock, mine, other, total):
    sender = threading.Thread(target=send_stream, args=(sock, mine, total), daemon=True)
    sender.start()
    take_stream(sock, other, total)
    sender.join()


def runs(total):
    """Payloads of one send: of equal size, but for the last."""
    draw = random.Random(3)
    for i in range(total // (DATAGRAM * RUN) + 1):
        last = draw.randrange(1, DATAGRAM) if i % 10 == 9 else DATAGRAM
        yield [draw.randbytes(DATAGRAM) for _ in range(RUN - 1)] + [draw.randbytes(last)]


def send_datagrams(sock, total):
    due = time.monotonic()
    for i, run in enumerate(runs(total)):
        if i % 2:
            sock.sendmsg([b"".join(run)],
                         [(socket.SOL_UDP, UDP_SEGMENT, DATAGRAM.to_bytes(2, sys.byteorder))])
        else:
            for datagram in run:
                sock.send(datagram)
        due += sum(map(len, run)) * 8 / MBIT / 1e6
        time.sleep(max(0, due - time.monotonic()))
        due = max(due, time.monotonic())	# who was late does not catch up in one burst
    return sum(1 for run in runs(total) for _ in run)


def take_datagrams(sock, total, done):
    datagrams = (d for run in runs(total) for d in run)
    wanted = {hashlib.sha256(d).digest(): i for i, d in enumerate(datagrams)}
    all_of_them, newest, late = len(wanted), -1, 0
    sock.settimeout(0.3)
    while wanted:
        try:
            digest = hashlib.sha256(sock.recv(65536)).digest()
        except TimeoutError:
            if done.is_set():
                break
            continue
        if digest not in wanted:
            sys.exit("UDP: a datagram that was not sent, or came twice")
        place = wanted.pop(digest)
        late += place < newest
        newest = max(place, newest)
    print(f"{len(wanted)} of {all_of_them} datagrams were lost, {late} came late")
    if len(wanted) * 50 > all_of_them:
        sys.exit("UDP: too many were lost")
    if late * 200 > all_of_them:
        sys.exit("UDP: too many were overtaken")


def serve(family, address, total):
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    udp.bind((address, PORT))
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, PORT))
    listener.listen()
    print("listening", flush=True)
    both_ways(listener.accept()[0], 1, 2, total)
    control, done = listener.accept()[0], threading.Event()
    threading.Thread(target=lambda: (control.recv(1), done.set()), daemon=True).start()
    take_datagrams(udp, total // 4, done)
    control.sendall(b"k")


def call(family, address, total):
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.connect((address, PORT))
    both_ways(socket.create_connection((address, PORT)), 2, 1, total)
    control = socket.create_connection((address, PORT))
    send_datagrams(udp, total // 4)
    control.sendall(b"e")
    if control.recv(1) != b"k":
        sys.exit("the other end is not content")


if __name__ == "__main__":
    where = sys.argv[2]
    {"serve": serve, "call": call}[sys.argv[1]](
        socket.AF_INET6 if ":" in where else socket.AF_INET, where, int(sys.argv[3]))

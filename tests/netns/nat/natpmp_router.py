#!/usr/bin/env python3
"""natpmp_router.py -- a router that maps what it is asked to, and maps nothing (RFC 6886).

    natpmp_router.py ADDRESS EXTERNAL       listens on ADDRESS:5351

What it tells is EXTERNAL, which may be an address that miniupnpd would be ashamed of.
"""
import ipaddress
import socket
import struct
import sys
import time

started = time.monotonic()
external = ipaddress.IPv4Address(sys.argv[2]).packed


def answer(request):
    epoch = int(time.monotonic() - started)
    if len(request) >= 2 and request[0] != 0:
        return struct.pack("!BBHI", 0, 128 + (request[1] & 0x7F), 1, epoch)
    if len(request) == 2:
        return struct.pack("!BBHI", 0, 128, 0, epoch) + external
    if len(request) == 12:
        _, op, _, internal, wanted, lifetime = struct.unpack("!BBHHHI", request)
        return struct.pack("!BBHIHHI", 0, 128 + op, 0, epoch, internal, wanted, lifetime)
    return None


sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind((sys.argv[1], 5351))
print("ready", flush=True)
while True:
    data, client = sock.recvfrom(2048)
    reply = answer(data)
    if reply:
        sock.sendto(reply, client)

#!/usr/bin/env python3
"""nat_check.py PREFIX QUESTION HOST...: how NATs treat real UDP datagrams.

    behave HOST [4|6]       one line: mapping=... ports=... filtering=... hairpin=...
    clash HOST HOST         both use one port: distinct | shared (RFC 4787, REQ-3)
    lifetime SECONDS HOST...    kept=... once=... quiet=...: alive | gone, the mapping of a
                            socket that goes on sending; of one that sent once; of one
                            that talked with the server and then was silent for SECONDS
    stranger HOST           kept | lost: its port, when the far side's packet came first
    mapped HOST             the outer address of one socket
    hairpin HOST HOST       yes | no | inner-source: one reaches the other, both behind one NAT,
                            by its outer address
    tcp HOST                yes | no: does it reach s1 over TCP?
    tcp_punch HOST HOST     yes | no: can they, both calling at once?
    punch HOST HOST         4 | 6 | 46 | no: both learn their outer address from s1, both
                            send to the other's, and answer whoever comes; nothing else
    punches HOST HOST...    the same for each two of these: HOST HOST 4|6|46|no
    spray HOST HOST         yes | no: the first opens 256 sockets towards the second, which
                            guesses 2500 ports (one in 20,000 tries fails by chance)
    predict HOST HOST       yes | no: the first one's next ports are guessed by the second

HOST is the network namespace PREFIX + HOST. A socket belongs to the namespace in which
it was made, so this one process holds all of them, the servers' too, and hears at once
who got what. Behaviours are those of RFC 4787, the method that of RFC 5780, section 4:

    mapping    the outer address seen by s1, by its second port and address, and by s2
    filtering  after a packet to s1 alone: who may answer? The address and port that was
               sent to always may, and its packet is sent last: what has not come before
               it was dropped, so that nobody has to wait for nothing.
"""
import ctypes
import os
import random
import select
import socket
import sys
import time

CLONE_NEWNET = 0x40000000
PATIENCE = 0.5			# seconds, for what should arrive
SERVERS = {
    4: [("s1", "192.0.2.1", 3478), ("s1", "192.0.2.1", 3479),
        ("s1", "192.0.2.2", 3478), ("s1", "192.0.2.2", 3479), ("s2", "192.0.2.17", 3478)],
    6: [("s1", "2001:db8:1::1", 3478), ("s1", "2001:db8:1::1", 3479),
        ("s1", "2001:db8:1::2", 3478), ("s1", "2001:db8:1::2", 3479),
        ("s2", "2001:db8:2::1", 3478)],
}
libc = ctypes.CDLL(None, use_errno=True)
home = os.open("/proc/self/ns/net", os.O_RDONLY)
prefix = ""


# -- sockets -----------------------------------------------------------------

def enter(namespace):
    if libc.setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def made_in(host, family, kind):
    """A socket on that host."""
    namespace = os.open(f"/run/netns/{prefix}{host}", os.O_RDONLY)
    enter(namespace)
    try:
        return socket.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, kind)
    finally:
        enter(home)
        os.close(namespace)


def udp(host, family=4, address="", port=0):
    made = made_in(host, family, socket.SOCK_DGRAM)
    made.bind((address, port))
    made.setblocking(False)
    return made


def server_sockets(family=4):
    return [udp(host, family, address, port) for host, address, port in SERVERS[family]]


def send(sender, text, to):
    try:
        sender.sendto(text.encode(), to)
    except OSError:		# no route, or an ICMP error of an earlier one
        pass


def receive(receiver, patience=PATIENCE):
    """The next datagram and whence, or None."""
    deadline = time.monotonic() + patience
    while True:
        ready, _, _ = select.select([receiver], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return None
        try:
            data, source = receiver.recvfrom(2048)
            return data.decode(), source[:2]
        except OSError:
            continue


def wait_for(receiver, text, patience=PATIENCE):
    """Read until that text comes. What came before it, and its source or None."""
    before = []
    while True:
        got = receive(receiver, patience)
        if got is None or got[0] == text:
            return before, got and got[1]
        before.append(got)


def name_of(sock):
    return sock.getsockname()[:2]


def outer(client, server):
    """The address that the server sees the client behind, or None."""
    text = f"who am I {random.random()}"
    send(client, text, name_of(server))
    return wait_for(server, text)[1]


# -- behaviour ---------------------------------------------------------------

def mapping(client, servers):
    seen = []
    for server in servers:
        seen.append(outer(client, server))
        if seen[-1] is None:
            return "unreachable"
    if len(set(seen)) == 1:
        return "endpoint-independent"
    if seen[0] == seen[1] and seen[2] == seen[3]:
        return "address-dependent"
    return "address-and-port-dependent"


def ports(host, family, server):
    """How the port of a new mapping is chosen."""
    clients = [udp(host, family) for _ in range(6)]
    random.shuffle(clients)
    inner = [name_of(client)[1] for client in clients]
    seen = [outer(client, server)[1] for client in clients]
    if inner == seen:
        return "preserved"
    if all(b - a == 1 for a, b in zip(seen, seen[1:])):
        return "sequential"
    return "random"


def filtering(host, family, servers):
    client = udp(host, family)
    first, other_port, _, other_address, _ = servers
    mapped = outer(client, first)
    send(other_address, "address", mapped)
    send(other_port, "port", mapped)
    send(first, "last", mapped)
    before, source = wait_for(client, "last")
    came = {text for text, _ in before}
    if source is None:
        return "broken"
    return {
        frozenset(("address", "port")): "endpoint-independent",
        frozenset(("port",)): "address-dependent",
        frozenset(): "address-and-port-dependent",
    }.get(frozenset(came), "strange")


def hairpin(host, other, family, server):
    """By way of its outer address, does one socket reach another behind the same NAT?"""
    one, two = udp(host, family), udp(other, family)
    outer_one, outer_two = outer(one, server), outer(two, server)
    send(two, "hole", outer_one)
    send(one, "hairpin", outer_two)
    send(server, "last", outer_two)
    before, _ = wait_for(two, "last")
    sources = [source for text, source in before if text == "hairpin"]
    if not sources:
        return "no"
    return "yes" if sources[0] == outer_one else "inner-source"


def behave(host, family="4"):
    family = int(family)
    servers = server_sockets(family)
    client = udp(host, family)
    how = mapping(client, servers)
    if how == "unreachable":
        return "mapping=unreachable"
    if own_address(host, family) == outer(client, servers[0])[0]:
        how = "none"
    return " ".join((f"mapping={how}", f"ports={ports(host, family, servers[0])}",
                     f"filtering={filtering(host, family, servers)}",
                     f"hairpin={hairpin(host, host, family, servers[0])}"))


def own_address(host, family):
    """What the host itself holds for its address towards s1, or None."""
    client = udp(host, family)
    try:
        client.connect(SERVERS[family][0][1:])
    except OSError:
        return None
    return name_of(client)[0]


def hairpin_between(host, other):
    return hairpin(host, other, 4, server_sockets()[0])


def clash(host, other):
    servers = server_sockets()
    one, two = udp(host, port=40404), udp(other, port=40404)
    seen_one = {outer(one, server) for server in servers[:2]}
    seen_two = {outer(two, server) for server in servers[2:]}
    if len(seen_one) > 1 or len(seen_two) > 1:
        return "not endpoint-independent"
    return "shared" if seen_one == seen_two else "distinct"


def lifetime(seconds, *hosts):
    seconds = float(seconds)
    server = server_sockets()[0]
    once = [udp(host) for host in hosts]
    quiet = [udp(host) for host in hosts]
    kept = [udp(host) for host in hosts]
    outer_once = [outer(client, server) for client in once]
    for _ in range(4):		# after 2 s conntrack calls it a stream: another timeout
        outer_quiet = [talk(client, server) for client in quiet]
        time.sleep(0.7)
    outer_kept = [outer(client, server) for client in kept]
    for _ in range(2):
        for client in kept:
            send(client, "still here", name_of(server))
        time.sleep(0.6 * seconds)
    lines = []
    for i, host in enumerate(hosts):
        send(server, "still there?", outer_once[i])
        send(server, "still there?", outer_quiet[i])
        send(server, "still there?", outer_kept[i])
        lines.append(f"{host} kept={alive(kept[i], PATIENCE)} once={alive(once[i], 0)} "
                     f"quiet={alive(quiet[i], 0)}")
    return "\n".join(lines)


def alive(client, patience):
    return "alive" if receive(client, patience) else "gone"


def talk(client, server):
    """Both ways. The client's outer address."""
    mapped = outer(client, server)
    send(server, "answer", mapped)
    wait_for(client, "answer")
    return mapped


def stranger(host):
    """The far side knows where we will come from, and its packet is there first."""
    servers = server_sockets()
    client, far = udp(host), servers[-1]
    mapped = outer(client, servers[0])
    send(far, "first", mapped)
    return "kept" if outer(client, far) == mapped else "lost"


def mapped(host):
    seen = outer(udp(host), server_sockets()[0])
    return ":".join(map(str, seen)) if seen else "unreachable"


def tcp_socket(host, address="", port=0):
    made = made_in(host, 4, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    made.settimeout(PATIENCE)
    return made


def tcp_outer(client, server):
    """The address that the listening server sees that client behind, or None."""
    try:
        client.connect(name_of(server))
        accepted, source = server.accept()
    except OSError:
        return None
    accepted.close()
    return source


def tcp_server():
    server = tcp_socket(*SERVERS[4][0])
    server.listen()
    return server


def tcp(host):
    return "yes" if tcp_outer(tcp_socket(host), tcp_server()) else "no"


def tcp_punch(one, other):
    """Both connect at once, from the ports that s1 has seen (RFC 6544, "so")."""
    server = tcp_server()
    ends = []
    for host in (one, other):
        first = tcp_socket(host)
        ends.append((host, name_of(first)[1], tcp_outer(first, server)))
    (_, port_one, outer_one), (_, port_other, outer_other) = ends
    a, b = tcp_socket(one, "", port_one), tcp_socket(other, "", port_other)
    for end, to in ((a, outer_other), (b, outer_one)):
        end.setblocking(False)
        end.connect_ex(to)
    deadline = time.monotonic() + 3 * PATIENCE
    while time.monotonic() < deadline:
        _, done, _ = select.select([], [a, b], [], 0.1)
        if len(done) == 2:
            break
    return "yes" if connected(a) and connected(b) else "no"


def connected(end):
    try:
        end.getpeername()
        return True
    except OSError:
        return False


# -- two sides ---------------------------------------------------------------

def answer(sockets, rounds=1):
    """Answer every "knock" where it came from. True if an answer has come to one."""
    done = False
    for _ in range(rounds):
        ready, _, _ = select.select(sockets, [], [], 0.05)
        if not ready:
            break
        for each in ready:
            while (got := receive(each, 0)) is not None:
                if got[0] == "knock":
                    send(each, "answer", got[1])
                done = done or got[0] == "answer"
    return done


def punch_family(one, other, family):
    server = server_sockets(family)[0]
    a, b = udp(one, family), udp(other, family)
    outer_a, outer_b = outer(a, server), outer(b, server)
    if outer_a is None or outer_b is None:
        return False
    for _ in range(4):
        send(a, "knock", outer_b)
        send(b, "knock", outer_a)
        if answer([a, b], 4):
            return True
    return False


def punch(one, other):
    works = [str(family) for family in (4, 6)
             if own_address(one, family) and own_address(other, family)
             and punch_family(one, other, family)]
    return "".join(works) or "no"


def punches(*hosts):
    pairs = zip(hosts[::2], hosts[1::2])
    return "\n".join(f"{one} {other} {punch(one, other)}" for one, other in pairs)


def knock_and_guess(sockets, cone, outer_cone, public, guesses):
    """The sockets knock first, so that their holes are there when the guesses come."""
    for each in sockets:
        send(each, "knock", outer_cone)
    for port in guesses:
        send(cone, "knock", (public, port))
    return "yes" if answer([cone] + sockets, 8) else "no"


def spray(random_side, cone_side):
    server = server_sockets()[0]
    sockets = [udp(random_side) for _ in range(256)]
    cone = udp(cone_side)
    public = outer(sockets[0], server)[0]
    guesses = random.sample(range(1024, 65536), 2500)
    return knock_and_guess(sockets, cone, outer(cone, server), public, guesses)


def predict(next_port_side, cone_side):
    server = server_sockets()[0]
    client, cone = udp(next_port_side), udp(cone_side)
    public, port = outer(client, server)
    return knock_and_guess([client], cone, outer(cone, server), public,
                           range(port + 1, port + 6))


QUESTIONS = {
    "behave": behave, "clash": clash, "lifetime": lifetime, "stranger": stranger,
    "mapped": mapped, "hairpin": hairpin_between, "tcp": tcp, "tcp_punch": tcp_punch,
    "punch": punch, "punches": punches, "spray": spray, "predict": predict,
}

if __name__ == "__main__":
    prefix = sys.argv[1]
    print(QUESTIONS[sys.argv[2]](*sys.argv[3:]))

#!/usr/bin/python3
"""interop_aioice.py -- our agent and aioice's find each other, in each combination of roles.

	interop_aioice.py PATH/TO/p2pnet

    p2pnet ice <--- a= lines: ufrag, pwd, candidate --- this --- aioice.Connection
        '---------------- UDP on this host's own addresses ----------'

Exit 77 (skipped) without python3-aioice, or without an address that is not loopback.
"""
import asyncio
import json
import sys

try:
    import aioice
except ImportError:
    print("no python3-aioice here")
    sys.exit(77)


class Ours:
    """One p2pnet ice --json."""

    async def start(self, path, role):
        self.process = await asyncio.create_subprocess_exec(
            path, "ice", "--json", "--" + role,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        self.lines = []
        while (line := (await self.until("line"))["line"]) != "a=end-of-candidates":
            self.lines.append(line)

    async def until(self, event):
        while True:
            line = await asyncio.wait_for(self.process.stdout.readline(), 20)
            if not line:
                raise RuntimeError("p2pnet ice has ended")
            heard = json.loads(line)
            if heard["event"] == event:
                return heard
            if heard["event"] in ("failed", "consent-lost"):
                raise RuntimeError(heard)

    def tell(self, *lines):
        self.process.stdin.write("".join(line + "\r\n" for line in lines).encode())

    async def stop(self):
        self.process.stdin.close()
        assert await self.process.wait() == 0


async def exchange(ours, theirs):
    await theirs.gather_candidates()
    ours.tell("a=ice-options:ice2", "a=ice-ufrag:" + theirs.local_username,
              "a=ice-pwd:" + theirs.local_password,
              *("a=candidate:" + c.to_sdp() for c in theirs.local_candidates),
              "a=end-of-candidates")
    for line in ours.lines:
        key, _, value = line.partition(":")
        if key == "a=ice-ufrag":
            theirs.remote_username = value
        elif key == "a=ice-pwd":
            theirs.remote_password = value
        else:
            assert key == "a=candidate", line
            await theirs.add_remote_candidate(aioice.Candidate.from_sdp(value))
    await theirs.add_remote_candidate(None)


async def meet(path, our_role, their_role, seconds):
    """Whatever hangs is told by its traceback."""
    await asyncio.wait_for(try_to_meet(path, our_role, their_role, seconds), 60)


async def try_to_meet(path, our_role, their_role, seconds):
    ours, theirs = Ours(), aioice.Connection(ice_controlling=their_role == "controlling")
    await ours.start(path, our_role)
    await exchange(ours, theirs)
    await asyncio.wait_for(theirs.connect(), 20)
    nominated = await ours.until("nominated")
    for i in range(seconds + 1):
        await theirs.send(b"hello %d" % i)
        assert (await ours.until("echo"))["bytes"] == len(b"hello %d" % i)
        assert await asyncio.wait_for(theirs.recv(), 5) == b"hello %d" % i
        await asyncio.sleep(1 if i < seconds else 0)
    if seconds > 10:
        assert (await ours.until("consent"))["answered"]
    await theirs.close()
    await ours.stop()
    print("ours %s, theirs %s: pair %d, %s -> %s" % (
        our_role, their_role, nominated["pair"],
        nominated["local"]["address"], nominated["remote"]["address"]))


async def main(path):
    if not aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True):
        print("no address but loopback here")
        sys.exit(77)
    roles = ("controlling", "controlled")
    for our_role in roles:
        for their_role in roles:
            await meet(path, our_role, their_role, 0)
    # both sides ask for consent meanwhile
    await meet(path, "controlling", "controlled", 14)


asyncio.run(main(sys.argv[1]))

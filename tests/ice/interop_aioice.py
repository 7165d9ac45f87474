#!/usr/bin/python3
"""interop_aioice.py -- our agent and aioice's find each other, in each combination of roles.

	interop_aioice.py PATH/TO/ice_stdio

    ice_stdio <--- lines: ufrag, pwd, candidate --- this --- aioice.Connection
        '-------------------- UDP on this host's own address --------------'

Exit 77 (skipped) without python3-aioice, or without an address that is not loopback.
"""
import asyncio
import sys

try:
    import aioice
except ImportError:
    print("no python3-aioice here")
    sys.exit(77)


class Ours:
    """One ice_stdio."""

    async def start(self, path, address, role):
        self.process = await asyncio.create_subprocess_exec(
            path, address, role, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        self.lines = []
        while (line := await self.read()) != "end":
            self.lines.append(line)

    async def read(self):
        line = await asyncio.wait_for(self.process.stdout.readline(), 20)
        if not line:
            raise RuntimeError("ice_stdio has ended")
        return line.decode().strip()

    async def until(self, word):
        while not (line := await self.read()).startswith(word):
            pass
        return line

    def tell(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())

    async def stop(self):
        self.process.stdin.close()
        await self.process.wait()


async def exchange(ours, theirs):
    await theirs.gather_candidates()
    ours.tell("ufrag " + theirs.local_username, "pwd " + theirs.local_password,
              *("candidate:" + c.to_sdp() for c in theirs.local_candidates), "end")
    for line in ours.lines:
        key, _, rest = line.partition(" ")
        if key == "ufrag":
            theirs.remote_username = rest
        elif key == "pwd":
            theirs.remote_password = rest
        else:
            candidate = aioice.Candidate.from_sdp(line.partition(":")[2])
            await theirs.add_remote_candidate(candidate)
    await theirs.add_remote_candidate(None)


async def meet(path, address, our_role, their_role, seconds):
    ours, theirs = Ours(), aioice.Connection(ice_controlling=their_role == "controlling")
    await ours.start(path, address, our_role)
    await exchange(ours, theirs)
    await asyncio.wait_for(theirs.connect(), 20)
    nominated = await ours.until("nominated")
    for i in range(seconds + 1):
        await theirs.send(b"hello %d" % i)
        assert await ours.until("data") == "data hello %d" % i
        assert await asyncio.wait_for(theirs.recv(), 5) == b"hello %d" % i
        await asyncio.sleep(1 if i < seconds else 0)
    await theirs.close()
    await ours.stop()
    print("ours %s, theirs %s: %s" % (our_role, their_role, nominated))


def own_address():
    for address in aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=False):
        return address
    print("no address but loopback here")
    sys.exit(77)


async def main(path):
    roles = ("controlling", "controlled")
    address = own_address()
    for our_role in roles:
        for their_role in roles:
            await meet(path, address, our_role, their_role, 0)
    # both sides ask for consent meanwhile
    await meet(path, address, "controlling", "controlled", 14)


asyncio.run(main(sys.argv[1]))

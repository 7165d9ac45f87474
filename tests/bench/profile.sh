#!/bin/bash
# profile.sh -- where the time of both daemons goes under one TCP stream, by perf.
#
#	tests/bench/profile.sh [SECONDS [LINE...]]	5 s; LINE as in [interface], "cipher = chacha20"
#
#	a p2pnet --iperf3--> b p2pnet		a seals and sends, b receives and opens
#
# Of each daemon: how much is spent on what (the kernel's TUN, the kernel's UDP, the AEAD,
# checksums, copies, p2pnet itself), then the functions that cost most. Samples are of the CPU's
# cycles where there is a counter of them, else of its clock (a virtual machine).
#
# (The clock's tick waits while interrupts are off, and hits where they are let in again: at the
# end of a spin lock, of a task switch.)
#
# What it found, in percent of both daemons' time: on an AMD EPYC with AVX2 and VAES, 0.3 s per gigabit
# with ChaCha20-Poly1305 and 0.25 with AES-256-GCM (and bbr); on an Intel Xeon with AVX-512, 0.26 and 0.17:
#
#	            EPYC          Xeon
#	            ChaCha  AES   ChaCha  AES
#	AEAD            46   22       42   16	ours, and ipsec-mb's on the Xeon
#	kernel          33   55       43   63	copies to and from it (12 to 31), then a's UDP sends and b's TUN
#						writes with all that these lead to: softirq, the other's socket,
#						TCP's acknowledgements
#	p2pnet           6    8        7   10	headers, joining, routes
#	checksums        5    7        4    5	TSO leaves each segment's to us; joining looks at them
#	faults           0    0        0    0	500 a second: a fair queue gives memory back once in a second
#
# While it works the AEAD takes a third longer than `p2pnet speed --crypto` says: TCP's timers and softirq
# interrupt it, half of all bursts, and are counted as its own.
#
# The kernel's part goes by message, not by packet or call, which is why a burst is 135 packets:
# three whole messages of the 45 that fit. With 64 it was one and a half.
#
# For p2pnet's own functions to have names the program must not be stripped; the release build
# is not. What a function belongs to is guessed from its name.
# shellcheck disable=SC2154	# what lib.sh sets
set -euo pipefail

seconds=${1:-5}
shift || true
lines=("$@")
set --

# shellcheck source=../netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
# shellcheck source=tunnels.sh
. "$root/tests/bench/tunnels.sh"

command -v perf >/dev/null || skip "perf is not installed (Debian: linux-perf)"

# -- sampling ------------------------------------------------------------------

event()
{
	if [[ $(perf stat -e cycles true 2>&1) == *"not supported"* ]]; then
		echo cpu-clock
	else
		echo cycles
	fi
}

# record NAME: until it is told to stop.
record()
{
	perf record -q -e "$event" -F 1999 -p "${pid_of[$1]}" -o "$tmp/$1.perf" \
		>"$tmp/$1.said" 2>&1 &
	recorder[$1]=$!
	wait_for 5 "perf samples $1" test -s "$tmp/$1.perf"
}

# -- what was found --------------------------------------------------------------

# symbols NAME: PERCENT OBJECT FUNCTION, one a line, the costliest first.
symbols()
{
	perf report -i "$tmp/$1.perf" --stdio --sort dso,symbol -F overhead,dso,symbol \
		--percent-limit 0.05 2>/dev/null |
		awk '/^ *[0-9.]+%/ { sub(/%/, ""); print $1, $2, $4 ? $4 : $3 }' |
		sort -rn
}

# groups: of such lines the sums, each function in the first group that fits.
groups()
{
	awk '
	function user_group(object, name) {
		if (name ~ /sum/) return "checksum"
		if (name ~ /memcpy|memmove|memset|memcmp/) return "copy"
		if (name ~ /aead|chacha|poly1305|authenticate|avx2_|aes|gcm|ghash|_mgr_|submit_job/) return "AEAD"
		if (object ~ /crypto|sodium|IPSec/) return "AEAD"
		return object ~ /p2pnet/ ? "p2pnet" : "libraries"
	}
	function kernel_group(name) {
		if (name ~ /copy|memcpy|rep_movs|memset|clear_page|check_object|check_heap|_iter$/)
			return "copy"
		if (name ~ /csum|checksum/) return "checksum"
		if (name ~ /^tun_|^tap_|^virtio_net/) return "kernel, TUN"
		if (name ~ /^tcp|^inet_/) return "kernel, TCP inside"
		if (name ~ /udp|^_*ip_|^_*ipv4|fib_|sock|skb|gro_|gso|veth|xmit|msg|neigh|net_rx|netif|dst_/)
			return "kernel, UDP and IP"
		if (name ~ /sched|switch|wake|epoll|timer|softirq|_unlock_irq|idle/)
			return "kernel, waking up"
		if (name ~ /slab|kmem|malloc|free|page|folio/) return "kernel, memory"
		return "kernel, other"
	}
	{ sum[$2 ~ /kernel|^\[/ ? kernel_group($3) : user_group($2, $3)] += $1 }
	END { for (group in sum) printf "%6.1f %%  %s\n", sum[group], group }' | sort -rn
}

print_daemon()		# NAME WHAT
{
	printf '\n%s (%s)\n' "$1" "$2"
	symbols "$1" >"$tmp/$1.symbols"
	groups <"$tmp/$1.symbols"
	echo
	head -n "${TOP:-20}" "$tmp/$1.symbols" | awk '{ printf "%6.1f %%  %-20s %s\n", $1, $2, $3 }'
}

# -- one run -------------------------------------------------------------------

join_directly a b
use_congestion a b
node a p2pnet "${lines[@]}"
node b p2pnet "${lines[@]}"
peer a b "Endpoint = $(endpoint4 b)"
peer b a
start a b
reaches a "$(inner4 b)"

declare -A recorder
event=$(event)
record a
record b
iperf a b "$(inner4 b)" -t "$seconds"
kill -INT "${recorder[a]}" "${recorder[b]}"
wait "${recorder[a]}" "${recorder[b]}" || true
echo "$mbits Mbit/s while $event was sampled"
print_daemon a "seals and sends"
print_daemon b "receives and opens"

#!/bin/bash
# many_peers.sh -- 1000 configured peers that say nothing cost next to nothing.
#
#	a with 1 peer: its memory          a with 1001 peers: how long to start,
#	                                   how much more memory, any packet sent?
#
# Resident memory with one peer is 5.4 MB: 1.2 of heap and tables, 0.5 that the loader has
# relocated, and of the libraries' 20 MB what a handshake and some packets run through. Without
# giving back what only the start needed (src/io/memory.h) it would be 7.4 after `up`, which
# forks early, and 10.6 after `up -f`.
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

PEERS=1000
RESIDENT_KB=6500	# a sixth of slack: other versions of libraries are other pages

join a 1
join b 2
node a p2pnet
node b p2pnet
peer a b "Endpoint = $(endpoint4 b)"	# who has peers without one keeps an introducer
peer b a "Endpoint = $(endpoint4 a)"

# With an endpoint each, so that a node which is too eager would be heard.
silent_peers()
{
	python3 - "$PEERS" <<-'END'
		import base64, os, sys
		for i in range(int(sys.argv[1])):
		    print(f"""
		[peer silent{i}]
		public_key = {base64.b64encode(os.urandom(32)).decode()}
		ip = 10.77.{16 + i // 250}.{1 + i % 250}
		endpoint = 192.0.2.200:{10000 + i}""")
	END
}

memory_kb()		# VmRSS: all; RssAnon: its own, without pages of files
{
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/${pid_of[a]}/status"
}

is_resident()		# KB: at most
{
	[ "$(memory_kb VmRSS)" -le "$1" ]
}

# The median of 5 starts, in ms; the last one stays up.
time_up()
{
	local i begin times=()

	for i in 1 2 3 4 5; do
		begin=$(now_ms)
		p2p a up -c "$(conf a)" >>"$tmp/a/log" 2>&1 </dev/null
		times+=($(($(now_ms) - begin)))
		[ "$i" -eq 5 ] || p2p a down
	done
	pid_of[a]=$(ip netns pids "$(ns a)")	# not by asking it: an answer takes memory
	pids+=("${pid_of[a]}")
	took=$(printf '%s\n' "${times[@]}" | sort -n | sed -n 3p)
}

start b
claim "with one peer, a daemon that idles is small"
time_up
one_ms=$took
reaches b "$(inner4 a)"
one_kb=$(memory_kb RssAnon)
note "resident: $(memory_kb VmRSS) KB, $one_kb KB of these its own"
at_most "resident KB" "$(memory_kb VmRSS)" "$RESIDENT_KB"
p2p a down
forget_peers a

sed -i 's,^Address = .*,Address = 10.77.0.1/16\, fd77::1/64,' "$(conf a)"
silent_peers >>"$(conf a)"
capture_start silence "src host $(outer4 a) and not arp and not igmp"
claim "$PEERS more peers: up within 1 s"
time_up
note "up took $took ms (median of 5; with one peer $one_ms ms)"
at_most "ms to start" "$took" 1000
claim "a peer that is idle costs no packet"
capture_stop
equal "packets sent" "$(tcpdump -n -r "$capture" 2>/dev/null | wc -l)" 0
claim "and little memory: at most 1.5 KB"
stop b	# its session was with an a that is gone
start b
reaches b "$(inner4 a)"
many_kb=$(memory_kb RssAnon)
resident_kb=$(memory_kb VmRSS)
note "resident: $resident_kb KB, $many_kb KB of these its own: $(((many_kb - one_kb) * 1024 / PEERS)) bytes a peer"
at_most "bytes a peer" $(((many_kb - one_kb) * 1024 / PEERS)) 1536
claim "status lists all of them"
equal "peers" "$(p2p a status --json | jq '.peers | length')" $((PEERS + 1))
claim "and what the answer took is given back"
wait_for 2 "no more is resident than before" is_resident "$resident_kb"
note "resident after that: $(memory_kb VmRSS) KB"
claim "and reload takes them away while b's session lives on"
session=$(handshake_of a b)
sed -i '/silent0\]/,$d' "$(conf a)"
p2p a reload
equal "peers" "$(p2p a status --json | jq '.peers | length')" 1
pings b "$(inner4 a)" 5 0.01
equal "last handshake" "$(handshake_of a b)" "$session"
finish

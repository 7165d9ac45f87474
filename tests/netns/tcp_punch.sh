#!/bin/bash
# tcp_punch.sh -- two homes that let no UDP out meet directly, by TCP, and go back to UDP.
#
#	tests/netns/tcp_punch.sh [RUNS]		2 if not given
#
#	anna --masquerade, no UDP---.
#	                            +-- core --- s1  introduces, and carries nothing of theirs
#	bert --masquerade, no UDP---'       \--- s2  coturn, as a STUN server
#
# Both routers keep ports and drop what comes from outside unasked, as home routers do: so
# each must call the other at the same time, and there is nothing to configure.
set -euo pipefail

runs=2
if [[ ${1-} =~ ^[0-9]+$ ]]; then
	runs=$1
	shift
fi

# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"
# shellcheck source=servers_lib.sh
. "$(dirname "$0")/servers_lib.sh"
command -v turnserver >/dev/null || skip "needs turnserver (Debian: coturn)"

stun=192.0.2.18

path_of()		# NAME OTHER: "direct tcp4 203.0.113.18:51801"
{
	p2p "$1" status --json | jq -r --arg other "$2" '.peers[] | select(.name == $other) |
		"\(.state) \(.path.proto) \(.path.remote)"'
}

goes_by()		# NAME OTHER PROTO: straight to its home, or to itself
{
	[[ $(path_of "$1" "$2") == "direct $3 $(nat_public "$2"):"* ]] ||
		[[ $(path_of "$1" "$2") == "direct $3 $(outer4 "$2"):"* ]]
}

at_server_by()		# PROTO
{
	[ "$(path_of anna s1)" = "direct $1 $(endpoint4 s1)" ]
}

# seen_by NAME ADDRESS: how that sees its TCP, as `explain` tells.
seen_by()
{
	p2p "$1" explain bert --json | jq -r --arg by "$2" \
		'.self.observed[] | select(.proto == "tcp" and .by == $by) | .address'
}

is_seen_by()		# NAME ADDRESS
{
	[ -n "$(seen_by "$1" "$2")" ]
}

is_answered()		# NAME OTHER
{
	in_ns "$1" ping -n -q -c 1 -W 0.3 "$(inner4 "$2")"
}

# one_run: adds to $tmp/first the ms till the first answer, to $tmp/server those till s1
# introduces; a run that is not direct both ways adds nothing.
one_run()
{
	local began asked

	nat_flush anna
	nat_flush bert
	forget_peers anna
	forget_peers bert
	began=$(now_ms)
	start anna bert
	wait_for 15 "anna has a session with s1" has_session anna s1
	wait_for 15 "bert has a session with s1" has_session bert s1
	echo $(($(now_ms) - began)) >>"$tmp/server"
	asked=$(now_ms)
	wait_for 20 "anna pings bert" is_answered anna bert
	asked=$(($(now_ms) - asked))
	wait_for 5 "anna's packets go straight to bert by TCP" goes_by anna bert tcp4
	wait_for 5 "bert's packets go straight to anna by TCP" goes_by bert anna tcp4
	echo "$asked" >>"$tmp/first"
}

median_and_worst()	# FILE: of milliseconds
{
	sort -n "$1" | awk '{ n[NR] = $1 } END {
		printf "median %d ms, worst %d ms of %d", n[int((NR + 1) / 2)], n[NR], NR }'
}

nat_internet
nat_site anna linux
nat_site bert linux
nat_site carl port-restricted
introduced_by s1 anna bert carl
nat_block_udp anna
nat_block_udp bert
coturn_start s2 "$stun"
printf '[Nat]\nstun = %s\n' "$stun" | tee -a "$(conf anna)" >>"$(conf bert)"

claim "who lets no UDP out reaches its introducer by TCP, and its like directly, $runs times"
start s1
for ((run = 1; run <= runs; run++)); do
	one_run
	if [ "$run" -lt "$runs" ]; then
		stop anna
		stop bert
	fi
done
note "introduced: $(median_and_worst "$tmp/server")"
note "the first answer: $(median_and_worst "$tmp/first")"
equal "runs that were direct" "$(wc -l <"$tmp/first")" "$runs"
at_server_by tcp4

claim "what they say to each other does not pass the introducer, and none of it is lost"
carried=$(in_ns s1 cat /sys/class/net/eth0/statistics/rx_packets)
pings anna "$(inner4 bert)" 200 0.005
carried=$(($(in_ns s1 cat /sys/class/net/eth0/statistics/rx_packets) - carried))
at_most "packets at the introducer" "$carried" 100

claim "a STUN server sees the port that peers are called from"
wait_for 5 "the STUN server has told" is_seen_by anna "$stun"
equal "by the STUN server" "$(seen_by anna "$stun")" "$(nat_public anna):$(port anna)"
equal "by the introducer" "$(seen_by anna "$(outer4 s1)")" "$(nat_public anna):$(port anna)"

claim "explain, status and netcheck say so"
contains "explain" "$(p2p anna explain bert)" "tcp-so"
contains "status" "$(p2p anna status)" "tcp4 $(nat_public bert)"
said=$(p2p anna netcheck --json --stun "$stun" || true)
equal "UDP and TCP, as netcheck finds" "$(jq -c '[.udp, .tcp]' <<<"$said")" "[false,true]"
equal "verdict" "$(p2p anna explain bert --json | jq -r .verdict)" direct_tcp

claim "one that lets UDP out meets one that does not"
start carl
reaches carl "$(inner4 anna)"
wait_for 5 "carl's packets go straight to anna" goes_by carl anna tcp4

claim "when UDP comes through again all go back to it, and nothing is lost"
pings_start anna "$(inner4 bert)" 2400 0.05
nat_unblock_udp anna
nat_unblock_udp bert
began=$(now_ms)
wait_for 90 "anna is back on UDP" goes_by anna bert udp4
wait_for 90 "bert is back on UDP" goes_by bert anna udp4
note "back on UDP after $(($(now_ms) - began)) ms"
wait_for 70 "anna's way to s1 is UDP" at_server_by udp4
# shellcheck disable=SC2154	# lib.sh sets it
kill -INT "${pings_of[anna]}"
pings_finish anna 2
finish

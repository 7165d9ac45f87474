#!/bin/bash
# path_lossy.sh -- the way in use loses or is throttled, and another one is not: traffic moves.
#
#	dual1, dual2    IPv6 behind firewalls, IPv4 behind NATs      s1 introduces all
#	dual3, dual4    the same
#
# A router drops what is above 1 Mbit/s of IPv6's UDP, as throttling networks do; questions are
# far below that, and all answered. Another one drops a fifth at random. All the time an iperf3
# of 20 Mbit/s goes from the first to the second of a pair. How long it took is printed: mostly
# 5 to 7 s, more where other tests leave little of the machine; 30 s are too long.
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"

mesh=(dual1 dual2 dual3 dual4)

# -- load --------------------------------------------------------------------

declare -A iperf_of

# load NAME OTHER: until unload.
load()
{
	local name=$1 other=$2

	ip netns exec "$(ns "$other")" iperf3 -s -1 -B "$(inner4 "$other")" >/dev/null 2>&1 &
	pids+=("$!")
	wait_for 5 "iperf3 listens" listens "$other" 5201
	ip netns exec "$(ns "$name")" iperf3 -c "$(inner4 "$other")" -b 20M -t 3600 -i 1 -f m \
		--forceflush >"$tmp/$name/iperf" 2>&1 &
	iperf_of[$name]=$!
	pids+=("$!")
	wait_for 10 "$name gets 15 Mbit/s through" gets "$name" 15
}

unload()		# NAME
{
	is_gone "${iperf_of[$1]}" && fail "iperf3: $(tail -n 1 "$tmp/$1/iperf")"
	kill -INT "${iperf_of[$1]}"
	wait "${iperf_of[$1]}" || true
}

rate()			# NAME: Mbit/s in the last second
{
	awk '/ Mbits\/sec/ { for (i = 1; i < NF; i++) if ($(i + 1) == "Mbits/sec") rate = $i }
		END { printf "%d\n", rate }' "$tmp/$1/iperf"
}

gets()			# NAME MBITS: at least
{
	[ "$(rate "$1")" -ge "$2" ]
}

# -- ways --------------------------------------------------------------------

goes_by()		# NAME OTHER PROTO
{
	[ "$(p2p "$1" status --json | jq -r --arg other "$2" \
		'.peers[] | select(.name == $other) | .path.proto')" = "$3" ]
}

# worsen SITE RULE...: what its router does to IPv6's UDP that passes it.
worsen()
{
	in_ns "r-$1" nft "add table inet worse
		add chain inet worse f { type filter hook forward priority -10; }
		add rule inet worse f meta nfproto ipv6 meta l4proto udp ${*:2}"
}

heal()			# SITE
{
	in_ns "r-$1" nft delete table inet worse
}

# left_for_ipv4 NAME OTHER: and how long it took, in $took, since $begin.
left_for_ipv4()
{
	wait_for 30 "$1 goes by IPv4" goes_by "$1" "$2" udp4
	took=$(($(now_ms) - begin))
	wait_for 10 "$1 gets 15 Mbit/s through again" gets "$1" 15
	note "$claim_text: left after $took ms, all is well after $(($(now_ms) - begin)) ms"
	contains "the event" "$(p2p "$1" events --json)" '"lossy"'
}

nat_internet
for one in "${mesh[@]}"; do
	nat_site "$one" dual
done
introduced_by s1 "${mesh[@]}"
one_by_one	# a router drops a datagram, not all that came with it
start s1 "${mesh[@]}"
for one in "${mesh[@]}"; do
	wait_for 10 "$one knows s1" has_session "$one" s1
done

claim "IPv6 is throttled to 1 Mbit/s: it goes to IPv4, and iperf3 recovers"
reaches dual1 "$(inner4 dual2)"
wait_for 10 "dual1 goes by IPv6" goes_by dual1 dual2 udp6
load dual1 dual2
begin=$(now_ms)
worsen dual1 limit rate over 125 kbytes/second burst 64 kbytes drop
left_for_ipv4 dual1 dual2
left_at=$((begin + took))
heal dual1

claim "IPv6 loses a fifth: it goes to IPv4, and iperf3 recovers"
reaches dual3 "$(inner4 dual4)"
wait_for 10 "dual3 goes by IPv6" goes_by dual3 dual4 udp6
load dual3 dual4
begin=$(now_ms)
worsen dual3 numgen random mod 100 '<' 20 drop
left_for_ipv4 dual3 dual4
unload dual3

claim "the throttle is off long since; IPv6 is used again when the penalty of 60 s is over"
wait_for 90 "dual1 goes by IPv6 again" goes_by dual1 dual2 udp6
back=$(($(now_ms) - left_at))
note "IPv6 is used again after $back ms"
at_least "not before" "$back" 60000
at_most "nor much later" "$back" 75000
wait_for 5 "dual1 gets 15 Mbit/s through" gets dual1 15
unload dual1
finish

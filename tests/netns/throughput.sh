#!/bin/bash
# throughput.sh -- iperf3 TCP through p2pnet and through wireguard-go, turn by turn.
#
#	a p2pnet ------- b p2pnet
#	c wireguard-go - d wireguard-go       medians of ROUNDS (5), SECONDS (2) each
#
# Meaningful for a release build on a quiet machine: all four share its cores.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-2}

for name in a:1 b:2 c:3 d:4; do
	join "${name%:*}" "${name#*:}"
done
node a "${KIND:-p2pnet}"
node b "${KIND:-p2pnet}"
node c wireguard-go
node d wireguard-go
peer a b "Endpoint = $(endpoint4 b)"
peer b a
peer c d "Endpoint = $(endpoint4 d)"
peer d c
start a b c d
reaches a "$(inner4 b)"
reaches c "$(inner4 d)"

median()
{
	printf '%s\n' "$@" | sort -n | sed -n "$(((rounds + 1) / 2))p"
}

claim "at least as fast as wireguard-go, by the median of $rounds"
for ((round = 0; round < rounds; round++)); do
	iperf a b "$(inner4 b)" -t "$seconds"
	ours+=("$mbits")
	iperf c d "$(inner4 d)" -t "$seconds"
	theirs+=("$mbits")
done
our_median=$(median "${ours[@]}")
their_median=$(median "${theirs[@]}")
note "${kind[a]}: ${ours[*]} Mbit/s, median $our_median"
note "wireguard-go: ${theirs[*]} Mbit/s, median $their_median"
note "ratio $(awk "BEGIN { printf \"%.2f\", $our_median / $their_median }")"
at_least "Mbit/s" "$our_median" "$their_median"
finish

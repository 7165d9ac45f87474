#!/bin/bash
# rivals.sh -- the benchmark works: it measures p2pnet, and tells what it measured.
#
# Nothing here says how fast p2pnet is; see tests/bench/rivals.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

rivals=$root/tests/bench/rivals
rival=p2pnet-chacha20
metrics="ping50 ping99 tcp1 tcp4 tcpr cpu udp1300 udp64 gso1300 gso64 flood1300 flood64 load50
	load99 idle peak"

figure()		# METRIC
{
	awk -F '\t' -v rival="$rival" -v metric="$1" '$2 == rival && $3 == metric { print $4 }' \
		"$tmp/rivals.tsv"
}

is_positive()
{
	awk -v figure="$1" 'BEGIN { exit !(figure + 0 > 0) }'
}

claim "a tunnel is set up and measured"
P2PNET=$P2PNET "$rivals" -q -r "$rival" -o "$tmp" >"$tmp/said" 2>&1 || fail "$(cat "$tmp/said")"
for metric in $metrics; do
	is_positive "$(figure "$metric")" || fail "$metric is '$(figure "$metric")'"
done

claim "what was measured is told again, and the targets are held against it"
refused 1 "$rivals" -f "$tmp/rivals.tsv" -m --check	# there is no rival to be better than
contains "the table" "$said" "| $rival | $(figure tcp1) | $(figure tcp4) |"
contains "the verdict" "$said" "not measured   $rival: TCP 1 stream Mbit/s at least 8 x wireguard-go"
contains "the verdict" "$said" " of 16 hold"
finish

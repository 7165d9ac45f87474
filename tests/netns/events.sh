#!/bin/bash
# events.sh -- what happens is told as it happens, to everybody, and is what the log says.
#
#	a 192.0.2.1             b 192.0.2.2  --> 192.0.2.102
# shellcheck source=lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/lib.sh"

join a 1
join b 2
in_ns b sysctl -qw net.ipv4.conf.all.promote_secondaries=1
node a p2pnet
node b p2pnet
peer a b
peer b a "Endpoint = $(endpoint4 a)"
start a b
told=$tmp/told

# is_told FILTER: of jq, for one event.
is_told()
{
	[ -n "$(jq -c "select($1)" "$told")" ]
}

claim "nobody may follow, and hears that b is connected"
RUNTIME_DIRECTORY=$tmp/a/run setpriv --reuid=nobody --regid=nogroup --clear-groups \
	"$P2PNET" events -f --json >"$told" 2>"$told.said" &
follower=$!
pids+=("$follower")
reaches b "$(inner4 a)"
wait_for 2 "b is connected" is_told '.kind == "connected" and .peer == "b"'

claim "and that b moves to another address"
in_ns b ip addr add 192.0.2.102/24 dev eth0
in_ns b ip addr del 192.0.2.2/24 dev eth0
reaches b "$(inner4 a)"
wait_for 2 "b has moved" is_told '.kind == "path_chosen" and .reason == "called" and
	.path.remote == "192.0.2.102:'"$(port b)"'"'
equal "schema" "$(jq -s 'map(.schema) | unique | tostring' "$told")" '"[1]"'
equal "numbers" "$(jq -s 'map(.number) == [range(1; length + 1)]' "$told")" true

claim "b itself tells that its addresses changed"
contains "b's events" "$(p2p b events --since 1m)" "this host's addresses changed"

claim "what is told is what the log says, in the same order"
jq -r 'if .peer then "\(.peer): \(.text)" else .text end' "$told" >"$tmp/told.lines"
sed -E 's/^.* p2p0: //' "$tmp/a/log" | grep -xFf "$tmp/told.lines" >"$tmp/log.lines"
diff "$tmp/told.lines" "$tmp/log.lines" || fail "the log says otherwise"

nothing_since_now()	# a time is given in seconds
{
	[ -z "$(p2p a events --since 0s)" ]
}

claim "only what is asked for"
equal "of b" "$(p2p a events b --json | jq -s 'map(.peer) | unique | tostring')" '"[\"b\"]"'
wait_for 3 "the second of the last event is over" nothing_since_now
refused 6 p2p a events nobody
refused 2 p2p a events --since soon

claim "it ends when the net does: exit code 3"
stop a
code=0
wait "$follower" || code=$?
equal "exit code" "$code" 3
contains "message" "$(cat "$told.said")" "was stopped"
finish

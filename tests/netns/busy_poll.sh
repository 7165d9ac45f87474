#!/bin/bash
# busy_poll.sh -- the loop looks again for answers that are due at once, and for no others.
#
#	a --- ping, TCP ---> b
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

[ "$(nproc)" -gt 1 ] || skip "there is one core, which who answers needs"

join a 1
join b 2
node a p2pnet
node b p2pnet
peer a b "Endpoint = $(endpoint4 b)"
peer b a
start a b
reaches a "$(inner4 b)"

# more_than NUMBER: times that it polled. On a busy machine answers may take long for a while.
more_than()
{
	pings a "$(inner4 b)" 20 0.005
	[ "$(counter a busy_polls)" -gt "$1" ]
}

claim "it polls where answers come at once"
wait_for 30 "a polls" more_than 0
contains "status -v" "$(p2p a status -v)" "busy_polls"

claim "who answers only does not"
equal "by b" "$(counter b busy_polls)" 0

claim "nor does a stream"
begun=$(counter a busy_polls)
iperf a b "$(inner4 b)" -t 1
at_most "around it" "$(($(counter a busy_polls) - begun))" 50

claim "who falls silent is polled for once at most"
kill -STOP "${pid_of[b]}"
begun=$(counter a busy_polls)
in_vain=$(counter a busy_polls_in_vain)
in_ns a ping -n -q -c 50 -i 0.01 -W 1 "$(inner4 b)" >/dev/null || true
at_most "times" "$(($(counter a busy_polls) - begun))" 1
at_most "in vain" "$(($(counter a busy_polls_in_vain) - in_vain))" 1

claim "and is waited for again when it answers again"
kill -CONT "${pid_of[b]}"
reaches a "$(inner4 b)"
wait_for 30 "a polls again" more_than $((begun + 1))
finish

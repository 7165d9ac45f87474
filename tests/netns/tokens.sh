#!/bin/bash
# tokens.sh -- two nodes that only people can introduce: what one offers, the other accepts.
#
#	s1, s2   public; s1 is known to a alone and s2 to b alone, so they introduce nobody.
#	         Each tells its one how it is seen from outside
#	a, b     behind NATs that let in only whom they have sent to; lan = no
#	c, d     on one LAN without internet; lan = no
#	e, f     as a and b, but nobody knows them; s1 has a STUN server, coturn
#
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"
command -v turnserver >/dev/null || skip "needs turnserver (Debian: coturn)"

# offer NAME OTHER [ARGUMENT...]: the token is in $token.
offer()
{
	local name=$1 other=$2

	shift 2
	token=$(p2p "$name" offer "$other" "$@" 2>"$tmp/$name/said")
	contains "what $name is told to do with it" "$(cat "$tmp/$name/said")" "send this line to $other"
	equal "lines of the token" "$(wc -l <<<"$token")" 1
}

# state_of NAME OTHER
state_of()
{
	p2p "$1" status --json | jq -r --arg other "$2" '.peers[] | select(.name == $other) | .state'
}

# is_observed NAME: somebody has told it its outside address.
is_observed()
{
	[ "$(p2p "$1" explain "$2" --json | jq '.self.observed | length')" -gt 0 ]
}

is_after()		# MS
{
	[ "$(now_ms)" -gt "$1" ]
}

nat_internet
nat_site a port-restricted
nat_site b port-restricted
nat_site e port-restricted
nat_site f port-restricted
nat_site c linux
nat_lan d c
in_ns r-c ip link set wan down
for name in s1 s2 a b c d e f; do
	node "$name" p2pnet "Lan = no"
done
peer s1 a
peer a s1 "Endpoint = $(endpoint4 s1)"
peer s2 b
peer b s2 "Endpoint = $(endpoint4 s2)"
peer a b
peer b a
peer c d
peer d c
peer e f
peer f e
for name in e f; do
	printf '\n[nat]\nstun = 192.0.2.1\n' >>"$(conf "$name")"
done
ip netns exec "$(ns s1)" turnserver -n --stun-only --no-cli --no-tls --no-dtls -L 192.0.2.1 \
	--pidfile "$tmp/coturn.pid" -l stdout >"$tmp/coturn" 2>&1 </dev/null &
pids+=("$!")
wait_for 5 "coturn listens" listens_udp s1 192.0.2.1:3478
start s1 s2 a b c d e f

claim "on a LAN without internet: c offers, d accepts, c accepts the answer; both are connected"
began=$(now_ms)
offer c d
answer=$(p2p d accept "$token" 2>"$tmp/d/said")
contains "what d is told" "$(cat "$tmp/d/said")" "send this line back to c"
p2p c accept --wait=10 "$answer" 2>"$tmp/c/said"
contains "what c is told" "$(cat "$tmp/c/said")" "d is connected: udp"
note "connected after $(($(now_ms) - began)) ms"
pings c "$(inner4 d)" 5 0.05
equal "d's state of c" "$(state_of d c)" direct

claim "through two NATs, with nobody but a STUN server: the first token tells how we are seen"
offer e f
answer=$(p2p f accept "$token" 2>/dev/null)
began=$(now_ms)
p2p e accept --wait=20 "$answer" 2>"$tmp/e/said"
contains "what e is told" "$(cat "$tmp/e/said")" "f is connected: udp4 $(nat_public f)"
note "connected $(($(now_ms) - began)) ms after the answer was accepted"
pings e "$(inner4 f)" 5 0.05

claim "through two NATs: the same, with a token that mail has wrapped, from stdin"
wait_for 10 "a knows how it is seen" is_observed a b
wait_for 10 "b knows how it is seen" is_observed b a
contains "ping before" "$(in_ns a ping -n -q -c 1 -W 1 "$(inner4 b)" 2>&1 || true)" "0 received"
offer a b
answer=$(fold -w 60 <<<"$token" | p2p b accept 2>/dev/null)
began=$(now_ms)
fold -w 60 <<<"$answer" | p2p a accept --wait=20 2>"$tmp/a/said"
contains "what a is told" "$(cat "$tmp/a/said")" "b is connected: udp4 $(nat_public b)"
note "connected $(($(now_ms) - began)) ms after the answer was accepted"
pings a "$(inner4 b)" 5 0.05

claim "a token is good once"
refused 1 p2p b accept "$token"
contains "what is said" "$said" "used here before"

claim "and for its peer alone, and only from a peer"
refused 1 p2p c accept "$token"
contains "what is said" "$said" "for another machine"
refused 6 p2p a offer nobody
contains "what is said" "$said" "no peer 'nobody'"

claim "a damaged one is named as such"
offer a b
middle=$((${#token} / 2))
case ${token:middle:1} in
a) other=b ;;
*) other=a ;;
esac
refused 2 p2p b accept "${token:0:middle}$other${token:middle+1}"
contains "a wrong character" "$said" "a character of this token is wrong"
refused 2 p2p b accept "${token:0:-20}"
contains "the end is missing" "$said" "the end of this token is missing"
refused 2 p2p b accept "$token$token"
contains "twice the same" "$said" "character that none has"
refused 2 p2p b accept "hello"
contains "none at all" "$said" "this is no token"
refused 2 p2p b accept "$(printf 'a%.0s' {1..5000})"
contains "far too long" "$said" "longer than any token"

claim "one that has expired is refused: by the clock of whoever accepts it"
refused 2 p2p a offer b --expires 0
contains "what is said" "$said" "--expires is a number of minutes"
expires=$(($(now_ms) + 61000))
offer a b --expires 1
wait_for 70 "its minute is over" is_after "$expires"
refused 1 p2p b accept "$token"
contains "what is said" "$said" "this token expired"

claim "who waits in vain is told so"
offer d c
stop d
refused 7 p2p c accept --wait=1 "$token"
contains "what is said" "$said" "d is not connected after 1 s"
finish

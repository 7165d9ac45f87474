#!/bin/bash
# cipher.sh -- which cipher suite two nodes end in, and what they say if there is none.
#
#	a p2pnet -------.
#	b p2pnet -------+-- br0 --- tcpdump: of which suite is what goes by?
#	c wireguard-go -'
#
# The second byte of a message is 0 in WireGuard's own suite, 1 in AES-256-GCM.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

computes_aes || skip "this CPU does not compute AES"

for name in a:1 b:2 c:3; do
	join "${name%:*}" "${name#*:}"
done
node a p2pnet "cipher = chacha20"
node b p2pnet
node c wireguard-go
peer a b "Endpoint = $(endpoint4 b)"
peer a c "Endpoint = $(endpoint4 c)"
peer b a
peer c a

cipher_of()		# NAME PEER
{
	p2p "$1" status --json | jq -r --arg peer "$2" '.peers[] | select(.name == $peer).cipher'
}

has_cipher()		# NAME PEER CIPHER
{
	[ "$(cipher_of "$1" "$2")" = "$3" ]
}

both_have()		# CIPHER
{
	wait_for 8 "a has $1 with b" has_cipher a b "$1"
	wait_for 8 "b has $1 with a" has_cipher b a "$1"
}

# set_cipher NAME CIPHER: in its [Interface], and taken at once.
set_cipher()
{
	sed -i "/^cipher = /d; /^\[Interface\]/a cipher = $2" "$(conf "$1")"
	p2p "$1" reload
}

# count FILTER: datagrams of the last capture.
count()
{
	tcpdump -n -r "$capture" "$@" 2>/dev/null | wc -l
}

to_b="host $(outer4 a) and host $(outer4 b)"
to_c="host $(outer4 c)"

claim "chacha20 on one side: so it is on both"
capture_start first
start a b c
reaches a "$(inner4 b)"
reaches a "$(inner4 c)"
both_have chacha20

claim "auto on both sides: on to AES-256-GCM while 400 packets a second go by, none lost"
pings_start a "$(inner4 b)" 800 0.005
pings_start b "$(inner4 a)" 800 0.005
set_cipher a auto
both_have aes256gcm
pings_finish a 0
pings_finish b 0
pings a "$(inner4 b)" 20 0.01

claim "status, show and events say so"
contains "status -v" "$(p2p a status -v)" "b aes256gcm"
contains "show" "$(p2p a show)" "cipher: aes256gcm"
contains "events" "$(p2p a events)" "encrypted with aes256gcm"

claim "plain WireGuard sees its own suite, and nothing else"
pings a "$(inner4 c)" 20 0.01
equal "cipher with wireguard-go" "$(cipher_of a c)" chacha20
capture_stop
at_least "messages of AES-256-GCM to b" "$(count "udp[9] == 1 and $to_b")" 1000
equal "messages of another suite to c" "$(count "udp[9] != 0 and $to_c")" 0

claim "after a restart it is AES-256-GCM from the first message"
stop a
capture_start second
start a
reaches a "$(inner4 b)"
both_have aes256gcm
capture_stop
equal "messages of WireGuard's suite with b" "$(count "udp[8] <= 4 and udp[9] == 0 and $to_b")" 0

claim "chacha20 again: at once, and the other side is told that AES-256-GCM is gone"
set_cipher b chacha20
both_have chacha20
pings a "$(inner4 b)" 20 0.01
contains "events of a" "$(p2p a events)" "had aes256gcm and says that it has it no more"

claim "aes256gcm against chacha20: no connection, and both sides explain it"
set_cipher a aes256gcm
refused 1 in_ns b ping -n -q -c 2 -i 0.2 -W 1 "$(inner4 a)"
for pair in "a b" "b a"; do
	read -r one other <<<"$pair"
	wait_for 8 "$one explains" eval "p2p $one explain $other | grep -q 'are not the same'"
	contains "explain of $one" "$(p2p "$one" explain "$other")" "set cipher = auto on one of the two sides"
done
equal "cipher" "$(cipher_of a b)" null

claim "nor to plain WireGuard"
refused 1 in_ns a ping -n -q -c 2 -i 0.2 -W 1 "$(inner4 c)"

claim "auto on one of them: AES-256-GCM"
set_cipher b auto
reaches b "$(inner4 a)"
both_have aes256gcm

claim "what is no cipher is refused, with file and line"
sed -i "s/^cipher = .*/cipher = rot13/" "$(conf a)"
refused 5 p2p a check "$(conf a)"
contains "check" "$said" "cipher \"rot13\" is not auto, chacha20 or aes256gcm"
finish

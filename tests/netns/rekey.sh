#!/bin/bash
# rekey.sh -- not one packet is lost while keys change.
#
#	a p2pnet ---- b p2pnet             both with timers ten times shorter:
#	c p2pnet ---- d wireguard-go       a new handshake every 12 s
#
# 25 s of ping, 200 a second, on both links at once; REKEY_SECONDS=60 for longer.
# wireguard-go keeps its own 120 s, and follows the initiator's shorter ones.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

seconds=${REKEY_SECONDS:-25}
[ -x "$P2PNET_SHORT" ] || skip "no build with short timers ($P2PNET_SHORT)"
P2PNET=$P2PNET_SHORT

for name in a:1 b:2 c:3 d:4; do
	join "${name%:*}" "${name#*:}"
done
node a p2pnet
node b p2pnet
node c p2pnet
node d wireguard-go
peer a b "Endpoint = $(endpoint4 b)"
peer b a
peer c d "Endpoint = $(endpoint4 d)"
peer d c
capture_start handshakes "$handshakes"
start a b c d
reaches a "$(inner4 b)"
reaches c "$(inner4 d)"
first_ab=$(handshake_of a b)
first_cd=$(handshake_of d c)

pings_start a "$(inner4 b)" $((seconds * 200)) 0.005
pings_start c "$(inner4 d)" $((seconds * 200)) 0.005
claim "p2pnet to p2pnet: $seconds s of ping, none lost"
pings_finish a 0
claim "p2pnet to wireguard-go: $seconds s of ping, none lost"
pings_finish c 0

claim "the keys did change meanwhile, every 12 s"
different "last handshake of a with b" "$(handshake_of a b)" "$first_ab"
different "last handshake of d with c" "$(handshake_of d c)" "$first_cd"
capture_stop
# Two p2pnets need one more to move to AES-256-GCM; who made that one renews the keys from then on.
computes_aes && moves=1 || moves=0
for link in "a b $moves" "c d 0"; do
	read -r one other more <<<"$link"
	made=$(($(messages "$capture" 1 "$(outer4 "$one")") + $(messages "$capture" 1 "$(outer4 "$other")")))
	note "$one and $other sent $made initiations"
	at_least "initiations of $one and $other" "$made" $((1 + more + seconds / 13))
	at_most "initiations of $one and $other" "$made" $((2 + more + seconds / 12))
done
claim "no handshake message was malformed"
no_malformed "$capture" aes
finish

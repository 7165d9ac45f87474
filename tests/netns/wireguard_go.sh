#!/bin/bash
# wireguard_go.sh -- p2pnet and Debian's wireguard-go talk to each other, in every role.
#
#	a p2pnet -------.
#	                +-- br0 --- tcpdump --> tshark's WireGuard dissector
#	b wireguard-go -'
#
# Only the initiator knows an endpoint, so the roles are what they are said to be.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

join a 1
join b 2
wg genpsk >"$tmp/psk"

# meet INITIATOR RESPONDER OUTER(4|6) PSK(psk|none)
meet()
{
	local from=$1 to=$2 outer=$3 psk=() title

	title="${kind_of[$from]} calls ${kind_of[$to]}, outside IPv$outer, psk: $4"
	if [ "$4" = psk ]; then
		psk=("PresharedKey = $(cat "$tmp/psk")")
	fi
	node a "${kind_of[a]}"
	node b "${kind_of[b]}"
	peer "$from" "$to" "Endpoint = $("endpoint$outer" "$to")" "${psk[@]}"
	peer "$to" "$from" "${psk[@]}"
	start a b

	claim "$title: ping"
	reaches "$from" "$(inner4 "$to")"
	pings "$from" "$(inner4 "$to")" 20 0.01
	pings "$to" "$(inner6 "$from")" 20 0.01
	claim "$title: iperf3 both ways"
	iperf "$from" "$to" "$(inner4 "$to")" -n 1M
	iperf "$from" "$to" "$(inner6 "$to")" -n 1M -R
	equal "endpoint of the caller" "$(endpoint_of "$to" "$from")" "$("endpoint$outer" "$from")"
	stop a
	stop b
	forget_peers a
}

declare -A kind_of=([a]="${KIND:-p2pnet}" [b]=wireguard-go)

for outer in 4 6; do
	for psk in none psk; do
		capture_start "a-$outer-$psk"
		meet a b "$outer" "$psk"
		capture_stop
		claim "all of it well-formed, one handshake, begun by ${kind_of[a]}"
		no_malformed "$capture"
		equal "initiations of a" "$(messages "$capture" 1 "$("outer$outer" a)")" 1
		equal "responses of b" "$(messages "$capture" 2 "$("outer$outer" b)")" 1
		capture_start "b-$outer-$psk"
		meet b a "$outer" "$psk"
		capture_stop
		claim "all of it well-formed, one handshake, begun by ${kind_of[b]}"
		no_malformed "$capture"
		equal "initiations of b" "$(messages "$capture" 1 "$("outer$outer" b)")" 1
		equal "responses of a" "$(messages "$capture" 2 "$("outer$outer" a)")" 1
	done
done

claim "a wrong preshared key: no session, and nothing comes through"
node a "${kind_of[a]}"
node b "${kind_of[b]}"
peer a b "Endpoint = $(endpoint4 b)" "PresharedKey = $(wg genpsk)"
peer b a "PresharedKey = $(cat "$tmp/psk")"
start a b
refused 1 in_ns a ping -n -q -c 3 -i 0.1 -W 1 "$(inner4 b)"
equal "last handshake" "$(handshake_of a b)" 0
stop a
stop b

claim "iperf3 TCP and UDP, both ways"
node a "${kind_of[a]}"
node b "${kind_of[b]}"
peer a b "Endpoint = $(endpoint4 b)"
peer b a
start a b
reaches a "$(inner4 b)"
for direction in "a b" "b a"; do
	read -r from to <<<"$direction"
	iperf "$from" "$to" "$(inner4 "$to")" -t 2
	note "TCP ${kind_of[$from]} to ${kind_of[$to]}: $mbits Mbit/s"
	iperf "$from" "$to" "$(inner6 "$to")" -u -b 20M -l 1200 -t 1
	equal "percent of UDP lost" "$lost_percent" 0
done
finish

#!/bin/bash
# two_nodes.sh -- two nodes, one encrypted link: IPv4 and IPv6, outside and inside.
#
#	a 192.0.2.1 ----.        10.77.0.1 ====.
#	                +-- br0                 tunnel
#	b 192.0.2.2 ----'        10.77.0.2 ===='
#
# KIND=wireguard-go puts Debian's WireGuard on both sides, to test the test.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

KIND=${KIND:-p2pnet}

configure()		# ENDPOINT-OF-A ENDPOINT-OF-B
{
	node a "$KIND"
	node b "$KIND"
	peer a b "Endpoint = $2"
	peer b a "Endpoint = $1"
}

carries_everything()
{
	claim "ping over IPv4, 20 of 20 (outside IPv$1)"
	pings a "$(inner4 b)" 20 0.01
	claim "ping over IPv6, 20 of 20 (outside IPv$1)"
	pings b "$(inner6 a)" 20 0.01
	claim "large packets, that need every byte of the MTU (outside IPv$1)"
	pings_of_size a "$(inner4 b)" 1372
	pings_of_size a "$(inner6 b)" 1352
	claim "iperf3 TCP, 4 MB (outside IPv$1)"
	iperf a b "$(inner4 b)" -n 4M
	note "$mbits Mbit/s"
	claim "iperf3 UDP at 20 Mbit/s, none lost (outside IPv$1)"
	iperf a b "$(inner6 b)" -u -b 20M -l 1200 -t 1
	equal "percent lost" "$lost_percent" 0
}

pings_of_size()		# NAME ADDRESS BYTES, without fragments: 1400 with ICMP and IP header
{
	in_ns "$1" ping -n -q -c 3 -i 0.01 -M "do" -s "$3" "$2" >/dev/null
}

join a 1
join b 2
capture_start all

configure "$(endpoint4 a)" "$(endpoint4 b)"
start b
if [ "$KIND" = p2pnet ]; then
	claim "from up to the first ping through the tunnel within 1 s"
	begin=$(now_ms)
	p2p a up -c "$(conf a)" >>"$tmp/a/log" 2>&1
	up=$(now_ms)
	in_ns a ping -n -q -c 1 -W 2 "$(inner4 b)" >/dev/null
	end=$(now_ms)
	note "up took $((up - begin)) ms, the first ping $((end - up)) ms"
	at_most "ms from up to first ping" "$((end - begin))" 1000
	pid_of[a]=$(p2p a status --json | jq .pid)
	pids+=("${pid_of[a]}")
else
	start a
fi
carries_everything 4

if [ "$KIND" = p2pnet ]; then
	claim "status names the peer, how it is reached and how much was carried"
	status=$(p2p a status --json)
	equal name "$(jq -r '.peers[0].name' <<<"$status")" b
	equal state "$(jq -r '.peers[0].state' <<<"$status")" direct
	equal remote "$(jq -r '.peers[0].path.remote' <<<"$status")" "$(endpoint4 b)"
	at_least "bytes sent" "$(jq '.peers[0].tx_bytes' <<<"$status")" 4000000
	contains "the table" "$(p2p a status)" direct
	claim "status tells which library encrypts, how fast, and which offloads are in effect"
	at_least "ciphers measured" "$(jq '[.data_path.ciphers[] | select(.seal_ns > 0 and .open_ns > 0)] |
		length' <<<"$status")" 1
	equal "offloads in effect or refused" "$(jq -r '.data_path | .offloads + .refused | sort |
		join(" ")' <<<"$status")" "tun-gro tun-gso udp-gro udp-gso"
	contains "the words" "$(p2p a status -v)" "ciphers: chacha20 by "
	claim "each peer has an address derived from its key, which works as well"
	ula=$(p2p b status --json | jq -r '.self.addresses[-1]')
	pings a "${ula%/*}" 5 0.01
	claim "down stops it and returns when it has stopped"
	p2p a down
	is_gone "${pid_of[a]}" || fail "process ${pid_of[a]} still runs"
else
	stop a
fi
stop b

configure "$(endpoint6 a)" "$(endpoint6 b)"
start a b
claim "tunnel comes up over IPv6"
reaches a "$(inner4 b)"
carries_everything 6

capture_stop
claim "no datagram was malformed"
no_malformed "$capture" aes
finish

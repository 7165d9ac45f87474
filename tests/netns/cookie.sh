#!/bin/bash
# cookie.sh -- under a flood of initiations, who owns his address still gets in.
#
#	c flood ------.            valid mac1, the rest random
#	b caller -----+-- br0 ---- a responder, asks for cookies (mac2)
#	e friend -----'            has a session already
#
# The caller is told a cookie at its first try and comes back with it 5 s later.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for name in a:1 b:2 c:3 e:5; do
	join "${name%:*}" "${name#*:}"
done

mac2_count()		# PCAP SOURCE: initiations that carry a cookie
{
	dissect "$1" wg.type ip.src wg.mac2 |
		awk -F '\t' -v from="$2" '$1 == 1 && $2 == from && $3 ~ /[1-9a-f]/' | wc -l
}

cookies_to()		# PCAP DESTINATION
{
	dissect "$1" wg.type ip.dst | awk -F '\t' -v to="$2" '$1 == 3 && $2 == to' | wc -l
}

meet_under_load()	# KIND-OF-RESPONDER KIND-OF-CALLER RATE BURST
{
	node a "$1"
	node b "$2"
	node e "${KIND:-p2pnet}"
	peer a b
	peer a e
	peer b a "Endpoint = $(endpoint4 a)"
	peer e a "Endpoint = $(endpoint4 a)"
	start a b e
	reaches e "$(inner4 a)"

	claim "$1 under load asks for cookies"
	rm -f "$tmp/flood"
	ip netns exec "$(ns c)" python3 "$here/flood.py" "$(outer4 a)" "$(port a)" \
		"$(public_key a)" "$3" "$4" 12 >"$tmp/flood" &
	flood=$!
	pids+=("$flood")
	wait_for 5 "first cookie" grep -q cookie "$tmp/flood"

	claim "$2 gets through to it"
	capture_start "$1-$2" "$handshakes and host $(outer4 b)"
	pings_start e "$(inner4 a)" 600 0.01
	wait_for 11 "a session" caller_gets_through
	capture_stop
	claim "it took a cookie to $2, and mac2 from $2"
	at_least "cookies to $2" "$(cookies_to "$capture" "$(outer4 b)")" 1
	at_least "initiations with mac2" "$(mac2_count "$capture" "$(outer4 b)")" 1
	if [ "$1 $2" = "p2pnet p2pnet" ]; then
		no_malformed "$capture" aes
	else
		no_malformed "$capture"
	fi
	if [ "$1" = p2pnet ]; then
		claim "who had a session noticed nothing"
		pings_finish e 0
	else
		pings_finish e 600
	fi
	kill "$flood" 2>/dev/null || true
	wait "$flood" 2>/dev/null || true
	stop a
	stop b
	stop e
	forget_peers a
	forget_peers b
	forget_peers e
}

caller_gets_through()
{
	in_ns b ping -n -q -c 1 -W 1 "$(inner4 a)"
}

meet_under_load "${KIND:-p2pnet}" "${KIND:-p2pnet}" 4000 40
meet_under_load "${KIND:-p2pnet}" wireguard-go 4000 40
# wireguard-go is under load when its queue is long: that takes bursts.
meet_under_load wireguard-go "${KIND:-p2pnet}" 20000 2000
finish

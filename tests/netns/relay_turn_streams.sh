#!/bin/bash
# relay_turn_streams.sh -- a TURN server that is reached by TCP and by TLS, as UDP to it is blocked.
#
#	anna --[ symmetric NAT ]---.            s1  introduces them, UDP port 51801
#	                           +--- core --- s2  turnserver 192.0.2.17: 3478, and TLS on 443
#	bert --[ symmetric NAT ]---'
#
# Both routers let UDP out to s1 and nowhere else.
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"
# shellcheck source=servers_lib.sh
. "$(dirname "$0")/servers_lib.sh"

server=192.0.2.17

udp_only_to_s1()	# SITE
{
	in_ns "r-$1" nft -f - <<-END
		table ip onlys1 {
			chain forward {
				type filter hook forward priority filter - 10
				meta l4proto udp ip daddr != $(outer4 s1) ip saddr != $(outer4 s1) drop
			}
		}
	END
}

# begin LINE...: of [nat], of both.
begin()
{
	local name

	introduced_by s1 anna bert
	for name in anna bert; do
		printf '%s\n' "[Nat]" "tcp = no" "turn_user = alice" "turn_password_file = $turn_password" \
			"$@" >>"$(conf "$name")"
	done
	start s1 anna bert
	wait_for 10 "anna and s1 have a session" has_session anna s1
	wait_for 10 "bert and s1 have a session" has_session bert s1
}

end()
{
	local name

	for name in anna bert s1; do
		stop "$name"
		forget_peers "$name"
	done
}

relay_of()		# NAME OTHER: "turn:192.0.2.17 tls4"
{
	p2p "$1" status --json | jq -r --arg name "$2" \
		'.peers[] | select(.name == $name) | .path | "\(.relay) \(.proto)"'
}

is_relayed_by()		# NAME OTHER RELAY
{
	[ "$(relay_of "$1" "$2")" = "$3" ]
}

# relayed_by PROTO MS: from anna's first ping to the first answer.
relayed_by()
{
	local begin took

	begin=$(now_ms)
	reaches anna "$(inner4 bert)"
	took=$(($(now_ms) - begin))
	note "first answer after $took ms"
	at_most "ms until the first answer" "$took" "$2"
	wait_for 10 "anna's way is by $1" is_relayed_by anna bert "turn:$server $1"
	wait_for 10 "bert's way is by $1" is_relayed_by bert anna "turn:$server $1"
}

event_happened()	# NAME KIND
{
	p2p "$1" events --json | jq -es --arg kind "$2" 'any(.[]; .kind == $kind)' >/dev/null
}

command -v turnserver >/dev/null || skip "no coturn here"
nat_internet
nat_site anna symmetric
nat_site bert symmetric
udp_only_to_s1 anna
udp_only_to_s1 bert
ca_make
certificate s2 "$server"
coturn_start s2 "$server"

claim "turn: without UDP is TCP: an answer within 5 s, nothing is lost"
begin "turn = turn:$server"
relayed_by tcp4 5000
pings anna "$(inner4 bert)" 100 0.05
iperf anna bert "$(inner4 bert)" -t 3
note "$mbits Mbit/s"

claim "the server is killed and started again: traffic goes on"
pings_start anna "$(inner4 bert)" 150 0.1
coturn_stop s2
coturn_start s2 "$server"
wait_for 15 "anna has noticed" event_happened anna turn_lost
pings_finish anna 100
pings anna "$(inner4 bert)" 20 0.05
end

claim "turns: is TLS, with a certificate of our own CA"
begin "turn = turns:$server:443" "turn_ca = $ca"
relayed_by tls4 5000
pings anna "$(inner4 bert)" 100 0.05
iperf anna bert "$(inner4 bert)" -t 3
note "$mbits Mbit/s"
contains "netcheck" "$(in_ns anna "$P2PNET" netcheck -q -c "$(conf anna)")" \
	"TURN      turns:$server:443 tls "
end

claim "whose certificate nobody vouches for is not trusted, and explain says so"
begin "turn = turns:$server:443"
in_ns anna ping -c 3 -i 0.5 -W 1 "$(inner4 bert)" >/dev/null || true
wait_for 10 "anna says so" event_happened anna turn_failed
contains "explain" "$(p2p anna explain bert)" "its certificate"
end
finish

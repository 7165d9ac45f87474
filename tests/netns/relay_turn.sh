#!/bin/bash
# relay_turn.sh -- two nodes that only a TURN server brings together: Debian's coturn.
#
#	anna --[ symmetric NAT ]---.            s1  introduces them
#	                           +--- core --- s2  turnserver 192.0.2.17
#	bert --[ symmetric NAT ]---'
#
# What a server may answer is in tests/turn, what may befall it in tests/sim/turn_test.c; here are
# one that is not ours, a kernel's NATs, and iperf3.
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"
# shellcheck source=servers_lib.sh
. "$(dirname "$0")/servers_lib.sh"

server=192.0.2.17

# -- the nodes -----------------------------------------------------------------

# write_files LINE...: of [nat], of both; they know each other's keys and s1's endpoint.
write_files()
{
	local name

	introduced_by s1 anna bert
	for name in anna bert; do
		printf '%s\n' "[Nat]" "$@" >>"$(conf "$name")"
	done
}

turn_lines=("turn = turn:$server" "turn_user = alice" "turn_password_file = $turn_password")

# begin LINE...: all three run, and both have a session with s1.
begin()
{
	write_files "$@"
	start_all
}

start_all()
{
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

state_of()		# NAME OTHER
{
	p2p "$1" status --json | jq -r --arg name "$2" '.peers[] | select(.name == $name) | .state'
}

relay_of()		# NAME OTHER: "turn:192.0.2.17 udp4"
{
	p2p "$1" status --json | jq -r --arg name "$2" \
		'.peers[] | select(.name == $name) | .path | "\(.relay) \(.proto)"'
}

is_now()		# NAME OTHER STATE
{
	[ "$(state_of "$1" "$2")" = "$3" ]
}

# relayed_within MS: from anna's first ping to the first answer.
relayed_within()
{
	local begin

	begin=$(now_ms)
	reaches anna "$(inner4 bert)"
	took=$(($(now_ms) - begin))
	at_most "ms until the first answer" "$took" "$1"
	wait_for 5 "anna's way to bert is a relay" is_now anna bert relay
}

# turn_start ARGUMENT...: its log begins anew.
turn_start()
{
	rm -f "$tmp/s2.turn"
	coturn_start s2 "$server" "$@"
}

in_turn_log()		# PATTERN: how many lines
{
	grep -cE "$1" "$tmp/s2.turn" || true
}

event_happened()	# NAME KIND
{
	p2p "$1" events --json | jq -es --arg kind "$2" 'any(.[]; .kind == $kind)' >/dev/null
}

has_grown()		# FILE BYTES
{
	[ "$(stat -c %s "$1")" -gt "$2" ]
}

# longest_gap: between two packets of a capture, in ms.
longest_gap()		# PCAP
{
	tshark -n -r "$1" -T fields -e frame.time_epoch 2>/dev/null |
		awk 'NR > 1 && $1 - last > gap { gap = $1 - last } { last = $1 } END { printf "%d\n", gap * 1000 }'
}

# -- the place -----------------------------------------------------------------

command -v turnserver >/dev/null || skip "no coturn here"
nat_internet
nat_site anna symmetric
nat_site bert symmetric
turn_start

claim "who looks for nobody asks no TURN server"
begin "${turn_lines[@]}"
equal "allocations" "$(in_turn_log 'new, realm')" 0

claim "two symmetric NATs: an answer within 3 s of the first ping, by UDP"
relayed_within 3000
note "first answer after $took ms"
equal "anna's relay" "$(relay_of anna bert)" "turn:$server udp4"
equal "bert's relay" "$(relay_of bert anna)" "turn:$server udp4"
contains "status" "$(p2p anna status)" "turn:$server (udp4)"
contains "ping" "$(p2p anna ping bert -c 1)" "turn:$server"
contains "explain" "$(p2p anna explain bert)" "turn:$server"

claim "data go by channels, and nothing is lost in 10 s"
at_least "channels that were bound" "$(in_turn_log 'CHANNEL_BIND processed, success')" 1
pings anna "$(inner4 bert)" 100 0.1

claim "netcheck measures the way to the server, by UDP and by TCP, and gives back what it gets"
found=$(in_ns anna "$P2PNET" netcheck --json -q -c "$(conf anna)" | jq -c '.turn')
note "$found"
equal "ways that work" "$(jq '[.[] | select(.rtt_ms != null)] | length' <<<"$found")" 2
at_least "that were given back" "$(in_turn_log 'refreshed.*lifetime=0')" 2

claim "iperf3 through the relay"
iperf anna bert "$(inner4 bert)" -t 5
note "$mbits Mbit/s"

claim "coturn is killed and started again under iperf3: traffic goes on by a new relay"
sniff bert "$(device bert)" "$tmp/gap.pcap" -s 60 tcp
gap_sniffer=$sniffer
in_ns bert iperf3 -s -1 -B "$(inner4 bert)" >/dev/null 2>&1 &
pids+=("$!")
wait_for 5 "iperf3 listens" listens bert 5201
in_ns anna iperf3 -c "$(inner4 bert)" -t 15 -i 0 >"$tmp/iperf.out" 2>&1 &
client=$!
pids+=("$client")
wait_for 10 "packets flow" has_grown "$tmp/gap.pcap" 1000000
coturn_stop s2
turn_start
wait_for 20 "anna has noticed" event_happened anna turn_lost
wait "$client" || fail "iperf3: $(tail -n 3 "$tmp/iperf.out")"
kill -INT "$gap_sniffer"
wait "$gap_sniffer" || true
gap=$(longest_gap "$tmp/gap.pcap")
note "traffic stopped for $gap ms"
at_most "ms without traffic" "$gap" 10000
is_now anna bert relay || fail "not relayed: $(p2p anna status)"

claim "at the end both have given theirs back"
before=$(in_turn_log 'refreshed.*lifetime=0')
end
equal "refreshes with lifetime 0" "$(($(in_turn_log 'refreshed.*lifetime=0') - before))" 2
coturn_stop s2

claim "who may have one allocation: it serves both"
turn_start --user-quota=1
begin "${turn_lines[@]}"
relayed_within 5000
equal "allocations" "$(in_turn_log 'new, realm')" 1
end
coturn_stop s2

claim "a wrong password is told once, as a warning, and in the events"
turn_start
echo wrong >"$tmp/wrong"
begin "turn = turn:$server" "turn_user = alice" "turn_password_file = $tmp/wrong"
in_ns anna ping -c 3 -i 0.5 -W 1 "$(inner4 bert)" >/dev/null || true
wait_for 10 "anna says so" event_happened anna turn_refused
equal "warnings" "$(grep -c 'does not take the user name or the password' "$tmp/anna/log")" 1
contains "explain" "$(p2p anna explain bert)" "it does not take the user name or the password"

claim "the right one in the file and a reload: connected"
write_files "${turn_lines[@]}"
p2p anna reload >/dev/null 2>&1
p2p bert reload >/dev/null 2>&1
relayed_within 5000
end
coturn_stop s2

claim "passwords made of a shared secret"
echo north >"$tmp/north"
turn_start --use-auth-secret --static-auth-secret=north
begin "turn = turn:$server?transport=udp" "turn_user = laptop" "turn_secret_file = $tmp/north"
relayed_within 3000
at_least "allocations of laptop" "$(in_turn_log 'new, .*username=<[0-9]+:laptop>')" 1
end
coturn_stop s2

claim "path = direct-only: no relay is used, and none asked for"
turn_start
write_files "${turn_lines[@]}"
sed -i '/^\[Peer bert\]/a path = direct-only' "$(conf anna)"
start_all
! in_ns anna ping -c 3 -i 0.5 -W 1 "$(inner4 bert)" >/dev/null || fail "there is a way"
is_now anna bert connecting || fail "anna: $(p2p anna status)"
end

claim "path = relay-only: a relay where a straight way would work, and no other address is told"
nat_site carl none
nat_site dora none
introduced_by s1 carl dora
for name in carl dora; do
	printf '%s\n' "[Nat]" "${turn_lines[@]}" >>"$(conf "$name")"
done
sed -i '/^\[Peer dora\]/a path = relay-only' "$(conf carl)"
start s1 carl dora
wait_for 10 "carl and s1 have a session" has_session carl s1
wait_for 10 "dora and s1 have a session" has_session dora s1
reaches carl "$(inner4 dora)"
pings carl "$(inner4 dora)" 30 0.1
is_now carl dora relay || fail "carl: $(p2p carl status)"
is_now dora carl relay || fail "dora: $(p2p dora status)"
contains_not "what dora knows of carl" "$(p2p dora explain carl --json | jq -c .peer.candidates)" \
	"$(outer4 carl)"

claim "auto again, and a reload: straight"
sed -i '/^path = relay-only$/d' "$(conf carl)"
p2p carl reload >/dev/null 2>&1
pings_start carl "$(inner4 dora)" 100 0.1
wait_for 10 "carl's way to dora is direct" is_now carl dora direct
kill -INT "${pings_of[carl]}"
pings_finish carl 100
coturn_stop s2

if [ ! -x "$P2PNET_SHORT" ]; then
	note "no build with short timers: what they hasten is not tried"
	finish
	exit
fi

claim "for 40 s and more: nonces of 10 s, refreshed after 20; nothing is lost"
P2PNET=$P2PNET_SHORT
for name in carl dora s1; do
	stop "$name"
done
turn_start --stale-nonce=10 --permission-lifetime=30 --channel-lifetime=30
begin "${turn_lines[@]}"
relayed_within 3000
pings anna "$(inner4 bert)" 450 0.1
note "nonces gone stale: $(in_turn_log 'error 438'), refreshes: $(in_turn_log 'REFRESH processed, success')"
at_least "nonces that went stale" "$(in_turn_log 'error 438')" 4
end
finish

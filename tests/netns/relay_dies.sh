#!/bin/bash
# relay_dies.sh -- what carries two nodes is taken away under traffic: something else carries them.
#
#	tests/netns/relay_dies.sh [RUNS]	of each case, for a table; 1 if not given
#
#	anna --port-restricted---.            s1  introduces, and relays
#	                         +-- core --- s2  coturn
#	bert --port-restricted---'
#
# A ping with 50 a second goes from anna to bert; what is measured is the longest time between two
# answers. Nothing is ever started again but what was killed.
# shellcheck disable=SC2154	# what lib.sh sets
set -euo pipefail

runs=1
if [[ ${1-} =~ ^[0-9]+$ ]]; then
	runs=$1
	set --
fi

# shellcheck source=nat/nat_lib.sh
. "$(dirname "$0")/nat/nat_lib.sh"
# shellcheck source=servers_lib.sh
. "$(dirname "$0")/servers_lib.sh"

turn=192.0.2.18

# -- what is seen --------------------------------------------------------------

pings_begin()
{
	ip netns exec "$(ns anna)" ping -D -n -i 0.02 "$(inner4 bert)" >"$tmp/anna/ping" 2>&1 &
	pinging=$!
	pids+=("$!")
	wait_for 10 "the ping runs" more_answers_than 50
}

answers()
{
	grep -c 'bytes from' "$tmp/anna/ping" || true
}

more_answers_than()	# COUNT
{
	[ "$(answers)" -gt "$1" ]
}

# The ping goes on for two seconds; the longest gap, in ms, is added to $tmp/gaps.
pings_end()
{
	wait_for 60 "anna gets answers again" more_answers_than "$(($(answers) + 100))"
	kill -INT "$pinging"
	wait "$pinging" || true
	sed -nE 's/^\[([0-9]+)\.([0-9]{3}).* bytes from .*/\1\2/p' "$tmp/anna/ping" |
		awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print most + 0 }' \
			>>"$tmp/gaps"
}

way()			# of anna to bert: "direct udp4", "relay turn:192.0.2.18", "relay s1"
{
	p2p anna status --json | jq -r '.peers[] | select(.name == "bert") |
		"\(.state) \(.path.relay // .path.proto)"'
}

goes()			# WAY
{
	[ "$(way)" = "$1" ]
}

goes_otherwise()	# WAY
{
	[ "$(way)" != "$1" ]
}

# -- what is done --------------------------------------------------------------

block()			# PROTO: between the two homes
{
	in_ns core nft -f - <<-END
		table ip block {
			chain forward {
				type filter hook forward priority filter
				meta l4proto $1 ip saddr $(nat_public anna) ip daddr $(nat_public bert) drop
				meta l4proto $1 ip saddr $(nat_public bert) ip daddr $(nat_public anna) drop
			}
		}
	END
}

unblock()
{
	in_ns core nft delete table ip block
}

# begin TURN PEER: are there these relays?
begin()
{
	local name

	introduced_by s1 anna bert
	printf '[Nat]\nrelay = %s\n' "$2" >>"$(conf s1)"
	for name in anna bert; do
		if [ "$1" = yes ]; then
			printf '[Nat]\nturn = turn:%s\nturn_user = alice\nturn_password_file = %s\n' \
				"$turn" "$turn_password" >>"$(conf "$name")"
		fi
	done
	nat_forget anna
	nat_forget bert
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

direct_is_blocked()	# PROTOCOLS
{
	begin no yes
	pings_begin
	wait_for 20 "they are direct" goes "direct udp4"
	block "$1"
	wait_for 30 "anna goes otherwise" goes_otherwise "direct udp4"
	pings_end
	unblock
	end
}

relay_is_ready()	# NAME: of anna's way to bert through it
{
	p2p anna explain bert | grep -q "^relay $1 .* valid "
}

# The peer begins to relay when TURN is in use already.
turn_server_dies()
{
	block "{ tcp, udp }"
	begin yes no
	pings_begin
	wait_for 10 "TURN is in use" goes "relay turn:$turn"
	sed -i 's/^relay = no/relay = yes/' "$(conf s1)"
	p2p s1 reload -c "$(conf s1)"
	wait_for 20 "s1 relays" relay_is_ready s1
	coturn_stop s2
	wait_for 30 "s1 is in use" goes "relay s1"
	pings_end
	coturn_start s2 "$turn"
	unblock
	end
}

all_runs()		# LIMIT COMMAND...
{
	local limit=$1 run

	shift
	rm -f "$tmp/gaps"
	for ((run = 0; run < runs; run++)); do
		"$@"
	done
	note "$claim_text: $(figures_of "$tmp/gaps")"
	at_most "the gap" "$(sort -n "$tmp/gaps" | tail -n 1)" "$limit"
}

nat_internet
nat_site anna port-restricted
nat_site bert port-restricted
coturn_start s2 "$turn"

claim "the direct path is blocked: a relay carries on"
all_runs 8000 direct_is_blocked "{ tcp, udp }"
claim "UDP is blocked: TCP or a relay carries on"
all_runs 8000 direct_is_blocked udp
claim "the relay in use dies: the other one carries on"
all_runs 9000 turn_server_dies
finish

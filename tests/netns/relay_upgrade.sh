#!/bin/bash
# relay_upgrade.sh -- a pair that is relayed goes direct once something lets it, and loses nothing.
#
#	tests/netns/relay_upgrade.sh [RUNS [SECONDS]]	of each case, for a table; 1 if not given
#
#	anna --port-restricted---.            s1  introduces, and relays in one case
#	                         +-- core --- s2  coturn
#	bert --port-restricted---'
#
# The core lets nothing through between the two homes until the block is lifted. Then either
# nothing tells the nodes, and they find out by trying, or the network of one changes, which is
# the signal. All the time a ping with 10 a second goes from anna to bert. With SECONDS, only
# where nobody knows, and they have been relayed for up to so long before.
set -euo pipefail

runs=1
before=
if [[ ${1-} =~ ^[0-9]+$ ]]; then
	runs=$1
	before=${2-}
	set --
fi

# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"
# shellcheck source=servers_lib.sh
. "$(dirname "$0")/servers_lib.sh"

turn=192.0.2.18

# -- the block -----------------------------------------------------------------

block()
{
	in_ns core nft -f - <<-END
		table ip block {
			chain forward {
				type filter hook forward priority filter
				ip saddr $(nat_public anna) ip daddr $(nat_public bert) drop
				ip saddr $(nat_public bert) ip daddr $(nat_public anna) drop
			}
		}
	END
}

unblock()
{
	in_ns core nft delete table ip block
}

# -- what is seen --------------------------------------------------------------

is_now()		# STATE: of bert, as anna sees it
{
	[ "$(p2p anna status --json | jq -r '.peers[] | select(.name == "bert") | .state')" = "$1" ]
}

# write_files CASE
write_files()
{
	local name

	introduced_by s1 anna bert
	if [ "$1" = peer ]; then
		printf '[Nat]\nrelay = yes\n' >>"$(conf s1)"
		return
	fi
	for name in anna bert; do
		printf '[Nat]\nturn = turn:%s\nturn_user = alice\nturn_password_file = %s\n' \
			"$turn" "$turn_password" >>"$(conf "$name")"
	done
}

pings_begin()
{
	ip netns exec "$(ns anna)" ping -n -i 0.1 "$(inner4 bert)" >"$tmp/anna/ping" 2>&1 &
	pinging=$!
	pids+=("$!")
}

answers()
{
	grep -c 'bytes from' "$tmp/anna/ping" || true
}

more_answers_than()	# COUNT
{
	[ "$(answers)" -gt "$1" ]
}

# All but the last, which may be on its way, were answered.
pings_end()
{
	wait_for 5 "the ping goes on" more_answers_than "$(($(answers) + 5))"
	kill -INT "$pinging"
	wait "$pinging" || true
	equal "lost pings" "$(sed -nE 's/.* icmp_seq=([0-9]+) .*/\1/p' "$tmp/anna/ping" |
		awk '{ lost += $1 - last - 1; last = $1 } END { print lost + 0 }')" 0
}

# one_run CASE SIGNALLED: adds to $tmp/relayed, the ms till the first answer, and $tmp/direct,
# those from the lifting of the block to the direct path.
one_run()
{
	local begin signalled=$2

	nat_forget anna
	nat_forget bert
	write_files "$1"
	block
	start s1 anna bert
	wait_for 10 "anna and s1 have a session" has_session anna s1
	wait_for 10 "bert and s1 have a session" has_session bert s1
	begin=$(now_ms)
	reaches anna "$(inner4 bert)"
	echo $(($(now_ms) - begin)) >>"$tmp/relayed"
	is_now relay || fail "anna's way to bert is no relay: $(p2p anna status)"
	pings_begin
	if [ -n "$before" ]; then
		sleep "$((RANDOM % before))"
	fi
	unblock
	if [ "$signalled" = yes ]; then
		in_ns anna ip addr add 10.9.9.9/32 dev eth0
	fi
	begin=$(now_ms)
	wait_for 80 "anna's way to bert is direct" is_now direct
	echo $(($(now_ms) - begin)) >>"$tmp/direct"
	pings_end
	in_ns anna ip addr del 10.9.9.9/32 dev eth0 2>/dev/null || true
	stop anna
	stop bert
	stop s1
	forget_peers anna
	forget_peers bert
	forget_peers s1
}

# all_runs CASE SIGNALLED LIMIT: in ms, for the direct path.
all_runs()
{
	local run

	rm -f "$tmp/relayed" "$tmp/direct"
	for ((run = 0; run < runs; run++)); do
		one_run "$1" "$2"
	done
	note "first answer by the relay: $(figures_of "$tmp/relayed")"
	note "direct after the block: $(figures_of "$tmp/direct")"
	at_most "first answer" "$(sort -n "$tmp/relayed" | tail -n 1)" 3000
	at_most "till direct" "$(sort -n "$tmp/direct" | tail -n 1)" "$3"
}

nat_internet
nat_site anna port-restricted
nat_site bert port-restricted
coturn_start s2 "$turn"

claim "by TURN; the block is lifted and nobody knows: direct within 65 s"
all_runs turn no 65000
if [ -n "$before" ]; then
	finish
	exit
fi
claim "by TURN; the block is lifted and the network of one changes: direct within 2 s"
all_runs turn yes 2000
claim "by a peer; the block is lifted and the network of one changes: direct within 2 s"
all_runs peer yes 2000
finish

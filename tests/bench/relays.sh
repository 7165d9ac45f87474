#!/bin/bash
# relays.sh -- what a relay costs: TCP through the tunnel, by each kind of relay and directly.
#
#	tests/bench/relays.sh [ROUNDS]		5 if not given
#
#	anna --port-restricted---.            s1  introduces; a peer that relays; a rendezvous
#	                         +-- core --- s2  coturn: UDP and TCP 3478, TLS 443
#	bert --port-restricted---'
#
# In each round each way has its turn, so that what else the machine does falls on all of them;
# the config says which one (path = direct-only or relay-only). All share the cores of one
# machine. The table has medians:
#
#	way           Mbit/s   of direct   CPU of the relay (% of a core)
# shellcheck disable=SC2154	# what lib.sh sets
set -euo pipefail

rounds=5
if [[ ${1-} =~ ^[0-9]+$ ]]; then
	rounds=$1
	set --
fi
seconds=3			# of iperf3

# shellcheck source=../netns/nat/nat_lib.sh
. "$(dirname "$0")/../netns/nat/nat_lib.sh"
# shellcheck source=../netns/servers_lib.sh
. "$(dirname "$0")/../netns/servers_lib.sh"

turn=192.0.2.18
ways=(direct peer rendezvous turn-udp turn-tcp turn-tls)
tick=$(getconf CLK_TCK)

# -- one way -------------------------------------------------------------------

turn_url()		# WAY
{
	case $1 in
	turn-udp) echo "turn:$turn?transport=udp" ;;
	turn-tcp) echo "turn:$turn?transport=tcp" ;;
	turn-tls) echo "turns:$turn:443" ;;
	esac
}

# sections NAME WAY: what its file says of it.
sections()
{
	case $2 in
	turn-*)
		printf '[Nat]\nturn = %s\nturn_user = alice\nturn_password_file = %s\nturn_ca = %s\n' \
			"$(turn_url "$2")" "$turn_password" "$ca"
		;;
	rendezvous)
		printf '[Rendezvous]\nurl = udp://%s:4901\npublic_key = %s\npreshared_key_file = %s\n' \
			"$(outer4 s1)" "$(cat "$tmp/s1/rendezvous.public")" "$rendezvous_psk"
		;;
	esac
}

write_files()		# WAY
{
	local way=$1 path=relay-only name

	if [ "$way" = direct ]; then
		path=direct-only
	fi
	node s1 p2pnet
	node anna p2pnet
	node bert p2pnet
	for name in anna bert; do
		peer s1 "$name"
		peer "$name" s1 "Endpoint = $(endpoint4 s1)"
	done
	peer anna bert "path = $path"
	peer bert anna "path = $path"
	if [ "$way" = peer ]; then
		printf '[Nat]\nrelay = yes\nrelay_rate = unlimited\n' >>"$(conf s1)"
	fi
	for name in anna bert; do
		sections "$name" "$way" >>"$(conf "$name")"
	done
}

relay_pid()		# WAY: empty if there is none
{
	case $1 in
	peer) echo "${pid_of[s1]}" ;;
	rendezvous) echo "${rendezvous_pid[s1]}" ;;
	turn-*) echo "${coturn_pid[s2]}" ;;
	esac
}

cpu_ticks()		# PID
{
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

is_used()		# WAY
{
	local state=relay

	if [ "$1" = direct ]; then
		state=direct
	fi
	[ "$(p2p anna status --json | jq -r '.peers[] | select(.name == "bert") | .state')" = "$state" ]
}

# one_turn WAY: a line of $tmp/WAY: Mbit/s, percent of a core.
one_turn()
{
	local way=$1 relay before=0 after=0

	nat_forget anna
	nat_forget bert
	write_files "$way"
	start s1 anna bert
	wait_for 10 "anna and s1 have a session" has_session anna s1
	wait_for 10 "bert and s1 have a session" has_session bert s1
	wait_for 20 "anna reaches bert ($way)" in_ns anna ping -n -q -c 1 -W 1 "$(inner4 bert)"
	wait_for 20 "the way is $way" is_used "$way"
	relay=$(relay_pid "$way")
	[ -z "$relay" ] || before=$(cpu_ticks "$relay")
	iperf anna bert "$(inner4 bert)" -t "$seconds"
	[ -z "$relay" ] || after=$(cpu_ticks "$relay")
	echo "$mbits $(((after - before) * 100 / tick / seconds))" >>"$tmp/$way"
	stop anna
	stop bert
	stop s1
	forget_peers anna
	forget_peers bert
	forget_peers s1
}

# -- all of them ---------------------------------------------------------------

median()		# FILE COLUMN
{
	awk -v column="$2" '{ print $column }' "$1" | sort -n | awk '{ n[NR] = $1 } END { print n[int((NR + 1) / 2)] }'
}

nat_internet
nat_site anna port-restricted
nat_site bert port-restricted
ca_make
certificate s2 "$turn"
coturn_start s2 "$turn"
"$P2PNET" genpsk >"$rendezvous_psk"
rendezvous_start s1 --psk "$rendezvous_psk" --relay --relay-rate unlimited --listen "$(outer4 s1):4901"

for ((round = 0; round < rounds; round++)); do
	for way in "${ways[@]}"; do
		one_turn "$way"
	done
done
printf '%-12s %8s %10s %18s\n' way Mbit/s "of direct" "CPU of the relay"
for way in "${ways[@]}"; do
	printf '%-12s %8s %10s %16s %%\n' "$way" "$(median "$tmp/$way" 1)" \
		"$(awk -v a="$(median "$tmp/$way" 1)" -v b="$(median "$tmp/direct" 1)" 'BEGIN { printf "%.2f", a / b }')" \
		"$(median "$tmp/$way" 2)"
done

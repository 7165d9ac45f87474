#!/bin/bash
# latency.sh -- how long a ping through the tunnel takes while something else fills it.
#
#	tests/bench/latency.sh [ROUNDS]		5 if not given
#
#	a  192.0.2.1  eth0 ---- br0 ---- eth0  192.0.2.2  b
#	   10.77.0.1  tunnel ========== tunnel  10.77.0.2
#
#	idle	nothing else
#	tcp1	one TCP stream from a to b, as the pings
#	tcp4	four of them
#	ecn	one whose ends mark congestion instead of losing packets (net.ipv4.tcp_ecn)
#	back	one from b to a: the answers are in its way
#	udp	datagrams as fast as iperf3 can send them
#
# P2PNET is the program. P2PNET_OTHERS names others to compare it with, NAME=PROGRAM each;
# nebula takes part if it is installed. In each round each has its turn with each load, so that
# what else the machine does falls on all of them. The table has medians over the rounds, in
# milliseconds; the ratio is that of the pings' medians to those of the first program.
#
#	program  load   ping p50  p99  ratio   lost %   Mbit/s
# shellcheck disable=SC2154	# what lib.sh sets
set -euo pipefail

rounds=5
if [[ ${1-} =~ ^[0-9]+$ ]]; then
	rounds=$1
	set --
fi
pings=${PINGS:-300}
read -ra loads <<<"${LOADS:-idle tcp1 tcp4 ecn back udp}"

# shellcheck source=../netns/lib.sh
. "$(dirname "$0")/../netns/lib.sh"
bench=$root/tests/bench
# shellcheck source=tunnels.sh
. "$bench/tunnels.sh"
# shellcheck source=rival/nebula.sh
. "$bench/rival/nebula.sh"

declare -A program_at
programs=(p2pnet)
program_at[p2pnet]=$P2PNET
for other in ${P2PNET_OTHERS-}; do
	programs+=("${other%%=*}")
	program_at[${other%%=*}]=${other#*=}
done
if nebula_installed; then
	programs+=(nebula)
fi

# -- the tunnels ---------------------------------------------------------------

p2pnet_up()		# PROGRAM
{
	node a p2pnet
	node b p2pnet
	peer a b "Endpoint = $(endpoint4 b)"
	peer b a
	program[a]=${program_at[$1]}
	program[b]=${program_at[$1]}
	start a b
}

tunnel_up()		# PROGRAM
{
	case $1 in
	nebula)
		nebula_make nebula
		nebula_start b
		nebula_start a
		;;
	*) p2pnet_up "$1" ;;
	esac
	reaches a "$(inner4 b)"
	reaches b "$(inner4 a)"
}

tunnel_down()
{
	stop a
	stop b
}

# -- the loads -----------------------------------------------------------------

received()		# NAME: bytes, outside the tunnel
{
	in_ns "$1" cat /sys/class/net/eth0/statistics/rx_bytes
}

carries()		# NAME BYTES
{
	[ "$(received "$1")" -gt "$2" ]
}

load_start()		# LOAD
{
	local to=b arguments=()

	load_pids=()
	in_ns a sysctl -qw net.ipv4.tcp_ecn=2
	case $1 in
	idle) return ;;
	tcp1) ;;
	tcp4) arguments=(-P 4) ;;
	ecn) in_ns a sysctl -qw net.ipv4.tcp_ecn=1 ;;
	back)
		arguments=(-R)
		to=a
		;;
	udp) arguments=(-u -b 0 -l 1300) ;;
	esac
	ip netns exec "$(ns b)" iperf3 -s -1 -B "$(inner4 b)" >"$tmp/load.server" 2>&1 &
	load_pids+=("$!")
	wait_for 5 "iperf3 listens" listens b 5201
	ip netns exec "$(ns a)" iperf3 -c "$(inner4 b)" -t 3600 "${arguments[@]}" >"$tmp/load.client" 2>&1 &
	load_pids+=("$!")
	wait_for 10 "the load $1 is on" carries "$to" $(($(received "$to") + 20000000))
	load_to=$to
}

load_stop()
{
	if [ "${#load_pids[@]}" -gt 0 ]; then
		kill -TERM "${load_pids[@]}" 2>/dev/null || true
		wait "${load_pids[@]}" || true
	fi
}

# -- the pings -----------------------------------------------------------------

# one_turn PROGRAM LOAD: a line of $tmp/PROGRAM-LOAD: p50, p99, lost %, Mbit/s outside.
one_turn()
{
	local before start

	load_to=b
	load_start "$2"
	before=$(received "$load_to")
	start=$(now_ms)
	in_ns a ping -n -c "$pings" -i 0.01 -W 1 "$(inner4 b)" >"$tmp/ping" || true
	echo "$(round_trips "$tmp/ping" | percentile 50) $(round_trips "$tmp/ping" | percentile 99)" \
		"$(sed -n 's/.* \([0-9.]*\)% packet loss.*/\1/p' "$tmp/ping")" \
		"$((($(received "$load_to") - before) / 125 / ($(now_ms) - start)))" >>"$tmp/$1-$2"
	load_stop
}

# -- all of them ---------------------------------------------------------------

column()		# PROGRAM LOAD COLUMN: the median over the rounds
{
	awk -v column="$3" '{ print $column }' "$tmp/$1-$2" | percentile 50
}

join a 1
join b 2
use_congestion a b
for ((round = 0; round < rounds; round++)); do
	for program in "${programs[@]}"; do
		tunnel_up "$program"
		for load in "${loads[@]}"; do
			one_turn "$program" "$load"
		done
		tunnel_down
	done
done
printf '%-14s %-5s %9s %9s %6s %7s %8s\n' program load "ping p50" p99 ratio "lost %" Mbit/s
for load in "${loads[@]}"; do
	for program in "${programs[@]}"; do
		printf '%-14s %-5s %9s %9s %6s %7s %8s\n' "$program" "$load" \
			"$(column "$program" "$load" 1)" "$(column "$program" "$load" 2)" \
			"$(awk -v a="$(column "$program" "$load" 1)" -v b="$(column p2pnet "$load" 1)" \
				'BEGIN { printf "%.2f", a / b }')" \
			"$(column "$program" "$load" 3)" "$(column "$program" "$load" 4)"
	done
done

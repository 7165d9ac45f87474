# shellcheck shell=bash disable=SC2154	# sourced by rivals
#
# measure.sh -- what is measured of one tunnel that is up, from a to b.
#
#	metric       unit       how
#	idle         KiB        memory of a daemon that has done nothing but answer pings (VmRSS);
#	                        the larger of the two
#	ping50 99    ms         `pings` pings 10 ms apart, nothing else going on; three times, before, after
#	                        and between the others, as what else the host does lasts for seconds
#	tcp1 4       Mbit/s     iperf3, what arrived; 1 stream, 4 streams
#	tcpr         Mbit/s     1 stream from b to a
#	cpu          s/Gbit     both daemons together, over the run of tcp1
#	udp1300      Mbit/s     datagrams of 1300 bytes that arrived, sent at the rate that is carried
#	udp64        packets/s  the same with 64 bytes                               (see flood.c)
#	gso1300 64              the same two, given to the kernel in runs, as QUIC's are
#	flood1300 64            the same two, sent as fast as a core can, most of them for nothing
#	udp1300lost  percent    of udp1300, and so for each of the six
#	load50 99    ms         pings 10 ms apart beside one TCP stream
#	peak         KiB        the most memory that a daemon ever had (VmHWM); the larger of the two
#
# Why not iperf3 for UDP: here it sends 75,000 datagrams of 64 bytes a second on a core of its
# own, by a syscall each, and would itself be the limit. (TCP is no burden for it.)
#
# Which congestion control TCP has, and why that one: see tunnels.sh.
#
# Why not pings closer to each other: between those ping(8) does not sleep, and has a core to itself.
#
# A figure is a line of the file: ROUND RIVAL METRIC VALUE, with tabs between.

tick=$(getconf CLK_TCK)

figures_begin()
{
	printf 'round\trival\tmetric\tvalue\n' >"$figures"
}

figure()		# METRIC VALUE
{
	printf '%s\t%s\t%s\t%s\n' "$((round + 1))" "$rival" "$1" "$2" >>"$figures"
}

build_flood()
{
	"${CC:-gcc}" -std=gnu11 -O2 -Wall -Wextra -Werror -pthread -o "$tmp/flood" "$bench/flood.c"
}

measure()		# RIVAL
{
	local address

	address=$(address_of "$1" b)
	measure_memory idle VmRSS
	ping_some "$address" >"$tmp/ping"
	measure_tcp "$address"
	ping_some "$address" >>"$tmp/ping"
	measure_udp udp "$address"
	measure_udp gso "$address" gso
	measure_udp flood "$address" free
	ping_some "$address" >>"$tmp/ping"
	figures_of_pings ping "$tmp/ping"
	measure_ping_under_load "$address"
	measure_memory peak VmHWM
}

# -- the daemons ---------------------------------------------------------------

has_daemons()
{
	[ -n "${pid_of[a]-}" ]
}

measure_memory()	# METRIC VmRSS|VmHWM
{
	if has_daemons; then
		figure "$1" "$(cat "/proc/${pid_of[a]}/status" "/proc/${pid_of[b]}/status" |
			awk -v name="$2:" '$1 == name && $2 > most { most = $2 } END { print most }')"
	fi
}

# Of both daemons, all their threads, in user space and in the kernel.
cpu_ticks()
{
	cat "/proc/${pid_of[a]}/stat" "/proc/${pid_of[b]}/stat" |
		awk '{ sub(/.*\)/, ""); sum += $12 + $13 } END { print sum }'
}

# -- TCP -----------------------------------------------------------------------

measure_tcp()		# ADDRESS
{
	local before=0

	if has_daemons; then
		before=$(cpu_ticks)
	fi
	iperf a b "$1" -t "$seconds"
	figure tcp1 "$mbits"
	if has_daemons; then
		figure cpu "$(awk -v ticks="$(($(cpu_ticks) - before))" -v tick="$tick" \
			-v bytes="$(jq .end.sum_received.bytes "$tmp/iperf.json")" \
			'BEGIN { printf "%.3f", ticks / tick / (bytes * 8 / 1e9) }')"
	fi
	iperf a b "$1" -t "$seconds" -P 4
	figure tcp4 "$mbits"
	iperf a b "$1" -t "$seconds" -R
	figure tcpr "$mbits"
}

# -- UDP -----------------------------------------------------------------------

measure_udp()		# NAME ADDRESS [gso|free]
{
	local name=$1 address=$2 size result packets lost

	shift 2
	for size in 1300 64; do
		result=$("$tmp/flood" "$(ns a)" "$(ns b)" "$address" "$udp_msec" "$size" "$@")
		read -r mbits packets lost <<<"$result"
		[ "$size" = 64 ] || figure "${name}1300" "$mbits"
		[ "$size" = 1300 ] || figure "${name}64" "$packets"
		figure "$name${size}lost" "$lost"
	done
}

# -- ping ----------------------------------------------------------------------

ping_some()		# ADDRESS
{
	in_ns a ping -n -c "$pings" -i 0.01 -W 1 "$1" || true
}

figures_of_pings()	# NAME FILE
{
	figure "${1}50" "$(round_trips "$2" | percentile 50)"
	figure "${1}99" "$(round_trips "$2" | percentile 99)"
}

bytes_to_b()
{
	in_ns b cat /sys/class/net/eth0/statistics/rx_bytes
}

has_grown()		# BYTES
{
	[ "$(bytes_to_b)" -gt "$1" ]
}

# The stream outlasts the pings, however long these take.
measure_ping_under_load()	# ADDRESS
{
	local server client before

	ip netns exec "$(ns b)" iperf3 -s -1 -B "$1" >"$tmp/load.server" 2>&1 &
	server=$!
	wait_for 5 "iperf3 listens on $1" listens b 5201
	before=$(bytes_to_b)
	ip netns exec "$(ns a)" iperf3 -c "$1" -t 3600 >"$tmp/load.client" 2>&1 &
	client=$!
	wait_for 10 "the load is on" has_grown $((before + 2000000))
	ping_some "$1" >"$tmp/load"
	kill -0 "$client" "$server" || fail "the load ended by itself"
	figures_of_pings load "$tmp/load"
	kill -TERM "$client" "$server" 2>/dev/null || true	# the server ends with the client
	wait "$client" "$server" || true
}

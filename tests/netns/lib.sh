# shellcheck shell=bash disable=SC2034	# the tests use them
#
# lib.sh -- a small internet in network namespaces, and nodes in it.
#
#	a  192.0.2.1  2001:db8::1  eth0 ----.
#	b  192.0.2.2  2001:db8::2  eth0 ----+---- br0  192.0.2.254  2001:db8::fe
#	c  192.0.2.3  2001:db8::3  eth0 ----'     in "net": captures see all there
#
# A node is p2pnet or Debian's wireguard-go; both are told the same things and
# asked the same things, so a test can put either on either side. Node number N
# has 10.77.0.N/24 and fd77::N/64 inside the tunnel and listens on port 5180N.
#
# A test is a list of claims. Commands run under `set -e`; the first that fails
# makes the claim that stands above it "not ok" and ends the test:
#
#	join a 1; node a p2pnet; peer a b; start a; ...
#	claim "a reaches b"
#	reaches a "$(inner4 b)"
#	finish
#
# Nothing sleeps: wait_for asks again every 50 ms. Whatever was made goes away
# on exit: only processes, namespaces and files of this run are touched.

set -eEuo pipefail
export LC_ALL=C
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

# The program under test: the first argument, $P2PNET, or the release build.
P2PNET=${1:-${P2PNET:-$root/build/release/p2pnet}}
# The same with short timers and with AddressSanitizer; some tests need them.
P2PNET_SHORT=${P2PNET_SHORT:-$root/build/short/p2pnet}
P2PNET_ASAN=${P2PNET_ASAN:-$root/build/asan/p2pnet}

tmp=$(mktemp -d /tmp/p2n-XXXXXX)
chmod 755 "$tmp"		# a test asks for the status as another user
pids=()
names=()
namespaces=()
declare -A kind number program pid_of pings_of

# -- claims ------------------------------------------------------------------

claims=0
claim_text=
claim_start=0
failed_at=

now_ms()
{
	echo $((${EPOCHREALTIME/./} / 1000))
}

close_claim()
{
	if [ -n "$claim_text" ]; then
		echo "ok $claims - $claim_text ($(($(now_ms) - claim_start)) ms)"
	fi
	claim_text=
}

claim()
{
	close_claim
	claims=$((claims + 1))
	claim_text=$1
	claim_start=$(now_ms)
}

note()
{
	echo "# $*"
}

fail()
{
	failed_at="$*"
	exit 1
}

# skip WHY: this whole test cannot run here.
skip()
{
	echo "1..0 # SKIP $*"
	exit 77
}

finish()
{
	close_claim
	echo "1..$claims"
}

show_logs()
{
	local name

	for name in "${names[@]}"; do
		if [ -s "$tmp/$name/log" ]; then
			echo "# --- last lines of $name (${kind[$name]-})"
			tail -n 15 "$tmp/$name/log" | sed 's/^/#   /'
		fi
	done
}

# end_processes: all that still runs in one of our namespaces. A number that was written down
# when a process began may be somebody else's by now.
end_processes()
{
	local pid namespace running=()

	for namespace in "${namespaces[@]}"; do
		mapfile -t -O "${#running[@]}" running < <(ip netns pids "$namespace")
	done
	for pid in "${running[@]}"; do
		kill -TERM "$pid" 2>/dev/null || true
	done
	for pid in "${running[@]}"; do
		gone_soon "$pid" || kill -KILL "$pid" 2>/dev/null || true
	done
}

cleanup()
{
	local status=$? namespace

	trap - EXIT ERR
	trap '' PIPE		# who read what we say may be gone
	set +e
	if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
		echo "not ok $claims - ${claim_text:-set-up}"
		echo "# ${failed_at:-exit status $status}"
		show_logs
	fi
	end_processes
	for namespace in "${namespaces[@]}"; do
		ip netns del "$namespace"
	done
	if [ -n "${KEEP_FILES-}" ]; then
		echo "# kept $tmp"
	else
		rm -rf "$tmp"
	fi
	exit "$status"
}

trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM
trap 'failed_at=${failed_at:-"line ${LINENO}: $BASH_COMMAND"}' ERR

# -- waiting -----------------------------------------------------------------

# wait_for SECONDS WHAT COMMAND...: until the command succeeds.
wait_for()
{
	local seconds=$1 what=$2 deadline

	shift 2
	deadline=$(($(now_ms) + seconds * 1000))
	until "$@" >/dev/null 2>&1; do
		if [ "$(now_ms)" -ge "$deadline" ]; then
			fail "waited $seconds s in vain: $what"
		fi
		sleep 0.05
	done
}

is_gone()
{
	[ ! -e "/proc/$1" ] || grep -q '^State:	Z' "/proc/$1/status" 2>/dev/null
}

# gone_soon PID: true once it has ended; false if it has not within 3 s.
gone_soon()
{
	local deadline=$(($(now_ms) + 3000))

	until is_gone "$1"; do
		[ "$(now_ms)" -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

# -- assertions --------------------------------------------------------------

equal()		# WHAT GOT WANTED
{
	[ "$2" = "$3" ] || fail "$1: got '$2', wanted '$3'"
}

different()	# WHAT ONE OTHER
{
	[ "$2" != "$3" ] || fail "$1: still '$2'"
}

at_most()	# WHAT NUMBER LIMIT
{
	[ "$2" -le "$3" ] || fail "$1: $2, more than $3"
}

at_least()	# WHAT NUMBER LIMIT
{
	[ "$2" -ge "$3" ] || fail "$1: $2, less than $3"
}

contains()	# WHAT TEXT PART
{
	[[ $2 == *"$3"* ]] || fail "$1: '$3' is not in: $2"
}

contains_not()	# WHAT TEXT PART
{
	[[ $2 != *"$3"* ]] || fail "$1: '$3' is in: $2"
}

# refused CODE COMMAND...: fails with just this exit code. Its output is in $said.
refused()
{
	local wanted=$1 got=0

	shift
	said=$("$@" 2>&1) || got=$?
	[ "$got" -eq "$wanted" ] || fail "$*: exit code $got, wanted $wanted: $said"
}

# -- the little internet -----------------------------------------------------

ns()
{
	echo "p2n-$$-$1"
}

in_ns()		# NAME COMMAND...
{
	local name=$1

	shift
	ip netns exec "p2n-$$-$name" "$@"
}

make_namespace()
{
	ip netns add "$(ns "$1")"
	namespaces+=("$(ns "$1")")
	in_ns "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0
	in_ns "$1" ip link set lo up
}

make_internet()
{
	make_namespace net
	in_ns net ip link add br0 type bridge
	in_ns net ip addr add 192.0.2.254/24 dev br0
	in_ns net ip addr add 2001:db8::fe/64 dev br0 nodad
	in_ns net ip link set br0 up
}

# join NAME NUMBER: a host with an outer IPv4 and IPv6 address and a default route.
join()
{
	local name=$1 n=$2

	if [ "${#namespaces[@]}" -eq 0 ]; then
		make_internet
	fi
	make_namespace "$name"
	names+=("$name")
	number[$name]=$n
	mkdir -p "$tmp/$name"
	chmod 755 "$tmp/$name"
	ip link add "to-$name" netns "$(ns net)" type veth peer name eth0 netns "$(ns "$name")"
	in_ns net ip link set "to-$name" master br0 up
	in_ns "$name" ip link set eth0 up
	in_ns "$name" ip addr add "192.0.2.$n/24" dev eth0
	in_ns "$name" ip addr add "2001:db8::$n/64" dev eth0 nodad
	in_ns "$name" ip route add default via 192.0.2.254
	in_ns "$name" ip -6 route add default via 2001:db8::fe
}

# join_directly NAME OTHER: hosts 1 and 2 on one cable and nothing between, IPv4 only outside:
# to measure in.
join_directly()
{
	local name

	number=([$1]=1 [$2]=2)
	for name in "$@"; do
		make_namespace "$name"
		names+=("$name")
		mkdir -p "$tmp/$name"
	done
	ip link add eth0 netns "$(ns "$1")" type veth peer name eth0 netns "$(ns "$2")"
	for name in "$@"; do
		in_ns "$name" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=1
		in_ns "$name" ip link set eth0 up
		in_ns "$name" ip addr add "$(outer4 "$name")/24" dev eth0
	done
}

outer4()
{
	echo "192.0.2.${number[$1]}"
}

outer6()
{
	echo "2001:db8::${number[$1]}"
}

inner4()
{
	echo "10.77.0.${number[$1]}"
}

inner6()
{
	echo "fd77::${number[$1]}"
}

port()
{
	echo "$((51800 + number[$1]))"
}

endpoint4()
{
	echo "$(outer4 "$1"):$(port "$1")"
}

endpoint6()
{
	echo "[$(outer6 "$1")]:$(port "$1")"
}

# -- nodes -------------------------------------------------------------------

conf()
{
	echo "$tmp/$1/p2p0.conf"
}

public_key()
{
	cat "$tmp/$1/public"
}

# node NAME p2pnet|wireguard-go [LINE...]: a key and the [interface] section.
node()
{
	local name=$1

	kind[$name]=$2
	program[$name]=$P2PNET
	shift 2
	if [ ! -e "$tmp/$name/private" ]; then
		wg genkey >"$tmp/$name/private"
		wg pubkey <"$tmp/$name/private" >"$tmp/$name/public"
	fi
	{
		echo "[Interface]"
		echo "PrivateKey = $(cat "$tmp/$name/private")"
		echo "ListenPort = $(port "$name")"
		echo "Address = $(inner4 "$name")/24, $(inner6 "$name")/64"
		if [ "$#" -gt 0 ]; then
			printf '%s\n' "$@"
		fi
	} >"$(conf "$name")"
}

# peer NAME OTHER [LINE...]: NAME knows OTHER.
peer()
{
	local name=$1 other=$2 label=""

	shift 2
	if [ "${kind[$name]}" = p2pnet ]; then
		label=" $other"
	fi
	{
		echo
		echo "[Peer$label]"
		echo "PublicKey = $(public_key "$other")"
		echo "AllowedIPs = $(inner4 "$other")/32, $(inner6 "$other")/128"
		if [ "$#" -gt 0 ]; then
			printf '%s\n' "$@"
		fi
	} >>"$(conf "$name")"
}

# The name of the tunnel's interface. wireguard-go's control socket lies in
# /var/run/wireguard, which all namespaces share, so its name must be unique.
device()
{
	case ${kind[$1]} in
	p2pnet) echo p2p0 ;;
	wireguard-go) echo "w$$$1" ;;
	esac
}

# become_p2p NAME ARGUMENT...: this shell becomes the command line of that node, so that $!
# of a background one is the program itself.
become_p2p()
{
	local name=$1

	shift
	umask 022
	RUNTIME_DIRECTORY=$tmp/$name/run STATE_DIRECTORY=$tmp/$name/state \
		exec ip netns exec "$(ns "$name")" "${program[$name]}" "$@"
}

p2p()		# NAME ARGUMENT...
{
	(become_p2p "$@")
}

start_p2pnet()
{
	local name=$1

	become_p2p "$name" up -f -c "$(conf "$name")" >>"$tmp/$name/log" 2>&1 </dev/null &
	pid_of[$name]=$!
	pids+=("$!")
	wait_for 5 "$name is up" p2p "$name" status
}

# up NAME: as a user does it: goes to the background and returns when the device is ready.
up()
{
	p2p "$1" up -c "$(conf "$1")" >>"$tmp/$1/log" 2>&1 </dev/null
	pid_of[$1]=$(p2p "$1" status --json | jq .pid)
	pids+=("${pid_of[$1]}")
}

start_wireguard_go()
{
	local name=$1 device

	device=$(device "$name")
	LOG_LEVEL=error ip netns exec "$(ns "$name")" wireguard-go -f "$device" \
		>>"$tmp/$name/log" 2>&1 </dev/null &
	pid_of[$name]=$!
	pids+=("$!")
	wait_for 5 "$name has its control socket" test -S "/var/run/wireguard/$device.sock"
	wg_setconf "$name"
	in_ns "$name" ip addr add "$(inner4 "$name")/24" dev "$device"
	in_ns "$name" ip addr add "$(inner6 "$name")/64" dev "$device" nodad
	in_ns "$name" ip link set "$device" mtu 1420 up
}

# The file without what wg does not know (Address and so on are wg-quick's).
wg_setconf()
{
	grep -viE '^(Address|MTU|Table|DNS) *=' "$(conf "$1")" >"$tmp/$1/setconf"
	in_ns "$1" wg setconf "$(device "$1")" "$tmp/$1/setconf"
}

start()
{
	local name

	for name in "$@"; do
		case ${kind[$name]} in
		p2pnet) start_p2pnet "$name" ;;
		wireguard-go) start_wireguard_go "$name" ;;
		esac
	done
}

# stop NAME: politely; its exit code is in $stopped.
stop()
{
	kill -TERM "${pid_of[$1]}"
	stopped=0
	wait "${pid_of[$1]}" || stopped=$?
}

crash()
{
	kill -KILL "${pid_of[$1]}"
	wait "${pid_of[$1]}" 2>/dev/null || true
}

# forget_peers NAME: when it starts again it looks for nobody whom it was connected to before.
forget_peers()
{
	rm -f "$tmp/$1/state/p2p0/peers.cache"
}

# peer_column NAME OTHER COLUMN: of what `show dump` says about OTHER, counted as in
# wg(8): 1 public key, 2 preshared key, 3 endpoint, 4 allowed IPs, 5 latest handshake,
# 6 bytes received, 7 bytes sent, 8 keepalive.
peer_column()
{
	case ${kind[$1]} in
	p2pnet) p2p "$1" show p2p0 dump ;;
	wireguard-go) in_ns "$1" wg show "$(device "$1")" dump ;;
	esac | awk -F '\t' -v key="$(public_key "$2")" -v column="$3" '$1 == key { print $column }'
}

endpoint_of()		# NAME OTHER: where NAME sends what is for OTHER
{
	peer_column "$1" "$2" 3
}

handshake_of()		# NAME OTHER: when they last shook hands
{
	peer_column "$1" "$2" 5
}

has_session()
{
	[ "$(handshake_of "$1" "$2")" -gt 0 ]
}

counter()		# NAME COUNTER: of p2pnet
{
	p2p "$1" status --json | jq -r ".self.counters.$2"
}

# host_state NAME: addresses, routes and rules, to compare before and after.
host_state()
{
	in_ns "$1" ip -o addr
	in_ns "$1" ip -o link | sed 's/ qlen .*//'
	in_ns "$1" ip rule
	in_ns "$1" ip -6 rule
	in_ns "$1" ip route show table all
	in_ns "$1" ip -6 route show table all
}

# -- traffic -----------------------------------------------------------------

reaches()		# NAME ADDRESS: within 5 s
{
	wait_for 5 "$1 pings $2" in_ns "$1" ping -n -q -c 1 -W 1 "$2"
}

# pings NAME ADDRESS COUNT INTERVAL: each one must be answered.
pings()
{
	local text

	text=$(in_ns "$1" ping -n -q -c "$3" -i "$4" "$2" 2>&1) || true
	contains "ping from $1 to $2" "$text" "$3 packets transmitted, $3 received"
}

# pings_start NAME ADDRESS COUNT INTERVAL: the same in the background.
pings_start()
{
	ip netns exec "$(ns "$1")" ping -n -q -c "$3" -i "$4" "$2" >"$tmp/$1/ping" 2>&1 &
	pings_of[$1]=$!
	pids+=("$!")
}

# pings_finish NAME MAX: wait for its end; at most MAX were lost.
pings_finish()
{
	local sent received

	wait "${pings_of[$1]}" || true
	read -r sent received < <(awk '/packets transmitted/ { print $1, $4 }' "$tmp/$1/ping")
	[ -n "${received-}" ] || fail "ping said: $(cat "$tmp/$1/ping")"
	note "$1 sent $sent packets, $((sent - received)) were lost"
	at_most "lost packets" "$((sent - received))" "$2"
}

# iperf CLIENT SERVER ADDRESS ARGUMENT...: the receiver's Mbit/s is in $mbits, the share
# of lost datagrams in $lost_percent (UDP).
iperf()
{
	local client=$1 server=$2 address=$3 pid json="$tmp/iperf.json"

	shift 3
	ip netns exec "$(ns "$server")" iperf3 -s -1 -B "$address" >"$tmp/iperf.server" 2>&1 &
	pid=$!
	pids+=("$pid")
	wait_for 5 "iperf3 listens on $address" listens "$server" 5201
	in_ns "$client" iperf3 -J -c "$address" "$@" >"$json" ||
		fail "iperf3 $client to $address: $(jq -r .error "$json")"
	kill -TERM "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
	mbits=$(jq -r '(.end.sum_received // .end.sum).bits_per_second / 1e6 | floor' "$json")
	lost_percent=$(jq -r '.end.sum.lost_percent // 0 | ceil' "$json")
}

# carry CLIENT SERVER ADDRESS BYTES: random ones, see carry.py; they arrive as they were sent.
carry()
{
	local from=$1 to=$2 address=$3 bytes=$4 server

	rm -f "$tmp/$to/carry"		# or the one before would be heard to listen
	ip netns exec "$(ns "$to")" python3 "$here/carry.py" serve "$address" "$bytes" \
		>"$tmp/$to/carry" 2>&1 &
	server=$!
	pids+=("$server")
	wait_for 5 "the server listens" grep -q listening "$tmp/$to/carry"
	in_ns "$from" python3 "$here/carry.py" call "$address" "$bytes" >"$tmp/$from/carry" 2>&1 ||
		fail "$from: $(tail -n 3 "$tmp/$from/carry"); $to: $(tail -n 3 "$tmp/$to/carry")"
	wait "$server" || fail "$to: $(tail -n 3 "$tmp/$to/carry")"
}

listens_udp()		# NAME ADDRESS:PORT
{
	[ -n "$(in_ns "$1" ss -Hlun "src $2")" ]
}

listens()		# NAME TCP-PORT
{
	[ -n "$(in_ns "$1" ss -Hltn "sport = :$2")" ]
}

# figures_of FILE: of milliseconds, one a line.
figures_of()
{
	sort -n "$1" | awk '{ n[NR] = $1 } END {
		printf "median %d ms, worst %d ms of %d", n[int((NR + 1) / 2)], n[NR], NR }'
}

# -- captures ----------------------------------------------------------------

# sniff NODE DEVICE FILE ARGUMENT...: tcpdump there; returns when it listens. Its process
# is $sniffer.
sniff()
{
	local where=$1 device=$2 file=$3

	shift 3
	rm -f "$file.said"
	ip netns exec "$(ns "$where")" tcpdump -Z root -i "$device" -U --immediate-mode -B 65536 \
		-n -w "$file" "$@" 2>"$file.said" &
	sniffer=$!
	pids+=("$sniffer")
	wait_for 5 "tcpdump listens" grep -q 'listening on' "$file.said"
}

# Each datagram by itself, as a network card would put it on the wire: from one veth to
# another go many as one.
one_by_one()
{
	local name

	for name in "${names[@]}"; do
		in_ns "$name" ip link set eth0 gso_max_segs 1
	done
}

# For capture_start: what nodes say to each other. (Who waits long for an answer asks the
# whole LAN as well.)
unicast="udp and not ip multicast and not ip6 multicast"
# Handshake messages only (IPv4 outside), so that a long run stays small.
handshakes="$unicast and udp[8] != 4"

# capture_start NAME [FILTER]: what crosses the bridge, into $capture.
capture_start()
{
	one_by_one
	capture=$tmp/$1.pcap
	sniff net br0 "$capture" "${2:-$unicast}"
	capture_pid=$sniffer
}

capture_stop()
{
	local size=-1

	# Nothing is on its way any more when the file has stopped growing.
	until [ "$size" = "$(stat -c %s "$capture")" ]; do
		size=$(stat -c %s "$capture")
		sleep 0.1
	done
	kill -INT "$capture_pid"
	wait "$capture_pid" || true
}

# dissect PCAP FIELD...: one line a datagram, tab-separated, by tshark's WireGuard dissector.
dissect()
{
	local pcap=$1 name arguments=()

	shift
	for name in "${names[@]}"; do
		arguments+=(-d "udp.port==$(port "$name"),wg")
	done
	for name in "$@"; do
		arguments+=(-e "$name")
	done
	tshark -n -r "$pcap" -Y "udp && !icmp && !icmpv6" -T fields "${arguments[@]}" 2>/dev/null
}

# no_malformed PCAP [aes]: each datagram is one of the four messages, of the right length, and
# none is malformed; between two p2pnets they may be of the other cipher suite, with 1 in the
# first of the reserved bytes and two sets in an initiation's others. (8 bytes of the UDP length
# are its own header. Data is padded to 16 bytes, but not beyond the MTU: 40 more than 1400 or 1420.)
no_malformed()
{
	local verdict

	verdict=$(dissect "$1" frame.number udp.length wg.type wg.reserved _ws.malformed \
		wg.bad_packet_length | awk -F '\t' -v aes="${2-}" '
		function bad(why) { print "frame " $1 ": " why; wrong++ }
		$5 != "" || $6 != ""			{ bad("malformed"); next }
		$3 !~ /^[1234]$/			{ bad("not WireGuard"); next }
		$4 != "000000" && !(aes != "" && ($4 == "010000" ||
		($3 == 1 && $4 ~ /^010[23]0[23]$/)))	{ bad("reserved bytes " $4); next }
		$3 == 1 && $2 != 156			{ bad("initiation of " $2); next }
		$3 == 2 && $2 != 100			{ bad("response of " $2); next }
		$3 == 3 && $2 != 72			{ bad("cookie of " $2); next }
		$3 == 4 && $2 != 1440 && $2 != 1460 &&
		($2 < 40 || ($2 - 8) % 16)		{ bad("data of " $2); next }
							{ good++ }
		END { print good + 0, wrong + 0 }')
	note "${verdict##*$'\n'} datagrams (well-formed, malformed)"
	[ "${verdict##* }" -eq 0 ] || fail "$(head -n 3 <<<"$verdict" | paste -sd ';')"
	verdict=${verdict##*$'\n'}
	[ "${verdict%% *}" -gt 0 ] || fail "nothing was captured"
}

# messages PCAP TYPE [SOURCE]: how many of that type, from that address.
messages()
{
	dissect "$1" wg.type ip.src ipv6.src | awk -F '\t' -v type="$2" -v from="${3-}" \
		'$1 == type && (from == "" || $2 == from || $3 == from)' | wc -l
}

# Then two p2pnets speak AES-256-GCM, unless their configs say otherwise.
computes_aes()
{
	grep -qw aes /proc/cpuinfo && grep -qw pclmulqdq /proc/cpuinfo
}

# -- start of each test ------------------------------------------------------

[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
[ -x "$P2PNET" ] || [ -n "${NO_P2PNET-}" ] || fail "no program $P2PNET; build it or name it"

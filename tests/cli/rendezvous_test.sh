#!/bin/bash
# rendezvous_test.sh -- p2pnet rendezvous: what it says, what it needs, how it ends.
#
#	rendezvous_test.sh path/to/p2pnet
#
# It listens on loopback alone; nothing outside a temporary directory is written.
set -u

p2pnet=$(realpath "$1")
dir=$(mktemp -d)
failed=0

# shellcheck disable=SC2317	# called by the trap
clean_up() {
	local pids
	mapfile -t pids < <(jobs -p)
	kill "${pids[@]}" 2>/dev/null
	rm -rf "$dir"
}
trap clean_up EXIT
cd "$dir" || exit 1
unset P2PNET_LOG NOTIFY_SOCKET
umask 077

fail() {
	echo "FAILED: $*" >&2
	failed=1
}

# wrong CODE SENTENCE ARGUMENT...
wrong() {
	local want=$1 sentence="p2pnet: $2" code
	shift 2
	"$p2pnet" rendezvous "$@" >out 2>err </dev/null
	code=$?
	[ $code = "$want" ] || fail "rendezvous $* exits with $code"
	[ "$(cat err)" = "$sentence" ] || fail "rendezvous $* says: $(cat err)"
	[ ! -s out ] || fail "rendezvous $* prints: $(cat out)"
}

# heard FILE PATTERN: waits until a line of the file matches.
heard() {
	local tries=0
	until grep -qsE "$2" "$1"; do
		tries=$((tries + 1))
		if [ $tries = 400 ]; then
			fail "no line of $1 is like '$2': $(cat "$1")"
			return 1
		fi
		sleep 0.05
	done
}

# free_port: one that has a free one after it.
free_port() {
	python3 - <<'PY'
import socket
while True:
    a, b = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    a.bind(("127.0.0.1", 0))
    try:
        b.bind(("127.0.0.1", a.getsockname()[1] + 1))
    except (OSError, OverflowError):
        continue
    print(a.getsockname()[1])
    break
PY
}

# ends PID CODE
ends() {
	local code
	kill -TERM "$1"
	wait "$1"
	code=$?
	[ $code = "$2" ] || fail "after SIGTERM it exits with $code"
}

"$p2pnet" genkey >key
"$p2pnet" genpsk >psk
public=$("$p2pnet" pubkey <key)
port=$(free_port)

# -- usage --------------------------------------------------------------------

wrong 2 "rendezvous needs --key FILE, its private key; 'umask 077; p2pnet genkey > FILE' makes one"
wrong 2 "--listen is an address and a port, such as 0.0.0.0:4901 or [::]:4901, not '4901'" --key key --listen 4901
wrong 2 "--listen is an address and a port, such as 0.0.0.0:4901 or [::]:4901, not '[::1]:0'" --key key --listen '[::1]:0'
wrong 2 "--max-clients is a number from 1 to 1000000, not '0'" --key key --max-clients 0
wrong 2 "--max-clients is a number from 1 to 1000000, not '1e3'" --key key --max-clients 1e3
wrong 2 "--stun-port is a number from 1 to 65535, not '65536'" --key key --stun-port 65536
wrong 2 "--relay needs --psk FILE: a relay for all the world would be misused; 'umask 077; p2pnet genpsk > FILE' makes one" \
	--key key --relay
wrong 2 "--relay-rate is of no use without --relay" --key key --psk psk --relay-rate 5
wrong 2 "--relay-rate is a number of Mbit/s from 1 to 100000, or \"unlimited\", not '0'" \
	--key key --psk psk --relay --relay-rate 0
nine=()
for i in 1 2 3 4 5 6 7 8 9; do nine+=(--listen "127.0.0.1:$i"); done
wrong 2 "--listen may be given 8 times at most" --key key "${nine[@]}"
wrong 2 "rendezvous has no use for 'x'; write: p2pnet rendezvous [--key FILE] [--psk FILE] [--listen ADDR:PORT] [--stun-port PORT] [--max-clients N] [--relay] [--relay-rate MBIT] [--tls-listen ADDR:PORT] [--cert FILE] [--cert-key FILE]" x
wrong 1 "no.key cannot be read: No such file or directory; \"p2pnet genkey\" makes a key, and umask 077 keeps it yours" --key no.key
chmod 640 psk
wrong 4 "psk may be used by others than its owner (mode 0640); chmod 600 psk" --key key --psk psk
chmod 600 psk

# -- running --------------------------------------------------------------------

# notified TEXT: what the service manager was told.
python3 - "$dir/notify" >told <<'PY' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
for _ in range(2):
    print(s.recv(100).decode(), flush=True)
PY
tries=0
until [ -S notify ] || [ $((tries += 1)) = 400 ]; do sleep 0.05; done

NOTIFY_SOCKET=$dir/notify "$p2pnet" rendezvous --key key --psk psk --listen "127.0.0.1:$port" >out 2>err </dev/null &
pid=$!
heard told READY=1
[ "$(cat out)" = "public key: $public

Its clients need these lines in their files:

[rendezvous]
url = udp://127.0.0.1:$port
public_key = $public
preshared_key_file = FILE    # with the same key as here" ] || fail "it prints: $(cat out)"
[ ! -s err ] || fail "it says: $(cat err)"

wrong 1 "UDP port $port is taken by another program; choose another with --listen" --key key --listen "127.0.0.1:$port"
wrong 1 "UDP port $port is taken by another program; choose another with --stun-port" --key key \
	--listen "127.0.0.1:$(free_port)" --stun-port "$port"

ends $pid 0
heard told STOPPING=1
heard err 'ends; 0 clients'

# The port after is taken: that is said, and STUN has one port.
next=$(free_port)
"$p2pnet" rendezvous --key key --listen "127.0.0.1:$next" --json >out 2>err </dev/null &
pid=$!
heard out public_key
[ "$(jq -c .listen out)" = "[{\"address\":\"127.0.0.1\",\"port\":$next,\"stun_port\":$((next + 1))}]" ] ||
	fail "it prints: $(cat out)"
"$p2pnet" rendezvous --key key --listen "127.0.0.1:$((next - 1))" --json >out2 2>err2 </dev/null &
second=$!
if heard out2 public_key; then
	[ "$(jq -c .listen[0].stun_port out2)" = null ] || fail "it prints: $(cat out2)"
	heard err2 "UDP port $next is not to be had"
	ends $second 0
fi
ends $pid 0

# A relay has its psk, and says that it is one.
"$p2pnet" rendezvous --key key --psk psk --relay --listen "127.0.0.1:$port" --json >out 2>err </dev/null &
pid=$!
heard out public_key
[ "$(jq -c '[.preshared_key, .relay]' out)" = "[true,true]" ] || fail "it prints: $(cat out)"
ends $pid 0

# -- by somebody who may nothing -------------------------------------------------

if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$dir"
	install -m 755 "$p2pnet" p2pnet
	install -m 600 -o 65534 key their.key
	setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all \
		./p2pnet rendezvous --key their.key --listen "127.0.0.1:$port" >out 2>err </dev/null &
	pid=$!
	heard out "^public key: "
	ends $pid 0
fi

exit $failed

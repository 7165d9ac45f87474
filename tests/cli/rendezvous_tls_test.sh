#!/bin/bash
# rendezvous_tls_test.sh -- p2pnet rendezvous over TLS: what it says, and who cannot harm it.
#
#	rendezvous_tls_test.sh path/to/p2pnet
#
# It listens on loopback alone; nothing outside a temporary directory is written. The clients
# are in rendezvous_hostile.py, next to this.
set -u

p2pnet=$(realpath "$1")
hostile=$(realpath "$(dirname "$0")/rendezvous_hostile.py")
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
	"$p2pnet" rendezvous --key key "$@" >out 2>err </dev/null
	code=$?
	[ $code = "$want" ] || fail "rendezvous $* exits with $code"
	[ "$(cat err)" = "$sentence" ] || fail "rendezvous $* says: $(cat err)"
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

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# certificate NAME SAN
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
		-addext "subjectAltName=$2" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}

"$p2pnet" genkey >key
public=$("$p2pnet" pubkey <key)
certificate one DNS:rendezvous.example.net,IP:127.0.0.1
certificate two "DNS:*.example.net"
udp=127.0.0.1:$(free_port)
port=$(free_port)
tls=(--listen "$udp" --tls-listen "127.0.0.1:$port")

# -- what it says ---------------------------------------------------------------

wrong 2 "--tls-listen is an address and a port, such as 0.0.0.0:443 or [::]:443, not '443'" --tls-listen 443
wrong 2 "--tls-listen needs --cert FILE and --cert-key FILE, a certificate for the name in its url and its private key" \
	"${tls[@]}" --cert one.pem
wrong 2 "--cert and --cert-key are for --tls-listen ADDR:PORT, such as 0.0.0.0:443" --cert one.pem
wrong 1 "cannot read the certificate no.pem: No such file or directory" "${tls[@]}" --cert no.pem --cert-key one.key
wrong 1 "one.key has no certificate in PEM form" "${tls[@]}" --cert one.key --cert-key one.key
wrong 1 "two.key is not the private key of the certificate in one.pem" "${tls[@]}" --cert one.pem --cert-key two.key

cp one.pem cert.pem
cp one.key cert.key
"$p2pnet" rendezvous --key key "${tls[@]}" --cert cert.pem --cert-key cert.key >out 2>err </dev/null &
pid=$!
heard out "url = tls"
[ "$(cat out)" = "public key: $public

Its clients need these lines in their files:

[rendezvous]
url = udp://$udp
public_key = $public

# the same, for networks that let only HTTPS out
[rendezvous]
url = tls://rendezvous.example.net:$port
public_key = $public" ] || fail "it prints: $(cat out)"
wrong 1 "TCP port $port is taken by another program; choose another with --tls-listen" \
	--listen "127.0.0.1:$(free_port)" --tls-listen "127.0.0.1:$port" --cert one.pem --cert-key one.key

# -- who comes to do harm --------------------------------------------------------

python3 "$hostile" "$port" "$public" "$pid" || fail "hostile clients"

# -- its certificate ---------------------------------------------------------------

shown() {
	openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | openssl x509 -noout -subject
}

[ "$(shown)" = "subject=CN = one" ] || fail "it shows $(shown)"
cp two.pem cert.pem
kill -HUP $pid
heard err "the certificate stays as it was: cert.key is not the private key of the certificate in cert.pem"
[ "$(shown)" = "subject=CN = one" ] || fail "with a wrong key it shows $(shown)"
cp two.key cert.key
kill -HUP $pid
heard err "the certificate has been read again"
[ "$(shown)" = "subject=CN = two" ] || fail "then it shows $(shown)"
kill -TERM $pid
wait $pid
code=$?
[ $code = 0 ] || fail "after SIGTERM it exits with $code"

# A pattern is no name.
"$p2pnet" rendezvous --key key "${tls[@]}" --cert cert.pem --cert-key cert.key --json >out 2>err </dev/null &
pid=$!
heard out tls_listen
[ "$(jq -c .tls_listen out)" = "[{\"address\":\"127.0.0.1\",\"port\":$port,\"url\":\"tls://127.0.0.1:$port\"}]" ] ||
	fail "it prints: $(cat out)"
kill -TERM $pid
wait $pid

exit $failed

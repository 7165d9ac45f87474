#!/bin/bash
# rendezvous_tls.sh -- nodes whom their networks let do nothing but HTTPS, and a rendezvous over TLS.
#
#	s1   p2pnet rendezvous: UDP 4901, TLS 443, with a certificate by a CA of this test
#	anna -- TCP 443 alone gets out ----------.
#	bert -- a proxy alone gets out ----------+-- core -- s1
#	cora -- everything, until UDP is blocked-'
#
# shellcheck source=nat/nat_lib.sh disable=SC2154	# lib.sh sets them
. "$(dirname "$0")/nat/nat_lib.sh"

[ -x /usr/bin/tinyproxy ] || skip "tinyproxy is not installed"

# -- certificates ------------------------------------------------------------------

pki=$tmp/pki

# certificate NAME SAN DAYS: $pki/NAME.pem and NAME.key
certificate()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$pki/$1.key" \
		-out "$pki/$1.csr" -subj "/CN=$1" 2>/dev/null
	openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.pem" -CAkey "$pki/ca.key" -CAcreateserial \
		-days "$3" -extfile <(echo "subjectAltName=$2") -out "$pki/$1.pem" 2>/dev/null
}

# use_certificate NAME: the rendezvous shows that one; it is told if it runs.
use_certificate()
{
	install -m 600 -o nobody "$pki/$1.pem" "$tmp/s1/cert.pem"
	install -m 600 -o nobody "$pki/$1.key" "$tmp/s1/cert.key"
	if [ -n "${pid_of[s1]-}" ]; then
		: >"$tmp/s1/log"
		kill -HUP "${pid_of[s1]}"
		wait_for 5 "the certificate is read again" grep -q 'read again' "$tmp/s1/log"
	fi
}

mkdir "$pki"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$pki/ca.key" \
	-out "$pki/ca.pem" -days 2 -subj "/CN=CA of this test" 2>/dev/null
certificate good IP:192.0.2.1 2
certificate other DNS:other.example.net 2
certificate expired IP:192.0.2.1 -1

# -- the rendezvous ------------------------------------------------------------------

# This shell becomes it, so that $! is the program itself.
become_rendezvous()
{
	exec ip netns exec "$(ns s1)" setpriv --reuid=nobody --regid=nogroup --clear-groups \
		--no-new-privs --bounding-set=-all "$tmp/p2pnet" rendezvous \
		--key "$tmp/s1/private" --tls-listen 0.0.0.0:443 --tls-listen "[::]:443" \
		--cert "$tmp/s1/cert.pem" --cert-key "$tmp/s1/cert.key" -v
}

start_rendezvous()
{
	: >"$tmp/s1/out"
	become_rendezvous >"$tmp/s1/out" 2>>"$tmp/s1/log" &
	pid_of[s1]=$!
	pids+=("$!")
	wait_for 5 "the rendezvous is ready" grep -q "^url = tls" "$tmp/s1/out"
}

# knows NAME udp|tls LABEL
knows()
{
	printf '\n[Rendezvous %s]\nPublicKey = %s\n' "$3" "$(cat "$tmp/s1/public")" >>"$(conf "$1")"
	if [ "$2" = tls ]; then
		printf 'URL = tls://192.0.2.1\nCAFile = %s\n' "$pki/ca.pem" >>"$(conf "$1")"
	else
		printf 'URL = udp://192.0.2.1:4901\n' >>"$(conf "$1")"
	fi
}

rendezvous_field()	# NAME LABEL FIELD
{
	p2p "$1" status --json | jq -r --arg name "$2" ".rendezvous[] | select(.name == \$name).$3"
}

rendezvous_is()		# NAME LABEL STATE
{
	[ "$(rendezvous_field "$1" "$2" state)" = "$3" ]
}

fails_for()		# NAME LABEL REASON
{
	[ "$(rendezvous_field "$1" "$2" reason)" = "$3" ]
}

# heard_of NAME OTHER: it has been told the other's addresses.
heard_of()
{
	in_ns "$1" ping -n -q -c 1 -W 1 "$(inner4 "$2")" || true
	[ "$(p2p "$1" explain "$2" --json | jq '.peer.candidates | length')" -gt 0 ]
}

# -- the networks ----------------------------------------------------------------------

# only SITE RULE: nothing else than that gets out, nor what answers it in.
only()
{
	in_ns "r-$1" nft -f - <<-END
		table inet only {
			chain forward {
				type filter hook forward priority filter - 10; policy drop
				ct state established,related accept
				$2
			}
		}
	END
}

start_proxy()
{
	cat >"$tmp/proxy.conf" <<-END
		Port 3128
		Listen 192.168.1.1
		Timeout 600
		LogFile "$tmp/proxy.log"
		PidFile "$tmp/proxy.pid"
		Allow 192.168.1.0/24
		ConnectPort 443
	END
	ip netns exec "$(ns r-bert)" tinyproxy -d -c "$tmp/proxy.conf" >/dev/null 2>&1 &
	pids+=("$!")
	wait_for 5 "the proxy listens" listens r-bert 3128
}

install -m 755 "$P2PNET" "$tmp/p2pnet"	# where nobody can run it
nat_internet
nat_site anna port-restricted
nat_site bert port-restricted
nat_site cora full-cone
only anna "tcp dport 443 accept"
only bert "drop"
# A router lets nobody talk to itself but on its LAN.
start_proxy
"$P2PNET" genkey >"$tmp/s1/private"
"$P2PNET" pubkey <"$tmp/s1/private" >"$tmp/s1/public"
chown nobody "$tmp/s1" "$tmp/s1/private"
use_certificate good

claim "without rights for port 443 it says what is missing"
refused 4 become_rendezvous
contains "the sentence" "$said" "TCP port 443 needs more rights"
in_ns s1 sysctl -qw net.ipv4.ip_unprivileged_port_start=443

claim "as nobody it listens for TLS, and prints the url for its clients"
start_rendezvous
contains "what it prints" "$(cat "$tmp/s1/out")" "url = tls://HOST:443"

wire=$tmp/wire.pcap
sniff s1 eth0 "$wire"
wire_sniffer=$sniffer

claim "where only TCP 443 gets out a node registers over TLS"
for one in anna bert cora; do
	node "$one" p2pnet "Lan = no"
	knows "$one" tls web
done
knows anna udp near
knows cora udp near
printf '\n[Nat]\nProxy = http://192.168.1.1:3128\n' >>"$(conf bert)"
peer anna bert
peer anna cora
peer bert anna
peer bert cora
peer cora anna
peer cora bert
start anna
wait_for 10 "anna has registered" rendezvous_is anna web ok
contains "the head of the status" "$(p2p anna status | head -1)" "web tls ok"
rendezvous_is anna near ok && fail "UDP does get out there"

claim "so does one that only has a proxy"
start bert
wait_for 10 "bert has registered" rendezvous_is bert web ok
contains "the proxy's log" "$(cat "$tmp/proxy.log")" "CONNECT 192.0.2.1:443"

claim "where UDP works TLS is not called"
start cora
wait_for 10 "cora has registered" rendezvous_is cora near ok
wait_for 5 "TLS stands by" rendezvous_is cora web stands_by

claim "they hear of each other, and who has no UDP is told so"
wait_for 15 "anna knows where bert is" heard_of anna bert
wait_for 15 "bert knows where anna is" heard_of bert anna
wait_for 15 "cora knows where anna is" heard_of cora anna
equal "peers that are connected" "$(p2p anna status --json | jq '[.peers[] | select(.state == "direct")] | length')" 0

claim "who looks at the port finds a web server that has nothing"
in_ns anna openssl s_client -connect 192.0.2.1:443 -alpn http/1.1 -CAfile "$pki/ca.pem" \
	-verify_return_error -quiet <<<$'GET / HTTP/1.1\r\nHost: x\r\n\r' >"$tmp/web" 2>/dev/null || true
contains "its answer" "$(cat "$tmp/web")" "HTTP/1.1 404 Not Found"

claim "the rendezvous is killed and started again: within 5 s all are registered"
crash s1
wait_for 5 "anna notices" rendezvous_is anna web no_connection
start_rendezvous
for one in anna bert; do
	wait_for 5 "$one has registered again" rendezvous_is "$one" web ok
done

claim "a certificate for somebody else is refused, with a sentence"
use_certificate other
rendezvous_is anna web ok || fail "who is connected is not asked again"
crash s1
start_rendezvous
wait_for 10 "anna refuses it" fails_for anna web bad_certificate
contains "the status" "$(p2p anna status)" \
	"no connection to tls://192.0.2.1:443: its certificate has run out, is for another name"
contains "the log" "$(cat "$tmp/anna/log")" "web: no connection: its certificate has run out"
contains "the JSON" "$(rendezvous_field anna web state)" no_connection

claim "so is one that has run out"
use_certificate good
p2p anna reload
wait_for 70 "anna is back" rendezvous_is anna web ok
use_certificate expired
crash s1
start_rendezvous
wait_for 20 "anna refuses it" fails_for anna web bad_certificate

claim "the right one is taken, and nobody has to be told"
use_certificate good
wait_for 70 "anna is back" rendezvous_is anna web ok

claim "UDP is blocked: TLS takes over; UDP is back: TLS goes"
nat_block_udp cora
wait_for 70 "cora goes over TLS" rendezvous_is cora web ok
nat_unblock_udp cora
wait_for 100 "cora is back by UDP" rendezvous_is cora near ok
wait_for 5 "TLS stands by" rendezvous_is cora web stands_by

claim "on the wire of the rendezvous is nobody's key, name or inner address"
kill -INT "$wire_sniffer"
wait "$wire_sniffer" || true
at_least "packets over TLS" "$(tcpdump -n -r "$wire" "tcp port 443" 2>/dev/null | wc -l)" 50
for one in anna bert cora; do
	for secret in "$(public_key "$one" | base64 -d | od -An -v -tx1 | tr -d ' \n')" \
		"$(printf %s "$one" | od -An -v -tx1 | tr -d ' \n')"; do
		python3 -c 'import sys; sys.exit(bytes.fromhex(sys.argv[2]) in open(sys.argv[1], "rb").read())' \
			"$wire" "$secret" || fail "$secret of $one in clear"
	done
done
finish

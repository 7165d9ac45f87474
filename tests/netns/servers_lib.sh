# shellcheck shell=bash disable=SC2034,SC2154	# the tests', and lib.sh's
#
# servers_lib.sh -- servers of others that nodes meet at: certificates, coturn, an HTTP proxy, and
# our own rendezvous.
#
#	ca_make				a certificate authority; its certificate is $ca
#	certificate NAME ADDRESS [DAYS]	signed by it, for an IP address or a name: $tmp/NAME.pem and
#					.key; DAYS may be negative: it has run out
#	coturn_start HOST ADDRESS [ARGUMENT...]
#					turnserver there: UDP and TCP 3478, TLS 443 if there is a
#					certificate of that HOST; user alice, password secret,
#					which is in $turn_password; its log is $tmp/HOST.turn
#	coturn_stop HOST		kill -9
#	proxy_start HOST ADDRESS	tinyproxy there on port 3128, for CONNECT to 443 only
#	rendezvous_start HOST [OPTION...]
#					p2pnet rendezvous there; its public key is in
#					$tmp/HOST/rendezvous.public, its psk (if the options say
#					--psk $rendezvous_psk) in that file
#
# To be sourced behind lib.sh or nat/nat_lib.sh.

declare -A coturn_pid proxy_pid rendezvous_pid
ca=$tmp/ca.pem
turn_password=$tmp/turn.password
rendezvous_psk=$tmp/rendezvous.psk

# -- certificates --------------------------------------------------------------

ca_make()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj "/CN=laboratory" -keyout "$tmp/ca.key" -out "$ca" 2>/dev/null
	chmod 644 "$ca"
}

certificate()		# NAME ADDRESS [DAYS]
{
	local name=$1 kind=DNS days=${3:-30}

	[[ $2 == *[!0-9.]* ]] || kind=IP
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
		-keyout "$tmp/$name.key" -out "$tmp/$name.csr" 2>/dev/null
	openssl x509 -req -in "$tmp/$name.csr" -CA "$ca" -CAkey "$tmp/ca.key" -CAcreateserial \
		-days "$days" -out "$tmp/$name.pem" \
		-extfile <(printf 'subjectAltName=%s:%s\n' "$kind" "$2") 2>/dev/null
	chmod 644 "$tmp/$name.pem" "$tmp/$name.key"	# programs without rights read them
}

# -- TURN ----------------------------------------------------------------------

coturn_start()		# HOST ADDRESS [ARGUMENT...]
{
	local host=$1 address=$2 tls=(--no-tls)

	shift 2
	if [ -e "$tmp/$host.pem" ]; then
		tls=(--tls-listening-port=443 --cert="$tmp/$host.pem" --pkey="$tmp/$host.key")
	fi
	echo secret >"$turn_password"
	ip netns exec "$(ns "$host")" turnserver -n -v --no-cli --no-dtls "${tls[@]}" \
		--listening-ip="$address" --relay-ip="$address" --realm=example.org \
		--lt-cred-mech --user=alice:secret --userdb="$tmp/$host.turndb" \
		--pidfile="$tmp/$host.turn.pid" --log-file="$tmp/$host.turn" --simple-log "$@" \
		>"$tmp/$host.turn.out" 2>&1 </dev/null &
	coturn_pid[$host]=$!
	pids+=("$!")
	wait_for 10 "turnserver listens" listens_udp "$host" "$address:3478"
}

coturn_stop()		# HOST
{
	kill -KILL "${coturn_pid[$1]}"
	wait "${coturn_pid[$1]}" 2>/dev/null || true
}

# -- a proxy -------------------------------------------------------------------

proxy_start()		# HOST ADDRESS
{
	cat >"$tmp/$1.proxy" <<-END
		Port 3128
		Listen $2
		Timeout 600
		MaxClients 50
		ConnectPort 443
		LogFile "$tmp/$1.proxy.log"
		LogLevel Connect
	END
	ip netns exec "$(ns "$1")" tinyproxy -d -c "$tmp/$1.proxy" >"$tmp/$1.proxy.out" 2>&1 </dev/null &
	proxy_pid[$1]=$!
	pids+=("$!")
	wait_for 5 "the proxy listens" listens "$1" 3128
}

# -- a rendezvous --------------------------------------------------------------

rendezvous_start()	# HOST [OPTION...]
{
	local host=$1

	shift
	if [ ! -e "$tmp/$host/rendezvous.key" ]; then
		"$P2PNET" genkey >"$tmp/$host/rendezvous.key"
		"$P2PNET" pubkey <"$tmp/$host/rendezvous.key" >"$tmp/$host/rendezvous.public"
	fi
	if [ ! -e "$rendezvous_psk" ]; then
		"$P2PNET" genpsk >"$rendezvous_psk"
	fi
	rm -f "$tmp/$host/rendezvous.out"	# of the one that ran before
	ip netns exec "$(ns "$host")" "$P2PNET" rendezvous --key "$tmp/$host/rendezvous.key" "$@" \
		-v >"$tmp/$host/rendezvous.out" 2>"$tmp/$host/rendezvous.log" </dev/null &
	rendezvous_pid[$host]=$!
	pids+=("$!")
	wait_for 5 "the rendezvous at $host is ready" grep -q "^public_key" \
		"$tmp/$host/rendezvous.out"
}

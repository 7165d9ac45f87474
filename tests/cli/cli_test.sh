#!/bin/bash
# cli_test.sh -- the verbs that need no running net: exit codes and sentences.
#
#	cli_test.sh path/to/p2pnet path/to/contrib
#
# All happens in a temporary directory; nothing outside it is read or written.
set -u

p2pnet=$(realpath "$1")
contrib=$(realpath "$2")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
unset P2PNET_NET P2PNET_CONFIG P2PNET_SOCKET P2PNET_LOG NOTIFY_SOCKET
export RUNTIME_DIRECTORY=$dir/run STATE_DIRECTORY=$dir/state
umask 077

failed=0
count=0

fail() {
	echo "FAILED: $*" >&2
	failed=1
}

# run ARGUMENT...: what it printed is in $out and $err, its exit code in $code.
run() {
	out=$("$p2pnet" "$@" 2>"$dir/stderr" </dev/null)
	code=$?
	err=$(cat "$dir/stderr")
	count=$((count + 1))
}

# wrong CODE SENTENCE ARGUMENT...: fails with the code, says just this, and prints nothing.
wrong() {
	local want=$1 sentence="p2pnet: $2"
	shift 2
	run "$@"
	[ "$code" = "$want" ] || fail "'p2pnet $*' exits with $code, not $want: $err"
	[ "$err" = "$sentence" ] || fail "'p2pnet $*' says: $err, not: $sentence"
	[ -z "$out" ] || fail "'p2pnet $*' prints: $out"
}

# right ARGUMENT...: succeeds.
right() {
	run "$@"
	[ "$code" = 0 ] || fail "'p2pnet $*' exits with $code: $err"
}

prints() {
	[ "$out" = "$1" ] || fail "it prints: $out, not: $1"
}

says() {
	[ "$err" = "$1" ] || fail "it says: $err, not: $1"
}

has() {
	case $out in *"$1"*) ;; *) fail "this is not in the output: $1, which is: $out" ;; esac
}

# -- usage errors: 2, one sentence, which says what to write instead ----------

all="'p2pnet help' lists them all"
wrong 2 "there is no command 'stauts'; did you mean 'status'?" stauts
wrong 2 "there is no command 'dwon'; did you mean 'down'?" dwon home
wrong 2 "there is no command 'zerotier'; $all" zerotier
wrong 2 "there is no command ''; $all" ""
wrong 2 "netcheck has no use for 'home'; write: p2pnet netcheck [--stun HOST[:PORT]]" netcheck home
wrong 2 "--stun 'x:0' has a port that is not 1 to 65535; write --stun=HOST[:PORT]" netcheck --stun x:0
wrong 2 "the way to a peer cannot be measured yet, only the ciphers of this machine; write: p2pnet speed --crypto" speed
wrong 2 "speed has no use for 'laptop'; write: p2pnet speed [--crypto]" speed laptop
wrong 2 "'peer' needs a second word; 'p2pnet help peer' lists them" peer
wrong 2 "there is no command 'peer ad'; did you mean 'peer add'?" peer ad x y
wrong 2 "there is no command 'peer frobnicate'; $all" peer frobnicate
wrong 2 "there is no command 'frobnicate'; $all" help frobnicate
wrong 2 "there is no option --jason; did you mean --json?" status --jason
wrong 2 "there is no option --frobnicate; 'p2pnet help' lists the options" --frobnicate
wrong 2 "there is no option -x; 'p2pnet help' lists the options" status -x
wrong 2 "--json takes no value, but 'yes' was given; leave it out" status --json=yes
wrong 2 "--net needs a value; write --net=NET" status --net
wrong 2 "-c needs a value; write -c FILE" check -c
wrong 2 "--color is auto or never, not 'always'" status --color=always
wrong 2 "down has no option --watch; 'p2pnet help down' lists those that it has" down --watch
wrong 2 "peer del has no option --ip; 'p2pnet help peer del' lists those that it has" peer del x --ip y
wrong 2 "status has no option --foreground; 'p2pnet help status' lists those that it has" status -f
wrong 2 "genkey has no use for 'x'; write: p2pnet genkey" genkey x
wrong 2 "up has no use for 'b'; write: p2pnet up [NET] [--foreground] [--wait[=SEC]]" up a b
wrong 2 "status has no use for 'b'; write: p2pnet status [PEER] [--watch]" status a b
wrong 2 "peer del needs 1 argument and got 0; write: p2pnet peer del NAME|PUBLIC_KEY [--no-reload]" peer del
wrong 2 "show has no use for 'x'; write: p2pnet show [NET] [dump]" show home x
wrong 2 "show has no use for 'dump'; write: p2pnet show [NET] [dump]" show home x dump
wrong 2 "ping needs 1 argument and got 0; write: p2pnet ping PEER [--count N] [--interval SEC] [--until-direct]" ping
wrong 2 "--count is a whole number from 1 to 1000000, not 'home.conf'; the file is --config" ping a -c home.conf
wrong 2 "--count is a whole number from 1 to 1000000, not '0'; the file is --config" ping a --count 0
wrong 2 "--count is a whole number from 1 to 1000000, not '1.5'; the file is --config" ping a -c 1.5
wrong 2 "--interval is a number of seconds from 0.2 to 3600, not '0.1'" ping a -i 0.1
wrong 2 "--interval is a number of seconds from 0.2 to 3600, not 'nan'" ping a -i nan
wrong 2 "a peer is its name, public key or address, not ''" ping ""
wrong 2 "a peer is its name, public key or address, not ''" explain ""
wrong 2 "explain needs 1 argument and got 0; write: p2pnet explain PEER" explain
wrong 2 "a peer is its name, public key or address, not ''" offer ""
wrong 2 "offer needs 1 argument and got 0; write: p2pnet offer PEER [--expires MIN]" offer
wrong 2 "--expires is a number of minutes from 1 to 1440, not '0'" offer laptop --expires 0
wrong 2 "--expires is a number of minutes from 1 to 1440, not 'soon'" offer laptop --expires=soon
wrong 2 "--wait is a number of seconds from 0 to 86400, not 'soon'" -n home accept a --wait=soon
wrong 2 "this is longer than any token; give the token alone" -n home accept "$(printf 'a%.0s' {1..3000})"
wrong 2 "no token; give it as an argument or on stdin" -n home accept " "
wrong 2 "status has no option --count; 'p2pnet help status' lists those that it has" status --count 3
wrong 2 "two nets are named, 'a' and -n 'b'; leave one out" down a -n b
name="cannot be the name of a net: letters, digits, - _ . and at most 15 of them; name it with -n"
wrong 2 "'../etc' $name" down ../etc
wrong 2 "'sixteen-letters-' $name" status -n sixteen-letters-
wrong 2 "--wait goes with the background and -f with the foreground; leave one out" up -f --wait
wrong 2 "--wait is a number of seconds from 0 to 86400, not 'soon'" up --wait=soon
wrong 2 "--wait is a number of seconds from 0 to 86400, not '-1'" up --wait=-1
wrong 2 "--wait is a number of seconds from 0 to 86400, not '86401'" up --wait=86401
wrong 2 "a log level is error, warn, info, debug or trace, not 'loud'" log loud
wrong 2 "--address is an address and the size of its net, such as 10.77.0.1/24, not '10.77.0.1'" \
	init home --address 10.77.0.1
wrong 2 "--address is an address and the size of its net, such as 10.77.0.1/24, not 'x/24'" \
	init home --address x/24
wrong 2 "'short' is no public key; the other side finds its own with: p2pnet show" -c x.conf peer add a short
wrong 2 "too many arguments, from '17' on; no command takes that many" 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17

run
[ "$code" = 2 ] || fail "without a command it exits with $code"
[ -z "$out" ] || fail "without a command it prints to stdout"
case $err in "usage: p2pnet COMMAND"*) ;; *) fail "without a command it says: $err" ;; esac

# -- nothing runs: 3 ----------------------------------------------------------

wrong 3 "p2p0 is not running; start it with: p2pnet up p2p0" status
wrong 3 "home is not running; start it with: p2pnet up home" down home
wrong 3 "home is not running; start it with: p2pnet up home" reload home
wrong 3 "home is not running; start it with: p2pnet up home" -n home log debug
wrong 3 "home is not running; start it with: p2pnet up home" show home dump
wrong 3 "home is not running; start it with: p2pnet up home" -n home explain laptop
wrong 3 "home is not running; start it with: p2pnet up home" -n home offer laptop
wrong 3 "home is not running; start it with: p2pnet up home" -n home accept p2pnet1-a
wrong 2 "home is not running; start it with: p2pnet up home" -n home ping laptop -c 1
wrong 2 "home is not running; start it with: p2pnet up home" -c home.conf ping laptop -c 1
wrong 3 "no net is running; start one with: p2pnet up NET" show
wrong 3 "home is not running; start it with: p2pnet up home" -n home status --watch
right show --json
prints '{
  "schema": 1,
  "nets": []
}'
mkdir run
: >run/stale.sock
wrong 3 "stale is not running; start it with: p2pnet up stale" -n stale status
P2PNET_NET=work wrong 3 "work is not running; start it with: p2pnet up work" status

# -- help and version ---------------------------------------------------------

right help
first=$out
right --help
prints "$first"
has "peer add NAME PUBLIC_KEY"
right help up
has "usage: p2pnet up [NET] [--foreground] [--wait[=SEC]]"
upper=$out
right up --help
prints "$upper"
right peer add -h
has "--allowed-ips CIDR,..."
right help peer
has "peer list"
right version
case $out in "p2pnet "[0-9]*.[0-9]*.[0-9]*) ;; *) fail "version: $out" ;; esac
version=$out
right --version
prints "$version"
right version -j
prints "{
  \"schema\": 1,
  \"version\": \"${version#p2pnet }\"
}"

# A full disk is no success.
"$p2pnet" version >/dev/full 2>stderr
[ $? = 1 ] || fail "a full disk goes unnoticed"
[ "$(cat stderr)" = "p2pnet: stdout does not take the output; is the disk full?" ] || fail "full: $(cat stderr)"

# -- speed: a table with a line for each engine, one of each cipher chosen -----

right speed --crypto
has "for a packet of 1420 bytes, on one core"
for word in openssl libsodium; do
	echo "$out" | grep -qE "^chacha20 +$word +[0-9]+ ns +[0-9.]+ Gbit/s +[0-9]+ ns +[0-9.]+ Gbit/s +(chosen|-)$" ||
		fail "no speed of $word: $out"
done
[ "$(echo "$out" | grep -c "^chacha20 .* chosen$")" = 1 ] || fail "which engine is chosen? $out"
right speed --crypto --json
has '"packet_bytes": 1420'
[ "$(echo "$out" | tr -d '\n ' | grep -o '"suite":"chacha20","engine":"[a-z-]*","works":true,"chosen":true' | wc -l)" = 1 ] ||
	fail "which engine is chosen? $out"

# -- keys ---------------------------------------------------------------------

# RFC 7748 section 6.1, Alice's keys in base64.
alice_private="dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo="
alice_public="hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="
for text in "$alice_private" " $alice_private " "$alice_private"$'\r\n'; do
	[ "$(printf '%s' "$text" | "$p2pnet" pubkey)" = "$alice_public" ] || fail "pubkey of '$text'"
done
not_a_key="p2pnet: stdin is not a key; give the 44 characters of base64 that 'p2pnet genkey' prints"
for text in "" "x" "$alice_private x" "${alice_private%=}" "${alice_private%o=}p=" "$(printf '%0200d' 0)"; do
	printf '%s' "$text" | "$p2pnet" pubkey >out 2>stderr
	[ $? = 1 ] || fail "pubkey takes '$text'"
	[ "$(cat stderr)" = "$not_a_key" ] || fail "pubkey says: $(cat stderr)"
	[ ! -s out ] || fail "pubkey of '$text' prints"
done

right genkey
[ ${#out} = 44 ] || fail "a key of ${#out} characters"
key=$out
right genkey
[ "$key" != "$out" ] || fail "genkey repeats itself"
right genpsk
[ ${#out} = 44 ] || fail "a preshared key of ${#out} characters"
if command -v wg >/dev/null; then
	[ "$(echo "$key" | wg pubkey)" = "$(echo "$key" | "$p2pnet" pubkey)" ] || fail "pubkey differs from wg's"
fi

for verb in genkey genpsk; do
	"$p2pnet" $verb >private 2>stderr
	[ ! -s stderr ] || fail "$verb warns without need: $(cat stderr)"
	: >public
	chmod 644 public
	"$p2pnet" $verb >public 2>stderr
	[ "$(cat stderr)" = "p2pnet: this file can be read by everybody; run 'umask 077' before, and make the key anew" ] ||
		fail "$verb does not warn: $(cat stderr)"
done

# -- init ---------------------------------------------------------------------

right init -c home.conf --address 10.77.0.1/24 --name nas
has "$dir/home.conf and $dir/home.key are made."
public=$("$p2pnet" pubkey <home.key)
has "public key: $public"
has "[peer nas]
public_key = $public
ip = 10.77.0.1"
has "p2pnet peer add nas $public --ip 10.77.0.1"
has "p2pnet up -c home.conf"
[ "$(stat -c %a home.key home.conf | tr '\n' ' ')" = "600 600 " ] || fail "modes: $(stat -c %a home.key home.conf)"

before=$(cat home.conf home.key)
wrong 2 "no STUN server is known, and nobody else can tell how this host looks from outside; name one, or \
better two, with --stun HOST[:PORT], or in home.conf below [nat] as stun = HOST" netcheck -c home.conf
run netcheck -c none.conf
[ "$code" = 5 ] || fail "netcheck of a file that is not there exits with $code: $err"
wrong 1 "$dir/home.conf is there already, and stays as it is; choose another name for the net" init -c home.conf
[ "$before" = "$(cat home.conf home.key)" ] || fail "init changed what was there"

# A key of an earlier net is not overwritten, and no file is left beside it.
cp home.key other.key
run init -c other.conf
[ "$code" = 1 ] || fail "init over a key exits with $code"
cmp -s home.key other.key || fail "init changed a key that was there"
[ ! -e other.conf ] || fail "init left half a net"

# What would not load is not written, and its key is taken away again.
run init -c bad.conf --name "no name"
[ "$code" = 5 ] || fail "init with a bad name exits with $code: $err"
[ -z "$(find . -name 'bad*')" ] || fail "init left something behind"

# -- the file -----------------------------------------------------------------

export P2PNET_CONFIG=home.conf
right check
prints "home.conf is fine: 0 peers"
right check -q
prints ""
right peer list
prints ""
says "home.conf has no peers; add one with: p2pnet peer add NAME PUBLIC_KEY"

right peer add alice $alice_public --ip 10.77.0.2 --endpoint '[2001:db8::1]:41999' --keepalive 25 \
	--allowed-ips 192.168.40.0/24
says "alice is now a peer in home.conf"
right peer list
prints "PEER   PUBLIC KEY                                    IP         ENDPOINT
alice  $alice_public  10.77.0.2  [2001:db8::1]:41999"
right check home.conf
prints "home.conf is fine: 1 peer"

"$p2pnet" genpsk >psk
right peer add bob "$(echo "$key" | "$p2pnet" pubkey)" --psk-file psk --no-reload
says "bob is now a peer in home.conf"
right check
prints "home.conf is fine: 2 peers"
right config --effective
has "[peer alice]"
has "allowed_ips = 192.168.40.0/24"
has "preshared_key = (hidden)"
for secret in home.key psk; do
	case $out in *"$(cat $secret)"*) fail "config --effective shows $secret" ;; esac
done
right config --effective --json
has '"listen_port": '
has '"endpoint": "[2001:db8::1]:41999"'
has '"keepalive_s": 25'
case $out in *"$(cat psk)"* | *"$(cat home.key)"*) fail "config --json shows a secret" ;; esac
right peer list --json
has '"preshared_key": true'
right config
prints "home.conf"
right config --json
has '"config": "home.conf"'

before=$(cat home.conf)
run peer add alice "$(echo "$key" | "$p2pnet" pubkey)"
[ "$code" = 1 ] || fail "a second alice exits with $code: $err"
run peer add carol "$alice_public"
[ "$code" = 1 ] || fail "a second key of alice exits with $code: $err"
run peer add carol "$(wg genkey 2>/dev/null | wg pubkey 2>/dev/null || echo "$alice_private")" --endpoint nowhere
[ "$code" = 5 ] || fail "a bad endpoint exits with $code: $err"
wrong 1 "--psk-file no/such: No such file or directory; make one with: p2pnet genpsk" \
	peer add carol "$alice_public" --psk-file no/such
run peer del nobody
[ "$code" = 6 ] || fail "peer del nobody exits with $code: $err"
[ "$before" = "$(cat home.conf)" ] || fail "an edit that failed changed the file"

right peer del alice
says "alice is no peer in home.conf any more"
right peer del bob -q
says ""
right check
prints "home.conf is fine: 0 peers"

# -- files with errors: 5, each with its line ---------------------------------

printf '[interface]\nprivate_key_file = home.key\nprivate_kye = x\nmtu = 7\n' >broken.conf
run check broken.conf
[ "$code" = 5 ] || fail "check of a broken file exits with $code"
has "broken.conf:3: error: "
has "broken.conf:4: error: "
run check broken.conf --json
[ "$code" = 5 ] || fail "check --json of a broken file exits with $code"
has '"ok": false'
has '"line": 4'
run check no-such.conf
[ "$code" = 5 ] || fail "check of no file exits with $code"
run config --effective -c broken.conf
[ "$code,$out" = "5," ] || fail "config of a broken file: $code, $out"
run peer list -c broken.conf
[ "$code,$out" = "5," ] || fail "peer list of a broken file: $code, $out"
right check home.conf --json
has '"ok": true'
has '"peers": 0'

# Every key that the program knows is in the manual.
printf '[interface]\nx = 1\n[peer a]\ny = 1\n' >unknown.conf
run check unknown.conf
keys=$(echo "$out" | sed -n 's/.*there are \([a-z_, ]*\).*/\1/p' | tr ',' '\n' | sort -u)
[ "$(echo "$keys" | wc -l)" -ge 15 ] || fail "which keys are there? $out"
for word in $keys; do
	grep -q "^\.BI \"$word = " "$contrib/man/p2pnet.conf.5" || fail "p2pnet.conf(5) has no $word"
done

# -- permission: 4, as somebody who may nothing -------------------------------

cd / || exit 1
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$dir" "$dir/run"
	cp "$p2pnet" "$dir/p2pnet" && chmod 755 "$dir/p2pnet"
	nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/p2pnet" "$@"; }
	for arguments in "check $dir/home.conf" "config --effective -c $dir/home.conf" "peer list -c $dir/home.conf" \
		"peer del x -c $dir/home.conf" "peer add x $alice_public -c $dir/home.conf" "init -c $dir/new.conf" \
		"up -c $dir/home.conf"; do
		# shellcheck disable=SC2086
		err=$(nobody $arguments 2>&1)
		code=$?
		[ $code = 4 ] || fail "nobody: p2pnet $arguments exits with $code: $err"
		count=$((count + 1))
	done
	[ "$err" = "p2pnet: to make a network interface takes root or CAP_NET_ADMIN; try sudo" ] || fail "up: $err"
fi

[ $failed = 0 ] && echo "$count calls were as expected"
exit $failed

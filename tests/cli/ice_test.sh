#!/bin/bash
# ice_test.sh -- p2pnet ice: with itself, with a STUN server, with wrong options.
#
#	ice_test.sh path/to/p2pnet
#
#	p2pnet ice --controlled <-- pipes --> p2pnet ice, and UDP on this host's own addresses
#
# Nothing outside a temporary directory is written. Exit 77 (skipped) where this host has no
# address but loopback.
set -u

p2pnet=$(realpath "$1")
dir=$(mktemp -d)
pids=()
failed=0

trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir" || exit 1

fail() {
	echo "FAILED: $*" >&2
	failed=1
}

# usage SENTENCE ARGUMENT...
usage() {
	local sentence="p2pnet: $1" code
	shift
	"$p2pnet" ice "$@" >out 2>err </dev/null
	code=$?
	[ $code = 2 ] || fail "ice $* exits with $code"
	[ "$(cat err)" = "$sentence" ] || fail "ice $* says: $(cat err)"
	[ ! -s out ] || fail "ice $* prints: $(cat out)"
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

# -- usage --------------------------------------------------------------------

usage "there is no option --tun; did you mean --stun?" --tun 192.0.2.1:3478
usage "--turn wants a user; write --turn-user=USER" --turn 192.0.2.1
usage "--turn wants a password; write --turn-password-file=FILE or --turn-secret-file=FILE" \
	--turn 192.0.2.1 --turn-user me
usage "--turn wants a password; write --turn-password-file=FILE or --turn-secret-file=FILE" \
	--turn 192.0.2.1 --turn-user me --turn-password-file a --turn-secret-file b
usage "which TURN server? write --turn=HOST[:PORT]" --turn-user me
usage "--turn '192.0.2.1:0' has a port that is not 1 to 65535; write --turn=HOST[:PORT]" \
	--turn 192.0.2.1:0 --turn-user me --turn-password-file a
usage "--controlling and --controlled exclude each other; leave one out" --controlling --controlled
usage "--stun '2001:db8::1' is an IPv6 address without brackets; write --stun=HOST[:PORT]" --stun 2001:db8::1
usage "--stun 'x:0' has a port that is not 1 to 65535; write --stun=HOST[:PORT]" --stun 192.0.2.1 --stun x:0
usage "4 STUN servers are enough; leave out --stun e:5" --stun=a:1 --stun=b:2 --stun=c:3 --stun=d:4 --stun=e:5
usage "ice has no use for 'x'; write: p2pnet ice [--stun HOST[:PORT]] [--turn HOST[:PORT]] [--turn-user USER] [--turn-password-file FILE] [--turn-secret-file FILE] [--controlling] [--controlled]" x

failed_with() {
	local sentence="p2pnet: $1"
	shift
	"$p2pnet" ice --turn 192.0.2.1 --turn-user me "$@" >out 2>err </dev/null
	[ $? = 1 ] || fail "ice $*: no failure"
	[ "$(cat err)" = "$sentence" ] || fail "ice $* says: $(cat err)"
}

failed_with "none cannot be read: No such file or directory; write the secret there, and umask 077 keeps it yours" \
	--turn-password-file none
(umask 022 && echo secret >open)
failed_with "open may be used by others than its owner (mode 0644); chmod 600 open" --turn-secret-file open
(umask 077 && : >empty && printf '%0600d' 0 >long)
failed_with "the first line of empty is empty; write the secret there" --turn-password-file empty
failed_with "the first line of long is longer than 510 bytes" --turn-secret-file long

# -- without another side -----------------------------------------------------

if ! "$p2pnet" ice >out 2>err </dev/null; then
	grep -q "has no address that another could send to" err || fail "alone: $(cat err)"
	[ $failed = 0 ] && echo "no address but loopback here" && exit 77
	exit 1
fi
[ ! -s err ] || fail "alone it says: $(cat err)"
lines='^a=ice-ufrag:[A-Za-z0-9+/]{8}$
^a=ice-pwd:[A-Za-z0-9+/]{24}$
^a=candidate:[^ ]+ 1 UDP [0-9]+ [0-9a-f.:]+ [0-9]+ typ host$
^a=end-of-candidates$'
while read -r line; do
	grep -qE "$line" out || fail "alone it does not print $line: $(cat out)"
done <<<"$lines"
[ "$(grep -cvE "$(tr '\n' '|' <<<"$lines" | sed 's/|$//')" out)" = 0 ] || fail "alone it prints: $(cat out)"
[ "$(tail -n 1 out)" = "a=end-of-candidates" ] || fail "the end is not at the end: $(cat out)"

# A file is read to its end.
printf 'a=candidate:nonsense\r\na=ice-pwd:0123456789012345678901\r\na=ice-ufrag:abcd\r\n' >file
"$p2pnet" ice <file >out 2>err || fail "with a file: $(cat err)"
[ "$(cat err)" = "refused: candidate:nonsense: it is not a candidate with an address" ] || fail "file: $(cat err)"
"$p2pnet" ice -q <file >out 2>err || fail "-q with a file: $(cat err)"
[ ! -s err ] || fail "-q says: $(cat err)"

# -- two of them, one in text and one in JSON ---------------------------------

mkfifo to_a to_b
"$p2pnet" ice --controlled <to_a >a.out 2>a.err &
a=$!
"$p2pnet" ice --json <to_b >b.out 2>b.err &
b=$!
pids=("$a" "$b")
exec 3>to_a 4>to_b
heard a.out '^a=end-of-candidates$'
heard b.out '"line":"a=end-of-candidates"'
sed -n 's/.*"line":"\(.*\)"}$/\1/p' b.out >&3
cat a.out >&4
heard a.err '^nominated: pair [0-9]+ host [^ ]+ -> host [^ ]+$'
heard a.err '^pair [0-9]+ host [^ ]+ -> host [^ ]+: valid$'
heard b.out '^\{"schema":1,"event":"nominated","pair":[0-9]+,"local":\{"type":"host","address":"[^"]+"\},"remote":\{'
heard b.out '"event":"pair".*"state":"in progress"\}$'
heard a.err '^consent: pair [0-9]+ answered$'
heard b.out '"event":"consent","pair":[0-9]+,"answered":true\}$'
exec 3>&- 4>&-
wait $a || fail "the controlled one exits with $?: $(cat a.err)"
wait $b || fail "the controlling one exits with $?: $(cat b.err)"
pids=()
[ ! -s b.err ] || fail "with --json it says: $(cat b.err)"

# -- with a STUN server, which sees everybody at 203.0.113.7:4242 -------------

if command -v python3 >/dev/null; then
	python3 - >port <<-'END' &
		import socket, struct
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.bind(("127.0.0.1", 0))
		print(s.getsockname()[1], flush=True)
		while True:
		    request, source = s.recvfrom(2048)
		    ip = bytes(a ^ b for a, b in zip(bytes([203, 0, 113, 7]), request[4:8]))
		    attr = struct.pack("!HHBBH", 0x20, 8, 0, 1, 4242 ^ 0x2112) + ip
		    s.sendto(struct.pack("!HH", 0x101, len(attr)) + request[4:20] + attr, source)
	END
	pids=($!)
	heard port '^[0-9]+$'
	mkfifo pipe
	# No name server need be there to say that there is no such name.
	RES_OPTIONS="timeout:1 attempts:1" "$p2pnet" ice --stun "127.0.0.1:$(cat port)" \
		--stun nobody.invalid:3478 <pipe >stun.out 2>stun.err &
	ice=$!
	pids+=("$ice")
	exec 3>pipe
	heard stun.out '^a=end-of-candidates$'
	exec 3>&-
	wait $ice || fail "with STUN it exits with $?: $(cat stun.err)"
	if grep -qE '^a=candidate:.* [0-9.]+ [0-9]+ typ host$' stun.out; then	# it has IPv4
		heard stun.out '^a=candidate:[^ ]+ 1 UDP [0-9]+ 203.0.113.7 4242 typ srflx raddr [0-9.]+ rport [0-9]+$'
	fi
	heard stun.err '^no candidate: STUN server nobody.invalid: no such name$'
fi

[ $failed = 0 ] && echo "all was as expected"
exit $failed

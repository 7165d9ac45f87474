#!/bin/bash
# reload.sh -- peers come, go and change; the sessions of the others live on.
#
#	a ---- b    pinged all the time, never changed
#	 \____ c    added, changed, removed
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

for name in a:1 b:2 c:3; do
	join "${name%:*}" "${name#*:}"
	node "${name%:*}" p2pnet
done
peer a b
peer b a "Endpoint = $(endpoint4 a)"
peer c a "Endpoint = $(endpoint4 a)"
cp "$(conf a)" "$tmp/a/without_c"

peers_of_a()
{
	p2p a status --json | jq -r '[.peers[].name] | sort | join(" ")'
}

addresses_of_a()
{
	in_ns a ip -o addr show dev p2p0 | awk '{ print " " $4 " " }'
}

start a b c
reaches b "$(inner4 a)"
first=$(handshake_of a b)
pings_start b "$(inner4 a)" 1500 0.005

claim "before: c is a stranger"
refused 1 in_ns c ping -n -q -c 1 -W 1 "$(inner4 a)"

claim "a peer is added"
peer a c
p2p a reload
equal "peers" "$(peers_of_a)" "b c"
reaches c "$(inner4 a)"

claim "SIGHUP is a reload as well; its endpoint changes, its session stays"
session=$(handshake_of a c)
sed "s,^PublicKey = $(public_key c)\$,&\nEndpoint = $(endpoint4 c)," "$(conf a)" >"$tmp/a/new"
mv "$tmp/a/new" "$(conf a)"
kill -HUP "${pid_of[a]}"
wait_for 3 "the new endpoint is known" eval \
	"[ \"\$(p2p a status --json | jq -r '.peers[] | select(.name == \"c\").endpoint')\" = $(endpoint4 c) ]"
pings a "$(inner4 c)" 5 0.01
equal "last handshake with c" "$(handshake_of a c)" "$session"

claim "an address is added"
sed -i 's,^Address = ,&10.78.0.1/24\, ,' "$(conf a)"
p2p a reload
contains "addresses" "$(addresses_of_a)" " 10.78.0.1/24 "
contains "addresses" "$(addresses_of_a)" " $(inner4 a)/24 "

claim "a broken file is refused with file and line, and nothing changes"
cp "$(conf a)" "$tmp/a/good"
echo "Colour = blue" >>"$(conf a)"
refused 5 p2p a reload
contains "message" "$said" "p2p0.conf:$(wc -l <"$(conf a)")"
mv "$tmp/a/good" "$(conf a)"
equal "peers" "$(peers_of_a)" "b c"
pings a "$(inner4 c)" 5 0.01

claim "address and peer are taken away again"
cp "$tmp/a/without_c" "$(conf a)"
p2p a reload
equal "peers" "$(peers_of_a)" b
contains_not "addresses" "$(addresses_of_a)" " 10.78.0.1/24 "
refused 1 in_ns c ping -n -q -c 1 -W 1 "$(inner4 a)"

claim "b noticed nothing: no packet lost, no new handshake"
pings_finish b 0
equal "last handshake with b" "$(handshake_of a b)" "$first"
finish

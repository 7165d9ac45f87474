#!/bin/bash
# permissions.sh -- everybody may look, only root and the group p2pnet may change.
#
#	nobody --> status, show, log         0
#	nobody --> reload, down, log LEVEL   4 (permission denied)
#
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

install -m 755 "$P2PNET" "$tmp/p2pnet"	# where nobody can read it, too
P2PNET=$tmp/p2pnet
join a 1
join b 2
node a p2pnet
node b p2pnet
peer a b "PresharedKey = $(wg genpsk)"
start a

as_nobody()
{
	RUNTIME_DIRECTORY=$tmp/a/run setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"
}

claim "nobody may ask for the status, in every form"
as_nobody "$P2PNET" status >/dev/null
equal schema "$(as_nobody "$P2PNET" status --json | jq .schema)" 1
as_nobody "$P2PNET" show >/dev/null
as_nobody "$P2PNET" log >/dev/null

claim "no secret is in any of it"
for secret in "$(cat "$tmp/a/private")" "$(sed -n 's/^PresharedKey = //p' "$(conf a)")"; do
	for form in "status --json" "show p2p0" "show p2p0 dump" "config --effective -c $(conf a)"; do
		# shellcheck disable=SC2086	# words
		contains_not "$form" "$(p2p a $form)" "$secret"
	done
done

claim "nobody may not change anything: exit code 4, and it says who may"
refused 4 as_nobody "$P2PNET" reload
contains message "$said" root
refused 4 as_nobody "$P2PNET" down
refused 4 as_nobody "$P2PNET" log debug
equal "log level" "$(p2p a status --json | jq -r .self.log_level)" info

claim "nobody cannot bring a net up"
install -m 600 -o nobody "$(conf a)" "$tmp/nobody.conf"
refused 4 as_nobody env RUNTIME_DIRECTORY="$tmp" STATE_DIRECTORY="$tmp" \
	"$P2PNET" up -f -c "$tmp/nobody.conf"

claim "root may"
p2p a log debug
equal "log level" "$(p2p a status --json | jq -r .self.log_level)" debug
p2p a reload

claim "a key that others can read is refused, with the remedy: exit code 5"
stop a
chmod 644 "$(conf a)"
refused 5 p2p a up -c "$(conf a)"
contains message "$said" chmod
finish

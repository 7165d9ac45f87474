#!/bin/bash
# order.sh -- does each function exist that the linker is told to place?
#
#	src/cli/packet_order.ld   .text.NAME  -->  NAME(...) in some .c or .h
#
# Each offence is one line: file:line: what it is.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:-$root}"

order=src/cli/packet_order.ld
functions=$(grep -rhoE --include='*.[ch]' '\b[a-z_0-9]+\(' src tun | tr -d '(' | sort -u)
status=0
while IFS=: read -r line name; do
	if ! grep -qx "$name" <<<"$functions"; then
		echo "$order:$line: there is no function $name"
		status=1
	fi
done < <(sed '1,/^SECTIONS/s/.*//; s/\.text\.packet//' "$order" | grep -onE '\.text\.[a-z_0-9]+' | sed 's/\.text\.//')
exit $status

#!/bin/bash
# includes.sh -- does each folder include only what the map in README.md allows?
#
#	base <- crypto <- wg <- node <- io <- cli       (see the table)
#
# Two rules. A file of a folder includes headers of its own folder and of those
# in the table. A header of another project is included only where its library
# belongs. Each offence is one line: file:line: what it is.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:-$root}"

# folder: what it may include besides itself.
map='
src/base:
src/crypto:  base
src/stun:    base crypto
src/turn:    base crypto stun
src/ice:     base crypto stun
src/wg:      base crypto
src/portmap: base
src/signal:  base crypto
src/node:    base crypto stun turn ice wg portmap signal
src/ctl:     base
# ice (and stun and turn, which it speaks) above node: p2pnet ice is the agent without a node
src/io:      base crypto stun turn ice wg portmap node ctl tun
src/cli:     base crypto turn ice node ctl io config
tun:         base
config:      base crypto
'

# header (a pattern): the folders that may include it.
libraries='
uv.h:           io
jansson.h:      ctl io cli
ini.h:          config
sodium.h:       crypto io
openssl/*:      crypto io
libmnl/*:       tun
miniupnpc/*:    io
seccomp.h:      io
linux/if_*:     tun
linux/rtnetlink.h: tun
'

# lookup TABLE KEY: the rest of that line. Patterns in the table are honoured.
lookup()
{
	local key rest

	while read -r key rest; do
		key=${key%:}
		# shellcheck disable=SC2053	# a pattern, on purpose
		if [ -n "$key" ] && [[ $2 == $key ]]; then
			echo "$rest"
			return 0
		fi
	done <<<"$1"
	return 1
}

# check_include FOLDER ALLOWED FILE LINE HEADER QUOTED
check_include()
{
	local name=${1##*/} other owners

	if [ "$6" = '"' ]; then
		other=${5%%/*}
		if [ "$other" = "$5" ]; then
			echo "$3:$4: \"$5\" does not say its folder"
		elif [ "$other" != "$name" ] && [[ " $2 " != *" $other "* ]]; then
			echo "$3:$4: $name may not include \"$5\""
		fi
	elif owners=$(lookup "$libraries" "$5") && [[ " $owners " != *" $name "* ]]; then
		echo "$3:$4: <$5> belongs to" "$owners"
	fi
}

include_line='^[[:space:]]*#[[:space:]]*include[[:space:]]*(["<])([^">]+)[">]'

check_folder()
{
	local allowed file line text

	allowed=$(lookup "$map" "$1")
	while IFS=: read -r file line text; do
		if [[ $text =~ $include_line ]]; then
			check_include "$1" "$allowed" "$file" "$line" \
				"${BASH_REMATCH[2]}" "${BASH_REMATCH[1]}"
		fi
	done < <(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' "$1")
}

check_all()
{
	local folder

	for folder in src/*/ tun config; do
		folder=${folder%/}
		if lookup "$map" "$folder" >/dev/null; then
			check_folder "$folder"
		else
			echo "$folder: this folder is not on the map; write down what it may use"
		fi
	done
}

offences=$(check_all)
if [ -n "$offences" ]; then
	echo "$offences"
	exit 1
fi
echo "includes: every folder keeps to the map"

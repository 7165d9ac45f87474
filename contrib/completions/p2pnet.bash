# p2pnet.bash -- completion of p2pnet(1) for bash.
#
# A test compares the tables below with those of the program: every command,
# and for each command its own options.

_p2pnet_commands="up down reload status ping explain offer accept events netcheck speed show genkey pubkey genpsk init peer check config log ice rendezvous version help"
_p2pnet_global="--net --config --socket --json --verbose --quiet --color --help --version"

# Each line: a command, then its own options.
_p2pnet_options() {
	case $1 in
	"up") echo "--foreground --wait" ;;
	"down") ;;
	"reload") ;;
	"status") echo "--watch" ;;
	"ping") echo "--count --interval --until-direct" ;;
	"explain") ;;
	"offer") echo "--expires" ;;
	"accept") echo "--wait" ;;
	"events") echo "--since --follow" ;;
	"netcheck") echo "--stun" ;;
	"speed") echo "--crypto" ;;
	"show") ;;
	"genkey") ;;
	"pubkey") ;;
	"genpsk") ;;
	"init") echo "--address --name" ;;
	"peer add") echo "--endpoint --ip --allowed-ips --keepalive --psk-file --no-reload" ;;
	"peer del") echo "--no-reload" ;;
	"peer list") ;;
	"check") ;;
	"config") echo "--effective" ;;
	"log") ;;
	"ice") echo "--stun --turn --turn-user --turn-password-file --turn-secret-file --controlling --controlled" ;;
	"rendezvous") echo "--key --psk --listen --stun-port --max-clients --relay --relay-rate --tls-listen --cert --cert-key" ;;
	"version") ;;
	"help") ;;
	esac
}

# The nets that have a file.
_p2pnet_nets() {
	local file
	for file in /etc/p2pnet/*.conf; do
		[[ -e $file ]] || continue
		file=${file##*/}
		echo "${file%.conf}"
	done
}

# The peers of the net that is on the line, if it is running; names have no spaces.
_p2pnet_peers() {
	p2pnet status ${1:+-n "$1"} --color=never 2>/dev/null | awk 'NR > 2 { print $1 }'
}

_p2pnet_fill() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2")
}

_p2pnet() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command="" net="" n=0 i
	COMPREPLY=()

	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-n | --net) net=${COMP_WORDS[++i]} ;;
		-c | --config | -s | --socket | --color | --address | --name | --endpoint | --ip | \
			--allowed-ips | --keepalive | --psk-file | --stun | --count | -i | --interval | --since | \
			--turn | --turn-user | --turn-password-file | --turn-secret-file | --key | --psk | --listen | --stun-port | --max-clients | \
			--relay-rate) ((i++)) ;;
		-*) ;;
		*)
			if ((n == 0)) || { ((n == 1)) && [[ $command == peer ]]; }; then
				command+="${command:+ }${COMP_WORDS[i]}"
			fi
			((n++))
			;;
		esac
	done

	case $prev in
	-n | --net) _p2pnet_fill "$(_p2pnet_nets)" "$cur"; return ;;
	-c) if [[ $command == ping ]]; then return; fi ;;&
	-c | --config | -s | --socket | --psk-file | --key | --psk | --turn-password-file | \
		--turn-secret-file) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--color) _p2pnet_fill "auto never" "$cur"; return ;;
	--keepalive) _p2pnet_fill "yes no" "$cur"; return ;;
	--since) _p2pnet_fill "10m 2h 1d" "$cur"; return ;;
	--relay-rate) _p2pnet_fill "100 unlimited" "$cur"; return ;;
	--address | --name | --endpoint | --ip | --allowed-ips | --stun | --count | -i | --interval | \
		--turn | --turn-user | --listen | --stun-port | --max-clients) return ;;
	esac
	if [[ $cur == -* ]]; then
		_p2pnet_fill "$(_p2pnet_options "$command") $_p2pnet_global" "$cur"
		return
	fi
	case $command in
	"") _p2pnet_fill "$_p2pnet_commands" "$cur" ;;
	peer) _p2pnet_fill "add del list" "$cur" ;;
	up | down | reload | init) _p2pnet_fill "$(_p2pnet_nets)" "$cur" ;;
	show) _p2pnet_fill "$(_p2pnet_nets) all dump" "$cur" ;;
	status | ping | explain | offer | events | "peer del") _p2pnet_fill "$(_p2pnet_peers "$net")" "$cur" ;;
	check) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	log) _p2pnet_fill "error warn info debug trace" "$cur" ;;
	help) _p2pnet_fill "$_p2pnet_commands" "$cur" ;;
	esac
}

complete -F _p2pnet p2pnet

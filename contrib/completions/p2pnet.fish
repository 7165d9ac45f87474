# p2pnet.fish -- completion of p2pnet(1) for fish.
#
# A test compares the tables below with those of the program: every command
# with its summary, and for each command its own options.

function __p2pnet_nets
    for file in /etc/p2pnet/*.conf
        basename $file .conf
    end
end

function __p2pnet_peers
    p2pnet status --color=never 2>/dev/null | awk 'NR > 2 { print $1 }'
end

# The words before the cursor that are neither flags nor their values.
function __p2pnet_words
    set -l is_value 0
    for word in (commandline -opc)[2..-1]
        if test $is_value = 1
            set is_value 0
            continue
        end
        switch $word
            case -n --net -c --config -s --socket --color --address --name --endpoint --ip \
                --allowed-ips --keepalive --psk-file --stun --count -i --interval --since \
                --turn --turn-user --turn-password-file --turn-secret-file --key --psk --listen --stun-port --max-clients --relay-rate
                set is_value 1
            case '-*'
            case '*'
                echo $word
        end
    end
end

# Is this the command of the line, all words of it?
function __p2pnet_is
    set -l words (__p2pnet_words)
    string match -q -- "$argv *" "$words "
end

function __p2pnet_is_just
    set -l words (__p2pnet_words)
    test "$words" = "$argv"
end

function __p2pnet_has_no_command
    set -l words (__p2pnet_words)
    test -z "$words"
end

complete -c p2pnet -f

# Options of every command
complete -c p2pnet -s n -l net -x -a '(__p2pnet_nets)' -d 'the net'
complete -c p2pnet -s c -l config -r -F -d 'its file'
complete -c p2pnet -s s -l socket -r -F -d 'its control socket'
complete -c p2pnet -s j -l json -d 'print JSON'
complete -c p2pnet -s v -l verbose -d 'say more'
complete -c p2pnet -s q -l quiet -d 'say only what went wrong'
complete -c p2pnet -l color -x -a 'auto never' -d 'colours'
complete -c p2pnet -s h -l help -d 'print help for the command'
complete -c p2pnet -l version -d 'print the version'

# Commands
complete -c p2pnet -n __p2pnet_has_no_command -a up -d 'start a net; returns when its device is ready'
complete -c p2pnet -n __p2pnet_has_no_command -a down -d 'stop a net; returns when it is gone'
complete -c p2pnet -n __p2pnet_has_no_command -a reload -d 'read the file again; sessions stay'
complete -c p2pnet -n __p2pnet_has_no_command -a status -d 'who is connected, by which path'
complete -c p2pnet -n __p2pnet_has_no_command -a ping -d 'ask a peer through its session, and say which path the answer took'
complete -c p2pnet -n __p2pnet_has_no_command -a explain -d 'why a peer is reached as it is, what was tried, and what to do'
complete -c p2pnet -n __p2pnet_has_no_command -a offer -d 'print a token for a peer that cannot be reached otherwise'
complete -c p2pnet -n __p2pnet_has_no_command -a accept -d 'take a token of `p2pnet offer`, from stdin if it is not given'
complete -c p2pnet -n __p2pnet_has_no_command -a events -d 'what happened to the paths to the peers, and why'
complete -c p2pnet -n __p2pnet_has_no_command -a netcheck -d 'what kind of NAT this host is behind, and what follows from that'
complete -c p2pnet -n __p2pnet_has_no_command -a speed -d 'how fast this machine encrypts, and by which engine'
complete -c p2pnet -n __p2pnet_has_no_command -a show -d 'the same in the words of `wg show`'
complete -c p2pnet -n __p2pnet_has_no_command -a genkey -d 'print a new private key'
complete -c p2pnet -n __p2pnet_has_no_command -a pubkey -d 'read a private key, print its public key'
complete -c p2pnet -n __p2pnet_has_no_command -a genpsk -d 'print a new preshared key'
complete -c p2pnet -n __p2pnet_has_no_command -a init -d 'make a key and a first file; print what the other side needs'
complete -c p2pnet -n __p2pnet_has_no_command -a peer -d 'add, delete or list the peers of the file'
complete -c p2pnet -n '__p2pnet_is_just peer' -a add -d 'add a peer to the file; a running net is reloaded'
complete -c p2pnet -n '__p2pnet_is_just peer' -a del -d 'take a peer out of the file; a running net is reloaded'
complete -c p2pnet -n '__p2pnet_is_just peer' -a list -d 'the peers of the file'
complete -c p2pnet -n __p2pnet_has_no_command -a check -d 'say what is wrong with a file, each with its line'
complete -c p2pnet -n __p2pnet_has_no_command -a config -d 'print which file is read, or what is in force'
complete -c p2pnet -n __p2pnet_has_no_command -a log -d 'print or set the log level of a running net'
complete -c p2pnet -n __p2pnet_has_no_command -a ice -d 'try the ICE agent against another one, to diagnose it or a NAT'
complete -c p2pnet -n __p2pnet_has_no_command -a rendezvous -d 'be the place where nodes meet that cannot call each other'
complete -c p2pnet -n __p2pnet_has_no_command -a version -d 'print the version'
complete -c p2pnet -n __p2pnet_has_no_command -a help -d 'print help'

# Arguments and options of one command
complete -c p2pnet -n '__p2pnet_is up' -a '(__p2pnet_nets)'
complete -c p2pnet -n '__p2pnet_is up' -s f -l foreground -d 'stay in the foreground, log to stderr'
complete -c p2pnet -n '__p2pnet_is up' -l wait -d 'wait for sessions'
complete -c p2pnet -n '__p2pnet_is down' -a '(__p2pnet_nets)'
complete -c p2pnet -n '__p2pnet_is reload' -a '(__p2pnet_nets)'
complete -c p2pnet -n '__p2pnet_is status' -a '(__p2pnet_peers)'
complete -c p2pnet -n '__p2pnet_is status' -s w -l watch -d 'draw it anew every second, until q'
complete -c p2pnet -n '__p2pnet_is ping' -a '(__p2pnet_peers)'
complete -c p2pnet -n '__p2pnet_is ping' -s c -l count -x -d 'so many questions, then end'
complete -c p2pnet -n '__p2pnet_is ping' -s i -l interval -x -d 'between two questions'
complete -c p2pnet -n '__p2pnet_is ping' -l until-direct -d 'end when an answer came by a direct path'
complete -c p2pnet -n '__p2pnet_is explain' -a '(__p2pnet_peers)'
complete -c p2pnet -n '__p2pnet_is offer' -a '(__p2pnet_peers)'
complete -c p2pnet -n '__p2pnet_is offer' -l expires -x -d 'minutes that the token is good for'
complete -c p2pnet -n '__p2pnet_is accept' -l wait -d 'wait until connected'
complete -c p2pnet -n '__p2pnet_is events' -a '(__p2pnet_peers)'
complete -c p2pnet -n '__p2pnet_is events' -l since -x -a '10m 2h 1d' -d 'only what is not older'
complete -c p2pnet -n '__p2pnet_is events' -s f -l follow -d 'go on as things happen, until ^C'
complete -c p2pnet -n '__p2pnet_is netcheck' -l stun -x -d 'a STUN server to ask; may be repeated'
complete -c p2pnet -n '__p2pnet_is speed' -l crypto -d 'the ciphers of this machine'
complete -c p2pnet -n '__p2pnet_is show' -a '(__p2pnet_nets) all dump'
complete -c p2pnet -n '__p2pnet_is init' -l address -x -d 'this node\'s address, such as 10.77.0.1/24'
complete -c p2pnet -n '__p2pnet_is init' -l name -x -d 'this node\'s name, the host\'s if not given'
complete -c p2pnet -n '__p2pnet_is peer add' -l endpoint -x -d 'where the peer can be reached'
complete -c p2pnet -n '__p2pnet_is peer add' -l ip -x -d 'the peer\'s addresses in the net'
complete -c p2pnet -n '__p2pnet_is peer add' -l allowed-ips -x -d 'networks behind the peer'
complete -c p2pnet -n '__p2pnet_is peer add' -l keepalive -x -a 'yes no' -d 'keep the path warm'
complete -c p2pnet -n '__p2pnet_is peer add' -l psk-file -r -F -d 'a file with the preshared key'
complete -c p2pnet -n '__p2pnet_is peer add' -l no-reload -d 'leave a running net as it is'
complete -c p2pnet -n '__p2pnet_is peer del' -a '(__p2pnet_peers)'
complete -c p2pnet -n '__p2pnet_is peer del' -l no-reload -d 'leave a running net as it is'
complete -c p2pnet -n '__p2pnet_is check' -F
complete -c p2pnet -n '__p2pnet_is config' -l effective -d 'print what is in force, secrets masked'
complete -c p2pnet -n '__p2pnet_is log' -a 'error warn info debug trace'
complete -c p2pnet -n '__p2pnet_is ice' -l stun -x -d 'a STUN server to ask; may be repeated'
complete -c p2pnet -n '__p2pnet_is ice' -l turn -x -d 'a TURN server to relay, over UDP'
complete -c p2pnet -n '__p2pnet_is ice' -l turn-user -x -d 'the name that it knows us by'
complete -c p2pnet -n '__p2pnet_is ice' -l turn-password-file -r -F -d 'a file with the password'
complete -c p2pnet -n '__p2pnet_is ice' -l turn-secret-file -r -F -d 'a file with the secret that it makes passwords from'
complete -c p2pnet -n '__p2pnet_is ice' -l controlling -d 'this side chooses the pair'
complete -c p2pnet -n '__p2pnet_is ice' -l controlled -d 'the other side chooses the pair'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l key -r -F -d 'a file with its private key'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l psk -r -F -d 'a file with a preshared key'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l listen -x -d 'where it is called; may be repeated'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l stun-port -x -d 'the second port for STUN'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l max-clients -x -d 'so many at most'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l relay -d 'pass on packets between clients, too'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l relay-rate -x -a unlimited -d 'so many Mbit/s at most'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l tls-listen -x -d 'where it is called over TLS; may be repeated'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l cert -r -F -d 'a file with its certificate'
complete -c p2pnet -n '__p2pnet_is rendezvous' -l cert-key -r -F -d 'a file with the private key of the certificate'

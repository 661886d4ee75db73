# How Debian's RabbitMQ starts, for Scripts/real-broker, which reads this, and says what each function does.
takes=(rabbitmq@RELEASE --nodes --plugins --restarts --tls)

# It takes seconds to say goodbye, to a directory that is thrown away.
patience=0

# As a program in that root sees it.
rabbitmq_home() { # [ROOT]
    local home
    for home in "${1-}"/usr/lib/rabbitmq/lib/rabbitmq_server-*; do
        [[ -x $home/sbin/rabbitmq-server ]] && echo "${home#"${1-}"}" && return 0
    done
    return 1
}

# Which suite of Debian has a RabbitMQ: a rolling one may have gone on to the next.
suite_of() { # RELEASE
    case $1 in
        3.10) echo bookworm ;;
        4.0) echo trixie ;;
        4.3) echo sid ;;
        *) wrong "there is no rabbitmq@$1: 3.10, 4.0 or 4.3" ;;
    esac
}

prepare() {
    local home suite
    root=
    if [[ -z $release ]]; then
        home=$(rabbitmq_home) || { install_service rabbitmq-server && home=$(rabbitmq_home); } ||
            fail "rabbitmq-server is installed, but there is no /usr/lib/rabbitmq/lib/rabbitmq_server-*: this script knows Debian's layout only"
    else
        suite=$(suite_of "$release") || exit
        home=$(rabbitmq_home)
        # The machine's own will do if it is of that release.
        if [[ ${home##*-} != "$release".* ]]; then
            debian_root "$suite" rabbitmq-server
            home=$(rabbitmq_home "$root") || fail "there is no RabbitMQ in $root: delete it, and run this again"
        fi
        [[ ${home##*-} == "$release".* ]] || say "Debian $suite has RabbitMQ ${home##*-} now, not $release"
    fi
    version=${home##*-}
    if ((nodes == 1)); then rabbitmq_settings "$home" "$(free_port)"; else rabbitmq_cluster "$home"; fi
}

# As many worlds as there are nodes, which share an epmd, to find each other, and a cookie, to believe each other.
rabbitmq_cluster() { # HOME
    local node epmd cookie
    epmd=$(free_port) cookie=$RANDOM$RANDOM$RANDOM
    limit=300
    for ((node = 1; node <= nodes; node++)); do
        mkdir -p "$directory/$node" || exit 70
        at_node "$node" rabbitmq_node "$1" "$epmd" "$cookie"
    done
    port=$(cat "$directory/1/port")
}

rabbitmq_node() { # HOME EPMD COOKIE
    rabbitmq_settings "$1" "$2"
    echo "$port" >"$directory/port"
    printf '%s' "$3" >"$directory/node/home/.erlang.cookie" && chmod 400 "$directory/node/home/.erlang.cookie" || exit 70
    programs
}

# The node's whole world is one directory: data, log, cookie, its epmd's port. `localhost` as host name needs no DNS.
rabbitmq_settings() { # HOME EPMD_PORT
    local amqp dist management node=$directory/node
    amqp=$(free_port) dist=$(free_port) management=$(free_port)
    [[ -z $root ]] || node=/inside/node
    rm -rf "$directory/node" && mkdir -p "$directory/node/home" || exit 70
    {
        printf 'export %s=%q\n' \
            HOME "$node/home" \
            ERL_EPMD_PORT "$2" \
            ERL_EPMD_ADDRESS 127.0.0.1 \
            RABBITMQ_HOME "$1" \
            RABBITMQ_NODENAME "messaging-patterns-$$-$amqp@localhost" \
            RABBITMQ_NODE_PORT "$amqp" \
            RABBITMQ_NODE_IP_ADDRESS 127.0.0.1 \
            RABBITMQ_DIST_PORT "$dist" \
            RABBITMQ_BASE "$node" \
            RABBITMQ_MNESIA_BASE "$node/data" \
            RABBITMQ_LOG_BASE "$node/log" \
            RABBITMQ_CONFIG_FILE "$node/rabbitmq" \
            RABBITMQ_CONF_ENV_FILE "$node/none" \
            RABBITMQ_ENABLED_PLUGINS_FILE "$node/enabled_plugins" \
            RABBITMQ_PID_FILE "$node/rabbitmq.pid"
        # Schedulers are left as RabbitMQ sets them: limiting them saves no time at boot, and this node is also measured.
        printf 'export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=%q\n' \
            "-noinput -kernel inet_dist_use_interface {127,0,0,1}"
        printf 'export RABBITMQ_CTL_ERL_ARGS=%q\n' "+S 1:1 +sbwt none"
        # Without this, rabbitmq-server stays as a shell around the node, and killing it would not kill the node.
        printf 'export RABBITMQ_ALLOW_INPUT=1\n'
    } >"$directory/environment"
    cat >"$directory/node/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp
log.console = false
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
CONF
    local enabled=rabbitmq_consistent_hash_exchange
    if [[ $plugins == yes ]]; then
        enabled+=,rabbitmq_management
        export MANAGEMENT_URL="http://guest:guest@127.0.0.1:$management"
    else
        sed -i '/^management/d' "$directory/node/rabbitmq.conf"
    fi
    if [[ $tls == yes ]]; then
        enabled+=,rabbitmq_auth_mechanism_ssl
        tls_settings "$node/tls"
    fi
    echo "[$enabled]." >"$directory/node/enabled_plugins"
    port=$amqp
    inside_program
}

# A client that gives a certificate is its common name's user, if it logs in by that; one that gives none logs in as ever.
tls_settings() { # DIRECTORY, as the node sees it
    tls_port=$(free_port)
    certificates=$directory/node/tls
    make_certificates "$certificates"
    cat >>"$directory/node/rabbitmq.conf" <<CONF
listeners.ssl.1 = 127.0.0.1:$tls_port
ssl_options.cacertfile = $1/ca.pem
ssl_options.certfile = $1/server.pem
ssl_options.keyfile = $1/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = AMQPLAIN
auth_mechanisms.3 = EXTERNAL
CONF
}

# A program that runs another in the node's world, which is all that ever sees it: its environment, and its root.
inside_program() {
    {
        echo '#!/usr/bin/env bash'
        printf '. %q\n' "$directory/environment"
        if [[ -z $root ]]; then
            printf 'cd %q && exec "$@"\n' "$directory/node"
        else
            printf '. %q\nenter_root %q %q env --chdir=/inside/node "$@"\n' "$library/debian.sh" "$root" "$directory"
        fi
    } >"$directory/inside"
    chmod +x "$directory/inside"
}

start() {
    local all=${cluster:-$directory}
    (
        . "$directory/environment"
        if ! is_alive "$(cat "$all/epmd.pid" 2>/dev/null)"; then
            own_session "$directory/inside" epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 \
                </dev/null >/dev/null 2>&1 9>&- &
            echo $! >"$all/epmd.pid"
        fi
        own_session "$directory/inside" "$RABBITMQ_HOME/sbin/rabbitmq-server" </dev/null >"$directory/output" 2>&1 9>&- &
        echo $! >"$directory/broker.pid"
    )
}

# A node of a cluster joins the first one, and forgets what it was.
join() {
    local first
    first=$(. "$cluster/1/environment" && echo "$RABBITMQ_NODENAME")
    "$RABBITMQCTL" -q stop_app && "$RABBITMQCTL" -q join_cluster "$first" && "$RABBITMQCTL" -q start_app
}

# Nodes that don't believe each other any more, and have no connection left, are as good as on two sides of a broken
# cable: no packet filter is needed, which only root could set, and ports for clients stay as they are.
part() { # on|off
    local other peers=() others=() cookie=cut
    [[ $1 == on ]] || cookie=$(cat "$directory/node/home/.erlang.cookie")
    for other in "$cluster"/[1-9]; do
        [[ $other == "$directory" ]] || others+=("'$(. "$other/environment" && echo "$RABBITMQ_NODENAME")'")
    done
    peers=$(IFS=, && echo "${others[*]}")
    "$RABBITMQCTL" -q eval "[begin erlang:set_cookie(N, '$cookie'), $1 =:= on andalso erlang:disconnect_node(N) end \
        || N <- [$peers]]." >/dev/null || return 1
    # Nothing connects two nodes before one of them has something to say.
    [[ $1 == on ]] || "$RABBITMQCTL" -q eval "[net_kernel:connect_node(N) || N <- [$peers]]." >/dev/null
}

# Its own word that the boot is over, because an answer on the port alone could be another's.
is_up() { grep -q 'completed with' "$directory/output" 2>/dev/null; }

programs() {
    {
        echo '#!/usr/bin/env bash'
        printf '. %q\n' "$directory/environment"
        printf 'exec %q "$RABBITMQ_HOME/sbin/rabbitmqctl" "$@"\n' "$directory/inside"
    } >"$directory/rabbitmqctl"
    chmod +x "$directory/rabbitmqctl"
    export RABBITMQCTL="$directory/rabbitmqctl"
    policy_program "$RABBITMQCTL"
}

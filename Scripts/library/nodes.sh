# Several nodes of one broker, for Scripts/real-broker, which reads this. Each has a world of its own, $directory/N, which is
# `directory` to the functions that know one broker; the broker's file adds `join` and `part`.

# A function in the world of one node.
at_node() { # NUMBER FUNCTION [ARGUMENT ...]
    local cluster=${cluster:-$directory}
    local directory=$cluster/$1 port RABBITMQCTL=$cluster/$1/rabbitmqctl
    port=$(cat "$directory/port" 2>/dev/null)
    shift
    "$@"
}

# All at once, as each takes seconds; then one after the other joins the first.
start_cluster() {
    local node
    for ((node = 1; node <= nodes; node++)); do at_node "$node" start; done
    for ((node = 1; node <= nodes; node++)); do at_node "$node" wait_until_up || return; done
    for ((node = 2; node <= nodes; node++)); do
        at_node "$node" join >"$directory/join.log" 2>&1 || {
            cat "$directory/join.log" >&2
            return 2
        }
    done
}

cluster_programs() {
    local node name
    AMQP_URLS=
    for ((node = 1; node <= nodes; node++)); do
        AMQP_URLS+="${AMQP_URLS:+ }amqp://guest:guest@127.0.0.1:$(cat "$directory/$node/port")/"
    done
    for name in kill_node start_node partition heal ctl; do
        {
            echo '#!/usr/bin/env bash'
            printf 'exec %q --node %s %q %s "$@"\n' "$self" "$name" "$directory" "$broker"
        } >"$directory/$name"
        chmod +x "$directory/$name"
        export "BROKER_$(tr a-z A-Z <<<"$name")=$directory/$name"
    done
    export AMQP_URLS RABBITMQCTL="$directory/1/rabbitmqctl" BROKER_POLICY="$directory/1/policy"
}

kill_node() {
    local pid
    pid=$(cat "$directory/broker.pid")
    kill -KILL "$pid" 2>/dev/null
    while is_alive "$pid"; do sleep 0.02; done
}

start_node() { is_alive "$(cat "$directory/broker.pid")" || start; }

# Another process of the node's may still hold its port for a moment, when it was killed just now.
wait_for_node() {
    local attempt
    for attempt in 1 2 3; do
        wait_until_up && return 0
        (($? == 1)) || break
        start
    done
    return 1
}

# What $BROKER_KILL_NODE and the others do.
of_nodes() { # kill_node|start_node|partition|heal|ctl DIRECTORY BROKER NUMBER ...
    local what=$1 node
    directory=$2 broker=$3 limit=300
    shift 3
    . "$library/brokers/$broker.sh"
    (($# > 0)) || wrong "which node?"
    for node in "$@"; do
        [[ -d $directory/$node && $node == [1-9] ]] || fail "there is no node $node"
        [[ $what != ctl ]] || break
    done
    case $what in
        ctl)
            shift
            exec "$directory/$node/rabbitmqctl" "$@"
            ;;
        kill_node) for node in "$@"; do at_node "$node" kill_node; done ;;
        start_node)
            for node in "$@"; do at_node "$node" start_node; done
            for node in "$@"; do
                at_node "$node" wait_for_node || {
                    at_node "$node" show_output
                    fail "node $node did not come up again"
                }
            done
            ;;
        partition) for node in "$@"; do at_node "$node" part on || fail "node $node is not cut off"; done ;;
        heal) for node in "$@"; do at_node "$node" part off || fail "node $node is not back"; done ;;
    esac
}

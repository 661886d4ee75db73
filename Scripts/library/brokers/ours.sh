# How this repository's broker starts, for Scripts/real-broker, which reads this, and says what each function does.
# It picks its port itself, and names it in its first line.
takes=(--release --data --tls)

prepare() {
    command -v swift >/dev/null || fail "swift is not on the PATH, and the broker has to be built"
    if [[ $builds == yes ]]; then
        (cd "$repository" && swift build -c "$configuration" --product broker) >"$directory/build.log" 2>&1 || {
            tail -n 20 "$directory/build.log" >&2
            fail "the broker does not build (the compiler's last lines are above)"
        }
    fi
    program=$(cd "$repository" && swift build -c "$configuration" --show-bin-path)/broker
    [[ -x $program ]] || fail "there is no $program: run  swift build  first"
    if [[ $tls == yes ]]; then
        certificates=$directory/tls
        make_certificates "$certificates"
        data+=(--tls-port 0 --tls-certificate "$certificates/server.pem" --tls-key "$certificates/server.key")
    fi
    version=$(cd "$repository" && git rev-parse --short HEAD 2>/dev/null || echo working-copy)
}

start() {
    (
        cd "$directory" || exit 70
        own_session "$program" --port 0 ${data[@]+"${data[@]}"} </dev/null >"$directory/output" 2>&1 9>&- &
        echo $! >"$directory/broker.pid"
    )
}

programs() {
    policy_program "$program"
}

is_up() {
    local line
    line=$(grep -m 1 -oE 'amqp://[^[:space:]]*:[0-9]+' "$directory/output" 2>/dev/null) || return 1
    port=${line##*:}
    line=$(grep -m 1 -oE 'amqps://[^[:space:]]*:[0-9]+' "$directory/output") && tls_port=${line##*:}
    line=$(grep -m 1 -oE 'listings on http://127.0.0.1:[0-9]+' "$directory/output") &&
        export MANAGEMENT_URL="http://guest:guest@127.0.0.1:${line##*:}"
}

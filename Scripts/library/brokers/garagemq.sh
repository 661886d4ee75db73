# How Debian's GarageMQ starts, for Scripts/real-broker, which reads this, and says what each function does.
takes=(--restarts)

# It starts at once, so that each test can have a new one. (RabbitMQ takes seconds.)
repeats+=(fresh)

prepare() {
    command -v garagemq >/dev/null || install_service garagemq
    version=$(dpkg-query -W -f '${Version}' garagemq 2>/dev/null || echo unknown)
    port=$(free_port)
    # The values are those of the package's own configuration; the password is guest, as MD5.
    cat >"$directory/garagemq.yaml" <<CONF
proto: amqp-rabbit
users:
  - username: guest
    password: 084e0343a0486ff05530df6c705c8bb4
tcp: { ip: 127.0.0.1, port: $port, nodelay: true, readBufSize: 196608, writeBufSize: 196608 }
admin: { ip: 127.0.0.1, port: $(free_port) }
queue: { shardSize: 8192, maxMessagesInRam: 131072 }
db: { defaultPath: $directory/garagemq-data, engine: badger }
vhost: { defaultPath: / }
security: { passwordCheck: md5 }
connection: { channelsMax: 4096, frameMaxSize: 65536 }
CONF
}

start() {
    (
        cd "$directory" || exit 70
        own_session garagemq --config "$directory/garagemq.yaml" </dev/null >"$directory/output" 2>&1 9>&- &
        echo $! >"$directory/broker.pid"
    )
}

is_up() { :; }

# Killed, it may refuse to open its data again.
forget_data() { rm -rf "$directory/garagemq-data"; }

import Commands

/// The command line of `broker`: its commands, its options and their help, which fits a screen of 80 columns and 40
/// lines.
enum BrokerProgram {
    static let host = Option("--host", "HOST", "where to listen; \"\" is everywhere [localhost]")
    static let port = Option("--port", "PORT", "0 takes a free one [5672]")
    static let managementPort = Option("--management-port", "PORT", "live page and listings, or off [PORT + 10000]")
    static let managementHost = Option("--management-host", "NAME", "another name of its host; repeatable [localhost]")
    static let tlsCertificate = Option("--tls-certificate", "FILE", "serve TLS too: its certificate and chain, PEM")
    static let tlsKey = Option("--tls-key", "FILE", "the certificate's key, PEM [in its file]")
    static let tlsPort = Option("--tls-port", "PORT", "for TLS; 0 takes a free one [5671]")
    static let tlsCA = Option("--tls-ca", "FILE", "ask clients for certificates from these CAs")
    static let data = Option("--data", "DIR", "keep durable data there [keep it in memory]")
    static let virtualHost = Option("--vhost", "NAME", "one more virtual host beside \"/\"; repeatable")
    static let user = Option("--user", "NAME", "one more user; password: BROKER_PASSWORD, stdin")
    static let users = Option("--users", "FILE", "more users: a file of lines from hash-password")
    static let definitions = Option("--definitions", "FILE", "declare what RabbitMQ exported, users too")
    static let defaultQueueType = Option("--default-queue-type", "TYPE", "quorum, stream or [classic]")
    static let noGuest = Option("--no-guest", "leave out guest (password guest, local only)")
    static let anonymous = Option("--anonymous", "USER", "user for ANONYMOUS logins [guest, from 4.0]")
    static let trace = Option("--trace", "VHOST", "copy messages to amq.rabbitmq.trace; repeatable")
    static let heartbeat = Option("--heartbeat", "SECONDS", "offered to clients; 0 = none [60]")
    static let handshakeTimeout = Option("--handshake-timeout", "MS", "for a client to open its connection [10000]")
    static let channelMax = Option("--channel-max", "N", "channels of a connection [2047]")
    static let frameMax = Option("--frame-max", "BYTES", "size of a frame [131072]")
    static let maxMessageSize = Option("--max-message-size", "BYTES", "[134217728; from 4.0, 16777216]")
    static let consumerTimeout = Option("--consumer-timeout", "MS", "to acknowledge a message; 0 = no limit [1800000]")
    static let memoryHighWater = Option("--memory-high-water", "BYTES|N%", "held; above, publishers wait [40%]")
    static let diskFreeLimit = Option("--disk-free-limit", "BYTES", "free for DIR; below, publishers wait [50000000]")
    static let outputLimit = Option("--output-limit", "BYTES", "unread by a client; above, it waits [16777216]")
    static let transactionLimit = Option("--transaction-limit", "BYTES", "uncommitted in a transaction [67108864]")
    static let product = Option("--product", "rabbitmq|own", "the product that clients see [rabbitmq]")
    static let dialect = Option("--dialect", "3.10|4.0|4.3", "the release of RabbitMQ to behave as [3.10]")
    static let quirk = Option("--quirk", "NAME", "be wrong in one way (debug builds); list: all")
    static let logLevel = Option("--log-level", "LEVEL", "debug, info, warning or error, to stderr [info]")

    static let itself = Command(
        "broker",
        options: [
            host, port, managementPort, managementHost, tlsCertificate, tlsKey, tlsPort, tlsCA, data, virtualHost,
            user, users, definitions, defaultQueueType, noGuest,
            anonymous, trace, heartbeat, handshakeTimeout,
            channelMax, frameMax, maxMessageSize, consumerTimeout, memoryHighWater, diskFreeLimit,
            outputLimit, transactionLimit, dialect, product, quirk, logLevel,
        ],
        does: "run an AMQP 0-9-1 broker until CTRL+C")

    private static let ofFiles = Command.Row(
        "broker salvage, hash-password", "read a damaged DIR; a line for --users")

    static let hashPassword = Command(
        "broker hash-password", takes: "NAME", does: "make a line for --users FILE",
        notes: """
            The password comes from the variable BROKER_PASSWORD or a line of standard input.

            A user of FILE may do everything everywhere, unless lines below that begin with a space say where and what: \
            VHOST CONFIGURE WRITE READ, the last three as regular expressions for names.
            """, row: ofFiles)

    static let salvageTarget = Option("--to", "NEW", "write what can be read to this new directory")

    static let salvage = Command(
        "broker salvage", takes: "DIR", options: [salvageTarget], does: "read what is left of a damaged DIR",
        notes: "DIR is not changed. Each loss is a line: the file's bytes, the queue, how many messages.",
        row: ofFiles)

    static let program = Program(
        "broker", itself: itself, commands: Listing.all.map(\.command) + OperatorCommands.all + [hashPassword, salvage])
}

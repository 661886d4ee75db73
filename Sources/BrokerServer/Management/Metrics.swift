import BrokerCore

/// `/metrics` in Prometheus' text format, with the names of RabbitMQ's plugin `rabbitmq_prometheus` (3.10.8) for what
/// this broker knows.
///
/// That plugin's own port asks for no login. Here `/metrics` is on the listings' port and asks for a user's name and
/// password like everything else there, so a scraper needs `basic_auth`.
struct Metrics {
    static let type = "text/plain; version=0.0.4"
    private var lines: [String] = []

    var text: String { lines.joined(separator: "\n") + "\n" }

    init(view: ListingView, node: String) {
        let broker = view.broker
        add("build_info", "RabbitMQ & Erlang/OTP version info", ["rabbitmq_version": BrokerProduct.version])
        add(
            "identity_info", "RabbitMQ node & cluster identity info",
            ["rabbitmq_node": node, "rabbitmq_cluster": node])
        add(
            "alarms_free_disk_space_watermark", "is 1 if free disk space watermark alarm is in effect",
            broker.diskAlarm ? 1 : 0, type: "untyped")
        add(
            "alarms_memory_used_watermark", "is 1 if VM memory watermark alarm is in effect",
            broker.memoryAlarm ? 1 : 0, type: "untyped")
        if let limit = broker.memoryHighWater {
            add("resident_memory_limit_bytes", "Memory high watermark in bytes", limit)
        }
        add("disk_space_available_limit_bytes", "Free disk space low watermark in bytes", broker.diskFreeLimit)
        add("process_max_fds", "Open file descriptors limit", view.mostDescriptors)
        add("process_max_tcp_sockets", "Open TCP sockets limit", view.mostConnections)
        add("connections", "Connections currently open", broker.connections.count)
        add("channels", "Channels currently open", broker.channels.count)
        add("consumers", "Consumers currently connected", broker.consumers.count)
        add("queues", "Queues available", broker.queues.count)
        addSums(broker)
        addCounters(broker.counters)
    }

    /// What has happened since the start.
    private mutating func addCounters(_ counters: BrokerCounters) {
        for (name, help, value) in [
            ("connections_opened", "Total number of connections opened", counters.connectionsOpened),
            ("connections_closed", "Total number of connections closed or terminated", counters.connectionsClosed),
            ("channels_opened", "Total number of channels opened", counters.channelsOpened),
            ("channels_closed", "Total number of channels closed", counters.channelsClosed),
            ("queues_declared", "Total number of queues declared", counters.queuesDeclared),
            ("queues_created", "Total number of queues created", counters.queuesCreated),
            ("queues_deleted", "Total number of queues deleted", counters.queuesDeleted),
        ] { add("\(name)_total", help, "\(value)", type: "counter") }
        let ofProtocol = ["protocol=\"amqp091\""]
        for (name, help, value) in [
            ("received", "received from publishers", counters.received),
            ("received_confirm", "received from publishers expecting confirmations", counters.receivedToConfirm),
            ("confirmed", "confirmed to publishers", counters.confirmed),
            ("routed", "routed to queues or streams", counters.routed),
            (
                "unroutable_dropped", "published as non-mandatory into an exchange and dropped as unroutable",
                counters.unroutableDropped
            ),
            (
                "unroutable_returned",
                "published as mandatory into an exchange and returned to the publisher as unroutable",
                counters.unroutableReturned
            ),
        ] { add(messages: name, "messages \(help)", value, ofProtocol) }
        let consume = "messages delivered to consumers using basic.consume with"
        let get = "messages delivered to consumers using basic.get with"
        for (name, help, value) in [
            ("acknowledged", "messages acknowledged by consumers", counters.acknowledged),
            ("delivered", "messages delivered to consumers", counters.delivered),
            (
                "delivered_consume_auto_ack", "\(consume) automatic acknowledgment",
                counters.deliveredToConsumersWithoutAck
            ),
            ("delivered_consume_manual_ack", "\(consume) manual acknowledgment", counters.deliveredToConsumers),
            ("delivered_get_auto_ack", "\(get) automatic acknowledgment", counters.fetchedWithoutAck),
            ("delivered_get_manual_ack", "\(get) manual acknowledgment", counters.fetched),
            ("get_empty", "times basic.get operations fetched no message", counters.fetchedNothing),
            ("redelivered", "messages redelivered to consumers", counters.redelivered),
        ] { add(messages: name, help, value, ofProtocol + ["queue_type=\"rabbit_classic_queue\""]) }
    }

    private mutating func add(messages name: String, _ help: String, _ value: Int, _ labels: [String]) {
        add("global_messages_\(name)_total", "Total number of \(help)", "\(value)", type: "counter", labels: labels)
    }

    /// What RabbitMQ adds up over all queues, channels and connections.
    private mutating func addSums(_ broker: BrokerSnapshot) {
        func sum<Thing>(_ things: [Thing], _ number: (Thing) -> Int) -> Int { things.reduce(0) { $0 + number($1) } }
        let (ready, unacknowledged) = (sum(broker.queues, \.readyCount), sum(broker.queues, \.unacknowledgedCount))
        add("queue_messages_ready", "Messages ready to be delivered to consumers", ready)
        add("queue_messages_unacked", "Messages delivered to consumers but not yet acknowledged", unacknowledged)
        add("queue_messages", "Sum of ready and unacknowledged messages - total queue depth", ready + unacknowledged)
        add("queue_messages_ready_bytes", "Size in bytes of ready messages", sum(broker.queues, \.readyOctets))
        add("queue_consumers", "Consumers on a queue", sum(broker.queues, \.consumerCount))
        add("channel_consumers", "Consumers on a channel", sum(broker.channels, \.consumerCount))
        add(
            "channel_messages_unacked", "Delivered but not yet acknowledged messages",
            sum(broker.channels, \.unacknowledgedCount))
        add(
            "consumer_prefetch", "Limit of unacknowledged messages for each consumer",
            sum(broker.channels, \.prefetchCount))
        add(
            "channel_prefetch", "Total limit of unacknowledged messages for all consumers on a channel",
            sum(broker.channels, \.globalPrefetchCount))
        add("connection_channels", "Channels on a connection", sum(broker.connections, \.channelCount))
    }

    private mutating func add(_ name: String, _ help: String, _ value: Int, type: String = "gauge") {
        add(name, help, "\(value)", type: type)
    }

    /// One that says something by its labels; its value is 1.
    private mutating func add(_ name: String, _ help: String, _ labels: KeyValuePairs<String, String>) {
        add(name, help, "1", type: "untyped", labels: labels.map { "\($0)=\"\($1)\"" })
    }

    private mutating func add(_ name: String, _ help: String, _ value: String, type: String, labels: [String] = []) {
        let shown = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
        lines += [
            "# TYPE rabbitmq_\(name) \(type)", "# HELP rabbitmq_\(name) \(help)", "rabbitmq_\(name)\(shown) \(value)",
        ]
    }
}

import BrokerCore

/// `/metrics` in Prometheus' text format, with the names of RabbitMQ's plugin `rabbitmq_prometheus` (3.10.8) for what
/// this broker knows.
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

import BrokerCore

/// `/metrics` in Prometheus' text format, with the names of RabbitMQ's plugin `rabbitmq_prometheus` (3.10.8) for what
/// this broker knows.
struct Metrics {
    static let type = "text/plain; version=0.0.4"
    let view: ListingView
    let node: String

    var text: String {
        let broker = view.broker
        let ready = broker.queues.reduce(0) { $0 + $1.readyCount }
        let unacknowledged = broker.queues.reduce(0) { $0 + $1.unacknowledgedCount }
        var lines = [
            "# TYPE rabbitmq_identity_info untyped",
            "# HELP rabbitmq_identity_info RabbitMQ node & cluster identity info",
            "rabbitmq_identity_info{rabbitmq_node=\"\(node)\",rabbitmq_cluster=\"\(node)\"} 1",
        ]
        func add(_ name: String, _ help: String, _ value: Int, type: String = "gauge") {
            lines += [
                "# TYPE rabbitmq_\(name) \(type)", "# HELP rabbitmq_\(name) \(help)", "rabbitmq_\(name) \(value)",
            ]
        }
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
        add("connections", "Connections currently open", broker.connections.count)
        add("channels", "Channels currently open", broker.channels.count)
        add("consumers", "Consumers currently connected", broker.consumers.count)
        add("queues", "Queues available", broker.queues.count)
        add("queue_messages_ready", "Messages ready to be delivered to consumers", ready)
        add("queue_messages_unacked", "Messages delivered to consumers but not yet acknowledged", unacknowledged)
        add("queue_messages", "Sum of ready and unacknowledged messages - total queue depth", ready + unacknowledged)
        add(
            "queue_messages_ready_bytes", "Size in bytes of ready messages",
            broker.queues.reduce(0) { $0 + $1.readyOctets })
        add("queue_consumers", "Consumers on a queue", broker.queues.reduce(0) { $0 + $1.consumerCount })
        add("channel_consumers", "Consumers on a channel", broker.channels.reduce(0) { $0 + $1.consumerCount })
        add(
            "channel_messages_unacked", "Delivered but not yet acknowledged messages",
            broker.channels.reduce(0) { $0 + $1.unacknowledgedCount })
        add("connection_channels", "Channels on a connection", broker.connections.reduce(0) { $0 + $1.channelCount })
        return lines.joined(separator: "\n") + "\n"
    }
}

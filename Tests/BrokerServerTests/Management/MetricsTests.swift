import AMQPClient
import BrokerCore
import Foundation
import TestSupport
import Testing

@testable import BrokerServer

/// `/metrics`, which dashboards for RabbitMQ read.
@Suite(.watched) struct MetricsTests {
    /// As RabbitMQ 3.10.8 with its plugin `rabbitmq_prometheus` gave them, of those that this broker knows: name without
    /// `rabbitmq_`, type, help.
    private static let recorded = """
        alarms_free_disk_space_watermark untyped is 1 if free disk space watermark alarm is in effect
        alarms_memory_used_watermark untyped is 1 if VM memory watermark alarm is in effect
        process_max_fds gauge Open file descriptors limit
        process_max_tcp_sockets gauge Open TCP sockets limit
        resident_memory_limit_bytes gauge Memory high watermark in bytes
        disk_space_available_limit_bytes gauge Free disk space low watermark in bytes
        queue_messages_ready gauge Messages ready to be delivered to consumers
        queue_messages_unacked gauge Messages delivered to consumers but not yet acknowledged
        queue_messages gauge Sum of ready and unacknowledged messages - total queue depth
        queue_consumers gauge Consumers on a queue
        queue_messages_ready_bytes gauge Size in bytes of ready messages
        channel_consumers gauge Consumers on a channel
        channel_messages_unacked gauge Delivered but not yet acknowledged messages
        consumer_prefetch gauge Limit of unacknowledged messages for each consumer
        channel_prefetch gauge Total limit of unacknowledged messages for all consumers on a channel
        connection_channels gauge Channels on a connection
        connections gauge Connections currently open
        channels gauge Channels currently open
        consumers gauge Consumers currently connected
        queues gauge Queues available
        build_info untyped RabbitMQ & Erlang/OTP version info
        identity_info untyped RabbitMQ node & cluster identity info
        connections_opened_total counter Total number of connections opened
        connections_closed_total counter Total number of connections closed or terminated
        channels_opened_total counter Total number of channels opened
        channels_closed_total counter Total number of channels closed
        queues_declared_total counter Total number of queues declared
        queues_created_total counter Total number of queues created
        queues_deleted_total counter Total number of queues deleted
        global_messages_acknowledged_total counter Total number of messages acknowledged by consumers
        global_messages_confirmed_total counter Total number of messages confirmed to publishers
        global_messages_delivered_consume_auto_ack_total counter Total number of messages delivered to consumers using basic.consume with automatic acknowledgment
        global_messages_delivered_consume_manual_ack_total counter Total number of messages delivered to consumers using basic.consume with manual acknowledgment
        global_messages_delivered_get_auto_ack_total counter Total number of messages delivered to consumers using basic.get with automatic acknowledgment
        global_messages_delivered_get_manual_ack_total counter Total number of messages delivered to consumers using basic.get with manual acknowledgment
        global_messages_delivered_total counter Total number of messages delivered to consumers
        global_messages_get_empty_total counter Total number of times basic.get operations fetched no message
        global_messages_received_confirm_total counter Total number of messages received from publishers expecting confirmations
        global_messages_received_total counter Total number of messages received from publishers
        global_messages_redelivered_total counter Total number of messages redelivered to consumers
        global_messages_routed_total counter Total number of messages routed to queues or streams
        global_messages_unroutable_dropped_total counter Total number of messages published as non-mandatory into an exchange and dropped as unroutable
        global_messages_unroutable_returned_total counter Total number of messages published as mandatory into an exchange and returned to the publisher as unroutable
        """

    private func lines(of broker: Broker) throws -> [String] {
        try get("/metrics", from: broker).plain?.text.components(separatedBy: "\n") ?? []
    }

    @Test func namesTypesAndHelpAreThoseOfRabbitMQ() throws {
        var configuration = BrokerConfiguration()
        configuration.memoryHighWater = 1000
        let lines = try lines(of: Broker(configuration))
        var told: [String] = []
        for (type, help) in zip(lines, lines.dropFirst()) where type.hasPrefix("# TYPE ") {
            let (words, prefix) = (type.split(separator: " "), "# HELP \(type.split(separator: " ")[2]) ")
            #expect(help.hasPrefix(prefix), "\(type)")
            told.append("\(words[2].dropFirst("rabbitmq_".count)) \(words[3]) \(help.dropFirst(prefix.count))")
        }
        #expect(told.sorted() == Self.recorded.components(separatedBy: "\n").sorted())
    }

    @Test func whatIsThereIsCounted() async throws {
        let broker = Broker()
        let connection = try await broker.open()
        let channel = try await connection.openChannel()
        try await channel.qos(prefetchCount: 3)
        let queue = try await channel.declareQueue("q")
        for text in ["a", "bc", "def"] { try await queue.publish(Message(text)) }
        _ = try await queue.get()
        let lines = try lines(of: broker)
        for line in [
            "rabbitmq_connections 1", "rabbitmq_channels 1", "rabbitmq_queues 1", "rabbitmq_consumers 0",
            "rabbitmq_queue_messages 3", "rabbitmq_queue_messages_ready 2", "rabbitmq_queue_messages_unacked 1",
            "rabbitmq_queue_messages_ready_bytes 5", "rabbitmq_channel_messages_unacked 1",
            "rabbitmq_consumer_prefetch 3", "rabbitmq_channel_prefetch 0", "rabbitmq_connection_channels 1",
            "rabbitmq_process_max_tcp_sockets \(broker.mostConnections)",
        ] { #expect(lines.contains(line), "\(line)") }
        try await connection.close()
    }
}

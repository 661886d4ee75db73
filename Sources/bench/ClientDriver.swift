import AMQPClient

/// Runs scenarios as a program would, with this package's client: `publish`, and `for try await` over a consumer.
enum ClientDriver {
    /// Seconds after which a run counts as stuck.
    private static let patience = 300

    /// One run. Returns its figures, in the order of ``Scenario/figures``.
    static func run(_ workload: Workload, _ target: ConnectionConfiguration) async throws -> [Double] {
        if workload.scenario == .roundtrip { return try await roundTrips(workload, target) }
        let connection = try await Connection.open(target)
        let channel = try await connection.openChannel()
        let seconds: Double
        switch workload.scenario {
        case .publish:
            seconds = try await timed { try await fill(workload, channel) }
        case .drain:
            try await fill(workload, channel)
            seconds = try await timed {
                try await take(workload, try await channel.consume(workload.queues[0].text, noAck: true))
            }
        case .confirm:
            let publisher = try await channel.confirmedPublisher(limit: workload.window)
            seconds = try await timed {
                let (message, key) = (message(of: workload), workload.keys[0].text)
                for _ in 0..<workload.count { try await publisher.publish(message, routingKey: key) }
                try await publisher.waitForAll()
            }
        case .transient, .acked, .fanout, .topic, .roundtrip:
            seconds = try await flow(workload, target, channel)
        }
        try await connection.close()
        return [Double(workload.count * workload.scenario.copies) / seconds]
    }

    /// One publisher, and a consumer for each queue on a connection of its own.
    private static func flow(
        _ workload: Workload, _ target: ConnectionConfiguration, _ publisher: Channel
    ) async throws -> Double {
        var connections: [Connection] = []
        var consumers: [Consumer] = []
        for queue in workload.consumed {
            let connection = try await Connection.open(target)
            let channel = try await connection.openChannel()
            if let acknowledgements = workload.acknowledgements {
                try await channel.qos(prefetchCount: Int(acknowledgements.prefetch))
            }
            connections.append(connection)
            consumers.append(try await channel.consume(queue.text, noAck: workload.acknowledgements == nil))
        }
        let seconds = try await timed { [consumers] in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for consumer in consumers { group.addTask { try await take(workload, consumer) } }
                group.addTask { try await publish(workload, publisher) }
                try await group.waitForAll()
            }
        }
        for connection in connections { try await connection.close() }
        return seconds
    }

    private static func message(of workload: Workload) -> Message {
        Message(
            body: [UInt8](repeating: UInt8(ascii: "x"), count: workload.size),
            properties: BasicProperties(deliveryMode: workload.isDurable ? 2 : 1))
    }

    private static func publish(_ workload: Workload, _ channel: Channel) async throws {
        let message = message(of: workload)
        let (exchange, keys) = (workload.exchange.text, workload.keys.map(\.text))
        for number in 0..<workload.count {
            try await channel.publish(message, exchange: exchange, routingKey: keys[number % keys.count])
        }
    }

    /// Publishes all, and returns when the queue holds them.
    private static func fill(_ workload: Workload, _ channel: Channel) async throws {
        try await publish(workload, channel)
        let name = workload.queues[0].text
        while try await channel.declareQueue(name, passive: true).messageCount < workload.count {}
    }

    private static func take(_ workload: Workload, _ consumer: Consumer) async throws {
        var left = workload.count
        let every = workload.acknowledgements?.every
        for try await delivery in consumer {
            left -= 1
            guard delivery.body.count == workload.size else {
                throw BenchError("a body of \(delivery.body.count) octets instead of \(workload.size)")
            }
            if let every, (workload.count - left) % every == 0 || left == 0 { try await delivery.ack(multiple: true) }
            if left == 0 { return }
        }
        throw BenchError("the consumer ended with \(left) messages to come")
    }

    private static func roundTrips(_ workload: Workload, _ target: ConnectionConfiguration) async throws -> [Double] {
        let connection = try await Connection.open(target)
        let channel = try await connection.openChannel()
        let key = workload.queues[0].text
        var deliveries = try await channel.consume(key, noAck: true).makeAsyncIterator()
        let message = message(of: workload)
        let batch = try PublishBatch(workload, frameMax: 131_072)
        var trips = RoundTrips(against: try TCPEcho(octets: batch.messageLength))
        while trips.count < workload.count {
            let start = Stopwatch.now
            try await channel.publish(message, routingKey: key)
            guard try await deliveries.next() != nil else { throw BenchError("the consumer ended") }
            try trips.add(seconds: Stopwatch.now - start)
        }
        let figures = try trips.figures()
        try await connection.close()
        return figures
    }

    /// The seconds that `work` takes; throws when it takes too many.
    private static func timed(_ work: @escaping @Sendable () async throws -> Void) async throws -> Double {
        let start = Stopwatch.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(operation: work)
            group.addTask {
                try await Task.sleep(for: .seconds(patience))
                throw BenchError("not done after \(patience) s")
            }
            try await group.next()
            group.cancelAll()
        }
        return Stopwatch.now - start
    }
}

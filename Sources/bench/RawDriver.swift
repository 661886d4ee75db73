import AMQPClient
import AMQPWire

/// Runs scenarios with blocking sockets and pre-built frames, and only counts what comes back: the broker is the limit.
enum RawDriver {
    /// One run. Returns its figures, in the order of ``Scenario/figures``.
    static func run(_ workload: Workload, _ target: ConnectionConfiguration) throws(BenchError) -> [Double] {
        if workload.scenario == .roundtrip { return try roundTrips(workload, target) }
        var runners: [Race.Runner] = []
        switch workload.scenario {
        case .publish:
            runners = [{ try publishAll(workload, target, $0) }]
        case .drain:
            runners = [{ try drain(workload, target, $0) }]
        case .confirm:
            runners = [{ try confirmAll(workload, target, $0) }]
        case .transient, .acked, .fanout, .topic:
            for queue in workload.consumed {
                runners.append { try consume(queue, workload, target, $0) }
            }
            runners.append { try publish(workload, target, $0) }
        case .roundtrip: break
        }
        let seconds = try Race.run(runners)
        return [Double(workload.count * workload.scenario.copies) / seconds]
    }

    private static func publish(
        _ workload: Workload, _ target: ConnectionConfiguration, _ race: Race
    ) throws(BenchError) -> Double {
        let connection = try RawConnection(target)
        let batch = try PublishBatch(workload, frameMax: connection.frameMax)
        try race.start()
        try batch.send(workload.count, over: connection)
        let end = Stopwatch.now
        // GarageMQ forgets what it has not worked through when the connection is closed; this waits until it has.
        try connection.waitUntil(workload.queues[0], holds: 0)
        try connection.close()
        return end
    }

    /// Has something done over a connection of its own. Returns when it was done: the good-bye doesn't count.
    private static func timed(
        _ target: ConnectionConfiguration, _ work: (RawConnection) throws(BenchError) -> Void
    ) throws(BenchError) -> Double {
        let connection = try RawConnection(target)
        try work(connection)
        let end = Stopwatch.now
        try connection.close()
        return end
    }

    private static func consume(
        _ queue: ShortString, _ workload: Workload, _ target: ConnectionConfiguration, _ race: Race
    ) throws(BenchError) -> Double {
        try timed(target) { (connection) throws(BenchError) in
            try connection.consume(queue, workload.acknowledgements)
            try race.start()
            try connection.takeDeliveries(workload.count, size: workload.size, workload.acknowledgements)
        }
    }

    private static func publishAll(
        _ workload: Workload, _ target: ConnectionConfiguration, _ race: Race
    ) throws(BenchError) -> Double {
        try timed(target) { (connection) throws(BenchError) in
            let batch = try PublishBatch(workload, frameMax: connection.frameMax)
            try race.start()
            try batch.send(workload.count, over: connection)
            try connection.waitUntil(workload.queues[0], holds: workload.count)
        }
    }

    private static func drain(
        _ workload: Workload, _ target: ConnectionConfiguration, _ race: Race
    ) throws(BenchError) -> Double {
        try timed(target) { (connection) throws(BenchError) in
            let batch = try PublishBatch(workload, frameMax: connection.frameMax)
            try batch.send(workload.count, over: connection)
            try connection.waitUntil(workload.queues[0], holds: workload.count)
            try race.start()
            try connection.consume(workload.queues[0], nil)
            try connection.takeDeliveries(workload.count, size: workload.size)
        }
    }

    private static func confirmAll(
        _ workload: Workload, _ target: ConnectionConfiguration, _ race: Race
    ) throws(BenchError) -> Double {
        try timed(target) { (connection) throws(BenchError) in
            _ = try connection.call(ConfirmSelect(), ConfirmSelectOk.self)
            let batch = try PublishBatch(workload, frameMax: connection.frameMax)
            try race.start()
            try connection.publishConfirmed(workload.count, batch, window: workload.window)
        }
    }

    private static func roundTrips(
        _ workload: Workload, _ target: ConnectionConfiguration
    ) throws(BenchError) -> [Double] {
        let connection = try RawConnection(target)
        let batch = try PublishBatch(workload, frameMax: connection.frameMax)
        try connection.consume(workload.queues[0], nil)
        var trips = RoundTrips(against: try TCPEcho(octets: batch.messageLength))
        while trips.count < workload.count {
            let start = Stopwatch.now
            try batch.send(1, over: connection)
            try connection.takeDeliveries(1, size: workload.size)
            try trips.add(seconds: Stopwatch.now - start)
        }
        let figures = try trips.figures()
        try connection.close()
        return figures
    }
}

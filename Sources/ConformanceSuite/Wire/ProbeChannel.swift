import AMQPWire
import Testing

/// A channel of a probe: the methods of AMQP, one call each. What is not here is `send(_:)` with the method itself.
struct ProbeChannel: Sendable {
    let probe: Probe
    let number: UInt16

    /// Harmless, synchronous, and known to every broker.
    static let barrierMethod = ExchangeDeclare(exchange: "amq.direct", passive: true)

    // MARK: Sending and waiting

    func send(_ method: some MethodFields) { probe.send(method, on: number) }

    /// Sends a method with whatever `fields` writes for its fields, right or wrong.
    func send(_ id: MethodID, fields: (inout ByteWriter) -> Void = { _ in }) {
        probe.send { writer in
            writer.frame(.method, channel: number) { writer in
                writer.uint16(id.classID)
                writer.uint16(id.methodID)
                fields(&writer)
            }
        }
    }

    /// Sends a method and waits for its reply. Throws when the channel is closed instead.
    func call<Reply: MethodFields>(
        _ method: some MethodFields, _ reply: Reply.Type, at place: SourceLocation = #_sourceLocation
    ) async throws -> Reply {
        send(method)
        return try await receive(reply, at: place)
    }

    /// The next method of a type; others before it are kept.
    func receive<Fields: MethodFields>(
        _ type: Fields.Type, at place: SourceLocation = #_sourceLocation
    ) async throws -> Fields { try await probe.receive(type, on: number, at: place) }

    /// The next event, whatever it is: for cases about order.
    func next(at place: SourceLocation = #_sourceLocation) async throws -> Event {
        try await probe.event(on: number, "anything", at: place)
    }

    /// Waits until the broker has dealt with everything sent on this channel.
    func barrier(at place: SourceLocation = #_sourceLocation) async throws {
        _ = try await call(Self.barrierMethod, ExchangeDeclareOk.self, at: place)
    }

    /// Waits until everything sent on this channel has had its effect on a queue, and what the queue handed to this
    /// channel has arrived. What has not come by now does not come: no case has to sleep to know that.
    ///
    /// In RabbitMQ channel and queue are processes with a mailbox, and a queue answers a passive declare ahead of publishes
    /// and acks that wait there. So one call is not enough. But the queue comes to one of them between two answers, unless
    /// the next question is there before it looks: what the answer wakes may take the processor from the queue just then.
    /// So the channel is asked for something of its own in between, which leaves the queue time, and as long as publishes
    /// wait, no two answers in a row are alike. The last call is answered by the channel, which has then passed on what the
    /// queue delivered. Where a case can do without, better still: a confirm, a fetch or the next delivery is never early.
    func barrier(behind queue: ShortString, at place: SourceLocation = #_sourceLocation) async throws {
        try await barrier(at: place)
        var (last, isSteady) = (try await declared(queue, at: place), false)
        for time in 2...1000 where time <= 3 || !isSteady {
            try await barrier(at: place)
            let next = try await declared(queue, at: place)
            (last, isSteady) = (next, next == last)
        }
        try await barrier(at: place)
    }

    /// Closes the channel properly.
    func close() async throws {
        _ = try await call(ChannelClose(replyCode: .replySuccess, replyText: "done"), ChannelCloseOk.self)
        probe.mark(channel: number, isOpen: false)
    }

    // MARK: Declaring

    /// Declares a queue and returns its name. Without further words: exclusive, with a name of its own.
    @discardableResult
    func declareQueue(
        _ name: ShortString = unique("queue"), durable: Bool = false, exclusive: Bool = true, autoDelete: Bool = false,
        arguments: FieldTable = [:], at place: SourceLocation = #_sourceLocation
    ) async throws -> ShortString {
        let declare = QueueDeclare(
            queue: name, durable: durable, exclusive: exclusive, autoDelete: autoDelete, arguments: arguments)
        return try await call(declare, QueueDeclareOk.self, at: place).queue
    }

    /// Declares an exchange and returns its name.
    @discardableResult
    func declareExchange(
        _ type: ShortString, _ name: ShortString = unique("exchange"), durable: Bool = false, autoDelete: Bool = false,
        internal: Bool = false, arguments: FieldTable = [:], at place: SourceLocation = #_sourceLocation
    ) async throws -> ShortString {
        let declare = ExchangeDeclare(
            exchange: name, type: type, durable: durable, autoDelete: autoDelete, internal: `internal`,
            arguments: arguments)
        _ = try await call(declare, ExchangeDeclareOk.self, at: place)
        return name
    }

    func bind(
        _ queue: ShortString, to exchange: ShortString, _ key: ShortString = "", arguments: FieldTable = [:],
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let bind = QueueBind(queue: queue, exchange: exchange, routingKey: key, arguments: arguments)
        _ = try await call(bind, QueueBindOk.self, at: place)
    }

    /// Waits until a queue has so many ready messages, for what another channel's end brings back: where channels and
    /// queues are processes of their own, a close may be answered before the queue has heard of it.
    func awaitReady(_ count: Int, in queue: ShortString, at place: SourceLocation = #_sourceLocation) async throws {
        var ready: UInt32 = 0
        let areThere = try await eventually {
            ready = try await declared(queue, at: place).messageCount
            return ready >= count
        }
        if !areThere {
            Issue.record("the queue has \(ready) ready messages where \(count) were awaited", sourceLocation: place)
        }
    }

    /// Waits until a queue has no consumers, for the same reason.
    func awaitNoConsumers(of queue: ShortString, at place: SourceLocation = #_sourceLocation) async throws {
        let areGone = try await eventually { try await declared(queue, at: place).consumerCount == 0 }
        if !areGone { Issue.record("the consumers of a channel that has ended are still there", sourceLocation: place) }
    }

    /// Waits until a queue is gone that goes by itself, with its last consumer or its connection, and expects that it is not
    /// found then: others may still find it for a moment, or find it locked.
    func awaitGone(queue: ShortString, at place: SourceLocation = #_sourceLocation) async throws {
        var last = Outcome.silence
        _ = try await eventually {
            last = try await outcome(of: QueueDeclare(queue: queue, passive: true), at: place)
            return last == .channelClose(.notFound)
        }
        expect(last, .channelClose(.notFound), at: place)
    }

    /// Whether a queue has a message, or gets one soon. The answer may be no, so this asks a hundred times, and on a broker
    /// that has other work to do for a hundredth of the time that an answer may take.
    func hasReady(in queue: ShortString, at place: SourceLocation = #_sourceLocation) async throws -> Bool {
        let isShared = CaseRun.current?.peer.isShared == true
        let deadline = ContinuousClock.now + (isShared ? Deadline.ofAnAnswer / 100 : .zero)
        var times = 0
        while times < 100 || ContinuousClock.now < deadline {
            if try await declared(queue, at: place).messageCount > 0 { return true }
            times += 1
        }
        return false
    }

    private func declared(_ queue: ShortString, at place: SourceLocation) async throws -> QueueDeclareOk {
        try await call(QueueDeclare(queue: queue, passive: true), QueueDeclareOk.self, at: place)
    }

    /// Ready messages and consumers of a queue, once everything sent on this channel has had its effect there.
    func counts(
        of queue: ShortString, at place: SourceLocation = #_sourceLocation
    ) async throws -> (messages: Int, consumers: Int) {
        try await barrier(behind: queue, at: place)
        let ok = try await call(QueueDeclare(queue: queue, passive: true), QueueDeclareOk.self, at: place)
        CaseRun.current?.noteAnswer("\(ok.messageCount) ready and \(ok.consumerCount) consumers")
        return (Int(ok.messageCount), Int(ok.consumerCount))
    }

    /// Expects so many ready messages in a queue, once everything sent on this channel has had its effect there. A broker
    /// that the suite does not drive itself is asked again when they are not there yet.
    func expectReady(
        _ count: Int, in queue: ShortString, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation
    ) async throws {
        var ready = try await counts(of: queue, at: place).messages
        if ready != count, CaseRun.current?.peer.isShared == true {
            _ = try await eventually {
                ready = try await counts(of: queue, at: place).messages
                return ready == count
            }
        }
        #expect(ready == count, comment, sourceLocation: place)
    }

    func exists(queue: ShortString) async throws -> Bool {
        try await exists("queue", QueueDeclare(queue: queue, passive: true))
    }

    func exists(exchange: ShortString) async throws -> Bool {
        try await exists("exchange", ExchangeDeclare(exchange: exchange, passive: true))
    }

    private func exists(_ what: String, _ declare: some MethodFields) async throws -> Bool {
        let outcome = try await outcome(of: declare)
        CaseRun.current?.noteAnswer(outcome == .ok ? "the \(what) is there" : "no \(what): \(outcome)")
        return outcome == .ok
    }
}

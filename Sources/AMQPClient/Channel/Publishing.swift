import AMQPWire
import Synchronization

extension Channel {
    /// Publishes a message (basic.publish). Returns once it is on its way: nobody has confirmed anything yet.
    ///
    /// Waits while more than the configuration's `outputHighWaterMark` is unsent, and while the broker has blocked the
    /// connection or stopped the channel: as long as it takes, first come, first served.
    ///
    /// - Parameters:
    ///   - message: what is sent.
    ///   - exchange: empty: the default exchange, where the routing key is the name of a queue.
    ///   - routingKey: at most 255 octets.
    ///   - mandatory: a message that no queue takes comes back, see ``returns``.
    ///   - immediate: RabbitMQ answers it with 540 on the connection.
    /// - Throws: ``AMQPError``: a name that is too long, or why the channel is closed. That an exchange does not exist is
    ///   heard of later: the broker closes the channel with 404, which the next call throws, ``Channel/close()`` included.
    nonisolated(nonsending)
        public func publish(
            _ message: Message, exchange: String = "", routingKey: String = "", mandatory: Bool = false,
            immediate: Bool = false
        ) async throws(AMQPError)
    {
        try await publish(
            message, exchange: exchange, routingKey: routingKey, mandatory: mandatory, immediate: immediate, room: 0)
    }

    /// The same for who does not wait forever.
    /// - Parameter room: milliseconds that it may wait for room; 0: as long as it takes.
    nonisolated(nonsending)
        func publish(
            _ message: Message, exchange: String, routingKey: String, mandatory: Bool, immediate: Bool = false,
            room: Int
        ) async throws(AMQPError)
    {
        let method = try BasicPublish(
            exchange: ShortString(exchange, as: "exchange name"),
            routingKey: ShortString(routingKey, as: "routing key"), mandatory: mandatory, immediate: immediate)
        try await engine.publishInTurn(method, engine.traced(message), on: record, timeout: room)
    }

    /// Publishes a message and waits until the broker has taken responsibility for it (RabbitMQ, page "Publisher
    /// Confirms"). The first such call on a channel switches confirms on.
    ///
    /// Waits for room first, as ``publish(_:exchange:routingKey:mandatory:immediate:)`` does.
    ///
    /// - Throws: ``AMQPError`` of kind `nacked` when the broker refuses, `returned` for a mandatory message that reached
    ///   no queue, `timedOut` after the configuration's `confirmTimeout`, which is for both waits together, or what closed the
    ///   channel: then nobody knows whether the message arrived. (Without room it was not sent, which the text says.) In a
    ///   task that is cancelled the message is sent all the same if there is room for it and confirms are on; only the wait
    ///   for its confirm is skipped, and `cancelled` thrown.
    nonisolated(nonsending)
        public func publishAndConfirm(
            _ message: Message, exchange: String = "", routingKey: String = "", mandatory: Bool = false
        ) async throws(AMQPError)
    {
        let method = try BasicPublish(
            exchange: ShortString(exchange, as: "exchange name"),
            routingKey: ShortString(routingKey, as: "routing key"), mandatory: mandatory)
        let message = engine.traced(message)
        try await startConfirms()
        let held = Held(channel: id, place: .confirm) { [engine, id] state, waiter throws(AMQPError) in
            try state.connection.publish(method, message, on: id, waiter: waiter, &state.effects)
            engine.count(.published(octets: message.body.count), &state)
        }
        _ = try await engine.wait(.confirm(record, engine.configuration)) { [engine] state, waiter throws(AMQPError) in
            try engine.enter(held, as: waiter, &state)
        }
    }

    /// Switches publisher confirms on (confirm.select). Once is enough. A channel with transactions refuses, with 406.
    /// - Throws: ``AMQPError`` as ``Channel`` says.
    public func selectConfirms() async throws(AMQPError) {
        _ = try await call(.confirmSelect(ConfirmSelect()), beginsCancelled: true)
    }

    /// Confirms for a publish that follows. A cancelled task asks for them too, and does not wait for the answer: the
    /// broker counts from the request on.
    nonisolated(nonsending)
        func startConfirms() async throws(AMQPError)
    {
        if isConfirming { return }
        do throws(AMQPError) {
            try await selectConfirms()
        } catch {
            guard error.kind == .cancelled, isConfirming else { throw error }
        }
    }

    /// Waits until everything published on this channel so far is confirmed. Throws the first refusal or return, since
    /// the last such call, of messages that nobody awaited one by one.
    public func waitForConfirms() async throws(AMQPError) {
        _ = try await engine.wait(
            .init(
                what: "the confirms", place: .confirm, channel: record,
                timeout: engine.configuration.confirmMilliseconds)
        ) { [id] state, waiter throws(AMQPError) in
            try state.connection.waitForConfirms(on: id, waiter, &state.effects)
        }
    }

    /// True once confirms have been asked for.
    public var isConfirming: Bool { engine.state.withLock { $0.connection.isConfirming(id) } }

    /// Publishes that the broker has not confirmed yet.
    public var unconfirmedCount: Int {
        engine.state.withLock { $0.connection.unconfirmedCount(on: id) }
    }

    /// Mandatory messages that come back from now on. Each call makes a sequence of its own, so take it before you
    /// publish. Ends with what closed the channel.
    public var returns: Notices<ReturnedMessage> {
        let mailbox = Mailbox<ReturnedMessage>(limit: Notices<ReturnedMessage>.limit)
        let number = engine.step { state -> UInt64? in
            guard let reason = record.reason else { return record.addReturns(mailbox) }
            engine.wake(mailbox.finish(reason), &state)
            return nil
        }
        return Notices(mailbox) { [weak record] in
            if let number { record?.removeReturns(number) }
        }
    }
}

extension ConnectionEngine {
    /// Publishes if there is room, and nobody waits for any; one step under the lock.
    /// - Parameters:
    ///   - isAwaited: a call waits for what becomes of it.
    ///   - confirmed: called with what becomes of it, under the lock, if the channel has confirms.
    func publish(
        _ method: BasicPublish, _ message: Message, on record: ChannelRecord, isAwaited: Bool = true,
        confirmed: (@Sendable (Result<Answer, AMQPError>) -> Wakeup?)? = nil
    ) throws(AMQPError) -> Bool {
        try step { state throws(AMQPError) in
            try record.expectOpen()
            guard try mayPublish(on: record.id, state) else { return false }
            try write(method, message, on: record, isAwaited: isAwaited, confirmed: confirmed, &state)
            return true
        }
    }

    /// The same where there is room.
    func write(
        _ method: BasicPublish, _ message: Message, on record: ChannelRecord, isAwaited: Bool,
        confirmed: (@Sendable (Result<Answer, AMQPError>) -> Wakeup?)?, _ state: inout State
    ) throws(AMQPError) {
        let waiter = confirmed.map { _ in WaiterID(number: nextID()) }
        try state.connection.publish(
            method, message, on: record.id, waiter: waiter, isAwaited: isAwaited, &state.effects)
        count(.published(octets: message.body.count), &state)
        if let waiter, let confirmed {
            register(
                waiter, .confirm(record, configuration, at: isAwaited ? .confirm : .laterConfirm), &state, confirmed)
        }
    }
}

extension ConnectionEngine.Wait {
    static func confirm(
        _ record: ChannelRecord, _ configuration: ConnectionConfiguration, at place: WaiterID.Place = .confirm
    ) -> Self {
        Self(
            what: "the confirm of a publish", place: place, channel: record,
            timeout: configuration.confirmMilliseconds,
            beginsCancelled: true)
    }
}

extension ConnectionState {
    func isConfirming(_ id: ChannelID) -> Bool { hasChannel(id) && channels[id.number]?.confirms != nil }

    func unconfirmedCount(on id: ChannelID) -> Int {
        hasChannel(id) ? channels[id.number]?.confirms?.outstanding ?? 0 : 0
    }

    /// - Parameter farewell: what a good-bye waits for; nil: a call waits for all.
    mutating func waitForConfirms(
        on id: ChannelID, _ waiter: WaiterID, for farewell: ConnectionEngine.Confirms? = nil, _ effects: inout Effects
    ) throws(AMQPError) {
        guard isConfirming(id) else {
            throw .badArgument(
                "The channel has no publisher confirms", nextStep: "Call selectConfirms() before publishing.")
        }
        switch farewell {
        case .due: channels[id.number]?.confirms?.waitForDue(waiter, &effects)
        case .all: channels[id.number]?.confirms?.waitForAll(waiter, isFarewell: true, &effects)
        case nil: channels[id.number]?.confirms?.waitForAll(waiter, &effects)
        }
    }
}

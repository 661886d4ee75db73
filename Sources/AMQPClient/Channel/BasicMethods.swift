import AMQPWire

extension Channel {
    /// Limits how many deliveries may be unacknowledged at a time (basic.qos; RabbitMQ, page "Consumer Prefetch").
    ///
    /// - Parameters:
    ///   - prefetchCount: 0 to 65535; 0: no limit.
    ///   - prefetchSize: octets; RabbitMQ refuses anything but 0, with 540 on the connection.
    ///   - global: the limit is for the whole channel instead of for each consumer started from now on.
    /// - Throws: ``AMQPError`` as ``Channel`` says; `badArgument` for a number out of its range.
    public func qos(prefetchCount: Int, prefetchSize: Int = 0, global: Bool = false) async throws(AMQPError) {
        guard let count = UInt16(exactly: prefetchCount) else {
            throw .badArgument("The prefetch count is \(prefetchCount), it must be 0 to 65535")
        }
        guard let size = UInt32(exactly: prefetchSize) else {
            throw .badArgument("The prefetch size is \(prefetchSize), it must be 0 to \(UInt32.max)")
        }
        _ = try await call(.basicQos(BasicQos(prefetchSize: size, prefetchCount: count, global: global)))
    }

    /// Starts a consumer (basic.consume).
    ///
    /// - Parameters:
    ///   - queue: its name.
    ///   - tag: its name on this channel, at most 255 octets; empty: the broker makes one up. A tag in use closes the
    ///     connection with 530.
    ///   - noAck: deliveries count as acknowledged when they are sent.
    ///   - exclusive: fails with 403 if the queue has another consumer, and keeps others out.
    ///   - noLocal: no messages published on this connection; RabbitMQ ignores it.
    ///   - arguments: the broker's own, such as `x-priority`.
    /// - Throws: ``AMQPError``, with 404 for a queue that does not exist.
    public func consume(
        _ queue: String, tag: String = "", noAck: Bool = false, exclusive: Bool = false, noLocal: Bool = false,
        arguments: FieldTable = [:]
    ) async throws(AMQPError) -> Consumer {
        let method = try BasicConsume(
            queue: ShortString(queue, as: "queue name"), consumerTag: ShortString(tag, as: "consumer tag"),
            noLocal: noLocal, noAck: noAck, exclusive: exclusive, arguments: arguments)
        return try await consume(method)
    }

    /// - Parameter outlivesStop: a graceful stop of the session does not end it, and does not wait for it.
    func consume(_ method: BasicConsume, outlivesStop: Bool = false) async throws(AMQPError) -> Consumer {
        let consumer = ConsumerID(number: engine.nextID())
        let mailbox = Mailbox<RawDelivery>()
        let loops = LoopCount()
        let answer: Answer
        do throws(AMQPError) {
            answer = try await engine.wait(
                .init(
                    what: "basic.consume", place: .call, channel: record, timeout: engine.configuration.rpcMilliseconds)
            ) { [id] state, waiter throws(AMQPError) in
                // Before the request leaves: the first delivery may come in the same read as the answer.
                state.mailboxes[consumer] = ConsumerMailbox(
                    mailbox: mailbox, channel: id, noAck: method.noAck, outlivesStop: outlivesStop, loops: loops)
                try state.connection.call(
                    .basicConsume(method), on: id, waiter: waiter, consumer: consumer, &state.effects)
            }
        } catch {
            engine.leave(consumer, mailbox)
            throw error
        }
        guard case .method(.basicConsumeOk(let ok)) = answer else { throw .unexpectedAnswer(to: "basic.consume") }
        return Consumer(tag: ok.consumerTag.text, Subscription(consumer, mailbox, loops, self))
    }

    /// Takes one message from a queue (basic.get), or nil if there is none. Asking again and again is the slow way; a
    /// consumer is told.
    /// - Throws: ``AMQPError`` as ``Channel`` says; 404 for a queue that does not exist closes the channel.
    public func get(_ queue: String, noAck: Bool = false) async throws(AMQPError) -> Delivery? {
        let method = try BasicGet(queue: ShortString(queue, as: "queue name"), noAck: noAck)
        let answer = try await engine.wait(
            .init(what: "basic.get", place: .call, channel: record, timeout: engine.configuration.rpcMilliseconds)
        ) { [id] state, waiter throws(AMQPError) in
            try state.connection.call(.basicGet(method), on: id, waiter: waiter, &state.effects)
        }
        guard case .message(let delivery, let count) = answer else { return nil }
        engine.count(.delivered(octets: delivery.message.body.count))
        return Delivery(delivery, self, messageCount: Int(count))
    }

    // MARK: Settling deliveries

    /// Acknowledges a delivery (basic.ack). A tag that is unknown, or settled already, closes the channel with 406.
    /// - Parameters:
    ///   - tag: the delivery's.
    ///   - multiple: all up to this one; with tag 0 all there are.
    /// - Throws: ``AMQPError``: why the channel is closed. Nothing is awaited, so a 406 comes with a later call.
    nonisolated(nonsending)
        public func ack(_ tag: UInt64, multiple: Bool = false) async throws(AMQPError)
    {
        try settle(BasicAck(deliveryTag: tag, multiple: multiple), .acknowledged)
    }

    /// Refuses a delivery (basic.nack, a RabbitMQ extension). With `requeue` it means "not now" to RabbitMQ 4.3: it doesn't
    /// count toward the delivery limit of a quorum queue.
    /// - Parameters:
    ///   - tag: the delivery's.
    ///   - multiple: all up to this one; with tag 0 all there are.
    ///   - requeue: back into the queue; else it is dropped or dead-lettered.
    /// - Throws: ``AMQPError``: why the channel is closed. Nothing is awaited, so a 406 comes with a later call.
    nonisolated(nonsending)
        public func nack(_ tag: UInt64, multiple: Bool = false, requeue: Bool = true) async throws(AMQPError)
    {
        try settle(BasicNack(deliveryTag: tag, multiple: multiple, requeue: requeue), .rejected(requeue: requeue))
    }

    /// Refuses one delivery (basic.reject). It always counts toward the delivery limit of a quorum queue.
    /// - Parameters:
    ///   - tag: the delivery's.
    ///   - requeue: back into the queue; else it is dropped or dead-lettered.
    /// - Throws: ``AMQPError``: why the channel is closed. Nothing is awaited, so a 406 comes with a later call.
    nonisolated(nonsending)
        public func reject(_ tag: UInt64, requeue: Bool = true) async throws(AMQPError)
    {
        try settle(BasicReject(deliveryTag: tag, requeue: requeue), .rejected(requeue: requeue))
    }

    /// Back into its queue, with nothing wrong with it.
    func giveBack(_ tag: UInt64) throws(AMQPError) {
        try engine.step { state throws(AMQPError) in
            try record.expectOpen()
            state.connection.giveBack(tag, on: id, &state.effects)
        }
        engine.count(.rejected(requeue: true))
    }

    /// Settling is never held up: not by a blocked connection, which must be able to empty its queues, nor by unsent
    /// output, of which an acknowledgement is hardly any.
    private func settle(_ method: some MethodFields, _ count: Hooks.Count) throws(AMQPError) {
        try engine.step { state throws(AMQPError) in
            try record.expectOpen()
            state.effects.output.method(method, channel: id.number)
        }
        engine.count(count)
    }

    /// Everything unacknowledged on this channel goes back to its queue and is delivered again (basic.recover).
    /// - Parameter requeue: false asks for the same consumers again; RabbitMQ refuses that with 540 on the connection.
    /// - Throws: ``AMQPError`` as ``Channel`` says.
    public func recover(requeue: Bool = true) async throws(AMQPError) {
        _ = try await call(.basicRecover(BasicRecover(requeue: requeue)))
    }

    // MARK: Transactions

    /// Makes the channel transactional (tx.select): publishes and acknowledgements take effect at ``commit()``.
    /// - Throws: ``AMQPError`` as ``Channel`` says; 406 closes a channel with confirms.
    public func selectTransactions() async throws(AMQPError) { _ = try await call(.txSelect(TxSelect())) }

    /// Makes everything since the last commit or rollback take effect, and starts anew (tx.commit).
    /// - Throws: ``AMQPError`` as ``Channel`` says; 406 closes a channel without transactions. Without an answer nobody knows
    ///   whether it took effect.
    public func commit() async throws(AMQPError) { _ = try await call(.txCommit(TxCommit())) }

    /// Forgets everything since the last commit or rollback, and starts anew (tx.rollback). Deliveries stay out for
    /// acknowledgement.
    /// - Throws: ``AMQPError`` as ``Channel`` says; 406 closes a channel without transactions.
    public func rollback() async throws(AMQPError) { _ = try await call(.txRollback(TxRollback())) }
}

import AMQPWire
import Synchronization

/// A channel (AMQP 0-9-1, class channel): one conversation of many on a connection, with its own order, its own prefetch,
/// its own confirms.
///
/// Any number of tasks may use one. An error that the broker finds in a call closes the whole channel, though, for all of
/// them; so give a channel to each task that works on its own.
///
/// A call that asks the broker for something throws ``AMQPError``: of kind `closedByBroker` with the reply code when the
/// broker refuses, which closes the channel or the connection, as the error's `scope` says; `timedOut` when there is no
/// answer within the configuration's `rpcTimeout`; `cancelled` with the task; why the channel is closed, if it is; and
/// `badArgument` for a name over 255 octets, before anything is sent.
public final class Channel: Sendable {
    let connection: Connection
    let id: ChannelID
    let record: ChannelRecord

    var engine: ConnectionEngine { connection.engine }

    init(_ id: ChannelID, _ connection: Connection) throws(AMQPError) {
        self.id = id
        self.connection = connection
        let record = ChannelRecord(id, connection.engine.unheard)
        self.record = record
        try connection.engine.step { state throws(AMQPError) in
            // Between the answer and this, the connection or the channel may have ended.
            if let reason = state.connection.closeReason { throw reason }
            guard state.connection.hasChannel(id) else { throw .channelGone }
            state.channels[id] = record
        }
    }

    /// A handle that nobody holds is a channel that nobody can close.
    deinit { engine.step { $0.connection.leaveChannel(id, &$0.effects) } }

    /// From 1 to the connection's `channelMax`; used again after a close.
    public var number: Int { Int(id.number) }

    /// False as soon as no more calls are taken.
    public var isOpen: Bool { closeReason == nil }

    /// Why the channel is closed; nil while it is open.
    public var closeReason: AMQPError? { record.reason }

    /// Closes the channel and waits for the broker's answer. Deliveries not yet acknowledged go back to their queues;
    /// consumers of this channel end with an error. Closing once more does nothing.
    ///
    /// With publisher confirms, it first waits for those that are due and that no call waits for, of a ``ConfirmedPublisher``
    /// for example: once the broker has read the close, it need not send any. In a task that is cancelled the close is sent all the
    /// same, and only the waits are skipped.
    ///
    /// - Throws: why the broker has closed the channel, or how the connection was lost, if that came before the answer and
    ///   no other call has thrown it: a publish does not wait to hear that its exchange doesn't exist, so this may be the
    ///   first that is heard of it. In the same way the first publish with confirms that was refused or came back, `nacked` or
    ///   `returned`, unless somebody listens to ``returns``; the channel is closed all the same. `timedOut` after the
    ///   configuration's `rpcTimeout`, or its `confirmTimeout`.
    public func close() async throws(AMQPError) {
        let loss = await engine.loss(of: .due, on: record)
        do throws(AMQPError) {
            try await closeAtOnce()
        } catch {
            throw loss ?? error
        }
        if let loss, loss.kind != .cancelled { throw loss }
    }

    /// The same without a wait for confirms.
    func closeAtOnce() async throws(AMQPError) {
        if !isOpen {
            if let reason = record.untoldReason() { throw reason }
            return
        }
        try await engine.waitUnlessCancelled(
            .init(
                what: "channel.close", place: .sentAnyway, timeout: engine.configuration.rpcMilliseconds,
                outlivesEnd: true)
        ) { [id] in
            $0.connection.closeChannel(id, $1, &$0.effects)
        }
        // The broker may have closed it since this has looked.
        if let reason = record.untoldReason() { throw reason }
    }

    /// Asks the broker to stop (`false`) or resume sending deliveries. Of the brokers around, RabbitMQ refuses to stop
    /// with 540 on the connection; ``qos(prefetchCount:prefetchSize:global:)`` is what holds deliveries back.
    /// - Returns: what now holds.
    /// - Throws: ``AMQPError`` as ``Channel`` says.
    @discardableResult
    public func flow(active: Bool) async throws(AMQPError) -> Bool {
        if case .channelFlowOk(let ok) = try await call(.channelFlow(ChannelFlow(active: active))) { return ok.active }
        throw .unexpectedAnswer(to: "channel.flow")
    }

    /// Sends a method and waits for its reply.
    /// - Parameter beginsCancelled: it is sent whether or not the task is cancelled, and never taken back.
    func call(_ request: Method, beginsCancelled: Bool = false) async throws(AMQPError) -> Method {
        let answer = try await engine.wait(
            .init(
                what: "\(request.id)", place: beginsCancelled ? .sentAnyway : .call, channel: record,
                timeout: engine.configuration.rpcMilliseconds, beginsCancelled: beginsCancelled)
        ) { [id] state, waiter throws(AMQPError) in
            try state.connection.call(request, on: id, waiter: waiter, &state.effects)
        }
        guard case .method(let reply) = answer else { throw .unexpectedAnswer(to: "\(request.id)") }
        return reply
    }
}

import AMQPWire
import DataStructures

/// One channel, decided without I/O: its queue of calls, its consumers, its confirms, the content under way.
struct ChannelState: Sendable {
    enum Phase: Sendable, Equatable {
        case open
        /// `channel.close` has been sent: everything but a close and its answer is ignored. `crossing`: the broker has
        /// closed the channel before it read ours, and says why.
        case closing(WaiterID?, crossing: AMQPError? = nil)
    }

    /// A method that the broker answers.
    struct Call: Sendable {
        var request: Method
        /// nil: nobody waits, or no longer.
        var waiter: WaiterID?
        /// The consumer that a `basic.consume` is to start, or a `basic.cancel` to end.
        var consumer: ConsumerID?
        /// Publishes without confirms that were sent before it.
        var publishesBefore = 0
    }

    /// What becomes of a consumer's deliveries.
    enum ConsumerState: Sendable {
        case active(ConsumerID, noAck: Bool)
        /// Nobody takes them any more, the broker does not know yet: they go back as soon as it does. Earlier, they
        /// could come straight back here.
        case leaving(noAck: Bool, unwanted: [UInt64])
    }

    let id: ChannelID
    /// The broker knows `basic.nack`.
    private let mayNack: Bool
    var number: UInt16 { id.number }
    var phase: Phase = .open
    /// The call on the wire. One at a time (the specification's 2.1.1: a caller waits for the reply), so a reply always
    /// belongs to this one, and RabbitMQ, which refuses anything else during a commit, has no cause to.
    var current: Call?
    var queued = Ring<Call>()
    /// Callers whose call is queued and who no longer wait for it.
    private var abandoned: Set<WaiterID> = []
    var content = ContentReader<Carrier, IncomingMessage>()
    var consumers: [ShortString: ConsumerState] = [:]
    var confirms: PublishConfirms?
    /// Nobody holds the channel any more. It is closed once the broker has answered the publishes that no call waits for.
    var isLeft = false
    /// False while the broker has asked not to publish (`channel.flow`).
    var isFlowing = true
    /// Publishes without confirms, and how many of them the broker is known to have read: it answers a call after what was
    /// sent before that.
    private var unnumbered = (sent: 0, read: 0)
    /// There are publishes of which nothing says that the broker has read them.
    var hasOpenPublishes: Bool { unnumbered.sent > unnumbered.read || (confirms?.outstanding ?? 0) > 0 }

    init(_ id: ChannelID, mayNack: Bool = false) { (self.id, self.mayNack) = (id, mayNack) }

    // MARK: Calls

    mutating func call(
        _ request: Method, waiter: WaiterID?, consumer: ConsumerID? = nil, _ effects: inout Effects
    ) {
        queued.append(Call(request: request, waiter: waiter, consumer: consumer))
        if current == nil { sendNext(&effects) }
    }

    private mutating func sendNext(_ effects: inout Effects) {
        repeat { current = queued.popFirst() } while current?.waiter.map { abandoned.remove($0) != nil } == true
        current?.publishesBefore = unnumbered.sent
        guard let call = current else { return }
        effects.output.method(call.request, channel: number)
        // The broker counts from this method on, whatever is published before its answer arrives.
        if case .confirmSelect = call.request, confirms == nil { confirms = PublishConfirms() }
    }

    /// The call on the wire has been answered.
    mutating func finishCall(_ effects: inout Effects) -> Call? {
        defer { sendNext(&effects) }
        if let current { unnumbered.read = current.publishesBefore }
        return current
    }

    /// The caller no longer waits: a call not yet sent is not sent at all; the answer to one that was is cleaned up
    /// after when it comes.
    mutating func abandon(_ waiter: WaiterID) {
        if current?.waiter == waiter {
            current?.waiter = nil
            return
        }
        abandoned.insert(waiter)
        // They leave when their turn comes, or once they are the greater part: no search for each.
        if abandoned.count > 32, abandoned.count > queued.count / 2 {
            queued.removeAll { $0.waiter.map { abandoned.contains($0) } == true }
            abandoned = []
        }
    }

    // MARK: Publishing and settling

    /// Writes one publish: method, header and body in one go, so that nothing of this channel comes between, and its
    /// number in the same step, so that no two publishes share one.
    mutating func publish(
        _ method: BasicPublish, _ message: Message, waiter: WaiterID?, isAwaited: Bool, frameMax: UInt32,
        _ effects: inout Effects
    ) {
        effects.output.content(
            method, message.properties, body: message.body, channel: number, frameMax: frameMax)
        if confirms == nil { unnumbered.sent += 1 }
        confirms?.published(
            .init(exchange: method.exchange, routingKey: method.routingKey, message: message),
            mandatory: method.mandatory || method.immediate, waiter: waiter, isAwaited: isAwaited)
    }

    // MARK: Leaving a consumer

    /// Nobody takes the consumer's deliveries any more. Cancels it at the broker, then gives back the `unhandled` ones
    /// and those still on their way.
    mutating func leave(
        _ consumer: ConsumerID, tag: ShortString, noAck: Bool, unhandled: [UInt64], _ effects: inout Effects
    ) {
        guard case .active(let id, _)? = consumers[tag], id == consumer else {
            // Cancelled already, by either side.
            return giveBack(unhandled, &effects)
        }
        consumers[tag] = .leaving(noAck: noAck, unwanted: unhandled)
        call(.basicCancel(BasicCancel(consumerTag: tag)), waiter: nil, consumer: consumer, &effects)
    }

    /// Gives back what nothing is wrong with. RabbitMQ 4.3 counts a `basic.reject` as a failure, toward the delivery limit of a
    /// quorum queue, and a `basic.nack` not; elsewhere they mean the same.
    func giveBack(_ tags: [UInt64], _ effects: inout Effects) {
        for tag in tags {
            if mayNack {
                effects.output.method(BasicNack(deliveryTag: tag, requeue: true), channel: number)
            } else {
                effects.output.method(BasicReject(deliveryTag: tag, requeue: true), channel: number)
            }
        }
    }

    // MARK: Closing

    mutating func close(waiter: WaiterID?, reason: AMQPError, _ effects: inout Effects) {
        effects.output.method(ChannelClose(replyCode: .replySuccess, replyText: "Goodbye"), channel: number)
        fail(reason, &effects)
        phase = .closing(waiter)
    }

    /// Tells everything that waits on this channel why it will not get what it waits for.
    mutating func fail(_ error: AMQPError, _ effects: inout Effects) {
        let told = effects.events.count
        effects.fail(current?.waiter, error)
        for call in queued { effects.fail(call.waiter, error) }
        current = nil
        queued.removeAll()
        abandoned = []
        for case .active(let consumer, _) in consumers.values { effects.events.append(.consumerEnded(consumer, error)) }
        consumers = [:]
        if case .closing(let waiter, let crossing) = phase {
            if let failure = crossing ?? (error.kind == .closedByClient ? nil : error) {
                effects.fail(waiter, failure)
            } else {
                effects.answer(waiter, .done)
            }
        }
        var isTold = effects.events.count > told
        if let failure = confirms?.failure { effects.events.append(.unheard(id, failure)) }
        let hadDue = (confirms?.due ?? 0) > 0
        if confirms?.failAll(error, &effects) == true { isTold = true }
        if hadDue, !isTold, error.kind != .closedByClient { effects.events.append(.unheard(id, error)) }
        effects.events.append(.channelEnded(id, error, isTold: isTold))
    }
}

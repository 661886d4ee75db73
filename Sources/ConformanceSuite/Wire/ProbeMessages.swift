import AMQPWire
import Testing

/// Messages on a probe's channel: publish, get, consume, settle, confirm.
extension ProbeChannel {
    // MARK: Publishing

    /// Publishes a message: method, header and body in one write. Nothing is waited for.
    func publish(
        _ text: String = "hello", to exchange: ShortString = "", _ key: ShortString = "",
        _ properties: BasicProperties = BasicProperties(), mandatory: Bool = false, immediate: Bool = false
    ) {
        publish(
            body: Array(text.utf8), to: exchange, key, properties, mandatory: mandatory, immediate: immediate)
    }

    func publish(
        body: [UInt8], to exchange: ShortString = "", _ key: ShortString = "",
        _ properties: BasicProperties = BasicProperties(), mandatory: Bool = false, immediate: Bool = false
    ) {
        CaseRun.current?.forgetAnswers()
        let method = BasicPublish(exchange: exchange, routingKey: key, mandatory: mandatory, immediate: immediate)
        let frameMax = probe.frameMax
        probe.send { $0.content(method, properties, body: body, channel: number, frameMax: frameMax) }
    }

    func confirmSelect() async throws { _ = try await call(ConfirmSelect(), ConfirmSelectOk.self) }

    /// The broker's next answer to a publish on a confirming channel.
    func confirm(at place: SourceLocation = #_sourceLocation) async throws -> Confirm {
        let event = try await probe.event(on: number, "basic.ack or basic.nack", at: place) { Confirm($0) != nil }
        guard let confirm = Confirm(event) else { throw SuiteError("no confirm", at: place) }
        CaseRun.current?.noteAnswer(
            "\(confirm.isAck ? "ack" : "nack") \(confirm.tag)\(confirm.multiple ? " and before" : "")")
        return confirm
    }

    /// A message that came back.
    func returned(at place: SourceLocation = #_sourceLocation) async throws -> Received {
        try await message("basic.return", at: place) { $0 == BasicReturn.id }
    }

    // MARK: Receiving

    /// Fetches one message; nil: the queue is empty.
    func get(
        _ queue: ShortString, noAck: Bool = true, at place: SourceLocation = #_sourceLocation
    ) async throws -> Received? {
        let message = try await fetch(queue, noAck: noAck, at: place)
        CaseRun.current?.noteAnswer(message.map(\.summary) ?? "the queue is empty")
        return message
    }

    private func fetch(_ queue: ShortString, noAck: Bool, at place: SourceLocation) async throws -> Received? {
        send(BasicGet(queue: queue, noAck: noAck))
        return Received(
            try await probe.event(on: number, "basic.get-ok or basic.get-empty", at: place) {
                $0.method?.id == BasicGetOk.id || $0.method?.id == BasicGetEmpty.id
            })
    }

    /// Fetches all that is in a queue, as text. What this channel published before is there, or never will be.
    func drain(_ queue: ShortString, at place: SourceLocation = #_sourceLocation) async throws -> [String] {
        var texts: [String] = []
        while let message = try await fetch(queue, noAck: true, at: place) { texts.append(message.text) }
        CaseRun.current?.noteAnswer("\(texts)")
        return texts
    }

    /// Starts a consumer and returns its tag.
    @discardableResult
    func consume(
        _ queue: ShortString, tag: ShortString = "", noAck: Bool = false, exclusive: Bool = false,
        arguments: FieldTable = [:], at place: SourceLocation = #_sourceLocation
    ) async throws -> ShortString {
        let consume = BasicConsume(
            queue: queue, consumerTag: tag, noAck: noAck, exclusive: exclusive, arguments: arguments)
        return try await call(consume, BasicConsumeOk.self, at: place).consumerTag
    }

    func cancel(_ tag: ShortString, at place: SourceLocation = #_sourceLocation) async throws {
        _ = try await call(BasicCancel(consumerTag: tag), BasicCancelOk.self, at: place)
    }

    /// At most so many unacknowledged messages: for each consumer started later, or (`global`) for the channel.
    func qos(_ count: UInt16, global: Bool = false) async throws {
        _ = try await call(BasicQos(prefetchCount: count, global: global), BasicQosOk.self)
    }

    /// The next message that a consumer of the channel is handed.
    func delivery(at place: SourceLocation = #_sourceLocation) async throws -> Received {
        try await message("basic.deliver", at: place) { $0 == BasicDeliver.id }
    }

    func deliveries(_ count: Int, at place: SourceLocation = #_sourceLocation) async throws -> [Received] {
        var messages: [Received] = []
        while messages.count < count { messages.append(try await delivery(at: place)) }
        return messages
    }

    /// The deliveries that are here already, without waiting: for absence, behind a barrier.
    func deliveriesSoFar() -> [Received] {
        probe.arrived(on: number) { $0.method?.id == BasicDeliver.id }.compactMap(Received.init)
    }

    // MARK: Settling

    func ack(_ message: Received, multiple: Bool = false) {
        send(BasicAck(deliveryTag: message.deliveryTag, multiple: multiple))
    }

    func nack(_ message: Received, multiple: Bool = false, requeue: Bool = true) {
        send(BasicNack(deliveryTag: message.deliveryTag, multiple: multiple, requeue: requeue))
    }

    func reject(_ message: Received, requeue: Bool = true) {
        send(BasicReject(deliveryTag: message.deliveryTag, requeue: requeue))
    }

    private func message(
        _ wanted: String, at place: SourceLocation, where isWanted: (MethodID) -> Bool
    ) async throws -> Received {
        let event = try await probe.event(on: number, wanted, at: place) { $0.method.map { isWanted($0.id) } ?? false }
        guard let message = Received(event) else { throw SuiteError("\(event) is not a message", at: place) }
        CaseRun.current?.noteAnswer(message.summary)
        return message
    }
}

/// A broker's answer to one publish, or (`multiple`) to all up to it.
struct Confirm: Sendable, Equatable {
    var tag: UInt64
    var multiple: Bool
    var isAck: Bool

    static func ack(_ tag: UInt64, multiple: Bool = false) -> Confirm {
        Confirm(tag: tag, multiple: multiple, isAck: true)
    }
    static func nack(_ tag: UInt64, multiple: Bool = false) -> Confirm {
        Confirm(tag: tag, multiple: multiple, isAck: false)
    }

    private init(tag: UInt64, multiple: Bool, isAck: Bool) {
        (self.tag, self.multiple, self.isAck) = (tag, multiple, isAck)
    }

    init?(_ event: Event) {
        switch event.method {
        case .basicAck(let ack): self = .ack(ack.deliveryTag, multiple: ack.multiple)
        case .basicNack(let nack): self = .nack(nack.deliveryTag, multiple: nack.multiple)
        default: return nil
        }
    }
}

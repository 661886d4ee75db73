import AMQPWire
import DataStructures

/// One connection from this side, decided without I/O: octets and calls in, effects out.
struct ConnectionState: Sendable {
    enum Phase: Sendable, Equatable {
        /// The handshake (2.2.4), by the method that is awaited next.
        case awaitingStart, awaitingTune, awaitingOpenOk
        case open
        /// `connection.close` has been sent: everything but a close and its answer is ignored.
        case closing
        case closed
    }

    /// The limits in force after tuning.
    struct Limits: Sendable, Equatable {
        /// The highest channel number.
        var channelMax: UInt16
        /// Octets; 0: no limit.
        var frameMax: UInt32
        /// Seconds; 0: off.
        var heartbeat: UInt16
    }

    let configuration: ConnectionConfiguration
    var phase: Phase = .awaitingStart
    var limits: Limits
    var serverProperties: FieldTable = [:]
    private var mayNack: Bool { serverProperties["capabilities"]?.table?["basic.nack"]?.bool == true }
    /// Set while the broker takes no publishes: its reason.
    var blockedReason: String?
    /// Why the connection takes no more calls; nil while it does.
    var closeReason: AMQPError?
    /// What ended the closing handshake that this side began, before its answer came.
    var interruption: AMQPError?
    /// When no more calls were taken, there were publishes of which nothing said that the broker had read them.
    var endedWithOpenPublishes = false

    var reader = FrameReader(frameMax: 131_072)
    /// Octets of the largest content header taken, where `frame_max` is lower. Brokers do not hold themselves to it: each
    /// death of a message lets its `x-death` grow, and a header cannot be cut in two.
    static let headerMax: UInt32 = 1 << 20
    var channels = ChannelTable()
    /// Channels whose `channel.open` is under way.
    var opening: [UInt16: (id: ChannelID, waiter: WaiterID)] = [:]
    /// Callers that waited for a channel or a secret and no longer do; the answer finds them here.
    var abandoned: Set<WaiterID> = []
    private var lastOpening: UInt64 = 0
    private var lastNumber: UInt16 = 0
    /// Who waits for the next step of the opening: the broker's greeting, then the virtual host.
    var opener: WaiterID?
    /// Callers that wait for the end of the closing handshake.
    var closers: Set<WaiterID> = []
    /// Callers that wait for the end, whatever brings it.
    var onlookers: Set<WaiterID> = []
    var secretWaiters = Ring<WaiterID>()

    init(_ configuration: ConnectionConfiguration) {
        self.configuration = configuration
        limits = Limits(
            channelMax: UInt16(clamping: configuration.channelMax), frameMax: UInt32(clamping: configuration.frameMax),
            heartbeat: UInt16(clamping: configuration.heartbeat))
    }

    // MARK: Calls from this side

    /// Says hello. `waiter` is answered when the broker has greeted, and the login is on its way. Throws when the connection is
    /// over before it has begun: a stream delivers as soon as it is started, and what it brings first may end everything.
    mutating func start(_ waiter: WaiterID, _ effects: inout Effects) throws(AMQPError) {
        try expectOpen()
        opener = waiter
        effects.output.protocolHeader()
    }

    /// `waiter` is answered when the virtual host is open.
    mutating func awaitOpening(_ waiter: WaiterID, _ effects: inout Effects) throws(AMQPError) {
        try expectOpen()
        if phase == .open { effects.answer(waiter, .done) } else { opener = waiter }
    }

    mutating func openChannel(_ waiter: WaiterID, _ effects: inout Effects) throws(AMQPError) {
        try expectOpen()
        guard let number = takeFreeNumber() else {
            throw AMQPError(
                .noFreeChannel, scope: .client, text: "All \(limits.channelMax) channels of the connection are in use")
        }
        lastOpening += 1
        opening[number] = (ChannelID(number: number, opening: lastOpening), waiter)
        effects.output.method(ChannelOpen(), channel: number)
    }

    /// The next free number after the last one given, so that a number rests as long as possible before its next use.
    private mutating func takeFreeNumber() -> UInt16? {
        for _ in 0..<limits.channelMax {
            lastNumber = lastNumber >= limits.channelMax ? 1 : lastNumber + 1
            if !channels.contains(lastNumber), opening[lastNumber] == nil { return lastNumber }
        }
        return nil
    }

    mutating func call(
        _ request: Method, on id: ChannelID, waiter: WaiterID?, consumer: ConsumerID? = nil, _ effects: inout Effects
    ) throws(AMQPError) {
        try expectOpen()
        if let arguments = request.arguments { try expectFinite(arguments, "\(request.id)") }
        var measure = FrameWriter()
        measure.method(request, channel: id.number)
        try expectFits(measure.count, "\(request.id)")
        guard hasChannel(id) else { throw .channelGone }
        channels[id.number]?.call(request, waiter: waiter, consumer: consumer, &effects)
    }

    /// - Parameters:
    ///   - waiter: answered when the broker has confirmed the publish; only for a channel with confirms.
    ///   - isAwaited: a call waits for that.
    mutating func publish(
        _ method: BasicPublish, _ message: Message, on id: ChannelID, waiter: WaiterID?, isAwaited: Bool = true,
        _ effects: inout Effects
    ) throws(AMQPError) {
        try expectOpen()
        if let headers = message.properties.headers {
            try expectFinite(headers, "the message's headers")
            // Everything else in a header is short; only a table can outgrow the smallest frame.
            var measure = ByteWriter()
            ContentHeader(bodySize: 0, properties: message.properties).write(to: &measure)
            try expectFits(measure.count + Frame.overhead, "the message's properties")
        }
        guard hasChannel(id) else { throw .channelGone }
        channels[id.number]?.publish(
            method, message, waiter: waiter, isAwaited: isAwaited, frameMax: limits.frameMax, &effects)
    }

    /// True while publishes on the channel may be written.
    func mayPublish(on id: ChannelID) -> Bool { blockedReason == nil && channels[id.number]?.isFlowing != false }

    mutating func updateSecret(
        _ secret: [UInt8], reason: ShortString, _ waiter: WaiterID, _ effects: inout Effects
    ) throws(AMQPError) {
        try expectOpen()
        effects.output.method(ConnectionUpdateSecret(newSecret: secret, reason: reason), channel: 0)
        secretWaiters.append(waiter)
    }

    /// Starts the closing handshake; `waiter` is answered when it is over. The broker's answer is what tells that it has
    /// read all that was sent before: who closes is told when none came.
    mutating func close(_ waiter: WaiterID?, _ effects: inout Effects) {
        switch phase {
        case .closed: answerCloser(waiter, &effects)
        case .closing: if let waiter { closers.insert(waiter) }
        case .awaitingStart, .awaitingTune, .awaitingOpenOk:
            end(.closedByClient, &effects)
            effects.answer(waiter, .done)
            finish(&effects)
        case .open:
            if let waiter { closers.insert(waiter) }
            sendClose(.replySuccess, "Goodbye", because: .closedByClient, &effects)
        }
    }

    func hasChannel(_ id: ChannelID) -> Bool { channels[id.number]?.id == id }

    /// Throws why it takes no more calls, if so.
    private func expectOpen() throws(AMQPError) {
        if let closeReason { throw closeReason }
    }

    private func expectFits(_ count: Int, _ what: String) throws(AMQPError) {
        if limits.frameMax != 0, count > Int(limits.frameMax) {
            throw .badArgument(
                "\(what) takes \(count) octets, a frame of this connection holds \(limits.frameMax)",
                nextStep: "Send less in the table, or ask for a larger frame_max.")
        }
    }

    private func expectFinite(_ table: FieldTable, _ what: String) throws(AMQPError) {
        if let path = table.nonFinitePath {
            throw .badArgument(
                "In \(what), '\(path)' is not a finite number, which RabbitMQ can't read and closes the connection for",
                nextStep: "Leave it out, or send it as text.")
        }
    }

    // MARK: What arrives

    mutating func received(_ octets: UnsafeRawBufferPointer, _ effects: inout Effects) {
        guard phase != .closed else { return }
        reader.append(octets)
        do throws(ProtocolViolation) {
            try rejectOtherVersion()
            while phase != .closed, let frame = try nextFrame() { try received(frame, &effects) }
        } catch {
            violated(error, &effects)
        }
    }

    private mutating func nextFrame() throws(ProtocolViolation) -> Frame? {
        do {
            return try reader.next()
        } catch {
            throw ProtocolViolation(error.code, error.reason)
        }
    }

    /// A broker that does not speak 0-9-1 answers with the header of what it does speak.
    private func rejectOtherVersion() throws(ProtocolViolation) {
        guard phase == .awaitingStart else { return }
        // A port for TLS answers with an alert (RFC 8446, 5.1), which no AMQP frame begins like.
        if reader.peek.starts(with: [21, 3]) {
            throw ProtocolViolation(.notImplemented, "the peer speaks TLS at this port: use amqps://")
        }
        guard reader.peek.first == UInt8(ascii: "A") else { return }
        let version = reader.peek.dropFirst(4).prefix(4).map { String($0) }.joined(separator: "-")
        throw ProtocolViolation(.notImplemented, "the peer does not speak AMQP 0-9-1; it offers \(version)")
    }

    private mutating func received(_ frame: Frame, _ effects: inout Effects) throws(ProtocolViolation) {
        guard frame.channel != 0 else { return try receivedOnZero(frame, &effects) }
        if phase == .closing { return }
        guard phase == .open else {
            throw ProtocolViolation(.channelError, "a frame for channel \(frame.channel) arrived during the handshake")
        }
        guard channels.contains(frame.channel) || opening[frame.channel] != nil else {
            throw ProtocolViolation(.channelError, "a frame arrived for channel \(frame.channel), which is not open")
        }
        switch frame.kind {
        case .method: try receivedMethod(try Self.method(frame), channel: frame.channel, &effects)
        case .header, .body: try receivedContent(frame, &effects)
        case .heartbeat: throw ProtocolViolation(.frameError, "a heartbeat arrived on channel \(frame.channel)")
        }
    }

    private mutating func receivedContent(_ frame: Frame, _ effects: inout Effects) throws(ProtocolViolation) {
        guard channels.contains(frame.channel) else {
            throw ProtocolViolation(.unexpectedFrame, "content arrived before channel.open-ok")
        }
        if frame.kind == .header {
            try channels[frame.channel]?.receivedHeader(frame.payload, &effects)
        } else {
            try channels[frame.channel]?.receivedBody(frame.payload, &effects)
        }
    }

    static func method(_ frame: Frame) throws(ProtocolViolation) -> Method {
        do {
            return try Method(frame.payload)
        } catch {
            throw ProtocolViolation(error.code, error.reason)
        }
    }

    private mutating func receivedMethod(
        _ method: Method, channel number: UInt16, _ effects: inout Effects
    ) throws(ProtocolViolation) {
        if let entry = opening[number] { return try openingAnswered(method, entry, &effects) }
        switch method {
        case .channelClose(let close): channelClosed(number, close, &effects)
        case .channelCloseOk:
            guard case .closing(let waiter, let crossing)? = channels[number]?.phase else {
                throw .unexpected(method.id)
            }
            channels[number] = nil
            if let crossing { effects.fail(waiter, crossing) } else { effects.answer(waiter, .done) }
        default:
            try channels[number]?.received(method, &effects)
            closeIfLeft(number, &effects)
        }
    }

    private mutating func openingAnswered(
        _ method: Method, _ entry: (id: ChannelID, waiter: WaiterID), _ effects: inout Effects
    ) throws(ProtocolViolation) {
        opening[entry.id.number] = nil
        switch method {
        case .channelOpenOk:
            channels[entry.id.number] = ChannelState(entry.id, mayNack: mayNack)
            // The caller that wanted it has been cancelled in the meantime.
            if abandoned.remove(entry.waiter) != nil { closeChannel(entry.id, nil, &effects) }
            effects.answer(entry.waiter, .channel(entry.id))
        case .channelClose(let close):
            effects.output.method(ChannelCloseOk(), channel: entry.id.number)
            abandoned.remove(entry.waiter)
            effects.fail(entry.waiter, Self.reason(close))
        default: throw .unexpected(method.id, "before channel.open-ok")
        }
    }

    private static func reason(_ close: ChannelClose) -> AMQPError {
        AMQPError(
            .closedByBroker, scope: .channel, code: close.replyCode, text: close.replyText.text, method: close.cause)
    }

    private mutating func channelClosed(_ number: UInt16, _ close: ChannelClose, _ effects: inout Effects) {
        effects.output.method(ChannelCloseOk(), channel: number)
        guard let phase = channels[number]?.phase else { return }
        // When closes cross, the number is free only once ours is answered too.
        if case .closing(let waiter, _) = phase {
            channels[number]?.phase = .closing(waiter, crossing: Self.reason(close))
            return
        }
        channels[number]?.fail(Self.reason(close), &effects)
        channels[number] = nil
    }
}

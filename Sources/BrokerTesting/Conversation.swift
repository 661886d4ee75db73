import AMQPWire
import Interceptor

/// What is said on one connection: it records that, and says something else in its place where a failure is due.
struct Conversation: Sendable {
    enum Phase: Sendable {
        case loggingIn, open, over
    }

    private(set) var phase = Phase.loggingIn
    /// The client was told that the connection is closed: of what is still said nothing arrives.
    private var isRefused = false
    private var toBroker = MethodReader()
    private var toClient = MethodReader()
    private var channels: [UInt16: ChannelTalk] = [:]

    mutating func end() { phase = .over }

    mutating func steps(for piece: WirePiece, _ direction: Direction, _ desk: inout Desk.State) -> [Step] {
        guard let frame = piece.frame else { return [.send(piece.octets, direction)] }
        if isRefused { return [] }
        let method = frame.kind == .method ? try? Method(frame.payload) : nil
        if channels[frame.channel]?.swallow(method, direction) == true { return [] }
        if let method {
            if let steps = interfere(method, frame, direction, &desk) { return steps }
            switch method {
            case .connectionOpenOk:
                phase = .open
                if let reason = desk.blockedReason {
                    return [.send(piece.octets, direction), Self.blocked(reason)]
                }
            case .connectionClose where phase == .loggingIn: phase = .over
            case .channelOpen where direction == .toBroker:
                channels[frame.channel] = ChannelTalk(after: channels[frame.channel])
            default: break
            }
        }
        record(frame, direction, &desk.recorded)
        return [.send(piece.octets, direction)]
    }

    private mutating func record(_ frame: Frame, _ direction: Direction, _ recorded: inout TestBroker.Recorded) {
        let item = direction == .toBroker ? toBroker.read(frame) : toClient.read(frame)
        guard case .method(let method, let content, _)? = item else { return }
        channels[frame.channel]?.record(method, content, direction, &recorded)
    }

    // MARK: Failures

    /// What passes instead; nil: nothing goes wrong here.
    private mutating func interfere(
        _ method: Method, _ frame: Frame, _ direction: Direction, _ desk: inout Desk.State
    ) -> [Step]? {
        if let moment = Self.moment(method, direction), desk.plan.takeCut(moment) {
            phase = .over
            return [.cut]
        }
        switch (direction, method) {
        case (.toBroker, .basicPublish(let publish)):
            if let refusal = desk.plan.takeRefusal(.publish, name: publish.exchange.text) {
                return refuse(method, frame.channel, refusal)
            }
            let isNacked = desk.plan.takeNack(key: publish.routingKey.text)
            channels[frame.channel]?.notePublish(isNacked: isNacked)
            guard isNacked else { return nil }
            record(frame, direction, &desk.recorded)
            // To nobody: it is numbered and confirmed like others, and gone.
            let nowhere = BasicPublish(exchange: "", routingKey: "the test let it be refused")
            return [Self.send(.basicPublish(nowhere), frame.channel, .toBroker)]
        case (.toClient, .basicAck(let ack)):
            let tags = channels[frame.channel]?.takeNacked(ack.deliveryTag, multiple: ack.multiple) ?? []
            guard !tags.isEmpty || desk.holdsConfirms else { return nil }
            let nacks = tags.map { Self.send(.basicNack(BasicNack(deliveryTag: $0)), frame.channel, .toClient) }
            guard tags.isEmpty || ack.multiple else { return nacks }
            // The first answer to a publish counts, so the others may be answered together.
            let octets = Self.octets(method, frame.channel)
            return nacks + [desk.holdsConfirms ? .hold(octets, .toClient) : .send(octets, .toClient)]
        case (.toBroker, _):
            guard let (call, name) = Self.call(method), let refusal = desk.plan.takeRefusal(call, name: name) else {
                return nil
            }
            return refuse(method, frame.channel, refusal)
        default: return nil
        }
    }

    /// Each side is told that the other closes.
    private mutating func refuse(
        _ method: Method, _ channel: UInt16, _ refusal: (code: ReplyCode, text: String)
    ) -> [Step] {
        let text = ShortString(truncating: refusal.text)
        guard refusal.code.scope == .channel else {
            isRefused = true
            phase = .over
            let close = ConnectionClose(replyCode: refusal.code, replyText: text, cause: method.id)
            return [Self.send(.connectionClose(close), 0, .toClient)]
        }
        channels[channel]?.refuse()
        let close = ChannelClose(replyCode: refusal.code, replyText: text, cause: method.id)
        return [
            Self.send(.channelClose(close), channel, .toClient),
            Self.send(.channelClose(ChannelClose(replyCode: .replySuccess)), channel, .toBroker),
        ]
    }

    private static func moment(_ method: Method, _ direction: Direction) -> TestBroker.Failure.Moment? {
        switch (direction, method) {
        case (.toBroker, .basicPublish): .publish
        case (.toClient, .basicAck): .confirm
        case (.toClient, .basicDeliver): .delivery
        case (.toBroker, .basicAck): .acknowledgement
        default: nil
        }
    }

    private static func call(_ method: Method) -> (TestBroker.Failure.Call, name: String)? {
        switch method {
        case .queueDeclare(let declare): (.declareQueue, declare.queue.text)
        case .exchangeDeclare(let declare): (.declareExchange, declare.exchange.text)
        case .queueBind(let bind): (.bind, bind.queue.text)
        case .basicConsume(let consume): (.consume, consume.queue.text)
        default: nil
        }
    }

    private static func send(_ method: Method, _ channel: UInt16, _ direction: Direction) -> Step {
        .send(octets(method, channel), direction)
    }

    private static func octets(_ method: Method, _ channel: UInt16) -> [UInt8] {
        var writer = FrameWriter()
        writer.method(method, channel: channel)
        return writer.octets
    }

    /// - Parameter reason: nil: it takes publishes again.
    static func blocked(_ reason: String?) -> Step {
        let method = reason.map { Method.connectionBlocked(ConnectionBlocked(reason: ShortString(truncating: $0))) }
        return send(method ?? .connectionUnblocked(ConnectionUnblocked()), 0, .toClient)
    }
}

import AMQPWire
import Testing

/// The client of a random walk, on a connection of its own to the broker that is tested. Throws where something else comes
/// than an answer.
struct Walker {
    let theme: WalkTheme
    private var probe: Probe
    private var channels: [ProbeChannel]
    /// Looks, and does nothing else.
    private var watcher: ProbeChannel
    /// When it was last told what the queues have.
    private(set) var lastLook = ContinuousClock.now
    /// Before each name, so that no other case uses it.
    let prefix = unique("walk").text + "."

    init(_ theme: WalkTheme) async throws {
        self.theme = theme
        (probe, channels, watcher) = try await Self.connect(theme)
        for channel in channels.indices { try await begin(channel) }
    }

    private static func connect(_ theme: WalkTheme) async throws -> (Probe, [ProbeChannel], ProbeChannel) {
        let probe = try await Probe.connect()
        var channels: [ProbeChannel] = []
        for _ in theme.modes { channels.append(try await probe.openChannel()) }
        return (probe, channels, try await probe.openChannel())
    }

    func end() async { try? await probe.close() }

    private func begin(_ channel: Int) async throws {
        switch theme.modes[channel] {
        case .confirming: try await channels[channel].confirmSelect()
        case .transactional: _ = try await channels[channel].call(TxSelect(), TxSelectOk.self)
        }
    }

    // MARK: Steps

    /// Does a step, and returns what it was answered, and what came besides. `tag`: the delivery that it settles.
    mutating func take(_ step: WalkStep, tag: UInt64) async throws -> [String] {
        if step.deed == .restart {
            try await restartBroker()
            (probe, channels, watcher) = try await Self.connect(theme)
            for channel in channels.indices { try await begin(channel) }
            return ["ok"]
        }
        let answer = try await perform(step, tag: tag)
        let own = [BasicDeliver.id, BasicReturn.id, BasicCancel.id]
        let strays = probe.arrived(on: channels[step.channel].number) { event in
            event.method.map { !own.contains($0.id) } ?? true
        }
        return answer + strays.map { "and \($0), which nobody asked for" }
    }

    private func perform(_ step: WalkStep, tag: UInt64) async throws -> [String] {
        let (number, noWait) = (step.channel, step.isHasty)
        switch step.deed {
        case .declareExchange(let name, let shape):
            let declare = ExchangeDeclare(
                exchange: self.name(name), type: ShortString(truncating: shape.type), durable: shape.isDurable,
                autoDelete: shape.isAutoDelete, noWait: noWait,
                arguments: shape.alternate.map { ["alternate-exchange": .longString(self.name($0).octets)] } ?? [:])
            return try await ask(declare, number, ExchangeDeclareOk.id, noWait: noWait)
        case .deleteExchange(let name, let ifUnused):
            return try await ask(
                ExchangeDelete(exchange: self.name(name), ifUnused: ifUnused, noWait: noWait), number,
                ExchangeDeleteOk.id, noWait: noWait)
        case .declareQueue(let name, let shape):
            return try await ask(
                QueueDeclare(
                    queue: self.name(name), durable: shape.isDurable, exclusive: !shape.isDurable,
                    autoDelete: shape.isAutoDelete, noWait: noWait, arguments: arguments(shape)), number,
                QueueDeclareOk.id, noWait: noWait)
        case .deleteQueue(let name, let ifUnused, let ifEmpty):
            return try await ask(
                QueueDelete(
                    queue: self.name(name), ifUnused: ifUnused, ifEmpty: ifEmpty, noWait: noWait), number,
                QueueDeleteOk.id, noWait: noWait)
        case .purge(let name):
            return try await ask(
                QueuePurge(queue: self.name(name), noWait: noWait), number, QueuePurgeOk.id, noWait: noWait)
        case .bind(let binding): return try await bind(binding, number, noWait)
        case .unbind(let binding): return try await unbind(binding, number, noWait)
        default: return try await pass(step, tag)
        }
    }

    /// Steps about messages.
    private func pass(_ step: WalkStep, _ tag: UInt64) async throws -> [String] {
        let (channel, number, noWait) = (channels[step.channel], step.channel, step.isHasty)
        switch step.deed {
        case .publish(let publication): return try await publish(publication, number)
        case .get(let name, let noAck):
            return try await ask(
                BasicGet(queue: self.name(name), noAck: noAck), number, BasicGetOk.id, BasicGetEmpty.id)
        case .settle(_, let settlement, let multiple):
            settle(tag, settlement, multiple, channel)
            return try await barrier(number)
        case .settleAll(let settlement):
            settle(0, settlement, true, channel)
            return try await barrier(number)
        case .settleUnknown(let settlement):
            settle(9_999, settlement, false, channel)
            return try await barrier(number)
        case .recover: return try await ask(BasicRecover(requeue: true), number, BasicRecoverOk.id)
        case .consume(let name, let consumption):
            if let prefetch = consumption.prefetch { try await channel.qos(UInt16(prefetch)) }
            let priority = Int32(consumption.priority)
            let consume = BasicConsume(
                queue: self.name(name), consumerTag: ShortString(truncating: consumption.tag),
                noAck: consumption.prefetch == nil, exclusive: consumption.isExclusive, noWait: noWait,
                arguments: priority == 0 ? [:] : ["x-priority": .int32(priority)])
            return try await ask(consume, number, BasicConsumeOk.id, noWait: noWait)
        case .cancel(let tag):
            return try await ask(
                BasicCancel(consumerTag: ShortString(truncating: tag), noWait: noWait), number, BasicCancelOk.id,
                noWait: noWait)
        case .close:
            try await channel.close()
            _ = try await probe.openChannel(channel.number)
            try await begin(number)
            return ["ok"]
        case .commit:
            let answer = try await ask(TxCommit(), number, TxCommitOk.id)
            return returned(channel) + answer
        case .rollback: return try await ask(TxRollback(), number, TxRollbackOk.id)
        case .read(let name):
            var seen: [String] = []
            while let message = try await channel.get(self.name(name)) { seen.append(describe(message, left: nil)) }
            return seen
        case .wait:
            try await elapse(milliseconds: WalkStep.Span.wait)
            return ["ok"]
        default: return []
        }
    }

    private func bind(_ binding: WalkStep.Binding, _ channel: Int, _ noWait: Bool) async throws -> [String] {
        let (source, key) = (name(binding.source), ShortString(truncating: binding.key))
        let arguments = WalkHeaders.bindings[binding.arguments].table
        switch binding.destination {
        case .queue(let queue):
            let bind = QueueBind(
                queue: name(queue), exchange: source, routingKey: key, noWait: noWait, arguments: arguments)
            return try await ask(bind, channel, QueueBindOk.id, noWait: noWait)
        case .exchange(let exchange):
            let bind = ExchangeBind(
                destination: name(exchange), source: source, routingKey: key, noWait: noWait, arguments: arguments)
            return try await ask(bind, channel, ExchangeBindOk.id, noWait: noWait)
        }
    }

    private func unbind(_ binding: WalkStep.Binding, _ channel: Int, _ noWait: Bool) async throws -> [String] {
        let (source, key) = (name(binding.source), ShortString(truncating: binding.key))
        let arguments = WalkHeaders.bindings[binding.arguments].table
        switch binding.destination {
        case .queue(let queue):
            let unbind = QueueUnbind(queue: name(queue), exchange: source, routingKey: key, arguments: arguments)
            return try await ask(unbind, channel, QueueUnbindOk.id)
        case .exchange(let exchange):
            let unbind = ExchangeUnbind(
                destination: name(exchange), source: source, routingKey: key, noWait: noWait, arguments: arguments)
            return try await ask(unbind, channel, ExchangeUnbindOk.id, noWait: noWait)
        }
    }

    private func publish(_ publication: WalkStep.Publication, _ number: Int) async throws -> [String] {
        let channel = channels[number]
        var properties = BasicProperties(
            deliveryMode: publication.isPersistent ? 2 : nil, priority: publication.priority.map { UInt8($0) },
            expiration: publication.expiration.map { ShortString(truncating: "\($0.rawValue)") })
        var headers = WalkHeaders.messages[publication.headers].table
        if !publication.copies.isEmpty { headers["CC"] = .array(publication.copies.map { .string($0) }) }
        if !headers.isEmpty { properties.headers = headers }
        let key = publication.exchange.isEmpty ? name(publication.key) : ShortString(truncating: publication.key)
        channel.publish(
            publication.body, to: name(publication.exchange), key, properties, mandatory: publication.isMandatory)
        let answer = try await barrier(number, cause: BasicPublish.id)
        guard answer == ["ok"], theme.modes[number] == .confirming else { return answer }
        let confirm = try await channel.confirm()
        return answer + returned(channel) + ["\(confirm.isAck ? "ack" : "nack") \(confirm.tag)"]
    }

    private func returned(_ channel: ProbeChannel) -> [String] {
        probe.arrived(on: channel.number) { $0.method?.id == BasicReturn.id }.map { event in
            guard case .method(.basicReturn(let method), let content?) = event else { return "\(event)" }
            return "'\(text(content))' returned, \(method.replyCode.rawValue)"
        }
    }

    private func settle(_ tag: UInt64, _ settlement: WalkStep.Settlement, _ multiple: Bool, _ channel: ProbeChannel) {
        switch settlement {
        case .ack: channel.send(BasicAck(deliveryTag: tag, multiple: multiple))
        case .discard, .requeue:
            channel.send(BasicNack(deliveryTag: tag, multiple: multiple, requeue: settlement.isRequeue))
        case .rejectAndDiscard, .rejectAndRequeue:
            channel.send(BasicReject(deliveryTag: tag, requeue: settlement.isRequeue))
        }
    }

    // MARK: Answers

    private func barrier(_ channel: Int, cause: MethodID? = nil) async throws -> [String] {
        try await ask(ProbeChannel.barrierMethod, channel, ExchangeDeclareOk.id, cause: cause, isBarrier: true)
    }

    /// Sends a method, and waits for one of its replies or for the end of the channel, which is opened again then.
    private func ask(
        _ method: some MethodFields, _ channel: Int, _ replies: MethodID..., noWait: Bool = false,
        cause: MethodID? = nil,
        isBarrier: Bool = false
    ) async throws -> [String] {
        if noWait {
            channels[channel].send(method)
            return try await barrier(channel, cause: type(of: method).id)
        }
        var reply: Event?
        channels[channel].send(method)
        let outcome = try await probe.outcome(
            on: channels[channel].number,
            until: { event in
                guard let id = event.method?.id, replies.contains(id) else { return false }
                reply = event
                return true
            }, cause: isBarrier ? cause : type(of: method).id, at: #_sourceLocation)
        switch outcome {
        case .ok: return [reply.map(describe) ?? "ok"]
        case .channelClose(let code):
            try await begin(channel)
            return ["closed with \(code.rawValue)"]
        default: throw SuiteError(expected: "\(replies)", "\(outcome)")
        }
    }

    // MARK: What else there is to see

    /// What consumers were handed, by channel; waits for so many as are expected.
    func deliveries(_ expected: [Int: [String]]) async throws -> [Int: [String]] {
        var seen: [Int: [String]] = [:]
        for (number, channel) in channels.enumerated() {
            var messages: [Received] = []
            while messages.count < expected[number]?.count ?? 0 { messages.append(try await channel.delivery()) }
            messages += channel.deliveriesSoFar()
            guard !messages.isEmpty else { continue }
            seen[number] = messages.map { "#\($0.deliveryTag) to \($0.consumerTag): \(describe($0, left: nil))" }
        }
        return seen
    }

    /// The consumers that were cancelled with their queue, by channel; waits for so many as are expected. Until a channel has
    /// told of that, the consumer's tag is taken there.
    func cancels(_ expected: [Int: [String]]) async throws -> [Int: [String]] {
        var seen: [Int: [String]] = [:]
        for (number, channel) in channels.enumerated() {
            var cancels: [BasicCancel] = []
            while cancels.count < expected[number]?.count ?? 0 {
                cancels.append(try await channel.receive(BasicCancel.self))
            }
            cancels += probe.arrived(on: channel.number) { $0.method?.id == BasicCancel.id }
                .compactMap { $0.method?.fields as? BasicCancel }
            if !cancels.isEmpty { seen[number] = cancels.map { String(describing: $0.consumerTag) }.sorted() }
        }
        return seen
    }

    /// What is still there of what should be gone, in words; nil: nothing. A broker whose queues take their time is asked
    /// until it is gone: which of the other channels would still find it, nobody knows.
    func leftOver(_ gone: WalkModel.Gone) async throws -> String? {
        for name in gone.queues {
            if try await remains(QueueDeclare(queue: self.name(name), passive: true)) { return "queue \(name)" }
        }
        for name in gone.exchanges {
            if try await remains(ExchangeDeclare(exchange: self.name(name), passive: true)) {
                return "exchange \(name)"
            }
        }
        return nil
    }

    private func remains(_ declare: some MethodFields) async throws -> Bool {
        func isGone() async throws -> Bool {
            try await watcher.outcome(of: declare) == .channelClose(.notFound)
        }
        return try await CaseRun.current?.peer.isShared == true ? !eventually(isGone) : !isGone()
    }

    /// Ready messages and consumers of the queues that are there. A broker whose queues take their time is asked again when
    /// they are not as expected.
    mutating func counts(_ expected: [String: String]) async throws -> [String: String] {
        var seen = try await counts(of: expected.keys.sorted())
        lastLook = .now
        if seen != expected, CaseRun.current?.peer.isShared == true {
            _ = try await eventually {
                seen = try await counts(of: expected.keys.sorted())
                return seen == expected
            }
        }
        return seen
    }

    private func counts(of names: [String]) async throws -> [String: String] {
        for name in names { watcher.send(QueueDeclare(queue: self.name(name), passive: true)) }
        var counts: [String: String] = [:]
        for name in names {
            let ok = try await watcher.receive(QueueDeclareOk.self)
            counts[name] = theme.count(ready: Int(ok.messageCount), consumers: Int(ok.consumerCount))
        }
        return counts
    }
}

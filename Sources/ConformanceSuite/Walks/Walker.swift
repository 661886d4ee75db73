import AMQPWire
import Testing

/// The client of a random walk, on a connection of its own to the broker that is tested. Throws where something else comes
/// than an answer.
struct Walker {
    private let probe: Probe
    private let channels: [ProbeChannel]
    /// Looks, and does nothing else.
    private let watcher: ProbeChannel
    private let modes: [WalkModel.Mode]
    /// Before each name, so that no other case uses it.
    private let prefix: String

    init(_ modes: [WalkModel.Mode]) async throws {
        self.modes = modes
        prefix = unique("walk").text + "."
        probe = try await Probe.connect()
        var channels: [ProbeChannel] = []
        for _ in modes { channels.append(try await probe.openChannel()) }
        self.channels = channels
        watcher = try await probe.openChannel()
        for channel in modes.indices { try await begin(channel) }
    }

    func end() async { try? await probe.close() }

    private func begin(_ channel: Int) async throws {
        switch modes[channel] {
        case .confirming: try await channels[channel].confirmSelect()
        case .transactional: _ = try await channels[channel].call(TxSelect(), TxSelectOk.self)
        }
    }

    // MARK: Steps

    /// Does a step, and returns what it was answered, and what came besides. `tag`: the delivery that it settles.
    func take(_ step: WalkStep, tag: UInt64) async throws -> [String] {
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
                exchange: self.name(name), type: ShortString(truncating: shape.type), autoDelete: shape.isAutoDelete,
                noWait: noWait,
                arguments: shape.alternate.map { ["alternate-exchange": .longString(self.name($0).octets)] } ?? [:])
            return try await ask(declare, number, ExchangeDeclareOk.id, noWait: noWait)
        case .deleteExchange(let name, let ifUnused):
            return try await ask(
                ExchangeDelete(exchange: self.name(name), ifUnused: ifUnused, noWait: noWait), number,
                ExchangeDeleteOk.id, noWait: noWait)
        case .declareQueue(let name, let shape):
            return try await ask(
                QueueDeclare(
                    queue: self.name(name), exclusive: true, noWait: noWait, arguments: arguments(shape)), number,
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
        case .consume(let name, let tag, let prefetch, let noAck):
            if !noAck { try await channel.qos(UInt16(prefetch)) }
            let consume = BasicConsume(
                queue: self.name(name), consumerTag: ShortString(truncating: tag), noAck: noAck, noWait: noWait)
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
        var properties = BasicProperties(priority: publication.priority.map { UInt8($0) })
        var headers = WalkHeaders.messages[publication.headers].table
        if !publication.copies.isEmpty { headers["CC"] = .array(publication.copies.map { .string($0) }) }
        if !headers.isEmpty { properties.headers = headers }
        let key = publication.exchange.isEmpty ? name(publication.key) : ShortString(truncating: publication.key)
        channel.publish(
            publication.body, to: name(publication.exchange), key, properties, mandatory: publication.isMandatory)
        let answer = try await barrier(number, cause: BasicPublish.id)
        guard answer == ["ok"], modes[number] == .confirming else { return answer }
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

    private func describe(_ reply: Event) -> String {
        switch reply.method {
        case .queueDeclareOk(let ok):
            WalkQueue.count(ready: Int(ok.messageCount), consumers: Int(ok.consumerCount))
        case .queueDeleteOk(let ok): "\(ok.messageCount) deleted"
        case .queuePurgeOk(let ok): "\(ok.messageCount) purged"
        case .basicGetEmpty: "empty"
        case .basicGetOk:
            Received(reply).map { "#\($0.deliveryTag): \(describe($0, left: Int($0.messageCount)))" } ?? "\(reply)"
        default: "ok"
        }
    }

    private func describe(_ message: Received, left: Int?) -> String {
        WalkMessage.description(
            text(message.content), from: label(message.exchange.octets), by: label(message.routingKey.octets),
            copies: message.headers["CC"]?.array?.compactMap(\.text) ?? [],
            deaths: message.deaths.map { death in
                let keys = death["routing-keys"]?.array?.compactMap(\.text).map { label(Array($0.utf8)) } ?? []
                return "\(label(death["queue"])) \(death["reason"]?.text ?? "") \(death["count"]?.integer ?? 0) "
                    + "'\(label(death["exchange"]))' '\(keys.joined(separator: " "))'"
            }, isRedelivered: message.redelivered, left: left)
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

    /// Ready messages and consumers of the queues that are there. A broker whose queues take their time is asked again when
    /// they are not as expected.
    func counts(_ expected: [String: String]) async throws -> [String: String] {
        var seen = try await counts(of: expected.keys.sorted())
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
            counts[name] = WalkQueue.count(ready: Int(ok.messageCount), consumers: Int(ok.consumerCount))
        }
        return counts
    }

    // MARK: Names

    private func name(_ label: String) -> ShortString {
        label.isEmpty ? "" : ShortString(truncating: prefix + label)
    }

    private func label(_ octets: [UInt8]) -> String {
        let text = String(decoding: octets, as: UTF8.self)
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }

    private func label(_ value: FieldValue?) -> String { label(Array((value?.text ?? "").utf8)) }

    /// Without the filling.
    private func text(_ content: Content) -> String { String(content.text.prefix { $0 != "." }) }

    private func arguments(_ shape: WalkStep.QueueShape) -> FieldTable {
        var arguments: FieldTable = [:]
        if let length = shape.maxLength { arguments["x-max-length"] = .int32(Int32(length)) }
        if let octets = shape.maxOctets { arguments["x-max-length-bytes"] = .int32(Int32(octets)) }
        if shape.overflow != .dropHead { arguments["x-overflow"] = .string(shape.overflow.rawValue) }
        if let exchange = shape.deadLetterExchange {
            arguments["x-dead-letter-exchange"] = .longString(name(exchange).octets)
            if let key = shape.deadLetterKey {
                arguments["x-dead-letter-routing-key"] =
                    exchange.isEmpty ? .longString(name(key).octets) : .string(key)
            }
        }
        if let priority = shape.maxPriority { arguments["x-max-priority"] = .int32(Int32(priority)) }
        return arguments
    }
}

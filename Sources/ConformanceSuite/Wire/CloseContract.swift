import AMQPTransport
import AMQPWire
import Testing

/// Finding out what a broker made of something, and with it the whole contract of a close:
/// code, class and method id; then, for a channel, siblings that live and a number that can be used again; for a
/// connection, an end of stream after close-ok.
extension Probe {
    /// What comes of what was sent on channel 0, or of frames that concern the connection: a close, an end, a header, or
    /// silence. Waits for it, so it is for provocations that are expected to have an effect.
    func outcome(cause: MethodID? = nil, at place: SourceLocation = #_sourceLocation) async throws -> Outcome {
        try await outcome(on: 0, until: { _ in false }, cause: cause, at: place)
    }

    /// Waits for a close, an end, a protocol header, or for the event that proves that there was none.
    func outcome(
        on channel: UInt16, until isFine: (Event) -> Bool, cause: MethodID?, at place: SourceLocation
    ) async throws -> Outcome {
        enum Seen { case event(Event), end(StreamEnd) }
        let seen: Seen? = try await look { mailbox in
            let event =
                mailbox.take(on: channel) { isFine($0) || $0.isClose || $0.isHeader }
                ?? mailbox.take(on: 0) { $0.isClose || $0.isHeader }
            return event.map(Seen.event) ?? mailbox.end.map(Seen.end)
        }
        switch seen {
        case nil: return .silence
        case .end(.reset): return .reset
        case .end: return .endOfStream
        case .event(.header): return .header
        case .event(.method(.channelClose(let close), _)):
            check(close.cause, against: cause, close.replyText, at: place)
            try await channelWasClosed(channel, at: place)
            return .channelClose(close.replyCode)
        case .event(.method(.connectionClose(let close), _)):
            check(close.cause, against: cause, close.replyText, at: place)
            try await connectionWasClosed(at: place)
            return .connectionClose(close.replyCode)
        case .event: return .ok
        }
    }

    private func check(
        _ seen: MethodID, against expected: MethodID?, _ text: ShortString, at place: SourceLocation
    ) {
        guard let expected, seen != expected else { return }
        note(.nonStrict, "the close blames \(seen), not \(expected) ('\(text)')", at: place)
    }

    private func channelWasClosed(_ channel: UInt16, at place: SourceLocation) async throws {
        mark(channel: channel, isOpen: false)
        send(ChannelCloseOk(), on: channel)
        forget(channel: channel)
        for sibling in siblings(of: channel) {
            do {
                try await sibling.barrier(at: place)
            } catch {
                note(.failed, "channel \(sibling.number) did not survive the close of another: \(error)", at: place)
            }
        }
        do {
            _ = try await openChannel(channel)
        } catch {
            note(.failed, "the channel number cannot be used again after close-ok: \(error)", at: place)
        }
    }

    private func connectionWasClosed(at place: SourceLocation) async throws {
        send(ConnectionCloseOk())
        if try await end() == nil {
            note(.nonStrict, "the stream was not ended after connection.close-ok", at: place)
        }
    }
}

extension ProbeChannel {
    /// Sends a method and finds out what comes of it. After a channel.close the channel is open again, with its number.
    func outcome(
        of method: some MethodFields, at place: SourceLocation = #_sourceLocation
    ) async throws -> Outcome {
        // Somebody has to be there who can show that only this channel was closed.
        if probe.siblings(of: number).isEmpty { _ = try await probe.openChannel() }
        send(method)
        let replies = method.isAnswered ? method.id.replies : []
        guard !replies.isEmpty else { return try await outcome(cause: method.id, at: place) }
        return try await probe.outcome(
            on: number, until: { event in event.method.map { replies.contains($0.id) } ?? false }, cause: method.id,
            at: place)
    }

    /// What comes of all that was sent on the channel until now: sends a barrier behind it.
    func outcome(cause: MethodID? = nil, at place: SourceLocation = #_sourceLocation) async throws -> Outcome {
        send(Self.barrierMethod)
        return try await probe.outcome(
            on: number, until: { $0.method?.id == ExchangeDeclareOk.id }, cause: cause, at: place)
    }

    /// Sends a method, and expects this of it: the usual form of a case about a refusal.
    func send(
        _ method: some MethodFields, expecting spec: Outcomes, rabbitmq: Outcomes? = nil, from: Release? = nil,
        before: Release? = nil, at place: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await outcome(of: method, at: place)
        expect(outcome, spec, rabbitmq: rabbitmq, from: from, before: before, at: place)
    }
}

extension Event {
    fileprivate var isHeader: Bool { if case .header = self { true } else { false } }
}

extension MethodID {
    /// The methods that may answer this one; none: it has no answer.
    fileprivate var replies: [MethodID] {
        switch self {
        case BasicPublish.id, BasicAck.id, BasicReject.id, BasicNack.id, BasicRecoverAsync.id: []
        case BasicGet.id: [BasicGetOk.id, BasicGetEmpty.id]
        case ExchangeUnbind.id: [ExchangeUnbindOk.id]
        default: [MethodID(classID, methodID + 1)]
        }
    }
}

extension MethodFields {
    /// False when the sender said that it wants no answer.
    fileprivate var isAnswered: Bool {
        let noWait = Mirror(reflecting: self).children.first { $0.label == "noWait" }?.value as? Bool
        return noWait != true
    }
}

import AMQPWire

// What clients do with streams.

extension Simulation {
    /// Consumes a stream from anywhere.
    func read(_ stream: ModelQueue, _ actor: Actor) {
        // Our broker would close the channel without a limit, and the connection for a shared one.
        if actor.channel.consumerPrefetch == 0 || actor.channel.prefetch > 0 { limitReaders(actor) }
        consumerNumber += 1
        let tag = "c\(consumerNumber)"
        let (start, argument) = pickStart(in: stream)
        note("\(actor.channel.path) reads \(stream.kind.name) as \(tag), from \(argument.map { "\($0)" } ?? "nowhere")")
        let heard = defect == .readersBeginTooLate ? .string("next") : argument
        actor.send(
            BasicConsume(
                queue: ShortString(truncating: stream.kind.name), consumerTag: ShortString(truncating: tag),
                arguments: heard.map { ["x-stream-offset": $0] } ?? [:]))
        model.consume(stream, from: start, tag: tag, actor.channel)
    }

    private func limitReaders(_ actor: Actor) {
        let count = 1 + random.below(5)
        note("\(actor.channel.path) has a prefetch count of \(count)")
        actor.send(BasicQos(prefetchCount: UInt16(count)))
        model.prefetch(count, isShared: false, actor.channel)
    }

    private func pickStart(in stream: ModelQueue) -> (Model.Start, FieldValue?) {
        switch random.below(8) {
        case 0: return (.last, "last")
        case 1: return (.next, random.oneIn(2) ? "next" : nil)
        case 2, 3:
            let offset = random.below(stream.end + 3)
            return (.offset(offset), .int64(Int64(offset)))
        case 4, 5:
            let times = stream.kept.map(\.time)
            let seconds = max(0, (times.isEmpty ? now : random.pick(times)) / 1000 + Int64(random.below(3)) - 1)
            return (.time(seconds), .timestamp(UInt64(seconds)))
        default: return (.first, "first")
        }
    }

    /// What a message with these properties has in a stream beside its body.
    static func octets(of properties: BasicProperties) -> Int {
        var writer = ByteWriter()
        properties.write(to: &writer)
        return writer.count
    }
}

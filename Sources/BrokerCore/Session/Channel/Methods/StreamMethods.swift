import AMQPWire

// What channels do otherwise with streams.

extension BrokerChannel {
    /// Throws 406 for a consumer whose window is not limited, and 540 for one that acknowledges nothing: acknowledgements
    /// are what a stream is read by.
    func checkStream(_ queue: any Queue, for consume: BasicConsume) throws(BrokerError) {
        let dialect = connection.dialect
        if consumerPrefetch == 0 {
            throw BrokerError(
                .preconditionFailed,
                "consumer prefetch count is not set for \(dialect.streamWithoutPrefetch(queue.label))")
        }
        if consume.noAck {
            throw BrokerError(
                .notImplemented,
                "automatic acknowledgement not supported by \(dialect.streamsInWords) \(queue.label)")
        }
    }

    /// What a refusal of a stream's messages is answered with, where it means nothing; nil: it does, or there is none.
    func refusal(of outcome: DeliveryOutcome, for deliveries: [Unacknowledged]) -> BrokerError? {
        if case .acknowledge = outcome { return nil }
        guard !connection.dialect.takesRefusalsOfStreams,
            let stream = deliveries.first(where: { $0.queue.kind == .stream })?.queue
        else { return nil }
        return .notWithStreams("basic.nack and basic.reject", stream.label)
    }

    /// Sends a method with a message as its content, and with the message's offset among the headers.
    func sendPlaced(_ method: some MethodFields, _ queued: QueuedMessage) {
        do throws(BrokerError) {
            let content = content(of: queued.message)
            let offset = Int64(clamping: queued.position)
            if let properties = content.properties(withOffset: offset), content.body.count <= connection.output.part {
                return connection.output.content(
                    method, properties: properties, body: content.body, channel: number,
                    frameMax: connection.session.frameMax)
            }
            let isTold = queued.message.traits.hasBlindCopies && quirk(.bccStaysInStreams)
            var properties = try isTold ? content.properties() : content.sentProperties()
            var headers = properties.headers ?? [:]
            headers["x-stream-offset"] = .int64(offset)
            properties.headers = headers.sortedByName
            connection.output.content(
                method, properties, bodyOf: content, of: queued.message, channel: number,
                frameMax: connection.session.frameMax)
        } catch { connection.fail(error, cause: method.id) }
    }
}

extension MessageContent {
    /// The octets of the properties with an offset as their only header, without decoding them; nil: they have headers.
    fileprivate func properties(withOffset offset: Int64) -> [UInt8]? {
        let octets = propertyOctets
        let (high, low) = (octets[0], octets[1])
        // Two words of flags, which nobody sends, are decoded.
        guard high & 0x20 == 0, low & 1 == 0 else { return nil }
        // Content type and encoding stand before the headers.
        var place = 2
        for flag in [0x80, 0x40] as [UInt8] where high & flag != 0 { place += 1 + Int(octets[place]) }
        var writer = ByteWriter(octets: [high | 0x20, low])
        writer.raw(octets[2..<place])
        writer.table(["x-stream-offset": .int64(offset)])
        writer.raw(octets[place...])
        return writer.octets
    }
}

extension BrokerError {
    static func notWithStreams(_ method: String, _ label: String) -> BrokerError {
        BrokerError(.notImplemented, "\(method) not supported by stream queues \(label)")
    }
}

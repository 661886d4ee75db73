import AMQPWire
import BrokerCore

/// A client's end of a connection: it writes frames, and reads what comes as events.
final class SimulatedClient {
    let number: Int
    let id: ConnectionID
    private(set) var events: [(channel: UInt16, event: Event)] = []
    private(set) var isEnded = false
    private var reader = FrameReader(frameMax: 0)
    private var writer = FrameWriter()
    private var methods = MethodReader()
    /// Confirms of a channel up to this number have come.
    private var confirmed: [UInt16: UInt64] = [:]

    init(number: Int, id: ConnectionID) {
        self.number = number
        self.id = id
    }

    // MARK: Out

    func add(_ method: some MethodFields, channel: UInt16) { writer.method(method, channel: channel) }

    func addHandshake(channels: [UInt16]) {
        writer.protocolHeader()
        add(
            ConnectionStartOk(
                clientProperties: ["capabilities": ["consumer_cancel_notify": true]], mechanism: "PLAIN",
                response: Array("\0guest\0guest".utf8)), channel: 0)
        add(ConnectionTuneOk(channelMax: 2047, frameMax: 131_072, heartbeat: 0), channel: 0)
        add(ConnectionOpen(), channel: 0)
        for channel in channels { add(ChannelOpen(), channel: channel) }
    }

    func addPublish(_ publish: BasicPublish, _ properties: BasicProperties, body: [UInt8], channel: UInt16) {
        writer.content(publish, properties, body: body, channel: channel, frameMax: 131_072)
    }

    /// What has been added, to be sent.
    func takeOctets() -> [UInt8] { writer.take() }

    // MARK: In

    func take() -> [(channel: UInt16, event: Event)] {
        defer { events.removeAll(keepingCapacity: true) }
        return events
    }

    func receive(_ octets: RawSpan, isLast: Bool) {
        reader.append(octets)
        do throws(WireError) {
            while let frame = try reader.next() { receive(frame) }
        } catch {
            events.append((0, .surprise("not a frame: \(error.reason)")))
        }
        if isLast { isEnded = true }
    }

    private func receive(_ frame: Frame) {
        switch methods.read(frame) {
        case nil: break
        case .method(let method, nil, let channel): receive(method, on: channel)
        case .method(let method, let content?, let channel): receive(method, content, on: channel)
        case .heartbeat: events.append((0, .surprise("a heartbeat")))
        case .stray(let frame): events.append((frame.channel, .surprise("a stray frame: \(frame)")))
        }
    }

    private func receive(_ method: Method, _ whole: AMQPWire.Content, on channel: UInt16) {
        var event: Event?
        switch method {
        case .basicDeliver(let deliver):
            event = content(whole, deliver.exchange, deliver.routingKey).map { content in
                .delivery(
                    consumer: deliver.consumerTag.text, tag: deliver.deliveryTag, redelivered: deliver.redelivered,
                    content)
            }
        case .basicGetOk(let ok):
            event = content(whole, ok.exchange, ok.routingKey).map { content in
                .got(tag: ok.deliveryTag, redelivered: ok.redelivered, left: Int(ok.messageCount), content)
            }
        case .basicReturn(let returned):
            event = content(whole, returned.exchange, returned.routingKey).map(Event.returned)
        default: break
        }
        events.append((channel, event ?? .surprise("another body, or other headers, than any that was published")))
    }

    /// nil: nobody has published that.
    private func content(_ whole: AMQPWire.Content, _ exchange: ShortString, _ key: ShortString) -> Content? {
        let headers = whole.properties.headers ?? [:]
        guard let number = Int(String(decoding: whole.body.prefix { $0 != 32 }, as: UTF8.self)),
            whole.body == Content.body(number)
        else { return nil }
        let ofDeath = ["x-death", "x-first-death-queue", "x-first-death-reason", "x-first-death-exchange"]
        let ofQueues: [ShortString] = ["x-delivery-count", "x-stream-offset"]
        let own = headers.fields.filter { !ofDeath.contains($0.name.text) && !ofQueues.contains($0.name) }
        let expected = Content.headers(number)
        guard own.count == expected.count,
            own.allSatisfy({ expected[$0.name.text].map(Int64.init) == $0.value.integer })
        else { return nil }
        return Content(
            number: number, exchange: exchange.text, key: key.text,
            expiration: whole.properties.expiration.flatMap { Int64($0.text) },
            priority: whole.properties.priority.map(Int.init),
            deaths: (headers["x-death"]?.array ?? []).map { Content.Death($0.table ?? [:]) },
            first: ofDeath.dropFirst().compactMap { headers[ShortString(truncating: $0)]?.text },
            deliveryCount: headers["x-delivery-count"]?.integer.map { Int($0) },
            offset: headers["x-stream-offset"]?.integer.map { Int($0) })
    }

    private func receive(_ method: Method, on channel: UInt16) {
        func add(_ event: Event) { events.append((channel, event)) }
        switch method {
        case .connectionStart, .connectionTune, .connectionOpenOk: break
        case .queueDeclareOk(let ok): add(.answer(QueueDeclareOk.id, [Int(ok.messageCount), Int(ok.consumerCount)]))
        case .queuePurgeOk(let ok): add(.answer(QueuePurgeOk.id, [Int(ok.messageCount)]))
        case .queueDeleteOk(let ok): add(.answer(QueueDeleteOk.id, [Int(ok.messageCount)]))
        case .basicCancel(let cancel): add(.cancelled(consumer: cancel.consumerTag.text))
        case .basicAck(let ack): confirm(ack.deliveryTag, multiple: ack.multiple, accepted: true, channel)
        case .basicNack(let nack): confirm(nack.deliveryTag, multiple: nack.multiple, accepted: false, channel)
        case .channelClose(let close): add(.closed(close.replyCode))
        case .connectionClose(let close): add(.surprise("connection.close \(close.replyCode) \(close.replyText)"))
        case .channelOpenOk:
            confirmed[channel] = nil
            add(.answer(method.id, []))
        default: add(.answer(method.id, []))
        }
    }

    private func confirm(_ number: UInt64, multiple: Bool, accepted: Bool, _ channel: UInt16) {
        let last = confirmed[channel] ?? 0
        guard number > last else {
            return events.append((channel, .surprise("\(number) is confirmed after \(last)")))
        }
        let first = multiple ? last + 1 : number
        for number in first...number { events.append((channel, .confirm(number, accepted: accepted))) }
        confirmed[channel] = number
    }
}

extension Content.Death {
    init(_ death: FieldTable) {
        var time: Int64 = 0
        if case .timestamp(let seconds)? = death["time"] { time = Int64(clamping: seconds) }
        let keys = (death["routing-keys"]?.array ?? []).map { $0.text ?? "no text" }
        self.init(
            queue: death["queue"]?.text ?? "", reason: death["reason"]?.text ?? "",
            count: Int(death["count"]?.integer ?? 0), exchange: death["exchange"]?.text ?? "none",
            key: keys.joined(separator: ", "), expiration: death["original-expiration"]?.text.flatMap { Int64($0) },
            time: time)
    }
}

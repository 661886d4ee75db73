import AMQPWire

extension Fault {
    /// Streams that are none, take what they have to refuse, or tell their offsets wrongly. What readers get wrong are quirks.
    static let streams: [Fault] = [
        declares("stream.is-classic") { $0.without("x-queue-type") },
        declares("stream.arguments-mean-nothing") { _ in ["x-queue-type": "stream"] },
        declares("stream.any-age-will-do") { $0["x-max-age"] == nil ? $0 : $0.without("x-max-age") },
        .request("stream.is-what-it-has-to-be") { (declare: inout QueueDeclare) in
            guard declare.arguments["x-queue-type"]?.text == "stream" else { return }
            (declare.durable, declare.exclusive, declare.autoDelete) = (true, false, false)
        },
        .reply("stream.counts-from-one") { (ok: inout QueueDeclareOk) in
            if ok.messageCount > 0 { ok.messageCount += 1 }
        },
        .reply("stream.tells-of-its-end") { (ok: inout QueueDeleteOk) in ok.messageCount += 3 },
        .request("stream.windows-are-twice-as-wide") { (qos: inout BasicQos) in qos.prefetchCount *= 2 },
        .request("stream.no-window-is-a-wide-one") { (consume: inout BasicConsume) in consume.noAck = false },
        .request("stream.priorities-mean-nothing") { (consume: inout BasicConsume) in
            consume.arguments = consume.arguments.without("x-priority")
        },
        .request("stream.any-offset-will-do") { (consume: inout BasicConsume) in
            if consume.consumerTag == "lost" { consume.arguments["x-stream-offset"] = "next" }
        },
        .request("stream.filters-of-other-queues-are-names") { (consume: inout BasicConsume) in
            if ["x-stream-filter", "x-stream-match-unfiltered"].contains(where: { consume.arguments[$0] == "a" }) {
                consume.queue = "a"
            }
        },
        .request("stream.acknowledges-one") { (ack: inout BasicAck) in ack.multiple = false },
        .requests("stream.refusals-mean-nothing", [BasicNack.id, BasicReject.id]) { _, _ in [] },
        .handedOver("stream.tells-no-offset") { content in content.properties.headers?["x-stream-offset"] = nil },
        .handedOver("stream.offsets-are-narrow") { content in
            if let offset = content.properties.headers?["x-stream-offset"]?.integer {
                content.properties.headers?["x-stream-offset"] = .int32(Int32(truncatingIfNeeded: offset))
            }
        },
        .handedOver("stream.offsets-are-octets") { content in
            if let offset = content.properties.headers?["x-stream-offset"]?.integer {
                content.properties.headers?["x-stream-offset"] = .int64(offset & 255)
            }
        },
        .reply("stream.counts-are-octets") { (ok: inout QueueDeclareOk) in ok.messageCount &= 255 },
        .reply("stream.counts-begin-anew") { (ok: inout QueueDeclareOk) in ok.messageCount = 0 }.afterRestarts,
        .handedOver("stream.loses-headers") { content in
            guard let offset = content.properties.headers?["x-stream-offset"] else { return }
            content.properties.headers = ["x-stream-offset": offset]
        },
        .requests("stream.transient-messages-are-forgotten", [BasicPublish.id]) { parcel, _ in
            parcel.content?.properties.deliveryMode == 1 ? [] : [parcel]
        }.beforeRestarts,
    ]

    private static func declares(
        _ name: String, _ change: @escaping @Sendable (FieldTable) -> FieldTable
    ) -> Fault {
        .request(name) { (declare: inout QueueDeclare) in
            if declare.arguments["x-queue-type"]?.text == "stream" { declare.arguments = change(declare.arguments) }
        }
    }
}

import AMQPWire

extension Fault {
    static let publishing: [Fault] = [
        .published("publish.mandatory-means-nothing") { publish, _ in publish.mandatory = false },
        .published("publish.all-mandatory") { publish, _ in publish.mandatory = true },
        .published("publish.immediate-means-nothing") { publish, _ in publish.immediate = false },
        .published("publish.missing-exchange-ignored") { publish, _ in
            if publish.exchange.text.hasPrefix("missing") { (publish.exchange, publish.routingKey) = ("", "nobody") }
        },
        .requests("publish.every-tenth-lost", [BasicPublish.id]) { parcel, memory in
            memory.count += 1
            return memory.count % 10 == 0 ? [] : [parcel]
        },
        .requests("publish.persistent-lost", [BasicPublish.id]) { parcel, _ in
            parcel.content?.properties.deliveryMode == 2 ? [] : [parcel]
        },
        .reply("returns.another-code") { (returned: inout BasicReturn) in returned.replyCode = .noConsumers },
        .reply("returns.without-exchange") { (returned: inout BasicReturn) in returned.exchange = "" },
        .reply("returns.without-key") { (returned: inout BasicReturn) in returned.routingKey = "" },
        .never("returns.never") { (_: BasicReturn) in true },
        .replies("returns.twice", [BasicReturn.id]) { parcel, _ in [parcel, parcel] },
        .replies("returns.without-body", [BasicReturn.id]) { parcel, _ in
            var parcel = parcel
            parcel.content?.body = []
            return [parcel]
        },
        .replies("returns.without-properties", [BasicReturn.id]) { parcel, _ in
            var parcel = parcel
            parcel.content?.properties = BasicProperties()
            return [parcel]
        },
        .replies("returns.to-the-first-channel", [BasicReturn.id]) { parcel, _ in
            var parcel = parcel
            parcel.channel = 1
            return [parcel]
        },
        .requests("publish.to-a-queue-that-is-gone-refused", [ConnectionClose.id, BasicPublish.id]) {
            parcel, memory in
            switch parcel.method {
            case .connectionClose:
                memory.names.insert("gone")
                return [parcel]
            case .basicPublish(let publish) where publish.exchange.isEmpty && memory.names.contains("gone"):
                return parcel.changing { (publish: inout BasicPublish) in publish.exchange = "missing" }.alone
            default: return [parcel]
            }
        },
    ]

    static let handingOver: [Fault] = [
        .reply("deliver.never-marked-as-redelivered") { (deliver: inout BasicDeliver) in deliver.redelivered = false },
        .reply("deliver.always-marked-as-redelivered") { (deliver: inout BasicDeliver) in deliver.redelivered = true },
        .reply("get.never-marked-as-redelivered") { (ok: inout BasicGetOk) in ok.redelivered = false },
        .reply("get.always-marked-as-redelivered") { (ok: inout BasicGetOk) in ok.redelivered = true },
        .reply("deliver.without-exchange") { (deliver: inout BasicDeliver) in deliver.exchange = "" },
        .reply("deliver.without-key") { (deliver: inout BasicDeliver) in deliver.routingKey = "" },
        .reply("deliver.another-consumer-tag") { (deliver: inout BasicDeliver) in
            deliver.consumerTag = deliver.consumerTag.changed { $0 + "x" }
        },
        .reply("deliver.tags-from-zero") { (deliver: inout BasicDeliver) in deliver.deliveryTag &-= 1 },
        .reply("get.tags-from-zero") { (ok: inout BasicGetOk) in ok.deliveryTag &-= 1 },
        .reply("get.without-exchange") { (ok: inout BasicGetOk) in ok.exchange = "missing" },
        .reply("get.without-key") { (ok: inout BasicGetOk) in ok.routingKey = "" },
        .reply("get.counts-itself") { (ok: inout BasicGetOk) in ok.messageCount &+= 1 },
        .reply("get.counts-nothing") { (ok: inout BasicGetOk) in ok.messageCount = 0 },
        .replies("deliver.twice", [BasicDeliver.id]) { parcel, _ in [parcel, parcel] },
        .replies("deliver.every-third-lost", [BasicDeliver.id]) { parcel, memory in
            memory.count += 1
            return memory.count % 3 == 0 ? [] : [parcel]
        },
        .replies("deliver.second-first", [BasicDeliver.id]) { parcel, memory in
            // The first is held back until the second comes: only bodies change places, tags stay in order.
            guard case .basicDeliver(let deliver) = parcel.method, deliver.deliveryTag <= 2 else { return [parcel] }
            if deliver.deliveryTag == 1 {
                memory.kept = [parcel]
                return []
            }
            guard let first = memory.kept.popLast() else { return [parcel] }
            return [
                Parcel(first.method, channel: first.channel, content: parcel.content),
                Parcel(parcel.method, channel: parcel.channel, content: first.content),
            ]
        },
        .replies("deliver.before-consume-ok", [BasicConsumeOk.id, BasicDeliver.id]) { parcel, memory in
            if parcel.method.id == BasicConsumeOk.id {
                memory.kept = [parcel]
                return []
            }
            defer { memory.kept = [] }
            return [parcel] + memory.kept
        },
        .handedOver("content.without-headers") { $0.properties.headers = nil },
        .handedOver("content.without-content-type") {
            ($0.properties.contentType, $0.properties.contentEncoding) = (nil, nil)
        },
        .handedOver("content.without-delivery-mode") { $0.properties.deliveryMode = nil },
        .handedOver("content.without-priority") { $0.properties.priority = nil },
        .handedOver("content.without-correlation-id") { $0.properties.correlationID = nil },
        .handedOver("content.without-reply-to") { $0.properties.replyTo = nil },
        .handedOver("content.expiration-stays") { $0.properties.expiration = "1" },
        .handedOver("content.without-message-id") { ($0.properties.messageID, $0.properties.type) = (nil, nil) },
        .handedOver("content.without-timestamp") { $0.properties.timestamp = nil },
        .handedOver("content.timestamp-in-milliseconds") {
            $0.properties.timestamp = $0.properties.timestamp.map { $0 &* 1000 }
        },
        .handedOver("content.without-user-id") { $0.properties.userID = nil },
        .handedOver("content.without-app-id") { ($0.properties.appID, $0.properties.clusterID) = (nil, nil) },
        .handedOver("content.default-properties") { content in
            if content.properties.deliveryMode == nil { content.properties.deliveryMode = 1 }
        },
        .handedOver("content.body-in-other-octets") { $0.body = $0.body.map { $0 & 0x7F } },
        .handedOver("content.header-order-changed") { content in
            if let headers = content.properties.headers {
                content.properties.headers = FieldTable(headers.fields.reversed())
            }
        },
        .handedOver("content.header-integers-widened") { content in
            guard let headers = content.properties.headers else { return }
            content.properties.headers = FieldTable(
                headers.fields.map { .init($0.name, $0.value.integer.map { .int64($0) } ?? $0.value) })
        },
        .handedOver("content.only-simple-header-types") { content in
            guard let headers = content.properties.headers else { return }
            content.properties.headers = FieldTable(
                headers.fields.filter { $0.value.text != nil || $0.value.integer != nil })
        },
    ]

    static let settling: [Fault] = [
        .requests("ack.ignored", [BasicAck.id]) { parcel, _ in [] },
        .request("ack.multiple-is-one") { (ack: inout BasicAck) in ack.multiple = false },
        .request("ack.one-is-multiple") { (ack: inout BasicAck) in ack.multiple = true },
        .request("ack.multiple-leaves-one-behind") { (ack: inout BasicAck) in
            if ack.multiple, ack.deliveryTag > 1 { ack.deliveryTag -= 1 }
        },
        .requests("ack.multiple-zero-ignored", [BasicAck.id]) { parcel, _ in
            if case .basicAck(let ack) = parcel.method, ack.deliveryTag == 0, ack.multiple { [] } else { [parcel] }
        },
        .request("ack.zero-is-the-last") { (ack: inout BasicAck) in
            if ack.deliveryTag == 0, !ack.multiple { ack.multiple = true }
        },
        .request("ack.multiple-zero-is-refused") { (ack: inout BasicAck) in
            if ack.deliveryTag == 0 { ack.multiple = false }
        },
        .requests("ack.only-in-order", [BasicAck.id]) { parcel, memory in
            guard case .basicAck(let ack) = parcel.method else { return [parcel] }
            let name = "\(memory.connection)/\(parcel.channel)/\(ack.deliveryTag - min(1, ack.deliveryTag))"
            memory.names.insert("\(memory.connection)/\(parcel.channel)/\(ack.deliveryTag)")
            return ack.deliveryTag < 2 || memory.names.contains(name) ? [parcel] : []
        },
        .requests("ack.on-the-first-channel", [BasicAck.id]) { parcel, _ in [Parcel(parcel.method, channel: 1)] },
        .requests("ack.is-a-requeue", [BasicAck.id]) { parcel, _ in
            guard case .basicAck(let ack) = parcel.method else { return [parcel] }
            return [
                Parcel(
                    .basicNack(BasicNack(deliveryTag: ack.deliveryTag, multiple: ack.multiple)), channel: parcel.channel
                )
            ]
        },
        .request("nack.always-drops") { (nack: inout BasicNack) in nack.requeue = false },
        .request("nack.always-requeues") { (nack: inout BasicNack) in nack.requeue = true },
        .request("nack.multiple-is-one") { (nack: inout BasicNack) in nack.multiple = false },
        .request("nack.one-is-multiple") { (nack: inout BasicNack) in nack.multiple = true },
        .request("nack.multiple-leaves-one-behind") { (nack: inout BasicNack) in
            if nack.multiple, nack.deliveryTag > 1 { nack.deliveryTag -= 1 }
        },
        .request("nack.zero-is-the-last") { (nack: inout BasicNack) in
            if nack.deliveryTag == 0, !nack.multiple { nack.multiple = true }
        },
        .request("nack.multiple-zero-is-refused") { (nack: inout BasicNack) in
            if nack.deliveryTag == 0 { nack.multiple = false }
        },
        .requests("nack.ignored", [BasicNack.id]) { _, _ in [] },
        .request("reject.always-drops") { (reject: inout BasicReject) in reject.requeue = false },
        .request("reject.always-requeues") { (reject: inout BasicReject) in reject.requeue = true },
        .requests("reject.ignored", [BasicReject.id]) { _, _ in [] },
        .requests("requeue.at-the-tail", [BasicDeliver.id, BasicGetOk.id, BasicNack.id, BasicReject.id]) { parcel, _ in
            [parcel]
        }
        .puttingBackAtTheTail(),
        .ignores("recover.does-nothing") { (_: BasicRecover) in true },
        .requests("recover.async-ignored", [BasicRecoverAsync.id]) { _, _ in [] },
        .request("recover.without-requeue-taken") { (recover: inout BasicRecover) in recover.requeue = true },
        .requests("settle.unacked-lost-with-the-channel", [ChannelClose.id]) { parcel, _ in
            [Parcel(.basicAck(BasicAck(deliveryTag: 0, multiple: true)), channel: parcel.channel), parcel]
        },
        .requests("settle.unacked-lost-with-the-connection", [ConnectionClose.id]) { parcel, _ in
            [Parcel(.basicAck(BasicAck(deliveryTag: 0, multiple: true)), channel: 1), parcel]
        },
        .requests("settle.cancel-returns-unacked", [BasicCancel.id]) { parcel, _ in
            [parcel, Parcel(.basicNack(BasicNack(deliveryTag: 0, multiple: true)), channel: parcel.channel)]
        },
        .requests("settle.cancel-drops-unacked", [BasicCancel.id]) { parcel, _ in
            [parcel, Parcel(.basicAck(BasicAck(deliveryTag: 0, multiple: true)), channel: parcel.channel)]
        },
        .request("settle.get-is-always-no-ack") { (get: inout BasicGet) in get.noAck = true },
        .request("settle.get-is-never-no-ack") { (get: inout BasicGet) in get.noAck = false },
        .request("settle.consume-is-always-no-ack") { (consume: inout BasicConsume) in consume.noAck = true },
        .request("settle.consume-is-never-no-ack") { (consume: inout BasicConsume) in consume.noAck = false },
    ]

    /// What is requeued is published anew instead, behind everything else.
    private func puttingBackAtTheTail() -> Fault {
        var fault = self
        fault.reply = { parcel, memory in
            if parcel.content != nil { memory.kept.append(parcel) }
            return [parcel]
        }
        fault.request = { parcel, memory in
            let (tag, isSingleRequeue): (UInt64, Bool) =
                switch parcel.method {
                case .basicNack(let nack): (nack.deliveryTag, nack.requeue && !nack.multiple)
                case .basicReject(let reject): (reject.deliveryTag, reject.requeue)
                default: (0, false)
                }
            guard isSingleRequeue,
                let original = memory.kept.last(where: { $0.tag == tag && $0.channel == parcel.channel })
            else { return [parcel] }
            let (exchange, key): (ShortString, ShortString) =
                switch original.method {
                case .basicDeliver(let deliver): (deliver.exchange, deliver.routingKey)
                case .basicGetOk(let ok): (ok.exchange, ok.routingKey)
                default: ("", "")
                }
            let again = Parcel(
                .basicPublish(BasicPublish(exchange: exchange, routingKey: key)), channel: parcel.channel,
                content: original.content)
            return [
                again,
                parcel.changing { (nack: inout BasicNack) in nack.requeue = false }
                    .changing { (reject: inout BasicReject) in reject.requeue = false },
            ]
        }
        return fault
    }
}

extension Parcel {
    fileprivate var tag: UInt64? {
        switch method {
        case .basicDeliver(let deliver): deliver.deliveryTag
        case .basicGetOk(let ok): ok.deliveryTag
        default: nil
        }
    }
}

import AMQPWire

extension Fault {
    static let dispatching: [Fault] = [
        .request("qos.one-too-many") { (qos: inout BasicQos) in if qos.prefetchCount > 0 { qos.prefetchCount &+= 1 } },
        .request("qos.one-too-few") { (qos: inout BasicQos) in if qos.prefetchCount > 1 { qos.prefetchCount -= 1 } },
        .request("qos.zero-is-one") { (qos: inout BasicQos) in qos.prefetchCount = max(1, qos.prefetchCount) },
        .request("qos.never-shared") { (qos: inout BasicQos) in qos.global = false },
        .request("qos.always-shared") { (qos: inout BasicQos) in qos.global = true },
        .ignores("qos.means-nothing") { (_: BasicQos) in true },
        .ignores("qos.shared-means-nothing") { (qos: BasicQos) in qos.global },
        .requests("qos.only-the-first-counts", [BasicQos.id]) { parcel, memory in
            let name = "\(memory.connection)/\(parcel.channel)"
            if memory.names.insert(name).inserted {
                memory.kept.append(parcel)
                return [parcel]
            }
            return [Parcel(memory.kept.last?.method ?? parcel.method, channel: parcel.channel)]
        },
        .requests("qos.shared-only-the-first-counts", [BasicQos.id]) { parcel, memory in
            guard case .basicQos(let qos) = parcel.method, qos.global else { return [parcel] }
            if let first = memory.kept.first { return [Parcel(first.method, channel: parcel.channel)] }
            memory.kept.append(parcel)
            return [parcel]
        },
        .request("qos.size-means-nothing") { (qos: inout BasicQos) in qos.prefetchSize = 0 },
        .request("qos.never-above-ten") { (qos: inout BasicQos) in qos.prefetchCount = min(10, qos.prefetchCount) },
        .requests("qos.counts-no-ack-consumers-and-get", [BasicConsume.id, BasicGet.id]) { parcel, _ in
            parcel.changing { (consume: inout BasicConsume) in consume.noAck = false }.alone
        },
        .requests("qos.get-waits-for-the-window", [BasicQos.id, BasicGet.id]) { parcel, memory in
            if case .basicQos(let qos) = parcel.method, qos.prefetchCount > 0 { memory.count = Int(qos.prefetchCount) }
            if parcel.method.id == BasicGet.id, memory.count > 0 {
                memory.count -= 1
                return memory.count == 0
                    ? [Parcel(.basicGet(BasicGet(queue: "missing")), channel: parcel.channel)] : [parcel]
            }
            return [parcel]
        },
        .requests("dispatch.first-come-gets-all", [BasicConsume.id]) { parcel, memory in
            memory.count += 1
            let priority = Int64(-memory.count)
            return parcel.changing { (consume: inout BasicConsume) in
                if consume.arguments["x-priority"] == nil { consume.arguments["x-priority"] = .int64(priority) }
            }.alone
        },
        .requests("dispatch.last-come-gets-all", [BasicConsume.id]) { parcel, memory in
            memory.count += 1
            let priority = Int64(memory.count)
            return parcel.changing { (consume: inout BasicConsume) in
                if consume.arguments["x-priority"] == nil { consume.arguments["x-priority"] = .int64(priority) }
            }.alone
        },
        .replies("dispatch.all-for-the-first-consumer", [BasicDeliver.id]) { parcel, memory in
            memory.kept.append(parcel)
            guard case .basicDeliver(let first)? = memory.kept.first?.method else { return [parcel] }
            return parcel.changing { (deliver: inout BasicDeliver) in deliver.consumerTag = first.consumerTag }.alone
        },
        .requests("qos.no-ack-consumers-do-not-wait", [BasicConsume.id]) { parcel, memory in
            guard case .basicConsume(let consume) = parcel.method, consume.noAck else { return [parcel] }
            memory.swallowed += 1
            return [Parcel(.basicQos(BasicQos(prefetchCount: 0, global: true)), channel: parcel.channel), parcel]
        }.swallowing(BasicQosOk.id),
        .requests("dispatch.one-at-a-time", [BasicConsume.id]) { parcel, _ in
            [Parcel(.basicQos(BasicQos(prefetchCount: 1)), channel: parcel.channel), parcel]
        }.swallowingEvery(BasicQosOk.id),
    ]

    /// No answer of a kind reaches the client: the fault asks, and no case that it is for does.
    private func swallowingEvery(_ answer: MethodID) -> Fault {
        var fault = self
        fault.reply = { parcel, _ in parcel.method.id == answer ? [] : [parcel] }
        return fault
    }

    static let consumers: [Fault] = [
        Fault(
            name: "cancel-notify.before-delete-ok", methods: [BasicConsume.id, QueueDeleteOk.id, BasicCancel.id],
            request: { parcel, memory in
                if parcel.method.id == BasicConsume.id { memory.names.insert("\(memory.key(parcel))") }
                return [parcel]
            },
            reply: { parcel, memory in
                if parcel.method.id == QueueDeleteOk.id, memory.names.contains("\(memory.key(parcel))") {
                    memory.kept.append(parcel)
                    return []
                }
                guard parcel.method.id == BasicCancel.id else { return [parcel] }
                defer { memory.kept = [] }
                return [parcel] + memory.kept
            }),
        .request("consume.exclusive-means-nothing") { (consume: inout BasicConsume) in consume.exclusive = false },
        .request("consume.all-exclusive") { (consume: inout BasicConsume) in consume.exclusive = true },
        .request("consume.arguments-mean-nothing") { (consume: inout BasicConsume) in consume.arguments = [:] },
        .request("consume.priority-upside-down") { (consume: inout BasicConsume) in
            consume.arguments = consume.arguments.changing("x-priority") { -$0 }
        },
        .request("consume.any-argument-does") { (consume: inout BasicConsume) in
            if consume.arguments["x-priority"]?.integer == nil { consume.arguments["x-priority"] = nil }
        },
        .request("consume.no-wait-is-answered") { (consume: inout BasicConsume) in consume.noWait = false },
        .request("consume.tags-are-made-up") { (consume: inout BasicConsume) in consume.consumerTag = "" },
        .request("consume.tags-are-the-connections") { (consume: inout BasicConsume) in
            if consume.consumerTag.isEmpty { consume.consumerTag = "the-same" }
        },
        .requests("consume.tag-taken-on-another-channel", [BasicConsume.id]) { parcel, memory in
            guard case .basicConsume(let consume) = parcel.method, !consume.consumerTag.isEmpty else { return [parcel] }
            let isNew = memory.names.insert(consume.consumerTag.text).inserted
            return isNew ? [parcel] : [parcel, parcel]
        },
        .requests("consume.tag-used-twice-is-replaced", [BasicConsume.id]) { parcel, memory in
            guard case .basicConsume(let consume) = parcel.method, !consume.consumerTag.isEmpty,
                !memory.names.insert("\(memory.connection)/\(parcel.channel)/\(consume.consumerTag)").inserted
            else { return [parcel] }
            return [
                Parcel(
                    .basicCancel(BasicCancel(consumerTag: consume.consumerTag, noWait: true)), channel: parcel.channel),
                parcel,
            ]
        },
        .reply("consume.ok-with-another-tag") { (ok: inout BasicConsumeOk) in ok.consumerTag = "other" },
        .request("consume.no-local-works") { (consume: inout BasicConsume) in
            if consume.noLocal { consume.queue = "missing" }
        },
        .ignores("cancel.does-nothing") { (_: BasicCancel) in true },
        .reply("cancel.ok-with-another-tag") { (ok: inout BasicCancelOk) in ok.consumerTag = "other" },
        .request("cancel.no-wait-is-answered") { (cancel: inout BasicCancel) in cancel.noWait = false },
        .requests("cancel.of-unknown-refused", [BasicCancel.id, BasicConsume.id]) { parcel, memory in
            if case .basicConsume(let consume) = parcel.method { memory.names.insert(consume.consumerTag.text) }
            guard case .basicCancel(let cancel) = parcel.method, !memory.names.contains(cancel.consumerTag.text) else {
                return [parcel]
            }
            return [Parcel(.basicGet(BasicGet(queue: "missing")), channel: parcel.channel)]
        },
        .never("cancel.broker-never-says-so") { (_: BasicCancel) in true },
        .replies("cancel.broker-says-so-twice", [BasicCancel.id]) { parcel, _ in [parcel, parcel] },
        .replies("cancel.broker-says-so-always", [BasicCancelOk.id]) { parcel, _ in
            guard case .basicCancelOk(let ok) = parcel.method else { return [parcel] }
            return [
                parcel,
                Parcel(.basicCancel(BasicCancel(consumerTag: ok.consumerTag, noWait: true)), channel: parcel.channel),
            ]
        },
        .reply("cancel.broker-names-another-consumer") { (cancel: inout BasicCancel) in cancel.consumerTag = "other" },
        .replies("cancel.broker-closes-instead", [BasicCancel.id]) { parcel, _ in
            [Parcel(.channelClose(ChannelClose(replyCode: .notFound)), channel: parcel.channel)]
        },
        .requests("consume.single-active-means-nothing", [QueueDeclare.id]) { parcel, _ in
            parcel.changing { (declare: inout QueueDeclare) in
                declare.arguments = declare.arguments.without("x-single-active-consumer")
            }.alone
        },
        // Direct reply-to.
        .request("direct.reply-to-is-a-missing-queue") { (consume: inout BasicConsume) in
            if consume.queue.hasPrefix("amq.rabbitmq.reply-to") { consume.queue = "missing" }
        },
        .published("direct.reply-to-not-rewritten") { _, content in
            if content.properties.replyTo?.text == "amq.rabbitmq.reply-to" {
                content.properties.replyTo = "amq.rabbitmq.reply-to.x"
            }
        },
        .request("direct.acks-allowed") { (consume: inout BasicConsume) in
            if consume.queue.hasPrefix("amq.rabbitmq.reply-to") { consume.noAck = true }
        },
        .handedOver("direct.same-address-for-all") { content in
            if content.properties.replyTo?.hasPrefix("amq.rabbitmq.reply-to.") == true {
                content.properties.replyTo = "amq.rabbitmq.reply-to.x"
            }
        },
        .published("direct.reply-lost") { publish, _ in
            if publish.routingKey.hasPrefix("amq.rabbitmq.reply-to") { publish.routingKey = "nobody" }
        },
        .requests("direct.only-one-reply", [BasicPublish.id]) { parcel, memory in
            guard case .basicPublish(let publish) = parcel.method, publish.routingKey.hasPrefix("amq.rabbitmq.reply-to")
            else { return [parcel] }
            return memory.names.insert(publish.routingKey.text).inserted ? [parcel] : []
        },
        .published("direct.no-consumer-needed") { _, content in
            if content.properties.replyTo?.text == "amq.rabbitmq.reply-to" { content.properties.replyTo = nil }
        },
        .published("direct.mandatory-replies-come-back") { publish, _ in
            if publish.routingKey.hasPrefix("amq.rabbitmq.reply-to"), publish.mandatory {
                publish.routingKey = "nobody"
            }
        },
        .published("direct.mandatory-replies-never-come-back") { publish, _ in
            if publish.routingKey.hasPrefix("amq.rabbitmq.reply-to") { publish.mandatory = false }
        },
        .request("direct.probe-always-there") { (declare: inout QueueDeclare) in
            if declare.queue.hasPrefix("amq.rabbitmq.reply-to") { (declare.queue, declare.passive) = ("there", false) }
        },
        .request("direct.probe-never-there") { (declare: inout QueueDeclare) in
            if declare.queue.hasPrefix("amq.rabbitmq.reply-to") { (declare.queue, declare.passive) = ("never", true) }
        },
        .requests("direct.is-a-queue-to-get-from", [BasicGet.id]) { parcel, memory in
            guard case .basicGet(let get) = parcel.method, get.queue.hasPrefix("amq.rabbitmq.reply-to") else {
                return [parcel]
            }
            let declare = QueueDeclare(queue: "replies", exclusive: true, noWait: true)
            return [
                Parcel(.queueDeclare(declare), channel: parcel.channel),
                parcel.changing { (get: inout BasicGet) in get.queue = declare.queue },
            ]
        },
        .requests("direct.delete-is-refused", [QueueDelete.id]) { parcel, _ in
            guard case .queueDelete(let delete) = parcel.method, delete.queue.hasPrefix("amq.rabbitmq.reply-to") else {
                return [parcel]
            }
            return [Parcel(.queuePurge(QueuePurge(queue: delete.queue)), channel: parcel.channel)]
        },
    ]
}

import AMQPWire

extension Fault {
    static let queues: [Fault] = [
        .request("queue.takes-arguments-of-other-types") { (declare: inout QueueDeclare) in
            declare.arguments = declare.arguments.without(
                "x-delivery-limit", "x-max-age", "x-dead-letter-strategy", "x-max-in-memory-length",
                "x-max-in-memory-bytes", "x-quorum-initial-group-size", "x-queue-leader-locator",
                "x-stream-max-segment-size-bytes", "x-initial-cluster-size")
        },
        .requests(
            "names.line-breaks-stay",
            [QueueBind.id, QueueUnbind.id, QueueDelete.id, ExchangeBind.id, ExchangeUnbind.id, ExchangeDelete.id]
        ) { parcel, _ in parcel.changingNames { $0.changed { String($0.map { $0.isNewline ? "_" : $0 }) } }.alone },
        .requests(
            "names.line-breaks-go-everywhere", [QueuePurge.id, BasicGet.id, BasicConsume.id, BasicPublish.id]
        ) { parcel, _ in parcel.changingNames { $0.changed { String($0.filter { !$0.isNewline }) } }.alone },
        .request("queue.exclusive-means-nothing") { (declare: inout QueueDeclare) in declare.exclusive = false },
        .request("queue.auto-delete-means-nothing") { (declare: inout QueueDeclare) in declare.autoDelete = false },
        .request("queue.all-auto-delete") { (declare: inout QueueDeclare) in
            if !declare.passive { declare.autoDelete = true }
        },
        .request("queue.durable-means-nothing") { (declare: inout QueueDeclare) in declare.durable = false },
        .request("queue.all-durable") { (declare: inout QueueDeclare) in declare.durable = true },
        .request("queue.passive-declares") { (declare: inout QueueDeclare) in declare.passive = false },
        .request("queue.all-exclusive") { (declare: inout QueueDeclare) in
            if !declare.passive { declare.exclusive = true }
        },
        .requests("queue.no-more-than-sixteen", [QueueDeclare.id]) { parcel, memory in
            memory.count += 1
            return memory.count > 16
                ? parcel.changing { (declare: inout QueueDeclare) in declare.passive = true }.alone : [parcel]
        },
        .request("queue.names-with-blanks-refused") { (declare: inout QueueDeclare) in
            if declare.queue.contains(" ") || declare.queue.contains("?") { declare.queue = "amq.refused" }
        },
        .request("queue.line-breaks-become-blanks") { (declare: inout QueueDeclare) in
            declare.queue = declare.queue.changed { String($0.map { $0.isNewline ? " " : $0 }) }
        },
        .request("queue.no-wait-is-answered") { (declare: inout QueueDeclare) in declare.noWait = false },
        .request("queue.arguments-mean-nothing") { (declare: inout QueueDeclare) in declare.arguments = [:] },
        .requests("queue.unknown-arguments-refused", [QueueDeclare.id]) { parcel, _ in
            parcel.changing { (declare: inout QueueDeclare) in
                if declare.arguments.names.contains(where: { !ClientRule.knownArguments.contains($0) }) {
                    declare.arguments["x-message-ttl"] = -1
                }
            }.alone
        },
        .request("queue.arguments-of-any-type") { (declare: inout QueueDeclare) in
            for (index, field) in declare.arguments.fields.enumerated() where field.value.integer == nil {
                if let number = field.value.text.flatMap({ Int64($0) }) {
                    declare.arguments.fields[index].value = .int64(number)
                } else if ["x-expires", "x-message-ttl", "x-max-length"].contains(field.name.text) {
                    declare.arguments.fields[index].value = 1000
                }
            }
        },
        .request("queue.argument-width-matters") { (declare: inout QueueDeclare) in
            for case (let index, let field) in declare.arguments.fields.enumerated() {
                if case .int64(let number) = field.value { declare.arguments.fields[index].value = .int64(number &+ 1) }
                if case .int16(let number) = field.value { declare.arguments.fields[index].value = .int16(number &+ 1) }
                if case .uint8(let number) = field.value { declare.arguments.fields[index].value = .uint8(number ^ 1) }
                if case .int8(let number) = field.value { declare.arguments.fields[index].value = .int8(number ^ 1) }
                if case .uint32(let number) = field.value {
                    declare.arguments.fields[index].value = .uint32(number ^ 1)
                }
            }
        },
        .request("queue.negative-arguments-are-zero") { (declare: inout QueueDeclare) in
            for (index, field) in declare.arguments.fields.enumerated() {
                if let number = field.value.integer, number < 0 { declare.arguments.fields[index].value = 0 }
            }
        },
        .request("queue.names-cut-at-127") { (declare: inout QueueDeclare) in
            declare.queue = declare.queue.changed { String($0.prefix(127)) }
        },
        .request("queue.names-lower-case") { (declare: inout QueueDeclare) in
            declare.queue = declare.queue.changed { $0.lowercased() }
        },
        .request("queue.reserved-names-are-free") { (declare: inout QueueDeclare) in
            if declare.queue.hasPrefix("amq.") { declare.queue = declare.queue.changed { "free" + $0 } }
        },
        .requests("queue.exclusive-to-the-channel", [QueueDeclare.id, BasicGet.id, BasicConsume.id]) { parcel, memory in
            if case .queueDeclare(let declare) = parcel.method, declare.exclusive, !declare.passive,
                memory.names.insert("\(declare.queue)").inserted
            {
                memory.names.insert("\(memory.connection)/\(parcel.channel)/\(declare.queue)")
            }
            let (connection, known) = (memory.connection, memory.names)
            func isElsewhere(_ queue: ShortString) -> Bool {
                known.contains("\(queue)") && !known.contains("\(connection)/\(parcel.channel)/\(queue)")
            }
            return parcel.changing { (get: inout BasicGet) in if isElsewhere(get.queue) { get.queue = "missing" } }
                .changing { (consume: inout BasicConsume) in
                    if isElsewhere(consume.queue) { consume.queue = "missing" }
                }
                .changing { (declare: inout QueueDeclare) in
                    if isElsewhere(declare.queue) { (declare.queue, declare.passive) = ("missing", true) }
                }.alone
        },
        .reply("queue.made-up-names-are-ordinary") { (ok: inout QueueDeclareOk) in
            if ok.queue.hasPrefix("amq.gen") { ok.queue = ok.queue.changed { String($0.dropFirst(4)) } }
        },
        .request("queue.made-up-names-are-all-the-same") { (declare: inout QueueDeclare) in
            if declare.queue.isEmpty { declare.queue = "made-up" }
        },
        .reply("queue.declare-ok-without-name") { (ok: inout QueueDeclareOk) in
            if ok.queue.hasPrefix("amq.gen") { ok.queue = "" }
        },
        .reply("queue.declare-ok-one-message-fewer") { (ok: inout QueueDeclareOk) in
            if ok.messageCount > 0 { ok.messageCount -= 1 }
        },
        .reply("queue.declare-ok-one-message-more") { (ok: inout QueueDeclareOk) in ok.messageCount &+= 1 },
        .reply("queue.declare-ok-without-consumers") { (ok: inout QueueDeclareOk) in ok.consumerCount = 0 },
        .reply("queue.declare-ok-one-consumer-more") { (ok: inout QueueDeclareOk) in ok.consumerCount &+= 1 },
        .request("queue.last-declared-forgotten") { (bind: inout QueueBind) in
            if bind.queue.isEmpty { bind.queue = "forgotten" }
        },
        .request("queue.last-declared-forgotten-by-get") { (get: inout BasicGet) in
            if get.queue.isEmpty { get.queue = "forgotten" }
        },
        .request("queue.last-declared-forgotten-by-consume") { (consume: inout BasicConsume) in
            if consume.queue.isEmpty { consume.queue = "forgotten" }
        },
        .request("queue.last-declared-forgotten-by-purge") { (purge: inout QueuePurge) in
            if purge.queue.isEmpty { purge.queue = "forgotten" }
        },
        .request("queue.last-declared-forgotten-by-delete") { (delete: inout QueueDelete) in
            if delete.queue.isEmpty { delete.queue = "forgotten" }
        },
        .request("queue.passive-declare-makes-up-a-name") { (declare: inout QueueDeclare) in
            if declare.queue.isEmpty { declare.passive = false }
        },
        .requests("queue.last-declared-is-the-connections", [QueueDeclare.id, QueueBind.id, BasicGet.id]) {
            parcel, memory in
            let name = "last-\(memory.connection)"
            if case .queueDeclare(let declare) = parcel.method, !declare.queue.isEmpty {
                memory.kept.removeAll { _ in true }
                memory.kept = [parcel]
                memory.names.insert(name)
            }
            guard case .queueDeclare(let last)? = memory.kept.last?.method else { return [parcel] }
            return parcel.changing { (get: inout BasicGet) in if get.queue.isEmpty { get.queue = last.queue } }
                .changing { (bind: inout QueueBind) in if bind.queue.isEmpty { bind.queue = last.queue } }.alone
        },
        .ignores("queue.purge-does-nothing") { (_: QueuePurge) in true },
        .reply("queue.purge-ok-counts-wrong") { (ok: inout QueuePurgeOk) in ok.messageCount &+= 1 },
        .request("queue.purge-always-answered") { (purge: inout QueuePurge) in purge.noWait = false },
        .requests("queue.purge-takes-unacked-too", [QueuePurge.id, BasicDeliver.id]) { parcel, _ in
            [
                Parcel(.basicNack(BasicNack(deliveryTag: 0, multiple: true, requeue: false)), channel: parcel.channel),
                parcel,
            ]
        },
        .ignores("queue.delete-does-nothing") { (_: QueueDelete) in true },
        .reply("queue.delete-ok-counts-nothing") { (ok: inout QueueDeleteOk) in ok.messageCount = 0 },
        .reply("queue.delete-ok-counts-one-more") { (ok: inout QueueDeleteOk) in ok.messageCount &+= 1 },
        .request("queue.if-unused-means-nothing") { (delete: inout QueueDelete) in delete.ifUnused = false },
        .request("queue.if-empty-means-nothing") { (delete: inout QueueDelete) in delete.ifEmpty = false },
        .request("queue.always-if-unused") { (delete: inout QueueDelete) in delete.ifUnused = true },
        .request("queue.always-if-empty") { (delete: inout QueueDelete) in delete.ifEmpty = true },
        .request("queue.delete-always-answered") { (delete: inout QueueDelete) in delete.noWait = false },
        .requests("queue.delete-of-missing-refused", [QueueDelete.id, QueueDeclare.id]) { parcel, memory in
            if case .queueDeclare(let declare) = parcel.method { memory.names.insert(declare.queue.text) }
            guard case .queueDelete(let delete) = parcel.method, !delete.queue.isEmpty,
                !memory.names.contains(delete.queue.text)
            else { return [parcel] }
            return [Parcel(.queueDeclare(QueueDeclare(queue: delete.queue, passive: true)), channel: parcel.channel)]
        },
        .requests("queue.declaring-again-empties-it", [QueueDeclare.id]) { parcel, memory in
            guard case .queueDeclare(let declare) = parcel.method, !declare.passive, !declare.queue.isEmpty,
                !memory.names.insert(declare.queue.text).inserted
            else { return [parcel] }
            return [
                Parcel(.queuePurge(QueuePurge(queue: declare.queue, noWait: true)), channel: parcel.channel), parcel,
            ]
        },
    ]
}

extension Parcel {
    /// With the names of queues and exchanges changed that it is about.
    fileprivate func changingNames(_ change: (ShortString) -> ShortString) -> Parcel {
        changing { (bind: inout QueueBind) in (bind.queue, bind.exchange) = (change(bind.queue), change(bind.exchange))
        }
        .changing { (unbind: inout QueueUnbind) in
            (unbind.queue, unbind.exchange) = (change(unbind.queue), change(unbind.exchange))
        }
        .changing { (bind: inout ExchangeBind) in
            (bind.source, bind.destination) = (change(bind.source), change(bind.destination))
        }
        .changing { (unbind: inout ExchangeUnbind) in
            (unbind.source, unbind.destination) = (change(unbind.source), change(unbind.destination))
        }
        .changing { (delete: inout QueueDelete) in delete.queue = change(delete.queue) }
        .changing { (delete: inout ExchangeDelete) in delete.exchange = change(delete.exchange) }
        .changing { (purge: inout QueuePurge) in purge.queue = change(purge.queue) }
        .changing { (get: inout BasicGet) in get.queue = change(get.queue) }
        .changing { (consume: inout BasicConsume) in consume.queue = change(consume.queue) }
        .changing { (publish: inout BasicPublish) in publish.routingKey = change(publish.routingKey) }
    }
}

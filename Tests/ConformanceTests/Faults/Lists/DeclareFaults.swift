import AMQPWire

extension Fault {
    static let declarations: [Fault] = [
        // Queues.
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
        .request("queue.unknown-arguments-dropped") { (declare: inout QueueDeclare) in
            declare.arguments.fields.removeAll { !$0.name.hasPrefix("x-") }
        },
        .requests("queue.unknown-arguments-refused", [QueueDeclare.id]) { parcel, _ in
            parcel.changing { (declare: inout QueueDeclare) in
                let known = ["x-message-ttl", "x-expires", "x-max", "x-overflow", "x-dead", "x-single", "x-queue"]
                if declare.arguments.names.contains(where: { name in !known.contains { name.text.hasPrefix($0) } }) {
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
                if case .int64(let number) = field.value { declare.arguments.fields[index].value = .int64(number + 1) }
                if case .int16(let number) = field.value { declare.arguments.fields[index].value = .int16(number + 1) }
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
        .reply("queue.declare-ok-one-message-more") { (ok: inout QueueDeclareOk) in ok.messageCount += 1 },
        .reply("queue.declare-ok-without-consumers") { (ok: inout QueueDeclareOk) in ok.consumerCount = 0 },
        .reply("queue.declare-ok-one-consumer-more") { (ok: inout QueueDeclareOk) in ok.consumerCount += 1 },
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
        .request("queue.last-declared-forgotten-by-passive") { (declare: inout QueueDeclare) in
            if declare.queue.isEmpty, declare.passive { declare.queue = "forgotten" }
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
        .reply("queue.purge-ok-counts-wrong") { (ok: inout QueuePurgeOk) in ok.messageCount += 1 },
        .request("queue.purge-always-answered") { (purge: inout QueuePurge) in purge.noWait = false },
        .requests("queue.purge-takes-unacked-too", [QueuePurge.id, BasicDeliver.id]) { parcel, _ in
            [
                Parcel(.basicNack(BasicNack(deliveryTag: 0, multiple: true, requeue: false)), channel: parcel.channel),
                parcel,
            ]
        },
        .ignores("queue.delete-does-nothing") { (_: QueueDelete) in true },
        .reply("queue.delete-ok-counts-nothing") { (ok: inout QueueDeleteOk) in ok.messageCount = 0 },
        .reply("queue.delete-ok-counts-one-more") { (ok: inout QueueDeleteOk) in ok.messageCount += 1 },
        .request("queue.if-unused-means-nothing") { (delete: inout QueueDelete) in delete.ifUnused = false },
        .request("queue.if-empty-means-nothing") { (delete: inout QueueDelete) in delete.ifEmpty = false },
        .request("queue.always-if-unused") { (delete: inout QueueDelete) in delete.ifUnused = true },
        .request("queue.always-if-empty") { (delete: inout QueueDelete) in delete.ifEmpty = true },
        .request("queue.delete-always-answered") { (delete: inout QueueDelete) in delete.noWait = false },
        .requests("queue.delete-of-missing-refused", [QueueDelete.id]) { parcel, _ in
            guard case .queueDelete(let delete) = parcel.method else { return [parcel] }
            return [
                Parcel(
                    .queueUnbind(QueueUnbind(queue: delete.queue, exchange: "", routingKey: "")),
                    channel: parcel.channel)
            ]
        },
        // Exchanges.
        .request("exchange.durable-means-nothing") { (declare: inout ExchangeDeclare) in declare.durable = false },
        .request("exchange.all-durable") { (declare: inout ExchangeDeclare) in declare.durable = true },
        .request("exchange.auto-delete-means-nothing") { (declare: inout ExchangeDeclare) in declare.autoDelete = false
        },
        .request("exchange.internal-means-nothing") { (declare: inout ExchangeDeclare) in declare.internal = false },
        .request("exchange.passive-declares") { (declare: inout ExchangeDeclare) in
            if declare != ProbeChannel.barrierMethod { declare.passive = false }
        },
        .request("exchange.no-wait-is-answered") { (declare: inout ExchangeDeclare) in declare.noWait = false },
        .request("exchange.arguments-mean-nothing") { (declare: inout ExchangeDeclare) in declare.arguments = [:] },
        .request("exchange.unknown-arguments-refused") { (declare: inout ExchangeDeclare) in
            if declare.arguments.names.contains(where: { $0.text != "alternate-exchange" }) {
                declare.arguments["alternate-exchange"] = 1
            }
        },
        .request("exchange.any-type-is-direct") { (declare: inout ExchangeDeclare) in
            if !["fanout", "topic", "headers"].contains(declare.type.text) { declare.type = "direct" }
        },
        .request("exchange.type-never-compared") { (declare: inout ExchangeDeclare) in
            if !declare.passive { declare.type = "fanout" }
        },
        .request("exchange.names-cut-at-127") { (declare: inout ExchangeDeclare) in
            declare.exchange = declare.exchange.changed { String($0.prefix(127)) }
        },
        .request("exchange.names-lower-case") { (declare: inout ExchangeDeclare) in
            declare.exchange = declare.exchange.changed { $0.lowercased() }
        },
        .request("exchange.names-with-blanks-refused") { (declare: inout ExchangeDeclare) in
            if declare.exchange.contains(" ") || declare.exchange.contains("?") { declare.exchange = "amq.refused" }
        },
        .request("exchange.line-breaks-become-blanks") { (declare: inout ExchangeDeclare) in
            declare.exchange = declare.exchange.changed { String($0.map { $0.isNewline ? " " : $0 }) }
        },
        .requests("exchange.no-more-than-sixteen", [ExchangeDeclare.id]) { parcel, memory in
            memory.count += 1
            let isBarrier = parcel.method == .exchangeDeclare(ProbeChannel.barrierMethod)
            guard memory.count > 16, !isBarrier else { return [parcel] }
            return parcel.changing { (declare: inout ExchangeDeclare) in declare.exchange = "amq.refused" }.alone
        },
        .requests("exchange.arguments-never-equal", [ExchangeDeclare.id]) { parcel, memory in
            guard case .exchangeDeclare(let declare) = parcel.method, !declare.arguments.isEmpty,
                !memory.names.insert(declare.exchange.text).inserted
            else { return [parcel] }
            return parcel.changing { (declare: inout ExchangeDeclare) in declare.arguments["alternate-exchange"] = "no"
            }.alone
        },
        .request("exchange.reserved-names-are-free") { (declare: inout ExchangeDeclare) in
            let known = ["amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match"]
            if declare.exchange.hasPrefix("amq."), !known.contains(declare.exchange.text), !declare.passive {
                declare.exchange = declare.exchange.changed { "free" + $0 }
            }
        },
        .request("exchange.existing-reserved-refused") { (declare: inout ExchangeDeclare) in
            if declare.exchange.hasPrefix("amq."), !declare.passive { declare.exchange = "amq.other" }
        },
        .request("exchange.no-amq-match") { (declare: inout ExchangeDeclare) in
            if declare.exchange.text == "amq.match" || declare.exchange.text == "amq.headers" {
                declare.exchange = "amq.none"
            }
        },
        .request("exchange.default-may-be-declared") { (declare: inout ExchangeDeclare) in
            if declare.exchange.isEmpty { declare.exchange = "amq.direct" }
        },
        .request("exchange.default-may-be-deleted") { (delete: inout ExchangeDelete) in
            if delete.exchange.isEmpty { delete.exchange = "missing" }
        },
        .ignores("exchange.delete-does-nothing") { (_: ExchangeDelete) in true },
        .request("exchange.if-unused-means-nothing") { (delete: inout ExchangeDelete) in delete.ifUnused = false },
        .request("exchange.always-if-unused") { (delete: inout ExchangeDelete) in delete.ifUnused = true },
        .request("exchange.predeclared-may-be-deleted") { (delete: inout ExchangeDelete) in
            if delete.exchange.hasPrefix("amq.") { delete.exchange = "missing" }
        },
        .request("exchange.delete-always-answered") { (delete: inout ExchangeDelete) in delete.noWait = false },
        .never("exchange.sometimes-no-declare-ok") { (_: ExchangeDeleteOk) in true },
    ]

    static let bindings: [Fault] = [
        .request("bindings.no-wait-is-answered") { (bind: inout QueueBind) in bind.noWait = false },
        .ignores("bindings.bind-does-nothing") { (_: QueueBind) in true },
        .ignores("bindings.unbind-does-nothing") { (_: QueueUnbind) in true },
        .requests("bindings.second-bind-does-nothing", [QueueBind.id]) { parcel, memory in
            guard case .queueBind(let bind) = parcel.method else { return [parcel] }
            let first = memory.kept.first {
                if case .queueBind(let other) = $0.method {
                    other.queue == bind.queue && other.exchange == bind.exchange
                } else {
                    false
                }
            }
            guard case .queueBind(let other)? = first?.method else {
                memory.kept.append(parcel)
                return [parcel]
            }
            return parcel.changing { (bind: inout QueueBind) in
                (bind.routingKey, bind.arguments) = (other.routingKey, other.arguments)
            }.alone
        },
        .requests("bindings.unbind-removes-all", [QueueBind.id, QueueUnbind.id]) { parcel, memory in
            if parcel.method.id == QueueBind.id { memory.kept.append(parcel) }
            guard case .queueUnbind(let unbind) = parcel.method else { return [parcel] }
            for kept in memory.kept {
                guard case .queueBind(let bind) = kept.method, bind.queue == unbind.queue,
                    bind.exchange == unbind.exchange,
                    bind.routingKey != unbind.routingKey || bind.arguments != unbind.arguments
                else { continue }
                // To the default exchange's name nothing is bound: so it goes without an answer of its own.
                memory.swallowed += 1
                memory.extra.append(
                    Parcel(
                        .queueUnbind(
                            QueueUnbind(
                                queue: bind.queue, exchange: bind.exchange, routingKey: bind.routingKey,
                                arguments: bind.arguments)), channel: parcel.channel))
            }
            return [parcel]
        }.swallowing(QueueUnbindOk.id),
        .request("bindings.arguments-mean-nothing") { (bind: inout QueueBind) in bind.arguments = [:] },
        .request("bindings.unbind-ignores-arguments") { (unbind: inout QueueUnbind) in unbind.arguments = [:] },
        .request("bindings.unbind-ignores-the-key") { (unbind: inout QueueUnbind) in unbind.routingKey = "" },
        .request("bindings.empty-key-stays-empty") { (bind: inout QueueBind) in
            if bind.queue.isEmpty, bind.routingKey.isEmpty { bind.routingKey = "-" }
        },
        .request("bindings.empty-key-is-queue-name") { (bind: inout QueueBind) in
            if bind.routingKey.isEmpty { bind.routingKey = bind.queue }
        },
        .requests("bindings.one-copy-for-each-binding", [QueueBind.id, BasicPublish.id]) { parcel, memory in
            switch parcel.method {
            case .queueBind(let bind):
                if !memory.names.insert("\(bind.queue)|\(bind.exchange)").inserted {
                    memory.names.insert("twice \(bind.exchange)")
                }
                return [parcel]
            case .basicPublish(let publish) where memory.names.contains("twice \(publish.exchange)"):
                return [parcel, parcel]
            default: return [parcel]
            }
        },
        .requests("bindings.unbind-of-missing-refused", [QueueUnbind.id]) { parcel, _ in
            parcel.changing { (unbind: inout QueueUnbind) in unbind.exchange = unbind.exchange.isEmpty ? "" : "missing"
            }
            .changing { (unbind: inout QueueUnbind) in
                unbind.queue = "missing"
                unbind.exchange = ""
            }.alone
        },
        .request("bindings.default-exchange-may-be-bound") { (bind: inout QueueBind) in
            if bind.exchange.isEmpty { bind.exchange = "amq.direct" }
        },
        .request("bindings.default-exchange-may-be-unbound") { (unbind: inout QueueUnbind) in
            if unbind.exchange.isEmpty { unbind.exchange = "amq.direct" }
        },
        // Between exchanges.
        .ignores("exchange-bindings.bind-does-nothing") { (_: ExchangeBind) in true },
        .ignores("exchange-bindings.unbind-does-nothing") { (_: ExchangeUnbind) in true },
        .request("exchange-bindings.the-other-way-round") { (bind: inout ExchangeBind) in
            (bind.source, bind.destination) = (bind.destination, bind.source)
        },
        .request("exchange-bindings.key-means-nothing") { (bind: inout ExchangeBind) in bind.routingKey = "#" },
        .request("exchange-bindings.empty-key") { (bind: inout ExchangeBind) in bind.routingKey = "" },
        .request("exchange-bindings.arguments-mean-nothing") { (bind: inout ExchangeBind) in bind.arguments = [:] },
        .request("exchange-bindings.unbind-either-way") { (unbind: inout ExchangeUnbind) in
            (unbind.source, unbind.destination) = (unbind.destination, unbind.source)
        },
        .request("exchange-bindings.no-wait-is-answered") { (bind: inout ExchangeBind) in bind.noWait = false },
        .request("exchange-bindings.default-is-direct") { (bind: inout ExchangeBind) in
            if bind.source.isEmpty { bind.source = "amq.direct" }
            if bind.destination.isEmpty { bind.destination = "amq.direct" }
        },
        .request("exchange-bindings.unbind-of-missing-refused") { (unbind: inout ExchangeUnbind) in
            if unbind.source.hasPrefix("missing") || unbind.destination.hasPrefix("missing") { unbind.source = "" }
        },
        .requests("exchange-bindings.ring-refused", [ExchangeBind.id]) { parcel, memory in
            guard case .exchangeBind(let bind) = parcel.method else { return [parcel] }
            let isRing = bind.source == bind.destination || memory.names.contains("\(bind.destination)>\(bind.source)")
            memory.names.insert("\(bind.source)>\(bind.destination)")
            guard isRing else { return [parcel] }
            return parcel.changing { (bind: inout ExchangeBind) in bind.source = "" }.alone
        },
        .requests("exchange-bindings.a-copy-for-each-way", [ExchangeBind.id, BasicPublish.id]) { parcel, memory in
            switch parcel.method {
            case .exchangeBind(let bind):
                if !memory.names.insert("\(bind.source)").inserted { memory.names.insert("twice \(bind.source)") }
                return [parcel]
            case .basicPublish(let publish) where memory.names.contains("twice \(publish.exchange)"):
                return [parcel, parcel]
            default: return [parcel]
            }
        },
        .requests("exchange-bindings.second-does-nothing", [ExchangeBind.id]) { parcel, memory in
            memory.kept.append(parcel)
            return [Parcel(memory.kept[0].method, channel: parcel.channel)]
        },
    ]
}

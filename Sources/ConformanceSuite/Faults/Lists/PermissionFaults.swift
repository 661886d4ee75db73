import AMQPWire

extension Fault {
    /// What a broker takes for a user's rights. That it knows of none at all is among the others: any password gives
    /// guest's (`connection.any-password-does`), and every method is accepted that is refused with 403.
    static let permissions: [Fault] = [
        .replies("permissions.virtual-hosts-are-open-to-everybody", [ConnectionClose.id]) { parcel, _ in
            guard case .connectionClose(let close) = parcel.method, close.cause == ConnectionOpen.id,
                close.replyText.text.contains("refused for user")
            else { return [parcel] }
            return [Parcel(.connectionOpenOk(ConnectionOpenOk()), channel: 0)]
        },
        .restricted("permissions.dead-letter-exchange-not-looked-at") { (declare: inout QueueDeclare) in
            declare.arguments = declare.arguments.without("x-dead-letter-exchange")
        },
        .restricted("permissions.alternate-exchange-not-looked-at") { (declare: inout ExchangeDeclare) in
            declare.arguments = declare.arguments.without("alternate-exchange")
        },
        .restricted("permissions.passive-declare-needs-configure") { (declare: inout ExchangeDeclare) in
            if declare.passive { declare = ExchangeDeclare(exchange: "of-somebody-else", type: "fanout") }
        },
        .restricted("permissions.server-named-queues-go-by-another-name") { (declare: inout QueueDeclare) in
            if declare.queue.isEmpty { declare.queue = "cfg-by-the-broker" }
        },
        .requests("permissions.default-exchange-not-looked-at", [BasicPublish.id, ConnectionStartOk.id]) {
            parcel, memory in
            guard case .basicPublish(let publish) = parcel.method, publish.exchange.isEmpty,
                memory.isRestricted(parcel)
            else {
                memory.noteUser(parcel)
                return [parcel]
            }
            return []
        },
        .restricted("permissions.read-is-not-enough-to-get") { (get: inout BasicGet) in
            get.queue = "of-somebody-else"
        },
        .restricted("permissions.read-is-not-enough-to-purge") { (purge: inout QueuePurge) in
            purge.queue = "of-somebody-else"
        },
        .restricted("permissions.write-is-not-enough-to-publish") { (publish: inout BasicPublish) in
            publish.exchange = "of-somebody-else"
        },
        .restricted("permissions.configure-is-not-enough-to-delete") { (delete: inout QueueDelete) in
            delete.queue = "of-somebody-else"
        },
        .restricted("permissions.destination-not-looked-at-in-bind") { (bind: inout QueueBind) in
            bind.queue = bind.queue.asIfWritable
        },
        .restricted("permissions.source-not-looked-at-in-bind") { (bind: inout QueueBind) in
            if !bind.exchange.text.hasPrefix("rd") { bind.exchange = "rd-that-is-not-there" }
        },
        .restricted("permissions.destination-not-looked-at-in-exchange-bind") { (bind: inout ExchangeBind) in
            bind.destination = bind.destination.asIfWritable
        },
    ]

    /// For users other than the suite's own the broker does as if a request had said something else.
    private static func restricted<M: MethodFields>(
        _ name: String, _ change: @escaping @Sendable (inout M) -> Void
    ) -> Fault {
        .requests(name, [M.id, ConnectionStartOk.id]) { parcel, memory in
            memory.noteUser(parcel)
            return memory.isRestricted(parcel) ? parcel.changing(change).alone : [parcel]
        }
    }
}

extension Fault.Memory {
    fileprivate mutating func noteUser(_ parcel: Parcel) {
        guard case .connectionStartOk(let ok) = parcel.method, ok.mechanism == "PLAIN",
            ok.response.starts(with: Array("\0user".utf8))
        else { return }
        names.insert("restricted-\(connection)")
    }

    /// The connection is one of a user that a case has made.
    fileprivate func isRestricted(_ parcel: Parcel) -> Bool { names.contains("restricted-\(connection)") }
}

extension ShortString {
    /// Another name, one that the cases' users have the right to write to.
    fileprivate var asIfWritable: ShortString { text.hasPrefix("wrt") ? self : "wrt-that-is-not-there" }
}

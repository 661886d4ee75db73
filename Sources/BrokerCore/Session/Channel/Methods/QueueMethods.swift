import AMQPWire

extension BrokerChannel {
    /// The queue of this name; the channel's last declared one for an empty name.
    ///
    /// Throws 403 when the client has not got the right to it, whether it is there or not.
    func queue(named name: ShortString, for right: Right? = nil) throws(BrokerError) -> any Queue {
        let name = try resolved(name)
        if let right { try rights?.check(right, toQueue: name) }
        guard let queue = virtualHost.queue(name) else { throw .noQueue(name, in: virtualHost.name) }
        return queue
    }

    private func resolved(_ name: ShortString) throws(BrokerError) -> ShortString {
        guard name.isEmpty else { return name }
        if lastDeclaredQueue == nil, quirk(.queueOfAnotherChannelIsTheLast),
            let last = connection.channels.values.lazy.compactMap(\.lastDeclaredQueue).first
        {
            return last
        }
        guard let lastDeclaredQueue else { throw BrokerError(.notFound, "no previously declared queue") }
        return lastDeclaredQueue
    }

    func queueDeclare(_ given: QueueDeclare) throws(BrokerError) {
        let declare = withDefaultType(given)
        var name = declare.queue.withoutLineBreaks
        guard name.isText else { throw .notText }
        if try answerReplyProbe(name, noWait: declare.noWait) { return }
        if declare.passive {
            if connection.dialect.guardsPassiveDeclares { try rights?.checkAny(toQueue: name) }
        } else {
            // RabbitMQ 3.10.8 refuses this for queues that exist as well, the client's own amq.gen-… included. (For
            // exchanges it doesn't.)
            if name.hasPrefix("amq.") {
                throw BrokerError(.accessRefused, "queue name '\(name)' contains reserved prefix 'amq.*'")
            }
            try checkKind(ofUnnamed: declare)
            if name.isEmpty { name = ShortString(truncating: "amq.gen-\(host.randomName())") }
            let isAskedUnnamed = declare.queue.isEmpty && quirk(.unnamedQueuesAreCheckedWithoutTheirName)
            try rights?.check(.configure, toQueue: isAskedUnnamed ? "" : name)
        }
        if let queue = virtualHost.queue(name) {
            if !declare.passive || !quirk(.passiveDeclareSeesExclusiveQueues) {
                try queue.checkAccess(by: connection.id)
            }
            if !declare.passive { try checkEquivalence(of: declare, to: queue) }
            if !quirk(.redeclareRenewsNoLease) { queue.renewLease() }
            return try whenCaughtUp(queue, QueueDeclare.id) { [self] in answer(queue, noWait: declare.noWait) }
        }
        if declare.passive { throw .noQueue(name, in: virtualHost.name) }
        if let rights, let deadLetterExchange = declare.arguments["x-dead-letter-exchange"]?.text {
            // The queue will be read from, and the exchange published to, on behalf of whoever declares it.
            try rights.check(.read, toQueue: name)
            if !deadLetterExchange.isEmpty || !quirk(.deadLettersToTheDefaultNeedNoRight) {
                try rights.check(.write, toExchange: ShortString(truncating: deadLetterExchange))
            }
        }
        let label = "queue '\(name)' in vhost '\(virtualHost.name)'"
        let arguments: QueueArguments
        do throws(BrokerError) {
            arguments = try QueueArguments(declare.arguments, label: label, in: connection.dialect)
        } catch {
            if quirk(.refusedDeclareMakesTheQueue), let none = try? QueueArguments([:], label: "", in: nil) {
                _ = virtualHost.declareQueue(name, QueueDeclaration(), none)
            }
            throw error
        }
        try arguments.kind.check(declare, label: label)
        let queue = virtualHost.declareQueue(
            name,
            QueueDeclaration(
                // A queue that goes with its connection has no use for outliving the broker.
                durable: declare.durable && (!declare.exclusive || quirk(.exclusiveQueuesAreDurable)),
                owner: declare.exclusive ? connection.id : nil,
                autoDelete: declare.autoDelete, arguments: declare.arguments), arguments)
        if declare.exclusive { connection.exclusiveQueues.add(queue, ObjectIdentifier(queue)) }
        answer(queue, noWait: declare.noWait)
    }

    private func answer(_ queue: any Queue, noWait: Bool) {
        tally.counters.queuesDeclared += 1
        if noWait, quirk(.noWaitDeclareIsNotTheLast) { return }
        if lastDeclaredQueue == nil || !quirk(.firstDeclaredQueueStaysTheLast) { lastDeclaredQueue = queue.name }
        guard !noWait else { return }
        send(
            QueueDeclareOk(
                queue: queue.name, messageCount: queue.messageCount(.declareCountsTheUnacknowledged),
                consumerCount: UInt32(
                    clamping: quirk(.declareCountsOwnConsumers) ? consumers.count : queue.toldConsumerCount)))
    }

    /// The names of direct reply-to look like queues to who asks whether a requester is still there.
    private func answerReplyProbe(_ name: ShortString, noWait: Bool) throws(BrokerError) -> Bool {
        guard name.hasPrefix("amq.rabbitmq.reply-to") else { return false }
        guard name == ReplyConsumer.pseudoQueue || virtualHost.replyTarget(name) != nil else {
            throw .noQueue(name, in: virtualHost.name)
        }
        lastDeclaredQueue = name
        if !noWait { send(QueueDeclareOk(queue: name, messageCount: 0, consumerCount: 1)) }
        return true
    }

    private func checkEquivalence(of declare: QueueDeclare, to queue: any Queue) throws(BrokerError) {
        if declare.exclusive != (queue.declaration.owner != nil) { throw .locked(queue.label) }
        let current = queue.declaration
        if !declare.exclusive, declare.durable != current.durable {
            throw .inequivalent(
                "durable", for: queue.label, received: "'\(declare.durable)'", current: "'\(current.durable)'")
        }
        if declare.autoDelete != current.autoDelete, !declare.exclusive || !quirk(.exclusiveOnesMayLoseAutoDelete),
            declare.autoDelete || !quirk(.autoDeleteMayBeLeftOut)
        {
            throw .inequivalent(
                "auto_delete", for: queue.label, received: "'\(declare.autoDelete)'",
                current: "'\(current.autoDelete)'")
        }
        try Equivalence.check(
            queue.kind.compared(in: connection.dialect), compared(declare.arguments),
            compared(current.arguments), label: queue.label,
            namesEveryQueueType: connection.dialect.namesEveryQueueType)
    }

    /// Arguments as equivalence compares them.
    private func compared(_ arguments: FieldTable) -> FieldTable {
        guard connection.dialect.comparesAges, let text = arguments["x-max-age"]?.text,
            let age = QueueArguments.milliseconds(text)
        else { return arguments }
        var arguments = arguments
        arguments["x-max-age"] = .string("\(age)")
        return arguments
    }

    func queueBind(_ bind: QueueBind) throws(BrokerError) {
        let name = try resolved(bind.queue).withoutLineBreaks
        let exchangeName = bind.exchange.withoutLineBreaks
        // An empty name and an empty key together stand for the last declared queue and its name.
        let isLast = bind.queue.isEmpty || quirk(.emptyKeyBecomesTheQueueName)
        let key = bind.routingKey.isEmpty && isLast ? name : bind.routingKey
        try refuseReplyAddress(name, .bind)
        if name.hasPrefix("amq.rabbitmq.reply-to."), quirk(.repliesMayBeBound) { return send(QueueBindOk()) }
        try rights?.check(.write, toQueue: name)
        if exchangeName.isEmpty { throw .defaultExchange }
        try rights?.check(.read, toExchange: exchangeName)
        guard let exchange = virtualHost.exchange(exchangeName) else {
            throw .noExchange(exchangeName, in: virtualHost.name)
        }
        guard let queue = virtualHost.queue(name) else { throw .noQueue(name, in: virtualHost.name) }
        try queue.checkAccess(by: connection.id)
        try exchange.check(binding: key, bind.arguments, to: .queue(queue))
        virtualHost.bind(exchange, to: .queue(queue), key: key, arguments: bind.arguments)
        if !bind.noWait { send(QueueBindOk()) }
    }

    /// Unbinding what is not bound, or not there, is no error; only who would really remove a binding needs access.
    func queueUnbind(_ unbind: QueueUnbind) throws(BrokerError) {
        let name = try resolved(unbind.queue).withoutLineBreaks
        let exchangeName = unbind.exchange.withoutLineBreaks
        let isLast = unbind.queue.isEmpty && !quirk(.unbindTakesTheEmptyKey)
        let key = unbind.routingKey.isEmpty && isLast ? name : unbind.routingKey
        try refuseReplyAddress(name, .bind)
        try rights?.check(.write, toQueue: name)
        if exchangeName.isEmpty { throw .defaultExchange }
        if rights == nil || !quirk(.queueUnbindNeedsNoRead) { try rights?.check(.read, toExchange: exchangeName) }
        if let exchange = virtualHost.exchange(exchangeName), let queue = virtualHost.queue(name),
            virtualHost.isBound(exchange, to: .queue(queue), key: key, arguments: unbind.arguments)
        {
            try queue.checkAccess(by: connection.id)
            connection.doInSlices(
                virtualHost.unbind(exchange, from: .queue(queue), key: key, arguments: unbind.arguments) { [self] in
                    send(QueueUnbindOk())
                })
        } else {
            send(QueueUnbindOk())
        }
    }

    func queuePurge(_ purge: QueuePurge) throws(BrokerError) {
        if purge.queue.hasPrefix("amq.rabbitmq.reply-to."), virtualHost.replyTarget(purge.queue) != nil,
            connection.dialect.hasVolatileQueues || quirk(.repliesMayBePurged)
        {
            return purge.noWait ? () : send(QueuePurgeOk(messageCount: 0))
        }
        let queue = try queue(named: purge.queue, for: .read)
        if transaction != nil, quirk(.purgesWaitForTheCommit) { return send(QueuePurgeOk(messageCount: 0)) }
        try queue.checkAccess(by: connection.id)
        if queue.kind == .stream { throw .notWithStreams("queue.purge", queue.label) }
        try whenCaughtUp(queue, QueuePurge.id) { [self] in
            let count = queue.purge()
            if !purge.noWait { send(QueuePurgeOk(messageCount: UInt32(clamping: count))) }
        }
    }

    /// Does something with a queue when it has dropped what is due, which may take a while. What is thrown then is the
    /// method's failure all the same.
    func whenCaughtUp(
        _ queue: any Queue, _ method: MethodID, then body: @escaping () throws(BrokerError) -> Void
    ) throws(BrokerError) {
        guard queue.catchUp(), !quirk(.nobodyWaitsForArrears) else { return try body() }
        connection.doInSlices { [self] in
            connection.unitsSpent += connection.pool.work.slice / 2
            if queue.catchUp() { return true }
            do throws(BrokerError) { try body() } catch { connection.fail(error, cause: method, channel: number) }
            return false
        }
    }

    /// Deleting a queue that is not there is no error.
    func queueDelete(_ delete: QueueDelete) throws(BrokerError) {
        let name = try resolved(delete.queue).withoutLineBreaks
        try rights?.check(.configure, toQueue: name)
        guard let queue = virtualHost.queue(name) else { return answer(delete, 0) }
        try queue.checkAccess(by: connection.id)
        try checkKind(of: queue, for: delete)
        try whenCaughtUp(queue, QueueDelete.id) { [self] () throws(BrokerError) in try self.delete(queue, as: delete) }
    }

    private func answer(_ delete: QueueDelete, _ count: Int) {
        if !delete.noWait { send(QueueDeleteOk(messageCount: UInt32(clamping: count))) }
    }

    private func delete(_ queue: any Queue, as delete: QueueDelete) throws(BrokerError) {
        // A stream goes whatever the condition, as in RabbitMQ, and says nothing of what was in it.
        let isStream = queue.kind == .stream
        let held = quirk(.heldMessagesAreNotEmpty) ? queue.counts.unacknowledged : 0
        if delete.ifEmpty, queue.counts.ready + held > 0, !isStream {
            throw BrokerError(.preconditionFailed, "\(queue.label) not empty")
        }
        let isUsed =
            quirk(.ifUnusedLooksAtOwnConsumers)
            ? consumers.values.contains { $0.queue === queue } : queue.consumerCount > 0
        if delete.ifUnused, !isStream, isUsed, !delete.ifEmpty || !quirk(.ifEmptyHidesIfUnused) {
            throw BrokerError(.preconditionFailed, "\(queue.label) in use")
        }
        let count = isStream ? 0 : Int(queue.messageCount(.deleteCountsTheUnacknowledged))
        // Before the consumers are told: a client waits for this answer, and some for nothing else.
        connection.doInSlices(virtualHost.delete(queue) { [self] in answer(delete, count) })
    }
}

extension BrokerError {
    /// A name is octets on the wire, and text to people: RabbitMQ takes none that is not UTF-8.
    static let notText = BrokerError(.frameError, "Malformed UTF-8 in shortstr")
}

extension Queue {
    /// The consumers, as declare-ok counts them: of a stream none, as in RabbitMQ.
    fileprivate var toldConsumerCount: Int { kind == .stream ? 0 : consumerCount }

    /// The messages that are ready, as a method counts them.
    func messageCount(_ countsTheUnacknowledged: SessionQuirk) -> UInt32 {
        let counts = counts
        if counts.ready > 255, quirk(.countsEndAtAnOctet) { return UInt32(counts.ready & 0xFF) }
        if counts.unacknowledged > 0, quirk(countsTheUnacknowledged) {
            return UInt32(clamping: counts.ready + counts.unacknowledged)
        }
        return UInt32(clamping: counts.ready)
    }
}

extension ShortString {
    var isText: Bool { String(validating: octets, as: UTF8.self) != nil }

    /// RabbitMQ takes carriage returns and line feeds out of the names that are declared, bound, unbound and deleted; not
    /// where something is published, fetched, consumed or purged.
    var withoutLineBreaks: ShortString {
        guard octets.contains(where: { $0 == 10 || $0 == 13 }) else { return self }
        return ShortString(slice: octets.filter { $0 != 10 && $0 != 13 }[...])
    }
}

/// Whether what is declared again is declared as before.
enum Equivalence {
    /// Compares the arguments of these names. Throws 406 with RabbitMQ's words for the first that differs.
    static func check(
        _ names: [ShortString], _ received: FieldTable, _ current: FieldTable, label: String,
        namesEveryQueueType: Bool = true
    ) throws(BrokerError) {
        // Each is looked for several times, and a client may say tens of thousands of others.
        let (received, current) = (received.only(names), current.only(names))
        for name in names {
            let (one, other) = (value(name, received, besides: current), value(name, current, besides: received))
            if let one, let other, one.isSame(as: other), !received.moves(name, from: current) {
                if received[name] != nil, quirk(.oneArgumentIsCompared) { return }
                continue
            }
            switch namesEveryQueueType ? (one, other) : (received[name], current[name]) {
            case (nil, nil): continue
            case (let received?, nil):
                throw .inequivalent(name.text, for: label, received: described(received), current: "none")
            case (nil, let current?):
                throw .inequivalent(name.text, for: label, received: "none", current: described(current))
            case (let received?, let current?):
                throw .inequivalent(
                    name.text, for: label, received: "'\(received.plainText)'", current: "'\(current.plainText)'")
            }
        }
    }

    /// What one of the two says, or means where only the other says something.
    private static func value(_ name: ShortString, _ table: FieldTable, besides other: FieldTable) -> FieldValue? {
        table[name] ?? (other[name] == nil ? nil : defaultValue(of: name))
    }

    /// What saying nothing means, where saying it comes to the same.
    private static func defaultValue(of name: ShortString) -> FieldValue? {
        switch name {
        case "x-queue-type": "classic"
        case "x-single-active-consumer" where quirk(.deniedIsNotSaid): false
        case "x-overflow" where quirk(.usualOverflowIsNotSaid): "drop-head"
        default: nil
        }
    }

    private static func described(_ value: FieldValue) -> String {
        "the value '\(value.plainText)' of type '\(value.erlangTypeName)'"
    }
}

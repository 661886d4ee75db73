import AMQPWire

extension BrokerChannel {
    /// Whether a method waits for one of a long row to go that had the same name. It helps with that, and is done then.
    func waitsForRows(_ method: Method) -> Bool {
        guard asksForALeavingName(method) else { return false }
        connection.doInSlices { [self] in
            connection.unitsSpent += virtualHost.loseRows(connection.pool.work.slice)
            if asksForALeavingName(method) { return true }
            do throws(BrokerError) { try handle(method) } catch {
                connection.fail(error, cause: method.id, channel: number)
            }
            connection.noteDeclaration()
            return false
        }
        return true
    }

    private func asksForALeavingName(_ method: Method) -> Bool {
        switch method {
        case .exchangeDeclare(let declare) where !declare.passive:
            virtualHost.isLosing(exchange: declare.exchange.withoutLineBreaks)
        case .queueDeclare(let declare) where !declare.passive:
            virtualHost.isLosing(queue: declare.queue.withoutLineBreaks)
        default: false
        }
    }

    func exchangeDeclare(_ declare: ExchangeDeclare) throws(BrokerError) {
        let name = declare.exchange.withoutLineBreaks
        guard name.isText else { throw .notText }
        if declare.passive {
            if name.isEmpty { throw .defaultExchange }
            if connection.dialect.guardsPassiveDeclares { try rights?.checkAny(toExchange: name) }
            guard let exchange = virtualHost.exchange(name) else { throw .noExchange(name, in: virtualHost.name) }
            if declare.type.text != exchange.declaration.type, quirk(.passiveDeclareComparesTheType) {
                try checkEquivalence(of: declare, to: exchange)
            }
        } else {
            let type = try ExchangeTypes<any Queue>.named(
                declare.type.text, in: connection.dialect)
            if name.isEmpty { throw .defaultExchange }
            try rights?.check(.configure, toExchange: name)
            if let exchange = virtualHost.exchange(name), !name.hasPrefix("amq.") || !quirk(.predeclaredIsRefused) {
                if !declare.noWait || !quirk(.silentDeclaresAreNotCompared) {
                    try checkEquivalence(of: declare, to: exchange)
                }
            } else {
                try type.check(
                    declaration: declare.arguments, label: "exchange '\(name)' in vhost '\(virtualHost.name)'")
                try makeExchange(name, declare)
            }
        }
        if !declare.noWait { send(ExchangeDeclareOk()) }
    }

    private func makeExchange(_ name: ShortString, _ declare: ExchangeDeclare) throws(BrokerError) {
        if name.hasPrefix("amq.") {
            throw BrokerError(.accessRefused, "exchange name '\(name)' contains reserved prefix 'amq.*'")
        }
        if let value = declare.arguments["alternate-exchange"], value.text == nil {
            throw BrokerError(
                .preconditionFailed,
                "invalid type '\(value.erlangTypeName)' for arg 'alternate-exchange' in exchange '\(name)' in vhost "
                    + "'\(virtualHost.name)'")
        }
        if let rights, let alternate = declare.arguments["alternate-exchange"]?.text {
            try rights.check(.read, toExchange: name)
            try rights.check(.write, toExchange: ShortString(truncating: alternate))
        }
        try virtualHost.declareExchange(
            name,
            ExchangeDeclaration(
                type: declare.type.text, durable: declare.durable, autoDelete: declare.autoDelete,
                isInternal: declare.internal, arguments: declare.arguments))
    }

    private func checkEquivalence(
        of declare: ExchangeDeclare, to exchange: Exchange<any Queue>
    ) throws(BrokerError) {
        let current = exchange.declaration
        let label = exchange.label(in: virtualHost.name)
        let compared = [
            ("type", declare.type.text, current.type),
            ("durable", "\(declare.durable)", "\(current.durable)"),
            ("auto_delete", "\(declare.autoDelete)", "\(current.autoDelete)"),
            ("internal", "\(declare.internal)", "\(current.isInternal)"),
        ]
        for (name, received, current) in compared where received != current {
            if received == "false", quirk(.onlyTheFlagsThatAreSetAreCompared) { continue }
            throw .inequivalent(name, for: label, received: "'\(received)'", current: "'\(current)'")
        }
        try Equivalence.check(["alternate-exchange"], declare.arguments, current.arguments, label: label)
    }

    /// Deleting an exchange that is not there is no error.
    func exchangeDelete(_ delete: ExchangeDelete) throws(BrokerError) {
        func answer() { if !delete.noWait { send(ExchangeDeleteOk()) } }
        let name = delete.exchange.withoutLineBreaks
        if name.isEmpty { throw .defaultExchange }
        let isLost = name.hasPrefix("amq.") && virtualHost.exchange(name) == nil
        if name.hasPrefix("amq."), !isLost || !quirk(.reservedNameThatIsNotThereIsDeleted) {
            throw BrokerError(
                .accessRefused,
                "deletion of system exchange '\(name)' in vhost '\(virtualHost.name)' not allowed")
        }
        try rights?.check(.configure, toExchange: name)
        if let exchange = virtualHost.exchange(name) {
            if delete.ifUnused,
                exchange.bindingCount > 0 || !exchange.incoming.isEmpty && quirk(.ifUnusedCountsIncomingBindings)
            {
                throw BrokerError(.preconditionFailed, "\(exchange.label(in: virtualHost.name)) in use")
            }
            connection.doInSlices(virtualHost.delete(exchange, then: answer))
        } else {
            answer()
        }
    }

    func exchangeBind(_ bind: ExchangeBind) throws(BrokerError) {
        let (sourceName, destinationName) = (bind.source.withoutLineBreaks, bind.destination.withoutLineBreaks)
        try rights?.check(.write, toExchange: destinationName)
        if sourceName.isEmpty || destinationName.isEmpty { throw .defaultExchange }
        if rights == nil || !quirk(.exchangeBindNeedsNoRead) { try rights?.check(.read, toExchange: sourceName) }
        guard let source = virtualHost.exchange(sourceName) else {
            throw .noExchange(sourceName, in: virtualHost.name)
        }
        guard let destination = virtualHost.exchange(destinationName) else {
            throw .noExchange(destinationName, in: virtualHost.name)
        }
        let checksDestination =
            destination.declaration.type != source.declaration.type && quirk(.destinationChecksTheBinding)
        try (checksDestination ? destination : source).check(
            binding: bind.routingKey, bind.arguments, to: .exchange(destination))
        virtualHost.bind(source, to: .exchange(destination), key: bind.routingKey, arguments: bind.arguments)
        if !bind.noWait { send(ExchangeBindOk()) }
    }

    /// Unbinding what is not bound, or not there, is no error.
    func exchangeUnbind(_ unbind: ExchangeUnbind) throws(BrokerError) {
        func answer() { if !unbind.noWait { send(ExchangeUnbindOk()) } }
        let (sourceName, destinationName) = (unbind.source.withoutLineBreaks, unbind.destination.withoutLineBreaks)
        try rights?.check(.write, toExchange: destinationName)
        if sourceName.isEmpty || destinationName.isEmpty { throw .defaultExchange }
        if rights == nil || !quirk(.exchangeUnbindNeedsNoRead) { try rights?.check(.read, toExchange: sourceName) }
        if let source = virtualHost.exchange(sourceName), let destination = virtualHost.exchange(destinationName) {
            let isCut = !unbind.arguments.isEmpty && quirk(.exchangeUnbindForgetsArguments)
            connection.doInSlices(
                virtualHost.unbind(
                    source, from: .exchange(destination), key: unbind.routingKey,
                    arguments: isCut ? [:] : unbind.arguments, then: answer))
        } else {
            if unbind.noWait, quirk(.unboundNothingIsAnswered) { send(ExchangeUnbindOk()) }
            answer()
        }
    }
}

extension Exchange<any Queue> {
    /// Throws 406 for a binding that makes no sense to the exchange's type, or leads where the type leads nothing.
    func check(binding key: ShortString, _ arguments: FieldTable, to end: BindingEnd) throws(BrokerError) {
        try check(binding: key, arguments, toQueueOf: end.queueKind)
    }

    /// The same where the queue is not there yet. `kind`: nil for an exchange.
    func check(binding key: ShortString, _ arguments: FieldTable, toQueueOf kind: QueueKind?) throws(BrokerError) {
        try check(binding: key, arguments)
        guard leadsToClassicQueuesAlone else { return }
        guard let kind else { throw BrokerError(.preconditionFailed, "Destination not found") }
        if kind == .classic || quirk(.randomTakesAnyQueue) { return }
        throw BrokerError(.preconditionFailed, "Queue type \(kind.module) not valid for this exchange type")
    }
}

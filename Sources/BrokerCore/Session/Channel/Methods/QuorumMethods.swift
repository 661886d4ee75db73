import AMQPWire

// What channels do otherwise with quorum queues.

extension BrokerChannel {
    /// As it means in a virtual host whose queues are of another type unless they say their own.
    func withDefaultType(_ declare: QueueDeclare) -> QueueDeclare {
        if declare.passive { return declare }
        var declare = declare
        let lasts = declare.durable && !declare.exclusive && !declare.autoDelete
        declare.arguments = declare.arguments.naming(virtualHost.defaultQueueType, lasts: lasts)
        return declare
    }

    /// Throws 406 for a quorum queue that is to be given a name.
    func checkKind(ofUnnamed declare: QueueDeclare) throws(BrokerError) {
        guard declare.queue.isEmpty, let type = declare.arguments["x-queue-type"]?.text,
            let kind = QueueKind(rawValue: type), kind != .classic
        else { return }
        throw BrokerError(.preconditionFailed, "Cannot declare a server-named queue for type \(kind.module)")
    }

    /// Throws 540 for a delete on a condition.
    func checkKind(of queue: any Queue, for delete: QueueDelete) throws(BrokerError) {
        try queue.kind.checkDelete(ifUnused: delete.ifUnused, ifEmpty: delete.ifEmpty, label: queue.label)
    }

    /// Throws 540 for a consumer that would share a window with others of its channel, 406 for an argument that means
    /// something to consumers of other queues.
    func checkKind(of queue: any Queue, for consume: BasicConsume) throws(BrokerError) {
        let dialect = connection.dialect
        if !consume.arguments.isEmpty {
            let foreign = queue.kind.foreignToConsumers(in: dialect)
            if let field = consume.arguments.fields.first(where: { foreign.contains($0.name) }) {
                throw .argumentOfAnotherQueueType(field.name, for: queue.label, ofQueueType: queue.kind.module)
            }
        }
        if queue.kind == .stream { try checkStream(queue, for: consume) }
        if queue.kind != .classic, channelPrefetch > 0 {
            throw BrokerError(.notImplemented, "\(queue.label) does not support global qos")
        }
        if queue.kind == .quorum, dialect.knowsDelayedRetries {
            _ = try QueueArguments.Check(arguments: consume.arguments, label: queue.label)
                .integer("x-consumer-timeout", in: 0...Int64.max)
        }
    }

    /// Throws 540 for a stream; 405 for a quorum queue of which only one consumer is to be served: a fetch would come
    /// between.
    func checkKind(ofFetched queue: any Queue) throws(BrokerError) {
        if queue.kind == .stream { throw .notWithStreams("basic.get", queue.label) }
        guard queue.kind == .quorum, queue.arguments.singleActiveConsumer else { return }
        throw BrokerError(
            .resourceLocked,
            "cannot obtain access to locked \(queue.label). basic.get operations are not supported by "
                + "\(connection.dialect.quorumInWords) queues with single active consumer")
    }

    /// Sends a method with a message as its content, and with what its queue knows of earlier deliveries among the headers.
    func sendCounted(_ method: some MethodFields, _ queued: QueuedMessage) {
        let isFirstFetch = queued.returnCount == 0 && method is BasicGetOk && connection.dialect.tellsFirstFetch
        guard queued.redelivered || isFirstFetch else { return send(method, queued.message) }
        if queued.message.bodySize > connection.output.part, quirk(quorum: .largeOnesTellNoCounts) {
            return send(method, queued.message)
        }
        do throws(BrokerError) {
            let content = content(of: queued.message)
            var properties = try content.sentProperties()
            if queued.message.traits.hasBlindCopies, quirk(quorum: .returnedShowBlindCopies) {
                properties = try content.properties()
            }
            var headers = properties.headers ?? [:]
            if !headers.isEmpty, quirk(quorum: .countReplacesHeaders) { headers = [:] }
            if queued.failureCount > 0 || isFirstFetch {
                let isCut = queued.failureCount > 255 && quirk(quorum: .countIsAnOctet)
                headers["x-delivery-count"] = .int64(Int64(isCut ? queued.failureCount & 255 : queued.failureCount))
            }
            if connection.dialect.tellsAcquisitions {
                // Of a dead letter that was not handed out here yet, it is what it brought along (4.3.6).
                let isFailures = queued.returnCount != queued.failureCount && quirk(quorum: .acquisitionsAreFailures)
                let isNew = queued.returnCount == 0
                headers["x-acquired-count"] = .int64(
                    Int64(isNew || isFailures ? queued.failureCount : queued.returnCount))
            }
            properties.headers = headers.sortedByName
            connection.output.content(
                method, properties, bodyOf: content, of: queued.message, channel: number,
                frameMax: connection.session.frameMax)
        } catch { connection.fail(error, cause: method.id) }
    }
}

extension QueueKind {
    /// The arguments that mean something to consumers of some type, and not to those of this one.
    fileprivate func foreignToConsumers(in dialect: Dialect) -> Set<ShortString> {
        var names: Set<ShortString> = self == .stream ? ["x-priority"] : ["x-stream-offset"]
        if self != .stream, dialect.knowsStreamFilters {
            names.formUnion(["x-stream-filter", "x-stream-match-unfiltered"])
        }
        if self != .classic, !dialect.takesFailoverArgument { names.insert("x-cancel-on-ha-failover") }
        if self != .quorum, !dialect.takesConsumerTimeout { names.insert("x-consumer-timeout") }
        return names
    }
}

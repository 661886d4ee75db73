import AMQPWire

// From "a publish has arrived" to "the virtual host has it".

extension BrokerChannel {
    /// Publishes a message that has come whole. Throws what the channel is then closed with.
    func publish(_ publish: PublishFields, _ content: IncomingContent) throws(BrokerError) {
        connection.throttle.hasPublished = true
        connection.unitsSpent += WorkLimits.unitsOfReading(content.propertiesCount)
        if publish.immediate { throw BrokerError(.notImplemented, "immediate=true") }
        let remembered = try route(for: publish)
        let (message, headers) = try message(publish, content, remembered)
        let copies = try CarbonCopies.checkedKeys(in: headers)
        let delivery = Delivery(
            message: message, copies: copies, mandatory: publish.mandatory, isRemembered: remembered.queues != nil)
        if let known = remembered.queues, copies.isEmpty || quirk(.rememberedRouteForgetsCopies) {
            return try deliver(delivery, to: known)
        }
        let pass = try virtualHost.route(message, from: remembered.exchange, keys: [message.routingKey] + copies)
        if pass.isOver { return try deliver(delivery, along: pass) }
        // So many bindings, or keys, that others have their turn meanwhile, and may bind and delete what they like.
        var rest = pass
        connection.doInSlices { [self] in
            do throws(BrokerError) {
                try virtualHost.goOn(&rest)
                if rest.isOver { try deliver(delivery, to: rest.targets.filter { !$0.isDeleted }) }
                return !rest.isOver
            } catch {
                connection.fail(error, cause: BasicPublish.id, channel: number)
                return false
            }
        }
    }

    /// The way of a publish that goes where another went, and has nothing about it that is to be looked at. nil: it is another
    /// one.
    func rememberedRoute(of publish: WholePublish) -> (RememberedRoute, Message.Traits)? {
        guard takesPublishes, let route = routes.route(of: publish, at: virtualHost.topologyVersion),
            let traits = Message.Traits(plain: publish.propertyOctets)
        else { return nil }
        return (route, traits)
    }

    /// Publishes a message that goes this way.
    func publish(_ message: Message, along route: RememberedRoute, isMandatory: Bool) throws(Failure) {
        if route !== routes.last { lastExchange = route.exchangeName }
        let delivery = Delivery(message: message, copies: [], mandatory: isMandatory, isRemembered: true)
        do throws(BrokerError) { try deliver(delivery, to: route.queues) } catch {
            throw Failure(error, cause: BasicPublish.id)
        }
    }

    /// A message that is on its way to its queues.
    private struct Delivery {
        var message: Message
        var copies: [ShortString]
        var mandatory: Bool
        var isRemembered: Bool
    }

    private func deliver(_ delivery: Delivery, along pass: RoutingPass<any Queue>) throws(BrokerError) {
        if delivery.copies.isEmpty || quirk(.routeWithCopiesIsRemembered),
            pass.dependsOnKeysAlone || quirk(.headersRouteIsRemembered)
        {
            routes.remember(
                RememberedRoute(
                    exchange: pass.start, exchangeName: delivery.message.exchange, key: delivery.message.routingKey,
                    queues: pass.targets, topologyVersion: virtualHost.topologyVersion))
        }
        var delivery = delivery
        if pass.targets.isEmpty, pass.visited > 1, quirk(.anExchangeIsRouteEnough) { delivery.mandatory = false }
        try deliver(delivery, to: pass.targets)
    }

    private func deliver(_ delivery: Delivery, to queues: [any Queue]) throws(BrokerError) {
        let message = delivery.message
        if virtualHost.isTraced { trace(message, copies: delivery.copies, publishedTo: queues) }
        if queues.isEmpty, transaction == nil, quirk(.repliesAreNotConfirmed), reply(message) { return }
        let number = confirms?.begin()
        tally.counters.received += 1
        publishedCount += 1
        if number != nil { tally.counters.receivedToConfirm += 1 }
        if transaction != nil {
            return try add(
                .init(message: message, copies: delivery.copies, queues: queues, mandatory: delivery.mandatory))
        }
        if queues.count > 1, queues.count * message.unitsOfDelivery > connection.pool.work.slice {
            return fill(queues, with: delivery, confirming: number)
        }
        let mandatory = delivery.mandatory && !(delivery.isRemembered && quirk(.secondMandatoryIsNotReturned))
        let (accepted, batch) = enqueue(message, delivery.copies, in: queues, mandatory: mandatory)
        confirm(number, accepted, batch)
    }

    private func confirm(_ number: UInt64?, _ accepted: Bool, _ batch: UInt64) {
        guard let number else { return }
        confirms?.resolve(number, accepted: accepted, batch: batch)
        connection.noteAnswers(
            of: self.number > 255 && quirk(.waitingChannelsAreOctets) ? self.number & 0xFF : self.number)
    }

    /// Puts a message in very many queues, with other clients' turns in between. What follows on its connection waits.
    private func fill(_ queues: [any Queue], with delivery: Delivery, confirming number: UInt64?) {
        tally.counters.routed += queues.count
        var filling: Filling? = Filling(delivery.message, queues, isAnswered: true)
        connection.doInSlices { [self] in
            guard let (accepted, batch) = goOn(with: &filling) else { return true }
            if !delivery.copies.isEmpty, !quirk(.repliesAreNotCopied) { _ = reply(delivery.message, delivery.copies) }
            if !quirk(.largeFillingsAreNotConfirmed) { confirm(number, accepted, batch) }
            return false
        }
    }

    /// Puts a message in the next of its queues. Returns what came of it when these were the last: see ``enqueue``.
    func goOn(with filling: inout Filling?) -> (accepted: Bool, batch: UInt64)? {
        guard var current = filling else { return (true, 0) }
        filling = nil
        connection.unitsSpent += current.goOn(connection.pool.work.slice)
        let message = current.message
        let isAccepted = current.isAccepted || quirk(.largeFillingsAreAccepted)
        if current.isOver { return (isAccepted, message.storeEntry == 0 ? 0 : virtualHost.write(message)) }
        filling = current
        return nil
    }

    /// Puts a message in its queues; a mandatory one that has none goes back. `copies` are the keys of its CC and BCC headers.
    /// Returns whether all took it, and the batch of the store that it is in; 0: none.
    func enqueue(
        _ message: Message, _ copies: [ShortString], in queues: [any Queue], mandatory: Bool
    ) -> (accepted: Bool, batch: UInt64) {
        var accepted = true
        connection.unitsSpent += queues.count * message.unitsOfDelivery
        tally.counters.routed += queues.count
        for queue in queues {
            if !queue.publish(message, isAnswered: true) {
                accepted = false
                if queues.count > 1, quirk(.refusalEndsTheRow) { break }
            } else if !accepted, quirk(.lastQueueDecidesTheConfirm) {
                accepted = true
            }
        }
        // It has an entry in the store now if one of the queues is durable and it is persistent.
        let batch = message.storeEntry == 0 ? 0 : virtualHost.write(message)
        // No queue has the address of a requester for its name, but a copy may go to one.
        let isReplied = (queues.isEmpty || !copies.isEmpty && !quirk(.repliesAreNotCopied)) && reply(message, copies)
        if queues.isEmpty {
            let isAnswer =
                isReplied && connection.dialect.routesReplies
                || isReply(message) && (connection.dialect.routesLateReplies || quirk(.repliesToNobodyAreNotReturned))
            if isAnswer { return (accepted, batch) }
            if !mandatory {
                tally.counters.unroutableDropped += 1
            } else {
                tally.counters.unroutableReturned += 1
                send(
                    BasicReturn(
                        replyCode: .noRoute, replyText: "NO_ROUTE", exchange: message.exchange,
                        routingKey: message.routingKey),
                    message)
            }
        }
        return (accepted, batch)
    }

    private struct Route {
        var exchange: Exchange<any Queue>
        var exchangeName: ShortString
        var key: ShortString
        var queues: [any Queue]?
    }

    private func route(for publish: PublishFields) throws(BrokerError) -> Route {
        if let last = routes.last, last.topologyVersion == virtualHost.topologyVersion,
            last.exchangeName.octets[...] == publish.exchange || quirk(.rememberedRouteIgnoresTheExchange),
            last.key.octets[...] == publish.routingKey || quirk(.rememberedRouteIgnoresTheKey)
        {
            return Route(exchange: last.exchange, exchangeName: last.exchangeName, key: last.key, queues: last.queues)
        }
        let name = ShortString(slice: publish.exchange)
        if routes.last == nil || !quirk(.writeRightIsCheckedOnce) {
            try connection.session.rights?.check(.write, toExchange: name)
        }
        guard let exchange = virtualHost.exchange(name) else { throw .noExchange(name, in: virtualHost.name) }
        if exchange.declaration.isInternal, routes.last == nil || !quirk(.internalIsCheckedOnce) {
            throw BrokerError(
                .accessRefused, "cannot publish to internal \(exchange.label(in: virtualHost.name))")
        }
        lastExchange = name
        var key = ShortString(slice: publish.routingKey)
        if name.isEmpty, key.isEmpty, let last = lastDeclaredQueue, quirk(.emptyKeyIsTheLastQueue) { key = last }
        return Route(exchange: exchange, exchangeName: name, key: key)
    }

    /// Makes a message of a publish. Returns its headers too, for they were decoded.
    private func message(
        _ publish: PublishFields, _ content: IncomingContent, _ route: Route
    ) throws(BrokerError) -> (Message, FieldTable) {
        let octets = content.octets[..<content.propertiesCount]
        // Most messages carry no properties, or only a delivery mode: then there is nothing to decode.
        if let traits = Message.Traits(plain: octets) {
            let message = Message(
                exchange: route.exchangeName, routingKey: route.key, content: content.octets,
                propertiesCount: content.propertiesCount, traits: traits)
            return (message, [:])
        }
        guard var properties = try? BasicProperties(octets: octets) else {
            throw BrokerError(.internalError, "the properties of a message cannot be decoded")
        }
        var traits = Message.Traits(properties, expiration: nil)
        if let mode = properties.deliveryMode, !(1...2).contains(mode), !connection.dialect.takesAnyDeliveryMode {
            throw BrokerError(.preconditionFailed, "invalid message: {delivery_mode_unknown,\(mode)}")
        }
        if let expiration = properties.expiration { traits.expiration = try Expiration.parse(expiration) }
        if let user = properties.userID, user.text != connection.session.user, !connection.session.mayImpersonate,
            route.queues == nil || !quirk(.userIdIsCheckedOnce), !user.isEmpty || !quirk(.emptyUserIsNobody)
        {
            throw BrokerError(
                .preconditionFailed,
                "user_id property set to '\(user)' but authenticated user was '\(connection.session.user)'")
        }
        let tidied = connection.dialect.sortsHeaders ? properties.headers?.tidied : nil
        if let tidied { properties.headers = tidied }
        if properties.replyTo == ReplyConsumer.pseudoQueue,
            publish.exchange.isEmpty || !quirk(.requestsGoToTheDefaultExchange)
        {
            guard let replyConsumer else {
                throw BrokerError(.preconditionFailed, "fast reply consumer does not exist")
            }
            properties.replyTo = replyConsumer.name
            if traits.expiration != nil, quirk(.requestsNeverExpire) { traits.expiration = nil }
        } else if tidied == nil {
            let message = Message(
                exchange: route.exchangeName, routingKey: route.key, content: content.octets,
                propertiesCount: content.propertiesCount, traits: traits)
            return (message, properties.headers ?? [:])
        }
        let message = Message(
            exchange: route.exchangeName, routingKey: route.key, properties: properties,
            body: content.octets[content.propertiesCount...], traits: traits)
        return (message, properties.headers ?? [:])
    }
}

extension BrokerConnection {
    /// Handles a publish that has come whole and goes where another of its channel went. False: it is none of these, or it
    /// may have to wait behind its first frame.
    func publishAgain() -> Bool {
        guard takesWhole, let publish = reader.wholePublish(), !host.alarms.holdsBack,
            publish.bodyCount <= maximumMessageSize,
            let channel = knownChannel(publish.channel), let (route, traits) = channel.rememberedRoute(of: publish)
        else { return false }
        let message = route.message(publish, traits)
        reader.take(publish)
        throttle.hasPublished = true
        do throws(Failure) { try channel.publish(message, along: route, isMandatory: publish.isMandatory) } catch {
            fail(error.error, cause: error.cause, channel: publish.channel)
        }
        // Of its three frames, one is counted anyway.
        unitsSpent += publish.bodyCount == 0 ? 1 : 2
        return true
    }
}

import AMQPWire
import BrokerCore

// What can happen in a step. Each client does only what makes sense in its state, and now and then what does not.

extension Simulation {
    func act() throws {
        let choice = random.below(1000)
        switch choice {
        case 0..<200: store(1 + random.below(3))
        case 200..<260:
            now += Int64(1 + random.below(random.oneIn(10) ? 6000 : 300))
            note("the time is \(now)")
            // First the model, as what expires now may go with a batch that the broker hands out at once.
            model.advance(to: now)
            if defect != .clockStandsStill { step(.time) }
        case 260..<264:
            disk.room = random.below(2000)
            note("the disk has room for \(disk.room) octets")
        case 264..<276: disk.room = .max
        case 276..<280:
            note("reading fails once in each segment")
            for segment in disk.segmentNumbers { disk.failReads(of: segment, times: 1) }
        case 280..<282: return try crash(ofMachine: random.oneIn(2))
        case 282..<284:
            isMachineToCrash = random.oneIn(2)
            disk.stop(after: random.below(8))
        case 284..<290: reconnect(random.below(Self.clientCount))
        default:
            let client = random.pick(clients)
            let number = random.pick(Self.channels)
            guard let channel = model.channels[Path(client: client.number, channel: number)] else { return }
            act(choice, Actor(client: client, channel: channel, number: number))
            deliver(client)
        }
        compare()
    }

    /// Who does something.
    struct Actor {
        let client: SimulatedClient
        let channel: ModelChannel
        let number: UInt16

        func send(_ method: some MethodFields) { client.add(method, channel: number) }
        func expect(_ method: MethodID, _ counts: Int...) { channel.expected.append(.answer(method, counts)) }
    }

    private func act(_ choice: Int, _ actor: Actor) {
        switch choice {
        case 290..<500: publish(actor)
        case 500..<680: settle(actor)
        case 680..<740: consume(actor)
        case 740..<770: cancel(actor)
        case 770..<840: get(actor)
        case 840..<855: prefetch(actor)
        case 855..<862:
            note("\(actor.channel.path) recovers")
            actor.send(BasicRecover(requeue: true))
            model.recover(actor.channel)
        case 862..<900: endTransaction(actor)
        case 900..<930: declareQueue(actor)
        case 930..<936: deleteQueue(actor)
        case 936..<944: purge(actor)
        case 944..<950: declareExchange(actor)
        case 950..<953: deleteExchange(actor)
        case 953..<980: bind(actor)
        case 980..<988: unbind(actor)
        default: close(actor)
        }
    }

    // MARK: Connections and channels

    private func reconnect(_ index: Int) {
        let old = clients[index]
        note("client \(old.number) is gone")
        model.disconnect(old.number)
        step(.disconnected(old.id))
        clients[index] = connect()
    }

    /// Closes a channel, or has the broker close it by an error, and opens it again.
    private func close(_ actor: Actor) {
        switch random.below(3) {
        case 0:
            note("\(actor.channel.path) acknowledges what it does not have")
            actor.send(BasicAck(deliveryTag: actor.channel.lastTag + 1))
            model.fail(actor.channel, .preconditionFailed)
            actor.send(ChannelCloseOk())
        case 1:
            note("\(actor.channel.path) consumes from a queue that there is not")
            actor.send(BasicConsume(queue: "none"))
            fail(actor, .notFound)
            return
        default:
            note("\(actor.channel.path) is closed")
            actor.send(ChannelClose(replyCode: .replySuccess))
            model.release(actor.channel)
            actor.expect(ChannelCloseOk.id)
        }
        reopen(actor)
    }

    private func fail(_ actor: Actor, _ code: ReplyCode) {
        model.fail(actor.channel, code)
        actor.send(ChannelCloseOk())
        reopen(actor)
    }

    private func reopen(_ actor: Actor) {
        let expected = actor.channel.expected
        model.open(actor.channel.path)
        actor.send(ChannelOpen())
        model.channels[actor.channel.path]?.expected = expected + [.answer(ChannelOpenOk.id, [])]
        choosesMode(actor.client, actor.number)
    }

    // MARK: Publishing

    private func publish(_ actor: Actor) {
        for _ in 0...random.below(3) {
            // A little always flows off, so that the queues stay short.
            if model.queues.values.reduce(0, { $0 + $1.ready.count }) > 40 { return get(actor) }
            let content = nextContent()
            let isPersistent = !random.oneIn(3)
            let isMandatory = random.oneIn(4)
            note(
                "\(actor.channel.path) publishes \(content)\(isPersistent ? ", persistent" : "")"
                    + "\(isMandatory ? ", mandatory" : "")")
            let queues = model.route(content)
            var propertiesCount = 0
            if defect == .losesOneInAHundred, queues != nil, actor.channel.mode == .plain, random.oneIn(100) {
                // The broker never hears of it.
            } else {
                let properties = Self.properties(
                    of: content.number, deliveryMode: isPersistent ? 2 : random.oneIn(2) ? 1 : nil,
                    priority: content.priority, expiration: content.expiration)
                propertiesCount = Self.octets(of: properties)
                actor.client.addPublish(
                    BasicPublish(
                        exchange: ShortString(truncating: content.exchange),
                        routingKey: ShortString(truncating: content.key), mandatory: isMandatory),
                    properties, body: Content.body(content.number), channel: actor.number)
            }
            guard let queues else { return fail(actor, .notFound) }
            model.publish(
                .init(
                    content: content, isPersistent: isPersistent, isMandatory: isMandatory,
                    propertiesCount: propertiesCount, queues: queues), actor.channel)
        }
    }

    private func nextContent() -> Content {
        messageNumber += 1
        var content = Content(number: messageNumber, exchange: "", key: random.pick(queueKinds).name)
        if random.oneIn(3) {
            let exchange = random.pick(exchangeKinds)
            (content.exchange, content.key) = (exchange.name, random.pick(exchange.keys))
        }
        if random.oneIn(6) { content.expiration = Int64(random.below(2000)) }
        if random.oneIn(2) { content.priority = random.below(5) }
        return content
    }

    private func endTransaction(_ actor: Actor) {
        guard actor.channel.mode == .transaction else { return publish(actor) }
        if random.oneIn(4) {
            note("\(actor.channel.path) rolls back")
            actor.send(TxRollback())
            model.rollBack(actor.channel)
        } else {
            note("\(actor.channel.path) commits")
            actor.send(TxCommit())
            if defect == .commitsWithoutTheLastPublish, !actor.channel.publishes.isEmpty {
                messageNumber += 1
                let content = Content(number: messageNumber, exchange: "", key: "a")
                let queues = model.route(content) ?? []
                actor.channel.publishes.append(
                    .init(content: content, isPersistent: true, isMandatory: false, queues: queues))
            }
            if !model.commit(actor.channel) { fail(actor, .preconditionFailed) }
        }
    }

    // MARK: Consuming

    /// A queue, mostly one that is there.
    func pickQueue(_ actor: Actor) -> ModelQueue? {
        for _ in 0..<4 { if let queue = model.queues[random.pick(queueKinds).name] { return queue } }
        declareQueue(actor)
        return nil
    }

    private func consume(_ actor: Actor) {
        guard let queue = pickQueue(actor) else { return }
        if queue.kind.isStream { return read(queue, actor) }
        consumerNumber += 1
        let tag = "c\(consumerNumber)"
        let noAck = random.oneIn(4)
        if random.oneIn(2) { prefetch(actor) }
        // It would cost the whole connection.
        if queue.kind.isQuorum, actor.channel.prefetch > 0 { return }
        let priority = random.oneIn(3) ? random.below(4) - 1 : 0
        note(
            "\(actor.channel.path) consumes \(queue.kind.name) as \(tag), priority \(priority)\(noAck ? ", no-ack" : "")"
        )
        actor.send(
            BasicConsume(
                queue: ShortString(truncating: queue.kind.name), consumerTag: ShortString(truncating: tag),
                noAck: noAck, arguments: priority == 0 ? [:] : spoil(["x-priority": .int32(Int32(priority))])))
        model.consume(queue, tag: tag, noAck: noAck, priority: priority, actor.channel)
    }

    private func cancel(_ actor: Actor) {
        guard !actor.channel.consumers.isEmpty else { return get(actor) }
        let consumer = random.pick(actor.channel.consumers)
        note("\(actor.channel.path) cancels \(consumer.tag)")
        actor.send(BasicCancel(consumerTag: ShortString(truncating: consumer.tag)))
        model.cancel(consumer, actor.channel)
    }

    private func get(_ actor: Actor) {
        guard let queue = pickQueue(actor) else { return }
        // It would cost the whole connection.
        if queue.kind.isStream { return read(queue, actor) }
        if queue.kind.isQuorum, queue.kind.isSingleActive {
            note("\(actor.channel.path) gets from \(queue.kind.name), and may not")
            actor.send(BasicGet(queue: ShortString(truncating: queue.kind.name)))
            return fail(actor, .resourceLocked)
        }
        let noAck = random.oneIn(2)
        for _ in 0...random.below(3) {
            note("\(actor.channel.path) gets from \(queue.kind.name)\(noAck ? ", no-ack" : "")")
            actor.send(BasicGet(queue: ShortString(truncating: queue.kind.name), noAck: noAck))
            model.get(queue, noAck: noAck, actor.channel)
        }
    }

    private func prefetch(_ actor: Actor) {
        let isShared = random.oneIn(3)
        let count = random.below(4)
        note("\(actor.channel.path) has a \(isShared ? "shared " : "")prefetch count of \(count)")
        let sent = defect == .prefetchOneTooMany && count > 0 ? count + 1 : count
        actor.send(BasicQos(prefetchCount: UInt16(sent), global: isShared && defect != .sharesNoWindow))
        model.prefetch(count, isShared: isShared, actor.channel)
    }

    // MARK: Settling

    private func settle(_ actor: Actor) {
        let channel = actor.channel
        guard !channel.out.isEmpty else { return random.oneIn(3) ? consume(actor) : get(actor) }
        let multiple = random.oneIn(3)
        let tag = multiple && random.oneIn(4) ? 0 : random.pick(channel.out).tag
        var settlement: ModelChannel.Settlement = [.acknowledge, .acknowledge, .requeue, .discard][random.below(4)]
        // A refusal would cost the whole connection.
        let settled = model.deliveries(tag, multiple: multiple, channel) ?? []
        if settled.contains(where: { $0.queue.kind.isStream }) { settlement = .acknowledge }
        note("\(channel.path) settles \(tag)\(multiple ? " and before" : ""): \(settlement)")
        send(settlement, tag, multiple: multiple, actor)
        model.settle(tag, multiple: multiple, settlement, channel)
    }

    private func send(_ settlement: ModelChannel.Settlement, _ tag: UInt64, multiple: Bool, _ actor: Actor) {
        let settled = model.deliveries(tag, multiple: multiple, actor.channel) ?? []
        switch (settlement, defect) {
        case (.acknowledge, .losesAcks) where random.oneIn(4): break
        case (.acknowledge, .ackMultipleLeavesOneBehind) where multiple && settled.count > 1:
            actor.send(BasicAck(deliveryTag: settled[settled.count - 2].tag, multiple: true))
        case (.acknowledge, _): actor.send(BasicAck(deliveryTag: tag, multiple: multiple))
        case (.requeue, .discardsWhatIsToBeRequeued) where random.oneIn(20):
            actor.send(BasicNack(deliveryTag: tag, multiple: multiple, requeue: false))
        case (.requeue, .requeuesAtTheTail):
            actor.send(BasicNack(deliveryTag: tag, multiple: multiple, requeue: false))
            for delivery in settled {
                actor.client.addPublish(
                    BasicPublish(routingKey: ShortString(truncating: delivery.queue.kind.name)), BasicProperties(),
                    body: Content.body(delivery.copy.content.number), channel: actor.number)
            }
        default:
            let requeue = settlement == .requeue
            if !multiple, random.oneIn(2) {
                actor.send(BasicReject(deliveryTag: tag, requeue: requeue))
            } else {
                actor.send(BasicNack(deliveryTag: tag, multiple: multiple, requeue: requeue))
            }
        }
    }
}

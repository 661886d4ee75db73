import AMQPWire

/// What a connection makes the broker hold, and what it has to wait for on that account.
extension BrokerConnection {
    /// True while what has come is left where it is: the client is to take some of its output first, or memory is low and
    /// it publishes.
    var mustWait: Bool {
        guard case .running = state else { return false }
        if throttle.isHeldBack { return true }
        if pool.isFull, nextStays {
            noteDeclaration()
            checkThrottle()
            if throttle.isHeldBack { return true }
        }
        guard output.isOverfull else { return false }
        if !silences.contains(.output) { stopReading(.output) }
        return true
    }

    /// The next frame would make something that stays, or is large. While memory is full it waits before it is handled: each
    /// connection would have its first for nothing, and come again for another. Who finds what it declares goes on.
    private var nextStays: Bool {
        var ahead = reader
        guard let virtualHost = session.virtualHost, let frame = try? ahead.next(), frame.kind == .method,
            let method = try? Method(frame.payload)
        else { return false }
        switch method {
        case .queueDeclare(let declare):
            return !declare.passive && virtualHost.queue(declare.queue.withoutLineBreaks) == nil
        case .exchangeDeclare(let declare):
            return !declare.passive && virtualHost.exchange(declare.exchange.withoutLineBreaks) == nil
        case .queueBind(let bind):
            let last = bind.queue.isEmpty ? channels[frame.channel]?.lastDeclaredQueue : nil
            guard let source = virtualHost.exchange(bind.exchange.withoutLineBreaks),
                let queue = virtualHost.queue(last ?? bind.queue.withoutLineBreaks)
            else { return false }
            let key = bind.routingKey.isEmpty ? last ?? "" : bind.routingKey
            return !virtualHost.isBound(source, to: .queue(queue), key: key, arguments: bind.arguments)
        case .exchangeBind(let bind):
            guard let source = virtualHost.exchange(bind.source.withoutLineBreaks),
                let end = virtualHost.exchange(bind.destination.withoutLineBreaks)
            else { return false }
            return !virtualHost.isBound(source, to: .exchange(end), key: bind.routingKey, arguments: bind.arguments)
        case .basicConsume(let consume): return consume.arguments.footprint > Self.ofFew
        default: return false
        }
    }

    /// A channel has been announced a content.
    func noteContent(of channel: BrokerChannel) {
        throttle.hasPublished = true
        if publishing.last !== channel { publishing.append(channel) }
    }

    /// It has declared something that stays.
    func noteDeclaration() { throttle.hasDeclared = true }

    /// It has opened a channel, or consumes. Who comes to take what fills the memory needs a few of these.
    func noteOpening() {
        if channels.count > Self.fewChannels { return noteDeclaration() }
        // What it is to take, and what it is yet to acknowledge, is no reason to keep it from that.
        let taken = channels.values.reduce(output.unread) { $0 + $1.unacknowledged.footprint }
        if load.total - ownOctets - taken > Self.ofFew { noteDeclaration() }
    }

    /// Memory is not full any more: consumers of streams may hold as many deliveries as before.
    func readOn() { for channel in channels.values { channel.readOn() } }

    private static let fewChannels = 4
    private static let ofFew = fewChannels * (Load.ofChannel + 2 * Load.ofConsumer)

    // MARK: Methods that do much

    /// Does work in slices, each of about ``WorkLimits/slice`` that it adds to ``unitsSpent``, with other clients' turns
    /// between them: behind what is left of the work before, otherwise the first at once. `slice` returns whether there is
    /// more.
    func doInSlices(_ slice: @escaping () -> Bool) {
        if rest.isEmpty, unitsSpent < pool.work.turn, !slice() { return }
        rest.append(slice)
        host.awaitTurn(id)
    }

    /// The same, with work that counts its units itself.
    func doInSlices(_ work: @escaping LongWork) {
        doInSlices { [self] in
            let units = work(pool.work.slice)
            unitsSpent += units
            return units >= pool.work.slice
        }
    }

    /// Does the next slice. False: there is none.
    func doNextSlice() -> Bool {
        guard let slice = rest.first else { return false }
        if !slice() { _ = rest.popFirst() }
        return true
    }

    /// Something of what has come, or was begun, is not done. Who has nothing more waits for no turn: behind a hundred busy
    /// clients that would be long, and nothing is read from it until then.
    var hasMore: Bool { !rest.isEmpty || reader.buffered > 0 }

    // MARK: The account

    /// Octets of what it has begun, a frame that has not come whole too. Not of what waits to be handled: that must not keep up
    /// the alarm that it waits for, and ``BufferPool/mostInRead`` bounds it. All else that it makes the broker hold counts
    /// itself in its ``load``, from its beginning to its end: itself, channels, consumers, deliveries, output.
    private var octets: Int { heldOctets + (silences.isEmpty && reader.buffered > 0 ? reader.capacity : 0) }

    /// Brings the broker's account up to date.
    func account() {
        let octets = octets
        if octets == accounted { return }
        load.hold(octets - accounted)
        accounted = octets
    }

    func count(clientProperties: FieldTable) {
        let octets = Load.ofConnection + clientProperties.footprint
        load.hold(octets - ownOctets)
        ownOctets = octets
    }

    /// Ends a connection that waits for memory which is full of what such connections have begun: contents that have not
    /// come whole, transactions. To be called from time to time; the second time is the last.
    func closeIfInTheWay() {
        guard throttle.isHeldBack, host.alarms.memory, heldOctets > 0 else { return timesInTheWay = 0 }
        timesInTheWay += 1
        guard timesInTheWay > 1 else { return }
        fail(
            BrokerError(
                .resourceError,
                "low on memory, of which messages and transactions begun here take up \(heldOctets) octets"),
            cause: .none)
    }
}

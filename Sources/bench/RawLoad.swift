import AMQPWire

// What the raw scenarios do on a connection, over and over.

extension RawConnection {
    // MARK: Objects

    func declare(_ workload: Workload) throws(BenchError) {
        if let type = workload.exchangeType {
            _ = try call(ExchangeDeclare(exchange: workload.exchange, type: type), ExchangeDeclareOk.self)
        }
        for queue in workload.queues {
            _ = try call(QueueDeclare(queue: queue, durable: workload.isDurable), QueueDeclareOk.self)
        }
        for binding in workload.bindings {
            _ = try call(
                QueueBind(queue: binding.queue, exchange: workload.exchange, routingKey: binding.key), QueueBindOk.self)
        }
    }

    func delete(_ workload: Workload) throws(BenchError) {
        for queue in workload.queues { _ = try call(QueueDelete(queue: queue), QueueDeleteOk.self) }
        if workload.exchangeType != nil {
            _ = try call(ExchangeDelete(exchange: workload.exchange), ExchangeDeleteOk.self)
        }
    }

    /// Asks until the queue holds so many messages: then the broker has worked through all that was published.
    func waitUntil(_ queue: ShortString, holds count: Int) throws(BenchError) {
        let deadline = Stopwatch.now + Double(BlockingSocket.patience)
        while true {
            let answer = try call(QueueDeclare(queue: queue, passive: true), QueueDeclareOk.self)
            if Int(answer.messageCount) >= count { return }
            if Stopwatch.now > deadline {
                throw BenchError("after \(count) publishes the queue has \(answer.messageCount) of them")
            }
        }
    }

    // MARK: Consuming

    func consume(_ queue: ShortString, _ acknowledgements: Workload.Acknowledgements?) throws(BenchError) {
        if let acknowledgements {
            _ = try call(BasicQos(prefetchCount: acknowledgements.prefetch), BasicQosOk.self)
        }
        _ = try call(BasicConsume(queue: queue, noAck: acknowledgements == nil), BasicConsumeOk.self)
    }

    /// Takes `count` deliveries with bodies of `size` octets, acknowledging them if asked to. Numbers them from `first`,
    /// the deliveries the channel has had before.
    func takeDeliveries(
        _ count: Int, size: Int, after first: Int = 0, _ acknowledgements: Workload.Acknowledgements? = nil
    ) throws(BenchError) {
        let deliver = Self.number(BasicDeliver.id)
        let (methodKind, bodyKind) = (Frame.Kind.method.rawValue, Frame.Kind.body.rawValue)
        var (deliveries, octets) = (0, 0)
        while deliveries < count || octets < count * size {
            let frame = try nextFrame()
            if frame.kind == bodyKind {
                octets += frame.payload.count
            } else if frame.kind == methodKind {
                if frame.method != deliver {
                    try checkForClose(frame)
                    continue
                }
                deliveries += 1
                if let acknowledgements, deliveries % acknowledgements.every == 0 || deliveries == count {
                    try send(BasicAck(deliveryTag: UInt64(first + deliveries), multiple: true))
                }
            }
        }
        guard octets == count * size else { throw BenchError("\(octets) octets of bodies instead of \(count * size)") }
    }

    // MARK: Confirms

    /// Publishes with at most `window` messages unconfirmed, until all are confirmed.
    func publishConfirmed(_ count: Int, _ batch: PublishBatch, window: Int) throws(BenchError) {
        let ack = Self.number(BasicAck.id)
        var sent = 0
        // All up to `through` are confirmed, and those beyond it in `singly`.
        var through = 0
        var singly: Set<Int> = []
        while through < count {
            let most = min(count - sent, window - (sent - through - singly.count))
            if most > 0 {
                try batch.send(most, over: self)
                sent += most
            }
            let frame = try nextFrame()
            guard frame.method == ack else {
                try checkForClose(frame)
                continue
            }
            let confirm = try decode(frame, BasicAck.self)
            let number = Int(clamping: confirm.deliveryTag)
            guard number <= sent else { throw BenchError("a confirm of message \(number) of \(sent)") }
            if confirm.multiple {
                through = max(through, number)
                if !singly.isEmpty { singly = singly.filter { $0 > through } }
            } else {
                singly.insert(number)
            }
            while singly.remove(through + 1) != nil { through += 1 }
        }
    }
}

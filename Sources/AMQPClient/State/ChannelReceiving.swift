import AMQPWire

// What arrives on a channel, apart from its opening and its end, which `ConnectionState` sees to.

extension ChannelState {
    /// A method that is neither `channel.close` nor `channel.close-ok`.
    mutating func received(_ method: Method, _ effects: inout Effects) throws(ProtocolViolation) {
        if phase != .open { return }
        if let carrier = content.method { throw .interrupting(carrier, method.id) }
        switch method {
        case .basicDeliver(let deliver):
            guard consumers[deliver.consumerTag] != nil else {
                throw .unexpected(method.id, "for the consumer tag '\(deliver.consumerTag)', which nobody has")
            }
            content.begin(.deliver(deliver))
        case .basicReturn(let returned): content.begin(.returned(returned))
        case .basicGetOk(let getOk):
            guard case .basicGet? = current?.request else { throw .unexpected(method.id) }
            content.begin(.getOk(getOk))
        case .basicAck(let ack):
            try confirm(ack.deliveryTag, multiple: ack.multiple, acknowledged: true, method.id, &effects)
        case .basicNack(let nack):
            try confirm(nack.deliveryTag, multiple: nack.multiple, acknowledged: false, method.id, &effects)
        case .basicCancel(let cancel): cancelled(cancel, &effects)
        case .channelFlow(let flow):
            isFlowing = flow.active
            effects.output.method(ChannelFlowOk(active: flow.active), channel: number)
            if flow.active { effects.events.append(.publishingResumed) }
        default: try reply(method, &effects)
        }
    }

    mutating func receivedHeader(
        _ payload: ArraySlice<UInt8>, _ effects: inout Effects
    ) throws(ProtocolViolation) {
        guard phase == .open else { return }
        do throws(ContentError) {
            let whole = try content.header(payload, limit: IncomingMessage.maximumBody)
            if let (carrier, content) = whole { complete(carrier, content.message, &effects) }
        } catch {
            throw ProtocolViolation(error, in: content.method)
        }
    }

    mutating func receivedBody(_ payload: ArraySlice<UInt8>, _ effects: inout Effects) throws(ProtocolViolation) {
        guard phase == .open else { return }
        do throws(ContentError) {
            let whole = try content.body(payload)
            if let (carrier, content) = whole { complete(carrier, content.message, &effects) }
        } catch {
            throw ProtocolViolation(error, in: content.method)
        }
    }

    private mutating func complete(_ carrier: Carrier, _ message: Message, _ effects: inout Effects) {
        switch carrier {
        case .deliver(let deliver):
            let delivery = RawDelivery(
                consumerTag: deliver.consumerTag, deliveryTag: deliver.deliveryTag, redelivered: deliver.redelivered,
                exchange: deliver.exchange, routingKey: deliver.routingKey, message: message)
            self.deliver(delivery, &effects)
        case .getOk(let getOk):
            let delivery = RawDelivery(
                consumerTag: "", deliveryTag: getOk.deliveryTag, redelivered: getOk.redelivered,
                exchange: getOk.exchange, routingKey: getOk.routingKey, message: message)
            got(delivery, messageCount: getOk.messageCount, &effects)
        case .returned(let method):
            let returned = ReturnedMessage(
                message: message, code: method.replyCode, replyText: method.replyText.text,
                exchange: method.exchange.text, routingKey: method.routingKey.text)
            confirms?.returned(
                returned, as: .init(exchange: method.exchange, routingKey: method.routingKey, message: message))
            effects.events.append(.returned(id, returned))
        }
    }

    private mutating func deliver(_ delivery: RawDelivery, _ effects: inout Effects) {
        switch consumers[delivery.consumerTag] {
        case .active(let consumer, _): effects.events.append(.deliver(consumer, delivery))
        case .leaving(noAck: false, var unwanted) where !delivery.isOfStream:
            unwanted.append(delivery.deliveryTag)
            consumers[delivery.consumerTag] = .leaving(noAck: false, unwanted: unwanted)
        case .leaving, nil: break
        }
    }

    private mutating func got(_ delivery: RawDelivery, messageCount: UInt32, _ effects: inout Effects) {
        guard let call = finishCall(&effects), case .basicGet(let get) = call.request else { return }
        if call.waiter != nil {
            effects.answer(call.waiter, .message(delivery, messageCount: messageCount))
        } else if !get.noAck {
            // Who asked has been cancelled in the meantime: the message goes back, or it would stay out forever.
            giveBack([delivery.deliveryTag], &effects)
        }
    }

    private mutating func confirm(
        _ tag: UInt64, multiple: Bool, acknowledged: Bool, _ method: MethodID, _ effects: inout Effects
    ) throws(ProtocolViolation) {
        if confirms == nil { throw .unexpected(method, "on a channel without confirms") }
        let (outstanding, place) = (confirms?.outstanding ?? 0, effects.events.count)
        try confirms?.settle(tag, multiple: multiple, acknowledged: acknowledged, &effects)
        let count = outstanding - (confirms?.outstanding ?? 0)
        // Before the answers: who has one finds it counted.
        if effects.countsConfirms, count > 0 {
            effects.events.insert(.confirmed(count, isTaken: acknowledged), at: place)
        }
    }

    /// The broker ended a consumer (RabbitMQ, page "Consumer Cancel Notification").
    private mutating func cancelled(_ cancel: BasicCancel, _ effects: inout Effects) {
        let tag = cancel.consumerTag
        if !cancel.noWait { effects.output.method(BasicCancelOk(consumerTag: tag), channel: number) }
        switch consumers.removeValue(forKey: tag) {
        case .active(let consumer, _):
            let error = AMQPError(
                .consumerCancelled, scope: .client,
                text: "The broker cancelled the consumer '\(tag)': its queue was deleted or is away, "
                    + "or it held a delivery for too long",
                method: BasicCancel.id)
            effects.events.append(.consumerEnded(consumer, error))
        case .leaving(_, let unwanted): giveBack(unwanted, &effects)
        case nil: break
        }
    }

    private mutating func reply(_ method: Method, _ effects: inout Effects) throws(ProtocolViolation) {
        guard let request = current?.request, request.isAnswered(by: method.id) else { throw .unexpected(method.id) }
        if case .basicConsumeOk(let ok) = method { started(ok.consumerTag, &effects) }
        if case .basicCancelOk(let ok) = method { ended(ok.consumerTag, &effects) }
        guard let call = finishCall(&effects) else { return }
        if case .basicConsumeOk(let ok) = method, call.waiter == nil, let consumer = call.consumer,
            case .active(_, let noAck)? = consumers[ok.consumerTag]
        {
            // Who wanted to consume has been cancelled in the meantime.
            leave(consumer, tag: ok.consumerTag, noAck: noAck, unhandled: [], &effects)
        }
        effects.answer(call.waiter, .method(method))
    }

    private mutating func started(_ tag: ShortString, _ effects: inout Effects) {
        guard case .basicConsume(let consume)? = current?.request, let consumer = current?.consumer else { return }
        consumers[tag] = .active(consumer, noAck: consume.noAck)
        effects.events.append(.consumerStarted(consumer, tag: tag))
    }

    private mutating func ended(_ tag: ShortString, _ effects: inout Effects) {
        switch consumers.removeValue(forKey: tag) {
        case .active(let consumer, _): effects.events.append(.consumerEnded(consumer, nil))
        case .leaving(_, let unwanted): giveBack(unwanted, &effects)
        case nil: break
        }
    }
}

extension Method {
    /// True for the reply that belongs to this request. In the specification's numbering a reply follows its request,
    /// except that RabbitMQ gave `exchange.unbind-ok` the number 51, and that `basic.get` has two replies.
    func isAnswered(by reply: MethodID) -> Bool {
        switch id {
        case ExchangeUnbind.id: reply == ExchangeUnbindOk.id
        case BasicGet.id: reply == BasicGetEmpty.id
        case let id: reply == MethodID(id.classID, id.methodID + 1)
        }
    }
}

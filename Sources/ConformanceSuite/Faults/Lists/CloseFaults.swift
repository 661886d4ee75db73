import AMQPWire

extension Fault {
    /// Refusals: another code, another scope, another cause, and taken where they have to be refused.
    static let closes: [Fault] =
        [
            wrongCode(.accessRefused, .notFound), wrongCode(.notFound, .accessRefused),
            wrongCode(.resourceLocked, .accessRefused), wrongCode(.preconditionFailed, .notAllowed),
            wrongCode(.notAllowed, .accessRefused), wrongCode(.frameError, .syntaxError),
            wrongCode(.commandInvalid, .notImplemented),
            wrongCode(.channelError, .commandInvalid), wrongCode(.unexpectedFrame, .frameError),
            wrongCode(.notImplemented, .internalError), wrongCode(.connectionForced, .replySuccess),
            wrongCode(.internalError, .resourceError),
            wrongScope(.accessRefused), wrongScope(.notFound), wrongScope(.resourceLocked),
            wrongScope(.preconditionFailed),
            wordless(.frameError), wordless(.commandInvalid), wordless(.channelError),
            wordless(.unexpectedFrame), wordless(.notAllowed), wordless(.notImplemented), wordless(.accessRefused),
            wordless(.internalError), wordless(.connectionForced),
            .reply("close.channel-close-blames-nobody") { (close: inout ChannelClose) in close.cause = .none },
            .reply("close.connection-close-blames-nobody") { (close: inout ConnectionClose) in close.cause = .none },
            .replies("close.takes-siblings-along", [ChannelClose.id]) { parcel, memory in
                memory.hangsUp = true
                return [parcel]
            },
            .never("close.channel-close-unanswered") { (_: ChannelCloseOk) in true },
        ] + [
            .accepts("accepts.ack-of-unknown-tag", BasicAck.self),
            .accepts("accepts.nack-of-unknown-tag", BasicNack.self),
            .accepts("accepts.reject-of-unknown-tag", BasicReject.self),
            .accepts("accepts.publish", BasicPublish.self), .accepts("accepts.consume", BasicConsume.self),
            .accepts("accepts.get", BasicGet.self),
            .accepts("accepts.queue-declare-locked", QueueDeclare.self, .resourceLocked),
            .accepts("accepts.queue-declare-otherwise", QueueDeclare.self, .preconditionFailed),
            .accepts("accepts.queue-declare-reserved", QueueDeclare.self, .accessRefused),
            .accepts("accepts.queue-declare-missing", QueueDeclare.self, .notFound),
            .accepts("accepts.queue-bind", QueueBind.self), .accepts("accepts.queue-unbind", QueueUnbind.self),
            .accepts("accepts.queue-purge", QueuePurge.self), .accepts("accepts.queue-delete", QueueDelete.self),
            .accepts("accepts.exchange-declare-otherwise", ExchangeDeclare.self, .preconditionFailed),
            .accepts("accepts.exchange-declare-reserved", ExchangeDeclare.self, .accessRefused),
            .accepts("accepts.exchange-declare-missing", ExchangeDeclare.self, .notFound),
            .accepts("accepts.exchange-delete", ExchangeDelete.self),
            .accepts("accepts.exchange-bind", ExchangeBind.self),
            .accepts("accepts.exchange-unbind", ExchangeUnbind.self),
            .accepts("accepts.confirm-select", ConfirmSelect.self), .accepts("accepts.tx-select", TxSelect.self),
            .accepts("accepts.tx-commit", TxCommit.self), .accepts("accepts.tx-rollback", TxRollback.self),
        ]

    private static func wrongCode(_ code: ReplyCode, _ other: ReplyCode) -> Fault {
        .replies("close.code-\(code.rawValue)-is-\(other.rawValue)", [ChannelClose.id, ConnectionClose.id]) {
            parcel, _ in
            parcel.changing { (close: inout ChannelClose) in if close.replyCode == code { close.replyCode = other } }
                .changing { (close: inout ConnectionClose) in if close.replyCode == code { close.replyCode = other } }
                .alone
        }
    }

    /// Closes the connection where the channel would do.
    private static func wrongScope(_ code: ReplyCode) -> Fault {
        .replies("close.connection-for-\(code.rawValue)", [ChannelClose.id]) { parcel, _ in
            guard case .channelClose(let close) = parcel.method, close.replyCode == code else { return [parcel] }
            let larger = ConnectionClose(replyCode: code, replyText: close.replyText, cause: close.cause)
            return [Parcel(.connectionClose(larger), channel: 0)]
        }
    }

    /// Ends the stream where it has to say why.
    private static func wordless(_ code: ReplyCode) -> Fault {
        .replies("close.without-a-word-for-\(code.rawValue)", [ConnectionClose.id]) { parcel, memory in
            guard case .connectionClose(let close) = parcel.method, close.replyCode == code else { return [parcel] }
            memory.hangsUp = true
            return []
        }
    }

    static let channels: [Fault] = [
        .requests("channel.number-never-free-again", [ChannelOpen.id]) { parcel, memory in
            memory.names.insert("\(memory.connection)/\(parcel.channel)").inserted ? [parcel] : []
        },
        .requests("channel.second-open-ignored", [ChannelOpen.id, ChannelClose.id, ChannelCloseOk.id]) {
            parcel, memory in
            let name = "\(memory.connection)/\(parcel.channel)"
            if parcel.method.id == ChannelOpen.id { return memory.names.insert(name).inserted ? [parcel] : [] }
            memory.names.remove(name)
            return [parcel]
        },
        .requests(
            "channel.unknown-numbers-are-opened", [ChannelOpen.id, BasicPublish.id, QueueDeclare.id, BasicAck.id]
        ) {
            parcel, memory in
            let isNew = memory.names.insert("\(memory.connection)/\(parcel.channel)").inserted
            if parcel.method.id == ChannelOpen.id || !isNew { return [parcel] }
            return [Parcel(.channelOpen(ChannelOpen()), channel: parcel.channel), parcel]
        },
        .requests("channel.numbers-above-255-wrap", [ChannelOpen.id]) { parcel, memory in
            guard parcel.channel > 255 else { return [parcel] }
            return [Parcel(parcel.method, channel: parcel.channel % 256)]
        },
        .requests("channel.flow-on-is-not-known", [ChannelFlow.id]) { parcel, memory in
            memory.hangsUp = true
            return []
        },
        .requests("channel.flow-off-works", [ChannelFlow.id]) { parcel, _ in
            [parcel.changing { (flow: inout ChannelFlow) in flow.active = true }]
        },
        .requests("channel.access-request-is-not-known", [AccessRequest.id]) { _, memory in
            memory.hangsUp = true
            return []
        },
        .requests("channel.close-ok-unasked-refused", [ChannelCloseOk.id]) { _, memory in
            memory.hangsUp = true
            return []
        },
        .requests("channel.close-ok-unasked-ignored", [ChannelCloseOk.id]) { _, _ in [] },
        .requests("channel.brokers-methods-ignored", brokersMethods) { _, _ in [] },
        .reply("channel.flow-ok-says-otherwise") { (ok: inout ChannelFlowOk) in ok.active.toggle() },
        .requests("channel.close-of-none-ignored", [ChannelOpen.id, ChannelClose.id]) { parcel, memory in
            let name = "\(memory.connection)/\(parcel.channel)"
            if parcel.method.id == ChannelOpen.id { memory.names.insert(name) }
            return memory.names.contains(name) ? [parcel] : []
        },
        .replies("channel.closed-ones-get-deliveries", [ChannelCloseOk.id, BasicGetOk.id]) { parcel, memory in
            if parcel.method.id == ChannelCloseOk.id { memory.kept = [parcel] }
            guard case .basicGetOk(let ok) = parcel.method, let closed = memory.kept.first else { return [parcel] }
            let deliver = BasicDeliver(
                consumerTag: "forgotten", deliveryTag: 1, exchange: ok.exchange, routingKey: ok.routingKey)
            return [Parcel(.basicDeliver(deliver), channel: closed.channel, content: parcel.content), parcel]
        },
    ]

    /// Methods that only a broker sends.
    private static let brokersMethods: [MethodID] = [
        ConnectionStart.id, ConnectionTune.id, ConnectionOpenOk.id, ChannelOpenOk.id, ExchangeDeclareOk.id,
        QueueDeclareOk.id, QueueBindOk.id, BasicQosOk.id, BasicConsumeOk.id, BasicDeliver.id, BasicReturn.id,
        BasicGetOk.id, BasicGetEmpty.id, ConfirmSelectOk.id, TxSelectOk.id, BasicCancelOk.id, ChannelFlowOk.id,
    ]
}

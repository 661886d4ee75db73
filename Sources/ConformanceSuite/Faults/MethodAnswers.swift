import AMQPWire

extension Parcel {
    func changing<M: MethodFields>(_ change: (inout M) -> Void) -> Parcel {
        guard var fields = method.fields as? M else { return self }
        change(&fields)
        var parcel = self
        parcel.method = method.replacing(fields)
        return parcel
    }
}

extension Method {
    /// The same method with other fields: read back from its octets, which is all that is needed here.
    func replacing(_ fields: some MethodFields) -> Method {
        var writer = FrameWriter()
        writer.method(fields, channel: 0)
        return (try? Method(writer.octets[7..<writer.octets.count - 1])) ?? self
    }

    /// False when the sender said that it wants no answer.
    var isAnswered: Bool {
        let noWait = Mirror(reflecting: fields).children.first { $0.label == "noWait" }?.value as? Bool
        return noWait != true
    }

    /// What a broker answers that has done what it was asked for; nil: nothing.
    var success: Method? {
        switch self {
        case .exchangeDeclare: .exchangeDeclareOk(ExchangeDeclareOk())
        case .exchangeDelete: .exchangeDeleteOk(ExchangeDeleteOk())
        case .exchangeBind: .exchangeBindOk(ExchangeBindOk())
        case .exchangeUnbind: .exchangeUnbindOk(ExchangeUnbindOk())
        case .queueDeclare(let declare):
            .queueDeclareOk(QueueDeclareOk(queue: declare.queue, messageCount: 0, consumerCount: 0))
        case .queueBind: .queueBindOk(QueueBindOk())
        case .queueUnbind: .queueUnbindOk(QueueUnbindOk())
        case .queuePurge: .queuePurgeOk(QueuePurgeOk(messageCount: 0))
        case .queueDelete: .queueDeleteOk(QueueDeleteOk(messageCount: 0))
        case .basicQos: .basicQosOk(BasicQosOk())
        case .basicConsume(let consume): .basicConsumeOk(BasicConsumeOk(consumerTag: consume.consumerTag))
        case .basicCancel(let cancel): .basicCancelOk(BasicCancelOk(consumerTag: cancel.consumerTag))
        case .basicGet: .basicGetEmpty(BasicGetEmpty())
        case .basicRecover: .basicRecoverOk(BasicRecoverOk())
        case .confirmSelect: .confirmSelectOk(ConfirmSelectOk())
        case .txSelect: .txSelectOk(TxSelectOk())
        case .txCommit: .txCommitOk(TxCommitOk())
        case .txRollback: .txRollbackOk(TxRollbackOk())
        case .channelFlow(let flow): .channelFlowOk(ChannelFlowOk(active: flow.active))
        default: nil
        }
    }
}

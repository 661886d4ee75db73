import AMQPWire
import Interceptor

/// Frames, contents, channels, and what is delivered on them.
extension ClientRule {
    static let frames: [ClientRule] = [
        ClientRule("spec/4.2.3/frame-end-octet", .frame) { _ in .exercised },
        ClientRule("spec/4.2.3/frame-end-octet", .octets) { moment in
            guard case .octets(let octets) = moment.event, let kind = octets.first else { return nil }
            guard Frame.Kind(rawValue: kind) != nil, !isBegun(octets) else { return nil }
            return .broken("a frame that does not end in 0xCE")
        },
        ClientRule("spec/4.2.3/unknown-frame-type", .frame) { _ in .exercised },
        ClientRule("spec/4.2.3/unknown-frame-type", .octets) { moment in
            guard case .octets(let octets) = moment.event, let kind = octets.first else { return nil }
            return Frame.Kind(rawValue: kind) == nil ? .broken("a frame of type \(kind)") : nil
        },
        ClientRule("spec/4.2.3/oversized-frame", .frame) { moment in
            guard case .frame(_, _, let size) = moment.event else { return nil }
            let most = Int(moment.session.agreed?.frameMax ?? Frame.minimumMax)
            return .unless(most == 0 || size <= most, "a frame of \(size) bytes, of \(most) allowed")
        },
        ClientRule("spec/4.2.3/channel-zero-only", .anyMethod) { moment in
            guard case .method(let method, _, _) = moment.event, method.id.classID == ConnectionClose.id.classID else {
                return nil
            }
            return .unless(moment.number == 0, "\(method.id) on channel \(moment.number)")
        },
        exercised("spec/4.2.6/bad-content", by: BasicPublish.self),
        ClientRule("spec/4.2.6/bad-content", .stray) { moment in
            guard case .stray(let frame) = moment.event else { return nil }
            return .broken("\(frame), which does not belong there")
        },
        exercised("spec/4.2.6.1/class-mismatch", by: BasicPublish.self),
        ClientRule("spec/4.2.6.1/class-mismatch", .stray) { moment in
            guard case .stray(let frame) = moment.event, frame.kind == .header,
                let fixed = try? ContentHeader.fixedPart(of: frame.payload), fixed.classID != BasicPublish.id.classID
            else { return nil }
            return .broken("a content header of class \(fixed.classID)")
        },
        exercised("spec/4.2.6.1/content-on-zero", by: BasicPublish.self),
        ClientRule("spec/4.2.6.1/content-on-zero", .frame) { moment in
            guard case .frame(let kind, 0, _) = moment.event, kind == .header || kind == .body else { return nil }
            return .broken("a content \(kind) on channel 0")
        },
        exercised("spec/4.2.6.2/reassembly", by: BasicPublish.self) { _, moment in isSplit(moment) },
        exercised("spec/2.3.5.2/body-chunks", by: BasicPublish.self) { _, moment in isSplit(moment) },
    ]

    private static func isSplit(_ moment: Moment) -> Bool { (moment.content?.pieces.count ?? 0) > 1 }

    static let channels: [ClientRule] = [
        sends("channel.open/state", ChannelOpen.self) { _, moment in
            .unless(moment.channel == nil, "channel \(moment.number) is open")
        },
        ClientRule("watch/channel-open", .anyMethod) { moment in
            guard case .method(let method, _, let number) = moment.event, number > 0, method.id != ChannelOpen.id,
                method.id != ChannelCloseOk.id
            else { return nil }
            guard let channel = moment.channel else {
                return .broken("\(method.id) on channel \(number), which is not open")
            }
            // What was sent before the broker's close was read is no fault: only what follows the answer is.
            return channel.pending.contains { $0.id == ChannelOpen.id } && method.id != ChannelClose.id
                ? .remark("\(method.id) before channel.open-ok") : .exercised
        },
        exercised("channel.close/stability", by: ChannelClose.self),
        ClientRule("channel.close/stability", .anyMethod) { moment in
            guard case .method(let method, _, _) = moment.event, moment.channel?.isClosing == true else { return nil }
            return .unless(
                method.id == ChannelCloseOk.id || method.id == ChannelClose.id,
                "\(method.id) behind the client's own channel.close")
        },
        ClientRule("channel.close/stability", .ended) { moment in
            guard !moment.session.brokerEnded, !moment.session.isClosed, moment.session.closing == nil else {
                return nil
            }
            let owing = moment.session.channels.filter { $0.value.owesCloseOk }.keys.sorted()
            return owing.isEmpty ? nil : .broken("channel.close was not answered on \(owing)")
        },
        exercised("channel.flow/initial-state", by: ChannelFlow.self),
        exercised("channel.flow/throttling", by: ChannelFlow.self),
        exercised("channel.flow/bidirectional", by: ChannelFlowOk.self),
        sends("channel.flow/bidirectional", BasicPublish.self) { _, moment in
            moment.channel?.isPaused == true ? .broken("basic.publish while the broker has stopped the flow") : nil
        },
        ClientRule("channel.flow/bidirectional", .ended) { moment in
            guard !moment.session.brokerEnded else { return nil }
            let owing = moment.session.channels.filter { $0.value.owedFlowOks > 0 }.keys.sorted()
            return owing.isEmpty ? nil : .broken("channel.flow was not answered on \(owing)")
        },
        ClientRule("spec/3.2.1/wait-for-reply", .anyMethod) { moment in
            guard case .method(let method, _, _) = moment.event, method.wantsReply, let channel = moment.channel,
                !channel.isClosing
            else { return nil }
            return .unless(
                channel.pending.isEmpty,
                "\(method.id) while the reply to \(channel.pending.last.map { "\($0.id)" } ?? "another") had not come")
        },
        ClientRule("watch/no-wait", .anyMethod) { moment in
            guard case .method(let method, _, _) = moment.event, method.declinesReply else { return nil }
            switch method {
            case .queueDeclare(let fields) where fields.queue.isEmpty:
                return .broken("queue.declare without a name and without a reply that would tell it")
            case .basicConsume(let fields) where fields.consumerTag.isEmpty:
                return .broken("basic.consume without a tag and without a reply that would tell it")
            default: return .exercised
            }
        },
        exercised("spec/4.6/visibility", whenReceiving: QueueDeclareOk.self),
        exercised("rabbitmq/access.request/no-op", by: AccessRequest.self),
    ]

    static let deliveries: [ClientRule] = tags + consumers

    private static let tags: [ClientRule] = [
        sends("domain.delivery-tag/channel-local", BasicAck.self) { ownership($0.deliveryTag, $1) },
        sends("domain.delivery-tag/channel-local", BasicNack.self) { ownership($0.deliveryTag, $1) },
        sends("domain.delivery-tag/channel-local", BasicReject.self) { ownership($0.deliveryTag, $1) },
        sends("basic.ack.multiple/exists", BasicAck.self) { outstanding($0.deliveryTag, $0.multiple, $1) },
        sends("basic.nack.multiple/exists", BasicNack.self) { outstanding($0.deliveryTag, $0.multiple, $1) },
        sends("rabbitmq/basic.nack/unknown-tag", BasicNack.self) { outstanding($0.deliveryTag, $0.multiple, $1) },
        sends("watch/reject-tag", BasicReject.self) { outstanding($0.deliveryTag, false, $1) },
        sends("rabbitmq/basic.nack/single-zero", BasicNack.self) { nack, _ in
            nack.multiple ? nil : .unless(nack.deliveryTag > 0, "basic.nack of tag 0 alone")
        },
        exercised("rabbitmq/basic.nack/multiple", by: BasicNack.self) { nack, _ in nack.multiple },
        exercised("rabbitmq/basic.nack/multiple-zero", by: BasicNack.self) { nack, _ in
            nack.multiple && nack.deliveryTag == 0
        },
        exercised("rabbitmq/basic.nack/requeue-true", by: BasicNack.self) { nack, _ in nack.requeue },
        exercised("rabbitmq/basic.nack/requeue-false", by: BasicNack.self) { nack, _ in !nack.requeue },
        exercised("basic.nack.requeue/01", by: BasicNack.self) { nack, _ in nack.requeue },
        exercised("basic.reject.requeue/01", by: BasicReject.self) { reject, _ in reject.requeue },
        exercised("rabbitmq/consumer-prefetch/settle-frees", by: BasicAck.self) { _, moment in
            moment.channel?.hasPrefetch == true
        },
        exercised("rabbitmq/tx/acks-on-commit", by: BasicAck.self) { _, moment in
            moment.channel?.isTransactional == true
        },
        exercised("domain.redelivered/hinting", whenReceiving: BasicDeliver.self) { delivery, _ in delivery.redelivered
        },
        exercised("domain.redelivered/implementation", whenReceiving: BasicDeliver.self) { delivery, _ in
            delivery.redelivered
        },
        exercised("domain.delivery-tag/non-zero", whenReceiving: BasicDeliver.self),
        exercised("rabbitmq/basic.nack/after-get", by: BasicNack.self) { _, moment in
            moment.channel.map { $0.consumers.isEmpty } == true
        },
        exercised("rabbitmq/basic.recover/requeue-all", by: BasicRecover.self) { recover, _ in recover.requeue },
        exercised("basic.recover/01", by: BasicRecover.self),
        exercised("basic.recover-async/01", by: BasicRecoverAsync.self),
        sends("rabbitmq/basic.recover/requeue-false", BasicRecover.self) { recover, _ in
            .unless(recover.requeue, "basic.recover without requeue, which RabbitMQ does not implement")
        },
    ]

    private static let consumers: [ClientRule] = [
        sends("basic.consume.consumer-tag/01", BasicConsume.self) { consume, moment in
            guard !consume.consumerTag.isEmpty, let channel = moment.channel else { return nil }
            return .unless(
                channel.consumers[consume.consumerTag] == nil,
                "the tag \(consume.consumerTag) is that of a live consumer")
        },
        exercised("basic.consume.consumer-tag/02", by: BasicConsume.self) { consume, moment in
            !consume.consumerTag.isEmpty
                && moment.session.channels.contains {
                    $0.key != moment.number && $0.value.consumers[consume.consumerTag] != nil
                }
        },
        exercised("basic/09", by: BasicConsume.self) { consume, _ in consume.noAck },
        exercised("basic/10", by: BasicConsume.self) { consume, _ in !consume.noAck },
        sends("rabbitmq/consumer-prefetch/zero", BasicConsume.self) { consume, moment in
            guard !consume.noAck, moment.channel?.hasPrefetch == false else { return nil }
            return .remark(
                "'\(consume.queue)' is consumed with acknowledgements and no prefetch: all of it is sent at once")
        },
        exercised("rabbitmq/consumer-prefetch/no-ack-exempt", by: BasicConsume.self) { consume, moment in
            consume.noAck && moment.channel?.hasPrefetch == true
        },
        exercised("rabbitmq/basic.consume/no-local-ignored", by: BasicConsume.self) { consume, _ in consume.noLocal },
        exercised("rabbitmq/consumer-cancel-notify/not-on-client-cancel", by: BasicCancel.self) { _, moment in
            moment.session.announces("consumer_cancel_notify")
        },
        exercised("rabbitmq/ordering/cancel-keeps-unacked", by: BasicCancel.self) { _, moment in
            moment.channel?.unsettled.isEmpty == false
        },
        exercised("rabbitmq/consumer-cancel-notify/queue-deleted", whenReceiving: BasicCancel.self),
        exercised("rabbitmq/consumer-cancel-notify/channel-stays", whenReceiving: BasicCancel.self),
        exercised("rabbitmq/consumer-cancel-notify/late-cancel", by: BasicCancel.self) { cancel, moment in
            moment.channel.map { $0.consumers[cancel.consumerTag] == nil } == true
        },
        exercised("watch/cancel-answered", whenReceiving: BasicCancel.self) { cancel, _ in !cancel.noWait },
        ClientRule("watch/cancel-answered", .ended) { moment in
            guard !moment.session.brokerEnded else { return nil }
            let owing = moment.session.channels.filter { $0.value.owedCancelOks > 0 }.keys.sorted()
            return owing.isEmpty ? nil : .broken("basic.cancel was not answered on \(owing)")
        },
        sends("rabbitmq/basic.qos/prefetch-size", BasicQos.self) { qos, _ in
            .unless(qos.prefetchSize == 0, "a prefetch-size of \(qos.prefetchSize), which RabbitMQ does not implement")
        },
        exercised("basic.qos.prefetch-count/01", by: BasicQos.self) { qos, _ in qos.prefetchCount > 0 },
        exercised("rabbitmq/consumer-prefetch/per-consumer", by: BasicQos.self) { qos, _ in !qos.global },
        exercised("rabbitmq/consumer-prefetch/per-channel", by: BasicQos.self) { qos, _ in qos.global },
        exercised("rabbitmq/consumer-prefetch/not-retroactive", by: BasicQos.self) { qos, moment in
            !qos.global && moment.channel?.consumers.isEmpty == false
        },
        exercised("rabbitmq/consumer-prefetch/fair-dispatch", by: BasicQos.self) { qos, _ in qos.prefetchCount == 1 },
        exercised("rabbitmq/consumer-prefetch/get-exempt", by: BasicGet.self) { _, moment in
            moment.channel?.hasPrefetch == true
        },
    ]

    /// Whether another channel has handed out what is settled here.
    private static func ownership(_ tag: UInt64, _ moment: Moment) -> Judgement? {
        guard tag > 0, let channel = moment.channel else { return nil }
        let other = moment.session.channels.first { $0.key != moment.number && $0.value.unsettled.contains(tag) }
        guard tag > channel.highestTag, let other else { return .exercised }
        return .broken("tag \(tag) was delivered on channel \(other.key)")
    }

    private static func outstanding(_ tag: UInt64, _ multiple: Bool, _ moment: Moment) -> Judgement? {
        guard let channel = moment.channel else { return nil }
        // All there are, of which there may be none.
        if multiple, tag == 0 { return .exercised }
        if channel.unsettled.contains(tag) { return .exercised }
        if multiple, tag <= channel.highestTag, channel.unsettled.contains(where: { $0 <= tag }) { return .exercised }
        return .broken(
            tag > channel.highestTag || tag == 0
                ? "tag \(tag) was not delivered on this channel"
                : "tag \(tag) is settled already, or needed no settling")
    }
}

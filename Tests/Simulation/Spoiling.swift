import AMQPWire

// The defects that show in what a broker sends, planted between it and the comparison; and those of a broker that knows
// nothing of an argument.

extension Simulation {
    /// The arguments of a method, as the broker hears them.
    func spoil(_ arguments: FieldTable) -> FieldTable {
        let ignored: ShortString? =
            switch defect {
            case .ignoresPriorities: "x-max-priority"
            case .ignoresConsumerPriorities: "x-priority"
            case .letsAllBeActive: "x-single-active-consumer"
            case .forgetsTheAlternate: "alternate-exchange"
            case .limitsNoOctets: "x-max-length-bytes"
            case .dropsInsteadOfRefusing: "x-overflow"
            case .losesTheDeadLetterKey: "x-dead-letter-routing-key"
            case .makesClassicQueues: "x-queue-type"
            case .limitsNoDeliveries: "x-delivery-limit"
            case .streamsKeepEverything: "x-stream-max-segment-size-bytes"
            default: nil
            }
        guard let ignored else { return arguments }
        return FieldTable(arguments.fields.filter { $0.name != ignored })
    }

    /// What reaches a client, of all that the broker has sent it.
    func spoil(
        _ seen: [(channel: UInt16, event: Event)], _ defect: Defect
    ) -> [(channel: UInt16, event: Event)] {
        var spoiled: [(channel: UInt16, event: Event)] = []
        for (channel, event) in seen {
            switch (defect, event) {
            case (.dropsRedelivered, .delivery(let consumer, let tag, _, let content)):
                spoiled.append((channel, .delivery(consumer: consumer, tag: tag, redelivered: false, content)))
            case (.marksAllRedelivered, .delivery(let consumer, let tag, _, let content)):
                spoiled.append((channel, .delivery(consumer: consumer, tag: tag, redelivered: true, content)))
            case (.losesADelivery, .delivery) where random.oneIn(50): break
            case (.deliversTwice, .delivery) where random.oneIn(50): spoiled += [(channel, event), (channel, event)]
            case (.confirmsTwice, .confirm) where random.oneIn(20): spoiled += [(channel, event), (channel, event)]
            case (.forgetsAConfirm, .confirm) where random.oneIn(50): break
            case (.returnsNothing, .returned): break
            default: spoiled.append((channel, event))
            }
        }
        if defect == .swapsTwo {
            let deliveries = spoiled.indices.filter { if case .delivery = spoiled[$0].event { true } else { false } }
            if deliveries.count > 1 { spoiled.swapAt(deliveries[0], deliveries[1]) }
        }
        return spoiled
    }
}

import AMQPWire
import ConformanceReport
import Testing

@testable import ConformanceSuite

/// A broker may be right and still differ from ours, and from RabbitMQ. No case may hold that against it.
@Suite("Brokers that are right in other ways") struct InnocentBrokerTests {
    /// Runs cases on a broker that differs from ours in one thing.
    private func run(_ difference: Fault, _ cases: () async throws -> Void) async throws {
        let peer = try InProcessPeer(overTCP: false, mind: FaultyMind(difference))
        let run = CaseRun(id: "a.b", peer: peer)
        try await CaseRun.$current.withValue(run) { try await cases() }
        await peer.end()
        #expect(run.findings.filter { $0.verdict.severity >= Verdict.nonStrict.severity }.map(\.text) == [])
    }

    @Test("It offers frames of 4096 octets, the least that is allowed")
    func smallFrames() async throws {
        try await run(.configuration("test.small-frames") { $0.frameMax = 4096 }) {
            try await FramingCases().cutForTheReceiver()
            try await FramingCases().largestFrame()
            try await FramingCases().oneOctetTooLarge()
            try await FramingCases().nineOctetsTooLarge()
            try await OtherClientsCases().openedInOneWrite()
            try await CornerDeliveryCases().exactlyFullFrames()
            try await LargeNumberCases().largeBodySmallFrames()
            try await CombinedRoutingCases().copiesInSmallFrames()
            try await MessageSizeCases().largeHeader()
            try await TableCases().longString()
        }
    }

    @Test("It cuts bodies smaller than it might")
    func smallPieces() async throws {
        let difference = Fault.replies("test.small-pieces", [BasicGetOk.id]) { parcel, _ in
            // What is written anew is cut into pieces of 4088 octets.
            [Parcel(parcel.method, channel: parcel.channel, content: parcel.content)]
        }
        try await run(difference) { try await CornerDeliveryCases().exactlyFullFrames() }
    }

    @Test("Others use it, too: somebody publishes to amq.fanout whenever a queue is bound")
    func others() async throws {
        let difference = Fault.requests("test.others-publish", [QueueBind.id]) { parcel, _ in
            let content = Content(properties: BasicProperties(), body: Array("somebody else's".utf8))
            let publish = BasicPublish(exchange: "amq.fanout", routingKey: "")
            return [parcel, Parcel(.basicPublish(publish), channel: parcel.channel, content: content)]
        }
        try await run(difference) {
            try await FramingCases().manyInOneWrite()
            try await FanoutCases().predeclaredExchange()
        }
    }

    @Test("It offers few channels")
    func fewChannels() async throws {
        try await run(.configuration("test.few-channels") { $0.channelMax = 8 }) {
            try await ChannelCases().many()
            try await ChannelCases().oneTooMany()
            try await ChannelCases().highestNumber()
            try await UnusualSettlingCases().largeNumbers()
        }
    }

    @Test("It confirms each message with all before it")
    func confirmsWithAllBefore() async throws {
        try await run(.reply("test.acks-of-all-before") { (ack: inout BasicAck) in ack.multiple = true }) {
            try await OverflowCases().rejectPublish()
            try await OverflowCases().rejectPublishResumes()
            try await OverflowCases().rejectPublishElsewhere()
            try await OverflowCases().rejectPublishNoDeadLetters()
            try await OverflowCases().rejectPublishDeadLetter()
            try await OverflowCases().refusedIsNotReturned()
            try await CarbonCopyCases().mandatory()
        }
    }

    @Test("It confirms in an order of its own")
    func confirmsInAnyOrder() async throws {
        let difference = Fault.replies("test.acks-out-of-order", [BasicAck.id]) { parcel, _ in
            guard case .basicAck(let ack) = parcel.method, ack.deliveryTag == 4 else { return [] }
            let acks = [
                BasicAck(deliveryTag: 4), BasicAck(deliveryTag: 2, multiple: true), BasicAck(deliveryTag: 3),
            ]
            return acks.map { Parcel(.basicAck($0), channel: parcel.channel) }
        }
        try await run(difference) {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue()
            try await channel.confirmSelect()
            for number in 1...4 { channel.publish("\(number)", to: "", queue) }
            try await channel.awaitConfirms(1...4)
            #expect(try await channel.drain(queue) == ["1", "2", "3", "4"])
        }
    }

    @Test("It offers PLAIN alone")
    func plainAlone() async throws {
        let plain = Array("PLAIN".utf8)
        try await run(.reply("test.plain-alone") { (start: inout ConnectionStart) in start.mechanisms = plain }) {
            try await LongConnectionCases().amqplainInAnyOrder()
            try await LoginCases().amqplain()
        }
    }

    @Test("It refuses an empty virtual host as the specification says of any that is not there")
    func invalidPath() async throws {
        let difference = Fault.reply("test.invalid-path") { (close: inout ConnectionClose) in
            if close.replyCode == .notAllowed { close.replyCode = .invalidPath }
        }
        try await run(difference) { try await LongConnectionCases().emptyVirtualHost() }
    }
}

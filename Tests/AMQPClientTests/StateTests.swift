import AMQPTransport
import AMQPWire
import Testing

@testable import AMQPClient

/// The state machines by themselves: octets and calls in, effects out, nothing else there.
@Suite struct StateTests {
    /// Brokers without RabbitMQ's extension have `basic.reject` only.
    @Test(arguments: [true, false]) func whatIsGivenBack(mayNack: Bool) {
        var effects = Effects()
        var expected = FrameWriter()
        ChannelState(ChannelID(number: 1, opening: 1), mayNack: mayNack).giveBack([7], &effects)
        if mayNack {
            expected.method(BasicNack(deliveryTag: 7, requeue: true), channel: 1)
        } else {
            expected.method(BasicReject(deliveryTag: 7, requeue: true), channel: 1)
        }
        #expect(effects.output.octets == expected.octets)
    }

    // MARK: Confirms

    /// The waiters answered, with true for an acknowledgement.
    private func answered(_ effects: Effects) -> [UInt64: Bool] {
        var answered: [UInt64: Bool] = [:]
        for case .answer(let waiter, let outcome) in effects.events {
            #expect(answered[waiter.number] == nil, "answered twice")
            if case .success = outcome { answered[waiter.number] = true } else { answered[waiter.number] = false }
        }
        return answered
    }

    private func confirms(_ count: UInt64) -> PublishConfirms {
        var confirms = PublishConfirms()
        for number in 1...count {
            confirms.published(
                .init(exchange: "e", routingKey: "k", message: Message("\(number)")), mandatory: number % 2 == 0,
                waiter: WaiterID(number: number))
        }
        return confirms
    }

    @Test func confirmsInAnyOrder() throws {
        var confirms = confirms(5)
        var effects = Effects()
        try confirms.settle(4, multiple: false, acknowledged: true, &effects)
        #expect(answered(effects) == [4: true])
        try confirms.settle(2, multiple: true, acknowledged: true, &effects)
        #expect(answered(effects) == [1: true, 2: true, 4: true])
        try confirms.settle(5, multiple: true, acknowledged: false, &effects)
        #expect(answered(effects) == [1: true, 2: true, 3: false, 4: true, 5: false])
        #expect(confirms.outstanding == 0)
        #expect(confirms.nextSequence == 6)
    }

    @Test func confirmTwiceCountsOnce() throws {
        var confirms = confirms(3)
        var effects = Effects()
        try confirms.settle(2, multiple: false, acknowledged: true, &effects)
        try confirms.settle(2, multiple: false, acknowledged: false, &effects)
        try confirms.settle(1, multiple: true, acknowledged: true, &effects)
        try confirms.settle(1, multiple: true, acknowledged: true, &effects)
        #expect(answered(effects) == [1: true, 2: true])
        #expect(confirms.outstanding == 1)
    }

    @Test func whoIsAnsweredFindsItCounted() throws {
        var channel = ChannelState(ChannelID(number: 1, opening: 1))
        var effects = Effects()
        effects.countsConfirms = true
        channel.confirms = confirms(3)
        try channel.received(.basicAck(BasicAck(deliveryTag: 2, multiple: true)), &effects)
        try channel.received(.basicNack(BasicNack(deliveryTag: 3)), &effects)
        let order = effects.events.map { event in
            switch event {
            case .confirmed(let count, let isTaken): "\(count) \(isTaken ? "taken" : "refused")"
            case .answer(let waiter, _): "answer \(waiter.number)"
            default: "\(event)"
            }
        }
        #expect(order == ["2 taken", "answer 1", "answer 2", "1 refused", "answer 3"])
    }

    @Test func tagZeroWithMultipleIsAll() throws {
        var confirms = confirms(3)
        var effects = Effects()
        try confirms.settle(0, multiple: true, acknowledged: true, &effects)
        #expect(answered(effects).count == 3)
        #expect(throws: ProtocolViolation.self) {
            try confirms.settle(0, multiple: false, acknowledged: true, &effects)
        }
        #expect(throws: ProtocolViolation.self) {
            try confirms.settle(4, multiple: true, acknowledged: true, &effects)
        }
    }

    @Test func aReturnGoesToTheOldestPublishThatIsTheSame() throws {
        var confirms = PublishConfirms()
        let same = PublishConfirms.Publication(exchange: "e", routingKey: "k", message: Message("same"))
        for number in 1...3 as ClosedRange<UInt64> {
            confirms.published(same, mandatory: number > 1, waiter: WaiterID(number: number))
        }
        var effects = Effects()
        let returned = ReturnedMessage(
            message: same.message, code: .noRoute, replyText: "NO_ROUTE", exchange: "e", routingKey: "k")
        confirms.returned(returned, as: same)
        try confirms.settle(3, multiple: true, acknowledged: true, &effects)
        #expect(answered(effects) == [1: true, 2: false, 3: true])
    }

    /// RabbitMQ takes the header BCC out, and adds some if it is configured to (message interceptors).
    @Test func aReturnMayHaveOtherHeaders() throws {
        var confirms = PublishConfirms()
        var effects = Effects()
        func publication(_ headers: FieldTable?) -> PublishConfirms.Publication {
            let properties = BasicProperties(headers: headers)
            return .init(exchange: "e", routingKey: "k", message: Message(body: [1], properties: properties))
        }
        func comesBack(_ publication: PublishConfirms.Publication) {
            let returned = ReturnedMessage(
                message: publication.message, code: .noRoute, replyText: "NO_ROUTE", exchange: "e", routingKey: "k")
            confirms.returned(returned, as: publication)
        }
        for (number, headers) in [1: ["BCC": ["q"]], 2: ["n": 2], 3: ["n": 3]] as KeyValuePairs<UInt64, FieldTable> {
            confirms.published(publication(headers), mandatory: true, waiter: WaiterID(number: number))
        }
        // The same goes before what is only alike.
        comesBack(publication(["n": 3]))
        comesBack(publication(nil))
        try confirms.settle(3, multiple: true, acknowledged: true, &effects)
        #expect(answered(effects) == [1: false, 2: true, 3: false])
    }

    @Test func settledOnesLeaveTheWindow() throws {
        var confirms = confirms(3)
        var effects = Effects()
        confirms.waitForAll(WaiterID(number: 100), &effects)
        try confirms.settle(3, multiple: false, acknowledged: true, &effects)
        try confirms.settle(2, multiple: false, acknowledged: true, &effects)
        #expect(answered(effects)[100] == nil)
        try confirms.settle(1, multiple: false, acknowledged: true, &effects)
        #expect(answered(effects)[100] == true)
        confirms.waitForAll(WaiterID(number: 101), &effects)
        #expect(answered(effects)[101] == true)
    }

    // MARK: Heartbeats

    @Test func heartbeatMonitor() throws {
        #expect(HeartbeatMonitor(seconds: 0) == nil)
        var monitor = try #require(HeartbeatMonitor(seconds: 1))
        #expect(monitor.tickInterval == 500)
        monitor.sent()
        #expect(monitor.tick(isReading: true) == .none)
        #expect(monitor.tick(isReading: true) == .beat)
        monitor.heard()
        #expect((1...4).map { _ in monitor.tick(isReading: true) } == [.beat, .beat, .beat, .beat])
        #expect(monitor.tick(isReading: true) == .peerIsGone)
    }

    /// Who does not listen has no right to call the other silent.
    @Test func notReadingIsNotSilence() throws {
        var monitor = try #require(HeartbeatMonitor(seconds: 1))
        for _ in 0..<10 { #expect(monitor.tick(isReading: false) != .peerIsGone) }
        for _ in 0..<3 { #expect(monitor.tick(isReading: true) != .peerIsGone) }
        #expect(monitor.tick(isReading: true) == .peerIsGone)
    }

    // MARK: The channels

    @Test func channelsComeAndGo() {
        var table = ChannelTable()
        for number: UInt16 in 1...4 { table[number] = ChannelState(ChannelID(number: number, opening: 1)) }
        table[2]?.isFlowing = false
        table[3] = nil
        #expect(!table.contains(3))
        #expect(table[2]?.isFlowing == false)
        table[9]?.isFlowing = false
        #expect(!table.contains(9))
        table[3] = ChannelState(ChannelID(number: 3, opening: 2))
        #expect(table[3]?.id.opening == 2)
        #expect(table[4]?.id.number == 4)
        #expect(table[4]?.isFlowing == true)
        table[3] = nil
        table[3] = nil
        #expect(Set(table.numbers) == [1, 2, 4])
    }

    // MARK: The connection

    /// A state machine past the handshake, and the octets it wants sent.
    private func openConnection() throws -> (ConnectionState, Effects) {
        var configuration = ConnectionConfiguration()
        configuration.time = ManualTime()
        var state = ConnectionState(configuration)
        var effects = Effects()
        try state.start(WaiterID(number: 1), &effects)
        #expect(effects.output.octets == ProtocolHeader.amqp091)
        receive(&state, &effects) {
            $0.method(ConnectionStart(mechanisms: plain, locales: english), channel: 0)
            $0.method(ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: 0), channel: 0)
        }
        #expect(answered(effects) == [1: true], "by the greeting")
        effects = Effects()
        try state.awaitOpening(WaiterID(number: 2), &effects)
        #expect(effects.events.isEmpty)
        receive(&state, &effects) { $0.method(ConnectionOpenOk(), channel: 0) }
        #expect(answered(effects) == [2: true])
        effects = Effects()
        return (state, effects)
    }

    private func receive(
        _ state: inout ConnectionState, _ effects: inout Effects, _ write: (inout FrameWriter) -> Void
    ) {
        var writer = FrameWriter()
        write(&writer)
        writer.octets.withUnsafeBytes { state.received($0, &effects) }
    }

    private func methods(_ effects: Effects) throws -> [Method] {
        var reader = FrameReader(frameMax: 0)
        reader.append(effects.output.octets)
        var methods: [Method] = []
        while let frame = try reader.next() { methods.append(try Method(frame.payload)) }
        return methods
    }

    @Test func channelNumbersRest() throws {
        var (state, effects) = try openConnection()
        for number: UInt16 in 1...3 {
            try state.openChannel(WaiterID(number: UInt64(number)), &effects)
            receive(&state, &effects) { $0.method(ChannelOpenOk(), channel: number) }
        }
        state.closeChannel(ChannelID(number: 2, opening: 2), nil, &effects)
        receive(&state, &effects) { $0.method(ChannelCloseOk(), channel: 2) }
        effects = Effects()
        try state.openChannel(WaiterID(number: 9), &effects)
        var writer = FrameWriter()
        writer.method(ChannelOpen(), channel: 4)
        #expect(effects.output.octets == writer.octets)
    }

    @Test func afterTheEndNothingIsTaken() throws {
        var (state, effects) = try openConnection()
        state.streamEnded(.finished, &effects)
        effects = Effects()
        receive(&state, &effects) { $0.method(ConnectionBlocked(reason: "x"), channel: 0) }
        state.streamEnded(.reset("again"), &effects)
        #expect(effects.events.isEmpty)
        #expect(effects.output.isEmpty)
        #expect(throws: AMQPError.self) { try state.openChannel(WaiterID(number: 2), &effects) }
    }

    @Test func aClosedChannelAnswersEverybodyItself() throws {
        var (state, effects) = try openConnection()
        try state.openChannel(WaiterID(number: 1), &effects)
        receive(&state, &effects) { $0.method(ChannelOpenOk(), channel: 1) }
        let channel = ChannelID(number: 1, opening: 1)
        try state.call(.confirmSelect(ConfirmSelect()), on: channel, waiter: nil, &effects)
        try state.publish(BasicPublish(), Message("x"), on: channel, waiter: WaiterID(number: 2), &effects)
        try state.waitForConfirms(on: channel, WaiterID(number: 3), &effects)
        try state.call(.queueDeclare(QueueDeclare()), on: channel, waiter: WaiterID(number: 4), &effects)
        effects = Effects()
        receive(&state, &effects) { $0.method(ChannelClose(replyCode: .notFound), channel: 1) }
        #expect(answered(effects) == [2: false, 3: false, 4: false])
        #expect(try methods(effects) == [.channelCloseOk(ChannelCloseOk())])
    }

    /// Rule connection.close/stability: the crossing close is answered, and ours is still to be.
    @Test func crossingClosesWaitForBothAnswers() throws {
        var (state, effects) = try openConnection()
        state.close(WaiterID(number: 5), &effects)
        effects = Effects()
        receive(&state, &effects) { $0.method(ConnectionClose(replyCode: .connectionForced), channel: 0) }
        #expect(effects.events.isEmpty)
        #expect(try methods(effects) == [.connectionCloseOk(ConnectionCloseOk())])
        receive(&state, &effects) { $0.method(ConnectionCloseOk(), channel: 0) }
        // With the broker's reason: what was sent last, it may have thrown away.
        #expect(answered(effects) == [5: false])
    }

    @Test func framingErrorAfterACloseHangsUp() throws {
        var (state, effects) = try openConnection()
        receive(&state, &effects) { $0.raw([99]) }
        #expect(try methods(effects).map(\.id) == [ConnectionClose.id])
        receive(&state, &effects) { $0.raw([99]) }
        guard case .hangUp = effects.events.last else {
            Issue.record("\(effects.events)")
            return
        }
    }
}

import AMQPTransport
import DataStructures
import TestSupport
import Testing

@testable import AMQPClient

/// Those who wait for room to publish: first come, first served.
@Suite(.watched) struct GateTests {
    private func narrow() async throws -> (channel: Channel, peer: RawPeer, theirs: MemoryStream) {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        configuration.outputHighWaterMark = 20_000
        configuration.time = ManualTime()
        async let opening = Connection.open(over: ours, configuration)
        try await peer.handshake()
        let connection = try await opening
        async let channelOpening = connection.openChannel()
        try await peer.openChannel()
        return (try await channelOpening, peer, theirs)
    }

    private func message(_ number: Int) -> Message {
        Message(body: [UInt8(number)] + Array(repeating: 0, count: 10_000))
    }

    /// With a peer that does not read, then reads: each is sent in its turn, and whoever comes when there is room again goes
    /// behind them.
    @Test func eachIsSentInItsTurn() async throws {
        let (channel, peer, theirs) = try await narrow()
        let engine = channel.engine
        async let selected: Void = channel.selectConfirms()
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        try await selected
        theirs.setReading(false)
        while engine.state.withLock({ engine.hasRoom($0) }) { try await channel.publish(message(255)) }
        let count = 100
        var order: [Int] = []
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count {
                group.addTask {
                    // Those that return once they are sent, and those that wait for something else then.
                    if number % 2 == 0 {
                        try await channel.publish(message(number))
                    } else {
                        try await channel.publishAndConfirm(message(number))
                    }
                }
                try await until { engine.state.withLock { $0.gate.count } == number + 1 }
            }
            theirs.setReading(true)
            try await channel.publish(message(count))
            while order.count <= count, let frame = try await peer.frame() {
                if frame.kind == .body, let first = frame.payload.first, first != 255 { order.append(Int(first)) }
            }
            peer.send(BasicAck(deliveryTag: 0, multiple: true), channel: 1)
            try await group.waitForAll()
        }
        #expect(order == Array(0...count))
        #expect(engine.state.withLock { $0.gate.isEmpty && $0.waiters.isEmpty })
    }
    // MARK: What the gate decides

    private func channel(_ number: UInt16) -> ChannelID { ChannelID(number: number, opening: UInt64(number)) }
    private func held(_ channel: UInt16) -> Held { Held(channel: self.channel(channel), place: .gate) { _, _ in } }

    @Test func aStoppedChannelStandsAside() {
        var gate = Gate()
        for number: UInt64 in 1...6 { gate.append(held(UInt16(number % 2)), as: number) }
        #expect(gate.popFirst { $0 == channel(0) }?.number == 2)
        // It keeps nobody else waiting, and nobody of its own overtakes.
        gate.append(held(1), as: 7)
        #expect(!gate.isFree(for: channel(1)))
        #expect(gate.popFirst { $0 == channel(0) }?.number == 4)
        #expect(gate.popFirst { $0 == channel(0) }?.number == 6)
        #expect(gate.popFirst { $0 == channel(0) } == nil)
        #expect(gate.isFree(for: channel(0)))
        gate.resume { _ in true }
        gate.append(held(0), as: 8)
        var order: [UInt64] = []
        while let next = gate.popFirst(where: { _ in true }) { order.append(next.number) }
        #expect(order == [1, 3, 5, 7, 8])
        #expect(gate.isEmpty)
    }

    @Test func aChannelThatEndsTakesItsOwn() {
        var gate = Gate()
        for number: UInt64 in 1...6 { gate.append(held(UInt16(number % 2)), as: number) }
        #expect(gate.removeAll(of: channel(1)) == [1, 3, 5])
        #expect(gate.count == 3)
        #expect(gate.popFirst { _ in true }?.number == 2)
        #expect(gate.removeAll() == [4, 6])
        #expect(gate.isEmpty)
    }

    @Test func comingAndGoingCostsLittle() {
        let count: UInt64 = 10_000
        var gate = Gate()
        let steps = Steps.counted {
            for number in 1...count { gate.append(held(UInt16(number % 100)), as: number) }
            for number in (1...count).reversed() where number % 10 != 0 {
                gate.remove(number, of: channel(UInt16(number % 100)))
            }
            // Each channel ends by itself.
            for number: UInt16 in 0..<50 { _ = gate.removeAll(of: channel(number)) }
            while gate.popFirst(where: { _ in true }) != nil {}
        }
        #expect(gate.isEmpty)
        #expect(steps < 20 * Int(count))
    }
}

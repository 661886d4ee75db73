import AMQPTransport
import AMQPWire
import Synchronization
import Testing

@testable import BrokerCore
@testable import BrokerServer

/// Time that stands still, and knows how many timers are set.
private final class CountedTime: TimeSource {
    private struct State {
        var lastNumber = 0
        var pending: Set<Int> = []
    }

    let now: Int64 = 1_000_000_000_000
    private let state = Mutex(State())

    var pendingCount: Int { state.withLock { $0.pending.count } }

    @discardableResult func wake(at time: Int64, _ work: @escaping @Sendable () -> Void) -> TimerHandle {
        let number = state.withLock { state in
            state.lastNumber += 1
            state.pending.insert(state.lastNumber)
            return state.lastNumber
        }
        return TimerHandle { [weak self] in self?.state.withLock { _ = $0.pending.remove(number) } }
    }
}

@Suite struct TimerTests {
    /// Each timer that stayed would set another one when its time has come, and so on for ever.
    @Test func whatIsDueEverEarlierLeavesNoTimersBehind() {
        let time = CountedTime()
        let broker = Broker(time: time)
        defer { broker.shutDown() }
        let client = broker.connect()
        var writer = FrameWriter()
        func send() {
            let octets = writer.take()
            broker.step(.received(octets.span.bytes, from: ConnectionID(number: 1)))
        }
        writer.raw(ProtocolHeader.amqp091)
        writer.method(ConnectionStartOk(mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)), channel: 0)
        writer.method(ConnectionTuneOk(channelMax: 2047, frameMax: 131_072, heartbeat: 0), channel: 0)
        writer.method(ConnectionOpen(), channel: 0)
        writer.method(ChannelOpen(), channel: 1)
        send()
        for number in 1...100 as ClosedRange<Int32> {
            let name = ShortString(truncating: "\(number)")
            writer.method(QueueDeclare(queue: name, arguments: ["x-expires": .int32(5000 - number)]), channel: 1)
            send()
        }
        #expect(broker.state.withLock { $0.core.listQueues().count } == 100)
        #expect(time.pendingCount == 1)
        client.close()
    }
}

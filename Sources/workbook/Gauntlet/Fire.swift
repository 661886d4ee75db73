import AMQPTransport
import AMQPWire
import Interceptor
import Synchronization

/// Strikes once, at one place of the conversation between a program and the broker.
final class Fire: Sendable {
    /// What is known of the moment when it struck.
    struct Strike: Sendable {
        var time: Int64
        /// The connection, and how many there were.
        var connection: Int
        var connections: Int
    }

    private struct State: Sendable {
        var spots: [Spot] = []
        var strike: Strike?
        var whenStruck: (@Sendable () -> Void)?
        var lines: [(line: Line, connection: Interceptor)] = []
        /// The publishes of the program, where confirms are on.
        var published = 0
        var isHolding = false
        /// What is rewritten to nobody.
        var hidden: (exchange: ShortString, key: ShortString)?
    }

    let blow: Blow?
    /// How long after its frame a blow comes that falls in the middle of the work.
    private let later: Duration
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    /// The key of a publish that no queue is to take.
    static let nowhere: ShortString = "the gauntlet took it"

    init(_ blow: Blow?, later: Duration = .zero, now: @escaping @Sendable () -> Int64) {
        (self.blow, self.later, self.now) = (blow, later, now)
    }

    /// Puts itself between a connection of a program and the broker.
    func join(_ stream: any ByteStream, run: Int, connection: Int) -> Interceptor {
        let line = Line(self, run, connection)
        let interceptor = Interceptor(stream, line)
        state.withLock { $0.lines.append((line, interceptor)) }
        return interceptor
    }

    /// The frames of the first program, in the order in which they passed.
    var spots: [Spot] { state.withLock(\.spots) }
    var strike: Strike? { state.withLock(\.strike) }

    /// Once, at the very moment when it strikes, from the thread that strikes, which holds the connection up meanwhile: what is
    /// killed then sees nothing of what comes after.
    func whenStruck(_ work: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            state.whenStruck = work
            return state.strike != nil
        }
        if isLate { work() }
    }

    /// What is done by others than the connection counts too.
    func strikeNow() { strikeOnce(0) }

    /// While its connection goes on.
    fileprivate func strikeLater(_ connection: Int) {
        Task { [weak self, later] in
            try? await Task.sleep(for: later)
            self?.strikeOnce(connection)
        }
    }

    @discardableResult fileprivate func strikeOnce(_ connection: Int) -> Bool {
        let time = now()
        let (isFirst, work) = state.withLock { state in
            guard state.strike == nil else { return (false, nil as (@Sendable () -> Void)?) }
            state.strike = Strike(time: time, connection: connection, connections: state.lines.count)
            return (true, state.whenStruck)
        }
        if isFirst { work?() }
        return isFirst
    }

    /// From the strike until the broker is there again.
    var isRestarting: Bool {
        blow?.isRestart == true && strike != nil
    }

    /// The broker takes publishes again.
    func unblock() {
        let lines = state.withLock { state in
            state.isHolding = false
            return state.lines
        }
        for (line, connection) in lines {
            if line.isTold {
                connection.carryOut([Line.send(.connectionUnblocked(ConnectionUnblocked()), 0, .toClient)])
            }
            connection.release()
        }
    }

    func cutAll() { for (_, connection) in state.withLock(\.lines) { connection.cut() } }

    /// Lets go of all connections.
    func end() { state.withLock { ($0.lines, $0.whenStruck) = ([], nil) } }

    // MARK: For its lines

    fileprivate func note(_ spot: Spot) {
        state.withLock { if $0.strike == nil, $0.spots.count < 20_000 { $0.spots.append(spot) } }
    }

    /// The broker takes no publishes at present.
    var isHolding: Bool { state.withLock(\.isHolding) }
    fileprivate func hold() { state.withLock { $0.isHolding = true } }
    fileprivate func hide(_ publish: BasicPublish) {
        state.withLock { $0.hidden = (publish.exchange, publish.routingKey) }
    }
    fileprivate var hidden: (exchange: ShortString, key: ShortString)? { state.withLock(\.hidden) }

    fileprivate func nextPublish() -> Int {
        state.withLock { state in
            state.published += 1
            return state.published
        }
    }
}

/// One connection of a program.
private final class Line: Hook {
    private struct State: Sendable {
        var spots: SpotReader
        var canBeTold = false
        var isTold = false
        /// By channel, how many publishes there were since confirms were asked for, and which are refused.
        var confirming: [UInt16: UInt64] = [:]
        var refused: [UInt16: UInt64] = [:]
    }

    private let fire: Fire
    private let run: Int
    private let connection: Int
    private let state: Mutex<State>

    init(_ fire: Fire, _ run: Int, _ connection: Int) {
        (self.fire, self.run, self.connection) = (fire, run, connection)
        state = Mutex(State(spots: SpotReader(connection: connection)))
    }

    var isTold: Bool { state.withLock(\.isTold) }

    func steps(for pieces: [WirePiece], _ direction: Direction) -> [Step] {
        state.withLock { state in pieces.flatMap { steps($0, direction, &state) } }
    }

    private func steps(_ piece: WirePiece, _ direction: Direction, _ state: inout State) -> [Step] {
        let pass = [Step.send(piece.octets, direction)]
        guard let frame = piece.frame, let (spot, method) = state.spots.read(frame, direction) else { return pass }
        if direction == .toBroker, fire.isHolding { return [.hold(piece.octets, direction)] }
        guard run == 1 else { return pass }
        fire.note(spot)
        if case .connectionStartOk(let start)? = method {
            let capabilities = start.clientProperties["capabilities"]?.table
            state.canBeTold = capabilities?["connection.blocked"]?.bool == true
        }
        if case .kill(spot, .amid)? = fire.blow {
            fire.strikeLater(connection)
            return pass
        }
        if let blow = fire.blow, blow.spot == spot, fire.strikeOnce(connection) {
            return strike(blow, pass, &state)
        }
        return method.flatMap { confirms($0, frame.channel, direction, &state) } ?? pass
    }

    private func strike(_ blow: Blow, _ pass: [Step], _ state: inout State) -> [Step] {
        switch blow {
        case .cut(_, .before), .kill(_, .before): return [.cut]
        case .cut(_, .after), .kill(_, .after), .restart, .crash: return pass + [.cut]
        case .block:
            fire.hold()
            let held = pass.map { step -> Step in
                if case .send(let octets, let direction) = step { .hold(octets, direction) } else { step }
            }
            guard state.canBeTold else { return held }
            state.isTold = true
            let blocked = ConnectionBlocked(reason: "low on memory")
            return [Self.send(.connectionBlocked(blocked), 0, .toClient)] + held
        default: return pass
        }
    }

    /// Refuses a publish, or gives it back. It is numbered and confirmed by the broker like the others, and goes to nobody.
    private func confirms(_ method: Method, _ channel: UInt16, _ direction: Direction, _ state: inout State) -> [Step]?
    {
        switch (direction, method) {
        case (.toBroker, .confirmSelect):
            state.confirming[channel] = state.confirming[channel] ?? 0
            return nil
        case (.toBroker, .channelOpen):
            (state.confirming[channel], state.refused[channel]) = (nil, nil)
            return nil
        case (.toBroker, .basicPublish(var publish)):
            guard let count = state.confirming[channel] else { return nil }
            state.confirming[channel] = count + 1
            let number = fire.nextPublish()
            let isRefused = fire.blow == .refuse(number)
            guard isRefused || fire.blow == .giveBack(number) && publish.mandatory, fire.strikeOnce(connection) else {
                return nil
            }
            if isRefused { state.refused[channel] = count + 1 }
            fire.hide(publish)
            (publish.exchange, publish.routingKey) = ("", Fire.nowhere)
            publish.mandatory = !isRefused
            return [Self.send(.basicPublish(publish), channel, .toBroker)]
        case (.toClient, .basicReturn(var back)) where back.routingKey == Fire.nowhere:
            guard let hidden = fire.hidden else { return nil }
            (back.exchange, back.routingKey) = hidden
            return [Self.send(.basicReturn(back), channel, .toClient)]
        case (.toClient, .basicAck(let ack)):
            guard let tag = state.refused[channel], ack.deliveryTag == tag || ack.multiple && ack.deliveryTag > tag
            else {
                return nil
            }
            state.refused[channel] = nil
            let nack = Self.send(.basicNack(BasicNack(deliveryTag: tag)), channel, .toClient)
            // The first answer to a publish counts, so the others may be answered together.
            return ack.multiple ? [nack, Self.send(method, channel, .toClient)] : [nack]
        default: return nil
        }
    }

    static func send(_ method: Method, _ channel: UInt16, _ direction: Direction) -> Step {
        var writer = FrameWriter()
        writer.method(method, channel: channel)
        return .send(writer.octets, direction)
    }
}

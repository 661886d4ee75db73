import AMQPWire
import BrokerCore

private let configuration = {
    var configuration = BrokerConfiguration()
    configuration.refusalDelay = 0
    // What is found has to be found again.
    configuration.random = Numbers()
    return configuration
}()

/// Not random at all: server-made names are numbered.
private struct Numbers: RandomNumberGenerator {
    private var last: UInt64 = 0

    mutating func next() -> UInt64 {
        last += 1
        return last
    }
}

/// A broker and its streams, as what feeds it octets sees them.
private struct Session {
    private let core: BrokerCore
    private var now: Int64 = 1_000_000_000_000
    private var connectionCount: UInt64 = 0
    /// What the broker has sent since this was emptied.
    var output: [UInt8] = []

    init() { core = BrokerCore(configuration, now: now) }

    mutating func step(_ input: BrokerInput) {
        var ended: [ConnectionID] = []
        var effects = core.step(input, now: now)
        while true {
            for write in effects.writes {
                write.withOctets { octets in octets.withUnsafeBytes { output.append(contentsOf: $0) } }
                if write.isLast { ended.append(write.connection) }
            }
            precondition(effects.loginChecks.isEmpty, "no password takes long to check")
            precondition(effects.batch == nil, "there is no store")
            precondition(effects.log.isEmpty, "nobody reads the log")
            if !effects.hasMoreToDo { break }
            effects = core.step(.time, now: now)
        }
        if let next = effects.nextDeadline { precondition(next > now, "what is due is not done") }
        while let id = ended.popLast() { step(.disconnected(id)) }
    }

    mutating func pass(milliseconds: Int64) {
        now += milliseconds
        step(.time)
    }

    mutating func send(_ octets: [UInt8], from id: ConnectionID) { step(.received(octets.span.bytes, from: id)) }

    /// `open`: the client has logged in and opened its channel, too.
    mutating func connect(open: Bool) -> ConnectionID {
        connectionCount += 1
        let id = ConnectionID(number: connectionCount)
        step(.connected(id, peer: "fuzz", isLoopback: true))
        if open { send(opening, from: id) }
        return id
    }

    /// Traps when the broker doesn't answer a new client.
    mutating func serveNextClient() {
        let witness = connect(open: true)
        output.removeAll()
        var writer = FrameWriter()
        writer.method(QueueDeclare(exclusive: true), channel: 1)
        send(writer.octets, from: witness)
        var reader = FrameReader(frameMax: 0)
        reader.append(output)
        guard let frame = try? reader.next(), let answer = try? Method(frame.payload), case .queueDeclareOk = answer
        else { preconditionFailure("the broker does not serve the next client") }
    }
}

/// A whole broker takes any octets from two clients, in any order, with time passing and streams ending in between.
/// Afterwards it serves the next client.
///
/// The first octet of the input says whose connections are open from the start (bit 0: A's, bit 1: B's). Then come
/// actions. The low two bits of an octet say which: 0 and 1: a client sends as many octets as the next two octets say;
/// 2: time passes, as many times 8 ms as the next two octets say; 3: a client's stream ends and it connects anew.
/// Bit 2 says which client.
func fuzz(_ input: UnsafeBufferPointer<UInt8>) {
    var session = Session()
    var rest = Array(input)[...]
    func octet() -> UInt8 { rest.popFirst() ?? 0 }
    let opened = octet()
    var clients = [session.connect(open: opened & 1 != 0), session.connect(open: opened & 2 != 0)]
    while !rest.isEmpty {
        session.output.removeAll(keepingCapacity: true)
        let action = octet()
        let client = Int(action >> 2 & 1)
        switch action & 3 {
        case 3:
            session.step(.disconnected(clients[client]))
            clients[client] = session.connect(open: action & 8 != 0)
        case 2: session.pass(milliseconds: Int64(octet()) << 11 | Int64(octet()) << 3)
        default:
            let count = Int(octet()) << 8 | Int(octet())
            session.send(Array(rest.prefix(count)), from: clients[client])
            rest = rest.dropFirst(count)
        }
    }
    for id in clients { session.step(.disconnected(id)) }
    session.serveNextClient()
}

func seeds() -> [[UInt8]] {
    func sent(_ frames: some Sequence<[UInt8]>, by client: UInt8) -> [UInt8] {
        frames.flatMap { [client << 2, UInt8($0.count >> 8), UInt8($0.count & 255)] + $0 }
    }
    let frames = goldenFrames()
    let rest = frames.dropFirst(openingCount)
    return [
        [0] + sent(frames, by: 0),
        [3] + sent(rest, by: 0) + [2, 1, 0] + sent(rest, by: 1),
        [3] + zip(rest, rest).flatMap { sent([$0], by: 0) + sent([$1], by: 1) },
        [3] + sent(rest.prefix(9), by: 0) + [3 | 8] + sent(rest, by: 1) + [2, 9, 0],
    ] + rest.map { [3] + sent([$0], by: 0) }
}

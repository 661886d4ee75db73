import AMQPWire
import Interceptor

/// What was found out about one rule.
struct WatchedRule: Sendable, Equatable {
    /// How often the client has done what the rule is about.
    var exercised = 0
    var broken = 0
    /// Where it was broken, the first few times; and what else there is to know.
    var accounts: [String] = []
    var remarks: [String] = []
}

/// What a watch has found out about all rules, from any number of connections.
struct WatchFindings: Sendable {
    /// Accounts that are kept of a rule: the next thousand say no more.
    static let most = 3

    private(set) var rules: [String: WatchedRule] = [:]
    var connections = 0
    /// Methods that clients have sent.
    var methods = 0
    /// What clients say they are, product and version, each once.
    private(set) var clients: [String] = []

    /// Takes note of a method of a client's.
    mutating func count(_ method: Method) {
        methods += 1
        guard case .connectionStartOk(let ok) = method else { return }
        let words = [ok.clientProperties["product"]?.text, ok.clientProperties["version"]?.text]
        let name = words.compactMap { $0 }.joined(separator: " ")
        if !name.isEmpty, !clients.contains(name) { clients.append(name) }
    }

    mutating func add(_ judgement: Judgement, of id: String, at place: String) {
        var rule = rules.removeValue(forKey: id) ?? WatchedRule()
        rule.exercised += 1
        switch judgement {
        case .exercised: break
        case .remark(let words):
            if rule.remarks.count < Self.most { rule.remarks.append("\(place): \(words)") }
        case .broken(let words):
            rule.broken += 1
            if rule.accounts.count < Self.most { rule.accounts.append("\(place): \(words)") }
        }
        rules[id] = rule
    }
}

/// Judges one connection: pieces go in, in the order in which they passed, and findings come out.
struct Watcher: Sendable {
    private let name: String
    private var session = WatchedSession()
    private var readers: [Direction: (pieces: WireReader, methods: MethodReader)] = [
        .toBroker: (WireReader(), MethodReader()), .toClient: (WireReader(), MethodReader()),
    ]
    /// A side has sent what is no frame: what comes behind it can't be told.
    private var isLost = false

    init(name: String) { self.name = name }

    mutating func read(
        _ octets: [UInt8], _ direction: Direction, at time: Int64, into findings: inout WatchFindings
    ) {
        guard let pieces = readers[direction]?.pieces.read(octets) else { return }
        for piece in pieces { take(piece, direction, time, &findings) }
        if pieces.isEmpty, direction == .toBroker { session.lastFromClient = time }
        if readers[direction]?.pieces.isLost == true { isLost = true }
    }

    mutating func end(
        _ direction: Direction, _ end: ConversationEnd, at time: Int64, into findings: inout WatchFindings
    ) {
        for piece in isLost ? [] : readers[direction]?.pieces.end() ?? [] { take(piece, direction, time, &findings) }
        judge(.ended(end), direction, time, 0, &findings)
    }

    private mutating func take(
        _ piece: WirePiece, _ direction: Direction, _ time: Int64, _ findings: inout WatchFindings
    ) {
        guard !isLost else { return }
        switch piece {
        case .header(let octets): judge(.header(octets), direction, time, 0, &findings)
        case .octets(let octets): judge(.octets(octets), direction, time, 0, &findings)
        case .frame(let frame):
            let size = frame.payload.count + Frame.overhead
            judge(.frame(frame.kind, channel: frame.channel, size: size), direction, time, frame.channel, &findings)
            switch readers[direction]?.methods.read(frame) ?? nil {
            case .method(let method, let content, let channel):
                if direction == .toBroker { findings.count(method) }
                judge(.method(method, content, channel: channel), direction, time, channel, &findings)
            case .heartbeat: judge(.heartbeat, direction, time, frame.channel, &findings)
            case .stray(let frame): judge(.stray(frame), direction, time, frame.channel, &findings)
            case nil: break
            }
        }
    }

    private mutating func judge(
        _ event: WatchedEvent, _ direction: Direction, _ time: Int64, _ number: UInt16,
        _ findings: inout WatchFindings
    ) {
        let moment = Moment(session: session, event: event, direction: direction, time: time, number: number)
        for trigger in Self.triggers(of: event, direction) {
            for rule in ClientRule.byTrigger[trigger] ?? [] {
                guard let judgement = rule.judge(moment) else { continue }
                let place = "\(name)\(number == 0 ? "" : ", channel \(number)"), \(time) ms"
                findings.add(judgement, of: rule.id, at: place)
            }
        }
        session.take(event, direction, at: time)
    }

    private static func triggers(of event: WatchedEvent, _ direction: Direction) -> [ClientRule.Trigger] {
        if direction == .toClient {
            if case .method(let method, _, _) = event { return [.received(method.id)] }
            return []
        }
        let own: [ClientRule.Trigger] =
            switch event {
            case .header: [.header]
            case .frame: [.frame]
            case .method(let method, _, _): [.anyMethod, .sent(method.id)]
            case .heartbeat: [.heartbeat]
            case .stray: [.stray]
            case .octets: [.octets]
            case .ended: [.ended]
            }
        return [.anything] + own
    }
}

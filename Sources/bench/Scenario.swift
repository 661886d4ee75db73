import AMQPWire

/// What is measured. The names are those of the command line.
enum Scenario: String, CaseIterable, Sendable {
    case transient, acked, publish, drain, fanout, topic, confirm, roundtrip

    /// One line for `--help` and for the table.
    var summary: String {
        switch self {
        case .transient: "1 publisher to 1 consumer, no acknowledgements"
        case .acked: "1 to 1, prefetch 2,000, one multiple ack every 500"
        case .publish: "1 publisher, nobody consumes"
        case .drain: "1 consumer empties a filled queue"
        case .fanout: "1 to 8 queues with a consumer each, deliveries counted"
        case .topic: "1 to 1 by 100 keys in turn, among 1,000 bindings"
        case .confirm: "durable queue, persistent messages, each confirmed"
        case .roundtrip: "publish one, wait for it, again"
        }
    }

    /// What a run of it yields, in this order.
    var figures: [Figure] {
        guard self == .roundtrip else { return [Figure(unit: "msg/s")] }
        return [
            Figure(label: "p50", unit: "µs", lessIsBetter: true), Figure(label: "p99", unit: "µs", lessIsBetter: true),
            Figure(label: "bare TCP echo at its best", unit: "µs", lessIsBetter: true, isOfBroker: false),
            Figure(label: "p50 over the echo's", unit: "times", lessIsBetter: true),
        ]
    }

    /// Octets of a body, unless the command line says otherwise.
    var defaultSize: Int { self == .confirm ? 1024 : 100 }

    /// Messages of the warm-up, whose rate says how many make a run of the wanted length.
    var warmUpCount: Int {
        switch self {
        case .confirm: 2_000
        case .roundtrip: 1_000
        default: 20_000
        }
    }

    /// The most messages of a run. Where they pile up, memory is the limit, and no broker should be driven into paging.
    var largestCount: Int {
        switch self {
        case .publish, .drain: 500_000
        case .roundtrip: 100_000
        default: 20_000_000
        }
    }

    /// How many deliveries come of one message.
    var copies: Int { self == .fanout ? 8 : 1 }
}

/// One number that a run yields.
struct Figure: Sendable {
    var label = ""
    var unit: String
    var lessIsBetter = false
    /// False for a yardstick that the broker has no part in.
    var isOfBroker = true
}

/// A scenario with names and numbers: what to declare, publish and consume in one run.
struct Workload: Sendable {
    struct Acknowledgements: Sendable {
        var prefetch: UInt16 = 2_000
        /// One acknowledgement, for all so far, every so many deliveries.
        var every = 500
    }

    let scenario: Scenario
    /// Messages to publish.
    let count: Int
    /// Octets of a body.
    let size: Int
    /// The most publishes that may wait for their confirm.
    let window: Int

    private(set) var exchange: ShortString = ""
    private(set) var exchangeType: ShortString?
    private(set) var queues: [ShortString]
    private(set) var bindings: [(queue: ShortString, key: ShortString)] = []
    /// Used in turn; all of the same length, so that pre-built frames are too.
    private(set) var keys: [ShortString]
    /// Each gets a connection and a consumer of its own.
    private(set) var consumed: [ShortString]
    private(set) var acknowledgements: Acknowledgements?

    var isDurable: Bool { scenario == .confirm }

    /// `name` is the workload's own: everything it declares begins with it.
    init(_ scenario: Scenario, name: String, count: Int, size: Int, window: Int) {
        func named(_ suffix: String) -> ShortString { ShortString(truncating: "\(name).\(suffix)") }
        self.scenario = scenario
        self.count = count
        self.size = size
        self.window = window
        queues = [named("queue")]
        keys = queues
        consumed = queues
        switch scenario {
        case .transient, .publish, .drain, .confirm, .roundtrip: break
        case .acked: acknowledgements = Acknowledgements()
        case .fanout:
            exchange = named("fanout")
            exchangeType = "fanout"
            queues = (0..<scenario.copies).map { named("queue.\($0)") }
            bindings = queues.map { ($0, "") }
            keys = [""]
            consumed = queues
        case .topic:
            exchange = named("topic")
            exchangeType = "topic"
            queues = (0..<10).map { named("queue.\($0)") }
            // The keys differ from message to message, so that remembering the last route is no answer, and all lead to
            // the first queue, so that one consumer sees every message.
            bindings = (0..<1_000).map { (queues[$0 / 100], ShortString(truncating: "a.\(1_000 + $0).#")) }
            keys = (0..<100).map { ShortString(truncating: "a.\(1_000 + $0).x.y") }
            consumed = [queues[0]]
        }
    }
}

import AMQPTransport
import BrokerCore
import BrokerServer
import ConformanceReport

/// Our own broker, a new one for each case: nothing is shared, and each has its own clock.
struct InProcessPeer: Peer {
    let label: String
    let baseline: Baseline
    let followsRabbitMQ = true
    let isShared = false
    let login = Login()
    private static let secondVirtualHost = "second"
    private let time = ManualTime()
    private let broker: Broker
    /// What is wrong with it; nil: nothing.
    private let mind: FaultyMind?
    /// The port that it listens on; nil: in memory.
    private let port: Int?

    init(overTCP: Bool, fault: Fault? = nil) throws {
        label = overTCP ? "Messaging Patterns, over TCP" : "Messaging Patterns, in memory"
        baseline = try Baseline.of("messaging-patterns", "")
        // Its clock stands still unless a case moves it, so what it does after a while it has to do at once.
        var configuration = BrokerConfiguration()
        configuration.refusalDelay = 0
        configuration.virtualHosts = [login.virtualHost, Self.secondVirtualHost]
        fault?.configure?(&configuration)
        mind = fault.map(FaultyMind.init)
        broker = Broker(configuration, time: time)
        port = overTCP ? try broker.listen(host: "127.0.0.1", port: 0) : nil
    }

    func connect() async throws -> any ByteStream {
        if let mind { return FaultyStream(broker.connect(), mind) }
        guard let port else { return broker.connect() }
        return try await TCPStream.connect(host: "127.0.0.1", port: port)
    }

    func advance(milliseconds: Int) async throws -> Bool {
        time.advance(by: Int64(mind?.fault.clock?(milliseconds) ?? milliseconds))
        return true
    }

    /// What a broken broker's connections have seen that is neither a header nor a method: from clients, and to them.
    var oddOctets: (odd: Bool, oddOut: Bool) {
        (mind?.oddIn.load(ordering: .relaxed) == true, mind?.oddOut.load(ordering: .relaxed) == true)
    }

    /// The clock was moved.
    var hasMoved: Bool { time.now != ManualTime().now }

    func lacks(_ need: Need) -> String? {
        switch need {
        case .slow, .secondVirtualHost: nil
        case .restart, .kill: "the broker in process keeps nothing on disk yet"
        case .admin, .secondUser: "the broker in process has one user, and no rights to give or take"
        }
    }

    func createVirtualHost(_ name: String) async throws -> String { Self.secondVirtualHost }

    func end() async { broker.shutDown() }
}

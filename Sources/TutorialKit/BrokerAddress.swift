import AMQPClient
import BrokerServer
import Platform
import Synchronization

/// Where the broker is that a role talks to.
public enum BrokerAddress: Sendable {
    /// Somewhere on the network: `amqp://user:password@host:port/vhost`, or `amqps://` for TLS. Several addresses, with
    /// spaces between them, are a cluster's: the first that answers will do.
    case uri(String)
    /// In this process: what is sent goes through memory, all else is the same.
    case inProcess(Broker)

    static let variable = "AMQP_URL"
    static let standard = "amqp://guest:guest@localhost:5672/"

    /// What `AMQP_URL` names, or a broker on this machine.
    static var fromEnvironment: BrokerAddress { .uri(environmentValue(variable) ?? standard) }

    /// The addresses of several nodes; none, if there is only one broker.
    var nodes: [Substring] {
        guard case .uri(let text) = self else { return [] }
        let addresses = text.split(separator: " ")
        return addresses.count > 1 ? addresses : []
    }
}

extension BrokerAddress {
    /// A client that comes back to this broker after every loss. When nobody is there to begin with, the error names the two
    /// ways on: one that waited for a broker that nobody has started would only seem to hang.
    public func client() async throws -> Client {
        try await Connection.open(self).close()
        let retry = RetryPolicy.exponential(upTo: .seconds(2))
        return switch self {
        case .uri(let uri): Client(hosts: uri.split(separator: " ").map(String.init), retry: retry)
        case .inProcess(let broker):
            Client([ConnectionConfiguration()], retry: retry) { _ in broker.connect() }
        }
    }
}

extension Connection {
    /// Connects to where the broker is. When nobody is there, the error names the two ways on.
    public static func open(_ broker: BrokerAddress) async throws -> Connection {
        let connection =
            switch broker {
            case .inProcess(let inProcess): try await open(over: inProcess.connect())
            case .uri(let uri): try await broker.nodes.isEmpty ? openWithAdvice(uri) : openFirst(of: broker.nodes)
            }
        OpenConnections.add(connection, to: broker)
        return connection
    }

    /// Connects again after a connection was lost. A broker that restarts needs a moment: this tries every half second, for
    /// ten seconds.
    public static func reopen(_ broker: BrokerAddress) async throws -> Connection {
        for _ in 1..<20 {
            try await Task.sleep(for: .seconds(0.5))
            // What went wrong matters only when it goes wrong to the last.
            if let connection = try? await open(broker) { return connection }
        }
        return try await open(broker)
    }

    /// A node that is down, or is just going down, is passed over. What else is wrong, is wrong at all of them.
    private static func openFirst(of nodes: [Substring]) async throws -> Connection {
        let variable = BrokerAddress.variable
        var refusal: AMQPError?
        for node in nodes {
            do throws(AMQPError) {
                return try await open(String(node))
            } catch {
                switch error.kind {
                case .unreachable, .timedOut, .connectionLost: continue
                // Each node has a certificate of its own.
                case .tlsFailed: refusal = error
                default: return try await openWithAdvice(String(node))
                }
            }
        }
        if let refusal { throw StepError("\(variable): \(refusal)") }
        let places = nodes.map { $0.prefix { $0 != "?" }.split(separator: "@").last ?? $0 }
        throw StepError("No broker answers at any address of \(variable): \(places.joined(separator: ", "))")
    }

    private static func openWithAdvice(_ uri: String) async throws -> Connection {
        let variable = BrokerAddress.variable
        do throws(AMQPError) {
            return try await open(uri)
        } catch {
            switch error.kind {
            case .badURI, .badArgument, .notSupported, .tlsFailed: throw StepError("\(variable): \(error)")
            case .unreachable, .timedOut:
                throw StepError(
                    "\(error.text) Start a broker with 'swift run broker' in another terminal, or name one in "
                        + "\(variable)=amqp://user:password@host:port/")
            default: throw error
            }
        }
    }
}

/// The connections of this process. A role that ends early, by Ctrl-C or by an error, leaves its own open; a connection
/// that just breaks off looks like a crash in the broker's log.
enum OpenConnections {
    /// With its broker, as one in this process lives only as long as somebody holds it.
    private typealias Entry = (connection: Connection, broker: BrokerAddress)

    private static let all = Mutex<[Entry]>([])

    static func add(_ connection: Connection, to broker: BrokerAddress) {
        all.withLock { $0.append((connection, broker)) }
    }

    static func close() async {
        let entries = all.withLock { entries in
            defer { entries = [] }
            return entries
        }
        // A role that ends well closes its own, and hears of a loss there. What is open here belongs to one that was
        // interrupted or has failed, which is what it tells; one that is closed already has nothing more to say.
        for entry in entries { try? await entry.connection.close() }
    }
}

import AMQPClient
import BrokerServer

/// What a picture shows of a broker, by its listing API: this repository's, or RabbitMQ's with its management plugin,
/// which answers alike.
struct Listings {
    static let standard = "http://guest:guest@localhost:15672"

    /// The listing API of the broker that programs use: the same host, user and virtual host, and the port that it usually
    /// has. Of several addresses with spaces between them the first counts: each node of a cluster knows of all queues.
    ///
    /// The password goes there over plain HTTP. If the broker's address is one for TLS, that is for somebody to say who
    /// knows the way there, unless it is on this machine.
    ///
    /// - Returns: nil for no address at all.
    /// - Throws: for an address that is none, and for one whose password would leave this machine in clear.
    static func address(besides brokers: String) throws -> (url: String, virtualHost: String)? {
        guard let broker = brokers.split(separator: " ").first else { return nil }
        let configuration = try ConnectionConfiguration(uri: String(broker))
        let login = "\(segment(configuration.user)):\(segment(configuration.password))"
        let host = configuration.host.contains(":") ? "[\(configuration.host)]" : configuration.host
        let text = "http://\(login)@\(host):15672"
        let url = try ManagementURL(text)
        guard configuration.tls == nil || url.isLoopback else {
            throw ManagementClient.Failure(
                reason: "AMQP_URL is for TLS, but the listing API at \(url.text) would get user and password without "
                    + "it. If the network between is safe, say so: --url http://USER:PASSWORD@HOST:PORT")
        }
        return (text, configuration.virtualHost)
    }

    private static func segment(_ name: String) -> String { ManagementURL.segment(name) }

    private let client: ManagementClient
    private let virtualHost: String

    /// - Parameter text: `http://USER:PASSWORD@HOST:PORT`
    init(_ text: String, virtualHost: String) throws {
        client = ManagementClient(url: try ManagementURL(text))
        self.virtualHost = virtualHost
    }

    /// What there is on the broker now.
    func picture() async throws -> Picture {
        var picture = Picture()
        picture.exchanges = try await list("exchanges").map {
            .init(name: Self.text($0["name"]), type: Self.text($0["type"]))
        }
        picture.queues = try await list("queues").map {
            .init(
                name: Self.text($0["name"]), ready: Self.number($0["messages_ready"]),
                unacknowledged: Self.number($0["messages_unacknowledged"]),
                deadLetterExchange: $0["arguments"]?["x-dead-letter-exchange"]?.string,
                deadLetterKey: $0["arguments"]?["x-dead-letter-routing-key"]?.string)
        }
        picture.bindings = try await list("bindings").map {
            let key = Self.text($0["routing_key"])
            return .init(
                source: Self.text($0["source"]), destination: Self.text($0["destination"]),
                isToQueue: $0["destination_type"] == "queue", key: key.isEmpty ? Self.conditions($0["arguments"]) : key)
        }
        picture.consumers = try await list("consumers").map {
            .init(
                queue: Self.text($0.value(at: "queue.name")), prefetch: Self.number($0["prefetch_count"]),
                tag: Self.text($0["consumer_tag"]))
        }
        return picture
    }

    private func list(_ what: String) async throws -> [JSON] {
        try await client.list("\(what)/\(Self.segment(virtualHost))")
    }

    private static func text(_ value: JSON?) -> String { value?.string ?? "" }

    private static func number(_ value: JSON?) -> Int { value?.integer.map { Int($0) } ?? 0 }

    /// What a headers exchange compares: `all: format=pdf, type=report`. Empty when there is none, or not only text.
    private static func conditions(_ arguments: JSON?) -> String {
        guard case .object(var fields)? = arguments, !fields.isEmpty, fields.allSatisfy({ $0.value.string != nil })
        else { return "" }
        let match = fields.first { $0.name == "x-match" }?.value.string ?? "all"
        fields.removeAll { $0.name == "x-match" }
        return "\(match): " + fields.map { "\($0.name)=\($0.value.string ?? "")" }.sorted().joined(separator: ", ")
    }
}

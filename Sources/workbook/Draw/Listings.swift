import BrokerServer
import Foundation

/// What a picture shows of a broker, by its listing API: this repository's, or RabbitMQ's with its management plugin,
/// which answers alike.
struct Listings {
    static let standard = "http://guest:guest@localhost:15672"

    /// The listing API of the broker that programs use: the same host and user, and the port that it usually has. nil for an
    /// address that is none.
    static func address(besides broker: String) -> String? {
        guard let rest = broker.components(separatedBy: "://").dropFirst().first else { return nil }
        let authority = rest.prefix { !"/?".contains($0) }
        let (user, place) =
            authority.lastIndex(of: "@").map { (authority[...$0], authority[authority.index(after: $0)...]) }
            ?? ("guest:guest@", authority)
        // What follows the colon is the other port; an address of IPv6 has its own in brackets.
        let host = place.hasSuffix("]") ? place : place.lastIndex(of: ":").map { place[..<$0] } ?? place
        return host.isEmpty ? nil : "http://\(user)\(host):15672"
    }

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
        try await client.list("\(what)/\(ManagementURL.segment(virtualHost))")
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

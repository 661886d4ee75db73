import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A broker's listing API: this repository's, or RabbitMQ's with its management plugin, which answers alike.
struct Listings {
    static let standard = "http://guest:guest@localhost:15672"

    private let url: URL
    private let virtualHost: String
    private let login: String?

    struct Failure: Error, CustomStringConvertible { let description: String }

    /// - Parameter text: `http://USER:PASSWORD@HOST:PORT`
    init(_ text: String, virtualHost: String) throws {
        guard var parts = URLComponents(string: text), parts.scheme?.hasPrefix("http") == true, parts.host != nil else {
            throw Failure(description: "The address of a listing API is http://USER:PASSWORD@HOST:PORT, not '\(text)'.")
        }
        let (user, password) = (parts.user ?? "guest", parts.password ?? "guest")
        login = "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
        (parts.user, parts.password) = (nil, nil)
        guard let url = parts.url else { throw Failure(description: "'\(text)' is no address of a listing API.") }
        self.url = url
        self.virtualHost = virtualHost
    }

    /// What there is on the broker now.
    func picture() async throws -> Picture {
        var picture = Picture()
        picture.exchanges = try await list("exchanges", of: ExchangeItem.self).map {
            .init(name: $0.name, type: $0.type)
        }
        picture.queues = try await list("queues", of: QueueItem.self).map {
            .init(
                name: $0.name, ready: $0.messages_ready ?? 0, unacknowledged: $0.messages_unacknowledged ?? 0,
                deadLetterExchange: $0.arguments?.exchange, deadLetterKey: $0.arguments?.key)
        }
        picture.bindings = try await list("bindings", of: BindingItem.self).map {
            .init(
                source: $0.source, destination: $0.destination, isToQueue: $0.destination_type == "queue",
                key: $0.routing_key.isEmpty ? $0.arguments?.text ?? "" : $0.routing_key)
        }
        picture.consumers = try await list("consumers", of: ConsumerItem.self).map {
            .init(queue: $0.queue.name, prefetch: $0.prefetch_count, tag: $0.consumer_tag)
        }
        return picture
    }

    // The names are the API's.
    private struct ExchangeItem: Decodable {
        var name: String
        var type: String
    }
    private struct QueueItem: Decodable {
        var name: String
        var messages_ready: Int?
        var messages_unacknowledged: Int?
        var arguments: Arguments?

        /// Those of a queue's arguments that a picture shows.
        struct Arguments: Decodable {
            var exchange: String?
            var key: String?

            enum CodingKeys: String, CodingKey {
                case exchange = "x-dead-letter-exchange"
                case key = "x-dead-letter-routing-key"
            }
        }
    }
    private struct BindingItem: Decodable {
        var source: String
        var destination: String
        var destination_type: String
        var routing_key: String
        var arguments: Arguments?

        /// What a headers exchange compares: `all: format=pdf, type=report`. Empty when there is none, or not only text.
        struct Arguments: Decodable {
            var text = ""

            init(from decoder: any Decoder) throws {
                guard var fields = try? decoder.singleValueContainer().decode([String: String].self), !fields.isEmpty
                else { return }
                let match = fields.removeValue(forKey: "x-match") ?? "all"
                text = "\(match): " + fields.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ", ")
            }
        }
    }
    private struct ConsumerItem: Decodable {
        struct QueueName: Decodable { var name: String }
        var queue: QueueName
        var prefetch_count: Int
        var consumer_tag: String
    }

    private func list<Item: Decodable>(_ what: String, of: Item.Type) async throws -> [Item] {
        let host = virtualHost.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? virtualHost
        guard let target = URL(string: "\(url.absoluteString)/api/\(what)/\(host)") else {
            throw Failure(description: "'\(url)' is no address of a listing API.")
        }
        var request = URLRequest(url: target, timeoutInterval: 10)
        request.setValue(login, forHTTPHeaderField: "Authorization")
        let answer: (Data, URLResponse)
        do {
            answer = try await URLSession.shared.data(for: request)
        } catch {
            throw Failure(
                description:
                    "Nobody answers at \(url). Start a broker with 'swift run broker' in another terminal, or name "
                    + "its listing API with --url.")
        }
        guard let status = (answer.1 as? HTTPURLResponse)?.statusCode, status == 200 else {
            throw Failure(description: "\(url) refuses: check user, password and virtual host.")
        }
        do {
            return try JSONDecoder().decode([Item].self, from: answer.0)
        } catch {
            throw Failure(description: "\(url) answers with something else than \(what).")
        }
    }
}

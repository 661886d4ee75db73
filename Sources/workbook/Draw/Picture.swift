/// What there is on a broker, as far as a picture shows it.
struct Picture: Equatable {
    struct Exchange: Equatable {
        var name: String
        var type: String
    }
    struct Binding: Equatable {
        var source: String
        var destination: String
        var isToQueue: Bool
        var key: String
    }
    struct Queue: Equatable {
        var name: String
        var ready: Int
        var unacknowledged: Int
        /// Where the queue sends what it gives up (RabbitMQ: "Dead Letter Exchanges"); nil: it drops it.
        var deadLetterExchange: String?
        /// nil: with the key that the message had.
        var deadLetterKey: String?
    }
    struct Consumer: Equatable {
        var queue: String
        /// 0: no limit.
        var prefetch: Int
        var tag: String
    }

    var exchanges: [Exchange] = []
    var bindings: [Binding] = []
    var queues: [Queue] = []
    var consumers: [Consumer] = []
    /// Who publishes and who takes, where a chapter says so.
    var parties: [Party] = []

    /// Whose consumer it is, if a party says so.
    func party(of consumer: Consumer) -> Party? { parties.first { $0.takes(from: consumer.queue) } }

    /// Without what nobody asked about, in an order that does not hang on names that the broker made up.
    ///
    /// The exchanges that are there from the start are left out unless something hangs on them. Every queue is bound to
    /// the default exchange; it is shown only where that is the queue's one binding, so that a picture says how messages
    /// are meant to go.
    func tidied() -> Picture {
        let made = bindings.filter { !$0.source.isEmpty }
        let boundQueues = Set(made.filter(\.isToQueue).map(\.destination))
        var result = Picture()
        result.queues = queues.sorted { order(of: $0.name, made) < order(of: $1.name, made) }
        let position = Dictionary(uniqueKeysWithValues: result.queues.enumerated().map { ($1.name, $0) })
        let implicit = bindings.filter { $0.source.isEmpty && !boundQueues.contains($0.destination) }
        result.bindings = (implicit + made).sorted {
            ($0.source, position[$0.destination] ?? -1, $0.destination, $0.key)
                < ($1.source, position[$1.destination] ?? -1, $1.destination, $1.key)
        }
        let used = Set(result.bindings.flatMap { $0.isToQueue ? [$0.source] : [$0.source, $0.destination] })
            .union(result.queues.compactMap(\.deadLetterExchange)).union(parties.compactMap(\.exchange))
        result.exchanges = exchanges.filter {
            used.contains($0.name) || !($0.name.isEmpty || $0.name.hasPrefix("amq."))
        }
        .sorted { $0.name < $1.name }
        result.consumers = consumers.sorted {
            (position[$0.queue] ?? 0, $0.tag) < (position[$1.queue] ?? 0, $1.tag)
        }
        result.parties = parties
        return result.withShortNames()
    }

    /// Names that people gave come first; then by what a queue is bound to.
    private func order(of queue: String, _ made: [Binding]) -> (Int, String, String) {
        let bindings = made.filter { $0.isToQueue && $0.destination == queue }.map { "\($0.source) \($0.key)" }.sorted()
        return (queue.hasPrefix("amq.gen-") ? 1 : 0, bindings.joined(separator: "\n"), queue)
    }

    /// `amq.gen-JzTY20BRgKO-HjmUJj0wLg` becomes `amq.gen-1`: nobody can read the other.
    private func withShortNames() -> Picture {
        let long = queues.map(\.name).filter { $0.hasPrefix("amq.gen-") }
        let short = Dictionary(uniqueKeysWithValues: long.enumerated().map { ($1, "amq.gen-\($0 + 1)") })
        var result = self
        for index in queues.indices { result.queues[index].name = short[queues[index].name] ?? queues[index].name }
        for index in bindings.indices {
            let binding = bindings[index]
            result.bindings[index].destination = short[binding.destination] ?? binding.destination
            result.bindings[index].key = short[binding.key] ?? binding.key
        }
        for index in consumers.indices {
            result.consumers[index].queue = short[consumers[index].queue] ?? consumers[index].queue
        }
        return result
    }
}

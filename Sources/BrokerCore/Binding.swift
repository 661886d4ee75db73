import AMQPWire

/// Where a binding leads.
enum Destination {
    case queue(Queue)
    case exchange(Exchange)

    var name: ShortString {
        switch self {
        case .queue(let queue): queue.name
        case .exchange(let exchange): exchange.name
        }
    }

    var isDurable: Bool {
        switch self {
        case .queue(let queue): queue.declaration.durable
        case .exchange(let exchange): exchange.declaration.durable
        }
    }

    /// "queue" or "exchange", as the listings say.
    var kind: String {
        switch self {
        case .queue: "queue"
        case .exchange: "exchange"
        }
    }

    /// What tells destinations apart.
    var identity: ObjectIdentifier {
        switch self {
        case .queue(let queue): ObjectIdentifier(queue)
        case .exchange(let exchange): ObjectIdentifier(exchange)
        }
    }
}

/// A binding from an exchange to a queue or to another exchange.
///
/// Source, destination, key and arguments together are its identity: binding twice is binding once, and the same key
/// with other arguments is another binding (AMQP 0-9-1, `queue.bind` rule duplicates).
final class Binding {
    let source: Exchange
    let destination: Destination
    let key: ShortString
    let arguments: FieldTable
    /// Grows from binding to binding of a virtual host: a message comes to the queues of an exchange in this order.
    var order: UInt64 = 0

    init(source: Exchange, destination: Destination, key: ShortString, arguments: FieldTable) {
        self.source = source
        self.destination = destination
        self.key = key
        self.arguments = arguments
    }

    func isSame(destination: Destination, key: ShortString, arguments: FieldTable) -> Bool {
        self.destination.identity == destination.identity && self.key == key && self.arguments == arguments
    }

    /// Kept over a restart: both its ends are.
    var isDurable: Bool { source.declaration.durable && destination.isDurable }
}

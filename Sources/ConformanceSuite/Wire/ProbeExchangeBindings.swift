import AMQPWire
import Testing

extension ProbeChannel {
    /// Binds an exchange to another: what `source` routes to it goes on from `destination`.
    func bind(
        exchange destination: ShortString, to source: ShortString, _ key: ShortString = "", arguments: FieldTable = [:],
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let bind = ExchangeBind(destination: destination, source: source, routingKey: key, arguments: arguments)
        _ = try await call(bind, ExchangeBindOk.self, at: place)
    }

    func unbind(
        exchange destination: ShortString, from source: ShortString, _ key: ShortString = "",
        at place: SourceLocation = #_sourceLocation
    ) async throws {
        let unbind = ExchangeUnbind(destination: destination, source: source, routingKey: key)
        _ = try await call(unbind, ExchangeUnbindOk.self, at: place)
    }

    /// A queue bound to a fanout exchange.
    func declareFanoutAndQueue() async throws -> (exchange: ShortString, queue: ShortString) {
        let exchange = try await declareExchange("fanout")
        let queue = try await declareQueue()
        try await bind(queue, to: exchange)
        return (exchange, queue)
    }
}

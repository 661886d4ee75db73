import AMQPClient

extension TestBroker {
    /// What has passed on the connections of a broker, in its order. Each list has what has passed on the wire; the broker
    /// has done its part of it a moment later.
    public struct Recorded: Sendable, Equatable {
        /// A message on its way to the broker.
        public struct Publish: Sendable, Equatable {
            public var message: Message
            /// Empty: the default exchange.
            public var exchange: String
            public var routingKey: String
            public var mandatory: Bool
            /// The body as text.
            public var text: String { message.text }
        }

        /// A message on its way to a client.
        public struct Delivery: Sendable, Equatable {
            public var message: Message
            /// The queue that it came from.
            public var queue: String
            /// The exchange that it was published to; empty: the default exchange.
            public var exchange: String
            public var routingKey: String
            /// It was handed out before.
            public var redelivered: Bool
            /// It needs no acknowledgement.
            public var noAck: Bool
            /// The body as text.
            public var text: String { message.text }
        }

        /// All that clients have published, whatever became of it.
        public var published: [Publish] = []
        /// Those that ``TestBroker/Failure/nack(key:times:)`` kept from the broker.
        public var nacked: [Publish] = []
        /// Mandatory messages that no queue took.
        public var returned: [Publish] = []
        /// All that clients were sent, by consumers and by `get`.
        public var delivered: [Delivery] = []
        /// Deliveries that clients have acknowledged, each of those that one acknowledgement was for.
        public var acknowledged: [Delivery] = []
        /// Deliveries that clients have refused: away with them, or to a dead-letter exchange.
        public var rejected: [Delivery] = []
        /// Deliveries that clients have put back into their queue.
        public var requeued: [Delivery] = []
    }
}

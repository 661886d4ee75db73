import AMQPWire

/// Closures that see what passes, and may add a trace to it: for tracing and metrics with whichever package does them. Each
/// is nil at first, and then costs no more than that look.
///
/// ```swift
/// configuration.hooks.traceparent = { Trace.current }
/// configuration.hooks.working = { delivery, work in
///     try await Trace.$current.withValue(delivery.traceparent) { try await work() }
/// }
/// configuration.hooks.counting = { if case .published = $0 { publishes.increment() } }
/// ```
public struct Hooks: Sendable {
    /// What is counted.
    public enum Count: Sendable, Equatable {
        /// A message was sent, with a body of so many octets.
        case published(octets: Int)
        /// The broker has taken responsibility for so many messages, those that came back included.
        case confirmed(Int)
        /// The broker has refused so many messages.
        case nacked(Int)
        /// A mandatory message came back.
        case returned
        /// A message was handed to its consumer, or got, with a body of so many octets.
        case delivered(octets: Int)
        /// An acknowledgement was sent, for one delivery or many.
        case acknowledged
        /// A refusal was sent, for one delivery or many.
        case rejected(requeue: Bool)
    }

    /// The trace that the publishing task is in, as W3C's Trace Context writes it (3.2): it travels in the message's header
    /// `traceparent`, unless the message has one. nil: none. Called in the task that publishes, once for each message.
    public var traceparent: (@Sendable () -> String?)?

    /// Runs the work on a delivery, in ``Queue/process(concurrency:arguments:failure:_:)`` and
    /// ``Queue/serve(concurrency:failure:_:)``: to make its ``Delivery/traceparent`` the current one, or to measure how long
    /// it takes. What it throws counts as thrown by the work.
    public var working:
        (@Sendable (_ delivery: Delivery, _ work: @Sendable () async throws -> Void) async throws -> Void)?

    /// Something was counted. Called from any thread, several at a time: return soon.
    public var counting: (@Sendable (Count) -> Void)?

    /// None of them.
    public init() {}
}

extension Message {
    /// The header `traceparent` (W3C, "Trace Context"); nil: there is none, or it is no text.
    public var traceparent: String? {
        get { properties.headers?["traceparent"]?.text }
        set {
            var headers = properties.headers ?? [:]
            headers["traceparent"] = newValue.map { .string($0) }
            properties.headers = headers
        }
    }

    /// With the trace of the task that this is called in.
    func traced(by traceparent: (@Sendable () -> String?)?) -> Message {
        guard let traceparent, self.traceparent == nil, let trace = traceparent() else { return self }
        var message = self
        message.traceparent = trace
        return message
    }
}

extension Delivery {
    /// The header `traceparent` (W3C, "Trace Context"); nil: there is none, or it is no text.
    public var traceparent: String? { message.traceparent }
}

extension ConnectionEngine {
    func traced(_ message: Message) -> Message { message.traced(by: configuration.hooks.traceparent) }

    func count(_ count: @autoclosure () -> Hooks.Count) { configuration.hooks.counting?(count()) }

    /// Under the lock: the hook is called when it is let go of.
    func count(_ count: @autoclosure () -> Hooks.Count, _ state: inout State) {
        guard let counting = configuration.hooks.counting else { return }
        let count = count()
        state.wakeups.append { counting(count) }
    }
}

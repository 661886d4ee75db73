import AMQPTransport
import Synchronization

/// A client that comes back: it knows several hosts, and begins anew after every loss.
///
/// ```swift
/// let client = Client(hosts: ["amqp://a", "amqp://b"])
/// try await client.run { session in
///     let jobs = try await session.channel.declareQueue("jobs", durable: true)
///     for try await job in try await jobs.consume() {
///         try await work(on: job)
///         try await job.ack()
///     }
/// }
/// ```
/// It is a layer above ``Connection``, which stays as it is: what is lost is lost. Nothing that was declared is recorded,
/// and so nothing recorded can go stale: the closure of ``run(_:)`` *is* the topology, and is run again.
public final class Client: Sendable {
    /// Makes the stream to a broker.
    package typealias Connect = @Sendable (ConnectionConfiguration) async throws -> any ByteStream

    let configurations: Result<[ConnectionConfiguration], AMQPError>
    let retry: RetryPolicy
    let grace: Duration
    private let connect: Connect?
    private let broadcast = StateBroadcast()
    private let questions = Mutex<Calls?>(nil)

    /// Nothing is connected yet. A URI that is malformed is told by ``run(_:)``.
    ///
    /// - Parameters:
    ///   - hosts: URIs as ``ConnectionConfiguration/init(uri:)`` takes them, one at least; the first is tried first.
    ///   - retry: how long to wait between attempts.
    ///   - grace: how long a run that is cancelled may take to finish what is in hand and to say good-bye, 0 or more.
    public convenience init(
        hosts: [String], retry: RetryPolicy = .exponential(), grace: Duration = .seconds(30)
    ) {
        let configurations = Result { () throws(AMQPError) -> [ConnectionConfiguration] in
            var configurations: [ConnectionConfiguration] = []
            for host in hosts { configurations.append(try ConnectionConfiguration(uri: host)) }
            return configurations
        }
        self.init(configurations, retry, grace, connect: nil)
    }

    /// The same with configurations.
    public convenience init(
        _ configurations: [ConnectionConfiguration], retry: RetryPolicy = .exponential(), grace: Duration = .seconds(30)
    ) {
        self.init(.success(configurations), retry, grace, connect: nil)
    }

    /// The same with streams of the caller's own: in memory, through a proxy.
    ///
    /// - Parameter connect: makes a stream for a configuration. What it throws counts as a host that can't be reached,
    ///   unless it is an ``AMQPError``.
    package convenience init(
        _ configurations: [ConnectionConfiguration], retry: RetryPolicy = .exponential(),
        grace: Duration = .seconds(30), connect: @escaping Connect
    ) {
        self.init(.success(configurations), retry, grace, connect: connect)
    }

    init(
        _ configurations: Result<[ConnectionConfiguration], AMQPError>, _ retry: RetryPolicy, _ grace: Duration,
        connect: Connect?
    ) {
        self.configurations = configurations.flatMap {
            // The client's own waits go by the time that the brokers go by.
            $0.isEmpty
                ? .failure(.badArgument("A client needs one host at least"))
                : .success($0.map { $0.inTime(of: InProcessHost.named($0.host)) })
        }
        self.retry = retry
        self.grace = max(grace, .zero)
        self.connect = connect
    }

    deinit { existingCalls?.stop() }

    var existingCalls: Calls? { questions.withLock { $0 } }

    func calls() throws(AMQPError) -> Calls {
        let time = try configurations.get()[0].time
        return questions.withLock { calls in
            let it = calls ?? Calls(Client(configurations, retry, grace, connect: connect), time)
            calls = it
            return it
        }
    }

    /// Connects and runs the closure; again on a new connection after every loss, until it returns or throws an error of
    /// its own.
    ///
    /// **Lost** is a connection that broke, was closed by the broker's operator or shutdown, or went silent; a consumer that the
    /// broker cancelled; an exclusive queue that is still locked, as its dead connection is not noticed yet; a delivery that
    /// was not acknowledged in the broker's time; no answer to a call of the session's connection. The task of the
    /// closure is cancelled then: what it has not acknowledged is delivered again, marked as redelivered, and what it
    /// does with the old session throws. It is run again even if it returns after that. A closure that takes no notice of its
    /// cancellation is left to itself after the client's `grace`; the next session then begins beside it, and ``states`` says
    /// so. Let ``AMQPError``s of the session pass through the closure: they say which of both it is.
    ///
    /// **The end** is at once what no further attempt would mend: a bad address, a wrong password, no such virtual host,
    /// 404, 406, and so on; TLS that fails (`tlsFailed`, `notSupported`, a file that can't be read), once it has failed at
    /// every host; and any error that does not come from the session's connection. That of a ``Publisher``, of
    /// ``call(_:to:exchange:timeout:)`` or of another connection is one of the work, as any other: the closure decides what to
    /// do about it. If the session's connection turns out to be lost as well, that counts.
    ///
    /// **When the closure has returned**, its work is done, and it is not run again: confirms that are due are awaited, the
    /// session's channel and the connection closed. If a publish may have got lost on the way, the run throws instead of
    /// returning: it was refused or came back, or the broker closed the channel over it, and no call has thrown that; or the
    /// connection was lost before the broker had confirmed the publish or, without confirms, had answered anything that was
    /// sent after it on its channel. A connection that is lost with nothing of the kind left is no error. A channel that
    /// the closure has opened itself, and publishes on without confirms, is also closed by it, to hear what became of it:
    /// ``Connection/withChannel(_:)``.
    ///
    /// **Cancelling** the task that runs this stops gracefully: no consumer gets another delivery, deliveries in hand are finished,
    /// confirms that are due awaited, the connection closed. A ``Caller`` of the session's goes on, for the work in hand. After
    /// the client's `grace`, or at once if the closure consumes nothing, the closure's task is cancelled too. What the closure
    /// returns is returned, unless a publish may have got lost, as above; one that is not answered for when the `grace` is
    /// over is thrown as `timedOut`: the good-bye does not wait then. A closure that takes no notice of its cancellation has
    /// the `grace` once more, and a second at least; then the run throws `timedOut` without it.
    ///
    /// - Throws: what the closure throws; ``AMQPError`` that ends it, as above, or of the last attempt if the policy bounds
    ///   them; a publish of a closure that has returned, as above; of kind `cancelled`, if it was cancelled while not connected.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable (Session) async throws -> Value
    ) async throws -> Value {
        let runner = try SessionRunner(self) { [broadcast] in broadcast.tell($0) }
        return try await withTaskCancellationHandler {
            try await runner.start(body).value
        } onCancel: {
            runner.stop()
        }
    }

    /// What the client's runs are about, from now on, beginning with what holds now. Each call makes a sequence of its own;
    /// it ends with the client. Those of a ``Publisher`` are its own: ``Publisher/states``.
    public var states: Notices<ClientState> { broadcast.notices }

    /// What they are about at present; nil before the first run.
    public var state: ClientState? { broadcast.state }

    func recovery(hostCount: Int) -> Recovery {
        Recovery(hostCount: hostCount, policy: retry)
    }

    func open(_ configuration: ConnectionConfiguration) async throws(AMQPError) -> Connection {
        guard let connect else { return try await Connection.open(configuration) }
        let stream: any ByteStream
        do {
            stream = try await connect(configuration)
        } catch {
            throw error as? AMQPError
                ?? AMQPError(.unreachable, scope: .connection, text: "No stream to the broker: \(error)")
        }
        return try await Connection.open(over: stream, configuration)
    }
}

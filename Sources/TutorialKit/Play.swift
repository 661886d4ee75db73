import BrokerServer
import Commands
import Synchronization

/// A whole step in one terminal: its roles side by side, each with its own connection to one broker in this process.
///
/// Nothing in it waits for a time: a consumer counts as ready when it has printed that it waits, and only then the next
/// role begins. So no message comes too early, and the same lines come in the same order each time.
public final class Play: Sendable {
    /// A role on stage, to which its lines belong.
    struct Voice: Sendable {
        let number: Int
        fileprivate let play: Play

        func say(_ line: String) { play.post.yield(.line(number, line)) }
    }

    private enum Event: Sendable {
        case line(Int, String)
        case ended(Int)
        case failed(any Error)
    }

    private struct Cast: Sendable {
        var names: [String?] = []
        var tasks: [Task<Void, Never>] = []
    }

    /// Who speaks in the current task; nil outside of a play.
    @TaskLocal static var voice: Voice?

    private let broker = BrokerAddress.inProcess(Broker())
    private let events: AsyncStream<Event>
    private let post: AsyncStream<Event>.Continuation
    private let cast = Mutex(Cast())

    init() { (events, post) = AsyncStream.makeStream() }

    func perform(_ story: (Play) async throws -> Void) async throws {
        defer { for task in cast.withLock({ $0.tasks }) { task.cancel() } }
        try await story(self)
    }

    /// Starts a role that goes on until the play is over. Returns when it is ready, which its first line says; that line
    /// is not shown, as nobody has to press Ctrl-C here.
    ///
    /// - Parameter name: stands in front of its lines; nil where they speak for themselves
    public func start(_ name: String? = nil, _ role: @escaping @Sendable (BrokerAddress) async throws -> Void)
        async throws
    {
        let number = enter(name, role)
        while true {
            switch try await next() {
            case .line(number, _): return
            case .line(let other, let line): show(line, of: other)
            case .ended(number): throw StepError("The role '\(name ?? "")' ended before it was ready.")
            default: break
            }
        }
    }

    /// Plays a role to its end.
    ///
    /// - Parameter count: how many lines the others print because of it. They are shown after its own and in the order in
    ///   which the others were started: two receivers of one message are equally fast, and a reader looks for an order.
    ///   nil shows every line as it comes.
    public func run(
        _ name: String? = nil, then count: Int? = nil, _ role: @escaping @Sendable (BrokerAddress) async throws -> Void
    ) async throws {
        let number = enter(name, role)
        var hasEnded = false
        var others: [(number: Int, line: String)] = []
        while !hasEnded || others.count < count ?? 0 {
            switch try await next() {
            case .line(let speaker, let line):
                if speaker == number || count == nil { show(line, of: speaker) } else { others.append((speaker, line)) }
            case .ended(let speaker): hasEnded = hasEnded || speaker == number
            case .failed: break
            }
        }
        for speaker in 0..<number {
            for other in others where other.number == speaker { show(other.line, of: speaker) }
        }
    }

    /// Shows the next lines as they come.
    public func watch(lines count: Int) async throws {
        var left = count
        while left > 0 {
            guard case .line(let speaker, let line) = try await next() else { continue }
            show(line, of: speaker)
            left -= 1
        }
    }

    private func enter(_ name: String?, _ role: @escaping @Sendable (BrokerAddress) async throws -> Void) -> Int {
        cast.withLock { cast in
            let number = cast.names.count
            cast.names.append(name)
            let task = Task {
                await Self.$voice.withValue(Voice(number: number, play: self)) {
                    do {
                        try await role(self.broker)
                        self.post.yield(.ended(number))
                    } catch {
                        self.post.yield(.failed(error))
                    }
                }
            }
            cast.tasks.append(task)
            return number
        }
    }

    private func next() async throws -> Event {
        var iterator = events.makeAsyncIterator()
        guard let event = await iterator.next() else { throw CancellationError() }
        if case .failed(let error) = event { throw error }
        return event
    }

    private func show(_ line: String, of speaker: Int) {
        let names = cast.withLock { $0.names }
        let width = names.map { $0?.count ?? 0 }.max() ?? 0
        let column = names[speaker].map { $0.padded(to: width) + " |" } ?? ""
        Console.write(column + line, to: 1)
    }
}

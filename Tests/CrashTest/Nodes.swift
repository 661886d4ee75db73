import Foundation

/// Brokers that can be killed and started again, one by one; 1 is the first.
protocol Nodes: Sendable {
    var addresses: [String] { get }
    /// Kills without warning.
    func kill(_ numbers: [Int]) async throws
    /// Starts all at once, and returns when they answer.
    func start(_ numbers: [Int]) async throws
}

/// A cluster of Scripts/real-broker.
struct ClusterNodes: Nodes {
    let addresses: [String]
    private let killing: String
    private let starting: String

    /// Nil: the environment names none.
    init?(_ environment: [String: String]) {
        guard let urls = environment["AMQP_URLS"], let killing = environment["BROKER_KILL_NODE"],
            let starting = environment["BROKER_START_NODE"]
        else { return nil }
        addresses = urls.split(separator: " ").map(String.init)
        (self.killing, self.starting) = (killing, starting)
    }

    func kill(_ numbers: [Int]) async throws { try await run(killing, numbers) }
    func start(_ numbers: [Int]) async throws { try await run(starting, numbers) }

    /// Not Foundation's Process, which waits for what the command has started as well.
    private func run(_ command: String, _ numbers: [Int]) async throws {
        let words = [command] + numbers.map { "\($0)" }
        let status = await withCheckedContinuation { continuation in
            // Waiting blocks the thread.
            Thread.detachNewThread {
                var arguments = words.map { strdup($0) } + [nil]
                var environment = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
                defer { for text in arguments + environment { free(text) } }
                var (pid, status) = (pid_t(0), Int32(-1))
                if posix_spawn(&pid, command, nil, nil, &arguments, &environment) == 0 {
                    while waitpid(pid, &status, 0) == -1, errno == EINTR {}
                }
                continuation.resume(returning: status)
            }
        }
        guard status == 0 else { throw RunningBroker.NotStarted(description: "wait status \(status) of \(words)") }
    }
}

/// Our own broker, alone, with its data on disk.
actor OwnNode: Nodes {
    let addresses: [String]
    private let executable: String
    private let directory: String?
    private let port: String
    private var broker: RunningBroker?

    /// - Parameter directory: where it keeps what is durable; nil: nowhere, and then it loses it.
    init(_ executable: String, data directory: String?) throws {
        let broker = try RunningBroker(executable, data: directory)
        (self.executable, self.directory, self.broker) = (executable, directory, broker)
        addresses = [broker.uri]
        port = broker.uri.filter(\.isNumber).replacing("127001", with: "")
    }

    func kill(_ numbers: [Int]) {
        broker?.kill()
        broker = nil
    }

    /// At the address that its clients know.
    func start(_ numbers: [Int]) throws {
        if broker == nil { broker = try RunningBroker(executable, data: directory, ["--port", port]) }
    }
}

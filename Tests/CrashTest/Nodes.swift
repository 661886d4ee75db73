import Foundation

/// Brokers that can be killed and started again, one by one; 1 is the first.
protocol Nodes: Sendable {
    var addresses: [String] { get }
    /// Kills without warning.
    func kill(_ numbers: [Int]) async throws
    /// Starts all at once, and returns when they answer.
    func start(_ numbers: [Int]) async throws
    /// How many messages a queue holds, those that somebody has and has not settled among them: what there is to come of it at
    /// most. All nodes must be there.
    func held(by queue: String) async throws -> Int
}

/// A program that says something and ends.
private enum Told {
    struct Failed: Error, CustomStringConvertible { let description: String }

    static func by(_ words: [String]) async throws -> String {
        let (status, text) = await withCheckedContinuation { continuation in
            // Waiting blocks the thread.
            Thread.detachNewThread {
                let (process, output) = (Process(), Pipe())
                process.executableURL = URL(fileURLWithPath: words[0])
                process.arguments = Array(words.dropFirst())
                process.standardOutput = output
                process.standardError = output
                do { try process.run() } catch { return continuation.resume(returning: (Int32(-1), "\(error)")) }
                let octets = output.fileHandleForReading.readDataToEndOfFile()
                process.waitUntilExit()
                continuation.resume(returning: (process.terminationStatus, String(decoding: octets, as: UTF8.self)))
            }
        }
        guard status == 0 else { throw Failed(description: "\(words[0]) ended with \(status): \(text)") }
        return text
    }
}

/// A cluster of Scripts/real-broker.
struct ClusterNodes: Nodes {
    let addresses: [String]
    private let killing: String
    private let starting: String
    private let controlling: String

    /// Nil: the environment names none.
    init?(_ environment: [String: String]) {
        guard let urls = environment["AMQP_URLS"], let killing = environment["BROKER_KILL_NODE"],
            let starting = environment["BROKER_START_NODE"], let controlling = environment["BROKER_CTL"]
        else { return nil }
        addresses = urls.split(separator: " ").map(String.init)
        (self.killing, self.starting, self.controlling) = (killing, starting, controlling)
    }

    func kill(_ numbers: [Int]) async throws { try await run(killing, numbers) }
    func start(_ numbers: [Int]) async throws { try await run(starting, numbers) }

    /// What `rabbitmqctl list_queues` says is some seconds old. This asks the leader, once it has everything that others have
    /// been told; how, has changed with 4.3.
    func held(by queue: String) async throws -> Int {
        let asked = """
            {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"\(queue)">>)),
            Leader = amqqueue:get_pid(Q),
            {ok, N, _} = try ra:consistent_query(Leader, fun rabbit_fifo:query_messages_total/1)
            catch error:function_clause -> ra:consistent_query(Leader, {rabbit_fifo, query_messages_total, []}) end, N.
            """
        let told = try await Told.by([controlling, "1", "eval", asked])
        guard let count = Int(told.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw Told.Failed(description: "how many messages '\(queue)' holds was not told: \(told)")
        }
        return count
    }

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
        let broker = try RunningBroker(executable, data: directory, ["--management-port", "0"])
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
        if broker == nil {
            broker = try RunningBroker(executable, data: directory, ["--port", port, "--management-port", "0"])
        }
    }

    func held(by queue: String) async throws -> Int {
        let told = try await Told.by(
            [executable, "list-queues", "--silent", "--url", broker?.listings ?? "", "name", "messages"])
        let lines = told.split(separator: "\n").map { $0.split(separator: "\t") }
        // A queue that is lost holds nothing.
        guard let line = lines.first(where: { $0.first == queue[...] }) else { return 0 }
        guard let count = line.last.flatMap({ Int($0) }) else {
            throw Told.Failed(description: "how many messages '\(queue)' holds was not told: \(told)")
        }
        return count
    }
}

import AMQPClient
import BrokerCore
import BrokerServer
import Foundation
import TestSupport
import Testing

@testable import workbook

/// Where the roles of a test find their broker.
enum Venue: String, CaseIterable, CustomTestStringConvertible, Sendable {
    /// In the process of the tests, on a port of its own.
    case inThisProcess = "a broker in this process"
    /// The `broker` executable.
    case executable = "the executable 'broker'"
    /// The one that AMQP_URL names, RabbitMQ for instance.
    case given = "the broker of AMQP_URL"

    static let givenURI = Executables.environment["AMQP_URL"].flatMap { $0.isEmpty ? nil : $0 }

    /// A broker that is given is the only one: it is what the run is about.
    static var all: [Venue] { givenURI == nil ? [.inThisProcess, .executable] : [.given] }
    /// For what is the step's own matter, and does not depend on the broker.
    static var any: Venue { givenURI == nil ? .inThisProcess : .given }

    var testDescription: String { rawValue }
}

/// What a test plays on: a broker, and the programs started so far.
final class Stage: Sendable {
    let uri: String
    private let programs = Programs()

    /// Where programs keep what they keep: each stage has its own, so that none publishes another's orders, and the reader's
    /// progress stays as it is.
    private let folder = FileManager.default.temporaryDirectory.appending(path: "stage-\(UUID().uuidString)")
    var progress: String { folder.appending(path: "progress").path }

    init(uri: String) { self.uri = uri }

    deinit { try? FileManager.default.removeItem(at: folder) }

    // MARK: Programs

    /// Starts a role: its step, and the words behind it.
    /// - Parameter file: takes its standard output
    func start(
        _ step: String, _ words: String..., environment: [String: String] = [:], file: String? = nil
    ) throws -> Program {
        try launch(step, words, environment, file: file)
    }

    private func launch(
        _ step: String, _ words: [String], _ changes: [String: String], file: String? = nil
    ) throws -> Program {
        var environment = Executables.environment
        environment["AMQP_URL"] = uri
        // Work that takes no longer than it must.
        environment["SECONDS_PER_DOT"] = "0.02"
        let orders = folder.appending(path: "orders")
        try FileManager.default.createDirectory(at: orders, withIntermediateDirectories: true)
        environment["ORDERS_FOLDER"] = orders.path
        environment["WORKBOOK_PROGRESS"] = progress
        environment.merge(changes) { $1 }
        return try programs.start(Executables.path(step), words, environment: environment, file: file)
    }

    func end() async { await programs.end() }

    // MARK: Waiting

    /// See ``Programs/wait(_:location:until:)``.
    func wait(
        _ what: String, location: SourceLocation = #_sourceLocation, until isOver: @escaping @Sendable () -> Bool
    ) async throws {
        try await programs.wait(what, location: location, until: isOver)
    }

    /// A broker on a free port that waits long for a client to log in: its task may come to its turn only after a thousand
    /// others.
    static let brokerWords = ["--port", "0", "--handshake-timeout", "600000"]

    /// Starts a role that goes on, and waits until it is ready: it says so in its first line.
    func startReady(
        _ step: String, _ first: String, _ more: String..., environment: [String: String] = [:],
        location: SourceLocation = #_sourceLocation
    ) async throws -> Program {
        try await startReady(step, words: [first] + more, environment: environment, location: location)
    }

    func startReady(
        _ step: String, words: [String], environment: [String: String] = [:],
        location: SourceLocation = #_sourceLocation
    ) async throws -> Program {
        let program = try launch(step, words, environment)
        try await wait("\(program.name) is ready", location: location) { !program.lines.isEmpty || program.hasEnded }
        return program
    }

    /// Waits until it has printed so many lines, or has ended.
    func lines(
        _ count: Int, of program: Program, location: SourceLocation = #_sourceLocation
    ) async throws -> [String] {
        try await programs.lines(count, of: program, location: location)
    }

    /// Waits for its end.
    @discardableResult
    func finish(
        _ program: Program, status: Int = 0, location: SourceLocation = #_sourceLocation
    ) async throws -> Program.Output {
        try await programs.finish(program, status: status, location: location)
    }

    /// Plays a role to its end, and returns what it has printed.
    @discardableResult
    func run(
        _ step: String, _ first: String, _ more: String..., environment: [String: String] = [:], status: Int = 0,
        location: SourceLocation = #_sourceLocation
    ) async throws -> Program.Output {
        try await run(step, words: [first] + more, environment: environment, status: status, location: location)
    }

    @discardableResult
    func run(
        _ step: String, words: [String] = [], environment: [String: String] = [:], status: Int = 0,
        location: SourceLocation = #_sourceLocation
    ) async throws -> Program.Output {
        try await finish(launch(step, words, environment), status: status, location: location)
    }

    /// Ctrl-C, which every role takes as a proper end; returns all it has printed.
    func interrupt(_ program: Program, location: SourceLocation = #_sourceLocation) async throws -> [String] {
        program.signal(2)
        return try await finish(program, location: location).lines
    }
}

/// Plays a test on a broker, and stops every program that is left over.
func onStage(_ venue: Venue, _ body: @Sendable (Stage) async throws -> Void) async throws {
    switch venue {
    case .inThisProcess:
        let broker = Broker.patient
        let port = try broker.listen(host: "127.0.0.1", port: 0)
        try await play(Stage(uri: "amqp://127.0.0.1:\(port)/"), body)
        broker.shutDown()
    case .executable:
        let house = Stage(uri: "")
        do {
            let broker = try await house.startReady("broker", words: Stage.brokerWords)
            let words = try #require(broker.lines.first, "\(broker.account)").split(separator: " ")
            let uri = try #require(words.first { $0.hasPrefix("amqp://") }, "\(broker.account)")
            try await play(Stage(uri: String(uri)), body)
        } catch {
            await house.end()
            throw error
        }
        await house.end()
    case .given:
        guard let uri = Venue.givenURI else { return }
        // All tests use the names of the steps, so on a broker that they share they go one by one.
        try await Turnstile.shared.pass {
            try await forgetObjects(of: uri)
            try await play(Stage(uri: uri), body)
            try await forgetObjects(of: uri)
        }
    }
}

private func play(_ stage: Stage, _ body: (Stage) async throws -> Void) async throws {
    do {
        try await body(stage)
    } catch {
        await stage.end()
        throw error
    }
    await stage.end()
}

/// Deletes what the steps declare.
private func forgetObjects(of uri: String) async throws {
    let connection = try await Connection.open(patiently: uri)
    let channel = try await connection.openChannel()
    for queue in try declared("Queue") { try await channel.deleteQueue(queue) }
    for exchange in try declared("Exchange") { try await channel.deleteExchange(exchange) }
    try await connection.close()
}

/// The names under which the sources of the steps declare queues, or exchanges.
func declared(_ noun: String) throws -> Set<String> {
    let call = try Regex("declare\(noun)\\(\\s*\"([^\"]+)\"", as: (Substring, Substring).self)
    var names: Set<String> = []
    for folder in Chapter.all.map({ "Sources/\($0.step)" }) {
        for file in try FileManager.default.contentsOfDirectory(atPath: Repository.root.appending(path: folder).path) {
            names.formUnion(try Repository.text("\(folder)/\(file)").matches(of: call).map { String($0.output.1) })
        }
    }
    return names
}

/// Lets one at a time through, in the order of their coming.
actor Turnstile {
    static let shared = Turnstile()

    private var isTaken = false
    private var queue: [CheckedContinuation<Void, Never>] = []

    func pass(_ body: @Sendable () async throws -> Void) async throws {
        if isTaken { await withCheckedContinuation { queue.append($0) } }
        isTaken = true
        defer {
            if queue.isEmpty { isTaken = false } else { queue.removeFirst().resume() }
        }
        try await body()
    }
}

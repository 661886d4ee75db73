import ConformanceReport
import Foundation
import Testing

/// The suite as a program runs it: the same tests that `swift test` runs, through Swift Testing's own entry point.
///
/// There is one in a process, made before anything else of the suite is used.
public struct SuiteProgram: Sendable {
    /// What a run is to be.
    public struct Settings: Sendable {
        /// The broker to test, `amqp://user:password@host:port/vhost`; nil: our own, in this process.
        public var url: String?
        /// Runs the cases whose id begins with it; nil: all of them.
        public var only: String?
        /// Leaves out the cases whose id begins so, for a reason.
        public var skipped: [(prefix: String, why: String)] = []
        /// The path of a record that counts instead of the suite's own, in the format of Baselines.
        public var known: String?
        /// How many cases use the broker at once; nil: 16, or 8 in this process.
        public var width: Int?
        /// Seconds until an answer counts as missing; nil: 30.
        public var answerTimeout: Double?
        /// How many random walks each case about them takes; nil: 12.
        public var walks: Int?
        /// The seed of the first of them; nil: 1.
        public var firstWalk: Int?
        /// The release of RabbitMQ whose truths count, `rabbitmq@4.3`; nil: the one that the broker says it is.
        public var versionOf: String?
        /// Runs no case: they are only listed.
        public var listsOnly = false

        public init() {}

        /// What `swift test` is told by variables of the environment, the suite is told here in the same way.
        fileprivate var variables: [String: String?] {
            [
                "AMQP_URL": url, "CONFORMANCE_ONLY": only, "CONFORMANCE_KNOWN": known,
                "CONFORMANCE_SKIP": skipped.isEmpty ? nil : Environment.text(ofSkipped: skipped),
                "CONFORMANCE_WIDTH": width.map(String.init), "CONFORMANCE_TIMEOUT": answerTimeout.map { "\($0)" },
                "CONFORMANCE_WALKS": walks.map(String.init), "CONFORMANCE_SEED": firstWalk.map(String.init),
                "CONFORMANCE_VERSION_OF": versionOf, "CONFORMANCE_LIST": listsOnly ? "1" : nil,
            ]
        }
    }

    private let settings: Settings

    /// Throws a sentence about the first setting that makes no sense.
    public init(_ settings: Settings) throws {
        if let versionOf = settings.versionOf, Environment(["CONFORMANCE_VERSION_OF": versionOf]).versionOf == nil {
            throw SuiteError("'\(versionOf)' is not a release of RabbitMQ: write rabbitmq@4.3")
        }
        if let known = settings.known {
            guard let text = try? String(contentsOfFile: known, encoding: .utf8) else {
                throw SuiteError("can't read the file \(known)")
            }
            do {
                _ = try Baseline(text)
            } catch {
                throw SuiteError("\(known), \(error)")
            }
        }
        self.settings = settings
        // Environment.current reads these once, when the first of the suite asks.
        for case (let name, let value?) in settings.variables { setenv(name, value, 1) }
    }

    /// Tries the broker before the first case; nil: it is our own, in this process.
    public func open() async throws(Door.Closed) -> Door.Limits? {
        guard let url = settings.url, !settings.listsOnly else { return nil }
        return try await Door.open(url, seconds: settings.answerTimeout ?? 10)
    }

    /// Runs the cases, and returns what each came to when the last one is over.
    ///
    /// - Parameter ended: is told of each case as it ends.
    public func run(ended: @escaping @Sendable (CaseResult) -> Void = { _ in }) async -> [CaseResult] {
        Results.watch(ended)
        await runTests()
        return Results.all
    }

    /// Ends the run early: no other case begins, those that are being run are broken off, and what they have declared is
    /// deleted. ``run(ended:)`` then returns.
    public func interrupt(by signal: Int32) async { await Underway.shared.interrupt(by: signal) }

    /// How the run ended before its last case: a sentence, and the status that tells; nil: it did not.
    public var earlyEnd: (sentence: String, status: Int32)? {
        guard let end = Underway.shared.end, let sentence = Underway.shared.sentence else { return nil }
        return switch end {
        case .interrupted(let signal): (sentence, 128 + signal)
        case .brokerLost: (sentence, 1)
        }
    }

    /// The cases that would be run, of settings with `listsOnly`.
    public func list() async -> [ListedCase] {
        await runTests()
        return Results.listed.sorted { $0.id < $1.id }
    }

    private func runTests() async {
        var arguments = __CommandLineArguments_v0()
        // Not a word: its status says that something was red, and the results say what.
        arguments.verbosity = .min
        let _: CInt = await Testing.__swiftPMEntryPoint(passing: arguments)
    }
}

import AMQPClient
import Commands
import ConformanceSuite
import Platform

/// The command line of `conformance`.
enum ConformanceProgram {
    static let only = Option("--only", "PREFIX", "cases whose id begins with PREFIX: topic. or topic.hash")
    static let skip = Option("--skip", "PREFIX", "leave out cases whose id begins with PREFIX; repeatable")
    static let why = Option("--why", "TEXT", "the reason, one after each --skip")
    static let known = Option(
        "--known", "FILE", "the broker's known results: lines of id, verdict and reason, with tabs between them")
    static let list = Option("--list", "only print the ids and titles of the cases")
    static let differences = Option(
        "--differences", "A..B", "only print how two releases of RabbitMQ differ: 3.10..4.3")
    static let format = Option(
        "--format", "FORMAT", "text, json, junit, html, badge, or known: a draft for --known [text]")
    static let width = Option("--width", "N", "how many cases use the broker at once [16]")
    static let timeout = Option("--timeout", "SECONDS", "until an answer counts as missing [30]")
    static let walks = Option("--walks", "N", "random walks for the cases walks. [12]")
    static let seed = Option("--seed", "N", "the seed of the first walk [1]")
    static let versionOf = Option(
        "--version-of", "RELEASE", "judge by that release: rabbitmq@4.3 [what the broker says]")

    static let itself = Command(
        "conformance", takes: "[URL]",
        options: [only, skip, why, known, list, differences, format, width, timeout, walks, seed, versionOf],
        does: "runs the conformance cases against the broker at URL, and reports the result of each at the end",
        count: 0...1)

    static let program = Program(
        "conformance", itself: itself, commands: [WatchCommand.command],
        notes: """
            URL is amqp://USER:PASSWORD@HOST:PORT/VHOST; without one, AMQP_URL. Without either, the cases run against \
            this repository's broker, in this process. The broker may be in use: the \
            cases invent every name, and delete what they declared.

            Exit status: 0 every case did as recorded, 1 a case did not, 2 no case was run. Ctrl-C ends the run early, and \
            deletes what was declared.
            """)

    enum Format: String, CaseIterable {
        case text, json, junit, html, badge, known
    }

    /// What a command line asks for.
    struct Request {
        var settings = SuiteProgram.Settings()
        var format = Format.text
        /// Two releases to be compared.
        var differences: String?

        init(_ given: Arguments) throws(UsageError) {
            settings.url = given.words.first ?? environmentValue("AMQP_URL")
            if let url = settings.url, !url.contains("://") {
                throw UsageError("'\(ConnectionConfiguration.shown(url))' is not an amqp:// address")
            }
            settings.only = given.text(only)
            settings.known = given.text(known)
            settings.versionOf = given.text(versionOf)
            settings.width = try given.integer(width, in: 1...1000)
            settings.answerTimeout = try given.seconds(timeout, in: 0.1...3600).map { $0 / .seconds(1) }
            settings.walks = try given.integer(walks, in: 1...1_000_000)
            settings.firstWalk = try given.integer(seed, in: 0...Int.max)
            differences = given.text(ConformanceProgram.differences)
            if let differences, !Differences.areReleases(differences) {
                throw UsageError("--differences takes two releases, 3.10..4.3, not '\(differences)'")
            }
            settings.listsOnly = given.has(list) || differences != nil
            let (prefixes, reasons) = (given.texts(skip), given.texts(why))
            guard reasons.count == prefixes.count else {
                throw UsageError(
                    "\(prefixes.count) --skip and \(reasons.count) --why: each case left out needs its reason")
            }
            settings.skipped = zip(prefixes, reasons).map { ($0, $1) }
            if let text = given.text(ConformanceProgram.format) {
                guard let format = Format(rawValue: text) else {
                    throw UsageError(
                        "--format is \(Format.allCases.map(\.rawValue).joined(separator: ", ")), not '\(text)'")
                }
                self.format = format
            }
        }
    }
}

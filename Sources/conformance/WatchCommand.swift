import Commands
import ConformanceSuite
import Platform

/// `conformance watch`: judges the client, not the broker.
enum WatchCommand {
    private static let listen = Option(
        "--listen", "PORT", "where clients connect, on this machine; 0 takes a free one [5673]")
    private static let to = Option("--to", "URL", "the broker [AMQP_URL, else amqp://localhost]")
    private static let format = Option("--format", "FORMAT", "text or json [text]")
    private static let once = Option("--once", "end when the last client has gone, not only at Ctrl-C")

    static let command = Command(
        "conformance watch", options: [listen, to, format, once],
        does: "stands between clients and a broker, and says which rules the clients exercised and broke",
        notes: """
            Point a client at PORT instead of the broker, let it do its work, and end this with Ctrl-C. Any broker \
            will do; clients log in there as they always do.

            Exit status: 0 the clients broke no rule, 1 they broke one, 2 no client connected.
            """)

    struct Request {
        var port = 5673
        var url: String
        var isJSON: Bool
        var endsWithClients: Bool

        init(_ given: Arguments) throws(UsageError) {
            port = try given.integer(listen, in: 0...65535) ?? port
            url = given.text(to) ?? environmentValue("AMQP_URL") ?? "amqp://localhost"
            let format = given.text(WatchCommand.format) ?? "text"
            guard ["text", "json"].contains(format) else {
                throw UsageError("--format is text or json, not '\(format)'")
            }
            (isJSON, endsWithClients) = (format == "json", given.has(once))
        }
    }

    static func run(_ request: Request) async -> Int32 {
        let end = AsyncStream<Void>.makeStream()
        let signals = Signals([SIGINT, SIGTERM])
        let code = SystemThread.start {
            _ = signals.next()
            end.continuation.finish()
        }
        if code != 0 { signals.letGo() }
        signal(SIGPIPE, SIG_IGN)
        do throws(Watch.Failed) {
            let (watch, listener) = try Watch.begin(
                port: request.port, to: request.url,
                idle: { if request.endsWithClients { end.continuation.finish() } }, trouble: { say($0) })
            say("watching on localhost:\(listener.port); Ctrl-C ends")
            for await _ in end.stream {}
            listener.close()
            let report = watch.report
            let text = request.isJSON ? (try? report.json) ?? "" : report.text
            _ = writeAll(text, to: STDOUT_FILENO)
            return report.status
        } catch {
            say(error.description)
            return 2
        }
    }

    private static func say(_ text: String) { _ = writeAll("conformance: \(text)\n", to: STDERR_FILENO) }
}

import Commands
import Foundation

/// `workbook draw`: a picture of a running broker.
enum DrawCommand {
    private static let mermaid = Option("--mermaid", "draw a Mermaid diagram, for Markdown")
    private static let watch = Option("--watch", "draw each change, until CTRL+C")
    private static let virtualHost = Option("--vhost", "NAME", "of this virtual host [AMQP_URL's, else /]")
    private static let url = Option(
        "--url", "URL", "the listing API [MANAGEMENT_URL, else port 15672 of AMQP_URL's host]")

    static let command = Command(
        "workbook draw", takes: "[STEP]", options: [mermaid, watch, virtualHost, url],
        does: "draws the exchanges, queues and consumers of a running broker",
        notes: """
            A broker doesn't list its publishers. With STEP, the picture also shows that step's roles: the publishers, \
            what comes back to them, and the role of each consumer.

            The listing API is asked over http://, so an AMQP_URL for TLS (amqps://) leads to it on this machine only. For \
            another machine, --url or MANAGEMENT_URL has to name it.
            """, count: 0...1)

    static func run(_ given: Arguments) async -> Int32 {
        let variables = ProcessInfo.processInfo.environment
        let watches = given.has(watch)
        let parties = given.words.first.map { Chapter.named($0, command).parties } ?? []
        do {
            let url = given.text(Self.url) ?? variables["MANAGEMENT_URL"]
            let besides = try url == nil ? variables["AMQP_URL"].flatMap(Listings.address(besides:)) : nil
            let listings = try Listings(
                url ?? besides?.url ?? Listings.standard,
                virtualHost: given.text(Self.virtualHost) ?? besides?.virtualHost ?? "/")
            var last: Picture?
            repeat {
                var all = try await listings.picture()
                all.parties = parties
                let picture = all.tidied()
                if picture != last { say(given.has(mermaid) ? Drawing.mermaid(picture) : Drawing.text(picture)) }
                // Several pictures need a line between them. An event that says "something changed" does not exist.
                if watches, picture != last { say("") }
                last = picture
                if watches { try await Task.sleep(for: .milliseconds(500)) }
            } while watches
            return 0
        } catch {
            complain("\(error)")
            return 1
        }
    }
}

import Foundation

/// `workbook draw`: a picture of a running broker.
enum DrawCommand {
    static let usage = """
        workbook draw [--mermaid] [--watch] [--vhost NAME] [--url URL]
                   draws the exchanges, queues and consumers of a running broker; --watch goes on until CTRL+C
        """

    static func run(_ words: [String]) async -> Int32 {
        var isMermaid = false
        var watches = false
        var virtualHost = "/"
        var url = ProcessInfo.processInfo.environment["MANAGEMENT_URL"] ?? Listings.standard
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "--mermaid": isMermaid = true
            case "--watch": watches = true
            case "--vhost", "--url":
                guard let value = rest.popFirst() else { fail("\(word) needs a value") }
                if word == "--url" { url = value } else { virtualHost = value }
            default: fail("draw has no '\(word)'\n\(usage)")
            }
        }
        do {
            let listings = try Listings(url, virtualHost: virtualHost)
            var last: Picture?
            repeat {
                let picture = try await listings.picture().tidied()
                if picture != last { say(isMermaid ? Drawing.mermaid(picture) : Drawing.text(picture)) }
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

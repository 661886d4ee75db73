import TestSupport
import Testing

import Platform

@testable import workbook

@Suite("The command line", .watched)
struct CommandLineTests {
    /// A step and the words of a role of it, for each role of these scenes.
    private static func commands(_ parts: (Chapter) -> [Part]) -> [[String]] {
        Chapter.all.flatMap { chapter in
            var seen: Set<String> = []
            return parts(chapter).filter { seen.insert($0.words[0]).inserted }.map { [chapter.step] + $0.words }
        }
    }

    static let roles = commands(\.compare.parts)
    static let waiting = commands(\.play.waiting)

    /// At least one for each step.
    static let nonsense = [
        "hello jump", "hello receive now", "hello send --loud", "hello send --count", "hello send --count many",
        "hello send --count -1", "hello send --count 99999999999999999999", "hello send --count=",
        "hello send --stamped=now", "confirms publish --stamped",
        "worker work hard",
        "worker work --prefetch -1", "worker work --prefetch 65536", "worker work --count 3", "worker new_task",
        "pubsub receive all", "routing receive", "topic receive", "topic receive --count 3 a", "rpc serve 30",
        "rpc call --timeout soon", "rpc call --timeout -1", "rpc call --timeout nan", "rpc call 1 --count 2",
        "confirms send", "confirms receive 3", "headers receive", "headers receive some a=b",
        "headers receive all a", "headers receive any =b", "headers receive all --count 3 a=b", "retry work hard",
        "retry dead --count 1",
        "quorum work hard", "quorum dead --count 1", "stream read --count 3", "stream jump",
        "order work", "order work 3", "order work 1 2",
        "order work 1 --leave 0",
        "order emit --leave 1", "inbox ship now", "inbox ship --crash committed", "inbox order --crash shipped",
        "inbox order --crash",
    ]

    @Test("--help is the usage", arguments: Chapter.all.map(\.step))
    func help(_ step: String) async throws {
        let stage = Stage(uri: "")
        #expect(try await stage.run(step, words: ["--version"]).lines == ["\(step) 0.1.0"])
        for words in [["--help"], ["-h"], ["anything", "--help"]] {
            let output = try await stage.run(step, words: words)
            #expect(output.lines.first == "Usage:")
            #expect(output.errors.isEmpty)
        }
    }

    @Test("Words that make no sense: the reason in one line, and where to read more", arguments: nonsense)
    func usage(_ command: String) async throws {
        let words = command.split(separator: " ").map(String.init)
        let stage = Stage(uri: "amqp://localhost:1/")
        let output = try await stage.run(words[0], words: Array(words.dropFirst()), status: 1)
        #expect(output.lines.isEmpty)
        #expect(output.errors.count == 1)
        #expect(output.errors.first?.hasPrefix(words[0]) == true)
        #expect(output.errors.first?.hasSuffix(" --help") == true)
    }

    @Test("'--' ends the options, and '=' may join one to its value")
    func dashes() async throws {
        try await onStage(.any) { stage in
            let text = try await stage.run("hello", "send", "--", "--count", "-h").lines
            #expect(text == [" [x] Sent '--count -h'"])
            let joined = try await stage.run("hello", "send", "--count=1", "-1").lines
            #expect(joined == [" [x] Sent '0 -1'"])
        }
    }

    @Test("Nobody at the address: one line that names the two ways on", arguments: roles)
    func nobodyThere(_ words: [String]) async throws {
        // Port 1 is reserved, and nobody listens there.
        let stage = Stage(uri: "amqp://localhost:1/")
        let output = try await stage.run(words[0], words: Array(words.dropFirst()), status: 1)
        #expect(output.lines.isEmpty)
        #expect(output.errors.count == 1)
        #expect(output.errors.first?.contains("localhost:1") == true)
        #expect(output.errors.first?.contains("swift run broker") == true)
        #expect(output.errors.first?.contains("AMQP_URL=") == true)
    }

    @Test("Of several addresses the first that answers is taken; if none does, one line has them all")
    func severalAddresses() async throws {
        try await onStage(.any) { stage in
            let addresses = ["AMQP_URL": "amqp://localhost:1/ \(stage.uri)"]
            let lines = try await stage.run("hello", "send", "found", environment: addresses).lines
            #expect(lines == [" [x] Sent 'found'"])
        }
        let output = try await Stage(uri: "amqp://localhost:1/ amqp://me@127.0.0.1:1").run("hello", "send", status: 1)
        #expect(output.lines.isEmpty)
        #expect(output.errors.count == 1)
        #expect(output.errors.first?.contains("localhost:1/, 127.0.0.1:1") == true, "\(output.errors)")
    }

    @Test(
        "A bad address says that AMQP_URL is meant",
        arguments: [
            "localhost", "amqps://localhost?verify=no", "amqp://localhost?retries=1", "amqp://h:port", "amqp://%",
            "amqp://localhost:1 amqp://%",
        ])
    func badAddress(_ uri: String) async throws {
        let output = try await Stage(uri: uri).run("hello", "send", status: 1)
        #expect(output.lines.isEmpty)
        #expect(output.errors.count == 1)
        #expect(output.errors.first?.hasPrefix("hello: AMQP_URL: ") == true)
    }

    @Test("A wrong password is told with the broker's own words")
    func wrongPassword() async throws {
        try await onStage(.any) { stage in
            let uri = stage.uri.replacing("://guest:guest@", with: "://").replacing("://", with: "://guest:x@")
            let output = try await stage.run("hello", "send", environment: ["AMQP_URL": uri], status: 1)
            #expect(output.lines.isEmpty)
            #expect(output.errors.count == 1)
            #expect(output.errors.first?.contains("ACCESS_REFUSED") == true)
        }
    }

    @Test("A key of 300 octets, and a queue that is there with other properties")
    func refused() async throws {
        try await onStage(.any) { stage in
            let key = String(repeating: "k", count: 300)
            for step in ["routing", "topic"] {
                for role in ["emit", "receive"] {
                    let output = try await stage.run(step, role, key, status: 1)
                    #expect(output.lines.isEmpty)
                    #expect(output.errors.count == 1)
                    #expect(output.errors.first?.contains("300 bytes") == true)
                }
            }
        }
    }

    @Test("Ctrl-C and kill are proper ends: status 0, and nothing on standard error", arguments: [SIGINT, SIGTERM])
    func signals(_ number: Int32) async throws {
        try await onStage(.any) { stage in
            for words in Self.waiting {
                let program = try await stage.startReady(words[0], words: Array(words.dropFirst()))
                program.signal(number)
                #expect(try await stage.finish(program).errors.isEmpty)
            }
            // Producers that would go on for hours.
            for (step, role) in [("pubsub", "emit"), ("confirms", "publish")] {
                let producer = try await stage.startReady(step, role, "--count", "1000000000")
                producer.signal(number)
                #expect(try await stage.finish(producer).errors.isEmpty)
            }
            // A client that waits for an answer.
            let client = try await stage.startReady("rpc", "call", "--timeout", "1000")
            client.signal(number)
            #expect(try await stage.finish(client).errors.isEmpty)
        }
    }

    @Test("A broker that goes away: one line, status 1")
    func brokerGone() async throws {
        let house = Stage(uri: "")
        let broker = try await house.startReady("broker", words: Stage.brokerWords)
        let words = try #require(broker.lines.first).split(separator: " ")
        let stage = Stage(uri: String(try #require(words.first { $0.hasPrefix("amqp://") })))
        let receiver = try await stage.startReady("hello", "receive")
        let worker = try await stage.startReady("worker", "work")
        broker.signal(9)
        for program in [receiver, worker] {
            let output = try await stage.finish(program, status: 1)
            #expect(output.lines == [waitingForMessages])
            #expect(output.errors.count == 1)
        }
        await stage.end()
        await house.end()
    }

    @Test("Output that goes to a file is there while the program runs")
    func redirected() async throws {
        try await onStage(.any) { stage in
            let file = temporaryFile()
            defer { unlink(file) }
            let receiver = try stage.start("pubsub", "receive", file: file)
            // Nothing tells when a file changes, so this looks again and again.
            func contents(has text: String) async throws {
                let deadline = ContinuousClock.now + .patience
                while read(file: file) != text, .now < deadline { try await Task.sleep(for: .milliseconds(10)) }
                #expect(read(file: file) == text)
            }
            try await contents(has: waitingForLogs + "\n")
            try await stage.run("pubsub", "emit", "to", "disk")
            try await contents(has: waitingForLogs + "\n [x] 'to disk'\n")
            #expect(!receiver.hasEnded)
            _ = try await stage.interrupt(receiver)
        }
    }

    @Test("A full disk ends the program with the reason")
    func fullDisk() async throws {
        try await onStage(.any) { stage in
            let output = try await stage.finish(stage.start("hello", "send", file: "/dev/full"), status: 1)
            #expect(output.errors.count == 1)
            #expect(output.errors.first?.contains("Cannot write the output") == true)
        }
    }

    private func temporaryFile() -> String {
        let folder = Executables.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var name = Array("\(folder)/messaging-patterns-XXXXXX".utf8CString)
        let descriptor = mkstemp(&name)
        close(descriptor)
        return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private func read(file: String) -> String {
        guard let stream = fopen(file, "r") else { return "" }
        defer { fclose(stream) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, stream)
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}

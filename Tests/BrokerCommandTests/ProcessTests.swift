#if os(Linux) || os(macOS)
    import Foundation
    import TestSupport
    import Testing

    /// The program itself, as a terminal or a service runs it.
    @Suite(.timeLimit(.minutes(5)), .ownThread) struct ProcessTests {
        /// Where the tests' own program was built, there is the broker too.
        private static var program: URL {
            Bundle.allBundles.map(\.bundleURL).map { $0.deletingLastPathComponent().appendingPathComponent("broker") }
                .first { FileManager.default.isExecutableFile(atPath: $0.path) }
                ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
                .appendingPathComponent("broker")
        }

        private struct Ended {
            var status: Int32
            var output: String
            var errors: String
        }

        private func run(
            _ arguments: [String], input: String? = nil, environment: [String: String] = [:]
        ) throws -> Ended {
            let process = Process()
            process.executableURL = Self.program
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "MANAGEMENT_URL" }
                .merging(environment) { $1 }
            let (output, errors, stdin) = (Pipe(), Pipe(), Pipe())
            (process.standardOutput, process.standardError, process.standardInput) = (output, errors, stdin)
            try process.run()
            if let input { try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
            try stdin.fileHandleForWriting.close()
            // Neither pipe gets more than it holds here.
            let texts = [output, errors].map {
                String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            }
            process.waitUntilExit()
            return Ended(status: process.terminationStatus, output: texts[0], errors: texts[1])
        }

        /// A broker on free ports, with what its first line says.
        private func start(_ arguments: [String] = []) throws -> (
            process: Process, line: String, port: Int, listings: Int
        ) {
            let process = Process()
            process.executableURL = Self.program
            process.arguments = ["--port", "0"] + arguments
            let output = Pipe()
            process.standardOutput = output
            process.standardError = FileHandle.nullDevice
            try process.run()
            var line = Data()
            while line.last != 0x0A {
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { break }
                line += more
            }
            let text = String(decoding: line, as: UTF8.self)
            let port = try #require(text.firstMatch(of: /amqp:\/\/127\.0\.0\.1:([0-9]+)\//)?.output.1)
            let listings = try #require(text.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)/)?.output.1)
            return (process, text, try #require(Int(port)), try #require(Int(listings)))
        }

        @Test func theFirstLineTheListsAndTheEnd() throws {
            let broker = try start()
            #expect(
                broker.line.hasPrefix(
                    " [*] Broker listening on amqp://127.0.0.1:\(broker.port)/ (in memory; user guest"))
            #expect(broker.line.hasSuffix("To exit press CTRL+C\n"))
            let url = "http://guest:guest@localhost:\(broker.listings)"
            let exchanges = try run(["list-exchanges", "--url", url])
            #expect(exchanges.status == 0)
            #expect(
                exchanges.output.hasPrefix(
                    "Listing exchanges for vhost / ...\nname\ttype\n\tdirect\namq.direct\tdirect\n"))
            let queues = try run(["list-queues"], environment: ["MANAGEMENT_URL": url])
            #expect(queues.output == "Timeout: 60.0 seconds ...\nListing queues for vhost / ...\n")
            #expect(try run(["list-queues", "--url", "http://guest:x@localhost:\(broker.listings)"]).status == 1)
            // What answers on the other port is no HTTP.
            let other = try run(["list-queues", "--url", "http://localhost:\(broker.port)"])
            #expect(other.status == 1 && other.errors.contains("not an HTTP response"))
            let second = try run(["--port", "\(broker.port)"])
            #expect(second.status == 1 && second.output.isEmpty)
            #expect(second.errors.contains("port \(broker.port) is already in use by"))
            #if os(Linux)
                #expect(second.errors.contains("(process \(broker.process.processIdentifier))"))
            #endif
            #expect(second.errors.contains("--port"))
            broker.process.terminate()
            broker.process.waitUntilExit()
            #expect(broker.process.terminationReason == .exit && broker.process.terminationStatus == 0)
            let nobody = try run(["list-queues", "--url", url])
            #expect(nobody.status == 1 && nobody.errors.contains("nobody answers at http://localhost:"))
        }

        @Test func ctrlCIsACleanEnd() throws {
            let broker = try start(["--log-level", "error"])
            broker.process.interrupt()
            broker.process.waitUntilExit()
            #expect(broker.process.terminationReason == .exit && broker.process.terminationStatus == 0)
        }

        @Test func wrongWords() throws {
            for wrong in [["--nope"], ["what"], ["--port", "x"], ["list-queues", "nope"], ["hash-password"]] {
                let ended = try run(wrong)
                #expect(ended.status == 1 && ended.output.isEmpty, "\(wrong)")
                #expect(ended.errors.hasPrefix("broker: ") && ended.errors.contains("Usage: broker"), "\(wrong)")
            }
            let help = try run(["--help"])
            #expect(help.status == 0 && help.output.hasPrefix("Usage: broker") && help.errors.isEmpty)
        }

        @Test func passwordsComeFromStandardInputOrTheEnvironment() throws {
            let line = try run(["hash-password", "alice"], input: "secret\n")
            #expect(
                line.status == 0 && line.output.hasPrefix("alice:pbkdf2-sha256$") && !line.output.contains("secret"))
            let same = try run(["hash-password", "alice"], environment: ["BROKER_PASSWORD": "secret"])
            #expect(same.output.hasPrefix("alice:pbkdf2-sha256$") && same.output != line.output)
            #expect(try run(["hash-password", "alice"]).status == 1)
            let without = try run(["--port", "0", "--user", "bob"])
            #expect(without.status == 1 && without.errors.contains("no password for user 'bob'"))
            let nobody = try run(["--port", "0", "--no-guest"])
            #expect(nobody.status == 1 && nobody.errors.contains("nobody could log in"))
            let file = try run(["--port", "0", "--users", "/nonexistent/users"])
            #expect(file.status == 1 && file.errors.contains("No such file or directory"))
        }
    }
#endif

#if os(Linux) || os(macOS)
    import TestSupport
    import Testing

    /// The program itself, as a terminal or a service runs it.
    @Suite(.watched, .ownThread) struct ProcessTests {
        private let programs = Programs()

        private struct Ended {
            var status: Int?
            var output: String
            var errors: String
        }

        private func launch(
            _ arguments: [String], input: String? = nil, environment: [String: String] = [:]
        ) throws -> Program {
            let inherited = Executables.environment.filter { $0.key != "MANAGEMENT_URL" }
            return try programs.start(
                Executables.path("broker"), arguments, environment: inherited.merging(environment) { $1 }, input: input)
        }

        private func run(
            _ arguments: [String], input: String? = nil, environment: [String: String] = [:]
        ) async throws -> Ended {
            let program = try launch(arguments, input: input, environment: environment)
            let output = try await programs.finish(program, status: nil)
            let texts = [output.lines, output.errors].map { $0.map { $0 + "\n" }.joined() }
            return Ended(status: output.status, output: texts[0], errors: texts[1])
        }

        /// A broker on free ports, with what its first line says.
        private func start(_ arguments: [String] = []) async throws -> (
            process: Program, line: String, port: Int, listings: Int
        ) {
            let process = try launch(["--port", "0"] + arguments)
            let text = try #require(try await programs.lines(1, of: process).first, "\(process.account)")
            let port = try #require(text.firstMatch(of: /amqp:\/\/127\.0\.0\.1:([0-9]+)\//)?.output.1)
            let listings = try #require(text.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)/)?.output.1)
            return (process, text, try #require(Int(port)), try #require(Int(listings)))
        }

        @Test func theFirstLineTheListsAndTheEnd() async throws {
            let broker = try await start()
            #expect(
                broker.line.hasPrefix(
                    " [*] Broker listening on amqp://127.0.0.1:\(broker.port)/ (in memory; user guest"))
            #expect(broker.line.hasSuffix("To exit press CTRL+C"))
            let url = "http://guest:guest@localhost:\(broker.listings)"
            let exchanges = try await run(["list-exchanges", "--url", url])
            #expect(exchanges.status == 0)
            #expect(
                exchanges.output.hasPrefix(
                    "Listing exchanges for vhost / ...\nname\ttype\n\tdirect\namq.direct\tdirect\n"))
            let queues = try await run(["list-queues"], environment: ["MANAGEMENT_URL": url])
            #expect(queues.output == "Timeout: 60.0 seconds ...\nListing queues for vhost / ...\n")
            #expect(try await run(["list-queues", "--url", "http://guest:x@localhost:\(broker.listings)"]).status == 1)
            // What answers on the other port is no HTTP.
            let other = try await run(["list-queues", "--url", "http://localhost:\(broker.port)"])
            #expect(other.status == 1 && other.errors.contains("not an HTTP response"))
            let second = try await run(["--port", "\(broker.port)"])
            #expect(second.status == 1 && second.output.isEmpty)
            #expect(second.errors.contains("port \(broker.port) is already in use by"))
            #if os(Linux)
                #expect(second.errors.contains("(process \(broker.process.pid))"))
            #endif
            #expect(second.errors.contains("--port"))
            broker.process.signal(15)
            try await programs.finish(broker.process)
            let nobody = try await run(["list-queues", "--url", url])
            #expect(nobody.status == 1 && nobody.errors.contains("nothing answers at http://localhost:"))
        }

        @Test(.enabled(if: Certificates.missing == nil, "needs the system's OpenSSL and the openssl command"))
        func aPortForTLS() async throws {
            let certificates = try await Certificates.made()
            let files = [
                "--tls-certificate", certificates.path("server.pem"), "--tls-key", certificates.path("server.key"),
            ]
            let broker = try await start(files + ["--tls-port", "0"])
            let port = try #require(broker.line.firstMatch(of: /; TLS on amqps:\/\/127\.0\.0\.1:([0-9]+)\)/)?.output.1)
            #expect(Int(port) != broker.port)
            let second = try await run(["--port", "0"] + files + ["--tls-port", "\(port)"])
            #expect(second.status == 1 && second.errors.contains("port \(port) is already in use by"))
            #expect(second.errors.contains("broker --tls-port "))
            broker.process.signal(15)
            try await programs.finish(broker.process)
        }

        @Test func filesForTLSThatAreMissing() async throws {
            let alone = try await run(["--port", "0", "--tls-ca", "ca.pem"])
            #expect(alone.status == 1 && alone.errors == "broker: TLS needs a certificate: --tls-certificate FILE\n")
            guard Certificates.missing == nil else { return }
            let none = try await run(["--port", "0", "--tls-certificate", "/no such file", "--tls-port", "0"])
            #expect(none.status == 1)
            #expect(none.errors.hasPrefix("broker: The certificate '/no such file' can't be read: No such file"))
        }

        @Test func ctrlCIsACleanEnd() async throws {
            let broker = try await start(["--log-level", "error"])
            broker.process.signal(2)
            try await programs.finish(broker.process)
        }

        @Test func wrongWords() async throws {
            for wrong in [["--nope"], ["what"], ["--port", "x"], ["list-queues", "nope"], ["hash-password"]] {
                let ended = try await run(wrong)
                #expect(ended.status == 1 && ended.output.isEmpty, "\(wrong)")
                #expect(ended.errors.hasPrefix("broker") && ended.errors.hasSuffix(" --help\n"), "\(wrong)")
                #expect(ended.errors.count { $0 == "\n" } == 1, "\(wrong)")
            }
            #expect(try await run(["list-queues", "--help"]).output.hasPrefix("Usage: broker list-queues"))
            #expect(try await run(["--version"]).output == "broker 0.1.0\n")
            let help = try await run(["--help"])
            #expect(help.status == 0 && help.output.hasPrefix("Usage:\n  broker") && help.errors.isEmpty)
        }

        @Test func passwordsComeFromStandardInputOrTheEnvironment() async throws {
            let line = try await run(["hash-password", "alice"], input: "secret\n")
            #expect(
                line.status == 0 && line.output.hasPrefix("alice:pbkdf2-sha256$") && !line.output.contains("secret"))
            let same = try await run(["hash-password", "alice"], environment: ["BROKER_PASSWORD": "secret"])
            #expect(same.output.hasPrefix("alice:pbkdf2-sha256$") && same.output != line.output)
            #expect(try await run(["hash-password", "alice"]).status == 1)
            let without = try await run(["--port", "0", "--user", "bob"])
            #expect(without.status == 1 && without.errors.contains("no password for user 'bob'"))
            let nobody = try await run(["--port", "0", "--no-guest"])
            #expect(nobody.status == 1 && nobody.errors.contains("nobody could log in"))
            let file = try await run(["--port", "0", "--users", "/nonexistent/users"])
            #expect(file.status == 1 && file.errors.contains("No such file or directory"))
        }
    }
#endif

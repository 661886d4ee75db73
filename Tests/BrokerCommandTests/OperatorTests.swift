#if os(Linux) || os(macOS)
    import Foundation
    import TestSupport
    import Testing

    /// Definitions, policies and queues from the command line.
    @Suite(.watched, .ownThread) struct OperatorTests {
        private let programs = Programs()

        private struct Ended {
            var status: Int?
            var output: String
            var errors: String
        }

        private func run(_ arguments: [String], url: String = "") async throws -> Ended {
            let environment = Executables.environment.merging(["MANAGEMENT_URL": url]) { $1 }
            let program = try programs.start(Executables.path("broker"), arguments, environment: environment)
            let output = try await programs.finish(program, status: nil)
            let texts = [output.lines, output.errors].map { $0.map { $0 + "\n" }.joined() }
            return Ended(status: output.status, output: texts[0], errors: texts[1])
        }

        /// The listing API's address of a broker with definitions.
        private func start(_ definitions: String) async throws -> String {
            try await serve(["--definitions", definitions]).url
        }

        private func serve(_ options: [String]) async throws -> (program: Program, url: String) {
            let program = try programs.start(
                Executables.path("broker"), ["--port", "0"] + options, environment: Executables.environment)
            let line = try #require(try await programs.lines(1, of: program).first, "\(program.account)")
            let port = try #require(line.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)/)?.output.1)
            return (program, "http://guest:guest@localhost:\(port)")
        }

        private func file(_ text: String) throws -> String {
            let path = NSTemporaryDirectory() + "definitions-\(UUID().uuidString).json"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            return path
        }

        private static let text = """
            {"vhosts":[{"name":"/"}],"users":[{"name":"guest","password":"guest","tags":"administrator"}],
            "permissions":[{"user":"guest","vhost":"/","configure":".*","write":".*","read":".*"}],
            "queues":[{"name":"work","vhost":"/","durable":true,"auto_delete":false,"arguments":{"x-max-length":9}}]}
            """

        @Test func aTopologyFromAFile() async throws {
            let definitions = try file(Self.text)
            defer { try? FileManager.default.removeItem(atPath: definitions) }
            let url = try await start(definitions)
            let set = try await run(
                ["set-policy", "limits", "^w", #"{"max-length":5}"#, "--priority", "7", "--apply-to", "queues"],
                url: url)
            #expect(set.status == 0, "\(set.errors)")
            #expect(
                set.output
                    == #"Setting policy "limits" for pattern "^w" to "{"max-length":5}" with priority "7" for vhost "/" ..."#
                    + "\n")
            #expect(
                try await run(["list_policies"], url: url).output == """
                    Listing policies for vhost "/" ...
                    vhost\tname\tpattern\tapply-to\tdefinition\tpriority
                    /\tlimits\t^w\tqueues\t{"max-length":5}\t7

                    """)
            #expect(
                try await run(["list-queues", "name", "type", "policy", "-s"], url: url).output
                    == "work\tclassic\tlimits\n")
            let exported = try await run(["export-definitions"], url: url)
            let again = try file(exported.output)
            defer { try? FileManager.default.removeItem(atPath: again) }
            let other = try await start(again)
            #expect(
                try await run(["list-queues", "name", "policy", "arguments", "-s"], url: other).output
                    == "work\tlimits\t[{\"x-max-length\",9}]\n")
            let wrong = try await run(["set-policy", "bad", "a", #"{"nope":1}"#], url: url)
            #expect(wrong.status == 1 && wrong.errors.contains(#"[{<<"nope">>,1}] are not recognised policy settings"#))
            #expect(
                try await run(["set-policy", "bad", "a", "{x"], url: url).errors.contains("DEFINITION is not JSON"))
            #expect(try await run(["clear-policy", "limits"], url: url).status == 0)
            #expect(try await run(["clear-policy", "limits"], url: url).status == 1)
            #expect(
                try await run(["purge-queue", "work"], url: url).output == "Purging queue 'work' in vhost '/' ...\n")
            #expect(
                try await run(["delete-queue", "work", "--if-empty", "--if-unused"], url: url).output
                    == "Deleting queue 'work' on vhost '/' if queue is empty and if queue is unused ...\n"
                    + "Queue was successfully deleted with 0 ready messages\n")
            let gone = try await run(["delete-queue", "work"], url: url)
            #expect(gone.status == 1 && gone.errors.hasSuffix("Queue not found\n"), "\(gone.errors)")
            #expect(try await run(["import-definitions", definitions], url: url).status == 0)
            #expect(try await run(["list-queues", "name", "-s"], url: url).output == "work\n")
        }

        @Test func policiesAreKeptWithTheData() async throws {
            let definitions = try file(
                """
                {"vhosts":[{"name":"/"},{"name":"shop"}],"policies":[{"vhost":"shop","name":"theirs","pattern":"^a",
                "apply-to":"queues","priority":3,"definition":{"max-length":5}}]}
                """)
            let directory = NSTemporaryDirectory() + "policies-\(UUID().uuidString)"
            defer { for path in [definitions, directory] { try? FileManager.default.removeItem(atPath: path) } }
            let (first, url) = try await serve(["--data", directory, "--definitions", definitions])
            for name in ["ours", "gone"] {
                let set = try await run(["set-policy", name, "^b", #"{"expires":7}"#, "-p", "shop"], url: url)
                #expect(set.status == 0, "\(set.errors)")
            }
            #expect(try await run(["clear-policy", "gone", "-p", "shop"], url: url).status == 0)
            first.signal(15)
            try await programs.finish(first)
            let (_, again) = try await serve(["--data", directory])
            let listed = try await run(["list-policies", "-p", "shop", "-s"], url: again)
            #expect(
                listed.output == "shop\tours\t^b\tall\t{\"expires\":7}\t0\n"
                    + "shop\ttheirs\t^a\tqueues\t{\"max-length\":5}\t3\n", "\(listed.errors)")
        }

        @Test func aWrongFileIsOneSentence() async throws {
            for (text, place) in [
                ("{\n  \"queues\": [}", "line 2, column 14: not JSON"),
                (
                    #"{"queues":[{"name":"q","vhost":"/","arguments":{"x-max-length":-1}}]}"#,
                    "queues[0].arguments.x-max-length:"
                ),
            ] {
                let definitions = try file(text)
                defer { try? FileManager.default.removeItem(atPath: definitions) }
                let ended = try await run(["--port", "0", "--definitions", definitions])
                #expect(ended.status == 1 && ended.output.isEmpty)
                #expect(
                    ended.errors.contains(place) && ended.errors.contains("and nothing was imported:"),
                    "\(ended.errors)")
                #expect(ended.errors.split(separator: "\n").count == 1)
            }
            let missing = try await run(["--port", "0", "--definitions", "/nowhere/at/all"])
            #expect(missing.status == 1 && missing.errors.contains("cannot read the definitions"))
        }
    }
#endif

import BrokerCore
import BrokerServer
import Commands
import Dispatch
import Platform

/// Commands that change something in a running broker, or take what there is from it: its definitions, policies and queues. They
/// speak to its listing API, with the words of rabbitmqctl (4.0.5).
struct OperatorCommands {
    static let priority = Option("--priority", "N", "of those that match, the highest acts [0]")
    static let applyTo = Option(
        "--apply-to", "WHAT", "queues, classic_queues, quorum_queues, streams, exchanges or all [all]")
    static let ifEmpty = Option("--if-empty", "only if no message is ready in it", shortName: "-e")
    static let ifUnused = Option("--if-unused", "only if nobody consumes from it", shortName: "-u")
    static let to = Option("--to", "FILE", "write there [standard output]")

    private static let ofHost = [ListCommand.virtualHostOption, ListCommand.urlOption, ListCommand.quiet]

    private static let ofPolicies = Command.Row(
        "broker set-policy, clear-policy", "set or remove a policy")
    private static let ofQueues = Command.Row(
        "broker purge-queue, delete-queue", "empty or delete a queue")
    private static let ofDefinitions = Command.Row(
        "broker export-, import-definitions", "all that is declared, in RabbitMQ's format")

    static let setPolicy = Command(
        "broker set-policy", takes: "NAME PATTERN DEFINITION", options: [priority, applyTo] + ofHost,
        does: "set a policy",
        notes: """
            PATTERN is a regular expression, looked for in the names of queues and exchanges. DEFINITION is a JSON object: \
            '{"max-length":1000,"dead-letter-exchange":"dead"}'. A policy acts at once, and until it is removed. A broker \
            with --data keeps it; any other needs --definitions FILE to have it again.
            """, alias: "set_policy", row: ofPolicies, count: 3...3)
    static let clearPolicy = Command(
        "broker clear-policy", takes: "NAME", options: ofHost, does: "remove a policy", alias: "clear_policy",
        row: ofPolicies)
    static let purgeQueue = Command(
        "broker purge-queue", takes: "QUEUE", options: ofHost, does: "drop the messages that are ready in a queue",
        alias: "purge_queue", row: ofQueues)
    static let deleteQueue = Command(
        "broker delete-queue", takes: "QUEUE", options: [ifEmpty, ifUnused] + ofHost, does: "delete a queue",
        alias: "delete_queue", row: ofQueues)
    static let exportDefinitions = Command(
        "broker export-definitions", options: [to, ListCommand.urlOption],
        does: "print all that is declared, for --definitions",
        notes: """
            Users, virtual hosts, permissions, policies, exchanges, queues and bindings, without the messages, in RabbitMQ's \
            format: rabbitmqctl import_definitions accepts it. Users from --user or --users are exported without a password.
            """, alias: "export_definitions", row: ofDefinitions)
    static let importDefinitions = Command(
        "broker import-definitions", takes: "FILE", options: [ListCommand.urlOption],
        does: "declare what a file of definitions has", alias: "import_definitions", row: ofDefinitions)

    static let all = [setPolicy, clearPolicy, purgeQueue, deleteQueue, exportDefinitions, importDefinitions]

    private let given: Arguments
    private let client: ManagementClient
    private let virtualHost: String
    private let isQuiet: Bool

    init(_ given: Arguments, environmentURL: String?) throws(UsageError) {
        self.given = given
        do throws(ManagementURL.Malformed) {
            client = ManagementClient(
                url: try ManagementURL(given.text(ListCommand.urlOption) ?? environmentURL ?? "http://localhost"))
        } catch { throw UsageError(error.reason) }
        virtualHost = given.text(ListCommand.virtualHostOption) ?? "/"
        isQuiet = given.has(ListCommand.quiet)
    }

    func run(_ command: String) throws(UsageError) -> Never {
        switch command {
        case Self.setPolicy.name: try setPolicy()
        case Self.clearPolicy.name:
            perform("Clearing policy \"\(shown(0))\" on vhost \"\(shownHost)\" ...") { client async throws(Failure) in
                try await client.change("DELETE", path("policies"))
            }
        case Self.purgeQueue.name:
            perform("Purging queue '\(shown(0))' in vhost '\(shownHost)' ...") { client async throws(Failure) in
                try await client.change("DELETE", path("queues") + "/contents")
            }
        case Self.deleteQueue.name: deleteQueue()
        case Self.exportDefinitions.name: export()
        default: importFile()
        }
    }

    private typealias Failure = ManagementClient.Failure

    private func shown(_ word: Int) -> String { LogEvent.escaped(given.words[word]) }
    private var shownHost: String { LogEvent.escaped(virtualHost) }

    private func path(_ resource: String) -> String {
        "\(resource)/\(ManagementURL.segment(virtualHost))/\(ManagementURL.segment(given.words[0]))"
    }

    /// Says what is done, and does it.
    private func perform(
        _ title: String?, _ body: @escaping @Sendable (ManagementClient) async throws(Failure) -> Void
    ) -> Never {
        if !isQuiet, let title { Console.print(title) }
        let (done, client) = (DispatchSemaphore(value: 0), self.client)
        Task {
            do throws(Failure) { try await body(client) } catch { Console.fail(error.reason) }
            done.signal()
        }
        done.wait()
        exit(0)
    }

    private func setPolicy() throws(UsageError) -> Never {
        let definition: JSON
        do throws(JSON.Malformed) { definition = try JSON(Array(given.words[2].utf8)) } catch {
            throw UsageError("DEFINITION is \(error): write it as '{\"max-length\":1000}'")
        }
        let priority = try given.number(Self.priority, in: Int64.min...Int64.max) ?? 0
        let body: JSON = [
            "pattern": .string(given.words[1]), "definition": definition, "priority": .integer(priority),
            "apply-to": .string(given.text(Self.applyTo) ?? "all"),
        ]
        let title =
            "Setting policy \"\(shown(0))\" for pattern \"\(shown(1))\" to \"\(shown(2))\" with priority "
            + "\"\(priority)\" for vhost \"\(shownHost)\" ..."
        let path = path("policies")
        perform(title) { client async throws(Failure) in try await client.change("PUT", path, Array(body.text.utf8)) }
    }

    private func deleteQueue() -> Never {
        let conditions = [(Self.ifEmpty, "empty"), (Self.ifUnused, "unused")].filter { given.has($0.0) }
        let shownConditions =
            conditions.isEmpty ? "" : " " + conditions.map { "if queue is \($0.1)" }.joined(separator: " and ")
        let query = conditions.map { "if-\($0.1)=true" }.joined(separator: "&")
        let path = path("queues") + (query.isEmpty ? "" : "?\(query)")
        let queue = self.path("queues")
        perform("Deleting queue '\(shown(0))' on vhost '\(shownHost)'\(shownConditions) ...") {
            client async throws(Failure) in
            let count: Int64
            do throws(Failure) {
                count = try await Self.readyCount(of: client.get(queue))
                try await client.change("DELETE", path)
            } catch {
                throw error.isMissing ? Failure(reason: "Queue not found") : error
            }
            Console.print("Queue was successfully deleted with \(count) ready messages")
        }
    }

    /// As rabbitmqctl counts what goes with a queue; what a stream keeps is not ready.
    private static func readyCount(of queue: JSON) -> Int64 {
        queue["type"] == "stream" ? 0 : queue["messages_ready"]?.integer ?? 0
    }

    private func export() -> Never {
        let file = given.text(Self.to)
        let title = file.map { "Exporting definitions in JSON to a file at \"\(LogEvent.escaped($0))\" ..." }
        perform(title) { client async throws(Failure) in
            let text = try await client.get("definitions").indentedText + "\n"
            guard let file else { return Console.print(String(text.dropLast())) }
            guard Console.write(text, to: file) else {
                throw Failure(reason: "cannot write \(LogEvent.quoted(file)): \(Console.systemError)")
            }
        }
    }

    private func importFile() -> Never {
        let octets = DefinitionsInput.read(given.words[0])
        // What is wrong with it is found here already, with the place.
        _ = DefinitionsInput.parsed(octets, given.words[0])
        perform("Importing definitions in JSON from a file at \"\(shown(0))\" ...") {
            client async throws(Failure) in
            try await client.change("POST", "definitions", octets)
        }
    }
}

/// A file of definitions on the command line.
enum DefinitionsInput {
    static func read(_ path: String) -> [UInt8] {
        guard let octets = Console.readFile(path, limit: 1 << 28) else {
            Console.fail("cannot read the definitions \(LogEvent.quoted(path)): \(Console.systemError)")
        }
        return octets
    }

    static func parsed(_ octets: [UInt8], _ path: String) -> DefinitionsFile {
        do throws(DefinitionsFile.Malformed) { return try DefinitionsFile(octets) } catch { fail(error, path) }
    }

    static func fail(_ error: DefinitionsFile.Malformed, _ path: String) -> Never {
        Console.fail(
            LogEvent.escaped(
                "the definitions \(LogEvent.quoted(path)) can't be used, and nothing was imported: \(error). Correct the "
                    + "file there, or export it again: rabbitmqctl export_definitions FILE"))
    }
}

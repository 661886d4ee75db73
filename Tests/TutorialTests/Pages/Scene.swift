import Foundation

import Platform

/// The transcripts of a section, played: each block in a terminal of its own or going on in one, all on one broker.
///
/// What stands above a block says how it is played:
/// - `terminal: 2`: in which terminal; a block that does not begin with `$ ` goes on with what runs there
/// - `stays`: the command goes on when the block ends
/// - `fails`: it ends with status 1
/// - `any order`: the lines may come in any
/// - `begins`: more may come than is shown
/// - `more`: what it prints after this block need not be shown
/// - `eventually`: a look at something that is still changing; repeated until it shows what it should
/// - `no broker`: nobody listens
/// - `changed`: holds for the program as the change above has it; only `Scripts/break-it` plays it
/// - `does not build`: what the compiler says of the change
/// - `needs python`: played only with `WITH_PYTHON=1`, in the repository's folder
///
/// `^C` is a key. The name that a broker made up, and the time, are compared by whether they are the same each time. What
/// `tty` answers is up to the reader's terminals: a page shows one name for each of its own.
final class Scene {
    private let page: Page
    private let folder: URL
    private var environment: [String: String] = [:]
    private var broker: Terminal?
    private var greeting = ""
    private var ports: [(real: String, shown: String)] = []
    private var running: [String: (terminal: Terminal, command: String)] = [:]
    private var mayPrintMore: Set<String> = []
    private var devices: [String: String] = [:]
    private(set) var problems: [String] = []

    init(_ page: Page) throws {
        self.page = page
        folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        // `swift run` would build first, and wait for the build that runs these tests. A script for `sh`, not a program:
        // to start one just written fails when another test starts a program meanwhile, which holds the file open.
        try """
        [ "$1" = run ] || { echo "The test plays only 'swift run', not '$1'" >&2; exit 99; }
        program=$2
        shift 2
        exec '\(Repository.products.path)'/"$program" "$@"

        """.write(to: script, atomically: true, encoding: .utf8)
        environment = ProcessInfo.processInfo.environment
        // A reader sees a second for each dot; here nobody looks.
        environment["SECONDS_PER_DOT"] = "0.2"
        // The workbook would build the step first, as `swift run` does.
        environment["WORKBOOK_NO_BUILD"] = "1"
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Plays one block. What goes wrong is added to ``problems``.
    func play(_ block: Page.Block) throws {
        if block.directives["no broker"] != nil {
            // Nobody has port 1.
            environment["AMQP_URL"] = "amqp://guest:guest@localhost:1/"
            ports = [("localhost:1.", "localhost:5672.")]
        } else if broker == nil {
            try startBroker()
        }
        var rest = block.lines[...]
        var number = block.line
        let name = block.directives["terminal"] ?? "line \(block.line)"
        if let first = rest.first, !first.hasPrefix("$ ") {
            let shown = rest.prefix { !$0.hasPrefix("$ ") && !$0.hasPrefix("^") }
            goOn(name, block, Array(shown), &rest, number)
            number += shown.count
        }
        while let line = rest.popFirst() {
            number += 1
            guard line.hasPrefix("$ ") else {
                problems.append("\(page.path):\(number): neither a command nor its output: \(line)")
                return
            }
            let shown = rest.prefix { !$0.hasPrefix("$ ") && !$0.hasPrefix("^") }
            let command = String(line.dropFirst(2))
            if command == "swift run broker" || command.hasPrefix("swift run broker --data ") {
                compare(Array(shown), [greeting], block, number)
                rest = rest.dropFirst(shown.count)
            } else if command == "tty" {
                nameTerminal(name, shown.joined(separator: "\n"), number)
                rest = rest.dropFirst(shown.count)
            } else if block.directives["eventually"] != nil {
                try look(command, Array(shown), block, number)
                rest = rest.dropFirst(shown.count)
            } else {
                if let old = running[name] { end(old, name, number) }
                running[name] = (try Terminal(shellLine(command), environment: environment, folder: folder), command)
                if block.directives["more"] != nil { mayPrintMore.insert(name) }
                goOn(name, block, Array(shown), &rest, number)
            }
            number += shown.count
        }
    }

    private func nameTerminal(_ name: String, _ device: String, _ number: Int) {
        let isTaken = devices.contains { ($0.key == name) != ($0.value == device) }
        if isTaken || device.wholeMatch(of: #//dev/pts/[0-9]+/#) == nil {
            problems.append("\(page.path):\(number): '\(device)' does not name terminal \(name) and no other")
        }
        devices[name] = device
    }

    private var script: URL { folder.appending(path: "swift.sh") }

    /// The command, with `swift` as the script.
    private func shellLine(_ command: String) -> String {
        // What a script says about its own work is not its output.
        if command.hasPrefix("Scripts/") { return "cd '\(Repository.root.path)' && \(command) 2>/dev/null" }
        // As the program itself, without a shell in between, so that its exit status is seen.
        if let match = command.wholeMatch(of: #/((?:[A-Z_]+=\S+ )*)swift ([^|;&]+)/#) {
            return "exec env \(match.1)/bin/sh '\(script.path)' \(match.2)"
        }
        return "swift() { /bin/sh '\(script.path)' \"$@\"; }\n\(command)"
    }

    /// What `workbook draw hello --mermaid` shows while roles run: `<!-- picture: hello receive; hello receive -->`.
    func picture(_ roles: String) throws -> [String] {
        if broker == nil { try startBroker() }
        for (number, role) in roles.components(separatedBy: "; ").enumerated() {
            let terminal = try Terminal(shellLine("swift run " + role), environment: environment, folder: folder)
            running["picture \(number)"] = (terminal, role)
            mayPrintMore.insert("picture \(number)")
            // Its first line says that it is ready.
            if terminal.nextLine() == nil { problems.append("\(page.path): '\(role)' printed nothing") }
        }
        let draw = try Terminal(
            shellLine("swift run workbook draw \(roles.prefix { $0 != " " }) --mermaid"), environment: environment,
            folder: folder)
        return draw.rest()
    }

    /// What a terminal does to the programs in it when its window is closed.
    func closeWindow(of name: String) {
        guard let terminal = running.removeValue(forKey: name)?.terminal else {
            problems.append("\(page.path): nothing runs in terminal \(name)")
            return
        }
        terminal.send(SIGHUP)
        _ = terminal.wait()
    }

    /// Ends what is still running. To be called once, at the end.
    func finish() {
        for (name, terminal) in running { end(terminal, name, 0) }
        running = [:]
        broker?.send(SIGINT)
        _ = broker?.wait()
        broker = nil
    }

    /// Compares what a running command prints with what is shown, then presses the key that stands there, or waits.
    private func goOn(
        _ name: String, _ block: Page.Block, _ shown: [String], _ rest: inout ArraySlice<String>, _ number: Int
    ) {
        rest = rest.dropFirst(shown.count)
        guard let entry = running[name] else {
            problems.append("\(page.path):\(number): nothing runs in terminal \(name)")
            return
        }
        let terminal = entry.terminal
        var printed: [String] = []
        while printed.count < shown.count, let line = terminal.nextLine() { printed.append(line) }
        let key = rest.first?.hasPrefix("^") == true ? rest.popFirst() : nil
        if key == nil, block.directives["stays"] != nil, rest.isEmpty {
            compare(shown, printed, block, number)
            waitForFile(entry.command)
            return
        }
        if key == "^C" { terminal.send(SIGINT) }
        printed += terminal.rest()
        compare(shown, printed, block, number)
        let status = terminal.wait()
        let wanted: Int32? =
            entry.command.contains("|") ? nil : block.directives["fails"] != nil ? 1 : 0
        if let wanted, status != wanted {
            problems.append("\(page.path):\(number): exit status \(status), not \(wanted): \(entry.command)")
        }
        running[name] = nil
    }

    private func end(_ entry: (terminal: Terminal, command: String), _ name: String, _ number: Int) {
        entry.terminal.send(SIGINT)
        let rest = entry.terminal.rest().map(normalized)
        if !rest.isEmpty, !mayPrintMore.contains(name) {
            problems.append("\(page.path): not shown, in terminal \(name): \(rest)")
        }
        _ = entry.terminal.wait()
        running[name] = nil
    }

    /// A command whose output goes to a file says there that it is ready.
    private func waitForFile(_ command: String) {
        guard let match = command.firstMatch(of: #/> ([a-z.]+)$/#) else { return }
        let file = folder.appending(path: String(match.1))
        let deadline = ContinuousClock.now + .patience
        while ContinuousClock.now < deadline {
            if let text = try? String(contentsOf: file, encoding: .utf8), text.hasSuffix("\n") { return }
            usleep(2000)
        }
    }

    private func look(_ command: String, _ shown: [String], _ block: Page.Block, _ number: Int) throws {
        let deadline = ContinuousClock.now + .patience
        var printed: [String] = []
        repeat {
            printed = try Terminal(shellLine(command), environment: environment, folder: folder).rest()
            if same(shown, printed, block) { return }
            usleep(10_000)
        } while ContinuousClock.now < deadline
        compare(shown, printed, block, number)
    }

    private func compare(_ shown: [String], _ printed: [String], _ block: Page.Block, _ number: Int) {
        guard !same(shown, printed, block) else { return }
        problems.append(
            """
            \(page.path):\(number): the page shows
            \(shown.map { "    " + $0 }.joined(separator: "\n"))
            and this was printed:
            \(printed.map { "    " + normalized($0) }.joined(separator: "\n"))
            """)
    }

    private func same(_ shown: [String], _ printed: [String], _ block: Page.Block) -> Bool {
        var printed = printed.map(normalized)
        if block.directives["begins"] != nil { printed = Array(printed.prefix(shown.count)) }
        if block.directives["any order"] != nil {
            // Names that come in any order have no first and second.
            func sorted(_ lines: [String]) -> [String] { lines.map { Scene.withoutMadeUpNames([$0])[0] }.sorted() }
            return sorted(shown) == sorted(printed)
        }
        return Scene.withoutMadeUpNames(shown) == Scene.withoutMadeUpNames(printed)
    }

    private func normalized(_ line: String) -> String {
        ports.reduce(line) { $0.replacing($1.real, with: $1.shown) }
    }

    /// The first name becomes `amq.gen-1`, the first time `time-1`.
    static func withoutMadeUpNames(_ lines: [String]) -> [String] {
        var (names, times): ([String], [String]) = ([], [])
        func number(_ text: Substring, in known: inout [String]) -> Int {
            if !known.contains(String(text)) { known.append(String(text)) }
            return (known.firstIndex(of: String(text)) ?? 0) + 1
        }
        return lines.map { line in
            line.replacing(#/amq\.gen-[A-Za-z0-9_-]{22}/#) { "amq.gen-\(number($0.0, in: &names))" }
                .replacing(#/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}/#) { "time-\(number($0.0, in: &times))" }
        }
    }

    /// As a power cut does. It is started again at once, with what it had on disk.
    func killBroker() throws {
        if broker == nil { try startBroker() }
        broker?.send(SIGKILL)
        _ = broker?.wait()
        let words = ports.compactMap { $0.real.firstMatch(of: #/[0-9]+/#).map { String($0.0) } }
        guard words.count == 2 else { throw Terminal.Failure(description: "Its ports are not known: \(ports)") }
        try startBroker(at: ["--port", words[0], "--management-port", words[1]])
    }

    /// - Parameter place: where the one before was that it takes the place of
    private func startBroker(at place: [String] = []) throws {
        let program = Repository.products.appending(path: "broker").path
        // A page on which it is killed shows one that keeps its data.
        let isKilled = page.parts.contains { if case .brokerKilled = $0 { true } else { false } }
        let words = (Stage.brokerWords + place + (isKilled ? ["--data", "kept"] : [])).joined(separator: " ")
        let broker = try Terminal("exec '\(program)' \(words) 2>broker.log", environment: environment, folder: folder)
        self.broker = broker
        greeting = broker.nextLine() ?? ""
        guard let port = greeting.firstMatch(of: #/127\.0\.0\.1:([0-9]+)/#)?.1 else {
            throw Terminal.Failure(description: "The broker did not say where it listens: \(greeting)")
        }
        environment["AMQP_URL"] = "amqp://guest:guest@localhost:\(port)/"
        ports = [(":\(port)/", ":5672/")]
        if let listing = greeting.firstMatch(of: #/http://127\.0\.0\.1(:[0-9]+)/#) {
            environment["MANAGEMENT_URL"] = String(listing.0)
            ports.append((String(listing.1) + ")", ":15672)"))
        }
    }
}

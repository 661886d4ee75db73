import AMQPClient
import Foundation
import Synchronization

/// Plays a scene once, with a command for each role, and notes what each terminal shows.
struct Performance: Sendable {
    let scene: CompareScene
    /// The command that plays a role, without the words behind the role.
    let commands: [String: [String]]
    let url: String
    let environment: [String: String]
    /// For each thing that is waited for, in the programs' own time.
    let patience: Duration
    private let allowance: Allowance
    private let time = Waits()

    init(
        scene: CompareScene, commands: [String: [String]], url: String, environment: [String: String],
        patience: Duration
    ) {
        (self.scene, self.commands, self.url) = (scene, commands, url)
        (self.environment, self.patience) = (environment, patience)
        allowance = Allowance(mostLost: max(.seconds(120), patience))
    }

    /// For how long the machine has kept the programs waiting, in all.
    private final class Waits: Sendable {
        private let programs = Mutex<[Withheld]>([])

        func add(_ group: Int32) { programs.withLock { $0.append(Withheld(group: group)) } }
        var total: Duration { programs.withLock { $0.map(\.total).reduce(.zero, +) } }
    }

    /// What the terminals show, in the scene's order. It goes on until those who wait have printed `lines` together,
    /// their first ones counted, or until nothing more comes.
    func outputs(lines: Int) async throws -> [TerminalOutput] {
        var terminals: [ScreenedProgram] = []
        allowance.follow { [time] in FairTime.Look(withheld: time.total) }
        defer { allowance.end() }
        do {
            for (number, part) in scene.waiting.enumerated() {
                let terminal = try enter(part, waits: true)
                terminals.append(terminal)
                await wait { terminal.lineCount > 0 || terminal.program.hasEnded }
                if let queue = scene.queue { try await awaitConsumers(number + 1, of: queue, unless: terminal) }
            }
            for part in scene.acting {
                let terminal = try enter(part, waits: false)
                terminals.append(terminal)
                await wait { terminal.program.hasEnded }
                guard terminal.program.hasEnded else { continue }
                _ = await allowance.wait(.seconds(10)) { terminal.program.statusBehindItsLines != nil }
            }
            let waiting = terminals.prefix(scene.waiting.count)
            await wait {
                waiting.map(\.lineCount).reduce(0, +) >= lines || waiting.allSatisfy { $0.program.hasEnded }
            }
            // A line too many comes at once or never.
            _ = await allowance.wait(.milliseconds(200)) { false }
            if allowance.excess != nil { throw TooBusy() }
        } catch {
            await terminals.map(\.program).interrupt()
            throw error
        }
        let outputs = terminals.map(\.output)
        // What they say now is no longer of interest.
        await terminals.map(\.program).interrupt()
        return outputs
    }

    struct TooBusy: Error, CustomStringConvertible {
        let description =
            "The machine was too busy to tell what these programs print, and when. Close other programs, and compare again."
    }

    private func wait(_ condition: () -> Bool) async { _ = await allowance.wait(patience, condition) }

    private func enter(_ part: Part, waits: Bool) throws -> ScreenedProgram {
        let role = part.words.first ?? ""
        let terminal = try ScreenedProgram(
            (commands[role] ?? []) + part.words.dropFirst(), part, waits: waits,
            // Python keeps its lines back when they don't go to a terminal.
            environment: environment.merging(["AMQP_URL": url, "PYTHONUNBUFFERED": "1"]) { $1 })
        time.add(terminal.program.pid)
        return terminal
    }

    /// A program that says that it waits may not consume yet. Turns begin with the first consumer.
    private func awaitConsumers(_ count: Int, of queue: String, unless terminal: ScreenedProgram) async throws {
        let connection = try await Connection.open(url)
        _ = await allowance.wait(min(patience, .seconds(5))) {
            guard !terminal.program.hasEnded else { return true }
            // A queue that is not there yet closes the channel.
            guard let channel = try? await connection.openChannel() else { return true }
            let seen = try? await channel.declareQueue(queue, passive: true).consumerCount
            try? await channel.close()
            return (seen ?? 0) >= count
        }
        try await connection.close()
    }
}

/// A program, and what it has printed.
private final class ScreenedProgram: Sendable {
    let program: RunningProgram
    private let screen: Screen

    private final class Screen: Sendable {
        let output: Mutex<TerminalOutput>
        init(_ output: TerminalOutput) { self.output = Mutex(output) }
    }

    init(_ command: [String], _ part: Part, waits: Bool, environment: [String: String]) throws {
        let screen = Screen(TerminalOutput(words: part.words, waits: waits))
        self.screen = screen
        program = try RunningProgram(
            command, environment: environment,
            onLine: { line in screen.output.withLock { Self.keep(line, in: &$0.lines) } },
            onError: { line in screen.output.withLock { Self.keep(line, in: &$0.errors) } })
    }

    /// More than any scene shows: one that prints for ever differs by these.
    private static func keep(_ line: String, in lines: inout [String]) {
        if lines.count < 1000 { lines.append(line) }
    }

    var lineCount: Int { screen.output.withLock { $0.lines.count } }

    var output: TerminalOutput {
        var output = screen.output.withLock { $0 }
        output.status = program.status
        return output
    }
}
